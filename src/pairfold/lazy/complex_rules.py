"""How operations on complex tensors are written on pairs: re, im, re, im, ..."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pairfold.errors import ArgumentTypeError
from pairfold.ir.expr import Expr, Op
from pairfold.ops.arithmetic import apply

__all__ = ["COMPLEX_RULES", "promoted", "rule_of"]

Exprs = Sequence[Expr]
Flags = Sequence[bool]
Rule = Callable[[Exprs, Flags, Sequence[Any]], tuple[Expr, bool]]
"""From the formulas of the operands, whether they are complex, and the static parameters to the formula of the result
and whether it is complex."""


def promoted(exprs: Exprs, flags: Flags) -> list[Expr]:
    """Return the operands as pairs."""
    return [z if flag else apply("Real2Complex", z) for z, flag in zip(exprs, flags, strict=True)]


def _stretched(exprs: Exprs, flags: Flags) -> list[Expr]:
    """Return the operands as complex vectors of one length."""
    pairs = promoted(exprs, flags)
    dim = max(z.dim for z in pairs)
    return [z if z.dim == dim else apply("Tile", z, params=(dim // 2,)) for z in pairs]


def _same_kind(name: str) -> Rule:
    """Return the rule of an operation on complex numbers with a complex result."""
    return lambda exprs, flags, params: (apply(name, *promoted(exprs, flags), params=tuple(params)), True)


def _real_result(name: str) -> Rule:
    """Return the rule of an operation on complex numbers with a real result."""
    return lambda exprs, flags, params: (apply(name, *promoted(exprs, flags), params=tuple(params)), False)


def _scaling(name: str) -> Rule:
    """Return the rule of a product or quotient, which is componentwise when one operand (the divisor) is real."""

    def rule(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
        first, second = exprs
        if all(flags) or (name == "Divide" and flags[1]):
            return apply(f"Complex{name}", *promoted(exprs, flags)), True
        z, scale = (first, second) if flags[0] else (second, first)
        if scale.dim > 1:
            scale = apply("ComplexFromParts", scale, scale)
            if z.dim < scale.dim:
                z = apply("Tile", z, params=(scale.dim // 2,))
        return apply(name, z, scale), True

    return rule


def _on_pairs(name: str, is_complex: bool) -> Rule:
    """Return the rule of an operation that is right when it sees real and imaginary parts as separate components."""
    return lambda exprs, flags, params: (apply(name, *_stretched(exprs, flags)), is_complex)


def _reciprocal_root(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
    return apply("ComplexInv", apply("ComplexSqrt", exprs[0])), True


def _square(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
    return apply("ComplexPow", exprs[0], params=(2,)), True


def _different(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
    return apply("Not", apply("ComplexEqual", *promoted(exprs, flags))), False


def _extract(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
    start, length = params
    return apply("Extract", exprs[0], params=(2 * start, 2 * length)), True


def _choice(name: str) -> Rule:
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


COMPLEX_RULES: dict[str, Rule] = {
    "Add": _same_kind("ComplexAdd"),
    "Subtract": _same_kind("ComplexSubtract"),
    "Mult": _scaling("Mult"),
    "Divide": _scaling("Divide"),
    "Minus": _same_kind("Minus"),
    "Powf": _same_kind("ComplexPowf"),
    "Pow": _same_kind("ComplexPow"),
    "Square": _square,
    "Inv": _same_kind("ComplexInv"),
    "Sqrt": _same_kind("ComplexSqrt"),
    "Rsqrt": _reciprocal_root,
    "Normalize": _same_kind("Normalize"),
    "Sum": _same_kind("ComplexSum"),
    "Concat": _same_kind("Concat"),
    "Extract": _extract,
    "IfElse": _choice("IfElse"),
    "Where": _choice("Where"),
    "Abs": _real_result("ComplexAbs"),
    "SqNorm2": _real_result("SqNorm2"),
    "Norm2": _real_result("Norm2"),
    "SqDist": _on_pairs("SqDist", is_complex=False),
    "Scalprod": _on_pairs("Scalprod", is_complex=False),
    "Equal": _real_result("ComplexEqual"),
    "NotEqual": _different,
    "AutoFactorize": _same_kind("AutoFactorize"),
    **{name: _same_kind(f"Complex{name}") for name in ("Exp", "Log", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh")},
}
"""What the operations of real tensors do to complex ones; those that are not listed are refused."""

_ORDERED = ("LessThan", "LessOrEqual", "Min", "Max", "ArgMin", "ArgMax", "Minimum", "Maximum", "Clamp", "ClampInt")


def rule_of(op: Op) -> Rule:
    """Return the rule of an operation.

    Raises
    ------
    ArgumentTypeError
        If it is not defined for complex numbers.
    """
    rule = COMPLEX_RULES.get(op.name)
    if rule is not None:
        return rule
    name = op.method or op.name
    if op.name in _ORDERED:
        raise ArgumentTypeError(
            f"{name} compares numbers, and complex numbers have no order; use z.real, z.imag or abs(z)."
        )
    raise ArgumentTypeError(
        f"{name} is not defined for complex tensors; use z.real, z.imag, abs(z) or z.angle(). Defined are "
        f"{', '.join(sorted(COMPLEX_RULES))}."
    )
