"""Clusters and block-sparse ranges for JAX arrays."""

from pairfold.api.clusters import make_clusters
from pairfold.jax.adapter import JAX
from pairfold.sparsity import cluster
from pairfold.sparsity.cluster import *  # noqa: F403

__all__ = list(cluster.__all__)

globals().update(make_clusters(JAX))
