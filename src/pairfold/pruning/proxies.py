"""Sums of smooth formulas through a few nodes per box, with a result that is checked.

Points of a box are replaced by p^D nodes, on both sides; the user's formula is evaluated between the nodes; what is
near or rough is summed as it is. Formulas of differences have one mesh of nodes for all points. How many nodes are
needed, and for which boxes that is right, is measured on the formula itself; the result is compared with the sums over
all pairs for some random rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold import engine
from pairfold.engine import Call, Extent
from pairfold.ir.expr import Category, apply
from pairfold.pruning.budget import UNLIMITED, Budget
from pairfold.pruning.proxy_choice import choose_plan
from pairfold.pruning.proxy_sums import carry_out
from pairfold.pruning.proxy_survey import Survey
from pairfold.pruning.proxy_task import task_of
from pairfold.pruning.report import REDUCING, GivenUp, Report
from pairfold.pruning.trees import Trees

__all__ = ["proxies"]

Array = NDArray[Any]
Integers = NDArray[np.int64]
Outputs = tuple[Any, ...]

CHECKED = 256
"""Rows that are recomputed."""

SMALLEST = 64
"""Rows with the smallest sums, of which errors are the largest part: they are computed from all pairs."""

BOLD = 8.0
"""How many times the tolerance the first plan expects: measured errors are that much smaller, and are checked."""

TRIES = 3
"""Plans that are tried, more careful ones after those that missed the check."""

MARGIN = 0.6
"""Part of the tolerance that errors of the check may use: the worst of many more rows is larger, 4.5 standard
deviations where that of 256 is 2.8."""


def proxies(
    call: Call, arrays: Sequence[Array], trees: Trees, budget: Budget = UNLIMITED
) -> tuple[Outputs, Report] | GivenUp:
    """Carry out a sum through proxies, or say why that does not help."""
    start = perf_counter()
    if call.extent.batch:
        return GivenUp("proxies serve no batches")
    task = task_of(call, arrays)
    if isinstance(task, GivenUp):
        return task
    rows = np.sort(np.random.default_rng(0).choice(call.extent.rows, min(CHECKED, call.extent.rows), replace=False))
    survey = Survey(task, rows)
    caution, why = BOLD, ""
    for _ in range(TRIES):
        plan = choose_plan(survey, caution, budget)
        if isinstance(plan, GivenUp):
            return plan
        planned = perf_counter()
        sums = carry_out(survey, plan)
        outputs = task.finish(sums)
        if isinstance(outputs, GivenUp):
            return outputs
        done = perf_counter()
        error = _checked(task.call, arrays, sums, outputs, rows, survey.check_dtype)
        checked = perf_counter()
        if error <= MARGIN * task.tolerance:
            seconds = (("planning", planned - start), (REDUCING, done - planned), ("checking", checked - done))
            return outputs, Report("checked", error, plan.cost / survey.all_pairs, seconds, plan.text)
        caution *= min(1 / BOLD, max(0.01, 0.3 * task.tolerance / error))
        why = f"the error of proxies is {error:.1e} in the check"
    return GivenUp(why)


def _checked(call: Call, arrays: Sequence[Array], sums: Array, outputs: Outputs, rows: Integers, dtype: str) -> float:
    """Return the worst error of some rows, and give to those with the smallest sums what they have by all columns.

    What is far from all columns has so small a sum that errors are more than all of it. Rows with larger sums than
    those that are replaced have smaller errors than the largest of these, which is looked at for this.
    """
    sizes = np.abs(sums).max(axis=1) if call.problem.reduction.name in ("Sum", "Mean") else sums[:, 0]
    count = min(SMALLEST, len(sizes))
    smallest = np.argpartition(sizes, count - 1)[:count]
    smallest = smallest[np.argsort(sizes[smallest])]
    errors, truth = _errors(call, arrays, outputs, np.concatenate([rows, smallest]), dtype)
    outputs[0][smallest] = truth[len(rows) :]
    kept = np.concatenate([errors[: len(rows)], errors[-(count // 4) :]])
    return float(np.max(kept, initial=0.0))


def _errors(call: Call, arrays: Sequence[Array], outputs: Outputs, rows: Integers, dtype: str) -> tuple[Array, Array]:
    """Return the errors of some rows, infinite where there are no numbers, and what is right."""
    problem = call.problem
    taken = list(arrays)
    for v in problem.arguments.values():
        part = arrays[v.position][rows] if v.category == Category.ROW else arrays[v.position]
        taken[v.position] = np.asarray(part, dtype)
    name, value = problem.reduction.name, problem.value
    sums = name in ("Sum", "Mean")
    weight = problem.weight
    if sums:
        problem = replace(problem, value=apply("Concat", value, apply("Abs", value)))
    elif name == "SumSoftMaxWeight" and weight is not None:
        problem = replace(problem, weight=apply("Concat", weight, apply("Abs", weight)))
    exact = replace(call, problem=problem, extent=Extent(len(rows), call.extent.columns), dtype=dtype)
    (truth,) = engine.run(exact, taken)
    found = outputs[0][rows].astype(np.float64)
    scale: Any = 1.0
    if name in ("Sum", "Mean", "SumSoftMaxWeight"):
        truth, scale = np.split(truth, 2, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.where(found == truth, 0.0, np.abs(found - truth) / scale).max(axis=-1)
    return np.where(np.isnan(errors), np.inf, errors), truth
