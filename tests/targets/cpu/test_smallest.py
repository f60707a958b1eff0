"""The K smallest on a CPU, where many are collected in lists and few are inserted one by one."""

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


def test_many_are_collected_and_few_inserted() -> None:
    for k, collects in ((1, False), (INSERTED, False), (INSERTED + 1, True), (5000, True)):
        problem = Problem(squared_distance(), REDUCTIONS["ArgKMin"], k=k)
        for few_rows in (False, True):
            assert code_of(problem, "float32", few_rows).schedule.collects == collects


@pytest.mark.parametrize("level", [None, "avx512", "avx2", "sse2"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("dim", "k", "columns"), [(1, 40, 5000), (1, 700, 5000), (3, 33, 2500), (20, 50, 1300), (1, 90, 60)]
)
def test_collecting_agrees_with_the_definition(
    level: str | None, dtype: str, name: str, dim: int, k: int, columns: int
) -> None:
    """More candidates than a list has room for, fewer columns than K, and integers with many ties."""
    try:
        machine(level)
    except TargetError:
        pytest.skip(f"this processor lacks {level}")
    generator = np.random.default_rng(0)
    x = generator.integers(-9, 9, (19, dim)).astype(dtype)
    y = generator.integers(-99, 99, (columns, dim)).astype(dtype)
    y = np.sort(y, axis=0)[::-1]  # every value is below those before
    value = variable(0, dim, Category.ROW) + variable(1, dim, Category.COLUMN)
    agree(Problem(value, REDUCTIONS[name], k=k), [x, y], 19, columns, options=Options(level=level))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(seed=st.integers(0, 2**32 - 1), k=st.sampled_from([33, 64, 300]), columns=st.integers(1, 1500))
def test_special_values_and_ties(dtype: str, seed: int, k: int, columns: int) -> None:
    generator = np.random.default_rng(seed)
    y = generator.choice(np.array(SPECIAL, dtype), (columns, 1))
    value = variable(1, 1, Category.COLUMN) * variable(0, 1, Category.ROW)
    x = np.array([[1.0], [-1.0]], dtype)
    for split in (1, 3):
        problem = Problem(value, REDUCTIONS["KMin_ArgKMin"], k=k)
        found = run(problem, [x, y], rows=2, columns=columns, options=Options(split=split))
        best, where = by_definition(problem, [x, y], rows=2, columns=columns)
        np.testing.assert_array_equal(found[1], where)
        np.testing.assert_array_equal(np.signbit(found[0]), np.signbit(best))  # a zero keeps its sign
        np.testing.assert_array_equal(found[0], best)


@pytest.mark.parametrize("split", [1, 7])
def test_both_ways_select_the_same(split: int) -> None:
    arrays = gaussian_data(21, 3000, dtype="float32")
    problem = Problem(squared_distance(), REDUCTIONS["KMin_ArgKMin"], k=200)
    schedule = code_of(problem, "float32").schedule
    assert schedule.collects
    for other in (replace(schedule, collects=False), replace(schedule, row_vectors=3, columns=4)):
        for a, b in zip(
            run(problem, arrays, rows=21, columns=3000, options=Options(split=split)),
            run(problem, arrays, rows=21, columns=3000, options=Options(schedule=other)),
            strict=True,
        ):
            np.testing.assert_array_equal(a, b)


def test_collecting_over_ranges_and_batches() -> None:
    generator = np.random.default_rng(3)
    x, y = (generator.integers(-50, 50, (2, n, 3)).astype(np.float64) for n in (70, 900))
    problem = Problem(squared_distance(), REDUCTIONS["ArgKMin"], k=100)
    agree(problem, [x, y], 70, 900, batch=(2,))
    for _ in range(5):
        agree(problem, [x, y], 70, 900, batch=(2,), ranges=random_ranges(generator, 70, 900))


def test_what_depends_on_one_side_only() -> None:
    y = np.arange(300.0)[::-1, None].copy()
    for value in (variable(0, 1, Category.ROW), variable(1, 1, Category.COLUMN), constant(2.0)):
        agree(Problem(value, REDUCTIONS["KMin_ArgKMin"], k=50), [np.arange(5.0)[:, None], y], 5, 300)
