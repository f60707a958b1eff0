"""Say in words what the engine does with a formula, and how fast it can be at best."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import prod
from typing import Any, NamedTuple

from pairfold.display import Card, Fact, Shown, axes_for
from pairfold.engine.cache import planned_code
from pairfold.engine.plan import Plan
from pairfold.errors import TargetError
from pairfold.ir.call import Call
from pairfold.ir.expr import Category, Expr, variables
from pairfold.ir.show import show_together
from pairfold.targets.target import target_of
from pairfold.transform.separate import Frontier, frontier, reachable

__all__ = ["Explanation", "Level", "explain"]

_LINES = {"formula": "  {}", "weight": "  weighted by {}", "part": "  where {}"}
"""How facts are written that do not begin with their name."""


class Level(NamedTuple):
    """The part of the work that is done equally often.

    Attributes
    ----------
    name : str
        What it is done once for: ``"call"``, ``"row"``, ``"column"``, ``"pair"``.
    times : int
        How often that is.
    operations : int
        On numbers, each time.
    """

    name: str
    times: int
    operations: int

    @property
    def total(self) -> int:
        """Operations in all."""
        return self.times * self.operations


class Explanation(str, Shown):
    """What is computed where, and how fast it can be: a text, which can be looked at in other ways.

    Printed, it has a line for each fact; a notebook shows a table; `plot` draws where the work is.

    Attributes
    ----------
    heading : str
        What is reduced.
    facts : tuple of (str, str)
        Name and text of each, in the order of the lines.
    levels : tuple of Level
        How much work is done how often.
    note : str
        A line before all, or nothing.
    """

    heading: str
    facts: tuple[tuple[str, str], ...]
    levels: tuple[Level, ...]
    note: str

    @classmethod
    def of(cls, heading: str, facts: Sequence[tuple[str, str]], levels: Sequence[Level], note: str = "") -> Explanation:
        """Return the explanation that says this; a note comes before all."""
        lines = [_LINES[name].format(text) if name in _LINES else f"{name}: {text}" for name, text in facts]
        made = cls("\n".join([*([note] if note else []), f"{heading}:", *lines]))
        made.heading, made.facts, made.levels, made.note = heading, tuple(facts), tuple(levels), note
        return made

    def with_fact(self, name: str, text: str) -> Explanation:
        """Return the explanation with one more fact at its end."""
        return self.of(self.heading, (*self.facts, (name, text)), self.levels, self.note)

    def with_note(self, note: str) -> Explanation:
        """Return the explanation with a line before all."""
        return self.of(self.heading, self.facts, self.levels, note)

    def __repr__(self) -> str:
        return str(self)

    def _card(self) -> Card:
        work = [
            Fact(f"work per {level.name}", f"{level.operations} operations x {level.times}") for level in self.levels
        ]
        note = [Fact("note", self.note)] if self.note else []
        return Card(self.heading, [*note, *(Fact(name, text, name in FORMULAS) for name, text in self.facts), *work])

    def plot(self, ax: Any = None) -> Any:
        """Draw with matplotlib how many operations are done for the whole call, for rows, for columns and for pairs.

        The last bar is what it would be if everything were computed for every pair.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to draw; by default on a new figure.

        Returns
        -------
        matplotlib axes

        Raises
        ------
        MissingPackageError
            If matplotlib is not installed.
        """
        ax = axes_for(ax)
        pairs = self.levels[-1].times
        everything = Level("everything for every pair", pairs, sum(level.operations for level in self.levels))
        bars = [*(level._replace(name=f"once per {level.name}") for level in self.levels), everything]
        drawn = ax.barh(
            [bar.name for bar in bars], [bar.total for bar in bars], color=["C0"] * len(self.levels) + ["0.7"]
        )
        ax.bar_label(drawn, [f"{bar.operations} x {_rounded(bar.times)}" for bar in bars], padding=3)
        ax.set_xscale("symlog", linthresh=1)
        ax.set_xlim(0, 1000 * max(everything.total, 1))
        ax.invert_yaxis()
        ax.set_xlabel("operations on numbers")
        ax.set_title(self.heading, fontsize="medium")
        return ax


def _rounded(number: int) -> str:
    return f"{number:,}" if number < 10**7 else f"{number:.2g}"


def explain(call: Call, names: dict[Expr, str] | None = None) -> Explanation:
    """Return what is computed where, and how fast it can be.

    Parameters
    ----------
    call : Call
        As for `run`.
    names : dict, optional
        The user's names of variables.

    Returns
    -------
    Explanation
        A text of several lines: formula, what left the inner loop, schedule, predicted limit.
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
    once = frontier(plan.work.roots, plan.work.packed)
    facts = _formulas(plan, once, names)
    for line in target.report(machine, call, parts, planned.code, plan.work):
        name, _, text = line.partition(": ")
        facts.append((name, text))
    matrix = rows * columns * (4 if dtype == "float32" else 8)
    facts.append(
        (
            "memory",
            f"{_memory(call) / 1e6:.1f} MB for arguments and outputs; the {rows} x {columns} matrix would take "
            f"{matrix / 1e9:.3g} GB",
        )
    )
    title = f"{problem.reduction.name} over {columns} columns j, for {rows} rows i, in {dtype}"
    return Explanation.of(title, facts, _levels(plan, once, call))


