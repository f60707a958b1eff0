"""LazyTensors as pytrees: they cross the boundary of a transformed function as their arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax

from pairfold.api.call_plan import Numbers, broadcast_batches
from pairfold.api.leaf import Leaf, Symbol
from pairfold.errors import ArgumentValueError
from pairfold.ir.expr import Category, Expr
from pairfold.lazy.value import Value, ValueHolder, tensor_of, value_of

__all__ = ["register"]


class _Fixed:
    """Something that is part of the structure, equal to itself only: ranges, or a pattern."""

    def __init__(self, content: Any) -> None:
        self.content = content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Fixed) and self.content is other.content

    def __hash__(self) -> int:
        return id(self.content)


class _Structure(NamedTuple):
    """A LazyTensor without its arrays; their sizes are no part of it, for transforms change them.

    Attributes
    ----------
    expr : Expr
        The formula.
    places : tuple of (Category, type or None) and Symbol
        What the leaves are: with an array, or symbolic variables.
    ranges, backend, kind
        Those of the value.
    """

    expr: Expr
    places: tuple[Any, ...]
    ranges: _Fixed
    backend: str | None
    kind: type[Any]


def register(kind: type[ValueHolder]) -> None:
    """Make a class of LazyTensors a pytree, whose children are the arrays in the order of the variables."""
    jax.tree_util.register_pytree_node(kind, _flat, _unflat)


def _flat(tensor: ValueHolder) -> tuple[tuple[Any, ...], _Structure]:
    value = value_of(tensor)
    places = tuple([leaf if isinstance(leaf, Symbol) else (leaf.category, _sort(leaf)) for leaf in value.leaves])
    arrays = tuple([leaf.array for leaf in value.arrays])
    return arrays, _Structure(value.expr, places, _Fixed(value.ranges), value.backend, value.kind)


def _sort(leaf: Leaf) -> type | None:
    """Return `Numbers` for what never changes a dtype."""
    return Numbers if leaf.key[0] is Numbers else None


def _unflat(structure: _Structure, arrays: Sequence[Any]) -> Any:
    left = iter(arrays)
    leaves = tuple([place if isinstance(place, Symbol) else _leaf(next(left), *place) for place in structure.places])
    known = [leaf for leaf in leaves if isinstance(leaf, Leaf)]
    # JAX also puts other things into the places of arrays, to speak about them.
    sizes = _sizes(leaves) if all(leaf.key[2] is not None for leaf in known) else (1, 1, ())
    ranges, backend, kind = structure.ranges.content, structure.backend, structure.kind
    return tensor_of(Value(structure.expr, leaves, *sizes, ranges, backend, kind))


def _leaf(array: Any, category: Category, sort: type | None) -> Leaf:
    if hasattr(array, "shape") and hasattr(array, "dtype"):
        return Leaf(array, category, sort)
    leaf = Leaf.__new__(Leaf)
    leaf.array, leaf.category, leaf.key = array, category, (sort or type(array), (), None)
    return leaf


def _sizes(leaves: Sequence[Leaf | Symbol]) -> tuple[int | None, int | None, tuple[int, ...]]:
    """Return rows, columns and batch axes."""
    batch: tuple[int, ...] = ()
    for leaf in leaves:
        if isinstance(leaf, Leaf):
            own = leaf.array.shape[: -1 if leaf.category == Category.PARAMETER else -2]
            wider = broadcast_batches(batch, own)
            if wider is None:
                raise ArgumentValueError(
                    f"The arrays of a LazyTensor have the batch axes {batch} and {own} after a transform of JAX, which "
                    "do not broadcast: map all of its arrays, or none."
                )
            batch = wider
    return _size(leaves, Category.ROW), _size(leaves, Category.COLUMN), batch


def _size(leaves: Sequence[Leaf | Symbol], side: Category) -> int | None:
    sizes = {None if isinstance(leaf, Symbol) else leaf.array.shape[-2] for leaf in leaves if leaf.category == side}
    known = sizes - {None, 1}
    return next(iter(known)) if known else None if None in sizes else 1
