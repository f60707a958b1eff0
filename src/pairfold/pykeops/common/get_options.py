"""``pykeops.common.get_options``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pairfold.api.options import options_at
from pairfold.engine import Options, target_of
from pairfold.pykeops.routine import place

__all__ = ["get_tag_backend"]


def get_tag_backend(backend: str, variables: Iterable[Any], str: bool = False) -> Any:  # noqa: A002 - a public name
    """Return the tags (CPU or GPU, 1D or 2D, host or device), or the backend's name.

    Raises
    ------
    TargetError
        If `backend` asks for a GPU, and there is none.
    """
    if target_of(options_at(Options(), place(backend), -1)).name == "cuda":
        return "GPU_1D_host" if str else (1, 0, 0)
    return "CPU" if str else (0, 0, 0)
