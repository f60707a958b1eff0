"""Carry out a reduction on NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.codegen.work import Layout
from pairfold.engine.cache import Compiled, compiled
from pairfold.engine.cuda import run_through_device
from pairfold.engine.merge import merge_parts
from pairfold.engine.progress import progress_bar
from pairfold.ir.call import Call
from pairfold.ir.expr import Expr
from pairfold.schedule.schedule import choose_split
from pairfold.targets import reference
from pairfold.targets.cpu.compile import Binary, default_threads
from pairfold.targets.cpu.pool import run_tasks, scratch_address
from pairfold.targets.items import (
    Ranges,
    has_few_rows,
    item_table,
    offset_table,
    pairs_in,
    require_countable,
    row_blocks,
    sparse_blocks,
)

__all__ = ["run"]

Array = NDArray[Any]

SERIAL_WORK = 100_000
"""Instructions below which one thread does everything: waking others would cost more."""

TASK_WORK = 10_000_000
"""Instructions per task: some milliseconds, so that Ctrl-C and the progress bar stay prompt."""


def run(call: Call, arrays: Sequence[Array]) -> tuple[Array, ...]:
    """Reduce over columns.

    Parameters
    ----------
    call : Call
        What is computed.
    arrays : sequence of arrays
        ``arrays[position]`` for every variable: ``(*b, rows, dim)``, ``(*b, columns, dim)`` or ``(*b, dim)`` by its
        category, all of the dtype of the call, any strides; b broadcasts to the batch and has as many axes. None where
        the formula does not read it.

    Returns
    -------
    tuple of arrays
        ``(*batch, rows, *shape)`` for each output of the reduction; int64 for column numbers.
    """
    options, ranges = call.options, call.ranges
    if options.on_gpu:
        return run_through_device(call, arrays)
    rows, columns, batch = call.extent
    if rows == 0 or columns == 0 or 0 in batch:
        return reference.run(call, arrays)
    require_countable(columns)
    threads = options.threads or default_threads()
    split = 1
    if ranges is None:
        split = options.split or choose_split(rows * prod(batch), columns, 64, threads)
    program = compiled(call.problem, call.dtype, options, split > 1, ranges is not None and has_few_rows(ranges))
    outputs = _allocate(program, call, split)
    step, cost = program.main.schedule.rows, program.cost
    if ranges is None:
        pieces = _dense_pieces(rows, columns, prod(batch), split, step, cost, threads)
    else:
        pieces = _sparse_pieces(rows, prod(batch), ranges, step, cost, threads)
    launch = _Launch(program, call, arrays, outputs, pieces)
    launch.execute(threads, options.progress)
    if split > 1:
        outputs = _merged(program, call, outputs, split, threads)
    shapes = call.problem.shapes
    return tuple(output.reshape(*batch, rows, *shape) for output, shape in zip(outputs, shapes, strict=True))


def _merged(program: Compiled, call: Call, states: Sequence[Array], parts: int, threads: int) -> list[Array]:
    """Return the outputs of the reduction whose states of parts of the columns lie one after the other."""
    precision = "float64" if program.is_wide else call.dtype
    states = [state if state.dtype.kind == "i" else state.astype(precision, copy=False) for state in states]
    outputs = merge_parts(call.problem.reduction, call.problem.sizes, precision, states, parts, threads)
    with np.errstate(over="ignore"):
        return [output if output.dtype.kind == "i" else output.astype(call.dtype, copy=False) for output in outputs]


def _allocate(program: Compiled, call: Call, split: int) -> list[Array]:
    size = split * call.extent.entries * call.extent.rows
    if split == 1:
        return [np.empty((size, output.dim), _stored(output, call.dtype)) for output in program.plan.work.outputs]
    plan = program.plan.partial
    return [
        np.empty((size, output.dim), "float64" if field.additive and program.is_wide else _stored(output, call.dtype))
        for (field, _), output in zip(plan.fields, plan.outputs, strict=True)
    ]


def _stored(output: Expr, dtype: str) -> str:
    return "int64" if output.kind == "index" else dtype


# ---------------------------------------------------------------- items


@dataclass(frozen=True)
class _Pieces:
    """The items of a launch, the column intervals they refer to, and how many items make a task."""

    items: Array
    intervals: Array
    per_task: int
    is_small: bool


@lru_cache(maxsize=256)
def _dense_pieces(rows: int, columns: int, batches: int, split: int, step: int, cost: float, threads: int) -> _Pieces:
    """Cut a reduction over all columns into items."""
    total = int(rows * columns * batches * cost)
    intervals = np.array([[columns * k // split, columns * (k + 1) // split] for k in range(split)], np.int64)
    blocks = row_blocks(rows, _chunk(rows, batches * split, total, step, threads))
    lists = np.zeros((len(blocks), 2), np.int64)
    lists[:, 1] = 1
    return _grouped(item_table(blocks, lists, rows, batches, split), intervals, total, threads)


def _sparse_pieces(rows: int, batches: int, ranges: Ranges, step: int, cost: float, threads: int) -> _Pieces:
    """Cut a block-sparse reduction into items."""
    total = int(pairs_in(ranges) * batches * cost)
    chunk = _chunk(rows, batches, total, step, threads)
    blocks, lists, intervals = sparse_blocks(rows, ranges, chunk)
    return _grouped(item_table(blocks, lists, rows, batches, 1), intervals, total, threads)


def _chunk(rows: int, copies: int, total: int, step: int, threads: int) -> int:
    """Return the number of rows of one item: a multiple of `step`, few enough to keep all threads busy."""
    if total <= SERIAL_WORK:
        return rows
    chunk = max(1, TASK_WORK * rows * copies // total)
    if threads > 1:
        chunk = min(chunk, -(-rows * copies // (4 * threads)))
    return min(rows, -(-chunk // step) * step)


def _grouped(items: Array, intervals: Array, total: int, threads: int) -> _Pieces:
    per_task = min(TASK_WORK * len(items) // max(total, 1), -(-len(items) // (4 * threads)))
    return _Pieces(items, intervals, max(1, per_task), total <= SERIAL_WORK)


# ---------------------------------------------------------------- launching


class _Launch:
    """The arguments of one kernel launch; holds every array whose address the kernel uses."""

    def __init__(
        self,
        program: Compiled,
        call: Call,
        arrays: Sequence[Array],
        outputs: Sequence[Array],
        pieces: _Pieces,
    ) -> None:
        self.binary = program.main
        self.call = call
        self.pieces = pieces
        self.held: list[Any] = [outputs]
        packed_address = packed_size = 0
        if program.columns is not None:
            packed = self._pack_columns(program.columns, program.plan.work.packed, arrays)
            packed_address, packed_size = _address(packed), call.extent.columns * packed.shape[-1]
        self.block = self._argument_block(
            program.main.kernel.layout, arrays, [_address(out) for out in outputs], packed_address, packed_size
        )

    def _pack_columns(self, binary: Binary, packed: Sequence[Expr], arrays: Sequence[Array]) -> Array:
        columns, entries = self.call.extent.columns, self.call.extent.entries
        result = np.empty((entries * columns, sum(node.dim for node in packed)), self.call.dtype)
        self.held.append(result)
        block = self._argument_block(binary.kernel.layout, arrays, [_address(result)], 0, 0)
        blocks = np.array([[0, columns]], np.int64)
        items = item_table(blocks, np.zeros((1, 2), np.int64), columns, entries, 1)
        scratch = scratch_address(binary.scratch_bytes)
        binary.call(_address(block), _address(items), 0, len(items), scratch)
        return result

    def _argument_block(
        self,
        layout: Layout,
        arrays: Sequence[Array],
        outputs: Sequence[int],
        packed_address: int,
        packed_size: int,
    ) -> Array:
        numbers: list[int] = []
        kept, batch = [], self.call.extent.batch
        for position, is_parameter in layout.arguments:
            array = _addressable(arrays[position])
            kept.append(array)
            stride = 0 if is_parameter else array.strides[-2] // array.itemsize
            numbers += (_address(array), stride)
        strides = [[step // array.itemsize for step in array.strides] for array in kept] if batch else []
        offsets = offset_table([array.shape for array in kept], strides, batch, packed_size)
        numbers += (_address(self.pieces.intervals), _address(offsets), packed_address, *outputs)
        block = np.array(numbers, np.int64)
        self.held.append((kept, offsets, block))
        return block

    def execute(self, threads: int, progress: bool) -> None:
        """Run all items."""
        items, per_task = self.pieces.items, self.pieces.per_task
        block_address, items_address = _address(self.block), _address(items)
        call, size, count = self.binary.call, self.binary.scratch_bytes, len(items)
        if self.pieces.is_small:
            call(block_address, items_address, 0, count, scratch_address(size))
            return

        def body(number: int) -> None:
            first = number * per_task
            call(block_address, items_address, first, min(first + per_task, count), scratch_address(size))

        tasks = -(-count // per_task)
        if not progress:
            run_tasks(tasks, threads, body, None)
            return
        with progress_bar(tasks) as update:
            run_tasks(tasks, threads, body, update)


def _addressable(array: Array) -> Array:
    """Return `array`, copied if a kernel cannot read it in place: components must lie side by side."""
    flags = array.flags
    if flags.c_contiguous and flags.aligned and array.dtype.isnative:
        return array
    item = array.itemsize
    good = (array.strides[-1] == item or array.shape[-1] == 1) and flags.aligned and array.dtype.isnative
    if good and all(stride % item == 0 for stride in array.strides):
        return array
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))


def _address(array: Array) -> int:
    # Several times quicker than array.ctypes.data, which matters for small problems.
    return int(array.__array_interface__["data"][0])
