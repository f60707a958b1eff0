"""The value of a LazyTensor: an expression in variables numbered 0, 1, ..., and the leaves behind these numbers.

Operations join the leaves of their operands and build interned nodes, so a program that builds the same formula again
gets the same node, and everything that depends on the formula only (the routine, its code) is found by one lookup.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from types import ModuleType
from typing import Any, ClassVar, NamedTuple

from pairfold.api.adapter import Adapter
from pairfold.api.call_plan import Numbers, broadcast_batches
from pairfold.api.leaf import Leaf, Leaves, Symbol, merge, renumber, transposed
from pairfold.api.protocols import ArrayProtocols
from pairfold.api.routine import Routine
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.expr import Category, Expr, outline
from pairfold.ir.show import show
from pairfold.ops.arithmetic import apply, variable
from pairfold.sparsity.ranges import swap_axes

__all__ = ["Value", "ValueHolder", "bound", "class_of", "framework_of", "is_free", "partner", "tensor_of", "value_of"]

Shape = tuple[int, ...]
_make = tuple.__new__
"""Makes a value without a call in Python: every operation makes one."""


class Value(NamedTuple):
    """The value of a LazyTensor; what is made of it by an operation is another one.

    Attributes
    ----------
    expr : Expr
        The formula; that of a tensor of complex numbers computes pairs: re, im, re, im, ...
    leaves : tuple of Leaf and Symbol
        What its variables stand for, by their positions.
    rows, columns : int or None
        Number of i and of j; 1 when nothing depends on it, None when it is not known yet.
    batch : tuple of int
        The batch axes.
    ranges, backend
        What the reductions to come are given when they are given nothing else.
    kind : type
        The class of LazyTensors, which knows the framework of the arrays.
    """

    expr: Expr
    leaves: Leaves
    rows: int | None
    columns: int | None
    batch: Shape
    ranges: Any
    backend: str | None
    kind: type[ValueHolder]

    # ------------------------------------------------------------ facts

    @property
    def is_complex(self) -> bool:
        """Whether the entries are complex numbers."""
        return bool(self.kind.is_complex)

    @property
    def dim(self) -> int:
        """Length of the last axis."""
        return self.expr.dim // 2 if self.kind.is_complex else self.expr.dim

    @property
    def shape(self) -> Any:
        """Batch axes, number of i, number of j, dimension; the alias of pykeops has other ideas of it."""
        return (*self.batch, self.rows, self.columns, self.dim)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.batch) + 3

    @property
    def is_symbolic(self) -> bool:
        """Whether reductions wait for arguments."""
        return Symbol in map(type, self.leaves)

    @property
    def arrays(self) -> list[Leaf]:
        """The leaves that are there."""
        return [leaf for leaf in self.leaves if isinstance(leaf, Leaf)]

    @property
    def formula(self) -> str:
        """The formula; symbolic variables keep their numbers, arrays are numbered after them."""
        return show(self.expr, self.names)

    @property
    def outline(self) -> str:
        """The formula as messages show it."""
        return outline(self.expr, self.names)

    @property
    def shown_shape(self) -> Any:
        """The shape as messages show it: what its class answers."""
        return tensor_of(self).shape

    @property
    def names(self) -> dict[Expr, str]:
        """What the formula calls the variables, by their positions."""
        after = 1 + max((leaf.number for leaf in self.leaves if isinstance(leaf, Symbol)), default=-1)
        names = {}
        for position, leaf in enumerate(self.leaves):
            dim, category = leaf.tag[:2]
            number = leaf.number if isinstance(leaf, Symbol) else after
            after += isinstance(leaf, Leaf)
            names[variable(position, dim, Category(category))] = f"{Category(category).prefix}({number},{dim})"
        return names

    # ------------------------------------------------------------ other values

    def with_expr(self, expr: Expr) -> Value:
        """Return the value of the same leaves and sizes with another expression."""
        _, leaves, rows, columns, batch, ranges, backend, kind = self
        return _make(Value, (expr, leaves, rows, columns, batch, ranges, backend, kind))

    def converted(self, name: str, is_complex: bool) -> Value:
        """Return the operation `name` of real numbers that gives complex ones, or of complex ones."""
        return self._replace(expr=apply(name, self.expr), kind=class_of(self.kind, is_complex))

    def join(self, other: Value) -> tuple[Value, Expr]:
        """Return a value with the leaves of both, broadcast, that still has the expression of this one.

        The second one is the expression of `other` in the numbering of these leaves.
        """
        if other.kind.adapter is not self.kind.adapter:
            return bound(self, other.kind).join(other)
        expr, leaves, rows, columns, batch, ranges, backend, kind = self
        leaves, positions = merge(leaves, other.leaves)
        if rows == 1:
            rows = other.rows
        elif other.rows != 1 and other.rows != rows:
            rows = self._known(rows, other.rows, other)
        if columns == 1:
            columns = other.columns
        elif other.columns != 1 and other.columns != columns:
            columns = self._known(columns, other.columns, other)
        if batch != other.batch:
            batch = broadcast_batches(batch, other.batch)  # type: ignore[assignment]
            if batch is None:
                raise self._misfit(other, "batch axes")
        if other.ranges is not ranges or other.backend != backend:
            ranges, backend = _settings(self, other)
        joined = _make(Value, (expr, leaves, rows, columns, batch, ranges, backend, kind))
        return joined, other.expr if positions is None else renumber(other.expr, positions)

    def _known(self, first: int | None, second: int | None, other: Value) -> int | None:
        """Return that one of two lengths of an axis which is known already."""
        if first is not None and second is not None:
            raise self._misfit(other, "numbers of rows or columns")
        return second if first is None else first

    def _misfit(self, other: Value, what: str) -> ArgumentValueError:
        return ArgumentValueError(
            f"The shapes {self.shown_shape} and {other.shown_shape} do not broadcast: their {what} differ, and neither "
            "is 1."
        )

    def transposed(self) -> Value:
        """Return the value with i and j exchanged."""
        return self._replace(
            expr=transposed(self.expr),
            leaves=tuple(_other_side(leaf) for leaf in self.leaves),
            rows=self.columns,
            columns=self.rows,
            ranges=swap_axes(self.ranges),
        )

    def widened(self, dtype: Any) -> Value:
        """Return the value with its arrays, or its numbers if there are no arrays, cast to a real dtype."""
        prepare = self.kind.adapter.prepare
        has_arrays = any(leaf.is_strong for leaf in self.arrays)
        return self._replace(
            leaves=tuple(
                Leaf(prepare(leaf.array, dtype, None, None), leaf.category)
                if isinstance(leaf, Leaf) and (leaf.is_strong or not has_arrays)
                else leaf
                for leaf in self.leaves
            )
        )


def _settings(first: Value, second: Value) -> list[Any]:
    """Return the ranges and the backend of a tensor made of two."""
    found = []
    for name, one, other in (("ranges", first.ranges, second.ranges), ("backend", first.backend, second.backend)):
        differ = one is not other and (name == "ranges" or one != other)
        if one is not None and other is not None and differ:
            raise ArgumentValueError(
                f"Two tensors with different {name} meet; give both the same object, or set {name} on the result."
            )
        found.append(other if one is None else one)
    return found


def _other_side(leaf: Leaf | Symbol) -> Leaf | Symbol:
    category = leaf.category.other
    if isinstance(leaf, Symbol):
        return Symbol(leaf.number, leaf.dim, category)
    return leaf if category == leaf.category else leaf.with_array(leaf.array, category)


# ---------------------------------------------------------------- values of no framework yet


def is_free(value: Value) -> bool:
    """Whether there is no array: numbers and symbolic variables follow the first array that they meet."""
    return all(isinstance(leaf, Symbol) or leaf.key[0] is Numbers for leaf in value.leaves)


def bound(value: Value, kind: type[ValueHolder]) -> Value:
    """Return `value`, which is free, as one of the framework of the class `kind`."""
    leaves = tuple(
        leaf if isinstance(leaf, Symbol) else leaf.with_array(kind.adapter.from_numbers(leaf.array.tolist()))
        for leaf in value.leaves
    )
    return value._replace(leaves=leaves, kind=class_of(kind, value.is_complex))


def partner(value: Value, other: Value) -> Value:
    """Return the other operand, of another framework, as what `value` can be joined with.

    Raises
    ------
    ArgumentTypeError
        If both hold arrays.
    """
    if is_free(other):
        return bound(other, value.kind)
    if is_free(value):
        return other
    raise ArgumentTypeError(
        f"A LazyTensor of {value.kind.adapter.name} arrays meets one of {other.kind.adapter.name} arrays; convert one."
    )


def framework_of(value: Value, room: ModuleType) -> Any:
    """Return the class of LazyTensors of a front end that `value` can be bound to; None if there is no other one."""
    kind = room.LazyTensor
    return kind if kind.adapter is not value.kind.adapter and is_free(value) else None


# ---------------------------------------------------------------- tensors


class ValueHolder(ArrayProtocols):
    """What every LazyTensor has: a value, and by its class what is to be known about the arrays."""

    __slots__ = ("__weakref__", "_value")

    adapter: ClassVar[Adapter]
    is_complex: ClassVar[bool] = False
    real_type: ClassVar[Any] = None
    complex_type: ClassVar[Any] = None
    """The classes of real tensors and of complex ones in the same framework."""
    ignored_keywords: ClassVar[tuple[str, ...]] = ()
    """Keywords of reductions that have no effect; none but in the alias of pykeops."""
    is_strict: ClassVar[bool] = True
    """Whether numbers are refused where they cannot be meant; the alias of pykeops takes them."""
    routine_type: ClassVar[type[Routine]] = Routine

    _value: Value


value_of: Callable[[Any], Value] = attrgetter("_value")
"""Return the value of a LazyTensor."""


def tensor_of(value: Value) -> Any:
    """Return the LazyTensor of a value."""
    tensor = object.__new__(value.kind)
    tensor._value = value
    return tensor


def class_of(kind: type[ValueHolder], is_complex: bool) -> type[Any]:
    """Return the class of complex tensors, or of real ones, in the framework of the class `kind`."""
    real = kind.real_type if kind.is_complex else kind
    return real.complex_type if is_complex else real
