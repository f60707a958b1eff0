"""Other functions on vectors of lanes."""

from __future__ import annotations

from pairfold.codegen import coefficients
from pairfold.codegen.vectormath_emitter import Emitter, Value, in_float64_unless_fused
from pairfold.codegen.vectormath_exponential import exp

__all__ = ["erf", "rsqrt"]


def rsqrt(emitter: Emitter, x: Value) -> Value:
    """1 / sqrt(x), but 0 at 0, so that gradients of distances vanish between equal points."""
    root = emitter.intrinsic("llvm.sqrt", x)
    return emitter.select(emitter.compare("==", x, 0.0), 0.0, emitter.div(1.0, root))


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
