"""From a problem to the work of kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pairfold.codegen.kernel import needs_packing
from pairfold.codegen.work import Work
from pairfold.ir.expr import Expr
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import Reduction, Sizes
from pairfold.ops.arithmetic import apply, is_constant, one
from pairfold.reductions.state import transitions
from pairfold.transform.expand import expand, substitute
from pairfold.transform.separate import split_factor
from pairfold.transform.sides import swap_sides
from pairfold.transform.simplify import simplify

__all__ = ["Plan", "joint_plan", "make_plan", "merge_work"]


@dataclass(frozen=True)
class Plan:
    """The work of one problem.

    Attributes
    ----------
    problem : Problem
        The simplified problem: for sums, without the factor `outer`.
    outer : Expr
        Row-only factor that was taken out of the sum; 1 when there is none.
    work : Work
        The main kernel, which finishes its rows.
    """

    problem: Problem
    outer: Expr
    work: Work

    @property
    def has_outer(self) -> bool:
        """Whether a factor was taken out."""
        return not is_constant(self.outer, 1.0)


def make_plan(problem: Problem, takes_factor_out: bool = True) -> Plan:
    """Expand, simplify and separate `problem`; a factor that depends on the row only leaves a sum, if it may."""
    reduction = problem.reduction
    value, *weights = simplify(expand(problem.roots))
    weight = weights[0] if weights else None
    outer, value = split_factor(value, "row") if reduction.linear and takes_factor_out else (one(), value)
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
    work = Work(fields, update, rare, written.guard, outputs, packed, _column_work(packed))
    if reduction.needs_k and problem.k > 1:
        work = replace(work, candidate=value, kept=problem.k)
    return Plan(inner, outer, work)


def joint_plan(problem: Problem, across: Sequence[Expr]) -> Plan:
    """Return the plan of a sum over columns whose kernel also sums the vectors `across` over rows, for every column."""
    value, *others = simplify(expand([problem.value, *across]))
    plan = make_plan(replace(problem, value=value))
    parts = tuple(split_factor(other, "column") for other in others)
    work = replace(plan.work, across=parts)
    packed = needs_packing([*(term for _, term in work.update), *work.across_terms])
    return replace(plan, work=replace(work, packed=packed, columns=_column_work(packed)))


def merge_work(reduction: Reduction, sizes: Sizes) -> Work:
    """Return the work that merges the states of parts, one column each.

    It depends on no formula: a factor that was taken out of a sum is in its state again.
    """
    formulas = transitions(reduction, sizes)
    # What merging returns is the new value, of sums too.
    fields = tuple((replace(field, additive=False), formulas.state[field.name]) for field in reduction.fields)
    outputs = tuple(simplify(expand(formulas.finish)))
    parts = tuple(formulas.second.values())
    if reduction.needs_k:
        return Work(fields, (), (), None, outputs, partial_states=parts, kept=sizes.k)
    own = {formulas.first[name]: formulas.state[name] for name in formulas.state}
    merged = simplify(expand(substitute([formulas.merge[name] for name in formulas.state], own)))
    update = tuple(zip(formulas.state, merged, strict=True))
    return Work(fields, update, (), None, outputs, partial_states=parts)


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
