"""``pykeops.torch.kernel_product.kernels``."""

from __future__ import annotations

from pairfold.frontends.classic import Kernel, kernel_formulas
from pairfold.frontends.classic_torch import kernel_product

__all__ = ["Kernel", "kernel_formulas", "kernel_product"]
