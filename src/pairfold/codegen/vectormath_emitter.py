"""Emission helpers on one vector type: constants, fused operations, exact products, bit tricks.

An :class:`Emitter` wraps an LLVM builder and a working type, ``lanes`` numbers of ``dtype``
(a plain scalar when ``lanes == 1``). The functions of the catalogue are written against it once and
work for every width, precision and feature set.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

__all__ = ["FLOAT_BITS", "Emit", "Emitter", "Value", "in_float64_unless_fused"]

Value = Any
"""An LLVM value; llvmlite carries no static types."""

FLOAT_BITS = {"float32": 32, "float64": 64}
_MANTISSA_BITS = {"float32": 23, "float64": 52}
_FLOOR_INSTRUCTION = frozenset({"sse4.1", "avx", "avx2", "avx512f"})


def _round_to(dtype: str, value: float) -> float:
    """Round to the nearest number of ``dtype`` (LLVM refuses a float32 constant that is not one)."""
    if dtype == "float64":
        return value
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return value * float("inf")


class Emitter:
    """Build instructions on vectors of ``lanes`` numbers of type ``dtype``.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Where instructions go.
    lanes : int
        Numbers per value; 1 means plain scalars.
    dtype : str
        ``"float32"`` or ``"float64"``.
    features : frozenset of str
        LLVM feature names. ``"fma"`` says that a fused multiply-add is one instruction.
    """

    def __init__(self, builder: ir.IRBuilder, lanes: int, dtype: str, features: frozenset[str]) -> None:
        self.builder = builder
        self.lanes = lanes
        self.dtype = dtype
        self.features = features
        self.bits = FLOAT_BITS[dtype]
        self.mantissa_bits = _MANTISSA_BITS[dtype]
        self.bias = (1 << (self.bits - self.mantissa_bits - 2)) - 1
        self.scalar_type: ir.Type = ir.FloatType() if dtype == "float32" else ir.DoubleType()
        self.type = self.shape(self.scalar_type)
        self.int_type = self.shape(ir.IntType(self.bits))
        self.fused = "fma" in features

    def shape(self, scalar: ir.Type) -> ir.Type:
        """Vector of ``scalar`` with this number of lanes, or ``scalar`` itself for one lane."""
        return scalar if self.lanes == 1 else ir.VectorType(scalar, self.lanes)

    def like(self, dtype: str) -> Emitter:
        """The same lanes in another precision."""
        return Emitter(self.builder, self.lanes, dtype, self.features)

    # ---------------------------------------------------------------- constants
    def _splat(self, type_: ir.Type, scalar: Any) -> ir.Constant:
        if self.lanes == 1:
            return ir.Constant(type_, scalar)
        return ir.Constant(type_, [ir.Constant(type_.element, scalar)] * self.lanes)

    def number(self, value: float) -> ir.Constant:
        """``value``, rounded to the working precision, in every lane."""
        return self._splat(self.type, _round_to(self.dtype, value))

    def integer(self, value: int) -> ir.Constant:
        """``value`` modulo 2**bits in every lane of the integer type of the same width."""
        value &= (1 << self.bits) - 1
        if value >> (self.bits - 1):
            value -= 1 << self.bits
        return self._splat(self.int_type, value)

    def _value(self, operand: Value | float) -> Value:
        return self.number(operand) if isinstance(operand, (int, float)) else operand

    # ---------------------------------------------------------------- arithmetic
    def add(self, a: Value | float, b: Value | float) -> Value:
        """Return a + b."""
        return self.builder.fadd(self._value(a), self._value(b))

    def sub(self, a: Value | float, b: Value | float) -> Value:
        """Return a - b."""
        return self.builder.fsub(self._value(a), self._value(b))

    def mul(self, a: Value | float, b: Value | float) -> Value:
        """Return a * b."""
        return self.builder.fmul(self._value(a), self._value(b))

    def div(self, a: Value | float, b: Value | float) -> Value:
        """Return a / b."""
        return self.builder.fdiv(self._value(a), self._value(b))

    def neg(self, a: Value) -> Value:
        """Return -a, also of zero and nan."""
        return self.builder.fneg(a)

    def intrinsic(self, name: str, *operands: Value) -> Value:
        """Call an LLVM intrinsic that is overloaded on the working type only."""
        suffix = f"f{self.bits}" if self.lanes == 1 else f"v{self.lanes}f{self.bits}"
        return self.declared(f"{name}.{suffix}", self.type, *operands)

    def fma(self, a: Value | float, b: Value | float, c: Value | float) -> Value:
        """Return a * b + c, rounded once where the machine can, else twice."""
        a, b, c = self._value(a), self._value(b), self._value(c)
        if self.fused:
            return self.intrinsic("llvm.fma", a, b, c)
        return self.builder.fadd(self.builder.fmul(a, b), c)

    def polynomial(self, x: Value, coefficients: Sequence[float]) -> Value:
        """Horner's scheme; ``coefficients`` from the constant term upwards."""
        result = self.number(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            result = self.fma(result, x, coefficient)
        return result

    def two_sum(self, a: Value | float, b: Value | float) -> tuple[Value, Value]:
        """Rounded sum and its exact error (Knuth 1969; Moller 1965)."""
        a, b = self._value(a), self._value(b)
        total = self.add(a, b)
        part = self.sub(total, a)
        return total, self.add(self.sub(a, self.sub(total, part)), self.sub(b, part))

    def fast_two_sum(self, a: Value | float, b: Value | float) -> tuple[Value, Value]:
        """Rounded sum and its exact error for abs(a) >= abs(b) (Dekker 1971)."""
        a, b = self._value(a), self._value(b)
        total = self.add(a, b)
        return total, self.sub(b, self.sub(total, a))

    def _split(self, a: Value) -> tuple[Value, Value]:
        scaled = self.mul(a, float((1 << (self.mantissa_bits // 2 + 1)) + 1))
        high = self.sub(scaled, self.sub(scaled, a))
        return high, self.sub(a, high)

    def two_product(self, a: Value | float, b: Value | float) -> tuple[Value, Value]:
        """Rounded product and its exact error (a fused operation, or Dekker's splitting)."""
        a, b = self._value(a), self._value(b)
        product = self.mul(a, b)
        if self.fused:
            return product, self.fma(a, b, self.neg(product))
        a_high, a_low = self._split(a)
        b_high, b_low = self._split(b)
        error = self.sub(self.mul(a_high, b_high), product)
        error = self.add(self.add(error, self.mul(a_high, b_low)), self.mul(a_low, b_high))
        return product, self.add(error, self.mul(a_low, b_low))

    # ---------------------------------------------------------------- comparisons and bits
    def compare(self, operator: str, a: Value | float, b: Value | float) -> Value:
        """Ordered comparison: false when an operand is nan."""
        return self.builder.fcmp_ordered(operator, self._value(a), self._value(b))

    def is_nan(self, a: Value) -> Value:
        """True where ``a`` is nan."""
        return self.builder.fcmp_unordered("uno", a, a)

    def select(self, condition: Value, a: Value | float, b: Value | float) -> Value:
        """Return a where condition, else b."""
        return self.builder.select(condition, self._value(a), self._value(b))

    def at_least(self, a: Value, bound: float) -> Value:
        """Return max(a, bound); nan stays nan. Written so that x86 needs one instruction."""
        return self.select(self.compare(">", bound, a), bound, a)

    def at_most(self, a: Value, bound: float) -> Value:
        """Return min(a, bound); nan stays nan."""
        return self.select(self.compare("<", bound, a), bound, a)

    def as_int(self, a: Value) -> Value:
        """The bits of a number."""
        return self.builder.bitcast(a, self.int_type)

    def as_float(self, a: Value) -> Value:
        """The number with these bits."""
        return self.builder.bitcast(a, self.type)

    def float_bits(self, value: float) -> ir.Constant:
        """The bits of a constant."""
        code, integer_code = ("f", "i") if self.dtype == "float32" else ("d", "q")
        return self.integer(struct.unpack(integer_code, struct.pack(code, value))[0])

    def exponent_number(self, bits: Value) -> Value:
        """Integer ``bits`` / 2**mantissa_bits (rounded down) as a number.

        By way of 1.5 * 2**mantissa_bits, since vector units convert 64-bit integers slowly or not at all.
        """
        shifted = self.builder.ashr(bits, self.integer(self.mantissa_bits))
        return self.sub(self.as_float(self.builder.add(shifted, self.float_bits(self.magic()))), self.magic())

    def abs(self, a: Value) -> Value:
        """Absolute value."""
        return self.intrinsic("llvm.fabs", a)

    def floor(self, a: Value) -> Value:
        """Round down to an integer; LLVM would call the C library where x86 has no instruction for it."""
        if "sse2" not in self.features or self.features & _FLOOR_INSTRUCTION:
            return self.intrinsic("llvm.floor", a)
        limit = 2.0**self.mantissa_bits
        magnitude = self.abs(a)
        # The nearest integer, then the one below it when that is too large; beyond the limit all numbers are integers.
        nearest = self.with_sign(self.sub(self.add(magnitude, limit), limit), a)
        lower = self.select(self.compare(">", nearest, a), self.sub(nearest, 1.0), nearest)
        return self.select(self.compare("<", magnitude, limit), self.with_sign(lower, a), a)

    def with_sign(self, magnitude: Value | float, sign: Value) -> Value:
        """Magnitude of the first, sign of the second."""
        return self.intrinsic("llvm.copysign", self._value(magnitude), sign)

    def max(self, a: Value, b: Value) -> Value:
        """The larger operand; the second where one is nan."""
        return self.select(self.compare(">", a, b), a, b)

    def min(self, a: Value, b: Value) -> Value:
        """The smaller operand; the second where one is nan."""
        return self.select(self.compare("<", a, b), a, b)

    def logical_and(self, a: Value, b: Value) -> Value:
        """Both conditions."""
        return self.builder.and_(a, b)

    def logical_or(self, a: Value, b: Value) -> Value:
        """One of two conditions."""
        return self.builder.or_(a, b)

    def logical_not(self, a: Value) -> Value:
        """The opposite condition."""
        return self.builder.xor(a, self._splat(self.shape(ir.IntType(1)), 1))

    def has_bit(self, bits: Value, bit: int) -> Value:
        """True where an integer has this bit."""
        masked = self.builder.and_(bits, self.integer(1 << bit))
        return self.builder.icmp_unsigned("!=", masked, self.integer(0))

    def flip_sign(self, a: Value, bits: Value, bit: int) -> Value:
        """Return -a where an integer has this bit, else a."""
        top = self.builder.shl(bits, self.integer(self.bits - 1 - bit))
        sign = self.builder.and_(top, self.integer(1 << (self.bits - 1)))
        return self.as_float(self.builder.xor(self.as_int(a), sign))

    def any(self, condition: Value) -> Value:
        """One bit: true when the condition holds in some lane."""
        if self.lanes == 1:
            return condition
        mask = ir.IntType(self.lanes)
        return self.builder.icmp_unsigned("!=", self.builder.bitcast(condition, mask), ir.Constant(mask, 0))

    def lane(self, vector: Value, index: int) -> Value:
        """One lane of a vector."""
        return vector if self.lanes == 1 else self.builder.extract_element(vector, ir.Constant(ir.IntType(32), index))

    def with_lane(self, vector: Value, index: int, scalar: Value) -> Value:
        """The vector with one lane replaced."""
        if self.lanes == 1:
            return scalar
        return self.builder.insert_element(vector, scalar, ir.Constant(ir.IntType(32), index))

    # ---------------------------------------------------------------- conversions
    def widen(self, a: Value) -> Value:
        """The same numbers in float64."""
        return self.builder.fpext(a, self.like("float64").type)

    def narrow(self, a: Value) -> Value:
        """Round float64 numbers to this precision, float32."""
        return self.builder.fptrunc(a, self.type)

    # ---------------------------------------------------------------- powers of two
    def magic(self, step: float = 1.0, offset: int = 0) -> float:
        """Large number whose sums are multiples of ``step``; their low bits then count the multiple plus ``offset``."""
        return (1.5 * 2.0**self.mantissa_bits + offset) * step

    def scale(self, a: Value, power: Value) -> Value:
        """Return a * 2**n for ``power = n + magic(1, scale_offset)``, with overflow and gradual underflow.

        Two factors, since 2**n itself may lie outside of the normal numbers.
        """
        bits = self.as_int(power)
        shift = self.mantissa_bits
        exponent_mask = ((1 << (self.bits - 1)) - 1) >> shift << shift
        half = self.builder.and_(self.builder.shl(bits, self.integer(shift - 1)), self.integer(exponent_mask))
        rest = self.builder.sub(self.builder.shl(bits, self.integer(shift)), half)
        return self.mul(self.mul(a, self.as_float(half)), self.as_float(rest))

    @property
    def scale_offset(self) -> int:
        """Offset of the exponent that :meth:`scale` expects: twice the bias of the format."""
        return 2 * self.bias

    @property
    def scale_limit(self) -> float:
        """Largest magnitude of an exponent that :meth:`scale` can take, with some room for rounding."""
        return float(2 * self.bias - 6)

    # ---------------------------------------------------------------- AVX-512
    @property
    def avx512(self) -> bool:
        """Whether AVX-512 instructions exist for this very type."""
        width = self.bits * self.lanes
        if "avx512f" not in self.features or "avx512dq" not in self.features:
            return False
        return width == 512 or ("avx512vl" in self.features and width in (128, 256))

    @property
    def avx512_suffix(self) -> str:
        """End of the name of an AVX-512 intrinsic on this type."""
        return f"{'ps' if self.dtype == 'float32' else 'pd'}.{self.bits * self.lanes}"

    def avx512_call(self, name: str, *operands: Value) -> Value:
        """Call an ``llvm.x86.avx512.mask.*`` intrinsic on all lanes, in the current rounding mode."""
        arguments = [*operands, self.unread(), self.all_lanes()]
        if self.bits * self.lanes == 512:
            arguments.append(ir.Constant(ir.IntType(32), 4))
        return self.declared(f"llvm.x86.avx512.mask.{name}.{self.avx512_suffix}", self.type, *arguments)

    def all_lanes(self) -> ir.Constant:
        """Mask with every bit set."""
        return ir.Constant(ir.IntType(max(8, self.lanes)), -1)

    def unread(self) -> ir.Constant:
        """Operand that an all-true mask never reads."""
        return self.number(0.0)

    def declared(self, name: str, result: ir.Type, *arguments: Value) -> Value:
        """Call a function by name, declared once per module."""
        module = self.builder.module
        function = module.globals.get(name)
        if function is None:
            function = ir.Function(module, ir.FunctionType(result, [a.type for a in arguments]), name)
        return self.builder.call(function, arguments)


Emit = Callable[..., Value]
"""Emits one function of the catalogue: (Emitter, arguments...) -> value."""


def in_float64_unless_fused(emit: Emit) -> Emit:
    """Compute a float32 function in float64 on machines without a fused multiply-add.

    The exact products of the float32 code need that instruction; such machines are old, and there simple is best.
    """

    @functools.wraps(emit)
    def wrapped(emitter: Emitter, *arguments: Value) -> Value:
        if emitter.fused or emitter.dtype == "float64":
            return emit(emitter, *arguments)
        wide = emitter.like("float64")
        return emitter.narrow(emit(wide, *(emitter.widen(argument) for argument in arguments)))

    return wrapped
