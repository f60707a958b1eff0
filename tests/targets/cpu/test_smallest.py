"""The K smallest on a CPU, where many are collected and few are inserted into sorted lists."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.engine import Options
from pairfold.errors import TargetError
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.ops.arithmetic import constant
from pairfold.reductions import REDUCTIONS
from pairfold.schedule.schedule import INSERTED
from pairfold.targets.cpu.compile import machine
from tests.calls import by_definition, code_of, run
from tests.engine.problems import gaussian_data, squared_distance
from tests.engine.test_run import random_ranges

pytestmark = pytest.mark.cpu

NAMES = ("KMin", "ArgKMin", "KMin_ArgKMin")
SPECIAL = [0.0, -0.0, 1.0, -1.0, 5e-324, 1e-40, -1e-40, np.inf, -np.inf, np.nan, 3.5, -2.25]


def agree(problem: Problem, arrays: list[np.ndarray], rows: int, columns: int, **more: object) -> None:
    found = run(problem, arrays, rows=rows, columns=columns, **more)
    expected = by_definition(
        problem, arrays, rows=rows, columns=columns, **{k: more[k] for k in more if k != "options"}
    )
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def levels(level: str | None) -> Options:
    try:
        machine(level)
    except TargetError:
        pytest.skip(f"this processor lacks {level}")
    return Options(level=level)


def test_many_are_collected_and_few_inserted() -> None:
    most = INSERTED * machine().vector_bytes
    for k, collects in ((1, False), (most, False), (most + 1, True), (5000, True)):
        problem = Problem(squared_distance(), REDUCTIONS["ArgKMin"], k=k)
        for few_rows in (False, True):
            for dtype in ("float32", "float64"):
                assert code_of(problem, dtype, few_rows).schedule.collects == collects


def test_long_formulas_keep_their_values() -> None:
    for dim, keeps in ((3, False), (64, True)):
        problem = Problem(squared_distance(dim), REDUCTIONS["ArgKMin"], k=10)
        assert code_of(problem, "float32").schedule.keeps_values == keeps


@pytest.mark.parametrize("level", [None, "avx512", "avx2", "sse2"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("dim", "k", "columns"),
    [
        (1, 2, 700),
        (1, 17, 3000),
        (3, 5, 1000),
        (150, 3, 300),
        (1, 140, 5000),
        (1, 700, 5000),
        (3, 33, 2500),
        (1, 90, 60),
    ],
)
def test_ever_smaller_values_agree_with_the_definition(
    level: str | None, dtype: str, name: str, dim: int, k: int, columns: int
) -> None:
    """All values enter until a sample is taken, lists are full at once, and integers have many ties."""
    options = levels(level)
    generator = np.random.default_rng(0)
    x = generator.integers(-9, 9, (19, dim)).astype(dtype)
    y = generator.integers(-99, 99, (columns, dim)).astype(dtype)
    y = np.sort(y, axis=0)[::-1]  # every value is below those before
    value = variable(0, dim, Category.ROW) + variable(1, dim, Category.COLUMN)
    agree(Problem(value, REDUCTIONS[name], k=k), [x, y], 19, columns, options=options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(seed=st.integers(0, 2**32 - 1), k=st.sampled_from([2, 10, 32, 64, 300]), columns=st.integers(1, 1500))
def test_special_values_and_ties(dtype: str, seed: int, k: int, columns: int) -> None:
    generator = np.random.default_rng(seed)
    y = generator.choice(np.array(SPECIAL, dtype)[: generator.integers(1, len(SPECIAL) + 1)], (columns, 1))
    if generator.integers(2):
        y = np.sort(y, axis=0)[::-1].copy()
    value = variable(1, 1, Category.COLUMN) * variable(0, 1, Category.ROW)
    x = np.tile(np.array([[1.0], [-1.0]], dtype), (8, 1))
    for split in (1, 3):
        problem = Problem(value, REDUCTIONS["KMin_ArgKMin"], k=k)
        found = run(problem, [x, y], rows=16, columns=columns, options=Options(split=split))
        best, where = by_definition(problem, [x, y], rows=16, columns=columns)
        np.testing.assert_array_equal(found[1], where)
        np.testing.assert_array_equal(np.signbit(found[0]), np.signbit(best))  # a zero keeps its sign
        np.testing.assert_array_equal(found[0], best)


@pytest.mark.parametrize("split", [1, 7])
@pytest.mark.parametrize("k", [2, 31, 200])
def test_all_ways_select_the_same(k: int, split: int) -> None:
    arrays = gaussian_data(70, 3000, dtype="float32")
    problem = Problem(squared_distance(), REDUCTIONS["KMin_ArgKMin"], k=k)
    expected = run(problem, arrays, rows=70, columns=3000, options=Options(split=split))
    schedule = code_of(problem, "float32").schedule
    ways = [replace(schedule, collects=not schedule.collects), replace(schedule, row_vectors=3, columns=4)]
    for other in (*ways, replace(schedule, keeps_values=not schedule.keeps_values)):
        found = run(problem, arrays, rows=70, columns=3000, options=Options(schedule=other))
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("level", [None, "avx2", "sse2"])
@pytest.mark.parametrize("columns", [1, 7, 8, 63, 64, 65, 127, 128, 129, 200, 513])
def test_blocks_may_end_anywhere(level: str | None, columns: int) -> None:
    generator, options = np.random.default_rng(columns), levels(level)
    for rows, k in ((1, 3), (65, 10), (130, 40)):
        x, y = generator.random((rows, 3)), generator.random((columns, 3))
        agree(Problem(squared_distance(), REDUCTIONS["ArgKMin"], k=k), [x, y], rows, columns, options=options)


@pytest.mark.parametrize("k", [2, 10, 33, 150])
@pytest.mark.parametrize("value", [0.0, -3.0, np.inf, -np.inf, np.nan, 3e38])
def test_all_values_are_equal(k: int, value: float) -> None:
    columns = np.full((1000, 1), value, np.float32)
    agree(Problem(variable(0, 1, Category.COLUMN), REDUCTIONS["KMin_ArgKMin"], k=k), [columns], 3, 1000)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("last", [0.0, -np.inf, -1e30, 1e-45])
def test_what_equals_the_bound_of_a_sample_may_be_among_the_smallest(dtype: str, last: float) -> None:
    """The values fall, so that a sample is taken, to one that more columns have than are kept."""
    y = np.concatenate([np.arange(500.0, 0.0, -1.0), np.full(3000, last)])[:, None].astype(dtype)
    value = variable(1, 1, Category.COLUMN) + constant(0.0) * variable(0, 1, Category.ROW)
    agree(Problem(value, REDUCTIONS["KMin_ArgKMin"], k=4), [np.ones((64, 1), dtype), y], 64, len(y))


def test_after_a_sample_values_may_rise_and_fall() -> None:
    generator = np.random.default_rng(5)
    steps = [np.arange(n, 0.0, -1.0) + shift for n, shift in ((900, 0), (700, -400), (2000, 300), (500, -300))]
    y = np.concatenate([*steps, generator.permutation(4000) - 500.0])[:, None]
    for k in (2, 10, 20):
        problem = Problem(variable(0, 1, Category.ROW) + variable(1, 1, Category.COLUMN), REDUCTIONS["ArgKMin"], k=k)
        agree(problem, [np.arange(70.0)[:, None], y], 70, len(y))


@pytest.mark.parametrize("k", [3, 150])
def test_ranges_and_batches(k: int) -> None:
    generator = np.random.default_rng(3)
    x, y = (generator.integers(-50, 50, (2, n, 3)).astype(np.float64) for n in (70, 900))
    problem = Problem(squared_distance(), REDUCTIONS["ArgKMin"], k=k)
    agree(problem, [x, y], 70, 900, batch=(2,))
    for _ in range(5):
        agree(problem, [x, y], 70, 900, batch=(2,), ranges=random_ranges(generator, 70, 900))


def test_what_depends_on_one_side_only() -> None:
    y = np.arange(300.0)[::-1, None].copy()
    for value in (variable(0, 1, Category.ROW), variable(1, 1, Category.COLUMN), constant(2.0)):
        for k in (4, 150):
            agree(Problem(value, REDUCTIONS["KMin_ArgKMin"], k=k), [np.arange(5.0)[:, None], y], 5, 300)
