"""Carry out a plan: the far cells through proxies, the near ones pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.ir.expr import Expr, apply, variables
from pairfold.ops.arithmetic import one
from pairfold.pruning.cells import Side
from pairfold.pruning.far_field import FarField, block_ranges
from pairfold.pruning.mesh import mesh_sums
from pairfold.pruning.proxy_choice import ProxyPlan
from pairfold.pruning.proxy_survey import Survey
from pairfold.transform.expand import substitute
from pairfold.transform.interaction import FACTORS, Interaction

__all__ = ["carry_out"]

Array = NDArray[Any]


def carry_out(survey: Survey, plan: ProxyPlan) -> Array:
    """Return the sums, in the order of the rows."""
    return _Sums(survey).all(plan)


@lru_cache(maxsize=64)
def _between(parts: Interaction) -> Expr:
    """Return the formula with a component for each factor of a row."""
    count = parts.factor_count
    if count == 0:
        return parts.value
    (old,) = [v for v in variables(parts.value) if v.position == FACTORS]
    units = [one() if count == 1 else apply("ExtractT", one(), params=(k, count)) for k in range(count)]
    values = [substitute([parts.value], {old: unit})[0] for unit in units]
    return reduce(lambda first, second: apply("Concat", first, second), values)


@dataclass(frozen=True, eq=False)
class _Sums:
    survey: Survey

    def all(self, plan: ProxyPlan) -> Array:
        """Return the sums, one row per row."""
        task = self.survey.task
        if plan.mesh is not None:
            value = self.survey.of_difference
            assert value is not None
            return self._contracted(mesh_sums(task, plan.mesh, value, self.survey.far_dtype), slice(None))
        if plan.work is None:
            return self._contracted(
                self._far_sums(
                    plan.orders, [np.zeros((1, 2), np.int64)], _whole(task.points[0]), _whole(task.points[1])
                ),
                slice(None),
            )
        rows, columns = self.survey.sides
        total = self._near_sums(plan.work.near)
        if any(len(pairs) for pairs in plan.work.far):
            far = self._contracted(self._far_sums(plan.orders, plan.work.far, rows, columns), rows.order)
            total = far if total is None else total + far
        assert total is not None
        result = np.empty(total.shape, task.call.dtype)
        result[rows.order] = total
        return result

    def _far_sums(self, orders: tuple[int, ...], pairs: list[Any], rows: Side, columns: Side) -> Array:
        task, dtype = self.survey.task, self.survey.far_dtype
        far = FarField(task.reduce, rows, columns, self.survey.shape, orders, pairs, dtype)
        taken = [slice(None) if side.order is None else side.order for side in (rows, columns)]
        charges = far.charges(task.points[1][taken[1]], task.charges[taken[1]])
        at_nodes = far.between(_between(task.parts), charges, task.parameters)
        return far.values(task.points[0][taken[0]], at_nodes)

    def _contracted(self, sums: Array, order: Any) -> Array:
        """Return sums for the factors of rows."""
        factors, dtype = self.survey.task.factors, self.survey.task.call.dtype
        if factors is not None:
            parts = sums.reshape(len(sums), factors.shape[1], -1)
            sums = np.einsum("nf,nfe->ne", factors[order], parts)
        result: Array = sums.astype(dtype, copy=False)
        return result

    def _near_sums(self, near: list[Any]) -> Array | None:
        rows, columns = self.survey.sides
        found = [
            np.concatenate([_intervals(rows, level, some[:, 0]), _intervals(columns, level, some[:, 1])], axis=1)
            for level, some in enumerate(near)
        ]
        table = np.concatenate(found)
        if not len(table):
            return None
        # Blocks that overlap are cut where others begin or end.
        cuts = np.unique(table[:, :2])
        first, last = np.searchsorted(cuts, table[:, 0]), np.searchsorted(cuts, table[:, 1])
        count = last - first
        owners = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(count.sum())
        blocks = np.stack([cuts[:-1], cuts[1:]], axis=1)
        ranges = block_ranges(blocks, owners, np.repeat(table[:, 2:], count, axis=0))
        task = self.survey.task
        return task.reduce(
            task.parts.value,
            *task.call.extent[:2],
            task.arrays(rows=rows.order, columns=columns.order),
            task.call.dtype,
            ranges,
        )


def _intervals(side: Side, level: int, cells: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.stack([side.starts[level][cells], side.starts[level][cells + 1]], axis=1)


def _whole(points: Array) -> Side:
    """Return all points as one cell."""
    return Side(None, [np.array([0, len(points)])], [np.zeros((1, points.shape[1]), np.int64)], [])  # type: ignore[arg-type]
