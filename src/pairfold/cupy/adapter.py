"""What the front ends must know about CuPy, and about other arrays in the memory of a GPU.

An array of another package (Numba, JAX, PyTorch, ...) is taken where it lies, by the DLPack protocol, which also puts
streams in order, else by ``__cuda_array_interface__``. Results are CuPy arrays.
"""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from pairfold.api import number_types
from pairfold.api.adapter import NUMPY, Adapter, lies_on_gpu
from pairfold.engine import TARGETS, Call, DeviceArray
from pairfold.errors import ArgumentTypeError, ArgumentValueError, MissingPackageError, TargetError
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.pruning import run_on_device

try:
    import cupy
except ModuleNotFoundError as error:
    if error.name != "cupy":
        raise
    raise MissingPackageError(
        "pairfold.cupy needs the package CuPy, which is not installed. Install it with `pip install cupy-cuda13x "
        "pairfold[cuda]` (cupy-cuda12x for a driver of CUDA 12); arrays on the CPU are for pairfold.numpy.",
        name="cupy",
    ) from None

__all__ = ["CUPY", "Tensor"]

Array = Any
"""A cupy.ndarray; CuPy has no types that a checker could read."""

# ---------------------------------------------------------------- arrays


def _as_array(value: Any) -> Array:
    if isinstance(value, cupy.ndarray):
        return value
    if isinstance(value, (bool, int, float, complex)):
        return CUPY.from_numbers(value)
    if CUPY.as_number(value) is not None:
        return cupy.asarray(value)
    kind = type(value).__name__
    if getattr(value, "requires_grad", False):
        raise ArgumentTypeError(
            f"found an object of type {kind} that tracks gradients, which CuPy arrays do not have. Use pairfold.torch, "
            "or give `tensor.detach()`."
        )
    if lies_on_gpu(value):
        return cupy.from_dlpack(value) if hasattr(value, "__dlpack__") else cupy.asarray(value)
    hint = ""
    if isinstance(value, np.ndarray) or hasattr(value, "__dlpack__"):
        hint = " This one lies in the memory of the CPU: send it with `cupy.asarray(array)`, or use pairfold.numpy."
    raise ArgumentTypeError(
        f"found an object of type {kind}; allowed are CuPy arrays, other arrays on a GPU that have "
        f"__cuda_array_interface__ or DLPack, and numbers.{hint}"
    )


def _as_pairs(array: Array) -> Array:
    with array.device:
        return number_types.as_pairs(array)


def _from_pairs(array: Array) -> Array:
    with array.device:
        return number_types.from_pairs(array)


def _prepare(array: Array, dtype: Any, shape: Sequence[int] | None, stretched: Sequence[int] | None) -> Array:
    with array.device:
        result = number_types.as_pairs(array) if array.dtype.kind == "c" else array
        result = result.astype(dtype, copy=False)
        if shape is not None:
            result = result.reshape(tuple(shape))
        return result if stretched is None else cupy.broadcast_to(result, tuple(stretched))


def _zeros(shape: Sequence[int], dtype: Any, args: Sequence[Array]) -> Array:
    with args[0].device if args else contextlib.nullcontext():
        return cupy.zeros(shape, dtype)


def _arange(count: int, like: Array) -> Array:
    with like.device:
        return cupy.arange(count, dtype=like.dtype)


# ---------------------------------------------------------------- the engine


class CupyMemory:
    """The memory and the current stream of CuPy on its current device."""

    def __init__(self, device: int) -> None:
        self.device = device
        self.stream = int(cupy.cuda.get_current_stream().ptr)

    def empty(self, shape: tuple[int, ...], dtype: str) -> Array:
        """Return a new array."""
        return cupy.empty(shape, dtype)

    def address(self, array: Array) -> int:
        """Return the address of an array."""
        return int(array.data.ptr)


def _run(call: Call, arrays: Sequence[Array | None]) -> tuple[Array, ...]:
    """Carry out a reduction; the call returns before the work is done, as CuPy's own functions do."""
    if call.options.target not in (None, CUPY.target):
        asked = TARGETS[call.options.target].backend
        raise TargetError(
            f"backend={asked!r} was asked for, and the arrays are on a GPU. Fetch them with `array.get()` and use "
            "pairfold.numpy, or leave backend out."
        )
    device = _common_device(call.problem, arrays)
    with cupy.cuda.Device(device):
        plain = [None if array is None else _addressable(array, call.dtype, device) for array in arrays]
        places = [None if array is None else _place(array) for array in plain]
        return run_on_device(call, places, CupyMemory(device), "cuda")


def _common_device(problem: Problem, arrays: Sequence[Array | None]) -> int:
    """Return the device of the rows and columns; parameters may be elsewhere.

    Numbers in a program are arrays on the device that is the current one.
    """
    found = [None if array is None else int(array.device.id) for array in arrays]
    devices = {device for device in found if device is not None}
    if len(devices) > 1:
        read = problem.arguments
        points = {
            d
            for k, d in enumerate(found)
            if d is not None and (k not in read or read[k].category != Category.PARAMETER)
        }
        devices = points or devices
        if len(points) > 1:
            raise ArgumentValueError(
                f"The arrays are on different devices, numbers {', '.join(map(str, sorted(points)))}. Copy them to "
                "one, with `with cupy.cuda.Device(number): array = array.copy()`."
            )
    return min(devices)


def _addressable(array: Array, dtype: Any, device: int) -> Array:
    """Return an array of that type on the current device whose components lie side by side, as kernels read them."""
    if array.device.id != device:
        array = array.copy()
    array = array.astype(dtype, copy=False)
    if array.shape[-1] == 1 or array.strides[-1] == array.itemsize:
        return array
    return cupy.ascontiguousarray(array)


def _place(array: Array) -> DeviceArray:
    size = array.itemsize
    return DeviceArray(int(array.data.ptr), array.shape, tuple([step // size for step in array.strides]))


CUPY = Adapter(
    name="CuPy",
    xp=cupy,
    as_array=_as_array,
    array_type=cupy.ndarray,
    working_dtype=NUMPY.working_dtype,
    is_real=NUMPY.is_real,
    is_complex=NUMPY.is_complex,
    as_pairs=_as_pairs,
    from_pairs=_from_pairs,
    permute=cupy.transpose,
    as_dtype=NUMPY.as_dtype,
    contiguous=cupy.ascontiguousarray,
    to_numpy=lambda array: array.get(),
    dtype_name=NUMPY.dtype_name,
    prepare=_prepare,
    zeros=_zeros,
    arange=_arange,
    run=_run,
    from_numpy=cupy.asarray,
    copied=cupy.array,
    at=operator.attrgetter("device"),
    target="cuda",
)

# ---------------------------------------------------------------- classes


class Tensor:
    """Arrays of other packages in the memory of a GPU are taken where they lie."""

    __slots__ = ()
    # The operators of CuPy's arrays leave it to the other operand only so.
    __array_ufunc__ = None
