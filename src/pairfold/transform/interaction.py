"""What an interaction of points is made of: their coordinates, and what the formula is linear in.

A sum over columns of ``K(x_i, y_j) b_j`` can be carried out in two steps when K is smooth: the weights b are gathered
at a few points first, then K is evaluated there. So weights, here *charges*, are all values of the column that the
formula is linear in, together; *factors* are the same for the row. What is left are coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations

from pairfold.ir.expr import Category, Expr, apply, make, rewrite, topological, variables
from pairfold.ops.arithmetic import one, variable
from pairfold.transform.expand import expand, substitute
from pairfold.transform.linear import is_linear_in
from pairfold.transform.separate import frontier, location
from pairfold.transform.simplify import factors, product, simplify

__all__ = ["CHARGES", "COLUMNS", "FACTORS", "PARAMETERS", "ROWS", "Interaction", "interaction", "separated"]

ROWS, COLUMNS, CHARGES, FACTORS, PARAMETERS = range(5)
"""Positions of the variables of an interaction; those of parameters start with the last one."""

MOST_PARTS = 8
"""More values of one side than this are not told apart: there would be too many choices."""


@dataclass(frozen=True, eq=False)
class Interaction:
    """A formula in four variables and parameters.

    Attributes
    ----------
    value : Expr
        The formula: variable number `ROWS` are the coordinates of the row, `COLUMNS` those of the column, and so on.
    rows, columns : tuple of Expr
        The variables of the given formula whose components are the coordinates.
    charges, factors : tuple of Expr
        Column-only and row-only expressions of the given formula in which it is linear; without charges, the formula
        has a charge of 1.
    parameters : tuple of Expr
        The parameters of the given formula; number k has the position ``PARAMETERS + k``.
    """

    value: Expr
    rows: tuple[Expr, ...]
    columns: tuple[Expr, ...]
    charges: tuple[Expr, ...]
    factors: tuple[Expr, ...]
    parameters: tuple[Expr, ...]

    @property
    def dimensions(self) -> tuple[int, int]:
        """Number of coordinates of rows and of columns."""
        return _width(self.rows), _width(self.columns)

    @property
    def charge_count(self) -> int:
        """Number of charges of a column."""
        return max(1, _width(self.charges))

    @property
    def factor_count(self) -> int:
        """Number of factors of a row, 0 when there are none."""
        return _width(self.factors)


def _width(parts: Sequence[Expr]) -> int:
    return sum(part.dim for part in parts)


@lru_cache(maxsize=256)
def interaction(value: Expr) -> Interaction | None:
    """Return the parts of a formula, with as few coordinates as there can be; None when one side has none.

    Examples
    --------
    >>> from pairfold.language.formula import parse
    >>> (value,) = parse(["Exp(-SqDist(x, y)) * b"], ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"]).values
    >>> found = interaction(value)
    >>> found.rows, found.columns, found.charges
    ((Vi(0,3),), (Vj(1,3),), (Vj(2,2),))
    """
    value = _grouped(_split_exponents(simplify(expand([value]))[0]))
    parts = frontier([value])
    if max(len(parts.row), len(parts.column)) > MOST_PARTS:
        return None
    charges, columns = _linear_part(value, parts.column, Category.COLUMN)
    factored, rows = _linear_part(value, parts.row, Category.ROW)
    if not rows or not columns:
        return None
    parameters = tuple(v for v in variables(value) if v.category == Category.PARAMETER)
    new: dict[Expr, Expr] = {}
    for position, category, members in (
        (CHARGES, Category.COLUMN, charges),
        (FACTORS, Category.ROW, factored),
        (ROWS, Category.ROW, rows),
        (COLUMNS, Category.COLUMN, columns),
    ):
        new.update(_placed(position, category, members))
    new.update({p: variable(PARAMETERS + k, p.dim, Category.PARAMETER, p.kind) for k, p in enumerate(parameters)})
    (placed,) = substitute([value], new)
    if not charges:
        placed = placed * variable(CHARGES, 1, Category.COLUMN)
    return Interaction(placed, rows, columns, charges, factored, parameters)


def _grouped(value: Expr) -> Expr:
    """Multiply the factors of a row, and those of a column, with each other before anything else."""
    groups: dict[str, list[Expr]] = {"pair": [], "row": [], "column": []}
    for part in factors(value):
        groups.get(location(part), groups["pair"]).append(part)
    if max(len(groups["row"]), len(groups["column"])) < 2:
        return value
    whole, *others = (product(members) for members in groups.values() if members)
    for part in others:
        whole = whole * part
    return whole


def _placed(position: int, category: Category, members: Sequence[Expr]) -> dict[Expr, Expr]:
    whole, start, found = variable(position, max(1, _width(members)), category), 0, {}
    for member in members:
        found[member] = whole if member.dim == whole.dim else apply("Extract", whole, params=(start, member.dim))
        start += member.dim
    return found


def _linear_part(value: Expr, parts: Sequence[Expr], side: Category) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
    """Return which of the `parts` of one side the formula is linear in, and the variables of the others."""
    best: tuple[tuple[int, int], tuple[Expr, ...], tuple[Expr, ...]] | None = None
    for chosen in chain.from_iterable(combinations(parts, count) for count in range(len(parts) + 1)):
        if chosen and not is_linear_in(value, chosen):
            continue
        (rest,) = substitute([value], {node: one() for node in chosen})
        others = tuple(v for v in variables(rest) if v.category == side)
        size = (_width(others), _width(chosen))
        if best is None or size < best[0]:
            best = size, chosen, others
    return ((), ()) if best is None else best[1:]


# ---------------------------------------------------------------- exponents


def _split_exponents(value: Expr) -> Expr:
    """Write exponentials of sums as products, where a term of one side shares no variable with the other terms."""

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        new = make(node.op, args, node.params)
        if node.op.name != "Exp" or node.dim > 1:
            return new
        groups = [part for part in separated(args[0]) if part is not None]
        return product([apply("Exp", part) for part in groups]) if len(groups) > 1 else new

    return simplify(rewrite([value], rule))[0] if "Exp" in {node.op.name for node in topological([value])} else value


def separated(exponent: Expr) -> tuple[Expr | None, Expr | None, Expr | None]:
    """Return the sum `exponent` as its part of pairs, that of the row only and that of the column only.

    A part shares no variable but parameters with the other ones.
    """
    parts = _terms(exponent)
    shared = {v for part in parts if location(part) == "pair" for v in variables(part)}
    groups: dict[str, list[Expr]] = {"pair": [], "row": [], "column": []}
    for part in parts:
        where = location(part)
        is_own = where in ("row", "column") and not shared.intersection(v for v in variables(part) if v.dependence)
        groups[where if is_own else "pair"].append(part)
    pair, row, column = (_total(group) if group else None for group in groups.values())
    return pair, row, column


def _total(parts: Sequence[Expr]) -> Expr:
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return result


def _terms(expr: Expr) -> list[Expr]:
    """Return the terms of a sum of numbers; what multiplies all of it is multiplied into each."""
    name = expr.op.name
    if expr.dim == 1 and name == "Add":
        return _terms(expr.args[0]) + _terms(expr.args[1])
    if expr.dim == 1 and name == "Subtract":
        return _terms(expr.args[0]) + [product([-one_of]) for one_of in _terms(expr.args[1])]
    parts = factors(expr)
    varying = [part for part in parts if part.dependence]
    if len(varying) == 1 and varying[0] is not expr and varying[0].op.name in ("Add", "Subtract"):
        scale = [part for part in parts if not part.dependence]
        return [product([*scale, *factors(term)]) for term in _terms(varying[0])]
    return [expr]
