"""Expressions as texts; `tests/language` has the tests that read them back."""

from __future__ import annotations

import pytest

from pairfold.ir.expr import Category, Expr, outline
from pairfold.ir.show import LONGEST, show, show_together
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant

X, Y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
P = variable(2, 1, Category.PARAMETER)


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (X, "Vi(0,3)"),
        (constant(0.1), "0.1"),
        (-(X + Y) * P, "((-(Vi(0,3) + Vj(1,3))) * Pm(2,1))"),
        (X / P - Y, "((Vi(0,3) / Pm(2,1)) - Vj(1,3))"),
        (apply("Elem", X, params=(2,)), "Elem(Vi(0,3), 2)"),
        (apply("Exp", apply("SqDist", X, Y)), "Exp(SqDist(Vi(0,3), Vj(1,3)))"),
    ],
)
def test_texts(expr: Expr, text: str) -> None:
    assert show(expr) == text
    assert repr(expr) == text


def test_names_of_the_user_stand_for_any_node() -> None:
    assert show(X * P + Y, {X: "x", Y: "y", P: "p"}) == "((x * p) + y)"
    assert show(X * P + Y, {X * P: "scaled"}) == "(scaled + Vj(1,3))"


def _doubled(times: int) -> Expr:
    expr = apply("Exp", X)
    for _ in range(times):
        expr = expr * expr
    return expr


def test_shared_parts_of_a_long_text_have_names() -> None:
    assert "#" not in show(_doubled(6))
    text = show(_doubled(30), {X: "x"})
    assert text.startswith("(#30 * #30) where #1 = Exp(x), #2 = (#1 * #1), ")
    assert len(text) < LONGEST


def test_texts_that_are_shown_together_share_the_names() -> None:
    big = _doubled(10)
    shown = show_together([big + P, big * P], {X: "x", P: "p"})
    assert shown.texts == ("(#11 + p)", "(#11 * p)")
    assert shown.parts[0] == "#1 = Exp(x)"
    assert len(shown.parts) == 11


def test_an_outline_has_the_depth_that_fits() -> None:
    expr = apply("Exp", X * P + Y)
    assert outline(expr, {X: "x", Y: "y", P: "p"}) == "Exp(((x * p) + y))"
    assert outline(expr, {X: "x", Y: "y", P: "p"}, limit=14) == "Exp((... + y))"
    assert outline(expr, limit=8) == "Exp(...)"
    assert outline(expr, limit=2) == "..."
