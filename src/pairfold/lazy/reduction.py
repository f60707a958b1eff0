"""Reductions of LazyTensors: which axis, which routine, now or later."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any

from pairfold.api.call_plan import Key
from pairfold.api.genred import choose_reduction, number_kept
from pairfold.api.leaf import Leaf, Symbol
from pairfold.api.look import told_of_work, worked_out
from pairfold.api.options import make_options, make_problem
from pairfold.api.rooms import room_called, room_of
from pairfold.api.routine import Routine
from pairfold.api.states import State, check_state, finished, partial_state, refuse_tolerance
from pairfold.api.stream import stream
from pairfold.display import Card, Fact, Shown
from pairfold.engine import Explanation, Options
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.expr import Category, Expr
from pairfold.ir.reduction import Reduction, Sizes
from pairfold.language.aliases import Argument
from pairfold.lazy.dtypes import at_least, cast, result_dtype
from pairfold.lazy.look import facts_of
from pairfold.lazy.value import Value, ValueHolder, bound, framework_of, tensor_of, value_of
from pairfold.pruning import with_report
from pairfold.reductions import REDUCTIONS

__all__ = [
    "LazyReduction",
    "check_keywords",
    "check_lazy_keywords",
    "keeps_axes",
    "reduce_tensor",
    "reduction_axis",
    "with_axis",
]

ACCURACY_KEYWORDS = ("dtype_acc", "use_double_acc", "sum_scheme")
CALL_KEYWORDS = ("backend", "device_id", "ranges", "out", "threads", "progress", "tol", "atol", "report")
STREAM_KEYWORDS = ("out", "memory", "progress", "checkpoint", "backend", "device_id", "threads")
RESULT_KEYWORDS = ("dtype", "keepdims", "keepdim")
"""What is done to the result of a reduction that is carried out at once."""

_DEFAULT_OPTIONS = Options()
_TAG, _ARRAY, _KEY = map(operator.attrgetter, ("tag", "array", "key"))


def reduction_axis(value: Value, axis: Any, dim: Any, name: str, inner: str | None) -> int:
    """Return 0 for the axis of i, 1 for that of j, 2 for the last one.

    Raises
    ------
    ArgumentTypeError
        If no axis is given.
    ArgumentValueError
        If that axis cannot be reduced.
    """
    axis = axis if dim is None else dim
    batch = value.ndim - 3
    allowed = f"{batch} (i), {batch + 1} (j)" + (f", {batch + 2} or -1 (the last axis)" if inner is not None else "")
    if axis is None:
        raise ArgumentTypeError(f"{name} of a LazyTensor needs an axis: {allowed}.")
    try:
        number = operator.index(axis)
    except TypeError:
        raise ArgumentTypeError(f"{name} of a LazyTensor reduces one axis, an integer; found {axis!r}.") from None
    side = number - batch if number >= 0 else number + 3
    if side not in (0, 1, 2) or (side == 2 and inner is None):
        raise ArgumentValueError(
            f"axis is {axis}, and {name} of a tensor of shape {value.shown_shape} reduces the axes {allowed}."
        )
    return side


@lru_cache(maxsize=512)
def _routine(
    formula: Expr,
    weight: Expr | None,
    reduction: Reduction,
    k: int,
    side: int,
    options: Options,
    tags: tuple[tuple[int, ...], ...],
    kind: type[ValueHolder],
) -> Routine:
    arguments = []
    for position, (dim, category, *index) in enumerate(tags):
        name = f"{Category(category).prefix}({index[0]},{dim})" if index else None
        arguments.append(Argument(name, position, dim, Category(category)))
    problem = make_problem(formula, reduction, weight, k, side)
    return kind.routine_type(problem, side, arguments, options, kind.adapter, True, kind.is_complex)


def reduce_tensor(
    value: Value,
    reduction: Reduction | str,
    side: int,
    weight: Value | None = None,
    k: Any = None,
    call: bool = True,
    **kwargs: Any,
) -> Any:
    """Reduce the tensor of a value over i (`side` 0) or j (1).

    Returns
    -------
    array, tuple of arrays, or LazyReduction
        The latter with ``call=False`` and for symbolic variables.
    """
    if kwargs:
        kwargs = check_keywords(value, kwargs)
        if not kwargs.keys().isdisjoint(RESULT_KEYWORDS):
            return _with_result(value, reduction, side, weight, k, call, kwargs)
    weight_expr = None
    if weight is not None:
        if weight.kind.is_complex:
            raise ArgumentTypeError("A weight is real, and this one is complex; reduce weight.real and weight.imag.")
        value, weight_expr = value.join(weight)
    if weight is not None or isinstance(reduction, str) or reduction.needs_weight:
        name = reduction if isinstance(reduction, str) else reduction.name
        reduction = choose_reduction(name, weight is not None)
    kept = number_kept(reduction, k) if reduction.needs_k else 1
    options = _DEFAULT_OPTIONS
    if kwargs:
        accuracy = {name: kwargs.pop(name) for name in ACCURACY_KEYWORDS if name in kwargs}
        options = make_options(reduction, **accuracy)
    if value.ranges is not None:
        kwargs.setdefault("ranges", value.ranges)
    if value.backend is not None:
        kwargs.setdefault("backend", value.backend)
    if not call or value.is_symbolic:
        return LazyReduction(value, weight_expr, reduction, kept, side, options, kwargs)
    tags = tuple(map(_TAG, value.leaves))
    routine = _routine(value.expr, weight_expr, reduction, kept, side, options, tags, value.kind)  # type: ignore[arg-type]  # classes are hashable
    return _call(routine, list(map(_ARRAY, value.leaves)), tuple(map(_KEY, value.leaves)), kwargs)


def _call(routine: Routine, arrays: Sequence[Any], keys: tuple[Key, ...], kwargs: dict[str, Any]) -> Any:
    if kwargs:
        routine = routine.placed(kwargs.pop("backend", "auto"), kwargs.pop("device_id", -1))
    return routine(arrays, keys=keys, **kwargs)


# ---------------------------------------------------------------- keywords


def check_keywords(value: Value, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords of a reduction without those that the class of the tensor ignores.

    Raises
    ------
    ArgumentTypeError
        For a keyword that no reduction has.
    """
    known = (*ACCURACY_KEYWORDS, *CALL_KEYWORDS, *RESULT_KEYWORDS)
    kept = {name: given for name, given in kwargs.items() if name not in value.kind.ignored_keywords}
    for name in kept:
        if name not in known:
            raise ArgumentTypeError(f"A reduction has no keyword {name!r}; allowed are {', '.join(('call', *known))}.")
    return kept


