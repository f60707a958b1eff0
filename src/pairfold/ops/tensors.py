"""Products of vectors seen as row-major matrices and tensors."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr, Op, register
from pairfold.ops.arithmetic import apply
from pairfold.ops.structure import permute, spread, sum_axis

__all__: list[str] = []

Dims = tuple[int, ...]
Params = tuple[Any, ...]
Shape = tuple[int, ...]


def _tile(f: Expr, n: int) -> Expr:
    return f if n == 1 else apply("Tile", f, params=(n,))


# ---------------------------------------------------------------- matrices


def _matrix_dimension(matrix: int, vector: int) -> int:
    if matrix % vector:
        raise DimensionError(f"the matrix must have a multiple of {vector} entries.")
    return matrix // vector


register(
    Op(
        name="MatVecMult",
        arity=2,
        dimension=lambda dims, params: _matrix_dimension(dims[0], dims[1]),
        reference=lambda a, b: np.einsum(
            "...kl,...l->...k", a.reshape(*a.shape[:-1], a.shape[-1] // b.shape[-1], b.shape[-1]), b
        ),
        expand=lambda a, b: sum_axis(a * _tile(b, a.dim // b.dim), b.dim, 1),
        definition="A b with the row-major matrix A, whose number of columns is the dimension of b",
        operands=("A", "b"),
        domain=((-2, 2), (-2, 2)),
        sample=(((6, 3), ()), ((3, 3), ()), ((4, 1), ())),
        method="matvecmult",
    )
)
register(
    Op(
        name="VecMatMult",
        arity=2,
        dimension=lambda dims, params: _matrix_dimension(dims[1], dims[0]),
        reference=lambda b, a: np.einsum(
            "...k,...kl->...l", b, a.reshape(*a.shape[:-1], b.shape[-1], a.shape[-1] // b.shape[-1])
        ),
        expand=lambda b, a: apply("SumTiles", spread(b, a.dim // b.dim, 1) * a, params=(b.dim,)),
        definition="b A with the row-major matrix A, whose number of rows is the dimension of b",
        operands=("b", "A"),
        domain=((-2, 2), (-2, 2)),
        sample=(((3, 6), ()), ((3, 3), ()), ((1, 4), ())),
        method="vecmatmult",
    )
)
register(
    Op(
        name="TensorProd",
        arity=2,
        dimension=lambda dims, params: dims[0] * dims[1],
        reference=lambda f, g: (f[..., :, None] * g[..., None, :]).reshape(
            *np.broadcast_shapes(f.shape[:-1], g.shape[:-1]), f.shape[-1] * g.shape[-1]
        ),
        expand=lambda f, g: spread(f, g.dim, 1) * _tile(g, f.dim),
        definition="all products f_k g_l, row-major",
        domain=((-2, 2), (-2, 2)),
        sample=(((2, 3), ()), ((1, 3), ()), ((3, 1), ())),
        method="tensorprod",
    )
)

register(
    Op(
        name="DifferenceMatrix",
        arity=2,
        dimension=lambda dims, params: dims[0] * dims[1],
        reference=lambda f, g: (f[..., :, None] - g[..., None, :]).reshape(
            *np.broadcast_shapes(f.shape[:-1], g.shape[:-1]), f.shape[-1] * g.shape[-1]
        ),
        expand=lambda f, g: spread(f, g.dim, 1) - _tile(g, f.dim),
        definition="all differences f_k - g_l, row-major",
        domain=((-2, 2), (-2, 2)),
        sample=(((2, 3), ()), ((1, 3), ()), ((3, 1), ())),
        method="difference_matrix",
    )
)

# ---------------------------------------------------------------- tensors


def _check_shapes(dims: Dims, shapes: tuple[Shape, Shape]) -> None:
    for dim, shape in zip(dims, shapes, strict=True):
        if prod(shape) != dim:
            raise DimensionError(f"a tensor of shape {shape} has {prod(shape)} entries, the vector {dim}.")


def _kron_dimension(dims: Dims, params: Params) -> int:
    shape_f, shape_g = params
    _check_shapes(dims, (shape_f, shape_g))
    if len(shape_f) != len(shape_g):
        raise DimensionError(f"the shapes {shape_f} and {shape_g} must have as many axes as each other.")
    return dims[0] * dims[1]


def _tensor(f: Any, shape: Shape) -> Any:
    return f.reshape(*f.shape[:-1], *shape)


def _kron_reference(f: Any, g: Any, shape_f: Shape, shape_g: Shape) -> Any:
    leading = np.broadcast_shapes(f.shape[:-1], g.shape[:-1])
    f = np.broadcast_to(f, (*leading, f.shape[-1])).reshape(prod(leading), *shape_f)
    g = np.broadcast_to(g, (*leading, g.shape[-1])).reshape(prod(leading), *shape_g)
    products = [np.kron(a, b).ravel() for a, b in zip(f, g, strict=True)]
    return np.asarray(products, np.result_type(f, g)).reshape(*leading, prod(shape_f) * prod(shape_g))


def _kron_expand(f: Expr, g: Expr, shape_f: Shape, shape_g: Shape) -> Expr:
    count = len(shape_f)
    interleaved = tuple(axis for pair in zip(range(count), range(count, 2 * count), strict=True) for axis in pair)
    return permute(apply("TensorProd", f, g), (*shape_f, *shape_g), interleaved)


register(
    Op(
        name="Kron",
        arity=2,
        parameters=("shape_f", "shape_g"),
        dimension=_kron_dimension,
        reference=_kron_reference,
        expand=_kron_expand,
        definition="Kronecker product of f and g seen as row-major tensors of the given shapes, like numpy.kron",
        domain=((-2, 2), (-2, 2)),
        sample=(((4, 6), ((2, 2), (2, 3))), ((2, 3), ((2,), (3,)))),
        method="keops_kron",
    )
)


def _kept(shape: Shape, axes: Shape) -> Shape:
    return tuple(axis for axis in range(len(shape)) if axis not in axes)


def _kept_shape(params: Params) -> Shape:
    shape_f, shape_g, axes_f, axes_g = params[:4]
    return (*(shape_f[axis] for axis in _kept(shape_f, axes_f)), *(shape_g[axis] for axis in _kept(shape_g, axes_g)))


def _order(params: Params) -> Shape:
    """Return the axes for numpy.transpose that bring kept axis k to position ``permutation[k]``."""
    count = len(_kept_shape(params))
    permutation = params[4] if len(params) > 4 else tuple(range(count))
    return tuple(permutation.index(position) for position in range(count))


def _contraction_dimension(dims: Dims, params: Params) -> int:
    shape_f, shape_g, axes_f, axes_g = params[:4]
    _check_shapes(dims, (shape_f, shape_g))
    for shape, axes in ((shape_f, axes_f), (shape_g, axes_g)):
        if len(set(axes)) != len(axes) or any(not 0 <= axis < len(shape) for axis in axes):
            raise DimensionError(f"the axes {axes} must be different and lie within 0 to {len(shape) - 1}.")
    paired = [shape_f[axis] for axis in axes_f], [shape_g[axis] for axis in axes_g]
    if paired[0] != paired[1]:
        raise DimensionError(f"the paired axes must have equal lengths, not {paired[0]} and {paired[1]}.")
    kept = _kept_shape(params)
    if len(params) > 4 and sorted(params[4]) != list(range(len(kept))):
        raise DimensionError(f"{params[4]} must be a permutation of the {len(kept)} kept axes.")
    return prod(kept)


def _contraction_reference(f: Any, g: Any, *params: Any) -> Any:
    shape_f, shape_g, axes_f, axes_g = params[:4]
    leading = np.broadcast_shapes(f.shape[:-1], g.shape[:-1])
    f = np.broadcast_to(f, (*leading, f.shape[-1])).reshape(prod(leading), *shape_f)
    g = np.broadcast_to(g, (*leading, g.shape[-1])).reshape(prod(leading), *shape_g)
    products = [
        np.transpose(np.tensordot(a, b, (axes_f, axes_g)), _order(params)).ravel() for a, b in zip(f, g, strict=True)
    ]
    return np.asarray(products, np.result_type(f, g)).reshape(*leading, prod(_kept_shape(params)))


def _contraction_expand(f: Expr, g: Expr, *params: Any) -> Expr:
    # As matrices F (kept of f, contracted) and G (kept of g, contracted): the sum over c of F[k, c] G[l, c].
    shape_f, shape_g, axes_f, axes_g = params[:4]
    kept_f, kept_g = _kept(shape_f, axes_f), _kept(shape_g, axes_g)
    rows = prod(shape_f[axis] for axis in kept_f)
    columns = prod(shape_g[axis] for axis in kept_g)
    contracted = prod(shape_f[axis] for axis in axes_f)
    first = permute(f, shape_f, (*kept_f, *axes_f))
    second = permute(g, shape_g, (*kept_g, *axes_g))
    terms = (first if columns == 1 else spread(first, columns, contracted)) * _tile(second, rows)
    return permute(sum_axis(terms, contracted, 1), _kept_shape(params), _order(params))


register(
    Op(
        name="TensorDot",
        arity=2,
        parameters=("shape_f", "shape_g", "axes_f", "axes_g", "permutation"),
        dimension=_contraction_dimension,
        reference=_contraction_reference,
        expand=_contraction_expand,
        definition="f and g seen as row-major tensors, contracted over the paired axes like numpy.tensordot",
        doc="The kept axes of f come first, then those of g; the optional permutation sends kept axis k to position "
        "permutation[k].",
        domain=((-2, 2), (-2, 2)),
        sample=(
            ((6, 6), ((2, 3), (3, 2), (1,), (0,))),
            ((4, 4), ((2, 2), (2, 2), (0, 1), (1, 0))),
            ((4, 3), ((2, 2), (3,), (), ())),
            ((8, 4), ((2, 2, 2), (2, 2), (1,), (0,), (2, 0, 1))),
        ),
        method="keops_tensordot",
    )
)
