# Written by tools/generate_type_stubs.py; do not edit.

# Comparisons answer with tensors; overloads are of more and of less general operands; what is made of a symbol is no
# instance of the class that is called.
# mypy: disable-error-code="overload-overlap, override, misc"

"""Clusters and block-sparse ranges for PyTorch tensors."""

from typing import TypeVar

from numpy.typing import ArrayLike
from torch import Tensor

from pairfold.sparsity.cluster import Mask as Mask
from pairfold.sparsity.cluster import band as band
from pairfold.sparsity.cluster import lower as lower
from pairfold.sparsity.cluster import radius as radius
from pairfold.sparsity.cluster import segments as segments
from pairfold.sparsity.cluster import swap_axes as swap_axes
from pairfold.sparsity.cluster import upper as upper

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
_Arrays = TypeVar("_Arrays")

def cluster_centroids(
    x: ArrayLike | Tensor,
    lab: ArrayLike | Tensor,
    Nlab: ArrayLike | Tensor | None = None,
    weights: ArrayLike | Tensor | None = None,
    weights_c: ArrayLike | Tensor | None = None,
) -> Tensor:
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

def cluster_ranges(lab: ArrayLike | Tensor, Nlab: ArrayLike | Tensor | None = None) -> Tensor:
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

def cluster_ranges_centroids(
    x: ArrayLike | Tensor, lab: ArrayLike | Tensor, weights: ArrayLike | Tensor | None = None, min_weight: float = 1e-09
) -> tuple[Tensor, Tensor, Tensor]:
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

def from_matrix(
    ranges_i: ArrayLike | Tensor, ranges_j: ArrayLike | Tensor, keep: ArrayLike | Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
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

def grid_cluster(x: ArrayLike | Tensor, size: ArrayLike | Tensor, origin: ArrayLike | Tensor = 0.0) -> Tensor:
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

def sort_clusters(x: _Arrays, lab: ArrayLike | Tensor) -> tuple[_Arrays, Tensor]:
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

def tree_cluster(x: ArrayLike | Tensor, leaf: int = 64) -> Tensor:
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
