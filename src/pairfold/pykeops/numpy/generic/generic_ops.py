"""``pykeops.numpy.generic.generic_ops``."""

from __future__ import annotations

from pairfold.api.genred import make_generics
from pairfold.pykeops.numpy.generic.generic_red import Genred

__all__ = ["generic_argkmin", "generic_argmin", "generic_logsumexp", "generic_sum"]

_generics = make_generics(Genred)
generic_sum = _generics["generic_sum"]
generic_logsumexp = _generics["generic_logsumexp"]
generic_argmin = _generics["generic_argmin"]
generic_argkmin = _generics["generic_argkmin"]
