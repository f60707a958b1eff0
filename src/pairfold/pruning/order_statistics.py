"""Smallest and largest values over columns, exactly, without most of the pairs.

A few leaves near each leaf of rows tell how large the K-th smallest value can be at most for its rows. Only leaves of
columns whose values may be as small as that are looked at after that. The outputs are those of the reduction over all
columns, bit for bit, and of equal values the one with the smallest column number is selected as there: see
`pairfold.reductions.numbered`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold import engine
from pairfold.engine import Call, Extent
from pairfold.ir.expr import Category, Expr
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import apply, variable
from pairfold.pruning.boxes import BoxFormula, joined, side_of
from pairfold.pruning.report import REDUCING, GivenUp, Report
from pairfold.pruning.trees import Trees
from pairfold.pruning.walk import Levels, Pairs, block_ranges, nearest, walk
from pairfold.reductions import REDUCTIONS
from pairfold.reductions.numbered import LARGEST, NUMBERED, coded, decoded
from pairfold.sparsity.ranges import Integers
from pairfold.sparsity.tree import LEAF, Boxes, Tree

__all__ = ["order_statistics"]

Array = NDArray[Any]
Floats = NDArray[np.float64]

_SERVED = {
    "Min": (False, ("best",)),
    "ArgMin": (False, ("where",)),
    "Min_ArgMin": (False, ("best", "where")),
    "Max": (True, ("best",)),
    "ArgMax": (True, ("where",)),
    "Max_ArgMax": (True, ("best", "where")),
    "KMin": (False, ("best",)),
    "ArgKMin": (False, ("where",)),
    "KMin_ArgKMin": (False, ("best", "where")),
}
"""For each reduction, whether it looks for large values, and which fields it returns."""

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

SAMPLED = 24
"""Leaves of rows that tell which share of the pairs will be left."""

LARGEST_SHARE = 0.5
"""Of the pairs: looking at all of them is as fast as finding out which these are."""

SLAB = 1 << 20
"""Rows that are worked on at once: what is kept in memory for the pairs of leaves grows with them."""

PAIRS = 1 << 22
"""Pairs of leaves that are kept in memory at once."""


def order_statistics(call: Call, arrays: Sequence[Any], trees: Trees) -> tuple[tuple[Array, ...], Report] | GivenUp:
    """Carry out a call that selects small or large values, looking at few of the pairs.

    Parameters
    ----------
    call : Call
        Without ranges.
    arrays : sequence of arrays
        As for `pairfold.engine.run`.
    trees : Trees
        Where the trees of the arrays are made or found.

    Returns
    -------
    (outputs, Report) or GivenUp
        The outputs of `pairfold.engine.run`.
    """
    why = _refused(call)
    if why:
        return GivenUp(why)
    start = perf_counter()
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
    problem, (_, columns, batch) = call.problem, call.extent
    if problem.reduction.name not in _SERVED:
        return f"{problem.reduction.name} does not select values"
    if batch:
        return "there are batches"
    if problem.k > min(MOST_KEPT, columns):
        return f"{problem.k} of {columns} values are kept"
    sides = [side_of(problem.roots, category) for category in (Category.ROW, Category.COLUMN)]
    if not all(sides):
        return "the formula does not read both rows and columns"
    axes = max(sum(v.dim for v in side) for side in sides)
    if axes > MOST_AXES:
        return f"boxes have {axes} coordinates"
    if columns > LARGEST:
        return "there are too many columns"
    return ""


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
        is_large, _ = _SERVED[problem.reduction.name]
        value = -problem.value if is_large else problem.value
        made = list(arrays)
        rows, columns = (
            _sorted(made, side_of(problem.roots, category), trees) for category in (Category.ROW, Category.COLUMN)
        )
        plain = replace(options, progress=False, schedule=None, split=None)
        bounds = BoxFormula((value,), call.dtype, arrays, plain)
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
        ends = np.cumsum((near >= 0).sum(axis=1))
        numbers = near[near >= 0]
        columns = self.columns.leaves.starts
        ranges = (
            np.stack([starts[:-1], starts[1:]], axis=1),
            ends,
            np.stack([columns[numbers], columns[numbers + 1]], axis=1),
        )
        smallest = Problem(self.value, REDUCTIONS["KMin"], k=problem.k)
        (best,) = engine.run(self._call(smallest, int(starts[-1]), ranges), arrays)
        return np.ascontiguousarray(best.reshape(len(best), problem.k, dim)[:, -1])

    def _left(self, rows: Levels, limits: Array, starts: Integers, slab: tuple[int, int, int]) -> Pairs:
        """Return the pairs of leaves that may hold selected values."""
        levels = [np.maximum.reduceat(limits, starts[:-1], axis=0).astype(np.float64)]
        columns = self.columns.levels
        for _ in range(len(rows) - 1 - slab[0]):
            levels.append(np.maximum.reduceat(levels[-1], np.arange(0, len(levels[-1]), 2), axis=0))

        def decide(pairs: Pairs, numbers: Integers) -> NDArray[np.bool_]:
            boxes = rows[pairs.row_level], columns[pairs.column_level]
            low, _ = self.bounds.ends(boxes[0], numbers, boxes[1], pairs.columns)
            worst = levels[len(rows) - 1 - pairs.row_level][numbers - pairs.first]
            return np.asarray(~(low > worst).all(axis=1))

        return walk(rows, columns, decide, slab)

    def _call(self, problem: Problem, rows: int, ranges: tuple[Integers, Integers, Integers]) -> Call:
        return Call(problem, Extent(rows, self.call.extent.columns), self.call.dtype, ranges, self.call.options)

    def _row_arrays(self, rows: Any) -> list[Array | None]:
        """Return the arrays with some rows."""
        arrays = list(self.arrays)
        for v in side_of((self.value,), Category.ROW):
            arrays[v.position] = arrays[v.position][rows]  # type: ignore[index]
        return arrays

    # ------------------------------------------------------------ for all

    def sampled_share(self) -> float:
        """Return the share of the columns that leaves of rows see, from some of these."""
        leaves = self.rows.leaves
        numbers = np.unique(np.linspace(0, len(leaves) - 1, SAMPLED).astype(np.int64))
        counts = leaves.starts[numbers + 1] - leaves.starts[numbers]
        starts = np.concatenate([[0], np.cumsum(counts)])
        points = np.concatenate([np.arange(leaves.starts[n], leaves.starts[n + 1]) for n in numbers])
        rows = (Boxes(leaves.low[numbers], leaves.high[numbers], starts),)
        limits = self._limits(self._row_arrays(points), starts, self._near(rows))
        pairs = self._left(rows, limits, starts, (0, 0, len(numbers)))
        return len(pairs.columns) / (len(numbers) * len(self.columns.leaves))

    def run(self, share: float) -> tuple[Array, Array, int]:
        """Return selected values and their coded columns for the sorted rows, and how many pairs were looked at."""
        problem, count = self.call.problem, self.call.extent.rows
        size = problem.k * self.value.dim
        best, codes = (np.empty((count, size), self.call.dtype) for _ in range(2))
        numbers = coded(self.columns.order, self.call.dtype)[:, None]
        number = variable(len(self.arrays), 1, Category.COLUMN)
        limit = variable(len(self.arrays) + 1, self.value.dim, Category.ROW)
        numbered = Problem(self.value, NUMBERED, apply("Concat", number, limit), problem.k)
        near = self._near(self.rows.levels)
        looked_at = 0
        for slab in self._slabs(share):
            part, first, last = self._leaves(slab)
            arrays = self._row_arrays(part)
            starts = self.rows.leaves.starts[first : last + 1] - part.start
            limits = self._limits(arrays, starts, near[first:last])
            pairs = self._left(self.rows.levels, limits, starts, slab)
            ranges = block_ranges(pairs, self.rows.leaves, self.columns.leaves)
            looked_at += _pairs_in(ranges)
            call = self._call(numbered, part.stop - part.start, ranges)
            best[part], codes[part] = engine.run(call, [*arrays, numbers, limits])
        return best, codes, looked_at

    def _slabs(self, share: float) -> Iterator[tuple[int, int, int]]:
        """Yield level and number of boxes of rows that together hold all rows, none of them too many."""
        leaves = min(SLAB // LEAF, max(1, int(PAIRS / max(1.0, share * len(self.columns.leaves)))))
        depth = len(self.rows.levels) - 1
        level = max(0, depth - leaves.bit_length() + 1)
        for number in range(len(self.rows.levels[level])):
            yield level, number, number + 1

    def _leaves(self, slab: tuple[int, int, int]) -> tuple[slice, int, int]:
        """Return the sorted rows of a slab, its first and its last leaf."""
        level, first, last = slab
        scale = 1 << (len(self.rows.levels) - 1 - level)
        starts = self.rows.levels[level].starts
        return slice(int(starts[first]), int(starts[last])), first * scale, min(last * scale, len(self.rows.leaves))

    def outputs(self, best: Array, codes: Array) -> tuple[Array, ...]:
        """Return the outputs in the order of the rows that were given."""
        problem = self.call.problem
        is_large, fields = _SERVED[problem.reduction.name]
        result = []
        for name, shape in zip(fields, problem.shapes, strict=True):
            values = decoded(codes) if name == "where" else -best if is_large else best
            output = np.empty((len(values), *shape), values.dtype)
            output[self.rows.order] = values.reshape(output.shape)
            result.append(output)
        return tuple(result)


def _sorted(arrays: list[Any], side: Sequence[Expr], trees: Trees) -> Tree:
    """Sort the variables of one side, among all arrays, by their tree."""
    tree = trees.of(joined(arrays, side))
    for v in side:
        arrays[v.position] = np.take(arrays[v.position], tree.order, axis=0)
    return tree


def _pairs_in(ranges: tuple[Integers, Integers, Integers]) -> int:
    """Return the number of pairs of ranges."""
    blocks, ends, intervals = ranges
    before = np.concatenate([[0], np.cumsum(intervals[:, 1] - intervals[:, 0])])
    return int(((blocks[:, 1] - blocks[:, 0]) * np.diff(before[ends], prepend=0)).sum())
