"""Programs on LazyTensors and routines as text, and how they are carried out; `torch_traced` writes them.

A program is a list of steps ``[name, arguments, keyword arguments]``. A step is one of `STEPS`, or else an attribute of
its first argument. An argument is a constant, or an object with one entry: ``{"step": k}`` is the result of step k,
``{"tensor": k}`` is tensor number k, and tuples, lists, slices, dtypes, complex numbers and ``...`` are written
likewise.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from copy import copy
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from pairfold.errors import ArgumentValueError
from pairfold.lazy.value import value_of
from pairfold.pruning import tolerance
from pairfold.sparsity.ranges import Pattern

__all__ = ["STEPS", "carry_out", "class_named"]


def carry_out(program: str, tensors: Sequence[Tensor]) -> Any:
    """Return the result of the last step of `program`.

    It is the same whenever and wherever the graph is carried out: a tolerance is in the program, or there is none.
    """
    with tolerance(None):
        return _carried_out(program, tensors)


def _carried_out(program: str, tensors: Sequence[Tensor]) -> Any:
    values: list[Any] = []
    for name, args, kwargs in _parsed(program):
        given = [_read(arg, values, tensors) for arg in args]
        named = {key: _read(arg, values, tensors) for key, arg in kwargs}
        if "ranges" in named:
            named["ranges"] = _given_ranges(named["ranges"])
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
    if sort == "dtype":
        return getattr(torch, content)
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


def _given_ranges(ranges: Any) -> Any:
    is_six = isinstance(ranges, tuple | list) and all(isinstance(part, Tensor) for part in ranges)
    return _GivenRanges(ranges) if is_six else ranges


# ---------------------------------------------------------------- steps


def _named(origin: str) -> Any:
    module, name = origin.split(":")
    return getattr(importlib.import_module(module), name)


@lru_cache(maxsize=64)
def class_named(origin: str) -> Any:
    """Return the class ``"module:name"`` of LazyTensors as it is in a graph: making one is no step of a program."""
    kind = _named(origin)
    name = kind.__name__
    is_pair_type = kind.is_complex
    real = type(name, (kind.real_type if is_pair_type else kind,), {"__slots__": (), "is_replayed": True})
    if kind.complex_type is None and not is_pair_type:
        return real
    partner = kind if is_pair_type else kind.complex_type
    pairs = type(partner)(partner.__name__, (partner, real), {"__slots__": (), "is_replayed": True}, real_type=real)
    return pairs if is_pair_type else real


def _new(origin: str, *args: Any, **kwargs: Any) -> Any:
    return class_named(origin)(*args, **kwargs)


def _with_setting(tensor: Any, name: str, value: Any) -> Any:
    new = copy(tensor)
    setattr(new, name, _given_ranges(value))
    return new


def _product(matrix: Any, tensor: Tensor) -> Any:
    """Return ``matrix @ tensor`` or ``tensor @ matrix``, whichever was meant: Dynamo makes no difference."""
    *_, rows, columns, _ = value_of(matrix).shape
    if tensor.shape[-1] == rows and tensor.shape[max(-2, -tensor.dim())] == columns:
        raise ArgumentValueError(
            "Inside of torch.compile it cannot be told whether K @ v or v @ K was meant, for K of shape "
            f"{value_of(matrix).shape} and v of shape {tuple(tensor.shape)}. Write K.matvec(v) or K.rmatvec(v)."
        )
    return tensor @ matrix if tensor.shape[-1] == rows else matrix @ tensor


@lru_cache(maxsize=256)
def _routine(origin: str, args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]) -> Any:
    kind = _named(origin)
    # Calling the class would ask whether something is traced.
    routine = object.__new__(kind)
    routine.__init__(*args, **dict(kwargs))
    return routine


def _call_routine(origin: str, made_with: Any, named: Any, *args: Any, **kwargs: Any) -> Any:
    return _routine(origin, _hashable(made_with), _hashable(named)).carry_out(*args, **kwargs)


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, (tuple, list)) else value


STEPS: dict[str, Callable[..., Any]] = {
    "new": _new,
    "with_setting": _with_setting,
    "product": _product,
    "routine": _call_routine,
}
"""What the names of steps mean, beside the attributes."""
