"""What an example registers is gone when its test is over."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pairfold.api import protocols
from pairfold.codegen.primitives import PRIMITIVES
from pairfold.ir.expr import OPERATIONS
from pairfold.ir.reduction import REDUCTIONS
from pairfold.lazy.tensor import LazyTensorBase

# Whoever collects doctests imports every file, and these register what they define.
collect_ignore = ["operation.py", "primitive.py", "reduction.py"]

_TABLES: tuple[Any, ...] = (OPERATIONS, REDUCTIONS, PRIMITIVES, protocols._METHODS, protocols.REDUCING)


@pytest.fixture
def run_example() -> Iterator[Callable[[str], None]]:
    """Run one of the programs; what it has registered is removed afterwards."""
    before = [type(table).copy(table) for table in _TABLES]
    methods = dict(vars(LazyTensorBase))
    yield lambda name: runpy.run_path(str(Path(__file__).with_name(name))) and None
    for table, content in zip(_TABLES, before, strict=True):
        table.clear()
        table.update(content)
    for name in vars(LazyTensorBase).keys() - methods.keys():
        delattr(LazyTensorBase, name)
    for name, method in methods.items():
        if vars(LazyTensorBase)[name] is not method:
            setattr(LazyTensorBase, name, method)
