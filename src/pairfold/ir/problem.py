"""What is to be computed: one reduction over columns of one formula."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from pairfold.ir.expr import Expr, variables
from pairfold.ir.reduction import Reduction, Sizes

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """A formula, its reduction over columns, and what the reduction needs beside the formula.

    The rows are what is kept, the columns what is reduced; a front end that reduces over rows swaps the categories
    of the variables first. Hashable by the identity of its interned parts, so a problem is a cache key.
    """

    value: Expr
    reduction: Reduction
    weight: Expr | None = None
    k: int = 1

    @property
    def sizes(self) -> Sizes:
        """The sizes that the dimensions of states and outputs follow from."""
        return Sizes(self.value.dim, 1 if self.weight is None else self.weight.dim, self.k)

    @property
    def roots(self) -> tuple[Expr, ...]:
        """The formulas."""
        return (self.value,) if self.weight is None else (self.value, self.weight)

    @cached_property
    def arguments(self) -> dict[int, Expr]:
        """The variables that the formulas read, by their positions among the arguments, in ascending order."""
        return {v.position: v for v in sorted(variables(*self.roots), key=lambda v: v.position)}

    @cached_property
    def unfinished(self) -> Problem:
        """The same formula, but the outputs are the fields of the state."""
        return replace(self, reduction=self.reduction.unfinished)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the outputs for one row."""
        return self.reduction.shapes(self.sizes)
