"""The placeholders that stand for the state of a reduction in its expressions."""

from __future__ import annotations

from pairfold.ir.expr import Category, Expr
from pairfold.ir.reduction import Reduction, Sizes
from pairfold.ops.arithmetic import variable

__all__ = ["COLUMN_INDEX", "placeholders"]

COLUMN_INDEX = variable("index", 1, Category.PLACEHOLDER, "index")
"""The number of the current column."""


def placeholders(reduction: Reduction, sizes: Sizes, prefix: str = "state") -> dict[str, Expr]:
    """Return one placeholder per field of the state, named ``prefix.field``."""
    return {
        field.name: variable(f"{prefix}.{field.name}", field.dim(sizes), Category.PLACEHOLDER, field.kind)
        for field in reduction.fields
    }
