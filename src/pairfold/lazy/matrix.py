"""A LazyTensor of dimension 1 as a matrix with two axes, which SciPy accepts as a linear operator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pairfold.display import Card, Shown
from pairfold.errors import ArgumentValueError
from pairfold.lazy.value import ValueHolder

__all__ = ["LazyMatrix"]


class LazyMatrix(Shown):
    """The matrix of a LazyTensor of shape (N, M, 1): products only, no entry is stored.

    Attributes
    ----------
    tensor
        The LazyTensor that it was made from.
    shape : (int, int)
        N and M.
    dtype : dtype
        That of the arrays.

    Raises
    ------
    ArgumentValueError
        If the tensor has batch axes, another dimension than 1, or symbolic variables.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import Vi, Vj
    >>> x = np.linspace(0, 1, 5)[:, None]
    >>> matrix = (-Vi(x).sqdist(Vj(x))).exp().as_matrix()
    >>> matrix.shape
    (5, 5)
    >>> np.allclose(matrix @ np.ones(5), np.exp(-((x - x.T) ** 2)).sum(1))
    True
    """

    def __init__(self, tensor: ValueHolder) -> None:
        shape = tuple(tensor.shape)
        if tensor.is_symbolic or len(shape) != 3 or shape[-1] != 1:
            raise ArgumentValueError(
                f"A matrix is made from a tensor of shape (N, M, 1) without symbolic variables; this one has shape "
                f"{shape}."
            )
        self.tensor = tensor
        self.shape: tuple[int, int] = (shape[0], shape[1])
        self.dtype = tensor.dtype

    @property
    def T(self) -> LazyMatrix:  # noqa: N802 - the name of the transpose everywhere
        """The transpose."""
        return LazyMatrix(self.tensor.T)

    def matvec(self, v: Any) -> Any:
        """Return the product with a vector (M,) or a matrix (M, E)."""
        return self.tensor.matvec(v)

    def rmatvec(self, v: Any) -> Any:
        """Return the product of the transpose with a vector (N,) or a matrix (N, E)."""
        return self.tensor.rmatvec(v)

    matmat = matvec
    rmatmat = rmatvec
    __matmul__ = matvec

    def __repr__(self) -> str:
        return f"<matrix of shape {self.shape}: {self.tensor!r}>"

    def _card(self) -> Card:
        card: Card = self.tensor._card()
        return replace(card, title=f"matrix of shape {self.shape}, of a {card.title}")
