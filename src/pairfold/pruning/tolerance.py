"""The tolerance that is asked for: of one call, or of all calls inside of a ``with``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real

from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.call import Tolerance

__all__ = ["CURRENT", "asked_tolerance", "tolerance"]

CURRENT: ContextVar[Tolerance | None] = ContextVar("tolerance", default=None)
"""What calls take that say nothing themselves. Every thread and every asynchronous task has its own."""


def asked_tolerance(tol: object, atol: object) -> Tolerance | None:
    """Return the tolerance of two numbers that a user gives; None when both are None.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If one is no number, or negative, infinite or nan.
    """
    if tol is None and atol is None:
        return None
    return Tolerance(_checked("tol", tol), _checked("atol", atol))


def _checked(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentTypeError(
            f"{name} is {value!r}; it is a number, such as 1e-3, or None. (tol=0 allows exact pruning only.)"
        )
    number = float(value)
    if not 0 <= number < math.inf:
        raise ArgumentValueError(f"{name} is {value!r}; a tolerance is finite and at least 0.")
    return number


@contextmanager
def tolerance(tol: float | None = None, atol: float | None = None) -> Iterator[None]:
    """Let reductions inside of a ``with`` leave out pairs, as ``tol=`` and ``atol=`` of a call do.

    A call that has ``tol=`` or ``atol=`` of its own follows these. It holds for the thread, or the asynchronous task,
    that enters it; derivatives have the tolerance of the reduction that they are of, wherever they are computed. It
    does not reach into functions that are compiled once for later calls (`torch.compile`): give ``tol=`` there.

    Parameters
    ----------
    tol : float, optional
        Relative to ``sum_j |f(x_i, y_j)|``, for every row i; for a log-sum-exp, an absolute error of the logarithm. 0
        allows exact pruning only. ``tolerance(None)`` switches off what is set further out.
    atol : float, optional
        An absolute error that is allowed beside.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If one is no number, or negative, infinite or nan.

    Examples
    --------
    >>> import numpy as np
    >>> import pairfold
    >>> from pairfold.numpy import Vi, Vj
    >>> x = np.random.default_rng(0).random((2000, 3))
    >>> with pairfold.tolerance(0):
    ...     nearest = Vi(x).sqdist(Vj(x)).argmin(axis=1)
    >>> bool((nearest[:, 0] == np.arange(2000)).all())
    True
    """
    token = CURRENT.set(asked_tolerance(tol, atol))
    try:
        yield
    finally:
        CURRENT.reset(token)
