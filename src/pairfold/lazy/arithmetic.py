"""The operators of LazyTensors, and the operations whose methods do not follow from their records."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.expr import make
from pairfold.lazy.core import LazyCore, lift, operate
from pairfold.lazy.logic import bar, check_numbers, choose, choose_by_method, logical
from pairfold.lazy.operations import binary, differentiated, powered
from pairfold.lazy.reading import is_written
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import constant
from pairfold.transform.calculus import CALCULUS

__all__ = ["Arithmetic", "operators"]

Tensor = TypeVar("Tensor", bound="Arithmetic")


def operators(name: str) -> tuple[Callable[[Tensor, Any], Tensor], Callable[[Tensor, Any], Tensor]]:
    """Return the operator that carries out the operation `name`, and the one with swapped operands."""
    return _operator(name, swapped=False), _operator(name, swapped=True)


def _operator(name: str, swapped: bool) -> Callable[[Tensor, Any], Tensor]:
    op = OPERATIONS[name]

    def carry_out(self: Tensor, other: Any) -> Tensor:
        value = self._value
        if type(other) is int and is_written(other) and not self.is_complex:
            number = constant(other)
            return self._like(value.with_expr(make(op, (number, value.expr) if swapped else (value.expr, number))))
        if not isinstance(other, LazyCore) or other.adapter is not self.adapter:
            other = self._lift(other)
        return self._like(binary(op, value, other._value, swapped))

    return carry_out


_divide, _divide_swapped = operators("Divide")
_power, _power_swapped = operators("Powf")
_concat = _operator("Concat", swapped=False)


class Arithmetic(LazyCore):
    """The operators, and methods that need more than the record of an operation says."""

    __slots__ = ()
    __hash__ = LazyCore.__hash__

    __add__, __radd__ = operators("Add")
    __sub__, __rsub__ = operators("Subtract")
    __mul__, __rmul__ = operators("Mult")
    __truediv__, __rtruediv__ = _divide, _divide_swapped
    __lt__, __gt__ = operators("LessThan")
    __le__, __ge__ = operators("LessOrEqual")
    __eq__ = _operator("Equal", swapped=False)  # type: ignore[assignment]
    __ne__ = _operator("NotEqual", swapped=False)  # type: ignore[assignment]
    __rpow__ = _power_swapped

    def __floordiv__(self: Tensor, other: Any) -> Tensor:
        return _divide(self, other)._unary("Floor")

    def __rfloordiv__(self: Tensor, other: Any) -> Tensor:
        return _divide_swapped(self, other)._unary("Floor")

    def __mod__(self: Tensor, other: Any) -> Tensor:
        return operate(self, OPERATIONS["Mod"], (self, other, 0))

    def __rmod__(self: Tensor, other: Any) -> Tensor:
        return operate(self, OPERATIONS["Mod"], (other, self, 0))

    def __neg__(self: Tensor) -> Tensor:
        return self._unary("Minus")

    def __pos__(self: Tensor) -> Tensor:
        return self

    def __abs__(self: Tensor) -> Tensor:
        return self._unary("Abs")

    def __pow__(self: Tensor, exponent: Any) -> Tensor:
        number = exponent if isinstance(exponent, (int, float)) else self.adapter.as_number(exponent)
        if isinstance(number, (int, float)):
            simple = powered(self._value, number)
            if simple is not None:
                return self._like(simple)
        return _power(self, exponent)

    def __or__(self: Tensor, other: Any) -> Tensor:
        return self._like(bar(self, other, swapped=False))

    def __ror__(self: Tensor, other: Any) -> Tensor:
        return self._like(bar(self, other, swapped=True))

    def __and__(self: Tensor, other: Any) -> Tensor:
        return self._like(logical(self, "&", other))

    def __xor__(self: Tensor, other: Any) -> Tensor:
        return self._like(logical(self, "^", other))

    __rand__, __rxor__ = __and__, __xor__

    def __invert__(self: Tensor) -> Tensor:
        return self._like(logical(self, "~"))

    def __bool__(self) -> bool:
        raise ArgumentTypeError(
            "A LazyTensor has no single truth value. Comparisons of LazyTensors are LazyTensors of zeros and ones: "
            "reduce them, or use `is` to compare objects."
        )

    def power(self: Tensor, exponent: Any) -> Tensor:
        """Return ``self ** exponent``.

        Parameters
        ----------
        exponent : LazyTensor, array or number
            An integer or half-integer number is faster than any other.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
            nan where the tensor is negative and the exponent is no integer.
        """
        result: Tensor = self**exponent
        return result

    def norm(self: Tensor, dim: int = -1) -> Tensor:
        """Return the Euclidean norm over the last axis.

        Parameters
        ----------
        dim : int, default -1
            The last axis, which is the only value that it may have. (It is no order of a norm.)

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
            With derivative 0 at the origin.
        """
        if operator.index(dim) not in (-1, self.dim() - 1):
            raise ArgumentValueError(
                f"dim is {dim}; the norm is taken over the last axis only: -1 or {self.dim() - 1}. "
                "(It is an axis, not the order of the norm, which is 2.)"
            )
        return self._unary("Norm2")

    def mod(self: Tensor, modulus: Any, offset: Any = 0) -> Tensor:
        """Return the tensor minus multiples of `modulus` that bring it between `offset` and ``offset + modulus``.

        Parameters
        ----------
        modulus : LazyTensor, array or number
            Not 0.
        offset : LazyTensor, array or number, default 0

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """
        return operate(self, OPERATIONS["Mod"], (self, modulus, offset))

    def clamp(self: Tensor, lowest: Any, highest: Any) -> Tensor:
        """Return `lowest` where the tensor is less than it, `highest` where it is greater, else the tensor.

        Parameters
        ----------
        lowest, highest : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """
        return operate(self, OPERATIONS["Clamp"], (self, lowest, highest))

    def ifelse(self: Tensor, chosen: Any, other: Any) -> Tensor:
        """Return `chosen` where the tensor is at least 0, else `other`; for conditions there is `where`.

        Parameters
        ----------
        chosen, other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """
        if self.is_strict:
            check_numbers(self)
        return operate(self, OPERATIONS["IfElse"], (self, chosen, other))

    def where(self: Tensor, first: Any, second: Any) -> Tensor:
        """Return ``condition.where(a, b)`` of a condition, or ``a.where(condition, b)`` as PyTorch has it.

        What is the condition is seen from the tensors; the function ``where(condition, a, b)`` is clearer.

        Parameters
        ----------
        first, second : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)

        Raises
        ------
        ArgumentTypeError
            If it cannot be told which is the condition.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = Vi(np.asarray([[0.0], [2.0]])), Vj(np.asarray([[1.0], [3.0]]))
        >>> (x < y).where(x + y, 0).dense()[..., 0]
        array([[1., 3.],
               [0., 5.]])
        """
        return self._like(choose_by_method(self, first, second))

    def _choose(self: Tensor, condition: Any, a: Any, b: Any) -> Tensor:
        return self._like(choose(self, condition, a, b))

    def concat(self: Tensor, other: Any) -> Tensor:
        """Return the components of this tensor, then those of `other`.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, sum of both dimensions)
        """
        return _concat(self, other)

    @staticmethod
    def concatenate(tensors: Iterable[Any], axis: int = -1) -> Any:
        """Join tensors along their last axis, the only one that can be joined.

        Parameters
        ----------
        tensors : iterable of LazyTensor, array or number
            One LazyTensor at least.
        axis : int, default -1
            The last axis.

        Returns
        -------
        LazyTensor, shape (..., N, M, sum of all dimensions)

        Raises
        ------
        ArgumentValueError
            If there is no tensor, or `axis` is another axis.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import LazyTensor, Vi, Vj
        >>> x, y = Vi(np.zeros((3, 2))), Vj(np.ones((4, 1)))
        >>> tuple(LazyTensor.concatenate([x, y, x - y]).shape)
        (3, 4, 5)
        """
        tensors = list(tensors)
        found = [tensor for tensor in tensors if isinstance(tensor, Arithmetic)]
        if not found:
            raise ArgumentValueError("concatenate needs at least one LazyTensor.")
        if axis not in (-1, found[0].dim() - 1):
            raise ArgumentValueError(f"axis is {axis}; LazyTensors are joined along their last axis: -1.")
        result = found[0]._lift(tensors[0])
        for tensor in tensors[1:]:
            result = result.concat(tensor)
        return result

    @staticmethod
    def cat(tensors: Iterable[Any], dim: int = -1) -> Any:
        """Return `concatenate` of `tensors`, by the name that PyTorch gives it."""
        return Arithmetic.concatenate(tensors, dim)

    def _differentiate(self: Tensor, name: str, others: Sequence[Any]) -> Tensor:
        """Apply an operator on formulas; the first of `others` is the variable."""
        variable = others[0] if others else None
        if not isinstance(variable, LazyCore) or variable._value.expr.op.name != "Var":
            raise ArgumentTypeError(
                f"{CALCULUS[name].method} differentiates with respect to a variable: the LazyTensor that was "
                "made from an array, or a symbolic one such as Vi(0, 3)."
            )
        return self._like(differentiated(name, [self._value, *(lift(self, other) for other in others)]))


for _name, _method in vars(Arithmetic).items():
    if getattr(_method, "__name__", "") == "carry_out":
        _method.__name__, _method.__qualname__ = _name, f"{Arithmetic.__name__}.{_name}"
