"""``pykeops.numpy.generic.generic_ops``."""

from __future__ import annotations

from pairfold.api.genred import make_generics
from pairfold.pykeops.numpy.generic.generic_red import Genred

__all__ = ["generic_argkmin", "generic_argmin", "generic_logsumexp", "generic_sum"]

generic_sum, generic_logsumexp, generic_argmin, generic_argkmin = make_generics(Genred)
