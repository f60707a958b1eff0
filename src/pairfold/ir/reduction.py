"""The record of one reduction: a monoid written in the expression language.

A state is a set of named fields. Column by column the state is updated; two
states can be merged, which is what lets one reduction be split over columns,
threads, devices and machines; at the end the state is finished into outputs.

Fields come in two sorts. An *additive* field is a sum: its update is a term to
add, and how sums are carried out (blocks, Kahan, float64) is the schedule's
business. Any other field is replaced by a new value. A *guard* marks columns
that change the state in a rare and costly way: the `rare` update runs only when
the guard holds for some lane, before the ordinary update of the same column.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pairfold.errors import UnknownNameError, suggestion
from pairfold.ir.expr import Expr
from pairfold.ir.registry import Registry

__all__ = ["REDUCTIONS", "UNFINISHED", "Field", "Reduction", "Sizes", "register_reduction"]

State = dict[str, Expr]

UNFINISHED = "State of "
"""What the names of unfinished reductions begin with."""

_LARGEST = {"float16": 65504.0, "float32": (2 - 2.0**-23) * 2.0**127, "float64": sys.float_info.max}


@dataclass(frozen=True)
class Sizes:
    """The three sizes that the dimensions of states and outputs depend on."""

    value: int
    """Dimension of the formula."""
    weight: int = 1
    """Dimension of the second formula (1 when there is none)."""
    k: int = 1
    """Number of entries kept by the K-min family."""


@dataclass(frozen=True)
class Field:
    """One part of the state.

    Attributes
    ----------
    name : str
        How the formulas of the reduction call it.
    dim : callable
        Number of components.
    initial : float
        Value when there is no column; see `start`. That of column numbers is -1.
    additive : bool
        Whether it is a sum.
    kind : str
        ``"real"``, or ``"index"`` for column numbers.
    """

    name: str
    dim: Callable[[Sizes], int]
    initial: float
    additive: bool = False
    kind: str = "real"

    def start(self, dtype: str) -> float:
        """Return `initial` in working precision; a finite number beyond its range is the largest that it has."""
        if math.isinf(self.initial):
            return self.initial
        return max(-_LARGEST[dtype], min(self.initial, _LARGEST[dtype]))


@dataclass(frozen=True, eq=False, kw_only=True)
class Reduction:
    """One reduction over columns.

    Attributes
    ----------
    name : str
        The name given as ``reduction_op``.
    fields : tuple of Field
        The state.
    update : callable
        ``update(state, value, weight, index, sizes) -> {field: Expr}``: the term of an additive field, the new
        value of any other; fields left out do not change.
    guard, rare : callable or None
        ``guard(state, value, sizes) -> Expr`` (non-zero = rare update needed) and
        ``rare(state, value, index, sizes) -> {field: new value}``, additive fields included.
    merge : callable or None
        ``merge(a, b, sizes) -> {field: Expr}`` for all fields; neither need hold the earlier columns. None where the
        states are lists of the K smallest values (`needs_k`), which every target merges as such.
    finish : callable
        ``finish(state, sizes) -> tuple of Expr``.
    needs_weight, needs_k : bool
        Whether a second formula or K must be given.
    weighted : str or None
        Name of the reduction that takes its place when a second formula is given to one that needs none.
    scalar_value : bool
        Whether the formula must have dimension 1.
    shapes : callable
        ``shapes(sizes) -> tuple of shapes``, one per output, of what follows the row axis.
    reference : callable
        ``reference(value, weight, k, columns) -> tuple of arrays``: dense NumPy definition, value
        ``(..., n, m, d)`` -> ``(..., n, dim)``; ``columns`` ``(m,)`` are the numbers of the columns that are seen.
    is_unfinished : bool
        The outputs are the fields of the state: see `unfinished`.
    linear : bool
        The reduction is a sum: factors that depend on the row only may leave it.
    pullback : callable or None
        ``pullback(value, weight, outputs, cotangents) -> (g_value, g_weight)``: the cotangents of the two formulas
        at the pair (i, j), as expressions, to be summed over the remaining index. `outputs` and `cotangents` are
        flat, row-major; the number of the column j is `pairfold.reductions.state.COLUMN_INDEX`, for which the caller
        substitutes a variable. None when not differentiable.
    saved : str or None
        Name of the reduction whose outputs `pullback` is given, when its own are not enough (the winning column of a
        minimum, say).
    finds_winners : bool
        The outputs are values of F and the columns that have them (two fields, see there): the derivative is that of F
        at these columns.
    operation : str or None
        Name of the operation that does the same over the components of a vector: what the method does by default.
    in_steps : tuple of (str, str)
        What is added up to reduce groups of one size at first and their results after that: pairs (second, first) of
        reductions of one output; ``(("Sum", "Sum"),)`` says that a sum of sums is the sum.
    averages : bool
        Groups of different sizes would count differently in the second step.
    over_components : callable or None
        ``over_components(value) -> Expr`` of dimension 1, where no operation does this.
    on_parts : bool
        It does the same to real and imaginary parts: complex numbers may be reduced.
    truth : bool
        It asks whether values are 0, and answers with truth values.
    method : str or None
        Name of the LazyTensor method.
    other_names : tuple of str
        What NumPy and PyTorch call the method, where it has another name there.
    """

    name: str
    fields: tuple[Field, ...]
    update: Callable[[State, Expr, Expr | None, Expr, Sizes], State]
    merge: Callable[[State, State, Sizes], State] | None
    finish: Callable[[State, Sizes], tuple[Expr, ...]]
    shapes: Callable[[Sizes], tuple[tuple[int, ...], ...]]
    reference: Callable[..., tuple[Any, ...]]
    guard: Callable[[State, Expr, Sizes], Expr] | None = None
    rare: Callable[[State, Expr, Expr, Sizes], State] | None = None
    needs_weight: bool = False
    needs_k: bool = False
    scalar_value: bool = False
    is_unfinished: bool = False
    linear: bool = False
    pullback: Callable[..., tuple[Expr, Expr | None]] | None = None
    weighted: str | None = None
    saved: str | None = None
    finds_winners: bool = False
    operation: str | None = None
    in_steps: tuple[tuple[str, str], ...] = ()
    averages: bool = False
    over_components: Callable[[Expr], Expr] | None = None
    on_parts: bool = False
    truth: bool = False
    method: str | None = None
    other_names: tuple[str, ...] = ()
    definition: str = ""
    doc: str = ""
    source: str = ""
    synonyms: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<reduction {self.name}>"

    @cached_property
    def unfinished(self) -> Reduction:
        """The reduction whose outputs are the fields of the state: what is known after some of the columns."""
        if self.is_unfinished:
            return self
        return replace(
            self,
            name=f"{UNFINISHED}{self.name}",
            finish=lambda state, sizes: tuple(state.values()),
            shapes=lambda sizes: tuple((field.dim(sizes),) for field in self.fields),
            is_unfinished=True,
            pullback=None,
            saved=None,
        )

    @property
    def adds(self) -> bool:
        """Whether a part of the state is a sum: there are several ways to carry it out."""
        return any(field.additive for field in self.fields)

    @property
    def folds(self) -> bool:
        """Whether values are enough to reduce them in a formula: no weight, no K, no numbers of columns, one output."""
        is_plain = not self.needs_weight and not self.needs_k and len(self.shapes(Sizes(1))) == 1
        return is_plain and all(field.kind == "real" for field in self.fields)

    @property
    def nobody(self) -> float:
        """The value that winners have where there is none."""
        return self.fields[0].initial


REDUCTIONS: Registry[Reduction] = Registry("reduction")
"""The registry of reductions, by name and by synonym."""


def register_reduction(reduction: Reduction) -> Reduction:
    """Enter `reduction` into the registry under its name and its synonyms."""
    return REDUCTIONS.add(reduction, reduction.name, *reduction.synonyms)


def find_reduction(name: str) -> Reduction:
    """Return the reduction called `name`.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    reduction = REDUCTIONS.get(name)
    if reduction is None:
        raise UnknownNameError(
            f"There is no reduction called {name!r}.{suggestion(str(name), REDUCTIONS)} "
            f"The reductions are: {', '.join(sorted(REDUCTIONS))}."
        )
    return reduction
