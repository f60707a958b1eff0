"""Clusters and block-sparse ranges for CuPy arrays."""

from pairfold.api.clusters import make_clusters
from pairfold.cupy.adapter import CUPY
from pairfold.sparsity import cluster
from pairfold.sparsity.cluster import *  # noqa: F403

__all__ = list(cluster.__all__)

globals().update(make_clusters(CUPY))
