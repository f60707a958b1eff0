"""What is to be known about tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce as fold
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pairfold.api.adapter import NUMPY, Arrays
from pairfold.errors import ArgumentTypeError, ArgumentValueError, TargetError

__all__ = ["TENSORS"]

_REAL = frozenset({torch.float32, torch.float64, torch.float16, torch.bfloat16})
_WHOLE = frozenset({torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64})


_NO_TRACE = (
    "torch.jit.trace would take the sizes of this reduction, and what it returns, for constants. Use "
    "torch.compile(function), or torch.export.export(module, arguments) to save a graph: both record the reduction."
)


def _as_array(value: object) -> Tensor:
    if isinstance(value, Tensor):
        if torch._C._is_tracing():
            raise TargetError(_NO_TRACE)
        if value.layout is not torch.strided or value.is_nested:
            layout = "nested layout" if value.is_nested else f"layout {value.layout}"
            remedy = "torch.nested.to_padded_tensor(tensor, 0.0)" if value.is_nested else "tensor.to_dense()"
            raise ArgumentTypeError(f"found a tensor of {layout}; tensors must be dense. Convert it with `{remedy}`.")
        return value
    if isinstance(value, (bool, int, float, complex)):
        return torch.from_numpy(NUMPY.as_array(value))
    hint = ""
    if isinstance(value, np.ndarray):
        hint = " Convert it with `torch.from_numpy(array)`, or use pairfold.numpy."
    if isinstance(value, (list, tuple)):
        hint = " Convert it with `torch.as_tensor(values)`."
    raise ArgumentTypeError(
        f"found an object of type {type(value).__name__}; allowed are PyTorch tensors and numbers.{hint}"
    )


def _working_dtype(dtypes: Iterable[torch.dtype]) -> torch.dtype:
    given = {dtype.to_real() if dtype.is_complex else dtype for dtype in dtypes}
    for dtype in given:
        if dtype not in _REAL and dtype not in _WHOLE:
            raise ArgumentValueError(
                f"found the dtype {dtype}; allowed are float32, float64, float16, bfloat16, complex numbers of these, "
                "integers and booleans. Cast the argument, with `tensor.to(...)`."
            )
    real = given & _REAL
    return fold(torch.promote_types, real) if real else torch.get_default_dtype()


def _as_pairs(array: Tensor) -> Tensor:
    pairs = torch.view_as_real(array.resolve_conj())
    return pairs.flatten(-2) if array.dim() else pairs


def _from_pairs(array: Tensor) -> Tensor:
    array = array.to(TENSORS.computing_dtype([array.dtype]))
    return torch.view_as_complex(array.unflatten(-1, (-1, 2)).contiguous())


def _as_dtype(value: Any) -> torch.dtype | None:
    found = getattr(torch, value, None) if isinstance(value, str) else value
    return found if isinstance(found, torch.dtype) else None


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _prepare(array: Tensor, dtype: torch.dtype, shape: Sequence[int] | None, stretched: Sequence[int] | None) -> Tensor:
    result = (_as_pairs(array) if array.is_complex() else array).to(dtype)
    if shape is not None:
        result = result.reshape(tuple(shape))
    return result if stretched is None else result.expand(tuple(stretched))


def _to_numpy(array: Tensor) -> np.ndarray[Any, Any]:
    array = array.detach().cpu()
    # NumPy has no bfloat16.
    array = array.float() if array.dtype == torch.bfloat16 else array
    found: np.ndarray[Any, Any] = array.numpy()
    return found


TENSORS = Arrays(
    name="PyTorch",
    xp=torch,
    as_array=_as_array,
    array_type=Tensor,
    working_dtype=_working_dtype,
    is_real=lambda dtype: dtype not in _WHOLE,
    is_complex=lambda dtype: dtype.is_complex,
    as_pairs=_as_pairs,
    from_pairs=_from_pairs,
    permute=lambda array, axes: array.permute(tuple(axes)),
    as_dtype=_as_dtype,
    contiguous=lambda array: array.contiguous(),
    to_numpy=_to_numpy,
    dtype_name=_dtype_name,
    prepare=_prepare,
    zeros=lambda shape, dtype, args: torch.zeros(shape, dtype=dtype, device=args[0].device if args else None),
    arange=lambda count, like: torch.arange(count, dtype=like.dtype, device=like.device),
    from_numpy=torch.from_numpy,
    copied=lambda array: array.clone(memory_format=torch.contiguous_format),
)
