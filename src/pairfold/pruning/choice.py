"""Choose how a reduction with a tolerance is carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from time import perf_counter
from typing import Any

from pairfold import engine
from pairfold.engine import Call, Options, target_of
from pairfold.ir.expr import Category
from pairfold.pruning.batches import Strategy, entry_by_entry
from pairfold.pruning.budget import UNLIMITED, Budget, some_points
from pairfold.pruning.order_statistics import order_statistics
from pairfold.pruning.proxies import proxies
from pairfold.pruning.report import REDUCING, GivenUp, Report, is_collecting, record
from pairfold.pruning.sums import sums
from pairfold.pruning.trees import Trees

__all__ = ["STRATEGIES", "Strategy", "outlook", "run_pruned"]

Outputs = tuple[Any, ...]

STRATEGIES: tuple[Strategy, ...] = (order_statistics, proxies, sums)
"""In the order in which they are tried."""

MEASURED_PAIRS = 20_000_000
"""By which it is measured how long all of them would take."""

FEWEST_PAIRS = 200_000_000
"""Below, looking at every pair takes a few hundredths of a second, and anything else as long."""

PAIRS_PER_POINT = 7000
"""How many pairs are looked at while one point finds its place in a tree."""


def run_pruned(call: Call, arrays: Sequence[Any]) -> Outputs:
    """Return the outputs of a call that has a tolerance, and record how they were found."""
    why = _refused(call)
    if why and not is_collecting():
        # Of small calls, a report that nobody reads would be a part of the time.
        return engine.run(_exhaustive(call), arrays)
    start = perf_counter()
    why, trees = why or _not_worth(call, arrays), Trees()
    refusals: list[GivenUp] = []
    budget = UNLIMITED if why else Budget.of(call)
    for strategy in () if why else STRATEGIES:
        begun = perf_counter()
        found = entry_by_entry(strategy, call, arrays, trees, budget)
        if not isinstance(found, GivenUp):
            outputs, report = found
            if refusals:
                report = replace(report, seconds=(("other ways", begun - start), *report.seconds))
            if is_collecting():
                report = replace(report, every_pair=_seconds_of_every_pair(call, arrays))
            record(report)
            return outputs
        refusals.append(found)
    why = why or _told(refusals)
    tried = perf_counter()
    outputs = engine.run(_exhaustive(call), arrays)
    seconds = (("planning", tried - start), (REDUCING, perf_counter() - tried))
    record(Report("exhaustive", seconds=seconds, why=why))
    return outputs


def _told(refusals: Sequence[GivenUp]) -> str:
    """Return why no strategy helped, in the words of those that were made for the reduction."""
    meant = [refusal.why for refusal in refusals if refusal.is_meant]
    return "; ".join(dict.fromkeys(meant)) or "nothing can be left out of such a reduction"


def _exhaustive(call: Call) -> Call:
    return Call(call.problem, call.extent, call.dtype, call.ranges, _without_tolerance(call.options))


@lru_cache(maxsize=64)
def _without_tolerance(options: Options) -> Options:
    return replace(options, tolerance=None)


def _seconds_of_every_pair(call: Call, arrays: Sequence[Any]) -> float:
    """Return how long the call would take without a tolerance, by that of some of its rows."""
    extent = call.extent
    rows = min(extent.rows, max(1, MEASURED_PAIRS // (extent.columns * extent.entries)))
    given = some_points(call, arrays, slice(rows), slice(None))
    options = replace(call.options, tolerance=None, progress=False)
    some = replace(call, options=options, extent=extent._replace(rows=rows))
    # The code of this kernel may still have to be made.
    engine.run(some, given)
    start = perf_counter()
    engine.run(some, given)
    return (perf_counter() - start) * extent.rows / rows


def outlook(call: Call) -> tuple[str, str]:
    """Return the tolerance of a call, and what is done about it before anything is known of the arrays, in words."""
    asked = call.options.tolerance
    assert asked is not None
    numbers = [f"{name}={value:g}" for name, value in vars(asked).items() if value is not None]
    why, names = _refused(call), ", then ".join(map(_name, STRATEGIES))
    plan = f"every pair is looked at: {why}" if why else f"{names}; every pair, if none of them helps"
    return f"tolerance {', '.join(numbers)}", f"{plan} (report=True says what was done)"


def _name(strategy: Strategy) -> str:
    return strategy.__name__.replace("_", " ")


def _refused(call: Call) -> str:
    """Return why no strategy is asked; "" when they are."""
    if call.problem.reduction.is_unfinished:
        return "the state of a part is made of all its pairs"
    if call.extent.rows * call.extent.columns < FEWEST_PAIRS:
        return f"there are fewer than {FEWEST_PAIRS} pairs, which are looked at faster than points are sorted"
    if call.ranges is not None:
        return "ranges say already which pairs are looked at"
    if target_of(call.options).backend == "GPU":
        return "the reduction runs on a GPU, where every pair is looked at"
    return ""


def _not_worth(call: Call, arrays: Sequence[Any]) -> str:
    """Return why sorting takes as long as looking at every pair; "" where it does not."""
    extent = call.extent
    counts = {Category.ROW: extent.rows, Category.COLUMN: extent.columns}
    for position, variable in call.problem.arguments.items():
        if variable.category in counts and Trees.knows(arrays[position]):
            counts[variable.category] = 0
    if sum(counts.values()) * PAIRS_PER_POINT < extent.rows * extent.columns:
        return ""
    return (
        f"{extent.rows} rows and {extent.columns} columns have so few pairs for each point that these are looked at "
        "faster than the points are sorted; a Tree is sorted once for many calls"
    )
