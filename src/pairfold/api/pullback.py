"""Gradients of reductions with respect to their arguments, of any order, without a framework that differentiates.

What a gradient needs is a graph of further reductions (`pairfold.transform.derivatives`) whose nodes are written down
here before any array is there; differentiating such a graph gives another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from pairfold.api.call_plan import CallPlan
from pairfold.api.derivatives import sum_to
from pairfold.api.number_types import EXACT_IN_FLOAT32
from pairfold.api.routine import Routine
from pairfold.engine import Call, Extent, Options
from pairfold.errors import ArgumentValueError, NotDifferentiableError
from pairfold.ir.expr import Category, Expr, variables
from pairfold.ir.problem import Problem
from pairfold.language.aliases import Argument
from pairfold.ops.arithmetic import apply
from pairfold.reductions import REDUCTIONS
from pairfold.reductions.state import output_kinds
from pairfold.transform.derivatives import Feed, Pass, adjoint, numbered, saved_problem
from pairfold.transform.sides import swap_sides

__all__ = ["GradientRoutine"]

Array = np.ndarray[Any, Any]

_SUM = REDUCTIONS["Sum"]


@dataclass(frozen=True, eq=False)
class _Input:
    """Argument number `position`."""

    position: int


@dataclass(frozen=True, eq=False)
class _Numbers:
    """The numbers of the columns, or of the rows."""

    of_rows: bool


@dataclass(frozen=True, eq=False)
class _Output:
    """Output number `number` of the reduction of `problem`, whose variable number k is ``feeds[k]``.

    Its rows are the columns of the routine if `is_swapped`; `is_single` reduces one column only, and is for formulas
    that no column has a part in.
    """

    problem: Problem
    feeds: tuple[_Fed, ...]
    number: int = 0
    is_swapped: bool = False
    is_single: bool = False


@dataclass(frozen=True, eq=False)
class _Gradient:
    """The sum of `parts`, summed over whatever the argument number `position` was repeated for."""

    position: int
    parts: tuple[_Output, ...]


_Fed = _Input | _Numbers | _Output
_Value = _Fed | _Gradient


# ---------------------------------------------------------------- the graph


def _parts(value: _Value, cotangent: _Fed, wanted: int) -> Iterator[_Output]:
    """Yield what adds up to the gradient of `value` with respect to the input number `wanted`."""
    if isinstance(value, _Gradient):
        for part in value.parts:
            yield from _parts(part, cotangent, wanted)
    if not isinstance(value, _Output):
        return
    given = tuple(k == value.number for k in range(len(output_kinds(value.problem))))
    for place, feed in enumerate(value.feeds):
        if not _depends(feed, wanted):
            continue
        for one in adjoint(value.problem, (place,), given):
            part = _launched(value, one, cotangent)
            if isinstance(feed, _Input):
                yield part
            else:
                yield from _parts(feed, part, wanted)


def _depends(value: _Fed, wanted: int) -> bool:
    if isinstance(value, _Input):
        return value.position == wanted
    return isinstance(value, _Output) and any(_depends(feed, wanted) for feed in value.feeds)


def _launched(value: _Output, one: Pass, cotangent: _Fed) -> _Output:
    saved = replace(value, problem=saved_problem(value.problem) or value.problem)

    def fed(feed: Feed) -> _Fed:
        if feed.source == "argument":
            return value.feeds[feed.index]
        if feed.source == "number":
            return _Numbers(of_rows=value.is_swapped)
        return cotangent if feed.source == "cotangent" else replace(saved, number=feed.index)

    feeds = tuple(fed(feed) for feed in one.feeds)
    return _Output(one.problem, feeds, 0, value.is_swapped != one.is_swapped, value.is_single)


# ---------------------------------------------------------------- from routines


class GradientRoutine:
    """The gradient of a routine, or the gradient of that, and so on.

    Parameters
    ----------
    routine : Routine
        What is differentiated.
    steps : sequence of (int, Expr or None)
        One per derivative: the position of the argument, and the cotangent as a formula of the arguments. Without
        one, a new last argument is the cotangent; it is shaped like the result so far, with all numbers of a point on
        one axis.

    Attributes
    ----------
    arguments : tuple of Argument
        Those of `routine`, then the new ones.

    Raises
    ------
    NotDifferentiableError
        If there is no such derivative.
    """

    def __init__(self, routine: Routine, steps: Sequence[tuple[int, Expr | None]]) -> None:
        self._axis = routine.axis
        arguments = list(routine.arguments)
        outputs: Sequence[_Value] = self._roots(routine.problem)
        side = Category.ROW if routine.axis == 1 else Category.COLUMN
        dims = self._dims(routine.problem)
        for position, formula in steps:
            if not 0 <= position < len(arguments):
                raise ArgumentValueError(
                    f"There is no argument number {position} to differentiate by; there are {len(arguments)}."
                )
            if formula is None:
                arguments.append(Argument(None, len(arguments), sum(dims), side))
                cotangents = self._split(arguments[-1].variable, dims, side)
            else:
                cotangents = self._split(formula, dims, side)
            parts = [
                part
                for output, cotangent in zip(outputs, cotangents, strict=True)
                for part in _parts(output, cotangent, position)
            ]
            self._gradient = _Gradient(position, tuple(parts))
            outputs = [self._gradient]
            side, dims = arguments[position].category, [arguments[position].dim]
        self.arguments = tuple(arguments)
        self._routine = Routine(
            routine.problem, routine.axis, arguments, routine.options, routine.adapter, routine.stretches
        )

    def _roots(self, problem: Problem) -> list[_Value]:
        """Return the outputs that can have a cotangent."""
        if problem.reduction.pullback is None or "real" not in output_kinds(problem):
            raise NotDifferentiableError(f"{problem.reduction.name} has no derivative, but one was asked for.")
        dense, positions = numbered(problem)
        feeds = tuple(_Input(position) for position in positions)
        kinds = output_kinds(problem)
        return [_Output(dense, feeds, number) for number, kind in enumerate(kinds) if kind == "real"]

    @staticmethod
    def _dims(problem: Problem) -> list[int]:
        return [
            prod(shape) for shape, kind in zip(problem.shapes, output_kinds(problem), strict=True) if kind == "real"
        ]

    def _split(self, formula: Expr, dims: Sequence[int], side: Category) -> list[_Fed]:
        """Return the cotangents of the outputs, which a formula in the variables of the user holds side by side."""
        if formula.dim != sum(dims):
            raise ArgumentValueError(
                f"The gradient of a result with {sum(dims)} numbers per point is applied to as many; the second "
                f"formula has dimension {formula.dim}."
            )
        if any(node.category not in (side, Category.PARAMETER) for node in variables(formula)):
            raise ArgumentValueError(
                "A gradient is applied to what is indexed like the result: this formula has arguments of the other "
                "index."
            )
        if len(dims) == 1 and formula.op.name == "Var":
            return [_Input(formula.position)]
        if side == Category.PARAMETER:
            raise ArgumentValueError("The gradient for a parameter is applied to an argument, not to an expression.")
        starts = [sum(dims[:k]) for k in range(len(dims))]
        pieces = [apply("Extract", formula, params=(start, dim)) for start, dim in zip(starts, dims, strict=True)]
        return [self._pointwise(piece, side) for piece in (pieces if len(dims) > 1 else [formula])]

    def _pointwise(self, formula: Expr, side: Category) -> _Output:
        if side == Category.COLUMN:
            (formula,) = swap_sides([formula])
        problem, positions = numbered(Problem(formula, _SUM))
        feeds = tuple(_Input(position) for position in positions)
        is_swapped = (side == Category.ROW) != (self._axis == 1)
        return _Output(problem, feeds, 0, is_swapped, is_single=True)

    def __call__(
        self,
        args: Sequence[Any],
        *,
        backend: object = "auto",
        device_id: object = -1,
        threads: int | None = None,
        progress: bool = False,
        tol: float | None = None,
        atol: float | None = None,
    ) -> Array:
        """Return the gradient, of the shape of the argument that it belongs to."""
        placed = self._routine.placed(backend, device_id)
        args = [placed.as_array(arg, position) for position, arg in enumerate(args)]
        run = _Run(placed, placed.plan(args), args, placed.options_with(args, threads, progress, tol, atol))
        return run.gradient(self._gradient)


# ---------------------------------------------------------------- carrying it out


class _Run:
    """One evaluation of a graph; what occurs twice is computed once."""

    def __init__(self, routine: Routine, plan: CallPlan, args: Sequence[Array], options: Options) -> None:
        self.routine = routine
        self.plan, self.extent = plan, plan.extent
        self.args = args
        self.options = options
        self.found: dict[Any, tuple[Array, ...]] = {}

    def gradient(self, value: _Gradient) -> Array:
        """Return the sum of the parts."""
        argument = self.routine.arguments[value.position]
        given = self.args[value.position]
        shape = given.shape if given.ndim else (1,)
        if given.ndim == 1 and argument.category != Category.PARAMETER:
            shape = (*shape, 1)
        total = np.zeros(shape, self.plan.computing)
        for part in () if self.extent.is_empty else value.parts:
            array = self._output(part)
            if argument.category == Category.PARAMETER:
                array = array.sum(-2)
            total += sum_to(array, shape)
        return total.reshape(given.shape).astype(self.routine.result_dtype(self.plan), copy=False)

    def _output(self, value: _Output) -> Array:
        key = (value.problem, value.feeds, value.is_swapped, value.is_single)
        if key not in self.found:
            self.found[key] = self._reduced(value)
        output = self.found[key][value.number]
        points = (*self.extent.batch, self._size(value, Category.ROW))
        flat: Array = output.reshape(*points, prod(output.shape[len(points) :]))
        return flat

    def _size(self, value: _Output, side: Category) -> int:
        if side == Category.COLUMN and value.is_single:
            return 1
        return self.extent.rows if (side == Category.ROW) != value.is_swapped else self.extent.columns

    def _reduced(self, value: _Output) -> tuple[Array, ...]:
        dtype = self.plan.computing
        counts = any(isinstance(feed, _Numbers) for feed in value.feeds)
        if counts and dtype == np.float32 and max(self.extent.rows, self.extent.columns) > EXACT_IN_FLOAT32:
            dtype = np.dtype(np.float64)
        nodes = value.problem.arguments.values()
        arrays = [
            np.asarray(self._fed(feed, value, node), dtype) for feed, node in zip(value.feeds, nodes, strict=True)
        ]
        extent = Extent(self._size(value, Category.ROW), self._size(value, Category.COLUMN), self.extent.batch)
        call = Call(value.problem, extent, dtype.name, options=self.options)
        outputs = self.routine.adapter.run(call, arrays or [self.routine.adapter.zeros((0,), dtype, arrays)])
        return tuple(output.astype(self.plan.computing) if output.dtype.kind == "f" else output for output in outputs)

    def _fed(self, feed: _Fed, value: _Output, node: Expr) -> Array:
        """Return what stands for a variable of `value`: (..., dim) for a parameter, else (..., points, dim)."""
        category = node.category
        if isinstance(feed, _Input):
            array = self._prepared(feed.position)
            own = self.routine.arguments[feed.position].category
            if category == Category.PARAMETER:
                return array
            if own == Category.PARAMETER:
                array = array[..., None, :]
            count = self._size(value, category)
            return np.broadcast_to(array, (*array.shape[:-2], count, array.shape[-1]))
        if isinstance(feed, _Output):
            return self._output(feed)
        count = self.extent.rows if feed.of_rows else self.extent.columns
        return np.arange(count).reshape(*(1,) * len(self.extent.batch), count, 1)

    def _prepared(self, position: int) -> Array:
        step = None if self.plan.steps is None else self.plan.steps[position]
        array = self.args[position]
        if step is None:
            return array
        prepared: Array = self.routine.adapter.prepare(array, step.dtype, step.shape, step.stretched)
        return prepared
