"""Clusters and block-sparse ranges for PyTorch tensors."""

from functools import wraps
from typing import Any

from pairfold.api.clusters import make_clusters
from pairfold.sparsity import cluster
from pairfold.sparsity.cluster import *  # noqa: F403
from pairfold.torch.adapter import TORCH

__all__ = list(cluster.__all__)


@wraps(cluster.cluster_ranges_centroids)
def _in_one_type(*args: Any, **kwargs: Any) -> Any:
    """Return weights of the dtype of the centroids: tensors of different ones do not mix everywhere."""
    ranges, centroids, weights = cluster.cluster_ranges_centroids(*args, **kwargs)
    return ranges, centroids, weights.astype(centroids.dtype)


globals().update(make_clusters(TORCH, cluster_ranges_centroids=_in_one_type))
