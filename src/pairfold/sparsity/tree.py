"""A balanced tree of boxes around points: the order that brings near points together, and boxes at every scale.

A box of points is cut across its longest side until it holds at most `LEAF` points (Bentley 1975, "Multidimensional
binary search trees used for associative searching"). The cut gives the left side the largest number of points that is
`LEAF` times a power of two and leaves some for the right side. So every leaf but the last is full, as kernels like
their blocks best, and the tree needs no pointers: at each level boxes are numbered from 0, and those inside box number
k are 2k and 2k + 1 of the next level. All boxes of a level are cut at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.sparsity.ranges import TILE, Integers

__all__ = ["LEAF", "Boxes", "Tree", "boxes_of", "build_tree"]

LEAF = TILE // 2
"""Points of a leaf: the fewest rows that kernels work on together well; small boxes leave out more pairs."""

BLOCK = 1 << 16
"""Points that stay in the cache while boxes inside of a box are cut."""

Points = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Boxes:
    """The boxes of one level of a tree.

    Attributes
    ----------
    low, high : (boxes, D) float64 arrays
        The smallest and the largest coordinates of the points inside; both are nan where a coordinate is nan.
    starts : (boxes + 1,) int64 array
        Box k holds the sorted points ``[starts[k], starts[k + 1])``, at least one.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    starts: Integers

    def __len__(self) -> int:
        return len(self.low)


@dataclass(frozen=True, eq=False)
class Tree:
    """Points in an order in which near ones are neighbours, inside boxes inside boxes.

    Attributes
    ----------
    order : (N,) int64 array
        The number that each sorted point has among those that were given: ``points[order]`` is sorted.
    levels : tuple of Boxes
        From one box around everything to leaves of `LEAF` points; the boxes inside box k are 2k and, if there is such
        a box, 2k + 1 of the next level. Empty when there are no points.

    Examples
    --------
    >>> tree = build_tree(np.array([[0.0], [9.0], [1.0]]))
    >>> tree.order.tolist(), tree.leaves.low.tolist(), tree.leaves.high.tolist()
    ([0, 1, 2], [[0.0]], [[9.0]])
    """

    order: Integers
    levels: tuple[Boxes, ...]

    @property
    def leaves(self) -> Boxes:
        """The smallest boxes."""
        return self.levels[-1]

    def down_to(self, size: int) -> tuple[Boxes, ...]:
        """Return the levels whose boxes hold at least `size` points, the last one of each level excepted.

        Examples
        --------
        >>> [len(boxes) for boxes in build_tree(np.random.default_rng(0).random((1000, 3))).down_to(200)]
        [1, 2, 4]
        """
        depth = len(self.levels)
        while depth > 1 and LEAF << (len(self.levels) - depth) < size:
            depth -= 1
        return self.levels[:depth]

    @property
    def inverse(self) -> Integers:
        """Where each point went: ``sorted[tree.inverse]`` has the order of the points that were given."""
        result = np.empty_like(self.order)
        result[self.order] = np.arange(len(self.order))
        return result


def build_tree(points: NDArray[Any], scales: NDArray[np.float64] | None = None) -> Tree:
    """Sort points into the leaves of a balanced tree of boxes.

    Points that have a coordinate that is not finite are the last ones, in the order in which they were given, so that
    few boxes are not finite. The time is a few passes over the points per level, the memory a few times that of the
    points.

    Parameters
    ----------
    points : (N, D) array
        Real numbers of any dtype, D at least 1; duplicates are allowed.
    scales : (D,) array, optional
        Factors of the coordinates, at most 1, that say which side of a box is the longest.

    Returns
    -------
    Tree
        See there.

    Examples
    --------
    >>> tree = build_tree(np.random.default_rng(0).random((1000, 3), np.float32))
    >>> [len(boxes) for boxes in tree.levels]
    [1, 2, 4, 8, 16, 32]
    """
    coordinates = _coordinates(points)
    if scales is not None:
        coordinates *= scales[:, None].astype(coordinates.dtype)
    order = np.arange(coordinates.shape[1])
    is_finite = np.isfinite(coordinates).all(axis=0)
    count = int(np.count_nonzero(is_finite))
    if count < len(order):
        order = np.concatenate([order[is_finite], order[~is_finite]])
        coordinates = np.ascontiguousarray(coordinates[:, order])
    size = LEAF
    while size < count:
        size *= 2
    while size > BLOCK:
        _halve(coordinates[:, :count], order[:count], size)
        size //= 2
    for start in range(0, count, size):
        part = slice(start, min(start + size, count))
        inside = size
        while inside > LEAF:
            _halve(coordinates[:, part], order[part], inside)
            inside //= 2
    return Tree(order, _levels(coordinates) if scales is None else boxes_of(points[order]))


