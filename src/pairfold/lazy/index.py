"""Indexing of LazyTensors by the rules of NumPy, as far as a formula can follow them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from pairfold.api.call_plan import Numbers
from pairfold.api.leaf import Leaf
from pairfold.errors import ArgumentIndexError, ArgumentTypeError, ArgumentValueError
from pairfold.ir.expr import Category, Expr
from pairfold.lazy.value import Value
from pairfold.ops.arithmetic import apply
from pairfold.sparsity.ranges import as_host_array

__all__ = ["components_of", "expanded", "selected", "slice_of", "taken"]

Shape = tuple[Any, ...]
_EVERYTHING = slice(None)


def expanded(key: Any, shape: Shape) -> list[Any]:
    """Return one entry per axis: integers, slices or 1-D arrays of integers.

    Raises
    ------
    ArgumentIndexError
        If there are more entries than axes.
    ArgumentTypeError
        If an entry is none of these, or an integer stands where its axis must stay.
    """
    parts = list(key) if isinstance(key, tuple) else [key]
    dots = [place for place, part in enumerate(parts) if part is Ellipsis]
    missing = len(shape) - (len(parts) - len(dots))
    if len(dots) > 1 or missing < 0:
        raise ArgumentIndexError(
            f"The index {key!r} has {len(parts)} entries and {len(dots)} ellipses for the {len(shape)} axes of a "
            f"tensor of shape {shape}."
        )
    place = dots[0] if dots else len(parts)
    parts[place : place + len(dots)] = [_EVERYTHING] * missing
    return [_entry(part, place, shape) for place, part in enumerate(parts)]


def _entry(part: Any, place: int, shape: Shape) -> Any:
    if isinstance(part, slice):
        return part
    number = _whole(part)
    from_end = len(shape) - place
    if number is not None:
        if from_end in (2, 3):
            letter = "i" if from_end == 3 else "j"
            raise ArgumentTypeError(
                f"The integer {number} would remove the axis of {letter}, which a LazyTensor keeps. Use the slice "
                f"[{number}:{number + 1 or ''}] there, `rows` or `block` for entries, [..., {number}] for a component."
            )
        size = shape[place]
        if not -size <= number < size:
            raise ArgumentIndexError(f"The index {number} is out of bounds for axis {place} of size {size}.")
        return number
    if from_end <= 3:
        array = as_host_array(part)
        if array.ndim == 1 and array.dtype.kind in "iub" and (array.dtype.kind != "b" or len(array) == shape[place]):
            return np.flatnonzero(array) if array.dtype.kind == "b" else array
    raise ArgumentTypeError(
        f"The index {part!r} on axis {place} of a tensor of shape {shape} is not understood; allowed are integers and "
        "slices, and 1-D arrays of integers on the last three axes."
    )


def _whole(part: Any) -> int | None:
    if isinstance(part, (bool, np.bool_)):
        return None
    try:
        return operator.index(part)
    except TypeError:
        return None


def slice_of(index: Any) -> Any:
    """Return a slice that selects what `index` does but keeps the axis."""
    number = _whole(index)
    return index if number is None else slice(number, number + 1 or None)


def components_of(value: Value, index: Any) -> Value:
    """Return the components that an integer, a slice or an array of integers selects.

    Raises
    ------
    ArgumentIndexError
        If there is none, or one does not exist.
    """
    if not value.is_complex:
        return value.with_expr(_components(value.expr, index))
    # The real parts have as many components as there are complex ones: what cannot be taken from them is refused.
    _components(apply("ComplexReal", value.expr), index)
    chosen = np.atleast_1d(np.arange(value.dim)[index])
    return value.with_expr(_components(value.expr, (2 * chosen[:, None] + np.arange(2)).ravel()))


def _components(expr: Expr, index: Any) -> Expr:
    if isinstance(index, slice):
        chosen: Sequence[int] = range(*index.indices(expr.dim))
    else:
        chosen = [index] if isinstance(index, int) else [int(one) for one in index]
    if len(chosen) == 0:
        raise ArgumentIndexError(
            f"The index {index!r} selects nothing from the {expr.dim} components; one at least is needed."
        )
    for one in chosen:
        if not -expr.dim <= one < expr.dim:
            raise ArgumentIndexError(f"The index {one} is out of bounds for the last axis of size {expr.dim}.")
    places = [one % expr.dim for one in chosen]
    if places == list(range(expr.dim)):
        return expr
    if len(places) == 1:
        return apply("Elem", expr, params=(places[0],))
    if places == list(range(places[0], places[0] + len(places))):
        return apply("Extract", expr, params=(places[0], len(places)))
    result = apply("Elem", expr, params=(places[0],))
    for place in places[1:]:
        result = apply("Concat", result, apply("Elem", expr, params=(place,)))
    return result


def selected(value: Value, key: Any) -> Value:
    """Return what an index selects by NumPy's rules."""
    *others, last = expanded(key, value.shape)
    return components_of(taken(value, others), last)


