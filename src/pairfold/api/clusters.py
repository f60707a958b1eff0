"""The cluster helpers for any framework: `pairfold.sparsity.cluster`, whose work is done on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from pairfold.api.adapter import Adapter
from pairfold.sparsity import cluster
from pairfold.sparsity.ranges import Ranges

__all__ = ["make_clusters"]

_LABELLED = (
    "grid_cluster",
    "tree_cluster",
    "sort_clusters",
    "cluster_ranges",
    "cluster_centroids",
    "cluster_ranges_centroids",
)

Function = Callable[..., Any]


def make_clusters(adapter: Adapter, **changed: Function) -> dict[str, Function]:
    """Return the helpers whose results are arrays of a framework.

    Sorting is indexing, so what is sorted keeps its derivatives and its device. The six arrays of `from_matrix`, which
    reductions read on the CPU, stay NumPy arrays where those of the framework always lie on a GPU. `changed` has
    functions of NumPy arrays that take the place of those of their name.
    """
    names = _LABELLED if adapter.target == "cuda" else (*_LABELLED, "from_matrix")
    return {name: _with_results_of(adapter, changed.get(name, getattr(cluster, name))) for name in names}


def _with_results_of(adapter: Adapter, function: Function) -> Function:
    def sent(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            made = [sent(one) for one in value]
            return Ranges(*made) if isinstance(value, Ranges) else type(value)(made)
        return adapter.from_numpy(value) if isinstance(value, np.ndarray) else value

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return sent(function(*args, **kwargs))

    return call
