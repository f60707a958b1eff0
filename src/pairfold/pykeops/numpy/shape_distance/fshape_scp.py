"""``pykeops.numpy.shape_distance.fshape_scp``."""

from __future__ import annotations

from pairfold.pykeops.classic_numpy import FshapeScp, FshapeScp_dx, cuda_shape_scp

__all__ = ["FshapeScp", "FshapeScp_dx", "cuda_shape_scp"]
