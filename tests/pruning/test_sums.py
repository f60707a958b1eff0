"""Sums that leave out what hardly counts: the stated bound is never below the error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairfold.ir.call import Call, Extent, Options, Tolerance
from pairfold.ir.expr import OPERATIONS
from pairfold.ir.problem import Problem
from pairfold.language.formula import parse
from pairfold.ops.arithmetic import apply
from pairfold.pruning import GivenUp, slabs
from pairfold.pruning import sums as module
from pairfold.pruning.sums import sums
from pairfold.pruning.trees import Trees
from pairfold.reductions import REDUCTIONS
from pairfold.targets import reference

ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)", "c = Vj(2)", "a = Vi(1)", "e = Vi(2)", "g = Pm(1)"]
COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

PROFILES = [
    "Exp(-g * SqDist(x, y))",
    "(1 + g * Norm2(x - y)) * Exp(-g * Norm2(x - y))",
    "Rsqrt(SqDist(x, y) + 0.01)",
    "IfElse(0.3 - Norm2(x - y), (0.3 - Norm2(x - y)) ** 2, 0)",
    "Exp(-g * Sum(Square(Mod(x - y, 1.0, -0.5))))",
    "Inv(1 + g * SqDist(x, y)) ** 3",
    "Cos(3 * Sum(x - y)) * Exp(-g * SqDist(x, y))",
    "Exp(-g * SqDist(x, y)) - Exp(-2 * g * SqDist(x, y))",
]
WEIGHTS = ["{0} * b", "{0} * c * a", "{0} * (x - y)", "{0} * (e | c)"]
EXPONENTS = ["-g * SqDist(x, y)", "-g * Norm2(x - y) + a + b", "Log(ReLU(0.2 - SqDist(x, y)))"]

Arrays = Sequence[Any]


def problem_of(name: str, *formulas: str) -> Problem:
    read = parse(list(formulas), ALIASES)
    return Problem(read.values[0], REDUCTIONS[name], *read.values[1:])


def cloud(kind: str, count: int, generator: np.random.Generator) -> np.ndarray:
    points = generator.random((count, 2))
    if kind == "clusters":
        points = generator.random((4, 2))[generator.integers(0, 4, count)]
        points = points + 0.01 * generator.standard_normal((count, 2))
    if kind == "duplicates":
        points = generator.integers(0, 4, (count, 2)) / 4
    if kind == "outliers":
        points[:: max(1, count // 5)] += 10
    return points


def arrays_of(kinds: Sequence[str], sizes: tuple[int, int], g: float, seed: int, dtype: str = "float64") -> list[Any]:
    generator = np.random.default_rng(seed)
    rows, columns = sizes
    arrays = [
        cloud(kinds[0], rows, generator),
        cloud(kinds[1], columns, generator),
        generator.standard_normal((columns, 1)),
        np.abs(generator.standard_normal((columns, 2))) * (generator.random((columns, 2)) < 0.5),
        generator.standard_normal((rows, 1)),
        generator.standard_normal((rows, 2)),
        np.array([g]),
    ]
    return [array.astype(dtype) for array in arrays]


def call_of(problem: Problem, arrays: Arrays, **tolerance: float) -> Call:
    options = Options(tolerance=Tolerance(**tolerance), threads=1)
    return Call(problem, Extent(len(arrays[0]), len(arrays[1])), arrays[0].dtype.name, options=options)


def pruned(problem: Problem, arrays: Arrays, **tolerance: float) -> Any:
    return sums(call_of(problem, arrays, **tolerance), arrays, Trees(), largest_share=1.0)


def exactly(problem: Problem, arrays: Arrays) -> np.ndarray:
    wide = [np.asarray(array, np.float64) for array in arrays]
    return reference.run(Call(problem, Extent(len(arrays[0]), len(arrays[1])), "float64"), wide)[0]


def moduli(problem: Problem, arrays: Arrays) -> np.ndarray:
    return exactly(replace(problem, value=apply("Abs", problem.value)), arrays)


CLOUDS = st.tuples(*2 * [st.sampled_from(["uniform", "clusters", "duplicates", "outliers"])])
SIZES = st.sampled_from([(400, 700), (700, 400), (1, 300), (300, 1), (65, 1000)])
TOLERANCES = st.sampled_from([1e-1, 1e-2, 1e-3, 1e-6])
RATES = st.sampled_from([3.0, 30.0, 1000.0])
SEEDS = st.integers(0, 9)


@settings(COMMON, max_examples=40)
@given(
    st.sampled_from(PROFILES), st.sampled_from(WEIGHTS), st.sampled_from(["Sum", "Mean"]), CLOUDS, SIZES, TOLERANCES,
    RATES, SEEDS,
)  # fmt: skip
def test_sums_are_as_right_as_they_say(
    profile: str,
    weight: str,
    name: str,
    kinds: tuple[str, str],
    sizes: tuple[int, int],
    tol: float,
    g: float,
    seed: int,
) -> None:
    problem = problem_of(name, weight.format(f"({profile})"))
    arrays = arrays_of(kinds, sizes, g, seed)
    outputs, report = pruned(problem, arrays, tol=tol)
    assert report.bound <= tol
    assert (report.bound == 0) == (report.kind == "exact")
    error = np.abs(outputs[0] - exactly(problem, arrays))
    assert (error <= (report.bound + 1e-11) * moduli(problem, arrays)).all(), report


@settings(COMMON, max_examples=25)
@given(st.sampled_from(EXPONENTS), st.sampled_from(["", "c"]), CLOUDS, SIZES, TOLERANCES, RATES, SEEDS)
def test_logarithms_are_as_right_as_they_say(
    exponent: str, weight: str, kinds: tuple[str, str], sizes: tuple[int, int], tol: float, g: float, seed: int
) -> None:
    problem = problem_of(*(("LogSumExpWeight", exponent, weight) if weight else ("LogSumExp", exponent)))
    arrays = arrays_of(kinds, sizes, g, seed)
    (output,), report = pruned(problem, arrays, tol=tol)
    assert report.bound <= tol
    expected = exactly(problem, arrays)
    with np.errstate(invalid="ignore"):
        is_right = (output == expected) | (np.abs(output - expected) <= report.bound + 1e-11 * (1 + np.abs(expected)))
    assert is_right.all(), report


@settings(COMMON, max_examples=20)
@given(st.sampled_from(EXPONENTS), st.sampled_from(["b", "c"]), CLOUDS, SIZES, TOLERANCES, RATES, SEEDS)
def test_averages_are_as_right_as_they_say(
    exponent: str, weight: str, kinds: tuple[str, str], sizes: tuple[int, int], tol: float, g: float, seed: int
) -> None:
    problem = problem_of("SumSoftMaxWeight", exponent, weight)
    arrays = arrays_of(kinds, sizes, g, seed)
    (output,), report = pruned(problem, arrays, tol=tol)
    assert report.bound <= tol
    size = exactly(replace(problem, weight=apply("Abs", problem.weight)), arrays)
    assert (np.abs(output - exactly(problem, arrays)) <= (report.bound + 1e-11) * size).all(), report


@pytest.mark.parametrize("g", [30.0, 1000.0])
def test_absolute_errors(g: float) -> None:
    problem = problem_of("Sum", "Exp(-g * SqDist(x, y)) * b * a")
    arrays = arrays_of(("uniform", "outliers"), (500, 900), g, 0)
    for tolerance in ({"atol": 1e-3}, {"atol": 1e-3, "tol": 1e-2}):
        outputs, report = pruned(problem, arrays, **tolerance)
        assert report.kind == "guaranteed"
        allowed = 1e-3 + tolerance.get("tol", 0) * moduli(problem, arrays)
        error = np.abs(outputs[0] - exactly(problem, arrays))
        assert (error <= allowed).all()
        if "tol" not in tolerance:
            assert report.bound <= 1e-3
            assert (error <= report.bound + 1e-12).all()


def test_what_is_exactly_zero_is_left_out_without_an_error() -> None:
    problem = problem_of("Sum", "Step(0.1 - SqDist(x, y)) * (0.1 - SqDist(x, y)) * c")
    arrays = arrays_of(("uniform", "clusters"), (700, 900), 1.0, 0)
    outputs, report = pruned(problem, arrays, tol=0)
    assert (report.kind, report.bound) == ("exact", 0.0)
    assert report.pairs < 0.7
    np.testing.assert_allclose(outputs[0], exactly(problem, arrays), rtol=1e-12, atol=1e-12)


def test_few_pairs_are_looked_at_in_single_precision() -> None:
    problem = problem_of("Sum", "Exp(-g * SqDist(x, y)) * b")
    arrays = arrays_of(("uniform", "uniform"), (2500, 2500), 1e4, 0, "float32")
    outputs, report = pruned(problem, arrays, tol=1e-3)
    assert report.pairs < 0.12
    error = np.abs(outputs[0] - exactly(problem, arrays))
    assert (error <= (report.bound + 1e-5) * moduli(problem, arrays)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_numbers_that_are_not_finite_are_seen(place: int, value: float) -> None:
    problem = problem_of("Sum", "Exp(-g * SqDist(x, y)) * b")
    arrays = arrays_of(("uniform", "uniform"), (500, 600), 1000.0, 0)
    arrays[place][7] = value
    outputs, report = pruned(problem, arrays, tol=1e-3)
    expected = exactly(problem, arrays)
    assert report.kind == "guaranteed"
    # Infinity times the 0 that a kernel is far away is nan, wherever it is left out it would be so.
    is_same = np.isnan(outputs[0]) == np.isnan(expected)
    assert is_same.all()
    good = np.isfinite(expected)
    np.testing.assert_allclose(outputs[0][good], expected[good], rtol=0, atol=1e-2)


@pytest.mark.parametrize("name", ["Sum", "Mean_Count"])
def test_rows_in_slabs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of(name, "Exp(-g * SqDist(x, y)) * c")
    arrays = arrays_of(("uniform", "uniform"), (700, 900), 1000.0, 0)
    outputs, report = pruned(problem, arrays, tol=1e-3)
    monkeypatch.setattr(slabs, "ROWS", 200)
    others, other = pruned(problem, arrays, tol=1e-3)
    # Walks that start further down find out about large boxes in other steps.
    assert (report.bound, report.pairs) == pytest.approx((other.bound, other.pairs), rel=0.01)
    for output, found in zip(outputs, others, strict=True):
        np.testing.assert_allclose(output, found, rtol=0, atol=1e-2)
    if name == "Mean_Count":
        assert (outputs[1] == 900).all()


def test_rows_far_from_all_columns() -> None:
    problem = problem_of("Sum", "Exp(-g * SqDist(x, y)) * b")
    arrays = arrays_of(("uniform", "uniform"), (500, 600), 30.0, 0)
    arrays[0][::3] += 4.0
    outputs, report = pruned(problem, arrays, tol=1e-3)
    size = moduli(problem, arrays)
    assert size.min() < 1e-100
    # Numbers that are not normal have few digits.
    assert (np.abs(outputs[0] - exactly(problem, arrays)) <= (report.bound + 1e-11) * size + 1e-300).all()


def test_why_nothing_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = arrays_of(("uniform", "uniform"), (500, 600), 1.0, 0)

    def why(name: str, *formulas: str) -> str:
        found = sums(call_of(problem_of(name, *formulas), arrays, tol=1e-3), arrays, Trees())
        assert isinstance(found, GivenUp)
        return found.why

    assert why("Sum", "Exp(-g * SqDist(x, y))") == "100% of the pairs would be left"
    monkeypatch.setitem(vars(OPERATIONS["Tanh"]), "bounds", None)
    reason = "100% of the pairs would be left, for nothing is known of the values of Tanh"
    assert why("Sum", "Tanh(SqDist(x, y))") == reason
    assert "no part of the formula depends on both" in why("Sum", "a * b")
    assert "no sum whose error is known" in why("Var", "SqDist(x, y)")
    assert "are negative" in why("LogSumExpWeight", "-SqDist(x, y)", "b")
    assert "depend on rows" in why("LogSumExpWeight", "-SqDist(x, y)", "a")


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """With bounds that are too small, errors are larger than stated."""
    problem = problem_of("Sum", "Exp(-g * Norm2(x - y)) * c")
    arrays = arrays_of(("uniform", "uniform"), (500, 900), 30.0, 0)
    original = module._Sum._parts
    monkeypatch.setattr(module._Sum, "_parts", lambda *parts: 0.03 * original(*parts))
    outputs, report = pruned(problem, arrays, tol=1e-2)
    error = np.abs(outputs[0] - exactly(problem, arrays))
    assert report.kind == "guaranteed"
    assert (error > report.bound * moduli(problem, arrays)).any()
