"""Sums of a formula of differences through one mesh for all points.

Charges are spread to the nodes of a regular mesh, those near each point, values at nodes are interpolated at the rows,
with the same weights. Between the nodes, a formula that depends on the difference of row and column alone is a
convolution, which fast Fourier transforms carry out (Hockney and Eastwood 1981, "Computer simulation using particles").
A box of the mesh has some cells in its middle, in which its points are, and nodes beyond: polynomials through equally
spaced nodes are accurate in the middle only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from pairfold.ir.expr import Expr
from pairfold.pruning.chebyshev import coefficients, nodes
from pairfold.pruning.proxy_task import Task
from pairfold.pruning.spreading import gathered, scattered

__all__ = ["Mesh", "mesh_sums"]

Array = NDArray[Any]
Integers = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mesh:
    """Equally spaced nodes around all points.

    Attributes
    ----------
    low : (D,) array
        The lowest corner of the first box.
    steps : (D,) array
        From node to node.
    orders : tuple of int
        Nodes of a box per axis.
    inner : tuple of int
        Cells of a box per axis: as many steps are from box to box.
    boxes : tuple of int
        Their number per axis.
    """

    low: Reals
    steps: Reals
    orders: tuple[int, ...]
    inner: tuple[int, ...]
    boxes: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Nodes per axis."""
        shape = zip(self.inner, self.boxes, self.orders, strict=True)
        return tuple(inner * (count - 1) + order for inner, count, order in shape)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Of transforms, per axis: all differences of nodes have their place."""
        return tuple(_fast_length(2 * size - 1) for size in self.sizes)


def _fast_length(least: int) -> int:
    """Return a number that has no prime factors but 2, 3 and 5.

    Examples
    --------
    >>> [_fast_length(least) for least in (1, 7, 31, 61)]
    [1, 8, 32, 64]
    """
    found = least
    while True:
        rest = found
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return found
        found += 1


def mesh_sums(task: Task, mesh: Mesh, value: Expr, dtype: str) -> Array:
    """Return the sums, one row per row, with the values for each factor of a row side by side.

    Parameters
    ----------
    task : Task
        The sum.
    mesh : Mesh
        Where its points are.
    value : Expr
        The formula of one difference of row and column, its variable number 0, with charges and factors as parameters.
    dtype : str
        Of the arithmetic.
    """
    points, columns_points = task.points
    rows = _Sorted.of(points, mesh, dtype)
    is_same = points.shape == columns_points.shape and np.array_equal(points, columns_points)
    columns = rows if is_same else _Sorted.of(columns_points, mesh, dtype)
    matrices = [_to_nodes(order, inner) for order, inner in zip(mesh.orders, mesh.inner, strict=True)]
    charges = gathered(task.reduce, matrices, columns.intervals, columns.local, task.charges[columns.order], dtype)
    at_nodes = _convolved(task, mesh, value, _added(charges, columns.boxes, mesh), dtype)
    found = scattered(task.reduce, matrices, rows.intervals, rows.local, _windows(at_nodes, rows.boxes, mesh), dtype)
    result = np.empty_like(found)
    result[rows.order] = found
    return result


# ---------------------------------------------------------------- points


@dataclass(frozen=True, eq=False)
class _Sorted:
    """The points of one side, box by box.

    Attributes
    ----------
    order : (N,) array
        The number that each of them had.
    boxes : (boxes,) array
        The numbers of the boxes that have some.
    intervals : (boxes, 2) array
        Which ones.
    local : (N, D) array
        Their coordinates, from -1 to 1 in the middle of the box.
    """

    order: Integers
    boxes: Integers
    intervals: Integers
    local: Array

    @staticmethod
    def of(points: Array, mesh: Mesh, dtype: str) -> _Sorted:
        """Sort points into the boxes of a mesh."""
        local = np.empty(points.shape, dtype)
        kind: Any = np.uint16 if prod(mesh.boxes) <= 1 << 16 else np.int64
        numbers: Array = np.zeros(len(points), kind)
        for axis, count in enumerate(mesh.boxes):
            low, side = float(mesh.low[axis]), float(mesh.inner[axis] * mesh.steps[axis])
            places = (points[:, axis].astype(dtype, copy=False) - low) * (1 / side)
            own = np.clip(places, 0, count - 1).astype(kind)
            numbers = numbers * kind(count) + own
            local[:, axis] = 2 * (places - own) - 1
        # Of 16 bits, this is a radix sort.
        order = np.argsort(numbers, kind="stable")
        numbers = numbers[order]
        first = np.concatenate([[0], np.flatnonzero(numbers[1:] != numbers[:-1]) + 1])
        intervals = np.stack([first, np.append(first[1:], len(points))], axis=1)
        return _Sorted(order, numbers[first].astype(np.int64), intervals, local[order])


@lru_cache(maxsize=64)
def _to_nodes(order: int, inner: int) -> Reals:
    """Return the (nodes, polynomials) matrix of the weights that the nodes of a box have for points in its middle."""
    places, at = (2 * np.arange(order) - (order - 1)) / inner, nodes(order)
    weights = np.ones((order, order))
    for node in range(order):
        for other in range(order):
            if other != node:
                weights[node] *= (at - places[other]) / (places[node] - places[other])
    return coefficients(weights)


# ---------------------------------------------------------------- boxes and mesh


def _added(charges: Array, boxes: Integers, mesh: Mesh) -> Array:
    """Return the charges of the mesh, (charges, *nodes), from those at the nodes of boxes."""
    dim = len(mesh.boxes)
    if len(boxes) < prod(mesh.boxes):
        every = np.zeros((prod(mesh.boxes), *charges.shape[1:]), charges.dtype)
        every[boxes] = charges
        charges = every
    # In the order: boxes along the axes left, nodes along these, charges, nodes of the mesh along the axes done.
    charges = charges.reshape(*mesh.boxes, *charges.shape[1:])
    for axis, (order, inner, count, size) in enumerate(
        zip(mesh.orders, mesh.inner, mesh.boxes, mesh.sizes, strict=True)
    ):
        by_node = np.moveaxis(charges, dim - axis, 0)
        total = np.zeros((size, *by_node.shape[2:]), charges.dtype)
        for node in range(order):
            total[node : node + inner * (count - 1) + 1 : inner] += by_node[node]
        charges = np.moveaxis(total, 0, -1)
    return charges


def _windows(values: Array, boxes: Integers, mesh: Mesh) -> Array:
    """Return the values at the nodes of boxes, (boxes, *nodes, values), from those of the mesh."""
    own, *along = values.strides
    windows = as_strided(
        values,
        (len(values), *mesh.boxes, *mesh.orders),
        (own, *(inner * stride for inner, stride in zip(mesh.inner, along, strict=True)), *along),
        writeable=False,
    )
    places: Any = (slice(None), *np.unravel_index(boxes, mesh.boxes))
    chosen = windows[places]
    return np.ascontiguousarray(np.moveaxis(chosen, 0, -1))


def _convolved(task: Task, mesh: Mesh, value: Expr, charges: Array, dtype: str) -> Array:
    """Return the values at the nodes of a mesh, (values, *nodes): for each factor of a row, those of the formula."""
    axes, lengths = tuple(range(1, charges.ndim)), mesh.lengths
    given = np.fft.rfftn(charges, lengths, axes)
    places = [np.arange(1 - size, size) * step for size, step in zip(mesh.sizes, mesh.steps, strict=True)]
    differences = np.stack(np.meshgrid(*places, indexing="ij"), axis=-1)
    shape = differences.shape[:-1]
    factors = [None] if task.factors is None else list(np.eye(task.factors.shape[1]))
    found = []
    for factor in factors:
        total: Any = 0
        for unit, spectrum in zip(np.eye(len(charges)), given, strict=True):
            arrays = [differences.reshape(-1, len(shape)), None, unit, factor, *task.parameters]
            between = task.reduce(value, prod(shape), 1, arrays, "float64")
            kernel = np.zeros((between.shape[1], *lengths), dtype)
            kernel[tuple(map(slice, kernel.shape[:1] + shape))] = between.T.reshape(-1, *shape)
            total = total + np.fft.rfftn(kernel, lengths, axes) * spectrum
        found.append(total)
    sums = np.fft.irfftn(np.concatenate(found), lengths, axes)
    # Differences begin with the lowest, not with 0.
    middle = [slice(None), *(slice(size - 1, 2 * size - 1) for size in mesh.sizes)]
    return np.ascontiguousarray(sums[tuple(middle)].astype(dtype, copy=False))
