"""``pykeops.numpy.convolutions.radial_kernels_grad1``: gradients of convolutions with radial kernels."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike, NDArray

from pairfold.pykeops.numpy.convolutions.radial_kernels import (
    RADIAL_KERNELS,
    checked_points,
    choose,
    fill,
    inverse_square,
    summed,
)

__all__ = ["RadialKernelGrad1conv", "radial_kernels_grad1conv"]

Array = NDArray[Any]


class RadialKernelGrad1conv:
    """Gradient in x_i of ``<alpha_i, sum_j k(|x_i - y_j|) beta_j>``.

    Parameters
    ----------
    cuda_type : str, optional
        Accepted for compatibility; the arrays set the precision.

    Examples
    --------
    >>> import numpy as np
    >>> gradient = RadialKernelGrad1conv()
    >>> gradient(np.ones((1, 1)), np.ones((1, 2)), np.zeros((1, 2)), np.ones((1, 1)), 1.0, kernel="cauchy").round(3)
    array([[-0.222, -0.222]])
    """

    def __init__(self, cuda_type: object = None) -> None:
        pass

    def __call__(
        self,
        a: ArrayLike,
        x: ArrayLike,
        y: ArrayLike,
        beta: ArrayLike,
        sigma: ArrayLike,
        kernel: str = "gaussian",
        backend: str = "auto",
    ) -> Array:
        """Return the gradient, an (N, D) array; `a` has shape (N, E), the rest is as for `RadialKernelConv`."""
        a, x, y, beta = (
            checked_points(a, "a"),
            checked_points(x, "x"),
            checked_points(y, "y"),
            checked_points(beta, "beta"),
        )
        formula = f"Grad({choose(RADIAL_KERNELS, kernel, 'kernel')} * B, X, A)"
        dim, width = x.shape[1], beta.shape[1]
        aliases = ("C = Pm(1)", f"A = Vi({width})", f"X = Vi({dim})", f"Y = Vj({dim})", f"B = Vj({width})")
        return summed(formula, aliases)(inverse_square(sigma, "sigma"), a, x, y, beta, backend=backend)


def radial_kernels_grad1conv(
    alpha: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    beta: ArrayLike,
    result: Array,
    sigma: ArrayLike,
    kernel: str = "gaussian",
) -> None:
    """Fill `result` with the gradient of `RadialKernelGrad1conv`."""
    fill(result, RadialKernelGrad1conv()(alpha, x, y, beta, sigma, kernel))
