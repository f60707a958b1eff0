"""Programs on LazyTensors and routines as text, and how they are carried out; `torch_traced` writes them.

A program is a list of steps ``[name, arguments, keyword arguments]``. An argument is a constant, or an object with one
entry: ``{"step": k}`` is the result of step k, ``{"tensor": k}`` is tensor number k, and tuples, lists, slices, complex
numbers and ``...`` are written likewise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from torch import Tensor

from pairfold.frontends.ranges import Pattern

__all__ = ["STEPS", "carry_out"]

STEPS: dict[str, Callable[..., Any]] = {}
"""What the names of steps mean; a name that is not here is an attribute of the first argument."""


def carry_out(program: str, tensors: Sequence[Tensor]) -> Any:
    """Return the result of the last step of `program`."""
    values: list[Any] = []
    for name, args, kwargs in _parsed(program):
        given = [_read(arg, values, tensors) for arg in args]
        named = {key: _read(arg, values, tensors) for key, arg in kwargs}
        if isinstance(named.get("ranges"), tuple | list) and all(isinstance(t, Tensor) for t in named["ranges"]):
            named["ranges"] = _GivenRanges(named["ranges"])
        if name in STEPS:
            values.append(STEPS[name](*given, **named))
        else:
            attribute = getattr(given[0], name)
            values.append(attribute(*given[1:], **named) if callable(attribute) else attribute)
    return values[-1]


@lru_cache(maxsize=256)
def _parsed(program: str) -> list[Any]:
    steps: list[Any] = json.loads(program)
    return steps


def _read(value: Any, values: Sequence[Any], tensors: Sequence[Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((sort, content),) = value.items()
    if sort == "step":
        return values[content]
    if sort == "tensor":
        return tensors[content]
    if sort in ("tuple", "list"):
        return (tuple if sort == "tuple" else list)(_read(one, values, tensors) for one in content)
    if sort == "slice":
        return slice(*content)
    return Ellipsis if sort == "ellipsis" else complex(*content)


class _GivenRanges(Pattern):
    """Ranges whose numbers are not known while a graph is traced; the operator checks them."""

    def __init__(self, six: Sequence[Tensor]) -> None:
        self.six = tuple(six)

    @property
    def T(self) -> _GivenRanges:  # noqa: N802 - the name of the transpose everywhere
        return _GivenRanges((*self.six[3:], *self.six[:3]))

    def ranges(self, rows: int, columns: int) -> Any:
        return self.six
