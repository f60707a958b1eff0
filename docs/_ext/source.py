"""Links from the names of front ends to their sources, for sphinx.ext.viewcode.

The classes of a front end are made by one function, from bases and from functions that say that they belong to the
front end, so viewcode looks for their sources in the wrong file. All front ends have the same sources, which therefore
do not lead back to one page of the reference.
"""

from __future__ import annotations

import importlib
import inspect
import re
from functools import cache, reduce
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

BACK = re.compile(r'<a class="viewcode-back"[^>]*>.*?</a>')


def definition(module: str, name: str) -> tuple[str, str] | None:
    """Return module and qualified name of the class or function that stands behind a name of a front end."""
    try:
        value: Any = reduce(getattr, name.split("."), importlib.import_module(module))
    except (AttributeError, ImportError):
        return None
    if inspect.isclass(value):
        value = next((base for base in value.__mro__ if base.__module__ != module), value)
        return value.__module__, value.__qualname__
    function = inspect.unwrap(value.fget if isinstance(value, property) else value)
    found = inspect.getmodule(getattr(function, "__code__", None))
    return None if found is None else (found.__name__, function.__qualname__)


@cache
def source(module: str) -> tuple[str, dict[str, Any]]:
    """Return the text of a module, and for names where they stand in it; names of front ends are added later."""
    analyzer = ModuleAnalyzer.for_module(module)
    return analyzer.code, dict(analyzer.find_tags())


def _follow(app: Sphinx, module: str, name: str) -> str | None:
    if not str(module).startswith("pairfold.") or name in source(module)[1]:
        return None
    found = definition(module, name)
    if found is None or not found[0].startswith("pairfold."):
        return None
    tags = source(found[0])[1]
    if found[1] not in tags:
        return None
    tags[name] = tags[found[1]]
    return found[0]


def _find(app: Sphinx, module: str) -> tuple[str, dict[str, Any]] | None:
    return source(module) if module.startswith("pairfold.") else None


def _without_way_back(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document) -> None:
    if page.startswith("_modules/"):
        context["body"] = BACK.sub("", context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the look-ups."""
    app.connect("viewcode-follow-imported", _follow)
    app.connect("viewcode-find-source", _find)
    app.connect("html-page-context", _without_way_back)
    return {"parallel_read_safe": True}
