"""Kernels by the names and the objects that scikit-learn has for them, and any others."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.gaussian_process import kernels as objects

from pairfold.api.tree import array_of
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.numpy import LazyTensor, Pm, Vi, Vj, where
from pairfold.sklearn.base import Lazy
from pairfold.sklearn.expressions import Builder, called, expression_of, named, of_all_pairs

__all__ = ["KERNELS", "kernel_of", "noise_of"]

# ---------------------------------------------------------------- by name


def _scale(x: Lazy, gamma: float | None) -> float:
    return 1.0 / x.shape[-1] if gamma is None else gamma


def _polynomial(x: Lazy, y: Lazy, gamma: float | None = None, degree: float = 3, coef0: float = 1) -> Lazy:
    return (_scale(x, gamma) * (x | y) + coef0) ** degree


def _sigmoid(x: Lazy, y: Lazy, gamma: float | None = None, coef0: float = 1) -> Lazy:
    return (_scale(x, gamma) * (x | y) + coef0).tanh()


def _rbf(x: Lazy, y: Lazy, gamma: float | None = None) -> Lazy:
    return (-_scale(x, gamma) * x.sqdist(y)).exp()


def _laplacian(x: Lazy, y: Lazy, gamma: float | None = None) -> Lazy:
    return (-_scale(x, gamma) * (x - y).abs().sum(-1)).exp()


def _cosine(x: Lazy, y: Lazy) -> Lazy:
    # A square root of 0 has the inverse 0 here.
    return (x | y) * (x | x).rsqrt() * (y | y).rsqrt()


def _chi2(x: Lazy, y: Lazy, gamma: float | None = None) -> Lazy:
    total = x + y
    return (-(1.0 if gamma is None else gamma) * ((x - y) ** 2 / where(total > 0, total, 1)).sum(-1)).exp()


KERNELS: dict[str, Builder] = {
    "linear": lambda x, y: x | y,
    **dict.fromkeys(("polynomial", "poly"), _polynomial),
    "rbf": _rbf,
    "laplacian": _laplacian,
    "sigmoid": _sigmoid,
    "cosine": _cosine,
    "chi2": _chi2,
}
"""``builder(x, y, **parameters)`` makes a LazyTensor."""


def parameters_of(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some parameters that a kernel has: each of them knows a few only."""
    known = inspect.signature(KERNELS[name]).parameters
    return {key: value for key, value in given.items() if key in known}


def kernel_of(given: Any, points: Any, others: Any, parameters: Mapping[str, Any] | None = None) -> Lazy:
    """Return the kernel that a user gave, of all pairs of two sets of points.

    Parameters
    ----------
    given : str, sklearn.gaussian_process.kernels.Kernel or callable
        A name, a formula in x and y, a kernel of scikit-learn, or a function of two LazyTensors.
    points, others : array or Tree, shape (N, D) and (M, D)
        Points indexed by i and by j.
    parameters : mapping, optional
        What the kernel takes beside.

    Returns
    -------
    LazyTensor, shape (N, M, 1)

    Raises
    ------
    PairfoldError
        If there is no such kernel.
    """
    x, y, parameters = Vi(points), Vj(others), {} if parameters is None else parameters
    if isinstance(given, objects.Kernel):
        if parameters:
            raise ArgumentValueError(
                f"The kernel {given} has its parameters itself; found {dict(parameters)!r} beside."
            )
        found = _of_object(given, x, y)
        if not isinstance(found, LazyTensor):
            raise ArgumentValueError(f"The kernel {given} is noise alone; add a kernel of the points.")
        return of_all_pairs(found, x, y)
    builder = named("kernel", given, KERNELS) if isinstance(given, str) else None
    if builder is None:
        return expression_of("kernel", given, x, y, parameters)
    if given == "chi2" and min(array_of(points).min(), array_of(others).min()) < 0:
        raise ArgumentValueError(
            "The chi2 kernel is one of numbers that are at least 0, and some features are negative."
        )
    return called(f"kernel {given!r}", builder, x, y, parameters)


# ---------------------------------------------------------------- objects of scikit-learn


def _scaled_square(x: Lazy, y: Lazy, length: Any) -> Lazy:
    """Return squared distances in units of one length, or of one for each feature."""
    if np.ndim(length) == 0:
        return x.sqdist(y) * float(1 / length**2)
    inverse = Pm((1 / np.asarray(length)).tolist())
    return (x * inverse).sqdist(y * inverse)


