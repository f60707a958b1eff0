"""Strategies know one cloud of rows and one of columns: the entries of a batch are carried out one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold import engine
from pairfold.engine import Call
from pairfold.pruning.budget import Budget
from pairfold.pruning.report import REDUCING, GivenUp, Report, joined
from pairfold.pruning.trees import Trees

__all__ = ["Strategy", "entry_by_entry"]

Outputs = tuple[Any, ...]

Strategy = Callable[[Call, Sequence[Any], Trees, Budget], tuple[Outputs, Report] | GivenUp]
"""Carries out a call in its own way, or says why it does not help.

What it hands to the engine has no tolerance.
"""


def entry_by_entry(
    strategy: Strategy, call: Call, arrays: Sequence[Any], trees: Trees, budget: Budget
) -> tuple[Outputs, Report] | GivenUp:
    """Carry out a call by a strategy, for each entry of its batch.

    Entries that the strategy does not help with are looked at whole, unless the first one is such.
    """
    batch = call.extent.batch
    if not batch:
        return strategy(call, arrays, trees, budget)
    one = replace(call, extent=call.extent._replace(batch=()))
    exhaustive = replace(one, options=replace(one.options, tolerance=None))
    outputs: list[NDArray[Any]] = []
    reports: list[Report] = []
    for index in np.ndindex(batch):
        given = _entry(call, arrays, index)
        found = strategy(one, given, trees, budget)
        if isinstance(found, GivenUp):
            if not reports:
                return found
            start = perf_counter()
            outputs_of_all = engine.run(exhaustive, given)
            found = outputs_of_all, Report("exhaustive", seconds=((REDUCING, perf_counter() - start),), why=found.why)
        if not outputs:
            outputs = [np.empty((*batch, *output.shape), output.dtype) for output in found[0]]
        for whole, output in zip(outputs, found[0], strict=True):
            whole[index] = output
        reports.append(found[1])
    return tuple(outputs), joined(reports)


def _entry(call: Call, arrays: Sequence[Any], index: tuple[int, ...]) -> list[Any]:
    """Return the arrays of one entry; an axis of size 1 belongs to all entries."""
    given = list(arrays)
    for position in call.problem.arguments:
        shape = arrays[position].shape
        given[position] = arrays[position][tuple(k if n > 1 else 0 for k, n in zip(index, shape, strict=False))]
    return given
