"""Links from the names of `pairfold.numpy` to their sources, for sphinx.ext.viewcode.

The classes of a front end are made by one function, from bases and from functions that say that they belong to the
front end, so viewcode looks for their sources in the wrong file. The other front ends have the same sources; linked
from all of them, a source could not lead back to its page.
"""

from __future__ import annotations

import importlib
import inspect
from functools import cache, reduce
from typing import Any

from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

FRONT_END = "pairfold.numpy"


def definition(name: str) -> tuple[str, str] | None:
    """Return module and qualified name of the class or function that stands behind a name of the front end."""
    try:
        value: Any = reduce(getattr, name.split("."), importlib.import_module(FRONT_END))
    except AttributeError:
        return None
    if inspect.isclass(value):
        value = next((base for base in value.__mro__ if base.__module__ != FRONT_END), value)
        return value.__module__, value.__qualname__
    function = inspect.unwrap(value.fget if isinstance(value, property) else value)
    module = inspect.getmodule(getattr(function, "__code__", None))
    return None if module is None else (module.__name__, function.__qualname__)


@cache
def source(module: str) -> tuple[str, dict[str, Any]]:
    """Return the text of a module, and for names where they stand in it; names of the front end are added later."""
    analyzer = ModuleAnalyzer.for_module(module)
    return analyzer.code, dict(analyzer.find_tags())


def _follow(app: Sphinx, module: str, name: str) -> str | None:
    found = definition(name) if module == FRONT_END else None
    if found is None or not found[0].startswith("pairfold."):
        return None
    tags = source(found[0])[1]
    if found[1] not in tags:
        return None
    tags[name] = tags[found[1]]
    return found[0]


def _find(app: Sphinx, module: str) -> tuple[str, dict[str, Any]] | None:
    return source(module) if module.startswith("pairfold.") else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the look-ups."""
    app.connect("viewcode-follow-imported", _follow)
    app.connect("viewcode-find-source", _find)
    return {"parallel_read_safe": True}
