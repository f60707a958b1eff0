"""Code, kept by what it computes, and what follows from the sizes of a call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from pairfold.codegen.state import is_wide
from pairfold.engine.plan import Plan, joint_plan, make_plan, merge_work
from pairfold.ir.call import Call, Extent, Options
from pairfold.ir.expr import Expr
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import Reduction, Sizes
from pairfold.reductions.state import outputs_of
from pairfold.targets.items import has_few_rows, require_countable
from pairfold.targets.target import TARGETS, Parts, Target

__all__ = [
    "Merging",
    "PlannedCode",
    "Prepared",
    "cost_per_pair",
    "forget_everything",
    "joint_code",
    "merging",
    "planned_code",
    "prepared",
]

CAPACITY = 512
"""Formulas kept; the least recently used one makes room."""

Specs = tuple[tuple[tuple[int, ...], str], ...]
"""Shapes and dtypes."""


@dataclass(frozen=True, eq=False)
class PlannedCode:
    """A plan with the code of its kernel."""

    plan: Plan
    code: Any
    dtypes: tuple[str, ...]
    """Those of the outputs."""
    is_wide: bool
    """Whether the outputs are a state in float64, of arithmetic in a lower precision."""


@dataclass(frozen=True, eq=False)
class Merging:
    """The code that merges states of parts."""

    code: Any
    variables: tuple[tuple[Any, int], ...]
    """Position and dimension of each field of the states that it reads."""
    outputs: tuple[tuple[int, str], ...]
    """Dimension and dtype of what it writes."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """What follows from a call: code, number of parts, shapes and dtypes of what kernels write."""

    target: Target
    machine: Any
    planned: PlannedCode
    parts: Parts
    outputs: Specs
    states: Specs


def planned_code(
    target: Target, machine: Any, problem: Problem, dtype: str, options: Options, parts: Parts
) -> PlannedCode:
    """Return the code for `problem`, compiling it when it is new; with several parts, its outputs are states."""
    made = problem.unfinished if parts.split > 1 else problem
    # What is finished has the precision of the arithmetic again: only some targets change it on the way.
    may_be_wide = target.has_wide_states or problem.reduction.is_unfinished
    return _code(
        target,
        machine,
        made,
        dtype,
        # What does not change the code.
        replace(options, threads=None, progress=False, split=None, target=None, device=None, tolerance=None),
        parts.few_rows,
        made.reduction.is_unfinished and may_be_wide and is_wide(options.accumulate, dtype),
    )


@lru_cache(maxsize=CAPACITY)
def _code(
    target: Target, machine: Any, problem: Problem, dtype: str, options: Options, few_rows: bool, wide: bool
) -> PlannedCode:
    # A factor would be multiplied in the working precision.
    plan = make_plan(problem, not wide)
    work = replace(plan.work, keeps_state=wide)
    dtypes = tuple("int64" if o.kind == "index" else "float64" if wide else dtype for o in work.outputs)
    schedule = target.schedule(machine, work, dtype, options, few_rows)
    return PlannedCode(plan, target.compile(machine, work, dtype, schedule), dtypes, wide)


@lru_cache(maxsize=CAPACITY)
def merging(target: Target, machine: Any, reduction: Reduction, sizes: Sizes, dtype: str) -> Merging:
    """Return the code that merges states, one column each."""
    work = merge_work(reduction, sizes)
    code = target.compile(machine, work, dtype, target.schedule(machine, work, dtype, Options(), True))
    read = tuple((state.position, state.dim) for state in work.partial_states)
    return Merging(code, read, tuple((o.dim, "int64" if o.kind == "index" else dtype) for o in work.outputs))


@lru_cache(maxsize=CAPACITY)
def joint_code(target: Target, machine: Any, problem: Problem, across: tuple[Expr, ...], dtype: str) -> Any:
    """Return the code of a sum over columns whose kernel also sums the vectors `across` over rows."""
    work = joint_plan(problem, across).work
    return target.compile(machine, work, dtype, target.schedule(machine, work, dtype, Options(), False))


def prepared(target: Target, device: int, call: Call) -> Prepared:
    """Return what follows from a call; raises `TargetError` where the target does not serve."""
    options = call.options
    machine = target.machine(device, options.level)
    few = None if call.ranges is None else has_few_rows(call.ranges, target.few_rows)
    return _prepared(target, machine, call.problem, call.dtype, options, call.extent, target.workers(options), few)


@lru_cache(maxsize=CAPACITY)
def _prepared(
    target: Target,
    machine: Any,
    problem: Problem,
    dtype: str,
    options: Options,
    extent: Extent,
    threads: int,
    few_rows: bool | None,
) -> Prepared:
    require_countable(extent.columns)
    if few_rows is None:
        parts = target.divide(machine, problem, extent, options, threads)
    else:
        parts = Parts(1, few_rows, threads)
    planned = planned_code(target, machine, problem, dtype, options, parts)
    rows, written = extent.entries * extent.rows, planned.plan.work.outputs
    states = tuple(((parts.split, rows, o.dim), kind) for o, kind in zip(written, planned.dtypes, strict=True))
    outputs = outputs_of(problem, extent, dtype)
    if problem.reduction.is_unfinished:
        outputs = tuple((shape, kind) for (shape, _), kind in zip(outputs, planned.dtypes, strict=True))
    return Prepared(target, machine, planned, parts, outputs, states)


def cost_per_pair(call: Call) -> float:
    """Return how many instructions a CPU needs for one pair, roughly; several lanes share one."""
    return float(prepared(TARGETS["cpu"], 0, call).planned.code.cost)


def forget_everything() -> None:
    """Empty the cache."""
    for cached in (_code, merging, joint_code, _prepared):
        cached.cache_clear()
