"""The arguments of a reduction that is carried out block by block: those that are read, and those that are there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from pairfold.api.adapter import NUMPY, Adapter
from pairfold.api.call_plan import Key
from pairfold.api.routine import Routine
from pairfold.errors import ArgumentTypeError
from pairfold.ir.expr import Category
from pairfold.stream.sides import Side
from pairfold.stream.sources import Blocks, Frame, Sliced, Source, axis_of, is_sliced

__all__ = ["Argument", "Arguments"]

Array = Any
Argument = tuple[Array, Key]
"""An array as the engine takes it, and what is known of the one that it was made of."""


@dataclass(frozen=True, eq=False)
class Arguments:
    """What a routine is called with.

    Attributes
    ----------
    routine : Routine
        It is called.
    frame : Frame
        How pieces become arrays of its framework.
    sources : mapping of int to Source
        By their numbers, the arguments that are read.
    fixed : mapping of int to Argument
        The others.
    """

    routine: Routine
    frame: Frame
    sources: Mapping[int, Source]
    fixed: Mapping[int, Argument]

    @staticmethod
    def of(routine: Routine, args: Sequence[Any], keys: Sequence[Key | None]) -> Arguments:
        """Return the arguments of a call; `keys` has what is known of those that are arrays, None for the others."""
        routine.check_count(len(args))
        frame = _frame(routine.adapter)
        sources: dict[int, Source] = {}
        fixed: dict[int, Argument] = {}
        for k, (arg, key) in enumerate(zip(args, keys, strict=True)):
            if _stays(routine, k, arg):
                array = routine.as_array(arg, k)
                fixed[k] = array, key or _key(array, routine)
            else:
                sources[k] = _source(arg, routine.label(routine.arguments[k]), frame)
        return Arguments(routine, frame, sources, fixed)

    def side(self, is_kept: bool, length: int | None = None) -> Side:
        """Return the arguments with the index that is kept, or with the one that is reduced over."""
        category = Category.ROW if is_kept == (self.routine.axis == 1) else Category.COLUMN
        own = {k: source for k, source in self.sources.items() if self.routine.arguments[k].category == category}
        return Side.of(category.letter, own, length)

    def in_memory(self, side: Side, read: Mapping[int, Array]) -> Side:
        """Return a side of which everything has been read."""
        own = {k: Sliced(read[k], source.label, self.frame) for k, source in side.sources.items()}
        return Side.of(side.letter, own)

    @property
    def empty(self) -> list[Argument]:
        """All arguments, those that are read without their rows."""
        samples = {k: (source.sample, _key(source.sample, self.routine)) for k, source in self.sources.items()}
        return self.listed(samples)

    def listed(self, read: Mapping[int, Argument]) -> list[Argument]:
        """Return all arguments, with those that were read."""
        return [read[k] if k in read else self.fixed[k] for k in range(len(self.routine.arguments))]

    def ready(self, read: Mapping[int, Array], dtype: Any) -> dict[int, Argument]:
        """Return arrays that were read as the engine takes them, in the precision of the arithmetic."""
        prepare = self.routine.adapter.prepare
        return {k: (prepare(array, dtype, None, None), _key(array, self.routine)) for k, array in read.items()}

    def bytes_of_row(self, side: Side, dtype: Any) -> int:
        """Return the bytes of one row of a side in the precision of the arithmetic, with those that were read."""
        total = 0
        for k, source in side.sources.items():
            shape, own = source.sample.shape, source.sample.dtype
            axis = axis_of(shape)
            read = prod(shape[axis + 1 :]) * own.itemsize if own != dtype else 0
            total += prod(shape[:axis]) * (self.routine.arguments[k].dim * dtype.itemsize + read)
        return total

    def facts(self) -> list[Any]:
        """Return what tells these arguments from others: shapes, dtypes, and what a look at some rows finds."""
        found = []
        for k, argument in enumerate(self.routine.arguments):
            if k in self.fixed:
                array = self.frame.to_numpy(self.fixed[k][0])
                contents = hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=16).hexdigest()
            else:
                source = self.sources[k]
                array, contents = source.sample, source.fingerprint()
            found.append([argument.declaration, list(array.shape), str(array.dtype), contents])
        return found


def _key(array: Array, routine: Routine) -> Key:
    return routine.adapter.array_type, tuple(array.shape), array.dtype


def _stays(routine: Routine, position: int, arg: object) -> bool:
    """Tell whether an argument is there for all rows and columns: a parameter, or one row that stands for all."""
    if routine.arguments[position].category == Category.PARAMETER:
        return True
    return routine.stretches and is_sliced(arg) and len(arg.shape) > 1 and arg.shape[-2] == 1  # type: ignore[attr-defined]


def _source(value: Any, label: str, frame: Frame) -> Source:
    if not is_sliced(value) and hasattr(type(value), "__array__"):
        value = _as_numpy(value)
    return Sliced(value, label, frame) if is_sliced(value) else Blocks(value, label, frame)


def _frame(adapter: Adapter) -> Frame:
    """Return how pieces become arrays of the framework of an adapter."""

    def convert(piece: Any) -> Array:
        if isinstance(piece, adapter.array_type) and not isinstance(piece, np.memmap):
            return adapter.as_array(piece)
        array = _as_numpy(piece)
        if adapter.array_type is np.ndarray:
            return array
        return adapter.from_numpy(np.require(array.astype(array.dtype.newbyteorder("="), copy=False), None, ["C", "W"]))

    return Frame(convert, adapter.xp.concatenate, adapter.to_numpy)


def _as_numpy(piece: Any) -> Array:
    """Return a piece of any origin as an array in memory, one of a map of a file as well: the thread is to read it."""
    if isinstance(piece, np.memmap):
        return np.array(piece)
    if isinstance(piece, (np.ndarray, np.generic, list, tuple)):
        return NUMPY.as_array(piece)
    try:
        return np.asarray(piece)
    except (TypeError, ValueError, RuntimeError) as reason:
        raise ArgumentTypeError(
            f"found an object of type {type(piece).__name__}, of which NumPy makes no array: {reason}"
        ) from None
