"""Clusters and block-sparse ranges for JAX arrays."""

from typing import TYPE_CHECKING, Any

from pairfold.api.clusters import make_clusters
from pairfold.jax.adapter import JAX
from pairfold.sparsity import cluster

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Tell type checkers that these names exist: their arrays are not those of `pairfold.sparsity.cluster`."""

else:
    from pairfold.sparsity.cluster import *  # noqa: F403

__all__ = list(cluster.__all__)

globals().update(make_clusters(JAX))
