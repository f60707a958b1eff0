"""``pykeops.numpy.kernels``: what ``pykeops.torch.kernels`` has, on NumPy arrays."""

from __future__ import annotations

from pairfold.pykeops.classic import Formula, Kernel, kernel_formulas
from pairfold.pykeops.classic_numpy import kernel_product

__all__ = ["Formula", "Kernel", "kernel_formulas", "kernel_product"]
