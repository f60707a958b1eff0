"""Exchange rows and columns."""

from __future__ import annotations

from collections.abc import Sequence

from pairfold.ir.expr import Expr, variables
from pairfold.ops.arithmetic import variable
from pairfold.transform.expand import substitute

__all__ = ["swap_sides"]


def swap_sides(roots: Sequence[Expr]) -> list[Expr]:
    """Exchange rows and columns in expressions."""
    swapped = {v: variable(v.position, v.dim, v.category.other, v.kind) for v in variables(*roots)}
    return substitute(roots, swapped)
