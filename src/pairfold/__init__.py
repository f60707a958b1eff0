"""Reductions over all pairs, a_i = Reduction_j f(p, x_i, y_j), and their derivatives, in linear memory.

The names here look at the type of the arrays: ``pairfold.Vi(x)`` is `pairfold.torch.Vi` for a tensor and
`pairfold.numpy.Vi` for an array. They are loaded at their first use, and no framework is imported for them. So are the
modules, which need no import of their own: ``pairfold.numpy``, ``pairfold.torch`` and so on.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

__all__ = [
    "ComplexLazyTensor",
    "Genred",
    "KernelSolve",
    "LazyTensor",
    "Mask",
    "Nystrom",
    "Pm",
    "Report",
    "SolveReport",
    "State",
    "Tree",
    "Var",
    "Vi",
    "Vj",
    "__version__",
    "band",
    "collect_reports",
    "compile_ahead",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_sum",
    "install_as_pykeops",
    "lower",
    "radius",
    "segments",
    "tolerance",
    "upper",
    "where",
]

_MASKS = dict.fromkeys(("Mask", "band", "lower", "radius", "segments", "upper"), "pairfold.sparsity.masks")
_MODULES = ("cupy", "dask", "errors", "jax", "numpy", "pykeops", "sklearn", "torch")
_ELSEWHERE = {
    "Nystrom": "pairfold.solvers.nystrom",
    "SolveReport": "pairfold.solvers.conjugate_gradients",
    "State": "pairfold.engine.states",
    "compile_ahead": "pairfold.ahead",
    "install_as_pykeops": "pairfold.pykeops",
    "where": "pairfold.lazy.logic",
    **dict.fromkeys(("Report", "collect_reports", "tolerance"), "pairfold.pruning"),
    **_MASKS,
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"pairfold.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'pairfold' has no attribute {name!r}")
    value = getattr(importlib.import_module(_ELSEWHERE.get(name, "pairfold.dispatch")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted((*__all__, *_MODULES))