def boxes_of(ordered: NDArray[Any]) -> tuple[Boxes, ...]:
    """Return the boxes of what belongs to the sorted points of a tree: weights, say.

    Parameters
    ----------
    ordered : (N, E) array
        Real numbers, in the order of a tree.

    Returns
    -------
    tuple of Boxes
        As `Tree.levels`: for the sorted points themselves, the same.

    Examples
    --------
    >>> boxes_of(np.array([[0.5], [0.25]]))[0].high.tolist()
    [[0.5]]
    """
    return _levels(_coordinates(ordered))


def _coordinates(points: NDArray[Any]) -> Points:
    """Return a copy of the points, coordinate after coordinate: NumPy is fast along the last axis."""
    dtype = np.float32 if points.dtype in (np.float16, np.float32) else np.float64
    return np.array(points.T, dtype=dtype, order="C")


def _halve(coordinates: Points, order: Integers, size: int) -> None:
    """Sort every `size` successive points so that a cut in the middle crosses the longest side of their box."""
    groups = coordinates.shape[1] // size
    whole = groups * size
    if groups:
        parts = coordinates[:, :whole].reshape(-1, groups, size)
        axes = _longest(parts.min(axis=2), parts.max(axis=2))
        # Groups that are cut along one axis are sorted together, without a copy of the others.
        along = parts[axes, np.arange(groups)]
        places = np.argpartition(along, size // 2, axis=1)
        places += np.arange(0, whole, size)[:, None]
        _permute(coordinates[:, :whole], order[:whole], places.ravel())
    if coordinates.shape[1] - whole > size // 2:
        rest = coordinates[:, whole:]
        along = rest[_longest(rest.min(axis=1), rest.max(axis=1))]
        _permute(rest, order[whole:], np.argpartition(along, size // 2))


def _longest(low: Points, high: Points) -> Any:
    """Return the axis along which each box is longest; halves, because sides may be longer than the largest number."""
    return (high / 2 - low / 2).argmax(axis=0)


def _permute(coordinates: Points, order: Integers, places: Integers) -> None:
    for row in (*coordinates, order):
        row[...] = row[places]


def _levels(coordinates: Points) -> tuple[Boxes, ...]:
    """Return the boxes of sorted points, from the largest to the smallest."""
    count = coordinates.shape[1]
    if not count:
        return ()
    starts = np.append(np.arange(0, count, LEAF), count)
    low, high = _merged(coordinates, coordinates, LEAF)
    levels = [(low, high, starts)]
    while len(starts) > 2:
        low, high = _merged(low, high, 2)
        starts = np.append(starts[:-1:2], count)
        levels.append((low, high, starts))
    return tuple(
        Boxes(np.ascontiguousarray(low.T, np.float64), np.ascontiguousarray(high.T, np.float64), starts)
        for low, high, starts in reversed(levels)
    )


def _merged(low: Points, high: Points, fan: int) -> tuple[Points, Points]:
    """Return boxes around every `fan` successive boxes, all of them coordinate after coordinate."""
    whole = low.shape[1] // fan * fan
    lows = [low[:, :whole].reshape(len(low), -1, fan).min(axis=2)]
    highs = [high[:, :whole].reshape(len(high), -1, fan).max(axis=2)]
    if whole < low.shape[1]:
        lows.append(low[:, whole:].min(axis=1, keepdims=True))
        highs.append(high[:, whole:].max(axis=1, keepdims=True))
    return np.concatenate(lows, axis=1), np.concatenate(highs, axis=1)
