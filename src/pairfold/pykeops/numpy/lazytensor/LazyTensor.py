"""``pykeops.numpy.lazytensor.LazyTensor``."""  # noqa: N999 - the name that programs use

from __future__ import annotations

from typing import TYPE_CHECKING

from pairfold.lazy.complex_tensor import ComplexLazyTensorBase
from pairfold.lazy.methods import make_variables
from pairfold.pykeops.habits import ComplexHabits, LazyTensorHabits

if TYPE_CHECKING:
    # The classes of no framework, which these are made from: the stub of a front end is for its users.
    from pairfold import front_end as frontend
else:
    from pairfold import numpy as frontend

__all__ = ["ComplexLazyTensor", "LazyTensor", "Pm", "Var", "Vi", "Vj"]


class LazyTensor(LazyTensorHabits, frontend.LazyTensor):
    """`pairfold.numpy.LazyTensor` with the habits of KeOps."""


class ComplexLazyTensor(ComplexHabits, ComplexLazyTensorBase, LazyTensor, real_type=LazyTensor):
    """`pairfold.numpy.ComplexLazyTensor` with the habits of KeOps."""


Vi, Vj, Pm, Var = make_variables(LazyTensor)
