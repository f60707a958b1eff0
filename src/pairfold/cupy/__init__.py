"""Reductions over all pairs of CuPy arrays and others on a GPU: routines from formula strings, and symbolic tensors."""

from pairfold.cupy import cluster
from pairfold.cupy.front_end import (
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
from pairfold.lazy.logic import where
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