def taken(value: Value, key: Sequence[Any]) -> Value:
    """Return what entries for all axes but the last one select.

    Raises
    ------
    ArgumentValueError
        If there are symbolic variables, or ranges.
    """
    if all(isinstance(part, slice) and part == _EVERYTHING for part in key):
        return value
    if value.is_symbolic:
        raise ArgumentValueError("A tensor with symbolic variables cannot be indexed along i, j or batch axes.")
    if value.ranges is not None:
        raise ArgumentValueError("A tensor with ranges cannot be indexed; index first, then set ranges.")
    *batch, rows, columns = key
    leaves = [_taken(leaf, batch, rows, columns, value.shape) for leaf in value.arrays]
    *new_batch, row_count, column_count = _sizes_after(batch, rows, columns, value.shape)
    # An axis of length 1 that no leaf has may have been repeated or emptied: a leaf must say how often it counts.
    for category, size in ((Category.ROW, row_count), (Category.COLUMN, column_count)):
        if size != 1 and all(leaf.category != category for leaf in leaves):
            counter = value.kind.adapter.from_numbers([0.0] * size).reshape((size, 1))
            leaves.append(Leaf(counter, category, Numbers))
    return value._replace(leaves=tuple(leaves), rows=row_count, columns=column_count, batch=tuple(new_batch))


def _sizes_after(batch: Sequence[Any], rows: Any, columns: Any, shape: Shape) -> Shape:
    """Return the batch axes, rows and columns of a tensor of that `shape` after indexing."""
    # A view of one number: only its shape matters. One axis at a time, for index arrays never pair up here.
    sizes = np.broadcast_to(np.zeros(()), shape[:-1])
    if batch:
        sizes = sizes[tuple(batch)]
    result: Shape = sizes[..., rows, :][..., columns].shape
    return result


def _taken(leaf: Leaf, batch: Sequence[Any], rows: Any, columns: Any, shape: Shape) -> Leaf:
    """Return the part of one leaf of a tensor of that `shape`; axes that are stretched stay of length 1."""
    array = leaf.array
    core = 1 if leaf.category == Category.PARAMETER else 2
    own = len(array.shape) - core
    if own > 0:
        wanted = []
        for place, part in enumerate(batch[len(batch) - own :]):
            stretched = array.shape[place] == 1 and shape[len(batch) - own + place] != 1
            wanted.append((0 if isinstance(part, int) else _EVERYTHING) if stretched else part)
        if any(not isinstance(part, slice) or part != _EVERYTHING for part in wanted):
            array = array[tuple(wanted)]
    if core == 2:
        part, size = (rows, shape[-3]) if leaf.category == Category.ROW else (columns, shape[-2])
        if array.shape[-2] == size and not (isinstance(part, slice) and part == _EVERYTHING):
            array = array[..., part, :]
    return leaf if array is leaf.array else leaf.with_array(array)
