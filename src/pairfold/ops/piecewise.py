"""Rounding, remainders, clamps and choices: functions made of pieces."""

from __future__ import annotations

from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr, Op, register
from pairfold.ops import bounds
from pairfold.ops.arithmetic import apply, broadcast_dimension, constant, is_integer, one, same_dimension
from pairfold.ops.on_complex import choice

__all__: list[str] = []

Dims = tuple[int, ...]
Params = tuple[Any, ...]


def _where(condition: Expr, chosen: Expr, other: Expr) -> Expr:
    return apply("Where", condition, chosen, other)


def _less(f: Expr, g: Expr) -> Expr:
    return apply("LessThan", f, g)


# ---------------------------------------------------------------- rounding

register(
    Op(
        name="Ceil",
        arity=1,
        dimension=same_dimension,
        elementwise=True,
        reference=np.ceil,
        expand=lambda f: -apply("Floor", -f),
        definition="smallest integer >= f",
        shown=((-2.5, -1, 0.5, 1.7),),
        doc="Derivative 0.",
        domain=((-3, 3),),
        method="ceil",
    )
)
register(
    Op(
        name="Trunc",
        arity=1,
        dimension=same_dimension,
        elementwise=True,
        reference=np.trunc,
        expand=lambda f: _where(_less(f, constant(0.0)), apply("Ceil", f), apply("Floor", f)),
        definition="f without its fractional part",
        shown=((-2.5, -1, 0.5, 1.7),),
        doc="Derivative 0.",
        domain=((-3, 3),),
        method="trunc",
        other_names=("fix",),
    )
)


def _round_dimension(dims: Dims, params: Params) -> int:
    if not is_integer(params[0]):
        raise DimensionError(f"the number of decimals must be an integer, not {params[0]!r}.")
    return dims[0]


def _half_away(f: Any) -> Any:
    size = np.abs(f)
    floor = np.floor(size)
    return np.copysign(np.where(size - floor >= 0.5, floor + 1, floor), f)


def _round_reference(f: Any, decimals: int) -> Any:
    if decimals >= 0:
        return _half_away(f * 10.0**decimals) / 10.0**decimals
    return _half_away(f / 10.0**-decimals) * 10.0**-decimals


def _round_expand(f: Expr, decimals: int) -> Expr:
    scale = constant(10.0 ** abs(decimals))
    scaled = f if decimals == 0 else f * scale if decimals > 0 else f / scale
    size = apply("Abs", scaled)
    floor = apply("Floor", size)
    rounded = _where(apply("LessOrEqual", constant(0.5), size - floor), floor + one(), floor)
    signed = _where(_less(scaled, constant(0.0)), -rounded, rounded)
    return signed if decimals == 0 else signed / scale if decimals > 0 else signed * scale


register(
    Op(
        name="Round",
        arity=1,
        parameters=("decimals",),
        dimension=_round_dimension,
        elementwise=True,
        reference=_round_reference,
        expand=_round_expand,
        definition="f rounded to the given number of decimals (may be negative)",
        shown=((-2.5, -1.3, -0.5, 0.5, 1.7, 2.5),),
        doc="Halves go away from zero: 0.5 gives 1 and -2.5 gives -3. Derivative 0.",
        domain=((-3, 3),),
        sample=(((3,), (0,)), ((2,), (1,)), ((2,), (-1,))),
        method="round",
        defaults=(0,),
    )
)


def _mod_reference(f: Any, n: Any, offset: Any) -> Any:
    moved = f - offset
    along = np.sign(n) * (moved - n * np.floor(moved / n))
    along = np.where(along < 0, along + np.abs(n), along)
    along = np.where(np.abs(n) <= along, along - np.abs(n), along)
    return np.sign(n) * along + offset


def _mod_expand(f: Expr, n: Expr, offset: Expr) -> Expr:
    moved = f - offset
    remainder = moved - n * apply("Floor", moved / n)
    # The quotient is rounded, so it may land on the wrong side of an integer: one step of n repairs that.
    sign = apply("Sign", n)
    size = apply("Abs", n)
    along = sign * remainder
    along = _where(_less(along, constant(0.0)), along + size, along)
    along = _where(apply("LessOrEqual", size, along), along - size, along)
    return sign * along + offset


def _mod_pullback(node: Expr, g: Expr) -> tuple[Expr, Expr, None]:
    f, n, offset = node.args
    return g, -(g * apply("Floor", (f - offset) / n)), None


