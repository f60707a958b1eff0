"""Operations on whole vectors: norms, distances, scalar products, single components."""

from __future__ import annotations

from typing import Any

import numpy as np

from pairfold.errors import DimensionError
from pairfold.ir.expr import Expr
from pairfold.ir.op import Op, register
from pairfold.ops.arithmetic import apply, broadcast_dimension, constant, zeros

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
        definition="squared Euclidean distance of f and g",
        doc="Evaluated on differences: exactly 0 for equal points.",
        domain=((-2, 2), (-2, 2)),
        method="sqdist",
    )
)


def _scalar_product(f: Expr, g: Expr) -> Expr:
    return apply("Sum", f * g)


register(
    Op(
        name="Scalprod",
        arity=2,
        dimension=_scalar_of_broadcast,
        reference=lambda f, g: _total(f * g),
        expand=_scalar_product,
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
        expand=lambda n: constant(n),
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
        reference=lambda n: np.zeros(n),
        expand=lambda n: zeros(n),
        definition="a vector of n zeros",
        sample=(((), (1,)), ((), (3,))),
    )
)
