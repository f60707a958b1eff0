"""Operations on whole vectors: norms, distances, scalar products, single components."""

from __future__ import annotations

from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr, Op, register
from pairfold.ops.arithmetic import apply, broadcast_dimension, constant, is_integer, same_dimension, zeros
from pairfold.ops.on_complex import as_components, real_result, same_kind
from pairfold.ops.structure import iota

__all__: list[str] = []

Dims = tuple[int, ...]
Params = tuple[Any, ...]


def _scalar_of_broadcast(dims: Dims, params: Params) -> int:
    broadcast_dimension(dims, params)
    return 1


def _total(f: Any) -> Any:
    return np.sum(f, axis=-1, keepdims=True)


register(
    Op(
        name="SqNorm2",
        arity=1,
        dimension=lambda dims, params: 1,
        reference=lambda f: _total(f * f),
        expand=lambda f: apply("Sum", apply("Square", f)),
        on_complex=real_result("SqNorm2"),
        definition="squared Euclidean norm of f",
        domain=((-2, 2),),
        method="sqnorm2",
    )
)
register(
    Op(
        name="Norm2",
        arity=1,
        dimension=lambda dims, params: 1,
        reference=lambda f: np.sqrt(_total(f * f)),
        expand=lambda f: apply("Sqrt", apply("SqNorm2", f)),
        on_complex=real_result("Norm2"),
        definition="Euclidean norm of f",
        doc="Derivative 0 at the origin.",
        domain=((0.2, 2),),
        method="norm2",
    )
)
register(
    Op(
        name="SqDist",
        arity=2,
        dimension=_scalar_of_broadcast,
        reference=lambda f, g: _total((f - g) ** 2),
        expand=lambda f, g: apply("SqNorm2", f - g),
        on_complex=as_components("SqDist"),
        definition="squared Euclidean distance of f and g",
        doc="Evaluated on differences: exactly 0 for equal points.",
        domain=((-2, 2), (-2, 2)),
        method="sqdist",
    )
)
register(
    Op(
        name="Scalprod",
        arity=2,
        dimension=_scalar_of_broadcast,
        reference=lambda f, g: _total(f * g),
        expand=lambda f, g: apply("Sum", f * g),
        on_complex=as_components("Scalprod"),
        definition="Euclidean scalar product of f and g; a scalar operand multiplies the sum of the other",
        domain=((-2, 2), (-2, 2)),
    )
)


def _element_dimension(dims: Dims, params: Params) -> int:
    if not 0 <= params[0] < dims[0]:
        raise DimensionError(f"the index {params[0]} must lie within 0 to {dims[0] - 1}.")
    return 1


register(
    Op(
        name="Elem",
        arity=1,
        parameters=("index",),
        dimension=_element_dimension,
        reference=lambda f, index: f[..., index : index + 1],
        expand=lambda f, index: apply("Extract", f, params=(index, 1)),
        definition="component number index of f, counted from 0",
        domain=((-2, 2),),
        sample=(((4,), (2,)),),
        method="elem",
        truth="operands",
    )
)


def _element_adjoint_dimension(dims: Dims, params: Params) -> int:
    length, index = params
    if dims[0] != 1:
        raise DimensionError("only a scalar can be placed; its dimension must be 1.")
    if not 0 <= index < length:
        raise DimensionError(f"the index {index} must lie within 0 to {length - 1}.")
    return int(length)


register(
    Op(
        name="ElemT",
        arity=1,
        parameters=("length", "index"),
        dimension=_element_adjoint_dimension,
        reference=lambda f, length, index: np.concatenate(
            [np.zeros((*f.shape[:-1], index)), f, np.zeros((*f.shape[:-1], length - index - 1))], axis=-1
        ).astype(f.dtype),
        expand=lambda f, length, index: apply("ExtractT", f, params=(index, length)),
        definition="a vector of zeros of the given length with f at the index",
        domain=((-2, 2),),
        sample=(((1,), (4, 2)),),
    )
)


