"""Modules that can be called.

In 2018 ``pykeops.torch.generic_sum`` was a module that held a function of the
same name; later it was the function itself. Programs of both times import it,
so it is a module that passes calls on to the function.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

__all__ = ["CallableModule", "make_callable"]


class CallableModule(ModuleType):
    """A module whose calls go to the function in it that has its name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **kwargs)


def make_callable(name: str) -> None:
    """Let the module `name`, which is being imported, be called."""
    sys.modules[name].__class__ = CallableModule
