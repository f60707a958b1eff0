"""Trees of boxes: what every tree satisfies, whatever the points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.sparsity.tree import LEAF, Tree, build_tree


def check(tree: Tree, points: np.ndarray[Any, Any]) -> None:
    """Assert that the tree holds every point once, in boxes that are as tight as they can be, inside their parents."""
    count = len(points)
    np.testing.assert_array_equal(np.sort(tree.order), np.arange(count))
    np.testing.assert_array_equal(tree.order[tree.inverse], np.arange(count))
    ordered = points[tree.order].astype(np.float64)
    if not count:
        assert tree.levels == ()
        return
    assert len(tree.levels[0]) == 1
    assert len(tree.leaves) == -(-count // LEAF)
    size = LEAF << (len(tree.levels) - 1)
    for boxes in tree.levels:
        assert boxes.low.dtype == boxes.high.dtype == np.float64
        np.testing.assert_array_equal(boxes.starts, np.append(np.arange(0, count, size), count))
        np.testing.assert_array_equal(boxes.low, np.minimum.reduceat(ordered, boxes.starts[:-1], axis=0))
        np.testing.assert_array_equal(boxes.high, np.maximum.reduceat(ordered, boxes.starts[:-1], axis=0))
        size //= 2


@given(
    seed=st.integers(0, 99),
    count=st.integers(0, 700),
    dimension=st.integers(1, 5),
    dtype=st.sampled_from(["float16", "float32", "float64", "int64"]),
    kind=st.sampled_from(["normal", "equal", "few values", "line", "huge"]),
)
def test_every_point_is_in_its_boxes(seed: int, count: int, dimension: int, dtype: str, kind: str) -> None:
    generator = np.random.default_rng(seed)
    points = generator.standard_normal((count, dimension)) * 10
    if kind == "equal":
        points[:] = 3
    if kind == "few values":
        points = np.round(points / 10)
    if kind == "line":
        points[:, 1:] = 0
    if kind == "huge" and dtype != "int64":
        points = points * float(np.finfo(dtype).max / 100)
    check(build_tree(points.astype(dtype)), points.astype(dtype))


@given(seed=st.integers(0, 99), count=st.integers(1, 400), bad=st.integers(1, 500))
def test_points_that_are_not_finite_come_last_in_their_order(seed: int, count: int, bad: int) -> None:
    generator = np.random.default_rng(seed)
    points = generator.random((count, 3))
    which = generator.integers(0, count, bad)
    points[which, generator.integers(0, 3, bad)] = generator.choice([np.nan, np.inf, -np.inf], bad)
    tree = build_tree(points)
    check(tree, points)
    is_finite = np.isfinite(points).all(axis=1)
    expected = np.flatnonzero(~is_finite)
    np.testing.assert_array_equal(tree.order[is_finite.sum() :], expected)


def test_boxes_of_uniform_points_are_near_cubes() -> None:
    points = np.random.default_rng(0).random((LEAF * 4096, 3))
    leaves = build_tree(points).leaves
    assert np.mean(np.prod(leaves.high - leaves.low, axis=1)) < 1 / 4096
    assert np.mean(leaves.high - leaves.low) < 1.05 / 16


def test_points_are_not_changed() -> None:
    points = np.asfortranarray(np.random.default_rng(0).random((300, 2)))
    before = points.copy()
    build_tree(points)
    np.testing.assert_array_equal(points, before)


@pytest.mark.parametrize("count", [LEAF - 1, LEAF, LEAF + 1, 2 * LEAF, 2 * LEAF + 1, 5 * LEAF])
def test_leaves_are_full_but_the_last(count: int) -> None:
    points = np.random.default_rng(0).random((count, 2))
    tree = build_tree(points)
    check(tree, points)
    assert np.all(np.diff(tree.leaves.starts)[:-1] == LEAF)


def test_scales_say_which_side_is_the_longest() -> None:
    points = np.random.default_rng(0).random((LEAF * 64, 2))
    tree = build_tree(points, np.array([1.0, 1e-3]))
    check(tree, points)
    assert np.all(tree.leaves.high[:-1, 0] <= tree.leaves.low[1:, 0])


def test_large_clouds_are_cut_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(0).random((5000, 3))
    whole = build_tree(points)
    monkeypatch.setattr("pairfold.sparsity.tree.BLOCK", 256)
    tree = build_tree(points)
    check(tree, points)
    np.testing.assert_array_equal(tree.leaves.low, whole.leaves.low)
