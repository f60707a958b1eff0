"""``pykeops.torch.generic_logsumexp``: a module in 2018, a function later, both here."""

from __future__ import annotations

from pairfold.pykeops.callable_module import make_callable
from pairfold.pykeops.torch.generic.generic_ops import generic_logsumexp
from pairfold.pykeops.torch.generic.low_level import GenericLogSumExp

__all__ = ["GenericLogSumExp", "generic_logsumexp"]

make_callable(__name__)
