"""Sums through Chebyshev proxies: right to the tolerance against dense float64, and never without the check."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pairfold.pruning.proxies as module
from pairfold.engine import Call, Extent, Options, Tolerance, run
from pairfold.ir.expr import Category, apply
from pairfold.ir.problem import Problem
from pairfold.language.formula import parse
from pairfold.pruning import proxy_choice
from pairfold.pruning.budget import UNLIMITED, Budget
from pairfold.pruning.proxies import proxies
from pairfold.pruning.report import GivenUp
from pairfold.pruning.trees import Trees
from pairfold.reductions import REDUCTIONS

ROWS, COLUMNS = 9000, 8000

MESH = Budget(every_pair=1.0)
"""Of formulas of differences: looking at all of so few pairs takes less time than a mesh."""


def call_of(formula, aliases, tol, rows=ROWS, columns=COLUMNS, dtype="float64", reduction="Sum", weight=None):
    values = parse([formula] if weight is None else [formula, weight], aliases).values
    problem = Problem(values[0], REDUCTIONS[reduction], None if weight is None else values[1])
    return Call(problem, Extent(rows, columns), dtype, None, Options(tolerance=Tolerance(tol, None)))


def exact(call, arrays, rows):
    """Return the outputs of some rows and the sums of absolute values, in float64."""
    problem = call.problem
    if problem.reduction.name in ("Sum", "Mean"):
        problem = replace(problem, value=apply("Concat", problem.value, apply("Abs", problem.value)))
    wide = replace(
        call, problem=problem, options=Options(), dtype="float64", extent=Extent(len(rows), call.extent.columns)
    )
    given = [np.asarray(array, np.float64) for array in arrays]
    for position, variable in call.problem.arguments.items():
        if variable.category == Category.ROW:
            given[position] = given[position][rows]
    (found,) = run(wide, given)
    if problem.reduction.name in ("Sum", "Mean"):
        return np.split(found, 2, axis=-1)
    return found, np.ones_like(found)


def require_right(call, arrays, leeway=2.0, budget=UNLIMITED):
    """Run a call through proxies; rows that were not in the sample may be a little worse than those that were."""
    outcome = proxies(call, arrays, Trees(), budget)
    assert not isinstance(outcome, GivenUp), outcome.why
    (found,), report = outcome
    rows = np.random.default_rng(99).choice(call.extent.rows, 1000, replace=False)
    truth, scale = exact(call, arrays, rows)
    tol = call.options.tolerance.tol
    worst = float(np.max(np.abs(found[rows] - truth) / scale))
    assert report.kind == "checked"
    assert report.bound <= tol
    assert worst <= leeway * tol
    assert found.dtype == call.dtype
    return report


def clouds(kind, rng, dim):
    if kind == "uniform":
        return rng.random((ROWS, dim)), rng.random((COLUMNS, dim))
    if kind == "far":
        return rng.random((ROWS, dim)) + 1e3, rng.random((COLUMNS, dim)) + 1e3
    if kind == "flat":
        scale = np.array([1.0, 1e-3, 0.0])[:dim]
        return rng.random((ROWS, dim)) * scale, rng.random((COLUMNS, dim)) * scale
    if kind == "clusters":
        centers = rng.random((7, dim))
        return tuple(centers[rng.integers(0, 7, n)] + 0.02 * rng.normal(size=(n, dim)) for n in (ROWS, COLUMNS))
    if kind == "apart":
        return rng.random((ROWS, dim)) / 2, rng.random((COLUMNS, dim)) / 2 + 0.7
    x = rng.integers(0, 9, (ROWS, dim)) / 8.0
    return x, x[rng.integers(0, ROWS, COLUMNS)]  # duplicates


FORMULAS = {
    "gauss": ("Exp(-SqDist(x, y) * g) * b", 1.0),
    "matern": ("(IntCst(1) + Norm2(x - y) * g) * Exp(-Norm2(x - y) * g) * b", 1.0),
    "cauchy": ("b / (IntCst(1) + SqDist(x, y) * g)", 2.0),
    "inner product": ("Exp((x | y) * g) * b", 0.1),
    "gradient": ("Grad(Exp(-SqDist(x, y) * g) * b, x, e)", 1.0),
    "two terms": ("Exp(-SqDist(x, y) * g) * b + Cos((x | y) * g) * c", 0.5),
}


@pytest.mark.parametrize("cloud", ["uniform", "far", "flat", "clusters", "apart", "duplicates"])
@pytest.mark.parametrize("name", ["gauss", "matern"])
@pytest.mark.parametrize(("dtype", "tol"), [("float32", 1e-3), ("float64", 1e-6)])
@pytest.mark.parametrize("budget", [UNLIMITED, MESH])
def test_sums_are_right_for_all_clouds(cloud, name, dtype, tol, budget):
    if name == "matern" and dtype == "float64":
        tol = 1e-3
    rng = np.random.default_rng(3)
    formula, g = FORMULAS[name]
    x, y = clouds(cloud, rng, 3)
    b = rng.normal(size=(COLUMNS, 1))
    call = call_of(formula, ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)"], tol, dtype=dtype)
    require_right(call, [array.astype(dtype) for array in (x, y, b, np.array([g]))], budget=budget)


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("name", sorted(FORMULAS))
@pytest.mark.parametrize("budget", [UNLIMITED, MESH])
def test_formulas_in_one_to_three_dimensions(name, dim, budget):
    rng = np.random.default_rng(dim)
    formula, g = FORMULAS[name]
    x, y = clouds("uniform", rng, dim)
    aliases = [f"x = Vi({dim})", f"y = Vj({dim})", "b = Vj(2)", "g = Pm(1)", "e = Vi(2)", "c = Vj(1)"]
    arrays = [
        x,
        y,
        rng.normal(size=(COLUMNS, 2)),
        np.array([g]),
        rng.normal(size=(ROWS, 2)),
        rng.normal(size=(COLUMNS, 1)),
    ]
    require_right(call_of(formula, aliases, 1e-3), arrays, budget=budget)


@pytest.mark.parametrize("budget", [UNLIMITED, MESH])
@pytest.mark.parametrize(
    ("reduction", "formula", "weight"),
    [
        ("Mean", "Exp(-SqDist(x, y) * g) * b", None),
        ("LogSumExp", "h - SqDist(x, y) * g", None),
        ("LogSumExp", "(h - SqDist(x, y) * g) + e", None),
        ("LogSumExpWeight", "h - SqDist(x, y) * g", "Square(b)"),
        ("SumSoftMaxWeight", "h - SqDist(x, y) * g", "b"),
    ],
)
def test_other_reductions(reduction, formula, weight, budget):
    rng = np.random.default_rng(5)
    x, y = clouds("uniform", rng, 3)
    aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "g = Pm(1)", "h = Vj(1)", "e = Vi(1)"]
    arrays = [
        x, y, rng.random((COLUMNS, 2)), np.array([1.0]), 30 * rng.random((COLUMNS, 1)), 9 * rng.random((ROWS, 1)) - 500
    ]  # fmt: skip
    require_right(call_of(formula, aliases, 1e-3, reduction=reduction, weight=weight), arrays, budget=budget)


@pytest.mark.parametrize("reduction", ["LogSumExp", "SumSoftMaxWeight"])
def test_a_row_whose_exponents_are_far_from_those_of_others(reduction):
    """One shift serves all rows; such a row is too seldom to be checked, and gets no wrong number."""
    rng = np.random.default_rng(6)
    x, y = clouds("uniform", rng, 3)
    x[12] += 60
    weight = "b" if reduction == "SumSoftMaxWeight" else None
    aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)"]
    call = call_of("-SqDist(x, y) * g", aliases, 1e-3, reduction=reduction, weight=weight)
    outcome = proxies(call, [x, y, rng.random((COLUMNS, 1)), np.array([1.0])], Trees())
    assert isinstance(outcome, GivenUp)
    assert "far larger or smaller" in outcome.why


def test_such_a_row_on_a_mesh():
    """There its sum is an error of any sign, and is replaced by what is right, or not taken."""
    rng = np.random.default_rng(6)
    x, y = clouds("uniform", rng, 3)
    x[12] += 1.5
    arrays = [x, y, np.array([200.0])]
    call = call_of("-SqDist(x, y) * g", ["x = Vi(3)", "y = Vj(3)", "g = Pm(1)"], 1e-3, reduction="LogSumExp")
    outcome = proxies(call, arrays, Trees(), MESH)
    if not isinstance(outcome, GivenUp):
        (found,), _ = outcome
        truth, _ = exact(call, arrays, np.array([12]))
        assert abs(found[12] - truth[0]) <= 1e-3


GAUSS = ("Exp(-SqDist(x, y) * g) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)"])


def gauss_arrays(rng, g=1.0, rows=ROWS, columns=COLUMNS):
    return [rng.random((rows, 3)), rng.random((columns, 3)), rng.random((columns, 1)), np.array([g])]


def test_one_point_many_times():
    arrays = gauss_arrays(np.random.default_rng(0))
    arrays[0], arrays[1] = np.full((ROWS, 3), 0.5), np.full((COLUMNS, 3), 0.5)
    require_right(call_of(*GAUSS, 1e-9), arrays)


def test_a_pole_where_points_coincide():
    rng = np.random.default_rng(1)
    y = rng.random((30000, 3))
    x = np.concatenate([y[:20000], rng.random((10000, 3))])
    formula = "IfElse(SqDist(x, y) - g, b * Rsqrt(SqDist(x, y)), 0 * b)"
    call = call_of(formula, GAUSS[1], 1e-2, 30000, 30000, "float32")
    arrays = [array.astype(np.float32) for array in (x, y, rng.normal(size=(30000, 1)), np.array([1e-12]))]
    outcome = proxies(call, arrays, Trees())
    if not isinstance(outcome, GivenUp):
        require_right(call, arrays)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_numbers_that_are_not_finite_are_left_to_others(bad, which):
    arrays = gauss_arrays(np.random.default_rng(0))
    arrays[which][17] = bad
    outcome = proxies(call_of(*GAUSS, 1e-3), arrays, Trees())
    assert isinstance(outcome, GivenUp)
    assert "not finite" in outcome.why


@pytest.mark.parametrize(
    ("formula", "reduction"),
    [
        ("SqDist(x, y)", "Min"),
        ("b * g", "Sum"),
        ("Exp(-SqDist(x, y) * g) * Exp(b * Sum(x))", "Sum"),
    ],
)
def test_what_is_no_interaction_is_left_to_others(formula, reduction):
    arrays = gauss_arrays(np.random.default_rng(0))
    assert isinstance(proxies(call_of(formula, GAUSS[1], 1e-3, reduction=reduction), arrays, Trees()), GivenUp)


def test_a_result_that_misses_the_check_is_not_returned(monkeypatch):
    right = module.carry_out
    tries = []

    def wrong(survey, plan):
        tries.append(plan)
        sums = right(survey, plan)
        sums[survey.sample[100]] *= 1.01
        return sums

    monkeypatch.setattr(module, "carry_out", wrong)
    outcome = proxies(call_of(*GAUSS, 1e-3), gauss_arrays(np.random.default_rng(0)), Trees())
    assert isinstance(outcome, GivenUp)
    assert len(tries) == 3
    assert "in the check" in outcome.why


def test_the_order_is_raised_when_the_check_is_missed(monkeypatch):
    monkeypatch.setattr(proxy_choice, "SAFETY", 1e-3)
    report = require_right(call_of(*GAUSS, 1e-5), gauss_arrays(np.random.default_rng(0)))
    assert report.bound <= 1e-5


def test_many_levels_and_exact_pairs_give_the_sum():
    rng = np.random.default_rng(2)
    call = call_of("Exp(-Norm2(x - y) * g) * b", GAUSS[1], 1e-3, 50000, 50000, "float32")
    report = require_right(call, [array.astype(np.float32) for array in gauss_arrays(rng, 3.0, 50000, 50000)])
    assert report.pairs < 0.5
