"""A reduction as a sum over interactions of points, with its arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold import engine
from pairfold.engine import Call, Extent
from pairfold.ir.expr import Category, Expr, apply, variables
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import one, variable
from pairfold.pruning.report import GivenUp
from pairfold.reductions import REDUCTIONS
from pairfold.transform.expand import expand
from pairfold.transform.interaction import (
    Interaction,
    interaction,
    separated,
)
from pairfold.transform.sides import swap_sides
from pairfold.transform.simplify import simplify

__all__ = ["Task", "task_of"]

Array = NDArray[Any]
Finish = Callable[[Array], "tuple[Array, ...] | GivenUp"]

MOST_DIMENSIONS = 3
"""Nodes in a box are too many beyond."""


@dataclass(frozen=True, eq=False)
class Task:
    """A sum over interactions.

    Attributes
    ----------
    call : Call
        What was asked, without a tolerance.
    parts : Interaction
        The formula.
    points : (rows, columns)
        Their coordinates, (N, D) and (M, D).
    charges : (M, C) array
        What the formula is linear in.
    factors : (N, F) array or None
        The same of the rows.
    parameters : list of arrays
        As in `parts`.
    tolerance : float
        Relative to the sum of absolute values.
    finish : callable
        ``finish(sums) -> outputs``, or why the sums are not good enough.
    """

    call: Call
    parts: Interaction
    points: tuple[Array, Array]
    charges: Array
    factors: Array | None
    parameters: list[Array]
    tolerance: float
    finish: Finish

    def reduce(
        self, value: Expr, rows: int, columns: int, arrays: Sequence[Any], dtype: str, ranges: Any = None
    ) -> Array:
        """Return the sum of `value` over columns, (rows, E)."""
        problem = Problem(value, REDUCTIONS["Sum"])
        call = replace(self.call, problem=problem, extent=Extent(rows, columns), dtype=dtype, ranges=ranges)
        (found,) = engine.run(call, [None if array is None else _as(array, dtype) for array in arrays])
        return found

    def arrays(self, rows: Any = slice(None), columns: Any = slice(None)) -> list[Any]:
        """Return the arrays of some rows and columns, in the order of the variables of the formula."""
        factors = None if self.factors is None else self.factors[rows]
        return [self.points[0][rows], self.points[1][columns], self.charges[columns], factors, *self.parameters]


def _as(array: Array, dtype: str) -> Array:
    return np.asarray(array, dtype)


@dataclass(frozen=True, eq=False)
class _Form:
    """A reduction as a sum.

    Attributes
    ----------
    value : Expr
        What is summed.
    shifts : tuple of (Expr, Expr)
        A parameter of `value` and the expression, of columns or of rows, whose largest value it is.
    row : Expr or None
        What is added to the logarithm of the sum.
    """

    value: Expr
    exponent: Expr | None = None
    shift: Expr | None = None
    column: Expr | None = None
    column_shift: Expr | None = None
    row: Expr | None = None


@lru_cache(maxsize=256)
def _form(problem: Problem) -> _Form | str:
    """Return the sum that a reduction is made of, or why there is none."""
    name = problem.reduction.name
    if name in ("Sum", "Mean"):
        return _Form(problem.value)
    if name not in ("LogSumExp", "LogSumExpWeight", "SumSoftMaxWeight"):
        return f"{name} is no sum of smooth values"
    if problem.value.dim > 1:
        return "the exponents are vectors"
    (value,) = simplify(expand([problem.value]))
    pair, row, column = separated(value)
    if pair is None:
        return "no term depends on row and column"
    place = max(problem.arguments) + 1
    shift = variable(place, 1, Category.PARAMETER)
    term, column_shift = apply("Exp", pair - shift), None
    if column is not None:
        column_shift = variable(place + 1, 1, Category.PARAMETER)
        term = term * apply("Exp", column - column_shift)
    if problem.weight is not None:
        weight = apply("Concat", one(), problem.weight) if name == "SumSoftMaxWeight" else problem.weight
        term = term * weight
    return _Form(term, pair, shift, column, column_shift, row)


def task_of(call: Call, arrays: Sequence[Array]) -> Task | GivenUp:
    """Return a call as a sum over interactions, or why it is none."""
    tolerance = call.options.tolerance
    if tolerance is None or not tolerance.tol:
        return GivenUp("proxies need a relative tolerance")
    form = _form(call.problem)
    parts = interaction(form.value) if isinstance(form, _Form) else None
    if isinstance(form, str):
        return GivenUp(form)
    if parts is None or 0 in parts.dimensions:
        return GivenUp("the formula has no coordinates of rows and columns")
    if parts.dimensions[0] != parts.dimensions[1] or parts.dimensions[0] > MOST_DIMENSIONS:
        rows, columns = parts.dimensions
        return GivenUp(
            f"rows have {rows} coordinates and columns {columns}, where proxies need the same number, at most "
            f"{MOST_DIMENSIONS}"
        )
    if any(v.kind != "real" or v.category == Category.PLACEHOLDER for v in variables(form.value)):
        return GivenUp("the formula depends on the numbers of columns")
    options = replace(call.options, tolerance=None, progress=False, split=None, schedule=None)
    return _filled(replace(call, options=options), arrays, tolerance.tol, form, parts)


def _filled(call: Call, arrays: Sequence[Array], tol: float, form: _Form, parts: Interaction) -> Task | GivenUp:
    given = _Given(call, list(arrays))
    finish = given.shifted(form)
    rows, columns = given.call.extent[:2]
    points = given.values(parts.rows, rows), given.values(parts.columns, columns)
    charges = given.values(parts.charges, columns) if parts.charges else np.ones((columns, 1), call.dtype)
    factors = given.values(parts.factors, rows) if parts.factors else None
    for array in (*points, charges, *([] if factors is None else [factors])):
        if not np.isfinite(array).all():
            return GivenUp("some numbers are not finite")
    parameters = [given.arrays[p.position] for p in parts.parameters]
    return Task(call, parts, points, charges, factors, parameters, tol, finish)


@dataclass(eq=False)
class _Given:
    """The arrays of a call, and those that are added."""

    call: Call
    arrays: list[Any]

    def values(self, parts: Sequence[Expr], count: int) -> Array:
        """Return the values of expressions of one side, side by side."""
        if all(part.op.name == "Var" for part in parts):
            found = [self.arrays[part.position] for part in parts]
            return np.ascontiguousarray(found[0] if len(found) == 1 else np.concatenate(found, axis=1))
        whole = parts[0]
        for part in parts[1:]:
            whole = apply("Concat", whole, part)
        if any(v.category == Category.COLUMN for v in variables(whole)):
            (whole,) = swap_sides([whole])
        return self._reduced("Sum", whole, count, 1)

    def _reduced(self, name: str, value: Expr, rows: int, columns: int, arrays: Sequence[Any] | None = None) -> Array:
        problem = Problem(value, REDUCTIONS[name])
        call = replace(self.call, problem=problem, extent=Extent(rows, columns))
        (found,) = engine.run(call, self.arrays if arrays is None else arrays)
        return found

    def _largest(self, form: _Form) -> float:
        """Return the largest logarithm of a sum, for some rows."""
        assert form.exponent is not None
        exponent = form.exponent
        if form.column is not None:
            assert form.column_shift is not None
            exponent = exponent + (form.column - form.column_shift)
        rows, columns = self.call.extent[:2]
        chosen = np.unique(np.linspace(0, rows - 1, 24).astype(np.int64))
        arrays = list(self.arrays)
        for v in variables(exponent):
            if v.category == Category.ROW:
                arrays[v.position] = arrays[v.position][chosen]
        return float(self._reduced("LogSumExp", exponent, len(chosen), columns, arrays).max())

    def shifted(self, form: _Form) -> Finish:
        """Add the shifts of exponents to the arrays, and return what is done with the sums."""
        name, (rows, columns, _), dtype = self.call.problem.reduction.name, self.call.extent, self.call.dtype
        if name == "Sum":
            return lambda sums: (sums,)
        if name == "Mean":
            return lambda sums: (sums / np.asarray(columns, dtype),)
        assert form.shift is not None
        place, shift = form.shift.position, 0.0
        self.arrays += [None] * (place + 2 - len(self.arrays))
        if form.column is not None:
            shift = float(self.values([form.column], columns).max())
        self.arrays[place + 1] = np.array([shift], dtype)
        largest = self._largest(form)
        self.arrays[place] = np.array([largest], dtype)
        added = shift + largest if form.row is None else self.values([form.row], rows) + (shift + largest)
        limits = np.finfo(dtype)

        def finish(sums: Array) -> tuple[Array, ...] | GivenUp:
            # One shift serves all rows: those far from the ones it was made for may leave the range of numbers.
            totals = sums[:, :1]
            if not (np.isfinite(totals) & (totals > limits.tiny / limits.eps)).all():
                return GivenUp("the sums of exponentials of some rows are far larger or smaller than those of others")
            if name == "SumSoftMaxWeight":
                return (sums[:, 1:] / totals,)
            return (np.asarray(np.log(sums) + added, dtype),)

        return finish
