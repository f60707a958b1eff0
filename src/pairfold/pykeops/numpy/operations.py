"""``pykeops.numpy.operations``."""

from __future__ import annotations

from pairfold import numpy as frontend
from pairfold.pykeops.habits import RoutineHabits

__all__ = ["KernelSolve"]


class KernelSolve(RoutineHabits, frontend.KernelSolve):
    """`pairfold.numpy.KernelSolve`, which takes the options of every release of pykeops."""
