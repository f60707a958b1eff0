"""``pykeops.torch.cluster``: labels are int32 and cells start at the smallest coordinates, as in KeOps."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from pairfold.sparsity import cluster
from pairfold.sparsity.ranges import as_host_array, swap_axes

__all__ = [
    "cluster_centroids",
    "cluster_ranges",
    "cluster_ranges_centroids",
    "from_matrix",
    "grid_cluster",
    "sort_clusters",
    "swap_axes",
]


def _host(array: Any) -> Any:
    return None if array is None else as_host_array(array)


def _tensor(array: Any, like: Tensor) -> Tensor:
    return torch.from_numpy(array).to(like.device)


def grid_cluster(x: Tensor, size: Any) -> Tensor:
    """Return the number of the grid cell of every point.

    Parameters
    ----------
    x : (N, D) tensor
        Points.
    size : float or (D,) tensor
        Side of a cell.

    Returns
    -------
    (N,) int32 tensor
        Labels; cells that hold points are numbered in lexicographic order.
    """
    points = as_host_array(x)
    origin = points.min(axis=0) if len(points) else 0.0
    return _tensor(cluster.grid_cluster(points, _host(size), origin), x).to(torch.int32)


def sort_clusters(x: Any, lab: Tensor) -> Any:
    """Return a tensor (or a tuple or list of them) sorted by label, and the sorted labels; the order is stable."""
    labels, order = torch.sort(lab.reshape(-1), stable=True)
    if isinstance(x, (tuple, list)):
        return type(x)(part[order] for part in x), labels
    return x[order], labels


def cluster_ranges(lab: Tensor, Nlab: Tensor | None = None) -> Tensor:  # noqa: N803 - a name that users pass
    """Return the (C, 2) intervals of the clusters once the points are sorted by label."""
    return _tensor(cluster.cluster_ranges(as_host_array(lab), _host(Nlab)), lab)


def cluster_centroids(
    x: Tensor,
    lab: Tensor,
    Nlab: Tensor | None = None,  # noqa: N803 - a name that users pass
    weights: Tensor | None = None,
    weights_c: Tensor | None = None,
) -> Tensor:
    """Return the (C, D) weighted means of the clusters."""
    arrays = [_host(array) for array in (x, lab, Nlab, weights, weights_c)]
    return _tensor(cluster.cluster_centroids(*arrays), x)


def cluster_ranges_centroids(
    x: Tensor, lab: Tensor, weights: Tensor | None = None, min_weight: float = 1e-9
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the intervals, weighted means and total weights of the clusters."""
    ranges, centroids, totals = cluster.cluster_ranges_centroids(_host(x), _host(lab), _host(weights), min_weight)
    return _tensor(ranges, x), _tensor(centroids, x), _tensor(totals, x).to(x.dtype)


def from_matrix(ranges_i: Tensor, ranges_j: Tensor, keep: Tensor) -> tuple[Tensor, ...]:
    """Return the six tensors for ``ranges=`` that say which clusters see each other."""
    six = cluster.from_matrix(_host(ranges_i), _host(ranges_j), _host(keep))
    return tuple(_tensor(array, ranges_i) for array in six)
