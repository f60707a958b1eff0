"""Which boxes and how many nodes make a sum through proxies cheapest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.pruning.budget import Budget
from pairfold.pruning.cells import Side
from pairfold.pruning.mesh import Mesh
from pairfold.pruning.mesh_choice import choose_mesh
from pairfold.pruning.proxy_plan import SAFETY, Model, Walk, in_tiles, walk
from pairfold.pruning.proxy_survey import Survey
from pairfold.pruning.report import GivenUp

__all__ = ["ProxyPlan", "choose_plan"]

Array = NDArray[Any]

ORDERS = (3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 17, 18, 19, 20)

MOST_NODES = 8000
"""Nodes of a box; more are never worth it."""

LENIENCY = 5.0
"""How many times smaller errors are than expected where many cells contribute: theirs cancel."""

LARGEST_SHARE = 0.6
"""What proxies may cost of what anything else does."""

FEW_PAIRS = 0.03
"""Share of the pairs below which it is best to look at them: bounds of the formula guarantee what is left out."""

GOOD = 0.1
"""Part of the cost of every pair below which it is not worth the time to look for something better than a mesh."""

PAIR = 5e-11
"""Seconds that a pair takes where that was not measured."""

CUTTING, CUTTING_POINT = 0.01, 1e-7
"""Seconds in which a first plan with several boxes is made, and what is added to them for every point."""

MEASURING = 1.2e-5
"""Seconds that a search for such plans takes for every kind of pairs of cells that it measures the errors of."""

LONGEST = 2.0
"""How many times more than the budget it may take in the end: when it began, boxes were promising."""

_SLACK = 8.0
"""How much larger the worst errors may be than the average one, at first."""

_SORTING = 300.0
"""What it costs to sort a point, in pairs of points."""

_INSTRUCTIONS = 20
"""What a pair of points costs, roughly, in those of which interpolation takes one per polynomial."""

_FIXED = 2e7
"""What everything else costs, in pairs of points."""


@dataclass(frozen=True, eq=False)
class ProxyPlan:
    """How a sum is carried out.

    Attributes
    ----------
    orders : tuple of int
        Nodes per axis.
    work : Walk or None
        What becomes of pairs of cells; None when there is one cell and nothing is near.
    cost : float
        In pairs of points.
    text : str
        What it is, in words.
    slack : float
        How much larger the worst errors may be than the average one.
    mesh : Mesh or None
        Whose nodes serve all points; `orders` are its own then.
    """

    orders: tuple[int, ...]
    work: Walk | None
    cost: float
    text: str = ""
    slack: float = 1.0
    mesh: Mesh | None = None


def choose_plan(survey: Survey, caution: float, budget: Budget) -> ProxyPlan | GivenUp:
    """Return the cheapest plan whose expected error is `caution` times the tolerance at most, or why there is none.

    When the budget is used up, it is the cheapest one of those that were looked at.
    """
    return _Choice(survey, caution, budget).plan()


def _named(orders: tuple[int, ...]) -> str:
    return " x ".join(map(str, orders))


@dataclass(frozen=True, eq=False)
class _Choice:
    survey: Survey
    caution: float
    budget: Budget

    @property
    def _far_cost(self) -> float:
        return 2.5 if self.survey.far_dtype != self.survey.task.call.dtype else 1.0

    def _spread_cost(self, orders: tuple[int, ...]) -> float:
        """Return what it costs to bring the charges of all points to nodes, and values back, in pairs."""
        rows, columns, _ = self.survey.task.call.extent
        along = float(in_tiles(prod(orders[:-1]))) * sum(orders) / _INSTRUCTIONS
        return (rows + columns) * along * self._far_cost + _FIXED

    def _orders(self, order: int) -> tuple[int, ...]:
        """Return as many nodes along each axis; one where the points do not differ."""
        return tuple(order if length > 0 else 1 for length in np.ptp(self.survey.corners, axis=0))

    def plan(self) -> ProxyPlan | GivenUp:
        """Return the cheapest plan that is expected to be good enough."""
        if not np.any(self.survey.scale > 0):
            return GivenUp("the formula is 0 for the rows that were looked at")
        tolerance = self.survey.task.tolerance * self.caution
        smoothness, dim = self.survey.smoothness, len(self.survey.shape.low)
        whole = smoothness.at(0, np.zeros((1, dim), np.int64))[0, 0]
        candidates = [p for p in ORDERS if p < smoothness.samples - 2 and p**dim <= MOST_NODES]
        fine = [p for p in candidates if SAFETY * whole[p] <= tolerance]
        best: ProxyPlan | None = None
        if fine:
            orders = self._orders(fine[0])
            count = prod(orders)
            cost = float(in_tiles(count)) * count * self._far_cost + self._spread_cost(orders)
            best = ProxyPlan(orders, None, cost, f"one box of {_named(orders)} nodes")
            if cost < self._spread_cost(self._orders(3)) + _SORTING * sum(map(len, self.survey.task.points)):
                return best
        best = self._on_mesh(tolerance, best)
        if best is not None and best.cost < GOOD * self.survey.all_pairs:
            return best
        if not self.budget.allows(CUTTING + CUTTING_POINT * sum(map(len, self.survey.task.points))):
            return (
                GivenUp("every pair is looked at before it is known which boxes are smooth") if best is None else best
            )
        limit = LARGEST_SHARE * min(self.survey.all_pairs, self._truncated(tolerance))
        if best is None and limit < FEW_PAIRS * self.survey.all_pairs:
            return GivenUp("few pairs count")
        cheapest = self._cut(LENIENCY * tolerance, candidates, best, limit)
        return GivenUp("too many pairs are near or rough") if cheapest is None else cheapest

    def _on_mesh(self, tolerance: float, best: ProxyPlan | None) -> ProxyPlan | None:
        """Return the cheapest plan with a mesh, where it is cheaper than `best` and than every pair."""
        found = choose_mesh(self.survey, tolerance)
        if found is None:
            return best
        mesh, seconds = found
        every_pair = self.budget.every_pair if self.budget.every_pair < inf else PAIR * self.survey.all_pairs
        cost = seconds / every_pair * self.survey.all_pairs
        if cost > (LARGEST_SHARE * self.survey.all_pairs if best is None else best.cost):
            return best
        text = f"a mesh of {_named(mesh.sizes)} nodes, {_named(mesh.orders)} of them for a point"
        return ProxyPlan(mesh.orders, None, cost, text, mesh=mesh)

    def _truncated(self, tolerance: float) -> float:
        """Return what it costs to leave out what does not count, and to look at all other pairs."""
        rows, columns = self.survey.sides
        found = walk(rows, columns, self._model((), tolerance), 1.0, self.survey.paths)
        assert found is not None
        return found.cost

    def _cut(self, tolerance: float, candidates: list[int], best: ProxyPlan | None, most: float) -> ProxyPlan | None:
        """Return the cheapest plan, `best` or one with cells that costs at most as much as that and `most`."""
        rows, columns = self.survey.sides
        worse = 0
        fixed = _SORTING * sum(map(len, self.survey.task.points))
        for p in candidates:
            if not self.budget.allows(MEASURING * self.survey.smoothness.count, LONGEST):
                break
            orders = self._orders(p)
            limit = most if best is None else min(most, best.cost)
            base = self._spread_cost(orders) + fixed
            model = self._model(orders, tolerance)
            found = self._bold(rows, columns, model, limit - base)
            if found is not None:
                work, slack = found
                best, worse = ProxyPlan(orders, work, work.cost + base, f"boxes of {_named(orders)} nodes", slack), 0
            elif best is not None:
                worse += 1
                if worse == 3:
                    break
        if best is None or best.work is None:
            return best
        model = self._model(best.orders, tolerance)
        return replace(best, work=walk(rows, columns, model, best.slack))

    def _model(self, orders: tuple[int, ...], tolerance: float) -> Model:
        peak = self.survey.task.call.extent.columns * self.survey.task.tolerance / 2
        return Model(self.survey.smoothness, orders, tolerance, peak, self._far_cost)

    def _bold(self, rows: Side, columns: Side, model: Model, limit: float) -> tuple[Walk, float] | None:
        """Return the boldest walk that is good enough and costs at most `limit`, and how bold it is."""
        slack, found = _SLACK, None
        for _ in range(3):
            tried = walk(rows, columns, model, slack, self.survey.paths, limit)
            if tried is None:
                break
            ratio = float((tried.errors / self.survey.rows_tolerance).max()) / model.tolerance
            if ratio <= 1:
                found, limit = (tried, slack), tried.cost
                if ratio > 0.3:
                    break
            elif found is not None:
                break
            slack *= min(8.0, max(1 / 16, 0.7 / max(ratio, 1e-9)))
        return found
