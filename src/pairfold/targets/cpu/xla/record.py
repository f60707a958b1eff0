"""What belongs to one kernel and to its place on the shelf, as words that machine code reads."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import cached_property
from itertools import chain
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pairfold.codegen.work import Layout
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.schedule.schedule import WHOLE_COLUMNS
from pairfold.targets.cpu.compile import CpuCode

__all__ = ["ALIGNMENT", "KEY_WORDS", "MOST_VARIABLES", "TYPES", "Argument", "FrameKernel", "Record", "Side"]

MOST_VARIABLES = 32
"""Arguments and outputs of a kernel, together, at most."""

LARGEST_WORK = 500_000
"""Instructions up to which one thread is done, roughly, before Python would have woken others."""

ALIGNMENT = 128
"""Of the memory for temporaries, in bytes."""

KEY_WORDS = 4
"""Words of a key: 32 characters."""

TYPES = {"float32": 11, "float64": 12, "int64": 5}
"""XLA's numbers for types."""


class Side(IntEnum):
    """What counts the points of an argument."""

    ROW = 0
    COLUMN = 1
    NOTHING = 2
    UNREAD = 3


class Record(IntEnum):
    """What stands where in a record, in words; from `ARGUMENTS` on, side and dimension of each argument."""

    KERNEL = 0
    COLUMN_KERNEL = auto()
    TYPE = auto()
    ITEM_BYTES = auto()
    ARGUMENT_COUNT = auto()
    RESULT_COUNT = auto()
    COUNTED = auto()
    """The number of an argument that columns count."""
    MOST_PAIRS = auto()
    MOST_COLUMNS = auto()
    SCRATCH_BYTES = auto()
    PACKED = auto()
    """Numbers per column that the column kernel computes."""
    VARIABLE_COUNT = auto()
    VARIABLES = auto()
    """Where argument and stride of each variable of the kernel stand."""
    COLUMN_VARIABLE_COUNT = auto()
    COLUMN_VARIABLES = auto()
    RESULTS = auto()
    """Where type, number of axes of a row, and numbers of a row stand, for each result."""
    ZEROS = auto()
    """Where the batch offsets of all variables stand, which are none."""
    ARGUMENTS = auto()


class Argument(NamedTuple):
    """An argument of a call, for one point."""

    side: Side
    dim: int = 0


_SIDES = {Category.ROW: Side.ROW, Category.COLUMN: Side.COLUMN, Category.PARAMETER: Side.NOTHING}


@dataclass(frozen=True, eq=False)
class FrameKernel:
    """A kernel, and what the frames look like that it is called with.

    Attributes
    ----------
    code : CpuCode
        The kernel.
    problem : Problem
        What it computes.
    outputs : tuple of str
        Type of each output.
    count : int
        Number of arguments of a frame; the problem may read some of them only.
    """

    code: CpuCode
    problem: Problem
    outputs: tuple[str, ...]
    count: int

    @cached_property
    def arguments(self) -> list[Argument]:
        """The arguments, by their positions."""
        read = self.problem.arguments
        return [
            Argument(_SIDES[read[k].category], read[k].dim) if k in read else Argument(Side.UNREAD)
            for k in range(self.count)
        ]

    @property
    def is_served(self) -> bool:
        """Whether there is room for so many arguments, and one of them tells how many columns there are."""
        return self.count + len(self.outputs) <= MOST_VARIABLES and Side.COLUMN in self._sides

    @property
    def _sides(self) -> list[Side]:
        return [argument.side for argument in self.arguments]

    @cached_property
    def words(self) -> NDArray[np.int64]:
        """The record."""
        code, columns = self.code, self.code.columns
        scratch = max(each.scratch_bytes for each in (code, columns) if each is not None)
        variables = _variables(code.kernel.layout)
        column_variables = [] if columns is None else _variables(columns.kernel.layout)
        shapes = zip(self.outputs, self.problem.shapes, strict=True)
        results = [number for kind, shape in shapes for number in (TYPES[kind], len(shape), prod(shape))]
        tables = [variables, column_variables, results, [0] * (MOST_VARIABLES + 1)]
        first = Record.ARGUMENTS + 2 * len(self.arguments)
        starts = [first + sum(map(len, tables[:number])) for number in range(len(tables))]
        head = {
            Record.KERNEL: _address(code),
            Record.COLUMN_KERNEL: 0 if columns is None else _address(columns),
            Record.TYPE: TYPES[code.dtype],
            Record.ITEM_BYTES: 4 if code.dtype == "float32" else 8,
            Record.ARGUMENT_COUNT: len(self.arguments),
            Record.RESULT_COUNT: len(self.outputs),
            Record.COUNTED: self._sides.index(Side.COLUMN),
            Record.MOST_PAIRS: int(LARGEST_WORK / code.cost),
            Record.MOST_COLUMNS: WHOLE_COLUMNS - 1,
            Record.SCRATCH_BYTES: -(-scratch // ALIGNMENT) * ALIGNMENT,
            Record.PACKED: 0 if columns is None else columns.work.outputs[0].dim,
            Record.VARIABLE_COUNT: len(variables) // 2,
            Record.VARIABLES: starts[0],
            Record.COLUMN_VARIABLE_COUNT: len(column_variables) // 2,
            Record.COLUMN_VARIABLES: starts[1],
            Record.RESULTS: starts[2],
            Record.ZEROS: starts[3],
        }
        arguments = [number for argument in self.arguments for number in argument]
        numbers = chain((head[Record(k)] for k in range(Record.ARGUMENTS)), arguments, *tables)
        return np.fromiter(numbers, np.int64)


def _variables(layout: Layout) -> list[int]:
    """Return for every variable of a kernel the number of its argument, and the stride from point to point."""
    return [n for v in layout.variables for n in (v.position, 0 if v.category == Category.PARAMETER else v.dim)]


def _address(code: CpuCode) -> int:
    address = ctypes.cast(code.call, ctypes.c_void_p).value  # type: ignore[arg-type]
    assert address is not None
    return address
