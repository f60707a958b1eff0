"""Errors in units in the last place, against references of more than twice the precision."""

from __future__ import annotations

from typing import Any, NamedTuple

import mpmath
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Exact(NamedTuple):
    """Exact values, each as a sum of two float64 numbers; what float64 cannot hold is inf or nan."""

    high: Array
    low: Array


def exact(values: list[Any]) -> Exact:
    """Split mpmath numbers (or floats) into two float64 numbers each."""
    high = np.array([float(value) for value in values])
    is_finite = np.isfinite(high)
    low = [
        float(value - mpmath.mpf(h)) if finite else 0.0
        for value, h, finite in zip(values, high, is_finite, strict=True)
    ]
    return Exact(high, np.array(low))


def unit_in_the_last_place(values: Array, dtype: str) -> Array:
    """Distance between the numbers of ``dtype`` around each value, for subnormal ones too."""
    limits = np.finfo(dtype)
    exponents = np.frexp(np.maximum(np.abs(values), float(limits.smallest_normal)))[1]
    return np.ldexp(1.0, exponents - 1 - limits.nmant)


def errors(found: Array, expected: Exact) -> Array:
    """Error of each number in units in the last place of the exact value.

    A result that is nan or infinite where the rounded exact value is not (or the other way round) is infinitely wrong.
    """
    dtype = str(found.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = expected.high.astype(dtype)
        difference = np.abs((found.astype(np.float64) - expected.high) - expected.low)
        result = difference / unit_in_the_last_place(np.nan_to_num(expected.high), dtype)
    same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    return np.where(np.isfinite(found) & np.isfinite(rounded), result, np.where(same, 0.0, np.inf))


def assert_within(found: Array, expected: Exact, bound: float, *arguments: Array) -> None:
    """Fail when an error exceeds ``bound`` units in the last place, and show the worst case."""
    assert found.shape == expected.high.shape, f"shape {found.shape}, expected {expected.high.shape}"
    error = errors(found, expected)
    worst = int(np.argmax(error))
    if error[worst] > bound:
        where = ", ".join(repr(argument[worst]) for argument in arguments)
        raise AssertionError(
            f"error of {error[worst]:.3f} units in the last place, bound {bound}: "
            f"f({where}) = {found[worst]!r}, expected {expected.high[worst]!r}"
        )


def assert_same_bits(found: Array, expected: Array, *arguments: Array) -> None:
    """Fail unless the arrays agree in every bit; any nan equals any other."""
    same = (found == expected) & (np.signbit(found) == np.signbit(expected))
    same |= np.isnan(found) & np.isnan(expected)
    if not same.all():
        k = int(np.argmin(same))
        where = ", ".join(repr(argument[k]) for argument in arguments)
        raise AssertionError(f"f({where}) = {found[k]!r}, expected {expected[k]!r}")
