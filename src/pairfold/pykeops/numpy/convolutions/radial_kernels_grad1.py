"""``pykeops.numpy.convolutions.radial_kernels_grad1``: gradients of convolutions with radial kernels."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from numpy.typing import ArrayLike, NDArray

from pairfold.pykeops.numpy.convolutions.radial_kernels import (
    RADIAL_KERNELS,
    checked_points,
    choose,
    fill,
    inverse_square,
)
from pairfold.pykeops.numpy.generic.generic_red import Genred

__all__ = ["RadialKernelGrad1conv", "radial_kernels_grad1conv"]

Array = NDArray[Any]


@lru_cache(maxsize=64)
def _radial_gradient(kernel: str, dimension: int, width: int) -> Genred:
    formula = f"Grad({choose(RADIAL_KERNELS, kernel, 'kernel')} * B, X, A)"
    aliases = (
        "C = Pm(1)",
        f"A = Vi({width})",
        f"X = Vi({dimension})",
        f"Y = Vj({dimension})",
        f"B = Vj({width})",
    )
    return Genred(formula, aliases, "Sum", axis=1)


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
        routine = _radial_gradient(kernel, x.shape[1], beta.shape[1])
        return routine(inverse_square(sigma, "sigma"), a, x, y, beta, backend=backend)  # type: ignore[no-any-return]


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
