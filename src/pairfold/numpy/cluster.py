"""Clusters and block-sparse ranges for NumPy arrays."""

from pairfold.sparsity import cluster
from pairfold.sparsity.cluster import *  # noqa: F403

__all__ = list(cluster.__all__)
