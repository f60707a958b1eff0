"""Formulas that do not change when rows and columns are moved together: they depend on differences of coordinates."""

from __future__ import annotations

from functools import lru_cache

from pairfold.ir.expr import Expr, apply, make, rewrite, variables
from pairfold.ops.arithmetic import variable
from pairfold.transform.expand import substitute
from pairfold.transform.linear import is_linear_in

__all__ = ["of_difference"]


@lru_cache(maxsize=64)
def of_difference(value: Expr, row: Expr, column: Expr) -> Expr | None:
    """Return a formula with the difference of two variables in the place of the first one; None where it has others.

    Parameters
    ----------
    value : Expr
        In primitive operations.
    row, column : Expr
        Variables of one dimension.

    Examples
    --------
    >>> from pairfold.language.formula import parse
    >>> from pairfold.transform.expand import expand
    >>> read = parse(["SqDist(x, y)", "x | y"], ["x = Vi(3)", "y = Vj(3)"])
    >>> x, y = (argument.variable for argument in read.arguments)
    >>> [of_difference(value, x, y) for value in expand(read.values)]
    [Sum((Vi(0,3) * Vi(0,3))), None]
    """
    # Its own variable, so that what is left of the row outside of all differences is not taken for one.
    difference = variable("difference", row.dim, row.category)

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        if node.op.name == "Subtract":
            first, second = node.args
            is_swapped = row in variables(second)
            of_row, of_column = (second, first) if is_swapped else (first, second)
            (alike,) = substitute([of_column], {column: row})
            if alike is of_row and row not in variables(of_column) and is_linear_in(of_row, [row]):
                (found,) = substitute([of_row], {row: difference})
                return apply("Minus", found) if is_swapped else found
        return make(node.op, args, node.params)

    (found,) = rewrite([value], rule)
    if {row, column}.intersection(variables(found)):
        return None
    return substitute([found], {difference: row})[0]
