"""Clusters and block-sparse ranges for PyTorch tensors."""

from pairfold.sparsity.masks import Mask, band, lower, radius, segments, upper
from pairfold.torch.clusters import (
    cluster_centroids,
    cluster_ranges,
    cluster_ranges_centroids,
    from_matrix,
    grid_cluster,
    sort_clusters,
    swap_axes,
    tree_cluster,
)

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
