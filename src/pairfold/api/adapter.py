"""What the front ends must know about an array framework: one record each."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from pairfold.api.call_plan import Key, Numbers
from pairfold.api.number_types import arithmetic_of, as_pairs, from_pairs, working_dtype
from pairfold.api.protocols import ArrayProtocols
from pairfold.errors import ArgumentTypeError
from pairfold.pruning import run

__all__ = ["NUMPY", "Adapter", "Arrays", "lies_on_gpu"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Arrays:
    """The arrays of one framework.

    Every array has the attributes ``shape`` and ``dtype``; what else is needed is here.

    Attributes
    ----------
    name : str
        For messages.
    xp : module
        Its functions on arrays: ``xp.zeros``, ``xp.where`` and so on.
    as_array : callable
        ``as_array(value) -> array``: an array of the framework from an array or a number; raises `ArgumentTypeError`.
    array_type : type
        Its arrays; anything else goes through `prepare`.
    working_dtype : callable
        ``working_dtype(dtypes) -> dtype``: the real dtype of the results for arguments of these dtypes, by the
        promotion rules of the framework; for none and for integers the default precision, which programs may change.
        Raises `ArgumentValueError`.
    is_real : callable
        Whether a dtype is one of floating-point numbers, complex ones included: neither integers nor booleans.
    is_complex : callable
        Whether a dtype is complex.
    as_pairs, from_pairs : callable
        From a complex array ``(..., n)`` to a real one ``(..., 2 n)``, re, im, re, im, ..., and back.
    permute : callable
        ``permute(array, axes)`` puts the axes into this order.
    as_dtype : callable
        ``as_dtype(value)``: the dtype that a user names, or None when it is none.
    contiguous : callable
        ``contiguous(array) -> array`` in the order of memory that C has, copied if need be.
    to_numpy : callable
        ``to_numpy(array)``: the numbers as a NumPy array, from whatever device and without derivatives.
    dtype_name : callable
        ``"float32"`` for the dtype float32, and so on.
    prepare : callable
        ``prepare(array, dtype, shape, stretched) -> array``: complex numbers to pairs, cast, insert or drop axes of
        length 1 (`shape`, or None), then broadcast (`stretched`, or None).
    zeros : callable
        ``zeros(shape, dtype, args) -> array`` on the device of the arguments.
    arange : callable
        ``arange(count, like)``: 0, 1, 2, ... of the dtype and on the device of the array `like`.
    from_numpy : callable
        ``from_numpy(array) -> array`` of the numbers of a NumPy array, where the framework makes new arrays.
    copied : callable
        ``copied(array) -> array``, the same numbers in memory that nobody else writes to; arrays that cannot be changed
        may return themselves.
    is_staged : callable
        ``is_staged(array)``: whether an array stands for those of later calls, of which nobody knows in what context
        they will be.
    at : callable
        ``at(array)``: a context in which new arrays lie on the device of `array`.
    is_weak : callable, optional
        ``is_weak(array)``: whether its dtype is that of a Python number, which never changes the dtype of a result;
        None where no array is so.
    """

    name: str
    xp: ModuleType
    as_array: Callable[[Any], Any]
    array_type: type[Any]
    working_dtype: Callable[[Iterable[Any]], Any]
    is_real: Callable[[Any], bool]
    is_complex: Callable[[Any], bool]
    as_pairs: Callable[[Any], Any]
    from_pairs: Callable[[Any], Any]
    permute: Callable[[Any, Sequence[int]], Any]
    as_dtype: Callable[[Any], Any]
    contiguous: Callable[[Any], Any]
    to_numpy: Callable[[Any], np.ndarray[Any, Any]]
    dtype_name: Callable[[Any], str]
    prepare: Callable[[Any, Any, Sequence[int] | None, Sequence[int] | None], Any]
    zeros: Callable[[Sequence[int], Any, Sequence[Any]], Any]
    arange: Callable[[int, Any], Any]
    from_numpy: Callable[[np.ndarray[Any, Any]], Any]
    copied: Callable[[Any], Any] = deepcopy
    is_staged: Callable[[Any], bool] = lambda array: False
    at: Callable[[Any], AbstractContextManager[Any]] = nullcontext
    is_weak: Callable[[Any], bool] | None = None

    def key(self, array: Any) -> Key:
        """Return what a `Routine` knows an array by."""
        kind = Numbers if self.is_weak is not None and self.is_weak(array) else type(array)
        return (kind, array.shape, array.dtype)

    def from_numbers(self, values: Any) -> Any:
        """Return the float64 or complex128 array of a number or nested lists of numbers."""
        return self.from_numpy(_from_numbers(values))

    def as_number(self, value: object) -> int | float | complex | None:
        """Return the Python number for a scalar of NumPy that is no array (``np.float64(2)``), or None."""
        if isinstance(value, np.generic) and value.dtype.kind in "biufc":
            number: int | float | complex = value.item()
            return number
        return None

    def computing_dtype(self, dtypes: Iterable[Any]) -> Any:
        """Return the dtype of the arithmetic on arguments of these dtypes, float32 or float64."""
        return self.as_dtype(arithmetic_of(map(self.dtype_name, dtypes)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Adapter(Arrays):
    """The record of one framework: its arrays, and how they are reduced.

    Attributes
    ----------
    run : callable
        ``run(call, arrays)``: the engine on arrays of the framework, as `pairfold.engine.run`; the ranges of the call
        are six arrays.
    in_parts : bool
        Whether `run` cuts the columns into parts, so that there may be more of them than one call of the engine takes.
    target : str or None
        What the engine runs on, ``"cuda"`` for arrays that always lie on a GPU; None where arrays and options tell.
    writes : bool
        Whether entries of its arrays can be set.
    """

    run: Callable[..., tuple[Any, ...]]
    in_parts: bool = False
    target: str | None = None
    writes: bool = True


_CUDA = (2, 13)
"""Numbers of the memory of NVIDIA GPUs in DLPack: their own, and the one that is shared with the CPU."""


def lies_on_gpu(value: object) -> bool:
    """Tell whether `value` is an array in the memory of an NVIDIA GPU, of whatever package."""
    place = getattr(type(value), "__dlpack_device__", None)
    if place is not None:
        return place(value)[0] in _CUDA
    return hasattr(value, "__cuda_array_interface__")


# ---------------------------------------------------------------- NumPy


def _as_array(value: object) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ma.MaskedArray):
        raise ArgumentTypeError(
            "found a masked array, whose mask would be ignored; fill it first, with `array.filled(value)`."
        )
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    if isinstance(value, (bool, int, float, complex)):
        return _from_numbers(value)
    if isinstance(value, (list, tuple)):
        return _converted(value)
    kind = type(value).__name__
    if lies_on_gpu(value):
        raise ArgumentTypeError(
            f"found an object of type {kind} in the memory of a GPU. Use pairfold.cupy, or pairfold.torch for PyTorch "
            "tensors, which reduce arrays where they are; or copy it to the CPU, as `array.get()` of CuPy does."
        )
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        raise ArgumentTypeError(
            f"found an object of type {kind}; allowed are NumPy arrays and numbers. Use pairfold.torch, which has "
            "derivatives, or convert it with `tensor.numpy()`."
        )
    if isinstance(value, ArrayProtocols):
        raise ArgumentTypeError("found a LazyTensor where an array is needed; `dense()` makes one.")
    if hasattr(type(value), "__array__"):
        return _converted(value)
    raise ArgumentTypeError(f"found an object of type {kind}; allowed are NumPy arrays and numbers.")


def _converted(value: Any) -> np.ndarray[Any, Any]:
    """Return the array of a list, a data frame or the like."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as reason:
        raise ArgumentTypeError(
            f"found an object of type {type(value).__name__}, of which NumPy makes no array: {reason}"
        ) from None


