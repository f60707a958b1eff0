"""Numbers as a GPU computes them: rounding, wrapping, saturation and conversions on arrays, one element per thread.

A register is an array of any NumPy type of its width. Nothing here knows about threads or instructions.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

Array = Any
"""An array, most often with one element per thread; NumPy's own types say too little about arithmetic to be of use."""
Function = Callable[..., Any]

DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(dtype)
    for name, dtype in {
        "pred": np.bool_, "b8": np.uint8, "u8": np.uint8, "s8": np.int8, "b16": np.uint16, "u16": np.uint16,
        "s16": np.int16, "f16": np.float16, "bf16": np.uint16, "b32": np.uint32, "u32": np.uint32, "s32": np.int32,
        "f32": np.float32, "f16x2": np.uint32, "bf16x2": np.uint32, "tf32": np.uint32, "b64": np.uint64,
        "u64": np.uint64, "s64": np.int64, "f64": np.float64, "b128": np.complex128,
    }.items()
}  # fmt: skip
"""How each type is held. A complex number is only 16 bytes to be moved about."""

FLOATS = frozenset({"f16", "bf16", "f32", "f64"})
SIGNED = frozenset({"s8", "s16", "s32", "s64"})
UNSIGNED_OF_SIZE: dict[int, np.dtype[Any]] = {
    1: np.dtype(np.uint8),
    2: np.dtype(np.uint16),
    4: np.dtype(np.uint32),
    8: np.dtype(np.uint64),
}

_TINY: dict[str, Any] = {"f16": np.float16(2.0**-14), "f32": np.float32(2.0**-126), "f64": np.float64(2.0**-1022)}
_CANONICAL_NAN: dict[str, Any] = {
    "f16": np.array(0x7FFF, np.uint16).view(np.float16)[()],
    "f32": np.array(0x7FFFFFFF, np.uint32).view(np.float32)[()],
}


# Subnormal numbers, NaN, bfloat16 -------------------------------------------------------------------------------------


def flush(x: Array, type_: str) -> Array:
    """Replace subnormal numbers by zeros of their sign."""
    small = np.abs(x) < _TINY[type_]
    return np.where(small, np.copysign(x.dtype.type(0), x), x) if small.any() else x


def canonical(x: Array, type_: str) -> Array:
    """Give every NaN the bits that arithmetic on a GPU gives it (all ones but the sign)."""
    if type_ not in _CANONICAL_NAN:
        return x
    nan = np.isnan(x)
    return np.where(nan, _CANONICAL_NAN[type_], x) if nan.any() else x


def from_bfloat16(bits: Array) -> Array:
    """Widen bits of bfloat16 to float32."""
    return (np.asarray(bits).astype(np.uint32) << np.uint32(16)).view(np.float32)


def to_bfloat16(x: Array) -> Array:
    """Round float32, or float64 without a second rounding, to bits of bfloat16, to nearest even."""
    x = np.asarray(x)
    if x.dtype == np.float64:
        x = narrow_to_odd(x)
    bits = x.view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    return np.where(np.isnan(x), np.uint32(0x7FFF), rounded).astype(np.uint16)


def narrow_to_odd(x: Array) -> Array:
    """Round float64 to float32 so that a later rounding to fewer bits gives what one rounding would have given."""
    towards_zero = narrow_directed(x, "rz")
    bits = towards_zero.view(np.uint32)
    inexact = (towards_zero.astype(np.float64) != x) & np.isfinite(x)
    return np.where(inexact, bits | np.uint32(1), bits).astype(np.uint32).view(np.float32)


def narrow_directed(x: Array, mode: str, dtype: type[Any] = np.float32) -> Array:
    """Round float64 to a narrower type towards zero (rz), down (rm) or up (rp)."""
    nearest = x.astype(dtype)
    wide = nearest.astype(np.float64)
    too_large, too_small = wide > x, wide < x
    if mode == "rz":
        too_large, too_small = too_large & (x > 0), too_small & (x < 0)
    elif mode == "rm":
        too_small = np.zeros_like(too_small)
    else:
        too_large = np.zeros_like(too_large)
    down = np.nextafter(nearest, dtype(-np.inf))
    up = np.nextafter(nearest, dtype(np.inf))
    return np.where(too_large, down, np.where(too_small, up, nearest))


# Fused multiply-add ---------------------------------------------------------------------------------------------------

