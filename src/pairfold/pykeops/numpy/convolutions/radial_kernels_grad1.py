"""``pykeops.numpy.convolutions.radial_kernels_grad1``."""

from __future__ import annotations

from pairfold.pykeops.classic_numpy import RadialKernelGrad1conv, radial_kernels_grad1conv

__all__ = ["RadialKernelGrad1conv", "radial_kernels_grad1conv"]
