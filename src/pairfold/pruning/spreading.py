"""Between points and the nodes of the cells that they are in: charges are gathered at nodes, values go to points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.pruning.chebyshev import gathering, node_features, scattering

__all__ = ["Reduce", "gathered", "scattered"]

Array = NDArray[Any]
Integers = NDArray[np.int64]

Reduce = Callable[..., Array]
"""``reduce(value, rows, columns, arrays, dtype, ranges) -> (rows, E) array``: a sum over columns."""


def gathered(
    reduce: Reduce, matrices: Sequence[Array], intervals: Integers, local: Array, charges: Array, dtype: str
) -> Array:
    """Return the charges at the nodes of cells, ``(cells, *nodes per axis, charges)``.

    Parameters
    ----------
    reduce : callable
        See `Reduce`.
    matrices : sequence of (nodes, polynomials) arrays
        Per axis, what brings sums of Chebyshev polynomials of the coordinates to nodes.
    intervals : (cells, 2) array
        Which points are in a cell.
    local : (points, D) array
        Coordinates in the cell, from -1 to 1.
    charges : (points, charges) array
        What is gathered.
    dtype : str
        Of the arithmetic.
    """
    orders, width = tuple(map(len, matrices)), charges.shape[1]
    features = node_features(matrices).astype(dtype)
    cells, size = len(intervals), len(features)
    ranges = None
    if not _is_all(intervals, len(local)):
        ranges = (_blocks(cells, size), np.arange(1, cells + 1), intervals)
    found = reduce(
        gathering(orders, width),
        cells * size,
        len(local),
        [np.tile(features, (cells, 1)), local, charges],
        dtype,
        ranges,
    ).reshape(cells, *orders[:-1], width, orders[-1])
    return np.moveaxis(found @ matrices[-1].T.astype(dtype), -1, -2)


def scattered(
    reduce: Reduce, matrices: Sequence[Array], intervals: Integers, local: Array, at_nodes: Array, dtype: str
) -> Array:
    """Return the values at points, ``(points, values)``, from those at the nodes of cells: the other way of `gathered`.

    Parameters
    ----------
    at_nodes : (cells, *nodes per axis, values) array
        What is interpolated. For the other parameters, see `gathered`.
    """
    orders, width = tuple(map(len, matrices)), at_nodes.shape[-1]
    features = node_features(matrices).astype(dtype)
    cells, size = len(intervals), len(features)
    moments = np.moveaxis(at_nodes, -2, -1) @ matrices[-1].astype(dtype)
    ranges = None
    if not _is_all(intervals, len(local)):
        ranges = (intervals, np.arange(1, cells + 1), _blocks(cells, size))
    return reduce(
        scattering(orders, width),
        len(local),
        cells * size,
        [local, np.tile(features, (cells, 1)), moments.reshape(-1, width * orders[-1])],
        dtype,
        ranges,
    )


def _is_all(intervals: Integers, count: int) -> bool:
    return len(intervals) == 1 and int(intervals[0, 1] - intervals[0, 0]) == count


def _blocks(count: int, size: int) -> Integers:
    """Return the intervals of `count` blocks of one size."""
    result: Integers = np.arange(count)[:, None] * size + np.array([0, size])
    return result
