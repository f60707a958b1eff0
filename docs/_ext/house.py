"""The directive ``.. house::``: the layers of the package as a picture.

The layers are those that import-linter holds, and what a room is for is the first sentence of its docstring, so the
picture shows what the code is.
"""

from __future__ import annotations

import ast
import html
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]

STYLE = """
.house { display: flex; flex-direction: column; gap: 4px; margin: 1em 0; }
.house .layer { display: flex; gap: 4px; }
.house .room { flex: 1 1 0; min-width: 0; padding: .35em .6em; border-radius: 4px;
  border: 1px solid var(--color-background-border); background: var(--color-background-secondary); }
.house .room b { font-family: var(--font-stack--monospace); font-size: .9em; }
.house .room span { display: block; font-size: .75em; color: var(--color-foreground-secondary); }
@media (max-width: 46em) { .house .layer { flex-direction: column; } }
"""


def layers() -> list[list[str]]:
    """Return the rooms of the package, a list per layer, from the top."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (c for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    return [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]


def purpose(room: str) -> str:
    """Return the first sentence of the docstring of a room."""
    place = ROOT / "src" / "pairfold" / room
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).rstrip(".")


def picture() -> str:
    """Return the picture as HTML: a box per room, a line of boxes per layer."""
    lines = []
    for layer in layers():
        boxes = "".join(
            f'<div class="room"><b>{html.escape(room)}</b><span>{html.escape(purpose(room))}</span></div>'
            for room in layer
        )
        lines.append(f'<div class="layer">{boxes}</div>')
    return f"<style>{STYLE}</style>\n" + '<div class="house">\n' + "\n".join(lines) + "\n</div>"


class House(SphinxDirective):
    """Put the picture, or its words where there is no HTML."""

    def run(self) -> list[nodes.Node]:
        """Return the picture."""
        if self.env.app.builder.format == "html":
            return [nodes.raw("", picture(), format="html")]
        text = "\n".join(f"{room}: {purpose(room)}" for layer in layers() for room in layer)
        return [nodes.literal_block(text, text)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("house", House)
    return {"parallel_read_safe": True}
