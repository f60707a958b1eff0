"""Elementary functions of complex numbers, in terms of real and imaginary parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr, Op, register
from pairfold.ops.arithmetic import apply, constant, one, replicate
from pairfold.ops.complexes import as_complex, register_map, register_pair, require_even
from pairfold.ops.structure import permute

__all__: list[str] = []

Dims = tuple[int, ...]
Params = tuple[Any, ...]


# ---------------------------------------------------------------- from parts, comparison


def _parts_dimension(dims: Dims, params: Params) -> int:
    if 1 not in dims and dims[0] != dims[1]:
        raise DimensionError("the dimensions must be equal, or 1.")
    return 2 * max(dims)


def _from_parts(real: Expr, imaginary: Expr) -> Expr:
    count = max(real.dim, imaginary.dim)
    return permute(apply("Concat", replicate(real, count), replicate(imaginary, count)), (2, count), (1, 0))


def _parts_reference(real: Any, imaginary: Any) -> Any:
    real, imaginary = np.broadcast_arrays(real, imaginary)
    return np.stack([real, imaginary], axis=-1).reshape(*real.shape[:-1], 2 * real.shape[-1])


register(
    Op(
        name="ComplexFromParts",
        arity=2,
        dimension=_parts_dimension,
        reference=_parts_reference,
        expand=_from_parts,
        definition="f + i g",
        accuracy="exact",
        domain=((-2, 2), (-2, 2)),
        sample=(((3, 3), ()), ((1, 2), ()), ((2, 1), ()), ((1, 1), ())),
    )
)


def _complex(real: Expr, imaginary: Expr) -> Expr:
    return apply("ComplexFromParts", real, imaginary)


def _parts(z: Expr) -> tuple[Expr, Expr]:
    return apply("ComplexReal", z), apply("ComplexImag", z)


def _equal_dimension(dims: Dims, params: Params) -> int:
    require_even(dims)
    if any(dim not in (2, max(dims)) for dim in dims):
        raise DimensionError("the dimensions must be equal, or 2 for a single complex number.")
    return max(dims) // 2


def _equal(z: Expr, w: Expr) -> Expr:
    (a, b), (c, d) = _parts(z), _parts(w)
    return apply("Equal", a, c) * apply("Equal", b, d)


register(
    Op(
        name="ComplexEqual",
        arity=2,
        dimension=_equal_dimension,
        reference=lambda z, w: (as_complex(z) == as_complex(w)).astype(np.result_type(z, w)),
        expand=_equal,
        definition="1 where z = w, else 0, per complex component",
        truth="always",
        accuracy="exact",
        domain=((-2, 2), (-2, 2)),
        sample=(((4, 4), ()), ((2, 4), ()), ((4, 2), ()), ((2, 2), ())),
    )
)

# ---------------------------------------------------------------- elementary functions


def _inverse(z: Expr) -> Expr:
    return apply("ComplexDivide", apply("Real2Complex", one()), z)


def _sine(z: Expr) -> Expr:
    a, b = _parts(z)
    return _complex(apply("Sin", a) * apply("Cosh", b), apply("Cos", a) * apply("Sinh", b))


def _cosine(z: Expr) -> Expr:
    a, b = _parts(z)
    return _complex(apply("Cos", a) * apply("Cosh", b), -(apply("Sin", a) * apply("Sinh", b)))


def _hyperbolic_sine(z: Expr) -> Expr:
    a, b = _parts(z)
    return _complex(apply("Sinh", a) * apply("Cos", b), apply("Cosh", a) * apply("Sin", b))


def _hyperbolic_cosine(z: Expr) -> Expr:
    a, b = _parts(z)
    return _complex(apply("Cosh", a) * apply("Cos", b), apply("Sinh", a) * apply("Sin", b))


def _tanh_parts(a: Expr, b: Expr) -> tuple[Expr, Expr]:
    """Return the parts of tanh(a + i b), which stay finite however large a is."""
    t, u = apply("Tanh", a), apply("Tan", b)
    tt, uu = t * t, u * u
    denominator = one() + tt * uu
    # 1 - tanh(a)^2 would lose digits.
    return t * (one() + uu) / denominator, u / apply("Square", apply("Cosh", a)) / denominator


def _hyperbolic_tangent(z: Expr) -> Expr:
    return _complex(*_tanh_parts(*_parts(z)))


def _tangent(z: Expr) -> Expr:
    # tan(a + i b) = -i tanh(-b + i a): the parts change places.
    a, b = _parts(z)
    imaginary, real = _tanh_parts(b, a)
    return _complex(real, imaginary)


register_map("ComplexInv", lambda z: 1 / z, _inverse, definition="1 / z", doc="nan at 0.", domain=((0.3, 2),))
register_map("ComplexSin", np.sin, _sine, definition="complex sines of z")
register_map("ComplexCos", np.cos, _cosine, definition="complex cosines of z")
register_map("ComplexTan", np.tan, _tangent, definition="complex tangents of z", domain=((-1.2, 1.2),))
register_map("ComplexSinh", np.sinh, _hyperbolic_sine, definition="complex hyperbolic sines of z")
register_map("ComplexCosh", np.cosh, _hyperbolic_cosine, definition="complex hyperbolic cosines of z")
register_map(
    "ComplexTanh", np.tanh, _hyperbolic_tangent, definition="complex hyperbolic tangents of z", domain=((-1.2, 1.2),)
)

# ---------------------------------------------------------------- powers


def _power(z: Expr, w: Expr) -> Expr:
    zero, unit = (apply("Real2Complex", constant(value)) for value in (0.0, 1.0))
    size = apply("ComplexSquareAbs", z)
    # The logarithm is not asked for at 0, where the power is 0, or 1 for the exponent 0, or nan.
    is_zero = apply("Equal", size, constant(0.0))
    safe = apply("Where", _complex(is_zero, is_zero), unit if z.dim == 2 else _tiled(unit, z.dim), z)
    usual = apply("ComplexExp", apply("ComplexMult", w, apply("ComplexLog", safe)))
    is_unit = apply("ComplexEqual", w, zero)
    is_positive = apply("LessThan", constant(0.0), apply("ComplexReal", w))
    at_zero = apply("Where", is_unit, one(), apply("Where", is_positive, constant(0.0), constant(float("nan"))))
    imaginary = apply("Where", apply("Maximum", is_unit, is_positive), constant(0.0), constant(float("nan")))
    count = max(z.dim, w.dim) // 2
    at_zero, imaginary, is_zero = (replicate(part, count) for part in (at_zero, imaginary, is_zero))
    return apply("Where", _complex(is_zero, is_zero), _complex(at_zero, imaginary), usual)


def _tiled(z: Expr, dim: int) -> Expr:
    return apply("Tile", z, params=(dim // 2,))


register_pair(
    "ComplexPowf",
    np.power,
    _power,
    definition="z to the complex power w: exp(w log z)",
    doc="At z = 0: 1 for w = 0, 0 where re(w) > 0, else nan.",
    domain=((0.3, 2), (-2, 2)),
)
