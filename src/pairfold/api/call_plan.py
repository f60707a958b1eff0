"""What follows from the shapes and dtypes of the arguments of a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pairfold.engine import Call, Extent

__all__ = ["CallPlan", "Key", "Numbers", "Shape", "Step", "broadcast_batches"]

Shape = tuple[int, ...]
Key = tuple[type, Shape, Any]
"""What is known about an argument without looking at its values: type, shape, dtype."""


class Numbers:
    """Stands in a `Key` for the type of an array made from Python numbers, which never changes a dtype."""


def broadcast_batches(first: Shape, second: Shape) -> Shape | None:
    """Return the broadcast of two batch shapes by NumPy's rule, or None when they do not fit."""
    if first == second or not second:
        return first
    if not first:
        return second
    if len(first) < len(second):
        first, second = second, first
    extra = len(first) - len(second)
    result = list(first[:extra])
    for a, b in zip(first[extra:], second, strict=True):
        if a != b and 1 not in (a, b):
            return None
        result.append(b if a == 1 else a)
    return tuple(result)


@dataclass(frozen=True)
class Step:
    """How one argument is made ready for the engine."""

    dtype: Any
    shape: Shape | None
    stretched: Shape | None


@dataclass(frozen=True)
class CallPlan:
    """What follows from the shapes and dtypes of the arguments.

    Attributes
    ----------
    call : Call
        What the engine is asked: rows are kept and columns are reduced, whatever the user calls i and j.
    dtype : dtype or None
        Precision of the results; None is the default one of the framework, which a program may change.
    computing : dtype
        Precision of the arithmetic.
    steps : tuple of (Step or None) or None
        Per argument; the arguments go to the engine as they are when None.
    used : tuple of bool
        Whether the formula reads the argument.
    """

    call: Call
    dtype: Any
    computing: Any
    steps: tuple[Step | None, ...] | None
    used: tuple[bool, ...]

    @property
    def extent(self) -> Extent:
        """The sizes of the problem."""
        return self.call.extent
