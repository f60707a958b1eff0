"""Exchange rows and columns."""

from __future__ import annotations

from collections.abc import Sequence

from pairfold.ir.expr import Category, Expr, variables
from pairfold.ops.arithmetic import variable
from pairfold.transform.expand import substitute

__all__ = ["swap_sides"]


def swap_sides(roots: Sequence[Expr]) -> list[Expr]:
    """Exchange rows and columns in expressions."""
    other = {Category.ROW: Category.COLUMN, Category.COLUMN: Category.ROW}
    replacements = {}
    for node in variables(*roots):
        position, dim, category, kind = node.params
        if category in other:
            replacements[node] = variable(position, dim, other[category], kind)
    return substitute(roots, replacements)
