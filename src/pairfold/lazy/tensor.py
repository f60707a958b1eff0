"""Symbolic tensors: arrays of shape (..., N, M, D) that are never stored.

A LazyTensor is an expression in variables numbered 0, 1, ... together with the
leaves that stand behind these numbers. Operations join the leaves of their
operands and build interned nodes, so a program that builds the same formula
again gets the same node, and everything that depends on the formula only (the
routine, its code) is found by one lookup.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, ClassVar, NoReturn, TypeVar

from pairfold.api.adapter import Adapter
from pairfold.api.genred import choose_reduction
from pairfold.api.kernel_solve import solve_routine
from pairfold.api.leaf import (
    Leaf,
    Leaves,
    Symbol,
    holds_complex,
    is_nested,
    leaf_of_array,
    leaf_of_numbers,
    merge,
    renumber,
    symbol_of,
    transposed,
    with_category,
)
from pairfold.api.protocols import ArrayProtocols
from pairfold.api.routine import Numbers, broadcast_batches
from pairfold.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    DimensionError,
)
from pairfold.ir.expr import Category, Expr, make
from pairfold.ir.op import Op
from pairfold.ir.reduction import Reduction
from pairfold.ir.show import outline, show
from pairfold.language.formula import power
from pairfold.lazy.axes import is_single_axis, reduce_axes
from pairfold.lazy.binding import bound, framework_of, partner
from pairfold.lazy.index import components, expand_key, sizes_after, slice_of, taken
from pairfold.lazy.logic import bar, check_numbers, choose, choose_by_method, logical
from pairfold.lazy.matrix import LazyMatrix
from pairfold.lazy.reduction import (
    LazyReduction,
    check_lazy_keywords,
    reduce_tensor,
    reduction_axis,
)
from pairfold.lazy.system import solve_lazy
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import constant
from pairfold.reductions import REDUCTIONS
from pairfold.sparsity.ranges import swap_axes
from pairfold.transform.calculus import CALCULUS

__all__ = ["LARGEST_IMPLICIT_ARRAY", "LazyTensorBase"]

Tensor = TypeVar("Tensor", bound="LazyTensorBase")
Shape = tuple[int, ...]

LARGEST_IMPLICIT_ARRAY = 2**30
"""Bytes that `numpy.asarray(lazy)` may fill; `dense` has no such limit."""

_ADD, _SUBTRACT, _MULT, _DIVIDE = (OPERATIONS[name] for name in ("Add", "Subtract", "Mult", "Divide"))
_WRITTEN_INTEGERS = range(-10, 11)
_WRITTEN_FLOATS = frozenset((-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0))
"""Numbers that are written into the formula; any other is a parameter, so that a new value needs no new code."""


def _broadcast_size(first: int | None, second: int | None) -> int | None:
    """Return the common number of rows; None is not known yet. Raises ValueError."""
    if first == second or second == 1 or (second is None and first != 1):
        return first
    if first == 1 or first is None:
        return second
    raise ValueError


@lru_cache(maxsize=64)
def _is_complex(adapter: Adapter, dtype: Any) -> bool:
    """Whether a type is one of complex numbers; raises `ArgumentValueError` if it is none of numbers."""
    try:
        adapter.working_dtype([dtype])
    except ArgumentValueError as reason:
        raise ArgumentValueError(f"A LazyTensor holds numbers; {reason}") from None
    return adapter.is_complex(dtype)


@lru_cache(maxsize=1024)
def _derivative(name: str, args: tuple[Expr, ...]) -> Expr:
    return CALCULUS[name].build(*args)


class LazyTensorBase(ArrayProtocols):
    """A tensor of shape (..., N, M, D) given by a formula of NumPy arrays, never stored.

    Parameters
    ----------
    x : array, number, list of numbers, or tuple of three integers
        Array ``(..., N, 1, D)``: indexed by i. ``(..., 1, M, D)``: indexed by j. ``(D,)``, ``()``: a parameter.
        With `axis` 0 or 1, an array ``(..., N, D)``. An integer is part of the formula; any other number is a parameter
        that follows the dtype of the rest. ``(index, dimension, category)``: a symbolic variable, an argument of the
        reduction to come.
    axis : int, optional
        0 = indexed by i, 1 = by j, 2 = a parameter.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If `x` is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import LazyTensor
    >>> x, y = np.zeros((3, 1, 2)), np.ones((1, 4, 2))
    >>> squared = ((LazyTensor(x) - LazyTensor(y)) ** 2).sum(-1)
    >>> squared.shape
    (3, 4, 1)
    >>> squared.sum(axis=1).tolist()
    [[8.0], [8.0], [8.0]]
    """

    __slots__ = ("__weakref__", "_batch", "_columns", "_expr", "_leaves", "_rows", "backend", "ranges")

    adapter: ClassVar[Adapter]
    is_complex: ClassVar[bool] = False
    complex_type: ClassVar[Any] = None
    ignored_keywords: ClassVar[tuple[str, ...]] = ()
    """Keywords of reductions that have no effect; none but in the alias of pykeops."""
    finish: ClassVar[Any] = None
    """See `Routine`."""
    solver: ClassVar[Any] = staticmethod(solve_routine)
    __hash__ = object.__hash__

    _expr: Expr
    _leaves: Leaves
    _rows: int | None
    _columns: int | None
    _batch: Shape
    ranges: Any
    backend: str | None

    def __new__(cls, x: Any = None, axis: int | None = None, is_complex: bool = False) -> Any:
        """Return a tensor of complex numbers where `x` holds some."""
        partner = cls.complex_type
        if partner is None or cls.is_complex or not (is_complex or holds_complex(x, cls.adapter)):
            return object.__new__(cls)
        return object.__new__(partner) if issubclass(partner, cls) else partner(x, axis)

    def __init__(self, x: Any, axis: int | None = None, is_complex: bool = False) -> None:
        self.ranges = None
        self.backend = None
        self._batch = ()
        self._rows = self._columns = 1
        leaf = self._read(x, axis)
        if isinstance(leaf, Expr):
            self._expr, self._leaves = leaf, ()
            return
        self._leaves = (leaf,)
        dim, category = leaf.tag[:2]
        self._expr = make(_VARIABLE, (), (0, dim, Category(category), "real"))
        if isinstance(leaf, Symbol):
            self._rows = None if category == Category.ROW else 1
            self._columns = None if category == Category.COLUMN else 1
            return
        shape = tuple(leaf.array.shape)
        if category == Category.PARAMETER:
            self._batch = shape[:-1]
        else:
            self._batch = shape[:-2]
            if category == Category.ROW:
                self._rows = shape[-2]
            else:
                self._columns = shape[-2]

    # ------------------------------------------------------------ construction

    def _read(self, x: Any, axis: int | None) -> Leaf | Symbol | Expr:
        """Return what the argument `x` of the constructor stands for."""
        number = x if isinstance(x, (bool, int, float, complex)) else self.adapter.as_number(x)
        if number is not None:
            self._check_number(number, axis)
            return self._read_number(number)
        if isinstance(x, tuple) and len(x) == 3 and axis is None:
            return symbol_of(*x)
        if isinstance(x, (list, tuple)) and not is_nested(x):
            if axis not in (None, 2):
                raise ArgumentValueError(f"A list of numbers is a parameter; axis={axis!r} does not apply.")
            leaf = leaf_of_numbers(list(x), self.adapter)
            if _is_complex(self.adapter, leaf.array.dtype):
                self._refuse_complex()
            return leaf
        array = self._checked_array(x)
        if _is_complex(self.adapter, array.dtype):
            self._refuse_complex()
        return leaf_of_array(array, axis)

    def _check_number(self, number: Any, axis: int | None) -> None:
        if axis in (0, 1):
            letter = "ij"[axis]
            raise ArgumentTypeError(
                f"{number} is a number, which nothing indexes by {letter}: as a constant or a parameter it is "
                f"Pm({number}). V{letter}(x) takes an array of points, V{letter}(index, dimension) is a symbolic "
                f"variable, and 'x = V{letter}(dimension)' declares an argument of a formula string."
            )

    def _read_number(self, number: Any) -> Leaf | Expr:
        if isinstance(number, complex):
            self._refuse_complex()
        if number in (_WRITTEN_INTEGERS if isinstance(number, int) else _WRITTEN_FLOATS):
            return constant(number)
        try:
            return leaf_of_numbers(float(number), self.adapter)
        except OverflowError:
            raise ArgumentValueError("This integer is beyond the range of float64.") from None

    def _checked_array(self, x: Any) -> Any:
        if isinstance(x, LazyTensorBase):
            raise ArgumentTypeError(
                "This is a LazyTensor already: use it as it is"
                + ("." if x.adapter is self.adapter else f"; but it holds {x.adapter.name} arrays, which do not mix.")
            )
        try:
            return self.adapter.as_array(x)
        except ArgumentTypeError as reason:
            raise ArgumentTypeError(
                f"A {type(self).__name__} takes an array, a number, a list of numbers, or a tuple (index, dimension, "
                f"category); {reason}"
            ) from None

    def _refuse_complex(self) -> NoReturn:
        raise ArgumentTypeError(
            f"{type(self).__name__} holds real numbers, and this is complex: use ComplexLazyTensor, or real "
            "and imaginary parts."
        )

    def _lift(self: Tensor, other: Any) -> Tensor:
        """Return the other operand of an operation as a tensor."""
        if isinstance(other, LazyTensorBase):
            return other if other.adapter is self.adapter else partner(self, other)  # type: ignore[return-value]
        if isinstance(other, LazyReduction):
            raise ArgumentTypeError(
                "This is a reduction that waits for its call; call it first, and go on with the array that it returns."
            )
        try:
            return self._new(other)
        except ArgumentTypeError:
            kind = framework_of(self, [other])
            if kind is None:
                raise
            return kind(other)  # type: ignore[no-any-return]

    def _new(self: Tensor, x: Any, axis: int | None = None) -> Tensor:
        """Return the tensor of an array or number that meets this one."""
        return type(self)(x, axis)

    def _like(self: Tensor, expr: Expr, kind: type[Tensor] | None = None) -> Tensor:
        """Return a tensor of the same leaves and sizes with another expression, of class `kind` if given."""
        new = object.__new__(kind or type(self))
        new._expr = expr
        new._leaves = self._leaves
        new._rows = self._rows
        new._columns = self._columns
        new._batch = self._batch
        new.ranges = self.ranges
        new.backend = self.backend
        return new

    def _join(self: Tensor, other: Tensor) -> tuple[Tensor, Expr]:
        """Return a tensor with the leaves of both, broadcast, that still has the expression of `self`.

        The second value is the expression of `other` in the numbering of these leaves.
        """
        if other.adapter is not self.adapter:
            return bound(self, type(other))._join(other)  # type: ignore[no-any-return]
        leaves, positions = merge(self._leaves, other._leaves)
        expr = other._expr if positions is None else renumber(other._expr, positions)
        joined = self._like(self._expr)
        joined._leaves = leaves
        try:
            joined._rows = _broadcast_size(self._rows, other._rows)
            joined._columns = _broadcast_size(self._columns, other._columns)
        except ValueError:
            raise self._misfit(other, "numbers of rows or columns") from None
        if self._batch != other._batch:
            batch = broadcast_batches(self._batch, other._batch)
            if batch is None:
                raise self._misfit(other, "batch axes")
            joined._batch = batch
        if other.ranges is not self.ranges or other.backend != self.backend:
            self._join_settings(other, joined)
        return joined, expr

    def _misfit(self, other: LazyTensorBase, what: str) -> ArgumentValueError:
        return ArgumentValueError(
            f"The shapes {self.shape} and {other.shape} do not broadcast: their {what} differ, and neither is 1."
        )

    def _join_settings(self, other: LazyTensorBase, joined: LazyTensorBase) -> None:
        for name in ("ranges", "backend"):
            first, second = getattr(self, name), getattr(other, name)
            if (
                first is not None
                and second is not None
                and first is not second
                and (name == "ranges" or first != second)
            ):
                raise ArgumentValueError(
                    f"Two tensors with different {name} meet; give both the same object, or set {name} on the result."
                )
            setattr(joined, name, second if first is None else first)

    # ------------------------------------------------------------ operations

    def _unary(self: Tensor, op: Op, *params: Any) -> Tensor:
        try:
            return self._like(make(op, (self._expr,), params))
        except (DimensionError, TypeError, IndexError) as reason:
            raise _restated(op, [self], params, reason) from None

    def _binary(self: Tensor, other: Any, op: Op, swapped: bool = False) -> Tensor:
        if type(other) is int and other in _WRITTEN_INTEGERS:
            number = constant(other)
            return self._like(make(op, (number, self._expr) if swapped else (self._expr, number)))
        if not isinstance(other, LazyTensorBase) or other.adapter is not self.adapter:
            other = self._lift(other)
        if other.is_complex and not self.is_complex:
            promoted: Tensor = other._binary(self, op, not swapped)
            return promoted
        joined, expr = self._join(other)
        try:
            joined._expr = make(op, (expr, self._expr) if swapped else (self._expr, expr))
        except DimensionError as reason:
            raise _restated(op, [other, self] if swapped else [self, other], (), reason) from None
        return joined

    def _operation(self: Tensor, op: Op, others: Sequence[Any], params: Sequence[Any] = ()) -> Tensor:
        """Return `op` of this tensor and of `others`, in this order, with static parameters."""
        tensors = [self, *(self._lift(other) for other in others)]
        for tensor in tensors:
            if tensor.is_complex:
                combined: Tensor = tensor._combined(op, tensors, params)
                return combined
        joined, exprs = self, [self._expr]
        for tensor in tensors[1:]:
            joined, expr = joined._join(tensor)
            exprs.append(expr)
        try:
            return joined._like(make(op, exprs, params))
        except (DimensionError, TypeError, IndexError) as reason:
            raise _restated(op, tensors, params, reason) from None

    def __add__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, _ADD)

    def __radd__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, _ADD, swapped=True)

    def __sub__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, _SUBTRACT)

    def __rsub__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, _SUBTRACT, swapped=True)

    def __mul__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, _MULT)

    def __rmul__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, _MULT, swapped=True)

    def __truediv__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, _DIVIDE)

    def __rtruediv__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, _DIVIDE, swapped=True)

    def __floordiv__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, _DIVIDE)._unary(OPERATIONS["Floor"])

    def __rfloordiv__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, _DIVIDE, swapped=True)._unary(OPERATIONS["Floor"])

    def __mod__(self: Tensor, other: Any) -> Tensor:
        return self._operation(OPERATIONS["Mod"], (other, 0))

    def __rmod__(self: Tensor, other: Any) -> Tensor:
        return self._lift(other)._operation(OPERATIONS["Mod"], (self, 0))

    def __neg__(self: Tensor) -> Tensor:
        return self._unary(OPERATIONS["Minus"])

    def __pos__(self: Tensor) -> Tensor:
        return self

    def __abs__(self: Tensor) -> Tensor:
        return self._unary(OPERATIONS["Abs"])

    def __pow__(self: Tensor, exponent: Any) -> Tensor:
        number = exponent if isinstance(exponent, (int, float)) else self.adapter.as_number(exponent)
        if isinstance(number, (int, float)):
            simple = power(self._expr, number)
            if simple is not None:
                return self._like(simple)
        return self._binary(exponent, OPERATIONS["Powf"])

    def __rpow__(self: Tensor, base: Any) -> Tensor:
        return self._binary(base, OPERATIONS["Powf"], swapped=True)

    def __or__(self: Tensor, other: Any) -> Tensor:
        return bar(self, other, swapped=False)

    def __ror__(self: Tensor, other: Any) -> Tensor:
        return bar(self, other, swapped=True)

    def __and__(self: Tensor, other: Any) -> Tensor:
        return logical(self, "&", other)

    def __xor__(self: Tensor, other: Any) -> Tensor:
        return logical(self, "^", other)

    __rand__, __rxor__ = __and__, __xor__

    def __invert__(self: Tensor) -> Tensor:
        return logical(self, "~")

    def __lt__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, OPERATIONS["LessThan"])

    def __le__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, OPERATIONS["LessOrEqual"])

    def __gt__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, OPERATIONS["LessThan"], swapped=True)

    def __ge__(self: Tensor, other: Any) -> Tensor:
        return self._binary(other, OPERATIONS["LessOrEqual"], swapped=True)

    def __eq__(self: Tensor, other: Any) -> Tensor:  # type: ignore[override]
        return self._binary(other, OPERATIONS["Equal"])

    def __ne__(self: Tensor, other: Any) -> Tensor:  # type: ignore[override]
        return self._binary(other, OPERATIONS["NotEqual"])

    def __bool__(self) -> bool:
        raise ArgumentTypeError(
            "A LazyTensor has no single truth value. Comparisons of LazyTensors are LazyTensors of zeros and ones: "
            "reduce them, or use `is` to compare objects."
        )

    def power(self: Tensor, exponent: Any) -> Tensor:
        """Return ``self ** exponent``; see the operator."""
        result: Tensor = self**exponent
        return result

    def norm(self: Tensor, dim: int = -1) -> Tensor:
        """Return the Euclidean norm over the last axis, the only value that `dim` may have."""
        if operator.index(dim) not in (-1, self.dim() - 1):
            raise ArgumentValueError(
                f"dim is {dim}; the norm is taken over the last axis only: -1 or {self.dim() - 1}. "
                "(It is an axis, not the order of the norm, which is 2.)"
            )
        return self._unary(OPERATIONS["Norm2"])

    def mod(self: Tensor, modulus: Any, offset: Any = 0) -> Tensor:
        """Return the tensor minus multiples of `modulus` that bring it between `offset` and ``offset + modulus``."""
        return self._operation(OPERATIONS["Mod"], (modulus, offset))

    def clamp(self: Tensor, lowest: Any, highest: Any) -> Tensor:
        """Return `lowest` where the tensor is less than it, `highest` where it is greater, else the tensor."""
        return self._operation(OPERATIONS["Clamp"], (lowest, highest))

    def ifelse(self: Tensor, chosen: Any, other: Any) -> Tensor:
        """Return `chosen` where the tensor is at least 0, else `other`; for conditions there is `where`."""
        self._check_threshold()
        return self._operation(OPERATIONS["IfElse"], (chosen, other))

    def _check_threshold(self) -> None:
        check_numbers(self)

    def where(self: Tensor, first: Any, second: Any) -> Tensor:
        """Return ``condition.where(a, b)`` of a condition, or ``a.where(condition, b)`` as PyTorch has it.

        What is the condition is seen from the tensors; the function ``where(condition, a, b)`` is clearer.
        """
        return choose_by_method(self, first, second)

    def _choose(self: Tensor, condition: Any, a: Any, b: Any) -> Tensor:
        return choose(self, condition, a, b)

    def elem(self: Tensor, index: int) -> Tensor:
        """Return component `index` of the last axis, with dimension 1; negative ones count from the end."""
        return self._like(self._components(operator.index(index)))

    def _components(self, index: Any) -> Expr:
        """Return the components that an integer, a slice or an array of integers selects."""
        return components(self._expr, index)

    def concat(self: Tensor, other: Any) -> Tensor:
        """Return the components of this tensor, then those of `other`."""
        return self._binary(other, OPERATIONS["Concat"])

    @staticmethod
    def concatenate(tensors: Iterable[Any], axis: int = -1) -> Any:
        """Join tensors along their last axis, the only one that can be joined.

        Raises
        ------
        ArgumentValueError
            If there is no tensor, or `axis` is another axis.
        """
        tensors = list(tensors)
        found = [tensor for tensor in tensors if isinstance(tensor, LazyTensorBase)]
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
        return LazyTensorBase.concatenate(tensors, dim)

    def _differentiate(self, name: str, others: Sequence[Any]) -> Any:
        """Apply an operator on formulas; the first of `others` is the variable."""
        first = others[0] if others else None
        if not isinstance(first, LazyTensorBase) or first._expr.op is not _VARIABLE:
            raise ArgumentTypeError(
                f"{CALCULUS[name].method} differentiates with respect to a variable: the LazyTensor that was "
                "made from an array, or a symbolic one such as Vi(0, 3)."
            )
        tensors = [self._lift(other) for other in others]
        for tensor in tensors:
            if tensor.is_complex:
                return tensor._differentiated(name, [self, *tensors])
        joined, exprs = self, [self._expr]
        for tensor in tensors:
            joined, expr = joined._join(tensor)
            exprs.append(expr)
        return joined._like(_derivative(name, tuple(exprs)))

    # ------------------------------------------------------------ facts

    @property
    def shape(self) -> Any:
        """Batch axes, number of i, number of j, dimension; None for a number that is not known yet."""
        return self._shape

    @property
    def _shape(self) -> Any:
        """What the code here reads: the alias of pykeops has other ideas of `shape`, `ndim` and `dtype`."""
        return (*self._batch, self._rows, self._columns, self._expr.dim)

    @property
    def ndim(self) -> int:
        """Number of axes: ``len(shape)``."""
        return len(self._batch) + 3

    def dim(self) -> int:
        """Return the number of axes, by the name that PyTorch gives it."""
        return len(self._batch) + 3

    @property
    def dtype(self) -> Any:
        """Precision of the reductions to come; None when there are only numbers and symbols."""
        found = [leaf.key[2] for leaf in self._leaves if isinstance(leaf, Leaf) and len(leaf.key[1]) and leaf.is_strong]
        return self.adapter.working_dtype(found) if found else None

    @property
    def formula(self) -> str:
        """The formula; symbolic variables keep their numbers, arrays are numbered after them.

        A formula that would be longer than 2000 characters names the parts that occur in it several times.
        """
        return show(self._expr, self._names())

    def _outline(self) -> str:
        """Return the formula as messages show it."""
        return outline(self._expr, self._names())

    def _names(self) -> dict[Expr, str]:
        after = 1 + max((leaf.number for leaf in self._leaves if isinstance(leaf, Symbol)), default=-1)
        names = {}
        for position, leaf in enumerate(self._leaves):
            dim, category = leaf.tag[:2]
            number = leaf.number if isinstance(leaf, Symbol) else after
            after += isinstance(leaf, Leaf)
            node = make(_VARIABLE, (), (position, dim, Category(category), "real"))
            names[node] = f"{('Vi', 'Vj', 'Pm')[category]}({number},{dim})"
        return names

    @property
    def is_symbolic(self) -> bool:
        """Whether reductions wait for arguments."""
        return any(isinstance(leaf, Symbol) for leaf in self._leaves)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of shape {self.shape}: {self._outline()}>"

    def __str__(self) -> str:
        formula = self._outline()
        return f"{type(self).__name__}\n    formula: {formula}\n    shape: {self.shape}\n    dtype: {self.dtype}"

    # ------------------------------------------------------------ transposition and indexing

    @property
    def T(self: Tensor) -> Tensor:  # noqa: N802 - the name of the transpose everywhere
        """The same tensor with i and j exchanged."""
        new = self._like(transposed(self._expr))
        new._leaves = tuple(_other_side(leaf) for leaf in self._leaves)
        new._rows, new._columns = self._columns, self._rows
        new.ranges = swap_axes(self.ranges)
        return new

    def t(self: Tensor) -> Tensor:
        """Return the transpose, by the name that PyTorch gives it."""
        return self.T

    def __getitem__(self: Tensor, key: Any) -> Tensor:
        """Select as NumPy does: slices and arrays of numbers for i and j, slices and integers for the rest.

        An integer on the last axis gives one component and keeps the axis, with length 1; on the axes of i and j use
        a slice instead of an integer.
        """
        *batch, rows, columns, last = expand_key(key, self._shape)
        new = self._taken(batch, rows, columns)
        return new._like(new._components(last))

    def _taken(self: Tensor, batch: Sequence[Any], rows: Any, columns: Any) -> Tensor:
        everything = slice(None)
        if all(isinstance(part, slice) and part == everything for part in (*batch, rows, columns)):
            return self
        if self.is_symbolic:
            raise ArgumentValueError("A tensor with symbolic variables cannot be indexed along i, j or batch axes.")
        if self.ranges is not None:
            raise ArgumentValueError("A tensor with ranges cannot be indexed; index first, then set ranges.")
        new = self._like(self._expr)
        new._leaves = tuple(
            taken(leaf, batch, rows, columns, self._shape) for leaf in self._leaves if isinstance(leaf, Leaf)
        )
        *new_batch, new._rows, new._columns = sizes_after(batch, rows, columns, self._shape)
        new._batch = tuple(new_batch)
        # An axis of length 1 that no leaf has may have been repeated or emptied: a leaf must say how often it counts.
        for category, size in ((Category.ROW, new._rows), (Category.COLUMN, new._columns)):
            if size != 1 and all(leaf.category != category for leaf in new._leaves):
                counter = self.adapter.from_numbers([0.0] * size).reshape((size, 1))
                new._leaves = (*new._leaves, Leaf(counter, category, Numbers))
        return new

    # ------------------------------------------------------------ entries

    def dense(self) -> Any:
        """Return all entries.

        Returns
        -------
        array, shape (..., N, M, D)
            Takes N M D numbers of memory. `ranges` does not apply.

        Raises
        ------
        ArgumentValueError
            If the tensor has symbolic variables.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> (Vi(np.arange(2.0)[:, None]) - Vj(np.arange(3.0)[:, None])).dense()[..., 0]
        array([[ 0., -1., -2.],
               [ 1.,  0., -1.]])
        """
        self._require_data("dense")
        if (self._rows or 0) <= (self._columns or 0):
            return self.T._by_columns()
        return self.adapter.contiguous(self._by_columns().swapaxes(-3, -2))

    def _by_columns(self) -> Any:
        """Return all entries, column after column: (..., M, N, D)."""
        # Each column becomes a batch entry without columns: rows stay what the engine is fast at.
        new = self._like(with_category(self._expr, Category.COLUMN, Category.PARAMETER))
        new._leaves = tuple(_with_column_batch(leaf) for leaf in self._leaves if isinstance(leaf, Leaf))
        new._batch, new._columns, new.ranges = (*self._batch, self._columns or 0), 1, None
        table = reduce_tensor(new, REDUCTIONS["Sum"], 1)
        return table.reshape((*self._batch, self._columns, self._rows, self._shape[-1]))

    def diag(self) -> Any:
        """Return the entries with i = j.

        Returns
        -------
        array, shape (..., N, D)

        Raises
        ------
        ArgumentValueError
            If N and M differ, or the tensor has symbolic variables.
        """
        self._require_data("diag")
        if self._rows != self._columns:
            raise ArgumentValueError(f"Only a square tensor has a diagonal; the shape is {self.shape}.")
        new = self._like(with_category(self._expr, Category.COLUMN, Category.ROW))
        new._leaves = tuple(_for_diagonal(leaf) for leaf in self._leaves if isinstance(leaf, Leaf))
        new._columns, new.ranges = 1, None
        return reduce_tensor(new, REDUCTIONS["Sum"], 1)

    def rows(self, index: Any) -> Any:
        """Return the entries of some rows.

        Parameters
        ----------
        index : int, slice or 1-D array of integers
            Which i.

        Returns
        -------
        array, shape (..., number of rows, M, D), or (..., M, D) for an integer
        """
        return self.block(index, slice(None))

    def block(self, i: Any, j: Any) -> Any:
        """Return the entries of some rows and columns.

        Parameters
        ----------
        i, j : int, slice or 1-D array of integers
            Which rows and which columns; all pairs of both.

        Returns
        -------
        array, shape (..., number of rows, number of columns, D)
            An integer removes its axis.
        """
        self._require_data("block")
        everything = (slice(None),) * len(self._batch)
        plain = self._like(self._expr)
        plain.ranges = None
        part = plain[(*everything, slice_of(i), slice(None), slice(None))][
            (*everything, slice(None), slice_of(j), slice(None))
        ].dense()
        # What became a slice was an integer.
        drop_i, drop_j = (0 if slice_of(index) is not index else slice(None) for index in (i, j))
        return part[(..., drop_i, drop_j, slice(None))]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if copy is False:
            raise ArgumentValueError(
                "A LazyTensor has no memory that an array could share: its entries are computed now. Leave copy=False "
                "out, or call .dense()."
            )
        size = 8
        for length in self._shape:
            size *= length or 0
        if size > LARGEST_IMPLICIT_ARRAY:
            raise ArgumentValueError(
                f"This LazyTensor of shape {self.shape} would become an array of {size / 2**30:.1f} GiB. Reduce it, or "
                "call .dense() if you mean it."
            )
        array = self.adapter.to_numpy(self.dense())
        return array if dtype is None else array.astype(dtype, copy=False)

    def _require_data(self, method: str) -> None:
        if self.is_symbolic:
            raise ArgumentValueError(f"{method} needs numbers, but {self._outline()} has symbolic variables.")

    # ------------------------------------------------------------ reductions

    def reduction(
        self,
        reduction_op: str,
        other: Any = None,
        opt_arg: int | None = None,
        axis: int | None = None,
        dim: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Reduce over i or over j by the reduction of that name.

        Parameters
        ----------
        reduction_op : str
            As for `Genred`.
        other : LazyTensor, optional
            The weight of LogSumExp and SumSoftMaxWeight.
        opt_arg : int, optional
            K for the KMin family.
        axis, dim : int or tuple of int
            The axis of i or of j; `dim` wins. Batch axes and several axes are possible for sums, means, products and
            their like.
        **kwargs
            ``call=False`` returns a `LazyReduction`. ``dtype_acc``, ``use_double_acc``, ``sum_scheme``, ``ranges``,
            ``out``, ``threads``, ``progress``, ``backend`` are those of `Genred`. ``keepdims=True`` (or ``keepdim``)
            keeps the reduced axis with length 1, so that the result meets the tensor in operations. ``dtype`` is that
            of the result; the arithmetic has its precision at least.

        Returns
        -------
        array, tuple of arrays, or LazyReduction
        """
        if not is_single_axis(self, axis if dim is None else dim, reduction_op):
            chosen = choose_reduction(reduction_op, other is not None)
            return self._reduced(chosen, axis, dim, other, opt_arg, kwargs)
        side = reduction_axis(self, axis, dim, reduction_op, None)
        weight = None if other is None else self._lift(other)
        return reduce_tensor(self, reduction_op, side, weight, opt_arg, **kwargs)

    def _reduced(self, reduction: Reduction, axis: Any, dim: Any, weight: Any, k: Any, kwargs: dict[str, Any]) -> Any:
        """Reduce over i, j, batch axes or several axes, or build the operation of the same name over the last axis."""
        chosen = axis if dim is None else dim
        if not is_single_axis(self, chosen, reduction.name):
            return reduce_axes(self, reduction, chosen, weight, kwargs)
        inner = reduction.operation
        side = reduction_axis(self, axis, dim, reduction.name, inner)
        if side == 2 and inner is not None:
            check_lazy_keywords(self, kwargs, has_last=True)
            return self._unary(OPERATIONS[inner])
        return reduce_tensor(self, reduction, side, None if weight is None else self._lift(weight), k, **kwargs)

    def __matmul__(self, v: Any, **kwargs: Any) -> Any:
        """Return ``sum_j K_ij v_j``: `v` of shape (M,) gives (..., N), (..., M, E) gives (..., N, E)."""
        return self.matvec(v, **kwargs)

    def __rmatmul__(self, v: Any) -> Any:
        v = self._checked_array(v)
        if len(v.shape) < 2:
            return self.T.matvec(v)
        return self.T.matvec(v.swapaxes(-1, -2)).swapaxes(-1, -2)

    def matvec(self, v: Any, **kwargs: Any) -> Any:
        """Return ``sum_j K_ij v_j``.

        Parameters
        ----------
        v : array, shape (M,) or (..., M, E)
        **kwargs
            As for `reduction`.

        Returns
        -------
        array, shape (..., N) or (..., N, E)

        Raises
        ------
        ArgumentValueError
            If the dimension of K is not 1, or `v` does not fit.
        """
        if self._shape[-1] != 1:
            raise ArgumentValueError(
                f"K @ v needs a tensor K of dimension 1; this one has shape {self.shape}. Use (K * Vj(v)).sum(1)."
            )
        if isinstance(v, LazyTensorBase):
            raise ArgumentTypeError(
                f"K @ v takes an array v; found a LazyTensor of shape {v.shape}. The product of two of them is not "
                "lazy: write K @ (L @ b) for K @ L with an array b, and (K * v).sum(1) for v = Vj(b)."
            )
        v = self._checked_array(v)
        is_vector = len(v.shape) == 1
        column = self._new(v.reshape((*v.shape, 1)) if is_vector else v, axis=1)
        if self._columns is not None and self._columns != column._columns:
            raise ArgumentValueError(
                f"K @ v: K has shape {self.shape}, with {self._columns} columns, and v has shape {tuple(v.shape)}; "
                f"it must have shape ({self._columns},) or (..., {self._columns}, E)."
            )
        result = reduce_tensor(self * column, REDUCTIONS["Sum"], 1, **kwargs)
        return result.reshape(result.shape[:-1]) if is_vector and not self.is_symbolic else result

    def rmatvec(self, v: Any, **kwargs: Any) -> Any:
        """Return ``sum_i K_ij v_i``; see `matvec`."""
        return self.T.matvec(v, **kwargs)

    def as_matrix(self) -> LazyMatrix:
        """Return this tensor of shape (N, M, 1) as a matrix of shape (N, M) that SciPy takes as a linear operator."""
        return LazyMatrix(self)

    def solve(self, b: Any, var: Any = None, call: bool = True, **kwargs: Any) -> Any:
        """Solve ``sum_j K_ij a_j + alpha a_i = b_i`` for a, by conjugate gradients.

        Parameters
        ----------
        b : array, shape (N,) or (..., N, E), or LazyTensor
            The right-hand side; an array counts as ``Vi(b)``. ``Vj(b)`` solves the transposed system.
        var : LazyTensor, optional
            The symbolic unknown, such as ``Vj(0, E)``, in which this tensor is linear; by default this tensor is a
            matrix that multiplies the unknown.
        call : bool
            False returns a callable, as symbolic variables do.
        **kwargs
            ``alpha``, ``eps``, ``rtol``, ``maxiter``, ``preconditioner``, ``return_report``, as for `KernelSolve`;
            ``dtype_acc``, ``use_double_acc``, ``sum_scheme``, ``ranges``, ``threads``.

        Returns
        -------
        array of the shape of b

        Raises
        ------
        ArgumentValueError
            If the system is not square, or b is not an array of points.
        NotConvergedError
            If the system is not solved.
        """
        return solve_lazy(self, b, var, call, self.solver, kwargs)

    def explain(
        self, reduction_op: str = "Sum", axis: int | None = None, target: str | None = None, **kwargs: Any
    ) -> str:
        """Return what the engine does for a reduction, in words; the arguments are those of `reduction`.

        `target` is ``"cpu"`` or ``"cuda"``; a GPU need not be there.
        """
        waiting = self.reduction(reduction_op, axis=self.dim() - 2 if axis is None else axis, call=False, **kwargs)
        return str(waiting.explain(target=target))


