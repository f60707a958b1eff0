"""The reference: pages for every front end, made of its public names, and a check that every public name has a place.

The pages are written before the documentation is read, into docs/reference/<front end>, and hold directives of autodoc:
what they say stands in the docstrings. What all front ends share has one place, on a page of docs/reference, and
stands for the names of all of them.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import sessions
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.autodoc.mock import mock
from sphinx.util import logging

import pairfold
from pairfold.api.protocols import REDUCING
from pairfold.ops import OPERATIONS

ROOT = str(Path(__file__).parents[2])
PAGES = Path(ROOT) / "docs" / "reference"
FRONT_ENDS = {
    "numpy": "quickstart",
    "torch": "torch",
    "cupy": "gpu",
    "jax": "jax",
    "dask": "dask",
}
"""By the name of a front end, the page that tells how to use it."""

INTERNAL = {"carry_out", "rmatmat", "routine", "solver", "waiting"}
"""Attributes that have a public name for other modules of the package."""

LARGEST_PAGE = 150_000
"""Characters."""

logger = logging.getLogger(__name__)


# ---------------------------------------------------------------- what is public


def front_end(name: str) -> ModuleType:
    """Return the module of a front end; a stand-in takes the place of CuPy where it is not installed."""
    try:
        return importlib.import_module(f"pairfold.{name}")
    except ModuleNotFoundError:
        if name != "cupy":
            raise
    with mock(["cupy"]):
        return importlib.import_module("pairfold.cupy")


def modules() -> Iterator[ModuleType]:
    """Yield the modules whose public names are in the reference."""
    yield pairfold
    for name in FRONT_ENDS:
        room = front_end(name)
        yield room
        if "cluster" in room.__all__:
            yield room.cluster
    for name in ("errors", "sklearn", "torch.distributed"):
        yield importlib.import_module(f"pairfold.{name}")


def names_of(module: ModuleType) -> list[str]:
    """Return the public names of a module, without modules."""
    return [name for name in module.__all__ if not (name.startswith("__") or inspect.ismodule(getattr(module, name)))]


def members(kind: type[Any]) -> list[str]:
    """Return the public methods and properties of a class, in alphabetical order."""
    found = []
    for name in dir(kind):
        if name.startswith("_") or name in INTERNAL:
            continue
        value = inspect.getattr_static(kind, name)
        if inspect.isfunction(value) or isinstance(value, property | staticmethod | classmethod):
            found.append(name)
    return sorted(found, key=str.lower)


def public_names() -> list[str]:
    """Return the full names of everything public: what a module lists, and the members of the classes of front ends."""
    found = []
    for module in modules():
        for name in names_of(module):
            found.append(f"{module.__name__}.{name}")
            value = getattr(module, name)
            if inspect.isclass(value) and value.__module__ == module.__name__ and name != "ComplexLazyTensor":
                found += [f"{found[-1]}.{member}" for member in members(value)] if has_methods(module) else []
    return found


def is_own(kind: type[Any], member: str) -> bool:
    """Whether a member of a class is defined in this package, and not in one that the class derives from."""
    return any(member in vars(one) and one.__module__.startswith("pairfold.") for one in kind.__mro__)


def has_methods(module: ModuleType) -> bool:
    """Whether a module is a front end, whose classes have a page with all of their methods."""
    return module.__name__.removeprefix("pairfold.") in FRONT_ENDS


# ---------------------------------------------------------------- groups of methods

_OPERATIONS = {op.method: op for op in OPERATIONS.values() if op.method}
_PLACES = {
    **dict.fromkeys(("concat", "concatenate", "cat", "elem", "norm"), "vectors"),
    **dict.fromkeys(("where", "ifelse", "clamp", "clampint", "maximum", "minimum", "sign", "step", "relu"), "choices"),
    **dict.fromkeys(("mod", "round", "floor", "ceil", "trunc"), "choices"),
    **dict.fromkeys(("logical_and", "logical_or", "logical_not", "logical_xor"), "choices"),
    **dict.fromkeys(("reduction", "partial", "finish", "stream", "explain"), "parts"),
    **dict.fromkeys(("T", "t", "dense", "diag", "rows", "block", "__getitem__"), "entries"),
    **dict.fromkeys(("matvec", "rmatvec", "__matmul__", "as_matrix", "solve"), "matrices"),
}
GROUPS = {
    "functions": (
        "functions of components",
        "f is the tensor itself. They take components one by one: an operand of dimension 1 meets all of the others.",
    ),
    "choices": (
        "choices, rounding and truth values",
        "They take components one by one. Comparisons are operators: ``x < y``.",
    ),
    "vectors": ("vectors", "They take the last axis as a vector: distances, norms, products, components."),
    "reductions": (
        "reductions",
        "They reduce over j (axis=1) or over i (axis=0), and return arrays. All take the keywords of `reduction`:"
        " ``ranges``, ``out``, ``threads``, ``tol``, ... The dots in shapes are batch axes: :doc:`/reductions` has"
        " examples with batches.",
    ),
    "parts": (
        "reductions by name and in parts",
        "A reduction of any name, with all keywords that reductions have; some of the columns, more than fits into"
        " memory, and what the engine does.",
    ),
    "derivatives": ("derivatives", "They differentiate the formula, not the result of a reduction, and are lazy."),
    "entries": ("entries", "They select, exchange or compute entries."),
    "matrices": ("matrices", "They take a tensor of dimension 1 as a matrix, of which no entry is stored."),
    "facts": ("", ""),
}
"""By the name of a page, what it is about, and a sentence on it."""


def group_of(method: str) -> str:
    """Return the page of a method of LazyTensor."""
    if method in _PLACES:
        return _PLACES[method]
    if method.removesuffix("_reduction") in REDUCING:
        return "parts" if method.endswith("_reduction") else "reductions"
    if method in _OPERATIONS:
        return "functions" if _OPERATIONS[method].elementwise else "vectors"
    return "derivatives" if method in sessions.records() else "facts"


def grouped(kind: type[Any]) -> dict[str, list[str]]:
    """Return the methods of LazyTensor by their pages."""
    found: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in [*members(kind), "__getitem__", "__matmul__"]:
        found[group_of(name)].append(name)
    return found


# ---------------------------------------------------------------- pages


@dataclass(frozen=True)
class Page:
    """A page: the title, and the lines below."""

    title: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The page as reStructuredText."""
        return "\n".join([self.title, "=" * len(self.title), "", *self.lines, ""])


