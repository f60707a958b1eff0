"""The registry of front ends: which room the arrays of a framework belong to.

A framework is looked for among the modules that the program has imported, so none is imported for the sake of a look.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from pairfold.api.tree import array_of

__all__ = ["NUMPY_ROOM", "ROOMS", "room_called", "room_of", "rooms_in_use"]

NUMPY_ROOM = "pairfold.numpy"
"""The room of numbers, of NumPy arrays, and of all that is of no other framework."""

ROOMS = {
    "torch": ("Tensor", "pairfold.torch"),
    "cupy": ("ndarray", "pairfold.cupy"),
    "jax": ("Array", "pairfold.jax"),
    "dask.array": ("Array", "pairfold.dask"),
}
"""By the name of a module: the name of the type of its arrays, and the room of their front end."""


def _in_use() -> Iterator[tuple[type[Any], str]]:
    """Yield array type and room of the frameworks that the program uses, apart from NumPy."""
    for name, (kind, room) in ROOMS.items():
        array_type = getattr(sys.modules.get(name), kind, None)
        if array_type is not None:
            yield array_type, room


def _opened(room: str) -> ModuleType:
    return sys.modules.get(room) or importlib.import_module(room)


def room_called(framework: str) -> ModuleType:
    """Return the front end of a framework that is called by the name of its module."""
    return _opened(ROOMS[framework][1] if framework in ROOMS else NUMPY_ROOM)


def rooms_in_use() -> list[ModuleType]:
    """Return the front ends of NumPy and of the frameworks that the program uses."""
    return [_opened(NUMPY_ROOM), *(_opened(room) for _, room in _in_use())]


def room_of(values: Iterable[object]) -> ModuleType:
    """Return the front end for the arrays among `values`: that of NumPy unless one is of another framework.

    Examples
    --------
    >>> room_of([1.0]).__name__
    'pairfold.numpy'
    """
    arrays = [array_of(value) for value in values]
    for array_type, room in _in_use():
        if any(isinstance(array, array_type) for array in arrays):
            return _opened(room)
    return _opened(NUMPY_ROOM)