_VARIABLE = OPERATIONS["Var"]


# ---------------------------------------------------------------- helpers


def _restated(op: Op, tensors: Sequence[LazyTensorBase], params: Sequence[Any], reason: Exception) -> Exception:
    """Return the error of an operation in terms of shapes."""
    shapes = " and ".join(str(tensor.shape) for tensor in tensors)
    if not isinstance(reason, DimensionError):
        return ArgumentTypeError(f"{op.name} does not accept the parameters {tuple(params)!r}.")
    try:
        op.dimension(tuple(tensor._expr.dim for tensor in tensors), tuple(params))
    except DimensionError as rule:
        return DimensionError(f"{op.name} of tensors of shape {shapes}: on the last axis, {rule}")
    return DimensionError(f"{op.name} of tensors of shape {shapes}: {reason}")


def _other_side(leaf: Leaf | Symbol) -> Leaf | Symbol:
    category = leaf.category.other
    if isinstance(leaf, Symbol):
        return Symbol(leaf.number, leaf.dim, category)
    return leaf if category == leaf.category else Leaf(leaf.array, category)


def _with_column_batch(leaf: Leaf) -> Leaf:
    """Return the leaf for a tensor whose last batch axis is j."""
    if leaf.category == Category.COLUMN:
        return leaf.with_array(leaf.array, Category.PARAMETER)
    if leaf.category == Category.ROW:
        return leaf.with_array(leaf.array[..., None, :, :])
    return leaf.with_array(leaf.array[..., None, :]) if len(leaf.array.shape) > 1 else leaf


def _for_diagonal(leaf: Leaf) -> Leaf:
    return leaf.with_array(leaf.array, Category.ROW) if leaf.category == Category.COLUMN else leaf
