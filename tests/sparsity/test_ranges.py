"""Ranges: what is wrong is said, what is right gives the numbers of a dense masked computation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.problem import Problem
from pairfold.reductions import REDUCTIONS
from pairfold.sparsity.cluster import from_matrix
from pairfold.sparsity.masks import band, lower
from pairfold.sparsity.ranges import as_ranges, swap_axes, validate_ranges
from tests.calls import by_definition, run
from tests.comparison import assert_close
from tests.engine.problems import B, squared_distance

HALF = ([[0, 2], [2, 5]], [1, 3], [[0, 2], [0, 3], [4, 6]])
"""Rows 0-1 see columns 0-1, rows 2-4 see columns 0-2 and 4-5."""

OTHER = ([[0, 2], [2, 3], [4, 6]], [2, 3, 4], [[0, 2], [2, 5], [2, 5], [2, 5]])
"""The same pairs, by columns."""


def changed(position: int, value: Any) -> tuple[Any, ...]:
    six = [*HALF, *OTHER]
    six[position] = value
    return tuple(six)


def kept_pairs(half: Any, rows: int, columns: int) -> np.ndarray:
    """The dense meaning of three arrays, in plain loops."""
    table = np.zeros((rows, columns), int)
    blocks, ends, intervals = half
    start = 0
    for (first, last), end in zip(blocks, ends, strict=True):
        for a, b in intervals[start:end]:
            table[first:last, a:b] += 1
        start = end
    return table


def test_good_ranges_come_back_as_int64() -> None:
    six = validate_ranges([np.asarray(array, np.uint8) for array in (*HALF, *OTHER)], 5, 6)
    assert all(array.dtype == np.int64 and array.flags.c_contiguous for array in six)
    assert [array.tolist() for array in six] == [*HALF, *OTHER]


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        (HALF, r"ranges has 3 entries. Three arrays describe one direction only; .* Ranges takes six arrays"),
        ((*HALF, *OTHER, [1]), r"ranges has 7 entries. Ranges takes six arrays"),
        (changed(0, [[0.0, 2.0], [2.0, 5.0]]), r"ranges_i has dtype float64; .* must be integers"),
        (changed(1, [1.0, 3.0]), r"slices_i has dtype float64"),
        (changed(0, [0, 2, 2, 5]), r"ranges_i has shape \(4,\); it needs shape \(number of intervals, 2\)"),
        (changed(0, [[0, 2], [5, 2]]), r"ranges_i\[1\] is \[5, 2\), which ends before it starts"),
        (changed(0, [[0, 2], [2, 6]]), r"ranges_i\[1\] is \[2, 6\), which leaves the allowed numbers, 0 to 5"),
        (changed(2, [[-1, 2], [0, 3], [4, 6]]), r"redranges_j\[0\] is \[-1, 2\), which leaves the .* 0 to 6"),
        (changed(2, [[0, 2], [0, 3], [4, 7]]), r"redranges_j\[2\] is \[4, 7\)"),
        (changed(5, [[0, 2], [2, 5], [2, 5], [2, 6]]), r"redranges_i\[3\] is \[2, 6\), .* 0 to 5"),
        (changed(1, [3]), r"slices_i has shape \(1,\), but ranges_i has 2 blocks: slices_i needs shape \(2,\)"),
        (changed(1, [4, 3]), r"slices_i\[1\] is 3, less than 4 before it: the ends must not decrease"),
        (changed(1, np.array([4, 3], np.uint64)), r"slices_i\[1\] is 3, less than 4 before it"),
        (changed(1, [-1, 3]), r"slices_i\[0\] is -1, less than 0 before it"),
        (changed(1, [1, 2]), r"slices_i ends at 2, but redranges_j has 3 intervals: the last end must be 3"),
        (changed(4, [2, 3, 5]), r"slices_j ends at 5, but redranges_i has 4 intervals"),
        (changed(2, [[0, 1], [0, 3], [4, 6]]), r"first three arrays of ranges keep 17 pairs, the last three keep 19"),
    ],
)
def test_bad_ranges_are_refused(ranges: Any, message: str) -> None:
    with pytest.raises(ArgumentValueError, match=message):
        validate_ranges(ranges, 5, 6)


def test_what_is_no_ranges_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match=r"ranges is of type str; ranges takes six arrays .* or a mask"):
        as_ranges("band", 5, 6)
    with pytest.raises(ArgumentTypeError, match=r"ranges is of type int"):
        swap_axes(3)


def test_overlapping_rows_and_empty_lists_are_allowed() -> None:
    six = validate_ranges(([[0, 3], [2, 5]], [0, 1], [[0, 6]], [[0, 6]], [1], [[2, 5]]), 5, 6)
    assert six[0].tolist() == [[0, 3], [2, 5]]
    empty = validate_ranges([[]] * 6, 5, 6)
    assert [array.shape for array in empty] == [(0, 2), (0,), (0, 2)] * 2


def test_as_ranges_takes_nothing_arrays_and_masks() -> None:
    assert as_ranges(None, 5, 6) is None
    given = as_ranges((*HALF, *OTHER), 5, 6)
    assert given is not None
    assert given[1].tolist() == [1, 3]
    mask = as_ranges(band(1), 3, 3)
    assert mask is not None
    assert np.array_equal(kept_pairs(mask[:3], 3, 3), np.eye(3) + np.eye(3, k=1) + np.eye(3, k=-1))


def test_swap_axes_exchanges_halves_and_transposes_masks() -> None:
    assert swap_axes(None) is None
    assert swap_axes((*HALF, *OTHER)) == (*OTHER, *HALF)
    assert np.array_equal(swap_axes(lower()).dense(4, 3), np.triu(np.ones((4, 3))))
    with pytest.raises(ArgumentValueError, match="ranges has 3 entries"):
        swap_axes(HALF)


@st.composite
def clusters(draw: st.DrawFn) -> tuple[np.ndarray, int]:
    lengths = draw(st.lists(st.integers(0, 40), min_size=1, max_size=5))
    ends = np.cumsum(lengths)
    return np.stack([ends - lengths, ends], axis=1), int(ends[-1])


@given(rows=clusters(), columns=clusters(), seed=st.integers(0, 9), batch=st.sampled_from([(), (3,), (2, 1)]))
def test_block_sparse_is_dense_with_a_mask(
    rows: tuple[np.ndarray, int], columns: tuple[np.ndarray, int], seed: int, batch: tuple[int, ...]
) -> None:
    generator = np.random.default_rng(seed)
    keep = generator.random((len(rows[0]), len(columns[0]))) < 0.5
    six = from_matrix(rows[0], columns[0], keep)
    validate_ranges(six, rows[1], columns[1])
    table = kept_pairs(six[:3], rows[1], columns[1])
    assert np.array_equal(table, kept_pairs(six[3:], columns[1], rows[1]).T)
    arrays = [
        generator.standard_normal((*batch, rows[1], 3)),
        generator.standard_normal((*batch, columns[1], 3)),
        generator.standard_normal((*batch, columns[1], 1)),
    ]
    squared = ((arrays[0][..., :, None, :] - arrays[1][..., None, :, :]) ** 2).sum(-1)
    (found,) = run(
        Problem(squared_distance() * B, REDUCTIONS["Sum"]),
        arrays,
        rows=rows[1],
        columns=columns[1],
        batch=batch,
        ranges=six[:3],
    )
    assert_close(found, (squared * table) @ arrays[2], 1e-12 * max(1, columns[1]))
    problem = Problem(squared_distance(), REDUCTIONS["Min_ArgMin"])
    for target in (run, by_definition):
        smallest, where = target(problem, arrays, rows=rows[1], columns=columns[1], batch=batch, ranges=six[:3])
        masked = np.where(table > 0, squared, np.inf)
        assert_close(smallest[..., 0], masked.min(-1, initial=np.inf), 1e-12)
        winner = masked.argmin(-1) if columns[1] else -1
        assert np.array_equal(where[..., 0], np.broadcast_to(np.where(table.any(-1), winner, -1), (*batch, rows[1])))
