"""``pykeops.common.get_options``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pairfold.frontends.routine import check_backend

__all__ = ["get_tag_backend"]


def get_tag_backend(backend: str, variables: Iterable[Any], str: bool = False) -> Any:  # noqa: A002 - a public name
    """Return the tags (CPU or GPU, 1D or 2D, host or device), which are those of the CPU, or the backend's name.

    Raises
    ------
    TargetError
        If `backend` asks for a GPU.
    """
    check_backend(backend, -1)
    return "CPU" if str else (0, 0, 0)
