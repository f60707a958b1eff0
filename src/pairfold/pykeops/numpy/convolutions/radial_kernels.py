"""``pykeops.numpy.convolutions.radial_kernels``."""

from __future__ import annotations

from pairfold.pykeops.classic_numpy import RadialKernelConv, radial_kernels_conv

__all__ = ["RadialKernelConv", "radial_kernels_conv"]
