"""Plain loops for numba: parallel over rows, fast-math.

Each function takes the number of components, which numba sees as a constant, and gives the compiled loop. `exp` stays
scalar: the wheels of llvmlite lack the patch that numba needs to call Intel's vector functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

__all__ = ["gauss", "gauss_gradient", "gauss_wide", "laplace", "logsumexp"]

Loop = Callable[..., None]
_compiled = numba.njit(parallel=True, fastmath=True)


def _squared_distance(dim: int) -> Any:
    @numba.njit(fastmath=True, inline="always")
    def distance(x: Any, y: Any, i: int, j: int) -> Any:
        total = np.float32(0)
        for d in range(dim):
            total += (x[i, d] - y[j, d]) ** 2
        return total

    return distance


def gauss(dim: int) -> Loop:
    """Return the loop for one right-hand side."""
    distance = _squared_distance(dim)

    @_compiled
    def loop(x: Any, y: Any, b: Any, gamma: Any, out: Any) -> None:
        for i in numba.prange(len(x)):
            total = np.float32(0)
            for j in range(len(y)):
                total += math.exp(-gamma * distance(x, y, i, j)) * b[j, 0]
            out[i, 0] = total

    return loop


def gauss_wide(dim: int) -> Loop:
    """Return the loop for many right-hand sides."""
    distance = _squared_distance(dim)

    @_compiled
    def loop(x: Any, y: Any, b: Any, gamma: Any, out: Any) -> None:
        for i in numba.prange(len(x)):
            out[i] = 0
            for j in range(len(y)):
                kernel = math.exp(-gamma * distance(x, y, i, j))
                for e in range(b.shape[1]):
                    out[i, e] += kernel * b[j, e]

    return loop


def gauss_gradient(dim: int) -> Loop:
    """Return the loop for the gradient in three dimensions."""
    assert dim == 3

    @_compiled
    def loop(x: Any, y: Any, b: Any, gamma: Any, e: Any, out: Any) -> None:
        for i in numba.prange(len(x)):
            first = second = third = np.float32(0)
            for j in range(len(y)):
                u, v, w = x[i, 0] - y[j, 0], x[i, 1] - y[j, 1], x[i, 2] - y[j, 2]
                weight = math.exp(-gamma * (u * u + v * v + w * w)) * b[j, 0]
                first += weight * u
                second += weight * v
                third += weight * w
            factor = -2 * gamma * e[i, 0]
            out[i, 0], out[i, 1], out[i, 2] = factor * first, factor * second, factor * third

    return loop


def logsumexp(dim: int) -> Loop:
    """Return the loop in two passes, maximum and sum."""
    distance = _squared_distance(dim)

    @_compiled
    def loop(x: Any, y: Any, b: Any, gamma: Any, out: Any) -> None:
        for i in numba.prange(len(x)):
            top = np.float32(-np.inf)
            for j in range(len(y)):
                top = max(top, b[j, 0] - gamma * distance(x, y, i, j))
            total = np.float32(0)
            for j in range(len(y)):
                total += math.exp(b[j, 0] - gamma * distance(x, y, i, j) - top)
            out[i, 0] = top + math.log(total)

    return loop


def laplace(dim: int) -> Loop:
    """Return the loop for the L1 distance."""

    @_compiled
    def loop(x: Any, y: Any, b: Any, gamma: Any, out: Any) -> None:
        for i in numba.prange(len(x)):
            total = np.float32(0)
            for j in range(len(y)):
                distance = np.float32(0)
                for d in range(dim):
                    distance += abs(x[i, d] - y[j, d])
                total += math.exp(-gamma * distance) * b[j, 0]
            out[i, 0] = total

    return loop