_LOW_28 = np.uint64((1 << 28) - 1)


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return the rounded sum and its error, exactly."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def add_to_odd(a: Array, b: Array) -> Array:
    """Add float64 numbers, rounding inexact sums to the neighbour with an odd last bit."""
    s, error = _two_sum(a, b)
    bits = s.view(np.int64)
    adjust = (error != 0) & ((bits & 1) == 0) & np.isfinite(s)
    step = np.where((error > 0) == (s > 0), 1, -1)
    return np.where(adjust, bits + step, bits).view(np.float64)


def fma_single(a: Array, b: Array, c: Array) -> Array:
    """float32 a * b + c with one rounding.

    The product is exact in float64. Rounding the float64 sum again is wrong only where that sum looks like the middle
    between two float32 numbers, of which the last 28 bits are zero; there the sum is rounded to odd instead.
    """
    product = np.multiply(a, b, dtype=np.float64)
    total = np.atleast_1d(product + c)
    if not (total.view(np.uint64) & _LOW_28).all():
        total = add_to_odd(*np.broadcast_arrays(np.atleast_1d(product), np.asarray(c).astype(np.float64)))
        # An infinity or NaN has no odd neighbour: the plain sum is right there.
        plain = np.atleast_1d(product + c)
        total = np.where(np.isfinite(plain), total, plain)
    return total.astype(np.float32)


def fma_half(a: Array, b: Array, c: Array) -> Array:
    """float16 a * b + c with one rounding."""
    product = np.atleast_1d(np.multiply(a, b, dtype=np.float64))
    plain = product + c
    odd = add_to_odd(*np.broadcast_arrays(product, np.asarray(c).astype(np.float64)))
    return np.where(np.isfinite(plain), odd, plain).astype(np.float16)


def fma_bfloat16(a: Array, b: Array, c: Array) -> Array:
    """Bits of bfloat16 a * b + c with one rounding."""
    a, b, c = (np.atleast_1d(from_bfloat16(x).astype(np.float64)) for x in (a, b, c))
    plain = a * b + c
    odd = add_to_odd(*np.broadcast_arrays(a * b, c))
    return to_bfloat16(np.where(np.isfinite(plain), odd, plain))


_SPLITTER = np.float64(2.0**27 + 1)


def _split(x: Array) -> tuple[Array, Array]:
    scaled = x * _SPLITTER
    high = scaled - (scaled - x)
    return high, x - high


def fma_double(a: Array, b: Array, c: Array) -> Array:
    """float64 a * b + c with one rounding.

    Source: S. Boldo and G. Melquiond, Emulation of FMA and correctly rounded sums: proved algorithms using rounding to
    odd (IEEE Transactions on Computers 57, 2008). Where an intermediate could overflow or lose bits to underflow,
    rational numbers are used.
    """
    a, b, c = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, np.float64)) for x in (a, b, c)))
    high = a * b
    plain = high + c
    (a_high, a_low), (b_high, b_low) = _split(a), _split(b)
    low = a_low * b_low - (((high - a_high * b_high) - a_low * b_high) - a_high * b_low)
    t_high, t_low = _two_sum(c, low)
    v_high, v_low = _two_sum(high, t_high)
    result = v_high + add_to_odd(t_low, v_low)
    result = np.where(result == 0, plain, result)
    size_a, size_b, size_c, size = np.abs(a), np.abs(b), np.abs(c), np.abs(high)
    safe = (size_a < 1e290) & (size_b < 1e290) & (size_c < 1e300) & (size < 1e300)
    safe &= (size > 1e-270) | (a == 0) | (b == 0)
    if not safe.all():
        result = result.copy()
        for k in np.flatnonzero(~safe):
            result[k] = _fma_exact(float(a[k]), float(b[k]), float(c[k]), float(plain[k]))
    return result


def _fma_exact(a: float, b: float, c: float, plain: float) -> float:
    if not (np.isfinite(a) and np.isfinite(b)):
        return plain
    if not np.isfinite(c):
        return c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact == 0:
        return plain
    try:
        rounded = float(exact)
    except OverflowError:
        rounded = np.inf
    return float(np.copysign(rounded, 1 if exact > 0 else -1))


# Integers -------------------------------------------------------------------------------------------------------------

_WIDE = {"u16": np.uint32, "s16": np.int32, "u32": np.uint64, "s32": np.int64}


def multiply_wide(type_: str) -> Function:
    """Return the function that gives all bits of a product, in twice the width."""
    wide = _WIDE[type_]
    return lambda a, b: np.multiply(a, b, dtype=wide)


