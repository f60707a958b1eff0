"""Derivatives: forward and reverse mode are adjoint, and choices and roots have the derivatives of their limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.errors import DimensionError
from pairfold.ir.expr import Category, Expr
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant, zeros
from pairfold.targets.reference import evaluate
from pairfold.transform.differentiate import differential, gradient, gradients

X, Y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
P = variable(2, 1, Category.PARAMETER)
U, G = variable(3, 3, Category.ROW), variable(4, 3, Category.ROW)
GENERATOR = np.random.default_rng(3)
DATA = {leaf: GENERATOR.uniform(0.5, 1.5, (6, leaf.dim)) for leaf in (X, Y, P, U, G)}


def value(expr: Expr, data: dict[Expr, np.ndarray] = DATA) -> np.ndarray:
    return np.broadcast_to(evaluate([expr], data)[0], (len(data[X]), expr.dim))


@st.composite
def smooth(draw: st.DrawFn, depth: int = 4) -> Expr:
    """Draw a formula of dimension 3."""
    if depth == 0:
        return draw(st.sampled_from([X, X, Y, apply("SumT", P, params=(3,))]))
    first, second = draw(smooth(depth=depth - 1)), draw(smooth(depth=depth - 1))
    name = draw(st.sampled_from(["Add", "Mult", "Subtract", "Tanh", "Sin", "dot", "norm", "permuted"]))
    if name == "dot":
        return apply("Scalprod", first, second) * first
    if name == "norm":
        return apply("Exp", -apply("SqDist", first, second)) * second
    if name == "permuted":
        return apply("Concat", apply("Extract", first, params=(1, 2)), apply("Elem", second, params=(0,)))
    return apply(name, first) if name in ("Tanh", "Sin") else apply(name, first, second)


@given(smooth())
def test_forward_and_reverse_mode_are_adjoint(f: Expr) -> None:
    """<g, Df u> = <Df* g, u>."""
    forward, reverse = value(differential(f, X, U)), value(gradient(f, X, G))
    left, right = (DATA[G] * forward).sum(1), (reverse * DATA[U]).sum(1)
    np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9 * (1 + np.abs(DATA[G] * forward).sum(1).max()))


@given(smooth(depth=3))
def test_the_differential_is_the_limit_of_differences(f: Expr) -> None:
    step = 1e-6
    ahead, behind = (value(f, {**DATA, X: DATA[X] + sign * step * DATA[U]}) for sign in (1, -1))
    exact = value(differential(f, X, U))
    np.testing.assert_allclose((ahead - behind) / (2 * step), exact, rtol=1e-4, atol=1e-5 * (1 + np.abs(exact).max()))


def test_several_gradients_in_one_sweep() -> None:
    f = apply("Exp", X * P) + Y
    assert gradients(f, [X, P, Y], G) == [gradient(f, v, G) for v in (X, P, Y)]
    assert gradient(f, P, G).dim == 1


def test_what_a_formula_does_not_depend_on_has_the_derivative_zero() -> None:
    assert gradient(X * P, Y, G) is zeros(3)


def test_refusals() -> None:
    with pytest.raises(DimensionError, match="dimension 1 is applied to an expression of dimension 3"):
        gradient(apply("SqDist", X, Y), X, G)
    with pytest.raises(DimensionError, match="a variable of dimension 3 is taken in a direction of dimension 1"):
        differential(X, X, P)


def test_an_infinite_slope_of_what_was_not_chosen_does_not_count() -> None:
    inside = apply("LessThan", constant(0.0), X)
    f = apply("Where", inside, apply("Sqrt", X), constant(0.0))
    data = {**DATA, X: np.array([[-1.0, 0.0, 4.0]]), G: np.ones((1, 3))}
    np.testing.assert_array_equal(value(gradient(f, X, G), data), [[0, 0, 0.25]])


def test_second_derivatives_of_a_smooth_function_of_a_distance_between_equal_points() -> None:
    """(1 + r) exp(-r) is smooth, -1/2 r^2 + ..., although r has a kink."""
    r = apply("Norm2", X - Y)
    f = (constant(1.0) + r) * apply("Exp", -r)
    hessian = differential(gradient(f, X, constant(1.0)), X, U)
    data = {**DATA, Y: DATA[X]}
    np.testing.assert_allclose(value(hessian, data), -DATA[U], rtol=1e-12)
