"""Functions of one component that are made of others: powers, signs, inverse hyperbolic functions, logistic ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr, Op, register
from pairfold.ops import bounds
from pairfold.ops.arithmetic import apply, constant, is_integer, one, replicate
from pairfold.ops.elementary import unary
from pairfold.ops.on_complex import same_kind, square

__all__: list[str] = []

unary(
    "Square",
    reference=np.square,
    pullback=lambda node, g: (g * (constant(2.0) * node.args[0]),),
    expand=lambda f: f * f,
    on_complex=square,
    definition="f squared",
    domain=((-2, 2),),
)
unary(
    "Inv",
    reference=lambda f: 1 / f,
    pullback=lambda node, g: (-(g * (node * node)),),
    expand=lambda f: one() / f,
    on_complex=same_kind("ComplexInv"),
    definition="1 / f",
    other_names=("reciprocal",),
    domain=((0.3, 3),),
)
unary(
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
    shown=((-2.5, -1, 0, 3),),
    doc="0 at nan. Derivative 0.",
    domain=((-2, 2),),
)
unary(
    "Step",
    reference=lambda f: np.where(f < 0, 0.0, 1.0).astype(f.dtype),
    pullback=lambda node, g: (None,),
    expand=lambda f: apply("Where", apply("LessThan", f, constant(0.0)), constant(0.0), one()),
    definition="0 where f < 0, else 1",
    shown=((-2.5, -1, 0, 3),),
    doc="1 at 0 and at nan. Derivative 0.",
    domain=((-2, 2),),
)
unary(
    "ReLU",
    reference=lambda f: np.where(f < 0, np.zeros_like(f), f),
    pullback=lambda node, g: (g * apply("Step", node.args[0]),),
    expand=lambda f: apply("Where", apply("LessThan", f, constant(0.0)), constant(0.0), f),
    bounds=bounds.increasing,
    ulp=0,
    definition="0 where f < 0, else f",
    shown=((-2.5, -1, 0, 3),),
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

unary(
    "Exp2",
    reference=np.exp2,
    expand=lambda f: apply("Exp", f * constant(math.log(2.0))),
    definition="2 to the power f",
    domain=((-3, 3),),
)
unary(
    "Log2",
    reference=np.log2,
    expand=lambda f: apply("Log", f) * constant(1.0 / math.log(2.0)),
    definition="logarithm of f to base 2",
    domain=((0.2, 4),),
)
unary(
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


unary(
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


unary(
    "Acosh",
    reference=np.arccosh,
    pullback=lambda node, g: (g * apply("Rsqrt", (node.args[0] - one()) * (node.args[0] + one())),),
    expand=_acosh_expand,
    definition="inverse hyperbolic cosine of f",
    other_names=("arccosh",),
    doc="nan below 1. Derivative 0 (not inf) at 1.",
    domain=((1.2, 4),),
)
unary(
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


unary(
    "Sigmoid",
    reference=_sigmoid_reference,
    pullback=lambda node, g: (g * (node * (one() - node)),),
    expand=lambda f: one() / (one() + apply("Exp", -f)),
    definition="1 / (1 + exp(-f))",
    other_names=("expit",),
    domain=((-3, 3),),
)
unary(
    "Softplus",
    reference=lambda f: np.logaddexp(f, 0.0),
    pullback=lambda node, g: (g * apply("Sigmoid", node.args[0]),),
    expand=lambda f: apply("Maximum", f, constant(0.0)) + apply("Log1p", apply("Exp", -apply("Abs", f))),
    definition="log(1 + exp(f))",
    domain=((-3, 3),),
)
