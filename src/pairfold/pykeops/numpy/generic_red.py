"""``pykeops.numpy.generic_red``, the name of 0.1.x for ``pykeops.numpy.generic.generic_red``."""

from __future__ import annotations

from pairfold.pykeops.numpy.generic.generic_red import Genred

__all__ = ["Genred"]
