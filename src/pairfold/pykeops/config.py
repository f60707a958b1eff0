"""``pykeops.config``: what the machine has, as far as programs ask."""

from __future__ import annotations

import importlib.util
from typing import Any

from pairfold.pykeops.keopscore.config import config as pykeops_base
from pairfold.pykeops.keopscore.config import cuda_config as pykeops_cuda
from pairfold.pykeops.keopscore.config import openmp_config as pykeops_openmp
from pairfold.pykeops.settings import get_build_folder

__all__ = [
    "build_type",
    "get_build_folder",
    "gpu_available",
    "numpy_found",
    "pykeops_base",
    "pykeops_cuda",
    "pykeops_openmp",
    "torch_found",
    "verbose",
]

numpy_found = True
torch_found = importlib.util.find_spec("torch") is not None
gpu_available = False
verbose = False
build_type = "Release"


def __getattr__(name: str) -> Any:
    """``bin_folder`` is the name of 1.x for the build folder."""
    if name == "bin_folder":
        return get_build_folder()
    raise AttributeError(f"module 'pykeops.config' (an alias of pairfold) has no attribute {name!r}.")
