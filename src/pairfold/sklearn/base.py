"""What the estimators share: how points and numbers are checked."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from pairfold.errors import ArgumentValueError

__all__ = ["FLOATS", "Array", "Lazy", "PairwiseEstimator", "checked_count", "checked_number"]

Array = np.ndarray[Any, Any]

Lazy = Any
"""A LazyTensor of NumPy arrays."""

FLOATS = (np.float64, np.float32)
"""The types of points that are kept; others become the first one."""


class PairwiseEstimator(BaseEstimator):
    """An estimator that is fitted to points, and reduces over all pairs of these and others."""

    def _new_points(self, X: Any) -> Array:
        """Return points that the estimator did not see before, of which it has to be fitted."""
        check_is_fitted(self)
        points: Array = validate_data(self, X, reset=False, dtype=FLOATS, order="C")
        return points


def checked_count(name: str, value: Any) -> int:
    """Return an integer that is at least 1.

    Raises
    ------
    ArgumentValueError
        If `value` is something else.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ArgumentValueError(f"{name} is {value!r}; it must be an integer, at least 1.")
    return int(value)


def checked_number(name: str, value: Any, *, is_positive: bool = False) -> float:
    """Return a finite number that is at least 0, or greater than 0.

    Raises
    ------
    ArgumentValueError
        If `value` is something else.
    """
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < 0 or (is_positive and value == 0):
        bound = "greater than 0" if is_positive else "at least 0"
        raise ArgumentValueError(f"{name} is {value!r}; it must be a finite number, {bound}.")
    return float(value)
