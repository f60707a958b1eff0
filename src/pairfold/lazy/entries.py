"""The entries of LazyTensors, as arrays, and LazyTensors of some of them."""

from __future__ import annotations

import operator
from typing import Any, TypeVar

from pairfold.api.leaf import Leaf, with_category
from pairfold.errors import ArgumentValueError
from pairfold.ir.expr import Category
from pairfold.lazy.core import LazyCore
from pairfold.lazy.index import components_of, expanded, selected, slice_of, taken
from pairfold.lazy.reduction import reduce_tensor
from pairfold.lazy.value import Value
from pairfold.reductions import REDUCTIONS

__all__ = ["LARGEST_IMPLICIT_ARRAY", "Entries"]

Tensor = TypeVar("Tensor", bound="Entries")

LARGEST_IMPLICIT_ARRAY = 2**30
"""Bytes that `numpy.asarray(lazy)` may fill; `dense` has no such limit."""


class Entries(LazyCore):
    """The methods of a LazyTensor that select, transpose or store its entries."""

    __slots__ = ()

    @property
    def T(self: Tensor) -> Tensor:  # noqa: N802 - the name of the transpose everywhere
        """The same tensor with i and j exchanged, of shape (..., M, N, D)."""
        return self._like(self._value.transposed())

    def t(self: Tensor) -> Tensor:
        """Return the transpose, by the name that PyTorch gives it."""
        return self.T

    def __getitem__(self: Tensor, key: Any) -> Tensor:
        """Select as NumPy does: slices and arrays of numbers for i and j, slices and integers for the rest.

        An integer on the last axis gives one component and keeps the axis, with length 1; on the axes of i and j use
        a slice instead of an integer.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = Vi(np.arange(8.0).reshape(4, 2)), Vj(np.arange(6.0).reshape(3, 2))
        >>> tuple((x - y)[1:3].shape), tuple((x - y)[..., 0].shape), tuple((x - y)[:, [2, 0]].shape)
        ((2, 3, 2), (4, 3, 1), (4, 2, 2))
        """
        *others, last = expanded(key, self._value.shape)
        return self._like(taken(self._value, others))._components(last)

    def elem(self: Tensor, index: int) -> Tensor:
        """Return one component of the last axis.

        Parameters
        ----------
        index : int
            From 0; negative ones count from the end.

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)

        Raises
        ------
        ArgumentIndexError
            If there is no such component.
        """
        return self._components(operator.index(index))

    def _components(self: Tensor, index: Any) -> Tensor:
        return self._like(components_of(self._value, index))

    def dense(self) -> Any:
        """Return all entries.

        Returns
        -------
        array, shape (..., N, M, D)
            In the dtype of the tensor. Takes N M D numbers of memory. `ranges` does not apply.

        Raises
        ------
        ArgumentValueError
            If the tensor has symbolic variables.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.arange(2.0)[:, None], np.arange(3.0)[:, None]
        >>> (Vi(x) - Vj(y)).dense()[..., 0]
        array([[ 0., -1., -2.],
               [ 1.,  0., -1.]])
        """
        return _dense(_checked(self._value, "dense"))

    def diag(self) -> Any:
        """Return the entries with i = j.

        Returns
        -------
        array, shape (..., N, D)

        Raises
        ------
        ArgumentValueError
            If N and M differ, or the tensor has symbolic variables.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x = np.arange(3.0)[:, None]
        >>> (Vi(x) * Vj(x)).diag()
        array([[0.],
               [1.],
               [4.]])
        """
        value = _checked(self._value, "diag")
        if value.rows != value.columns:
            raise ArgumentValueError(f"Only a square tensor has a diagonal; the shape is {self.shape}.")
        diagonal = value._replace(
            expr=with_category(value.expr, Category.COLUMN, Category.ROW),
            leaves=tuple(_for_diagonal(leaf) for leaf in value.arrays),
            columns=1,
            ranges=None,
        )
        return reduce_tensor(diagonal, REDUCTIONS["Sum"], 1)

    def rows(self, index: Any) -> Any:
        """Return the entries of some rows.

        Parameters
        ----------
        index : int, slice or 1-D array of integers
            Which i.

        Returns
        -------
        array, shape (..., number of rows, M, D), or (..., M, D) for an integer

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.arange(4.0)[:, None], np.arange(3.0)[:, None]
        >>> (Vi(x) - Vj(y)).rows([3, 0])[..., 0]
        array([[ 3.,  2.,  1.],
               [ 0., -1., -2.]])
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

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.arange(4.0)[:, None], np.arange(3.0)[:, None]
        >>> (Vi(x) - Vj(y)).block(slice(0, 2), 1)
        array([[-1.],
               [ 0.]])
        """
        value = _checked(self._value, "block")._replace(ranges=None)
        # One after the other: index arrays never pair up here.
        part = selected(selected(value, (..., slice_of(i), slice(None), slice(None))), (..., slice_of(j), slice(None)))
        # What became a slice was an integer.
        drop_i, drop_j = (0 if slice_of(index) is not index else slice(None) for index in (i, j))
        return _dense(part)[(..., drop_i, drop_j, slice(None))]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if copy is False:
            raise ArgumentValueError(
                "A LazyTensor has no memory that an array could share: its entries are computed now. Leave copy=False "
                "out, or call .dense()."
            )
        size = 8
        for length in self._value.shape:
            size *= length or 0
        if size > LARGEST_IMPLICIT_ARRAY:
            raise ArgumentValueError(
                f"This LazyTensor of shape {self.shape} would become an array of {size / 2**30:.1f} GiB. Reduce it, or "
                "call .dense() if you mean it."
            )
        array = self.adapter.to_numpy(self.dense())
        return array if dtype is None else array.astype(dtype, copy=False)


def _checked(value: Value, method: str) -> Value:
    if value.is_symbolic:
        raise ArgumentValueError(f"{method} needs numbers, but {value.outline} has symbolic variables.")
    return value


def _dense(value: Value) -> Any:
    """Return all entries: (..., N, M, D)."""
    if (value.rows or 0) <= (value.columns or 0):
        return _by_columns(value.transposed())
    return value.kind.adapter.contiguous(_by_columns(value).swapaxes(-3, -2))


def _by_columns(value: Value) -> Any:
    """Return all entries, column after column: (..., M, N, D)."""
    # Each column becomes a batch entry without columns: rows stay what the engine is fast at.
    new = value._replace(
        expr=with_category(value.expr, Category.COLUMN, Category.PARAMETER),
        leaves=tuple(_with_column_batch(leaf) for leaf in value.arrays),
        batch=(*value.batch, value.columns or 0),
        columns=1,
        ranges=None,
    )
    return reduce_tensor(new, REDUCTIONS["Sum"], 1).reshape((*new.batch, value.rows, value.dim))


def _with_column_batch(leaf: Leaf) -> Leaf:
    """Return the leaf for a tensor whose last batch axis is j."""
    if leaf.category == Category.COLUMN:
        return leaf.with_array(leaf.array, Category.PARAMETER)
    if leaf.category == Category.ROW:
        return leaf.with_array(leaf.array[..., None, :, :])
    return leaf.with_array(leaf.array[..., None, :]) if len(leaf.array.shape) > 1 else leaf


def _for_diagonal(leaf: Leaf) -> Leaf:
    return leaf.with_array(leaf.array, Category.ROW) if leaf.category == Category.COLUMN else leaf
