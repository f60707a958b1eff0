"""How LazyTensors are made, from what a user gives and from the values of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pairfold.api.leaf import holds_complex
from pairfold.api.rooms import room_of
from pairfold.errors import ArgumentTypeError
from pairfold.ir.expr import Op
from pairfold.lazy.operations import combined, unary
from pairfold.lazy.reading import read
from pairfold.lazy.reduction import LazyReduction
from pairfold.lazy.value import Value, ValueHolder, class_of, framework_of, partner
from pairfold.ops import OPERATIONS

__all__ = ["LazyCore", "lift", "operate"]

Tensor = TypeVar("Tensor", bound="LazyCore")

_SAVED = ("_expr", "_leaves", "_rows", "_columns", "_batch", "ranges", "backend")
"""What tensors consisted of before they had a value, in its order."""


class LazyCore(ValueHolder):
    """What a LazyTensor is made from, and what it takes for another operand."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __new__(cls, x: Any = None, axis: int | None = None, is_complex: bool = False) -> Any:
        """Return a tensor of complex numbers where `x` holds some."""
        partner = cls.complex_type
        if partner is None or cls.is_complex or not (is_complex or holds_complex(x, cls.adapter)):
            return object.__new__(cls)
        return object.__new__(partner) if issubclass(partner, cls) else partner(x, axis)

    def __init__(self, x: Any, axis: int | None = None, is_complex: bool = False) -> None:
        self._value = read(type(self), x, axis)

    def __setstate__(self, state: tuple[dict[str, Any] | None, dict[str, Any]]) -> None:
        own, slots = state
        if "_expr" in slots:
            slots = {"_value": Value._make((*(slots[name] for name in _SAVED), type(self)))}
        for name, value in (*slots.items(), *(own or {}).items()):
            setattr(self, name, value)

    @property
    def ranges(self) -> Any:
        """Ranges or a pattern for the reductions that are given none."""
        return self._value.ranges

    @ranges.setter
    def ranges(self, ranges: Any) -> None:
        self._value = self._value._replace(ranges=ranges)

    @property
    def backend(self) -> str | None:
        """Where the reductions are computed that are told nothing else."""
        return self._value.backend

    @backend.setter
    def backend(self, backend: str | None) -> None:
        self._value = self._value._replace(backend=backend)

    def _like(self: Tensor, value: Value) -> Tensor:
        """Return the tensor of a value that was made from this one's."""
        tensor = object.__new__(value.kind)
        tensor._value = value
        return tensor  # type: ignore[return-value]  # its class is the kind of the value

    def _unary(self: Tensor, name: str) -> Tensor:
        """Return the operation `name` of this tensor alone."""
        return self._like(unary(OPERATIONS[name], self._value))

    def _lift(self, other: Any) -> Any:
        """Return the other operand of an operation as a tensor."""
        if isinstance(other, LazyCore):
            return other if other.adapter is self.adapter else self._like(partner(self._value, other._value))
        if isinstance(other, LazyReduction):
            raise ArgumentTypeError(
                "This is a reduction that waits for its call; call it first, and go on with the array that it returns."
            )
        try:
            return class_of(type(self), is_complex=False)(other)
        except ArgumentTypeError:
            kind = framework_of(self._value, room_of([other]))
            if kind is None:
                raise
            return kind(other)


def lift(tensor: LazyCore, other: Any) -> Value:
    """Return the value of the other operand of an operation of `tensor`."""
    value: Value = tensor._lift(other)._value
    return value


def operate(tensor: Tensor, op: Op, operands: Iterable[Any], params: Sequence[Any] = ()) -> Tensor:
    """Return `op` of operands such as `tensor` may meet, in this order, with static parameters."""
    return tensor._like(combined(op, [lift(tensor, operand) for operand in operands], params))
