"""Say in words what the engine does with a formula, and how fast it can be at best."""

from __future__ import annotations

from collections.abc import Sequence

from pairfold.engine.options import DEFAULT, Options
from pairfold.engine.plan import make_plan
from pairfold.ir.expr import Category, Expr, topological, variables
from pairfold.ir.problem import Problem
from pairfold.ir.show import show
from pairfold.schedule.schedule import choose_split
from pairfold.targets.cpu import default_threads, machine, schedule_for
from pairfold.transform.separate import frontier, location

__all__ = ["explain", "instructions_per_pair"]

_INSTRUCTIONS = {
    "Exp": 10,
    "Log": 16,
    "Sin": 20,
    "Cos": 20,
    "Powf": 40,
    "Divide": 8,
    "Sqrt": 12,
    "Rsqrt": 12,
    "Where": 1,
}
"""Vector instructions of an elementwise primitive; what is not listed is one instruction."""

_FREE = frozenset({"Var", "Const", "SumT", "Extract", "ExtractT", "Concat", "Tile"})
"""Structure costs nothing: it only says which components are read."""


def explain(
    problem: Problem,
    rows: int,
    columns: int,
    dtype: str = "float32",
    names: dict[Expr, str] | None = None,
    options: Options = DEFAULT,
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

    Returns
    -------
    str
        Several lines: formula, what left the inner loop, schedule, predicted limit.
    """
    plan = make_plan(problem)
    work = plan.work
    schedule = options.schedule or schedule_for(work, dtype, options.accumulate, options.level)
    threads = options.threads or default_threads()
    split = options.split or choose_split(rows, columns, schedule.rows, threads)
    once = frontier(work.roots, work.packed)
    instructions = instructions_per_pair(work.roots, [e for _, e in work.update])
    per_cycle = 2 * schedule.lanes / instructions
    lines = [
        f"{problem.reduction.name} over {columns} columns j, for {rows} rows i, in {dtype}:",
        f"  {show(plan.problem.value, names)}",
    ]
    if plan.problem.weight is not None:
        lines.append(f"  weighted by {show(plan.problem.weight, names)}")
    if plan.has_outer:
        lines.append(f"taken out of the sum: {show(plan.outer, names)}")
    for title, nodes in (
        ("once per call", once.uniform),
        ("once per row", once.row),
        ("once per column", work.packed),
    ):
        shown = [show(node, names) for node in nodes if node.op.name != "Var"]
        if shown:
            lines.append(f"computed {title}: {', '.join(shown)}")
    host = machine(options.level)
    lines += [
        f"schedule: {schedule.lanes} lanes x {schedule.row_vectors} row vectors x {schedule.columns} columns a step, "
        f"sums by {schedule.accumulate} ({schedule.block} columns a block), {threads} threads, "
        f"columns in {split} parts",
        f"processor: {host.name}, {8 * host.vector_bytes}-bit vectors",
        f"predicted limit: {instructions} vector instructions for {schedule.lanes} pairs; at two a cycle "
        f"{per_cycle:.2f} pairs per cycle and core",
        f"memory: {_memory(problem, rows, columns, dtype) / 1e6:.1f} MB for arguments and outputs; "
        f"the {rows} x {columns} matrix would take {rows * columns * (4 if dtype == 'float32' else 8) / 1e9:.3g} GB",
    ]
    return "\n".join(lines)


def instructions_per_pair(roots: Sequence[Expr], sums: Sequence[Expr]) -> int:
    """Return the number of vector instructions that one vector of pairs needs, roughly.

    `sums` are the terms that are added to the state; a product that is added is one fused instruction.
    """
    total = 0
    for node in topological(roots):
        name = node.op.name
        if location(node) != "pair" or name in _FREE:
            continue
        if name.startswith("Sum"):
            arg = node.args[0]
            total += 0 if arg.op.name == "Mult" and arg.dim > 1 else arg.dim
        else:
            total += node.dim * _INSTRUCTIONS.get(name, 1)
    total += sum(0 if term.op.name == "Mult" else term.dim for term in sums)
    return max(total, 1)


def _memory(problem: Problem, rows: int, columns: int, dtype: str) -> float:
    length = {Category.ROW: rows, Category.COLUMN: columns}
    numbers = sum(v.dim * length.get(v.params[2], 1) for v in variables(*problem.roots))
    for shape in problem.reduction.shapes(problem.sizes):
        size = rows
        for extent in shape:
            size *= extent
        numbers += size
    return numbers * (4.0 if dtype == "float32" else 8.0)
