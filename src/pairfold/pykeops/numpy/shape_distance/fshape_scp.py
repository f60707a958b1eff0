"""``pykeops.numpy.shape_distance.fshape_scp``: products of functional shapes."""

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

__all__ = ["FshapeScp", "FshapeScp_dx", "cuda_shape_scp"]

Array = NDArray[Any]

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
            choose({name: RADIAL_KERNELS[name] for name in ("gaussian", "cauchy")}, kernel_geom, "kernel_geom"),
            choose(SIGNAL_KERNELS, kernel_sig, "kernel_sig"),
            choose(SPHERE_KERNELS, kernel_sphere, "kernel_sphere"),
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
        points = [checked_points(value, name) for name, value in arrays.items()]
        aliases = ["C = Pm(1)", "CS = Pm(1)", "CN = Pm(1)"]
        for name, array in zip("XYFGAB", points, strict=True):
            aliases.append(f"{name} = {'Vi' if name in 'XFA' else 'Vj'}({array.shape[1]})")
        routine = summed(self._formula, tuple(aliases))
        widths = {"sigma_geom": sigma_geom, "sigma_sig": sigma_sig, "sigma_sphere": sigma_sphere}
        inverse = [inverse_square(value, name) for name, value in widths.items()]
        return routine(*inverse, *points, backend=backend)


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
    fill(result, product(x, y, f, g, alpha, beta, sigma_geom, sigma_sig, sigma_sphere))
