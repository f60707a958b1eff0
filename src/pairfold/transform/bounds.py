"""Enclosures of formulas: the interval extension of an expression is an expression, too.

A variable that stands for all points of a box becomes two, its lower and its upper corner. Every operation says in its
record (`Op.bounds`) between which ends its values lie when those of its operands lie between theirs; followed through
the formula this gives two expressions that bound it on the box, and that compile like any other (Moore, Interval
Analysis, 1966). What a kernel computes differs from the mathematics: the enclosure is made of the simplified formula,
which kernels evaluate, and every result is widened by the error that the record of its operation states for the working
precision. It is to be evaluated in float64.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pairfold.ir.expr import Expr, Interval, topological
from pairfold.ops.arithmetic import apply, constant, is_constant, replicate, variable
from pairfold.ops.bounds import choose, known, less
from pairfold.transform.expand import expand_where
from pairfold.transform.simplify import simplify

__all__ = ["Enclosure", "enclosure", "ends"]


@dataclass(frozen=True)
class Enclosure:
    """Between which ends formulas lie on a box.

    Attributes
    ----------
    low, high : tuple of Expr
        One each per formula, -inf and inf where nothing is known; a value that may be nan has no ends.
    unknown : tuple of str
        Operations without a rule, which bound nothing.
    """

    low: tuple[Expr, ...]
    high: tuple[Expr, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class _Precision:
    """How numbers are rounded.

    Attributes
    ----------
    unit : float
        Distance of 1 to the next number; twice that in float64, for the enclosure is rounded as well.
    tiny, largest : float
        Smallest normal and largest finite number.
    """

    unit: float
    tiny: float
    largest: float


_PRECISIONS = {
    "float32": _Precision(2.0**-23, 2.0**-126, (2 - 2.0**-23) * 2.0**127),
    "float64": _Precision(2.0**-51, 2.0**-1022, math.inf),
}

_REGROUPED = 2.0
"""Units in the last place that are added to the error of every operation: a factor may have been moved into it."""


def ends(node: Expr) -> tuple[Expr, Expr]:
    """Return the variables that stand for the lower and the upper corner of the box of a variable.

    Argument number p becomes the numbers 2 p and 2 p + 1. One that is not boxed becomes number 2 p.
    """
    lower, upper = (variable(2 * node.position + k, node.dim, node.category, node.kind) for k in (0, 1))
    return lower, upper


def enclosure(roots: Sequence[Expr], boxed: Collection[Expr], dtype: str = "float64") -> Enclosure:
    """Return expressions between which the values of formulas lie on a box of their variables.

    Parameters
    ----------
    roots : sequence of Expr
        The formulas.
    boxed : collection of Expr
        The variables that run through a box; a corner may be infinite or nan. All others are points.
    dtype : str
        Precision in which kernels evaluate the formulas, ``"float32"`` or ``"float64"``. The ends are for float64.

    Returns
    -------
    Enclosure
        In the variables that `ends` names.

    Examples
    --------
    >>> from pairfold.ir.expr import Category, apply
    >>> x, y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
    >>> found = enclosure([apply("SqDist", x, y)], [x, y])
    >>> [node.dim for node in (*found.low, *found.high)], found.unknown
    ([1, 1], ())
    """
    precision = _PRECISIONS[dtype]
    simple = simplify(expand_where(roots, lambda node: node.op.bounds is None))
    found: dict[Expr, Interval] = {}
    unknown: dict[str, None] = {}
    for node in topological(simple):
        if node.op.name == "Var":
            found[node] = _box(node, node in boxed)
        elif node.op.bounds is None:
            unknown[node.op.name] = None
            nothing = replicate(constant(math.nan), node.dim)
            found[node] = Interval(nothing, nothing)
        else:
            operands = [found[arg] for arg in node.args]
            low, high, _ = _rounded(node.op.bounds(node, operands), _error(node, precision), precision)
            found[node] = Interval(replicate(low, node.dim), replicate(high, node.dim))
    results = [_infinite_where_unknown(found[node]) for node in simple]
    return Enclosure(tuple(low for low, _ in results), tuple(high for _, high in results), tuple(unknown))


def _box(node: Expr, is_boxed: bool) -> Interval:
    low, high = ends(node)
    return known(low, high) if is_boxed else Interval(low, low)


def _error(node: Expr, precision: _Precision) -> float:
    """Return the relative rounding error of a node."""
    if node.op.ulp == 0 or (is_constant(node) and _is_short(node.params[0])):
        return 0.0
    return (node.op.ulp + _REGROUPED) * precision.unit


def _is_short(value: float) -> bool:
    """Tell whether a number has so few digits that every precision holds it."""
    return value == 0 or ((math.frexp(value)[0] * 2.0**20).is_integer() and 2.0**-126 <= abs(value) <= 2.0**126)


def _rounded(exact: Interval, error: float, precision: _Precision) -> Interval:
    """Return the interval, widened by rounding errors; what may overflow is infinite."""
    if error == 0:
        return Interval(exact.low, exact.high)
    low, high, sizes = exact
    if sizes is None:
        low, high = (_moved(end, sign, error, precision) for end, sign in ((low, -1), (high, 1)))
    else:
        low, high = low - _distance(sizes[0], error), high + _distance(sizes[1], error)
    if precision.largest < math.inf:
        low = choose(less(low, constant(-precision.largest)), constant(-math.inf), low)
        high = choose(less(constant(precision.largest), high), constant(math.inf), high)
    return known(low, high)


def _distance(size: Expr, error: float) -> Expr:
    """Return the error of a sum; that of an infinite one is 0, for its sign is certain."""
    return choose(less(size, constant(math.inf)), constant(error) * size, constant(0.0))


def _moved(end: Expr, sign: int, error: float, precision: _Precision) -> Expr:
    """Return an end moved down or up by the error of a single operation, which never changes the sign of a result."""
    zero, tiny = constant(0.0), constant(precision.tiny)
    # Factors, for the distance to an infinite end would be no number.
    outwards, inwards = end * constant(1 + error), end * constant(1 - error)
    if sign < 0:
        inwards = inwards - tiny
        return choose(less(end, zero), outwards - tiny, choose(less(inwards, zero), zero, inwards))
    inwards = inwards + tiny
    return choose(less(zero, end), outwards + tiny, choose(less(zero, inwards), zero, inwards))


def _infinite_where_unknown(found: Interval) -> tuple[Expr, Expr]:
    is_known = apply("Equal", found.low, found.low)
    return choose(is_known, found.low, constant(-math.inf)), choose(is_known, found.high, constant(math.inf))
