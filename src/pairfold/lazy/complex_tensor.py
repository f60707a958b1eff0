"""LazyTensors of complex numbers: their formulas compute pairs, and they count complex components."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pairfold.api.adapter import Adapter
from pairfold.errors import ArgumentTypeError
from pairfold.ir.expr import Op
from pairfold.ir.reduction import Reduction
from pairfold.lazy.docstrings import operation_text
from pairfold.lazy.tensor import LazyTensorBase
from pairfold.lazy.value import tensor_of, value_of
from pairfold.ops import OPERATIONS
from pairfold.reductions import find_reduction

__all__ = ["ComplexLazyTensorBase"]


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
        super().__init__(x, axis, is_complex)

    # ------------------------------------------------------------ parts

    @property
    def real(self) -> Any:
        """The real parts, a real tensor."""
        return self._like(self._value.converted("ComplexReal", is_complex=False))

    @property
    def imag(self) -> Any:
        """The imaginary parts, a real tensor."""
        return self._like(self._value.converted("ComplexImag", is_complex=False))

    def angle(self) -> Any:
        """Return the arguments, in [-pi, pi], a real tensor."""
        return self._like(self._value.converted("ComplexAngle", is_complex=False))

    def conj(self) -> Any:
        """Return the complex conjugates."""
        return self._like(self._value.converted("Conj", is_complex=True))

    # ------------------------------------------------------------ facts and indexing

    @property
    def dtype(self) -> Any:
        """Complex type of the reductions to come; None when there are only numbers and symbols."""
        dtype = super().dtype
        return None if dtype is None else _complex_dtype(self.adapter, dtype)

    # ------------------------------------------------------------ reductions

    def _reduced(
        self, reduction: Reduction, axis: Any, dim: int | None, weight: Any, k: Any, kwargs: dict[str, Any]
    ) -> Any:
        if reduction.truth:
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


def _check_reduction(reduction: Reduction) -> None:
    if not reduction.on_parts:
        raise ArgumentTypeError(
            f"The reduction {reduction.name} is not defined for complex tensors; defined are sum, mean, any and all. "
            "Reduce z.real, z.imag, abs(z) or z.angle()."
        )


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
        return tensor_of(value_of(self).converted(op.name, is_complex=True))

    method.__name__ = str(op.method)
    method.__qualname__ = f"LazyTensor.{op.method}"
    method.__doc__ = operation_text(op, ())
    return method


def _attach_lifting_method(op: Op) -> None:
    if op.makes_complex and op.method is not None:
        setattr(LazyTensorBase, op.method, _lifting_method(op))


OPERATIONS.follow(_attach_lifting_method)
