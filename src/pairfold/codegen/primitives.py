"""How the code generator emits each primitive: one table, which a new primitive enters beside its record.

An elementwise primitive is an instruction on lanes, a comparison, or a choice. Any other says which components of its
operands a component of its result is made of; long folds over components become loops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from pairfold.codegen.loops import INT64, Affine, Index, add, as_value, divide, minimum, modulo, multiply
from pairfold.codegen.vectormath_emitter import Emitter
from pairfold.errors import TargetError
from pairfold.ir.expr import Expr

__all__ = [
    "CONTRACT",
    "PRIMITIVES",
    "Choice",
    "Comparison",
    "Fold",
    "Instruction",
    "Primitive",
    "Read",
    "Structure",
    "find_primitive",
    "fold_of",
]

CONTRACT = ("contract",)
"""Multiplications may be fused with additions: the only liberty that user arithmetic takes."""

Read = tuple[Expr, Index]
"""One component of one operand."""

Values = Sequence[Any]
"""LLVM values; llvmlite ships no types. The first argument of what is called with them is the `Lanes`."""


@dataclass(frozen=True)
class Instruction:
    """An elementwise primitive: ``emit(lanes, builder, values)`` returns its value."""

    emit: Callable[[Any, ir.IRBuilder, Values], Any]


@dataclass(frozen=True)
class Comparison:
    """An elementwise primitive whose value is a mask: a predicate of LLVM, true or false where an operand is nan."""

    symbol: str
    holds_for_nan: bool = False


@dataclass(frozen=True)
class Choice:
    """The primitive that chooses by a mask."""


def _single(lanes: Any, builder: ir.IRBuilder, node: Expr, index: Index, values: Values) -> Any:
    (value,) = values
    return value


@dataclass(frozen=True)
class Structure:
    """A primitive whose components are components of its operands.

    Attributes
    ----------
    reads : callable
        ``reads(builder, node, index)`` returns the components that component `index` may be.
    combine : callable
        ``combine(lanes, builder, node, index, values)`` makes it of their values.
    """

    reads: Callable[[ir.IRBuilder, Expr, Index], list[Read]]
    combine: Callable[[Any, ir.IRBuilder, Expr, Index, Values], Any] = _single


At = Callable[[ir.IRBuilder, Index, Index], Index]


def _sum(lanes: Any, builder: ir.IRBuilder, total: Any, value: Any) -> Any:
    return lanes.add(builder, total, value)


@dataclass(frozen=True)
class Fold:
    """A primitive that folds components of its operand.

    Attributes
    ----------
    terms : callable
        ``terms(node)`` returns how many there are, and ``at(builder, index, term)``: which component of the operand
        is that term of component `index`.
    combine : callable
        ``combine(lanes, builder, total, value)``.
    start : float
        What a fold over nothing is.
    """

    terms: Callable[[Expr], tuple[int, At]]
    combine: Callable[[Any, ir.IRBuilder, Any, Any], Any] = _sum
    start: float = 0.0

    def reads(self, builder: ir.IRBuilder, node: Expr, index: Index) -> list[Read]:
        """Return all terms of component `index`."""
        count, at = self.terms(node)
        return [(node.args[0], at(builder, index, term)) for term in range(count)]


Primitive = Instruction | Comparison | Choice | Structure | Fold


def find_primitive(name: str) -> Primitive:
    """Return how the operation called `name` is emitted.

    Raises
    ------
    TargetError
        If the table does not say it.
    """
    found = PRIMITIVES.get(name)
    if found is None:
        raise TargetError(
            f"{name} has no expansion, which makes it a primitive, but PRIMITIVES does not say how it is emitted. Give "
            "its record an expansion, or the table of pairfold.codegen.primitives an entry."
        )
    return found


def fold_of(node: Expr) -> Fold | None:
    """Return how `node` folds components, when it does."""
    found = PRIMITIVES.get(node.op.name)
    return found if isinstance(found, Fold) else None


# ---------------------------------------------------------------- structure


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


def _whichever(lanes: Any, builder: ir.IRBuilder, node: Expr, index: Index, values: Values) -> Any:
    """Return the value from the part that holds the component, which is known when only one was read."""
    if len(values) == 1:
        return values[0]
    number = as_value(builder, index)
    return builder.select(builder.icmp_signed("<", number, ir.Constant(INT64, node.args[0].dim)), *values)


def _or_zero(lanes: Any, builder: ir.IRBuilder, node: Expr, index: Index, values: Values) -> Any:
    """Return the value inside of what is embedded, 0 outside."""
    zero = lanes.constant(0.0)
    if not values:
        return zero
    if isinstance(index, int):
        return values[0]
    start, number = node.params[0], as_value(builder, index)
    inside = builder.and_(
        builder.icmp_signed(">=", number, ir.Constant(INT64, start)),
        builder.icmp_signed("<", number, ir.Constant(INT64, start + node.args[0].dim)),
    )
    return builder.select(inside, values[0], zero)


def _component_number(lanes: Any, builder: ir.IRBuilder, node: Expr, index: Index, values: Values) -> Any:
    if isinstance(index, int):
        return lanes.constant(float(index))
    return lanes.broadcast(builder, builder.sitofp(as_value(builder, index), lanes.element))


# ---------------------------------------------------------------- folds


def _all_components(node: Expr) -> tuple[int, At]:
    return node.args[0].dim, lambda builder, index, term: term


def _same_place_in_tiles(node: Expr) -> tuple[int, At]:
    return node.params[0], lambda builder, index, term: add(multiply(term, node.dim), index)


def _along_axis(node: Expr) -> tuple[int, At]:
    count, inner = node.params

    def at(builder: ir.IRBuilder, index: Index, term: Index) -> Index:
        outer = add(multiply(divide(builder, index, inner), count), term)
        return add(multiply(outer, inner), modulo(builder, index, inner))

    return count, at


def _extremum(name: str) -> Fold:
    # nan is the neutral element of maxnum and minnum.
    return Fold(_all_components, lambda lanes, builder, a, b: lanes.call_intrinsic(builder, name, [a, b]), float("nan"))


# ---------------------------------------------------------------- the table


def _intrinsic(name: str) -> Instruction:
    return Instruction(lambda lanes, builder, values: lanes.call_intrinsic(builder, name, values))


def _function(name: str) -> Instruction:
    """Return the call of a function of the vector math library."""
    return Instruction(lambda lanes, builder, values: builder.call(lanes.math.function(name), values))


def _floor(lanes: Any, builder: ir.IRBuilder, values: Values) -> Any:
    return Emitter(builder, lanes.count, lanes.dtype, lanes.math.features).floor(*values)


_FUNCTIONS = (
    *("Exp", "Expm1", "Log", "Log1p", "Sinh", "Cosh", "Tanh", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Atan2"),
    *("Erf", "Rsqrt"),
)

PRIMITIVES: dict[str, Primitive] = {
    "Add": Instruction(lambda lanes, builder, values: builder.fadd(*values, flags=CONTRACT)),
    "Subtract": Instruction(lambda lanes, builder, values: builder.fsub(*values, flags=CONTRACT)),
    "Mult": Instruction(lambda lanes, builder, values: builder.fmul(*values, flags=CONTRACT)),
    "Divide": Instruction(lambda lanes, builder, values: builder.fdiv(*values)),
    "Minus": Instruction(lambda lanes, builder, values: builder.fneg(*values)),
    "Abs": _intrinsic("fabs"),
    "Sqrt": _intrinsic("sqrt"),
    "Floor": Instruction(_floor),
    "Powf": _function("pow"),
    **{name: _function(name.lower()) for name in _FUNCTIONS},
    "LessThan": Comparison("<"),
    "LessOrEqual": Comparison("<="),
    "Equal": Comparison("=="),
    "NotEqual": Comparison("!=", holds_for_nan=True),
    "Where": Choice(),
    "Const": Structure(_nothing, lambda lanes, builder, node, index, values: lanes.constant(node.params[0])),
    "Iota": Structure(_nothing, _component_number),
    "Concat": Structure(_concat, _whichever),
    "Extract": Structure(_extract),
    "ExtractT": Structure(_embed, _or_zero),
    "SumT": Structure(_replicate),
    "Tile": Structure(_tile),
    "Spread": Structure(_spread),
    "Permute": Structure(_permute),
    "Sum": Fold(_all_components),
    "SumTiles": Fold(_same_place_in_tiles),
    "SumAxis": Fold(_along_axis),
    "Max": _extremum("maxnum"),
    "Min": _extremum("minnum"),
}
"""All primitives but the variables, by the names of their operations."""
