"""Clusters and block-sparse ranges for CuPy arrays."""

from pairfold.cupy.clusters import (
    cluster_centroids,
    cluster_ranges,
    cluster_ranges_centroids,
    from_matrix,
    grid_cluster,
    sort_clusters,
    swap_axes,
    tree_cluster,
)
from pairfold.sparsity.masks import Mask, band, lower, radius, segments, upper

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
