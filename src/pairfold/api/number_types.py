"""Number types of NumPy and CuPy arrays: what is computed in what, and complex numbers as pairs of real ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pairfold.errors import ArgumentValueError

__all__ = ["EXACT_IN_FLOAT32", "arithmetic_of", "as_pairs", "from_pairs", "working_dtype"]

Array = np.ndarray[Any, Any]
DType = np.dtype[Any]

_HALF = ("float16", "bfloat16")
"""Types that are stored but not computed with: the arithmetic is that of float32. bfloat16 is known by its name, for
it comes from other packages (ml_dtypes)."""

_REAL = ("float32", "float64", *_HALF)

EXACT_IN_FLOAT32 = 2**24
"""Whole numbers up to this one are exact in float32."""

_SMALL_WHOLE = frozenset({"bool", "int8", "uint8", "int16", "uint16"})
"""Whole numbers that are exact in float32; wider ones are beyond 2^24."""

_IN_FLOAT32 = frozenset({"float32", "complex32", "complex64", *_HALF})


def arithmetic_of(names: Iterable[str]) -> str:
    """Return the type of the arithmetic on numbers of these types, for every framework.

    float32 where that loses nothing: floating-point numbers of 32 and 16 bits, also beside whole numbers of 16 and 8
    bits. Whole numbers of 32 and 64 bits, and whole numbers among themselves, are computed with in float64.

    Examples
    --------
    >>> arithmetic_of(["float16"]), arithmetic_of(["float32", "int16"]), arithmetic_of(["float32", "int64"])
    ('float32', 'float32', 'float64')
    """
    given = set(names)
    return "float32" if given & _IN_FLOAT32 and given <= _IN_FLOAT32 | _SMALL_WHOLE else "float64"


def working_dtype(dtypes: Iterable[DType]) -> DType:
    """Return the real type of the results for arguments of these types, by the rules of NumPy.

    Complex numbers count by their parts; float64 is the type of integers and booleans among themselves, and of nothing.

    Raises
    ------
    ArgumentValueError
        If a type is not allowed, or two have no common type.
    """
    given = set(dtypes)
    for dtype in given:
        allowed = dtype.kind in "biu" or (dtype.kind == "c" and dtype.itemsize <= 16) or dtype.name in _REAL
        if not allowed:
            raise ArgumentValueError(
                f"found the dtype {dtype}; allowed are float32, float64, float16, bfloat16, complex64, complex128, "
                "integers and booleans. Cast the argument, with `array.astype(...)`."
            )
    if all(dtype.kind in "biu" for dtype in given):
        return np.dtype(np.float64)
    try:
        common = np.result_type(*given)
    except TypeError:
        names = ", ".join(sorted(str(dtype) for dtype in given))
        raise ArgumentValueError(
            f"found arguments of the dtypes {names}, for which NumPy has no common one; cast some, with "
            "`array.astype(...)`."
        ) from None
    return real_dtype(common.newbyteorder("="))


def real_dtype(dtype: DType) -> DType:
    """Return the type of the parts of complex numbers; a real type as it is."""
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


def as_pairs(array: Array) -> Array:
    """Return complex numbers (..., n) as real ones (..., 2 n): re, im, re, im, ...; without a copy where possible."""
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.ndim == 0:
        array = array.reshape(1)
    if array.strides[-1] != array.itemsize:
        array = array.copy()
    return array.view(real_dtype(array.dtype))


def from_pairs(array: Array) -> Array:
    """Return real numbers re, im, re, im, ... of shape (..., 2 n) as complex ones, (..., n)."""
    array = array.astype(arithmetic_of([array.dtype.name]), order="C", copy=False)
    return array.view(np.dtype(f"c{2 * array.itemsize}"))
