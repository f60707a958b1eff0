"""A problem together with what its arguments must look like: the part that all front ends share.

Everything that follows from the shapes and dtypes of the arguments (validation,
sizes, promotions, paddings) is worked out once and kept as a `CallPlan`; a call
with arguments of known shapes only looks its plan up.
"""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from pairfold.api.adapter import Adapter
from pairfold.api.call_plan import CallPlan, Key, Numbers, Shape, Step, broadcast_batches
from pairfold.api.options import ACCUMULATORS, options_at
from pairfold.api.tree import array_of
from pairfold.engine import TARGETS, Call, Explanation, Extent, Options, require_countable
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.language.aliases import Argument
from pairfold.ops.arithmetic import variable
from pairfold.pruning import CURRENT, asked_tolerance, explain, with_report
from pairfold.sparsity.ranges import as_ranges, swap_axes

__all__ = ["Routine"]

PLANS_KEPT = 256

_BITS = {"float16": 16, "bfloat16": 16, "float32": 32, "float64": 64}


class Routine:
    """A problem that can be called on arrays.

    Parameters
    ----------
    problem : Problem
        Over columns, as `make_problem` gives it.
    axis : int
        What the user reduces over: 1 = j, 0 = i.
    arguments : sequence of Argument
        As the user sees them, in order.
    options : Options
        For the engine.
    adapter : Adapter
        The framework of the arguments.
    stretches : bool
        Whether a single row (or column) stands for as many as the other arguments have.
    is_complex : bool
        Whether the results are pairs of real numbers that the caller gets as complex ones.
    """

    converts: ClassVar[bool] = False
    """Whether a class has conventions of its own for outputs; see `converted`."""

    def __init__(
        self,
        problem: Problem,
        axis: int,
        arguments: Sequence[Argument],
        options: Options,
        adapter: Adapter,
        stretches: bool = False,
        is_complex: bool = False,
    ) -> None:
        self.problem = problem
        self.axis = axis
        self.arguments = tuple(arguments)
        self.options = options
        self.adapter = adapter
        self.stretches = stretches
        self.is_complex = is_complex
        self._plans: dict[tuple[Key, ...], CallPlan] = {}
        self._elsewhere: dict[tuple[object, object], Routine] = {}

    def __call__(
        self,
        args: Sequence[Any],
        *,
        keys: tuple[Key, ...] | None = None,
        ranges: Sequence[Any] | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: bool = False,
        tol: float | None = None,
        atol: float | None = None,
        report: bool = False,
    ) -> Any:
        """Return the reduction of `args`: an array, or a tuple of arrays; with a report where one is asked for."""
        if report:
            again = partial(self, keys=keys, ranges=ranges, out=out, threads=threads, progress=progress)
            return with_report(lambda: again(args, tol=tol, atol=atol))
        try:
            plan = self._plans.get(keys or tuple([(type(arg), arg.shape, arg.dtype) for arg in args]))
        except (AttributeError, TypeError):
            # Numbers have no shape; while a graph is traced, sizes may be symbols, which have no hash.
            plan = None
        if plan is None:
            args, plan = self._planned(args, keys)
        if plan.steps is not None:
            args = self.prepared(plan, args)
        call = plan.call
        if threads is not None or progress or tol is not None or atol is not None or CURRENT.get() is not None:
            call = replace(call, options=self.options_with(args, threads, progress, tol, atol))
        if ranges is not None:
            call = replace(call, ranges=self.intervals(ranges, plan))
        outputs = self.adapter.run(call, args)
        if plan.dtype != plan.computing or self.is_complex or self.converts:
            outputs = self._finished(outputs, plan)
        if out is not None:
            return self._fill(out, outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    @property
    def told(self) -> str:
        """What is reduced over what, in words."""
        kept, reduced = ("i", "j") if self.axis == 1 else ("j", "i")
        return f"{self.problem.reduction.name} over {reduced}, one result per {kept}"

    def placed(self, backend: object, device_id: object = -1) -> Routine:
        """Return this routine for the place that a caller names; see `options_at`."""
        if backend == "auto" and device_id == -1:
            return self
        options = options_at(self.options, backend, device_id)
        if options == self.options:
            return self
        found = self._elsewhere.get((backend, device_id))
        if found is None:
            found = copy(self)
            found.options, found._plans = options, {}
            self._elsewhere[backend, device_id] = found
        return found

    def result_dtype(self, plan: CallPlan) -> Any:
        """Return the precision of the results of a call, that of their parts where they are complex."""
        dtype = self.adapter.working_dtype(()) if plan.dtype is None else plan.dtype
        # There are no complex numbers of 16-bit parts.
        return self.adapter.computing_dtype([dtype]) if self.is_complex else dtype

    def _finished(self, outputs: tuple[Any, ...], plan: CallPlan) -> tuple[Any, ...]:
        """Return what the engine found as the caller gets it."""
        dtype, adapter = self.result_dtype(plan), self.adapter
        if dtype != plan.computing:
            outputs = tuple(
                adapter.prepare(output, dtype, None, None) if output.dtype == plan.computing else output
                for output in outputs
            )
        if self.is_complex:
            outputs = tuple(adapter.from_pairs(output) for output in outputs)
        return self.converted(outputs)

    def converted(self, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the outputs by the conventions of this class."""
        return outputs

    def options_with(
        self,
        args: Sequence[Any],
        threads: int | None,
        progress: bool,
        tol: float | None = None,
        atol: float | None = None,
    ) -> Options:
        """Return the options of this routine with what a call may choose, or else the context that it is in."""
        tolerance = asked_tolerance(tol, atol)
        if tolerance is None and not any(map(self.adapter.is_staged, args)):
            tolerance = CURRENT.get()
        return replace(self.options, threads=_thread_count(threads), progress=bool(progress), tolerance=tolerance)

    def plan(self, args: Sequence[Any], keys: tuple[Key, ...] | None = None) -> CallPlan:
        """Return what follows from the shapes and dtypes of `args`."""
        return self._planned(args, keys)[1]

    def explain(
        self,
        args: Sequence[Any],
        keys: tuple[Key, ...] | None = None,
        target: str | None = None,
        tol: float | None = None,
        atol: float | None = None,
    ) -> Explanation:
        """Return the engine's account of what it does for `args`."""
        call = self.plan(args, keys).call
        return self.explained(replace(call, options=self.options_with(args, None, False, tol, atol)), target)

    def explained(self, call: Call, target: str | None = None) -> Explanation:
        """Return the engine's account of a call of this routine."""
        names = {}
        for argument in self.arguments:
            category = argument.category.other if self.axis == 0 else argument.category
            if argument.name is not None:
                names[variable(argument.position, argument.dim, category)] = argument.name
        if target is not None and target not in TARGETS:
            raise ArgumentValueError(f"target is {target!r}; allowed are {' and '.join(map(repr, TARGETS))}.")
        target = self.adapter.target if target is None else target
        options = call.options if target is None else replace(call.options, target=target)
        explanation = explain(replace(call, options=options), names)
        if self.axis == 1:
            return explanation
        return explanation.with_note("axis=0: below, i and j have exchanged their names.")

    def prepared(self, plan: CallPlan, args: Sequence[Any]) -> list[Any]:
        """Return `args` as the engine takes them; None for those that the formula does not use."""
        prepare = self.adapter.prepare
        if not any(plan.used):
            return [self.adapter.zeros((0,), plan.computing, args)]
        return [
            None if not used else arg if step is None else prepare(arg, step.dtype, step.shape, step.stretched)
            for arg, step, used in zip(args, plan.steps or (None,) * len(args), plan.used, strict=True)
        ]

    def as_array(self, arg: object, position: int) -> Any:
        """Return argument number `position` as an array; raises `ArgumentTypeError` with its name."""
        if self.arguments and position < len(self.arguments):
            label = self.label(self.arguments[position])
        else:
            label = f"argument number {position}"
        try:
            return self.adapter.as_array(array_of(arg))
        except ArgumentTypeError as reason:
            raise ArgumentTypeError(f"{label[0].upper()}{label[1:]}: {reason}") from None

    def label(self, argument: Argument) -> str:
        """Return what messages call an argument."""
        if argument.name is None:
            return f"argument number {argument.position}, {argument.declaration}"
        return f"argument {argument.name!r} (number {argument.position}, {argument.declaration})"

    # ------------------------------------------------------------ plans

    def _planned(self, args: Sequence[Any], keys: tuple[Key, ...] | None) -> tuple[Sequence[Any], CallPlan]:
        """Return `args` as arrays of the framework, and the plan for them."""
        if keys is None:
            args = [self.as_array(arg, position) for position, arg in enumerate(args)]
            keys = tuple(map(self.adapter.key, args))
        plan = None
        with contextlib.suppress(TypeError):
            plan = self._plans.get(keys)
        return args, plan or self._new_plan(keys)

    def _new_plan(self, keys: tuple[Key, ...]) -> CallPlan:
        self.check_count(len(keys))
        plan = self._work_out(keys)
        if len(self._plans) >= PLANS_KEPT:
            self._plans.clear()
        with contextlib.suppress(TypeError):
            self._plans[keys] = plan
        return plan

    def check_count(self, count: int) -> None:
        """Raise `ArgumentValueError` unless the routine takes `count` arguments."""
        if count != len(self.arguments):
            listing = ", ".join(
                argument.declaration if argument.name is None else f"{argument.name} = {argument.declaration}"
                for argument in self.arguments
            )
            raise ArgumentValueError(
                f"This routine takes {len(self.arguments)} arguments ({listing or 'none'}); found {count}."
            )

    def _work_out(self, keys: tuple[Key, ...]) -> CallPlan:
        dtype, computing = self._dtypes(keys)
        shapes = [
            self._natural_shape(argument, tuple(key[1]), key[2])
            for argument, key in zip(self.arguments, keys, strict=True)
        ]
        sizes = {side: self._size(side, shapes) for side in (Category.ROW, Category.COLUMN)}
        batch = self._batch(shapes)
        used = tuple(argument.position in self.problem.arguments for argument in self.arguments)
        steps = tuple(
            self._step(argument, key, shape, computing, len(batch), sizes)
            for argument, key, shape in zip(self.arguments, keys, shapes, strict=True)
        )
        rows, columns = sizes[Category.ROW], sizes[Category.COLUMN]
        if self.axis == 0:
            rows, columns = columns, rows
        if isinstance(columns, int) and not self.adapter.in_parts:
            # Before anything is converted, which takes its time; a program for any number of columns knows it later.
            require_countable(columns)
        name = self.adapter.dtype_name(computing)
        is_direct = all(used) and bool(used) and not any(steps)
        return CallPlan(
            call=Call(self.problem, Extent(rows, columns, batch), name, options=self.options),
            dtype=dtype,
            computing=computing,
            steps=None if is_direct else steps,
            used=used,
        )

    def _natural_shape(self, argument: Argument, shape: Shape, dtype: Any) -> Shape:
        """Return `shape` with the axes that `argument` may leave out; a complex number counts as two real ones."""
        parts = 2 if self.adapter.is_complex(dtype) else 1
        if argument.dim % parts:
            raise ArgumentValueError(
                f"{self._sentence(argument)}: found the complex dtype {self.adapter.dtype_name(dtype)}, but a complex "
                f"number is a pair (re, im) and the dimension {argument.dim} is odd; declare an even one."
            )
        length = argument.dim // parts
        if argument.category == Category.PARAMETER:
            natural = shape or (1,)
        else:
            natural = (*shape, 1) if len(shape) == 1 and length == 1 else shape
            if len(natural) < 2:
                letter = argument.category.letter
                raise ArgumentValueError(
                    f"{self._sentence(argument)} has shape {shape}; an argument indexed by {letter} has shape "
                    f"(..., number of {letter}, {length})."
                )
        if natural[-1] != length:
            pairs = " complex numbers (re, im)" if parts == 2 else ""
            raise ArgumentValueError(
                f"{self._sentence(argument)} has shape {shape}; its last axis must have length {length}{pairs}."
            )
        return (*natural[:-1], argument.dim)

    def _sentence(self, argument: Argument) -> str:
        label = self.label(argument)
        return f"{label[0].upper()}{label[1:]}"

    def _dtypes(self, keys: tuple[Key, ...]) -> tuple[Any, Any]:
        """Return the dtypes of the results and of the arithmetic; see `CallPlan`."""
        # Numbers, and arrays without axes, follow the others.
        strong: list[Any] = []
        for argument, (kind, shape, dtype) in zip(self.arguments, keys, strict=True):
            try:
                self.adapter.working_dtype([dtype])
            except ArgumentValueError as reason:
                raise ArgumentValueError(f"{self._sentence(argument)}: {reason}") from None
            if kind is not Numbers and len(shape) > 0:
                strong.append(dtype)
        dtype = self.adapter.working_dtype(strong)
        computing = self.adapter.computing_dtype(strong)
        accumulator = ACCUMULATORS[self.options.dtype_acc or "auto"]
        # Integers are computed with in float64, and 16 bits in float32, which may still be added up in their own name.
        name = self.adapter.dtype_name(dtype if computing == self.adapter.computing_dtype([dtype]) else computing)
        if 0 < accumulator < _BITS[name]:
            raise ArgumentValueError(
                f"dtype_acc={self.options.dtype_acc!r} is narrower than the data, which are {name}; "
                f"use at least {name!r}."
            )
        return dtype if any(self.adapter.is_real(one) for one in strong) else None, computing

    def _size(self, side: Category, shapes: Sequence[Shape]) -> int:
        """Return the number of rows (columns); the index counts once when no argument has it."""
        found: tuple[Argument, Shape] | None = None
        for argument, shape in zip(self.arguments, shapes, strict=True):
            if argument.category != side or (found is not None and shape[-2] == found[1][-2]):
                continue
            if found is None or (self.stretches and found[1][-2] == 1):
                found = argument, shape
            elif not (self.stretches and shape[-2] == 1):
                raise ArgumentValueError(
                    f"{self._sentence(found[0])} has shape {found[1]}, but {self.label(argument)} has shape {shape}: "
                    f"all arguments indexed by {side.letter} must have the same number of entries "
                    f"({found[1][-2]} and {shape[-2]} found)."
                )
        return 1 if found is None else found[1][-2]

    def _batch(self, shapes: Sequence[Shape]) -> Shape:
        axes = max(
            (
                len(shape) - 2
                for argument, shape in zip(self.arguments, shapes, strict=True)
                if argument.category != Category.PARAMETER
            ),
            default=0,
        )
        batch: Shape = ()
        for argument, shape in zip(self.arguments, shapes, strict=True):
            own = shape[:-1] if argument.category == Category.PARAMETER else shape[:-2]
            if not self.stretches:
                own = _without_surplus(argument, own, axes)
            wider = broadcast_batches(batch, own)
            if wider is None:
                raise ArgumentValueError(
                    f"{self._sentence(argument)} has shape {shape}, and its batch axes {own} do not broadcast with "
                    f"{batch}, the batch axes of the arguments before it."
                )
            batch = wider
        return batch

    def _step(
        self, argument: Argument, key: Key, natural: Shape, dtype: Any, axes: int, sizes: dict[Category, int]
    ) -> Step | None:
        kind, shape, found = key
        core = natural[-1:] if argument.category == Category.PARAMETER else natural[-2:]
        own = natural[: len(natural) - len(core)]
        own = own[len(own) - axes :] if len(own) > axes else (1,) * (axes - len(own)) + own
        target = own + core
        stretched = None
        if argument.category in sizes and core[0] != sizes[argument.category]:
            stretched = (*own, sizes[argument.category], core[1])
        if kind is self.adapter.array_type and found == dtype and tuple(shape) == target and stretched is None:
            return None
        return Step(dtype, None if tuple(shape) == target else target, stretched)

    # ------------------------------------------------------------ ranges and out

    def intervals(self, ranges: Any, plan: CallPlan) -> tuple[Any, ...]:
        """Return the six arrays, those of the kept side first."""
        if self.axis == 1:
            return as_ranges(ranges, plan.extent.rows, plan.extent.columns) or ()
        return swap_axes(as_ranges(ranges, plan.extent.columns, plan.extent.rows)) or ()

    def _fill(self, out: Any, outputs: tuple[Any, ...]) -> Any:
        targets: Any = (out,) if len(outputs) == 1 else out
        if not isinstance(targets, (tuple, list)) or len(targets) != len(outputs):
            raise ArgumentTypeError(
                f"{self.problem.reduction.name} has {len(outputs)} results, so out must be a tuple of "
                f"{len(outputs)} arrays; found {type(out).__name__}."
            )
        name = self.adapter.dtype_name
        for target, result in zip(out if len(outputs) > 1 else (out,), outputs, strict=True):
            if not isinstance(target, self.adapter.array_type):
                raise ArgumentTypeError(f"out must be a {self.adapter.name} array; found {type(target).__name__}.")
            if tuple(target.shape) != tuple(result.shape) or target.dtype != result.dtype:
                raise ArgumentValueError(
                    f"out has shape {tuple(target.shape)} and dtype {name(target.dtype)}; the result has shape "
                    f"{tuple(result.shape)} and dtype {name(result.dtype)}."
                )
        for target, result in zip(out if len(outputs) > 1 else (out,), outputs, strict=True):
            with self.adapter.at(result):
                target[...] = result
        return out


def _without_surplus(argument: Argument, own: Shape, axes: int) -> Shape:
    """Return the batch axes of one argument; a parameter may have surplus leading axes of length 1."""
    while argument.category == Category.PARAMETER and len(own) > axes and own[0] == 1:
        own = own[1:]
    return own


def _thread_count(threads: int | None) -> int | None:
    if threads is None:
        return None
    try:
        count = operator.index(threads)
    except TypeError:
        count = 0
    if count < 1:
        raise ArgumentValueError(f"threads is {threads!r}; it must be a positive integer, or None for the default.")
    return count
