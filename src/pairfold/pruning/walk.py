"""Walks down two trees at once, over the pairs of boxes that matter, to the block ranges of the pairs of leaves left.

Pairs of one level are decided together, as arrays. They are kept row box by row box, so that a walk ends in ranges
without a sort, and nothing as large as all pairs of boxes is ever made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pairfold.sparsity.ranges import Integers
from pairfold.sparsity.tree import Boxes

__all__ = ["Decide", "Levels", "Pairs", "Score", "block_ranges", "nearest", "walk"]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of boxes, one level of each tree.

    Attributes
    ----------
    row_level, column_level : int
        Which levels.
    first : int
        Number of the first row box; successive ones follow.
    ends : (row boxes,) int64 array
        Row box ``first + k`` meets the column boxes ``columns[ends[k - 1]:ends[k]]``.
    columns : (pairs,) int64 array
        Numbers of column boxes, ascending for each row box.
    """

    row_level: int
    column_level: int
    first: int
    ends: Integers
    columns: Integers

    @property
    def counts(self) -> Integers:
        """The number of column boxes that each row box meets."""
        return np.diff(self.ends, prepend=0)

    @property
    def rows(self) -> Integers:
        """The number of the row box of every pair."""
        return np.repeat(np.arange(self.first, self.first + len(self.ends)), self.counts)


Decide = Callable[[Pairs, Integers], NDArray[np.bool_]]
"""Given pairs and their `Pairs.rows`, tells which ones may matter: the others are not looked into."""

Score = Callable[[int, Integers, int, Integers], NDArray[np.float64]]
"""Given a level and numbers of row boxes, a level and as many numbers of column boxes, how far apart they are."""

Levels = Sequence[Boxes]
"""Of a tree, or some of it: from large boxes to small ones, see `pairfold.sparsity.tree.Tree`."""


LARGEST = np.finfo(np.float64).max

WIDER = 1
"""Column boxes that each of the smallest row boxes could keep, for the same work as that of larger boxes."""


def walk(rows: Levels, columns: Levels, decide: Decide, slab: tuple[int, int, int] = (0, 0, 1)) -> Pairs:
    """Return the pairs of the smallest boxes that are left when pairs are decided from the largest to the smallest.

    Parameters
    ----------
    rows, columns : sequence of Boxes
        At least one level each.
    decide : callable
        See `Decide`. It is called once for each pair of levels, the lowest last; what it drops it may account for.
    slab : (int, int, int)
        Level, first and last number (excluded) of the row boxes that the walk is about.

    Returns
    -------
    Pairs
        Of boxes of the lowest levels.
    """
    level, first, last = slab
    count = last - first
    pairs = Pairs(level, 0, first, np.arange(1, count + 1), np.zeros(count, np.int64))
    while True:
        pairs = _filtered(pairs, decide)
        splits_rows, splits_columns = _next(pairs.row_level, len(rows), pairs.column_level, len(columns))
        if splits_rows:
            pairs = _split_rows(pairs, rows[pairs.row_level + 1])
        if splits_columns:
            pairs = _split_columns(pairs, columns[pairs.column_level + 1])
        if not splits_rows and not splits_columns:
            return pairs


