"""What programs may set and read, although nothing depends on it here."""

from __future__ import annotations

import logging
import os
import platform
import tempfile
from pathlib import Path

import llvmlite
import numpy as np

from pairfold.pykeops.version import VERSION

__all__ = ["check_health", "clean", "get_build_folder", "set_build_folder"]

_log = logging.getLogger("pairfold")
_DEFAULT_FOLDER = Path(tempfile.gettempdir()) / "pairfold"
_state: dict[str, str | None] = {"build_folder": None}


def get_build_folder() -> str:
    """Return the folder that was set, or one in the temporary folder. Nothing is ever written there."""
    return _state["build_folder"] or str(_DEFAULT_FOLDER)


def set_build_folder(path: str | os.PathLike[str] | None = None) -> None:
    """Remember `path` for `get_build_folder`; None restores the default. Compiled code stays in memory."""
    _state["build_folder"] = None if path is None else os.fspath(path)


def clean(recompile_jit_binaries: bool = True) -> None:
    """Do nothing: there are no files to remove."""


def check_health(config_type: str = "all") -> str:
    """Return (and log) what the results depend on: versions and the platform."""
    text = (
        f"pairfold as pykeops {VERSION}; Python {platform.python_version()}; NumPy {np.__version__}; "
        f"llvmlite {llvmlite.__version__}; {platform.platform()}; target: CPU ({platform.machine()})"
    )
    _log.info(text)
    return text
