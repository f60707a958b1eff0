"""A grid of equal cells, halved again and again: where the proxies of points stand.

Interpolation needs boxes of equal shape: what is known of the error for one pair of boxes holds for every pair of the
same level and offset, and one matrix brings values from a box to its half. So the cells follow space, not the points.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Geometry", "Side", "geometry", "sort_points"]

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]

DEEPEST = 60
"""Halvings that the keys of cells have bits for."""


@dataclass(frozen=True, eq=False)
class Geometry:
    """The cells of every level; level 0 is one cell.

    Attributes
    ----------
    low, size : (D,) arrays
        The box around everything.
    axes : tuple of int
        Along which axis the cells of level l are halved into those of level l + 1.
    """

    low: Reals
    size: Reals
    axes: tuple[int, ...]

    @cached_property
    def counts(self) -> Integers:
        """Cells per axis at each level, (levels, D)."""
        halvings = np.zeros((len(self.axes) + 1, len(self.low)), np.int64)
        for level, axis in enumerate(self.axes):
            halvings[level + 1] = halvings[level]
            halvings[level + 1, axis] += 1
        return np.int64(1) << halvings

    def half_sides(self, level: int) -> Reals:
        """Return half of the sides of a cell."""
        result: Reals = self.size / self.counts[level] / 2
        return result

    def centers(self, level: int, coordinates: NDArray[Any]) -> Reals:
        """Return the centers of cells from their integer coordinates."""
        result: Reals = self.low + (2 * coordinates + 1) * self.half_sides(level)
        return result


def geometry(low: Reals, high: Reals, depth: int) -> Geometry:
    """Return the cells between two corners: the longest side is halved first, an axis without extent never."""
    lengths = high - low
    # A little more than everything: the highest points are inside, and an axis without extent has a length.
    size = np.where(lengths > 0, lengths * (1 + 1e-9), 1.0)
    sides, axes = lengths.copy(), []
    for _ in range(min(depth, DEEPEST) if np.any(lengths > 0) else 0):
        axes.append(int(np.argmax(sides)))
        sides[axes[-1]] /= 2
    return Geometry(np.where(lengths > 0, low, low - 0.5), size, tuple(axes))


@dataclass(frozen=True, eq=False)
class Side:
    """The points of one side, sorted by cells.

    Attributes
    ----------
    order : (N,) array
        The number that each sorted point had.
    starts : list of arrays
        Per level, where the points of each cell that has some begin; the number of points is the last entry.
    coordinates : list of (cells, D) arrays
        Per level, the integer coordinates of these cells.
    children : list of arrays
        Per level but the last, the number of the first cell of the next level inside each cell; their number is the
        last entry.
    """

    order: Integers
    starts: list[Integers]
    coordinates: list[NDArray[np.int64]]
    children: list[Integers]

    @cached_property
    def sizes(self) -> list[Integers]:
        """Points per cell and level."""
        return [np.diff(starts) for starts in self.starts]


def sort_points(points: NDArray[Any], shape: Geometry) -> Side:
    """Sort points into the cells of the last level, in an order in which the cells of every level are intervals."""
    depth = len(shape.axes)
    finest = shape.counts[-1]
    keys = np.zeros(len(points), np.uint64)
    columns = []
    for axis in range(len(shape.low)):
        scaled = (points[:, axis] - shape.low[axis]) * (finest[axis] / shape.size[axis])
        columns.append(np.clip(scaled, 0, finest[axis] - 1).astype(np.uint64))
    left = np.log2(finest).astype(np.int64)
    for axis in shape.axes:
        left[axis] -= 1
        keys = (keys << np.uint64(1)) | ((columns[axis] >> np.uint64(left[axis])) & np.uint64(1))
    if depth <= 16:
        keys = keys.astype(np.uint16)
    order = np.argsort(keys, kind="stable" if depth <= 16 else None)
    keys = keys[order]
    first = np.concatenate([[0], np.flatnonzero(keys[1:] != keys[:-1]) + 1])
    cells = np.stack([column[order[first]] for column in columns], axis=1).astype(np.int64)
    return _levels(order, keys[first].astype(np.uint64), first, cells, len(points), shape)


def _levels(
    order: Integers, keys: NDArray[np.uint64], first: Integers, cells: Integers, count: int, shape: Geometry
) -> Side:
    starts, coordinates, children = [np.append(first, count)], [cells], []
    for axis in reversed(shape.axes):
        keys = keys >> np.uint64(1)
        begins = np.concatenate([[0], np.flatnonzero(keys[1:] != keys[:-1]) + 1])
        children.append(np.append(begins, len(keys)))
        keys, first = keys[begins], starts[-1][begins]
        cells = coordinates[-1][begins].copy()
        cells[:, axis] >>= 1
        starts.append(np.append(first, count))
        coordinates.append(cells)
    return Side(order, starts[::-1], coordinates[::-1], children[::-1])
