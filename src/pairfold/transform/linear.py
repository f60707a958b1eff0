"""Formulas that are linear in one of their variables: the matrices of linear systems."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache

from pairfold.errors import FormulaError
from pairfold.ir.expr import Expr, depends_on, outline, topological
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import is_zero, variable
from pairfold.transform.expand import expand, substitute

__all__ = ["acts_alike", "is_linear_in", "widened"]


def acts_alike(value: Expr, unknown: Expr, names: dict[Expr, str] | None = None) -> bool:
    """Tell whether a formula that is linear in a variable works on each component alone, and on all alike.

    Parameters
    ----------
    value, unknown : Expr
        The formula and the variable.
    names : dict, optional
        The user's names of variables, for messages.

    Returns
    -------
    bool
        True for ``k(x, y) * b`` with a scalar k; False when components are mixed or treated differently.

    Raises
    ------
    FormulaError
        If `value` is not linear in `unknown`.

    Examples
    --------
    >>> from pairfold.language.formula import parse
    >>> read = parse(["SqDist(x, y) * b", "MatVecMult(TensorProd(x, y), b)"], ["x = Vi(3)", "y = Vj(3)", "b = Vj(3)"])
    >>> [acts_alike(value, read.arguments[2].variable) for value in read.values]
    [True, False]
    """
    (value,) = expand([value])
    dependent = depends_on([value], unknown)
    unknown_name = outline(unknown, names)
    if value not in dependent:
        raise FormulaError(f"The formula {outline(value, names)} does not contain the unknown {unknown_name}.")
    alike = value.dim == unknown.dim
    for node in topological([value]):
        if node not in dependent or node is unknown:
            continue
        if not _is_linear(node, dependent):
            raise FormulaError(
                f"The formula is not linear in the unknown {unknown_name}: it contains {outline(node, names)}. "
                "A linear system needs a formula such as K(x, y) * b."
            )
        alike = alike and node.op.elementwise
        alike = alike and all(arg.dim == (node.dim if arg in dependent else 1) for arg in node.args)
    return alike


def is_linear_in(value: Expr, leaves: Collection[Expr]) -> bool:
    """Tell whether a formula in primitive operations is linear in some nodes together, whatever the others are.

    Examples
    --------
    >>> from pairfold.ops.arithmetic import apply, variable
    >>> from pairfold.ir.expr import Category
    >>> x, b = variable(0, 1, Category.ROW), variable(1, 1, Category.COLUMN)
    >>> is_linear_in(apply("Exp", x) * b + b, [b]), is_linear_in(x * b + x, [b])
    (True, False)
    """
    dependent: set[Expr] = set(leaves)
    for node in topological([value]):
        if node in dependent:
            continue
        if any(arg in dependent for arg in node.args):
            dependent.add(node)
            if not _is_linear(node, dependent):
                return False
    return value in dependent


def _is_linear(node: Expr, dependent: set[Expr]) -> bool:
    """Tell whether `node` is linear in those of its operands that depend on the unknown."""
    carrying = {place for place, arg in enumerate(node.args) if arg in dependent}
    # The other operands of a group are added to these: they must be 0.
    return any(
        carrying.issubset(group) and all(place in carrying or is_zero(node.args[place]) for place in group)
        for group in node.op.linear
    )


@lru_cache(maxsize=256)
def widened(problem: Problem, position: int, width: int) -> Problem:
    """Return the same sum for an unknown, argument number `position`, of another dimension."""
    unknown = problem.arguments[position]
    (value,) = substitute(expand([problem.value]), {unknown: variable(position, width, unknown.category, unknown.kind)})
    return replace(problem, value=value)
