"""Reductions over all pairs of NumPy arrays: routines from formula strings, and symbolic tensors."""

from pairfold import front_end
from pairfold.api.adapter import NUMPY
from pairfold.front_end import *  # noqa: F403
from pairfold.numpy import cluster

__all__ = ["cluster", *front_end.__all__]  # noqa: PLE0604

globals().update(front_end.make_front_end(front_end.FrontEnd(room=__name__, adapter=NUMPY)))
