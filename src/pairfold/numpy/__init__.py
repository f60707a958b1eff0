"""Reductions over all pairs of NumPy arrays: routines from formula strings, and symbolic tensors."""

from pairfold.frontends.lazy_logic import where
from pairfold.frontends.masks import band, lower, radius, segments, upper
from pairfold.frontends.numpy import (
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
from pairfold.frontends.solve import Nystrom, SolveReport
from pairfold.numpy import cluster

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
