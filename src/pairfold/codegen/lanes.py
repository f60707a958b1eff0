"""Elementwise primitives on vectors of lanes, as LLVM instructions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from llvmlite import ir

from pairfold.codegen.primitives import CONTRACT, Comparison, Instruction, find_primitive
from pairfold.codegen.vectormath import VectorMath
from pairfold.codegen.vectormath_emitter import Emitter
from pairfold.codegen.vectormath_exponential import scaled_interval

__all__ = ["WORD", "Lanes", "Value"]

Value = Any
"""An LLVM value; llvmlite ships no types."""

WORD = ir.IntType(64)
"""An integer with a bit for many lanes."""

LOG2_E = 1.4426950408889634
LOG2_E_REST = 2.0355273740931033e-17
"""log2(e) minus its float64 rounding."""


class Lanes:
    """Types and instructions for `count` lanes of one floating point type; one lane means plain scalars.

    Column numbers have `index_bits` bits: the 32 of those within one array, or the 64 of those of many.
    """

    def __init__(
        self, module: ir.Module, count: int, dtype: str, features: frozenset[str], index_bits: int = 32
    ) -> None:
        self.count = count
        self.dtype = dtype
        self.element = ir.FloatType() if dtype == "float32" else ir.DoubleType()
        self.index_element = ir.IntType(index_bits)
        self.real = self.vector(self.element)
        self.index = self.vector(self.index_element)
        self.math = VectorMath(module, count, dtype, features)
        self.module = module

    def vector(self, element: ir.Type) -> ir.Type:
        """Return the type of a number of some type in every lane."""
        return element if self.count == 1 else ir.VectorType(element, self.count)

    def size(self, element: ir.Type) -> int:
        """Return how many numbers of the working precision take the memory of one of the type `element`, at least."""
        return 2 if self.dtype == "float32" and element in (ir.DoubleType(), ir.IntType(64)) else 1

    def constant(self, value: float) -> Value:
        """Return the constant `value` in every lane."""
        return self._splat_constant(ir.Constant(self.element, value), self.real)

    def index_constant(self, value: int) -> Value:
        """Return the integer `value` in every lane."""
        return self._splat_constant(ir.Constant(self.index_element, value), self.index)

    def _splat_constant(self, scalar: Value, vector: ir.Type) -> Value:
        return scalar if self.count == 1 else ir.Constant(vector, [scalar] * self.count)

    def broadcast(self, builder: ir.IRBuilder, scalar: Value) -> Value:
        """Copy a scalar into every lane."""
        if self.count == 1:
            return scalar
        vector = self.vector(scalar.type)
        first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), self.count), [0] * self.count)
        return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), mask)

    def add(self, builder: ir.IRBuilder, a: Value, b: Value) -> Value:
        """Return a + b, open to fusion with a product."""
        return builder.fadd(a, b, flags=CONTRACT)

    def any(self, builder: ir.IRBuilder, masks: Sequence[Value]) -> Value:
        """Tell whether some mask is set in some lane."""
        if "avx512f" in self.math.features:
            # Registers of masks have few units, those of integers many.
            step = WORD.width // self.count
            words = [self.word(builder, masks[first : first + step]) for first in range(0, len(masks), step)]
            return builder.icmp_unsigned("!=", reduce(builder.or_, words), ir.Constant(WORD, 0))
        mask = reduce(builder.or_, masks)
        if self.count == 1:
            return mask
        bits = ir.IntType(self.count)
        return builder.icmp_unsigned("!=", builder.bitcast(mask, bits), ir.Constant(bits, 0))

    def word(self, builder: ir.IRBuilder, masks: Sequence[Value]) -> Value:
        """Return an integer that has, from the lowest on, a bit for every lane of some masks: 64 at most."""
        parts = []
        for number, mask in enumerate(masks):
            bits = mask if self.count == 1 else builder.bitcast(mask, ir.IntType(self.count))
            parts.append(builder.shl(builder.zext(bits, WORD), ir.Constant(WORD, number * self.count)))
        return reduce(builder.or_, parts)

    def compare(self, builder: ir.IRBuilder, comparison: Comparison, args: list[Value]) -> Value:
        """Return the mask of a comparison."""
        if args[0].type == self.index:
            return builder.icmp_signed(comparison.symbol, *args)
        compare = builder.fcmp_unordered if comparison.holds_for_nan else builder.fcmp_ordered
        return compare(comparison.symbol, *args)

    def is_nonzero(self, builder: ir.IRBuilder, value: Value) -> Value:
        """Return the mask of the lanes in which `value` is not 0 (nan counts as not 0)."""
        return builder.fcmp_unordered("!=", value, self.constant(0.0))

    def truth(self, builder: ir.IRBuilder, mask: Value) -> Value:
        """Return 1.0 where the mask is set, else 0.0."""
        return builder.select(mask, self.constant(1.0), self.constant(0.0))

    def elementwise(self, builder: ir.IRBuilder, name: str, args: list[Value]) -> Value:
        """Apply the elementwise primitive called `name`, which is an instruction."""
        primitive = find_primitive(name)
        assert isinstance(primitive, Instruction)
        return primitive.emit(self, builder, args)

    def call_intrinsic(self, builder: ir.IRBuilder, name: str, args: list[Value]) -> Value:
        """Call the LLVM intrinsic ``llvm.<name>`` on real lanes."""
        bits = "f32" if self.dtype == "float32" else "f64"
        full_name = f"llvm.{name}.{bits if self.count == 1 else f'v{self.count}{bits}'}"
        return builder.call(self.declared(full_name, self.real, len(args)), args)

    def declared(self, name: str, type_: ir.Type, arguments: int) -> Value:
        """Return the intrinsic `name`; llvmlite itself knows neither vectors nor three arguments."""
        known = self.module.globals.get(name)
        return known or ir.Function(self.module, ir.FunctionType(type_, [type_] * arguments), name)

    def split_scale(self, builder: ir.IRBuilder, scale: Value) -> tuple[Value, ...]:
        """Return what `exponential` must know about a factor of its argument, one float64 number.

        These are two numbers in working precision whose sum is scale * log2(e), since the rounding error of one would
        bias all exponentials of a call in the same direction; and two between which the exponential does not overflow.
        """
        emitter = Emitter(builder, 1, self.dtype, self.math.features)
        if self.dtype == "float32":
            double = ir.DoubleType()
            product = builder.fmul(scale, ir.Constant(double, LOG2_E))
            high = builder.fptrunc(product, self.element)
            low = builder.fptrunc(builder.fsub(product, builder.fpext(high, double)), self.element)
        else:
            high, error = emitter.two_product(scale, LOG2_E)
            low = emitter.fma(scale, LOG2_E_REST, error)
        parts = (high, low, *scaled_interval(emitter, high))
        return tuple([self.broadcast(builder, part) for part in parts])

    def exponential(self, builder: ir.IRBuilder, x: Value, scale: tuple[Value, ...]) -> Value:
        """Return exp of `x` times a scale from `split_scale`."""
        return builder.call(self.math.function("exp_scaled"), [x, *scale])
