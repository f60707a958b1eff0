"""The dtypes of the arrays of a LazyTensor, and those of results."""

from __future__ import annotations

from typing import Any

from pairfold.api.adapter import Adapter
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.lazy.value import Value

__all__ = ["at_least", "cast", "computing_dtype", "result_dtype", "stored_dtype"]


def result_dtype(value: Value, given: Any) -> Any:
    """Return the dtype that a user asks for, a type of numbers that the tensor has.

    Raises
    ------
    ArgumentTypeError
        If it is none.
    """
    adapter = value.kind.adapter
    dtype = adapter.as_dtype(given)
    if dtype is None or adapter.is_complex(dtype) != value.is_complex or not _is_floating(adapter, dtype):
        kinds = "complex64, complex128" if value.kind.is_complex else "float32, float64, float16, bfloat16"
        raise ArgumentTypeError(
            f"dtype is {given!r}; it is the {adapter.name} dtype of the result of a reduction of "
            f"{'complex' if value.kind.is_complex else 'real'} numbers: {kinds}. Convert the result for any other."
        )
    return dtype


def _is_floating(adapter: Adapter, dtype: Any) -> bool:
    try:
        return adapter.is_complex(dtype) or adapter.working_dtype([dtype]) == dtype
    except ArgumentValueError:
        return False


def stored_dtype(value: Value) -> Any:
    """Return the real type that the arrays of `value` are promoted to; None where there are only numbers."""
    found = _dtypes(value)
    return value.kind.adapter.working_dtype(found) if found else None


def computing_dtype(value: Value) -> Any:
    """Return the type of the arithmetic on the arrays of `value`."""
    return value.kind.adapter.computing_dtype(_dtypes(value))


def _dtypes(value: Value) -> list[Any]:
    return [leaf.key[2] for leaf in value.arrays if leaf.is_strong]


def at_least(value: Value, dtype: Any) -> Value:
    """Return `value` with arrays of a type that holds them and those of `dtype`."""
    return value.widened(value.kind.adapter.computing_dtype([*_dtypes(value), dtype]))


def cast(value: Value, array: Any, dtype: Any) -> Any:
    """Return numbers as `dtype`; column numbers stay what they are."""
    adapter = value.kind.adapter
    if not _is_floating(adapter, array.dtype):
        return array
    if value.kind.is_complex:
        return adapter.from_pairs(adapter.prepare(array, adapter.working_dtype([dtype]), None, None))
    return adapter.prepare(array, dtype, None, None)
