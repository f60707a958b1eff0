"""``pykeops.common.utils``."""

from __future__ import annotations

import importlib
from typing import Any

from pairfold.api.call_plan import broadcast_batches
from pairfold.errors import ArgumentValueError

__all__ = ["WarmUpGpu", "axis2cat", "cat2axis", "check_broadcasting", "get_tools", "max_tuple"]


def axis2cat(axis: int) -> int:
    """Return the category that indexes the result of a reduction over `axis`: 0 = i, 1 = j."""
    if axis not in (0, 1):
        raise ArgumentValueError(f"axis is {axis!r}; it must be 0 (reduce over i) or 1 (reduce over j).")
    return 1 - axis


def cat2axis(cat: int) -> int:
    """Return the reduced axis of a result that is indexed by the category `cat`."""
    if cat not in (0, 1):
        raise ArgumentValueError(f"The category is {cat!r}; it must be 0 (Vi) or 1 (Vj).")
    return 1 - cat


def max_tuple(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Return the larger entries of two tuples."""
    return tuple(map(max, a, b))


def check_broadcasting(dims_1: tuple[int, ...] | None, dims_2: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """Return the broadcast of two batch shapes; None stands for no batch."""
    if dims_1 is None or dims_2 is None:
        return dims_2 if dims_1 is None else dims_1
    result = broadcast_batches(tuple(dims_1), tuple(dims_2))
    if result is None:
        raise ArgumentValueError(f"The batch shapes {dims_1} and {dims_2} do not broadcast.")
    return result


def get_tools(lang: str) -> Any:
    """Return the functions of ``"numpy"`` or ``"torch"`` under names that are common to both."""
    name = {"numpy": "numpy", "torch": "torch", "pytorch": "torch"}.get(lang)
    if name is None:
        raise ArgumentValueError(f"The language is {lang!r}; allowed are 'numpy' and 'torch'.")
    module = importlib.import_module(f"pairfold.pykeops.{name}.utils")
    return getattr(module, f"{name}tools")


def WarmUpGpu(lang: str) -> None:  # noqa: N802 - the name that programs use
    """Do nothing: the first call is as fast as the others."""
