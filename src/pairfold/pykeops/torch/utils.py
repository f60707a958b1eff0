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

    @staticmethod
    def numpy(x: Tensor) -> Any:
        """Return a NumPy array."""
        return x.detach().cpu().numpy()

    @staticmethod
    def contiguous(x: Tensor) -> Tensor:
        """Return a contiguous tensor."""
        return x.contiguous()

    @staticmethod
    def arraysum(x: Tensor, axis: int | None = None) -> Tensor:
        """Return the sum along `axis`."""
        return x.sum() if axis is None else x.sum(axis)

    @staticmethod
    def dtype(x: Tensor) -> Any:
        """Return the dtype."""
        return x.dtype

    @staticmethod
    def dtypename(dtype: Any) -> str:
        """Return the name of a dtype."""
        return str(dtype).rpartition(".")[2]

    @staticmethod
    def array(x: Any, dtype: Any = "float32", device: Any = "cpu") -> Tensor:
        """Return a tensor."""
        return torch.tensor(x, dtype=_dtype(dtype), device=device)

    @staticmethod
    def rand(m: int, n: int, dtype: Any = "float32", device: Any = "cpu") -> Tensor:
        """Return uniform random numbers."""
        return torch.rand(m, n, dtype=_dtype(dtype), device=device)

    @staticmethod
    def randn(m: int, n: int, dtype: Any = "float32", device: Any = "cpu") -> Tensor:
        """Return normal random numbers."""
        return torch.randn(m, n, dtype=_dtype(dtype), device=device)

    @staticmethod
    def zeros(shape: Any, dtype: Any = "float32", device: Any = "cpu") -> Tensor:
        """Return zeros."""
        return torch.zeros(shape, dtype=_dtype(dtype), device=device)

    @staticmethod
    def eye(n: int, dtype: Any = "float32", device: Any = "cpu") -> Tensor:
        """Return the unit matrix."""
        return torch.eye(n, dtype=_dtype(dtype), device=device)

    @staticmethod
    def device(x: Tensor) -> Any:
        """Return the device."""
        return x.device
