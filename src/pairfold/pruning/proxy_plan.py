"""Which pairs of cells are interpolated, which are left out, and which are looked at pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.pruning.cells import Side
from pairfold.pruning.smoothness import Smoothness
from pairfold.sparsity.ranges import TILE

__all__ = ["SAFETY", "Model", "Walk", "in_tiles", "walk"]

Integers = NDArray[np.int64]

_LEFT_OUT, _INTERPOLATED, _CUT = range(3)

_STEP = 600.0
"""What it costs to handle a pair of cells, in pairs of points."""

_BIAS = 0.1
"""How much smaller errors of what is left out must be: they have one sign, those of interpolation both."""

SAFETY = 3.0
"""How many times the root mean square of errors the worst one is."""


COHERENT = 10.0
"""How many times more errors near a kink or a pole count, which have one sign there."""

_SLOW = 0.2
"""What twice as many nodes leave of an error that is slow to decrease: that of a kink or a pole."""


def in_tiles(rows: int | Integers) -> int | Integers:
    """Return as how many rows a block counts for a kernel."""
    return -(-rows // TILE) * TILE


@dataclass(frozen=True, eq=False)
class Model:
    """What decides about a pair of cells.

    Attributes
    ----------
    smoothness : Smoothness
        The errors.
    orders : tuple of int
        Nodes per axis; none when nothing is interpolated.
    tolerance : float
        How large errors may be, if they are made for all columns.
    peak : float
        How large the error of any single pair may be.
    far : float
        What the formula costs between two nodes, in pairs of points.
    """

    smoothness: Smoothness
    orders: tuple[int, ...]
    tolerance: float
    peak: float
    far: float

    @property
    def cost(self) -> float:
        """What a pair of cells costs that is interpolated."""
        count = prod(self.orders or (TILE,))
        return float(in_tiles(count) * count * self.far)

    def fates(self, level: int, offsets: Integers, allowed: float) -> tuple[Any, Any, Any]:
        """Return what is done with pairs of cells of some offsets (n, D), the error, and whether a kink makes it."""
        apart = np.abs(offsets)
        shape = tuple(apart.max(axis=0) + 1)
        codes = np.ravel_multi_index(tuple(apart.T), shape)
        places = np.zeros(prod(shape), np.int64)
        places[codes] = 1
        present = np.flatnonzero(places)
        places[present] = np.arange(len(present))
        lost = self.smoothness.at(level, np.stack(np.unravel_index(present, shape), axis=1))
        order, leaving = max(self.orders or (1,)), lost[:, 0, 0]
        interpolating, peak = (lost[:, k, order] if self.orders else np.full(len(lost), np.inf) for k in (0, 1))
        found = np.full(len(present), _CUT, np.int8)
        found[(interpolating <= allowed) & (peak <= self.peak)] = _INTERPOLATED
        found[leaving <= _BIAS * allowed] = _LEFT_OUT
        error = np.where(found == _LEFT_OUT, leaving, interpolating)
        is_rough = lost[:, 0, min(2 * order, lost.shape[-1] - 1)] > _SLOW * interpolating
        which = places[codes]
        return found[which], error[which], is_rough[which]


@dataclass(frozen=True, eq=False)
class Walk:
    """What becomes of all pairs of cells.

    Attributes
    ----------
    far : list of (pairs, 2) arrays
        Per level, numbers of the cells of rows and columns that are interpolated.
    near : list of (pairs, 2) arrays
        Per level, those that are looked at pair by pair.
    cost : float
        What both cost, in pairs of points.
    errors : array
        What is expected for each row that was followed, in units of the scale.
    """

    far: list[Integers]
    near: list[Integers]
    cost: float
    errors: NDArray[np.float64]


def walk(
    rows: Side, columns: Side, model: Model, caution: float, paths: list[Integers] | None = None, limit: float = np.inf
) -> Walk | None:
    """Descend from the pair of everything with everything.

    Parameters
    ----------
    rows, columns : Side
        The cells.
    model : Model
        What decides.
    caution : float
        How much larger the worst errors may be than the tolerance.
    paths : list of arrays, optional
        Per level, the cells of some rows: other ones are not followed, and the cost is that of all by proportion.
    limit : float
        The walk is given up when it costs more.
    """
    pairs = np.zeros((1, 2), np.int64)
    seen = float(columns.starts[0][-1])
    far, near = [], []
    count = 0 if paths is None else len(paths[0])
    squares, linear = np.zeros(count), np.zeros(count)
    cost, last = 0.0, len(rows.starts) - 1
    for level in range(last + 1):
        r, c = pairs[:, 0], pairs[:, 1]
        row_sizes, column_sizes = rows.sizes[level][r], columns.sizes[level][c]
        weights = rows.sizes[level] if paths is None else np.bincount(paths[level], minlength=len(rows.sizes[level]))
        scale = float(rows.starts[0][-1]) / float(weights.sum())
        wanted = weights[r]
        allowed = model.tolerance * caution * float(weights.sum()) * seen / float(wanted @ column_sizes)
        offsets = columns.coordinates[level][c] - rows.coordinates[level][r]
        fates, lost, is_rough = model.fates(level, offsets, allowed)
        direct = in_tiles(row_sizes) * column_sizes
        is_small = (direct <= model.cost + _STEP) | (level == last)
        is_far = (fates == _INTERPOLATED) & (direct > model.cost)
        is_near = ((fates == _CUT) & is_small) | ((fates == _INTERPOLATED) & ~is_far)
        share = wanted * (scale / row_sizes)
        cost += float(_STEP * share.sum() + model.cost * share[is_far].sum() + share[is_near] @ direct[is_near])
        if cost > limit:
            return None
        if paths is not None:
            made = column_sizes / seen * lost
            squares += np.bincount(r[is_far], made[is_far] ** 2, len(weights))[paths[level]]
            in_full = (fates == _LEFT_OUT) | (is_far & is_rough)
            made = np.where(in_full, made, 0) * np.where(is_far, COHERENT, 1)
            linear += np.bincount(r, made, len(weights))[paths[level]]
        far.append(pairs[is_far])
        near.append(pairs[is_near])
        pairs = pairs[(fates == _CUT) & ~is_small]
        if not len(pairs):
            break
        below = None if paths is None else np.bincount(paths[level + 1], minlength=len(rows.sizes[level + 1])) > 0
        pairs = _inside(pairs, rows.children[level], columns.children[level], below)
    return Walk(far, near, cost, SAFETY * np.sqrt(squares) + linear)


def _inside(
    pairs: Integers, row_children: Integers, column_children: Integers, wanted: NDArray[np.bool_] | None
) -> Integers:
    """Return the pairs of cells inside pairs of cells; each cell has one or two inside."""
    r, c = pairs[:, 0], pairs[:, 1]
    first, last = row_children[r], row_children[r + 1] - 1
    by_rows = np.concatenate([np.stack([first, c], 1), np.stack([last, c], 1)[last > first]])
    if wanted is not None:
        by_rows = by_rows[wanted[by_rows[:, 0]]]
    r, c = by_rows[:, 0], by_rows[:, 1]
    first, last = column_children[c], column_children[c + 1] - 1
    return np.concatenate([np.stack([r, first], 1), np.stack([r, last], 1)[last > first]])
