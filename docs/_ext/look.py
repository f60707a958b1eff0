"""The directive ``.. look::``: a small program, and what a notebook shows of its last expression.

Cards are shown as they are, plots as images. The programs of a page share their names.
"""

from __future__ import annotations

import ast
from io import StringIO
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def value_of(program: str, names: dict[str, Any]) -> Any:
    """Run a program and return the value of the expression at its end."""
    tree = ast.parse(program)
    *steps, last = tree.body
    if not isinstance(last, ast.Expr):
        raise ValueError(f"The program must end with an expression: {program}")
    exec(compile(ast.Module(steps, []), "<look>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<look>", "eval"), names)


def html_of(value: Any) -> str:
    """Return what a notebook shows of a value: its HTML, or the picture that it was drawn in."""
    if hasattr(value, "_repr_html_"):
        return str(value._repr_html_())
    from matplotlib import pyplot

    figure = value.figure
    figure.set_size_inches(7, 3.5)
    text = StringIO()
    figure.savefig(text, format="svg", facecolor="white")
    pyplot.close(figure)
    drawing = text.getvalue()
    return f'<div style="max-width:100%;overflow:auto">{drawing[drawing.index("<svg") :]}</div>'


class Look(SphinxDirective):
    """Show a program and what is seen of its value; where there is no HTML, its text."""

    has_content = True
    names: ClassVar[dict[str, dict[str, Any]]] = {}

    def run(self) -> list[nodes.Node]:
        """Return the program and the picture."""
        import matplotlib as mpl

        mpl.use("Agg")
        program = "\n".join(self.content)
        value = value_of(program, self.names.setdefault(self.env.docname, {}))
        code = nodes.literal_block(program, program, language="python")
        if self.env.app.builder.format == "html":
            return [code, nodes.raw("", f'<div style="margin:1em 0">{html_of(value)}</div>', format="html")]
        return [code, nodes.literal_block(str(value), str(value))]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("look", Look)
    return {"parallel_read_safe": True}
