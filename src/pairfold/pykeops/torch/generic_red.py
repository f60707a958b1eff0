"""``pykeops.torch.generic_red``, the name of 0.1.x for ``pykeops.torch.generic.generic_red``."""

from __future__ import annotations

from pairfold.pykeops.torch.generic.generic_red import Genred, GenredAutograd

__all__ = ["Genred", "GenredAutograd"]
