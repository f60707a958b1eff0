"""Reductions over all pairs of PyTorch tensors: routines from formula strings, and symbolic tensors."""

from functools import partial

from pairfold import front_end
from pairfold.api.linear_system import solve_routine
from pairfold.front_end import *  # noqa: F403
from pairfold.torch import classes, cluster
from pairfold.torch.adapter import TORCH, solve_tensors

__all__ = ["cluster", *front_end.__all__]  # noqa: PLE0604

_OWN = {"Genred": classes.Routine, "KernelSolve": classes.Solver, "LazyTensor": classes.Tensor}
_RECORD = front_end.FrontEnd(
    room=__name__, adapter=TORCH, solver=partial(solve_routine, carry_out=solve_tensors), own=_OWN
)

globals().update(front_end.make_front_end(_RECORD))
