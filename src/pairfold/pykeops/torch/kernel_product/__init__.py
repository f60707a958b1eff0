"""``pykeops.torch.kernel_product``: a package and a function, both here."""

from __future__ import annotations

from pairfold.pykeops.callable_module import make_callable
from pairfold.pykeops.torch.kernel_product.features_kernels import FeaturesKP
from pairfold.pykeops.torch.kernel_product.formula import Formula
from pairfold.pykeops.torch.kernel_product.kernels import Kernel, kernel_formulas, kernel_product

__all__ = ["FeaturesKP", "Formula", "Kernel", "kernel_formulas", "kernel_product"]

make_callable(__name__)
