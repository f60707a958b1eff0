"""Derivatives at kinks and singularities, and their dimensions under broadcasting."""

from __future__ import annotations

import numpy as np
import pytest

from pairfold.errors import NotDifferentiableError
from pairfold.ir.expr import OPERATIONS, Category, Expr, Op, topological
from pairfold.ops import constant, variable
from pairfold.ops.arithmetic import apply
from pairfold.targets.reference import evaluate
from pairfold.transform.differentiate import gradient


def _gradient(name: str, *operands: list[float], wrt: int = 0, params: tuple[object, ...] = ()) -> list[float]:
    """Return the gradient of the sum of the components of an operation."""
    arrays = [np.asarray(operand, float) for operand in operands]
    names = [variable(p, len(array), Category.ROW) for p, array in enumerate(arrays)]
    total = apply("Sum", apply(name, *names, params=params))
    slope = gradient(total, names[wrt], constant(1.0))
    assert slope.dim == len(operands[wrt])
    (value,) = evaluate([slope], dict(zip(names, arrays, strict=True)))
    return [float(entry) for entry in np.broadcast_to(value, slope.dim)]


@pytest.mark.parametrize(
    ("name", "point", "params", "expected"),
    [
        ("Abs", 0, (), 0),
        ("Sqrt", 0, (), 0),
        ("Rsqrt", 0, (), 0),
        ("ReLU", 0, (), 1),
        ("Norm2", 0, (), 0),
        ("Normalize", 0, (), 0),
        ("Asin", 1, (), 0),
        ("Acos", -1, (), 0),
        ("XLogX", 0, (), -np.inf),
        ("SinXDivX", 0, (), 0),
        ("Sinc", 0, (), 0),
        ("ClampInt", 0, (0, 1), 1),
        ("ClampInt", 1, (0, 1), 1),
        ("Floor", 0.5, (), 0),
        ("Sign", 2, (), 0),
    ],
)
def test_at_kinks(name: str, point: float, params: tuple[int, ...], expected: float) -> None:
    assert _gradient(name, [point], params=params) == [expected]


@pytest.mark.parametrize(("exponent", "expected"), [(0.3, 0), (0.5, 0), (1, 1), (1.5, 0), (2, 0), (-0.5, -np.inf)])
def test_powers_at_zero(exponent: float, expected: float) -> None:
    """Where the value is finite, so is the slope: that of a root is 0, as that of Sqrt."""
    assert _gradient("Powf", [0], [exponent]) == [expected]
    if exponent > 0:
        assert _gradient("Powf", [0], [exponent], wrt=1) == [0]


def test_clamp_is_differentiable_at_its_closed_ends() -> None:
    assert _gradient("Clamp", [0, 1, 2, -1], [0], [1]) == [1, 1, 0, 0]
    assert _gradient("Clamp", [0, 1, 2, -1], [0], [1], wrt=1) == [1]
    assert _gradient("Clamp", [0, 1, 2, -1], [0], [1], wrt=2) == [1]


def test_the_angle_of_the_origin_has_derivative_zero() -> None:
    assert _gradient("Atan2", [0], [0]) == [0]
    assert _gradient("ComplexAngle", [0, 0]) == [0, 0]


@pytest.mark.parametrize("order", range(4))
def test_derivatives_of_the_sine_quotient_near_zero(order: int) -> None:
    """Derivatives of sin(x) / x at 0 are 1, 0, -1/3, 0; close to 0 they follow the Taylor series."""
    x = variable(0, 1, Category.ROW)
    slope: Expr = apply("SinXDivX", x)
    for _ in range(order):
        slope = gradient(slope, x, constant(1.0))
    points = np.array([[0.0], [1e-9], [1e-3], [-0.1], [0.7]])
    terms = [(-1) ** k / float(np.prod(np.arange(1.0, 2 * k + 2))) for k in range(12)]
    series = np.polynomial.Polynomial([c for term in terms for c in (term, 0.0)]).deriv(order) if order else None
    expected = np.sinc(points / np.pi) if series is None else series(points)
    np.testing.assert_allclose(evaluate([slope], {x: points})[0], expected, rtol=1e-13, atol=1e-15)


def test_extremal_component_takes_the_gradient_first_on_ties() -> None:
    assert _gradient("Max", [1, 3, 3]) == [0, 1, 0]
    assert _gradient("Min", [2, 1, 1]) == [0, 1, 0]
    assert _gradient("ArgMax", [1, 3, 3]) == [0, 0, 0]


def test_choices_give_the_gradient_to_the_chosen_operand() -> None:
    """Also when the condition is a vector and the branches are scalars."""
    assert _gradient("IfElse", [1, -1, 0], [5], [7], wrt=1) == [2]
    assert _gradient("IfElse", [1, -1, 0], [5], [7], wrt=2) == [1]
    assert _gradient("IfElse", [1, -1, 0], [5, 6, 7], [7], wrt=1) == [1, 0, 1]
    assert _gradient("IfElse", [1, -1, 0], [5], [7]) == [0, 0, 0]
    assert _gradient("Where", [1, 0], [np.inf], [7], wrt=2) == [1]


@pytest.mark.parametrize("name", ["Atan2", "Powf", "Maximum"])
def test_broadcast_scalars_get_scalar_gradients(name: str) -> None:
    both = _gradient(name, [2, 2, 2], [0.5, 0.6, 0.7])
    shared = _gradient(name, [2], [0.5, 0.6, 0.7])
    assert shared == pytest.approx([sum(both)])
    assert _gradient(name, [2, 3], [0.5], wrt=1) == pytest.approx([sum(_gradient(name, [2, 3], [0.5, 0.5], wrt=1))])


@pytest.mark.parametrize("lift", ["Real2Complex", "Imag2Complex", "ComplexExp1j"])
@pytest.mark.parametrize("pair", ["ComplexMult", "ComplexAdd", "ComplexSubtract", "ComplexDivide"])
def test_complex_gradients_of_real_variables_of_odd_dimension(lift: str, pair: str) -> None:
    x, w = variable(0, 3, Category.ROW), variable(1, 6, Category.ROW)
    slope = gradient(apply(pair, apply(lift, x), w), x, variable(2, 6, Category.ROW))
    assert slope.dim == 3


def test_an_operation_without_derivative_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    stiff = Op(
        name="Stiff",
        arity=1,
        dimension=lambda dims, params: dims[0],
        reference=np.round,
    )
    monkeypatch.setitem(OPERATIONS, "Stiff", stiff)
    with pytest.raises(NotDifferentiableError, match="Stiff has no derivative"):
        _gradient("Stiff", [1.0])


def test_derivatives_of_choices_grow_linearly() -> None:
    x = variable(0, 1, Category.ROW)
    counts = []
    for terms in (150, 300):
        largest = apply("Square", x)
        for shift in range(1, terms):
            largest = apply("Maximum", largest, apply("Square", x - constant(shift)))
        counts.append(len(topological([gradient(largest, x, constant(1.0))])))
    assert counts[1] < 2.1 * counts[0]
