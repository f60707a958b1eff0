"""Bytes of clients to arrays, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from pairfold.bridge.message import Head, shown
from pairfold.errors import BridgeError

__all__ = ["Layout", "Spec", "packed", "read_layout", "read_spec", "unpacked"]

Array = np.ndarray[Any, Any]
Buffer = bytes | bytearray | memoryview

TYPES = ("float32", "float64", "complex64", "complex128", "int32", "int64", "uint8")
MOST_AXES = 16
BLOCK = 2**14
"""Entries of a column that are transposed together: blocks that stay in the cache of a core."""

_SHAPE = re.compile(r"(\d{1,18}(,\d{1,18})*)?")


@dataclass(frozen=True)
class Spec:
    """Type and shape of an array whose bytes are part of the data."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of bytes."""
        return prod(self.shape) * self.dtype.itemsize

    def placeholder(self) -> Array:
        """Return an array of zeros that takes memory for one row."""
        row = np.zeros(self.shape[-1:], self.dtype)
        return np.broadcast_to(row, self.shape)


@dataclass(frozen=True)
class Layout:
    """How arrays lie in the data: the order of their entries, and what indices count from."""

    order: str
    result_order: str
    index_base: int


def read_layout(head: Head) -> Layout:
    """Return what the lines of `head` that apply to all arrays say."""
    order = head.choice("order", ("F", "C"))
    result_order = head.choice("result_order", (order, *{"F", "C"} - {order}))
    return Layout(order, result_order, int(head.choice("index_base", ("0", "1"))))


def read_spec(dtype: str, shape: str) -> Spec:
    """Read type and shape.

    Raises
    ------
    BridgeError
        If they are none.
    """
    if dtype not in TYPES or _SHAPE.fullmatch(shape) is None or shape.count(",") >= MOST_AXES:
        raise BridgeError(
            f"An array is described by one of the types {', '.join(TYPES)} and by a shape such as 100,3; found "
            f"{shown(dtype)} and {shown(shape)}."
        )
    return Spec(np.dtype(dtype).newbyteorder("<"), tuple(int(size) for size in shape.split(",") if size))


def unpacked(specs: Sequence[Spec], data: Buffer, order: str) -> list[Array]:
    """Return the arrays of `data`, in C order.

    Raises
    ------
    BridgeError
        If the data are longer or shorter than the arrays.
    """
    expected = sum(spec.size for spec in specs)
    if len(data) != expected:
        raise BridgeError(f"The arrays of the head take {expected} bytes, and the data have {len(data)}.")
    arrays, start = [], 0
    for spec in specs:
        array: Array = np.ndarray(spec.shape, spec.dtype, data, start, order="F" if order == "F" else "C")
        arrays.append(_in_c_order(array))
        start += spec.size
    return arrays


def _in_c_order(array: Array) -> Array:
    if array.flags.c_contiguous:
        # The engine wants addresses that are multiples of the size of an entry.
        return array if array.flags.aligned else array.copy()
    result = np.empty(array.shape, array.dtype)
    _transfer(array, result)
    return result


def _transfer(source: Array, target: Array) -> None:
    """Copy between an array of one order and one of the other, in blocks along the first axis."""
    if source.ndim < 2:
        target[...] = source
        return
    for first in range(0, source.shape[0], BLOCK):
        target[first : first + BLOCK] = source[first : first + BLOCK]


def packed(outputs: Sequence[Array], layout: Layout) -> tuple[list[tuple[str, str, str, str]], bytearray]:
    """Return the ``result`` lines of some arrays, and their bytes."""
    outputs = [np.asarray(output) for output in outputs]
    sent = [_SENT_AS.get(output.dtype, _OTHERS) for output in outputs]
    data = bytearray(sum(output.size * dtype.itemsize for output, (_, _, dtype) in zip(outputs, sent, strict=True)))
    lines, start = [], 0
    for output, (kind, name, dtype) in zip(outputs, sent, strict=True):
        shape = output.shape
        target: Array = np.ndarray(shape, dtype, data, start, order="F" if layout.result_order == "F" else "C")
        _transfer(output, target)
        if kind == "index":
            target += layout.index_base
        lines.append(("result", kind, name, ",".join(map(str, shape))))
        start += target.nbytes
    return lines, data


_FLOAT64 = np.dtype("<f8")
_OTHERS = "value", "float64", _FLOAT64
_SENT_AS = {
    **{np.dtype(name): ("value", name, np.dtype(name).newbyteorder("<")) for name in TYPES if name[0] in "fc"},
    np.dtype(np.int64): ("index", "float64", _FLOAT64),
}
"""For each type of results: what it is, and the type that is sent."""
