"""Exponentials, logarithms and powers on vectors of lanes."""

from __future__ import annotations

from llvmlite import ir

from pairfold.codegen import coefficients
from pairfold.codegen.vectormath_emitter import Emitter, Value

__all__ = ["exp", "exp2", "exp_scaled", "log"]

_RANGE_SMALLER_MAGNITUDE = 2
"""Operand of vrange: the operand of smaller magnitude, with the sign of the first."""
_GETMANT_THREE_QUARTERS = 0b1011
"""Operand of vgetmant: mantissa in [3/4, 3/2), nan for a negative number."""


def _immediate(value: int) -> ir.Constant:
    return ir.Constant(ir.IntType(32), value)


# ---------------------------------------------------------------- exponentials
def _exp2_avx512(emitter: Emitter, x: Value, parts: tuple[Value, Value] | None) -> Value:
    """2**(x * (high + low)) with the two instructions that AVX-512 has for the ends of the job.

    No operand is clamped: vrange pulls the fraction back into its interval where x is huge (and makes a number of the
    nan of inf - inf), and vscalef then gives 0 or inf as the exponent says.
    """
    size = len(coefficients.EXP2_TABLE[emitter.dtype])
    table = emitter.bits * emitter.lanes == 512
    step = 1.0 / size if table else 1.0
    magic = emitter.magic(step)
    if parts is None:
        shifted = emitter.add(x, magic)
        exponent = emitter.sub(shifted, magic)
        fraction = emitter.sub(x, exponent)
    else:
        high, low = parts
        shifted = emitter.fma(x, high, magic)
        exponent = emitter.sub(shifted, magic)
        fraction = emitter.fma(x, low, emitter.fma(x, high, emitter.neg(exponent)))
    limit = emitter.number(0.5078125 * step)
    fraction = emitter.avx512_call("range", fraction, limit, _immediate(_RANGE_SMALLER_MAGNITUDE))
    if not table:
        power = emitter.polynomial(fraction, (1.0, *coefficients.EXP2[emitter.dtype]))
        return emitter.avx512_call("scalef", power, exponent)
    # The low bits of `shifted` count steps; the instruction reads as many of them as the table needs. vscalef takes
    # the floor of the exponent, and the table the rest.
    entries = [ir.Constant(emitter.scalar_type, entry) for entry in coefficients.EXP2_TABLE[emitter.dtype]]
    low_half, high_half = (ir.Constant(emitter.type, half) for half in (entries[: size // 2], entries[size // 2 :]))
    suffix = "ps" if emitter.dtype == "float32" else "pd"
    entry = emitter.declared(
        f"llvm.x86.avx512.vpermi2var.{suffix}.512", emitter.type, low_half, emitter.as_int(shifted), high_half
    )
    change = emitter.mul(fraction, emitter.polynomial(fraction, coefficients.EXP2_SHORT[emitter.dtype]))
    return emitter.avx512_call("scalef", emitter.fma(entry, change, entry), exponent)


def _exp2_scale(emitter: Emitter, shifted: Value, fraction: Value) -> Value:
    power = emitter.polynomial(fraction, (1.0, *coefficients.EXP2[emitter.dtype]))
    return emitter.scale(power, shifted)


def exp2(emitter: Emitter, x: Value) -> Value:
    """2**x."""
    if emitter.avx512:
        return _exp2_avx512(emitter, x, None)
    if not emitter.fused and emitter.dtype == "float32":
        wide, wide_x = emitter.widen(x)
        return wide.narrow(exp2(wide, wide_x))[1]
    magic = emitter.magic(1.0, emitter.scale_offset)
    x = emitter.at_most(emitter.at_least(x, -emitter.scale_limit), emitter.scale_limit)
    shifted = emitter.add(x, magic)
    return _exp2_scale(emitter, shifted, emitter.sub(x, emitter.sub(shifted, magic)))


def exp_scaled(emitter: Emitter, x: Value, high: Value, low: Value) -> Value:
    """exp(c * x) for c * log2(e) = high + low; c is finite."""
    if emitter.avx512:
        return _exp2_avx512(emitter, x, (high, low))
    if not emitter.fused and emitter.dtype == "float32":
        # float64 holds the product exactly enough, and rounding the result underflows gradually.
        wide, wide_x = emitter.widen(x)
        scale = wide.add(emitter.widen(high)[1], emitter.widen(low)[1])
        return wide.narrow(exp2(wide, wide.mul(wide_x, scale)))[1]
    magic = emitter.magic(1.0, emitter.scale_offset)
    limit = emitter.div(emitter.scale_limit, emitter.abs(high))
    x = emitter.at_most(emitter.at_least(x, emitter.neg(limit)), limit)
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


def exp(emitter: Emitter, x: Value) -> Value:
    """e**x."""
    high, low = coefficients.LOG2_E[emitter.dtype]
    return exp_scaled(emitter, x, emitter.number(high), emitter.number(low))


# ---------------------------------------------------------------- logarithms
def _split_exponent(emitter: Emitter, x: Value) -> tuple[Value, Value]:
    """Exponent and mantissa in [3/4, 3/2) of positive finite numbers."""
    if emitter.avx512:
        mantissa = emitter.avx512_call("getmant", x, _immediate(_GETMANT_THREE_QUARTERS))
        exponent = emitter.sub(emitter.avx512_call("getexp", x), emitter.avx512_call("getexp", mantissa))
        return exponent, mantissa
    smallest_normal = 2.0 ** (1 - emitter.bias)
    subnormal = emitter.compare("<", x, smallest_normal)
    x = emitter.select(subnormal, emitter.mul(x, 2.0**emitter.mantissa_bits), x)
    correction = emitter.select(subnormal, -float(emitter.mantissa_bits), 0.0)
    bits = emitter.as_int(x)
    shift = emitter.mantissa_bits
    steps = emitter.builder.and_(emitter.builder.sub(bits, emitter.float_bits(0.75)), emitter.integer(-1 << shift))
    mantissa = emitter.as_float(emitter.builder.sub(bits, steps))
    return emitter.add(emitter.exponent_number(steps), correction), mantissa


def log(emitter: Emitter, x: Value) -> Value:
    """Natural logarithm, after fdlibm: log((1 + s) / (1 - s)) with s = r / (2 + r), r = mantissa - 1."""
    if not emitter.fused and emitter.dtype == "float32":
        wide, wide_x = emitter.widen(x)
        return wide.narrow(log(wide, wide_x))[1]
    exponent, mantissa = _split_exponent(emitter, x)
    high, low = coefficients.LN2[emitter.dtype]
    rest = emitter.sub(mantissa, 1.0)
    s = emitter.div(rest, emitter.add(rest, 2.0))
    z = emitter.mul(s, s)
    half_square = emitter.mul(emitter.mul(rest, 0.5), rest)
    bend = emitter.fma(z, emitter.polynomial(z, coefficients.LOG[emitter.dtype]), half_square)
    tail = emitter.sub(half_square, emitter.fma(s, bend, emitter.mul(exponent, low)))
    result = emitter.fma(exponent, high, emitter.sub(rest, tail))
    if emitter.avx512:
        return result
    result = emitter.select(emitter.compare("<", x, float("inf")), result, x)
    result = emitter.select(emitter.compare("==", x, 0.0), -float("inf"), result)
    return emitter.select(emitter.compare("<", x, 0.0), float("nan"), result)
