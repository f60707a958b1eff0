"""``pykeops.torch.kernel_product.formula``."""

from __future__ import annotations

from pairfold.pykeops.kernels import Formula

__all__ = ["Formula"]
