"""Rows and columns exchanged."""

from __future__ import annotations

import pytest

from pairfold.ir.expr import Category
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply
from pairfold.transform.sides import swap_sides

X, Y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
P, S = variable(2, 1, Category.PARAMETER), variable(3, 2, Category.PLACEHOLDER)
FORMULA = apply("Exp", -apply("SqDist", X * P, Y)) * (apply("Sum", X) + S)


def test_categories_are_exchanged_and_positions_stay() -> None:
    x, y = variable(0, 3, Category.COLUMN), variable(1, 3, Category.ROW)
    expected = apply("Exp", -apply("SqDist", x * P, y)) * (apply("Sum", x) + S)
    assert swap_sides([FORMULA, P, X]) == [expected, P, x]


def test_twice_is_nothing() -> None:
    assert swap_sides(swap_sides([FORMULA, X])) == [FORMULA, X]


@pytest.mark.parametrize("expr", [P, S, P * S])
def test_what_is_on_neither_side_stays(expr: object) -> None:
    assert swap_sides([expr]) == [expr]  # type: ignore[list-item]