def keeps_axes(kwargs: dict[str, Any], has_last: bool = False) -> bool:
    """Take ``keepdims=`` and ``keepdim=`` out of the keywords of a reduction; return what they say.

    Raises
    ------
    ArgumentValueError
        If the last axis is among those that are reduced (`has_last`) and is not to be kept.
    """
    given = [bool(kwargs.pop(name)) for name in ("keepdims", "keepdim") if name in kwargs]
    if has_last and False in given:
        raise ArgumentValueError("keepdims=False does not apply: the last axis stays, with length 1.")
    return any(given)


def check_lazy_keywords(value: Value, kwargs: dict[str, Any], has_last: bool) -> bool:
    """Check the keywords of a reduction whose result is a LazyTensor; return whether axes are kept.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        For every keyword that does not apply.
    """
    given = check_keywords(value, {name: given for name, given in kwargs.items() if name != "call"})
    keep = keeps_axes(given, has_last)
    names = [*(f"{name}= is" for name in given), *(["call= and partial() are"] if "call" in kwargs else [])]
    if names:
        raise ArgumentTypeError(
            f"{names[0]} for reductions over i or j. Over the last axis or batch axes alone nothing is computed yet: "
            "the result is a LazyTensor."
        )
    return keep


def with_axis(array: Any, place: int) -> Any:
    """Return `array` with a new axis of length 1."""
    shape = tuple(array.shape)
    return array.reshape((*shape[:place], 1, *shape[place:]))


