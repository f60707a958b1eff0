"""Enclosures of operations: where their values lie when those of their operands lie in intervals.

A rule takes the ends of the intervals of the operands, as expressions, and returns those of the result. What nothing is
known of has nan at both ends, so that arithmetic hands it on; a rule whose arithmetic loses nan must say so itself.
From -inf to inf is no knowledge either, since a sum of such values may be nan (`known`). Rounding is no matter of the
rules, but for `sizes`: what errors are relative to where that is more than the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce

from pairfold.ir.expr import Expr, Interval, apply, make

__all__ = [
    "Rule",
    "absolute",
    "added",
    "angle",
    "at_ends",
    "bounded_by",
    "choose",
    "clamped",
    "clamped_to_integers",
    "comparison",
    "decreasing",
    "divided",
    "entropy",
    "equality",
    "even",
    "extremal",
    "greater_of",
    "increasing",
    "known",
    "less",
    "lesser_of",
    "modulus",
    "multiplied",
    "negated",
    "number",
    "periodic",
    "power",
    "reciprocal_root",
    "remainder",
    "sine_quotient",
    "subtracted",
    "summed",
    "tangent",
    "where",
]

Rule = Callable[[Expr, Sequence[Interval]], Interval]


def number(value: float) -> Expr:
    """Return the constant `value`."""
    return apply("Const", params=(float(value),))


def choose(condition: Expr, chosen: Expr, other: Expr) -> Expr:
    """Return one of two expressions."""
    return apply("Where", condition, chosen, other)


def less(f: Expr, g: Expr) -> Expr:
    """Return 1 where f < g; 0 where one of them is nan."""
    return apply("LessThan", f, g)


def lesser_of(f: Expr, g: Expr) -> Expr:
    """Return the smaller one, nan when either is nan."""
    return apply("Minimum", f, g)


def greater_of(f: Expr, g: Expr) -> Expr:
    """Return the larger one, nan when either is nan."""
    return apply("Maximum", f, g)


def known(low: Expr, high: Expr) -> Interval:
    """Return the ends, nan both when one is, or when they are all numbers."""
    middle = low + high
    is_known = apply("Equal", middle, middle)
    return Interval(choose(is_known, low, number(math.nan)), choose(is_known, high, number(math.nan)))


# ---------------------------------------------------------------- structure and sums


def at_ends(node: Expr, operands: Sequence[Interval]) -> Interval:
    """What grows with every operand, or moves components: its values at the ends."""
    low = make(node.op, [operand.low for operand in operands], node.params)
    return Interval(low, make(node.op, [operand.high for operand in operands], node.params))


increasing = at_ends


def decreasing(node: Expr, operands: Sequence[Interval]) -> Interval:
    """What falls when its operand grows."""
    low, high, _ = at_ends(node, operands)
    return Interval(high, low)


def negated(node: Expr, operands: Sequence[Interval]) -> Interval:
    """-f."""
    return Interval(-operands[0].high, -operands[0].low)


def added(node: Expr, operands: Sequence[Interval]) -> Interval:
    """f + g: factors that are multiplied in before the sum leave errors that are relative to the terms."""
    f, g = operands
    return Interval(f.low + g.low, f.high + g.high, (_size(f.low) + _size(g.low), _size(f.high) + _size(g.high)))


def subtracted(node: Expr, operands: Sequence[Interval]) -> Interval:
    """f - g."""
    f, g = operands
    return Interval(f.low - g.high, f.high - g.low, (_size(f.low) + _size(g.high), _size(f.high) + _size(g.low)))


def summed(node: Expr, operands: Sequence[Interval]) -> Interval:
    """Sums of components: errors are relative to the sum of their moduli and grow with their number."""
    (f,) = operands
    low, high, _ = at_ends(node, operands)
    growth = number(1 + node.args[0].dim / node.dim / 4)
    sizes = at_ends(node, [Interval(_size(f.low), _size(f.high))])
    return Interval(low, high, (growth * sizes.low, growth * sizes.high))


def _size(f: Expr) -> Expr:
    return apply("Abs", f)


# ---------------------------------------------------------------- products


def _extremes(values: Sequence[Expr], condition: Expr | None = None) -> Interval:
    """Return the smallest and the largest of values; nan when one is, when they have no bound, or without condition."""
    values = list(dict.fromkeys(values))
    total = reduce(Expr.__add__, values)
    holds = apply("Equal", total, total)
    if condition is not None:
        holds = choose(condition, holds, number(0))
    low = reduce(lambda f, g: choose(less(f, g), f, g), values)
    high = reduce(lambda f, g: choose(less(g, f), f, g), values)
    return Interval(choose(holds, low, number(math.nan)), choose(holds, high, number(math.nan)))


def multiplied(node: Expr, operands: Sequence[Interval]) -> Interval:
    """f g; the square of what is multiplied by itself."""
    f, g = operands
    if node.args[0] is node.args[1]:
        low, high, _ = absolute(f)
        return Interval(low * low, high * high)
    for scale, other in ((f, g), (g, f)):
        if scale.low is scale.high and scale.low.op.name == "Const":
            products = scale.low * other.low, scale.low * other.high
            return Interval(*(products[::-1] if scale.low.params[0] < 0 else products))
    return _extremes([a * b for a in f[:2] for b in g[:2]])


def divided(node: Expr, operands: Sequence[Interval]) -> Interval:
    """f / g; nothing where g may be 0, whose sign decides."""
    f, g = operands
    return _extremes([a / b for a in f[:2] for b in g[:2]], less(number(0), g.low * g.high))


def absolute(f: Interval) -> Interval:
    """|f|."""
    nearest = greater_of(greater_of(f.low, -f.high), number(0))
    return Interval(nearest, greater_of(-f.low, f.high))


def modulus(node: Expr, operands: Sequence[Interval]) -> Interval:
    """|f|, as a rule."""
    return absolute(operands[0])


def even(node: Expr, operands: Sequence[Interval]) -> Interval:
    """What grows with the absolute value of its operand."""
    return at_ends(node, [absolute(operands[0])])


# ---------------------------------------------------------------- comparisons and selection


def comparison(node: Expr, operands: Sequence[Interval]) -> Interval:
    """f < g, f <= g: certain where all values compare alike. Nothing is certain of nan."""
    f, g = operands
    never = apply("LessOrEqual" if node.op.name == "LessThan" else "LessThan", g.high, f.low)
    return Interval(make(node.op, (f.high, g.low)), _negation(never))


def _negation(truth: Expr) -> Expr:
    return choose(truth, number(0), number(1))


def equality(node: Expr, operands: Sequence[Interval]) -> Interval:
    """f == g, f != g: a number is equal to itself, but nan is not."""
    f, g = operands
    if node.args[0] is node.args[1]:
        always, never = apply("Equal", f.low, f.low), number(0)
    else:
        always = choose(apply("Equal", f.low, g.high), apply("Equal", f.high, g.low), number(0))
        never = choose(less(f.high, g.low), number(1), less(g.high, f.low))
    if node.op.name == "Equal":
        return Interval(always, _negation(never))
    return Interval(never, _negation(always))


def where(node: Expr, operands: Sequence[Interval]) -> Interval:
    """The chosen operand where the choice is certain, both otherwise. What is not chosen may be nan."""
    condition, f, g = operands
    always = choose(less(number(0), condition.low), number(1), less(condition.high, number(0)))
    never = choose(apply("Equal", condition.low, number(0)), apply("Equal", condition.high, number(0)), number(0))
    low = choose(always, f.low, choose(never, g.low, lesser_of(f.low, g.low)))
    return Interval(low, choose(always, f.high, choose(never, g.high, greater_of(f.high, g.high))))


def extremal(node: Expr, operands: Sequence[Interval]) -> Interval:
    """The extremal component, of those that are not nan: any number where nothing is known of one."""
    ((low, high, _),) = operands
    is_known = apply("Equal", low, low)
    low, high = choose(is_known, low, number(-math.inf)), choose(is_known, high, number(math.inf))
    return known(make(node.op, (low,)), make(node.op, (high,)))


# ---------------------------------------------------------------- functions with turning points


def clamped(node: Expr, operands: Sequence[Interval]) -> Interval:
    """f between a and b: grows with all of them when a <= b, and is one of them else."""
    f, a, b = operands
    low, high, _ = at_ends(node, operands)
    is_ordered = apply("LessOrEqual", a.high, b.low)
    low = choose(is_ordered, low, lesser_of(f.low, lesser_of(a.low, b.low)))
    return Interval(low, choose(is_ordered, high, greater_of(f.high, greater_of(a.high, b.high))))


def clamped_to_integers(node: Expr, operands: Sequence[Interval]) -> Interval:
    """f between the integers a and b."""
    a, b = map(number, node.params)
    return clamped(apply("Clamp", node.args[0], a, b), [*operands, Interval(a, a), Interval(b, b)])


def remainder(node: Expr, operands: Sequence[Interval]) -> Interval:
    """f - n floor((f - d) / n): of one floor where that is certain, else in [d, d + n).

    The quotient is rounded in the working precision, so it must be clear of integers by more than that.
    """
    f, n, d = operands
    first, last = f.low - d.high, f.high - d.low
    size = greater_of(_size(first), _size(last)) + absolute(d).high + absolute(n).high
    slack = size * number(1e-6)
    low, high = lesser_of((first - slack) / n.low, (first - slack) / n.high), (last + slack) / n.low
    high = greater_of(high, (last + slack) / n.high)
    floor = apply("Floor", low)
    is_single = _both(apply("Equal", floor, apply("Floor", high)), less(number(0), n.low))
    away = [n.low * floor, n.high * floor]
    low = choose(is_single, f.low - greater_of(*away), lesser_of(d.low, d.low + n.low))
    high = choose(is_single, f.high - lesser_of(*away), greater_of(d.high, d.high + n.high))
    # nan where the divisor may be 0, or f infinite.
    is_defined = _extremes([f.low / n.low, f.high / n.high], less(number(0), n.low * n.high))
    found = bounded_by(Interval(is_defined.low, is_defined.high), low, high)
    # The remainder is the difference of numbers as large as f, in a few steps.
    return Interval(found.low, found.high, (number(4) * size, number(4) * size))


def sine_quotient(node: Expr, operands: Sequence[Interval]) -> Interval:
    """sin(f) / f: within 1 / |f|, from its least value, -0.2172, to 1."""
    (f,) = operands
    nearest = absolute(f).low
    limit = choose(less(number(1), nearest), number(1) / nearest, number(1))
    return bounded_by(f, greater_of(-limit, number(-0.2173)), limit)


def entropy(node: Expr, operands: Sequence[Interval]) -> Interval:
    """f log(f): falls to -1 / e at f = 1 / e and grows from there."""
    (f,) = operands
    first, second, _ = at_ends(node, operands)
    has_turn = _both(less(f.low, number(0.368)), less(number(0.367), f.high))
    return Interval(choose(has_turn, number(-0.3679), lesser_of(first, second)), greater_of(first, second))


def bounded_by(f: Interval, low: Expr, high: Expr) -> Interval:
    """Return ends that hold for every number f; nan where f may be infinite."""
    nothing_if_infinite = (f.high - f.low) * number(0)
    return Interval(low + nothing_if_infinite, high + nothing_if_infinite)


def _has_turn(f: Interval, first: float, period: float) -> Expr:
    """Return 1 when a point ``first + k period`` may lie in f."""
    low, high = ((end - number(first)) * number(1 / period) for end in f[:2])
    slack = number(1e-12) + number(1e-14) * (_size(low) + _size(high))
    return less(apply("Floor", low - slack), apply("Floor", high + slack))


def periodic(top: float) -> Rule:
    """Return the rule of a function between -1 and 1 with period 2 pi, largest at `top` and smallest half a period on.

    Between its turning points it is monotone.
    """

    def rule(node: Expr, operands: Sequence[Interval]) -> Interval:
        (f,) = operands
        first, second, _ = at_ends(node, operands)
        low = choose(_has_turn(f, top + math.pi, 2 * math.pi), number(-1), lesser_of(first, second))
        high = choose(_has_turn(f, top, 2 * math.pi), number(1), greater_of(first, second))
        return bounded_by(f, low, high)

    return rule


def tangent(node: Expr, operands: Sequence[Interval]) -> Interval:
    """tan(f), which grows between its poles."""
    (f,) = operands
    low, high, _ = at_ends(node, operands)
    return Interval(choose(_has_turn(f, math.pi / 2, math.pi), number(math.nan), low), high)


def reciprocal_root(node: Expr, operands: Sequence[Interval]) -> Interval:
    """1 / sqrt(f), but 0 at 0."""
    (f,) = operands
    at_zero = apply("Equal", f.low, number(0))
    low = choose(at_zero, number(0), make(node.op, (f.high,)))
    return Interval(low, choose(at_zero, number(math.inf), make(node.op, (f.low,))))


def power(node: Expr, operands: Sequence[Interval]) -> Interval:
    """f to the power g: its logarithm is linear in g and in log(f), so its extremes are at the corners."""
    f, g = operands
    # Powers of -0.0 may be -inf.
    is_defined = choose(
        less(number(0), f.low), number(1), _both(_is_zero(f.low), apply("LessOrEqual", number(0), g.low))
    )
    return _extremes([make(node.op, (a, b)) for a in f[:2] for b in g[:2]], is_defined)


def _both(first: Expr, second: Expr) -> Expr:
    return choose(first, second, number(0))


def _is_zero(f: Expr) -> Expr:
    return apply("Equal", f, number(0))


def angle(node: Expr, operands: Sequence[Interval]) -> Interval:
    """The angle of a point: extremal at corners of a box that does not touch the cut along negative abscissas."""
    ordinate, abscissa = operands
    corners = _extremes([make(node.op, (a, b)) for a in ordinate[:2] for b in abscissa[:2]])
    not_beside = _both(apply("LessOrEqual", ordinate.low, number(0)), apply("LessOrEqual", number(0), ordinate.high))
    on_cut = _both(not_beside, apply("LessOrEqual", abscissa.low, number(0)))
    low, high = choose(on_cut, number(-math.pi), corners.low), choose(on_cut, number(math.pi), corners.high)
    return bounded_by(abscissa, low, high)
