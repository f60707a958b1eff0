"""Say in words what the engine does with a formula, and how fast it can be at best."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from pairfold.engine.cache import planned_code
from pairfold.engine.plan import Plan
from pairfold.errors import TargetError
from pairfold.ir.call import Call
from pairfold.ir.expr import Category, Expr, variables
from pairfold.ir.show import show_together
from pairfold.targets.target import target_of
from pairfold.transform.separate import frontier

__all__ = ["explain"]


def explain(call: Call, names: dict[Expr, str] | None = None) -> str:
    """Return what is computed where, and how fast it can be.

    Parameters
    ----------
    call : Call
        As for `run`.
    names : dict, optional
        The user's names of variables.

    Returns
    -------
    str
        Several lines: formula, what left the inner loop, schedule, predicted limit.
    """
    problem, dtype, options = call.problem, call.dtype, call.options
    rows, columns, _ = call.extent
    target = target_of(options)
    try:
        machine = target.machine(options.device or 0, options.level)
    except TargetError:
        machine = target.example
        if machine is None:
            raise
    parts = target.divide(machine, problem, call.extent, options, target.workers(options))
    planned = planned_code(target, machine, problem, dtype, options, parts)
    plan = planned.plan
    lines = [f"{problem.reduction.name} over {columns} columns j, for {rows} rows i, in {dtype}:"]
    lines += _formulas(plan, names)
    lines += target.report(machine, call, parts, planned.code, plan.work)
    lines.append(
        f"memory: {_memory(call) / 1e6:.1f} MB for arguments and outputs; "
        f"the {rows} x {columns} matrix would take {rows * columns * (4 if dtype == 'float32' else 8) / 1e9:.3g} GB"
    )
    return "\n".join(lines)


def _formulas(plan: Plan, names: dict[Expr, str] | None) -> list[str]:
    """Return the lines that hold formulas; parts that occur several times in long ones are named below them."""
    once = frontier(plan.work.roots, plan.work.packed)
    groups: list[tuple[str, Sequence[Expr]]] = [("  ", [plan.problem.value])]
    if plan.problem.weight is not None:
        groups.append(("  weighted by ", [plan.problem.weight]))
    if plan.has_outer:
        groups.append(("taken out of the sum: ", [plan.outer]))
    for title, nodes in (("call", once.uniform), ("row", once.row), ("column", plan.work.packed)):
        computed = [node for node in nodes if node.op.name != "Var"]
        if computed:
            groups.append((f"computed once per {title}: ", computed))
    shown = show_together([node for _, nodes in groups for node in nodes], names)
    texts = iter(shown.texts)
    lines = [title + ", ".join(next(texts) for _ in nodes) for title, nodes in groups]
    return lines + [f"  where {part}" for part in shown.parts]


def _memory(call: Call) -> float:
    problem, (rows, columns, _) = call.problem, call.extent
    length = {Category.ROW: rows, Category.COLUMN: columns}
    numbers = sum(v.dim * length.get(v.category, 1) for v in variables(*problem.roots))
    numbers += sum(rows * prod(shape) for shape in problem.shapes)
    return numbers * (4.0 if call.dtype == "float32" else 8.0)
