"""Where the blocks of an argument come from: anything that can be sliced, or anything that gives blocks one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pairfold.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["Blocks", "Frame", "Reader", "Sliced", "Source", "axis_of", "is_sliced", "rows_at"]

Array = Any

_SAMPLED = 16
"""Rows that are looked at in each of three places, to tell the contents of a source from those of another one."""


@dataclass(frozen=True, eq=False)
class Frame:
    """How pieces of any origin become arrays of one framework.

    Attributes
    ----------
    convert : callable
        ``convert(piece) -> array``, in memory, of the dtype of the piece.
    join : callable
        ``join(arrays, axis) -> array``, one after the other.
    to_numpy : callable
        ``to_numpy(array)``: the numbers as a NumPy array.
    """

    convert: Callable[[Any], Array]
    join: Callable[[Sequence[Array], int], Array]
    to_numpy: Callable[[Array], NDArray[Any]]


class Reader(Protocol):
    """What reads a source from one place on."""

    def take(self, count: int) -> Array:
        """Return the next rows: `count` of them, fewer at the end."""


class Source(Protocol):
    """One argument, read along the axis that its rows or columns are numbered on.

    Attributes
    ----------
    label : str
        What messages call it.
    sample : array
        One of its dtype and its other axes, without rows.
    length : int or None
        Number of rows; None when it is not known before all have been read.
    is_repeatable : bool
        Whether it can be read more than once.
    chunk : int
        Rows that are stored, and so read, together.
    """

    label: str
    sample: Array
    length: int | None
    is_repeatable: bool
    chunk: int

    def reader(self, first: int) -> Reader:
        """Return what reads the rows from number `first` on."""

    def fingerprint(self) -> str:
        """Return what tells the contents from others, as far as a look at a few rows does."""


def is_sliced(value: object) -> bool:
    """Tell whether `value` has a shape, a dtype and slices."""
    return all(hasattr(value, name) for name in ("shape", "dtype", "__getitem__"))


def axis_of(shape: Sequence[int]) -> int:
    """Return the axis that rows or columns are numbered on: the last but one, or the only one."""
    return max(len(shape) - 2, 0)


def rows_at(axis: int, first: int | None, last: int | None) -> Any:
    """Return what slices an axis; a plain slice for the first one, which every class of arrays understands."""
    return slice(first, last) if axis == 0 else (*(slice(None),) * axis, slice(first, last))


class Sliced:
    """An array, or what is sliced as one: a file, a store of chunks, a class that computes its entries.

    Parameters
    ----------
    value : object
        It has ``shape``, ``dtype`` and ``__getitem__`` for slices.
    label : str
        What messages call it.
    frame : Frame
        The framework.
    """

    is_repeatable = True

    def __init__(self, value: Any, label: str, frame: Frame) -> None:
        self.label, self._value, self._frame = label, value, frame
        self._shape = tuple(map(int, value.shape))
        if not self._shape:
            raise ArgumentValueError(f"{label} has no axis, and is read in blocks of rows; it has at least one.")
        self._axis = axis_of(self._shape)
        self.length: int | None = self._shape[self._axis]
        self.sample = self.read(0, 0)
        self.chunk = _chunk(value, self._axis)

    def read(self, first: int, last: int) -> Array:
        """Return the rows from `first` to `last`."""
        found = _converted(self._value[rows_at(self._axis, first, last)], self.label, self._frame)
        expected = (*self._shape[: self._axis], last - first, *self._shape[self._axis + 1 :])
        if tuple(found.shape) != expected:
            raise ArgumentValueError(
                f"{self.label} has the shape {self._shape}, it says, but its rows {first}:{last} have the shape "
                f"{tuple(found.shape)}, not {expected}."
            )
        return found

    def reader(self, first: int) -> Reader:  # noqa: D102 - see Source
        return _Slices(self, first)

    def fingerprint(self) -> str:  # noqa: D102 - see Source
        digest, length = hashlib.blake2b(digest_size=16), self._shape[self._axis]
        for first in sorted({0, length // 2, max(length - _SAMPLED, 0)}):
            rows = self._frame.to_numpy(self.read(first, min(first + _SAMPLED, length)))
            digest.update(np.ascontiguousarray(rows).tobytes())
        return digest.hexdigest()


class _Slices:
    def __init__(self, source: Sliced, first: int) -> None:
        self._source, self._first = source, first

    def take(self, count: int) -> Array:
        first = self._first
        self._first = min(first + count, self._source.length or 0)
        return self._source.read(first, self._first)


class Blocks:
    """Blocks of rows one after the other, of any lengths.

    Parameters
    ----------
    value : iterable, or callable
        Gives arrays, or what becomes one. A callable returns a new iterable whenever it is called.
    label : str
        What messages call it.
    frame : Frame
        The framework.
    """

    length: int | None = None
    chunk = 1

    def __init__(self, value: Iterable[Any] | Callable[[], Iterable[Any]], label: str, frame: Frame) -> None:
        self.label, self._value, self._frame = label, value, frame
        first = _begun(value, label)
        self.is_repeatable = callable(value) or first is not value
        # What comes once is kept for the one reader there can be.
        self._once: _Buffer | None = None if self.is_repeatable else _Buffer(first, label, frame)
        buffer = self._once or _Buffer(first, label, frame)
        self.sample = buffer.sample()

    def reader(self, first: int) -> Reader:  # noqa: D102 - see Source
        buffer = _Buffer(_begun(self._value, self.label), self.label, self._frame) if self._once is None else self._once
        if buffer.place > first:
            raise ArgumentValueError(
                f"{self.label} gives its blocks once, and they are needed again. Give a list of blocks, or a function "
                "that returns a new iterator whenever it is called."
            )
        while buffer.place < first and buffer.skip(first - buffer.place):
            pass
        return buffer

    def fingerprint(self) -> str:  # noqa: D102 - see Source
        return "blocks"


class _Buffer:
    """Blocks that have been given, of which some rows have not been read yet.

    Attributes
    ----------
    place : int
        Rows that have been read.
    """

    def __init__(self, blocks: Iterator[Any], label: str, frame: Frame) -> None:
        self.place = 0
        self._blocks, self._label, self._frame = blocks, label, frame
        self._waiting: list[Array] = []
        self._sample: Array = None

    def sample(self) -> Array:
        """Return the first block without its rows."""
        if self._sample is None and not self._fill():
            raise ArgumentValueError(f"{self._label} gives no block. Where there is nothing to read, one is empty.")
        return self._sample

    def take(self, count: int) -> Array:
        """Return the next rows; see `Reader`."""
        self.sample()
        axis, found = axis_of(self._sample.shape), []
        while count and (self._waiting or self._fill()):
            block = self._waiting.pop(0)
            length = block.shape[axis]
            if length > count:
                self._waiting.insert(0, block[rows_at(axis, count, None)])
                block, length = block[rows_at(axis, None, count)], count
            found.append(block)
            self.place += length
            count -= length
        if len(found) == 1:
            return found[0]
        return self._frame.join(found, axis) if found else self._sample

    def skip(self, count: int) -> int:
        """Read rows that are not needed: a block, or what remains of it; return how many."""
        if not self._waiting and not self._fill():
            return 0
        axis = axis_of(self._sample.shape)
        length: int = self._waiting[0].shape[axis]
        self.take(min(count, length))
        return max(length, 1)

    def give_back(self, rows: Array) -> None:
        """Take rows back that were read last."""
        self._waiting.insert(0, rows)
        self.place -= rows.shape[axis_of(rows.shape)]

    def _fill(self) -> bool:
        """Wait for one more block; tell whether there is one."""
        for piece in self._blocks:
            block = _converted(piece, self._label, self._frame)
            if not block.shape:
                raise ArgumentValueError(f"{self._label} gives a block without an axis; each is an array of rows.")
            axis = axis_of(block.shape)
            if self._sample is None:
                self._sample = block[rows_at(axis, 0, 0)]
            self._check(block, axis)
            self._waiting.append(block)
            return True
        return False

    def _check(self, block: Array, axis: int) -> None:
        known = self._sample
        others = [(*array.shape[:axis], *array.shape[axis + 1 :]) for array in (block, known)]
        if len(block.shape) != len(known.shape) or others[0] != others[1] or block.dtype != known.dtype:
            raise ArgumentValueError(
                f"{self._label} gives blocks of different kinds: one of shape {tuple(block.shape)} and dtype "
                f"{block.dtype} after others of shape {(*known.shape[:axis], '...', *known.shape[axis + 1 :])} and "
                f"dtype {known.dtype}."
            )


def _begun(value: Any, label: str) -> Iterator[Any]:
    """Return an iterator over the blocks."""
    given = value() if callable(value) else value
    try:
        return iter(given)
    except TypeError:
        what = "a function that returns an object" if callable(value) else "an object"
        raise ArgumentTypeError(
            f"{label}: found {what} of type {type(given).__name__}. It is read from what has shape, dtype and slices, "
            "as arrays, maps of files, zarr and h5py have, or from an iterable of blocks."
        ) from None


def _converted(piece: Any, label: str, frame: Frame) -> Array:
    try:
        return frame.convert(piece)
    except ArgumentTypeError as reason:
        raise ArgumentTypeError(f"{label}: {reason}") from None


def _chunk(value: Any, axis: int) -> int:
    """Return how many rows a store keeps together, 1 where that is not known."""
    try:
        chunk = value.chunks[axis]
        return max(int(max(chunk) if isinstance(chunk, tuple) else chunk), 1)
    except (AttributeError, TypeError, IndexError, ValueError):
        return 1
