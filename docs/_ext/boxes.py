"""The directive ``.. boxes::``: what a search for near points looks at, as a picture.

The tree is the one that reductions sort points by. The boxes are those at which the search stops for one leaf of rows:
they cannot hold a near point, or they are leaves that may.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pairfold.sparsity.tree import Tree, build_tree

COUNT, NEIGHBOURS, SIDE = 12_000, 10, 720

STYLE = """
.boxes { max-width: 45em; width: 100%; height: auto; margin: 1em 0; }
.boxes .point { stroke: var(--color-foreground-muted); stroke-width: 2; stroke-linecap: round; }
.boxes .left-out { fill: none; stroke: var(--color-foreground-muted); stroke-width: .8; }
.boxes .kept { fill: #3b82f6; fill-opacity: .25; stroke: #3b82f6; stroke-width: 1; }
.boxes .rows { fill: #f59e0b; fill-opacity: .8; stroke: #b45309; stroke-width: 1.5; }
"""

CAPTION = (
    "12,000 points in the plane. For the points in the orange leaf, the ten nearest neighbours lie in the blue leaves; "
    "every grey box was left out as a whole, because its lower bound is above what near leaves have already."
)


def cloud() -> np.ndarray:
    """Return points around some centres, and some anywhere."""
    random = np.random.default_rng(5)
    centres = random.random((9, 2)) * 0.8 + 0.1
    scales = random.uniform(0.02, 0.09, (9, 1))
    which = random.integers(0, 9, 2 * COUNT // 3)
    near = centres[which] + scales[which] * random.standard_normal((len(which), 2))
    points = np.concatenate([near, random.random((COUNT - len(near), 2))])
    return points[((points > 0) & (points < 1)).all(axis=1)]


def between(tree: Tree, level: int, number: int, row: int) -> tuple[float, float]:
    """Return the least and the greatest distance of points of a box and of a leaf of rows."""
    boxes, leaves = tree.levels[level], tree.leaves
    apart = np.maximum(boxes.low[number] - leaves.high[row], leaves.low[row] - boxes.high[number])
    across = np.maximum(boxes.high[number] - leaves.low[row], leaves.high[row] - boxes.low[number])
    return float(np.linalg.norm(np.maximum(apart, 0))), float(np.linalg.norm(across))


def stops(tree: Tree, row: int, limit: float, level: int = 0, number: int = 0) -> Iterator[tuple[int, int, bool]]:
    """Yield level and number of the boxes at which the search stops, and whether they are looked at."""
    if number >= len(tree.levels[level]):
        return
    if between(tree, level, number, row)[0] > limit:
        yield level, number, False
    elif level == len(tree.levels) - 1:
        yield level, number, True
    else:
        for child in (2 * number, 2 * number + 1):
            yield from stops(tree, row, limit, level + 1, child)


def picture() -> str:
    """Return the picture as SVG."""
    points = cloud()
    tree = build_tree(points)
    last = len(tree.levels) - 1
    row = int(np.argmin(np.linalg.norm((tree.leaves.low + tree.leaves.high) / 2 - [0.62, 0.55], axis=1)))
    # One leaf has more than ten points, so the nearest one says how far the tenth neighbour can be.
    limit = min(between(tree, last, leaf, row)[1] for leaf in range(len(tree.leaves)))
    dots = "".join(f"M{x * SIDE:.0f} {y * SIDE:.0f}h0" for x, y in points[::3])
    shapes = [f'<path class="point" d="{dots}"/>']
    found = [
        (tree.levels[level], number, "kept" if kept else "left-out") for level, number, kept in stops(tree, row, limit)
    ]
    for boxes, number, kind in [*found, (tree.leaves, row, "rows")]:
        (left, top), (right, bottom) = boxes.low[number] * SIDE, boxes.high[number] * SIDE
        size = f'width="{right - left:.1f}" height="{bottom - top:.1f}"'
        shapes.append(f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" {size}/>')
    body = "\n".join(shapes)
    label = f'role="img" aria-label="{CAPTION}"'
    return f'<style>{STYLE}</style>\n<svg class="boxes" viewBox="0 0 {SIDE} {SIDE}" {label}>\n{body}\n</svg>'


class BoxesDirective(SphinxDirective):
    """Put the picture and what it shows."""

    def run(self) -> list[nodes.Node]:
        """Return the picture, or its words alone where there is no HTML."""
        words = nodes.paragraph("", "", nodes.emphasis(CAPTION, CAPTION))
        if self.env.app.builder.format == "html":
            return [nodes.raw("", picture(), format="html"), words]
        return [words]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("boxes", BoxesDirective)
    return {"parallel_read_safe": True}
