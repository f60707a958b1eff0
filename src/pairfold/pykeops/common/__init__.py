"""``pykeops.common``: helpers that some programs import."""

from __future__ import annotations

from pairfold.pykeops.common import get_options, gpu_utils, lazy_tensor, operations, parse_type, utils

__all__ = ["get_options", "gpu_utils", "lazy_tensor", "operations", "parse_type", "utils"]
