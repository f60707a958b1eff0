"""What the variables of a LazyTensor stand for: arrays, or arguments to come."""

from __future__ import annotations

import contextlib
import operator
from functools import lru_cache
from typing import Any, NamedTuple

from pairfold.api.adapter import Adapter
from pairfold.api.call_plan import Key, Numbers
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.expr import Category, Expr, variables
from pairfold.ops.arithmetic import variable
from pairfold.transform.expand import substitute
from pairfold.transform.sides import swap_sides

__all__ = [
    "Leaf",
    "Leaves",
    "Symbol",
    "holds_complex",
    "is_nested",
    "leaf_of_array",
    "leaf_of_numbers",
    "merge",
    "renumber",
    "symbol_of",
    "transposed",
    "with_category",
]

Shape = tuple[int, ...]


class Leaf:
    """An array that is indexed by i, by j, or by neither; one argument of the reduction to come.

    Attributes
    ----------
    array : array
        ``(*batch, rows, dim)``, ``(*batch, columns, dim)`` or ``(*batch, dim)`` by `category`.
    category : Category
        What indexes it.
    key : Key
        What a `Routine` knows it by.
    tag : (int, int)
        Dimension and category.
    """

    __slots__ = ("array", "category", "key", "tag")

    def __init__(self, array: Any, category: Category, kind: type | None = None) -> None:
        self.array = array
        self.category = category
        self.key: Key = (kind or type(array), array.shape, array.dtype)
        # While a graph is traced, sizes may be symbols; a formula is for one dimension.
        self.tag = (operator.index(array.shape[-1]) if len(array.shape) else 1, int(category))

    @property
    def is_strong(self) -> bool:
        """Whether its dtype counts; that of numbers and of arrays without axes does not."""
        return self.key[0] is not Numbers and len(self.key[1]) > 0

    def with_array(self, array: Any, category: Category | None = None) -> Leaf:
        """Return a leaf of another array of the same origin."""
        kind = Numbers if self.key[0] is Numbers else None
        return Leaf(array, self.category if category is None else category, kind)


class Symbol(NamedTuple):
    """Argument number `number` of a reduction that is called later."""

    number: int
    dim: int
    category: Category

    @property
    def tag(self) -> tuple[int, int, int]:
        """Dimension, category and number."""
        return self.dim, int(self.category), self.number


Leaves = tuple["Leaf | Symbol", ...]


# ---------------------------------------------------------------- from arrays


def leaf_of_array(array: Any, axis: int | None) -> Leaf:
    """Return the leaf of an array.

    Parameters
    ----------
    array : array
        With `axis` None: ``(..., N, 1, D)`` is indexed by i, ``(..., 1, M, D)`` by j, ``(..., 1, 1, D)``, ``(D,)`` and
        ``()`` are parameters. With an axis: ``(..., N, D)``, or ``(..., D)`` for axis 2.
    axis : int or None
        0 = i, 1 = j, 2 = parameter.

    Raises
    ------
    ArgumentValueError
        If the shape does not fit.
    """
    shape = tuple(array.shape)
    if axis is None:
        return _leaf_by_shape(array, shape)
    if axis not in (0, 1, 2):
        raise ArgumentValueError(f"axis is {axis!r}; it must be 0 (indexed by i), 1 (by j), 2 (parameter) or None.")
    if axis == 2:
        # Leading axes of length 1 are no batch axes.
        while len(shape) > 1 and shape[0] == 1:
            shape = shape[1:]
        return Leaf(array.reshape(shape), Category.PARAMETER)
    letter = "ij"[axis]
    if len(shape) < 2:
        raise ArgumentValueError(
            f"A variable indexed by {letter} has shape (number of {letter}, D); found {shape}. "
            "Use x[:, None] for points of dimension 1."
        )
    return Leaf(array, Category.ROW if axis == 0 else Category.COLUMN)