def _of_matern(kernel: Any, x: Lazy, y: Lazy) -> Lazy:
    square = _scaled_square(x, y, kernel.length_scale)
    if kernel.nu == math.inf:
        return (-square / 2).exp()
    if kernel.nu not in (0.5, 1.5, 2.5):
        raise ArgumentValueError(
            f"A Matern kernel has nu = 0.5, 1.5, 2.5 or inf here; found {kernel.nu}, which needs Bessel functions."
        )
    distance = (square * float(2 * kernel.nu)).sqrt()
    factor = {0.5: 1, 1.5: 1 + distance, 2.5: 1 + distance + distance**2 / 3}[kernel.nu]
    return factor * (-distance).exp()


def _of_rational_quadratic(kernel: Any, x: Lazy, y: Lazy) -> Lazy:
    ratio = x.sqdist(y) * float(1 / (2 * kernel.alpha * kernel.length_scale**2))
    return (-float(kernel.alpha) * (1 + ratio).log()).exp()


def _of_sine(kernel: Any, x: Lazy, y: Lazy) -> Lazy:
    sine = ((x - y).norm() * float(math.pi / kernel.periodicity)).sin()
    return (sine**2 * float(-2 / kernel.length_scale**2)).exp()


def _of_sum(kernel: Any, x: Lazy, y: Lazy) -> Any:
    return _of_object(kernel.k1, x, y) + _of_object(kernel.k2, x, y)


def _of_product(kernel: Any, x: Lazy, y: Lazy) -> Any:
    first, second = _of_object(kernel.k1, x, y), _of_object(kernel.k2, x, y)
    # Noise belongs to no pair of different points.
    return first * second if isinstance(first, LazyTensor) and isinstance(second, LazyTensor) else 0


def _of_power(kernel: Any, x: Lazy, y: Lazy) -> Any:
    return _of_object(kernel.kernel, x, y) ** float(kernel.exponent)


_OBJECTS: dict[type[Any], Callable[[Any, Lazy, Lazy], Any]] = {
    objects.ConstantKernel: lambda kernel, x, y: Pm([float(kernel.constant_value)]),
    objects.DotProduct: lambda kernel, x, y: (x | y) + float(kernel.sigma_0**2),
    objects.ExpSineSquared: _of_sine,
    objects.Exponentiation: _of_power,
    objects.Matern: _of_matern,
    objects.Product: _of_product,
    objects.RBF: lambda kernel, x, y: (_scaled_square(x, y, kernel.length_scale) * -0.5).exp(),
    objects.RationalQuadratic: _of_rational_quadratic,
    objects.Sum: _of_sum,
    objects.WhiteKernel: lambda kernel, x, y: 0,
}
"""``builder(kernel, x, y)`` makes a LazyTensor, or 0 of noise."""


def _of_object(kernel: Any, x: Lazy, y: Lazy) -> Any:
    builder = _OBJECTS.get(type(kernel))
    if builder is None:
        raise ArgumentTypeError(
            f"The kernel {kernel} is of the type {type(kernel).__name__}; known here are "
            f"{', '.join(sorted(kind.__name__ for kind in _OBJECTS))}. Write any other as a formula in x and y."
        )
    return builder(kernel, x, y)


def noise_of(kernel: Any) -> float:
    """Return the noise that a kernel of scikit-learn adds to the diagonal; other kernels add none.

    Raises
    ------
    ArgumentValueError
        If it is multiplied by what is no constant.
    """
    if isinstance(kernel, objects.WhiteKernel):
        return float(kernel.noise_level)
    if isinstance(kernel, objects.Sum):
        return noise_of(kernel.k1) + noise_of(kernel.k2)
    if isinstance(kernel, objects.Product):
        for one, other in ((kernel.k1, kernel.k2), (kernel.k2, kernel.k1)):
            if isinstance(one, objects.ConstantKernel):
                return float(one.constant_value) * noise_of(other)
        inner = noise_of(kernel.k1) + noise_of(kernel.k2)
    else:
        inner = noise_of(kernel.kernel) if isinstance(kernel, objects.Exponentiation) else 0.0
    if inner:
        raise ArgumentValueError(
            f"In the kernel {kernel}, noise is multiplied by what is no constant. Add a WhiteKernel to the rest "
            "instead."
        )
    return 0.0
