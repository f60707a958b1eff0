"""``pykeops.numpy.shape_distance``: products of kernels on positions, signals and directions."""

from __future__ import annotations

from pairfold.pykeops.numpy.shape_distance.fshape_scp import FshapeScp, FshapeScp_dx

__all__ = ["FshapeScp", "FshapeScp_dx"]
