"""Reductions over all pairs of CuPy arrays and others on a GPU: routines from formula strings, and symbolic tensors."""

from pairfold.cupy import cluster
from pairfold.frontends.cupy import (
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
from pairfold.frontends.lazy_logic import where
from pairfold.frontends.masks import band, lower, radius, segments, upper
from pairfold.frontends.solve import Nystrom, SolveReport

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
