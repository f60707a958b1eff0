"""Reductions over all pairs of JAX arrays: routines from formula strings, and symbolic tensors, in every transform."""

from functools import partial

from pairfold import front_end
from pairfold.api.linear_system import solve_routine
from pairfold.front_end import *  # noqa: F403
from pairfold.jax import classes, cluster, pytrees
from pairfold.jax.adapter import JAX, solve_arrays
from pairfold.jax.mesh import sharded

__all__ = ["cluster", "sharded", *front_end.__all__]  # noqa: PLE0604

_OWN = {"Genred": classes.Routine, "KernelSolve": classes.Solver, "LazyTensor": classes.Tensor}
_RECORD = front_end.FrontEnd(
    room=__name__, adapter=JAX, solver=partial(solve_routine, carry_out=solve_arrays), own=_OWN
)

_made = front_end.make_front_end(_RECORD)
globals().update(_made)
for _name in ("LazyTensor", "ComplexLazyTensor"):
    pytrees.register(_made[_name])
