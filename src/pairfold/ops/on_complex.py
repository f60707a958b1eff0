"""What operations on real numbers do to complex ones, on pairs: re, im, re, im, ...; their records name the rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pairfold.errors import ArgumentTypeError
from pairfold.ir.expr import OPERATIONS, Expr, Op, Rule, apply

__all__ = [
    "as_components",
    "choice",
    "different",
    "extract",
    "promoted",
    "real_result",
    "reciprocal_root",
    "rule_of",
    "same_kind",
    "scaling",
    "square",
]

Exprs = Sequence[Expr]
Flags = Sequence[bool]


def promoted(exprs: Exprs, flags: Flags) -> list[Expr]:
    """Return the operands as pairs."""
    return [z if flag else apply("Real2Complex", z) for z, flag in zip(exprs, flags, strict=True)]


def _stretched(exprs: Exprs, flags: Flags) -> list[Expr]:
    """Return the operands as complex vectors of one length."""
    pairs = promoted(exprs, flags)
    dim = max(z.dim for z in pairs)
    return [z if z.dim == dim else apply("Tile", z, params=(dim // 2,)) for z in pairs]


def same_kind(name: str) -> Rule:
    """Return the rule of an operation on complex numbers with a complex result."""
    return lambda exprs, flags, params: (apply(name, *promoted(exprs, flags), params=tuple(params)), True)


def real_result(name: str) -> Rule:
    """Return the rule of an operation on complex numbers with a real result."""
    return lambda exprs, flags, params: (apply(name, *promoted(exprs, flags), params=tuple(params)), False)


def scaling(name: str, complex_name: str) -> Rule:
    """Return the rule of a product or quotient, which is componentwise when one operand (the divisor) is real."""

    def rule(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
        first, second = exprs
        if all(flags) or (name == "Divide" and flags[1]):
            return apply(complex_name, *promoted(exprs, flags)), True
        z, scale = (first, second) if flags[0] else (second, first)
        if scale.dim > 1:
            scale = apply("ComplexFromParts", scale, scale)
            if z.dim < scale.dim:
                z = apply("Tile", z, params=(scale.dim // 2,))
        return apply(name, z, scale), True

    return rule


def as_components(name: str) -> Rule:
    """Return the rule of an operation that sees real and imaginary parts as separate components, with a real result."""
    return lambda exprs, flags, params: (apply(name, *_stretched(exprs, flags)), False)


def reciprocal_root(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
    """Rule of Rsqrt."""
    return apply("ComplexInv", apply("ComplexSqrt", exprs[0])), True


def square(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
    """Rule of Square."""
    return apply("ComplexPow", exprs[0], params=(2,)), True


def different(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
    """Rule of NotEqual."""
    return apply("Not", apply("ComplexEqual", *promoted(exprs, flags))), False


def extract(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
    """Rule of Extract."""
    start, length = params
    return apply("Extract", exprs[0], params=(2 * start, 2 * length)), True


def choice(name: str) -> Rule:
    """Return the rule of a choice by a real condition."""

    def rule(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
        condition, *branches = exprs
        if flags[0]:
            raise ArgumentTypeError("ifelse asks where a tensor is at least 0, and complex numbers have no order.")
        pairs = promoted(branches, flags[1:])
        count = max(condition.dim, *(z.dim // 2 for z in pairs))
        if condition.dim > 1:
            condition = apply("ComplexFromParts", condition, condition)
        pairs = [z if z.dim == 2 * count else apply("Tile", z, params=(count,)) for z in pairs]
        return apply(name, condition, *pairs), True

    return rule


def rule_of(op: Op) -> Rule:
    """Return what `op` does to complex numbers.

    Raises
    ------
    ArgumentTypeError
        If it is not defined for them.
    """
    if op.on_complex is not None:
        return op.on_complex
    name = op.method or op.name
    if op.orders:
        raise ArgumentTypeError(
            f"{name} compares numbers, and complex numbers have no order; use z.real, z.imag or abs(z)."
        )
    defined = sorted(other.name for other in OPERATIONS.values() if other.on_complex is not None)
    raise ArgumentTypeError(
        f"{name} is not defined for complex tensors; use z.real, z.imag, abs(z) or z.angle(). Defined are "
        f"{', '.join(defined)}."
    )
