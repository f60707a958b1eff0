"""How formulas are written in KeOps, from its first release on."""

from __future__ import annotations

from pairfold.ir.expr import Category
from pairfold.language.aliases import PLAIN, Dialect

__all__ = ["KEOPS"]

KEOPS = Dialect(
    variables={**PLAIN.variables, "Vx": Category.ROW, "Vy": Category.COLUMN},
    has_truth=False,
    has_pairs=True,
)
"""Comparisons are numbers; ``Vx``, ``Vy`` and the scalar product ``(f, g)`` are spellings of 2018."""
