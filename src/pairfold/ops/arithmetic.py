"""Leaves, arithmetic, comparisons and choices, which everything else is written in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Category, Expr, Op, apply, make, register
from pairfold.ops import bounds
from pairfold.ops.on_complex import choice, different, real_result, same_kind, scaling

__all__ = [
    "apply",
    "broadcast_dimension",
    "constant",
    "folded",
    "is_constant",
    "is_integer",
    "is_zero",
    "one",
    "power",
    "replicate",
    "same_dimension",
    "variable",
    "zeros",
]

Dims = tuple[int, ...]
Params = tuple[Any, ...]


def variable(position: int | str, dim: int, category: Category, kind: str = "real") -> Expr:
    """Return the variable that is argument number `position` of the formula; a name for what is no argument."""
    return make(VAR, (), (position, dim, category, kind))


def constant(value: float) -> Expr:
    """Return the constant `value`, of dimension 1."""
    return make(CONST, (), (float(value),))


def is_constant(expr: Expr, value: float | None = None) -> bool:
    """Tell whether `expr` is a constant (equal to `value`, when given)."""
    return expr.op is CONST and (value is None or expr.params[0] == value)


def folded(op: Op, args: Sequence[Expr], params: Params) -> Expr:
    """Return the constant that `op` makes of constants; it may overflow, as numbers in arrays do."""
    with np.errstate(all="ignore"):
        return constant(float(op.reference(*(arg.params[0] for arg in args), *params)))


def is_integer(parameter: object) -> bool:
    """Tell whether a static parameter is an integer; True and False are none."""
    return isinstance(parameter, int) and not isinstance(parameter, bool)


def power(base: Expr, exponent: float) -> Expr | None:
    """Return `base` to the power of a number by the best operation for it; None when only Powf will do."""
    if exponent == 2:
        return apply("Square", base)
    if exponent == 0.5:
        return apply("Sqrt", base)
    if exponent == -0.5:
        # Rsqrt would be 0 at 0, where all other negative powers are infinite.
        return constant(1.0) / apply("Sqrt", base)
    if isinstance(exponent, int) or (exponent.is_integer() and abs(exponent) < 2**31):
        return apply("Pow", base, params=(int(exponent),))
    return None


def is_zero(expr: Expr) -> bool:
    """Tell whether `expr` is the constant 0, with any number of components."""
    while expr.op.name in ("SumT", "Minus"):
        expr = expr.args[0]
    return is_constant(expr, 0.0)


def replicate(f: Expr, dim: int) -> Expr:
    """Return f broadcast to `dim` components."""
    return f if f.dim == dim else apply("SumT", f, params=(dim,))


def zeros(dim: int) -> Expr:
    """Return a vector of `dim` zeros."""
    return replicate(constant(0.0), dim)


def one() -> Expr:
    """Return the constant 1."""
    return constant(1.0)


def broadcast_dimension(dims: Dims, params: Params) -> int:
    """Dimension rule of elementwise operations: all equal, or 1."""
    dim = max(dims)
    if any(d not in (1, dim) for d in dims):
        raise DimensionError("the dimensions must be equal, or 1.")
    return dim


def same_dimension(dims: Dims, params: Params) -> int:
    """Dimension rule of unary elementwise operations."""
    return dims[0]


def _variable_dimension(dims: Dims, params: Params) -> int:
    if params[1] < 1:
        raise DimensionError(f"a variable needs a dimension of at least 1, not {params[1]}.")
    return int(params[1])


def _no_reference(*args: Any) -> Any:
    raise TypeError("a leaf has no reference function: the interpreter binds it")


VAR = register(
    Op(
        name="Var",
        arity=0,
        dimension=_variable_dimension,
        reference=_no_reference,
        kind=lambda args, params: str(params[3]),
        parameters=("position", "dimension", "category"),
        access=True,
        definition="argument number `position`",
        ulp=0,
    )
)
CONST = register(
    Op(
        name="Const",
        arity=0,
        dimension=lambda dims, params: 1,
        reference=lambda value: np.asarray([value]),
        access=True,
        parameters=("value",),
        definition="the number `value`",
        bounds=bounds.at_ends,
    )
)

# ---------------------------------------------------------------- elementwise arithmetic

register(
    Op(
        name="Add",
        arity=2,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=np.add,
        pullback=lambda node, g: (g, g),
        on_complex=same_kind("ComplexAdd"),
        symbol="+",
        bounds=bounds.added,
        definition="f + g",
        linear=((0, 1),),
        domain=((-2, 2), (-2, 2)),
    )
)
register(
    Op(
        name="Subtract",
        arity=2,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=np.subtract,
        pullback=lambda node, g: (g, -g),
        on_complex=same_kind("ComplexSubtract"),
        symbol="-",
        bounds=bounds.subtracted,
        definition="f - g",
        linear=((0, 1),),
        domain=((-2, 2), (-2, 2)),
    )
)
register(
    Op(
        name="Mult",
        arity=2,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=np.multiply,
        pullback=lambda node, g: (g * node.args[1], g * node.args[0]),
        on_complex=scaling("Mult", "ComplexMult"),
        symbol="*",
        bounds=bounds.multiplied,
        definition="f g",
        linear=((0,), (1,)),
        domain=((-2, 2), (-2, 2)),
        truth="operands",
    )
)
register(
    Op(
        name="Divide",
        arity=2,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=np.divide,
        pullback=lambda node, g: (g / node.args[1], -(g * node) / node.args[1]),
        on_complex=scaling("Divide", "ComplexDivide"),
        symbol="/",
        bounds=bounds.divided,
        definition="f / g",
        linear=((0,),),
        doc="Division by 0 gives inf or nan as IEEE says. What differs from pair to pair is multiplied by the "
        "reciprocal of a parameter, which overflows when the parameter is subnormal.",
        domain=((-2, 2), (0.5, 2)),
    )
)
register(
    Op(
        name="Minus",
        arity=1,
        dimension=same_dimension,
        elementwise=True,
        reference=np.negative,
        pullback=lambda node, g: (-g,),
        on_complex=same_kind("Minus"),
        definition="-f",
        bounds=bounds.negated,
        ulp=0,
        linear=((0,),),
        domain=((-2, 2),),
    )
)

# ---------------------------------------------------------------- comparisons and selection


def _comparison(name: str, function: Any, symbol: str, doc: str, **facts: Any) -> Op:
    return register(
        Op(
            name=name,
            arity=2,
            dimension=broadcast_dimension,
            elementwise=True,
            reference=lambda f, g: function(f, g).astype(np.result_type(f, g)),
            pullback=lambda node, g: (None, None),
            definition=f"1 where f {symbol} g, else 0",
            doc=doc,
            domain=((-2, 2), (-2, 2)),
            truth="always",
            ulp=0,
            **facts,
        )
    )


_comparison("LessThan", np.less, "<", "0 when either is nan. Derivative 0.", orders=True, bounds=bounds.comparison)
_comparison(
    "LessOrEqual", np.less_equal, "<=", "0 when either is nan. Derivative 0.", orders=True, bounds=bounds.comparison
)
_comparison(
    "Equal",
    np.equal,
    "==",
    "0 when either is nan. Derivative 0.",
    on_complex=real_result("ComplexEqual"),
    bounds=bounds.equality,
)
_comparison(
    "NotEqual", np.not_equal, "!=", "1 when either is nan. Derivative 0.", on_complex=different, bounds=bounds.equality
)


def _where_kind(args: tuple[Expr, ...], params: Params) -> str:
    return args[1].kind


register(
    Op(
        name="Where",
        arity=3,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=lambda c, f, g: np.where(c != 0, f, g),
        pullback=lambda node, g: (
            None,
            apply("Where", node.args[0], g, constant(0.0)),
            apply("Where", node.args[0], constant(0.0), g),
        ),
        on_complex=choice("Where"),
        definition="f where c is not 0, else g",
        operands=("c", "f", "g"),
        linear=((1, 2),),
        doc="The derivative goes to the chosen operand alone: what the other one does there is not looked at.",
        domain=((-2, 2), (-2, 2), (-2, 2)),
        method="where",
        kind=_where_kind,
        bounds=bounds.where,
        ulp=0,
        truth="operands",
    )
)