def _one_hot_dimension(dims: Dims, params: Params) -> int:
    if dims[0] != 1:
        raise DimensionError("the index must be a scalar.")
    if not is_integer(params[0]) or params[0] < 1:
        raise DimensionError(f"the length must be an integer of at least 1, not {params[0]!r}.")
    return int(params[0])


register(
    Op(
        name="OneHot",
        arity=1,
        parameters=("length",),
        dimension=_one_hot_dimension,
        reference=lambda f, length: np.where(np.arange(length) == np.floor(f + 0.5), 1.0, 0.0),
        pullback=lambda node, g: (None,),
        expand=lambda f, length: apply("Equal", iota(length), apply("Floor", f + constant(0.5))),
        definition="a vector of zeros of the given length with 1 at the index nearest to f",
        shown=((0, 2),),
        doc="All zeros when that index is outside the vector. Derivative 0.",
        domain=((-1, 4),),
        sample=(((1,), (4,)), ((1,), (1,))),
        method="one_hot",
    )
)
register(
    Op(
        name="Normalize",
        arity=1,
        dimension=same_dimension,
        reference=lambda f: np.where(_total(f * f) == 0, np.zeros_like(f), f / np.sqrt(_total(f * f))),
        expand=lambda f: apply("Rsqrt", apply("SqNorm2", f)) * f,
        on_complex=same_kind("Normalize"),
        definition="f divided by its Euclidean norm",
        doc="The zero vector stays zero, with derivative 0.",
        domain=((0.2, 2),),
        method="normalize",
    )
)

# ---------------------------------------------------------------- weighted norms


def _scalar_weight(dims: Dims, params: Params) -> int:
    if dims[0] != 1:
        raise DimensionError("the weight must be a scalar.")
    return 1


def _weight_per_component(dims: Dims, params: Params) -> int:
    if dims[0] != dims[1]:
        raise DimensionError("there must be one weight per component.")
    return 1


def _weight_matrix(dims: Dims, params: Params) -> int:
    if dims[0] != dims[1] ** 2:
        raise DimensionError(f"the weights must be a matrix of {dims[1]} x {dims[1]} entries.")
    return 1


def _any_weight(dims: Dims, params: Params) -> int:
    dim = broadcast_dimension(dims[1:], params)
    if dims[0] not in (1, dim, dim**2):
        raise DimensionError(f"the weights must have dimension 1, {dim} or {dim**2}.")
    return 1


def _quadratic_form(s: Any, f: Any) -> Any:
    matrix = s.reshape(*s.shape[:-1], f.shape[-1], f.shape[-1])
    return np.einsum("...kl,...k,...l->...", matrix, f, f)[..., None]


def _weighted_norm_reference(s: Any, f: Any) -> Any:
    if s.shape[-1] == 1:
        return s * _total(f * f)
    if s.shape[-1] == f.shape[-1]:
        return _total(s * f * f)
    return _quadratic_form(s, f)


def _weighted_norm_expand(s: Expr, f: Expr) -> Expr:
    if s.dim == 1:
        return apply("SqNormIso", s, f)
    return apply("SqNormDiag" if s.dim == f.dim else "SymSqNorm", s, f)