def _with_result(
    value: Value,
    reduction: Reduction | str,
    side: int,
    weight: Value | None,
    k: Any,
    call: bool,
    kwargs: dict[str, Any],
) -> Any:
    """Carry out a reduction with ``dtype=`` or ``keepdims=``."""
    if kwargs.pop("report", False):
        return with_report(lambda: _with_result(value, reduction, side, weight, k, call, kwargs))
    if isinstance(reduction, str):
        reduction = choose_reduction(reduction, weight is not None)
    keep, dtype = keeps_axes(kwargs), kwargs.pop("dtype", None)
    if (keep or dtype is not None) and (not call or value.is_symbolic or kwargs.get("out") is not None):
        raise ArgumentValueError(
            "dtype= and keepdims= are for reductions that are carried out at once and make their result: not with "
            "call=False, symbolic variables or out=."
        )
    if dtype is not None:
        dtype = result_dtype(value, dtype)
        value, weight = at_least(value, dtype), None if weight is None else at_least(weight, dtype)
    result = reduce_tensor(value, reduction, side, weight, k, call, **kwargs)
    results = result if isinstance(result, tuple) else (result,)
    if dtype is not None:
        results = tuple(cast(value, array, dtype) for array in results)
    if keep:
        sizes = Sizes(value.expr.dim, 1 if weight is None else weight.expr.dim, 1 if k is None else k)
        results = tuple(
            with_axis(array, len(array.shape) - len(shape) - 1 + side)
            for array, shape in zip(results, reduction.shapes(sizes), strict=True)
        )
    return results if isinstance(result, tuple) else results[0]


