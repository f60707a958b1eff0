"""Elementwise primitives on one lane of an NVIDIA GPU: its own approximations where they are good enough."""

from __future__ import annotations

import struct

from llvmlite import ir

from pairfold.codegen.lanes import LOG2_E, Lanes, Value

__all__ = ["CudaLanes"]

_LN_2 = 0.6931471805599453
_LN_2_HIGH = struct.unpack("f", struct.pack("f", _LN_2))[0]
"""log(2) in single precision."""

_INT32 = ir.IntType(32)


class CudaLanes(Lanes):
    """Types and instructions for the one lane that a thread is.

    The special function unit has single precision approximations of 2**x, 1 / sqrt(x) and sqrt(x) with relative errors
    of at most 2**-22, 2**-22.9 and 2**-23 (PTX ISA 8.5, section 9.7.3). They serve float32; float64 and all other
    functions are those of every target.
    """

    def __init__(self, module: ir.Module, dtype: str, index_bits: int = 32) -> None:
        super().__init__(module, 1, dtype, frozenset({"fma"}), index_bits)

    def elementwise(self, builder: ir.IRBuilder, name: str, args: list[Value]) -> Value:
        """Apply the elementwise primitive called `name`."""
        if self.dtype == "float32":
            if name == "Exp":
                return self._exp(builder, *args)
            if name == "Sqrt":
                return self._approximate(builder, "sqrt.approx", *args)
            if name == "Rsqrt":
                return self._rsqrt(builder, *args)
        return super().elementwise(builder, name, args)

    def _approximate(self, builder: ir.IRBuilder, name: str, x: Value) -> Value:
        return builder.call(self.declared(f"llvm.nvvm.{name}.f", self.real, 1), [x])

    def _rsqrt(self, builder: ir.IRBuilder, x: Value) -> Value:
        """Return 1 / sqrt(x), and 0 at 0."""
        is_zero = builder.fcmp_ordered("==", x, self.constant(0.0))
        return builder.select(is_zero, self.constant(0.0), self._approximate(builder, "rsqrt.approx", x))

    def _fma(self, builder: ir.IRBuilder, a: Value, b: Value, c: Value) -> Value:
        return self.call_intrinsic(builder, "fma", [a, b, c])

    def _exp(self, builder: ir.IRBuilder, x: Value) -> Value:
        """Return exp(x): what rounding x log2(e) changes is found exactly and put right to first order."""
        power = builder.fmul(x, self.constant(LOG2_E))
        rest = self._fma(builder, power, self.constant(-_LN_2_HIGH), x)
        rest = self._fma(builder, power, self.constant(_LN_2_HIGH - _LN_2), rest)
        result = self._approximate(builder, "ex2.approx.ftz", power)
        better = self._fma(builder, result, rest, result)
        # Beyond this the result is 0 or infinite, and the correction nan.
        moderate = builder.fcmp_ordered("<", self.call_intrinsic(builder, "fabs", [power]), self.constant(128.0))
        return builder.select(moderate, better, result)

    def split_scale(self, builder: ir.IRBuilder, scale: Value) -> tuple[Value, ...]:
        """Write scale * log2(e), for one float64 `scale`, as an unevaluated sum of two working precision numbers.

        In float32 both have the same sign and neither is 0 alone, so that their products with an infinite number do not
        cancel.
        """
        if self.dtype == "float64":
            return super().split_scale(builder, scale)
        double = ir.DoubleType()
        product = builder.fmul(scale, ir.Constant(double, LOG2_E))
        nearest = builder.fptrunc(product, self.element)
        size = self.declared("llvm.fabs.f64", double, 1)
        too_large = builder.fcmp_ordered(
            ">", builder.call(size, [builder.fpext(nearest, double)]), builder.call(size, [product])
        )
        bits = builder.bitcast(nearest, _INT32)
        toward_zero = builder.bitcast(builder.sub(bits, builder.zext(too_large, _INT32)), self.element)
        infinite = builder.fcmp_ordered("==", builder.call(size, [product]), ir.Constant(double, float("inf")))
        high = builder.select(infinite, nearest, toward_zero)
        rest = builder.fptrunc(builder.fsub(product, builder.fpext(high, double)), self.element)
        usable = builder.fcmp_ordered("one", rest, self.constant(0.0))
        smallest = self.call_intrinsic(builder, "copysign", [self.constant(2.0**-149), high])
        low = builder.select(usable, rest, self._fma(builder, high, self.constant(2.0**-30), smallest))
        return high, low

    def exponential(self, builder: ir.IRBuilder, x: Value, scale: tuple[Value, ...]) -> Value:
        """Return exp of `x` times a scale from `split_scale`.

        In float32 the product is rounded once, like the sums and products that `x` comes from: an error of half a unit
        in the last place of the exponent, beside that of the approximation.
        """
        if self.dtype == "float64":
            return super().exponential(builder, x, scale)
        high, low, *_ = scale
        power = self._fma(builder, x, high, builder.fmul(x, low))
        return self._approximate(builder, "ex2.approx.ftz", power)
