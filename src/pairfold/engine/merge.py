"""Merge the states of parts of the columns on a CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.engine.cache import remembered
from pairfold.engine.plan import merge_work
from pairfold.ir.reduction import Reduction, Sizes
from pairfold.schedule.schedule import Schedule
from pairfold.targets.cpu.compile import Binary, compile_work, machine
from pairfold.targets.cpu.pool import run_tasks, scratch_address
from pairfold.targets.items import item_table, offset_table, row_blocks

__all__ = ["merge_pair", "merge_parts"]

Array = NDArray[Any]

TASK_NUMBERS = 2**16
"""Numbers of the states that one task merges."""


def merge_pair(
    reduction: Reduction, sizes: Sizes, dtype: str, first: Sequence[Array], second: Sequence[Array], threads: int
) -> list[Array]:
    """Return the fields of the state that two states, each an array per field, give together."""
    if not first[0].size:
        return list(first)
    # Two parts are an array of parts, one stride after the other: what lies between is nobody's business.
    strides = [(_address(b) - _address(a)) // a.itemsize for a, b in zip(first, second, strict=True)]
    return _launch(reduction, sizes, dtype, first, strides, 2, len(first[0]), False, threads)


def merge_parts(
    reduction: Reduction, sizes: Sizes, dtype: str, states: Sequence[Array], parts: int, threads: int
) -> list[Array]:
    """Return the outputs of a reduction whose states, an array per field, hold `parts` parts one after the other."""
    strides = [state.size // parts for state in states]
    return _launch(reduction, sizes, dtype, states, strides, parts, len(states[0]) // parts, True, threads)


def _launch(
    reduction: Reduction,
    sizes: Sizes,
    dtype: str,
    states: Sequence[Array],
    strides: Sequence[int],
    parts: int,
    rows: int,
    finishes: bool,
    threads: int,
) -> list[Array]:
    binary, dims = _compiled(reduction, sizes, dtype, finishes)
    outputs = [np.empty((rows, dim), np.int64 if kind == "index" else dtype) for dim, kind in dims]
    chunk = max(1, TASK_NUMBERS // (parts * sum(state.shape[-1] for state in states)))
    blocks = row_blocks(rows, chunk)
    items = item_table(blocks, np.array([[0, 1]], np.int64), rows, 1, 1)
    intervals, offsets = np.array([[0, parts]], np.int64), offset_table([(1,)] * len(states), [], (), 0)
    pointers = [number for pair in zip(map(_address, states), strides, strict=True) for number in pair]
    block = np.array([*pointers, _address(intervals), _address(offsets), 0, *map(_address, outputs)], np.int64)

    def body(number: int) -> None:
        scratch = scratch_address(binary.scratch_bytes)
        binary.call(_address(block), _address(items), number, number + 1, scratch)

    if len(items) == 1:
        body(0)
    else:
        run_tasks(len(items), threads, body, None)
    return outputs


def _compiled(reduction: Reduction, sizes: Sizes, dtype: str, finishes: bool) -> tuple[Binary, list[tuple[int, str]]]:
    """Return the kernel that merges, and dimension and kind of its outputs."""

    def make() -> tuple[Binary, list[tuple[int, str]]]:
        work = merge_work(reduction, sizes, finishes)
        schedule = Schedule(1, 1, 1, features=machine().features)
        return compile_work(work, dtype, schedule), [(output.dim, output.kind) for output in work.outputs]

    return remembered(("merge", reduction, sizes, dtype, finishes), make)


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
