"""Functions of one component: exponentials, roots, powers, trigonometry, signs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr, Op, register
from pairfold.ops.arithmetic import (
    apply,
    broadcast_dimension,
    constant,
    is_constant,
    is_integer,
    one,
    replicate,
    same_dimension,
)
from pairfold.ops.on_complex import real_result, reciprocal_root, same_kind, square

__all__: list[str] = []


def _within(ulp: float) -> dict[str, Any]:
    """Return the facts about the error of a function of the target's library."""
    return {"ulp": ulp, "accuracy": f"{ulp:g} ulp"}


def _unary(name: str, **facts: Any) -> Op:
    facts.setdefault("method", name.lower())
    return register(Op(name=name, arity=1, dimension=same_dimension, elementwise=True, **facts))


# ---------------------------------------------------------------- primitives

_unary(
    "Exp",
    reference=np.exp,
    pullback=lambda node, g: (g * node,),
    on_complex=same_kind("ComplexExp"),
    definition="exp(f)",
    domain=((-2, 2),),
    **_within(2),
)
_unary(
    "Log",
    reference=np.log,
    pullback=lambda node, g: (g / node.args[0],),
    on_complex=same_kind("ComplexLog"),
    definition="natural logarithm of f",
    doc="-inf at 0, nan below 0.",
    domain=((0.2, 4),),
    **_within(1),
)
_unary(
    "Sin",
    reference=np.sin,
    pullback=lambda node, g: (g * apply("Cos", node.args[0]),),
    on_complex=same_kind("ComplexSin"),
    definition="sin(f)",
    domain=((-3, 3),),
    **_within(1),
)
_unary(
    "Cos",
    reference=np.cos,
    pullback=lambda node, g: (-(g * apply("Sin", node.args[0])),),
    on_complex=same_kind("ComplexCos"),
    definition="cos(f)",
    domain=((-3, 3),),
    **_within(1),
)
_unary(
    "Abs",
    reference=np.abs,
    pullback=lambda node, g: (g * apply("Sign", node.args[0]),),
    on_complex=real_result("ComplexAbs"),
    definition="|f|",
    other_names=("absolute", "fabs"),
    doc="Derivative 0 at 0.",
    domain=((0.2, 2),),
)
_unary(
    "Sqrt",
    reference=np.sqrt,
    pullback=lambda node, g: (g * (constant(0.5) * apply("Rsqrt", node.args[0])),),
    on_complex=same_kind("ComplexSqrt"),
    definition="square root of f",
    doc="nan below 0. Derivative 0 at 0, so that distances have a gradient everywhere.",
    domain=((0.2, 4),),
    **_within(1),
)
_unary(
    "Floor",
    reference=np.floor,
    pullback=lambda node, g: (None,),
    definition="largest integer <= f",
    doc="Derivative 0.",
    domain=((-3, 3),),
)


def _powf_pullback(node: Expr, g: Expr) -> tuple[Expr, Expr]:
    base, exponent = node.args
    if is_constant(exponent) and not 0 < exponent.params[0] < 1:
        return g * (exponent * apply("Powf", base, exponent - one())), g * (apply("Log", base) * node)
    at_zero = apply("Equal", base, constant(0.0))
    is_positive = apply("LessThan", constant(0.0), exponent)
    # A root has an infinite slope at 0; like that of Sqrt it counts as 0. The other operand of a choice must be finite,
    # for its own derivative is multiplied by 0.
    is_root = at_zero * (is_positive * apply("LessThan", exponent, one()))
    slope = exponent * apply("Powf", apply("Where", is_root, one(), base), exponent - one())
    vanishes = at_zero * is_positive
    logarithm = apply("Log", apply("Where", vanishes, one(), base))
    return g * apply("Where", is_root, constant(0.0), slope), g * (logarithm * node)


register(
    Op(
        name="Powf",
        arity=2,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=np.power,
        pullback=_powf_pullback,
        on_complex=same_kind("ComplexPowf"),
        definition="f to the real power g",
        doc="nan for f < 0 and a g that is no integer. At f = 0 the derivative of a root (0 < g < 1) is 0.",
        domain=((0.2, 3), (-2, 2)),
        method="power",
        other_names=("pow", "float_power"),
        **_within(1.5),
    )
)


