"""Operators on formulas: gradients, Jacobians, differentials, traces, adjoints.

They are no operations but transformations: each builds an expression. The
parser and the LazyTensor take them from the registry `CALCULUS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pairfold.errors import DimensionError
from pairfold.ir.expr import Category, Expr
from pairfold.ops.arithmetic import apply, constant, replicate, variable
from pairfold.transform.differentiate import differential, gradient

__all__ = ["CALCULUS", "Calculus"]


@dataclass(frozen=True, kw_only=True)
class Calculus:
    """One operator on formulas.

    Attributes
    ----------
    name : str
        The name in formula strings.
    build : callable
        From expressions to an expression; raises `DimensionError` with the reason.
    method : str or None
        Name of the LazyTensor method.
    definition, doc : str
        For the reference documentation.
    result : str
        The dimension of the result, in words.
    example : str
        A call of the method, for x indexed by i and y indexed by j of dimension 2.
    """

    name: str
    build: Callable[..., Expr]
    method: str | None
    definition: str
    doc: str = ""
    result: str = "1"
    example: str = ""


def _unit(dim: int, index: int) -> Expr:
    return constant(1.0) if dim == 1 else apply("ExtractT", constant(1.0), params=(index, dim))


def _gradient_matrix(f: Expr, v: Expr) -> Expr:
    rows = [gradient(f, v, _unit(f.dim, k)) for k in range(f.dim)]
    matrix = rows[0]
    for row in rows[1:]:
        matrix = apply("Concat", matrix, row)
    return matrix


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise DimensionError(message)


def _divergence(f: Expr, v: Expr) -> Expr:
    _require(
        f.dim == v.dim,
        f"The divergence needs a formula and a variable of equal dimension; found {f.dim} and {v.dim}.",
    )
    parts = [apply("Elem", differential(f, v, _unit(v.dim, k)), params=(k,)) for k in range(v.dim)]
    return _total(parts)


def _total(parts: list[Expr]) -> Expr:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _laplacian(f: Expr, v: Expr) -> Expr:
    _require(f.dim == 1, f"The Laplacian needs a formula of dimension 1; found {f.dim}.")
    return _divergence(gradient(f, v, constant(1.0)), v)


def _differential(f: Expr, v: Expr | tuple[Expr, ...], u: Expr | tuple[Expr, ...]) -> Expr:
    if isinstance(v, Expr) and isinstance(u, Expr):
        return differential(f, v, u)
    _require(
        isinstance(v, tuple) and isinstance(u, tuple) and len(v) == len(u),
        "Diff needs as many directions as variables.",
    )
    assert isinstance(v, tuple)
    assert isinstance(u, tuple)
    return _total([differential(f, one, along) for one, along in zip(v, u, strict=True)])


def _trace(operator: Expr, v: Expr, weights: Expr | None = None) -> Expr:
    diagonal = [apply("Elem", differential(operator, v, _unit(v.dim, k)), params=(k,)) for k in range(v.dim)]
    if weights is None:
        return _total(diagonal)
    _require(
        weights.dim == v.dim,
        f"TraceOperator needs one weight per component of the variable: {v.dim}; found {weights.dim}.",
    )
    return _total([part * apply("Elem", weights, params=(k,)) for k, part in enumerate(diagonal)])


def _square_trace(operator: Expr, v: Expr, weights: Expr | None = None) -> Expr:
    _require(
        operator.dim == v.dim,
        f"TraceOperator needs a formula and a variable of equal dimension; found {operator.dim} and {v.dim}.",
    )
    return _trace(operator, v, weights)


def _adjoint(operator: Expr, v: Expr, u: Expr) -> Expr:
    return gradient(operator, v, u)


def _sum_of_entries(operator: Expr, v: Expr) -> Expr:
    ones = variable(-1, v.dim, Category.PARAMETER, "cotangent")
    from_ones = differential(operator, v, ones)
    return apply("Sum", gradient(from_ones, ones, replicate(constant(1.0), operator.dim)))


CALCULUS: dict[str, Calculus] = {
    record.name: record
    for record in (
        Calculus(
            name="Grad",
            build=gradient,
            method="grad",
            definition="adjoint of the differential of f with respect to the variable v, applied to g",
            doc="Zero when f does not depend on v. For a scalar f and g = 1: the gradient.",
            result="dimension of v",
            example="x.sqdist(y).grad(x, 1)",
        ),
        Calculus(
            name="GradMatrix",
            build=_gradient_matrix,
            method="grad_matrix",
            definition="Jacobian of f with respect to the variable v, row-major, the index of f slow",
            result="dimension of f times that of v",
            example="(x * y).grad_matrix(x)",
        ),
        Calculus(
            name="Diff",
            build=_differential,
            method="diff",
            definition="directional derivative of f with respect to v along u; tuples of v and u are added up",
            result="dimension of f",
            example="x.sqdist(y).diff(x, y - x)",
        ),
        Calculus(
            name="Divergence",
            build=_divergence,
            method="divergence",
            definition="trace of the Jacobian of f with respect to v",
            example="((x - y) * x.sqdist(y)).divergence(x)",
        ),
        Calculus(
            name="Laplacian",
            build=_laplacian,
            method="laplacian",
            definition="sum of the second derivatives of the scalar f with respect to the components of v",
            example="(-x.sqdist(y)).exp().laplacian(x)",
        ),
        Calculus(
            name="TraceOperator",
            build=_square_trace,
            method="trace_operator",
            definition="trace of the formula L, linear in v; with weights w: sum of w_k L_kk",
            example="(y * (x | y)).trace_operator(x)",
        ),
        Calculus(
            name="AdjointOperator",
            build=_adjoint,
            method=None,
            definition="adjoint of the formula L, linear in v, applied to u",
        ),
        Calculus(
            name="SumLinOperator",
            build=_sum_of_entries,
            method=None,
            definition="sum of all entries of the matrix of the formula L, linear in v",
        ),
    )
}
