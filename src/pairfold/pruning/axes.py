"""How much a formula changes along the coordinates of points: boxes are cut where it changes most.

Near pairs are what matters. For some rows, the column with the smallest value among some columns is taken, and the
enclosure of the formula on boxes that extend from there along one coordinate at a time says how long such a box is when
the formula changes by a given amount on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold import engine
from pairfold.engine import Call, Extent
from pairfold.ir.expr import Category, Expr
from pairfold.ir.problem import Problem
from pairfold.pruning.boxes import BoxFormula, joined, side_of
from pairfold.reductions import REDUCTIONS
from pairfold.sparsity.tree import LEAF, Boxes

__all__ = ["scales_of"]

Array = NDArray[Any]
Floats = NDArray[np.float64]

ROWS, COLUMNS = 32, 256
"""Points of both sides that are looked at."""

HALVINGS = 16
"""Lengths of boxes: the extent of the points, and its halves."""

RATIO = 4.0
"""Scales that differ by less make no difference."""


def scales_of(
    call: Call, value: Expr, arrays: Sequence[Any], bounds: BoxFormula
) -> tuple[Floats | None, Floats | None]:
    """Return the factors of the coordinates of rows and columns that make boxes near to cubes the best ones.

    Parameters
    ----------
    call : Call
        Without a batch.
    value : Expr
        What small values are looked for of.
    arrays : sequence of arrays
        Of the call.
    bounds : BoxFormula
        Bounds the value.

    Returns
    -------
    (row factors or None, column factors or None)
        At most 1; None where the coordinates are as good as they are.
    """
    given, points = list(arrays), []
    for category, size in ((Category.ROW, ROWS), (Category.COLUMN, COLUMNS)):
        side = side_of((value,), category)
        chosen = _some_finite(joined(arrays, side), size)
        if not len(chosen):
            return None, None
        for v in side:
            given[v.position] = arrays[v.position][chosen]
        points.append(joined(given, side).astype(np.float64))
    rows, columns = points
    options = replace(call.options, progress=False, tolerance=None)
    (best,) = engine.run(
        Call(Problem(value, REDUCTIONS["ArgMin"]), Extent(len(rows), len(columns)), call.dtype, options=options), given
    )
    near = best[:, 0]
    if not (near >= 0).any():
        return None, None
    ends = rows[near >= 0], columns[near[near >= 0]]
    extent = call.extent
    return _scales(bounds, ends, 0, rows, extent.rows), _scales(bounds, ends, 1, columns, extent.columns)


def _some_finite(points: Array, size: int) -> Array:
    chosen = np.unique(np.random.default_rng(0).integers(0, len(points), size))
    return chosen[np.isfinite(points[chosen]).all(axis=1)]


def _scales(bounds: BoxFormula, ends: tuple[Floats, Floats], side: int, points: Floats, count: int) -> Floats | None:
    """Return the factors of one side, 0 for rows."""
    axes = points.shape[1]
    with np.errstate(over="ignore"):
        extents = np.ptp(points, axis=0)
    if axes == 1 or not (extents > 0).all() or not np.isfinite(extents).all():
        return None
    lengths = extents * 0.5 ** np.arange(HALVINGS)[:, None]
    widths = np.stack([_widths(bounds, ends, side, axis, lengths[:, axis]) for axis in range(axes)], axis=1)
    if not np.isfinite(widths).all() or not (widths > 0).all():
        return None
    # The width that boxes of leaves have along the average coordinate.
    usual = min(HALVINGS - 1, round(np.log2(max(1.0, count / LEAF)) / axes))
    wanted = np.exp(np.log(widths[usual]).mean())
    log_lengths = [
        np.interp(np.log(wanted), np.log(w[::-1]), np.log(n[::-1])) for w, n in zip(widths.T, lengths.T, strict=True)
    ]
    scales = np.exp(min(log_lengths) - np.array(log_lengths))
    return scales if scales.min() * RATIO < 1 else None


def _widths(bounds: BoxFormula, ends: tuple[Floats, Floats], side: int, axis: int, lengths: Floats) -> Floats:
    """Return by how much the value may change along one coordinate, for boxes of some lengths."""
    count = len(ends[0])
    corners = [[np.tile(points, (len(lengths), 1)) for _ in range(2)] for points in ends]
    half = np.repeat(lengths / 2, count)
    corners[side][0][:, axis] -= half
    corners[side][1][:, axis] += half
    starts = np.arange(count * len(lengths) + 1)
    rows, columns = (Boxes(low, high, starts) for low, high in corners)
    low, high = bounds.ends(rows, starts[:-1], columns, starts[:-1])
    with np.errstate(invalid="ignore"):
        return np.asarray(np.median((high - low).sum(axis=1).reshape(len(lengths), count), axis=1))
