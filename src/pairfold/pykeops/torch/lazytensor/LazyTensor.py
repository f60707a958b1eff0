"""``pykeops.torch.lazytensor.LazyTensor``."""  # noqa: N999 - the name that programs use

from __future__ import annotations

from pairfold import torch as frontend
from pairfold.lazy.complex_tensor import ComplexLazyTensorBase
from pairfold.lazy.methods import make_variables
from pairfold.pykeops.habits import ComplexHabits, LazyTensorHabits

__all__ = ["ComplexLazyTensor", "LazyTensor", "Pm", "Var", "Vi", "Vj"]


class LazyTensor(LazyTensorHabits, frontend.LazyTensor):
    """`pairfold.torch.LazyTensor` with the habits of KeOps."""


class ComplexLazyTensor(ComplexHabits, ComplexLazyTensorBase, LazyTensor, real_type=LazyTensor):
    """`pairfold.torch.ComplexLazyTensor` with the habits of KeOps."""


Vi, Vj, Pm, Var = make_variables(LazyTensor)
