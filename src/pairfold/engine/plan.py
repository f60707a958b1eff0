"""From a problem to the work of kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pairfold.codegen.kernel import needs_packing
from pairfold.codegen.work import Work
from pairfold.ir.expr import Expr
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import apply, is_constant, one
from pairfold.reductions.state import COLUMN_INDEX, placeholders, transitions
from pairfold.transform.expand import expand, substitute
from pairfold.transform.separate import split_row_factor
from pairfold.transform.sides import swap_sides
from pairfold.transform.simplify import simplify

__all__ = ["Plan", "make_plan", "merge_work"]


@dataclass(frozen=True)
class Plan:
    """The work of one problem.

    Attributes
    ----------
    problem : Problem
        The simplified problem that the state belongs to: for sums, without the factor `outer`.
    outer : Expr
        Row-only factor that was taken out of the sum; 1 when there is none.
    work : Work
        The main kernel, which finishes its rows.
    partial : Work
        The same kernel, but its outputs are the fields of the state.
    columns : Work or None
        The kernel that computes column-only nodes in advance, with rows in the place of columns.
    """

    problem: Problem
    outer: Expr
    work: Work
    partial: Work
    columns: Work | None

    @property
    def has_outer(self) -> bool:
        """Whether a factor was taken out."""
        return not is_constant(self.outer, 1.0)


def make_plan(problem: Problem) -> Plan:
    """Expand, simplify and separate `problem`."""
    reduction = problem.reduction
    value, *weights = simplify(expand(problem.roots))
    weight = weights[0] if weights else None
    outer, value = split_row_factor(value) if reduction.linear else (one(), value)
    inner = Problem(value, reduction, weight, problem.k)
    formulas = transitions(reduction, inner.sizes)
    placed = dict(zip(filter(None, (formulas.value, formulas.weight)), inner.roots, strict=True))
    written = formulas.rewritten(lambda roots: simplify(expand(substitute(roots, placed))))
    outputs = written.finish
    if not is_constant(outer, 1.0):
        outputs = tuple(simplify([outer * output for output in outputs]))
    fields = tuple((field, formulas.state[field.name]) for field in reduction.fields)
    update, rare = tuple(written.update.items()), tuple(written.rare.items())
    guards = () if written.guard is None else (written.guard,)
    packed = needs_packing([*written.update.values(), *written.rare.values(), *guards])
    work = Work(fields, update, rare, written.guard, outputs, packed)
    if reduction.needs_k:
        work = replace(work, candidate=value, kept=problem.k)
    partial = replace(work, outputs=tuple(formulas.state.values()))
    return Plan(inner, outer, work, partial, _column_work(packed))


def merge_work(plan: Plan) -> Work:
    """Return the work that merges partial states, one column each, and finishes its rows."""
    reduction = plan.problem.reduction
    if reduction.needs_k:
        return _insert_work(plan)
    formulas = transitions(reduction, plan.problem.sizes)
    names = [field.name for field in reduction.fields]
    own = {formulas.first[name]: formulas.state[name] for name in names}
    merged = simplify(expand(substitute([formulas.merge[name] for name in names], own)))
    # What merging returns is the new value, of sums too.
    fields = tuple((replace(field, additive=False), formulas.state[field.name]) for field in reduction.fields)
    update = tuple(zip(names, merged, strict=True))
    return Work(fields, update, (), None, plan.work.outputs, partial_states=tuple(formulas.second.values()))


def _insert_work(plan: Plan) -> Work:
    """Return the work that merges sorted lists: it inserts every entry of each, one column each, as a pair would be."""
    problem, sizes = plan.problem, plan.problem.sizes
    reduction = problem.reduction
    state = placeholders(reduction, sizes)
    entry = placeholders(reduction, replace(sizes, k=1), "second")
    kinds = {placeholder.kind: placeholder for placeholder in entry.values()}
    value, index = kinds["real"], kinds.get("index", COLUMN_INDEX)
    assert reduction.rare is not None
    assert reduction.guard is not None
    # Every component of an entry has a number of its own, so this is no case of the transitions.
    rare = reduction.rare(state, value, index, sizes)
    guard, *new = simplify(expand([reduction.guard(state, value, sizes), *rare.values()]))
    fields = tuple((field, state[field.name]) for field in reduction.fields)
    found = tuple(zip(rare, new, strict=True))
    outputs = plan.work.outputs
    return Work(fields, (), found, guard, outputs, partial_states=tuple(entry.values()), entries=problem.k)


def _column_work(packed: Sequence[Expr]) -> Work | None:
    if not packed:
        return None
    (swapped,) = swap_sides([_concatenate(packed)])
    return Work((), (), (), None, (swapped,))


def _concatenate(parts: Sequence[Expr]) -> Expr:
    result = parts[0]
    for part in parts[1:]:
        result = apply("Concat", result, part)
    return result
