"""A matrix that is only known through its products, and inner products of what it acts on.

The arrays may belong to any framework whose module, passed as `xp`, offers the functions of the array API that are
used here; NumPy, CuPy and PyTorch do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

__all__ = ["Array", "Operator", "ShiftedOperator", "as_type"]

Array = Any
Operator = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class ShiftedOperator:
    """The matrix K + alpha, and inner products of the columns that it acts on."""

    operator: Operator
    alpha: float
    alike: bool
    xp: ModuleType

    def apply(self, v: Array) -> Array:
        """Return the product of K + alpha with `v`."""
        return self.operator(v) + self.alpha * v

    def inner(self, u: Array, v: Array) -> Array:
        """Inner products per column, ``(*batch, 1, E)``, or per batch entry, ``(*batch, 1, 1)``, in float64."""
        xp = self.xp
        is_complex = v.dtype in (xp.complex64, xp.complex128)
        product = xp.real(xp.conj(u) * v) if is_complex else u * v
        return xp.sum(product, axis=-2 if self.alike else (-2, -1), keepdims=True, dtype=xp.float64)

    def norms(self, v: Array) -> Array:
        """Return the Euclidean norms that belong to `inner`."""
        return self.xp.sqrt(self.inner(v, v))

    def largest(self, v: Array) -> Array:
        """Return the largest absolute value per column or batch entry, 1 where there is none, in float64."""
        xp = self.xp
        if 0 in v.shape:
            return xp.ones_like(self.inner(v, v))
        found = as_type(xp.amax(abs(v), axis=-2 if self.alike else (-2, -1), keepdims=True), xp.float64, xp)
        return xp.where(found == 0, xp.ones_like(found), found)

    def cast(self, factors: Array, v: Array) -> Array:
        """Return `factors` in the precision of `v`, so that products with it keep its dtype."""
        return as_type(factors, v.dtype, self.xp)


def as_type(array: Array, dtype: Any, xp: ModuleType) -> Array:
    """Return `array` with another dtype, where it is: `torch.asarray` would move it to the default device."""
    return array.to(dtype) if xp.__name__ == "torch" else array.astype(dtype, copy=False)
