"""How formulas are written in KeOps, from its first release on."""

from __future__ import annotations

from pairfold.ir.expr import Category
from pairfold.language.aliases import PLAIN, Dialect
from pairfold.pykeops.operations import KERNELS

__all__ = ["KEOPS"]

KEOPS = Dialect(
    variables={**PLAIN.variables, "Vx": Category.ROW, "Vy": Category.COLUMN},
    has_truth=False,
    has_pairs=True,
    shorthands=KERNELS,
)
"""Comparisons are numbers; ``Vx``, ``Vy``, the scalar product ``(f, g)`` and the kernels are those of 2018."""
