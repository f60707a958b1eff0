"""Clusters and block-sparse ranges of CuPy arrays: `pairfold.sparsity.cluster`, whose work is done on the CPU.

Arrays may lie on a GPU, and labels, ranges, centroids and sorted arrays are CuPy arrays. The six arrays of
`from_matrix` stay NumPy arrays: reductions read them on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from pairfold.cupy.front_end import send
from pairfold.sparsity import cluster
from pairfold.sparsity.cluster import from_matrix
from pairfold.sparsity.ranges import swap_axes

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


def _sent(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)([_sent(one) for one in value])
    return send(value) if isinstance(value, np.ndarray) else value


def _with_cupy_results(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return _sent(function(*args, **kwargs))

    return call


grid_cluster = _with_cupy_results(cluster.grid_cluster)
tree_cluster = _with_cupy_results(cluster.tree_cluster)
sort_clusters = _with_cupy_results(cluster.sort_clusters)
cluster_ranges = _with_cupy_results(cluster.cluster_ranges)
cluster_centroids = _with_cupy_results(cluster.cluster_centroids)
cluster_ranges_centroids = _with_cupy_results(cluster.cluster_ranges_centroids)
