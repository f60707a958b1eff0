"""Functions with a removable singularity, splines and soft alignments."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr, Op, register
from pairfold.ops import bounds
from pairfold.ops.arithmetic import apply, constant, is_integer, one, same_dimension

__all__: list[str] = []

Dims = tuple[int, ...]
Params = tuple[Any, ...]


def _where(condition: Expr, chosen: Expr, other: Expr) -> Expr:
    return apply("Where", condition, chosen, other)


def _is_zero(f: Expr) -> Expr:
    return apply("Equal", f, constant(0.0))


def _component(f: Expr, index: int) -> Expr:
    return apply("Extract", f, params=(index, 1))


# ---------------------------------------------------------------- removable singularities

register(
    Op(
        name="XLogX",
        arity=1,
        dimension=same_dimension,
        elementwise=True,
        reference=lambda f: np.where(f == 0, np.zeros_like(f), f * np.log(f)),
        pullback=lambda node, g: (g * (apply("Log", node.args[0]) + one()),),
        expand=lambda f: _where(_is_zero(f), constant(0.0), f * apply("Log", f)),
        bounds=bounds.entropy,
        definition="f log(f)",
        doc="0 at 0, nan below 0. Derivative -inf at 0.",
        domain=((0.2, 3),),
        method="xlogx",
    )
)
register(
    Op(
        name="SinXDivX",
        arity=1,
        dimension=same_dimension,
        elementwise=True,
        reference=lambda f: np.where(f == 0, np.ones_like(f), np.sin(f) / f),
        pullback=lambda node, g: (-(g * apply("SphericalBessel", node.args[0], params=(1,))),),
        expand=lambda f: _where(_is_zero(f), one(), apply("Sin", f) / f),
        bounds=bounds.sine_quotient,
        definition="sin(f) / f",
        doc="1 at 0, nan at infinity. All derivatives are right at 0.",
        domain=((-3, 3),),
        method="sinxdivx",
    )
)
register(
    Op(
        name="Sinc",
        arity=1,
        dimension=same_dimension,
        elementwise=True,
        reference=np.sinc,
        expand=lambda f: apply("SinXDivX", constant(math.pi) * f),
        definition="sin(pi f) / (pi f)",
        shown=((0, 0.25, 0.5, 1.5),),
        doc="1 at 0.",
        domain=((-2, 2),),
        method="sinc",
    )
)


def _order_dimension(dims: Dims, params: Params) -> int:
    if not is_integer(params[0]) or params[0] < 0:
        raise DimensionError(f"the order must be an integer of at least 0, not {params[0]!r}.")
    return dims[0]


def _series_limit(order: int) -> float:
    """Return the argument below which the power series is used: the recurrence loses digits there."""
    return order + 1.5


def _series_coefficients(order: int) -> list[float]:
    """Return c_k with j_n(x) = x^n sum of c_k (x^2)^k, as many as float64 sees below `_series_limit`."""
    first = 1.0 / math.prod(range(1, 2 * order + 2, 2))
    coefficients = [first]
    square = _series_limit(order) ** 2
    k = 0
    while abs(coefficients[-1]) * square**k > 1e-18 * first:
        k += 1
        coefficients.append(-coefficients[-1] / (2 * k * (2 * order + 2 * k + 1)))
    return coefficients


def _bessel_reference(f: Any, order: int) -> Any:
    x = np.asarray(f, np.float64)
    series = np.polynomial.polynomial.polyval(x * x, _series_coefficients(order)) * x**order
    before, current = np.cos(x) / x, np.sin(x) / x
    for k in range(order):
        before, current = current, (2 * k + 1) / x * current - before
    return np.where(np.abs(x) < _series_limit(order), series, current)


def _bessel_expand(f: Expr, order: int) -> Expr:
    coefficients = _series_coefficients(order)
    square = f * f
    series = constant(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        series = series * square + constant(coefficient)
    series = apply("Pow", f, params=(order,)) * series
    inverse = one() / f
    before, current = apply("Cos", f) * inverse, apply("Sin", f) * inverse
    for k in range(order):
        before, current = current, constant(2 * k + 1) * inverse * current - before
    return _where(apply("LessThan", apply("Abs", f), constant(_series_limit(order))), series, current)


def _bessel_pullback(node: Expr, g: Expr) -> tuple[Expr]:
    (f,), (order,) = node.args, node.params
    above = apply("SphericalBessel", f, params=(order + 1,))
    if order == 0:
        return (-(g * above),)
    below = apply("SphericalBessel", f, params=(order - 1,))
    slope = constant(order / (2 * order + 1)) * below - constant((order + 1) / (2 * order + 1)) * above
    return (g * slope,)


register(
    Op(
        name="SphericalBessel",
        arity=1,
        parameters=("order",),
        dimension=_order_dimension,
        elementwise=True,
        reference=_bessel_reference,
        pullback=_bessel_pullback,
        expand=_bessel_expand,
        definition="spherical Bessel function of the first kind j_n(f) of integer order n",
        doc="j_0 is SinXDivX. Its derivatives stay within the family and need no division by f.",
        domain=((-4, 4),),
        sample=(((3,), (0,)), ((2,), (1,)), ((2,), (3,))),
        source="Abramowitz and Stegun, Handbook of Mathematical Functions, 10.1.2, 10.1.19 and 10.1.20",
        accuracy="a few ulp of max(|j_0|, ..., |j_n|)",
    )
)

# ---------------------------------------------------------------- B-splines


def _spline_dimension(dims: Dims, params: Params) -> int:
    (degree,) = params
    if not is_integer(degree) or degree < 0:
        raise DimensionError(f"the degree must be an integer of at least 0, not {degree!r}.")
    if dims[1] != 1:
        raise DimensionError("the spline is evaluated at a scalar.")
    if dims[0] < degree + 2:
        raise DimensionError(f"degree {degree} needs at least {degree + 2} knots.")
    return dims[0] - int(degree) - 1


def _spline_reference(knots: Any, x: Any, degree: int) -> Any:
    t = np.moveaxis(np.asarray(knots), -1, 0)
    point = np.asarray(x)[..., 0]
    basis = [np.where((a <= point) & (point < b), 1.0, 0.0) for a, b in pairwise(t)]

    def ratio(numerator: Any, denominator: Any) -> Any:
        return np.where(denominator == 0, 0.0, numerator / denominator)

    for d in range(1, degree + 1):
        basis = [
            ratio(point - t[m], t[m + d] - t[m]) * basis[m]
            + ratio(t[m + d + 1] - point, t[m + d + 1] - t[m + 1]) * basis[m + 1]
            for m in range(len(basis) - 1)
        ]
    return np.stack(basis, axis=-1)


def _spline_expand(knots: Expr, x: Expr, degree: int) -> Expr:
    def part(f: Expr, start: int, count: int) -> Expr:
        return apply("Extract", f, params=(start, count))

    count = knots.dim - 1
    basis = apply("LessOrEqual", part(knots, 0, count), x) * apply("LessThan", x, part(knots, 1, count))
    for d in range(1, degree + 1):
        count = knots.dim - d
        left, right = part(knots, 0, count), part(knots, d, count)
        empty = _is_zero(right - left)
        inverse = _where(empty, constant(0.0), one() / _where(empty, one(), right - left))
        rising = (x - left) * inverse * basis
        falling = (right - x) * inverse * basis
        basis = part(rising, 0, count - 1) + part(falling, 1, count - 1)
    return basis


register(
    Op(
        name="BSpline",
        arity=2,
        parameters=("degree",),
        dimension=_spline_dimension,
        reference=_spline_reference,
        expand=_spline_expand,
        definition="values at x of all B-splines of the given degree on the knots",
        operands=("knots", "x"),
        shown=((0, 0.25, 0.5, 0.75, 1), (0.1, 0.6)),
        doc="Half-open intervals: 0 at the last knot and outside the knots. Terms with a zero denominator count as 0.",
        domain=((0, 1), (0, 1)),
        sample=(((5, 1), (0,)), ((6, 1), (2,)), ((8, 1), (3,))),
        method="bspline",
        defaults=(0,),
        source="de Boor, A Practical Guide to Splines, chapter IX, (14)",
    )
)

# ---------------------------------------------------------------- soft minimum and soft alignment


def _soft_dimension(dims: Dims, params: Params) -> int:
    if dims[1] != 1:
        raise DimensionError("the temperature must be a scalar.")
    return 1


def _soft_minimum(f: Any, temperature: Any) -> Any:
    least = np.min(f, axis=-1, keepdims=True)
    return least - temperature * np.log(np.sum(np.exp((least - f) / temperature), axis=-1, keepdims=True))


def _soft_expand(f: Expr, temperature: Expr) -> Expr:
    least = apply("Min", f)
    return least - temperature * apply("Log", apply("Sum", apply("Exp", (least - f) / temperature)))


def _soft_pullback(node: Expr, g: Expr) -> tuple[Expr, Expr]:
    f, temperature = node.args
    share = apply("Exp", (node - f) / temperature)
    return g * share, g * ((node - apply("Sum", share * f)) / temperature)


register(
    Op(
        name="SoftMin",
        arity=2,
        dimension=_soft_dimension,
        reference=_soft_minimum,
        pullback=_soft_pullback,
        expand=_soft_expand,
        definition="-t log(sum of exp(-f_k / t)) over the components of f, with the temperature t",
        domain=((-2, 2), (0.5, 1)),
        sample=(((4, 1), ()), ((1, 1), ())),
        source="Cuturi and Blondel, Soft-DTW, ICML 2017, (2)",
    )
)


def _alignment_dimension(dims: Dims, params: Params) -> int:
    if dims[2] != 1:
        raise DimensionError("the temperature must be a scalar.")
    return 1


def _alignment_reference(x: Any, y: Any, temperature: Any) -> Any:
    cost: dict[tuple[int, int], Any] = {}
    for i in range(x.shape[-1]):
        for j in range(y.shape[-1]):
            before = [cost[at] for at in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if at in cost]
            local = (x[..., i : i + 1] - y[..., j : j + 1]) ** 2
            cost[i, j] = (
                local + _soft_minimum(np.concatenate(np.broadcast_arrays(*before), axis=-1), temperature)
                if before
                else local
            )
    return cost[x.shape[-1] - 1, y.shape[-1] - 1]


def _alignment_expand(x: Expr, y: Expr, temperature: Expr) -> Expr:
    cost: dict[tuple[int, int], Expr] = {}
    for i in range(x.dim):
        for j in range(y.dim):
            local = apply("Square", _component(x, i) - _component(y, j))
            before = [cost[at] for at in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if at in cost]
            if len(before) > 1:
                paths = before[0]
                for other in before[1:]:
                    paths = apply("Concat", paths, other)
                local = local + apply("SoftMin", paths, temperature)
            elif before:
                local = local + before[0]
            cost[i, j] = local
    return cost[x.dim - 1, y.dim - 1]


register(
    Op(
        name="SoftDTW_SqDist",
        arity=3,
        dimension=_alignment_dimension,
        reference=_alignment_reference,
        expand=_alignment_expand,
        definition="soft dynamic time warping of f and g with squared differences as local costs and temperature t",
        operands=("f", "g", "t"),
        doc="The size of the compiled code grows with the product of the two lengths.",
        domain=((-2, 2), (-2, 2), (0.5, 1)),
        sample=(((2, 3, 1), ()), ((4, 3, 1), ()), ((1, 1, 1), ()), ((1, 3, 1), ())),
        method="softdtw_sqdist",
        source="Cuturi and Blondel, Soft-DTW, ICML 2017, algorithm 1",
    )
)
