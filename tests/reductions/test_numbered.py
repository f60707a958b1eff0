"""The K smallest values with numbers that are given: against the columns in their own order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pairfold.engine import run
from pairfold.ir.call import Call, Extent
from pairfold.ir.expr import Category, apply
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.reductions import REDUCTIONS
from pairfold.reductions.numbered import LARGEST, NUMBERED, coded, decoded
from pairfold.targets import reference


@given(st.lists(st.integers(0, LARGEST - 1), max_size=20), st.sampled_from(["float32", "float64"]))
def test_codes_are_in_the_order_of_the_numbers(numbers: list[int], dtype: str) -> None:
    given_numbers = np.sort(np.array([*numbers, 0, LARGEST - 1], np.int64))
    codes = coded(given_numbers, dtype)
    assert codes.dtype == dtype
    assert np.all(np.isfinite(codes))
    np.testing.assert_array_equal(codes[1:] > codes[:-1], given_numbers[1:] > given_numbers[:-1])
    np.testing.assert_array_equal(decoded(codes), given_numbers)
    assert decoded(np.array([-1.0], dtype)).tolist() == [-1]


@given(
    seed=st.integers(0, 99),
    columns=st.integers(1, 80),
    k=st.sampled_from([1, 3]),
    dim=st.sampled_from([1, 2]),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_columns_in_any_order(seed: int, columns: int, k: int, dim: int, dtype: str) -> None:
    generator = np.random.default_rng(seed)
    x, y = (generator.integers(-3, 4, (count, dim)).astype(dtype) for count in (40, columns))
    y[generator.random(y.shape) < 0.1] = generator.choice([np.nan, np.inf])
    order = generator.permutation(columns)
    value = apply("Abs", variable(0, dim, Category.ROW) - variable(1, dim, Category.COLUMN))
    second = apply("Concat", variable(2, 1, Category.COLUMN), variable(3, dim, Category.ROW))
    extent = Extent(40, columns)
    best, where = run(Call(Problem(value, REDUCTIONS["KMin_ArgKMin"], k=k), extent, dtype), [x, y])
    limits = np.ascontiguousarray(best.reshape(40, k, dim)[:, -1])
    numbered = Call(Problem(value, NUMBERED, second, k), extent, dtype)
    arrays = [x, y[order], coded(order, dtype)[:, None], limits]
    for found, codes in (run(numbered, arrays), reference.run(numbered, arrays)):
        np.testing.assert_array_equal(found.reshape(best.shape), best)
        np.testing.assert_array_equal(decoded(codes.astype(dtype)).reshape(where.shape), where)
