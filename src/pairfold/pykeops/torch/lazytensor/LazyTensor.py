"""``pykeops.torch.lazytensor.LazyTensor``."""  # noqa: N999 - the name that programs use

from __future__ import annotations

from pairfold.frontends import torch as frontend
from pairfold.frontends.lazy_methods import make_variables
from pairfold.pykeops.habits import LazyTensorHabits

__all__ = ["LazyTensor", "Pm", "Var", "Vi", "Vj"]


class LazyTensor(LazyTensorHabits, frontend.LazyTensor):
    """`pairfold.torch.LazyTensor` with the habits of KeOps."""


_variables = make_variables(LazyTensor)
Vi = _variables["Vi"]
Vj = _variables["Vj"]
Pm = _variables["Pm"]
Var = _variables["Var"]
