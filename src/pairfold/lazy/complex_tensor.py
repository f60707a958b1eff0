"""LazyTensors of complex numbers.

The formula of a complex tensor computes pairs: re, im, re, im, ... This module
knows how operations on complex tensors are written on pairs, and the class
counts complex components wherever a user can see a number of components.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NoReturn, TypeVar

import numpy as np

from pairfold.api.adapter import Adapter
from pairfold.api.leaf import (
    Leaf,
    Symbol,
    holds_complex,
    is_nested,
    leaf_of_array,
    leaf_of_numbers,
    symbol_of,
)
from pairfold.api.routine import Numbers
from pairfold.errors import ArgumentTypeError, ArgumentValueError, DimensionError
from pairfold.ir.expr import Expr
from pairfold.ir.op import Op
from pairfold.ir.reduction import Reduction
from pairfold.lazy.index import components
from pairfold.lazy.methods import COMPLEX_RESULTS
from pairfold.lazy.tensor import LazyTensorBase
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import apply
from pairfold.reductions import find_reduction
from pairfold.transform.calculus import CALCULUS

__all__ = ["COMPLEX_RULES", "ComplexLazyTensorBase"]

Tensor = TypeVar("Tensor", bound="ComplexLazyTensorBase")
Exprs = Sequence[Expr]
Flags = Sequence[bool]
Rule = Callable[[Exprs, Flags, Sequence[Any]], tuple[Expr, bool]]
"""From the formulas of the operands, whether they are complex, and the static parameters to the formula of the result
and whether it is complex."""

# ---------------------------------------------------------------- operations on pairs


def _count(expr: Expr, is_complex: bool) -> int:
    return expr.dim // 2 if is_complex else expr.dim


def _promoted(exprs: Exprs, flags: Flags) -> list[Expr]:
    return [z if flag else apply("Real2Complex", z) for z, flag in zip(exprs, flags, strict=True)]


def _stretched(exprs: Exprs, flags: Flags) -> list[Expr]:
    """Return the operands as complex vectors of one length."""
    pairs = _promoted(exprs, flags)
    dim = max(z.dim for z in pairs)
    return [z if z.dim == dim else apply("Tile", z, params=(dim // 2,)) for z in pairs]


def _same_kind(name: str) -> Rule:
    """Return the rule of an operation on complex numbers with a complex result."""
    return lambda exprs, flags, params: (apply(name, *_promoted(exprs, flags), params=tuple(params)), True)


def _real_result(name: str) -> Rule:
    """Return the rule of an operation on complex numbers with a real result."""
    return lambda exprs, flags, params: (apply(name, *_promoted(exprs, flags), params=tuple(params)), False)


def _scaling(name: str) -> Rule:
    """Return the rule of a product or quotient, which is componentwise when one operand (the divisor) is real."""

    def rule(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
        first, second = exprs
        if all(flags) or (name == "Divide" and flags[1]):
            return apply(f"Complex{name}", *_promoted(exprs, flags)), True
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
    return apply("Not", apply("ComplexEqual", *_promoted(exprs, flags))), False


def _extract(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
    start, length = params
    return apply("Extract", exprs[0], params=(2 * start, 2 * length)), True


def _choice(name: str) -> Rule:
    """Return the rule of a choice by a real condition."""

    def rule(exprs: Exprs, flags: Flags, params: Sequence[Any]) -> tuple[Expr, bool]:
        condition, *branches = exprs
        if flags[0]:
            raise ArgumentTypeError("ifelse asks where a tensor is at least 0, and complex numbers have no order.")
        pairs = _promoted(branches, flags[1:])
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
_FREE_LENGTHS = ("Concat",)


def _refuse(op: Op) -> NoReturn:
    name = op.method or op.name
    if op.name in _ORDERED:
        raise ArgumentTypeError(
            f"{name} compares numbers, and complex numbers have no order; use z.real, z.imag or abs(z)."
        )
    raise ArgumentTypeError(
        f"{name} is not defined for complex tensors; use z.real, z.imag, abs(z) or z.angle(). Defined are "
        f"{', '.join(sorted(COMPLEX_RULES))}."
    )


def _check_lengths(op: Op, tensors: Sequence[LazyTensorBase]) -> None:
    counts = [_count(tensor._expr, tensor.is_complex) for tensor in tensors]
    if op.name not in _FREE_LENGTHS and any(count not in (1, max(counts)) for count in counts):
        shapes = " and ".join(str(tensor.shape) for tensor in tensors)
        raise DimensionError(
            f"{op.name} of tensors of shape {shapes}: on the last axis, the dimensions must be equal, or 1."
        )


# ---------------------------------------------------------------- the class


class ComplexLazyTensorBase(LazyTensorBase):
    """A tensor of complex numbers of shape (..., N, M, D) given by a formula of NumPy arrays, never stored.

    `LazyTensor`, `Vi`, `Vj` and `Pm` return one for complex arrays and numbers, and so do operations of a real tensor
    with a complex one, ``x.real2complex()``, ``x.imag2complex()`` and ``x.exp1j()``. Reductions return complex arrays.

    Parameters
    ----------
    x : array, number, list of numbers, or tuple of three integers
        As for `LazyTensor`; real numbers become complex. The dimension of a symbolic variable counts complex numbers.
    axis : int, optional
        0 = indexed by i, 1 = by j, 2 = a parameter.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If `x` is none of these.

    Notes
    -----
    ``(z | w)`` is the real number Re(sum z conj(w)). Derivatives are those of functions of (re, im).

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import Vi, Vj
    >>> frequencies, times = np.asarray([[0.0], [1.0]]), np.asarray([[0.0], [np.pi]])
    >>> waves = (Vi(frequencies) * Vj(times)).exp1j()
    >>> abs(waves.sum(axis=1)).tolist()[0]
    [2.0]
    """

    __slots__ = ()

    is_complex: ClassVar[bool] = True
    real_type: ClassVar[type[LazyTensorBase]]

    def __init_subclass__(cls, real_type: type[LazyTensorBase] | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if real_type is not None:
            cls.real_type = real_type
            real_type.complex_type = cls

    def __init__(self, x: Any, axis: int | None = None, is_complex: bool = True) -> None:
        if _is_symbol(x, axis) or holds_complex(x, self.adapter):
            super().__init__(x, axis)
            return
        real = self.real_type(x, axis)
        promoted = real._like(apply("Real2Complex", real._expr))
        for name in ("_expr", "_leaves", "_rows", "_columns", "_batch", "ranges", "backend"):
            setattr(self, name, getattr(promoted, name))

    def _read(self, x: Any, axis: int | None) -> Leaf | Symbol | Expr:
        if _is_symbol(x, axis):
            symbol = symbol_of(*x)
            return Symbol(symbol.number, 2 * symbol.dim, symbol.category)
        number = x if isinstance(x, (int, float, complex)) else self.adapter.as_number(x)
        is_array = is_nested(x) if isinstance(x, (list, tuple)) else number is None
        if is_array:
            leaf = leaf_of_array(self._checked_array(x), axis)
        else:
            if axis not in (None, 2):
                raise ArgumentValueError(f"A number is a parameter, and so is a list; axis={axis!r} does not apply.")
            leaf = leaf_of_numbers(x if number is None else number, self.adapter)
        # Numbers, and arrays without axes, never change a dtype.
        kind = None if is_array and len(leaf.array.shape) else Numbers
        return Leaf(self.adapter.as_pairs(leaf.array), leaf.category, kind)

    def _new(self, x: Any, axis: int | None = None) -> Any:
        return self.real_type(x, axis)

    # ------------------------------------------------------------ operations

    def _combined(self, op: Op, tensors: Sequence[LazyTensorBase], params: Sequence[Any] = ()) -> Any:
        """Return an operation of tensors some of which are complex."""
        rule = COMPLEX_RULES.get(op.name)
        if rule is None:
            _refuse(op)
        _check_lengths(op, tensors)
        joined, exprs = tensors[0], [tensors[0]._expr]
        for tensor in tensors[1:]:
            joined, expr = joined._join(tensor)
            exprs.append(expr)
        expr, is_complex = rule(exprs, [tensor.is_complex for tensor in tensors], params)
        return joined._like(expr, _kind_of(joined, is_complex))

    def _unary(self, op: Op, *params: Any) -> Any:
        return self._combined(op, [self], params)

    def _binary(self, other: Any, op: Op, swapped: bool = False) -> Any:
        other = self._lift(other)
        return self._combined(op, [other, self] if swapped else [self, other])

    def _operation(self, op: Op, others: Sequence[Any], params: Sequence[Any] = ()) -> Any:
        return self._combined(op, [self, *(self._lift(other) for other in others)], params)

    def _differentiated(self, name: str, tensors: Sequence[LazyTensorBase]) -> Any:
        """Return a derivative; the rule is that of functions of (re, im), as in PyTorch."""
        if name not in ("Grad", "Diff") or len(tensors) != 3:
            raise ArgumentTypeError(
                f"{CALCULUS[name].method} is not defined for complex tensors; use grad(v, e) or diff(v, u)."
            )
        of, by, along = tensors
        model, result = (of, by) if name == "Grad" else (by, of)
        if along.is_complex and not model.is_complex:
            raise ArgumentTypeError(
                f"{CALCULUS[name].method}: the direction is complex, but what it belongs to is real."
            )
        joined, expr = of._join(by)
        joined, direction = joined._join(along)
        (direction,) = _promoted([direction], [along.is_complex]) if model.is_complex else (direction,)
        return joined._like(CALCULUS[name].build(joined._expr, expr, direction), _kind_of(joined, result.is_complex))

    def __pow__(self: Tensor, exponent: Any) -> Any:
        number = exponent if isinstance(exponent, (int, float)) else self.adapter.as_number(exponent)
        if isinstance(number, (int, float)):
            if number == 0.5:
                return self._unary(OPERATIONS["Sqrt"])
            if number == -0.5:
                return self._unary(OPERATIONS["Rsqrt"])
            if abs(number) < 2**31 and number == int(number):
                return self._unary(OPERATIONS["Pow"], int(number))
        return self._binary(exponent, OPERATIONS["Powf"])

    # ------------------------------------------------------------ parts

    def _mapped(self, name: str, is_complex: bool) -> Any:
        return self._like(apply(name, self._expr), _kind_of(self, is_complex))

    @property
    def real(self) -> Any:
        """The real parts, a real tensor."""
        return self._mapped("ComplexReal", False)

    @property
    def imag(self) -> Any:
        """The imaginary parts, a real tensor."""
        return self._mapped("ComplexImag", False)

    def angle(self) -> Any:
        """Return the arguments, in [-pi, pi], a real tensor."""
        return self._mapped("ComplexAngle", False)

    def conj(self) -> Any:
        """Return the complex conjugates."""
        return self._mapped("Conj", True)

    # ------------------------------------------------------------ facts and indexing

    @property
    def _shape(self) -> Any:
        return (*self._batch, self._rows, self._columns, self._expr.dim // 2)

    @property
    def dtype(self) -> Any:
        """Complex type of the reductions to come; None when there are only numbers and symbols."""
        dtype = super().dtype
        return None if dtype is None else _complex_dtype(self.adapter, dtype)

    def _components(self, index: Any) -> Expr:
        # The real parts have as many components as there are complex ones: what cannot be taken from them is refused.
        self.real._components(index)
        chosen = np.atleast_1d(np.arange(self._expr.dim // 2)[index])
        return components(self._expr, (2 * chosen[:, None] + np.arange(2)).ravel())

    # ------------------------------------------------------------ reductions

    def _reduced(
        self, reduction: Reduction, axis: Any, dim: int | None, weight: Any, k: Any, kwargs: dict[str, Any]
    ) -> Any:
        if reduction.on_complex == "truth":
            return (self != 0)._reduced(reduction, axis, dim, weight, k, kwargs)
        if reduction.operation is None or (axis if dim is None else dim) not in (-1, self.dim() - 1):
            _check_reduction(reduction)
        return super()._reduced(reduction, axis, dim, weight, k, kwargs)

    def reduction(self, reduction_op: str, *args: Any, **kwargs: Any) -> Any:
        """Reduce over i or over j; of the reductions of `LazyTensor`, Sum and Mean are defined for complex numbers."""
        _check_reduction(find_reduction(reduction_op))
        return super().reduction(reduction_op, *args, **kwargs)

    def rmatvec(self, v: Any, **kwargs: Any) -> Any:
        """Return ``sum_i conj(K_ij) v_i``, the product with the adjoint; see `matvec`."""
        return self.conj().T.matvec(v, **kwargs)

    def solve(self, *args: Any, **kwargs: Any) -> Any:
        """Raise `ArgumentTypeError`: the solver is for real tensors."""
        raise ArgumentTypeError(
            "solve is defined for real tensors. Solve with scipy.sparse.linalg and `as_matrix()`, or for the real and "
            "imaginary parts."
        )


def _kind_of(tensor: LazyTensorBase, is_complex: bool) -> Any:
    """Return the class of complex tensors, or of real ones, in the framework of `tensor`."""
    real = tensor.real_type if isinstance(tensor, ComplexLazyTensorBase) else type(tensor)
    return real.complex_type if is_complex else real


def _check_reduction(reduction: Reduction) -> None:
    if reduction.on_complex != "parts":
        raise ArgumentTypeError(
            f"The reduction {reduction.name} is not defined for complex tensors; defined are sum, mean, any and all. "
            "Reduce z.real, z.imag, abs(z) or z.angle()."
        )


def _is_symbol(x: Any, axis: int | None) -> bool:
    is_triple = isinstance(x, tuple) and len(x) == 3 and axis is None
    return is_triple and not any(isinstance(one, complex) for one in x)


def _complex_dtype(adapter: Adapter, dtype: Any) -> Any:
    """Return the type of complex numbers with parts of a real type."""
    pair = adapter.prepare(adapter.from_numbers([0.0, 0.0]), dtype, None, None)
    return adapter.from_pairs(pair).dtype


# ---------------------------------------------------------------- from real to complex


def _lifting_method(op: Op) -> Callable[[LazyTensorBase], Any]:
    def method(self: LazyTensorBase) -> Any:
        if self.is_complex:
            raise ArgumentTypeError(f"{op.method} makes a complex tensor of a real one; this one is complex already.")
        if self.complex_type is None:
            raise ArgumentTypeError(f"{type(self).__name__} has no class of complex tensors.")
        return self._like(apply(op.name, self._expr), self.complex_type)

    method.__name__ = str(op.method)
    method.__qualname__ = f"LazyTensor.{op.method}"
    method.__doc__ = f"Return the complex tensor {op.definition}."
    return method


def _attach_lifting_methods() -> None:
    for name in COMPLEX_RESULTS:
        method = _lifting_method(OPERATIONS[name])
        setattr(LazyTensorBase, method.__name__, method)


_attach_lifting_methods()