def summary(value: object) -> str:
    """Return the first sentence of a docstring."""
    paragraph = " ".join((inspect.getdoc(value) or "").split("\n\n")[0].split())
    return escaped(re.split(r"(?<=[^.]\.) ", paragraph)[0])


def escaped(text: str) -> str:
    """Return text whose bars are no substitutions."""
    return re.sub(r"(``[^`]*``)|\|", lambda found: found[1] or r"\|", text)


def table(room: str, rows: Iterable[tuple[str, object]]) -> list[str]:
    """Return a table of names, which are links, and what they are for."""
    lines = [".. list-table::", "   :widths: 30 70", ""]
    for name, value in rows:
        lines += [f"   * - :py:obj:`{name} <{room}.{name}>`", f"     - {summary(value)}"]
    return [*lines, ""] if lines[3:] else []


def member_lines(path: str, kind: type[Any], names: Iterable[str]) -> list[str]:
    """Return the directives for members of a class."""
    lines = []
    for name in names:
        directive = "autoproperty" if isinstance(inspect.getattr_static(kind, name), property) else "automethod"
        lines += [f".. {directive}:: {path}.{name}", ""]
    return lines


def class_page(room: str, name: str, kind: type[Any], own: Iterable[str]) -> Page:
    """Return the page of a class with these methods."""
    lines = [f".. currentmodule:: {room}", "", f".. autoclass:: {name}", "", *member_lines(name, kind, own)]
    return Page(f"{name} ({room})", tuple(lines))


