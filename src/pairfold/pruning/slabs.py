"""Rows in the order of a tree, worked on slab by slab: what ways of leaving out pairs have in common.

A slab is a box of a level of the tree of rows. What is kept in memory for the pairs of leaves grows with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import numpy as np
from numpy.typing import NDArray

from pairfold.pruning.walk import Levels
from pairfold.sparsity.ranges import Integers
from pairfold.sparsity.tree import LEAF, Boxes
from pairfold.targets.progress import progress_bar

__all__ = [
    "FEW",
    "SAMPLED",
    "Half",
    "Slab",
    "leaves_of",
    "near_ranges",
    "pairs_in",
    "sample",
    "shown",
    "slabs",
    "upwards",
]

Floats = NDArray[np.float64]

Slab = tuple[int, int, int]
"""A level of row boxes, the first and the last (excluded) of its boxes."""

Half = tuple[Integers, Integers, Integers]
"""Row blocks, ends and column intervals, see `pairfold.sparsity.ranges`."""

SAMPLED = 24
"""Leaves of rows that tell which share of the pairs will be left."""

FEW = 8
"""Those for a part of the points."""

ROWS = 1 << 20
"""Rows that are worked on at once."""

SHOWN_ROWS = 1 << 16
"""Rows that are worked on at once when progress is shown."""

PAIRS = 1 << 22
"""Pairs of leaves that are kept in memory at once."""


def slabs(rows: Levels, columns: Levels, share: float, progress: bool) -> list[Slab]:
    """Return slabs that together hold all rows, of which a share of the pairs of leaves is left."""
    at_once = (SHOWN_ROWS if progress else ROWS) // LEAF
    leaves = min(at_once, max(1, int(PAIRS / max(1.0, share * len(columns[-1])))))
    level = max(0, len(rows) - leaves.bit_length())
    return [(level, number, number + 1) for number in range(len(rows[level]))]


def shown(found: list[Slab], progress: bool) -> Iterator[Slab]:
    """Yield slabs, and show how many are done if `progress`."""
    with progress_bar(len(found)) if progress else nullcontext(_nobody) as done:
        for slab in found:
            yield slab
            done(1)


def _nobody(count: int) -> None:
    """Tell nobody how much is done."""


def leaves_of(rows: Levels, slab: Slab) -> tuple[slice, int, int]:
    """Return the sorted rows of a slab, its first and its last leaf (excluded)."""
    level, first, last = slab
    scale = 1 << (len(rows) - 1 - level)
    starts = rows[level].starts
    return slice(int(starts[first]), int(starts[last])), first * scale, min(last * scale, len(rows[-1]))


def sample(rows: Levels, count: int = SAMPLED) -> tuple[Integers, Boxes]:
    """Return the rows of `count` leaves, and the boxes of these leaves around them."""
    leaves = rows[-1]
    numbers = np.unique(np.linspace(0, len(leaves) - 1, count).astype(np.int64))
    starts = np.concatenate([[0], np.cumsum(leaves.starts[numbers + 1] - leaves.starts[numbers])])
    points = np.concatenate([np.arange(leaves.starts[n], leaves.starts[n + 1]) for n in numbers])
    return points, Boxes(leaves.low[numbers], leaves.high[numbers], starts)


def near_ranges(starts: Integers, near: Integers, columns: Levels) -> Half:
    """Return the ranges of leaves of rows, with these starts, and of the leaves near each of them (-1: none)."""
    numbers, first = near[near >= 0], columns[-1].starts
    intervals = np.stack([first[numbers], first[numbers + 1]], axis=1)
    return np.stack([starts[:-1], starts[1:]], axis=1), np.cumsum((near >= 0).sum(axis=1)), intervals


def upwards(leaves: Floats, merge: np.ufunc, count: int) -> list[Floats]:
    """Return what belongs to the boxes of `count` levels, the lowest last, from what belongs to the leaves."""
    levels = [leaves]
    for _ in range(count - 1):
        levels.append(merge.reduceat(levels[-1], np.arange(0, len(levels[-1]), 2), axis=0))
    return levels[::-1]


def pairs_in(ranges: Half) -> int:
    """Return the number of pairs of ranges."""
    blocks, ends, intervals = ranges
    before = np.concatenate([[0], np.cumsum(intervals[:, 1] - intervals[:, 0])])
    return int(((blocks[:, 1] - blocks[:, 0]) * np.diff(before[ends], prepend=0)).sum())
