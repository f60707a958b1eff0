"""What is to be known about JAX arrays; tracers are JAX arrays too."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from functools import reduce as fold
from typing import Any

import numpy as np

from pairfold.api.adapter import NUMPY, Arrays
from pairfold.api.number_types import arithmetic_of
from pairfold.errors import ArgumentTypeError, ArgumentValueError, MissingPackageError

try:
    import jax
except ModuleNotFoundError as error:
    if error.name != "jax":
        raise
    raise MissingPackageError(
        "pairfold.jax needs the package JAX, which is not installed. Install it with `pip install pairfold[jax]`; "
        "NumPy arrays are for pairfold.numpy.",
        name="jax",
    ) from None
import jax.numpy as jnp

__all__ = ["ARRAYS", "is_traced"]

_REAL = frozenset({"float32", "float64", "float16", "bfloat16"})
_COMPLEX = {"complex64": "float32", "complex128": "float64"}


def is_traced(value: object) -> bool:
    """Tell whether a transform of JAX is at work on `value`, so that its numbers are not known."""
    return isinstance(value, jax.core.Tracer)


def _as_array(value: object) -> jax.Array:
    if isinstance(value, jax.Array):
        return value
    if isinstance(value, (np.ndarray, np.generic)) and not isinstance(value, np.ma.MaskedArray):
        if value.dtype.kind in "biufcV":
            return jnp.asarray(value)
    elif isinstance(value, (bool, int, float, complex)):
        return jnp.asarray(NUMPY.as_array(value))
    hint = " Convert it with `jnp.asarray(values)`." if isinstance(value, (list, tuple)) else ""
    raise ArgumentTypeError(
        f"found an object of type {type(value).__name__}; allowed are JAX arrays, NumPy arrays and numbers.{hint}"
    )


def _working_dtype(dtypes: Iterable[Any]) -> np.dtype[Any]:
    given = set()
    for dtype in dtypes:
        if jnp.issubdtype(dtype, np.integer) or dtype == np.bool_:
            continue
        name = _COMPLEX.get(dtype.name, dtype.name)
        if name not in _REAL:
            raise ArgumentValueError(
                f"found the dtype {dtype}; allowed are float32, float64, float16, bfloat16, complex64, complex128, "
                "integers and booleans. Cast the argument, with `array.astype(...)`."
            )
        given.add(jnp.dtype(name))
    return fold(jnp.promote_types, given) if given else _default()


def _default() -> np.dtype[Any]:
    return jax.dtypes.canonicalize_dtype(np.float64)


def _as_pairs(array: jax.Array) -> jax.Array:
    pairs = jnp.stack([array.real, array.imag], -1)
    return pairs.reshape((*pairs.shape[:-2], -1)) if array.ndim else pairs


def _from_pairs(array: jax.Array) -> jax.Array:
    pairs = array.astype(arithmetic_of([array.dtype.name])).reshape((*array.shape[:-1], array.shape[-1] // 2, 2))
    return jax.lax.complex(pairs[..., 0], pairs[..., 1])


def _as_dtype(value: Any) -> np.dtype[Any] | None:
    try:
        dtype = jnp.dtype(value)
    except TypeError:
        return None
    return jax.dtypes.canonicalize_dtype(dtype)


def _prepare(array: jax.Array, dtype: Any, shape: Sequence[int] | None, stretched: Sequence[int] | None) -> jax.Array:
    result = (_as_pairs(array) if jnp.iscomplexobj(array) else array).astype(dtype)
    if shape is not None:
        result = result.reshape(tuple(shape))
    return result if stretched is None else jnp.broadcast_to(result, tuple(stretched))


def _to_numpy(array: jax.Array) -> np.ndarray[Any, Any]:
    if is_traced(array):
        raise ArgumentTypeError(
            "The numbers of an array are needed here, and they are not known while a transform of JAX (jit, grad, "
            "vmap, ...) traces the program. Do this outside of the transformed function, and let the function use what "
            "comes of it."
        )
    # NumPy itself has no bfloat16.
    return np.asarray(array.astype(np.float32) if array.dtype == jnp.bfloat16 else array)


ARRAYS = Arrays(
    name="JAX",
    xp=jnp,
    as_array=_as_array,
    array_type=jax.Array,
    working_dtype=_working_dtype,
    is_real=lambda dtype: bool(jnp.issubdtype(dtype, np.inexact)),
    is_complex=lambda dtype: bool(jnp.issubdtype(dtype, np.complexfloating)),
    as_pairs=_as_pairs,
    from_pairs=_from_pairs,
    permute=jnp.transpose,
    as_dtype=_as_dtype,
    contiguous=lambda array: array,
    to_numpy=_to_numpy,
    dtype_name=operator.attrgetter("name"),
    prepare=_prepare,
    zeros=lambda shape, dtype, args: jnp.zeros(shape, dtype),
    arange=lambda count, like: jnp.arange(count, dtype=like.dtype),
    from_numpy=jnp.asarray,
    # They cannot be changed, but their memory can be given away (donated).
    copied=lambda array: jnp.array(array, copy=True),
    is_staged=is_traced,
    is_weak=lambda array: array.weak_type,
)
