"""A front end: the classes and functions for the arrays of one framework, made from its record.

This module has the public names of every front end, of no framework yet. A room imports them, for those who read it,
and puts what `make_front_end` makes of its record in their place.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pairfold.api.adapter import Adapter
from pairfold.api.genred import GenredBase as Genred
from pairfold.api.genred import make_generics
from pairfold.api.kernel_solve import KernelSolveBase as KernelSolve
from pairfold.api.linear_system import solve_routine
from pairfold.api.states import State
from pairfold.api.tree import TreeBase as Tree
from pairfold.lazy.complex_tensor import ComplexLazyTensorBase as ComplexLazyTensor
from pairfold.lazy.logic import where
from pairfold.lazy.methods import make_variables
from pairfold.lazy.tensor import LazyTensorBase as LazyTensor
from pairfold.pruning import Report, collect_reports, tolerance
from pairfold.solvers.conjugate_gradients import SolveReport
from pairfold.solvers.nystrom import Nystrom
from pairfold.sparsity.masks import band, lower, radius, segments, upper

__all__ = [
    "ComplexLazyTensor",
    "Genred",
    "KernelSolve",
    "LazyTensor",
    "Nystrom",
    "Pm",
    "Report",
    "SolveReport",
    "State",
    "Tree",
    "Var",
    "Vi",
    "Vj",
    "band",
    "collect_reports",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_sum",
    "lower",
    "radius",
    "segments",
    "tolerance",
    "upper",
    "where",
]

Vi, Vj, Pm, Var = make_variables(LazyTensor)
generic_sum, generic_logsumexp, generic_argmin, generic_argkmin = make_generics(Genred)


@dataclass(frozen=True, eq=False, kw_only=True)
class FrontEnd:
    """The record of one front end.

    Attributes
    ----------
    room : str
        The module that its names are imported from.
    adapter : Adapter
        What is to be known about the arrays.
    solver : callable
        Solves linear systems, with the signature of `pairfold.api.linear_system.solve_routine`.
    own : mapping of str to type
        By the name of a class, one with what is special about it in this framework; its docstring is part of the
        documentation.
    shows_examples : bool
        Whether the examples of the classes, written for NumPy, are right for its arrays too.
    """

    room: str
    adapter: Adapter
    solver: Callable[..., Any] = solve_routine
    own: Mapping[str, type[Any]] = field(default_factory=dict)
    shows_examples: bool = True


def make_front_end(record: FrontEnd) -> dict[str, Any]:
    """Return the public names that are different in every front end.

    Parameters
    ----------
    record : FrontEnd
        The framework.

    Returns
    -------
    dict
        `Genred`, `KernelSolve`, `LazyTensor`, `ComplexLazyTensor`, `Tree`, and the functions that make them.
    """
    made: dict[str, Any] = {}
    for base in (Genred, KernelSolve, LazyTensor, ComplexLazyTensor, Tree):
        real = made["LazyTensor"] if base is ComplexLazyTensor else None
        made |= {_public_name(base): _made(record, base, real)}
    for function in (*make_variables(made["LazyTensor"]), *make_generics(made["Genred"])):
        function.__module__, function.__qualname__ = record.room, function.__name__
        made[function.__name__] = function
    return made


def _public_name(base: type[Any]) -> str:
    return base.__name__.removesuffix("Base")


def _made(record: FrontEnd, base: type[Any], real: type[Any] | None) -> Any:
    """Return a class of the framework; `real` is the class of real tensors that one of complex tensors belongs to."""
    name = _public_name(base)
    own = record.own.get(name)
    content = {
        "__slots__": (),
        "__module__": record.room,
        "__doc__": _documentation(record, base, own),
        "adapter": record.adapter,
        "solver": staticmethod(record.solver),
    }
    if real is not None:
        return type(name, (base, real), content, real_type=real)
    return type(name, (base,) if own is None else (own, base), content)


_SHORT_NAMES = {"numpy": "np", "cupy": "cp", "jax.numpy": "jnp"}
"""What programs call the modules of arrays."""


def in_words_of(text: str, room: str, adapter: Adapter) -> str:
    """Return examples, which are written for NumPy, for the arrays of another front end.

    Parameters
    ----------
    text : str
        Statements, or documentation with examples. They use what the array API has: ``np.asarray``, not ``np.array``.
    room : str
        The module of the front end.
    adapter : Adapter
        Its adapter.

    Returns
    -------
    str
    """
    module = adapter.xp.__name__
    name = _SHORT_NAMES.get(module, module)
    imported = f"import {module}" if name == module else f"import {module} as {name}"
    text = text.replace("import numpy as np", imported).replace("pairfold.numpy", room)
    return re.sub(r"\bnp\.", f"{name}.", text)


def _documentation(record: FrontEnd, base: type[Any], own: type[Any] | None) -> str:
    """Return the documentation of a class, which is written for NumPy, in the words of the framework."""
    text = inspect.cleandoc(base.__doc__ or "")
    if not record.shows_examples:
        text = text.partition("\n\nExamples\n---")[0]
    text = in_words_of(text, record.room, record.adapter).replace("NumPy", record.adapter.name)
    if own is None or own.__doc__ is None:
        return text
    first, rest = text.split("\n\n", 1)
    return f"{first}\n\n{inspect.cleandoc(own.__doc__)}\n\n{rest}"
