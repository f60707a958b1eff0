"""The judges must be able to say no."""

from __future__ import annotations

import numpy as np
import pytest

from pairfold.ir.expr import Category
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply
from tests.comparison import assert_close, assert_owned, spread


def test_equal_arrays_pass() -> None:
    values = np.array([[1.0, np.nan], [np.inf, -np.inf]])
    assert_close(values, values.copy(), 0.0)


@pytest.mark.parametrize(
    "found",
    [
        np.array([1.0, 2.0 + 1e-3]),
        np.array([1.0, np.nan]),
        np.array([np.inf, 2.0]),
        np.array([1.0, 2.0, 2.0]),
        np.array([[1.0, 2.0]]),
    ],
)
def test_wrong_values_fail(found: np.ndarray) -> None:
    with pytest.raises(AssertionError):
        assert_close(found, np.array([1.0, 2.0]), 1e-4)


@pytest.mark.parametrize("found", [np.inf, 0.0, np.nan])
def test_special_values_are_told_apart(found: float) -> None:
    with pytest.raises(AssertionError, match="1 of 1 entries differ"):
        assert_close(np.array([found]), np.array([-np.inf]), np.array([np.inf]))


def test_indices_must_be_equal_integers() -> None:
    with pytest.raises(AssertionError):
        assert_close(np.array([1, 2]), np.array([1, 3]), 10.0)
    with pytest.raises(AssertionError, match="dtype float64"):
        assert_close(np.array([1.0, 3.0]), np.array([1, 3]), 10.0)


def test_a_nan_tolerance_allows_nothing() -> None:
    with pytest.raises(AssertionError):
        assert_close(np.array([1.0]), np.array([1.5]), np.array([np.nan]))


def test_the_spread_sees_cancellation() -> None:
    x = variable(0, 1, Category.ROW)
    y = variable(1, 1, Category.ROW)
    close = {x: np.array([1.0]), y: np.array([1.0 + 1e-3])}
    (well,) = spread([x + y], close, "float32")
    (badly,) = spread([apply("Exp", x) - apply("Exp", y)], close, "float32")
    assert well[0] < 2e-6
    assert 1e-7 < badly[0] < 1e-5
    (double,) = spread([apply("Exp", x) - apply("Exp", y)], close, "float64")
    assert double[0] < 1e-14


def test_the_spread_catches_a_wrong_formula() -> None:
    x = variable(0, 1, Category.ROW)
    points = {x: np.linspace(0.1, 1, 5)[:, None]}
    (tolerance,) = spread([apply("Sin", x)], points, "float32")
    with pytest.raises(AssertionError):
        assert_close(np.sin(points[x]) * (1 + 1e-5), np.sin(points[x]), tolerance)


def test_views_of_larger_arrays_are_noticed() -> None:
    torch = pytest.importorskip("torch")
    for array in (np.ones((3, 4)), torch.ones(3, 4)):
        assert_owned(array, array.reshape((12,)), array.reshape((2, 6)))
        with pytest.raises(AssertionError, match="with strides"):
            assert_owned(array[:, :2])
        with pytest.raises(AssertionError, match="are part of 96" if isinstance(array, np.ndarray) else "part of 48"):
            assert_owned(array[:2])
