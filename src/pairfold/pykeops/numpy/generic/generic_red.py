"""``pykeops.numpy.generic.generic_red``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pairfold.pykeops.habits import RoutineHabits

if TYPE_CHECKING:
    # The classes of no framework, which these are made from: the stub of a front end is for its users.
    from pairfold import front_end as frontend
else:
    from pairfold import numpy as frontend

__all__ = ["Genred"]


class Genred(RoutineHabits, frontend.Genred):
    """`pairfold.numpy.Genred`, which takes the options of every release of pykeops."""
