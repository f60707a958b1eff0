"""What is measured of a sum before it is carried out: how large its terms are, and how smooth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.ir.expr import Category, Expr, apply, variables
from pairfold.ops.arithmetic import variable
from pairfold.pruning.cells import Geometry, Side, geometry, sort_points
from pairfold.pruning.proxy_task import Task
from pairfold.pruning.smoothness import Smoothness
from pairfold.transform.expand import substitute
from pairfold.transform.interaction import CHARGES, COLUMNS, FACTORS, ROWS, Interaction
from pairfold.transform.translation import of_difference

__all__ = ["Survey"]

Array = NDArray[Any]
Integers = NDArray[np.int64]
Reals = NDArray[np.float64]

PLANNED = 24
"""Rows that the plan is made for."""


def _pointwise(value: Expr) -> Expr:
    """Return the formula at one pair, whose column is given like a row, charges and factors like parameters."""
    new = {}
    for v in variables(value):
        if v.position == COLUMNS:
            new[v] = variable(v.position, v.dim, Category.ROW)
        elif v.position in (CHARGES, FACTORS):
            new[v] = variable(v.position, v.dim, Category.PARAMETER)
    return substitute([value], new)[0]


@lru_cache(maxsize=64)
def _of_difference(parts: Interaction) -> Expr | None:
    """Return the same with the difference of row and column in the place of the row, where that is all it reads."""
    row, column = (
        variable(at, parts.dimensions[0], side) for at, side in ((ROWS, Category.ROW), (COLUMNS, Category.COLUMN))
    )
    found = of_difference(parts.value, row, column)
    return None if found is None else _pointwise(found)


@dataclass(frozen=True, eq=False)
class Survey:
    """What is measured of a task before it is carried out.

    Attributes
    ----------
    task : Task
        The sum.
    sample : (n,) integer array
        Some rows, ascending.
    """

    task: Task
    sample: Integers

    @property
    def all_pairs(self) -> float:
        """Their number."""
        rows, columns, _ = self.task.call.extent
        return float(rows) * float(columns)

    @property
    def check_dtype(self) -> str:
        """The precision of exact sums; that of float32 is a hundredth of the largest tolerances."""
        return "float64" if self.task.tolerance < 1e-4 else self.task.call.dtype

    @cached_property
    def far_dtype(self) -> str:
        """The precision of the arithmetic on nodes."""
        task = self.task
        largest = float(np.abs(self.corners).max())
        # Nodes must be as exact as points are, as differences of them matter.
        coarse = largest * 2.0**-24 * 64 > 0.05 * task.tolerance * float(self.shape.size.max())
        return "float64" if task.tolerance < 2e-5 or coarse else task.call.dtype

    @cached_property
    def corners(self) -> Reals:
        """The lowest and the highest coordinates, (2, D)."""
        # Axis by axis: NumPy is fast along the long one.
        axes = [[points[:, k] for points in self.task.points] for k in range(self.task.points[0].shape[1])]
        ends = [[min(part.min() for part in parts), max(part.max() for part in parts)] for parts in axes]
        return np.array(ends, np.float64).T

    @cached_property
    def shape(self) -> Geometry:
        """The cells."""
        depth = int(np.ceil(np.log2(max(len(p) for p in self.task.points) / 16)))
        low, high = self.corners
        return geometry(low, high, max(1, depth))

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """The points, sorted."""
        rows, columns = self.task.points
        first = sort_points(rows, self.shape)
        same = rows.shape == columns.shape and np.array_equal(rows, columns)
        return first, first if same else sort_points(columns, self.shape)

    @cached_property
    def planned(self) -> Integers:
        """The rows that the plan is made for."""
        return self.sample[np.linspace(0, len(self.sample) - 1, PLANNED).astype(np.int64)]

    @cached_property
    def averages(self) -> Reals:
        """The average of the absolute value over columns, for the rows that are planned for."""
        task, chosen = self.task, self.planned
        value = apply("Abs", task.parts.value)
        columns = task.call.extent.columns
        sums = task.reduce(value, len(chosen), columns, task.arrays(rows=chosen), self.check_dtype) / columns
        if task.factors is not None:
            size = np.abs(task.factors).mean()
            with np.errstate(divide="ignore", invalid="ignore"):
                sums = sums * (size / np.abs(task.factors[chosen]).mean(axis=1))[:, None]
        result: Reals = np.where(np.isfinite(sums), sums, 0)
        return result

    @cached_property
    def scale(self) -> Reals:
        """What errors are relative to: the average for a row that sees little."""
        result: Reals = np.quantile(self.averages, 0.1, axis=0)
        return result

    @cached_property
    def rows_tolerance(self) -> Reals:
        """How much more each of the rows that are planned for may lose than one that sees little."""
        seen = np.where(self.scale > 0, self.averages, np.inf) / np.where(self.scale > 0, self.scale, 1)
        result: Reals = np.maximum(seen.min(axis=1), 0.3)
        return result

    @cached_property
    def smoothness(self) -> Smoothness:
        """The errors of interpolation, relative to the scale."""
        task = self.task
        rng = np.random.default_rng(1)
        typical = [task.charges] if task.factors is None else [task.charges, task.factors]
        signs = [np.abs(part).mean(axis=0) * rng.choice([-1.0, 1.0], part.shape[1]) for part in typical]
        value, scale = _pointwise(task.parts.value), np.where(self.scale > 0, self.scale, np.inf)
        given = [signs[0], signs[1] if len(signs) > 1 else None, *task.parameters]

        def evaluate(rows: Array, columns: Array) -> Array:
            with np.errstate(over="ignore"):
                return task.reduce(value, len(rows), 1, [rows, columns, *given], "float64") / scale

        samples, sides = 32 if task.tolerance < 1e-4 else 20, 2 if self.of_difference is None else 1
        return Smoothness(evaluate, self.shape, samples, sides)

    @property
    def of_difference(self) -> Expr | None:
        """The formula of one difference of row and column, with charges and factors as parameters; None for others."""
        return _of_difference(self.task.parts)

    @cached_property
    def paths(self) -> list[Integers]:
        """Per level, the cells of the rows that are planned for."""
        rows, _ = self.sides
        place = np.empty_like(rows.order)
        place[rows.order] = np.arange(len(place))
        return [np.searchsorted(starts, place[self.planned], side="right") - 1 for starts in rows.starts]
