"""Leaves, arithmetic, comparisons and the structural primitives that everything else is written in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Category, Expr, Op, apply, make, register
from pairfold.ops.on_complex import choice, different, extract, real_result, same_kind, scaling

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
            **facts,
        )
    )


_comparison("LessThan", np.less, "<", "0 when either is nan. Derivative 0.", orders=True)
_comparison("LessOrEqual", np.less_equal, "<=", "0 when either is nan. Derivative 0.", orders=True)
_comparison("Equal", np.equal, "==", "0 when either is nan. Derivative 0.", on_complex=real_result("ComplexEqual"))
_comparison("NotEqual", np.not_equal, "!=", "1 when either is nan. Derivative 0.", on_complex=different)


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
        linear=((1, 2),),
        doc="The derivative goes to the chosen operand alone: what the other one does there is not looked at.",
        domain=((-2, 2), (-2, 2), (-2, 2)),
        method="where",
        kind=_where_kind,
        truth="operands",
    )
)

# ---------------------------------------------------------------- structure of vectors


def _sum_reference(f: Any) -> Any:
    return np.sum(f, axis=-1, keepdims=True)


register(
    Op(
        name="Sum",
        arity=1,
        dimension=lambda dims, params: 1,
        reference=_sum_reference,
        pullback=lambda node, g: (g,),
        on_complex=same_kind("ComplexSum"),
        definition="sum of the components of f",
        linear=((0,),),
        accuracy="recursive summation: (D - 1) / 2 ulp of the sum of moduli",
        domain=((-2, 2),),
    )
)


def _replicate_dimension(dims: Dims, params: Params) -> int:
    if dims[0] != 1:
        raise DimensionError("only a scalar can be replicated; its dimension must be 1.")
    if params[0] < 1:
        raise DimensionError(f"the length must be at least 1, not {params[0]}.")
    return int(params[0])


register(
    Op(
        name="SumT",
        arity=1,
        parameters=("n",),
        dimension=_replicate_dimension,
        reference=lambda f, n: np.repeat(f, n, axis=-1),
        pullback=lambda node, g: (g,),
        definition="the scalar f replicated n times",
        linear=((0,),),
        access=True,
        domain=((-2, 2),),
        sample=(((1,), (3,)),),
        kind=lambda args, params: args[0].kind,
        truth="operands",
    )
)


def _concat_dimension(dims: Dims, params: Params) -> int:
    return dims[0] + dims[1]


def _concat_reference(f: Any, g: Any) -> Any:
    shape = np.broadcast_shapes(f.shape[:-1], g.shape[:-1])
    parts = [np.broadcast_to(part, (*shape, part.shape[-1])) for part in (f, g)]
    return np.concatenate(parts, axis=-1)


def _concat_pullback(node: Expr, g: Expr) -> tuple[Expr, Expr]:
    first, second = (arg.dim for arg in node.args)
    return (
        apply("Extract", g, params=(0, first)),
        apply("Extract", g, params=(first, second)),
    )


register(
    Op(
        name="Concat",
        arity=2,
        dimension=_concat_dimension,
        reference=_concat_reference,
        pullback=_concat_pullback,
        on_complex=same_kind("Concat"),
        definition="components of f, then those of g",
        linear=((0, 1),),
        access=True,
        method="concat",
        domain=((-2, 2), (-2, 2)),
        sample=(((2, 3), ()), ((1, 1), ())),
        kind=lambda args, params: args[0].kind,
        truth="operands",
    )
)


def _extract_dimension(dims: Dims, params: Params) -> int:
    start, length = params
    if start < 0 or length < 1 or start + length > dims[0]:
        raise DimensionError(f"components {start} to {start + length} (excluded) must lie within 0 to {dims[0]}.")
    return int(length)


register(
    Op(
        name="Extract",
        arity=1,
        parameters=("start", "length"),
        dimension=_extract_dimension,
        reference=lambda f, start, length: f[..., start : start + length],
        pullback=lambda node, g: (apply("ExtractT", g, params=(node.params[0], node.args[0].dim)),),
        on_complex=extract,
        definition="components start, ..., start + length - 1 of f",
        linear=((0,),),
        access=True,
        domain=((-2, 2),),
        sample=(((5,), (1, 3)), ((3,), (0, 3))),
        kind=lambda args, params: args[0].kind,
        method="extract",
        truth="operands",
    )
)


def _embed_dimension(dims: Dims, params: Params) -> int:
    start, length = params
    if start < 0 or start + dims[0] > length:
        raise DimensionError(f"components {start} to {start + dims[0]} (excluded) must lie within 0 to {length}.")
    return int(length)


def _embed_reference(f: Any, start: int, length: int) -> Any:
    result = np.zeros((*f.shape[:-1], length), f.dtype)
    result[..., start : start + f.shape[-1]] = f
    return result


register(
    Op(
        name="ExtractT",
        arity=1,
        parameters=("start", "length"),
        dimension=_embed_dimension,
        reference=_embed_reference,
        pullback=lambda node, g: (apply("Extract", g, params=(node.params[0], node.args[0].dim)),),
        definition="a vector of zeros of the given length that holds f from index start on",
        linear=((0,),),
        domain=((-2, 2),),
        sample=(((2,), (1, 4)), ((3,), (0, 3))),
    )
)


def _tile_reference(f: Any, n: int) -> Any:
    return np.tile(f, (1,) * (f.ndim - 1) + (n,))


register(
    Op(
        name="Tile",
        arity=1,
        parameters=("n",),
        dimension=lambda dims, params: dims[0] * int(params[0]),
        reference=_tile_reference,
        pullback=lambda node, g: (apply("SumTiles", g, params=node.params),),
        definition="f repeated n times one after the other",
        linear=((0,),),
        access=True,
        domain=((-2, 2),),
        sample=(((3,), (2,)), ((1,), (4,))),
        kind=lambda args, params: args[0].kind,
        truth="operands",
    )
)


def _sum_tiles_dimension(dims: Dims, params: Params) -> int:
    if dims[0] % params[0]:
        raise DimensionError(f"the dimension must be a multiple of {params[0]}.")
    return dims[0] // int(params[0])


register(
    Op(
        name="SumTiles",
        arity=1,
        parameters=("n",),
        dimension=_sum_tiles_dimension,
        reference=lambda f, n: f.reshape(*f.shape[:-1], n, -1).sum(-2),
        pullback=lambda node, g: (apply("Tile", g, params=node.params),),
        definition="the sum of the n equal parts of f: the adjoint of Tile",
        linear=((0,),),
        domain=((-2, 2),),
        sample=(((6,), (2,)), ((4,), (4,))),
    )
)
