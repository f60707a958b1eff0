"""Smallest and largest values over columns, exactly, without most of the pairs.

A few leaves near each leaf of rows tell how large the K-th smallest value can be at most for its rows. Only leaves of
columns whose values may be as small as that are looked at after that. The outputs are those of the reduction over all
columns, bit for bit, and of equal values the one with the smallest column number is selected as there: see
`pairfold.reductions.numbered`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pairfold import engine
from pairfold.engine import Call, Extent
from pairfold.ir.expr import Category, Expr
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import apply, constant, variable
from pairfold.pruning.axes import scales_of
from pairfold.pruning.boxes import BoxFormula, joined, side_of
from pairfold.pruning.budget import LARGEST_THINNED_SHARE, UNLIMITED, Budget, sorting_time, thinned
from pairfold.pruning.report import REDUCING, GivenUp, Report
from pairfold.pruning.slabs import FEW, SAMPLED, leaves_of, near_ranges, pairs_in, sample, shown, slabs, upwards
from pairfold.pruning.trees import Trees
from pairfold.pruning.walk import Levels, Pairs, block_ranges, nearest, walk
from pairfold.reductions import REDUCTIONS
from pairfold.reductions.numbered import LARGEST, NUMBERED, coded, decoded
from pairfold.sparsity.ranges import Integers
from pairfold.sparsity.tree import LEAF, Tree

__all__ = ["order_statistics"]

_SIDES = (Category.ROW, Category.COLUMN)

Array = NDArray[Any]
Floats = NDArray[np.float64]


class _Selection(NamedTuple):
    """What a reduction selects.

    Attributes
    ----------
    fields : tuple of str
        What it returns: ``"best"``, the values, and ``"where"``, their columns.
    of_large : bool
        Whether it looks for large values.
    of_truth : bool
        Whether the values are those of the question whether the formula is not 0.
    """

    fields: tuple[str, ...]
    of_large: bool = False
    of_truth: bool = False

    def value(self, formula: Expr) -> Expr:
        """Return what small values are looked for of."""
        found = apply("NotEqual", formula, constant(0.0)) if self.of_truth else formula
        return -found if self.of_large else found


_SERVED = {
    "Min": _Selection(("best",)),
    "ArgMin": _Selection(("where",)),
    "Min_ArgMin": _Selection(("best", "where")),
    "Max": _Selection(("best",), of_large=True),
    "ArgMax": _Selection(("where",), of_large=True),
    "Max_ArgMax": _Selection(("best", "where"), of_large=True),
    "KMin": _Selection(("best",)),
    "ArgKMin": _Selection(("where",)),
    "KMin_ArgKMin": _Selection(("best", "where")),
    "Any": _Selection(("best",), of_large=True, of_truth=True),
    "All": _Selection(("best",), of_truth=True),
}
"""By the name of the reduction."""

MOST_KEPT = 32
"""Numbers of values up to which lists are sorted as they grow."""

MOST_AXES = 16
"""Coordinates of a box: with more of them, boxes of points are too wide to tell anything."""

NEAR = 4
"""Leaves of columns, beside those that K points fill, that tell a leaf of rows how large its values can be."""

WIDTH = 8
"""Boxes of columns among which they are looked for at each level."""

HINT = 2.0**-20
"""Weight of the upper end of boxes in the search for near ones: that of many that are near has the lower end 0."""

LARGEST_SHARE = 0.3
"""Of the pairs: looking at all of them is hardly slower than finding out which these are."""

FEW_AXES = 4
"""Coordinates up to which boxes of points nearly always help."""

BREAK_EVEN = 15_000
"""Pairs that are looked at in the time in which one point is sorted and its leaf walks: more have to be left out."""


def order_statistics(
    call: Call, arrays: Sequence[Any], trees: Trees, budget: Budget = UNLIMITED
) -> tuple[tuple[Array, ...], Report] | GivenUp:
    """Carry out a call that selects small or large values, looking at few of the pairs.

    Parameters
    ----------
    call : Call
        Without ranges.
    arrays : sequence of arrays
        As for `pairfold.engine.run`.
    trees : Trees
        Where the trees of the arrays are made or found.
    budget : Budget
        A part of the points tells at first whether it is worth the time to sort all, where this is no small part of it.

    Returns
    -------
    (outputs, Report) or GivenUp
        The outputs of `pairfold.engine.run`.
    """
    why = _refused(call)
    if why:
        return GivenUp(why, is_meant=call.problem.reduction.name in _SERVED)
    start = perf_counter()
    if _axes(call.problem) > FEW_AXES and not budget.allows(sorting_time(call, arrays)):
        share = _Search.of(*thinned(call, arrays), Trees()).sampled_share(FEW)
        if share > LARGEST_THINNED_SHARE:
            return GivenUp(f"{share:.0%} of the pairs of a part of the points would be left")
    search = _Search.of(call, arrays, trees)
    sorted_at = perf_counter()
    share = search.sampled_share()
    if share > LARGEST_SHARE:
        return GivenUp(f"{share:.0%} of the pairs would be left")
    best, codes, pairs = search.run(share)
    found = perf_counter()
    outputs = search.outputs(best, codes)
    total = call.extent.rows * call.extent.columns
    seconds = (("trees", sorted_at - start), (REDUCING, found - sorted_at), ("unsorting", perf_counter() - found))
    return outputs, Report("exact", pairs=pairs / total, seconds=seconds)


def _refused(call: Call) -> str:
    """Return why these ideas do not help; "" when they may."""
    problem, (rows, columns, batch) = call.problem, call.extent
    if problem.reduction.name not in _SERVED:
        return f"{problem.reduction.name} does not select values"
    if batch:
        return "there are batches"
    if rows * columns < BREAK_EVEN * (rows + columns):
        return f"{rows} rows and {columns} columns are looked at faster than they are sorted"
    if problem.k > min(MOST_KEPT, columns):
        return f"{problem.k} of {columns} values are kept"
    if not all(side_of(problem.roots, category) for category in _SIDES):
        return "the formula does not read both rows and columns"
    axes = _axes(problem)
    if axes > MOST_AXES:
        return f"boxes have {axes} coordinates"
    if columns > LARGEST:
        return "there are too many columns"
    return ""


def _axes(problem: Problem) -> int:
    """Return the number of coordinates of a box."""
    return max(sum(v.dim for v in side_of(problem.roots, category)) for category in _SIDES)


@dataclass(frozen=True, eq=False)
class _Search:
    """A reduction over sorted points.

    Attributes
    ----------
    call : Call
        What was asked for, without the tolerance.
    value : Expr
        What small values are looked for of.
    arrays : list of arrays
        In the order of the trees.
    rows, columns : Tree
        Of the points of both sides.
    bounds : BoxFormula
        Bounds the value.
    """

    call: Call
    value: Expr
    arrays: list[Array | None]
    rows: Tree
    columns: Tree
    bounds: BoxFormula

    @staticmethod
    def of(call: Call, arrays: Sequence[Any], trees: Trees) -> _Search:
        """Sort the arrays of a call."""
        problem, options = call.problem, replace(call.options, tolerance=None)
        value = _SERVED[problem.reduction.name].value(problem.value)
        made = list(arrays)
        plain = replace(options, progress=False, schedule=None, split=None)
        bounds = BoxFormula((value,), call.dtype, arrays, plain)
        rows, columns = (
            _sorted(made, side_of(problem.roots, category), trees, scales)
            for category, scales in zip(_SIDES, scales_of(call, value, arrays, bounds), strict=True)
        )
        return _Search(replace(call, options=options), value, made, rows, columns, bounds)

    # ------------------------------------------------------------ for some leaves of rows

    def _near(self, rows: Levels) -> Integers:
        columns = self.columns.levels

        def score(row_level: int, row_numbers: Integers, column_level: int, column_numbers: Integers) -> Floats:
            low, high = self.bounds.ends(rows[row_level], row_numbers, columns[column_level], column_numbers)
            scores: Floats = (low + np.where(high < np.inf, HINT * high, 0.0)).sum(axis=1)
            return scores

        count = NEAR + -(-self.call.problem.k // LEAF)
        return nearest(rows, columns, score, max(WIDTH, count), count)

    def _limits(self, arrays: list[Array | None], starts: Integers, near: Integers) -> Array:
        """Return how large the selected values of each row are at most, ``(rows, dim of the value)``."""
        problem, dim = self.call.problem, self.value.dim
        ranges = near_ranges(starts, near, self.columns.levels)
        smallest = Problem(self.value, REDUCTIONS["KMin"], k=problem.k)
        (best,) = engine.run(self._call(smallest, int(starts[-1]), ranges), arrays)
        return np.ascontiguousarray(best.reshape(len(best), problem.k, dim)[:, -1])

    def _left(self, rows: Levels, limits: Array, starts: Integers, slab: tuple[int, int, int]) -> Pairs:
        """Return the pairs of leaves that may hold selected values."""
        largest = np.maximum.reduceat(limits, starts[:-1], axis=0).astype(np.float64)
        levels = upwards(largest, np.maximum, len(rows) - slab[0])
        columns, selects_truth = self.columns.levels, _SERVED[self.call.problem.reduction.name].of_truth

        def decide(pairs: Pairs, numbers: Integers) -> NDArray[np.bool_]:
            boxes = rows[pairs.row_level], columns[pairs.column_level]
            low, _ = self.bounds.ends(boxes[0], numbers, boxes[1], pairs.columns)
            worst = levels[pairs.row_level - slab[0]][numbers - pairs.first]
            # One of equal truth values is as good as the other.
            is_worse = low >= worst if selects_truth else low > worst
            return np.asarray(~is_worse.all(axis=1))

        return walk(rows, columns, decide, slab)

    def _call(self, problem: Problem, rows: int, ranges: tuple[Integers, Integers, Integers]) -> Call:
        options = replace(self.call.options, progress=False)
        return Call(problem, Extent(rows, self.call.extent.columns), self.call.dtype, ranges, options)

    def _row_arrays(self, rows: Any) -> list[Array | None]:
        """Return the arrays with some rows."""
        arrays = list(self.arrays)
        for v in side_of((self.value,), Category.ROW):
            arrays[v.position] = arrays[v.position][rows]  # type: ignore[index]
        return arrays

    # ------------------------------------------------------------ for all

    def sampled_share(self, count: int = SAMPLED) -> float:
        """Return the share of the columns that leaves of rows see, from `count` of these."""
        points, leaves = sample(self.rows.levels, count)
        limits = self._limits(self._row_arrays(points), leaves.starts, self._near((leaves,)))
        pairs = self._left((leaves,), limits, leaves.starts, (0, 0, len(leaves)))
        return len(pairs.columns) / (len(leaves) * len(self.columns.leaves))

    def run(self, share: float) -> tuple[Array, Array, int]:
        """Return selected values and their coded columns for the sorted rows, and how many pairs were looked at."""
        problem, count = self.call.problem, self.call.extent.rows
        size = problem.k * self.value.dim
        best, codes = (np.empty((count, size), self.call.dtype) for _ in range(2))
        numbers = coded(self.columns.order, self.call.dtype)[:, None]
        number = variable(len(self.arrays), 1, Category.COLUMN)
        limit = variable(len(self.arrays) + 1, self.value.dim, Category.ROW)
        numbered = Problem(self.value, NUMBERED, apply("Concat", number, limit), problem.k)
        near, looked_at, progress = self._near(self.rows.levels), 0, self.call.options.progress
        for slab in shown(slabs(self.rows.levels, self.columns.levels, share, progress), progress):
            part, first, last = leaves_of(self.rows.levels, slab)
            arrays = self._row_arrays(part)
            starts = self.rows.leaves.starts[first : last + 1] - part.start
            limits = self._limits(arrays, starts, near[first:last])
            pairs = self._left(self.rows.levels, limits, starts, slab)
            ranges = block_ranges(pairs, self.rows.leaves, self.columns.leaves)
            looked_at += pairs_in(ranges)
            call = self._call(numbered, part.stop - part.start, ranges)
            found, codes[part] = engine.run(call, [*arrays, numbers, limits])
            # Truth values are left out that equal those already found.
            best[part] = np.minimum(found, limits) if problem.reduction.truth else found
        return best, codes, looked_at

    def outputs(self, best: Array, codes: Array) -> tuple[Array, ...]:
        """Return the outputs in the order of the rows that were given."""
        problem = self.call.problem
        selection = _SERVED[problem.reduction.name]
        result = []
        for name, shape in zip(selection.fields, problem.shapes, strict=True):
            values = decoded(codes) if name == "where" else -best if selection.of_large else best
            output = np.empty((len(values), *shape), values.dtype)
            output[self.rows.order] = values.reshape(output.shape)
            result.append(output)
        return tuple(result)


def _sorted(arrays: list[Any], side: Sequence[Expr], trees: Trees, scales: Floats | None) -> Tree:
    """Sort the variables of one side, among all arrays, by their tree."""
    tree = trees.of(joined(arrays, side), scales)
    for v in side:
        arrays[v.position] = np.take(arrays[v.position], tree.order, axis=0)
    return tree
