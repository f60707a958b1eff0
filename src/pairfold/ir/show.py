"""Print an expression as a formula string that the parser reads back.

A node may be part of many others, so the text of a formula can be exponentially longer than its graph. Long texts name
the parts that occur several times, and a message shows the outline of a formula.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pairfold.ir.expr import Expr, pieces_of, topological

__all__ = ["LONGEST", "Texts", "show", "show_together"]

LONGEST = 2000
"""Characters of formulas beyond which the parts that occur several times are named."""


@dataclass(frozen=True)
class Texts:
    """The texts of some expressions, and what the names in them stand for.

    Attributes
    ----------
    texts : tuple of str
        One per expression.
    parts : tuple of str
        ``"#1 = ..."`` for every part that has a name, each before the parts that use it; empty for short texts.
    """

    texts: tuple[str, ...]
    parts: tuple[str, ...]


def show(expr: Expr, names: Mapping[Expr, str] | None = None) -> str:
    """Return the text of `expr`; `names` gives the user's names for variables.

    The parser reads it back, unless it is so long that shared parts are named: ``"(#1 * #1) where #1 = ..."``.
    """
    shown = show_together([expr], names)
    return shown.texts[0] + (f" where {', '.join(shown.parts)}" if shown.parts else "")


def show_together(exprs: Sequence[Expr], names: Mapping[Expr, str] | None = None) -> Texts:
    """Return the texts of several expressions, which share the names of their parts."""
    names = dict(names or {})
    shared = _shared(exprs, names)
    names.update({node: f"#{number}" for number, node in enumerate(shared, 1)})
    parts = tuple(f"{names[node]} = {_write(pieces_of(node), names)}" for node in shared)
    return Texts(tuple(_write([expr], names) for expr in exprs), parts)


def _write(pieces: Sequence[str | Expr], names: Mapping[Expr, str]) -> str:
    written: list[str] = []
    stack = list(reversed(pieces))
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            written.append(piece)
        elif piece in names:
            written.append(names[piece])
        else:
            stack.extend(reversed(pieces_of(piece)))
    return "".join(written)


def _shared(exprs: Sequence[Expr], names: Mapping[Expr, str]) -> list[Expr]:
    """Return the nodes to name, arguments first: none when the texts are short without."""
    order = topological(exprs, names)
    length: dict[Expr, int] = {node: len(name) for node, name in names.items()}
    uses = Counter(exprs)
    for node in order:
        own = sum(len(piece) for piece in pieces_of(node) if isinstance(piece, str))
        # The numbers double from node to node: beyond the limit they are all the same.
        length[node] = min(LONGEST + 1, own + sum(length[arg] for arg in node.args))
        uses.update(node.args)
    if sum(length[expr] for expr in exprs) <= LONGEST:
        return []
    return [node for node in order if uses[node] > 1 and node.args]
