"""``pykeops.numpy.convolutions.radial_kernels``: convolutions with radial kernels, and what their relatives share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pairfold.errors import ArgumentValueError
from pairfold.pykeops.numpy.generic.generic_red import Genred

__all__ = [
    "RADIAL_KERNELS",
    "RadialKernelConv",
    "checked_points",
    "choose",
    "fill",
    "inverse_square",
    "radial_kernels_conv",
    "summed",
]

Array = NDArray[Any]

RADIAL_KERNELS = {
    "gaussian": "Exp(-C * SqDist(X, Y))",
    "laplacian": "Exp(-Sqrt(C * SqDist(X, Y)))",
    "cauchy": "Inv(1 + C * SqDist(X, Y))",
    "inverse_multiquadric": "Rsqrt(1 + C * SqDist(X, Y))",
}
"""Kernels of positions X and Y, where C is 1 / sigma**2."""


def choose(table: Mapping[str, str], name: str, what: str) -> str:
    """Return the formula of a kernel; raises `ArgumentValueError` when there is none of this name."""
    if name not in table:
        raise ArgumentValueError(f"The {what} is {name!r}; allowed are {', '.join(map(repr, table))}.")
    return table[name]


def checked_points(value: ArrayLike, name: str) -> Array:
    """Return an array of points, checked."""
    array = np.asarray(value)
    if array.ndim != 2:
        raise ArgumentValueError(f"{name} has shape {array.shape}; it must have two axes, (points, dimension).")
    return array


def inverse_square(sigma: ArrayLike, name: str) -> Array:
    """Return 1 / sigma**2 of a width, checked."""
    # A float64 array with one entry would turn float32 results into float64; one without axes does not.
    width = np.asarray(sigma, np.float64)
    if width.size != 1:
        raise ArgumentValueError(f"{name} has shape {width.shape}; it must be one number, the width of the kernel.")
    return np.asarray(1.0 / width.reshape(()) ** 2)


@lru_cache(maxsize=128)
def summed(formula: str, aliases: tuple[str, ...]) -> Callable[..., Array]:
    """Return the routine that sums a formula over j."""
    return Genred(formula, aliases, "Sum", axis=1)


class RadialKernelConv:
    """Convolution with a radial kernel: ``sum_j k(|x_i - y_j|) beta_j``.

    Parameters
    ----------
    cuda_type : str, optional
        Accepted for compatibility; the arrays set the precision.

    Examples
    --------
    >>> import numpy as np
    >>> convolve = RadialKernelConv()
    >>> convolve(np.zeros((2, 3)), np.zeros((5, 3)), np.ones((5, 1)), 0.5, kernel="cauchy")
    array([[5.],
           [5.]])
    """

    def __init__(self, cuda_type: object = None) -> None:
        pass

    def __call__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        beta: ArrayLike,
        sigma: ArrayLike,
        kernel: str = "gaussian",
        backend: str = "auto",
    ) -> Array:
        """Return the convolution.

        Parameters
        ----------
        x : (N, D) array
            Where the convolution is evaluated.
        y, beta : (M, D) and (M, E) arrays
            Points and the weights that they carry.
        sigma : float
            Width of the kernel.
        kernel : str
            With C = 1 / sigma**2: ``"gaussian"``, exp(-C r^2); ``"laplacian"``, exp(-sqrt(C r^2)); ``"cauchy"``,
            1 / (1 + C r^2); ``"inverse_multiquadric"``, 1 / sqrt(1 + C r^2).
        backend : str
            As for `pairfold.numpy.Genred`.

        Returns
        -------
        (N, E) array

        Raises
        ------
        ArgumentValueError
            If the kernel is not known or a shape does not fit.
        """
        x, y, beta = checked_points(x, "x"), checked_points(y, "y"), checked_points(beta, "beta")
        formula = f"{choose(RADIAL_KERNELS, kernel, 'kernel')} * B"
        aliases = ("C = Pm(1)", f"X = Vi({x.shape[1]})", f"Y = Vj({x.shape[1]})", f"B = Vj({beta.shape[1]})")
        return summed(formula, aliases)(inverse_square(sigma, "sigma"), x, y, beta, backend=backend)


def radial_kernels_conv(
    x: ArrayLike, y: ArrayLike, beta: ArrayLike, result: Array, sigma: ArrayLike, kernel: str = "gaussian"
) -> None:
    """Fill `result` with the convolution of `RadialKernelConv`."""
    fill(result, RadialKernelConv()(x, y, beta, sigma, kernel))


def fill(result: Array, value: Array) -> None:
    """Write `value` into the array of a caller."""
    if not isinstance(result, np.ndarray) or result.shape not in (value.shape, value.shape[:1] * (value.shape[1] == 1)):
        raise ArgumentValueError(
            f"result must be an array of shape {value.shape}, which is filled; found "
            f"{result.shape if isinstance(result, np.ndarray) else type(result).__name__}."
        )
    result[...] = value.reshape(result.shape)
