"""Simplified expressions have the same values, and what can leave the inner loop stands together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.ir.expr import Category, Expr, topological
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant
from pairfold.targets.reference import evaluate
from pairfold.transform.expand import expand
from pairfold.transform.simplify import factors, product, simplify

X, Y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
A, B, P = variable(2, 1, Category.ROW), variable(3, 1, Category.COLUMN), variable(4, 1, Category.PARAMETER)
Q = variable(5, 3, Category.PARAMETER)
LEAVES = [X, Y, A, B, P, Q, constant(2.0), constant(-1.0), constant(0.0)]
GENERATOR = np.random.default_rng(5)
DATA = {leaf: GENERATOR.uniform(0.5, 2, (4, leaf.dim)) for leaf in LEAVES[:6]}
DISTANCE = apply("SqDist", X, Y)


def simple(expr: Expr) -> Expr:
    return simplify(expand([expr]))[0]


@st.composite
def expressions(draw: st.DrawFn, depth: int = 5) -> Expr:
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(LEAVES))
    first, second = draw(expressions(depth=depth - 1)), draw(expressions(depth=depth - 1))
    name = draw(st.sampled_from(["Mult", "Mult", "Add", "Subtract", "Minus", "Divide", "Sum", "SumT", "Elem", "Tanh"]))
    if name in ("Minus", "Sum", "Tanh"):
        return apply(name, first)
    if name == "SumT":
        return apply("SumT", first, params=(3,)) if first.dim == 1 else first
    if name == "Elem":
        return apply("Elem", first, params=(first.dim - 1,))
    if name == "Divide":
        return first / draw(st.sampled_from([P, A, B, X, constant(4.0)]))
    return apply(name, first, second)


@given(expressions())
def test_values_stay(expr: Expr) -> None:
    simplified = simple(expr)
    assert simplified.dim <= expr.dim
    (expected,), (found,) = evaluate([expr], DATA), evaluate([simplified], DATA)
    np.testing.assert_allclose(np.broadcast_to(found, expected.shape), expected, rtol=1e-11, atol=1e-11)


@given(expressions())
def test_what_is_simple_stays(expr: Expr) -> None:
    once = simple(expr)
    assert len(topological([simplify([once])[0]])) <= len(topological([once]))


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (constant(2) * constant(3) + constant(1), constant(7)),
        (X + constant(0), X),
        (X - constant(0), X),
        (X + -Y, X - Y),
        (-X + Y, Y - X),
        (X - (-Y), X + Y),
        (apply("Minus", -X), X),
        (apply("Sum", A), A),
        (apply("Sum", apply("SumT", B, params=(4,))), constant(4) * B),
        (apply("Extract", apply("Concat", X, Y), params=(3, 3)), Y),
        (apply("Extract", apply("Extract", Y, params=(1, 2)), params=(1, 1)), apply("Extract", Y, params=(2, 1))),
        (apply("Extract", apply("ExtractT", A, params=(1, 3)), params=(1, 1)), A),
        (apply("Where", P, X, X), X),
    ],
)
def test_what_is_made_of_it(expr: Expr, expected: Expr) -> None:
    assert simple(expr) is expected


@pytest.mark.parametrize("expr", [X * constant(0), X - X, X / X, apply("Where", Q, A, A)])
def test_nothing_assumes_finite_values_or_drops_components(expr: Expr) -> None:
    """0 times infinity is nan, infinity minus infinity too; a choice by a vector is a vector."""
    assert simple(expr) is expr or simple(expr) is constant(0) * X


def test_factors_of_one_side_stand_together() -> None:
    scattered = ((apply("Exp", DISTANCE) * A) * (B * P)) * A
    grouped = simple(scattered)
    assert {*factors(grouped)} == {*factors(simple(apply("Exp", DISTANCE))), A, B, P}
    parts = topological([grouped])
    assert any(part.dependence == 1 and {*factors(part)} == {A, P} for part in parts), "P * A * A leaves the loop"


def test_a_scalar_leaves_the_sum_over_components() -> None:
    found = simple(apply("Sum", X * Y * (A * B)))
    inner = next(part for part in topological([found]) if part.op.name == "Sum")
    assert {*factors(inner.args[0])} == {X, Y}


def test_a_uniform_divisor_becomes_a_factor() -> None:
    assert simple(B / constant(4)) is constant(0.25) * B
    inverse = constant(1) / P
    assert inverse in factors(simple(apply("Exp", DISTANCE) / P))


def test_factors_and_products_are_inverse() -> None:
    parts = factors((X * Y) * (A * -B))
    assert sorted(map(repr, parts)) == sorted(map(repr, [X, Y, A, constant(-1.0), B]))
    whole = product(parts)
    (expected,), (found,) = evaluate([(X * Y) * (A * -B)], DATA), evaluate([whole], DATA)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_the_factors_of_a_tower_of_squares_are_bounded() -> None:
    tower = A + B
    for _ in range(60):
        tower = tower * tower
    assert len(factors(tower)) <= 64


def test_a_component_of_a_number_leaves_sums_whole() -> None:
    x, g = variable(0, 3, Category.ROW), variable(1, 1, Category.ROW)
    whole = apply("ExtractT", g, params=(0, 1))
    (found,) = simplify([apply("Sum", whole * x)])
    values = {x: np.array([1.0, 2.0, 4.0]), g: np.array([3.0])}
    np.testing.assert_array_equal(evaluate([found], values)[0], [21.0])
