"""Make ``import pykeops`` and ``import keopscore`` find the modules of `pairfold.pykeops`.

A finder in front of `sys.meta_path` answers for the two names and everything
below them. What it hands out are the modules of this package themselves, not
copies, so classes and settings exist once whatever name they were reached by.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from pairfold.errors import AliasError
from pairfold.pykeops.version import VERSION

__all__ = ["install_as_pykeops"]

_PACKAGES = {"pykeops": "pairfold.pykeops", "keopscore": "pairfold.pykeops.keopscore"}


def _real_name(name: str) -> str | None:
    """Return the name in this package of the module that programs call `name`."""
    top, dot, rest = name.partition(".")
    return f"{_PACKAGES[top]}{dot}{rest}" if top in _PACKAGES else None


class _Loader(Loader):
    def __init__(self, real: str) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to the import system: the module that it makes is replaced at once."""

    def exec_module(self, module: ModuleType) -> None:
        # The import system takes what it finds in `sys.modules` after this call.
        sys.modules[module.__name__] = importlib.import_module(self.real)


class _Distribution(importlib.metadata.Distribution):
    """What ``importlib.metadata.version("pykeops")`` asks."""

    def __init__(self, name: str) -> None:
        self._name = name

    def read_text(self, filename: str) -> str | None:
        if filename in ("METADATA", "PKG-INFO"):
            return f"Metadata-Version: 2.1\nName: {self._name}\nVersion: {VERSION}\n"
        return None

    def locate_file(self, path: str | os.PathLike[str]) -> Any:
        raise FileNotFoundError(f"{self._name} is an alias of pairfold and has no file {os.fspath(path)!r}.")


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        real = _real_name(fullname)
        spec = None if real is None else importlib.util.find_spec(real)
        if real is None or spec is None:
            return None
        return ModuleSpec(
            fullname, _Loader(real), origin=spec.origin, is_package=spec.submodule_search_locations is not None
        )

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context | None = None
    ) -> Iterable[importlib.metadata.Distribution]:
        """Answer for the two names only, so that a list of all distributions stays what it is."""
        name = (getattr(context, "name", None) or "").lower()
        return [_Distribution(name)] if name in _PACKAGES else []


def install_as_pykeops() -> None:
    """Make ``import pykeops``, and what programs use of ``keopscore``, mean `pairfold.pykeops` in this process.

    Call it before anything imports pykeops; a second call does nothing. Processes that are started with the
    ``spawn`` method import everything anew and need a call of their own.

    A `UserWarning` names the modules that looked for pykeops earlier, as far as they say so: their
    ``keops_available``, or another name with ``keops`` in it, is False or None.

    Raises
    ------
    AliasError
        If another pykeops or keopscore is imported already.

    Examples
    --------
    >>> import pairfold
    >>> pairfold.install_as_pykeops()  # doctest: +SKIP
    >>> from pykeops.numpy import Genred  # doctest: +SKIP
    """
    for name, real in _PACKAGES.items():
        present = sys.modules.get(name)
        if present is not None and present.__name__ != real:
            raise AliasError(
                f"{name} is already imported, from {getattr(present, '__file__', None) or 'an unknown place'}. "
                "Call install_as_pykeops() before anything imports it, or run the program with "
                "`python -m pairfold.pykeops`."
            )
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        early = _libraries_that_do_without()
        if early:
            warnings.warn(
                f"{', '.join(early)} looked for pykeops before this call, found none, and may go on without. Call "
                "install_as_pykeops() before they are imported, or run the program with `python -m pairfold.pykeops`.",
                stacklevel=2,
            )
        sys.meta_path.insert(0, _Finder())


def _libraries_that_do_without() -> list[str]:
    """Return the modules that say of themselves that there is no KeOps: ``keops_available = False`` and the like."""
    return sorted(
        name
        for name, module in list(sys.modules.items())
        if name != "__main__" and not name.startswith("pairfold")
        for key, value in list(getattr(module, "__dict__", {}).items())
        if (value is False or value is None) and isinstance(key, str) and "keops" in key.lower()
    )
