"""``pykeops.common.lazy_tensor``: what the LazyTensors of both frameworks have in common."""

from __future__ import annotations

from pairfold.pykeops.habits import ComplexHabits as ComplexGenericLazyTensor
from pairfold.pykeops.habits import LazyTensorHabits as GenericLazyTensor

__all__ = ["ComplexGenericLazyTensor", "GenericLazyTensor", "is_complex_lazytensor"]


def is_complex_lazytensor(x: object) -> bool:
    """Whether `x` is a LazyTensor of complex numbers."""
    return isinstance(x, GenericLazyTensor) and x.is_complex