def setup_lines(room: str) -> list[str]:
    """Return what the examples of a page begin with; nothing where there are none."""
    if not shows_examples(room):
        return []
    return ["The examples begin with:", "", *sessions.session(sessions.SETUP, room, {}), ""]


def shows_examples(room: str) -> bool:
    """Whether the examples of NumPy are right for a front end."""
    return "Examples" in (importlib.import_module(room).Tree.__doc__ or "")


def tensor_pages(room: str, kind: type[Any]) -> dict[str, Page]:
    """Return the pages of LazyTensor: of the class, and of its methods."""
    groups = grouped(kind)
    facts = groups.pop("facts")
    names = {group: f"LazyTensor_{group}" for group in groups}
    lines = [f".. currentmodule:: {room}", "", ".. autoclass:: LazyTensor", ""]
    lines += ["Methods", "-------", "", ".. list-table::", "   :widths: 25 75", ""]
    for group, methods in groups.items():
        links = ", ".join(
            f":py:obj:`{one} <{room}.LazyTensor.{one}>`" for one in methods if not one.endswith("_reduction")
        )
        lines += [f"   * - :doc:`{GROUPS[group][0]} <{names[group]}>`", f"     - {links}"]
    lines += ["", "Operators", "---------", "", *operator_lines()]
    lines += ["Facts", "-----", "", *member_lines("LazyTensor", kind, facts)]
    pages = {"LazyTensor": Page(f"LazyTensor ({room})", tuple(lines))}
    for group, methods in groups.items():
        about, sentence = GROUPS[group]
        lines = [f".. currentmodule:: {room}", "", f"Methods of `LazyTensor`. {sentence}", ""]
        lines += [*setup_lines(room), *member_lines("LazyTensor", kind, methods)]
        pages[names[group]] = Page(f"LazyTensor: {about} ({room})", tuple(lines))
    return pages


OPERATORS = {
    "x + y": "Add",
    "x - y": "Subtract",
    "x * y": "Mult",
    "x / y": "Divide",
    "x ** y": "Powf",
    "-x": "Minus",
    "abs(x)": "Abs",
    "x < y": "LessThan",
    "x <= y": "LessOrEqual",
    "x == y": "Equal",
    "x != y": "NotEqual",
    "x | y": "Scalprod",
    "p & q": "And",
    "p | q": "Or",
    "p ^ q": "Xor",
    "~p": "Not",
}
"""By the expression, the operation; p and q are truth values: the answers of comparisons."""


def operator_lines() -> list[str]:
    """Return the table of operators."""
    lines = [
        "One operand at least is a LazyTensor; the others may be arrays and numbers. p and q are truth values, which",
        "comparisons are.",
        "",
    ]
    lines += [".. list-table::", "   :widths: 20 80", ""]
    for expression, name in OPERATORS.items():
        operands = re.findall("[a-z]", expression.replace("abs", ""))
        words = dict(zip(("f", "g"), operands, strict=False))
        meaning = re.sub(r"\b[fg]\b", lambda found, words=words: words[found[0]], OPERATIONS[name].definition)
        lines += [f"   * - ``{expression}``", f"     - {escaped(meaning)}"]
    lines += ["   * - ``x // y``", "     - largest integer <= x / y"]
    lines += ["   * - ``x % y``", "     - x - y floor(x / y), between 0 and y"]
    return [*lines, ""]


def function_page(room: str, title: str, names: Iterable[str]) -> Page:
    """Return a page of functions."""
    lines = [f".. currentmodule:: {room}", ""]
    for name in names:
        lines += [f".. autofunction:: {name}", ""]
    return Page(f"{title} ({room})", tuple(lines))


