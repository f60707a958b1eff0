"""The randomized Nystrom preconditioner.

Frangella, Tropp and Udell, "Randomized Nystrom preconditioning", 2021.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from pairfold.errors import ArgumentValueError, NotConvergedError
from pairfold.solvers.linear_operator import Array, Operator, as_type

__all__ = ["Nystrom", "nystrom_preconditioner"]

MOST_RANK = 500


@dataclass(frozen=True)
class Nystrom:
    """Ask for a Nystrom preconditioner: the `rank` leading eigenvectors of the matrix, found by random products.

    Attributes
    ----------
    rank : int, default None
        Number of eigenvectors; None takes the square root of the size, 500 at most. The set-up costs one product of
        the matrix with as many columns.
    seed : int, default 0
        Of the random test matrix: the same seed gives the same result.

    Examples
    --------
    >>> import pairfold as pf
    >>> x = np.linspace(0, 1, 300)[:, None]
    >>> kernel = (-20 * pf.Vi(x).sqdist(pf.Vj(x))).exp()
    >>> for choice in (None, pf.Nystrom(rank=20)):
    ...     _, report = kernel.solve(np.sin(6 * x), alpha=0.01, preconditioner=choice, return_report=True)
    ...     print(report.iterations < 5)
    False
    True
    """

    rank: int | None = None
    seed: int = 0


def nystrom_preconditioner(
    operator: Operator,
    b: Array,
    alpha: float,
    *,
    rank: int | None = None,
    seed: int = 0,
    alike: bool = True,
    xp: ModuleType = np,
) -> Operator:
    """Return the randomized Nystrom preconditioner of K + alpha.

    Products of K with a random matrix give its leading eigenvectors U and eigenvalues L; the preconditioner divides by
    ``L + alpha`` along U, and by the smallest of these numbers elsewhere.

    Parameters
    ----------
    operator : callable
        As for `solve_linear`, on any number of columns if `alike`.
    b : (*batch, N, E) array
        Right-hand sides; only shape and dtype count.
    alpha : float
        Added to the diagonal of K.
    rank, seed
        As for `Nystrom`.
    alike : bool
        As for `solve_linear`.
    xp : module
        The array module.

    Returns
    -------
    callable
        Takes arrays of the shape of `b` to such arrays.

    Raises
    ------
    ArgumentValueError
        If `rank` is not from 1 to the size of the matrix.
    NotConvergedError
        If K is not positive semi-definite.

    Examples
    --------
    >>> from pairfold.solvers.conjugate_gradients import solve_linear
    >>> matrix, b = np.diag(0.5 ** np.arange(60.0)), np.ones((60, 1))
    >>> precondition = nystrom_preconditioner(lambda v: matrix @ v, b, alpha=1e-6, rank=30)
    >>> for choice in (None, precondition):
    ...     _, report = solve_linear(lambda v: matrix @ v, b, alpha=1e-6, preconditioner=choice, return_report=True)
    ...     print(report.iterations)
    84
    2
    """
    batch, size = tuple(b.shape[:-2]), b.shape[-2] if alike else b.shape[-2] * b.shape[-1]
    if size == 0:
        return lambda r: r
    columns = min(size, MOST_RANK, math.ceil(math.sqrt(size))) if rank is None else rank
    if not isinstance(columns, int | np.integer) or not 1 <= columns <= size:
        raise ArgumentValueError(f"rank is {rank!r}; it must be an integer from 1 to {size}, the size of the matrix.")
    random = np.random.default_rng(seed).standard_normal((*batch, size, columns))
    test = np.linalg.qr(random)[0]
    # CuPy makes arrays on its current device.
    device = {"device": b.device} if xp.__name__ == "torch" else {}
    test = xp.asarray(test, dtype=b.dtype, **device)
    products = operator(test) if alike else _one_by_one(operator, test, tuple(b.shape[-2:]), xp)
    vectors, values = _leading_eigenvectors(test, products, xp.finfo(b.dtype).eps, xp)
    # A matrix of lower rank without alpha has eigenvalues 0: they are left alone.
    damped = values + alpha + np.finfo(np.float64).tiny
    shrink = damped[..., -1:] / damped - 1.0
    vectors = as_type(vectors, b.dtype, xp)
    adjoint = xp.conj(xp.swapaxes(vectors, -1, -2))
    shrink = as_type(shrink, b.dtype, xp)[..., :, None]

    def precondition(r: Array) -> Array:
        flat = r if alike else r.reshape(*batch, size, 1)
        return (flat + vectors @ (shrink * (adjoint @ flat))).reshape(r.shape)

    return precondition


def _one_by_one(operator: Operator, test: Array, shape: tuple[int, int], xp: ModuleType) -> Array:
    """Multiply the columns of `test`, seen as arrays of `shape`, one after the other."""
    batch = test.shape[:-2]
    found = [operator(test[..., k].reshape(*batch, *shape)).reshape(*batch, -1) for k in range(test.shape[-1])]
    return xp.stack(found, axis=-1)


def _leading_eigenvectors(test: Array, products: Array, unit: float, xp: ModuleType) -> tuple[Array, Array]:
    """Return eigenvectors and decreasing eigenvalues of the Nystrom approximation, in float64.

    Algorithm 2.1 of the paper; the shift that makes the small matrix definite grows until it suffices.
    """
    precise = xp.complex128 if test.dtype in (xp.complex64, xp.complex128) else xp.float64
    test, products = as_type(test, precise, xp), as_type(products, precise, xp)
    if not bool(xp.all(xp.isfinite(products))):
        raise NotConvergedError(
            "A product with the matrix is not finite: look for nan, inf or overflow in the arguments of the formula."
        )
    scale = xp.sqrt(xp.sum(abs(products) ** 2, axis=(-2, -1), keepdims=True)) + np.finfo(np.float64).tiny
    shift = unit * math.sqrt(test.shape[-2]) * scale
    for _ in range(8):
        shifted = products + shift * test
        small = xp.conj(xp.swapaxes(test, -1, -2)) @ shifted
        spectrum, directions = xp.linalg.eigh((small + xp.conj(xp.swapaxes(small, -1, -2))) / 2)
        if bool(xp.all(spectrum > 0)):
            root = directions / xp.sqrt(spectrum)[..., None, :]
            vectors, singular, _ = xp.linalg.svd(shifted @ root, full_matrices=False)
            values = singular**2 - shift[..., 0]
            return vectors, values * (values > 0)
        shift = 10.0 * shift
    raise NotConvergedError(
        "The Nystrom preconditioner found that the matrix is not positive semi-definite; conjugate gradients need that."
    )
