"""Exponentials, logarithms and powers on vectors of lanes."""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import ir

from pairfold.codegen import coefficients
from pairfold.codegen.vectormath_emitter import Emitter, Value, in_float64_unless_fused

__all__ = [
    "cosh",
    "exp",
    "exp2",
    "exp_scaled",
    "expm1",
    "log",
    "log1p",
    "odd_polynomial",
    "power",
    "scaled_interval",
    "sinh",
    "tanh",
]

_GETMANT_THREE_QUARTERS = 0b1011
"""Operand of vgetmant: mantissa in [3/4, 3/2), nan for a negative number."""


def _immediate(value: int) -> ir.Constant:
    return ir.Constant(ir.IntType(32), value)


# ---------------------------------------------------------------- exponentials
def _exp2_avx512(emitter: Emitter, x: Value, parts: tuple[Value, Value] | None) -> Value:
    """2**(x * (high + low)) with the instructions that AVX-512 has for the exponent and for tables.

    No operand is clamped: where x is huge, a mask leaves out the fraction, which means nothing there, and vscalef gives
    0 or inf as the exponent says. What takes long waits for as little as it can: few formulas have enough else to do.
    """
    size = len(coefficients.EXP2_TABLE[emitter.dtype])
    table = emitter.bits * emitter.lanes == 512
    step = 1.0 / size if table else 1.0
    magic = emitter.magic(step)
    if parts is None:
        shifted = emitter.add(x, magic)
        exponent = emitter.sub(shifted, magic)
        nearly = fraction = emitter.sub(x, exponent)
    else:
        high, low = parts
        shifted = emitter.fma(x, high, magic)
        exponent = emitter.sub(shifted, magic)
        nearly = emitter.fma(x, high, emitter.neg(exponent))
        fraction = emitter.fma(x, low, nearly)
    # As unsigned integers, negative numbers and nan are larger than what is left of `magic` where x is not huge.
    most = emitter.float_bits(2.0 ** (emitter.mantissa_bits + 1) * step)
    is_small = emitter.builder.icmp_unsigned("<=", emitter.as_int(shifted), most)
    if not table:
        power = emitter.polynomial(fraction, (1.0, *coefficients.EXP2[emitter.dtype]))
        return emitter.avx512_call("scalef", emitter.select(is_small, power, 1.0), exponent)
    # The low bits of `shifted` count steps; the instruction reads as many of them as the table needs. vscalef takes
    # the floor of the exponent, and the table the rest.
    entries = [ir.Constant(emitter.scalar_type, entry) for entry in coefficients.EXP2_TABLE[emitter.dtype]]
    low_half, high_half = (ir.Constant(emitter.type, half) for half in (entries[: size // 2], entries[size // 2 :]))
    suffix = "ps" if emitter.dtype == "float32" else "pd"
    entry = emitter.declared(
        f"llvm.x86.avx512.vpermi2var.{suffix}.512", emitter.type, low_half, emitter.as_int(shifted), high_half
    )
    first, *others = coefficients.EXP2_SHORT[emitter.dtype]
    # The terms beyond the second do not notice the low part of the scale.
    slope = emitter.fma(fraction, emitter.polynomial(nearly, others), first)
    if len(others) > 1:
        power = emitter.fma(emitter.mul(entry, fraction), slope, entry)
    else:
        power = emitter.fma(entry, emitter.mul(fraction, slope), entry)
    return emitter.avx512_call("scalef", emitter.select(is_small, power, entry), exponent)


def _exp2_scale(emitter: Emitter, shifted: Value, fraction: Value) -> Value:
    power = emitter.polynomial(fraction, (1.0, *coefficients.EXP2[emitter.dtype]))
    return emitter.scale(power, shifted)


@in_float64_unless_fused
def exp2(emitter: Emitter, x: Value) -> Value:
    """2**x."""
    if emitter.avx512:
        return _exp2_avx512(emitter, x, None)
    magic = emitter.magic(1.0, emitter.scale_offset)
    x = emitter.at_most(emitter.at_least(x, -emitter.scale_limit), emitter.scale_limit)
    shifted = emitter.add(x, magic)
    return _exp2_scale(emitter, shifted, emitter.sub(x, emitter.sub(shifted, magic)))


def exp_scaled(emitter: Emitter, x: Value, high: Value, low: Value, least: Value, most: Value) -> Value:
    """exp(c * x) for c * log2(e) = high + low and the ends of `scaled_interval`; c is finite."""
    if emitter.avx512:
        return _exp2_avx512(emitter, x, (high, low))
    if not emitter.fused and emitter.dtype == "float32":
        # float64 holds the product exactly enough, and rounding the result underflows gradually.
        wide = emitter.like("float64")
        scale = wide.add(emitter.widen(high), emitter.widen(low))
        return emitter.narrow(exp2(wide, wide.mul(emitter.widen(x), scale)))
    magic = emitter.magic(1.0, emitter.scale_offset)
    x = emitter.at_most(emitter.at_least(x, least), most)
    if emitter.fused:
        shifted = emitter.fma(x, high, magic)
        exponent = emitter.sub(shifted, magic)
        fraction = emitter.fma(x, low, emitter.fma(x, high, emitter.neg(exponent)))
    else:
        product, error = emitter.two_product(x, high)
        shifted = emitter.add(product, magic)
        exponent = emitter.sub(shifted, magic)
        fraction = emitter.add(emitter.sub(product, exponent), emitter.add(error, emitter.mul(x, low)))
    return _exp2_scale(emitter, shifted, fraction)


def scaled_interval(emitter: Emitter, high: Value) -> tuple[Value, Value]:
    """Return between which numbers exp(c * x) is neither 0 nor infinite: the same for all pairs, unlike a division."""
    most = emitter.div(emitter.scale_limit, emitter.abs(high))
    return emitter.neg(most), most


def exp(emitter: Emitter, x: Value) -> Value:
    """Return e**x."""
    high, low = map(emitter.number, coefficients.LOG2_E[emitter.dtype])
    return exp_scaled(emitter, x, high, low, *scaled_interval(emitter, high))


def _reduced(emitter: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """Return ``n + magic``, n and r with x = n * log(2) + r, abs(r) <= log(2) / 2."""
    magic = emitter.magic(1.0, emitter.scale_offset)
    shifted = emitter.fma(x, coefficients.LOG2_E[emitter.dtype][0], magic)
    count = emitter.sub(shifted, magic)
    high, low = coefficients.LN2[emitter.dtype]
    return shifted, count, emitter.fma(count, -low, emitter.fma(count, -high, x))


def _expm1_reduced(emitter: Emitter, r: Value) -> Value:
    square = emitter.mul(r, r)
    return emitter.fma(square, emitter.polynomial(r, coefficients.EXPM1[emitter.dtype]), r)


def _overflow(emitter: Emitter) -> float:
    """A number whose exponential overflows, also after some factors of 2."""
    return 100.0 if emitter.dtype == "float32" else 800.0


@in_float64_unless_fused
def expm1(emitter: Emitter, x: Value) -> Value:
    """exp(x) - 1, as 2**n * (expm1(r) + (1 - 2**-n)) for x = n * log(2) + r."""
    clamped = emitter.at_most(emitter.at_least(x, -0.7 * (emitter.mantissa_bits + 3)), _overflow(emitter))
    shifted, count, r = _reduced(emitter, clamped)
    # 2**-n matters only up to the length of the mantissa.
    negative = emitter.at_least(emitter.neg(count), -float(emitter.mantissa_bits + 3))
    exponent_bits = emitter.as_int(emitter.add(negative, emitter.magic(1.0, emitter.bias)))
    inverse = emitter.as_float(emitter.builder.shl(exponent_bits, emitter.integer(emitter.mantissa_bits)))
    total = emitter.add(_expm1_reduced(emitter, r), emitter.sub(1.0, inverse))
    return emitter.with_sign(emitter.scale(total, shifted), x)


def _half_exp(emitter: Emitter, magnitude: Value) -> Value:
    """exp(magnitude) / 2, which overflows no sooner than sinh and cosh do."""
    shifted, _, r = _reduced(emitter, emitter.at_most(magnitude, _overflow(emitter)))
    return emitter.scale(emitter.add(_expm1_reduced(emitter, r), 1.0), emitter.sub(shifted, 1.0))


@in_float64_unless_fused
def sinh(emitter: Emitter, x: Value) -> Value:
    """Hyperbolic sine: a polynomial up to 1, then exponentials."""
    magnitude = emitter.abs(x)
    half = _half_exp(emitter, magnitude)
    large = emitter.sub(half, emitter.div(0.25, half))
    small = odd_polynomial(emitter, magnitude, coefficients.SINH[emitter.dtype])
    return emitter.with_sign(emitter.select(emitter.compare("<", magnitude, 1.0), small, large), x)


@in_float64_unless_fused
def cosh(emitter: Emitter, x: Value) -> Value:
    """Hyperbolic cosine."""
    half = _half_exp(emitter, emitter.abs(x))
    return emitter.add(half, emitter.div(0.25, half))


@in_float64_unless_fused
def tanh(emitter: Emitter, x: Value) -> Value:
    """Hyperbolic tangent: a polynomial up to 5/8, then 1 - 2 / (exp(2 * x) + 1)."""
    magnitude = emitter.abs(x)
    half = _half_exp(emitter, emitter.mul(2.0, emitter.at_most(magnitude, 0.5 * (emitter.mantissa_bits + 3))))
    large = emitter.sub(1.0, emitter.div(1.0, emitter.add(half, 0.5)))
    small = odd_polynomial(emitter, magnitude, coefficients.TANH[emitter.dtype])
    return emitter.with_sign(emitter.select(emitter.compare("<", magnitude, 0.625), small, large), x)


def odd_polynomial(emitter: Emitter, x: Value, rest: Sequence[float]) -> Value:
    """Return x + x * z * rest(z) with z = x**2."""
    square = emitter.mul(x, x)
    return emitter.fma(emitter.mul(x, square), emitter.polynomial(square, rest), x)


# ---------------------------------------------------------------- logarithms
def _integer_steps(emitter: Emitter, x: Value) -> Value:
    """Bits of the exponent n with x / 2**n in [3/4, 3/2), for positive normal numbers."""
    offset = emitter.builder.sub(emitter.as_int(x), emitter.float_bits(0.75))
    return emitter.builder.and_(offset, emitter.integer(-1 << emitter.mantissa_bits))


def _split_exponent(emitter: Emitter, x: Value) -> tuple[Value, Value]:
    """Exponent and mantissa in [3/4, 3/2) of positive finite numbers."""
    if emitter.avx512:
        mantissa = emitter.avx512_call("getmant", x, _immediate(_GETMANT_THREE_QUARTERS))
        exponent = emitter.sub(emitter.avx512_call("getexp", x), emitter.avx512_call("getexp", mantissa))
        return exponent, mantissa
    subnormal = emitter.compare("<", x, 2.0 ** (1 - emitter.bias))
    x = emitter.select(subnormal, emitter.mul(x, 2.0**emitter.mantissa_bits), x)
    correction = emitter.select(subnormal, -float(emitter.mantissa_bits), 0.0)
    steps = _integer_steps(emitter, x)
    mantissa = emitter.as_float(emitter.builder.sub(emitter.as_int(x), steps))
    return emitter.add(emitter.exponent_number(steps), correction), mantissa


def _log_of_parts(emitter: Emitter, exponent: Value, rest: Value) -> Value:
    """Return exponent * log(2) + log(1 + rest), after fdlibm: s = rest / (2 + rest), log(1 + rest) = 2 * atanh(s)."""
    high, low = coefficients.LN2[emitter.dtype]
    s = emitter.div(rest, emitter.add(rest, 2.0))
    square = emitter.mul(s, s)
    half_square = emitter.mul(emitter.mul(rest, 0.5), rest)
    bend = emitter.fma(square, emitter.polynomial(square, coefficients.LOG[emitter.dtype]), half_square)
    tail = emitter.sub(half_square, emitter.fma(s, bend, emitter.mul(exponent, low)))
    return emitter.fma(exponent, high, emitter.sub(rest, tail))


def _log_special(emitter: Emitter, x: Value, result: Value) -> Value:
    """The logarithm of x: ``result`` for positive finite numbers, else what IEEE says."""
    result = emitter.select(emitter.compare("<", x, float("inf")), result, x)
    result = emitter.select(emitter.compare("==", x, 0.0), -float("inf"), result)
    return emitter.select(emitter.compare("<", x, 0.0), float("nan"), result)


@in_float64_unless_fused
def log(emitter: Emitter, x: Value) -> Value:
    """Natural logarithm."""
    exponent, mantissa = _split_exponent(emitter, x)
    result = _log_of_parts(emitter, exponent, emitter.sub(mantissa, 1.0))
    return result if emitter.avx512 else _log_special(emitter, x, result)


@in_float64_unless_fused
def log1p(emitter: Emitter, x: Value) -> Value:
    """log(1 + x): the rounding error of 1 + x joins the mantissa."""
    total, error = emitter.two_sum(x, 1.0)
    steps = _integer_steps(emitter, total)
    mantissa = emitter.as_float(emitter.builder.sub(emitter.as_int(total), steps))
    shrink = emitter.as_float(emitter.builder.sub(emitter.float_bits(1.0), steps))
    # A huge x has no error worth keeping, and 1 / x may be subnormal.
    small = emitter.compare("<", total, 2.0 ** (emitter.bias - 2))
    rest = emitter.fma(error, emitter.select(small, shrink, 0.0), emitter.sub(mantissa, 1.0))
    result = _log_of_parts(emitter, emitter.exponent_number(steps), rest)
    return emitter.with_sign(_log_special(emitter, total, result), x)


# ---------------------------------------------------------------- powers
def _log_in_two_parts(emitter: Emitter, x: Value) -> tuple[Value, Value]:
    """Logarithm of positive finite numbers as a sum of two, with about ten more bits than the format holds."""
    exponent, mantissa = _split_exponent(emitter, x)
    rest = emitter.sub(mantissa, 1.0)
    below, below_error = emitter.two_sum(mantissa, 1.0)
    inverse = emitter.div(1.0, below)
    s = emitter.mul(rest, inverse)
    product, product_error = emitter.two_product(s, below)
    missing = emitter.sub(emitter.sub(emitter.sub(rest, product), product_error), emitter.mul(s, below_error))
    s_error = emitter.mul(missing, inverse)

    square, square_error = emitter.two_product(s, s)
    square_error = emitter.fma(emitter.add(s, s), s_error, square_error)
    high, low = coefficients.TWO_THIRDS[emitter.dtype]
    tail = emitter.mul(square, emitter.polynomial(square, coefficients.LOG_TAIL[emitter.dtype]))
    factor, factor_error = emitter.fast_two_sum(high, tail)
    factor_error = emitter.add(factor_error, low)
    cube, cube_error = _product_of_sums(emitter, (square, square_error), (factor, factor_error))
    cube, cube_error = _product_of_sums(emitter, (s, s_error), (cube, cube_error))

    total, error = emitter.fast_two_sum(emitter.add(s, s), cube)
    error = emitter.add(error, emitter.add(emitter.add(s_error, s_error), cube_error))
    high, low = coefficients.LN2[emitter.dtype]
    total, sum_error = emitter.fast_two_sum(emitter.mul(exponent, high), total)
    return total, emitter.add(sum_error, emitter.fma(exponent, low, error))


def _product_of_sums(emitter: Emitter, a: tuple[Value, Value], b: tuple[Value, Value]) -> tuple[Value, Value]:
    """Product of two unevaluated sums, as such a sum."""
    product, error = emitter.two_product(a[0], b[0])
    return product, emitter.fma(a[1], b[0], emitter.fma(a[0], b[1], error))


def _power_of_magnitude(emitter: Emitter, x: Value, y: Value) -> Value:
    """Return x**y for positive finite x."""
    if emitter.dtype == "float32":
        wide = emitter.like("float64")
        return emitter.narrow(exp(wide, wide.mul(emitter.widen(y), log(wide, emitter.widen(x)))))
    log_high, log_low = _log_in_two_parts(emitter, x)
    high, error = emitter.two_product(y, log_high)
    low = emitter.fma(y, log_low, error)
    bound = _overflow(emitter)
    low = emitter.select(emitter.compare("<", emitter.abs(high), bound), low, 0.0)
    high = emitter.at_most(emitter.at_least(high, -bound), bound)
    shifted, _, r = _reduced(emitter, high)
    return emitter.scale(emitter.add(_expm1_reduced(emitter, emitter.add(r, low)), 1.0), shifted)


def _where_odd(emitter: Emitter, y: Value) -> tuple[Value, Value]:
    """Where y is an integer, and where it is an odd one."""
    half = emitter.mul(y, 0.5)
    is_integer = emitter.compare("==", emitter.floor(y), y)
    is_even = emitter.compare("==", emitter.floor(half), half)
    return is_integer, emitter.logical_and(is_integer, emitter.logical_not(is_even))


def power(emitter: Emitter, x: Value, y: Value) -> Value:
    """Return x**y with the special cases of IEEE 754 (pow)."""
    infinity = float("inf")
    magnitude = emitter.abs(x)
    result = _power_of_magnitude(emitter, magnitude, y)
    # Bases 0 and inf, whose logarithm the general code does not split.
    grows = emitter.builder.xor(emitter.compare(">", magnitude, 1.0), emitter.compare("<", y, 0.0))
    extreme = emitter.logical_or(emitter.compare("==", x, 0.0), emitter.compare("==", magnitude, infinity))
    result = emitter.select(extreme, emitter.select(grows, infinity, 0.0), result)
    result = emitter.select(emitter.compare("==", magnitude, 1.0), 1.0, result)
    # Negative bases.
    is_integer, is_odd = _where_odd(emitter, y)
    is_negative = emitter.builder.icmp_signed("<", emitter.as_int(x), emitter.integer(0))
    result = emitter.select(emitter.logical_and(is_negative, is_odd), emitter.neg(result), result)
    finite_negative = emitter.logical_and(emitter.compare("<", x, 0.0), emitter.compare(">", x, -infinity))
    no_value = emitter.logical_and(finite_negative, emitter.logical_not(is_integer))
    result = emitter.select(no_value, float("nan"), result)
    # nan, except where no number in its place would change the result.
    unknown = emitter.builder.fcmp_unordered("uno", x, y)
    result = emitter.select(unknown, emitter.add(x, y), result)
    trivial = emitter.logical_or(emitter.compare("==", y, 0.0), emitter.compare("==", x, 1.0))
    return emitter.select(trivial, 1.0, result)