register(
    Op(
        name="SqNormIso",
        arity=2,
        dimension=_scalar_weight,
        reference=lambda s, f: s * _total(f * f),
        expand=lambda s, f: s * apply("SqNorm2", f),
        definition="s times the squared norm of f",
        domain=((0.5, 2), (-2, 2)),
        sample=(((1, 3), ()), ((1, 1), ())),
    )
)
register(
    Op(
        name="SqNormDiag",
        arity=2,
        dimension=_weight_per_component,
        reference=lambda s, f: _total(s * f * f),
        expand=lambda s, f: apply("Sum", s * apply("Square", f)),
        definition="sum of s_k f_k^2",
        domain=((0.5, 2), (-2, 2)),
        sample=(((3, 3), ()), ((1, 1), ())),
    )
)
register(
    Op(
        name="SymSqNorm",
        arity=2,
        dimension=_weight_matrix,
        reference=_quadratic_form,
        expand=lambda s, f: apply("Scalprod", f, apply("MatVecMult", s, f)),
        definition="sum of s_kl f_k f_l, s row-major",
        doc="s is not symmetrised.",
        domain=((-2, 2), (-2, 2)),
        sample=(((9, 3), ()), ((1, 1), ())),
    )
)
register(
    Op(
        name="WeightedSqNorm",
        arity=2,
        dimension=_any_weight,
        reference=_weighted_norm_reference,
        expand=_weighted_norm_expand,
        definition="SqNormIso, SqNormDiag or SymSqNorm, by the dimension of the weights s",
        operands=("s", "f"),
        shown=((0.5, 1, 2), ()),
        domain=((-2, 2), (-2, 2)),
        sample=(((1, 3), ()), ((3, 3), ()), ((9, 3), ())),
        method="weightedsqnorm",
        method_order=(1, 0),
    )
)
register(
    Op(
        name="WeightedSqDist",
        arity=3,
        dimension=_any_weight,
        reference=lambda s, f, g: _weighted_norm_reference(s, f - g),
        expand=lambda s, f, g: apply("WeightedSqNorm", s, f - g),
        definition="weighted squared norm of f - g, with the weights s in front",
        operands=("s", "f", "g"),
        domain=((-2, 2), (-2, 2), (-2, 2)),
        sample=(((1, 3, 3), ()), ((3, 3, 3), ()), ((9, 3, 3), ()), ((4, 2, 1), ())),
        method="weightedsqdist",
        method_order=(2, 0, 1),
    )
)

# ---------------------------------------------------------------- hints

register(
    Op(
        name="Factorize",
        arity=2,
        dimension=lambda dims, params: dims[0],
        reference=lambda f, g: f,
        expand=lambda f, g: f,
        definition="f; a hint that g occurs in it more than once",
        doc="Equal sub-formulas are always computed once, so the hint changes nothing.",
        domain=((-2, 2), (-2, 2)),
        sample=(((3, 2), ()),),
        method="factorize",
    )
)
register(
    Op(
        name="AutoFactorize",
        arity=1,
        dimension=same_dimension,
        reference=lambda f: f,
        expand=lambda f: f,
        on_complex=same_kind("AutoFactorize"),
        definition="f; a hint that sub-formulas occur in it more than once",
        doc="Equal sub-formulas are always computed once, so the hint changes nothing.",
        domain=((-2, 2),),
        method="auto_factorize",
    )
)

# ---------------------------------------------------------------- constants


def _no_operand(dims: Dims, params: Params) -> int:
    return 1


def _fraction_dimension(dims: Dims, params: Params) -> int:
    if params[-1] == 0:
        raise DimensionError("division by the literal 0.")
    return 1


register(
    Op(
        name="IntCst",
        arity=0,
        parameters=("n",),
        dimension=_no_operand,
        reference=lambda n: np.asarray([float(n)]),
        expand=constant,
        definition="the number n",
        sample=(((), (3,)),),
    )
)
register(
    Op(
        name="IntInv",
        arity=0,
        parameters=("n",),
        dimension=_fraction_dimension,
        reference=lambda n: np.asarray([1.0 / n]),
        expand=lambda n: constant(1.0 / n),
        definition="the number 1 / n",
        sample=(((), (-3,)),),
    )
)
register(
    Op(
        name="RatCst",
        arity=0,
        parameters=("p", "q"),
        dimension=_fraction_dimension,
        reference=lambda p, q: np.asarray([p / q]),
        expand=lambda p, q: constant(p / q),
        definition="the number p / q",
        sample=(((), (2, 3)),),
    )
)
register(
    Op(
        name="Zero",
        arity=0,
        parameters=("n",),
        dimension=lambda dims, params: int(params[0]),
        reference=np.zeros,
        expand=zeros,
        definition="a vector of n zeros",
        sample=(((), (1,)), ((), (3,))),
    )
)