def module_page(module: ModuleType, title: str) -> Page:
    """Return a page of everything that a module defines."""
    own = [name for name in names_of(module) if not is_shared(module, name)]
    lines = [f".. automodule:: {module.__name__}", ""]
    if module.__name__.endswith(".cluster"):
        room = module.__name__.removesuffix(".cluster")
        first = sessions.session(sessions.SETUP[:1], room, {})
        lines += ["The examples begin with:", "", *first, f">>> from {module.__name__} import *", ""]
    for name in own:
        value = getattr(module, name)
        lines += [f".. {'autoclass' if inspect.isclass(value) else 'autofunction'}:: {name}", ""]
        if inspect.isclass(value):
            lines += member_lines(name, value, [one for one in members(value) if is_own(value, one)])
    shared = [(name, getattr(module, name)) for name in names_of(module) if is_shared(module, name)]
    if shared:
        lines += ["Beside them, the module has:", "", *table(module.__name__, shared)]
    return Page(title, tuple(lines))


def front_end_pages(name: str) -> dict[str, Page]:
    """Return the pages of a front end by the names of their files."""
    module = front_end(name)
    room = module.__name__
    pages = {}
    for one in ("Genred", "KernelSolve"):
        kind = getattr(module, one)
        pages[one] = class_page(room, one, kind, ["__call__", *members(kind)])
    pages |= tensor_pages(room, module.LazyTensor)
    complex_kind = module.ComplexLazyTensor
    own = [one for one in members(complex_kind) if one in vars(complex_kind.__mro__[1])]
    pages["ComplexLazyTensor"] = class_page(room, "ComplexLazyTensor", complex_kind, own)
    pages["Tree"] = class_page(room, "Tree", module.Tree, members(module.Tree))
    functions = [
        one for one in names_of(module) if inspect.isfunction(getattr(module, one)) and not is_shared(module, one)
    ]
    shorthands = [one for one in functions if one.startswith("generic_")]
    pages["variables"] = function_page(room, "Vi, Vj, Pm, Var", ("Vi", "Vj", "Pm", "Var"))
    pages["shorthands"] = function_page(room, "Shorthands of Genred", shorthands)
    rest = [one for one in functions if one not in {*shorthands, "Vi", "Vj", "Pm", "Var"}]
    if rest:
        pages["functions"] = function_page(room, "Functions", rest)
    if "cluster" in module.__all__:
        pages["cluster"] = module_page(module.cluster, f"Clusters ({room}.cluster)")
    if name == "torch":
        pages["distributed"] = module_page(
            importlib.import_module("pairfold.torch.distributed"), "Several processes (pairfold.torch.distributed)"
        )
    adapter = module.LazyTensor.adapter
    lines = [f".. automodule:: {room}", "", f":doc:`/{FRONT_ENDS[name]}` tells how to use it.", ""]
    lines += table(room, [(one, getattr(module, one)) for one in names_of(module)])
    lines += [".. toctree::", "   :hidden:", ""]
    lines += [f"   {page.title.partition(' (')[0]} <{file}>" for file, page in pages.items()]
    return {"index": Page(f"{adapter.name} ({room})", tuple(lines)), **pages}


def pages() -> dict[str, Page]:
    """Return all pages that are made, by their names below docs/reference."""
    made = {f"{name}/{file}": page for name in FRONT_ENDS for file, page in front_end_pages(name).items()}
    estimators = importlib.import_module("pairfold.sklearn")
    return made | {"sklearn/index": module_page(estimators, "scikit-learn (pairfold.sklearn)")}


