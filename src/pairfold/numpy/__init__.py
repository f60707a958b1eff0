"""Reductions over all pairs of NumPy arrays: routines from formula strings, and symbolic tensors."""

from pairfold.lazy.logic import where
from pairfold.numpy import cluster
from pairfold.numpy.front_end import (
    ComplexLazyTensor,
    Genred,
    KernelSolve,
    LazyTensor,
    Pm,
    Var,
    Vi,
    Vj,
    generic_argkmin,
    generic_argmin,
    generic_logsumexp,
    generic_sum,
)
from pairfold.solvers.iterations import Nystrom, SolveReport
from pairfold.sparsity.masks import band, lower, radius, segments, upper

__all__ = [
    "ComplexLazyTensor",
    "Genred",
    "KernelSolve",
    "LazyTensor",
    "Nystrom",
    "Pm",
    "SolveReport",
    "Var",
    "Vi",
    "Vj",
    "band",
    "cluster",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_sum",
    "lower",
    "radius",
    "segments",
    "upper",
    "where",
]
