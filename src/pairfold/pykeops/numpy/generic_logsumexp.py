"""``pykeops.numpy.generic_logsumexp``: a module in 2018, a function later, both here."""

from __future__ import annotations

from pairfold.pykeops.callable_module import make_callable
from pairfold.pykeops.numpy.generic.generic_ops import generic_logsumexp

__all__ = ["generic_logsumexp", "generic_logsumexp_np"]

generic_logsumexp_np = generic_logsumexp
make_callable(__name__)
