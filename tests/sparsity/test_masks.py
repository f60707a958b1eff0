"""Masks keep the pairs that their words say, by rows and by columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.numpy import Genred, LazyTensor, Vi, Vj, where
from pairfold.sparsity.cluster import grid_cluster, sort_clusters, tree_cluster
from pairfold.sparsity.masks import Mask, band, lower, radius, segments, upper
from pairfold.sparsity.ranges import TILE, validate_ranges
from tests.sparsity.test_ranges import kept_pairs

sizes = st.integers(0, 200)


def check(mask: Mask, expected: np.ndarray) -> None:
    """Both halves of the ranges, the dense table and the transpose keep exactly the expected pairs, once each."""
    rows, columns = expected.shape
    six = mask.ranges(rows, columns)
    validate_ranges(six, rows, columns)
    assert np.array_equal(kept_pairs(six[:3], rows, columns), expected)
    assert np.array_equal(kept_pairs(six[3:], columns, rows), expected.T)
    assert np.array_equal(mask.dense(rows, columns), expected)
    assert np.array_equal(mask.T.dense(columns, rows), expected.T)


def tiles_of(pairs: np.ndarray) -> np.ndarray:
    """Every tile that holds one of the pairs."""
    result = np.zeros_like(pairs)
    for i in range(0, pairs.shape[0], TILE):
        for j in range(0, pairs.shape[1], TILE):
            tile = np.s_[i : i + TILE, j : j + TILE]
            result[tile] = pairs[tile].any()
    return result


@given(rows=sizes, columns=sizes, width=st.integers(0, 90), exact=st.booleans())
def test_band(rows: int, columns: int, width: int, exact: bool) -> None:
    distance = np.abs(np.arange(rows)[:, None] - np.arange(columns))
    check(band(width, exact), distance <= width if exact else tiles_of(distance <= width))


@given(rows=sizes, columns=sizes, diagonal=st.integers(-220, 220), exact=st.booleans())
def test_lower_and_upper(rows: int, columns: int, diagonal: int, exact: bool) -> None:
    everything = np.ones((rows, columns), bool)
    below, above = np.tril(everything, diagonal), np.triu(everything, diagonal)
    check(lower(diagonal, exact), below if exact else tiles_of(below))
    check(upper(diagonal, exact), above if exact else tiles_of(above))


def test_diagonals_of_any_size_are_cut_to_the_matrix() -> None:
    assert lower(10**30).dense(3, 4).all()
    assert not lower(-(10**30)).dense(3, 4).any()
    assert band(10**30).dense(3, 4).all()


def test_blocks_with_the_same_columns_are_joined() -> None:
    assert lower().ranges(1000, 10)[0].tolist()[-1] == [9, 1000]
    assert len(band(5000).ranges(1000, 1000)[0]) == 1


@given(
    ids_i=st.lists(st.integers(-2, 3), max_size=30),
    ids_j=st.lists(st.integers(-2, 3), max_size=30),
    ordered=st.booleans(),
)
def test_segments(ids_i: list[int], ids_j: list[int], ordered: bool) -> None:
    first, second = (np.array(sorted(ids) if ordered else ids, np.int32) for ids in (ids_i, ids_j))
    check(segments(first, second), first[:, None] == second)


def test_sorted_segments_are_one_block_each() -> None:
    assert [len(array) for array in segments([0] * 50 + [1] * 70, [0] * 9 + [1] * 8).ranges(120, 17)] == [2] * 6


@given(
    seed=st.integers(0, 99),
    counts=st.tuples(st.integers(0, 700), st.integers(0, 700)),
    dimension=st.integers(1, 5),
    r=st.sampled_from([0.0, 0.05, 0.3, 5.0]),
    is_sorted=st.booleans(),
    period=st.sampled_from([None, 1.0, 0.4, 3.0, np.inf]),
    is_mixed=st.booleans(),
)
def test_radius_keeps_at_least_the_near_pairs(
    seed: int, counts: tuple[int, int], dimension: int, r: float, is_sorted: bool, period: float | None, is_mixed: bool
) -> None:
    generator = np.random.default_rng(seed)
    x, y = (generator.random((count, dimension)).astype(np.float32) for count in counts)
    if is_sorted:
        x, y = (sort_clusters(points, grid_cluster(points, 0.25))[0] for points in (x, y))
    sides = np.full(dimension, np.inf if period is None else period)
    sides[1:] = np.inf if is_mixed else sides[1:]
    mask = radius(x, y, r, sides if is_mixed else period)
    kept = mask.dense(*counts)
    check(mask, kept)
    assert np.array_equal(tiles_of(kept), kept)
    difference = x[:, None] - y[None]
    difference -= np.where(np.isfinite(sides), sides, 0) * np.round(difference / sides)
    assert not np.any(~kept & (np.linalg.norm(difference, axis=-1) <= r))


def test_radius_of_sorted_points_costs_in_proportion() -> None:
    x = np.random.default_rng(0).random((20_000, 2))
    x, _ = sort_clusters(x, tree_cluster(x))
    first, _, intervals = radius(x, x, 0.02).ranges(20_000, 20_000)[:3]
    assert np.sum(intervals[:, 1] - intervals[:, 0]) / len(first) < 0.04 * 20_000


def test_a_periodic_radius_has_the_forces_across_the_boundary() -> None:
    x, side = np.random.default_rng(0).random((2000, 2)) * 3, 3.0
    x, _ = sort_clusters(x, tree_cluster(x))
    difference = Vi(x) - Vj(x)
    difference = difference - side * (difference / side).round()
    distance = difference.sqnorm2()
    force = where(distance <= 0.3**2, difference, 0)
    expected = force.sum(axis=1)
    mask = radius(x, x, 0.3, period=side)
    np.testing.assert_allclose(force.sum(axis=1, ranges=mask), expected, rtol=1e-12, atol=1e-12)
    assert not np.allclose(force.sum(axis=1, ranges=radius(x, x, 0.3)), expected)
    assert mask.dense(2000, 2000).mean() < 0.4


def test_radius_at_an_offset_loses_no_pair() -> None:
    x = (1e6 + np.random.default_rng(0).random((300, 3))).astype(np.float32)
    kept = radius(x, x, 0.25).dense(300, 300)
    assert kept[np.linalg.norm(x[:, None] - x[None], axis=-1) <= 0.25].all()


@st.composite
def any_mask(draw: st.DrawFn, rows: int, columns: int) -> Mask:
    ids_i = draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows))
    ids_j = draw(st.lists(st.integers(0, 2), min_size=columns, max_size=columns))
    return draw(
        st.one_of(
            st.builds(band, st.integers(0, 20)),
            st.builds(lower, st.integers(-20, 20), st.booleans()),
            st.builds(upper, st.integers(-20, 20)),
            st.just(segments(ids_i, ids_j)),
            st.just(radius(np.array(ids_i)[:, None], np.array(ids_j)[:, None], 0.5)),
        )
    )


@given(data=st.data(), rows=st.integers(0, 25), columns=st.integers(0, 25))
def test_combinations(data: st.DataObject, rows: int, columns: int) -> None:
    a, b, c = (data.draw(any_mask(rows, columns)) for _ in range(3))
    dense = [mask.dense(rows, columns) for mask in (a, b, c)]
    check(a & b, dense[0] & dense[1])
    check(a | b, dense[0] | dense[1])
    check((a | b) & c, (dense[0] | dense[1]) & dense[2])


def test_touching_intervals_become_one() -> None:
    halves = segments([0, 0], [0, 0, 1]) | segments([0, 0], [1, 1, 0])
    assert halves.ranges(2, 3)[2].tolist() == [[0, 3]]


def test_a_mask_is_accepted_where_ranges_are() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((2, 70, 3)), generator.standard_normal((90, 3))
    squared = ((x[:, :, None] - y) ** 2).sum(-1)
    mask = band(7) | segments(np.arange(70) // 20, np.arange(90) // 30)
    kept = mask.dense(70, 90)
    aliases = ["x = Vi(3)", "y = Vj(3)"]
    for axis in (0, 1):
        found = Genred("SqDist(x, y)", aliases, axis=axis)(x, y, ranges=mask)
        assert np.allclose(found[..., 0], (squared * kept).sum(2 if axis else 1), rtol=1e-13, atol=0)


def test_a_lazy_tensor_carries_a_mask() -> None:
    generator = np.random.default_rng(0)
    x, y, b = generator.standard_normal((40, 3)), generator.standard_normal((50, 3)), generator.standard_normal((50, 2))
    squared = ((x[:, None] - y) ** 2).sum(-1)
    kernel = ((LazyTensor(x[:, None]) - LazyTensor(y[None])) ** 2).sum(-1)
    kernel.ranges = lower(3) & band(20)
    kept = squared * kernel.ranges.dense(40, 50)
    assert np.allclose(kernel @ b, kept @ b, rtol=1e-12)
    assert np.allclose(kernel.T.sum(1)[:, 0], kept.sum(0), rtol=1e-12)
    assert np.allclose(kernel.sum(0)[:, 0], kept.sum(0), rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: band(-1), ArgumentValueError, r"The width of a band is -1; it must be at least 0"),
        (lambda: band(1.5), ArgumentTypeError, r"The width of a band is 1.5, of type float; it must be an integer"),
        (lambda: lower("a"), ArgumentTypeError, r"The diagonal is 'a', of type str"),
        (lambda: segments([[0]], [0]), ArgumentValueError, r"ids_i has shape \(1, 1\) .* one integer per point"),
        (lambda: segments([0], [0.5]), ArgumentValueError, r"ids_j has shape \(1,\) and dtype float64"),
        (lambda: radius([1.0], [[1.0]], 1), ArgumentValueError, r"x has shape \(1,\) .* points are real numbers"),
        (lambda: radius([[1.0]], [[1.0, 2.0]], 1), ArgumentValueError, r"dimension 1 and y of dimension 2"),
        (lambda: radius([[1.0]], [[np.nan]], 1), ArgumentValueError, r"y\[0, 0\] is nan; .* must be finite"),
        (lambda: radius([[1.0]], [[1.0]], -1), ArgumentValueError, r"The radius is -1; it must be a finite number"),
        (lambda: radius([[1.0]], [[1.0]], np.inf), ArgumentValueError, r"The radius is inf"),
        (
            lambda: radius([[1.0]], [[1.0]], 1, period=0),
            ArgumentValueError,
            r"period is 0; it must be a number greater",
        ),
        (lambda: radius([[1.0]], [[1.0]], 1, period=[1, 2]), ArgumentValueError, r"or 1 of them, one per coordinate"),
        (
            lambda: segments([0, 0], [0]).ranges(3, 1),
            ArgumentValueError,
            r"segments\(...\) was made for 2 rows and 1 columns; the reduction has 3 rows and 1 columns",
        ),
        (lambda: radius([[0.0]], [[1.0]], 1).ranges(1, 2), ArgumentValueError, r"radius\(...\) was made for 1 rows"),
        (lambda: band(1) & 3, TypeError, r"unsupported operand"),
    ],
)
def test_errors(make: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
