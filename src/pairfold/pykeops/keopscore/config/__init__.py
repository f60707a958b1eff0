"""``keopscore.config``: flags that programs read and assign."""

from __future__ import annotations

from pairfold.pykeops.keopscore.config import config
from pairfold.pykeops.keopscore.config.config import Cuda, OpenMP
from pairfold.pykeops.settings import get_build_folder, set_build_folder

__all__ = ["config", "cuda_config", "get_build_folder", "openmp_config", "set_build_folder", "use_cuda"]

use_cuda = False
cuda_config = Cuda()
openmp_config = OpenMP()
