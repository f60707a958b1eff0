"""The judge must be able to say no."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from tests.codegen.ulps import assert_same_bits, assert_within, errors, exact, unit_in_the_last_place


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_errors_are_counted(dtype: str) -> None:
    one = np.ones(1, dtype)
    above = np.nextafter(one, one + 1)
    below = np.nextafter(one, one - 1)
    expected = exact([mpmath.mpf(1)])
    assert errors(one, expected)[0] == 0
    assert errors(above, expected)[0] == 1
    assert errors(below, expected)[0] == 0.5


def test_the_low_part_counts() -> None:
    with mpmath.workprec(100):
        expected = exact([mpmath.mpf(1) + mpmath.mpf(2) ** -54])
    assert errors(np.ones(1), expected)[0] == 0.25


def test_units_of_subnormal_numbers() -> None:
    assert unit_in_the_last_place(np.array([0.0, 1e-45, 1.0]), "float32").tolist() == [2.0**-149, 2.0**-149, 2.0**-23]
    assert unit_in_the_last_place(np.array([0.0, 5e-324]), "float64").tolist() == [5e-324, 5e-324]


def test_a_wrong_value_fails() -> None:
    expected = exact([mpmath.exp(1), mpmath.exp(2)])
    assert_within(np.exp([1.0, 2.0]), expected, 1.0)
    with pytest.raises(AssertionError, match=r"bound 1.0: f\(np.float64\(2.0\)\) = np.float64\(7.389"):
        assert_within(np.exp([1.0, 2.0]) * [1, 1 + 1e-15], expected, 1.0, np.array([1.0, 2.0]))


@pytest.mark.parametrize(("found", "expected"), [(np.inf, 1.0), (1.0, np.inf), (np.nan, 1.0), (1.0, np.nan)])
def test_special_values_are_told_apart(found: float, expected: float) -> None:
    with pytest.raises(AssertionError, match="error of inf units"):
        assert_within(np.array([found]), exact([expected]), 1e300)


def test_float32_overflows_earlier() -> None:
    expected = exact([mpmath.mpf(10) ** 39])
    assert errors(np.array([np.inf], np.float32), expected)[0] == 0
    assert errors(np.array([3e38], np.float32), expected)[0] == np.inf


def test_shapes_must_agree() -> None:
    with pytest.raises(AssertionError, match=r"shape \(1,\), expected \(2,\)"):
        assert_within(np.ones(1), exact([1.0, 1.0]), 1.0)


def test_signs_of_zero_are_told_apart() -> None:
    assert_same_bits(np.array([-0.0, np.nan, np.inf]), np.array([-0.0, -np.nan, np.inf]))
    with pytest.raises(AssertionError, match="expected"):
        assert_same_bits(np.array([0.0]), np.array([-0.0]), np.array([1.0]))
    with pytest.raises(AssertionError, match="expected"):
        assert_same_bits(np.array([np.nan]), np.array([0.0]), np.array([1.0]))
