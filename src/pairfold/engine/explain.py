"""Say in words what the engine does with a formula."""

from __future__ import annotations

from pairfold.engine.options import Options
from pairfold.engine.plan import make_plan
from pairfold.ir.expr import Expr
from pairfold.ir.problem import Problem
from pairfold.ir.show import show

__all__ = ["explain"]


def explain(
    problem: Problem,
    rows: int,
    columns: int,
    dtype: str = "float32",
    names: dict[Expr, str] | None = None,
    options: Options = Options(),
) -> str:
    """Return what is computed where, and how fast it can be.

    Parameters
    ----------
    problem : Problem
        The formula and its reduction over columns.
    rows, columns : int
        Sizes N and M.
    dtype : str
        Working precision.
    names : dict, optional
        The user's names of variables.
    options : Options
        As for `run`.
    """
    plan = make_plan(problem)
    return f"{plan.problem.reduction.name} over j of {show(plan.problem.value, names)}"
