"""Clusters and block-sparse ranges of tensors: `pairfold.sparsity.cluster` on the memory of the tensors.

Points, labels and weights are tensors; what they become are tensors too. Derivatives do not flow through labels and
ranges, and `sort_clusters` is differentiable because sorting is.
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor

from pairfold.sparsity import cluster
from pairfold.sparsity.ranges import TILE, swap_axes

__all__ = [
    "cluster_centroids",
    "cluster_ranges",
    "cluster_ranges_centroids",
    "from_matrix",
    "grid_cluster",
    "sort_clusters",
    "swap_axes",
    "tree_cluster",
]

_Tensors = TypeVar("_Tensors", bound="Tensor | tuple[Tensor, ...] | list[Tensor]")


def grid_cluster(x: Tensor, size: float | Tensor, origin: float | Tensor = 0.0) -> Tensor:
    """Return the number of the grid cell of every point, (N,) int64; see `pairfold.numpy.cluster.grid_cluster`.

    Examples
    --------
    >>> import torch
    >>> grid_cluster(torch.tensor([[0.1, 0.1], [0.9, 0.9], [0.2, 0.2], [0.1, 0.8]]), size=0.5)
    tensor([0, 2, 0, 1])
    """
    return torch.from_numpy(cluster.grid_cluster(x, size, origin))


def tree_cluster(x: Tensor, leaf: int = TILE) -> Tensor:
    """Return the number of the leaf of a k-d tree for every point, (N,) int64.

    See `pairfold.numpy.cluster.tree_cluster`.
    """
    return torch.from_numpy(cluster.tree_cluster(x, leaf))


def sort_clusters(x: _Tensors, lab: Tensor) -> tuple[_Tensors, Tensor]:
    """Sort tensors by label; points of equal label keep their order.

    Parameters
    ----------
    x : (N, ...) tensor, or tuple or list of such tensors
        What to sort.
    lab : (N,) integers
        Labels.

    Returns
    -------
    tensor, tuple or list
        The sorted tensors, in the container that was given, differentiable.
    (N,) int64 tensor
        The sorted labels.

    Raises
    ------
    ArgumentValueError
        If lengths differ or labels are no integers from 0.

    Examples
    --------
    >>> import torch
    >>> sort_clusters(torch.tensor([10, 11, 12, 13]), torch.tensor([1, 0, 1, 0]))
    (tensor([11, 13, 10, 12]), tensor([0, 0, 1, 1]))
    """
    given: Any = x
    found, labels = cluster.sort_clusters(given, lab)
    return found, torch.from_numpy(labels)


def cluster_ranges(lab: Tensor, Nlab: Tensor | None = None) -> Tensor:  # noqa: N803 - a name that users pass
    """Return where each cluster lies once the points are sorted, (C, 2) int64.

    See `pairfold.numpy.cluster.cluster_ranges`.
    """
    return torch.from_numpy(cluster.cluster_ranges(lab, Nlab))


def cluster_centroids(
    x: Tensor,
    lab: Tensor,
    Nlab: Tensor | None = None,  # noqa: N803 - a name that users pass
    weights: Tensor | None = None,
    weights_c: Tensor | None = None,
) -> Tensor:
    """Return the (weighted) mean of each cluster, (C, D), without derivatives.

    See `pairfold.numpy.cluster.cluster_centroids`.
    """
    return torch.from_numpy(cluster.cluster_centroids(x, lab, Nlab, weights, weights_c))


def cluster_ranges_centroids(
    x: Tensor, lab: Tensor, weights: Tensor | None = None, min_weight: float = 1e-9
) -> tuple[Tensor, Tensor, Tensor]:
    """Return ranges, centroids and weights of all clusters; the weights have the dtype of `x`.

    See `pairfold.numpy.cluster.cluster_ranges_centroids`.
    """
    ranges, centroids, totals = cluster.cluster_ranges_centroids(x, lab, weights, min_weight)
    return torch.from_numpy(ranges), torch.from_numpy(centroids), torch.from_numpy(totals.astype(centroids.dtype))


def from_matrix(ranges_i: Tensor, ranges_j: Tensor, keep: Tensor) -> tuple[Tensor, ...]:
    """Turn "cluster k of the rows sees cluster l of the columns" into the six tensors for ``ranges=``.

    See `pairfold.numpy.cluster.from_matrix`.
    """
    six: Any = cluster.from_matrix(ranges_i, ranges_j, keep)
    return tuple(torch.from_numpy(part) for part in six)
