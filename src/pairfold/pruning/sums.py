"""Sums over columns without those that hardly count, and a bound of what is left out.

A box of columns changes the sum of a row by at most the largest ``|K|`` on the pair of boxes times the sum of the
weights of its columns (`pairfold.pruning.terms`). A few leaves of columns near each leaf of rows are added up first:
they tell how large the sum of moduli is at least, and so what may be left out. Large boxes are left out where they
would be even if all columns counted as much; what is left of the tolerance then is spent at the leaves, least terms
first (Lee, Gray and Moore, "Dual-tree fast Gauss transforms", 2005, for one kernel; here for any formula).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold import engine
from pairfold.engine import Call, Extent
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.pruning.boxes import BoxFormula, joined, side_of
from pairfold.pruning.budget import LARGEST_THINNED_SHARE, UNLIMITED, Budget, sorting_time, thinned
from pairfold.pruning.report import REDUCING, GivenUp, Report
from pairfold.pruning.slabs import (
    FEW,
    SAMPLED,
    Half,
    Slab,
    leaves_of,
    near_ranges,
    pairs_in,
    sample,
    shown,
    slabs,
    upwards,
)
from pairfold.pruning.terms import Terms, column_values, is_weight, terms_of
from pairfold.pruning.trees import Trees
from pairfold.pruning.walk import Levels, Pairs, block_ranges, nearest, walk
from pairfold.reductions import REDUCTIONS
from pairfold.sparsity.ranges import Integers
from pairfold.sparsity.tree import LEAF, Boxes, Tree

__all__ = ["sums"]

Array = NDArray[Any]
Floats = NDArray[np.float64]

MOST_AXES = 16
"""Coordinates of a box: with more of them, boxes of points are too wide to tell anything."""

NEAR = 4
"""Leaves of columns that a leaf of rows looks at to find out how large its sums are."""

WIDTH = 8
"""Boxes of columns among which these are searched for, at every level."""

LARGEST_SHARE = 0.5
"""Of the pairs: looking at all of them is as fast as finding out which these are."""

LARGEST_PART = 0.9
"""What everything may take of the time of every pair."""

FEW_AXES = 3
"""Coordinates up to which boxes of a part of the points leave out nearly as much as those of all."""

WALKING = 1e-7
"""Seconds in which it is decided what becomes of a pair of leaves."""

CAUTION = 0.999
"""Part of the tolerance that is used: rounding of weights and of sums of a few hundred terms is within the rest."""

EARLY = 0.5
"""Part of the tolerance that boxes above the leaves may use up."""

STEPS = 64
"""Factors of two by which terms are told apart at the leaves."""


def sums(
    call: Call,
    arrays: Sequence[Any],
    trees: Trees,
    budget: Budget = UNLIMITED,
    largest_share: float = LARGEST_SHARE,
) -> tuple[tuple[Array, ...], Report] | GivenUp:
    """Carry out a call that adds up terms, looking at those that count.

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
    largest_share : float
        Of the pairs: with more of them left, nothing is done.

    Returns
    -------
    (outputs, Report) or GivenUp
        The outputs of `pairfold.engine.run`, up to the tolerance.
    """
    tolerance = call.options.tolerance
    if tolerance is None:
        return GivenUp("there is no tolerance")
    if call.extent.batch:
        return GivenUp("there are batches")
    terms = terms_of(call.problem, tolerance)
    if isinstance(terms, GivenUp):
        return terms
    start = perf_counter()
    call = replace(call, options=replace(call.options, tolerance=None))

    def is_slow(share: float) -> bool:
        leaves = call.extent.rows * call.extent.columns / LEAF**2
        return (
            share > largest_share or share * (budget.every_pair + WALKING * leaves) > LARGEST_PART * budget.every_pair
        )

    if not budget.allows(sorting_time(call, arrays)):
        some = _Sum.of(*thinned(call, arrays), terms, Trees())
        if isinstance(some, GivenUp):
            return some
        share = some.sampled_share(FEW)
        if is_slow(share) if some.axes <= FEW_AXES else share > LARGEST_THINNED_SHARE:
            return some.given_up(share, " of a part of the points")
    found = _Sum.of(call, arrays, terms, trees)
    if isinstance(found, GivenUp):
        return found
    sorted_at = perf_counter()
    share = found.sampled_share()
    if is_slow(share):
        return found.given_up(share)
    outputs, pairs, left_out = found.run(share)
    seconds = (("trees", sorted_at - start), (REDUCING, perf_counter() - sorted_at))
    total = call.extent.rows * call.extent.columns
    kind = "guaranteed" if left_out > 0 else "exact"
    return outputs, Report(kind, terms.error(left_out), pairs / total, seconds)


@dataclass(frozen=True, eq=False)
class _Side:
    """Rows or columns in the order of a tree.

    Attributes
    ----------
    tree : Tree
        Of what tells which pairs are near.
    levels : tuple of Boxes
        Around all variables of this side that the kernel reads.
    """

    tree: Tree
    levels: Levels

    @staticmethod
    def of(terms: Terms, category: Category, arrays: Sequence[Any], trees: Trees) -> _Side | GivenUp:
        """Return the side; weights are boxed as they come."""
        variables = side_of((terms.logarithm,), category)
        places = [v for v in variables if not is_weight(terms.kernel, v)] or variables
        axes = sum(v.dim for v in places)
        if axes > MOST_AXES:
            return GivenUp(f"boxes have {axes} coordinates")
        tree = trees.of(joined(arrays, places))
        if places == variables:
            return _Side(tree, tree.levels)
        return _Side(tree, _boxes(joined(arrays, variables)[tree.order], tree.levels))


def _boxes(points: Array, levels: Levels) -> Levels:
    """Return boxes around sorted points, with as many of them in each as in those of `levels`."""
    starts = levels[-1].starts[:-1]
    low, high = (end.reduceat(points, starts, axis=0).astype(np.float64) for end in (np.minimum, np.maximum))
    found = [Boxes(low, high, levels[-1].starts)]
    for level in levels[-2::-1]:
        pairs = np.arange(0, len(low), 2)
        low, high = np.minimum.reduceat(low, pairs, axis=0), np.maximum.reduceat(high, pairs, axis=0)
        found.append(Boxes(low, high, level.starts))
    return tuple(found[::-1])


@dataclass(frozen=True, eq=False)
class _Sum:
    """A sum over sorted points.

    Attributes
    ----------
    call : Call
        What was asked for, without the tolerance.
    terms : Terms
        What is added up.
    arrays : list of arrays
        In the order of the trees.
    rows, columns : _Side
        Both sides.
    totals : list of arrays
        The sums of each of the weights over all columns, per component.
    shares : list of arrays
        For the boxes of each level of the columns, the part of these sums that they have, at most.
    """

    call: Call
    terms: Terms
    arrays: list[Array | None]
    rows: _Side
    columns: _Side
    totals: list[Floats]
    shares: list[Floats]

    @staticmethod
    def of(call: Call, arrays: Sequence[Any], terms: Terms, trees: Trees) -> _Sum | GivenUp:
        """Sort the arrays of a call."""
        made = list(arrays)
        sides = []
        for category in (Category.ROW, Category.COLUMN):
            side = _Side.of(terms, category, arrays, trees)
            if isinstance(side, GivenUp):
                return side
            for v in side_of(call.problem.roots, category):
                made[v.position] = np.take(arrays[v.position], side.tree.order, axis=0)
            sides.append(side)
        rows, columns = sides
        starts = columns.tree.leaves.starts[:-1]
        values = [column_values(weight, made, call.extent.columns) for weight in terms.weights]
        if call.problem.reduction.name == "LogSumExpWeight" and bool((values[0] < 0).any()):
            return GivenUp("weights of exponentials are negative: their logarithm may be anything")
        with np.errstate(all="ignore"):
            in_leaves = [np.add.reduceat(np.abs(value), starts, axis=0) for value in values]
        finite = np.isfinite(np.concatenate(in_leaves, axis=1)).all(axis=1)
        totals = [part[finite].sum(axis=0) for part in in_leaves]
        shares = [part / np.where(total > 0, total, 1.0) for part, total in zip(in_leaves, totals, strict=True)]
        share = np.where(finite, np.concatenate(shares, axis=1).max(axis=1), np.inf)
        levels = upwards(share, np.add, len(columns.levels))
        return _Sum(call, terms, made, rows, columns, totals, levels)

    @cached_property
    def bounds(self) -> BoxFormula:
        """Bounds the logarithm of the modulus of the kernel."""
        plain = replace(self.call.options, progress=False, schedule=None, split=None)
        return BoxFormula((self.terms.logarithm,), self.call.dtype, self.arrays, plain)

    @property
    def axes(self) -> int:
        """Coordinates of a box."""
        return max(int(side.tree.leaves.low.shape[1]) for side in (self.rows, self.columns))

    @property
    def _is_exact(self) -> bool:
        return self.terms.share == 0 and self.terms.absolute == 0

    # ------------------------------------------------------------ for some leaves of rows

    def _near(self, rows: Levels) -> Integers:
        columns = self.columns.levels

        def score(row_level: int, row_numbers: Integers, column_level: int, column_numbers: Integers) -> Floats:
            low, high = self.bounds.ends(rows[row_level], row_numbers, columns[column_level], column_numbers)
            # What is bounded on one side only is as near as that says, what is not bounded at all is far away.
            low = np.where(low > -np.inf, low, high)
            high = np.where(high < np.inf, high, low)
            far: Floats = np.where(high < np.inf, -(low + high), np.inf).sum(axis=1)
            return far

        return nearest(rows, columns, score, WIDTH, NEAR)

    def _scales(self, arrays: list[Array | None], starts: Integers, near: Integers) -> Floats:
        """Return the logarithms of what makes moduli of K parts of what may be left out, ``(leaves, dim of K)``."""
        terms = self.terms
        ranges = near_ranges(starts, near, self.columns.levels)
        found = []
        for weight, total in zip(terms.weights, self.totals, strict=True):
            (lower,) = engine.run(self._call(terms.lower(weight), int(starts[-1]), ranges), arrays)
            least = np.fmin.reduceat(lower.astype(np.float64), starts[:-1], axis=0)
            found.append(self._scale(least, total))
        scale: Floats = np.maximum.reduce(np.broadcast_arrays(*found))
        return scale if scale.shape[1] == terms.kernel.dim else scale.max(axis=1, keepdims=True)

    def _scale(self, least: Floats, total: Floats) -> Floats:
        terms = self.terms
        if terms.is_exponent:
            allowed = np.log(terms.share * CAUTION) + least
        else:
            # What is not even a normal number is not told from 0.
            tiny = np.finfo(self.call.dtype).tiny
            allowed = np.log(CAUTION * (terms.share * np.nan_to_num(least) + terms.absolute) + tiny)
        scale: Floats = np.log(total) - allowed
        return scale

    def _parts(self, high: Floats, scales: Floats) -> Any:
        """Return how much of what may be left out pairs of boxes are, if their columns had all the weight."""
        size = np.inf if self._is_exact else np.exp(high + scales)
        return np.where(high == -np.inf, 0.0, size).max(axis=1)

    def _left(self, rows: Levels, scales: Floats, slab: Slab) -> tuple[Pairs, float]:
        """Return the pairs of leaves that count, and the part that is left out for the worst leaf of rows."""
        columns = self.columns.levels
        depth = len(rows) - slab[0]
        at_level = upwards(scales, np.maximum, depth)
        early = EARLY / self.shares[0][0]
        spent = _Spent(slab[0], np.zeros(slab[2] - slab[1]))

        def decide(pairs: Pairs, numbers: Integers) -> NDArray[np.bool_]:
            blocks = numbers - pairs.first
            _, high = self.bounds.ends(rows[pairs.row_level], numbers, columns[pairs.column_level], pairs.columns)
            parts = self._parts(high, at_level[pairs.row_level - slab[0]][blocks])
            weights = self.shares[pairs.column_level][pairs.columns]
            amounts = np.where(parts == 0, np.where(weights < np.inf, 0.0, np.inf), parts * weights)
            spent.go_down(pairs.row_level, len(pairs.ends))
            is_last = pairs.row_level == len(rows) - 1 and pairs.column_level == len(columns) - 1
            drops = _least(blocks, amounts, 1 - spent.parts) if is_last else (parts <= early) & (amounts < np.inf)
            spent.parts += np.bincount(blocks[drops], amounts[drops], len(spent.parts))
            return ~drops

        with np.errstate(all="ignore"):
            pairs = walk(rows, columns, decide, slab)
        return pairs, float(spent.parts.max())

    def _call(self, problem: Problem, rows: int, ranges: Half) -> Call:
        options = replace(self.call.options, progress=False)
        return Call(problem, Extent(rows, self.call.extent.columns), self.call.dtype, ranges, options)

    def _row_arrays(self, rows: Any) -> list[Array | None]:
        """Return the arrays with some rows."""
        arrays = list(self.arrays)
        for v in side_of(self.call.problem.roots, Category.ROW):
            arrays[v.position] = arrays[v.position][rows]  # type: ignore[index]
        return arrays

    def _scales_of(self, part: Any, starts: Integers, near: Integers | None) -> Floats:
        if near is None:
            return np.zeros((len(starts) - 1, 1))
        with np.errstate(all="ignore"):
            return self._scales(self._row_arrays(part), starts, near)

    # ------------------------------------------------------------ for all

    def sampled_share(self, count: int = SAMPLED) -> float:
        """Return the share of the columns that leaves of rows see, from `count` of these."""
        points, leaves = sample(self.rows.levels, count)
        scales = self._scales_of(points, leaves.starts, None if self._is_exact else self._near((leaves,)))
        pairs, _ = self._left((leaves,), scales, (0, 0, len(leaves)))
        return len(pairs.columns) / (len(leaves) * len(self.columns.levels[-1]))

    def given_up(self, share: float, of: str = "") -> GivenUp:
        """Return that a share of the pairs would be left, and why so many."""
        unknown = ", ".join(self.bounds.unknown)
        because = f", for nothing is known of the values of {unknown}" if unknown else ""
        return GivenUp(f"{share:.0%} of the pairs{of} would be left{because}")

    def run(self, share: float) -> tuple[tuple[Array, ...], int, float]:
        """Return the outputs, how many pairs were looked at, and the part that was left out for the worst row."""
        near = None if self._is_exact else self._near(self.rows.levels)
        looked_at, worst = 0, 0.0
        order, outputs = self.rows.tree.order, list[Array]()
        progress = self.call.options.progress
        for slab in shown(slabs(self.rows.levels, self.columns.levels, share, progress), progress):
            part, first, last = leaves_of(self.rows.levels, slab)
            starts = self.rows.levels[-1].starts[first : last + 1] - part.start
            scales = self._scales_of(part, starts, None if near is None else near[first:last])
            pairs, left_out = self._left(self.rows.levels, scales, slab)
            ranges = block_ranges(pairs, self.rows.levels[-1], self.columns.levels[-1])
            worst = max(worst, left_out)
            looked_at += pairs_in(ranges)
            found = self._reduced(part, ranges)
            outputs = outputs or [np.empty((len(order), *some.shape[1:]), some.dtype) for some in found]
            for output, some in zip(outputs, found, strict=True):
                output[order[part]] = some
        return tuple(outputs), looked_at, worst

    def _reduced(self, part: slice, ranges: Half) -> tuple[Array, ...]:
        """Return the outputs for some rows. An average is that of all columns."""
        problem, rows = self.call.problem, part.stop - part.start
        if not problem.reduction.name.startswith("Mean"):
            return engine.run(self._call(problem, rows, ranges), self._row_arrays(part))
        total = replace(problem, reduction=REDUCTIONS["Sum"])
        (found,) = engine.run(self._call(total, rows, ranges), self._row_arrays(part))
        count = np.full((rows, 1), self.call.extent.columns, found.dtype)
        return (found / count, count)[: len(problem.shapes)]


class _Spent:
    """The part of the tolerance that is used up, for the row boxes of the level that a walk has come to."""

    def __init__(self, level: int, parts: Floats) -> None:
        self.level = level
        self.parts = parts

    def go_down(self, level: int, count: int) -> None:
        """Hand what boxes have spent to the `count` boxes inside of them."""
        if level > self.level:
            self.level, self.parts = level, self.parts[np.arange(count) // 2]


def _least(blocks: Integers, amounts: Floats, allowed: Floats) -> NDArray[np.bool_]:
    """Tell which amounts, the least of every block first, together stay within what is allowed."""
    steps = np.clip(np.frexp(amounts)[1] + (STEPS - 1), 0, STEPS - 1)
    table = np.bincount(blocks * STEPS + steps, np.where(amounts < np.inf, amounts, np.inf), len(allowed) * STEPS)
    fits = table.reshape(-1, STEPS).cumsum(axis=1) <= allowed[:, None]
    return (amounts == 0) | fits[blocks, steps]  # type: ignore[no-any-return]
