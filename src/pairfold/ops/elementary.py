"""Functions of one component: exponentials, roots, powers, trigonometry, signs."""

from __future__ import annotations

from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr
from pairfold.ir.op import Op, register
from pairfold.ops.arithmetic import apply, broadcast_dimension, constant, one, same_dimension

__all__: list[str] = []


def _unary(name: str, **facts: Any) -> Op:
    facts.setdefault("method", name.lower())
    return register(Op(name=name, arity=1, dimension=same_dimension, elementwise=True, **facts))


# ---------------------------------------------------------------- primitives

_unary(
    "Exp",
    reference=np.exp,
    pullback=lambda node, g: (g * node,),
    definition="exp(f)",
    accuracy="float32: 2 ulp, checked on all inputs; float64: 2 ulp, sampled",
    domain=((-2, 2),),
)
_unary(
    "Log",
    reference=np.log,
    pullback=lambda node, g: (g / node.args[0],),
    definition="natural logarithm of f",
    doc="-inf at 0, nan below 0.",
    accuracy="float32: 2 ulp, checked on all inputs; float64: 2 ulp, sampled",
    domain=((0.2, 4),),
)
_unary(
    "Sin",
    reference=np.sin,
    pullback=lambda node, g: (g * apply("Cos", node.args[0]),),
    definition="sin(f)",
    accuracy="2 ulp, sampled",
    domain=((-3, 3),),
)
_unary(
    "Cos",
    reference=np.cos,
    pullback=lambda node, g: (-(g * apply("Sin", node.args[0])),),
    definition="cos(f)",
    accuracy="2 ulp, sampled",
    domain=((-3, 3),),
)
_unary(
    "Abs",
    reference=np.abs,
    pullback=lambda node, g: (g * apply("Sign", node.args[0]),),
    definition="|f|",
    doc="Derivative 0 at 0.",
    domain=((0.2, 2),),
)
_unary(
    "Sqrt",
    reference=np.sqrt,
    pullback=lambda node, g: (g * (constant(0.5) * apply("Rsqrt", node.args[0])),),
    definition="square root of f",
    doc="nan below 0. Derivative 0 at 0, so that distances have a gradient everywhere.",
    domain=((0.2, 4),),
)
_unary(
    "Floor",
    reference=np.floor,
    pullback=lambda node, g: (None,),
    definition="largest integer <= f",
    doc="Derivative 0.",
    domain=((-3, 3),),
    smooth=False,
)


def _powf_pullback(node: Expr, g: Expr) -> tuple[Expr, Expr]:
    base, exponent = node.args
    return (
        g * (exponent * apply("Powf", base, exponent - one())),
        g * (apply("Log", base) * node),
    )


register(
    Op(
        name="Powf",
        arity=2,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=np.power,
        pullback=_powf_pullback,
        definition="f to the real power g",
        doc="nan for f < 0 and a g that is no integer.",
        accuracy="float32: 2 ulp, sampled; float64: 2 ulp, sampled",
        domain=((0.2, 3), (-2, 2)),
        method="power",
    )
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
    definition="1 / sqrt(f)",
    doc="0 at 0 (not inf), so that gradients of distances vanish between equal points. nan below 0.",
    accuracy="2 ulp",
    domain=((0.2, 4),),
)
_unary(
    "Square",
    reference=np.square,
    pullback=lambda node, g: (g * (constant(2.0) * node.args[0]),),
    expand=lambda f: f * f,
    definition="f squared",
    domain=((-2, 2),),
)
_unary(
    "Inv",
    reference=lambda f: 1 / f,
    pullback=lambda node, g: (-(g * (node * node)),),
    expand=lambda f: one() / f,
    definition="1 / f",
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
    smooth=False,
)
_unary(
    "Step",
    reference=lambda f: np.where(f < 0, 0.0, 1.0).astype(f.dtype),
    pullback=lambda node, g: (None,),
    expand=lambda f: apply("Where", apply("LessThan", f, constant(0.0)), constant(0.0), one()),
    definition="0 where f < 0, else 1",
    doc="1 at 0 and at nan. Derivative 0.",
    domain=((-2, 2),),
    smooth=False,
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
    if isinstance(params[0], bool) or not isinstance(params[0], int):
        raise DimensionError(f"the power must be an integer, not {params[0]!r}; use Powf for real powers.")
    return dims[0]


def _power_expand(f: Expr, n: int) -> Expr:
    if n < 0:
        return one() / _power_expand(f, -n)
    if n == 0:
        return one() if f.dim == 1 else apply("SumT", one(), params=(f.dim,))
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
    return (g * (constant(n) * apply("Pow", node.args[0], params=(n - 1,))),)


register(
    Op(
        name="Pow",
        arity=1,
        parameters=("n",),
        dimension=_power_dimension,
        elementwise=True,
        reference=lambda f, n: np.power(f, float(n)).astype(f.dtype),
        pullback=_power_pullback,
        expand=_power_expand,
        definition="f to the integer power n",
        doc="1 for n = 0, also at nan; inf for f = 0 and n < 0.",
        accuracy="about |n| / 2 ulp (repeated squaring)",
        domain=((0.3, 2),),
        sample=(((2,), (3,)), ((1,), (-2,)), ((3,), (0,))),
    )
)
