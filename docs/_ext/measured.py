"""The directive ``.. measured::``: the tables that ``python -m benchmarks.readme`` writes into the README.

``.. measured:: jobs`` is that of jobs, with the sentence on the machine above it; ``.. measured:: probes`` the other.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

README = Path(__file__).parents[2] / "README.md"
START, END = "<!-- written by python -m benchmarks.readme -->\n", "<!-- end -->"


def paragraphs(text: str) -> list[str]:
    """Return what the command has written: a sentence and tables in Markdown."""
    return [part for part in text.partition(START)[2].partition(END)[0].split("\n\n") if part.strip()]


def list_table(table: str) -> list[str]:
    """Return a table of Markdown in reStructuredText."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()]
    lines = [".. list-table::", "   :header-rows: 1", "   :class: measured", ""]
    for row in [rows[0], *rows[2:]]:
        lines += [f"   {'  -' if number else '* -'} {cell}".rstrip() for number, cell in enumerate(row)]
    return lines


class Measured(SphinxDirective):
    """Put the sentence and a table."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the nodes."""
        self.env.note_dependency(str(README))
        sentence, jobs, probes = paragraphs(README.read_text(encoding="utf-8"))
        lines = [sentence, "", *list_table(jobs)] if self.arguments[0] == "jobs" else list_table(probes)
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("measured", Measured)
    return {"parallel_read_safe": True}
