"""LazyTensors of numbers and symbolic variables have no framework yet: they follow the first array that they meet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pairfold.api.leaf import Symbol
from pairfold.api.rooms import room_of
from pairfold.api.routine import Numbers
from pairfold.errors import ArgumentTypeError

if TYPE_CHECKING:
    from pairfold.lazy.tensor import LazyTensorBase

__all__ = ["bound", "framework_of", "is_free", "partner"]


def is_free(tensor: LazyTensorBase) -> bool:
    """Whether there is no array in `tensor`."""
    return all(isinstance(leaf, Symbol) or leaf.key[0] is Numbers for leaf in tensor._leaves)


def bound(tensor: LazyTensorBase, kind: type[Any]) -> Any:
    """Return `tensor`, which is free, as one of the framework of the class `kind`."""
    real = kind.real_type if kind.is_complex else kind
    new = tensor._like(tensor._expr, real.complex_type if tensor.is_complex else real)
    new._leaves = tuple(
        leaf if isinstance(leaf, Symbol) else leaf.with_array(kind.adapter.from_numbers(leaf.array.tolist()))
        for leaf in tensor._leaves
    )
    return new


def partner(tensor: LazyTensorBase, other: LazyTensorBase) -> Any:
    """Return the other operand, of another framework, as what `tensor` can be joined with.

    Raises
    ------
    ArgumentTypeError
        If both hold arrays.
    """
    if is_free(other):
        return bound(other, type(tensor))
    if is_free(tensor):
        return other
    raise ArgumentTypeError(
        f"A LazyTensor of {tensor.adapter.name} arrays meets one of {other.adapter.name} arrays; convert one."
    )


def framework_of(tensor: LazyTensorBase, arrays: Iterable[Any]) -> Any:
    """Return the class of LazyTensors for `arrays` that `tensor` can be bound to; None if there is no other one."""
    kind = room_of(arrays).LazyTensor
    return kind if kind.adapter is not tensor.adapter and is_free(tensor) else None
