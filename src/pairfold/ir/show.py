"""Print an expression as a formula string that the parser reads back.

A node may be part of many others, so the text of a formula can be exponentially longer than its graph. Long texts name
the parts that occur several times, and a message shows the outline of a formula.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from pairfold.ir.expr import Category, Expr, topological

__all__ = ["Texts", "outline", "show", "show_together"]

_INFIX = {"Add": "+", "Subtract": "-", "Mult": "*", "Divide": "/"}

LONGEST = 2000
"""Characters of formulas beyond which the parts that occur several times are named."""

OUTLINE = 160
"""Characters of a formula in a message; what stands around it brings a `repr` to about 200."""

_HIDDEN = "..."


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
    parts = tuple(f"{names[node]} = {_write(_pieces(node), names)}" for node in shared)
    return Texts(tuple(_write([expr], names) for expr in exprs), parts)


def outline(expr: Expr, names: Mapping[Expr, str] | None = None, limit: int = OUTLINE) -> str:
    """Return the text of `expr` down to the depth that fits into `limit` characters, with dots for what is deeper.

    Examples
    --------
    >>> from pairfold.ops.arithmetic import variable
    >>> x = variable(0, 3, Category.ROW)
    >>> outline(x * x + x), outline(x * x + x, limit=20)
    ('((Vi(0,3) * Vi(0,3)) + Vi(0,3))', '(... + Vi(0,3))')
    """
    names = names or {}
    text = _HIDDEN
    for depth in count(1):
        deeper = _to_depth(expr, names, depth)
        if deeper == text or len(deeper) > limit:
            break
        text = deeper
    return text


def _pieces(node: Expr) -> list[str | Expr]:
    """Return the text of `node`, with its arguments where their texts go."""
    name = node.op.name
    if name == "Var":
        named = node.category == Category.PLACEHOLDER
        return [f"{node.position}" if named else f"{node.category.prefix}({node.position},{node.dim})"]
    if name == "Const":
        return [repr(node.params[0])]
    if name in _INFIX:
        return ["(", node.args[0], f" {_INFIX[name]} ", node.args[1], ")"]
    if name == "Minus":
        return ["(-", node.args[0], ")"]
    parts: list[str | Expr] = [*node.args, *map(str, node.params)]
    pieces: list[str | Expr] = [f"{name}("]
    for number, part in enumerate(parts):
        pieces += [", ", part] if number else [part]
    return [*pieces, ")"]


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
            stack.extend(reversed(_pieces(piece)))
    return "".join(written)


def _to_depth(node: Expr, names: Mapping[Expr, str], depth: int) -> str:
    if node in names:
        return names[node]
    if depth == 0 and node.args:
        return _HIDDEN
    return "".join(piece if isinstance(piece, str) else _to_depth(piece, names, depth - 1) for piece in _pieces(node))


def _shared(exprs: Sequence[Expr], names: Mapping[Expr, str]) -> list[Expr]:
    """Return the nodes to name, arguments first: none when the texts are short without."""
    order = topological(exprs, names)
    length: dict[Expr, int] = {node: len(name) for node, name in names.items()}
    uses = Counter(exprs)
    for node in order:
        own = sum(len(piece) for piece in _pieces(node) if isinstance(piece, str))
        # The numbers double from node to node: beyond the limit they are all the same.
        length[node] = min(LONGEST + 1, own + sum(length[arg] for arg in node.args))
        uses.update(node.args)
    if sum(length[expr] for expr in exprs) <= LONGEST:
        return []
    return [node for node in order if uses[node] > 1 and node.args]
