"""A whole target: it interprets the work of a kernel with NumPy, one column after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pairfold.codegen.work import Work
from pairfold.ir.call import Call
from pairfold.ir.expr import Category, Expr, variables
from pairfold.reductions.state import COLUMN_INDEX
from pairfold.targets.items import sparse_blocks
from pairfold.targets.reference import evaluate
from pairfold.targets.target import HOST, Launch, Parts, Target

Array = np.ndarray[Any, Any]


class Machine(NamedTuple):
    """What code is made for: here it makes no difference."""

    name: str = "an interpreter"


def _launch(one: Launch) -> None:
    """Reduce each block of rows over the columns that it sees, and write the outputs."""
    work, rows = one.code, one.extent.rows
    blocks, lists, intervals = np.array([[0, rows]]), np.array([[0, 1]]), np.array([[0, one.extent.columns]])
    if one.ranges is not None:
        blocks, lists, intervals = sparse_blocks(rows, one.ranges, rows)
    for (first, last), (start, stop) in zip(blocks, lists, strict=True):
        columns = [j for a, b in intervals[start:stop] for j in range(a, b)]
        found = _reduced(work, _Arguments(one, slice(first, last)), columns)
        for array, values in zip(one.outputs, found, strict=True):
            flat = array.reshape(*one.extent.batch, rows, values.shape[-1])
            flat[..., first:last, :] = values


class _Arguments:
    """The arrays of a launch, for some rows."""

    def __init__(self, one: Launch, rows: slice) -> None:
        self.rows = rows
        self.points = (*one.extent.batch, rows.stop - rows.start)
        read = [v for v in variables(*one.code.roots) if v.category != Category.PLACEHOLDER]
        # What is sent to the memory of the host stays the NumPy array that it is.
        self.arrays = {v: one.arrays[v.position].owner for v in read}
        self.dtype = next(array.dtype for array in self.arrays.values()) if read else np.dtype(np.float64)

    def at(self, column: int) -> dict[Expr, Array]:
        """Return what the variables are for a column."""
        found = {COLUMN_INDEX: np.full((1, 1), column)}
        for v, array in self.arrays.items():
            if v.category == Category.PARAMETER:
                found[v] = array[..., None, :]
            else:
                found[v] = array[..., self.rows if v.category == Category.ROW else slice(column, column + 1), :]
        return found


def _reduced(work: Work, arguments: _Arguments, columns: Sequence[int]) -> list[Array]:
    """Return the outputs for some rows: start, update column by column, finish."""
    state = {
        placeholder: np.full(
            (*arguments.points, placeholder.dim),
            field.start(arguments.dtype.name),
            np.int64 if field.kind == "index" else arguments.dtype,
        )
        for field, placeholder in work.fields
    }
    named = {field.name: (field, placeholder) for field, placeholder in work.fields}
    for column in columns:
        known = arguments.at(column)
        if work.guard is not None and evaluate([work.guard], {**known, **state})[0].any():
            new = evaluate([formula for _, formula in work.rare], {**known, **state})
            state |= {named[name][1]: value for (name, _), value in zip(work.rare, new, strict=True)}
        new = evaluate([formula for _, formula in work.update], {**known, **state})
        for (name, _), value in zip(work.update, new, strict=True):
            field, placeholder = named[name]
            state[placeholder] = state[placeholder] + value if field.additive else value
    found = evaluate(work.outputs, {**arguments.at(0), **state})
    return [np.broadcast_to(values, (*arguments.points, values.shape[-1])) for values in found]


def _report(machine: Machine, call: Call, parts: Parts, code: Work, work: Work) -> list[str]:
    return [f"schedule: {call.extent.columns} columns, one after the other, by {machine.name}"]


INTERPRETER = Target(
    name="interpreter",
    title="the interpreter",
    backend="interpreter",
    machine=lambda device, level: Machine(),
    divide=lambda machine, problem, extent, options, threads: Parts(1),
    schedule=lambda machine, work, dtype, options, few_rows: None,
    compile=lambda machine, work, dtype, schedule: work,
    launch=_launch,
    memory=lambda machine: HOST,
    report=_report,
)
