"""``pykeops.torch.kernels``: `kernel_product` and its relatives, where they were in May 2018."""

from __future__ import annotations

from pairfold.pykeops.classic import Formula, Kernel, kernel_formulas
from pairfold.pykeops.classic_torch import FeaturesKP, KernelProduct, kernel_product

__all__ = ["FeaturesKP", "Formula", "Kernel", "KernelProduct", "kernel_formulas", "kernel_product"]
