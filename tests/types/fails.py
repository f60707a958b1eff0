"""Mistakes that type checkers find: the comment at the end of a line has the codes of mypy and pyright."""
# pyright: strict, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

import pairfold
import pairfold.torch
from pairfold.numpy import Genred, KernelSolve, Vi, Vj, cluster, lower

x, y, t = np.zeros((3, 2)), np.ones((4, 2)), torch.zeros(3, 2)
distances = Vi(x).sqdist(Vj(y))
kernel = (-distances).exp()


def names_that_there_are_not() -> None:
    kernel.typo_method()  # attr-defined | reportAttributeAccessIssue
    kernel.sum(axis=1).logsumexp()  # attr-defined | reportAttributeAccessIssue
    pairfold.Vii(x)  # attr-defined | reportAttributeAccessIssue
    pairfold.Vi(t).norm3()  # attr-defined | reportAttributeAccessIssue
    cluster.grid_clusters(x, 0.1)  # attr-defined | reportAttributeAccessIssue
    kernel.exp1j().sigmoid()  # attr-defined | reportAttributeAccessIssue


def wrong_arguments() -> None:
    kernel.exp(2)  # call-arg | reportCallIssue
    kernel.sum(axis="j")  # arg-type | reportArgumentType reportCallIssue
    kernel.sum(axis=1, tolerance=1e-3)  # call-overload | reportCallIssue
    distances.argKmin(axis=1)  # call-overload | reportCallIssue
    kernel.elem("first")  # arg-type | reportArgumentType
    Vi("x")  # call-overload | reportArgumentType
    Vi(t)  # call-overload | reportArgumentType
    pairfold.torch.Vi(x)  # call-overload | reportArgumentType
    _ = Vi(x) - pairfold.torch.Vj(t)  # operator | reportOperatorIssue
    _ = kernel + "one"  # operator | reportOperatorIssue
    Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], axis="1")  # call-overload | reportArgumentType
    Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], axis=1)(x, "y")  # call-overload | reportArgumentType
    KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(2)"], "a", axis=1)(x, alfa=1.0)  # call-overload | reportCallIssue
    lower("diagonal")  # arg-type | reportArgumentType


def results_that_are_something_else() -> None:
    _tensor: torch.Tensor = kernel.sum(axis=1)  # assignment | reportAssignmentType
    _array: NDArray[np.float64] = pairfold.torch.Vi(t).sqdist(t).sum(1)  # assignment | reportAssignmentType
    _lazy: NDArray[np.float64] = kernel.sum(axis=-1)  # assignment | reportAssignmentType
    _indices: NDArray[np.int64] = distances.min_argmin(axis=1)  # assignment | reportAssignmentType
    _reported: NDArray[np.float64] = kernel.sum(axis=1, report=True)  # assignment | reportAssignmentType
    _waits: NDArray[np.float64] = Vi(0, 2).sqdist(Vj(y)).sum(axis=1)  # assignment | reportAssignmentType
    torch.sin(kernel.sum(axis=1))  # arg-type | reportArgumentType
