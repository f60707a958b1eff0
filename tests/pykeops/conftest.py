"""The alias, put in place for one test and removed after it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from pairfold.pykeops.aliasing import install_as_pykeops


def aliases() -> dict[str, object]:
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in ("pykeops", "keopscore")}


@pytest.fixture
def no_pykeops() -> Iterator[None]:
    """Forget any pykeops that is imported; afterwards everything is as it was."""
    finders, modules = list(sys.meta_path), aliases()
    for name in modules:
        del sys.modules[name]
    yield
    sys.meta_path[:] = finders
    for name in aliases():
        del sys.modules[name]
    sys.modules.update(modules)  # type: ignore[arg-type]


@pytest.fixture
def alias(no_pykeops: None) -> None:
    """Make pykeops an alias of pairfold."""
    install_as_pykeops()
