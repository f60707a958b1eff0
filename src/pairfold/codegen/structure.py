"""Structural operations: which components of its operands a component is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from pairfold.codegen.loops import INT64, Affine, Index, add, as_value, divide, minimum, modulo, multiply
from pairfold.ir.expr import Expr

__all__ = ["EXTREMES", "FOLDS", "STRUCTURE", "Read"]

Read = tuple[Expr, Index]
"""One component of one operand."""


def _concat(builder: ir.IRBuilder, node: Expr, index: Index) -> list[Read]:
    first, second = node.args
    if isinstance(index, int):
        return [(first, index)] if index < first.dim else [(second, index - first.dim)]
    number, size = as_value(builder, index), ir.Constant(INT64, first.dim)
    in_first = minimum(builder, number, ir.Constant(INT64, first.dim - 1))
    behind = builder.sub(number, size)
    in_second = builder.select(builder.icmp_signed("<", number, size), ir.Constant(INT64, 0), behind)
    return [(part, _within(part, at)) for part, at in ((first, in_first), (second, in_second))]


def _within(node: Expr, number: Any) -> Index:
    """Return an LLVM value as a component number of `node`."""
    return 0 if node.dim == 1 else Affine(0, ((1, number, node.dim),))


def _embed(builder: ir.IRBuilder, node: Expr, index: Index) -> list[Read]:
    (arg,), start = node.args, node.params[0]
    if isinstance(index, int):
        return [(arg, index - start)] if start <= index < start + arg.dim else []
    zero = ir.Constant(INT64, 0)
    shifted = builder.sub(as_value(builder, index), ir.Constant(INT64, start))
    at_least = builder.select(builder.icmp_signed("<", shifted, zero), zero, shifted)
    return [(arg, _within(arg, minimum(builder, at_least, ir.Constant(INT64, arg.dim - 1))))]


def _extract(builder: ir.IRBuilder, node: Expr, index: Index) -> list[Read]:
    return [(node.args[0], add(index, node.params[0]))]


def _tile(builder: ir.IRBuilder, node: Expr, index: Index) -> list[Read]:
    arg = node.args[0]
    return [(arg, modulo(builder, index, arg.dim))]


def _spread(builder: ir.IRBuilder, node: Expr, index: Index) -> list[Read]:
    copies, inner = node.params
    outer = divide(builder, index, copies * inner)
    return [(node.args[0], add(multiply(outer, inner), modulo(builder, index, inner)))]


def _permute(builder: ir.IRBuilder, node: Expr, index: Index) -> list[Read]:
    shape, axes = node.params
    strides = [1] * len(shape)
    for axis in reversed(range(len(shape) - 1)):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    source: Index = 0
    for axis in reversed(axes):
        source = add(source, multiply(modulo(builder, index, shape[axis]), strides[axis]))
        index = divide(builder, index, shape[axis])
    return [(node.args[0], source)]


def _replicate(builder: ir.IRBuilder, node: Expr, index: Index) -> list[Read]:
    return [(node.args[0], 0)]


def _nothing(builder: ir.IRBuilder, node: Expr, index: Index) -> list[Read]:
    return []


def _terms(builder: ir.IRBuilder, node: Expr, index: Index) -> list[Read]:
    count, at = FOLDS[node.op.name](node)
    return [(node.args[0], at(builder, index, term)) for term in range(count)]


STRUCTURE: dict[str, Callable[[ir.IRBuilder, Expr, Index], list[Read]]] = {
    "Concat": _concat,
    "Extract": _extract,
    "ExtractT": _embed,
    "SumT": _replicate,
    "Tile": _tile,
    "Spread": _spread,
    "Permute": _permute,
    "Iota": _nothing,
    "Sum": _terms,
    "SumTiles": _terms,
    "SumAxis": _terms,
    "Max": _terms,
    "Min": _terms,
}

_At = Callable[[ir.IRBuilder, Index, Index], Index]


def _all_components(node: Expr) -> tuple[int, _At]:
    return node.args[0].dim, lambda builder, index, term: term


def _same_place_in_tiles(node: Expr) -> tuple[int, _At]:
    return node.params[0], lambda builder, index, term: add(multiply(term, node.dim), index)


def _along_axis(node: Expr) -> tuple[int, _At]:
    count, inner = node.params

    def at(builder: ir.IRBuilder, index: Index, term: Index) -> Index:
        outer = add(multiply(divide(builder, index, inner), count), term)
        return add(multiply(outer, inner), modulo(builder, index, inner))

    return count, at


FOLDS: dict[str, Callable[[Expr], tuple[int, _At]]] = {
    "Sum": _all_components,
    "Max": _all_components,
    "Min": _all_components,
    "SumTiles": _same_place_in_tiles,
    "SumAxis": _along_axis,
}
"""Folds over components: the number of terms, and which component of the argument is term t of component k."""

EXTREMES = {"Max": "maxnum", "Min": "minnum"}