def write_pages(app: Sphinx) -> None:
    """Write the pages that have changed, and remove those of other days."""
    made = {PAGES / f"{name}.rst": page.text for name, page in pages().items()}
    for path in set(PAGES.glob("*/*.rst")) - made.keys():
        path.unlink()
    for path, text in made.items():
        path.parent.mkdir(exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- names that stand for others


def is_shared(module: ModuleType, name: str) -> bool:
    """Whether a public name of a module is documented in another place."""
    return canonical(module, name) != f"{module.__name__}.{name}"


def canonical(module: ModuleType, name: str) -> str:
    """Return the name under which a public name of a module is documented."""
    value = getattr(module, name)
    if module is not pairfold and getattr(pairfold, name, None) is value:
        return f"pairfold.{name}"
    return f"{module.__name__}.{name}"


def share(app: Sphinx, env: BuildEnvironment) -> None:
    """Let the names of all front ends lead to what they share."""
    objects = env.get_domain("py").data["objects"]
    for module in modules():
        for name in names_of(module):
            found = objects.get(canonical(module, name))
            if found is not None and is_shared(module, name):
                objects[f"{module.__name__}.{name}"] = found._replace(aliased=True)


def missing(objects: Iterable[str]) -> list[str]:
    """Return the public names that are not among the documented `objects`."""
    known = set(objects)
    return [name for name in public_names() if name not in known]


def check_names(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of public names without a place."""
    for name in missing(env.get_domain("py").data["objects"]):
        logger.warning("%s is public and has no place in the reference", name)


def check_pages(app: Sphinx, exception: Exception | None) -> None:
    """Warn of pages that are too large to be read, and of what is of the machine that built them."""
    if exception is not None or app.builder.name != "html":
        return
    for path in (Path(app.outdir) / "reference").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        if len(text) > LARGEST_PAGE:
            logger.warning("%s has %d characters; it is to be split", path.name, len(text))
        for found in re.findall(r" at 0x[0-9a-f]+|PosixPath|WindowsPath", text) + ([ROOT] if ROOT in text else []):
            logger.warning("%s shows %r, which is of this machine", path.name, found)


# ---------------------------------------------------------------- what autodoc shows


def told_for_room(app: Sphinx, what: str, name: str, subject: object, options: object, lines: list[str]) -> None:
    """Show examples in the words of the front end, and one of every method that follows from a record."""
    room = ".".join(name.split(".")[:2])
    if room.removeprefix("pairfold.") not in FRONT_ENDS or room == "pairfold":
        return
    method = name.removeprefix(f"{room}.LazyTensor.")
    text = "\n".join(lines)
    if not shows_examples(room):
        lines[:] = text.split("\nExamples\n---")[0].split("\n")
    elif ">>>" in text:
        # What is of one front end alone is written for it.
        is_own = "pairfold.numpy" not in text and getattr(subject, "__module__", "").startswith(f"{room}.")
        if room != "pairfold.numpy" and not is_own:
            known = vars(importlib.import_module(name.rpartition(".")[0])) if what == "function" else {}
            lines[:] = sessions.retold(lines, room, known)
    elif method in sessions.records() and what == "method":
        example = sessions.example_lines(sessions.records()[method], room)
        lines[:] = [*lines, "", "Examples", "--------", *example, ""]


def shown_signature(
    app: Sphinx, what: str, name: str, subject: Any, options: object, signature: str | None, returns: str | None
) -> tuple[str, str | None] | None:
    """Show the parameters of the base where a front end passes all of them on to it, and none that are refused."""
    if signature is not None and "**unknown" in signature:
        return signature.replace(", **unknown", ""), returns
    if signature != "(*args, **kwargs)" or not name.startswith("pairfold."):
        return None
    room, _, path = name.removeprefix("pairfold.").partition(".")
    if room not in FRONT_ENDS:
        return None
    base = importlib.import_module("pairfold.numpy")
    for part in path.split("."):
        base = getattr(base, part)
    parameters = list(inspect.signature(base).parameters.values())
    hidden = ("self", "unknown")
    shown = [one.replace(annotation=inspect.Parameter.empty) for one in parameters if one.name not in hidden]
    return str(inspect.Signature(shown)), returns


def unlink_words(app: Sphinx, doctree: nodes.document) -> None:
    """Let words of types, such as "shape" in "array, shape (N, D)", be no links to properties of that name."""
    for link in list(doctree.findall(addnodes.pending_xref)):
        if link.get("refspecific") and link["reftarget"].islower():
            link.replace_self(link.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what happens before, while and after pages are read."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", told_for_room, priority=300)
    app.connect("autodoc-process-signature", shown_signature)
    app.connect("doctree-read", unlink_words)
    app.connect("env-updated", share)
    app.connect("env-check-consistency", check_names)
    app.connect("build-finished", check_pages)
    return {"parallel_read_safe": True}
