"""Trigonometric functions and their inverses on vectors of lanes."""

from __future__ import annotations

import math

from llvmlite import ir

from pairfold.codegen import coefficients
from pairfold.codegen.vectormath_emitter import Emitter, Value, in_float64_unless_fused

__all__ = ["acos", "asin", "atan", "atan2", "cos", "sin", "tan"]

_INT64 = ir.IntType(64)
_INT128 = ir.IntType(128)


# ---------------------------------------------------------------- reduction of the argument
def _reduction_limit(emitter: Emitter) -> float:
    """Largest magnitude that the fast reduction takes: what keeps its products exact."""
    if emitter.dtype == "float32":
        return 2.0**17
    return 2.0**30 if emitter.fused else 2.0**20


def _reduce(emitter: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """Quarter turns (integer, its low two bits count), rest in about [-pi/4, pi/4], and the error of the rest.

    Subtracts a multiple of pi / 2 held in several parts (W. J. Cody and W. Waite, 1980); with x between neighbouring
    multiples, the first difference is exact. Lanes beyond the limit take :func:`_exact_scalar_reduction`.
    """
    magic = emitter.magic()
    shifted = emitter.fma(x, 2 / math.pi, magic)
    count = emitter.neg(emitter.sub(shifted, magic))
    table = coefficients.HALF_PI if emitter.fused else coefficients.HALF_PI_SHORT
    first, second, *others = table[emitter.dtype]
    product = emitter.mul(count, second)
    rest, tail = emitter.two_sum(emitter.fma(count, first, x), product)
    if emitter.fused:
        tail = emitter.add(tail, emitter.fma(count, second, emitter.neg(product)))
    for part in others:
        tail = emitter.fma(count, part, tail)
    if not emitter.fused:  # the shorter parts leave a tail that is not yet small
        total, tail = emitter.fast_two_sum(rest, tail)
        rest = emitter.with_sign(total, rest)  # -0 + 0 is +0
    fast = (emitter.as_int(shifted), rest, tail)

    builder = emitter.builder
    magnitude = emitter.abs(x)
    is_large = emitter.compare(">", magnitude, _reduction_limit(emitter))
    is_large = emitter.logical_and(is_large, emitter.compare("<", magnitude, float("inf")))
    before = builder.block
    slow, done = (builder.append_basic_block(name) for name in ("slow", "done"))
    builder.cbranch(emitter.any(is_large), slow, done)
    builder.position_at_end(slow)
    # The exact reduction takes no small numbers.
    exact = builder.call(_exact_reduction(emitter), [emitter.select(is_large, x, 1.0)])
    repaired = [builder.select(is_large, builder.extract_value(exact, k), value) for k, value in enumerate(fast)]
    builder.branch(done)
    builder.position_at_end(done)
    merged = []
    for fast_value, slow_value in zip(fast, repaired, strict=True):
        phi = builder.phi(fast_value.type)
        phi.add_incoming(fast_value, before)
        phi.add_incoming(slow_value, slow)
        merged.append(phi)
    return merged[0], merged[1], merged[2]


def _exact_reduction(emitter: Emitter) -> ir.Function:
    """Like :func:`_reduce` as a function, lane by lane; never inlined, since it is rarely called."""
    module = emitter.builder.module
    name = f"pairfold.reduce.v{emitter.lanes}f{emitter.bits}"
    found = module.globals.get(name)
    if found is not None:
        return found
    scalar = _exact_scalar_reduction(module, emitter.features)
    result_type = ir.LiteralStructType([emitter.int_type, emitter.type, emitter.type])
    function = ir.Function(module, ir.FunctionType(result_type, [emitter.type]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    inner = Emitter(builder, emitter.lanes, emitter.dtype, emitter.features)
    vectors = [inner.integer(0), inner.number(0.0), inner.number(0.0)]
    for index in range(emitter.lanes):
        x = inner.lane(function.args[0], index)
        wide = emitter.dtype == "float64"
        answer = builder.call(scalar, [x if wide else builder.fpext(x, ir.DoubleType())])
        parts = [builder.extract_value(answer, k) for k in range(3)]
        if not wide:
            parts = _narrowed(builder, parts)
        vectors = [inner.with_lane(vector, index, part) for vector, part in zip(vectors, parts, strict=True)]
    result: Value = ir.Constant(result_type, ir.Undefined)
    for k, vector in enumerate(vectors):
        result = builder.insert_value(result, vector, k)
    builder.ret(result)
    return function


def _narrowed(builder: ir.IRBuilder, parts: list[Value]) -> list[Value]:
    """The answer of the scalar reduction for float32."""
    quarters, rest, _ = parts
    narrow = builder.fptrunc(rest, ir.FloatType())
    tail = builder.fsub(rest, builder.fpext(narrow, ir.DoubleType()))
    return [builder.trunc(quarters, ir.IntType(32)), narrow, builder.fptrunc(tail, ir.FloatType())]


def _exact_scalar_reduction(module: ir.Module, features: frozenset[str]) -> ir.Function:
    """Reduction of one finite float64 number of at least 2**-10, however large (M. H. Payne and R. N. Hanek, 1983)."""
    name = "pairfold.reduce.scalar"
    found = module.globals.get(name)
    if found is not None:
        return found
    result_type = ir.LiteralStructType([_INT64, ir.DoubleType(), ir.DoubleType()])
    function = ir.Function(module, ir.FunctionType(result_type, [ir.DoubleType()]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    bits = builder.bitcast(function.args[0], _INT64)
    quarters, top, low = _turns(builder, bits)
    # The fraction of a quarter turn is signed: take its magnitude.
    is_negative = builder.icmp_signed("<", top, _whole(0))
    flip = builder.select(is_negative, _whole(2**64 - 1), _whole(0))
    zeros, angle, tail = _angle(builder, builder.xor(top, flip), builder.xor(low, flip), features)
    # Back to its size, with the sign of the fraction times the sign of x: a power of two, negative or not.
    x_is_negative = builder.icmp_signed("<", bits, _whole(0))
    size = builder.shl(builder.sub(_whole(1023 - 64), zeros), _whole(52))
    sign = builder.select(builder.xor(is_negative, x_is_negative), _whole(1 << 63), _whole(0))
    unit = builder.bitcast(builder.or_(size, sign), ir.DoubleType())
    quarters = builder.select(x_is_negative, builder.neg(quarters), quarters)
    result: Value = ir.Constant(result_type, ir.Undefined)
    for k, part in enumerate((quarters, builder.fmul(angle, unit), builder.fmul(tail, unit))):
        result = builder.insert_value(result, part, k)
    builder.ret(result)
    return function


def _whole(value: int) -> ir.Constant:
    return ir.Constant(_INT64, value - (1 << 64) if value >> 63 else value)


def _joined(builder: ir.IRBuilder, upper: Value, lower: Value) -> Value:
    """128 bits from two halves."""
    shifted = builder.shl(builder.zext(upper, _INT128), ir.Constant(_INT128, 64))
    return builder.or_(shifted, builder.zext(lower, _INT128))


def _upper(builder: ir.IRBuilder, a: Value) -> Value:
    """Upper half of 128 bits."""
    return builder.trunc(builder.lshr(a, ir.Constant(_INT128, 64)), _INT64)


def _turns(builder: ir.IRBuilder, bits: Value) -> tuple[Value, Value, Value]:
    """Quarter turns in the magnitude of a number, modulo 4, and the signed fraction of one behind them, in two words.

    The number is m * 2**e with an integer m. Digits of 2 / pi that contribute whole turns to m * 2**e * (2 / pi) are
    skipped, the 192 digits after them are multiplied by m modulo 2**192, that is, modulo 4 quarter turns.
    """
    exponent = builder.and_(builder.lshr(bits, _whole(52)), _whole(0x7FF))
    mantissa = builder.or_(builder.and_(bits, _whole((1 << 52) - 1)), _whole(1 << 52))
    # The first digit needed has weight 2**(1 - e); the table starts with a word of zeros. e = exponent - 1075.
    position = builder.sub(exponent, _whole(1075 - 62))
    words = [_digits_of_two_over_pi(builder, position, k) for k in range(3)]
    factor = builder.zext(mantissa, _INT128)
    last = builder.mul(factor, builder.zext(words[2], _INT128))
    middle = builder.mul(factor, builder.zext(words[1], _INT128))
    middle = builder.add(middle, builder.zext(_upper(builder, last), _INT128))
    top = builder.add(builder.mul(mantissa, words[0]), _upper(builder, middle))
    middle, last = builder.trunc(middle, _INT64), builder.trunc(last, _INT64)
    quarters = builder.lshr(builder.add(top, _whole(1 << 61)), _whole(62))
    top = builder.or_(builder.shl(top, _whole(2)), builder.lshr(middle, _whole(62)))
    return quarters, top, builder.or_(builder.shl(middle, _whole(2)), builder.lshr(last, _whole(62)))


def _angle(builder: ir.IRBuilder, top: Value, low: Value, features: frozenset[str]) -> tuple[Value, Value, Value]:
    """Leading zeros of a fraction of a quarter turn, and 2**(64 + zeros) times its angle as a sum of two."""
    # At most 62 leading zeros: no float64 number is closer to a multiple of pi / 2.
    zeros = builder.ctlz(top, ir.Constant(ir.IntType(1), 0))
    leading = _upper(builder, builder.shl(_joined(builder, top, low), builder.zext(zeros, _INT128)))
    high = builder.uitofp(builder.and_(leading, _whole(2**64 - 2**11)), ir.DoubleType())
    rest = builder.uitofp(builder.and_(leading, _whole(2**11 - 1)), ir.DoubleType())
    emitter = Emitter(builder, 1, "float64", features)
    half_pi, half_pi_rest, _ = coefficients.HALF_PI["float64"]
    angle, tail = emitter.two_product(high, half_pi)
    tail = emitter.add(tail, emitter.add(emitter.mul(high, half_pi_rest), emitter.mul(rest, half_pi)))
    return zeros, *emitter.fast_two_sum(angle, tail)


def _digits_of_two_over_pi(builder: ir.IRBuilder, position: Value, index: int) -> Value:
    """64 binary digits that start ``64 * index`` behind bit ``position`` of the table."""
    module = builder.module
    array_type = ir.ArrayType(_INT64, len(coefficients.TWO_OVER_PI))
    table = module.globals.get("pairfold.two_over_pi")
    if table is None:
        table = ir.GlobalVariable(module, array_type, "pairfold.two_over_pi")
        table.linkage = "internal"
        table.global_constant = True
        table.initializer = ir.Constant(array_type, [_whole(word) for word in coefficients.TWO_OVER_PI])
    word = builder.lshr(position, _whole(6))
    zero = _whole(0)
    pair = [builder.load(builder.gep(table, [zero, builder.add(word, _whole(index + k))])) for k in (0, 1)]
    shift = builder.and_(position, _whole(63))
    return _upper(builder, builder.shl(_joined(builder, *pair), builder.zext(shift, _INT128)))


# ---------------------------------------------------------------- sine, cosine, tangent
def _sine(emitter: Emitter, rest: Value, tail: Value) -> tuple[Value, Value]:
    """Sine of rest + tail in [-pi/4, pi/4], as a sum of two that is not added up."""
    square = emitter.mul(rest, rest)
    bend = emitter.polynomial(square, coefficients.SIN[emitter.dtype])
    return rest, emitter.fma(emitter.mul(rest, square), bend, tail)


def _cosine(emitter: Emitter, rest: Value, tail: Value) -> tuple[Value, Value]:
    """Cosine of rest + tail in [-pi/4, pi/4], as a sum of two that is not added up."""
    square = emitter.mul(rest, rest)
    half_square = emitter.mul(square, 0.5)
    start = emitter.sub(1.0, half_square)
    lost = emitter.sub(emitter.sub(1.0, start), half_square)
    bend = emitter.polynomial(square, coefficients.COS[emitter.dtype])
    return start, emitter.fma(emitter.mul(square, square), bend, emitter.sub(lost, emitter.mul(rest, tail)))


def _sine_and_cosine(emitter: Emitter, rest: Value, tail: Value) -> tuple[Value, Value]:
    """Both functions of rest + tail in [-pi/4, pi/4]."""
    # The sign is restored since -0 + 0 is +0.
    sine = emitter.with_sign(emitter.add(*_sine(emitter, rest, tail)), rest)
    return sine, emitter.add(*_cosine(emitter, rest, tail))


@in_float64_unless_fused
def sin(emitter: Emitter, x: Value) -> Value:
    """Sine of any number."""
    quarters, rest, tail = _reduce(emitter, x)
    sine, cosine = _sine_and_cosine(emitter, rest, tail)
    return emitter.flip_sign(emitter.select(emitter.has_bit(quarters, 0), cosine, sine), quarters, 1)


@in_float64_unless_fused
def cos(emitter: Emitter, x: Value) -> Value:
    """Cosine of any number."""
    quarters, rest, tail = _reduce(emitter, x)
    sine, cosine = _sine_and_cosine(emitter, rest, tail)
    value = emitter.select(emitter.has_bit(quarters, 0), sine, cosine)
    return emitter.flip_sign(value, emitter.builder.add(quarters, emitter.integer(1)), 1)


@in_float64_unless_fused
def tan(emitter: Emitter, x: Value) -> Value:
    """Tangent of any number: a quotient of sums, with one step of correction."""
    quarters, rest, tail = _reduce(emitter, x)
    sine_total, sine_error = emitter.fast_two_sum(*_sine(emitter, rest, tail))
    sine = (emitter.with_sign(sine_total, rest), sine_error)  # -0 + 0 is +0
    cosine = emitter.fast_two_sum(*_cosine(emitter, rest, tail))
    is_odd = emitter.has_bit(quarters, 0)
    top, top_error = (emitter.select(is_odd, c, s) for s, c in zip(sine, cosine, strict=True))
    bottom, bottom_error = (emitter.select(is_odd, s, c) for s, c in zip(sine, cosine, strict=True))
    inverse = emitter.div(1.0, bottom)
    quotient = emitter.mul(top, inverse)
    product, product_error = emitter.two_product(quotient, bottom)
    missing = emitter.sub(emitter.sub(top, product), product_error)
    missing = emitter.add(missing, emitter.sub(top_error, emitter.mul(quotient, bottom_error)))
    corrected = emitter.with_sign(emitter.fma(missing, inverse, quotient), quotient)
    return emitter.flip_sign(corrected, quarters, 0)


# ---------------------------------------------------------------- inverse functions
def _atan_of_quotient(emitter: Emitter, numerator: Value, denominator: Value) -> Value:
    """atan(numerator / denominator) for 0 <= numerator <= denominator, by one division.

    Beyond tan(pi / 8), the quotient is turned back by pi / 4: (n - d) / (n + d).
    """
    is_upper = emitter.compare(">", numerator, emitter.mul(denominator, math.tan(math.pi / 8)))
    top = emitter.select(is_upper, emitter.sub(numerator, denominator), numerator)
    bottom = emitter.select(is_upper, emitter.add(numerator, denominator), denominator)
    quotient = emitter.div(top, bottom)
    square = emitter.mul(quotient, quotient)
    bend = emitter.mul(emitter.mul(quotient, square), emitter.polynomial(square, coefficients.ATAN[emitter.dtype]))
    high, low, _ = coefficients.HALF_PI[emitter.dtype]
    # Small terms first: pi / 4 is a sum of two parts.
    start = emitter.select(is_upper, high / 2, 0.0)
    return emitter.add(emitter.add(start, quotient), emitter.add(bend, emitter.select(is_upper, low / 2, 0.0)))


def _subtracted_from(emitter: Emitter, quarters: float, angle: Value) -> Value:
    """Return quarters * pi / 2 - angle."""
    high, low, _ = coefficients.HALF_PI[emitter.dtype]
    return emitter.sub(quarters * high, emitter.sub(angle, quarters * low))


@in_float64_unless_fused
def atan(emitter: Emitter, x: Value) -> Value:
    """Inverse tangent."""
    magnitude = emitter.abs(x)
    is_above = emitter.compare(">", magnitude, 1.0)
    one = emitter.number(1.0)
    # 1 / magnitude for large numbers: both operands of the quotient stay at most 1.
    inverse = emitter.div(1.0, magnitude)
    angle = _atan_of_quotient(emitter, emitter.select(is_above, inverse, magnitude), one)
    angle = emitter.select(is_above, _subtracted_from(emitter, 1.0, angle), angle)
    return emitter.with_sign(angle, x)


@in_float64_unless_fused
def atan2(emitter: Emitter, y: Value, x: Value) -> Value:
    """Angle of the point (x, y) in (-pi, pi], with the special cases of IEEE 754."""
    width, height = emitter.abs(x), emitter.abs(y)
    small, large = emitter.min(width, height), emitter.max(width, height)
    # The sum of two huge numbers would overflow. A small one that underflows here gives an angle of 0 in any case.
    factor = emitter.select(emitter.compare(">", large, 2.0 ** (emitter.bias - 2)), 0.25, 1.0)
    is_equal = emitter.compare("==", small, large)
    # Equal operands give 1 also when both are infinite, and 0 when both are 0.
    is_zero = emitter.compare("==", large, 0.0)
    numerator = emitter.select(is_equal, emitter.select(is_zero, 0.0, 1.0), emitter.mul(small, factor))
    denominator = emitter.select(is_equal, 1.0, emitter.mul(large, factor))
    angle = _atan_of_quotient(emitter, numerator, denominator)
    angle = emitter.select(emitter.compare(">", height, width), _subtracted_from(emitter, 1.0, angle), angle)
    is_left = emitter.builder.icmp_signed("<", emitter.as_int(x), emitter.integer(0))
    angle = emitter.select(is_left, _subtracted_from(emitter, 2.0, angle), angle)
    angle = emitter.with_sign(angle, y)
    return emitter.select(emitter.builder.fcmp_unordered("uno", x, y), emitter.add(x, y), angle)


def _asin_parts(emitter: Emitter, magnitude: Value) -> tuple[Value, Value, Value]:
    """Where magnitude is above 1/2; and asin(magnitude) up to there, asin(sqrt((1 - magnitude) / 2)) above.

    The angle is a sum of two that is not added up.
    """
    is_above = emitter.compare(">", magnitude, 0.5)
    half_rest = emitter.mul(emitter.sub(1.0, magnitude), 0.5)
    root = emitter.intrinsic("llvm.sqrt", half_rest)
    argument = emitter.select(is_above, root, magnitude)
    square = emitter.select(is_above, half_rest, emitter.mul(magnitude, magnitude))
    bend = emitter.polynomial(square, coefficients.ASIN[emitter.dtype])
    return is_above, argument, emitter.mul(emitter.mul(argument, square), bend)


def _quarters_minus(emitter: Emitter, quarters: float, angle: Value, rest: Value) -> Value:
    """Return quarters * pi / 2 - (angle + rest), for an angle below quarters * pi / 2."""
    high, low, _ = coefficients.HALF_PI[emitter.dtype]
    start, error = emitter.fast_two_sum(quarters * high, emitter.neg(angle))
    return emitter.add(start, emitter.sub(error, emitter.sub(rest, quarters * low)))


@in_float64_unless_fused
def asin(emitter: Emitter, x: Value) -> Value:
    """Inverse sine; nan outside of [-1, 1]."""
    is_above, angle, rest = _asin_parts(emitter, emitter.abs(x))
    outer = _quarters_minus(emitter, 1.0, emitter.add(angle, angle), emitter.add(rest, rest))
    return emitter.with_sign(emitter.select(is_above, outer, emitter.add(angle, rest)), x)


@in_float64_unless_fused
def acos(emitter: Emitter, x: Value) -> Value:
    """Inverse cosine; nan outside of [-1, 1]."""
    is_above, angle, rest = _asin_parts(emitter, emitter.abs(x))
    double, double_rest = emitter.add(angle, angle), emitter.add(rest, rest)
    left = _quarters_minus(emitter, 2.0, double, double_rest)
    outer = emitter.select(emitter.compare("<", x, 0.0), left, emitter.add(double, double_rest))
    inner = _quarters_minus(emitter, 1.0, emitter.with_sign(angle, x), emitter.with_sign(rest, x))
    return emitter.select(is_above, outer, inner)
