"""Chebyshev interpolation: nodes, the formulas that interpolate, and how well a function can be interpolated.

With the nodes s of the first kind, the polynomial of degree below p that has the values f(s) is the sum over s of
``f(s) (1 + 2 sum_m T_m(s) T_m(t)) / p``, m = 1 ... p - 1 (Fong and Darve 2009, "The black-box fast multipole method").
In a box it is the product of such weights, one per axis. Along the last axis values are summed by polynomials instead
of nodes, which takes p times fewer operations, and are brought to the nodes afterwards.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.ir.expr import Category, Expr, apply
from pairfold.ops.arithmetic import one, variable

__all__ = [
    "coefficients",
    "gathering",
    "grid",
    "interpolated",
    "node_features",
    "nodes",
    "point_features",
    "scattering",
    "synthesis",
]

Array = NDArray[Any]


@lru_cache(maxsize=64)
def nodes(order: int) -> NDArray[np.float64]:
    """Return the nodes in ``[-1, 1]``, ascending.

    Examples
    --------
    >>> nodes(2).round(3).tolist()
    [-0.707, 0.707]
    """
    result: NDArray[np.float64] = -np.cos((2 * np.arange(order) + 1) * np.pi / (2 * order))
    return result


@lru_cache(maxsize=64)
def grid(orders: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the nodes of a cube, (product of orders, D), the last axis fastest."""
    axes = np.meshgrid(*map(nodes, orders), indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=1)


def _polynomials(order: int, at: Array) -> Array:
    return np.polynomial.chebyshev.chebvander(at, order - 1)


@lru_cache(maxsize=64)
def synthesis(order: int) -> NDArray[np.float64]:
    """Return the (nodes, polynomials) matrix that brings sums of polynomials to nodes.

    Its transpose makes coefficients of values at nodes.
    """
    result: NDArray[np.float64] = _polynomials(order, nodes(order)) * (2 / order)
    result[:, 0] /= 2
    return result


def coefficients(values: Array) -> Array:
    """Return Chebyshev coefficients along the last axis from values at nodes."""
    result: Array = values @ synthesis(values.shape[-1])
    return result


@lru_cache(maxsize=64)
def _refinement(order: int, half: int) -> NDArray[np.float64]:
    """Return the (order, order) matrix that brings values at nodes to those of the lower or upper half."""
    result: NDArray[np.float64] = _polynomials(order, nodes(order) / 2 + (half - 0.5)) @ synthesis(order).T
    return result


def interpolated(values: Array, half: int, axis: int, gathers: bool) -> Array:
    """Bring values at the nodes of cubes to those of a half, or gather those of a half at the nodes of the cubes.

    Parameters
    ----------
    values : (cubes, p_1, ..., p_D, E) array
        One value, of E components, per node.
    half, axis : int
        Which half, 0 or 1, along which axis.
    gathers : bool
        The transposed operation.
    """
    matrix = _refinement(values.shape[1 + axis], half).astype(values.dtype)
    moved = np.moveaxis(values, 1 + axis, -1) @ (matrix if gathers else matrix.T)
    result: Array = np.moveaxis(moved, -1, 1 + axis)
    return result


# ---------------------------------------------------------------- points and nodes


def point_features(points: Array, orders: tuple[int, ...]) -> Array:
    """Return T_0, ..., T_(p - 1) of each coordinate of points in ``[-1, 1]``, side by side."""
    result = np.empty((len(points), sum(orders)), points.dtype)
    start = 0
    for axis, order in enumerate(orders):
        t = np.ascontiguousarray(points[:, axis])
        before, now = np.ones_like(t), t
        for m in range(order):
            result[:, start + m] = before
            before, now = now, 2 * t * now - before
        start += order
    return result


@lru_cache(maxsize=64)
def node_features(orders: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the weights that nodes give to the polynomials, for all axes but the last; one row where there is none."""
    if len(orders) == 1:
        return np.ones((1, 1))
    places = np.indices(orders[:-1]).reshape(len(orders) - 1, -1)
    return np.concatenate([synthesis(p)[place] for p, place in zip(orders, places, strict=False)], axis=1)


def _weight(nodes_side: Category, orders: tuple[int, ...], at: int, points_at: int) -> Expr:
    """Return the weight of a node and a point along all axes but the last."""
    node = variable(at, max(1, sum(orders[:-1])), nodes_side)
    point = variable(points_at, sum(orders), nodes_side.other)
    parts, start = [one()] if len(orders) > 1 else [node], 0
    for order in orders[:-1]:
        along = [apply("Extract", side, params=(start, order)) for side in (node, point)]
        parts.append(apply("Sum", along[0] * along[1]))
        start += order
    return reduce(lambda first, second: first * second, parts)


@lru_cache(maxsize=64)
def gathering(orders: tuple[int, ...], charges: int) -> Expr:
    """Return the formula that gathers charges of points at nodes.

    Variable 0 are the features of a node, variable 1 those of a point, variable 2 its charges. It has a component
    for every charge and polynomial of the last axis, the latter fastest.
    """
    last = apply("Extract", variable(1, sum(orders), Category.COLUMN), params=(sum(orders[:-1]), orders[-1]))
    charge = variable(2, charges, Category.COLUMN)
    moments = charge * last if charges == 1 else apply("TensorProd", charge, last)
    return _weight(Category.ROW, orders, 0, 1) * moments


@lru_cache(maxsize=64)
def scattering(orders: tuple[int, ...], values: int) -> Expr:
    """Return the formula that brings values at nodes to points.

    Variable 0 are the features of a point, variable 1 those of a node, variable 2 its values: a component for every
    value and polynomial of the last axis, the latter fastest.
    """
    order = orders[-1]
    last = apply("Extract", variable(0, sum(orders), Category.ROW), params=(sum(orders[:-1]), order))
    given = variable(2, values * order, Category.COLUMN)
    product = apply("Sum", given * last) if values == 1 else apply("MatVecMult", given, last)
    return _weight(Category.COLUMN, orders, 1, 0) * product
