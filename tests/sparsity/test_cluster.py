"""Clusters: cells, sorting, ranges, centroids."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.errors import ArgumentValueError
from pairfold.numpy.cluster import (
    cluster_centroids,
    cluster_ranges,
    cluster_ranges_centroids,
    from_matrix,
    grid_cluster,
    sort_clusters,
    swap_axes,
    tree_cluster,
)


@given(seed=st.integers(0, 99), count=st.integers(0, 200), dimension=st.integers(1, 6), per_axis=st.booleans())
def test_cells_are_numbered_in_lexicographic_order(seed: int, count: int, dimension: int, per_axis: bool) -> None:
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((count, dimension)).astype(np.float32)
    size: Any = generator.uniform(0.3, 2, dimension) if per_axis else 0.7
    origin = generator.standard_normal(dimension)
    cells = [tuple(cell) for cell in np.floor((x.astype(float) - origin) / size)]
    rank = {cell: number for number, cell in enumerate(sorted(set(cells)))}
    labels = grid_cluster(x, size, origin)
    assert labels.dtype == np.int64
    assert labels.tolist() == [rank[cell] for cell in cells]


def test_distinct_cells_never_collide() -> None:
    # More than 1024 cells an axis, and a product of cells that would overflow 64 bits if it were a code.
    x = np.random.default_rng(0).permutation(3000).astype(float)[:, None] * np.ones(12)
    assert np.array_equal(grid_cluster(x, 1.0), x[:, 0])
    assert np.array_equal(grid_cluster(x * 1e200, 1.0), x[:, 0])


def test_cells_do_not_depend_on_other_points() -> None:
    x, y = np.array([[0.9], [1.1]]), np.array([[1.9], [5.0]])
    assert grid_cluster(x, 1.0).tolist() == [0, 1]
    assert grid_cluster(np.concatenate([x, y]), 1.0).tolist() == [0, 1, 1, 2]
    assert grid_cluster(x, 1.0, origin=0.5).tolist() == [0, 0]


@given(count=st.integers(0, 300), dimension=st.integers(1, 4), leaf=st.integers(1, 70))
def test_leaves_of_a_tree_are_full_and_apart(count: int, dimension: int, leaf: int) -> None:
    x = np.random.default_rng(count).standard_normal((count, dimension))
    labels = tree_cluster(x, leaf)
    assert np.bincount(labels).tolist() == [leaf] * (count // leaf) + [count % leaf] * (count % leaf > 0)
    lows, highs = (
        np.array([edge(x[labels == k], axis=0) for k in range(-(-count // leaf))]) for edge in (np.min, np.max)
    )
    for k in range(len(lows)):
        for other in range(k):
            assert np.any((lows[k] >= highs[other]) | (lows[other] >= highs[k])), "boxes of leaves do not overlap"


def test_points_that_coincide_make_full_leaves() -> None:
    assert tree_cluster(np.zeros((10, 2)), 4).tolist() == [0] * 4 + [1] * 4 + [2] * 2


@given(labels=st.lists(st.integers(0, 5), max_size=60))
def test_sorting_is_stable_and_ranges_name_the_clusters(labels: list[int]) -> None:
    x = np.arange(len(labels))
    lab = np.array(labels, np.int32)
    (found, twice), sorted_labels = sort_clusters((x, np.stack([x, -x], 1)), lab)
    assert isinstance(found, np.ndarray)
    assert found.tolist() == sorted(range(len(labels)), key=labels.__getitem__)
    assert np.array_equal(twice, np.stack([found, -found], 1))
    assert sorted_labels.tolist() == sorted(labels)
    ranges = cluster_ranges(lab)
    assert ranges.dtype == np.int64
    assert len(ranges) == max(labels, default=-1) + 1
    for k, (first, last) in enumerate(ranges):
        assert sorted_labels[first:last].tolist() == [k] * labels.count(k)
    assert np.array_equal(cluster_ranges(lab, np.bincount(lab)), ranges)


def test_sorting_keeps_the_container() -> None:
    x = np.array([3, 1, 2])
    assert isinstance(sort_clusters([x], [1, 0, 1])[0], list)
    assert isinstance(sort_clusters((x,), [1, 0, 1])[0], tuple)
    assert sort_clusters(x, [1, 0, 1])[0].tolist() == [1, 3, 2]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_centroids(dtype: str) -> None:
    generator = np.random.default_rng(0)
    x, lab = generator.random((50, 4)).astype(dtype), generator.permutation(np.arange(50) % 3)
    weights = generator.random((50, 1))
    found = cluster_centroids(x, lab, weights=weights)
    assert found.dtype == dtype
    expected = [np.average(x[lab == k], axis=0, weights=weights[lab == k, 0]) for k in range(3)]
    assert np.allclose(found, expected, rtol=4 * np.finfo(dtype).eps, atol=0)
    plain = cluster_centroids(x, lab, np.bincount(lab))
    assert np.allclose(plain, [x[lab == k].mean(0) for k in range(3)], rtol=1e-6)
    totals = np.bincount(lab, weights[:, 0])
    assert np.array_equal(found, cluster_centroids(x, lab, weights=weights[:, 0], weights_c=totals))


def test_an_empty_cluster_has_no_centroid() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = cluster_centroids([[1.0], [3.0]], [0, 2])
        assert np.array_equal(found, [[1.0], [np.nan], [3.0]], equal_nan=True)
        assert np.isnan(cluster_centroids([[1.0]], [0], weights=[0.0])).all()
        assert cluster_centroids(np.zeros((0, 2)), np.zeros(0, int)).shape == (0, 2)


def test_centroids_are_summed_in_float64() -> None:
    x = np.full((1_000_000, 1), 0.1, np.float32)
    assert cluster_centroids(x, np.zeros(1_000_000, int))[0, 0] == np.float32(0.1)


def test_ranges_centroids_and_weights_together() -> None:
    x, lab = np.array([[0.0], [2.0], [7.0], [9.0]], np.float32), np.array([0, 0, 1, 1])
    ranges, centroids, weights = cluster_ranges_centroids(x, lab)
    assert ranges.tolist() == [[0, 2], [2, 4]]
    assert centroids.tolist() == [[1.0], [8.0]]
    assert weights.tolist() == [2.0, 2.0]
    given = np.array([1.0, 3.0, 0.0, 0.0])
    _, centroids, weights = cluster_ranges_centroids(x, lab, given)
    assert centroids.tolist() == [[1.5], [8.0]], "a cluster without weight has its mean as centroid"
    assert weights.tolist() == [4.0, 2e-9]
    assert given.tolist() == [1.0, 3.0, 0.0, 0.0], "the weights of the caller are not touched"


def test_from_matrix() -> None:
    ranges = from_matrix([[0, 2], [3, 6]], [[0, 3], [3, 4], [6, 8]], np.array([[1, 0, 1], [0, 1, 0]], np.uint8))
    assert all(array.dtype == np.int64 for array in ranges)
    assert [array.tolist() for array in ranges] == [
        [[0, 2], [3, 6]],
        [2, 3],
        [[0, 3], [6, 8], [3, 4]],
        [[0, 3], [3, 4], [6, 8]],
        [1, 2, 3],
        [[0, 2], [3, 6], [0, 2]],
    ]
    assert swap_axes(ranges) == (*ranges[3:], *ranges[:3])
    assert swap_axes(None) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grid_cluster([1.0, 2.0], 1), r"x has shape \(2,\) .* Points of dimension 1 are x\[:, None\]"),
        (lambda: grid_cluster([[1.0], [np.inf]], 1), r"x\[1, 0\] is inf: a point that is not finite has no cell"),
        (lambda: grid_cluster([[1.0, 2.0]], 0), r"size is 0; the side of a cell must be greater than 0"),
        (lambda: grid_cluster([[1.0, 2.0]], [1, 2, 3]), r"size is \[1, 2, 3\]; it must be one finite number, or 2"),
        (lambda: grid_cluster([[1.0, 2.0]], 1, np.nan), r"origin is nan"),
        (lambda: tree_cluster([[1.0]], 0), r"leaf is 0; a leaf holds at least 1 point"),
        (lambda: sort_clusters([1, 2], [0.5, 0.5]), r"lab has shape \(2,\) and dtype float64; it needs one integer"),
        (lambda: sort_clusters(np.zeros(3), [0, 1]), r"x has shape \(3,\), but there are 2 labels"),
        (lambda: sort_clusters((np.zeros(2), np.zeros(())), [0, 1]), r"x\[1\] has shape \(\), but there are 2 labels"),
        (lambda: cluster_ranges([0, -3]), r"lab contains -3; labels count from 0"),
        (lambda: cluster_ranges([0, 1], [1, 2]), r"Nlab has shape \(2,\) and sums to 3; .* 2 labels, 2 in total"),
        (lambda: cluster_centroids([[1.0]], [0], weights=[1, 2]), r"weights has shape \(2,\); .* shape \(1,\)"),
        (lambda: cluster_centroids([[1.0]] * 2, [0, 1], weights=[1, 2], weights_c=[1]), r"weights_c has 1 entries"),
        (lambda: from_matrix([[0, 1]], [[0, 1]], [[0.5]]), r"keep has dtype float64; it must be a matrix of booleans"),
        (lambda: from_matrix([[0, 1]], [[0, 1]], [[True, True]]), r"keep has shape \(1, 2\); .* must be \(1, 1\)"),
        (lambda: from_matrix([[1, 0]], [[0, 1]], [[True]]), r"ranges_i\[0\] is \[1, 0\), which ends before it starts"),
    ],
)
def test_errors(call: Any, message: str) -> None:
    with pytest.raises(ArgumentValueError, match=message):
        call()