def multiply_high(type_: str) -> Function:
    """Return the function that gives the upper half of the bits of a product."""
    if type_ in _WIDE:
        wide, bits = _WIDE[type_], DTYPES[type_].itemsize * 8
        return lambda a, b: (np.multiply(a, b, dtype=wide) >> wide(bits)).astype(DTYPES[type_])
    return _high_unsigned if type_ == "u64" else _high_signed


def _high_unsigned(a: Array, b: Array) -> Array:
    half, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
    a_high, a_low, b_high, b_low = a >> half, a & mask, b >> half, b & mask
    low = a_low * b_low
    middle = a_high * b_low + (low >> half)
    other = a_low * b_high + (middle & mask)
    return a_high * b_high + (middle >> half) + (other >> half)


def _high_signed(a: Array, b: Array) -> Array:
    high = _high_unsigned(np.asarray(a).astype(np.uint64), np.asarray(b).astype(np.uint64)).astype(np.int64)
    return high - np.where(a < 0, b, 0) - np.where(b < 0, a, 0)


def divide_integers(a: Array, b: Array) -> Array:
    """Quotient towards zero; all ones where the divisor is 0, which PTX leaves undefined."""
    a, b = np.asarray(a), np.asarray(b)
    divisor = np.where(b == 0, b.dtype.type(1), b)
    quotient = a // divisor
    if a.dtype.kind == "i":
        quotient = quotient + ((quotient * divisor != a) & ((a < 0) != (divisor < 0)))
    return np.where(b == 0, np.invert(a.dtype.type(0)), quotient).astype(a.dtype)


def remainder_integers(a: Array, b: Array) -> Array:
    """Remainder of the quotient towards zero."""
    return a - divide_integers(a, b) * b


def shift_left(a: Array, amount: Array) -> Array:
    """Shift by up to the width, which gives 0."""
    bits = a.dtype.itemsize * 8
    clamped = np.minimum(amount, np.uint32(bits - 1)).astype(a.dtype)
    return np.where(amount >= bits, a.dtype.type(0), a << clamped)


def shift_right(a: Array, amount: Array) -> Array:
    """Shift by up to the width; signed numbers keep their sign."""
    bits = a.dtype.itemsize * 8
    clamped = np.minimum(amount, np.uint32(bits - 1)).astype(a.dtype)
    beyond = a >> a.dtype.type(bits - 1) if a.dtype.kind == "i" else a.dtype.type(0)
    return np.where(amount >= bits, beyond, a >> clamped)


def funnel_shift(left: bool, wrap: bool) -> Function:
    """Return the shift of 64 bits of which 32 are kept."""

    def shift(low: Array, high: Array, amount: Array) -> Array:
        amount = (amount & np.uint32(31) if wrap else np.minimum(amount, np.uint32(32))).astype(np.uint64)
        both = (np.asarray(high).astype(np.uint64) << np.uint64(32)) | np.asarray(low).astype(np.uint64)
        moved = ((both << amount) >> np.uint64(32)) if left else both >> amount
        return moved.astype(np.uint32)

    return shift


def count_ones(x: Array) -> Array:
    """Number of bits that are set, as uint32."""
    x = np.asarray(x)
    bits = np.unpackbits(np.ascontiguousarray(np.atleast_1d(x)).view(np.uint8).reshape(-1, x.dtype.itemsize), axis=1)
    return bits.sum(axis=1, dtype=np.uint32)


def leading_zeros(x: Array) -> Array:
    """Number of zeros above the highest bit that is set, as uint32."""
    filled, bits = np.asarray(x), np.asarray(x).dtype.itemsize * 8
    for amount in (1, 2, 4, 8, 16, 32):
        if amount < bits:
            filled = filled | (filled >> filled.dtype.type(amount))
    return np.uint32(bits) - count_ones(filled)


def reverse_bits(x: Array) -> Array:
    """The bits in opposite order."""
    x = np.ascontiguousarray(np.atleast_1d(x))
    size = x.dtype.itemsize
    bits = np.unpackbits(x.view(np.uint8).reshape(-1, size)[:, ::-1], axis=1)[:, ::-1]
    return np.packbits(bits, axis=1)[:, ::-1].copy().view(x.dtype).reshape(-1)