def _leaf_by_shape(array: Any, shape: Shape) -> Leaf:
    if len(shape) < 2:
        return Leaf(array, Category.PARAMETER)
    if len(shape) == 2:
        raise ArgumentValueError(
            f"An array of shape {shape} may be indexed by i or by j: use Vi(x) or Vj(x), or give it the shape "
            f"({shape[0]}, 1, {shape[1]}) or (1, {shape[0]}, {shape[1]}); results of reductions have it with "
            "keepdims=True. The matrix of a quadratic form is given flat, A.ravel(); a multiple of the identity, "
            "to solve with, is alpha= of solve."
        )
    *batch, rows, columns, dim = shape
    if rows != 1 and columns != 1:
        raise ArgumentValueError(
            f"An array of shape {shape} depends on i and on j ({rows} and {columns} entries), and LazyTensors exist to "
            "avoid such arrays: one of the axes -3 and -2 must have length 1. Batches of points are given as they are "
            "to Vi(x) or Vj(x)."
        )
    if rows != 1:
        return Leaf(array.reshape((*batch, rows, dim)), Category.ROW)
    if columns != 1:
        return Leaf(array.reshape((*batch, columns, dim)), Category.COLUMN)
    return Leaf(array.reshape((*batch, dim)), Category.PARAMETER)


def leaf_of_numbers(values: Any, adapter: Adapter) -> Leaf:
    """Return the parameter of a number or a list of numbers, which follows the dtype of the other arguments.

    Raises
    ------
    ArgumentTypeError
        If the list holds something else.
    """
    try:
        array = adapter.from_numbers(values)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"A list must hold numbers; found {values!r}.") from None
    if len(array.shape) > 1 or array.shape == (0,):
        raise ArgumentValueError(f"A list of numbers is a parameter and has one axis; found the shape {array.shape}.")
    return Leaf(array, Category.PARAMETER, Numbers)


def symbol_of(index: Any, dim: Any, category: Any) -> Symbol:
    """Return the symbolic variable of three integers.

    Raises
    ------
    ArgumentValueError
        If they are not.
    """
    try:
        index, dim, category = operator.index(index), operator.index(dim), Category(operator.index(category))
    except (TypeError, ValueError):
        index = -1
    if index < 0 or dim < 1 or category == Category.PLACEHOLDER:
        raise ArgumentValueError(
            "A symbolic variable is (index, dimension, category): index at least 0, dimension at least 1, category "
            "0 (i), 1 (j) or 2 (parameter)."
        )
    return Symbol(index, dim, category)


def holds_complex(x: Any, adapter: Adapter) -> bool:
    """Whether `x` is a complex number or an array or list of such."""
    if isinstance(x, adapter.array_type):
        return adapter.is_complex(x.dtype)
    if isinstance(x, (list, tuple)):
        return any(holds_complex(one, adapter) for one in x)
    if hasattr(x, "dtype") and adapter.as_number(x) is None:
        # An array of another package: what is wrong with it is said where it is read.
        with contextlib.suppress(ArgumentTypeError):
            x = adapter.as_array(x)
            return adapter.is_complex(x.dtype)
    return isinstance(x, complex) or isinstance(adapter.as_number(x), complex)


def is_nested(x: Any) -> bool:
    """Whether a list is no list of numbers: it stands for an array of more than one axis."""
    return isinstance(x, (list, tuple)) and any(
        isinstance(one, (list, tuple)) or len(getattr(one, "shape", ())) > 0 for one in x
    )


# ---------------------------------------------------------------- several leaves


def merge(first: Leaves, second: Leaves) -> tuple[Leaves, tuple[int, ...] | None]:
    """Return the leaves of both, each once, and the new positions of the second ones (None when they keep theirs)."""
    if first is second or not second:
        return first, None
    if not first:
        return second, None
    if set(first).isdisjoint(second):
        count = len(first)
        return first + second, tuple(range(count, count + len(second)))
    merged = list(first)
    positions = []
    for leaf in second:
        if leaf in merged:
            positions.append(merged.index(leaf))
        else:
            positions.append(len(merged))
            merged.append(leaf)
    moved = positions != list(range(len(positions)))
    return tuple(merged), tuple(positions) if moved else None


@lru_cache(maxsize=4096)
def renumber(expr: Expr, positions: tuple[int, ...]) -> Expr:
    """Give variable number p of `expr` the position ``positions[p]``."""
    replacements = {}
    for node in variables(expr):
        position, dim, category, kind = node.params
        replacements[node] = variable(positions[position], dim, category, kind)
    return substitute([expr], replacements)[0]


@lru_cache(maxsize=1024)
def transposed(expr: Expr) -> Expr:
    """Exchange rows and columns."""
    return swap_sides([expr])[0]


@lru_cache(maxsize=1024)
def with_category(expr: Expr, old: Category, new: Category) -> Expr:
    """Give the variables of one category another one."""
    replacements = {}
    for node in variables(expr):
        position, dim, category, kind = node.params
        if category == old:
            replacements[node] = variable(position, dim, new, kind)
    return substitute([expr], replacements)[0]
