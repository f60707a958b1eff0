"""Reductions of LazyTensors over batch axes, and over several axes at once.

With i or j among the axes, the engine reduces one of the two, and a second, small reduction of its result does the
rest. Over batch axes alone the entries of the batch are combined in the formula, and the result is lazy.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce
from math import prod
from typing import Any

import numpy as np

from pairfold.api.leaf import Leaf
from pairfold.api.states import State
from pairfold.errors import ArgumentTypeError, ArgumentValueError, NotDifferentiableError
from pairfold.ir.call import Extent
from pairfold.ir.expr import Expr
from pairfold.ir.reduction import Reduction
from pairfold.lazy.dtypes import at_least, cast, computing_dtype, result_dtype, stored_dtype
from pairfold.lazy.index import components_of, selected
from pairfold.lazy.operations import join_all, unary
from pairfold.lazy.reading import read
from pairfold.lazy.reduction import (
    check_keywords,
    check_lazy_keywords,
    keeps_axes,
    reduce_tensor,
    with_axis,
)
from pairfold.lazy.value import Value
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import apply
from pairfold.pruning import tolerance, with_report
from pairfold.reductions import REDUCTIONS
from pairfold.reductions.state import folded

__all__ = ["LARGEST_FOLD", "is_single_axis", "reduce_axes"]

LARGEST_FOLD = 32
"""Entries of a batch that are combined in one formula: its code grows with them."""

FEW_COMPONENTS = 4
"""Components for which such a formula may be written one by one."""

_FIRST_ONLY = ("ranges", "backend", "device_id", "progress", "tol", "atol")
"""Keywords of the reduction over i or j that do not apply to the one of its result."""


def is_single_axis(value: Value, axis: Any, reduction: str) -> bool:
    """Whether `axis` is i or j, or the last one with an operation of the name `reduction`, or not allowed at all."""
    if isinstance(axis, (tuple, list)):
        return False
    if axis is None:
        return True
    try:
        number = operator.index(axis)
    except TypeError:
        return True
    count = value.ndim
    place = number + count if number < 0 else number
    record = REDUCTIONS.get(reduction)
    is_folded = place == count - 1 and record is not None and record.operation is None and record.folds
    return not (0 <= place < count - 3 or is_folded)


def _normalized(value: Value, axis: Any) -> tuple[int, ...]:
    count = value.ndim
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    try:
        numbers = [operator.index(one) for one in axes]
    except TypeError:
        raise ArgumentTypeError(f"axis is {axis!r}; it must be an integer or a tuple of integers.") from None
    if not numbers or any(not -count <= number < count for number in numbers):
        raise ArgumentValueError(
            f"axis is {axis!r}; a tensor of shape {value.shown_shape} has the axes 0 to {count - 1}, and one at "
            "least is reduced."
        )
    normal = sorted(number % count for number in numbers)
    if len(set(normal)) < len(normal):
        raise ArgumentValueError(f"axis is {axis!r}, which names an axis twice.")
    return tuple(normal)


def reduce_axes(value: Value, reduction: Reduction, axis: Any, weight: Any, kwargs: dict[str, Any]) -> Any:
    """Reduce over batch axes or over several axes.

    Returns
    -------
    array or Value
        Without the reduced axes, but the last one, which stays with length 1, as all do with ``keepdims=True``. A
        value when neither i nor j is reduced.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If the reduction cannot be split, or an argument does not apply.
    """
    axes = _normalized(value, axis)
    if weight is not None:
        raise ArgumentValueError(
            f"{reduction.name} with a weight reduces one axis, i or j; found axis={axis!r}. {_which(value)}"
        )
    call = kwargs.pop("call", True)
    kwargs = check_keywords(value, kwargs)
    _check(value, reduction, axes, call, kwargs)
    batch = value.ndim - 3
    has_last = axes[-1] == batch + 2
    is_lazy = batch not in axes and batch + 1 not in axes
    keep = check_lazy_keywords(value, kwargs, has_last) if is_lazy else keeps_axes(kwargs, has_last)
    if has_last and len(axes) > 1 and not reduction.in_steps:
        raise ArgumentValueError(
            f"{reduction.name} reduces the last axis alone, or any other axes; found axis={axis!r}. Its record does "
            "not say how it is carried out in steps: `in_steps`."
        )
    if has_last and (len(axes) == 1 or len(reduction.in_steps) == 1):
        value, axes = _over_components(value, reduction), axes[:-1]
    if not axes:
        return value
    if is_lazy:
        return _fold(value, reduction, axes, keep)
    if kwargs.pop("report", False):
        result, report = with_report(lambda: _reduce_by_engine(value, reduction, axes, kwargs))
        return _kept(value, result, axes if keep else ()), report
    result = _reduce_by_engine(value, reduction, axes, kwargs)
    return _kept(value, result, axes if keep else ())


def _which(value: Value) -> str:
    """Return the words that say which axes are i and j."""
    return (
        f"In a tensor of shape {value.shown_shape}, i is the axis {value.ndim - 3} or -3, and j {value.ndim - 2} or -2."
    )


def _kept(value: Value, result: Any, axes: Sequence[int]) -> Any:
    """Return the result of a reduction of some axes with these axes again, of length 1."""
    for axis in axes:
        result = result if axis == value.ndim - 1 else with_axis(result, axis)
    return result


def _check(value: Value, reduction: Reduction, axes: tuple[int, ...], call: bool, kwargs: dict[str, Any]) -> None:
    if not reduction.folds:
        raise ArgumentValueError(
            f"{reduction.name} reduces one axis, i or j; found axis={axes}. {_which(value)} Over batch axes and "
            "several axes there are "
            f"{', '.join(sorted({one.method for one in REDUCTIONS.values() if one.folds and one.method}))}."
        )
    if kwargs.get("out") is not None or not call or value.is_symbolic:
        raise ArgumentValueError(
            "A reduction over batch axes or several axes is carried out at once, in steps: out=, call=False, "
            "partial() and symbolic variables are for the reductions of one axis, i or j."
        )
    has_ranges = value.ranges is not None or kwargs.get("ranges") is not None
    if has_ranges and reduction.averages:
        raise ArgumentValueError(
            f"{reduction.name} over several axes does not take ranges: parts would count differently. Divide sums."
        )


# ---------------------------------------------------------------- with i or j


def _reduce_by_engine(value: Value, reduction: Reduction, axes: tuple[int, ...], kwargs: dict[str, Any]) -> Any:
    batch = value.ndim - 3
    side = 1 if batch + 1 in axes else 0
    # What remains after the first step has the axes (*batch, i or j, last).
    rest = [axis for axis in axes if axis < batch]
    if side == 1 and batch in axes:
        rest.append(batch)
    if batch + 2 in axes:
        rest.append(batch + 1)
    dtype = kwargs.pop("dtype", None)
    if dtype is not None:
        dtype = result_dtype(value, dtype)
        value = at_least(value, dtype)
    stored, computing = (None, None) if value.is_complex else (stored_dtype(value), computing_dtype(value))
    if stored is not None and computing != stored:
        # Between the steps nothing is rounded to the type of the result.
        value = value.widened(computing)
    second = {name: value for name, value in kwargs.items() if name not in _FIRST_ONLY}

    if not rest:
        result = reduce_tensor(value, reduction, side, **kwargs)
    elif not reduction.in_steps:
        result = _reduce_states(value, reduction, side, rest, kwargs)
    else:

        def in_two(again: str, first: str) -> Any:
            array = reduce_tensor(value, REDUCTIONS[first], side, **kwargs)
            return _reduce_array(value, array, REDUCTIONS[again], rest, second)

        result = reduce(operator.add, itertools.starmap(in_two, reduction.in_steps))
    wanted = stored if dtype is None else dtype
    return result if wanted is None else cast(value, result, wanted)


def _reduce_array(value: Value, array: Any, reduction: Reduction, axes: Sequence[int], kwargs: dict[str, Any]) -> Any:
    """Reduce axes of an array with the engine: they become the columns."""
    shape = tuple(array.shape)
    last = len(shape) - 1
    is_last_reduced = last in axes
    kept = [axis for axis in range(last) if axis not in axes]
    if is_last_reduced:
        array, shape = array.reshape((*shape, 1)), (*shape, 1)
    sizes = [shape[axis] for axis in kept]
    table = value.kind.adapter.permute(array, (*kept, *axes, len(shape) - 1))
    table = table.reshape((*sizes, prod(shape[axis] for axis in axes), shape[-1]))
    with tolerance(None):
        # All numbers of the first step count, and they are few.
        result = reduce_tensor(read(value.kind, table, 1), reduction, 1, **kwargs)
    return result.reshape((*sizes, shape[-1]))


def _reduce_states(value: Value, reduction: Reduction, side: int, axes: Sequence[int], kwargs: dict[str, Any]) -> Any:
    """Reduce over i or j to states, and merge these over other axes."""
    if any(isinstance(leaf, Leaf) and getattr(leaf.array, "requires_grad", False) for leaf in value.leaves):
        raise NotDifferentiableError(
            f"{reduction.name} over several axes is merged of states, which have no derivative: its record does not "
            "say how it is carried out in steps, `in_steps`. Reduce one axis at a time."
        )
    waiting = reduce_tensor(value, reduction, side, call=False, **kwargs)
    state = waiting.partial()
    kept = [axis for axis in range(len(state.extent.batch) + 1) if axis not in axes]
    sizes = [(*state.extent.batch, state.extent.rows)[axis] for axis in kept]
    table = {name: _in_front(array, axes, kept) for name, array in state.fields.items()}
    while len(next(iter(table.values()))) > 1:
        table = _merged_pairs(state, table)
    extent = Extent(sizes[-1] if sizes else 1, 1, tuple(sizes[:-1]))
    found = waiting.finish(replace(state, fields={name: array[0] for name, array in table.items()}, extent=extent))
    return found.reshape((*sizes, found.shape[-1]))


def _in_front(array: Any, axes: Sequence[int], kept: Sequence[int]) -> Any:
    """Return fields of states with one entry after the other along some axes, (entries, rows, n)."""
    count = prod(array.shape[axis] for axis in axes)
    return array.transpose(*axes, *kept, array.ndim - 1).reshape(count, -1, array.shape[-1])


def _merged_pairs(state: State, table: dict[str, Any]) -> dict[str, Any]:
    """Merge each entry with the next one."""
    count, rows = next(iter(table.values())).shape[:2]
    extent, even = Extent(rows, 1, (count // 2,)), count - count % 2

    def part(first: int) -> State:
        fields = {name: array[first:even:2] for name, array in table.items()}
        return replace(state, fields=fields, columns=((first, first + 1),), extent=extent)

    merged = part(0).merge(part(1))
    return {name: np.concatenate([merged.fields[name], array[even:]]) for name, array in table.items()}


# ---------------------------------------------------------------- the last axis, batch axes alone


def _over_components(value: Value, reduction: Reduction) -> Value:
    """Reduce the last axis, which stays with length 1."""
    if reduction.operation is not None:
        return unary(OPERATIONS[reduction.operation], value)
    expr = value.expr
    if reduction.over_components is not None and value.is_complex:
        both = (reduction.over_components(apply(name, expr)) for name in ("ComplexReal", "ComplexImag"))
        return value.with_expr(apply("ComplexFromParts", *both))
    if reduction.over_components is not None:
        return value.with_expr(reduction.over_components(expr))
    count = value.dim
    _check_count(value, reduction, (value.ndim - 1,), count)
    parts = [components_of(value, place).expr for place in range(count)]
    return value.with_expr(folded(reduction, parts, _start_dtype(value)))


def _check_count(value: Value, reduction: Reduction, axes: tuple[int, ...], count: int) -> None:
    if not 1 <= count <= LARGEST_FOLD:
        raise ArgumentValueError(
            f"{reduction.name} over the axes {axes} of a tensor of shape {value.shown_shape} would be a formula of "
            f"{count} terms; 1 to {LARGEST_FOLD} are allowed. Batch axes of any length are reduced together with i or "
            f"j, in one call: axis=(..., {value.ndim - 2})."
        )


def _fold(value: Value, reduction: Reduction, axes: tuple[int, ...], keep: bool) -> Value:
    if axes[-1] == value.ndim - 1:
        raise ArgumentValueError(
            f"{reduction.name} over the last axis and batch axes, {axes}, is not lazy: reduce i or j as well, or call "
            "dense() first."
        )
    sizes = [value.batch[axis] for axis in axes]
    count = prod(sizes)
    _check_count(value, reduction, axes, count)
    parts = []
    for numbers in itertools.product(*map(range, sizes)):
        key: list[Any] = [slice(None)] * value.ndim
        for axis, number in zip(axes, numbers, strict=True):
            key[axis] = slice(number, number + 1) if keep else number
        parts.append(selected(value, tuple(key)))
    joined, exprs = join_all(parts)
    over = reduction.over_components
    if over is None or joined.expr.dim > FEW_COMPONENTS:
        return joined.with_expr(folded(reduction, exprs, _start_dtype(joined)))
    # The code of a formula over a vector does not grow with the entries.
    vectors = [_concatenated([apply("Elem", expr, params=(k,)) for expr in exprs]) for k in range(joined.expr.dim)]
    return joined.with_expr(_concatenated([over(vector) for vector in vectors]))


def _concatenated(parts: Sequence[Expr]) -> Expr:
    return reduce(partial(apply, "Concat"), parts)


def _start_dtype(value: Value) -> str:
    """Return a precision that all arithmetic on the arrays of `value` has: reductions start at its numbers."""
    stored = None if value.is_complex else stored_dtype(value)
    return "float64" if stored is not None and value.kind.adapter.dtype_name(stored) == "float64" else "float32"
