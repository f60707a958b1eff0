"""Sums over far cells: charges are gathered at nodes, the formula is evaluated between nodes, values go to points.

Charges go from points to the smallest cell that needs them and from there to larger ones, values the other way: the
passes of the fast multipole method (Greengard and Rokhlin 1987), with interpolation in the place of expansions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.ir.expr import Expr
from pairfold.pruning.cells import Geometry, Side
from pairfold.pruning.chebyshev import grid, interpolated, synthesis
from pairfold.pruning.spreading import Reduce, gathered, scattered

__all__ = ["FarField", "block_ranges"]

Array = NDArray[Any]
Integers = NDArray[np.int64]


def block_ranges(blocks: Integers, owners: Integers, intervals: Integers) -> tuple[Integers, Integers, Integers]:
    """Return ranges for row blocks ``(B, 2)`` and column intervals ``(I, 2)``, of which number k belongs to a block.

    Intervals of a block that touch are joined.
    """
    order = np.lexsort((intervals[:, 0], owners))
    owners, intervals = owners[order], intervals[order]
    goes_on = np.zeros(len(owners), np.bool_)
    goes_on[1:] = (owners[1:] == owners[:-1]) & (intervals[1:, 0] == intervals[:-1, 1])
    first = np.flatnonzero(~goes_on)
    joined = np.stack([intervals[first, 0], intervals[np.append(first[1:], len(owners)) - 1, 1]], axis=1)
    ends = np.cumsum(np.bincount(owners[first], minlength=len(blocks)))
    return blocks, ends.astype(np.int64), joined


@dataclass(frozen=True, eq=False)
class _Proxies:
    """The cells of one side that have nodes.

    Attributes
    ----------
    side : Side
        The points.
    shape : Geometry
        The cells.
    orders : tuple of int
        Nodes per axis.
    needed : list of integer arrays
        Per level, the numbers of cells that take part in a pair.
    """

    side: Side
    shape: Geometry
    orders: tuple[int, ...]
    needed: list[Integers]

    @cached_property
    def active(self) -> list[Integers]:
        """Per level, the cells that have nodes: those that are needed, and those around them, ascending."""
        found = [np.unique(cells) for cells in self.needed]
        for level in range(len(found) - 1, 0, -1):
            above = np.searchsorted(self.side.children[level - 1], found[level], side="right") - 1
            found[level - 1] = np.union1d(found[level - 1], above)
        return found

    @cached_property
    def first(self) -> Integers:
        """Per level, which of all cells with nodes is the first of the level."""
        return np.cumsum([0, *(len(cells) for cells in self.active)])

    def numbers(self, level: int, cells: Integers) -> Integers:
        """Return which of all cells with nodes some cells of a level are."""
        result: Integers = self.first[level] + np.searchsorted(self.active[level], cells)
        return result

    @cached_property
    def owned(self) -> tuple[Integers, Integers, Integers]:
        """Numbers of cells, levels and intervals of the points that go to a cell directly, by points."""
        found = []
        for level, cells in enumerate(self.active):
            starts = self.side.starts[level]
            low, high = starts[cells].copy(), starts[cells + 1].copy()
            if level + 1 < len(self.active):
                children, below = self.side.children[level], self.active[level + 1]
                is_active = np.zeros(len(self.side.starts[level + 1]), np.bool_)
                is_active[below] = True
                one, two = children[cells], children[cells + 1] - 1
                inner = self.side.starts[level + 1]
                low = np.where(is_active[one], inner[one + 1], low)
                high = np.where(is_active[two], np.minimum(high, inner[two]), high)
            place = np.flatnonzero(low < high)
            found.append(
                np.stack([self.first[level] + place, np.full(len(place), level), low[place], high[place]], axis=1)
            )
        table = np.concatenate(found)
        table = table[np.argsort(table[:, 2])]
        return table[:, 0], table[:, 1], table[:, 2:]

    @cached_property
    def centers(self) -> NDArray[np.float64]:
        """Of all cells with nodes."""
        return np.concatenate(
            [self.shape.centers(k, self.side.coordinates[k][cells]) for k, cells in enumerate(self.active)]
        )

    @cached_property
    def half_sides(self) -> NDArray[np.float64]:
        """Of all cells with nodes, (cells, D)."""
        levels = np.repeat(np.arange(len(self.active)), [len(cells) for cells in self.active])
        return (self.shape.size / self.shape.counts / 2)[levels]

    def node_points(self, dtype: str) -> Array:
        """Return the nodes of all cells, (cells * nodes, D)."""
        local = grid(self.orders)
        points = self.centers[:, None] + local * self.half_sides[:, None]
        return points.reshape(-1, points.shape[-1]).astype(dtype)

    def local(self, points: Array, dtype: str) -> Array:
        """Return the coordinates of sorted points, from -1 to 1 in the cell that each goes to."""
        cells, _, intervals = self.owned
        lengths = intervals[:, 1] - intervals[:, 0]
        if lengths.sum() == len(points):
            inside: Any = slice(None)
        else:
            inside = np.repeat(intervals[:, 0] - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())
        local = np.zeros(points.shape, dtype)
        if len(cells) == 1:
            centers, scales = self.centers[cells], 1 / self.half_sides[cells]
        else:
            centers = np.repeat(self.centers[cells], lengths, axis=0)
            scales = np.repeat(1 / self.half_sides[cells], lengths, axis=0)
        local[inside] = (points[inside] - centers) * scales
        return local


@dataclass(frozen=True, eq=False)
class FarField:
    """A sum over far cells.

    Attributes
    ----------
    reduce : callable
        See `Reduce`.
    rows, columns : Side
        The points.
    shape : Geometry
        The cells.
    orders : tuple of int
        Nodes per axis.
    pairs : list of (pairs, 2) arrays
        Per level, the numbers of cells.
    dtype : str
        Of the arithmetic.
    """

    reduce: Reduce
    rows: Side
    columns: Side
    shape: Geometry
    orders: tuple[int, ...]
    pairs: list[Integers]
    dtype: str

    @cached_property
    def _sides(self) -> tuple[_Proxies, _Proxies]:
        return tuple(  # type: ignore[return-value]
            _Proxies(side, self.shape, self.orders, [pairs[:, k] for pairs in self.pairs])
            for k, side in enumerate((self.rows, self.columns))
        )

    @property
    def _matrices(self) -> list[Array]:
        return [synthesis(order) for order in self.orders]

    @property
    def count(self) -> int:
        """Nodes of a cell."""
        return prod(self.orders)

    def charges(self, points: Array, charges: Array) -> Array:
        """Return the charges at the nodes of all cells of columns, (cells * nodes, charges)."""
        proxies, width = self._sides[1], charges.shape[1]
        cells, _, intervals = proxies.owned
        local = proxies.local(points, self.dtype)
        at_nodes = gathered(self.reduce, self._matrices, intervals, local, charges, self.dtype)
        result = np.zeros((len(proxies.centers), *self.orders, width), self.dtype)
        result[cells] = at_nodes
        self._pass(proxies, result, gathers=True)
        return result.reshape(-1, width)

    def _pass(self, proxies: _Proxies, values: Array, gathers: bool) -> None:
        """Add what is known at cells to those around them, or to those inside."""
        levels = range(len(proxies.active) - 1)
        for level in reversed(levels) if gathers else levels:
            below, axis = proxies.active[level + 1], self.shape.axes[level]
            above = np.searchsorted(proxies.side.children[level], below, side="right") - 1
            halves = proxies.side.coordinates[level + 1][below, axis] & 1
            inner, outer = proxies.numbers(level + 1, below), proxies.numbers(level, above)
            for half in (0, 1):
                chosen = halves == half
                if gathers:
                    values[outer[chosen]] += interpolated(values[inner[chosen]], half, axis, True)
                else:
                    values[inner[chosen]] += interpolated(values[outer[chosen]], half, axis, False)

    def between(self, value: Expr, charges: Array, parameters: Sequence[Array]) -> Array:
        """Return the values at the nodes of all cells of rows, from those of columns."""
        rows, columns = self._sides
        pairs = [
            np.stack([rows.numbers(level, some[:, 0]), columns.numbers(level, some[:, 1])], axis=1)
            for level, some in enumerate(self.pairs)
        ]
        joined = np.concatenate(pairs)
        blocks = np.arange(len(rows.centers))[:, None] * self.count + np.array([0, self.count])
        intervals = joined[:, 1:] * self.count + np.array([0, self.count])
        ranges = None if len(joined) == 1 else block_ranges(blocks, joined[:, 0], intervals)
        points = [side.node_points(self.dtype) for side in (rows, columns)]
        return self.reduce(
            value, len(points[0]), len(points[1]), [*points, charges, None, *parameters], self.dtype, ranges
        )

    def values(self, points: Array, at_nodes: Array) -> Array:
        """Return the values at the points of rows, from those at the nodes of all cells."""
        proxies, width = self._sides[0], at_nodes.shape[1]
        spread = at_nodes.reshape(-1, *self.orders, width)
        self._pass(proxies, spread, gathers=False)
        cells, _, intervals = proxies.owned
        local = proxies.local(points, self.dtype)
        return scattered(self.reduce, self._matrices, intervals, local, spread[cells], self.dtype)
