"""The NumPy interface of 2018: convolutions with radial kernels, and products of functional shapes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pairfold.errors import ArgumentValueError
from pairfold.numpy.front_end import Genred
from pairfold.pykeops.classic_product import make_kernel_product

__all__ = [
    "FshapeScp",
    "FshapeScp_dx",
    "RadialKernelConv",
    "RadialKernelGrad1conv",
    "cuda_shape_scp",
    "kernel_product",
    "radial_kernels_conv",
    "radial_kernels_grad1conv",
]

Array = NDArray[Any]

kernel_product = make_kernel_product(Genred)

RADIAL_KERNELS = {
    "gaussian": "Exp(-C * SqDist(X, Y))",
    "laplacian": "Exp(-Sqrt(C * SqDist(X, Y)))",
    "cauchy": "Inv(1 + C * SqDist(X, Y))",
    "inverse_multiquadric": "Rsqrt(1 + C * SqDist(X, Y))",
}
"""Kernels of positions X and Y, where C is 1 / sigma**2."""

SIGNAL_KERNELS = {
    "gaussian": "Exp(-CS * SqDist(F, G))",
    "cauchy": "Inv(1 + CS * SqDist(F, G))",
}
"""Kernels of signals F and G."""

SPHERE_KERNELS = {
    "binet": "Square(A | B)",
    "linear": "(A | B)",
    "gaussian_unoriented": "Exp(CN * (2 * Square(A | B) - 2))",
    "gaussian_oriented": "Exp(CN * (2 * (A | B) - 2))",
}
"""Kernels of directions A and B."""


def _kernel(table: Mapping[str, str], name: str, what: str) -> str:
    if name not in table:
        raise ArgumentValueError(f"The {what} is {name!r}; allowed are {', '.join(map(repr, table))}.")
    return table[name]


def _points(value: ArrayLike, name: str) -> Array:
    array = np.asarray(value)
    if array.ndim != 2:
        raise ArgumentValueError(f"{name} has shape {array.shape}; it must have two axes, (points, dimension).")
    return array


def _inverse_square(sigma: ArrayLike, name: str) -> Array:
    # A float64 array with one entry would turn float32 results into float64; one without axes does not.
    width = np.asarray(sigma, np.float64)
    if width.size != 1:
        raise ArgumentValueError(f"{name} has shape {width.shape}; it must be one number, the width of the kernel.")
    return np.asarray(1.0 / width.reshape(()) ** 2)


@lru_cache(maxsize=64)
def _radial(kernel: str, dimension: int, width: int) -> Genred:
    formula = f"{_kernel(RADIAL_KERNELS, kernel, 'kernel')} * B"
    aliases = ("C = Pm(1)", f"X = Vi({dimension})", f"Y = Vj({dimension})", f"B = Vj({width})")
    return Genred(formula, aliases, "Sum", axis=1)


@lru_cache(maxsize=64)
def _radial_gradient(kernel: str, dimension: int, width: int) -> Genred:
    formula = f"Grad({_kernel(RADIAL_KERNELS, kernel, 'kernel')} * B, X, A)"
    aliases = (
        "C = Pm(1)",
        f"A = Vi({width})",
        f"X = Vi({dimension})",
        f"Y = Vj({dimension})",
        f"B = Vj({width})",
    )
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
        x, y, beta = _points(x, "x"), _points(y, "y"), _points(beta, "beta")
        routine = _radial(kernel, x.shape[1], beta.shape[1])
        return routine(_inverse_square(sigma, "sigma"), x, y, beta, backend=backend)  # type: ignore[no-any-return]


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
        a, x, y, beta = _points(a, "a"), _points(x, "x"), _points(y, "y"), _points(beta, "beta")
        routine = _radial_gradient(kernel, x.shape[1], beta.shape[1])
        return routine(_inverse_square(sigma, "sigma"), a, x, y, beta, backend=backend)  # type: ignore[no-any-return]


def radial_kernels_conv(
    x: ArrayLike, y: ArrayLike, beta: ArrayLike, result: Array, sigma: ArrayLike, kernel: str = "gaussian"
) -> None:
    """Fill `result` with the convolution of `RadialKernelConv`."""
    _fill(result, RadialKernelConv()(x, y, beta, sigma, kernel))


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
    _fill(result, RadialKernelGrad1conv()(alpha, x, y, beta, sigma, kernel))


def _fill(result: Array, value: Array) -> None:
    if not isinstance(result, np.ndarray) or result.shape not in (value.shape, value.shape[:1] * (value.shape[1] == 1)):
        raise ArgumentValueError(
            f"result must be an array of shape {value.shape}, which is filled; found "
            f"{result.shape if isinstance(result, np.ndarray) else type(result).__name__}."
        )
    result[...] = value.reshape(result.shape)


class _ShapeProduct:
    """What the product of functional shapes and its derivative share."""

    wrapper = "{}"

    def __init__(
        self,
        kernel_geom: str = "gaussian",
        kernel_sig: str = "gaussian",
        kernel_sphere: str = "gaussian_unoriented",
        cuda_type: object = None,
    ) -> None:
        parts = (
            _kernel({name: RADIAL_KERNELS[name] for name in ("gaussian", "cauchy")}, kernel_geom, "kernel_geom"),
            _kernel(SIGNAL_KERNELS, kernel_sig, "kernel_sig"),
            _kernel(SPHERE_KERNELS, kernel_sphere, "kernel_sphere"),
        )
        self._formula = self.wrapper.format(" * ".join(parts))

    def __call__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        f: ArrayLike,
        g: ArrayLike,
        alpha: ArrayLike,
        beta: ArrayLike,
        sigma_geom: ArrayLike = 1.0,
        sigma_sig: ArrayLike = 1.0,
        sigma_sphere: ArrayLike = 1.0,
        backend: str = "auto",
    ) -> Array:
        """Return the reduction.

        Parameters
        ----------
        x, y : (N, D) and (M, D) arrays
            Positions.
        f, g : (N, S) and (M, S) arrays
            Signals.
        alpha, beta : (N, T) and (M, T) arrays
            Directions, used as they are.
        sigma_geom, sigma_sig, sigma_sphere : float
            Widths of the kernels.
        backend : str
            As for `pairfold.numpy.Genred`.

        Returns
        -------
        array
            One row per point of `x`.

        Raises
        ------
        ArgumentValueError
            If a shape does not fit.
        """
        arrays = {"x": x, "y": y, "f": f, "g": g, "alpha": alpha, "beta": beta}
        points = [_points(value, name) for name, value in arrays.items()]
        aliases = ["C = Pm(1)", "CS = Pm(1)", "CN = Pm(1)"]
        for name, array in zip("XYFGAB", points, strict=True):
            aliases.append(f"{name} = {'Vi' if name in 'XFA' else 'Vj'}({array.shape[1]})")
        routine = _shape_routine(self._formula, tuple(aliases))
        widths = {"sigma_geom": sigma_geom, "sigma_sig": sigma_sig, "sigma_sphere": sigma_sphere}
        inverse = [_inverse_square(value, name) for name, value in widths.items()]
        return routine(*inverse, *points, backend=backend)  # type: ignore[no-any-return]


@lru_cache(maxsize=64)
def _shape_routine(formula: str, aliases: tuple[str, ...]) -> Genred:
    return Genred(formula, aliases, "Sum", axis=1)


class FshapeScp(_ShapeProduct):
    """Product of functional shapes: ``sum_j k(x_i, y_j) k'(f_i, g_j) k''(alpha_i, beta_j)``, an (N, 1) array.

    Parameters
    ----------
    kernel_geom, kernel_sig : str
        Kernels of positions and of signals: ``"gaussian"``, exp(-r^2 / sigma^2), or ``"cauchy"``,
        1 / (1 + r^2 / sigma^2).
    kernel_sphere : str
        Kernel of directions, where p is their scalar product: ``"binet"``, p^2; ``"linear"``, p;
        ``"gaussian_unoriented"``, exp((2 p^2 - 2) / sigma^2); ``"gaussian_oriented"``, exp((2 p - 2) / sigma^2).
    cuda_type : str, optional
        Accepted for compatibility; the arrays set the precision.

    Raises
    ------
    ArgumentValueError
        If a kernel is not known.

    Examples
    --------
    >>> import numpy as np
    >>> x, f, alpha = np.zeros((1, 3)), np.ones((1, 1)), np.array([[1.0, 0.0]])
    >>> FshapeScp(kernel_sphere="binet")(x, x, f, f, alpha, alpha, 0.5, 0.5, 0.5)
    array([[1.]])
    """


class FshapeScp_dx(_ShapeProduct):  # noqa: N801 - the name that programs use
    """Gradient in x_i of the product of `FshapeScp`, an (N, D) array; the parameters are the same."""

    wrapper = "Grad({}, X, 1)"


def cuda_shape_scp(
    x: ArrayLike,
    y: ArrayLike,
    f: ArrayLike,
    g: ArrayLike,
    alpha: ArrayLike,
    beta: ArrayLike,
    result: Array,
    sigma_geom: ArrayLike = 1.0,
    sigma_sig: ArrayLike = 1.0,
    sigma_sphere: ArrayLike = 1.0,
    kernel_geom: str = "gaussian",
    kernel_sig: str = "gaussian",
    kernel_sphere: str = "gaussian_unoriented",
) -> None:
    """Fill `result`, an array with one entry per point of `x`, with the product of `FshapeScp`."""
    product = FshapeScp(kernel_geom, kernel_sig, kernel_sphere)
    _fill(result, product(x, y, f, g, alpha, beta, sigma_geom, sigma_sig, sigma_sphere))
