"""Between which ends the values of formulas lie on pairs of boxes: computed by pairfold itself, on lists of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold import engine
from pairfold.engine import Call, Extent, Options
from pairfold.ir.expr import Category, Expr, variables
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import apply, variable
from pairfold.reductions import REDUCTIONS
from pairfold.sparsity.ranges import Integers
from pairfold.sparsity.tree import Boxes
from pairfold.transform.bounds import enclosure, ends
from pairfold.transform.expand import substitute

__all__ = ["BoxFormula", "joined", "side_of"]

Array = NDArray[Any]
Floats = NDArray[np.float64]

AT_ONCE = 1 << 15
"""Pairs that are bounded together: what is gathered for them stays in the cache."""


def side_of(roots: Sequence[Expr], category: Category) -> list[Expr]:
    """Return the variables of rows or columns that formulas read, by position."""
    return sorted((v for v in variables(*roots) if v.category == category), key=lambda v: v.position)


def joined(arrays: Sequence[Array | None], side: Sequence[Expr]) -> Array:
    """Return the variables of one side next to each other ``(points, D)``: an array as it is, where there is one."""
    parts = [arrays[v.position] for v in side]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)  # type: ignore[arg-type, return-value]


@lru_cache(maxsize=256)
def _bounding(roots: tuple[Expr, ...], dtype: str) -> tuple[Problem, tuple[str, ...]]:
    """Return the problem whose rows are pairs of boxes and whose values are all lower and all upper ends."""
    boxed = [v for v in variables(*roots) if v.category != Category.PARAMETER]
    found = enclosure(roots, boxed, dtype)
    value = found.low[0]
    for part in (*found.low[1:], *found.high):
        value = apply("Concat", value, part)
    old = [end for v in boxed for end in ends(v)]
    new = [variable(end.position, end.dim, Category.ROW) for end in old]
    return Problem(substitute([value], dict(zip(old, new, strict=True)))[0], REDUCTIONS["Min"]), found.unknown


@dataclass(frozen=True, eq=False)
class BoxFormula:
    """Bounds formulas on pairs of boxes, see `pairfold.transform.bounds.enclosure`.

    Attributes
    ----------
    roots : tuple of Expr
        The formulas.
    dtype : str
        The precision in which kernels evaluate them.
    arrays : sequence of arrays
        Those of the call, without a batch; only the parameters are read.
    options : Options
        Of the call.
    """

    roots: tuple[Expr, ...]
    dtype: str
    arrays: Sequence[Array | None]
    options: Options

    @property
    def unknown(self) -> tuple[str, ...]:
        """The operations that bound nothing."""
        return _bounding(self.roots, self.dtype)[1]

    def ends(
        self, rows: Boxes, row_numbers: Integers, columns: Boxes, column_numbers: Integers
    ) -> tuple[Floats, Floats]:
        """Return the lower and the upper ends of the values, ``(pairs, dimension of all formulas)`` each.

        Boxes are those of the `joined` variables of rows and columns.
        """
        problem, _ = _bounding(self.roots, self.dtype)
        count, dim = len(row_numbers), problem.value.dim
        result = np.empty((count, dim))
        for start in range(0, count, AT_ONCE):
            some = slice(start, start + AT_ONCE)
            self._bound(problem, rows, row_numbers[some], columns, column_numbers[some], result[some])
        return result[:, : dim // 2], result[:, dim // 2 :]

    def _bound(
        self,
        problem: Problem,
        rows: Boxes,
        row_numbers: Integers,
        columns: Boxes,
        column_numbers: Integers,
        out: Floats,
    ) -> None:
        arrays: list[Array | None] = [None] * (2 * len(self.arrays))
        for boxes, numbers, category in ((rows, row_numbers, Category.ROW), (columns, column_numbers, Category.COLUMN)):
            low, high = np.take(boxes.low, numbers, axis=0), np.take(boxes.high, numbers, axis=0)
            start = 0
            for v in side_of(self.roots, category):
                arrays[2 * v.position], arrays[2 * v.position + 1] = (
                    corner[:, start : start + v.dim] for corner in (low, high)
                )
                start += v.dim
        for v in side_of(self.roots, Category.PARAMETER):
            arrays[2 * v.position] = np.asarray(self.arrays[v.position], np.float64)
        # The least of one value; sums of infinities would be no numbers.
        call = Call(problem, Extent(len(out), 1), "float64", options=self.options)
        (out[...],) = engine.run(call, arrays)
