"""Group points into clusters, sort arrays by cluster, and say which clusters see each other.

A block-sparse reduction needs points that belong together side by side, and ranges that name them:

1. `grid_cluster` gives every point the number of its cell, `tree_cluster` that of its leaf (any labels will do);
2. `sort_clusters` sorts the arrays by label, `cluster_ranges` says where each cluster lies;
3. `from_matrix` turns a matrix of booleans, "cluster k sees cluster l", into the six arrays for ``ranges=``.

Everything here works on NumPy arrays; labels are int64, and every order is stable.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pairfold.errors import ArgumentValueError
from pairfold.sparsity.masks import Mask, band, lower, radius, segments, upper
from pairfold.sparsity.ranges import TILE, Integers, Ranges, as_host_array, swap_axes, validate_ranges

__all__ = [
    "Mask",
    "band",
    "cluster_centroids",
    "cluster_ranges",
    "cluster_ranges_centroids",
    "from_matrix",
    "grid_cluster",
    "lower",
    "radius",
    "segments",
    "sort_clusters",
    "swap_axes",
    "tree_cluster",
    "upper",
]

Array = NDArray[Any]
_Arrays = TypeVar("_Arrays", bound="Array | tuple[Array, ...] | list[Array]")


def grid_cluster(x: ArrayLike, size: ArrayLike, origin: ArrayLike = 0.0) -> Integers:
    """Return the number of the grid cell of every point.

    The cell of a point is ``floor((x - origin) / size)``, computed in float64; it does not depend on the other
    points, so two clouds that are clustered with one size share their cells. Cells that hold points are numbered in
    lexicographic order of their coordinates.

    Parameters
    ----------
    x : (N, D) array
        Points, finite, of any dimension.
    size : float or (D,) array
        Side of a cell, greater than 0.
    origin : float or (D,) array
        A corner of a cell.

    Returns
    -------
    (N,) int64 array
        Labels from 0 to C - 1, where C is the number of cells that hold points.

    Raises
    ------
    ArgumentValueError
        If a shape, a coordinate or the size is wrong.

    Examples
    --------
    >>> grid_cluster([[0.1, 0.1], [0.9, 0.9], [0.2, 0.2], [0.1, 0.8]], size=0.5)
    array([0, 2, 0, 1])
    """
    points = _points(x)
    dimension = points.shape[1]
    sides = _per_axis(size, dimension, "size")
    corner = _per_axis(origin, dimension, "origin")
    if not np.all(sides > 0):
        raise ArgumentValueError(f"size is {size!r}; the side of a cell must be greater than 0.")
    labels = np.zeros(len(points), np.int64)
    for axis in range(dimension):
        cells, rank = np.unique(np.floor((points[:, axis] - corner[axis]) / sides[axis]), return_inverse=True)
        # Both factors are at most N, so the code cannot overflow; ranks keep the lexicographic order.
        labels = np.unique(labels * len(cells) + rank.reshape(-1), return_inverse=True)[1].reshape(-1)
    return labels.astype(np.int64, copy=False)


def tree_cluster(x: ArrayLike, leaf: int = TILE) -> Integers:
    """Return the number of the leaf of a k-d tree for every point: equal numbers of points that are near each other.

    A box of points is halved across its longest side until it holds at most `leaf` points; every leaf but the last
    has exactly that many. Sorted by these labels, points fill the tiles of a kernel best, whatever their density and
    dimension: see `radius`.

    Parameters
    ----------
    x : (N, D) array
        Points, finite, of any dimension.
    leaf : int
        Number of points of a leaf, at least 1.

    Returns
    -------
    (N,) int64 array
        Labels from 0 to C - 1, where C is N / `leaf`, rounded up.

    Raises
    ------
    ArgumentValueError
        If a shape, a coordinate or `leaf` is wrong.

    Examples
    --------
    >>> tree_cluster([[0.0], [9.0], [1.0], [8.0], [2.0]], leaf=2)
    array([0, 2, 0, 1, 1])
    """
    points = _points(x)
    if leaf < 1:
        raise ArgumentValueError(f"leaf is {leaf!r}; a leaf holds at least 1 point.")
    order = np.arange(len(points))
    # Boxes lie one after the other in `order`; all of one level are halved at once.
    leaves = np.array([-(-len(points) // leaf)])
    while np.any(leaves > 1):
        starts = np.concatenate([[0], np.cumsum(leaves[:-1])]) * leaf
        box = np.repeat(np.arange(len(leaves)), np.diff(np.append(starts, len(points))))
        sorted_points = points[order]
        extents = np.maximum.reduceat(sorted_points, starts) - np.minimum.reduceat(sorted_points, starts)
        along = np.take_along_axis(sorted_points, extents.argmax(axis=1)[box, None], axis=1)[:, 0]
        order = order[np.lexsort((along, box))]
        halves = np.stack([leaves // 2, leaves - leaves // 2], axis=1).ravel()
        leaves = halves[halves > 0]
    labels = np.empty(len(points), np.int64)
    labels[order] = np.arange(len(points)) // leaf
    return labels


def sort_clusters(x: _Arrays, lab: ArrayLike) -> tuple[_Arrays, Integers]:
    """Sort arrays by label; points of equal label keep their order.

    Parameters
    ----------
    x : (N, ...) array, or tuple or list of such arrays
        What to sort.
    lab : (N,) integers
        Labels.

    Returns
    -------
    array, tuple or list
        The sorted arrays, in the container that was given.
    (N,) int64 array
        The sorted labels.

    Raises
    ------
    ArgumentValueError
        If lengths differ or labels are no integers from 0.

    Examples
    --------
    >>> sort_clusters(np.asarray([10, 11, 12, 13]), [1, 0, 1, 0])
    (array([11, 13, 10, 12]), array([0, 0, 1, 1]))
    """
    labels = _labels(lab)
    order = np.argsort(labels, kind="stable")
    if isinstance(x, tuple | list):
        parts = [_of_length(part, len(labels), f"x[{k}]")[order] for k, part in enumerate(x)]
        arrays: Any = parts if isinstance(x, list) else tuple(parts)
    else:
        arrays = _of_length(x, len(labels), "x")[order]
    return arrays, labels[order]


def cluster_ranges(lab: ArrayLike, Nlab: ArrayLike | None = None) -> Integers:  # noqa: N803 - a name that users pass
    """Return where each cluster lies once the points are sorted by label.

    Parameters
    ----------
    lab : (N,) integers
        Labels, in any order.
    Nlab : (C,) integers, optional
        Number of points of each label, if known.

    Returns
    -------
    (C, 2) int64 array
        Cluster k is ``[first, last)``; C is the largest label plus 1, and an empty cluster has ``first == last``.

    Raises
    ------
    ArgumentValueError
        If the labels are no integers from 0.

    Examples
    --------
    >>> cluster_ranges([0, 0, 2, 2, 2])
    array([[0, 2],
           [2, 2],
           [2, 5]])
    """
    ends = np.cumsum(_counts(_labels(lab), Nlab))
    return np.stack([np.concatenate([np.zeros(min(1, len(ends)), np.int64), ends[:-1]]), ends], axis=1)


def cluster_centroids(
    x: ArrayLike,
    lab: ArrayLike,
    Nlab: ArrayLike | None = None,  # noqa: N803 - a name that users pass
    weights: ArrayLike | None = None,
    weights_c: ArrayLike | None = None,
) -> Array:
    """Return the (weighted) mean of each cluster.

    Parameters
    ----------
    x : (N, D) array
        Points.
    lab : (N,) integers
        Labels, in any order.
    Nlab : (C,) integers, optional
        Number of points of each label, if known.
    weights : (N,) or (N, 1) array, optional
        Weight of each point; 1 when left out.
    weights_c : (C,) or (C, 1) array, optional
        Sum of the weights of each cluster, if known.

    Returns
    -------
    (C, D) array
        In the dtype of `x` (float64 for integers), summed in float64. NaN for a cluster without points or weight.

    Raises
    ------
    ArgumentValueError
        If shapes do not agree or the labels are no integers from 0.

    Examples
    --------
    >>> cluster_centroids([[0.0, 0.0], [2.0, 4.0], [7.0, 7.0]], [0, 0, 1])
    array([[1., 2.],
           [7., 7.]])
    """
    labels, points = _labels(lab), _points(x, finite=False)
    _of_length(points, len(labels), "x")
    if weights is None:
        totals: Array = _counts(labels, Nlab)
        moments = points
    else:
        mass = _weights(weights, len(labels), "weights")
        totals = np.bincount(labels, mass) if weights_c is None else _weights(weights_c, None, "weights_c")
        moments = points * mass[:, None]
        if len(totals) <= labels.max(initial=-1):
            raise ArgumentValueError(
                f"weights_c has {len(totals)} entries, but the largest label is {labels.max()}: it needs one number "
                "per cluster."
            )
    clusters = len(totals)
    sums = [np.bincount(labels, moments[:, axis], minlength=clusters) for axis in range(points.shape[1])]
    result = np.stack(sums, axis=1) if sums else np.zeros((clusters, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        result = np.where(totals[:, None] == 0, np.nan, result / totals[:, None])
    given = as_host_array(x).dtype
    return result.astype(given if given.kind == "f" else np.float64)


def cluster_ranges_centroids(
    x: ArrayLike, lab: ArrayLike, weights: ArrayLike | None = None, min_weight: float = 1e-9
) -> tuple[Integers, Array, Array]:
    """Return ranges, centroids and weights of all clusters.

    Parameters
    ----------
    x : (N, D) array
        Points.
    lab : (N,) integers
        Labels, in any order.
    weights : (N,) or (N, 1) array, optional
        Weight of each point; 1 when left out.
    min_weight : float
        Smaller weights count as this, so that a cluster of weightless points has its mean as centroid, and no NaN.

    Returns
    -------
    (C, 2) int64 array
        As `cluster_ranges`.
    (C, D) array
        As `cluster_centroids`.
    (C,) float64 array
        Sum of the weights of each cluster.

    Raises
    ------
    ArgumentValueError
        As `cluster_centroids`.

    Examples
    --------
    >>> ranges, centroids, weights = cluster_ranges_centroids([[0.0], [2.0], [7.0]], [0, 0, 1])
    >>> ranges.tolist(), centroids.tolist(), weights.tolist()
    ([[0, 2], [2, 3]], [[1.0], [7.0]], [2.0, 1.0])
    """
    labels = _labels(lab)
    counts = _counts(labels, None)
    if weights is None:
        return cluster_ranges(labels, counts), cluster_centroids(x, labels, counts), counts.astype(np.float64)
    mass = np.maximum(_weights(weights, len(labels), "weights"), min_weight)
    totals = np.bincount(labels, mass)
    return cluster_ranges(labels, counts), cluster_centroids(x, labels, counts, mass, totals), totals


def from_matrix(ranges_i: ArrayLike, ranges_j: ArrayLike, keep: ArrayLike) -> Ranges:
    """Turn "cluster k of the rows sees cluster l of the columns" into the six arrays for ``ranges=``.

    Parameters
    ----------
    ranges_i : (C, 2) integers
        Clusters of rows, as `cluster_ranges` returns them.
    ranges_j : (L, 2) integers
        Clusters of columns.
    keep : (C, L) booleans
        Which pairs of clusters are kept.

    Returns
    -------
    tuple of six int64 arrays
        ``(ranges_i, slices_i, redranges_j, ranges_j, slices_j, redranges_i)``, see `pairfold.sparsity.ranges`.

    Raises
    ------
    ArgumentValueError
        If shapes do not agree, or the clusters are no intervals of integers.

    Examples
    --------
    >>> ranges = from_matrix([[0, 2], [3, 6]], [[0, 3], [3, 4], [6, 8]], [[True, False, True], [False, True, False]])
    >>> [array.tolist() for array in ranges[:3]]
    [[[0, 2], [3, 6]], [2, 3], [[0, 3], [6, 8], [3, 4]]]
    """
    blocks_i, blocks_j = as_host_array(ranges_i), as_host_array(ranges_j)
    table = as_host_array(keep)
    if table.dtype.kind not in "biu":
        raise ArgumentValueError(f"keep has dtype {table.dtype}; it must be a matrix of booleans.")
    if table.shape != (len(blocks_i), len(blocks_j)):
        raise ArgumentValueError(
            f"keep has shape {table.shape}; with {len(blocks_i)} clusters of rows and {len(blocks_j)} clusters of "
            f"columns it must be ({len(blocks_i)}, {len(blocks_j)})."
        )
    kept = table.astype(np.bool_)
    halves = [
        (kept_blocks, np.cumsum(matrix.sum(axis=1)), seen_blocks[np.nonzero(matrix)[1]])
        for kept_blocks, seen_blocks, matrix in ((blocks_i, blocks_j, kept), (blocks_j, blocks_i, kept.T))
    ]
    most = np.iinfo(np.int64).max
    return validate_ranges((*halves[0], *halves[1]), most, most)


# ---------------------------------------------------------------- what users give


def _points(x: ArrayLike, finite: bool = True) -> NDArray[np.float64]:
    found = as_host_array(x)
    if found.ndim != 2 or found.dtype.kind not in "biuf":
        raise ArgumentValueError(
            f"x has shape {found.shape} and dtype {found.dtype}; points are real numbers of shape "
            "(number of points, dimension). Points of dimension 1 are x[:, None]."
        )
    found = found.astype(np.float64)
    if finite and not np.all(np.isfinite(found)):
        where = np.argwhere(~np.isfinite(found))[0]
        raise ArgumentValueError(
            f"x[{where[0]}, {where[1]}] is {found[tuple(where)]}: a point that is not finite has no cell."
        )
    return found


def _per_axis(value: ArrayLike, dimension: int, name: str) -> NDArray[np.float64]:
    found = as_host_array(value).astype(np.float64)
    if found.shape not in ((), (1,), (dimension,)) or not np.all(np.isfinite(found)):
        raise ArgumentValueError(
            f"{name} is {value!r}; it must be one finite number, or {dimension} of them, one per coordinate of x."
        )
    return np.broadcast_to(found, (dimension,))


def _labels(lab: ArrayLike) -> Integers:
    found = as_host_array(lab)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "biu"):
        raise ArgumentValueError(
            f"lab has shape {found.shape} and dtype {found.dtype}; it needs one integer per point, shape (points,)."
        )
    labels = found.astype(np.int64)
    if np.any(labels < 0):
        raise ArgumentValueError(f"lab contains {labels.min()}; labels count from 0.")
    return labels


def _counts(labels: Integers, given: ArrayLike | None) -> Integers:
    clusters = int(labels.max(initial=-1)) + 1
    if given is None:
        return np.bincount(labels, minlength=clusters).astype(np.int64, copy=False)
    counts = as_host_array(given)
    if counts.ndim != 1 or len(counts) < clusters or counts.sum() != len(labels):
        raise ArgumentValueError(
            f"Nlab has shape {counts.shape} and sums to {counts.sum()}; it needs the number of points of each of the "
            f"{clusters} labels, {len(labels)} in total."
        )
    return counts.astype(np.int64)


def _weights(weights: ArrayLike, length: int | None, name: str) -> NDArray[np.float64]:
    found = as_host_array(weights).astype(np.float64)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1 or (length is not None and len(found) != length):
        wanted = "one number per cluster" if length is None else f"one number per point, shape ({length},)"
        raise ArgumentValueError(f"{name} has shape {found.shape}; it needs {wanted}.")
    return found


def _of_length(array: Any, length: int, name: str) -> Array:
    found = array if hasattr(array, "shape") else np.asarray(array)
    if found.shape[:1] != (length,):
        raise ArgumentValueError(
            f"{name} has shape {tuple(found.shape)}, but there are {length} labels: its first axis must have that "
            "length."
        )
    return found
