"""``pykeops.numpy``."""

from __future__ import annotations

from pairfold.pykeops.numpy import cluster, generic, generic_logsumexp, generic_sum, lazytensor, operations, utils
from pairfold.pykeops.numpy.convolutions.radial_kernels import RadialKernelConv
from pairfold.pykeops.numpy.convolutions.radial_kernels_grad1 import RadialKernelGrad1conv
from pairfold.pykeops.numpy.generic.generic_ops import generic_argkmin, generic_argmin
from pairfold.pykeops.numpy.generic.generic_red import Genred
from pairfold.pykeops.numpy.generic_logsumexp import generic_logsumexp_np
from pairfold.pykeops.numpy.generic_sum import generic_sum_np
from pairfold.pykeops.numpy.lazytensor.LazyTensor import ComplexLazyTensor, LazyTensor, Pm, Vi, Vj
from pairfold.pykeops.numpy.operations import KernelSolve

__all__ = [
    "ComplexLazyTensor",
    "Genred",
    "KernelSolve",
    "LazyTensor",
    "Pm",
    "RadialKernelConv",
    "RadialKernelGrad1conv",
    "Vi",
    "Vj",
    "cluster",
    "generic",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_logsumexp_np",
    "generic_sum",
    "generic_sum_np",
    "lazytensor",
    "operations",
    "utils",
]