def _from_numbers(values: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(values)
    return array if array.dtype.kind == "c" else np.asarray(values, np.float64)


def _as_dtype(value: Any) -> np.dtype[Any] | None:
    try:
        dtype: np.dtype[Any] = np.dtype(value)
    except TypeError:
        return None
    return dtype


def _prepare(
    array: Any, dtype: np.dtype[Any], shape: Sequence[int] | None, stretched: Sequence[int] | None
) -> np.ndarray[Any, Any]:
    # What is beyond the range of the type becomes infinite, as in the arithmetic of the engine, which never warns.
    with np.errstate(over="ignore"):
        result = np.asarray(as_pairs(array) if array.dtype.kind == "c" else array, dtype)
    if shape is not None:
        result = result.reshape(shape)
    return result if stretched is None else np.broadcast_to(result, stretched)


def _copied(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    result = np.array(array, order="C")
    result.flags.writeable = False
    return result


NUMPY = Adapter(
    name="NumPy",
    xp=np,
    as_array=_as_array,
    array_type=np.ndarray,
    working_dtype=working_dtype,
    is_real=lambda dtype: dtype.kind not in "biu",
    is_complex=lambda dtype: dtype.kind == "c",
    as_pairs=as_pairs,
    from_pairs=from_pairs,
    permute=np.transpose,
    as_dtype=_as_dtype,
    contiguous=np.ascontiguousarray,
    to_numpy=np.asarray,
    dtype_name=operator.attrgetter("name"),
    prepare=_prepare,
    zeros=lambda shape, dtype, args: np.zeros(shape, dtype),
    arange=lambda count, like: np.arange(count, dtype=like.dtype),
    run=run,
    from_numpy=np.asarray,
    copied=_copied,
)
