"""``pykeops.torch.kernel_product.formula``."""

from __future__ import annotations

from pairfold.frontends.classic import Formula

__all__ = ["Formula"]
