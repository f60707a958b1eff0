"""Reductions over all pairs of Dask arrays: lazy, by blocks of rows and of columns, on one machine or on many."""

from pairfold import front_end
from pairfold.dask.adapter import DASK, Lazy, Unsolved, Unsorted, no_solver
from pairfold.front_end import *  # noqa: F403

__all__ = front_end.__all__

_RECORD = front_end.FrontEnd(
    room=__name__,
    adapter=DASK,
    solver=no_solver,
    own={"Genred": Lazy, "LazyTensor": Lazy, "KernelSolve": Unsolved, "Tree": Unsorted},
    shows_examples=False,
)

globals().update(front_end.make_front_end(_RECORD))
