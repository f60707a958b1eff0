"""Reductions over all pairs of CuPy arrays and others on a GPU: routines from formula strings, and symbolic tensors."""

from pairfold import front_end
from pairfold.cupy import cluster
from pairfold.cupy.adapter import CUPY, Tensor
from pairfold.front_end import *  # noqa: F403

__all__ = ["cluster", *front_end.__all__]  # noqa: PLE0604

globals().update(front_end.make_front_end(front_end.FrontEnd(room=__name__, adapter=CUPY, own={"LazyTensor": Tensor})))
