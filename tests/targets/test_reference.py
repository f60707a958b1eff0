"""The reference target itself, against sums written by hand: it is what everything else is compared with."""

from __future__ import annotations

import numpy as np
import pytest

from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.ops import constant, variable
from pairfold.ops.arithmetic import apply
from pairfold.reductions import REDUCTIONS
from pairfold.targets.reference import evaluate
from tests.calls import by_definition

X = variable(0, 1, Category.ROW)
Y = variable(1, 1, Category.COLUMN)
P = variable(2, 1, Category.PARAMETER)
GENERATOR = np.random.default_rng(0)
DATA = [GENERATOR.normal(size=(5, 1)), GENERATOR.normal(size=(7, 1)), GENERATOR.normal(size=1)]
TABLE = DATA[2] * (DATA[0] - DATA[1].T)


def _problem(name: str, k: int = 1) -> Problem:
    return Problem(P * (X - Y), REDUCTIONS[name], k=k)


def test_reductions_of_a_pair_table() -> None:
    sizes = {"rows": 5, "columns": 7}
    np.testing.assert_allclose(by_definition(_problem("Sum"), DATA, **sizes)[0], TABLE.sum(1, keepdims=True))
    np.testing.assert_allclose(by_definition(_problem("Max"), DATA, **sizes)[0], TABLE.max(1, keepdims=True))
    np.testing.assert_array_equal(by_definition(_problem("ArgMin"), DATA, **sizes)[0], TABLE.argmin(1)[:, None])
    np.testing.assert_array_equal(by_definition(_problem("ArgKMin", 3), DATA, **sizes)[0], np.argsort(TABLE, 1)[:, :3])


def test_a_formula_without_columns_is_repeated() -> None:
    (found,) = by_definition(Problem(X, REDUCTIONS["Sum"]), DATA, rows=5, columns=7)
    np.testing.assert_allclose(found, 7 * DATA[0])


def test_a_constant_formula() -> None:
    (found,) = by_definition(Problem(constant(2.0), REDUCTIONS["Sum"]), [], rows=2, columns=3)
    np.testing.assert_array_equal(found, [[6.0], [6.0]])


def test_unused_arguments_may_be_missing() -> None:
    (found,) = by_definition(Problem(Y, REDUCTIONS["Sum"]), [None, DATA[1]], rows=2, columns=7)
    np.testing.assert_allclose(found, np.full((2, 1), DATA[1].sum()))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_is_that_of_the_arguments(dtype: str) -> None:
    values, indices = by_definition(_problem("Min_ArgMin"), [a.astype(dtype) for a in DATA], rows=5, columns=7)
    assert values.dtype == dtype
    assert indices.dtype == np.int64


def test_batches_broadcast() -> None:
    x, y = GENERATOR.normal(size=(3, 1, 4, 1)), GENERATOR.normal(size=(1, 2, 6, 1))
    p = GENERATOR.normal(size=(3, 2, 1))
    (found,) = by_definition(_problem("Sum"), [x, y, p], rows=4, columns=6, batch=(3, 2))
    expected = np.sum(p[..., None, :] * (x - y.swapaxes(-1, -2)), axis=-1, keepdims=True)
    np.testing.assert_allclose(found, expected)


def _ranges(blocks: list[list[int]], ends: list[int], intervals: list[list[int]]) -> tuple[np.ndarray, ...]:
    return (
        np.asarray(blocks, np.int64).reshape(-1, 2),
        np.asarray(ends, np.int64),
        np.asarray(intervals, np.int64).reshape(-1, 2),
    )


def test_ranges_restrict_the_columns() -> None:
    """Rows 0 and 1 see columns 4, 5, 0; row 3 sees nothing; rows 2 and 4 are in no block."""
    ranges = _ranges([[3, 4], [0, 2]], [0, 2], [[4, 6], [0, 1]])
    total, least, where = (
        *by_definition(_problem("Sum"), DATA, rows=5, columns=7, ranges=ranges),
        *by_definition(_problem("Min_ArgMin"), DATA, rows=5, columns=7, ranges=ranges),
    )
    seen = [4, 5, 0]
    np.testing.assert_allclose(total[:2, 0], TABLE[:2, seen].sum(1))
    np.testing.assert_allclose(least[:2, 0], TABLE[:2, seen].min(1))
    np.testing.assert_array_equal(where[:2, 0], np.array(seen)[TABLE[:2, seen].argmin(1)])
    assert np.all(total[2:] == 0)
    assert np.all(least[2:] == np.inf)
    assert np.all(where[2:] == -1)


def test_repeated_intervals_count_twice_and_keep_their_order() -> None:
    ranges = _ranges([[0, 5]], [3], [[2, 4], [1, 3], [2, 4]])
    seen = [2, 3, 1, 2, 2, 3]
    np.testing.assert_allclose(
        by_definition(_problem("Sum"), DATA, rows=5, columns=7, ranges=ranges)[0][:, 0], TABLE[:, seen].sum(1)
    )
    tied = [np.zeros((5, 1)), np.zeros((7, 1)), np.ones(1)]
    (order,) = by_definition(_problem("ArgKMin", 4), tied, rows=5, columns=7, ranges=ranges)
    np.testing.assert_array_equal(order, np.tile([2, 3, 1, 2], (5, 1)))


def test_a_later_block_overwrites_an_earlier_one() -> None:
    ranges = _ranges([[0, 3], [1, 5]], [1, 2], [[0, 1], [1, 2]])
    (found,) = by_definition(_problem("Sum"), DATA, rows=5, columns=7, ranges=ranges)
    np.testing.assert_allclose(found[:, 0], [TABLE[0, 0], *TABLE[1:, 1]])


def test_bound_nodes_are_not_computed_again() -> None:
    """Any node may be given, so a part of an expression can be replaced by numbers."""
    node = apply("Exp", X)
    (found,) = evaluate([node + X], {node: np.array([10.0]), X: np.array([1.0])})
    np.testing.assert_array_equal(found, [11.0])
