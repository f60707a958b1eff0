"""``pykeops.torch.utils``: dense kernels of width s, for checks, and the functions of both frameworks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from pairfold.errors import ArgumentValueError
from pairfold.pykeops.kernels import Formula
from pairfold.pykeops.torch.cluster import swap_axes as exchange
from pairfold.pykeops.torch.generic.generic_red import Genred as Routine
from pairfold.pykeops.torch.operations import KernelSolve as Solver

__all__ = ["Formula", "is_on_device", "squared_distances", "torch_kernel", "torchtools"]


def is_on_device(x: Tensor) -> bool:
    """Whether a tensor lies on a GPU."""
    return x.is_cuda


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Return the (N, M) matrix of squared distances of (N, D) and (M, D) points."""
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(-1)


_KERNELS: dict[str, Callable[[Tensor, Any], Tensor]] = {
    "gaussian": lambda q, s: (-q / s**2).exp(),
    "laplacian": lambda q, s: (-q.sqrt() / s).exp(),
    "cauchy": lambda q, s: 1 / (1 + q / s**2),
    "inverse_multiquadric": lambda q, s: (1 + q / s**2).rsqrt(),
}


def torch_kernel(x: Tensor, y: Tensor, s: Any, kernel: str) -> Tensor:
    """Return the (N, M) matrix of a radial kernel of width `s`: gaussian, laplacian, cauchy, inverse_multiquadric."""
    if kernel not in _KERNELS:
        raise ArgumentValueError(f"The kernel is {kernel!r}; allowed are {', '.join(map(repr, _KERNELS))}.")
    return _KERNELS[kernel](squared_distances(x, y), s)


def _dtype(dtype: Any) -> Any:
    return getattr(torch, dtype) if isinstance(dtype, str) else dtype


class torchtools:  # noqa: N801 - the name that programs use
    """Functions that NumPy has under the same names, for code that works with both."""

    Genred = Routine
    KernelSolve = Solver
    arraytype = Tensor
    copy = staticmethod(torch.clone)
    exp = staticmethod(torch.exp)
    log = staticmethod(torch.log)
    norm = staticmethod(torch.linalg.norm)
    transpose = staticmethod(torch.t)
    tile = staticmethod(torch.tile)
    solve = staticmethod(torch.linalg.solve)
    size = staticmethod(torch.numel)
    is_tensor = staticmethod(torch.is_tensor)
    view = staticmethod(torch.reshape)
    swap_axes = staticmethod(exchange)
    numpy = staticmethod(lambda x: x.detach().cpu().numpy())
    contiguous = staticmethod(lambda x: x.contiguous())
    arraysum = staticmethod(lambda x, axis=None: x.sum() if axis is None else x.sum(axis))
    dtype = staticmethod(lambda x: x.dtype)
    dtypename = staticmethod(lambda dtype: str(dtype).rpartition(".")[2])
    device = staticmethod(lambda x: x.device)
    array = staticmethod(lambda x, dtype="float32", device="cpu": torch.tensor(x, dtype=_dtype(dtype), device=device))
    rand = staticmethod(
        lambda m, n, dtype="float32", device="cpu": torch.rand(m, n, dtype=_dtype(dtype), device=device)
    )
    randn = staticmethod(
        lambda m, n, dtype="float32", device="cpu": torch.randn(m, n, dtype=_dtype(dtype), device=device)
    )
    zeros = staticmethod(
        lambda shape, dtype="float32", device="cpu": torch.zeros(shape, dtype=_dtype(dtype), device=device)
    )
    eye = staticmethod(lambda n, dtype="float32", device="cpu": torch.eye(n, dtype=_dtype(dtype), device=device))
