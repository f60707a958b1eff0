"""Items: ranges of rows with the column intervals that they see, as tables that kernels read."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.codegen.work import ITEM_FIELDS
from pairfold.errors import ArgumentValueError

__all__ = [
    "Ranges",
    "has_few_rows",
    "item_table",
    "offset_table",
    "pairs_in",
    "require_countable",
    "row_blocks",
    "sparse_blocks",
]

Array = NDArray[Any]
Ranges = tuple[Array, ...]
"""The three arrays of `pairfold.ir.call.Call`, or all six."""


def require_countable(columns: int) -> None:
    """Raise `ArgumentValueError` unless the columns can be numbered."""
    if columns >= 2**31:
        raise ArgumentValueError(
            f"There are {columns} columns, but column numbers are 32-bit: at most {2**31 - 1} columns are allowed. "
            "Split the columns and merge the results."
        )


def row_blocks(rows: int, chunk: int) -> Array:
    """Return the first and last row of each `chunk` of rows."""
    firsts = np.arange(0, rows, chunk, dtype=np.int64)
    return np.stack([firsts, np.minimum(firsts + chunk, rows)], axis=1)


def item_table(blocks: Array, lists: Array, rows: int, batches: int, split: int) -> Array:
    """Return the items for row blocks and their lists of intervals, for every batch entry and part of the columns."""
    count = len(blocks)
    items = np.empty((split, batches, count, len(ITEM_FIELDS)), np.int64)
    items[..., 0:2] = blocks
    items[..., 2:4] = lists
    items[..., 2:4] += np.arange(split)[:, None, None, None]
    items[..., 4] = np.arange(batches)[None, :, None]
    entry = np.arange(split)[:, None] * batches + np.arange(batches)[None, :]
    items[..., 5] = entry[:, :, None] * rows + blocks[:, 0]
    return items.reshape(-1, len(ITEM_FIELDS))


def pairs_in(ranges: Ranges) -> int:
    """Return the number of pairs that block-sparse ranges leave."""
    blocks, ends, intervals = ranges[:3]
    lengths = np.concatenate([[0], np.cumsum(intervals[:, 1] - intervals[:, 0])])
    stops = lengths[ends]
    starts = lengths[np.concatenate([[0], ends[:-1]])] if len(ends) else stops
    return int(np.sum((blocks[:, 1] - blocks[:, 0]) * (stops - starts)))


def has_few_rows(ranges: Ranges, few: int = 16) -> bool:
    """Tell whether the blocks have at most `few` rows on average: by default, no more than one vector of lanes."""
    blocks = ranges[0]
    return len(blocks) > 0 and float(np.mean(blocks[:, 1] - blocks[:, 0])) <= few


def sparse_blocks(rows: int, ranges: Ranges, chunk: int) -> tuple[Array, Array, Array]:
    """Return disjoint row blocks that cover all rows, and the column intervals of each.

    A later block of the ranges wins over an earlier one; rows in no block get no columns.
    """
    listed_blocks, ends, intervals = ranges[:3]
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    owner = np.full(rows, -1, np.int64)
    lengths = listed_blocks[:, 1] - listed_blocks[:, 0]
    before = np.cumsum(lengths) - lengths
    listed = np.repeat(listed_blocks[:, 0] - before, lengths) + np.arange(lengths.sum())
    owner[listed] = np.repeat(np.arange(len(listed_blocks)), lengths)  # of several owners, the last one stays
    bounds = np.flatnonzero(np.diff(owner)) + 1
    cuts = np.unique(np.concatenate([[0], bounds, [rows], np.arange(0, rows, chunk)]))
    blocks = np.stack([cuts[:-1], cuts[1:]], axis=1).astype(np.int64)
    owners = owner[blocks[:, 0]]
    lists = np.zeros((len(blocks), 2), np.int64)
    covered = owners >= 0
    lists[covered, 0] = starts[owners[covered]]
    lists[covered, 1] = ends[owners[covered]]
    return blocks, lists, np.ascontiguousarray(intervals, np.int64)


_NO_OFFSETS: dict[int, Array] = {}


def offset_table(arrays: Sequence[tuple[Any, ...]], batch: tuple[int, ...], packed_size: int) -> Array:
    """Return for every batch entry how far the data of each array, then the packed columns, start from their base.

    An array is its address, shape and strides, which count elements; the first axes are those of the batch.
    """
    count = len(arrays) + 1
    if not batch:
        return _NO_OFFSETS.setdefault(count, np.zeros((1, count), np.int64))
    table = np.zeros((prod(batch), count), np.int64)
    axes = len(batch)
    for number, (_, shape, stride, *_) in enumerate(arrays):
        start = np.zeros((), np.int64)
        for axis in range(axes):
            if shape[axis] > 1:
                steps = np.arange(batch[axis]) * stride[axis]
                start = start + steps.reshape(-1, *(1,) * (axes - axis - 1))
        table[:, number] = np.broadcast_to(start, batch).ravel()
    table[:, count - 1] = np.arange(prod(batch)) * packed_size
    return table