OUTER = "taken out of the sum"
ONCE = {sort: f"computed once per {sort}" for sort in ("call", "row", "column")}
FORMULAS = ("formula", "weight", OUTER, *ONCE.values(), "part")
"""The facts whose texts are formulas."""


def _formulas(plan: Plan, once: Frontier, names: dict[Expr, str] | None) -> list[tuple[str, str]]:
    """Return the facts that hold formulas; parts that occur several times in long ones are named after them."""
    groups: list[tuple[str, Sequence[Expr]]] = [("formula", [plan.problem.value])]
    if plan.problem.weight is not None:
        groups.append(("weight", [plan.problem.weight]))
    if plan.has_outer:
        groups.append((OUTER, [plan.outer]))
    for sort, nodes in (("call", once.uniform), ("row", once.row), ("column", plan.work.packed)):
        computed = [node for node in nodes if node.op.name != "Var"]
        if computed:
            groups.append((ONCE[sort], computed))
    shown = show_together([node for _, nodes in groups for node in nodes], names)
    texts = iter(shown.texts)
    facts = [(name, ", ".join(next(texts) for _ in nodes)) for name, nodes in groups]
    return facts + [("part", part) for part in shown.parts]


def _levels(plan: Plan, once: Frontier, call: Call) -> list[Level]:
    """Return how much work is done for the call, for each row, for each column and for each pair."""
    (rows, columns, _), entries, work = call.extent, call.extent.entries, plan.work
    known = {*once.uniform}
    per_row, packed = {*once.row} | known, {*work.packed} | known
    return [
        Level("call", 1, _operations(once.uniform, ())),
        Level("row", rows * entries, _operations((*once.row, *work.outputs), known)),
        Level("column", columns * entries, _operations(work.packed, known)),
        Level("pair", rows * columns * entries, _operations(work.steady_roots, per_row | packed)),
    ]


def _operations(roots: Sequence[Expr], held: Collection[Expr]) -> int:
    """Return how many operations on numbers the nodes under `roots` take, those below `held` left out."""
    return sum(max(node.dim, *(arg.dim for arg in node.args)) for node in reachable(roots, held) if node.args)


def _memory(call: Call) -> float:
    problem, (rows, columns, _) = call.problem, call.extent
    length = {Category.ROW: rows, Category.COLUMN: columns}
    numbers = sum(v.dim * length.get(v.category, 1) for v in variables(*problem.roots))
    numbers += sum(rows * prod(shape) for shape in problem.shapes)
    return numbers * (4.0 if call.dtype == "float32" else 8.0)
