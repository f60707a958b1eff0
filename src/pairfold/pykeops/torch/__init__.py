"""``pykeops.torch``."""

from __future__ import annotations

from pairfold.pykeops.torch import (
    cluster,
    generic,
    generic_logsumexp,
    generic_sum,
    kernel_product,
    kernels,
    lazytensor,
    operations,
    utils,
)
from pairfold.pykeops.torch.generic.generic_ops import generic_argkmin, generic_argmin
from pairfold.pykeops.torch.generic.generic_red import Genred
from pairfold.pykeops.torch.kernels import FeaturesKP, Formula, Kernel, kernel_formulas
from pairfold.pykeops.torch.lazytensor.LazyTensor import ComplexLazyTensor, LazyTensor, Pm, Vi, Vj
from pairfold.pykeops.torch.operations import KernelSolve

__all__ = [
    "ComplexLazyTensor",
    "FeaturesKP",
    "Formula",
    "Genred",
    "Kernel",
    "KernelSolve",
    "LazyTensor",
    "Pm",
    "Vi",
    "Vj",
    "cluster",
    "generic",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_sum",
    "kernel_formulas",
    "kernel_product",
    "kernels",
    "lazytensor",
    "operations",
    "utils",
]
