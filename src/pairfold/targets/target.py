"""What a target is: one record of functions, which the engine asks, and the memory that they work in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pairfold.codegen.work import Layout, Work
from pairfold.ir.call import Call, Extent, Options
from pairfold.ir.problem import Problem
from pairfold.targets.items import Ranges, offset_table

__all__ = ["HOST", "TARGETS", "DeviceArray", "Launch", "Memory", "OwnMemory", "Parts", "Target", "target_of"]

Array = NDArray[Any]


# ---------------------------------------------------------------- memory


class DeviceArray(NamedTuple):
    """Where an array lies in the memory of a target; strides count elements, components lie side by side."""

    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    owner: Any = None
    """What must live as long as the address is used."""


class Memory(Protocol):
    """Memory that a target works in, that of a framework as a rule: outputs and what is needed on the way lie there."""

    device: int
    stream: int
    """Handle of the stream on which the framework works."""

    def empty(self, shape: tuple[int, ...], dtype: str) -> Any:
        """Return a new array, contiguous, of any content."""

    def address(self, array: Any) -> int:
        """Return the address of an array."""


class OwnMemory(Memory, Protocol):
    """Memory that takes NumPy arrays, for one call."""

    def send(self, array: Array) -> DeviceArray:
        """Return the place of an array, copied there if it must be."""

    def fetch(self, arrays: Sequence[Any]) -> tuple[Array, ...]:
        """Return arrays of this memory as NumPy arrays."""

    def close(self) -> None:
        """Give back what was taken."""


class _HostMemory:
    """The memory of NumPy arrays themselves."""

    device = stream = 0
    empty: Any = staticmethod(np.empty)
    fetch = staticmethod(tuple)

    def address(self, array: Array) -> int:
        # Several times quicker than array.ctypes.data, which matters for small problems.
        return int(array.__array_interface__["data"][0])

    def send(self, array: Array) -> DeviceArray:
        """Return where an array is, of a copy if a kernel cannot read it: components must lie side by side."""
        flags, item = array.flags, array.itemsize
        if not (flags.c_contiguous and flags.aligned and array.dtype.isnative):
            good = (array.strides[-1] == item or array.shape[-1] == 1) and flags.aligned and array.dtype.isnative
            if not good or any(stride % item for stride in array.strides):
                array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
        address, strides = array.__array_interface__["data"][0], tuple(map(item.__rfloordiv__, array.strides))
        return DeviceArray(address, array.shape, strides, array)

    def close(self) -> None:
        """Nothing is taken."""


HOST: OwnMemory = _HostMemory()
"""The memory of the CPU."""


# ---------------------------------------------------------------- targets


class Parts(NamedTuple):
    """How a reduction is cut.

    Attributes
    ----------
    split : int
        Parts of the columns, whose states are merged.
    few_rows : bool
        Whether there are too few rows for the widest code.
    threads : int
        Threads of the CPU that work at it.
    """

    split: int
    few_rows: bool = False
    threads: int = 1


@dataclass(frozen=True, eq=False)
class Launch:
    """One start of a kernel.

    Attributes
    ----------
    code : object
        What `Target.compile` returned.
    memory : Memory
        Where the arrays are.
    extent : Extent
        Rows and columns; those of a kernel that merges are parts.
    arrays : mapping to, or sequence of, DeviceArray
        By the positions of the variables that the kernel reads.
    outputs : sequence of arrays
        What it writes, arrays of the memory.
    parts : Parts
        How the columns are cut: the results of the parts lie one after the other in the outputs.
    ranges : tuple of int64 arrays, optional
        See `Call`.
    progress : bool
        Whether progress is shown.
    triangle : bool
        For a kernel that sums over rows, too: rows and columns are the same points, and each pair of different ones is
        looked at once. The sums of either side are parts of the result then.
    """

    code: Any
    memory: Memory
    extent: Extent
    arrays: Mapping[Any, DeviceArray] | Sequence[DeviceArray | None]
    outputs: Sequence[Any]
    parts: Parts
    ranges: Ranges | None = None
    progress: bool = False
    triangle: bool = False

    def numbers(
        self,
        layout: Layout,
        intervals: int,
        place: Callable[[Array], int] | None,
        packed: int = 0,
        packed_size: int = 0,
    ) -> list[int]:
        """Return the numbers that a kernel is given, in the order of its `layout`.

        Parameters
        ----------
        layout : Layout
            Of the kernel.
        intervals : int
            The address of the column intervals.
        place : callable or None
            ``place(table) -> address`` of the batch offsets in the memory of the target, 0 where it is None.
        packed, packed_size : int
            The address of the packed columns, and how many numbers a batch entry of them has.
        """
        numbers: list[int] = []
        read = []
        for position, is_parameter in layout.arguments:
            array = self.arrays[position]
            assert array is not None
            numbers += (array.address, 0 if is_parameter else array.strides[-2])
            read.append(array)
        offsets = 0 if place is None else place(offset_table(read, self.extent.batch, packed_size))
        return [*numbers, intervals, offsets, packed, *map(self.memory.address, self.outputs)]


@dataclass(frozen=True, eq=False, kw_only=True)
class Target:
    """What can carry out reductions.

    The engine makes a plan, asks the target for code, and starts it: once, or once per part of the columns and once
    more to merge their states.

    Attributes
    ----------
    name : str
        As in ``Options(target=...)`` and ``explain(target=...)``.
    title : str
        For messages: ``"a GPU"``.
    backend : str
        As in ``backend=...``.
    machine : callable
        ``machine(device, level)``: what code is made for, hashable, with a `name`; raises `TargetError` where this
        machine does not serve.
    example : object
        A machine for predictions where there is none.
    divide : callable
        ``divide(machine, problem, extent, options, threads) -> Parts``: how a reduction over all columns is cut.
    threads : callable, optional
        ``threads()``: how many threads of the CPU work, where options do not say.
    few_rows : int
        Rows that blocks of block-sparse ranges have on average, at most, to count as few.
    schedule : callable
        ``schedule(machine, work, dtype, options, few_rows)``: how the work is done, a value.
    compile : callable
        ``compile(machine, work, dtype, schedule)``: the code of a kernel, whatever `launch` takes.
    launch : callable
        ``launch(Launch)`` starts a kernel.
    memory : callable
        ``memory(machine) -> OwnMemory`` for NumPy arrays.
    report : callable
        ``report(machine, call, parts, code, work) -> list of str``: the lines of `explain` about schedule, machine and
        the predicted limit.
    shelf : callable, optional
        ``shelf(general, attribute)``: what serves small calls of XLA without Python (`pairfold.targets.cpu.xla.shelf`).
    has_wide_states : bool
        Whether states of parts are float64 numbers, where sums are known to so many digits, and results are rounded:
        its memory must do that. Where a state itself is asked for, it is float64 on every target.
    groups : callable, optional
        ``groups(rows, batches, threads)``: into how many groups rows are cut that are summed at the same time, where
        kernels can sum over rows, too (`Work.across`): the last output has so many parts, ``(groups, batches, columns,
        dim, 2)``, to which the kernel adds: sums, and what rounding takes away from them. 0 where there are too few
        for all threads. None where kernels cannot do it.
    """

    name: str
    title: str
    backend: str
    machine: Callable[[int, str | None], Any]
    example: Any = None
    divide: Callable[[Any, Problem, Extent, Options, int], Parts]
    threads: Callable[[], int] | None = None
    few_rows: int = 16
    schedule: Callable[[Any, Work, str, Options, bool], Any]
    compile: Callable[[Any, Work, str, Any], Any]
    launch: Callable[[Launch], None]
    memory: Callable[[Any], OwnMemory]
    report: Callable[[Any, Call, Parts, Any, Work], list[str]]
    shelf: Callable[[int, int], Any] | None = None
    has_wide_states: bool = False
    groups: Callable[[int, int, int], int] | None = None

    def workers(self, options: Options) -> int:
        """Return how many threads of the CPU work at a reduction."""
        return options.threads or (1 if self.threads is None else self.threads())


TARGETS: dict[str, Target] = {}
"""The registry of targets, by name."""

_DEFAULT = os.environ.get("PAIRFOLD_TARGET", "cpu")


def target_of(options: Options) -> Target:
    """Return the target that options name, for NumPy arrays."""
    return TARGETS[options.target or _DEFAULT]
