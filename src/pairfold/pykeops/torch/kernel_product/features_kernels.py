"""``pykeops.torch.kernel_product.features_kernels``."""

from __future__ import annotations

from pairfold.pykeops.torch.kernels import FeaturesKP

__all__ = ["FeaturesKP"]