def nearest(rows: Levels, columns: Levels, score: Score, width: int, count: int) -> Integers:
    """Return column boxes near each row box, of the lowest levels.

    Each row box looks at those inside the column boxes that were nearest to the row box around it, so one that is
    nearer may be missed (a beam search). Large boxes tell little, but they are few: each of them keeps so many that the
    work is the same at every level, at least `width`.

    Parameters
    ----------
    rows, columns : sequence of Boxes
        At least one level each; the first one of the columns has one box.
    score : callable
        See `Score`; nan counts as far away.
    width : int
        How many column boxes each of the smallest row boxes keeps.
    count : int
        How many it returns, at most `width`.

    Returns
    -------
    (row boxes, at most count) int64 array
        Numbers of column boxes; -1 where there are no more.
    """
    row_level = column_level = 0
    found = np.zeros((len(rows[0]), 1), np.int64)
    while True:
        splits_rows, splits_columns = _next(row_level, len(rows), column_level, len(columns))
        if splits_rows:
            row_level += 1
            found = found[np.arange(len(rows[row_level])) // 2]
        if splits_columns:
            column_level += 1
            found = _inside(found, len(columns[column_level]))
        is_last = not any(_next(row_level, len(rows), column_level, len(columns)))
        kept = max(width, WIDER * len(rows[-1]) // len(found))
        if found.shape[1] > kept or is_last:
            numbers = np.repeat(np.arange(len(found)), found.shape[1])
            scores = score(row_level, numbers, column_level, np.maximum(found, 0).ravel()).reshape(found.shape)
            # What is infinitely far away still comes before nothing.
            np.nan_to_num(scores, copy=False, nan=LARGEST, posinf=LARGEST)
            scores[found < 0] = np.inf
            wanted = min(count if is_last else kept, found.shape[1])
            places = np.argpartition(scores, wanted - 1, axis=1)[:, :wanted]
            found = np.take_along_axis(found, places, axis=1)
        if is_last:
            return found


def block_ranges(pairs: Pairs, rows: Boxes, columns: Boxes) -> tuple[Integers, Integers, Integers]:
    """Return the pairs as row blocks, ends and column intervals of `pairfold.sparsity.ranges`.

    Successive columns boxes become one interval. Rows count from the start of the first row box.

    Parameters
    ----------
    pairs : Pairs
        Of boxes of the lowest levels.
    rows, columns : Boxes
        These levels.
    """
    count = len(pairs.ends)
    starts = rows.starts[pairs.first : pairs.first + count + 1] - rows.starts[pairs.first]
    opens = np.ones(len(pairs.columns), np.bool_)
    opens[1:] = pairs.columns[1:] != pairs.columns[:-1] + 1
    # The first column box of each row box that has any.
    opens[(pairs.ends - pairs.counts)[pairs.counts > 0]] = True
    closes = np.append(opens[1:], np.ones(min(1, len(opens)), np.bool_))
    intervals = np.stack([columns.starts[pairs.columns[opens]], columns.starts[pairs.columns[closes] + 1]], axis=1)
    ends = np.concatenate([[0], np.cumsum(opens)])[pairs.ends]
    return np.stack([starts[:-1], starts[1:]], axis=1), ends, intervals


# ---------------------------------------------------------------- one level down


def _next(row_level: int, row_levels: int, column_level: int, column_levels: int) -> tuple[bool, bool]:
    """Tell whether to split the boxes of rows and columns: those that are not smaller, as long as they can be."""
    has_rows, has_columns = row_level + 1 < row_levels, column_level + 1 < column_levels
    splits_rows = has_rows and (row_level <= column_level or not has_columns)
    return splits_rows, has_columns and (column_level <= row_level or not has_rows)


def _filtered(pairs: Pairs, decide: Decide) -> Pairs:
    kept = decide(pairs, pairs.rows)
    if kept.all():
        return pairs
    before = np.concatenate([[0], np.cumsum(kept)])
    return replace(pairs, ends=before[pairs.ends], columns=pairs.columns[kept])


def _split_rows(pairs: Pairs, boxes: Boxes) -> Pairs:
    """Give to the boxes inside of each row box all column boxes of the latter."""
    first = 2 * pairs.first
    parents = np.arange(first, min(first + 2 * len(pairs.ends), len(boxes))) // 2 - pairs.first
    counts = pairs.counts[parents]
    ends = np.cumsum(counts)
    # From where the list of the child starts to where that of the parent starts.
    shifts = np.repeat(pairs.ends[parents] - ends, counts)
    return Pairs(pairs.row_level + 1, pairs.column_level, first, ends, pairs.columns[np.arange(len(shifts)) + shifts])


def _split_columns(pairs: Pairs, boxes: Boxes) -> Pairs:
    """Replace each column box by the boxes inside of it."""
    columns, ends = _inside(pairs.columns[:, None], len(boxes)).ravel(), 2 * pairs.ends
    exists = columns >= 0
    if not exists.all():
        ends = np.concatenate([[0], np.cumsum(exists)])[ends]
        columns = columns[exists]
    return Pairs(pairs.row_level, pairs.column_level + 1, pairs.first, ends, columns)


def _inside(numbers: Integers, count: int) -> Integers:
    """Return the numbers of the boxes inside boxes, two for each in a row; -1 for those that do not exist."""
    result = np.stack([2 * numbers, 2 * numbers + 1], axis=2).reshape(len(numbers), 2 * numbers.shape[1])
    result[(result < 0) | (result >= count)] = -1
    return result
