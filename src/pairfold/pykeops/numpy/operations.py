"""``pykeops.numpy.operations``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pairfold.pykeops.habits import RoutineHabits

if TYPE_CHECKING:
    # The classes of no framework, which these are made from: the stub of a front end is for its users.
    from pairfold import front_end as frontend
else:
    from pairfold import numpy as frontend

__all__ = ["KernelSolve"]


class KernelSolve(RoutineHabits, frontend.KernelSolve):
    """`pairfold.numpy.KernelSolve`, which takes the options of every release of pykeops."""