def _inverse_sine_slope(f: Expr) -> Expr:
    return apply("Rsqrt", one() - f * f)


_unary(
    "Asin",
    reference=np.arcsin,
    pullback=lambda node, g: (g * _inverse_sine_slope(node.args[0]),),
    definition="inverse sine of f",
    other_names=("arcsin",),
    doc="nan outside [-1, 1]. Derivative 0 (not inf) at -1 and 1.",
    domain=((-0.9, 0.9),),
    **_within(1.5),
)
_unary(
    "Acos",
    reference=np.arccos,
    pullback=lambda node, g: (-(g * _inverse_sine_slope(node.args[0])),),
    definition="inverse cosine of f",
    other_names=("arccos",),
    doc="nan outside [-1, 1]. Derivative 0 (not -inf) at -1 and 1.",
    domain=((-0.9, 0.9),),
    **_within(1.5),
)
_unary(
    "Atan",
    reference=np.arctan,
    pullback=lambda node, g: (g / (one() + node.args[0] * node.args[0]),),
    definition="inverse tangent of f",
    other_names=("arctan",),
    domain=((-3, 3),),
    **_within(2),
)


def _atan2_pullback(node: Expr, g: Expr) -> tuple[Expr, Expr]:
    ordinate, abscissa = node.args
    square = ordinate * ordinate + abscissa * abscissa
    # No direction is better than another at the origin: the derivative is 0 there, not nan.
    slope = g / apply("Where", apply("Equal", square, constant(0.0)), one(), square)
    return slope * abscissa, -(slope * ordinate)


register(
    Op(
        name="Atan2",
        arity=2,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=np.arctan2,
        pullback=_atan2_pullback,
        definition="angle of the point with ordinate f and abscissa g, in [-pi, pi]",
        doc="Derivative 0 at the origin.",
        domain=((-2, 2), (0.3, 2)),
        method="atan2",
        other_names=("arctan2",),
        **_within(2),
    )
)
_unary(
    "Tan",
    reference=np.tan,
    pullback=lambda node, g: (g * (one() + node * node),),
    on_complex=same_kind("ComplexTan"),
    definition="tangent of f",
    domain=((-1.2, 1.2),),
    **_within(1.5),
)
_unary(
    "Sinh",
    reference=np.sinh,
    pullback=lambda node, g: (g * apply("Cosh", node.args[0]),),
    on_complex=same_kind("ComplexSinh"),
    definition="hyperbolic sine of f",
    domain=((-3, 3),),
    **_within(2),
)
_unary(
    "Cosh",
    reference=np.cosh,
    pullback=lambda node, g: (g * apply("Sinh", node.args[0]),),
    on_complex=same_kind("ComplexCosh"),
    definition="hyperbolic cosine of f",
    domain=((-3, 3),),
    **_within(2),
)
_unary(
    "Tanh",
    reference=np.tanh,
    pullback=lambda node, g: (g * (one() - node * node),),
    on_complex=same_kind("ComplexTanh"),
    definition="hyperbolic tangent of f",
    domain=((-3, 3),),
    **_within(1.5),
)
_unary(
    "Expm1",
    reference=np.expm1,
    pullback=lambda node, g: (g * apply("Exp", node.args[0]),),
    definition="exp(f) - 1",
    doc="Accurate near 0.",
    domain=((-2, 2),),
    **_within(2),
)
_unary(
    "Log1p",
    reference=np.log1p,
    pullback=lambda node, g: (g / (one() + node.args[0]),),
    definition="log(1 + f)",
    doc="Accurate near 0; -inf at -1, nan below.",
    domain=((-0.7, 3),),
    **_within(1),
)


def _erf_pullback(node: Expr, g: Expr) -> tuple[Expr]:
    (f,) = node.args
    return (g * (constant(2.0 / math.sqrt(math.pi)) * apply("Exp", -(f * f))),)


_unary(
    "Erf",
    reference=np.vectorize(math.erf, otypes=[np.float64]),
    pullback=_erf_pullback,
    definition="error function of f: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to f",
    domain=((-2, 2),),
    **_within(1.5),
)

# ---------------------------------------------------------------- built from the above


