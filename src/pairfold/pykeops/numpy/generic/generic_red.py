"""``pykeops.numpy.generic.generic_red``."""

from __future__ import annotations

from pairfold import numpy as frontend
from pairfold.pykeops.habits import RoutineHabits

__all__ = ["Genred"]


class Genred(RoutineHabits, frontend.Genred):
    """`pairfold.numpy.Genred`, which takes the options of every release of pykeops."""
