"""Primitives that move, sum and compare the components of vectors, also of those that are row-major tensors.

Spread, SumAxis and Permute are enough for every product of matrices and
tensors; each is the adjoint of another of the three.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr, Op, register
from pairfold.ops import bounds
from pairfold.ops.arithmetic import apply, constant, is_integer
from pairfold.ops.on_complex import extract, same_kind

__all__ = ["iota", "permute", "spread", "sum_axis"]

Dims = tuple[int, ...]
Params = tuple[Any, ...]

# ---------------------------------------------------------------- vectors


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
        bounds=bounds.summed,
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
        bounds=bounds.at_ends,
        ulp=0,
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
        bounds=bounds.at_ends,
        ulp=0,
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
        bounds=bounds.at_ends,
        ulp=0,
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
        bounds=bounds.at_ends,
        ulp=0,
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
        bounds=bounds.at_ends,
        ulp=0,
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
        reference=lambda f, n: f.reshape(*f.shape[:-1], n, f.shape[-1] // n).sum(-2),
        pullback=lambda node, g: (apply("Tile", g, params=node.params),),
        definition="the sum of the n equal parts of f: the adjoint of Tile",
        linear=((0,),),
        bounds=bounds.summed,
        domain=((-2, 2),),
        sample=(((6,), (2,)), ((4,), (4,))),
    )
)

# ---------------------------------------------------------------- vectors seen as tensors


def spread(f: Expr, n: int, inner: int) -> Expr:
    """Repeat each block of `inner` components n times."""
    return apply("Spread", f, params=(n, inner))


def sum_axis(f: Expr, n: int, inner: int) -> Expr:
    """Sum over the middle axis of f seen as a tensor of shape (outer, n, inner)."""
    return apply("SumAxis", f, params=(n, inner))


def permute(f: Expr, shape: tuple[int, ...], axes: tuple[int, ...]) -> Expr:
    """Transpose f seen as a row-major tensor; nothing when the axes are in order."""
    return f if axes == tuple(range(len(axes))) else apply("Permute", f, params=(shape, axes))


def iota(n: int) -> Expr:
    """Return the vector 0, 1, ..., n - 1."""
    return apply("Iota", params=(n,))


def _spread_dimension(dims: Dims, params: Params) -> int:
    n, inner = params
    if n < 1 or inner < 1 or dims[0] % inner:
        raise DimensionError(f"n = {n} must be at least 1 and the block length {inner} must divide the dimension.")
    return dims[0] * int(n)


def _spread_reference(f: Any, n: int, inner: int) -> Any:
    blocks = f.reshape(*f.shape[:-1], f.shape[-1] // inner, 1, inner)
    return np.repeat(blocks, n, axis=-2).reshape(*f.shape[:-1], f.shape[-1] * n)


register(
    Op(
        name="Spread",
        arity=1,
        parameters=("n", "inner"),
        dimension=_spread_dimension,
        reference=_spread_reference,
        pullback=lambda node, g: (apply("SumAxis", g, params=node.params),),
        bounds=bounds.at_ends,
        definition="f seen as a table of rows of length inner, each row repeated n times",
        linear=((0,),),
        domain=((-2, 2),),
        sample=(((6,), (2, 3)), ((3,), (4, 1)), ((2,), (3, 2))),
        kind=lambda args, params: args[0].kind,
        accuracy="exact",
        ulp=0,
    )
)


def _sum_axis_dimension(dims: Dims, params: Params) -> int:
    n, inner = params
    if n < 1 or inner < 1 or dims[0] % (n * inner):
        raise DimensionError(f"the dimension must be a multiple of {n} * {inner}, both at least 1.")
    return dims[0] // int(n)


register(
    Op(
        name="SumAxis",
        arity=1,
        parameters=("n", "inner"),
        dimension=_sum_axis_dimension,
        reference=lambda f, n, inner: (
            f.reshape(*f.shape[:-1], f.shape[-1] // (n * inner), n, inner)
            .sum(-2)
            .reshape(*f.shape[:-1], f.shape[-1] // n)
        ),
        pullback=lambda node, g: (apply("Spread", g, params=node.params),),
        definition="f seen as a tensor of shape (outer, n, inner), summed over the middle axis",
        linear=((0,),),
        bounds=bounds.summed,
        accuracy="recursive summation: (n - 1) / 2 ulp of the sum of moduli",
        domain=((-2, 2),),
        sample=(((12,), (2, 3)), ((6,), (3, 1)), ((6,), (2, 3))),
    )
)


def _permute_dimension(dims: Dims, params: Params) -> int:
    shape, axes = params
    if prod(shape) != dims[0] or sorted(axes) != list(range(len(shape))):
        raise DimensionError(f"the shape {shape} must have as many entries as the vector, and axes {axes} permute it.")
    return dims[0]


def _permute_reference(f: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    leading = f.shape[:-1]
    tensor = f.reshape(*leading, *shape)
    order = (*range(len(leading)), *(len(leading) + axis for axis in axes))
    return tensor.transpose(order).reshape(*leading, f.shape[-1])


def _permute_pullback(node: Expr, g: Expr) -> tuple[Expr]:
    shape, axes = node.params
    inverse = tuple(axes.index(axis) for axis in range(len(axes)))
    return (permute(g, tuple(shape[axis] for axis in axes), inverse),)


register(
    Op(
        name="Permute",
        arity=1,
        parameters=("shape", "axes"),
        dimension=_permute_dimension,
        reference=_permute_reference,
        pullback=_permute_pullback,
        bounds=bounds.at_ends,
        definition="f seen as a row-major tensor, its axes permuted like numpy.transpose",
        linear=((0,),),
        domain=((-2, 2),),
        sample=(((6,), ((2, 3), (1, 0))), ((12,), ((2, 3, 2), (2, 0, 1)))),
        kind=lambda args, params: args[0].kind,
        accuracy="exact",
        ulp=0,
    )
)


def _count_dimension(dims: Dims, params: Params) -> int:
    if not is_integer(params[0]) or params[0] < 1:
        raise DimensionError(f"the length must be an integer of at least 1, not {params[0]!r}.")
    return int(params[0])


register(
    Op(
        name="Iota",
        arity=0,
        parameters=("n",),
        dimension=_count_dimension,
        reference=lambda n: np.arange(float(n)),
        bounds=bounds.at_ends,
        definition="the vector 0, 1, ..., n - 1",
        sample=(((), (4,)), ((), (1,))),
        accuracy="exact",
        ulp=0,
    )
)

# ---------------------------------------------------------------- the extremal component


def _extremal_pullback(node: Expr, g: Expr) -> tuple[Expr]:
    (f,) = node.args
    winner = apply(f"Arg{node.op.name}", f)
    return (apply("Where", apply("Equal", iota(f.dim), winner), g, constant(0.0)),)


for _name, _function in (("Max", np.fmax), ("Min", np.fmin)):
    register(
        Op(
            name=_name,
            arity=1,
            dimension=lambda dims, params: 1,
            reference=lambda f, function=_function: function.reduce(f, axis=-1, keepdims=True),
            pullback=_extremal_pullback,
            orders=True,
            definition=f"{'largest' if _name == 'Max' else 'smallest'} component of f",
            doc="nan is skipped; nan when all components are nan. The gradient goes to the first extremal component.",
            domain=((-2, 2),),
            method=_name.lower(),
            bounds=bounds.extremal,
            accuracy="exact",
            ulp=0,
        )
    )


def _first_winner(name: str, f: Expr) -> Expr:
    """Return the smallest k such that f_k is the extremal component; 0 when all are nan."""
    dim = f.dim
    candidates = apply("Where", apply("Equal", f, apply(name, f)), iota(dim), constant(dim))
    first = apply("Min", candidates)
    return apply("Where", apply("Equal", first, constant(dim)), constant(0.0), first)


def _arg_reference(f: Any, function: Any) -> Any:
    return np.argmax(f == function.reduce(f, axis=-1, keepdims=True), axis=-1, keepdims=True)


for _name, _function in (("Max", np.fmax), ("Min", np.fmin)):
    register(
        Op(
            name=f"Arg{_name}",
            arity=1,
            dimension=lambda dims, params: 1,
            reference=lambda f, function=_function: _arg_reference(f, function),
            pullback=lambda node, g: (None,),
            expand=lambda f, name=_name: _first_winner(name, f),
            orders=True,
            definition=f"index of the {'largest' if _name == 'Max' else 'smallest'} component of f, counted from 0",
            doc="The first on ties; nan is skipped; 0 when all components are nan. Derivative 0.",
            domain=((-2, 2),),
            method=f"arg{_name.lower()}",
            accuracy="exact",
        )
    )
