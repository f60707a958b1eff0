"""Directives that print the registries: what the tables say is what the code does.

``.. operations::``, ``.. old-kernels::``, ``.. calculus::`` and ``.. reductions::`` give one entry per record,
``.. accuracy::`` the error bounds of the vector math functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pairfold.codegen.vectormath import ACCURACY_ULP
from pairfold.ir.expr import Op
from pairfold.ir.reduction import REDUCTIONS, Reduction
from pairfold.lazy.docstrings import dimension_text, output_shapes
from pairfold.ops import OPERATIONS
from pairfold.pykeops.operations import KERNELS
from pairfold.transform.calculus import CALCULUS

LEAVES = ("Var", "Const")


def _entry(signature: str, method: str | None, facts: Iterable[tuple[str, str]]) -> list[str]:
    """Return the lines of one definition-list entry."""
    title = f"``{signature}``" + (
        f", method :py:obj:`.{method} <pairfold.numpy.LazyTensor.{method}>`" if method else ""
    )
    lines = [title]
    for name, text in facts:
        if text:
            lines.append(f"   | *{name}*: {text}" if name else f"   | {text}")
    return [*lines, ""]


def _verbatim(text: str) -> str:
    """Return `text` such that reStructuredText prints it as it is."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").replace("`", "\\`")


def _dimension(op: Op) -> str:
    if not op.arity:
        return ""
    if op.elementwise:
        return "that of the operands, which are equal or 1" if op.arity > 1 else "that of the operand"
    return dimension_text(op)


def _derivative(op: Op) -> str:
    if op.pullback is not None:
        return "its own rule"
    return "through its expansion" if op.expand is not None and op.arity else ""


def _accuracy(op: Op) -> str:
    if op.expand is not None and op.accuracy == Op.__dataclass_fields__["accuracy"].default:
        return "that of the operations it is made of"
    return op.accuracy


def operation_lines(operations: Mapping[str, Op] = OPERATIONS) -> list[str]:
    """Return one entry per operation, in alphabetical order."""
    lines = []
    for name, op in sorted(operations.items()):
        if name in LEAVES:
            continue
        arguments = ", ".join([*op.letters, *op.parameters])
        facts = (
            ("", _verbatim(op.definition)),
            ("dimension", _dimension(op)),
            ("derivative", _derivative(op)),
            ("accuracy", _verbatim(_accuracy(op))),
            ("note", _verbatim(op.doc)),
            ("source", _verbatim(op.source)),
        )
        lines += _entry(f"{name}({arguments})", op.method, facts)
    return lines


def calculus_lines() -> list[str]:
    """Return one entry per operator on formulas."""
    lines = []
    for name, operator in sorted(CALCULUS.items()):
        lines += _entry(
            name, operator.method, (("", _verbatim(operator.definition)), ("note", _verbatim(operator.doc)))
        )
    return lines


def _results(reduction: Reduction) -> str:
    """Return shape and dtype of the outputs of a reduction over j."""
    texts = []
    for shape, kind in output_shapes(reduction):
        flat = " (without the last axis if D is 1)" if shape == "K, D" else ""
        texts.append(f"``(..., N, {shape})``{flat}, {'int64' if kind == 'index' else 'dtype of the arguments'}")
    return "; ".join(texts)


def reduction_lines() -> list[str]:
    """Return one entry per reduction, in the order of registration."""
    lines = []
    for name, reduction in REDUCTIONS.items():
        if name != reduction.name:
            continue
        needs = [
            text
            for text, needed in (("a second formula G", reduction.needs_weight), ("K", reduction.needs_k))
            if needed
        ]
        facts = (
            ("", _verbatim(reduction.definition)),
            ("needs", " and ".join(needs)),
            ("result", _results(reduction)),
            ("other names", ", ".join(f"``{synonym}``" for synonym in reduction.synonyms)),
            ("note", _verbatim(reduction.doc)),
            ("source", _verbatim(reduction.source)),
        )
        lines += _entry(name, reduction.method, facts)
    return lines


def accuracy_lines() -> list[str]:
    """Return the table of the largest errors of the vector math functions."""
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "",
        "   * - function",
        "     - float32, ulp",
        "     - float64, ulp",
    ]
    for name, bounds in sorted(ACCURACY_ULP.items()):
        lines += [f"   * - ``{name}``", *(f"     - {bounds[dtype]:g}" for dtype in ("float32", "float64"))]
    return lines


def _directive(name: str, make_lines: Callable[[], list[str]]) -> type[SphinxDirective]:
    def run(self: SphinxDirective) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(make_lines()))

    return type(name, (SphinxDirective,), {"run": run, "has_content": False})


def _keep_bars(app: Sphinx, what: str, name: str, subject: object, options: object, lines: list[str]) -> None:
    """Print |f| in docstrings as it stands: reStructuredText would look for a substitution."""
    is_code = False
    for number, line in enumerate(lines):
        is_code = line.lstrip().startswith(">>>") or (is_code and bool(line.strip()))
        if not is_code and "`" not in line:
            lines[number] = line.replace("|", "\\|")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.connect("autodoc-process-docstring", _keep_bars)
    for name, make_lines in (
        ("operations", operation_lines),
        ("old-kernels", lambda: operation_lines(KERNELS)),
        ("calculus", calculus_lines),
        ("reductions", reduction_lines),
        ("accuracy", accuracy_lines),
    ):
        app.add_directive(name, _directive(name, make_lines))
    return {"parallel_read_safe": True}