class LazyReduction(Shown):
    """A reduction of a LazyTensor that waits for its call.

    Reductions of symbolic variables return one, and all others do with ``call=False``. Calling it with one array per
    symbolic variable, in the order of their indices, returns the result.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import Vi, Vj
    >>> nearest = Vi(0, 2).sqdist(Vj(1, 2)).argmin(axis=1)
    >>> nearest
    <ArgMin over j, one result per i, of <LazyTensor of shape (None, None, 1): SqDist(Vi(0,2), Vj(1,2))>>
    >>> nearest(np.zeros((3, 2)), np.ones((4, 2))).shape
    (3, 1)
    """

    def __init__(
        self,
        value: Value,
        weight: Expr | None,
        reduction: Reduction,
        k: int,
        side: int,
        options: Options,
        settings: dict[str, Any],
    ) -> None:
        self._value = value
        self._weight = weight
        tags = tuple(map(_TAG, value.leaves))
        self._routine = _routine(value.expr, weight, reduction, k, side, options, tags, value.kind)  # type: ignore[arg-type]
        self._settings = settings
        symbols = sorted(leaf for leaf in value.leaves if isinstance(leaf, Symbol))
        indices = [symbol.number for symbol in symbols]
        if indices != list(range(len(indices))):
            listing = ", ".join(f"{s.category.prefix}({s.number},{s.dim})" for s in symbols)
            raise ArgumentValueError(
                f"The symbolic variables are {listing}: their indices must be 0, 1, 2, ..., each used for one variable."
            )
        self._count = len(symbols)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the result.

        Parameters
        ----------
        *args : arrays
            One per symbolic variable.
        **kwargs
            ``backend``, ``device_id``, ``ranges``, ``out``, ``threads``, ``progress``, ``tol``, ``atol``, ``report``,
            as for `Genred`.
        """
        _check_call(kwargs)
        reduction = self._bound(args)
        arrays, keys = reduction._arguments(args)
        return _call(reduction._routine, arrays, tuple(keys), {**self._settings, **kwargs})

    def partial(self, *args: Any, columns_from: int = 0, **kwargs: Any) -> State:
        """Return the state after some of the columns, which `finish` takes; the arguments are those of a call.

        `columns_from` is the number of the first column: of the first row, where the reduction is over i.
        """
        refuse_tolerance(kwargs)
        _check_call(kwargs)
        reduction = self._bound(args)
        arrays, keys = reduction._arguments(args)
        settings = {**self._settings, **kwargs}
        routine = reduction._routine.placed(settings.pop("backend", "auto"), settings.pop("device_id", -1))
        return partial_state(routine, arrays, columns_from, tuple(keys), **settings)

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        """Return the result for arguments that are read block by block, and may be larger than memory.

        See `Genred.stream` for what symbolic variables may be given, and for the keywords.
        """
        reduction, settings = self._bound(args), {**self._settings, **kwargs}
        refuse_tolerance(settings)
        if settings.pop("ranges", None) is not None:
            raise ArgumentTypeError("stream() has no ranges: it visits all pairs; partial() takes ranges.")
        for name in settings:
            if name not in STREAM_KEYWORDS:
                raise ArgumentTypeError(f"stream() has no keyword {name!r}; allowed are {', '.join(STREAM_KEYWORDS)}.")
        routine = reduction._routine.placed(settings.pop("backend", "auto"), settings.pop("device_id", -1))
        arrays, keys = reduction._given(args)
        return stream(routine, arrays, keys, **settings)

    def finish(self, state: State) -> Any:
        """Return the result of the reduction for all columns of a state.

        Without an array of its own, the reduction follows those that the state comes from.
        """
        known = check_state(self._routine, state)
        return finished(self._in_room(room_called(known.framework))._routine, known)

    @property
    def tensor(self) -> Any:
        """The LazyTensor that is reduced."""
        return tensor_of(self._value)

    @property
    def routine(self) -> Routine:
        """The problem, with what it needs to know of its arguments."""
        return self._routine

    def arguments(self, args: Sequence[Any]) -> list[Any]:
        """Return the arguments of the routine, the given ones in the place of the symbolic variables."""
        return self._arguments(args)[0]

    def call_of(self, args: Sequence[Any]) -> tuple[Routine, list[Any], tuple[Key, ...]]:
        """Return the routine, its arguments with the given ones among them, and what is known of these.

        Raises
        ------
        ArgumentTypeError
            If the reduction has settings, of which ranges count the pairs of one process.
        """
        names = ", ".join(name for name, setting in self._settings.items() if setting is not None)
        if names:
            raise ArgumentTypeError(f"The reduction has {names}, which is for calls in one process; leave it out here.")
        reduction = self._bound(args)
        arrays, keys = reduction._arguments(args)
        return reduction._routine, arrays, tuple(keys)

    def explain(self, *args: Any, target: str | None = None) -> Explanation:
        """Return what the engine does with arguments of these shapes, in words; see `LazyTensor.explain`."""
        reduction = self._bound(args)
        arrays, keys = reduction._arguments(args)
        return reduction._routine.explain(
            arrays, tuple(keys), target, self._settings.get("tol"), self._settings.get("atol")
        )

    def _bound(self, args: Sequence[Any]) -> LazyReduction:
        """Return this reduction for the framework of `args`, while it holds no array itself."""
        if all(isinstance(arg, self._value.kind.adapter.array_type) for arg in args):
            return self
        return self._in_room(room_of(args))

    def _in_room(self, room: ModuleType) -> LazyReduction:
        kind = framework_of(self._value, room)
        return self if kind is None else _rebuild(tensor_of(bound(self._value, kind)), *self.__reduce__()[1][1:])

    def _given(self, args: Sequence[Any]) -> tuple[list[Any], list[Key | None]]:
        """Return the arguments of the routine, and what is known of those that are arrays of the tensor."""
        if len(args) != self._count:
            raise ArgumentValueError(
                f"This reduction has {self._count} symbolic variables and takes as many arguments; found {len(args)}."
            )
        given = [leaf.array if isinstance(leaf, Leaf) else args[leaf.number] for leaf in self._value.leaves]
        return given, [leaf.key if isinstance(leaf, Leaf) else None for leaf in self._value.leaves]

    def _arguments(self, args: Sequence[Any]) -> tuple[list[Any], list[Key]]:
        arrays, found = self._given(args)
        arrays = [
            self._routine.as_array(array, position) if found[position] is None else array
            for position, array in enumerate(arrays)
        ]
        keys = [key or self._routine.adapter.key(array) for array, key in zip(arrays, found, strict=True)]
        return arrays, keys

    def __repr__(self) -> str:
        return f"<{self._routine.told}, of {self.tensor!r}>"

    def _card(self) -> Card:
        count = f"{self._count} arrays, for the symbolic variables" if self._count else "none"
        facts = [*facts_of(self._value), Fact("arguments of the call", count)]
        if self._count:
            return Card(self._routine.told, [*facts, *told_of_work(self._routine)])
        return Card(self._routine.told, [*facts, *worked_out(self._routine.problem.roots, self.explain)])

    def __reduce__(self) -> tuple[Any, ...]:
        routine = self._routine
        problem = routine.problem
        state = (
            self.tensor,
            self._weight,
            problem.reduction.name,
            problem.k,
            routine.axis,
            routine.options,
            self._settings,
        )
        return _rebuild, state


def _check_call(keywords: dict[str, Any]) -> None:
    for name in keywords:
        if name not in CALL_KEYWORDS:
            raise ArgumentTypeError(f"The call has no keyword {name!r}; allowed are {', '.join(CALL_KEYWORDS)}.")


def _rebuild(tensor: Any, weight: Expr | None, name: str, *rest: Any) -> LazyReduction:
    return LazyReduction(value_of(tensor), weight, REDUCTIONS[name], *rest)