def _rsqrt_reference(f: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.where(f == 0, np.zeros_like(f), 1 / np.sqrt(f))


def _rsqrt_pullback(node: Expr, g: Expr) -> tuple[Expr]:
    return (g * (constant(-0.5) * (node * (node * node))),)


_unary(
    "Rsqrt",
    reference=_rsqrt_reference,
    pullback=_rsqrt_pullback,
    on_complex=reciprocal_root,
    definition="1 / sqrt(f)",
    doc="0 at 0 (not inf), so that gradients of distances vanish between equal points. nan below 0.",
    domain=((0.2, 4),),
    **_within(1.5),
)
_unary(
    "Square",
    reference=np.square,
    pullback=lambda node, g: (g * (constant(2.0) * node.args[0]),),
    expand=lambda f: f * f,
    on_complex=square,
    definition="f squared",
    domain=((-2, 2),),
)
_unary(
    "Inv",
    reference=lambda f: 1 / f,
    pullback=lambda node, g: (-(g * (node * node)),),
    expand=lambda f: one() / f,
    on_complex=same_kind("ComplexInv"),
    definition="1 / f",
    other_names=("reciprocal",),
    domain=((0.3, 3),),
)
_unary(
    "Sign",
    reference=lambda f: np.where(f > 0, 1.0, np.where(f < 0, -1.0, 0.0)).astype(f.dtype),
    pullback=lambda node, g: (None,),
    expand=lambda f: apply(
        "Where",
        apply("LessThan", constant(0.0), f),
        one(),
        apply("Where", apply("LessThan", f, constant(0.0)), constant(-1.0), constant(0.0)),
    ),
    definition="-1, 0 or 1",
    doc="0 at nan. Derivative 0.",
    domain=((-2, 2),),
)
_unary(
    "Step",
    reference=lambda f: np.where(f < 0, 0.0, 1.0).astype(f.dtype),
    pullback=lambda node, g: (None,),
    expand=lambda f: apply("Where", apply("LessThan", f, constant(0.0)), constant(0.0), one()),
    definition="0 where f < 0, else 1",
    doc="1 at 0 and at nan. Derivative 0.",
    domain=((-2, 2),),
)
_unary(
    "ReLU",
    reference=lambda f: np.where(f < 0, np.zeros_like(f), f),
    pullback=lambda node, g: (g * apply("Step", node.args[0]),),
    expand=lambda f: apply("Where", apply("LessThan", f, constant(0.0)), constant(0.0), f),
    definition="0 where f < 0, else f",
    doc="Derivative 1 at 0.",
    domain=((0.1, 2),),
)


def _power_dimension(dims: tuple[int, ...], params: tuple[Any, ...]) -> int:
    if not is_integer(params[0]):
        raise DimensionError(f"the power must be an integer, not {params[0]!r}; use Powf for real powers.")
    return dims[0]


LARGEST_MULTIPLIED = 2**31
"""Largest power that is a product of squares; beyond, their errors add up and there is no end of them."""


def _as_float(n: int) -> float:
    """Return an integer as a number: infinite when it is larger than all."""
    try:
        return float(n)
    except OverflowError:
        return math.inf if n > 0 else -math.inf


def _power_expand(f: Expr, n: int) -> Expr:
    if n < 0:
        return one() / _power_expand(f, -n)
    if n == 0:
        return replicate(one(), f.dim)
    if n > LARGEST_MULTIPLIED:
        # Numbers of this size are even, so the sign of an odd power is put right by one more factor.
        even = apply("Powf", apply("Abs", f), constant(_as_float(n - n % 2)))
        return f * even if n % 2 else even
    result: Expr | None = None
    square = f
    while n:
        if n & 1:
            result = square if result is None else result * square
        n >>= 1
        if n:
            square = square * square
    assert result is not None
    return result


def _power_pullback(node: Expr, g: Expr) -> tuple[Expr | None]:
    (n,) = node.params
    if n == 0:
        return (None,)
    return (g * (constant(_as_float(n)) * apply("Pow", node.args[0], params=(n - 1,))),)


def _power_reference(f: Any, n: int) -> Any:
    size = np.power(np.abs(f), _as_float(n)).astype(f.dtype)
    return np.copysign(size, f) if n % 2 else size


register(
    Op(
        name="Pow",
        arity=1,
        parameters=("n",),
        dimension=_power_dimension,
        elementwise=True,
        reference=_power_reference,
        pullback=_power_pullback,
        expand=_power_expand,
        on_complex=same_kind("ComplexPow"),
        definition="f to the integer power n",
        doc="1 for n = 0, also at nan; inf for f = 0 and n < 0.",
        accuracy="about |n| / 2 ulp (repeated squaring) up to |n| = 2^31",
        domain=((0.3, 2),),
        sample=(((2,), (3,)), ((1,), (-2,)), ((3,), (0,))),
    )
)

_unary(
    "Exp2",
    reference=np.exp2,
    expand=lambda f: apply("Exp", f * constant(math.log(2.0))),
    definition="2 to the power f",
    domain=((-3, 3),),
)
_unary(
    "Log2",
    reference=np.log2,
    expand=lambda f: apply("Log", f) * constant(1.0 / math.log(2.0)),
    definition="logarithm of f to base 2",
    domain=((0.2, 4),),
)
_unary(
    "Log10",
    reference=np.log10,
    expand=lambda f: apply("Log", f) * constant(1.0 / math.log(10.0)),
    definition="logarithm of f to base 10",
    domain=((0.2, 4),),
)


def _asinh_expand(f: Expr) -> Expr:
    # With t = |f|: log(t + sqrt(t^2 + 1)) = log1p(t + t (t / (1 + sqrt(t^2 + 1)))), accurate near 0; for large t,
    # where t^2 overflows, it is log(2 t).
    size = apply("Abs", f)
    near = apply("Log1p", size + size * (size / (one() + apply("Sqrt", size * size + one()))))
    far = apply("Log", size) + constant(math.log(2.0))
    result = apply("Where", apply("LessThan", size, constant(1e9)), near, far)
    return apply("Where", apply("LessThan", f, constant(0.0)), -result, result)


_unary(
    "Asinh",
    reference=np.arcsinh,
    pullback=lambda node, g: (g * apply("Rsqrt", one() + node.args[0] * node.args[0]),),
    expand=_asinh_expand,
    definition="inverse hyperbolic sine of f",
    other_names=("arcsinh",),
    domain=((-3, 3),),
)


def _acosh_expand(f: Expr) -> Expr:
    beyond = f - one()
    return apply("Log1p", beyond + apply("Sqrt", beyond) * apply("Sqrt", f + one()))


_unary(
    "Acosh",
    reference=np.arccosh,
    pullback=lambda node, g: (g * apply("Rsqrt", (node.args[0] - one()) * (node.args[0] + one())),),
    expand=_acosh_expand,
    definition="inverse hyperbolic cosine of f",
    other_names=("arccosh",),
    doc="nan below 1. Derivative 0 (not inf) at 1.",
    domain=((1.2, 4),),
)
_unary(
    "Atanh",
    reference=np.arctanh,
    pullback=lambda node, g: (g / (one() - node.args[0] * node.args[0]),),
    expand=lambda f: constant(0.5) * (apply("Log1p", f) - apply("Log1p", -f)),
    definition="inverse hyperbolic tangent of f",
    other_names=("arctanh",),
    doc="Infinite at -1 and 1, nan outside.",
    domain=((-0.8, 0.8),),
)


def _sigmoid_reference(f: Any) -> Any:
    return 1 / (1 + np.exp(-f))


_unary(
    "Sigmoid",
    reference=_sigmoid_reference,
    pullback=lambda node, g: (g * (node * (one() - node)),),
    expand=lambda f: one() / (one() + apply("Exp", -f)),
    definition="1 / (1 + exp(-f))",
    other_names=("expit",),
    domain=((-3, 3),),
)
_unary(
    "Softplus",
    reference=lambda f: np.logaddexp(f, 0.0),
    pullback=lambda node, g: (g * apply("Sigmoid", node.args[0]),),
    expand=lambda f: apply("Maximum", f, constant(0.0)) + apply("Log1p", apply("Exp", -apply("Abs", f))),
    definition="log(1 + exp(f))",
    domain=((-3, 3),),
)
