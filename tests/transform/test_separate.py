"""What depends on the row, the column, both or neither is told apart."""

from __future__ import annotations

import numpy as np
import pytest

from pairfold.ir.expr import Category, Expr
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant, one
from pairfold.targets.reference import evaluate
from pairfold.transform.separate import Frontier, frontier, is_access, location, reachable, split_factor

X, Y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
P, S = variable(2, 1, Category.PARAMETER), variable(0, 1, Category.PLACEHOLDER)


@pytest.mark.parametrize(
    ("expr", "where"),
    [(P * P, "uniform"), (X * P, "row"), (apply("Exp", Y), "column"), (X + Y, "pair"), (S, "pair"), (S * X, "pair")],
)
def test_locations(expr: Expr, where: str) -> None:
    assert location(expr) == where


def test_what_only_picks_components() -> None:
    assert is_access(apply("Extract", apply("Concat", X, X), params=(1, 4)))
    assert is_access(constant(1.0))
    assert not is_access(X * P)
    assert not is_access(apply("Extract", X * P, params=(0, 1)))


def test_the_largest_parts_of_one_side_are_the_frontier() -> None:
    row, column, uniform = apply("Exp", X), apply("Exp", Y), apply("Exp", P)
    found = frontier([row * column * uniform + S])
    assert found == Frontier(uniform=(uniform,), row=(row,), column=(column,))
    # What a row part reads of the uniform ones counts, too; constants do not.
    assert frontier([(X * uniform) + Y * constant(2)]) == Frontier((uniform,), (X * uniform,), (Y * constant(2),))


def test_nothing_below_what_is_held_is_needed() -> None:
    square = apply("Exp", X) * Y
    assert reachable([square + P], held={square}) == [P, square + P]
    assert reachable([square + X], held={square}) == [X, square + X]
    assert frontier([square + P], held={square}) == Frontier((P,), (), ())


@pytest.mark.parametrize(
    ("value", "outer"),
    [
        (apply("Exp", Y) * (P * X), P * X),
        (-(apply("Sum", X) * Y), constant(-1.0) * apply("Sum", X)),
        (apply("SqDist", X, Y), one()),
        (X * P, one()),
    ],
)
def test_a_factor_of_the_row_leaves_the_sum(value: Expr, outer: Expr) -> None:
    found, rest = split_factor(value, "row")
    assert location(found) in ("uniform", "row")
    generator = np.random.default_rng(0)
    data = {leaf: generator.normal(size=(5, leaf.dim)) for leaf in (X, Y, P)}
    (expected, factor, wanted, kept) = evaluate([value, found, outer, rest], data)
    np.testing.assert_allclose(factor * kept, np.broadcast_to(expected, (5, value.dim)), rtol=1e-14)
    np.testing.assert_allclose(np.broadcast_to(factor, wanted.shape), wanted, rtol=1e-14)
