"""Which mesh is the cheapest for a sum of a formula of differences, by the measured error of interpolation."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, inf, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.pruning.mesh import Mesh
from pairfold.pruning.proxy_survey import Survey

__all__ = ["choose_mesh"]

Array = NDArray[Any]
Reals = NDArray[np.float64]

ORDERS = (4, 6, 8, 10, 12, 14, 16)
"""Nodes of a box per axis: even, so that a cell is in the middle."""

INNER = (1, 3, 5, 7)
"""Cells of a box per axis."""

WIDEST = 4
"""Nodes for each cell of a box, at most: of more, rounding makes what polynomials beyond the middle make of it."""

HALVINGS = 7
"""Steps of the mesh that are looked at: half of the extent of the points, and its halves."""

PAIRS = 128
"""Pairs of points around which the formula is interpolated."""

COLUMNS = 512
"""Columns among which those of the pairs are chosen."""

SMOOTH = 0.5
"""Part of its order that an error has at least as a power of the step: less of it is the error of a kink or a pole."""

MOST_NUMBERS = 1 << 22
"""Numbers in a transform of the mesh, and at the nodes of all boxes: it takes some ten times their memory."""

LEAST = 1e-3
"""Part of what sums are compared with that values of single pairs are at least taken to be."""

ROUNDING = 1e-12
"""Errors below are those of rounding."""

RANDOM, COMMON = 64.0, 0.8
"""How much of the errors of pairs a sum has, relative to the root of their number, and where weights have one sign:
signs of errors follow from the places of points between nodes, and cancel but near the boundary of the points."""

_POINT, _WEIGHT, _TRANSFORM, _VALUE, _NODE = 1e-7, 2e-11, 1.5e-8, 4e-8, 3e-8
"""Seconds: for a point, for a product of weights of a point and a node, for a node in a transform of the mesh, for a
value of the formula, for a node of a box."""


def choose_mesh(survey: Survey, tolerance: float) -> tuple[Mesh, float] | None:
    """Return the cheapest mesh and how many seconds it takes, roughly; None where there is none.

    Parameters
    ----------
    survey : Survey
        Of a sum.
    tolerance : float
        How large the errors of sums may be, relative to those of absolute values.
    """
    if survey.of_difference is None:
        return None
    extents = np.ptp(survey.corners, axis=0)
    measured = _errors(survey, extents)
    if measured is None:
        return None
    usual, at_zero = measured
    # The root mean square for pairs, of interpolation along one axis on one side.
    allowed = tolerance / _kept(survey.task.charges) / np.sqrt(2 * len(extents))
    best, least = None, inf
    for number, order in enumerate(ORDERS):
        for place, inner in enumerate(INNER):
            if inner < order <= WIDEST * inner:
                steps = [
                    _step(usual[:, axis, number, place], at_zero[:, axis, number, place], order, extent, allowed)
                    for axis, extent in enumerate(extents)
                ]
                mesh = _around(survey, extents, steps, order, inner)
                seconds = inf if mesh is None else _seconds(survey, mesh)
                if seconds < least:
                    best, least = mesh, seconds
    return None if best is None else (best, least)


def _kept(charges: Array) -> float:
    """Return how much of the errors of pairs a sum has."""
    sizes = np.abs(charges).sum(axis=0, dtype=np.float64)
    sizes = np.where(sizes > 0, sizes, 1)
    squares = np.square(charges, dtype=np.float64).sum(axis=0) / sizes**2
    shares = np.abs(charges.sum(axis=0, dtype=np.float64)) / sizes
    return float(np.sqrt(RANDOM**2 * squares + (COMMON * shares) ** 2).max())


def _step(errors: Reals, at_zero: Reals, order: int, extent: float, allowed: float) -> float:
    """Return the largest step along an axis with errors that are allowed; 0 where none has.

    Parameters
    ----------
    errors, at_zero : (steps,) arrays
        Those that were measured, and those where row and column coincide: formulas have kinks there.
    order : int
        Nodes along the axis.
    """
    if not extent:
        return 1.0
    good = np.flatnonzero(errors[:-1] <= allowed)
    if not len(good):
        return 0.0
    first = int(good[0])
    for found in (errors, at_zero):
        if found[first + 1] > max(ROUNDING * found[0], 0.5 ** (SMOOTH * order) * found[first]):
            return 0.0
    step = extent / 2.0 ** (first + 1)
    if first and errors[first] > 0:
        # Between two steps, errors are powers of it.
        part = np.log(allowed / errors[first]) / np.log(errors[first - 1] / errors[first])
        step *= 2.0 ** float(np.clip(part, 0, 1))
    return float(step)


def _around(survey: Survey, extents: Reals, steps: list[float], order: int, inner: int) -> Mesh | None:
    """Return the mesh around all points with at most these steps."""
    if not all(steps):
        return None
    has_extent = extents > 0
    counts = [ceil(extent / (inner * step)) if extent else 1 for extent, step in zip(extents, steps, strict=True)]
    orders, inners = ([number if wide else 1 for wide in has_extent] for number in (order, inner))
    # A little more than everything.
    sides = np.where(has_extent, extents * (1 + 1e-6) / counts, 1.0)
    low = np.where(has_extent, survey.corners[0], survey.corners[0] - 0.5)
    return Mesh(low, sides / inners, tuple(orders), tuple(inners), tuple(counts))


def _seconds(survey: Survey, mesh: Mesh) -> float:
    task = survey.task
    rows, columns, _ = task.call.extent
    charges = task.charges.shape[1]
    factors = 1 if task.factors is None else task.factors.shape[1]
    values = task.parts.value.dim * factors
    wide = 2.0 if survey.far_dtype == "float64" else 1.0
    products = _WEIGHT * wide * prod(mesh.orders[:-1]) * sum(mesh.orders)
    length = prod(map(float, mesh.lengths))
    boxes = prod(map(float, mesh.boxes)) * prod(mesh.orders)
    if max(length * charges * values, boxes * max(charges, values)) > MOST_NUMBERS:
        return inf
    return float(
        (rows + columns) * _POINT
        + (rows * values + columns * charges) * products
        + boxes * (values + charges) * _NODE
        + length * (_TRANSFORM * (charges + values + charges * values) + _VALUE * charges * factors)
    )


# ---------------------------------------------------------------- errors


@lru_cache(maxsize=1)
def _weights() -> Reals:
    """Return the weights of nodes, half a step off, for the middle of the outermost cells, (orders, inner, nodes)."""
    count = ORDERS[-1]
    result = np.zeros((len(ORDERS), len(INNER), count))
    for number, order in enumerate(ORDERS):
        first = (count - order) // 2
        places = np.arange(order) - (order - 1) / 2
        for place, inner in enumerate(INNER):
            at = (inner - 1) / 2
            for node in range(order):
                others = np.delete(places, node)
                result[number, place, first + node] = np.prod((at - others) / (places[node] - others))
    return result


def _errors(survey: Survey, extents: Reals) -> tuple[Reals, Reals] | None:
    """Return root mean squares of errors, (steps, axes, orders, inner), and errors where a row and a column coincide.

    None where the formula is not finite.
    """
    count, dim = ORDERS[-1], len(extents)
    rows, columns, shares, usual = _pairs(survey)
    rows, columns = np.concatenate([columns[:1], rows]), np.concatenate([columns[:1], columns])
    offsets = np.concatenate([np.arange(count) - (count - 1) / 2, (np.array(INNER) - 1) / 2])
    lengths = extents * 0.5 ** np.arange(1, HALVINGS + 1)[:, None]
    moved = np.zeros((HALVINGS, dim, len(rows), len(offsets), dim))
    for axis in range(dim):
        moved[:, axis, :, :, axis] = lengths[:, axis, None, None] * offsets
    moved += rows[:, None]
    fixed = np.broadcast_to(columns[:, None], moved.shape)
    values = survey.smoothness.evaluate(moved.reshape(-1, dim), fixed.reshape(-1, dim)).reshape(*moved.shape[:-1], -1)
    if not np.isfinite(values).all():
        return None
    found = np.einsum("pkn,jasne->jaspke", _weights(), values[:, :, :, :count], optimize=True)
    # The last index of the values is that of components: one place for each number of cells.
    wrong = ((found - values[:, :, :, None, count:]) / usual) ** 2
    means = np.einsum("s,jaspke->japke", shares, wrong[:, :, 1:])
    return np.sqrt(means.max(axis=-1)), np.sqrt(wrong[:, :, 0].max(axis=-1))


def _pairs(survey: Survey) -> tuple[Reals, Reals, Reals, Reals]:
    """Return the rows and the columns of some pairs, which share of all pairs each one stands for, and usual values.

    Pairs with large values are more likely to be among them, for errors are largest there. Usual values, one for each
    component, are at most those that sums are compared with: with the charges that stand for all, terms may cancel.
    """
    task, random = survey.task, np.random.default_rng(2)
    every_row = task.points[0][survey.planned].astype(np.float64)
    every_column = task.points[1][random.integers(0, len(task.points[1]), COLUMNS)].astype(np.float64)
    rows = np.repeat(every_row, COLUMNS, axis=0)
    columns = np.tile(every_column, (len(every_row), 1))
    values = np.abs(survey.smoothness.evaluate(rows, columns))
    values[~np.isfinite(values)] = 0
    wanted = survey.averages.mean(axis=0) / np.where(survey.scale > 0, survey.scale, np.inf)
    usual = np.clip(values.mean(axis=0) / np.where(wanted > 0, wanted, 1), LEAST, 1)
    sizes = values.max(axis=1)
    chances = 0.5 / len(sizes) + 0.5 * sizes / max(sizes.sum(), np.finfo(float).tiny)
    chances /= chances.sum()
    chosen = random.choice(len(sizes), PAIRS, p=chances)
    return rows[chosen], columns[chosen], 1 / (len(sizes) * chances[chosen] * PAIRS), usual
