"""States: what is known of a reduction after some of its columns, as values that can be kept, sent and merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.display import Card, Fact, Shown
from pairfold.engine.merge import merge
from pairfold.engine.run import run
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.call import Call, Extent
from pairfold.ir.expr import Expr
from pairfold.ir.problem import Problem
from pairfold.reductions import REDUCTIONS

__all__ = ["State", "finish", "partial", "state_of"]

Array = NDArray[Any]

MOST_COLUMNS = 2**63 - 1

STRETCHES = 8
"""Stretches of columns that a text about a state lists."""


@dataclass(frozen=True, eq=False, repr=False)
class State(Shown):
    """What is known of a reduction after some of its columns: for every row, the fields of the reduction.

    States of different columns are merged, in any order, and the last one is finished by the routine that they come
    from. A state can be pickled.

    Attributes
    ----------
    fields : dict of str to array
        By name, arrays ``(..., rows, n)``: real numbers in the precision of the arithmetic, or float64 where sums have
        more digits (``dtype_acc="float64"``, ``sum_scheme="kahan_scheme"``); column numbers as int64, -1 for nobody.
    columns : tuple of (int, int)
        Which columns have been reduced: first ones and those after the last ones, in ascending order.
    problem : Problem
        What is reduced.
    extent : Extent
        Rows, columns and batch.
    dtype, result : str
        Precision of the arithmetic and of the results.
    is_complex : bool
        Whether the results are pairs of real numbers that stand for complex ones.
    framework : str
        The module whose arrays were reduced.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import Genred
    >>> nearest = Genred("SqDist(x, y)", ["x = Vi(1)", "y = Vj(1)"], "ArgMin", axis=1)
    >>> x, y = np.array([[0.0], [3.0]]), np.array([[5.0], [1.0], [2.0]])
    >>> state = nearest.partial(x, y[:2], columns_from=0).merge(nearest.partial(x, y[2:], columns_from=2))
    >>> state
    <state of ArgMin for 2 rows after the columns 0 to 2>
    >>> nearest.finish(state)
    array([[1],
           [2]])
    """

    fields: dict[str, Array]
    columns: tuple[tuple[int, int], ...]
    problem: Problem
    extent: Extent
    dtype: str
    result: str
    is_complex: bool = False
    framework: str = "numpy"

    def merge(self, *others: State, threads: int | None = None) -> State:
        """Return the state after the columns of this one and of others.

        The order of the states makes no difference: ties go to the smallest column number, and those of one call are
        merged in the order of their columns. `threads` is how many threads merge, as for a reduction.

        Raises
        ------
        ArgumentTypeError
            If another one is no state.
        ArgumentValueError
            If it is one of another problem, of other rows or of another precision, or if columns are in both.
        """
        for other in others:
            self._check(other)
        states = sorted((state for state in (self, *others) if state.columns), key=lambda state: state.columns[0])
        merged = states[0] if states else self
        for state in states[1:]:
            merged = merged._with(state, threads)
        return merged

    def _with(self, other: State, threads: int | None) -> State:
        columns, precision = _united(self.columns, other.columns), _precision(self, other)
        reduction, sizes = self.problem.reduction.unfinished, self.problem.sizes
        states = [_flat(self, precision), _flat(other, precision)]
        merged = merge(reduction, sizes, precision, states, threads)
        fields = zip(self.fields.items(), merged, strict=True)
        return replace(
            self,
            fields={name: array.reshape(old.shape) for (name, old), array in fields},
            columns=columns,
            extent=self.extent._replace(columns=sum(last - first for first, last in columns)),
        )

    def _check(self, other: State) -> None:
        if not isinstance(other, State):
            raise ArgumentTypeError(f"A state is merged with states; found an object of type {type(other).__name__}.")
        if other.problem != self.problem:
            raise ArgumentValueError(
                f"States of one routine are merged; found one of {told(self.problem)} and one of {told(other.problem)}."
            )
        if _rows(other) != _rows(self):
            raise ArgumentValueError(
                f"States of the same rows are merged; found one of {_rows(self)} and one of {_rows(other)}."
            )
        if (other.dtype, other.result) != (self.dtype, self.result):
            raise ArgumentValueError(
                f"States of one precision are merged; found one of {self.result} results and one of {other.result} "
                "results. Give all parts arguments of the same types."
            )

    def __repr__(self) -> str:
        return f"<state of {self.problem.reduction.name} for {_rows(self)} after {self._after}>"

    @property
    def _after(self) -> str:
        """Which columns have been reduced, in words."""
        listed = ", ".join(f"{first} to {last - 1}" for first, last in self.columns[:STRETCHES])
        more = len(self.columns) - STRETCHES
        return (
            (f"the columns {listed}" + (f" and {more} more stretches" if more > 0 else "")) if listed else "no column"
        )

    def _card(self) -> Card:
        fields = [
            Fact(f"field {name}", f"{array.dtype} array of shape {array.shape}") for name, array in self.fields.items()
        ]
        size = sum(array.nbytes for array in self.fields.values())
        facts = [Fact("of", told(self.problem), is_code=True), Fact("after", self._after)]
        facts.append(Fact("results", f"{'complex, ' if self.is_complex else ''}{self.result}, {self.framework} arrays"))
        return Card(repr(self)[1:-1], [*facts, *fields, Fact("memory", f"{size / 1e6:.3g} MB")])

    def __reduce__(self) -> tuple[Callable[..., State], tuple[Any, ...]]:
        problem, extent = self.problem, tuple(self.extent)
        what = (problem.value, problem.reduction.name, problem.weight, problem.k)
        rest = (self.dtype, self.result, self.is_complex, self.framework)
        return _restored, (self.fields, self.columns, what, extent, *rest)


def _restored(
    fields: dict[str, Array],
    columns: tuple[tuple[int, int], ...],
    what: tuple[Expr, str, Expr | None, int],
    extent: tuple[Any, ...],
    *rest: Any,
) -> State:
    value, name, weight, k = what
    return State(fields, columns, Problem(value, REDUCTIONS[name], weight, k), Extent(*extent), *rest)


def _precision(*states: State) -> str:
    """Return the type of the real fields of all states: sums may be more exact than the arithmetic."""
    kinds = {array.dtype.name for state in states for array in state.fields.values()}
    return "float64" if "float64" in kinds else "float32"


def _flat(state: State, precision: str) -> list[Array]:
    """Return the fields as arrays of rows, the real ones in a precision; those of a message may lie anywhere in it."""
    rows = state.extent.entries * state.extent.rows
    kinds = ["int64" if array.dtype.kind == "i" else precision for array in state.fields.values()]
    return [
        np.require(array, kind, ["C", "ALIGNED"]).reshape(rows, array.shape[-1])
        for array, kind in zip(state.fields.values(), kinds, strict=True)
    ]


def told(problem: Problem) -> str:
    """Return a problem in words."""
    weight = "" if problem.weight is None else f" weighted by {problem.weight!r}"
    kept = f" with K = {problem.k}" if problem.reduction.needs_k else ""
    return f"{problem.reduction.name}{kept} of {problem.value!r}{weight}"


def _rows(state: State) -> str:
    batch = f"a batch {state.extent.batch} of " if state.extent.batch else ""
    return f"{batch}{state.extent.rows} rows"


def _united(first: tuple[tuple[int, int], ...], second: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Return the union of ranges of columns, which have none in common."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted((*first, *second)):
        if found and start < found[-1][1]:
            raise ArgumentValueError(
                f"The columns {start} to {min(stop, found[-1][1]) - 1} are in two of the states that are merged. Say "
                "where the columns of each part begin, with columns_from=."
            )
        if found and start == found[-1][1]:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return tuple(found)


def partial(call: Call, arrays: Sequence[Array], columns_from: int = 0) -> State:
    """Reduce over some of the columns.

    Parameters
    ----------
    call : Call
        What is computed: its columns are those of this part.
    arrays : sequence of arrays
        As for `pairfold.engine.run`.
    columns_from : int
        The number of the first column.

    Returns
    -------
    State
        Nothing of it is of this process.
    """
    return state_of(call, run(replace(call, problem=call.problem.unfinished), arrays), columns_from, call.dtype)


def state_of(call: Call, outputs: Sequence[Array], columns_from: int, *facts: Any) -> State:
    """Return the state whose fields are the outputs of `call` for the unfinished problem, as any target gives them.

    The `facts` are what a state has beyond the call, from `State.result` on.
    """
    count = call.extent.columns
    if columns_from < 0 or columns_from + count > MOST_COLUMNS:
        raise ArgumentValueError(
            f"columns_from is {columns_from}, and {count} columns begin there; the numbers of columns are from 0 to "
            f"{MOST_COLUMNS}."
        )
    fields = {
        field.name: _counted_from(columns_from, array) if field.kind == "index" else array
        for field, array in zip(call.problem.reduction.fields, outputs, strict=True)
    }
    columns = ((columns_from, columns_from + count),) if count else ()
    return State(fields, columns, call.problem, call.extent, call.dtype, *facts)


def _counted_from(first: int, numbers: Array) -> Array:
    """Return the numbers of columns that begin at `first`; nobody stays nobody."""
    return np.where(numbers < 0, numbers, numbers + first) if first else numbers


def finish(state: State, threads: int | None = None) -> tuple[Array, ...]:
    """Return the outputs of the reduction of all columns of a state, in the precision of the arithmetic."""
    problem, extent = state.problem, state.extent
    precision = _precision(state)
    outputs = merge(problem.reduction, problem.sizes, precision, [_flat(state, precision)], threads)
    with np.errstate(over="ignore"):
        return tuple(
            output.reshape(*extent.batch, extent.rows, *shape).astype(
                "int64" if output.dtype.kind == "i" else state.dtype, copy=False
            )
            for output, shape in zip(outputs, problem.shapes, strict=True)
        )
