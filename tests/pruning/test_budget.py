"""Planning takes a small part of the time of every pair: what would take longer is not begun."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pairfold.engine import Call, Extent, Options, Tolerance
from pairfold.ir.problem import Problem
from pairfold.language.formula import parse
from pairfold.pruning import GivenUp, budget
from pairfold.pruning.budget import UNLIMITED, Budget, sorting_time, thinned
from pairfold.pruning.proxies import proxies
from pairfold.pruning.sums import sums
from pairfold.pruning.trees import Trees
from pairfold.reductions import REDUCTIONS


def call_and_arrays(formula: str, dim: int, count: int = 4000) -> tuple[Call, list[Any]]:
    value = parse([formula], [f"x = Vi({dim})", f"y = Vj({dim})", "g = Pm(1)"]).values[0]
    random = np.random.default_rng(0)
    arrays = [random.random((count, dim)), random.random((count, dim)), np.array([50.0])]
    options = Options(threads=1, tolerance=Tolerance(1e-3))
    return Call(Problem(value, REDUCTIONS["Sum"]), Extent(count, count), "float64", None, options), arrays


def test_the_budget_grows_with_pairs_and_formulas_and_shrinks_with_threads() -> None:
    call, _ = call_and_arrays("Exp(-g * SqDist(x, y))", 3)
    usual = Budget.of(call).every_pair
    assert Budget.of(replace(call, extent=Extent(8000, 4000))).every_pair == pytest.approx(2 * usual)
    assert Budget.of(replace(call, options=replace(call.options, threads=2))).every_pair == pytest.approx(usual / 2)
    longer, _ = call_and_arrays("Exp(-g * SqDist(x, y)) * Cos(SqDist(x, y))", 3)
    assert Budget.of(longer).every_pair > 1.5 * usual
    assert Budget.of(call).allows(usual * budget.PLANNING / 2)
    assert not Budget.of(call).allows(usual * budget.PLANNING * 2)
    assert Budget.of(call).allows(usual * budget.PLANNING * 2, 3.0)


def test_sums_are_given_up_by_a_part_of_the_points(monkeypatch: pytest.MonkeyPatch) -> None:
    call, arrays = call_and_arrays("Exp(-g * SqDist(x, y))", 6)
    found = sums(call, arrays, Trees(), Budget(1e-3))
    assert isinstance(found, GivenUp)
    assert "of the pairs of a part of the points would be left" in found.why
    monkeypatch.setattr(budget, "SORTING", 0.0)
    found = sums(call, arrays, Trees(), Budget(1e-3))
    assert isinstance(found, GivenUp)
    assert "of the pairs would be left" in found.why


def test_sums_whose_walk_takes_as_long_as_every_pair_are_given_up() -> None:
    call, arrays = call_and_arrays("Exp(-g * SqDist(x, y))", 2)
    assert not isinstance(sums(call, arrays, Trees()), GivenUp)
    assert isinstance(sums(call, arrays, Trees(), Budget(1e-6)), GivenUp)


def test_boxes_are_not_looked_for_where_that_takes_too_long() -> None:
    call, arrays = call_and_arrays("Exp(-g * Norm2(x - y) / 20)", 3)
    found = proxies(call, arrays, Trees(), Budget(1e-3))
    assert isinstance(found, GivenUp)
    assert found.why == "every pair is looked at before it is known which boxes are smooth"


def test_a_part_of_the_points() -> None:
    call, arrays = call_and_arrays("Exp(-g * SqDist(x, y))", 3, 17)
    some, given = thinned(call, arrays)
    assert some.extent == (3, 3, ())
    np.testing.assert_array_equal(given[0], arrays[0][[0, 8, 16]])
    assert given[2] is arrays[2]
    assert sorting_time(call, arrays) == pytest.approx(34 * budget.SORTING)
    assert UNLIMITED.allows(sorting_time(call, arrays))
