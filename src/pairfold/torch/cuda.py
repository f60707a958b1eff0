"""Reductions of tensors in the memory of a GPU."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pairfold.engine import Call, DeviceArray
from pairfold.pruning import run_on_device

__all__ = ["run_tensors_on_gpu"]


class TorchMemory:
    """The memory and the current stream of PyTorch on one device."""

    def __init__(self, device: torch.device) -> None:
        self._torch_device = device
        self.device = device.index or 0
        self.stream = _stream(device)

    def empty(self, shape: tuple[int, ...], dtype: str) -> Tensor:
        """Return a new tensor."""
        return torch.empty(shape, dtype=getattr(torch, dtype), device=self._torch_device)

    def address(self, array: Tensor) -> int:
        """Return the address of a tensor."""
        return array.data_ptr()


def _stream(device: torch.device) -> int:
    """Return the handle of the current stream of a device."""
    return int(torch._C._cuda_getCurrentRawStream(device.index or 0))


def run_tensors_on_gpu(call: Call, arrays: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Reduce tensors on their GPU; the call returns before the work is done, as PyTorch's own operators do.

    Parameters
    ----------
    call : Call
        What is computed.
    arrays : sequence of tensors
        All on one GPU, all of the dtype of the call.

    Returns
    -------
    tuple of tensors
        On the same GPU.

    Raises
    ------
    TargetError
        If the driver reports an error.
    """
    plain = [_addressable(t) for t in arrays]
    places = [DeviceArray(t.data_ptr(), t.shape, t.stride()) for t in plain]
    return run_on_device(call, places, TorchMemory(plain[0].device), "cuda")


def _addressable(tensor: Tensor) -> Tensor:
    """Return a tensor whose components lie side by side, as kernels read them."""
    if tensor.is_neg():
        tensor = tensor.resolve_neg()
    return tensor if tensor.is_contiguous() or tensor.stride(-1) == 1 else tensor.contiguous()
