"""Complex numbers: n of them are a real vector re, im, re, im, ... of dimension 2 n.

Derivatives are those of real functions of (re, im), the convention of PyTorch.
Where two operands meet, one of them may be a single complex number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr, Op, register
from pairfold.ops.arithmetic import apply, constant, is_integer, replicate, zeros
from pairfold.ops.structure import permute

__all__ = ["as_complex", "register_map", "register_pair", "require_even"]

Dims = tuple[int, ...]
Params = tuple[Any, ...]


# ---------------------------------------------------------------- from and to parts


def _real(z: Expr) -> Expr:
    count = z.dim // 2
    return apply("Extract", permute(z, (count, 2), (1, 0)), params=(0, count))


def _imaginary(z: Expr) -> Expr:
    count = z.dim // 2
    return apply("Extract", permute(z, (count, 2), (1, 0)), params=(count, count))


def _join(real: Expr, imaginary: Expr) -> Expr:
    """Interleave real and imaginary parts; a part of dimension 1 is replicated."""
    count = max(real.dim, imaginary.dim)
    both = apply("Concat", replicate(real, count), replicate(imaginary, count))
    return permute(both, (2, count), (1, 0))


def as_complex(z: Any) -> Any:
    """Return the complex numbers of an interleaved array."""
    return z[..., 0::2] + 1j * z[..., 1::2]


def _as_real(z: Any) -> Any:
    return np.stack([z.real, z.imag], axis=-1).reshape(*z.shape[:-1], 2 * z.shape[-1])


def _on_complex(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a NumPy function of complex arrays into a reference on interleaved ones."""
    return lambda *operands: _as_real(function(*map(as_complex, operands)))


# ---------------------------------------------------------------- dimension rules


def require_even(dims: Dims) -> None:
    """Raise `DimensionError` unless all dimensions are those of complex vectors."""
    for dim in dims:
        if dim % 2:
            raise DimensionError(f"a complex vector has an even dimension (re, im, re, im, ...), not {dim}.")


def _same(dims: Dims, params: Params) -> int:
    require_even(dims)
    return dims[0]


def _half(dims: Dims, params: Params) -> int:
    require_even(dims)
    return dims[0] // 2


def _double(dims: Dims, params: Params) -> int:
    return 2 * dims[0]


def _broadcast(dims: Dims, params: Params) -> int:
    require_even(dims)
    if any(dim not in (2, max(dims)) for dim in dims):
        raise DimensionError("the dimensions must be equal, or 2 for a single complex number.")
    return max(dims)


# ---------------------------------------------------------------- real functions of complex vectors


def _register_part(name: str, function: Callable[[Any], Any], expand: Callable[[Expr], Expr], **facts: Any) -> None:
    register(
        Op(
            name=name,
            arity=1,
            dimension=_half,
            reference=lambda z: function(as_complex(z)),
            expand=expand,
            domain=((0.2, 2),),
            sample=(((4,), ()), ((2,), ())),
            **facts,
        )
    )


def _square_modulus(z: Expr) -> Expr:
    return apply("Square", _real(z)) + apply("Square", _imaginary(z))


_register_part("ComplexReal", np.real, _real, definition="real parts of z", accuracy="exact")
_register_part("ComplexImag", np.imag, _imaginary, definition="imaginary parts of z", accuracy="exact")
_register_part("ComplexSquareAbs", lambda z: z.real**2 + z.imag**2, _square_modulus, definition="squared moduli of z")
_register_part(
    "ComplexAbs",
    np.abs,
    lambda z: apply("Sqrt", _square_modulus(z)),
    definition="moduli of z",
    doc="Derivative 0 at 0.",
)
_register_part(
    "ComplexAngle",
    np.angle,
    lambda z: apply("Atan2", _imaginary(z), _real(z)),
    definition="arguments of z, in [-pi, pi]",
    doc="Derivative 0 at 0.",
)

# ---------------------------------------------------------------- complex functions of real vectors


def _register_lift(name: str, function: Callable[[Any], Any], expand: Callable[[Expr], Expr], **facts: Any) -> None:
    register(
        Op(
            name=name,
            arity=1,
            dimension=_double,
            reference=lambda f: _as_real(function(f)),
            makes_complex=True,
            expand=expand,
            domain=((-2, 2),),
            sample=(((3,), ()), ((1,), ())),
            **facts,
        )
    )


