"""``pykeops.numpy.kernels``: what ``pykeops.torch.kernels`` has, on NumPy arrays."""

from __future__ import annotations

from pairfold.pykeops.kernel_product import make_kernel_product
from pairfold.pykeops.kernels import Formula, Kernel, kernel_formulas
from pairfold.pykeops.numpy.generic.generic_red import Genred

__all__ = ["Formula", "Kernel", "kernel_formulas", "kernel_product"]

kernel_product = make_kernel_product(Genred)
