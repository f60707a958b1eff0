"""What LazyTensors are made from: arrays, numbers, lists of numbers, and symbolic variables."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pairfold.api.adapter import Adapter
from pairfold.api.call_plan import Numbers
from pairfold.api.leaf import (
    Leaf,
    Symbol,
    holds_complex,
    is_nested,
    leaf_of_array,
    leaf_of_numbers,
    symbol_of,
)
from pairfold.api.tree import TreeBase
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.expr import Category, Expr
from pairfold.lazy.value import Value, ValueHolder
from pairfold.ops.arithmetic import constant, variable

__all__ = ["checked_array", "is_written", "read"]

_WRITTEN_INTEGERS = range(-10, 11)
_WRITTEN_FLOATS = frozenset((-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0))
"""Numbers that are written into the formula; any other is a parameter, so that a new value needs no new code."""


def is_written(number: Any) -> bool:
    """Whether a number becomes part of the formula."""
    return number in (_WRITTEN_INTEGERS if isinstance(number, int) else _WRITTEN_FLOATS)


def read(kind: type[ValueHolder], x: Any, axis: int | None = None) -> Value:
    """Return the value of ``kind(x, axis)``.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If no LazyTensor of this class is made from `x`.
    """
    if not kind.is_complex:
        return _value(kind, _real(kind, x, axis))
    if _is_symbol(x, axis):
        symbol = symbol_of(*x)
        return _value(kind, Symbol(symbol.number, 2 * symbol.dim, symbol.category))
    if holds_complex(x, kind.adapter):
        return _value(kind, _pairs(kind, x, axis))
    return read(kind.real_type, x, axis).converted("Real2Complex", is_complex=True)


@lru_cache(maxsize=256)
def _variable(dim: int, category: int) -> Expr:
    return variable(0, dim, Category(category))


def _value(kind: type[ValueHolder], leaf: Leaf | Symbol | Expr) -> Value:
    if isinstance(leaf, Expr):
        return Value(leaf, (), 1, 1, (), None, None, kind)
    dim, category = leaf.tag[:2]
    rows: int | None = 1
    columns: int | None = 1
    batch: tuple[int, ...] = ()
    if isinstance(leaf, Symbol):
        rows = None if category == Category.ROW else 1
        columns = None if category == Category.COLUMN else 1
    elif category == Category.PARAMETER:
        batch = tuple(leaf.array.shape)[:-1]
    elif category == Category.ROW:
        *batch, rows, _ = leaf.array.shape
    else:
        *batch, columns, _ = leaf.array.shape
    return Value(_variable(dim, category), (leaf,), rows, columns, tuple(batch), None, None, kind)


# ---------------------------------------------------------------- real numbers


def _real(kind: type[ValueHolder], x: Any, axis: int | None) -> Leaf | Symbol | Expr:
    adapter = kind.adapter
    number = x if isinstance(x, (bool, int, float, complex)) else adapter.as_number(x)
    if number is not None:
        return _number(kind, number, axis)
    if isinstance(x, tuple) and len(x) == 3 and axis is None:
        return symbol_of(*x)
    if isinstance(x, (list, tuple)) and not is_nested(x):
        if axis not in (None, 2):
            raise ArgumentValueError(f"A list of numbers is a parameter; axis={axis!r} does not apply.")
        leaf = leaf_of_numbers(list(x), adapter)
        array = leaf.array
    else:
        leaf, array = None, checked_array(kind, x)
    if _is_complex(adapter, array.dtype):
        raise _refusal(kind)
    if leaf is not None:
        return leaf
    return leaf_of_array(array, axis) if adapter.is_weak is None else _leaf_of_weak(adapter.is_weak, array, axis)


def _leaf_of_weak(is_weak: Callable[[Any], bool], array: Any, axis: int | None) -> Leaf:
    leaf = leaf_of_array(array, axis)
    return Leaf(leaf.array, leaf.category, Numbers) if is_weak(array) else leaf


def _number(kind: type[ValueHolder], number: Any, axis: int | None) -> Leaf | Expr:
    if axis in (0, 1) and kind.is_strict:
        letter = "ij"[axis]
        raise ArgumentTypeError(
            f"{number} is a number, which nothing indexes by {letter}: as a constant or a parameter it is "
            f"Pm({number}). V{letter}(x) takes an array of points, V{letter}(index, dimension) is a symbolic "
            f"variable, and 'x = V{letter}(dimension)' declares an argument of a formula string."
        )
    if isinstance(number, complex):
        raise _refusal(kind)
    if is_written(number):
        return constant(number)
    try:
        return leaf_of_numbers(float(number), kind.adapter)
    except OverflowError:
        raise ArgumentValueError("This integer is beyond the range of float64.") from None


def checked_array(kind: type[ValueHolder], x: Any) -> Any:
    """Return `x` as an array of the framework of `kind`.

    Raises
    ------
    ArgumentTypeError
        If it is none.
    """
    if isinstance(x, ValueHolder):
        raise ArgumentTypeError(
            "This is a LazyTensor already: use it as it is"
            + ("." if x.adapter is kind.adapter else f"; but it holds {x.adapter.name} arrays, which do not mix.")
        )
    try:
        return kind.adapter.as_array(x.array if isinstance(x, TreeBase) else x)
    except ArgumentTypeError as reason:
        raise ArgumentTypeError(
            f"A {kind.__name__} takes an array, a number, a list of numbers, or a tuple (index, dimension, "
            f"category); {reason}"
        ) from None


def _refusal(kind: type[ValueHolder]) -> ArgumentTypeError:
    return ArgumentTypeError(
        f"{kind.__name__} holds real numbers, and this is complex: use ComplexLazyTensor, or real and imaginary parts."
    )


@lru_cache(maxsize=64)
def _is_complex(adapter: Adapter, dtype: Any) -> bool:
    """Whether a type is one of complex numbers; raises `ArgumentValueError` if it is none of numbers."""
    try:
        adapter.working_dtype([dtype])
    except ArgumentValueError as reason:
        raise ArgumentValueError(f"A LazyTensor holds numbers; {reason}") from None
    return adapter.is_complex(dtype)


# ---------------------------------------------------------------- complex numbers


def _is_symbol(x: Any, axis: int | None) -> bool:
    is_triple = isinstance(x, tuple) and len(x) == 3 and axis is None
    return is_triple and not any(isinstance(one, complex) for one in x)


def _pairs(kind: type[ValueHolder], x: Any, axis: int | None) -> Leaf:
    adapter = kind.adapter
    number = x if isinstance(x, (int, float, complex)) else adapter.as_number(x)
    is_array = is_nested(x) if isinstance(x, (list, tuple)) else number is None
    if is_array:
        array = checked_array(kind, x)
        leaf = leaf_of_array(array, axis) if adapter.is_weak is None else _leaf_of_weak(adapter.is_weak, array, axis)
    else:
        if axis not in (None, 2):
            raise ArgumentValueError(f"A number is a parameter, and so is a list; axis={axis!r} does not apply.")
        leaf = leaf_of_numbers(x if number is None else number, adapter)
    # Numbers, and arrays without axes, never change a dtype.
    sort = None if is_array and leaf.is_strong else Numbers
    return Leaf(adapter.as_pairs(leaf.array), leaf.category, sort)