def extract_field(a: Array, position: Array, length: Array) -> Array:
    """Bits `position` to `position + length` of a number; signed numbers are extended from the highest of them."""
    bits = a.dtype.itemsize * 8
    position, length = np.asarray(position) & np.uint32(255), np.asarray(length) & np.uint32(255)
    raw = shift_right(a, position).view(UNSIGNED_OF_SIZE[bits // 8])
    mask = shift_left(np.ones_like(raw), length) - raw.dtype.type(1)
    mask = np.where(length >= bits, np.invert(raw.dtype.type(0)), mask)
    field = raw & mask
    if a.dtype.kind == "i":
        last = np.minimum(position + length - np.uint32(1), np.uint32(bits - 1)).astype(np.uint32)
        negative = (shift_right(a.view(raw.dtype), last) & raw.dtype.type(1)).astype(bool) & (length > 0)
        field = np.where(negative, field | ~mask, field)
    return field.view(a.dtype)


def insert_field(a: Array, b: Array, position: Array, length: Array) -> Array:
    """Put the lowest `length` bits of a at `position` into b."""
    a, b = np.broadcast_arrays(a, b)
    bits = b.dtype.itemsize * 8
    position, length = np.asarray(position) & np.uint32(255), np.asarray(length) & np.uint32(255)
    ones = np.where(length >= bits, np.invert(b.dtype.type(0)), shift_left(np.ones_like(b), length) - b.dtype.type(1))
    mask = shift_left(ones, position)
    return (shift_left(a & ones, position) & mask) | (b & ~mask)


def permute_bytes(a: Array, b: Array, selector: Array) -> Array:
    """The default mode of prmt: every nibble of the selector names one of the eight bytes of a and b."""
    both = (np.asarray(b).astype(np.uint64) << np.uint64(32)) | np.asarray(a).astype(np.uint64)
    result: Any = np.uint32(0)
    for k in range(4):
        nibble = (np.asarray(selector) >> np.uint32(4 * k)) & np.uint32(15)
        byte = (both >> ((nibble & np.uint32(7)).astype(np.uint64) * np.uint64(8))) & np.uint64(255)
        sign = np.where(byte & np.uint64(128), np.uint64(255), np.uint64(0))
        byte = np.where(nibble & np.uint32(8), sign, byte).astype(np.uint32)
        result = result | (byte << np.uint32(8 * k))
    return result


# Conversions ----------------------------------------------------------------------------------------------------------

_TO_INTEGER: dict[str, Function] = {"rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}


def float_to_integer(x: Array, source: str, target: str, mode: str) -> Array:
    """Round to an integer, which is clamped to the range of the target."""
    dtype = DTYPES[target]
    limits = np.iinfo(dtype)
    rounded = np.atleast_1d(_TO_INTEGER[mode](np.asarray(x).astype(np.float64)))
    nan, too_small = np.isnan(rounded), rounded <= float(limits.min)
    too_large = rounded >= float(limits.max)
    inside = np.where(nan | too_small | too_large, 0.0, rounded).astype(dtype)
    result = np.where(too_small, dtype.type(limits.min), np.where(too_large, dtype.type(limits.max), inside))
    wide = source == "f64" or dtype.itemsize == 8
    of_nan = dtype.type(limits.min if limits.min else (limits.max >> 1) + 1) if wide else dtype.type(0)
    return np.where(nan, of_nan, result).astype(dtype)


def integer_to_integer(x: Array, target: str, saturate: bool) -> Array:
    """Keep the low bits, or clamp to the range of the target."""
    dtype = DTYPES[target]
    if saturate:
        limits, own = np.iinfo(dtype), np.iinfo(x.dtype)
        x = np.clip(x, x.dtype.type(max(limits.min, own.min)), x.dtype.type(min(limits.max, own.max)))
    return x.astype(dtype)


def integer_to_odd(x: Array) -> Array:
    """Integers as float64, rounded so that a later rounding to a much narrower type is the only one."""
    x = np.atleast_1d(x)
    if x.dtype.itemsize < 8:
        return x.astype(np.float64)
    large = (x >= 2**53) | (x <= -(2**53)) if x.dtype.kind == "i" else x >= 2**53
    low = x & x.dtype.type(2047)
    odd = (x - low) | np.where(low != 0, 2048, 0).astype(x.dtype)
    return np.where(large, odd, x).astype(np.float64)


def float_to_integral_float(x: Array, mode: str) -> Array:
    """Round to an integer of the same type."""
    return _TO_INTEGER[mode](x)


def to_tensor_float(x: Array, mode: str) -> Array:
    """Round float32 to the 10 bits of tf32, ties away from zero (rna), to even (rn), or cut (rz); as bits."""
    bits = np.asarray(x).view(np.uint32)
    if mode == "rna":
        rounded = bits + np.uint32(0x1000)
    elif mode == "rn":
        rounded = bits + np.uint32(0xFFF) + ((bits >> np.uint32(13)) & np.uint32(1))
    else:
        rounded = bits
    return np.where(np.isfinite(x), rounded & np.uint32(0xFFFFE000), np.where(np.isnan(x), np.uint32(0x7FFFFFFF), bits))


# Minimum and maximum --------------------------------------------------------------------------------------------------


def minimum_float(a: Array, b: Array, propagate_nan: bool = False) -> Array:
    """The smaller number; the other one where one is NaN, and -0 below +0."""
    return _extreme(a, b, np.fmin, np.bitwise_or, propagate_nan)


def maximum_float(a: Array, b: Array, propagate_nan: bool = False) -> Array:
    """The larger number; the other one where one is NaN, and +0 above -0."""
    return _extreme(a, b, np.fmax, np.bitwise_and, propagate_nan)


def _extreme(a: Array, b: Array, choose: Function, of_bits: Function, propagate_nan: bool) -> Array:
    result = choose(a, b)
    equal = np.equal(a, b)
    if np.any(equal):
        unsigned = UNSIGNED_OF_SIZE[result.dtype.itemsize]
        same = of_bits(a.view(unsigned), b.view(unsigned)).view(result.dtype)
        result = np.where(equal, same, result)
    if propagate_nan:
        result = np.where(np.isnan(a) | np.isnan(b), result.dtype.type(np.nan), result)
    return result


# Approximations -------------------------------------------------------------------------------------------------------


class Approximation:
    """The functions that a GPU only approximates, correctly rounded or off by as much as the manual allows.

    Parameters
    ----------
    seed : int or None
        With None all results are correctly rounded. Otherwise every result is wrong by a random part of the largest
        error that the manual states.
    """

    def __init__(self, seed: int | None) -> None:
        self._random = None if seed is None else np.random.default_rng(seed)

    def round(self, exact: Array, dtype: np.dtype[Any], relative: float, absolute: float = 0.0) -> Array:
        """Round float64 values to `dtype`, after a random error within the bound."""
        if self._random is None:
            return np.asarray(exact).astype(dtype)
        exact = np.atleast_1d(exact)
        error = self._random.uniform(-1.0, 1.0, exact.shape) * np.maximum(np.abs(exact) * relative, absolute)
        disturbed = exact + np.where(np.isfinite(exact) & (exact != 0), error, 0.0)
        return disturbed.astype(dtype)

    def round_sum(self, exact: Array, size: Array, dtype: np.dtype[Any]) -> Array:
        """Round sums of terms whose absolute values add up to `size`, after an error of their order of rounding."""
        if self._random is not None:
            error = self._random.uniform(-1.0, 1.0, exact.shape) * size * 2.0**-22
            exact = exact + np.where(np.isfinite(exact), error, 0.0)
        return exact.astype(dtype)


_APPROXIMATE: dict[str, tuple[Function, float, float]] = {
    "ex2": (np.exp2, 2.0**-22, 0.0),
    "lg2": (np.log2, 2.0**-22, 2.0**-22),
    "sin": (np.sin, 0.0, 2.0**-20.5),
    "cos": (np.cos, 0.0, 2.0**-20.5),
    "tanh": (np.tanh, 2.0**-11, 0.0),
    "rcp": (np.reciprocal, 2.0**-23, 0.0),
    "sqrt": (np.sqrt, 2.0**-23, 0.0),
    "rsqrt": (lambda x: 1.0 / np.sqrt(x), 2.0**-22.4, 0.0),
}
"""The function in float64, and the largest relative or absolute error of its float32 approximation.

Source: the PTX ISA manual, sections on the floating point instructions (sine and cosine: of
arguments in [-2 pi, 2 pi]).
"""


def approximate(name: str, approximation: Approximation, type_: str) -> Function:
    """Return the approximation called `name` for one type."""
    function, relative, absolute = _APPROXIMATE[name]
    if type_ == "f64":
        return lambda x: approximation.round(function(x), DTYPES["f64"], 2.0**-51)
    if type_ == "bf16":
        return lambda x: to_bfloat16(
            approximation.round(function(from_bfloat16(x).astype(np.float64)), DTYPES["f32"], 2.0**-9)
        )
    if type_ == "f16":
        relative = max(relative, 2.0**-10)
    dtype = DTYPES[type_]
    return lambda x: approximation.round(function(np.asarray(x).astype(np.float64)), dtype, relative, absolute)
