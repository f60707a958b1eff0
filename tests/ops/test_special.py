"""Special functions, splines, alignments, complex numbers and old kernels against independent definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline
from scipy.special import spherical_jn

from pairfold.ir.expr import Category
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply
from pairfold.targets.reference import evaluate
from pairfold.transform.expand import expand

GENERATOR = np.random.default_rng(0)


def _run(name: str, *arrays: np.ndarray, params: tuple[object, ...] = ()) -> np.ndarray:
    """Evaluate the expansion of an operation on arrays of shape (points, dim)."""
    names = [variable(p, array.shape[-1], Category.ROW) for p, array in enumerate(arrays)]
    return evaluate(expand([apply(name, *names, params=params)]), dict(zip(names, arrays, strict=True)))[0]


@pytest.mark.parametrize("order", range(6))
def test_spherical_bessel_functions(order: int) -> None:
    x = np.concatenate([np.linspace(-20, 20, 401), [1e-12, 1e-5, order + 1.5 - 1e-9, order + 1.5]])[:, None]
    expected = spherical_jn(order, np.abs(x)) * np.where(x < 0, (-1.0) ** order, 1.0)
    np.testing.assert_allclose(_run("SphericalBessel", x, params=(order,)), expected, atol=1e-13)


@pytest.mark.parametrize("degree", range(4))
def test_splines(degree: int) -> None:
    knots = np.array([0.0, 0.0, 1.0, 1.5, 3.0, 3.0, 4.0, 5.0])
    x = np.linspace(-0.5, 5.5, 61)[:, None]
    found = _run("BSpline", knots[None], x, params=(degree,))
    count = len(knots) - degree - 1
    assert found.shape == (61, count)
    inside = (knots[0] <= x[:, 0]) & (x[:, 0] < knots[-1])
    assert np.all(found[~inside] == 0)
    for number in range(count):
        element = knots[number : number + degree + 2]
        if element[0] == element[-1]:
            expected = np.zeros(len(x))
        else:
            expected = np.nan_to_num(BSpline.basis_element(element, extrapolate=False)(x[:, 0]))
        away = np.all(np.abs(x - knots) > 1e-9, axis=1)
        np.testing.assert_allclose(found[away, number], expected[away], atol=1e-14)


def test_splines_are_zero_at_the_last_knot_and_closed_at_the_first() -> None:
    knots = np.array([[0.0, 1.0, 2.0]])
    assert _run("BSpline", knots, np.array([[0.0]]), params=(0,)).tolist() == [[1, 0]]
    assert _run("BSpline", knots, np.array([[1.0]]), params=(0,)).tolist() == [[0, 1]]
    assert _run("BSpline", knots, np.array([[2.0]]), params=(0,)).tolist() == [[0, 0]]


def test_soft_alignment_of_short_series() -> None:
    """With a small temperature the soft alignment is the hard one."""
    x, y = np.array([[0.0, 90.0]]), np.array([[0.0, 0.0, 0.0]])
    found = _run("SoftDTW_SqDist", x, y, np.array([[1e-3]]))
    np.testing.assert_allclose(found, [[8100.0]], rtol=1e-4)


def _interleaved(z: np.ndarray) -> np.ndarray:
    return np.stack([z.real, z.imag], axis=-1).reshape(len(z), -1)


@pytest.mark.parametrize(
    ("name", "function"),
    [("ComplexSqrt", np.sqrt), ("ComplexLog", np.log), ("ComplexExp", np.exp), ("Conj", np.conj)],
)
def test_complex_functions_in_every_quadrant(name: str, function: np.ufunc) -> None:
    z = np.array([[1 + 2j, -1 + 2j, -1 - 2j, 1 - 2j, -3 + 0j, 3 + 0j, 1j, -1j]])
    np.testing.assert_allclose(_run(name, _interleaved(z)), _interleaved(function(z)), atol=1e-15)


def test_complex_division_neither_overflows_nor_underflows() -> None:
    z, w = np.array([[1e200 + 1e200j]]), np.array([[1e200 - 2e200j]])
    np.testing.assert_allclose(_run("ComplexDivide", _interleaved(z), _interleaved(w)), _interleaved(z / w))
    tiny = w * 1e-200 * 1e-200
    np.testing.assert_allclose(_run("ComplexDivide", _interleaved(tiny), _interleaved(tiny)), [[1, 0]], atol=1e-15)


def test_complex_square_root_at_the_origin() -> None:
    assert _run("ComplexSqrt", np.zeros((1, 2))).tolist() == [[0, 0]]


def test_hyperbolic_inverses_do_not_overflow() -> None:
    large = np.array([[1e200], [-1e200]])
    np.testing.assert_allclose(_run("Asinh", large), np.arcsinh(large))
    np.testing.assert_allclose(_run("Acosh", np.abs(large)), np.arccosh(np.abs(large)))
    np.testing.assert_allclose(_run("Softplus", large), np.logaddexp(large, 0))
    np.testing.assert_allclose(_run("Sigmoid", large), [[1], [0]])
