"""What a reduction adds up: the part of a term that is hard to bound, and the weights that multiply it.

A sum of ``r(x_i) K(x_i, y_j) w(y_j)`` may leave out a box of columns when ``max |K|`` on it, times the sum of ``|w|``
over it, is little compared with the sum of ``|K w|`` over all columns, whatever the factor of the row is. It is the
logarithm of ``|K|`` that is bounded, of exponentials their exponents: it neither overflows nor is it 0 far away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import log1p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.ir.call import Tolerance
from pairfold.ir.expr import COLUMN_BIT, ROW_BIT, Category, Expr, depends_on, variables
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import apply, one
from pairfold.pruning.report import GivenUp
from pairfold.reductions import REDUCTIONS
from pairfold.targets.reference import evaluate
from pairfold.transform.expand import expand
from pairfold.transform.simplify import factors, product, simplify

__all__ = ["Terms", "column_values", "is_weight", "terms_of"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Terms:
    """The terms of a sum.

    Attributes
    ----------
    kernel : Expr
        K, or the exponent where the terms are exponentials.
    weights : tuple of Expr
        Every sum that the result consists of has its own weights, all of dimension 1 or as many as components; they
        depend on columns only.
    is_exponent : bool
        Whether the terms are ``exp(kernel) w``.
    share : float
        The part of every sum that may be left out, relative to the sum of moduli.
    absolute : float
        What may be left out of every sum beside.
    """

    kernel: Expr
    weights: tuple[Expr, ...]
    is_exponent: bool
    share: float
    absolute: float

    @cached_property
    def logarithm(self) -> Expr:
        """What has to be bounded: the logarithm of the modulus of K."""
        if self.is_exponent:
            return self.kernel
        return reduce(
            Expr.__add__,
            (
                part.args[0] if part.op.name == "Exp" else apply("Log", apply("Abs", part))
                for part in factors(self.kernel)
            ),
        )

    def lower(self, weight: Expr) -> Problem:
        """Return the sum of moduli, or its logarithm, for one of the weights."""
        if self.is_exponent:
            return Problem(self.kernel, REDUCTIONS["LogSumExpWeight"], apply("Abs", weight))
        return Problem(apply("Abs", product([*factors(self.kernel), *factors(weight)])), REDUCTIONS["Sum"])

    def error(self, left_out: float) -> float:
        """Return the error of the result, in the units of the tolerance, when a part of what may be is left out.

        With a relative and an absolute tolerance, both are used up to that part: this is that of the relative one.
        """
        part = left_out * (self.share or self.absolute)
        if not self.is_exponent:
            return part
        return -log1p(-part) if len(self.weights) == 1 else 2 * part / (1 - part)


def terms_of(problem: Problem, tolerance: Tolerance) -> Terms | GivenUp:
    """Return what a reduction adds up, or why that is not known."""
    name = problem.reduction.name
    tol, atol = tolerance.tol or 0.0, tolerance.atol or 0.0
    found: Terms | GivenUp
    if name in ("Sum", "Mean", "Mean_Count"):
        found = _of_sum(problem, tol, atol)
    elif name in ("LogSumExp", "LogSumExpWeight", "SumSoftMaxWeight"):
        found = _of_exponentials(problem, tol, atol)
    else:
        return GivenUp(f"{name} is no sum whose error is known", is_meant=False)
    if isinstance(found, GivenUp):
        return found
    sides = {v.category for v in variables(found.kernel)}
    if not {Category.ROW, Category.COLUMN} <= sides:
        return GivenUp("no part of the formula depends on both rows and columns")
    return found


def _of_sum(problem: Problem, tol: float, atol: float) -> Terms:
    parts: dict[str, list[Expr]] = {"row": [], "column": [], "pair": []}
    for part in factors(_simple(problem.value)):
        side = {0: "row", ROW_BIT: "row", COLUMN_BIT: "column"}.get(part.dependence, "pair")
        parts[side].append(part)
    # What multiplies all terms of a row does not matter for a relative error.
    kernel = parts["pair"] + (parts["row"] if atol else [])
    return Terms(product(kernel) if kernel else one(), (product(parts["column"] or [one()]),), False, tol, atol)


def _of_exponentials(problem: Problem, tol: float, atol: float) -> Terms | GivenUp:
    if atol and not tol:
        return GivenUp("atol has no meaning for logarithms and averages: their tolerance is tol")
    exponent = _simple(problem.value)
    # The logarithm moves by -log(1 - part) at most.
    share = -np.expm1(-tol)
    if problem.weight is None:
        return Terms(exponent, (one(),), True, share, 0.0)
    weight = _simple(problem.weight)
    if weight.dependence not in (0, COLUMN_BIT):
        return GivenUp("the weights of the exponentials depend on rows")
    if problem.reduction.name == "LogSumExpWeight":
        return Terms(exponent, (weight,), True, share, 0.0)
    # Of A / Z, where the parts a and z are left out: (a + z A / Z) / (Z - z) at most.
    return Terms(exponent, (one(), weight), True, tol / (2 + tol), 0.0)


def _simple(root: Expr) -> Expr:
    (simple,) = simplify(expand([root]))
    return simple


def is_weight(kernel: Expr, variable: Expr) -> bool:
    """Tell whether a formula is linear in a variable: such values say nothing of which pairs are near."""
    dependent = depends_on([kernel], variable)
    for node in dependent - {variable}:
        carrying = {place for place, arg in enumerate(node.args) if arg in dependent}
        if not node.op.access and not any(carrying.issubset(group) for group in node.op.linear):
            return False
    return True


def column_values(expr: Expr, arrays: Sequence[Array | None], columns: int) -> Array:
    """Return what depends on columns only, ``(columns, dim)`` in float64."""
    bindings = {v: np.asarray(arrays[v.position], np.float64) for v in variables(expr)}
    (values,) = evaluate([expr], bindings)
    return np.broadcast_to(values, (columns, expr.dim))
