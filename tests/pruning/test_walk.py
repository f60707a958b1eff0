"""Walks over pairs of boxes against all pairs of leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pairfold.pruning.walk import Pairs, block_ranges, nearest, walk
from pairfold.sparsity.tree import Boxes, build_tree

Array = np.ndarray[Any, Any]


def gaps(rows: Boxes, row_numbers: Array, columns: Boxes, column_numbers: Array) -> Array:
    """Return squared distances between boxes."""
    apart = np.maximum(
        rows.low[row_numbers] - columns.high[column_numbers], columns.low[column_numbers] - rows.high[row_numbers]
    )
    return np.asarray((np.maximum(apart, 0) ** 2).sum(axis=1))


sizes = st.sampled_from([1, 20, 32, 33, 64, 65, 300, 900, 2100])


@given(seed=st.integers(0, 99), rows=sizes, columns=sizes, reach=st.sampled_from([-1.0, 0.0, 0.1, 0.5, 9.0]))
def test_the_pairs_that_are_left_are_those_near_each_other(seed: int, rows: int, columns: int, reach: float) -> None:
    generator = np.random.default_rng(seed)
    x, y = (build_tree(generator.random((count, 2))) for count in (rows, columns))

    def decide(pairs: Pairs, numbers: Array) -> Array:
        np.testing.assert_array_equal(numbers, pairs.rows)
        boxes = x.levels[pairs.row_level], y.levels[pairs.column_level]
        return np.asarray(gaps(boxes[0], numbers, boxes[1], pairs.columns) <= reach)

    for level in range(len(x.levels)):
        whole = []
        for number in range(len(x.levels[level])):
            pairs = walk(x.levels, y.levels, decide, (level, number, number + 1))
            whole += list(zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True))
        all_pairs = np.indices((len(x.leaves), len(y.leaves))).reshape(2, -1)
        near = gaps(x.leaves, all_pairs[0], y.leaves, all_pairs[1]) <= reach
        assert whole == list(zip(*all_pairs[:, near].tolist(), strict=True))


@given(seed=st.integers(0, 99), rows=sizes, columns=sizes, share=st.floats(0, 1))
def test_ranges_hold_the_points_of_the_pairs(seed: int, rows: int, columns: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    x, y = (build_tree(generator.random((count, 2))).leaves for count in (rows, columns))
    kept = generator.random((len(x), len(y))) < share
    ends = np.cumsum(kept.sum(axis=1))
    blocks, slices, intervals = block_ranges(Pairs(0, 0, 0, ends, np.nonzero(kept)[1]), x, y)
    found = np.zeros((rows, columns), np.bool_)
    start = 0
    for (first, last), end in zip(blocks, slices, strict=True):
        for low, high in intervals[start:end]:
            assert not found[first:last, low:high].any()
            found[first:last, low:high] = True
        start = end
    expected = np.repeat(np.repeat(kept, np.diff(x.starts), axis=0), np.diff(y.starts), axis=1)
    np.testing.assert_array_equal(found, expected)
    assert len(intervals) <= len(np.nonzero(kept)[1])


@given(seed=st.integers(0, 99), rows=sizes, columns=sizes, count=st.integers(1, 6), has_nan=st.booleans())
def test_near_boxes_are_found(seed: int, rows: int, columns: int, count: int, has_nan: bool) -> None:
    generator = np.random.default_rng(seed)
    x, y = (build_tree(generator.random((n, 2))) for n in (rows, columns))

    def score(row_level: int, row_numbers: Array, column_level: int, column_numbers: Array) -> Array:
        scores = gaps(x.levels[row_level], row_numbers, y.levels[column_level], column_numbers)
        return np.where(column_numbers % 7 == 3, np.nan, scores) if has_nan else scores

    found = nearest(x.levels, y.levels, score, 8, count)
    assert len(found) == len(x.leaves)
    for numbers in found:
        real = numbers[numbers >= 0]
        assert len(np.unique(real)) == len(real) == min(count, len(y.leaves))


def test_near_boxes_are_mostly_the_nearest() -> None:
    generator = np.random.default_rng(0)
    x, y = (build_tree(generator.random((4000, 2))) for _ in range(2))

    def score(row_level: int, row_numbers: Array, column_level: int, column_numbers: Array) -> Array:
        boxes = x.levels[row_level], y.levels[column_level]
        return gaps(boxes[0], row_numbers, boxes[1], column_numbers)

    found = nearest(x.levels, y.levels, score, 8, 3)
    everything = np.indices((len(x.leaves), len(y.leaves))).reshape(2, -1)
    all_gaps = gaps(x.leaves, everything[0], y.leaves, everything[1]).reshape(len(x.leaves), -1)
    third = np.sort(all_gaps, axis=1)[:, 2:3]
    assert np.mean(np.take_along_axis(all_gaps, found, axis=1) <= third) > 0.9
