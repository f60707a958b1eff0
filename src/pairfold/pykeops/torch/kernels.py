"""``pykeops.torch.kernels``: `kernel_product` and its relatives, with a dense computation for checking."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from pairfold.errors import ArgumentValueError
from pairfold.pykeops.kernel_product import MODES, Gamma, Product, make_kernel_product
from pairfold.pykeops.kernels import Formula, Kernel, kernel_formulas
from pairfold.pykeops.torch.generic.generic_red import Genred

__all__ = ["FeaturesKP", "Formula", "Kernel", "KernelProduct", "kernel_formulas", "kernel_product"]

# ---------------------------------------------------------------- the dense computation


def _metric(x: Tensor, y: Tensor, gamma: Gamma) -> Tensor:
    """Return the (N, M) matrix of <x - y, gamma (x - y)>."""
    difference = x[:, None, :] - y[None, :, :]
    dim = x.shape[1]
    weights: Tensor = gamma.tensor
    if gamma.side:
        weights = weights.unsqueeze(1 if gamma.side == "i" else 0)
    if weights.shape[-1] == dim**2 and dim > 1:
        matrix = weights.reshape(*weights.shape[:-1], dim, dim)
        return (difference[..., :, None] * matrix * difference[..., None, :]).sum((-1, -2))
    return (weights * difference**2).sum(-1)


def _quantities(x: Tensor, y: Tensor, gamma: Gamma | None) -> dict[str, Tensor]:
    found = {"x": x, "y": y, "xsy": x @ y.T}
    if gamma is not None:
        found |= {"g": gamma.tensor, "gxmy2": _metric(x, y, gamma)}
    return found


_OTHER_NAMES = (
    {"x": "x", "y": "y", "g": "g", "gxmy2": "gxmy2", "xsy": "xsy"},
    {"x": "u", "y": "v", "g": "h", "gxmy2": "humv2", "xsy": "usv"},
    {"x": "s", "y": "t", "g": "i", "gxmy2": "ismt2", "xsy": "sst"},
)
"""The keywords of a user's own kernel for the first, second and third pair of features."""


def _own_quantities(product: Product) -> dict[str, Tensor]:
    keywords: dict[str, Tensor] = {}
    gammas = [*product.gammas, *[None] * len(product.xs)]
    for names, x, y, gamma in zip(_OTHER_NAMES, product.xs, product.ys, gammas, strict=False):
        keywords |= {names[key]: value for key, value in _quantities(x, y, gamma).items()}
    return keywords


def _accepted(routine: Callable[..., Tensor], keywords: dict[str, Tensor]) -> dict[str, Tensor]:
    parameters = inspect.signature(routine).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return keywords
    return {name: value for name, value in keywords.items() if name in parameters}


def _dense_kernel(product: Product, is_log: bool) -> Tensor:
    """Return the (N, M) matrix of the kernel, or of its logarithm."""
    kernel = product.kernel
    routine = kernel.routine_log if is_log else kernel.routine_sum
    if routine is None:
        name = "routine_log" if is_log else "routine_sum"
        raise ArgumentValueError(f"{kernel!r} has no {name}, which backend='pytorch' needs; set it, or use 'auto'.")
    if kernel.atoms is None:
        keywords = _own_quantities(product)
        return routine(**_accepted(routine, keywords))  # type: ignore[no-any-return]
    quantities = [
        _quantities(product.xs[atom.pair], product.ys[atom.pair], gamma)
        for atom, gamma in zip(kernel.atoms, product.gammas, strict=True)
    ]
    return routine(quantities)  # type: ignore[no-any-return]


def _dense(product: Product, backend: str) -> Tensor:
    if backend == "matrix":
        return _dense_kernel(product, is_log=False)
    matrix = _dense_kernel(product, MODES[product.mode].is_log)
    return _REDUCE[product.mode](matrix, *product.tensors)


_REDUCE: dict[str, Callable[..., Tensor]] = {
    "sum": lambda k, b: k @ b,
    "lse": lambda c, b: (c[:, :, None] + b).logsumexp(1),
    "log_scaled": lambda c, b, u, v: (c + u + v.T).exp() @ b,
    "log_scaled_lse": lambda c, b, u, v: ((c + u + v.T)[:, :, None] + b).logsumexp(1),
    "log_scaled_barycenter": lambda c, b, u, v, b2: (
        (c + u + v.T).exp() @ b - (c + u + v.T).exp().sum(1, keepdim=True) * b2
    ),
    "lse_mult_i": lambda c, b, a: (a[:, :, None] * c[:, :, None] + b).logsumexp(1),
    "sinkhorn_primal": lambda c, u, v, u2, v2: ((u2 + v2.T - 1) * (c + u + v.T).exp()).sum(1, keepdim=True),
    "sinkhorn_cost": lambda c, u, v: (-c * (c + u + v.T).exp()).sum(1, keepdim=True),
}
"""The modes on the dense matrix, by the names in `MODES`."""


# ---------------------------------------------------------------- the functions

kernel_product = make_kernel_product(Genred, _dense)


def KernelProduct(  # noqa: N802 - the name that programs use
    gamma: Any,
    x: Any,
    y: Any,
    b: Tensor,
    kernel: Kernel,
    mode: str = "sum",
    backend: str = "auto",
    bonus_args: Sequence[Tensor] | None = None,
) -> Tensor:
    """Return the kernel product of `kernel_product`, with everything as an argument."""
    params = {"id": kernel, "gamma": gamma}
    return kernel_product(params, x, y, b, mode=mode, backend=backend, bonus_args=bonus_args)  # type: ignore[no-any-return]


def FeaturesKP(  # noqa: N802 - the name that programs use
    kernel: Kernel,
    *args: Any,
    mode: str = "sum",
    backend: str = "auto",
    bonus_args: Sequence[Tensor] | None = None,
    dtype: object = None,
) -> Tensor:
    """Return a kernel product from gammas, features and weights.

    Parameters
    ----------
    kernel : Kernel
        The kernel.
    *args : tensors or tuples of tensors
        ``gammas, xs, ys, bs`` as four tuples, or ``G, X, Y, b``, ``G, X, Y, H, U, V, b`` or
        ``G, X, Y, H, U, V, I, S, T, b``.
    mode, backend, bonus_args, dtype
        As for `kernel_product`.

    Raises
    ------
    ArgumentValueError
        If there are other numbers of arguments.
    """
    if len(args) == 4 and isinstance(args[3], (tuple, list)):
        gammas, xs, ys, tensors = args
    elif len(args) in (4, 7, 10):
        gammas, xs, ys, tensors = args[:-1:3], args[1:-1:3], args[2:-1:3], args[-1:]
    else:
        raise ArgumentValueError(
            "FeaturesKP takes a kernel and (gammas, xs, ys, bs), or gamma, x and y for each of up to three pairs of "
            f"features, then b; found {len(args)} arguments after the kernel."
        )
    params = {"id": kernel, "gamma": tuple(gammas)}
    return kernel_product(  # type: ignore[no-any-return]
        params, tuple(xs), tuple(ys), *tensors, mode=mode, backend=backend, bonus_args=bonus_args
    )
