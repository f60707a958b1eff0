"""Two sums that look at every pair once: over columns for every row, and over rows for every column.

Gradients of a reduction need both, and what they are made of is the same at every pair. Where a matrix is symmetric,
each of its entries counts in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.engine.cache import joint_code
from pairfold.ir.call import Call
from pairfold.ir.expr import Category, Expr, topological, variables
from pairfold.ir.problem import Problem
from pairfold.reductions.state import outputs_of
from pairfold.targets.target import Launch, Parts, target_of

__all__ = ["joint_groups", "run_jointly"]

Array = NDArray[Any]

FEWEST = 256
"""Columns from which on one look is quicker than two: below, it is the calls that take time."""

MOST_SUMS = 40
"""Numbers per pair that are added, at most: the sums of a block of columns must stay in the nearest caches."""

MOST_NODES = 100
"""Nodes of the formulas: the kernel has more code than two kernels for one sum each, which takes time to make."""

MOST_PARAMETERS = 64
"""Numbers of parameters that kernels hold in registers at best."""

MOST_BYTES = 2**28
"""Memory that the sums of the groups of rows may take."""


def run_jointly(
    call: Call, across: Sequence[Expr], arrays: Sequence[Any], triangle: bool = False
) -> tuple[Array, Array] | None:
    """Sum over columns and over rows, looking at every pair once.

    Parameters
    ----------
    call : Call
        The sum over columns.
    across : sequence of Expr
        Vectors in the variables of the call that are summed over rows.
    arrays : sequence of arrays
        As for `run`.
    triangle : bool
        Rows and columns are the same points. Of two pairs (i, j) and (j, i) the sums see one, with i < j or i and j
        close; pairs (i, i) and these close ones are in the sums over columns only. For symmetric summands, both sums
        together are the whole.

    Returns
    -------
    (array, array) or None
        ``(*batch, rows, dim)``, and the vectors side by side: ``(*batch, columns, dim)``. None where it would not be
        quicker or needs too much memory, or where the options or the target do not allow it.
    """
    groups = joint_groups(call, across)
    if not groups:
        return None
    target, extent, options = target_of(call.options), call.extent, call.options
    dim = sum(part.dim for part in across)
    machine = target.machine(options.device or 0, options.level)
    code = joint_code(target, machine, call.problem, tuple(across), call.dtype)
    memory = target.memory(machine)
    used = {v.position for v in variables(call.problem.value, *across)}
    places = {position: memory.send(arrays[position]) for position in used}
    ((shape, dtype),) = outputs_of(call.problem, extent, call.dtype)
    by_row = memory.empty(shape, dtype)
    # Every sum has beside it what rounding took away from it.
    parts = np.zeros((groups, extent.entries, extent.columns, dim, 2), dtype)
    own = Parts(1, threads=target.workers(options))
    target.launch(
        Launch(code, memory, extent, places, [by_row, parts], own, progress=options.progress, triangle=triangle)
    )
    sums = parts.sum(0)
    return by_row, (sums[..., 0] + sums[..., 1]).reshape(*extent.batch, extent.columns, dim)


def joint_groups(call: Call, across: Sequence[Expr]) -> int:
    """Return how many groups of rows are summed at the same time; 0 where `run_jointly` returns None."""
    target, extent, options = target_of(call.options), call.extent, call.options
    if target.groups is None or extent.is_empty or extent.columns < FEWEST:
        return 0
    is_free = not (call.ranges or options.tolerance or options.split or options.schedule)
    if not is_free or options.accumulate != "block" or _is_large(call.problem, tuple(across)):
        return 0
    threads = target.workers(options)
    wanted = target.groups(extent.rows, extent.entries, threads)
    numbers = extent.entries * extent.columns * sum(part.dim for part in across)
    groups = min(wanted, MOST_BYTES // (2 * numbers * np.dtype(call.dtype).itemsize))
    return groups if groups * extent.entries >= threads else 0


@lru_cache(maxsize=1024)
def _is_large(problem: Problem, across: tuple[Expr, ...]) -> bool:
    summed = problem.value.dim + sum(part.dim for part in across)
    used = variables(problem.value, *across)
    parameters = sum(v.dim for v in used if v.category == Category.PARAMETER)
    nodes = len(topological([problem.value, *across]))
    return summed > MOST_SUMS or parameters > MOST_PARAMETERS or nodes > MOST_NODES
