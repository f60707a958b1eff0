"""Other functions on vectors of lanes."""

from __future__ import annotations

from llvmlite import ir

from pairfold.codegen import coefficients
from pairfold.codegen.vectormath_emitter import Emitter, Value, in_float64_unless_fused
from pairfold.codegen.vectormath_exponential import exp

__all__ = ["erf", "rsqrt", "sqrt"]

_FPCLASS_ZERO_OR_INFINITE = 0b1110
"""Operand of vfpclass: +0, -0, +inf."""
_FAST_DIVIDER = "sse4a"
"""A feature that AMD's processors have and Intel's do not."""


def _zero_or_infinite(emitter: Emitter, x: Value) -> Value:
    classes = ir.Constant(ir.IntType(32), _FPCLASS_ZERO_OR_INFINITE)
    return emitter.declared(
        f"llvm.x86.avx512.fpclass.{emitter.avx512_suffix}", emitter.shape(ir.IntType(1)), x, classes
    )


def _rsqrt_estimate(emitter: Emitter, x: Value) -> Value:
    """1 / sqrt(x) to 14 bits."""
    return emitter.declared(
        f"llvm.x86.avx512.rsqrt14.{emitter.avx512_suffix}", emitter.type, x, emitter.unread(), emitter.all_lanes()
    )


def _rsqrt_step(emitter: Emitter, x: Value, estimate: Value) -> Value:
    """Estimate of 1 / sqrt(x) with three times as many bits (a third order Newton step)."""
    error = emitter.fma(emitter.neg(emitter.mul(x, estimate)), estimate, 1.0)
    return emitter.fma(emitter.mul(estimate, error), emitter.fma(error, 0.375, 0.5), estimate)


def rsqrt(emitter: Emitter, x: Value) -> Value:
    """1 / sqrt(x), but 0 at 0, so that gradients of distances vanish between equal points."""
    if not emitter.avx512:
        root = emitter.intrinsic("llvm.sqrt", x)
        return emitter.select(emitter.compare("==", x, 0.0), 0.0, emitter.div(1.0, root))
    result = _rsqrt_step(emitter, x, _rsqrt_estimate(emitter, x))
    if emitter.dtype == "float64":
        result = _rsqrt_step(emitter, x, result)
    return emitter.select(_zero_or_infinite(emitter, x), 0.0, result)


def sqrt(emitter: Emitter, x: Value) -> Value:
    """Square root; exact for squares.

    Intel's 512-bit square root takes 20 to 32 cycles, during which other work of ten times the size of this function
    could be done (A. Fog, "Instruction tables"; uops.info). AMD's takes as long as this function, measured on Zen 4.
    """
    if not emitter.avx512 or _FAST_DIVIDER in emitter.features:
        return emitter.intrinsic("llvm.sqrt", x)
    estimate = _rsqrt_estimate(emitter, x)
    if emitter.dtype == "float64":
        estimate = _rsqrt_step(emitter, x, estimate)
    root = emitter.mul(x, estimate)
    error = emitter.fma(emitter.neg(root), estimate, 1.0)
    root = emitter.fma(emitter.mul(root, 0.5), error, root)
    # The last correction takes the error to what rounding costs. It vanishes by underflow for the smallest numbers.
    missing = emitter.fma(emitter.neg(root), root, x)
    root = emitter.fma(emitter.mul(estimate, 0.5), missing, root)
    return emitter.select(_zero_or_infinite(emitter, x), x, root)


@in_float64_unless_fused
def erf(emitter: Emitter, x: Value) -> Value:
    """Error function: a polynomial up to 1, then 1 - exp(-x**2) * q(1 / (2 + x))."""
    magnitude = emitter.abs(x)
    square = emitter.mul(magnitude, magnitude)
    small = emitter.fma(magnitude, emitter.polynomial(square, coefficients.ERF[emitter.dtype]), magnitude)
    # Where erf rounds to 1.
    bounded = emitter.at_most(magnitude, 4.0 if emitter.dtype == "float32" else 6.0)
    decay = exp(emitter, emitter.neg(emitter.mul(bounded, bounded)))
    inverse = emitter.div(1.0, emitter.add(bounded, 2.0))
    large = emitter.fma(emitter.neg(decay), emitter.polynomial(inverse, coefficients.ERFC[emitter.dtype]), 1.0)
    return emitter.with_sign(emitter.select(emitter.compare("<", magnitude, 1.0), small, large), x)
