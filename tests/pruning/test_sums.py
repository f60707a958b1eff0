"""Sums that leave out what hardly counts: the stated bound is never below the error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairfold.ir.call import Call, Extent, Options, Tolerance
from pairfold.ir.problem import Problem
from pairfold.language.formula import parse
from pairfold.pruning import GivenUp, Report
from pairfold.pruning.sums import sums
from pairfold.pruning.trees import Trees
from pairfold.reductions import REDUCTIONS
from pairfold.targets import reference

ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)", "c = Vj(2)", "a = Vi(1)", "e = Vi(2)", "g = Pm(1)"]
COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

PROFILES = [
    "Exp(-g * SqDist(x, y))",
    "Exp(-g * Norm2(x - y))",
    "Exp(-g * Sum(Abs(x - y)))",
    "Rsqrt(SqDist(x, y) + 0.01)",
    "IfElse(0.3 - Norm2(x - y), (0.3 - Norm2(x - y)) ** 2, 0)",
    "(1 + g * Norm2(x - y)) * Exp(-g * Norm2(x - y))",
    "Exp(-g * Sum(Square(Mod(x - y, 1.0, -0.5))))",
    "Step(0.2 - Norm2(x - y))",
    "Inv(1 + g * SqDist(x, y)) ** 3",
    "Cos(3 * Sum(x - y)) * Exp(-g * SqDist(x, y))",
    "Exp(-g * SqDist(x, y)) - Exp(-2 * g * SqDist(x, y))",
    "ReLU(0.1 - SqDist(x, y))",
]
WEIGHTS = [
    "{0}",
    "{0} * b",
    "b * {0} * a",
    "{0} * c",
    "{0} * (x - y)",
    "{0} * (e | c)",
    "{0} * c * a + b * {0}",
    "e * {0}",
]
EXPONENTS = ["-g * SqDist(x, y)", "-g * Norm2(x - y) + a", "-g * SqDist(x, y) + b", "Log(ReLU(0.2 - SqDist(x, y)))"]


def problem_of(name: str, *formulas: str) -> Problem:
    read = parse(list(formulas), ALIASES)
    return Problem(read.values[0], REDUCTIONS[name], *read.values[1:])


def cloud(kind: str, count: int, generator: np.random.Generator) -> np.ndarray:
    points = generator.random((count, 2))
    if kind == "clusters":
        points = generator.random((4, 2))[generator.integers(0, 4, count)] + 0.01 * generator.standard_normal(
            (count, 2)
        )
    if kind == "duplicates":
        points = generator.integers(0, 4, (count, 2)) / 4
    if kind == "far":
        points = 1e3 + points
    if kind == "outliers":
        points[:: max(1, count // 5)] += 10
    return points


def arrays_of(kinds: Sequence[str], sizes: tuple[int, int], g: float, seed: int, sign: str) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    rows, columns = sizes
    b, c = generator.standard_normal((columns, 1)), generator.standard_normal((columns, 2))
    if sign != "mixed":
        b, c = np.abs(b), np.abs(c) * (generator.random((columns, 2)) < 0.5)
    x, y = cloud(kinds[0], rows, generator), cloud(kinds[1], columns, generator)
    return [x, y, b, c, generator.standard_normal((rows, 1)), generator.standard_normal((rows, 2)), np.array([g])]


def pruned(
    problem: Problem, arrays: Sequence[Any], **tolerance: float
) -> tuple[tuple[np.ndarray, ...], Report] | GivenUp:
    rows, columns = len(arrays[0]), len(arrays[1])
    dtype = arrays[0].dtype.name
    options = Options(tolerance=Tolerance(**tolerance), threads=1)
    return sums(Call(problem, Extent(rows, columns), dtype, options=options), arrays, Trees(), largest_share=1.0)


def exactly(problem: Problem, arrays: Sequence[Any]) -> np.ndarray:
    wide = [np.asarray(array, np.float64) for array in arrays]
    return reference.run(Call(problem, Extent(len(arrays[0]), len(arrays[1])), "float64"), wide)[0]


CLOUDS = st.sampled_from(["uniform", "clusters", "duplicates", "outliers"])
SIZES = st.sampled_from([(400, 700), (700, 400), (1, 300), (300, 1), (65, 1000)])
TOLERANCES = st.sampled_from([1e-1, 1e-2, 1e-3, 1e-6])
"""Of large ones, the bound is nearly reached."""


@settings(COMMON, max_examples=60)
@given(
    st.sampled_from(PROFILES),
    st.sampled_from(WEIGHTS),
    st.tuples(CLOUDS, CLOUDS),
    SIZES,
    TOLERANCES,
    st.sampled_from([3.0, 30.0, 1000.0]),
    st.sampled_from(["Sum", "Mean"]),
    st.integers(0, 9),
)
def test_sums_are_as_right_as_they_say(
    profile: str,
    weight: str,
    kinds: tuple[str, str],
    sizes: tuple[int, int],
    tol: float,
    g: float,
    name: str,
    seed: int,
) -> None:
    problem = problem_of(name, weight.format(f"({profile})"))
    arrays = arrays_of(kinds, sizes, g, seed, "mixed")
    outputs, report = pruned(problem, arrays, tol=tol)
    assert report.bound <= tol
    moduli = exactly(replace(problem, value=abs_of(problem)), arrays)
    error = np.abs(outputs[0] - exactly(problem, arrays))
    assert (error <= report.bound * moduli + 1e-11 * moduli).all(), report


def abs_of(problem: Problem) -> Any:
    from pairfold.ops.arithmetic import apply  # noqa: PLC0415

    return apply("Abs", problem.value)
