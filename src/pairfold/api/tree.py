"""Points that are sorted once and used often, in the place of an array."""

from __future__ import annotations

import weakref
from typing import Any, ClassVar

import numpy as np

from pairfold.api.adapter import Adapter
from pairfold.display import Card, Fact, Shown
from pairfold.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["TreeBase", "array_of"]


class TreeBase(Shown):
    """Points that are sorted once, for many reductions with a tolerance.

    It stands wherever their array does: for an argument of a routine, in ``Vi(tree)``, ``Vj(tree)`` and
    ``LazyTensor(tree, axis)``, as rows and as columns. The first reduction that prunes sorts the points; all others,
    and their derivatives, find them sorted. Without a tolerance it is the array, and no more.

    Parameters
    ----------
    points : array, shape (..., N, D)
        Real numbers. They are copied, so what happens to the array later does not matter. Give all arguments of a
        reduction the same dtype: points that have to be converted are sorted again.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If `points` is no array of points.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import Tree, Vi, Vj
    >>> points = np.linspace(0, 1, 9000).reshape(3000, 3)
    >>> tree = Tree(points)
    >>> for _ in range(3):
    ...     neighbours = Vi(tree).sqdist(Vj(tree)).argKmin(5, axis=1, tol=0)
    >>> tuple(neighbours.shape)
    (3000, 5)
    """

    adapter: ClassVar[Adapter]

    def __init__(self, points: Any) -> None:
        adapter = self.adapter
        try:
            array = adapter.as_array(array_of(points))
        except ArgumentTypeError as reason:
            raise ArgumentTypeError(f"A Tree is made of an array of points; {reason}") from None
        if len(array.shape) < 2:
            raise ArgumentValueError(
                f"A Tree is made of points, an array of shape (N, D); this one has shape {tuple(array.shape)}. Numbers "
                "are points of dimension 1: x[:, None]."
            )
        if not adapter.is_real(array.dtype) or adapter.is_complex(array.dtype):
            raise ArgumentValueError(
                f"A Tree is made of real floating-point numbers; found the dtype {adapter.dtype_name(array.dtype)}. "
                "Convert the array."
            )
        # Nobody else can change it, so that what was sorted stays sorted.
        self.array = adapter.copied(array)
        self._announce()

    def _announce(self) -> None:
        from pairfold.pruning.trees import announce, forget  # noqa: PLC0415 - nobody pays for it who has no Tree

        view, again = self.adapter.to_numpy(self.array), self.adapter.to_numpy(self.array)
        # What is copied for NumPy, from a GPU for example, is known by no place in memory.
        if np.may_share_memory(view, again):
            weakref.finalize(self.array, forget, announce(view))

    @property
    def shape(self) -> tuple[int, ...]:
        """Batch axes, number of points, dimension."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> Any:
        """That of the points."""
        return self.array.dtype

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        return f"{type(self).__name__} of {self.shape[-2]} points of dimension {self.shape[-1]}"

    def _card(self) -> Card:
        adapter = self.adapter
        kind = f"{adapter.name} array of shape {self.shape}, {adapter.dtype_name(self.dtype)}"
        use = "Vi(tree), Vj(tree), an argument of a routine; sorted by the first reduction with a tolerance"
        return Card(repr(self), [Fact("points", kind), Fact("stands for its array in", use)])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.array,)


def array_of(value: Any) -> Any:
    """Return the array of a tree; anything else as it is."""
    return value.array if isinstance(value, TreeBase) else value
