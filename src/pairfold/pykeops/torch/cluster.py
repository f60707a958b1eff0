"""``pykeops.torch.cluster``: labels are int32 and cells start at the smallest coordinates, as in KeOps.

What is found lies on the device of the first argument.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch import Tensor

from pairfold.sparsity.ranges import as_host_array, swap_axes
from pairfold.torch import cluster

__all__ = [
    "cluster_centroids",
    "cluster_ranges",
    "cluster_ranges_centroids",
    "from_matrix",
    "grid_cluster",
    "sort_clusters",
    "swap_axes",
]


def _beside(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(first: Tensor, *args: Any, **kwargs: Any) -> Any:
        found = function(first, *args, **kwargs)
        return tuple(t.to(first.device) for t in found) if isinstance(found, tuple) else found.to(first.device)

    return call


cluster_ranges = _beside(cluster.cluster_ranges)
cluster_centroids = _beside(cluster.cluster_centroids)
cluster_ranges_centroids = _beside(cluster.cluster_ranges_centroids)
from_matrix = _beside(cluster.from_matrix)


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
    origin = as_host_array(x).min(axis=0) if len(x) else 0.0
    labels: Tensor = _beside(cluster.grid_cluster)(x, size, origin)
    return labels.to(torch.int32)


def sort_clusters(x: Any, lab: Tensor) -> Any:
    """Return a tensor (or a tuple or list of them) sorted by label, and the sorted labels; the order is stable."""
    labels, order = torch.sort(lab.reshape(-1), stable=True)
    if isinstance(x, (tuple, list)):
        return type(x)(part[order] for part in x), labels
    return x[order], labels