register(
    Op(
        name="Mod",
        arity=3,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=_mod_reference,
        pullback=_mod_pullback,
        expand=_mod_expand,
        bounds=bounds.remainder,
        definition="f - n floor((f - d) / n), in [d, d + n)",
        operands=("f", "n", "d"),
        shown=((-1, 0.5, 3, 4.5), (2,), (0,)),
        doc="nan at an infinite f or n and at n = 0. Derivatives 1, -floor((f - d) / n) and 0.",
        accuracy="absolute error of a few ulp of f; integers are exact",
        domain=((-5, 5), (1, 2), (0, 0.5)),
        method="mod",
        defaults=(0,),
    )
)

# ---------------------------------------------------------------- clamps

register(
    Op(
        name="Clamp",
        arity=3,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=lambda f, a, b: np.where(f < a, a, np.where(b < f, b, f)),
        expand=lambda f, a, b: _where(_less(f, a), a, _where(_less(b, f), b, f)),
        bounds=bounds.clamped,
        ulp=0,
        orders=True,
        definition="a where f < a, b where f > b, else f",
        operands=("f", "a", "b"),
        shown=((-1, 0.5, 2, 3), (0,), (1,)),
        doc="f < a is tested first; nan stays nan. Derivative 1 with respect to f on both closed ends.",
        domain=((-1, 3), (0, 0.5), (1, 2)),
        method="clamp",
        other_names=("clip",),
    )
)


def _integer_bounds(dims: Dims, params: Params) -> int:
    if not all(is_integer(bound) for bound in params):
        raise DimensionError(f"the bounds must be integers, not {params}; use Clamp for real bounds.")
    return dims[0]


register(
    Op(
        name="ClampInt",
        arity=1,
        parameters=("a", "b"),
        dimension=_integer_bounds,
        elementwise=True,
        reference=lambda f, a, b: np.where(f < a, float(a), np.where(b < f, float(b), f)),
        pullback=lambda node, g: (g * apply("DiffClampInt", *node.args, params=node.params),),
        expand=lambda f, a, b: _where(
            _less(f, constant(a)), constant(a), _where(_less(constant(b), f), constant(b), f)
        ),
        bounds=bounds.clamped_to_integers,
        ulp=0,
        orders=True,
        definition="a where f < a, b where f > b, else f, for integers a and b",
        doc="nan stays nan. Derivative 1 on both closed ends.",
        domain=((-1, 3),),
        sample=(((3,), (0, 2)), ((1,), (-1, 1))),
        method="clampint",
    )
)
register(
    Op(
        name="DiffClampInt",
        arity=1,
        parameters=("a", "b"),
        dimension=_integer_bounds,
        elementwise=True,
        reference=lambda f, a, b: np.where((a <= f) & (f <= b), 1.0, 0.0),
        pullback=lambda node, g: (None,),
        expand=lambda f, a, b: _where(
            apply("LessOrEqual", constant(a), f), apply("LessOrEqual", f, constant(b)), constant(0.0)
        ),
        definition="1 where a <= f <= b, else 0: the derivative of ClampInt",
        doc="0 at nan. Derivative 0.",
        domain=((-1, 3),),
        sample=(((3,), (0, 2)),),
    )
)

# ---------------------------------------------------------------- choices

register(
    Op(
        name="IfElse",
        arity=3,
        dimension=broadcast_dimension,
        elementwise=True,
        reference=lambda f, a, b: np.where(f >= 0, a, b),
        expand=lambda f, a, b: _where(apply("LessOrEqual", constant(0.0), f), a, b),
        on_complex=choice("IfElse"),
        definition="a where f >= 0, else b",
        operands=("f", "a", "b"),
        shown=((-1, 0.5, 2, 0), (1,), (-1,)),
        doc="a at f = -0.0, b at f = nan. The derivative goes to the chosen operand.",
        domain=((-2, 2), (-2, 2), (-2, 2)),
        method="ifelse",
    )
)


def _extremal(name: str, f: Expr, g: Expr) -> Expr:
    f_wins = apply("LessOrEqual", *((g, f) if name == "Maximum" else (f, g)))
    # When neither operand wins, one of them is nan: keep it.
    return _where(f_wins, f, _where(apply("NotEqual", f, f), f, g))


for _name, _function in (("Maximum", np.maximum), ("Minimum", np.minimum)):
    register(
        Op(
            name=_name,
            arity=2,
            dimension=broadcast_dimension,
            elementwise=True,
            reference=_function,
            expand=lambda f, g, name=_name: _extremal(name, f, g),
            bounds=bounds.increasing,
            ulp=0,
            orders=True,
            definition=f"the {'larger' if _name == 'Maximum' else 'smaller'} of f and g",
            doc="nan when either is nan. On ties the derivative goes to f.",
            domain=((-2, 2), (-2, 2)),
            method=_name.lower(),
            accuracy="exact",
            truth="operands",
        )
    )
