"""``pykeops.numpy.generic_sum``: a module in 2018, a function later, both here."""

from __future__ import annotations

from pairfold.pykeops.callable_module import make_callable
from pairfold.pykeops.numpy.generic.generic_ops import generic_sum

__all__ = ["generic_sum", "generic_sum_np"]

generic_sum_np = generic_sum
make_callable(__name__)
