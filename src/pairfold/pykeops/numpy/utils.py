"""``pykeops.numpy.utils``: dense kernels of width s, for checks, and the functions of both frameworks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.errors import ArgumentValueError
from pairfold.pykeops.numpy.cluster import swap_axes as exchange
from pairfold.pykeops.numpy.generic.generic_red import Genred as Routine
from pairfold.pykeops.numpy.operations import KernelSolve as Solver

__all__ = [
    "WarmUpGpu",
    "chain_rules",
    "differences",
    "grad_np_kernel",
    "log_np_kernel",
    "log_sum_exp",
    "np_kernel",
    "np_kernel_sphere",
    "numpytools",
    "squared_distances",
]

Array = NDArray[Any]
Radial = Callable[[Array, float], Array]


def squared_distances(x: Array, y: Array) -> Array:
    """Return the (N, M) matrix of squared distances of (N, D) and (M, D) points."""
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(-1)  # type: ignore[no-any-return]


def differences(x: Array, y: Array) -> Array:
    """Return the (D, N, M) array of differences of (N, D) and (M, D) points."""
    return x.T[:, :, None] - y.T[:, None, :]


def _choose(table: dict[str, Callable[..., Array]], kernel: str) -> Callable[..., Array]:
    if kernel not in table:
        raise ArgumentValueError(f"The kernel is {kernel!r}; allowed are {', '.join(map(repr, table))}.")
    return table[kernel]


_KERNELS: dict[str, Radial] = {
    "gaussian": lambda q, s: np.exp(-q / s**2),
    "laplacian": lambda q, s: np.exp(-np.sqrt(q) / s),
    "cauchy": lambda q, s: 1 / (1 + q / s**2),
    "inverse_multiquadric": lambda q, s: 1 / np.sqrt(1 + q / s**2),
}
_LOGARITHMS: dict[str, Radial] = {
    "gaussian": lambda q, s: -q / s**2,
    "laplacian": lambda q, s: -np.sqrt(q) / s,
    "cauchy": lambda q, s: -np.log(1 + q / s**2),
    "inverse_multiquadric": lambda q, s: -0.5 * np.log(1 + q / s**2),
}
_DERIVATIVES: dict[str, Radial] = {
    "gaussian": lambda q, s: -np.exp(-q / s**2) / s**2,
    "laplacian": lambda q, s: -np.exp(-np.sqrt(q) / s) / (2 * s * np.sqrt(q)),
    "cauchy": lambda q, s: -1 / (s * (1 + q / s**2)) ** 2,
    "inverse_multiquadric": lambda q, s: -0.5 / (s**2 * (1 + q / s**2) ** 1.5),
}
_SPHERE: dict[str, Radial] = {
    "binet": lambda p, s: p**2,
    "linear": lambda p, s: p,
    "gaussian_unoriented": lambda p, s: np.exp((2 * p**2 - 2) / s**2),
    "gaussian_oriented": lambda p, s: np.exp((2 * p - 2) / s**2),
}


def np_kernel(x: Array, y: Array, s: float, kernel: str) -> Array:
    """Return the (N, M) matrix of a radial kernel of width `s`: gaussian, laplacian, cauchy, inverse_multiquadric."""
    return _choose(_KERNELS, kernel)(squared_distances(x, y), s)


def log_np_kernel(x: Array, y: Array, s: float, kernel: str) -> Array:
    """Return the logarithm of `np_kernel`."""
    return _choose(_LOGARITHMS, kernel)(squared_distances(x, y), s)


def grad_np_kernel(x: Array, y: Array, s: float, kernel: str) -> Array:
    """Return the derivative of `np_kernel` in the squared distance."""
    return _choose(_DERIVATIVES, kernel)(squared_distances(x, y), s)


def np_kernel_sphere(nalpha: Array, nbeta: Array, s: float, kernel: str) -> Array:
    """Return the (N, M) matrix of a kernel of directions: binet, linear, gaussian_unoriented, gaussian_oriented."""
    return _choose(_SPHERE, kernel)(nalpha @ nbeta.T, s)


def chain_rules(q: Array, ax: Array, by: Array, Aa: Array, p: Array) -> Array:  # noqa: N803 - a public name
    """Return the gradient in x_i of ``sum_j k(|x_i - y_j|^2) <q_i, p_j>``, where `Aa` is the derivative of k.

    Parameters
    ----------
    q, p : (N, E) and (M, E) arrays
        Weights.
    ax, by : (N, D) and (M, D) arrays
        Points.
    Aa : (N, M) array
        As `grad_np_kernel` returns it.

    Returns
    -------
    (N, D) array
    """
    weights = 2 * Aa * (q @ p.T)
    return weights.sum(1)[:, None] * ax - weights @ by  # type: ignore[no-any-return]


def log_sum_exp(mat: Array, axis: int = 0) -> Array:
    """Return the log-sum-exp of an array along `axis`."""
    largest = mat.max(axis=axis, keepdims=True)
    return np.squeeze(largest, axis) + np.log(np.exp(mat - largest).sum(axis=axis))  # type: ignore[no-any-return]


def WarmUpGpu() -> None:  # noqa: N802 - the name that programs use
    """Do nothing: the first call is as fast as the others."""


class numpytools:  # noqa: N801 - the name that programs use
    """Functions that PyTorch has under the same names, for code that works with both."""

    Genred = Routine
    KernelSolve = Solver
    arraytype = np.ndarray
    copy = staticmethod(np.copy)
    exp = staticmethod(np.exp)
    log = staticmethod(np.log)
    norm = staticmethod(np.linalg.norm)
    transpose = staticmethod(np.transpose)
    tile = staticmethod(np.tile)
    solve = staticmethod(np.linalg.solve)
    size = staticmethod(np.size)
    numpy = staticmethod(np.asarray)
    contiguous = staticmethod(np.ascontiguousarray)
    view = staticmethod(np.reshape)
    swap_axes = staticmethod(exchange)
    is_tensor = staticmethod(lambda x: isinstance(x, np.ndarray))
    arraysum = staticmethod(lambda x, axis=None: x.sum(axis))
    dtype = staticmethod(lambda x: x.dtype)
    dtypename = staticmethod(lambda dtype: str(np.dtype(dtype)))
    device = staticmethod(lambda x: "cpu")
    array = staticmethod(lambda x, dtype="float32", device=None: np.array(x, dtype))
    # Programs set the seed of this generator.
    rand = staticmethod(lambda m, n, dtype="float32", device=None: np.random.rand(m, n).astype(dtype))  # noqa: NPY002
    randn = staticmethod(lambda m, n, dtype="float32", device=None: np.random.randn(m, n).astype(dtype))  # noqa: NPY002
    zeros = staticmethod(lambda shape, dtype="float32", device=None: np.zeros(shape, dtype))
    eye = staticmethod(lambda n, dtype="float32", device=None: np.eye(n, dtype=dtype))
