"""Chebyshev interpolation: nodes, the formulas that interpolate, and how well a function can be interpolated.

With the nodes s of the first kind, the polynomial of degree below p that has the values f(s) is the sum over s of
``f(s) (1 + 2 sum_m T_m(s) T_m(t)) / p``, m = 1 ... p - 1 (Fong and Darve 2009, "The black-box fast multipole method").
In a box it is the product of such weights, one per axis. Along the last axis values are summed by polynomials instead
of nodes, which takes p times fewer operations, and are brought to the nodes afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def node_features(matrices: Sequence[Array]) -> Array:
    """Return the weights that nodes give to the polynomials, for all axes but the last; one row where there is none.

    Parameters
    ----------
    matrices : sequence of (nodes, polynomials) arrays
        Per axis, what brings sums of polynomials to nodes, such as `synthesis`.
    """
    *others, _ = matrices
    if not others:
        return np.ones((1, 1))
    places = np.indices([len(matrix) for matrix in others]).reshape(len(others), -1)
    return np.concatenate([matrix[place] for matrix, place in zip(others, places, strict=True)], axis=1)


def _point_features(points: Expr, orders: tuple[int, ...]) -> list[Expr]:
    """Return T_0, ..., T_(p - 1) of each coordinate of points in ``[-1, 1]``."""
    found = []
    for axis, order in enumerate(orders):
        t = points if len(orders) == 1 else apply("Extract", points, params=(axis, 1))
        polynomials = [one(), t]
        while len(polynomials) < order:
            polynomials.append((t + t) * polynomials[-1] - polynomials[-2])
        found.append(reduce(lambda first, second: apply("Concat", first, second), polynomials[:order]))
    return found


def _weight(nodes_side: Category, orders: tuple[int, ...], at: int, features: Sequence[Expr]) -> Expr:
    """Return the weight of a node and a point along all axes but the last."""
    node = variable(at, max(1, sum(orders[:-1])), nodes_side)
    parts, start = [one()] if len(orders) > 1 else [node], 0
    for order, along in zip(orders[:-1], features, strict=False):
        parts.append(apply("Sum", apply("Extract", node, params=(start, order)) * along))
        start += order
    return reduce(lambda first, second: first * second, parts)


@lru_cache(maxsize=64)
def gathering(orders: tuple[int, ...], charges: int) -> Expr:
    """Return the formula that gathers charges of points at nodes.

    Variable 0 are the features of a node, variable 1 the coordinates of a point in its box, from -1 to 1, variable 2
    its charges. It has a component for every charge and polynomial of the last axis, the latter fastest.
    """
    features = _point_features(variable(1, len(orders), Category.COLUMN), orders)
    charge = variable(2, charges, Category.COLUMN)
    moments = charge * features[-1] if charges == 1 else apply("TensorProd", charge, features[-1])
    return _weight(Category.ROW, orders, 0, features) * moments


@lru_cache(maxsize=64)
def scattering(orders: tuple[int, ...], values: int) -> Expr:
    """Return the formula that brings values at nodes to points.

    Variable 0 are the coordinates of a point in its box, variable 1 the features of a node, variable 2 its values: a
    component for every value and polynomial of the last axis, the latter fastest.
    """
    features = _point_features(variable(0, len(orders), Category.ROW), orders)
    given = variable(2, values * orders[-1], Category.COLUMN)
    product = apply("Sum", given * features[-1]) if values == 1 else apply("MatVecMult", given, features[-1])
    return _weight(Category.COLUMN, orders, 1, features) * product
