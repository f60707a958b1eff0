"""``pykeops.torch.operations``."""

from __future__ import annotations

from pairfold.frontends import torch as frontend
from pairfold.pykeops.habits import RoutineHabits

__all__ = ["KernelSolve"]


class KernelSolve(RoutineHabits, frontend.KernelSolve):
    """`pairfold.torch.KernelSolve`, which takes the options of every release of pykeops."""

    dtype_place = 10
