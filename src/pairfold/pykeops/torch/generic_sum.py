"""``pykeops.torch.generic_sum``: a module in 2018, a function later, both here."""

from __future__ import annotations

from pairfold.pykeops.callable_module import make_callable
from pairfold.pykeops.torch.generic.generic_ops import generic_sum
from pairfold.pykeops.torch.generic.low_level import GenericSum

__all__ = ["GenericSum", "generic_sum"]

make_callable(__name__)
