"""The CPU as a target: how reductions are cut into tasks for threads, and how kernels are started."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.codegen.work import Work
from pairfold.ir.call import Call, Extent, Options
from pairfold.ir.problem import Problem
from pairfold.schedule.schedule import Schedule, choose_split
from pairfold.targets.cpu.compile import CpuCode, Machine, compile_work, default_threads, machine, schedule_on
from pairfold.targets.cpu.joint import STEPS
from pairfold.targets.cpu.pool import run_tasks, scratch_address
from pairfold.targets.cpu.xla.shelf import Shelf
from pairfold.targets.items import (
    Ranges,
    item_table,
    pairs_in,
    row_blocks,
    sparse_blocks,
)
from pairfold.targets.progress import progress_bar
from pairfold.targets.target import HOST, Launch, Parts, Target

__all__ = ["CPU"]

Array = NDArray[Any]

SERIAL_WORK = 100_000
"""Instructions below which one thread does everything: waking others would cost more."""

TASK_WORK = 10_000_000
"""Instructions per task: some milliseconds, so that Ctrl-C and the progress bar stay prompt."""

ROWS_PER_STEP = 64
"""What a step of rows has, roughly: fewer steps than threads leave some without work."""


def _divide(processor: Machine, problem: Problem, extent: Extent, options: Options, threads: int) -> Parts:
    split = options.split or choose_split(extent.rows * extent.entries, extent.columns, ROWS_PER_STEP, threads)
    return Parts(split, threads=threads)


def _schedule(processor: Machine, work: Work, dtype: str, options: Options, few_rows: bool) -> Schedule:
    if work.partial_states:
        return Schedule(1, 1, 1, features=processor.features)
    if isinstance(options.schedule, Schedule):
        return options.schedule
    return schedule_on(processor, work, dtype, options.accumulate, few_rows)


def _compile(processor: Machine, work: Work, dtype: str, schedule: Schedule) -> CpuCode:
    columns = None
    if work.columns is not None:
        own = schedule_on(processor, work.columns, dtype, schedule.accumulate)
        columns = compile_work(work.columns, dtype, own)
    return compile_work(work, dtype, schedule, columns=columns)


# ---------------------------------------------------------------- items


@dataclass(frozen=True, eq=False)
class _Pieces:
    """The items of a launch, the column intervals they refer to, and how many items make a task."""

    items: Array
    intervals: Array
    per_task: int
    is_small: bool


@lru_cache(maxsize=256)
def _dense_pieces(rows: int, columns: int, batches: int, parts: Parts, step: int, cost: float) -> _Pieces:
    """Cut a reduction over all columns into items."""
    total, split = int(rows * columns * batches * cost), parts.split
    intervals = np.array([[columns * k // split, columns * (k + 1) // split] for k in range(split)], np.int64)
    blocks = row_blocks(rows, _chunk(rows, batches * split, total, step, parts.threads))
    lists = np.zeros((len(blocks), 2), np.int64)
    lists[:, 1] = 1
    return _grouped(item_table(blocks, lists, rows, batches, split), intervals, total, parts.threads)


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


def _launch(one: Launch) -> None:
    code, (rows, columns, batch), parts = one.code, one.extent, one.parts
    step, cost = code.schedule.rows, code.cost
    if code.work.across:
        jointly = _joint_pieces(rows, columns, prod(batch), len(one.outputs[-1]), step, cost, one.triangle)
        block, _held = _block(one, jointly.intervals)
        _execute_jointly(code, block, jointly, parts.threads, one.progress)
        return
    if one.ranges is None:
        pieces = _dense_pieces(rows, columns, prod(batch), parts, step, cost)
    else:
        pieces = _sparse_pieces(rows, prod(batch), one.ranges, step, cost, parts.threads)
    block, _held = _block(one, pieces.intervals)
    _execute(code, block, pieces, parts.threads, one.progress)


def _block(one: Launch, intervals: Array) -> tuple[Array, list[Array | None]]:
    """Return the argument block, and the arrays that it says the addresses of beside those of the launch."""
    columns = one.code.columns
    packed, size = (None, 0) if columns is None else _packed(one, columns)
    held = [packed]

    def address(table: Array) -> int:
        held.append(table)
        return HOST.address(table)

    start = 0 if packed is None else HOST.address(packed)
    numbers = one.numbers(one.code.kernel.layout, HOST.address(intervals), address, start, size)
    return np.array(numbers, np.int64), held


def _packed(one: Launch, code: CpuCode) -> tuple[Array, int]:
    """Return the column-only values, computed in advance, and how many there are per batch entry."""
    columns, entries = one.extent.columns, one.extent.entries
    size = code.work.outputs[0].dim
    result = HOST.empty((entries * columns, size), code.dtype)
    swapped = one.extent._replace(rows=columns, columns=0)
    _launch(Launch(code, HOST, swapped, one.arrays, [result], Parts(1)))
    return result, columns * size


def _execute(code: CpuCode, block: Array, pieces: _Pieces, threads: int, progress: bool) -> None:
    """Run all items."""
    items, per_task = pieces.items, pieces.per_task
    block_address, items_address = HOST.address(block), HOST.address(items)
    call, size, count = code.call, code.scratch_bytes, len(items)
    if pieces.is_small:
        call(block_address, items_address, 0, count, scratch_address(size))
        return

    def body(number: int) -> None:
        first = number * per_task
        call(block_address, items_address, first, min(first + per_task, count), scratch_address(size))

    tasks = -(-count // per_task)
    with progress_bar(tasks) if progress else nullcontext() as update:
        run_tasks(tasks, threads, body, update)


# ---------------------------------------------------------------- sums over rows and over columns

FEWEST_STEPS = 4
"""Steps of rows of a group, at least: each group has its own sums of all columns, whose lanes are added up."""

ROUND_WORK = 100_000_000
"""Instructions of a task between two times at which all threads wait for each other, and Ctrl-C is heard."""


@dataclass(frozen=True, eq=False)
class _JointPieces:
    """The items of a launch of a joint kernel, those of a group and a batch entry together, and how many make a round.

    Items that are together add to the same sums of columns, one after the other.
    """

    items: Array
    intervals: Array
    starts: tuple[int, ...]
    per_round: int


def _groups(rows: int, batches: int, threads: int) -> int:
    wanted = 1 if threads == 1 else -(-2 * threads // batches)
    groups = min(wanted, rows // (FEWEST_STEPS * ROWS_PER_STEP))
    return groups if groups * batches >= threads else 0


@lru_cache(maxsize=64)
def _joint_pieces(
    rows: int, columns: int, batches: int, groups: int, step: int, cost: float, triangle: bool
) -> _JointPieces:
    """Cut two sums over all pairs into items."""
    steps = -(-rows // step)
    count = groups * -(-steps // (groups * STEPS))
    # Blocks differ by one step at most, and so do groups, for which threads wait.
    bounds = np.minimum(np.arange(count + 1) * steps // count * step, rows)
    blocks = np.stack([bounds[:-1], bounds[1:]], axis=1)
    items: list[tuple[int, ...]] = []
    intervals: list[tuple[int, int]] = []
    starts = [0]
    for place in range(groups * batches):
        group, batch = divmod(place, batches)
        # In turns, for the first rows of a triangle have more columns than the last ones.
        for first, last in blocks[group::groups].tolist():
            begin, counted = (first, last) if triangle else (0, 0)
            intervals += [(begin, columns), (place * columns, counted)]
            items.append((first, last, 2 * len(items), 2 * len(items) + 2, batch, batch * rows + first))
        starts.append(len(items))
    per_item = max(1.0, cost * rows * columns / count)
    return _JointPieces(
        np.array(items, np.int64), np.array(intervals, np.int64), tuple(starts), max(1, int(ROUND_WORK / per_item))
    )


def _execute_jointly(code: CpuCode, block: Array, pieces: _JointPieces, threads: int, progress: bool) -> None:
    """Run all items, those that are not together at the same time."""
    block_address, items_address = HOST.address(block), HOST.address(pieces.items)
    starts, per_round = pieces.starts, pieces.per_round
    tasks = len(starts) - 1
    rounds = -(-max(b - a for a, b in pairwise(starts)) // per_round)

    def body(number: int, task: int) -> None:
        first = starts[task] + number * per_round
        last = min(first + per_round, starts[task + 1])
        if first < last:
            code.call(block_address, items_address, first, last, scratch_address(code.scratch_bytes))

    with progress_bar(rounds * tasks) if progress else nullcontext() as update:
        for number in range(rounds):
            run_tasks(tasks, threads, partial(body, number), update)


# ---------------------------------------------------------------- what is said about it


def _report(processor: Machine, call: Call, parts: Parts, code: CpuCode, work: Work) -> list[str]:
    schedule, instructions = code.schedule, code.instructions
    return [
        f"schedule: {schedule.lanes} lanes x {schedule.row_vectors} row vectors x {schedule.columns} columns a step, "
        f"sums by {schedule.accumulate} ({schedule.block} columns a block), {parts.threads} threads, "
        f"columns in {parts.split} parts",
        f"processor: {processor.name}, {8 * processor.vector_bytes}-bit vectors",
        f"predicted limit: {instructions} vector instructions for {schedule.lanes} pairs; at two a cycle "
        f"{2 * schedule.lanes / instructions:.2f} pairs per cycle and core",
    ]


CPU = Target(
    name="cpu",
    title="the CPU",
    backend="CPU",
    machine=lambda device, level: machine(level),
    divide=_divide,
    threads=default_threads,
    schedule=_schedule,
    compile=_compile,
    launch=_launch,
    memory=lambda processor: HOST,
    report=_report,
    shelf=Shelf,
    has_wide_states=True,
    groups=_groups,
)