_register_lift(
    "Real2Complex",
    lambda f: f + 0j,
    lambda f: _join(f, zeros(f.dim)),
    definition="f + 0 i",
    accuracy="exact",
    method="real2complex",
)
_register_lift(
    "Imag2Complex",
    lambda f: 1j * f,
    lambda f: _join(zeros(f.dim), f),
    definition="0 + f i",
    accuracy="exact",
    method="imag2complex",
)
_register_lift(
    "ComplexExp1j",
    lambda f: np.exp(1j * f),
    lambda f: _join(apply("Cos", f), apply("Sin", f)),
    definition="exp(i f)",
    method="exp1j",
)

# ---------------------------------------------------------------- complex functions of complex vectors


def register_map(name: str, function: Callable[[Any], Any], expand: Callable[[Expr], Expr], **facts: Any) -> None:
    """Enter an operation that is a complex function of each component."""
    facts.setdefault("domain", ((-2, 2),))
    register(
        Op(
            name=name,
            arity=1,
            dimension=_same,
            reference=_on_complex(function),
            expand=expand,
            sample=(((4,), ()), ((2,), ())),
            **facts,
        )
    )


def _conjugate(z: Expr) -> Expr:
    signs = apply("Concat", constant(1.0), constant(-1.0))
    return z * (signs if z.dim == 2 else apply("Tile", signs, params=(z.dim // 2,)))


def _exponential(z: Expr) -> Expr:
    size, angle = apply("Exp", _real(z)), _imaginary(z)
    return _join(size * apply("Cos", angle), size * apply("Sin", angle))


def _square_root(z: Expr) -> Expr:
    # The part that is a sum of positive terms comes first; the other follows from re * im = im(z) / 2.
    real, imaginary = _real(z), _imaginary(z)
    large = apply("Sqrt", constant(0.5) * (apply("ComplexAbs", z) + apply("Abs", real)))
    is_origin = apply("Equal", large, constant(0.0))
    small = imaginary / apply("Where", is_origin, constant(1.0), constant(2.0) * large)
    is_left = apply("LessThan", real, constant(0.0))
    is_below = apply("LessThan", imaginary, constant(0.0))
    return _join(
        apply("Where", is_left, apply("Abs", small), large),
        apply("Where", is_left, apply("Where", is_below, -large, large), small),
    )


register_map(
    "Conj",
    np.conj,
    _conjugate,
    definition="complex conjugates of z",
    accuracy="exact",
    other_names=("conjugate",),
)
register_map("ComplexExp", np.exp, _exponential, definition="complex exponentials of z")
register_map(
    "ComplexLog",
    np.log,
    lambda z: _join(constant(0.5) * apply("Log", _square_modulus(z)), apply("ComplexAngle", z)),
    definition="complex logarithms of z, imaginary part in [-pi, pi]",
    domain=((0.2, 2),),
)
register_map(
    "ComplexSqrt",
    np.sqrt,
    _square_root,
    definition="complex square roots of z, real part >= 0",
    domain=((0.2, 2),),
)


def _power_dimension(dims: Dims, params: Params) -> int:
    if not is_integer(params[0]):
        raise DimensionError(f"the power must be an integer, not {params[0]!r}; use ComplexExp and ComplexLog.")
    return _same(dims, params)


def _power_expand(z: Expr, n: int) -> Expr:
    one = _join(constant(1.0), zeros(1))
    if n < 0:
        return apply("ComplexDivide", one, apply("ComplexPow", z, params=(-n,)))
    if n == 0:
        return one if z.dim == 2 else apply("Tile", one, params=(z.dim // 2,))
    half = z if n == 1 else apply("ComplexPow", z, params=(n // 2,))
    if n == 1:
        return z
    square = apply("ComplexMult", half, half)
    return apply("ComplexMult", square, z) if n % 2 else square


register(
    Op(
        name="ComplexPow",
        arity=1,
        parameters=("n",),
        dimension=_power_dimension,
        reference=lambda z, n: _as_real(as_complex(z) ** float(n)),
        expand=_power_expand,
        definition="z to the integer power n",
        accuracy="about |n| ulp of the modulus (repeated squaring)",
        domain=((0.3, 2),),
        sample=(((4,), (2,)), ((2,), (-3,)), ((4,), (0,)), ((2,), (1,))),
    )
)

# ---------------------------------------------------------------- two operands


def _both(z: Expr, w: Expr) -> tuple[Expr, Expr, Expr, Expr]:
    return _real(z), _imaginary(z), _real(w), _imaginary(w)


def _elementwise(name: str) -> Callable[[Expr, Expr], Expr]:
    def expand(z: Expr, w: Expr) -> Expr:
        dim = max(z.dim, w.dim)
        return apply(name, *(f if f.dim == dim else apply("Tile", f, params=(dim // 2,)) for f in (z, w)))

    return expand


def _product(z: Expr, w: Expr) -> Expr:
    a, b, c, d = _both(z, w)
    return _join(a * c - b * d, a * d + b * c)


def _quotient(z: Expr, w: Expr) -> Expr:
    # Dividing w by its larger part first keeps |w|^2 within range.
    a, b, c, d = _both(z, w)
    size = apply("Maximum", apply("Abs", c), apply("Abs", d))
    c, d = c / size, d / size
    denominator = size * (c * c + d * d)
    return _join((a * c + b * d) / denominator, (b * c - a * d) / denominator)


def _summed_to(g: Expr, dim: int) -> Expr:
    return g if g.dim == dim else apply("ComplexSum", g)


def _product_pullback(node: Expr, g: Expr) -> tuple[Expr, Expr]:
    z, w = node.args
    return (
        _summed_to(apply("ComplexMult", g, apply("Conj", w)), z.dim),
        _summed_to(apply("ComplexMult", g, apply("Conj", z)), w.dim),
    )


def _quotient_pullback(node: Expr, g: Expr) -> tuple[Expr, Expr]:
    z, w = node.args
    share = apply("ComplexDivide", g, apply("Conj", w))
    return _summed_to(share, z.dim), _summed_to(-apply("ComplexMult", share, apply("Conj", node)), w.dim)


def register_pair(name: str, function: Callable[..., Any], expand: Callable[[Expr, Expr], Expr], **facts: Any) -> None:
    """Enter an operation that is a complex function of each pair of components; a single one is broadcast."""
    facts.setdefault("domain", ((-2, 2), (-2, 2)))
    register(
        Op(
            name=name,
            arity=2,
            dimension=_broadcast,
            reference=_on_complex(function),
            expand=expand,
            sample=(((4, 4), ()), ((2, 4), ()), ((4, 2), ()), ((2, 2), ())),
            **facts,
        )
    )


register_pair("ComplexAdd", np.add, _elementwise("Add"), definition="z + w")
register_pair("ComplexSubtract", np.subtract, _elementwise("Subtract"), definition="z - w")
register_pair("ComplexMult", np.multiply, _product, pullback=_product_pullback, definition="z w")
register_pair(
    "ComplexScal",
    np.multiply,
    lambda z, w: apply("ComplexMult", z, w),
    definition="z w: an older name of ComplexMult",
)
register_pair(
    "ComplexDivide",
    np.divide,
    _quotient,
    pullback=_quotient_pullback,
    definition="z / w",
    doc="nan at w = 0.",
    domain=((-2, 2), (0.3, 2)),
)


def _scaling_dimension(dims: Dims, params: Params) -> int:
    if 1 not in dims:
        raise DimensionError("one operand must be a real scalar, of dimension 1.")
    require_even((max(dims),))
    return max(dims)


register(
    Op(
        name="ComplexRealScal",
        arity=2,
        dimension=_scaling_dimension,
        reference=np.multiply,
        expand=lambda s, z: s * z,
        definition="s z with a real scalar s and a complex vector z, in either order",
        domain=((-2, 2), (-2, 2)),
        sample=(((1, 4), ()), ((4, 1), ()), ((1, 2), ())),
    )
)

# ---------------------------------------------------------------- sums over complex components


def _sum_dimension(dims: Dims, params: Params) -> int:
    require_even(dims)
    return 2


register(
    Op(
        name="ComplexSum",
        arity=1,
        dimension=_sum_dimension,
        reference=_on_complex(lambda z: np.sum(z, axis=-1, keepdims=True)),
        expand=lambda z: z if z.dim == 2 else apply("SumTiles", z, params=(z.dim // 2,)),
        definition="sum of the complex components of z",
        domain=((-2, 2),),
        sample=(((6,), ()), ((2,), ())),
    )
)


def _replicate_dimension(dims: Dims, params: Params) -> int:
    if dims[0] != 2:
        raise DimensionError("only a single complex number, of dimension 2, can be replicated.")
    if not is_integer(params[0]) or params[0] < 2 or params[0] % 2:
        raise DimensionError(f"the dimension must be a positive even integer, not {params[0]!r}.")
    return int(params[0])


register(
    Op(
        name="ComplexSumT",
        arity=1,
        parameters=("dimension",),
        dimension=_replicate_dimension,
        reference=lambda z, dimension: np.concatenate([z] * (dimension // 2), axis=-1),
        expand=lambda z, dimension: z if dimension == 2 else apply("Tile", z, params=(dimension // 2,)),
        definition="the complex number z replicated up to the given real dimension",
        accuracy="exact",
        domain=((-2, 2),),
        sample=(((2,), (6,)), ((2,), (2,))),
    )
)
