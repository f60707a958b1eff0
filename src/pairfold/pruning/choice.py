"""Choose how a reduction with a tolerance is carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from pairfold import engine
from pairfold.engine import Call, target_of
from pairfold.pruning.order_statistics import order_statistics
from pairfold.pruning.report import REDUCING, GivenUp, Report, record
from pairfold.pruning.trees import Trees

__all__ = ["STRATEGIES", "Strategy", "run_pruned"]

Outputs = tuple[Any, ...]

Strategy = Callable[[Call, Sequence[Any], Trees], tuple[Outputs, Report] | GivenUp]
"""Carries out a call in its own way, or says why it does not help.

What it hands to the engine has no tolerance.
"""

STRATEGIES: tuple[Strategy, ...] = (order_statistics,)
"""In the order in which they are tried."""

FEWEST_PAIRS = 4_000_000
"""Below, looking at every pair takes a millisecond or two, and anything else at least as long."""


def run_pruned(call: Call, arrays: Sequence[Any]) -> Outputs:
    """Return the outputs of a call that has a tolerance, and record how they were found."""
    start = perf_counter()
    why, trees = _refused(call), Trees()
    for strategy in () if why else STRATEGIES:
        found = strategy(call, arrays, trees)
        if not isinstance(found, GivenUp):
            record(found[1])
            return found[0]
        why = f"{why}; {found.why}" if why else found.why
    tried = perf_counter()
    outputs = engine.run(replace(call, options=replace(call.options, tolerance=None)), arrays)
    seconds = (("planning", tried - start), (REDUCING, perf_counter() - tried))
    record(Report("exhaustive", seconds=seconds, why=why or "no strategy serves this reduction"))
    return outputs


def _refused(call: Call) -> str:
    """Return why no strategy is asked; "" when they are."""
    if call.problem.reduction.is_unfinished:
        return "the state of a part is made of all its pairs"
    if call.extent.entries * call.extent.rows * call.extent.columns < FEWEST_PAIRS:
        return f"there are fewer than {FEWEST_PAIRS} pairs, which are looked at faster than they are sorted"
    if call.ranges is not None:
        return "ranges say already which pairs are looked at"
    if target_of(call.options).backend == "GPU":
        return "the reduction runs on a GPU, where every pair is looked at"
    return ""
