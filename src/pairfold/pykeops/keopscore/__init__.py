"""The small part of keopscore that programs touch: flags that can be read and set, without effect."""

from __future__ import annotations

from pairfold.pykeops.keopscore import config
from pairfold.pykeops.settings import check_health, get_build_folder, set_build_folder
from pairfold.pykeops.settings import clean as clean_keops
from pairfold.pykeops.version import VERSION

__all__ = [
    "auto_factorize",
    "check_health",
    "clean_keops",
    "config",
    "cuda_block_size",
    "get_build_folder",
    "set_build_folder",
    "verbose",
]

__version__ = VERSION
verbose = False
# Equal sub-expressions are computed once in any case.
auto_factorize = False
cuda_block_size = 192
