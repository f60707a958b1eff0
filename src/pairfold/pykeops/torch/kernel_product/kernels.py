"""``pykeops.torch.kernel_product.kernels``."""

from __future__ import annotations

from pairfold.pykeops.kernels import Kernel, kernel_formulas
from pairfold.pykeops.torch.kernels import kernel_product

__all__ = ["Kernel", "kernel_formulas", "kernel_product"]
