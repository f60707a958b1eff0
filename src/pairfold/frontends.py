"""Where the front ends were once: pickles that name these modules still load.

Programs import from `pairfold`, `pairfold.numpy` and so on.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_HOMES = {
    "cupy": "cupy",
    "dispatch": "dispatch",
    "genred": "api.genred",
    "lazy_logic": "lazy.logic",
    "leaf": "api.leaf",
    "masks": "sparsity.masks",
    "numpy": "numpy",
    "routine": "api.call_plan",
    "solve": "numpy",
    "torch": "torch",
}
"""What pickles name, and where it is now."""

__path__: list[str] = []
"""Makes this a package, so that names below it are looked up."""


class _Moved(ModuleType):
    """A module that has another name now, which is imported when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        home = _HOMES[self.__name__.rpartition(".")[2]]
        return getattr(importlib.import_module(f"pairfold.{home}"), name)


for _name in _HOMES:
    sys.modules[f"{__name__}.{_name}"] = _Moved(f"{__name__}.{_name}")
