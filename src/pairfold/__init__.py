"""Reductions over all pairs, a_i = Reduction_j f(p, x_i, y_j), and their derivatives, in linear memory.

The names of `pairfold.numpy` are here as well, and `install_as_pykeops`; they are loaded at their first use.
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
    "Pm",
    "Var",
    "Vi",
    "Vj",
    "__version__",
    "band",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_sum",
    "install_as_pykeops",
    "lower",
    "radius",
    "segments",
    "upper",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'pairfold' has no attribute {name!r}")
    module = "pairfold.pykeops" if name == "install_as_pykeops" else "pairfold.numpy"
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
