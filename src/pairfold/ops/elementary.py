"""Functions of one component that targets know: exponentials, roots, powers, trigonometry."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pairfold.ir.expr import Expr, Op, register
from pairfold.ops import bounds
from pairfold.ops.arithmetic import (
    apply,
    broadcast_dimension,
    constant,
    is_constant,
    one,
    same_dimension,
)
from pairfold.ops.on_complex import real_result, reciprocal_root, same_kind

__all__ = ["unary"]


def _within(ulp: float) -> dict[str, Any]:
    """Return the facts about the error of a function of the target's library."""
    return {"ulp": ulp, "accuracy": f"{ulp:g} ulp"}


def unary(name: str, **facts: Any) -> Op:
    """Enter a function of one component."""
    facts.setdefault("method", name.lower())
    return register(Op(name=name, arity=1, dimension=same_dimension, elementwise=True, **facts))


# ---------------------------------------------------------------- primitives

unary(
    "Exp",
    reference=np.exp,
    pullback=lambda node, g: (g * node,),
    on_complex=same_kind("ComplexExp"),
    bounds=bounds.increasing,
    definition="exp(f)",
    domain=((-2, 2),),
    **_within(2),
)
unary(
    "Log",
    reference=np.log,
    pullback=lambda node, g: (g / node.args[0],),
    on_complex=same_kind("ComplexLog"),
    bounds=bounds.increasing,
    definition="natural logarithm of f",
    doc="-inf at 0, nan below 0.",
    domain=((0.2, 4),),
    **_within(1),
)
unary(
    "Sin",
    reference=np.sin,
    pullback=lambda node, g: (g * apply("Cos", node.args[0]),),
    on_complex=same_kind("ComplexSin"),
    bounds=bounds.periodic(math.pi / 2),
    definition="sin(f)",
    domain=((-3, 3),),
    **_within(1),
)
unary(
    "Cos",
    reference=np.cos,
    pullback=lambda node, g: (-(g * apply("Sin", node.args[0])),),
    on_complex=same_kind("ComplexCos"),
    bounds=bounds.periodic(0),
    definition="cos(f)",
    domain=((-3, 3),),
    **_within(1),
)
unary(
    "Abs",
    reference=np.abs,
    pullback=lambda node, g: (g * apply("Sign", node.args[0]),),
    on_complex=real_result("ComplexAbs"),
    bounds=bounds.modulus,
    ulp=0,
    definition="|f|",
    shown=((-2.5, -1, 0, 3),),
    other_names=("absolute", "fabs"),
    doc="Derivative 0 at 0.",
    domain=((0.2, 2),),
)
unary(
    "Sqrt",
    reference=np.sqrt,
    pullback=lambda node, g: (g * (constant(0.5) * apply("Rsqrt", node.args[0])),),
    on_complex=same_kind("ComplexSqrt"),
    bounds=bounds.increasing,
    definition="square root of f",
    doc="nan below 0. Derivative 0 at 0, so that distances have a gradient everywhere.",
    domain=((0.2, 4),),
    **_within(1),
)
unary(
    "Floor",
    reference=np.floor,
    pullback=lambda node, g: (None,),
    bounds=bounds.increasing,
    ulp=0,
    definition="largest integer <= f",
    shown=((-2.5, -1, 0.5, 1.7),),
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
        bounds=bounds.power,
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


unary(
    "Asin",
    reference=np.arcsin,
    pullback=lambda node, g: (g * _inverse_sine_slope(node.args[0]),),
    bounds=bounds.increasing,
    definition="inverse sine of f",
    other_names=("arcsin",),
    doc="nan outside [-1, 1]. Derivative 0 (not inf) at -1 and 1.",
    domain=((-0.9, 0.9),),
    **_within(1.5),
)
unary(
    "Acos",
    reference=np.arccos,
    pullback=lambda node, g: (-(g * _inverse_sine_slope(node.args[0])),),
    bounds=bounds.decreasing,
    definition="inverse cosine of f",
    other_names=("arccos",),
    doc="nan outside [-1, 1]. Derivative 0 (not -inf) at -1 and 1.",
    domain=((-0.9, 0.9),),
    **_within(1.5),
)
unary(
    "Atan",
    reference=np.arctan,
    pullback=lambda node, g: (g / (one() + node.args[0] * node.args[0]),),
    bounds=bounds.increasing,
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
        bounds=bounds.angle,
        definition="angle of the point with ordinate f and abscissa g, in [-pi, pi]",
        doc="Derivative 0 at the origin.",
        domain=((-2, 2), (0.3, 2)),
        method="atan2",
        other_names=("arctan2",),
        **_within(2),
    )
)
unary(
    "Tan",
    reference=np.tan,
    pullback=lambda node, g: (g * (one() + node * node),),
    on_complex=same_kind("ComplexTan"),
    bounds=bounds.tangent,
    definition="tangent of f",
    domain=((-1.2, 1.2),),
    **_within(1.5),
)
unary(
    "Sinh",
    reference=np.sinh,
    pullback=lambda node, g: (g * apply("Cosh", node.args[0]),),
    on_complex=same_kind("ComplexSinh"),
    bounds=bounds.increasing,
    definition="hyperbolic sine of f",
    domain=((-3, 3),),
    **_within(2),
)
unary(
    "Cosh",
    reference=np.cosh,
    pullback=lambda node, g: (g * apply("Sinh", node.args[0]),),
    on_complex=same_kind("ComplexCosh"),
    bounds=bounds.even,
    definition="hyperbolic cosine of f",
    domain=((-3, 3),),
    **_within(2),
)
unary(
    "Tanh",
    reference=np.tanh,
    pullback=lambda node, g: (g * (one() - node * node),),
    on_complex=same_kind("ComplexTanh"),
    bounds=bounds.increasing,
    definition="hyperbolic tangent of f",
    domain=((-3, 3),),
    **_within(1.5),
)
unary(
    "Expm1",
    reference=np.expm1,
    pullback=lambda node, g: (g * apply("Exp", node.args[0]),),
    bounds=bounds.increasing,
    definition="exp(f) - 1",
    doc="Accurate near 0.",
    domain=((-2, 2),),
    **_within(2),
)
unary(
    "Log1p",
    reference=np.log1p,
    pullback=lambda node, g: (g / (one() + node.args[0]),),
    bounds=bounds.increasing,
    definition="log(1 + f)",
    doc="Accurate near 0; -inf at -1, nan below.",
    domain=((-0.7, 3),),
    **_within(1),
)


def _erf_pullback(node: Expr, g: Expr) -> tuple[Expr]:
    (f,) = node.args
    return (g * (constant(2.0 / math.sqrt(math.pi)) * apply("Exp", -(f * f))),)


unary(
    "Erf",
    reference=np.vectorize(math.erf, otypes=[np.float64]),
    pullback=_erf_pullback,
    bounds=bounds.increasing,
    definition="error function of f: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to f",
    domain=((-2, 2),),
    **_within(1.5),
)


def _rsqrt_reference(f: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.where(f == 0, np.zeros_like(f), 1 / np.sqrt(f))


def _rsqrt_pullback(node: Expr, g: Expr) -> tuple[Expr]:
    return (g * (constant(-0.5) * (node * (node * node))),)


unary(
    "Rsqrt",
    reference=_rsqrt_reference,
    pullback=_rsqrt_pullback,
    on_complex=reciprocal_root,
    bounds=bounds.reciprocal_root,
    definition="1 / sqrt(f)",
    doc="0 at 0 (not inf), so that gradients of distances vanish between equal points. nan below 0.",
    domain=((0.2, 4),),
    **_within(1.5),
)
