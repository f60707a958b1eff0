"""Mathematical functions on SIMD lanes, as LLVM functions that are inlined where they are called.

LLVM's own vector code has no exponential or logarithm, and a call per lane into the C library costs far more than the
kernel around it. Every function here is straight code on whole vectors, correct for nan, infinities, signed zeros and
subnormal numbers, with the error bounds of :data:`ACCURACY_ULP`.
"""

from __future__ import annotations

from llvmlite import ir

from pairfold.codegen import vectormath_exponential as exponential
from pairfold.codegen import vectormath_special as special
from pairfold.codegen import vectormath_trigonometric as trigonometric
from pairfold.codegen.vectormath_emitter import FLOAT_BITS, Emit, Emitter

__all__ = ["ACCURACY_ULP", "FUNCTIONS", "VectorMath"]

FUNCTIONS: dict[str, tuple[Emit, int, float]] = {
    "exp": (exponential.exp, 1, 2.0),
    "exp2": (exponential.exp2, 1, 2.0),
    "exp_scaled": (exponential.exp_scaled, 5, 2.0),
    "expm1": (exponential.expm1, 1, 2.0),
    "log": (exponential.log, 1, 1.0),
    "log1p": (exponential.log1p, 1, 1.0),
    "pow": (exponential.power, 2, 1.5),
    "sinh": (exponential.sinh, 1, 2.0),
    "cosh": (exponential.cosh, 1, 2.0),
    "tanh": (exponential.tanh, 1, 1.5),
    "sin": (trigonometric.sin, 1, 1.0),
    "cos": (trigonometric.cos, 1, 1.0),
    "tan": (trigonometric.tan, 1, 1.5),
    "asin": (trigonometric.asin, 1, 1.5),
    "acos": (trigonometric.acos, 1, 1.5),
    "atan": (trigonometric.atan, 1, 2.0),
    "atan2": (trigonometric.atan2, 2, 2.0),
    "erf": (special.erf, 1, 1.5),
    "rsqrt": (special.rsqrt, 1, 1.5),
    "sqrt": (special.sqrt, 1, 1.0),
}
"""What emits each function, its number of arguments, and its largest error in units in the last place."""

ACCURACY_ULP = {name: dict.fromkeys(FLOAT_BITS, ulp) for name, (_, _, ulp) in FUNCTIONS.items()}
"""The largest error of every function in each precision. Tests hold it.

``exp_scaled(x, high, low, least, most)`` is exp(c * x) with c * log2(e) = high + low and the ends of `scaled_interval`.
For an infinite x it is nan when c is 0, as IEEE says, and on machines without AVX-512 also when c is below 2**-110
(float64: 2**-1000) in magnitude.
"""

_FUSED_ALWAYS = frozenset({"neon"})
"""Features that imply a fused multiply-add."""


class VectorMath:
    """The functions of one module for one vector type.

    Parameters
    ----------
    module : llvmlite.ir.Module
        Where the functions are defined, once each, when first asked for.
    lanes : int
        Numbers per vector; 1 means plain scalars.
    dtype : str
        ``"float32"`` or ``"float64"``.
    features : frozenset of str
        LLVM feature names of the machine. ``"fma"`` (to be passed on every machine that has a fused multiply-add, a GPU
        for instance; ``"neon"`` implies it) and ``"avx512f"`` with ``"avx512dq"`` make a difference.

    Examples
    --------
    >>> from llvmlite import ir
    >>> math = VectorMath(ir.Module(), 8, "float32", frozenset({"avx2", "fma"}))
    >>> math.function("exp").name
    'pairfold.exp.v8f32'
    """

    def __init__(self, module: ir.Module, lanes: int, dtype: str, features: frozenset[str]) -> None:
        if lanes < 1:
            raise ValueError(f"a vector needs at least 1 lane, not {lanes}.")
        if dtype not in FLOAT_BITS:
            raise ValueError(f"vector functions exist for {', '.join(FLOAT_BITS)}, not for {dtype!r}.")
        self._module = module
        self._lanes = lanes
        self._dtype = dtype
        self.features = features | {"fma"} if features & _FUSED_ALWAYS else features

    def function(self, name: str) -> ir.Function:
        """Return the function called ``name``, which maps vectors to a vector of the same type.

        Raises
        ------
        KeyError
            When :data:`FUNCTIONS` has no such name.
        """
        if name not in FUNCTIONS:
            raise KeyError(f"no vector function {name!r}; there are {', '.join(sorted(FUNCTIONS))}.")
        shape = f"v{self._lanes}f{FLOAT_BITS[self._dtype]}"
        symbol = f"pairfold.{name}.{shape}"
        found = self._module.globals.get(symbol)
        if found is not None:
            return found
        emit, arity, _ = FUNCTIONS[name]
        builder = ir.IRBuilder()
        emitter = Emitter(builder, self._lanes, self._dtype, self.features)
        function = ir.Function(self._module, ir.FunctionType(emitter.type, [emitter.type] * arity), symbol)
        function.linkage = "internal"
        function.attributes.add("alwaysinline")
        builder.position_at_end(function.append_basic_block("entry"))
        builder.ret(emit(emitter, *function.args))
        return function
