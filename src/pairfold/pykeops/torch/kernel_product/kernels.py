"""``pykeops.torch.kernel_product.kernels``."""

from __future__ import annotations

from pairfold.pykeops.classic import Kernel, kernel_formulas
from pairfold.pykeops.classic_torch import kernel_product

__all__ = ["Kernel", "kernel_formulas", "kernel_product"]
