"""``keopscore.config.config``: in some releases a module with ``use_cuda``, in others an object with methods."""

from __future__ import annotations

from pairfold.pykeops.settings import get_build_folder, set_build_folder

__all__ = ["Cuda", "OpenMP", "get_build_folder", "set_build_folder", "use_cuda"]

use_cuda = False


class Cuda:
    """What `keopscore.config.cuda_config` answers."""

    def __init__(self) -> None:
        self.use_cuda = False

    def get_use_cuda(self) -> bool:
        """Return the flag."""
        return self.use_cuda

    def set_use_cuda(self, value: bool = False) -> None:
        """Set the flag, which nothing reads here."""
        self.use_cuda = value


class OpenMP:
    """What `keopscore.config.openmp_config` answers: the thread pool of pairfold needs no OpenMP."""

    def __init__(self) -> None:
        self.use_OpenMP = False

    def get_use_OpenMP(self) -> bool:  # noqa: N802 - the name that programs use
        """Return the flag."""
        return self.use_OpenMP
