"""Operations on the values of LazyTensors, of real numbers and of complex ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pairfold.errors import ArgumentTypeError, DimensionError
from pairfold.ir.expr import Expr, Op, make
from pairfold.lazy.value import Value, class_of
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import power
from pairfold.ops.on_complex import promoted, rule_of
from pairfold.transform.calculus import CALCULUS

__all__ = ["binary", "combined", "differentiated", "join_all", "powered", "unary"]


def unary(op: Op, value: Value, params: Sequence[Any] = ()) -> Value:
    """Return `op` of one value, with static parameters."""
    if value.kind.is_complex:
        return _on_pairs(op, [value], params)
    try:
        return value.with_expr(make(op, (value.expr,), params))
    except (DimensionError, TypeError, IndexError) as reason:
        raise _restated(op, [value], params, reason) from None


def binary(op: Op, value: Value, other: Value, swapped: bool = False) -> Value:
    """Return `op` of two values, of `other` and `value` if `swapped`; the leaves of `value` come first."""
    if value.kind.is_complex or other.kind.is_complex:
        return _on_pairs(op, [other, value] if swapped else [value, other], ())
    joined, expr = value.join(other)
    try:
        return joined.with_expr(make(op, (expr, joined.expr) if swapped else (joined.expr, expr)))
    except DimensionError as reason:
        raise _restated(op, [other, value] if swapped else [value, other], (), reason) from None


def combined(op: Op, values: Sequence[Value], params: Sequence[Any] = ()) -> Value:
    """Return `op` of any number of values, with static parameters."""
    if any(value.kind.is_complex for value in values):
        return _on_pairs(op, values, params)
    joined, exprs = join_all(values)
    try:
        return joined.with_expr(make(op, exprs, params))
    except (DimensionError, TypeError, IndexError) as reason:
        raise _restated(op, values, params, reason) from None


def powered(value: Value, exponent: float) -> Value | None:
    """Return `value` to the power of a number by the best operation for it; None when only Powf will do."""
    if not value.kind.is_complex:
        expr = power(value.expr, exponent)
        return None if expr is None else value.with_expr(expr)
    if exponent in (0.5, -0.5):
        return unary(OPERATIONS["Sqrt" if exponent > 0 else "Rsqrt"], value)
    if abs(exponent) < 2**31 and exponent == int(exponent):
        return unary(OPERATIONS["Pow"], value, (int(exponent),))
    return None


def join_all(values: Sequence[Value]) -> tuple[Value, list[Expr]]:
    """Return a value with the leaves of all, and the expressions in the numbering of these leaves."""
    joined, exprs = values[0], [values[0].expr]
    for value in values[1:]:
        joined, expr = joined.join(value)
        exprs.append(expr)
    return joined, exprs


def _on_pairs(op: Op, values: Sequence[Value], params: Sequence[Any]) -> Value:
    """Return an operation of values some of which are complex."""
    rule = rule_of(op)
    if len(values) > 1:
        _check_lengths(op, values, params)
    joined, exprs = join_all(values)
    expr, is_complex = rule(exprs, [value.is_complex for value in values], params)
    return joined._replace(expr=expr, kind=class_of(joined.kind, is_complex))


def _check_lengths(op: Op, values: Sequence[Value], params: Sequence[Any]) -> None:
    """Let the dimension rule of real numbers judge those of complex ones."""
    try:
        op.dimension(tuple(value.dim for value in values), tuple(params))
    except DimensionError as rule:
        raise DimensionError(f"{op.name} of tensors of shape {_shapes(values)}: on the last axis, {rule}") from None


def _shapes(values: Sequence[Value]) -> str:
    return " and ".join(str(value.shown_shape) for value in values)


def _restated(op: Op, values: Sequence[Value], params: Sequence[Any], reason: Exception) -> Exception:
    """Return the error of an operation in terms of shapes."""
    if not isinstance(reason, DimensionError):
        return ArgumentTypeError(f"{op.name} does not accept the parameters {tuple(params)!r}.")
    try:
        op.dimension(tuple(value.expr.dim for value in values), tuple(params))
    except DimensionError as rule:
        return DimensionError(f"{op.name} of tensors of shape {_shapes(values)}: on the last axis, {rule}")
    return DimensionError(f"{op.name} of tensors of shape {_shapes(values)}: {reason}")


# ---------------------------------------------------------------- derivatives


def differentiated(name: str, values: Sequence[Value]) -> Value:
    """Return an operator on formulas, such as ``Grad``, of values; the second one is the variable."""
    if any(value.is_complex for value in values[1:]):
        return _differentiated_pairs(name, values)
    joined, exprs = join_all(values)
    return joined.with_expr(_derivative(name, tuple(exprs)))


@lru_cache(maxsize=1024)
def _derivative(name: str, args: tuple[Expr, ...]) -> Expr:
    return CALCULUS[name].build(*args)


def _differentiated_pairs(name: str, values: Sequence[Value]) -> Value:
    """Return a derivative; the rule is that of functions of (re, im), as in PyTorch."""
    if name not in ("Grad", "Diff") or len(values) != 3:
        raise ArgumentTypeError(
            f"{CALCULUS[name].method} is not defined for complex tensors; use grad(v, e) or diff(v, u)."
        )
    of, by, along = values
    model, result = (of, by) if name == "Grad" else (by, of)
    if along.is_complex and not model.is_complex:
        raise ArgumentTypeError(f"{CALCULUS[name].method}: the direction is complex, but what it belongs to is real.")
    joined, (expr, variable, direction) = join_all(values)
    if model.is_complex:
        (direction,) = promoted([direction], [along.is_complex])
    found = CALCULUS[name].build(expr, variable, direction)
    return joined._replace(expr=found, kind=class_of(joined.kind, result.is_complex))
