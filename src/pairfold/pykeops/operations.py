"""Named kernels of the first versions of KeOps: formulas hold what they expand to.

r is the distance of X and Y.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr, Op
from pairfold.ops.arithmetic import apply, broadcast_dimension, constant, one

__all__ = ["KERNELS"]

Dims = tuple[int, ...]
Params = tuple[Any, ...]


def _square_distance(x: Any, y: Any) -> Any:
    return np.sum((x - y) ** 2, axis=-1, keepdims=True)


# ---------------------------------------------------------------- scalar kernels


def _kernel_dimension(dims: Dims, params: Params) -> int:
    if dims[0] != 1:
        raise DimensionError("the coefficient C must be a scalar.")
    broadcast_dimension(dims[1:3], params)
    return dims[3]


def _radial(
    name: str, reference: Callable[[Any, Any], Any], expand: Callable[[Expr, Expr], Expr], definition: str
) -> Op:
    return Op(
        name=name,
        arity=4,
        dimension=_kernel_dimension,
        reference=lambda c, x, y, b: reference(c, _square_distance(x, y)) * b,
        expand=lambda c, x, y, b: expand(c, apply("SqDist", x, y)) * b,
        definition=definition,
        operands=("C", "X", "Y", "B"),
        domain=((0.5, 1), (0, 1), (1.2, 2), (-2, 2)),
        sample=(((1, 3, 3, 2), ()), ((1, 2, 2, 1), ())),
    )


def _sum_kernel_dimension(dims: Dims, params: Params) -> int:
    if dims[0] != dims[1]:
        raise DimensionError("there must be one weight W per coefficient C.")
    broadcast_dimension(dims[2:4], params)
    return dims[4]


# ---------------------------------------------------------------- matrix-valued kernels


def _matrix_kernel_dimension(dims: Dims, params: Params) -> int:
    *coefficients, x, y, b = dims
    if any(dim != 1 for dim in coefficients):
        raise DimensionError("the coefficients must be scalars.")
    if not x == y == b:
        raise DimensionError("X, Y and B must have equal dimensions.")
    return x


def _divergence_free_reference(c: Any, x: Any, y: Any, b: Any) -> Any:
    square, along = _square_distance(x, y), np.sum(b * (x - y), axis=-1, keepdims=True)
    return np.exp(-c * square) * (((x.shape[-1] - 1) / (2 * c) - square) * b + along * (x - y))


def _curl_free_reference(c: Any, x: Any, y: Any, b: Any) -> Any:
    square, along = _square_distance(x, y), np.sum(b * (x - y), axis=-1, keepdims=True)
    return np.exp(-c * square) * (b / (2 * c) - along * (x - y))


def _divergence_free(c: Expr, x: Expr, y: Expr, b: Expr) -> Expr:
    square = apply("SqDist", x, y)
    half = constant((x.dim - 1) / 2) / c
    along = apply("Scalprod", b, x - y) * (x - y)
    return apply("Exp", -(c * square)) * ((half - square) * b + along)


def _curl_free(c: Expr, x: Expr, y: Expr, b: Expr) -> Expr:
    along = apply("Scalprod", b, x - y) * (x - y)
    return apply("Exp", -(c * apply("SqDist", x, y))) * (constant(0.5) / c * b - along)


def _matrix_kernel(name: str, reference: Callable[..., Any], expand: Callable[..., Expr], definition: str) -> Op:
    return Op(
        name=name,
        arity=4,
        dimension=_matrix_kernel_dimension,
        reference=reference,
        expand=expand,
        definition=definition,
        operands=("C", "X", "Y", "B"),
        domain=((0.5, 1), (-1, 1), (-1, 1), (-2, 2)),
        sample=(((1, 3, 3, 3), ()), ((1, 1, 1, 1), ())),
    )


# ---------------------------------------------------------------- the records

KERNELS: dict[str, Op] = {
    op.name: op
    for op in (
        _radial(
            "GaussKernel",
            lambda c, square: np.exp(-c * square),
            lambda c, square: apply("Exp", -(c * square)),
            "exp(-C r^2) B",
        ),
        _radial(
            "LaplaceKernel",
            lambda c, square: np.exp(-c * np.sqrt(square)),
            lambda c, square: apply("Exp", -(c * apply("Sqrt", square))),
            "exp(-C r) B",
        ),
        _radial(
            "CauchyKernel",
            lambda c, square: 1 / (1 + c * square),
            lambda c, square: one() / (one() + c * square),
            "B / (1 + C r^2)",
        ),
        _radial(
            "InverseMultiquadricKernel",
            lambda c, square: 1 / np.sqrt(1 / c + square),
            lambda c, square: apply("Rsqrt", one() / c + square),
            "B / sqrt(1 / C + r^2)",
        ),
        Op(
            name="SumGaussKernel",
            arity=5,
            dimension=_sum_kernel_dimension,
            reference=lambda c, w, x, y, b: np.sum(w * np.exp(-c * _square_distance(x, y)), axis=-1, keepdims=True) * b,
            expand=lambda c, w, x, y, b: apply("Sum", w * apply("Exp", -(c * apply("SqDist", x, y)))) * b,
            definition="(sum of W_k exp(-C_k r^2)) B",
            operands=("C", "W", "X", "Y", "B"),
            domain=((0.5, 1), (-2, 2), (-1, 1), (-1, 1), (-2, 2)),
            sample=(((3, 3, 2, 2, 2), ()), ((1, 1, 2, 2, 1), ())),
        ),
        _matrix_kernel(
            "DivFreeGaussKernel",
            _divergence_free_reference,
            _divergence_free,
            "exp(-C r^2) [((d - 1) / (2 C) - r^2) B + <B, X - Y> (X - Y)]",
        ),
        _matrix_kernel(
            "CurlFreeGaussKernel",
            _curl_free_reference,
            _curl_free,
            "exp(-C r^2) [B / (2 C) - <B, X - Y> (X - Y)]",
        ),
        Op(
            name="TRIGaussKernel",
            arity=5,
            dimension=_matrix_kernel_dimension,
            reference=lambda mix, c, x, y, b: (
                mix * _divergence_free_reference(c, x, y, b) + (1 - mix) * _curl_free_reference(c, x, y, b)
            ),
            expand=lambda mix, c, x, y, b: mix * _divergence_free(c, x, y, b) + (one() - mix) * _curl_free(c, x, y, b),
            definition="L DivFreeGaussKernel + (1 - L) CurlFreeGaussKernel",
            operands=("L", "C", "X", "Y", "B"),
            domain=((0, 1), (0.5, 1), (-1, 1), (-1, 1), (-2, 2)),
            sample=(((1, 1, 3, 3, 3), ()),),
        ),
    )
}
"""By name, for formulas of KeOps, R and MATLAB; they are not in the registry of operations."""
