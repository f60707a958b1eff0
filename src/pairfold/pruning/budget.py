"""What planning may take: a small part of the time of every pair.

Both are estimated, and not measured: what is done depends on sizes and formulas alone, and is the same at each call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from pairfold.engine import Call, Extent, cost_per_pair, target_of
from pairfold.ir.expr import Category
from pairfold.pruning.trees import Trees

__all__ = ["LARGEST_THINNED_SHARE", "UNLIMITED", "Budget", "some_points", "sorting_time", "thinned"]

PLANNING = 0.05
"""Part of the time of every pair that may pass before it is known what is left out."""

INSTRUCTIONS_PER_SECOND = 1.2e10
"""What a core with vector units does of the instructions that the cost of a formula counts.

Where they are fewer, planning is slower too.
"""

SORTING = 2e-7
"""Seconds in which a point finds its place in a tree of boxes."""

THINNED = 8
"""Part of the points that tell at first whether it is worth the time to sort all."""

LARGEST_THINNED_SHARE = 0.75
"""Of the pairs of this part, which is larger than that of all pairs."""


@dataclass(frozen=True)
class Budget:
    """The time that planning may take.

    Attributes
    ----------
    every_pair : float
        Seconds that looking at every pair would take.

    Examples
    --------
    >>> UNLIMITED.allows(60.0), Budget(every_pair=1.0).allows(0.5)
    (True, False)
    """

    every_pair: float = inf

    @staticmethod
    def of(call: Call) -> Budget:
        """Return the budget of a call, or of an entry of its batch."""
        options = replace(call.options, tolerance=None)
        instructions = cost_per_pair(replace(call, options=options)) * call.extent.rows * call.extent.columns
        return Budget(instructions / INSTRUCTIONS_PER_SECOND / target_of(options).workers(options))

    def allows(self, seconds: float, part: float = 1.0) -> bool:
        """Tell whether planning may take so long, if it may take a part of the budget, or more than all of it."""
        return seconds <= part * PLANNING * self.every_pair


UNLIMITED = Budget()


def some_points(call: Call, arrays: Sequence[Any], rows: slice, columns: slice) -> list[Any]:
    """Return the arrays of a call for some of its rows and columns."""
    given, parts = list(arrays), {Category.ROW: rows, Category.COLUMN: columns}
    for position, variable in call.problem.arguments.items():
        if variable.category in parts:
            given[position] = arrays[position][..., parts[variable.category], :]
    return given


def thinned(call: Call, arrays: Sequence[Any]) -> tuple[Call, list[Any]]:
    """Return a call without a batch for a part of its rows and columns, and their arrays."""
    part = slice(None, None, THINNED)
    extent = Extent(-(-call.extent.rows // THINNED), -(-call.extent.columns // THINNED))
    return replace(call, extent=extent), some_points(call, arrays, part, part)


def sorting_time(call: Call, arrays: Sequence[Any]) -> float:
    """Return in how many seconds the points of a call are sorted, roughly, those excepted that are already."""
    counts = {Category.ROW: call.extent.rows, Category.COLUMN: call.extent.columns}
    for position, variable in call.problem.arguments.items():
        if variable.category in counts and Trees.knows(arrays[position]):
            counts[variable.category] = 0
    return SORTING * sum(counts.values())
