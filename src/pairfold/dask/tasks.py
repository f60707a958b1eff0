"""What workers do: make the state of a block of rows after a block of columns, merge states, finish them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from dask.sizeof import sizeof

from pairfold.api.adapter import NUMPY
from pairfold.api.request import Request
from pairfold.engine.states import State, finish, state_of
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.call import Call, Extent
from pairfold.ir.expr import Category
from pairfold.reductions import REDUCTIONS

__all__ = ["Part", "finished", "merged"]


def _size(state: State) -> int:
    """Return the bytes of a state, by which workers know what to spill."""
    return 1000 + sum(array.nbytes for array in state.fields.values())


sizeof.register(State, _size)


@dataclass(frozen=True)
class Part:
    """The task of one block of rows and one block of columns.

    Attributes
    ----------
    text : str
        The call, as `pairfold.api.request.Request` writes it.
    dtype : str
        Precision of the arithmetic.
    extent : Extent
        Sizes of the blocks.
    first : int
        The number of the first column.
    ranges : tuple of three arrays, or None
        What the block of rows sees of these columns.
    """

    text: str
    dtype: str
    extent: Extent
    first: int
    ranges: tuple[Any, ...] | None = None

    def __call__(self, blocks: Sequence[Any], before: State | None = None) -> State:
        """Return the state after these columns, and after those of a state before.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            If a block is not what its array announced.
        """
        call = replace(Request.from_text(self.text, self.extent, self.dtype).call, ranges=self.ranges)
        arrays: list[Any] = [None] * (1 + max(call.problem.arguments, default=-1))
        for position, block in zip(call.problem.arguments, blocks, strict=True):
            arrays[position] = _checked(call, position, block)
        fields = None if call.options.tolerance is None else _of_some_pairs(call, arrays)
        if fields is None:
            fields = NUMPY.run(replace(call, problem=call.problem.unfinished), arrays)
        state = state_of(call, fields, self.first, call.dtype)
        return state if before is None else merged([before, state])


def _checked(call: Call, position: int, block: Any) -> Any:
    """Return a block as an array that the engine may read; what an array announced need not be what it has."""
    variable, extent = call.problem.arguments[position], call.extent
    try:
        array = np.asarray(NUMPY.as_array(block), call.dtype)
    except ArgumentTypeError as reason:
        raise ArgumentTypeError(f"A block of argument number {position}: {reason}") from None
    sizes = {Category.ROW: (extent.rows,), Category.COLUMN: (extent.columns,)}.get(variable.category, ())
    core = (*sizes, variable.dim)
    split = array.ndim - len(core)
    own = array.shape[:split]
    fits = split == len(extent.batch) and all(a in (1, b) for a, b in zip(own, extent.batch, strict=True))
    if not fits or array.shape[split:] != core:
        raise ArgumentValueError(
            f"A block of argument number {position} has shape {array.shape}, where its Dask array announced "
            f"{(*extent.batch, *core)}. What makes the array, such as map_blocks, must say which chunks it makes."
        )
    return array


_RESULTS_ARE_STATES = {
    "Sum": "Sum",
    "LogSumExp": "LogSumExp",
    **{f"{kept}{name}": f"{name}_Arg{name}" for name in ("Min", "Max", "KMin") for kept in ("Arg", f"{name}_Arg")},
    **{name: name for name in ("Min", "Max", "KMin")},
}
"""Of which reductions a state can be told from results, and whose: pairs are left out of what has a result only."""


def _of_some_pairs(call: Call, arrays: Sequence[Any]) -> tuple[Any, ...] | None:
    """Return the fields of the state of a call with a tolerance; None where all pairs are needed."""
    problem, extent = call.problem, call.extent
    name = _RESULTS_ARE_STATES.get(problem.reduction.name)
    if name is None or (problem.reduction.adds and call.options.accumulate not in ("block", "direct")):
        return None
    outputs = NUMPY.run(replace(call, problem=replace(problem, reduction=REDUCTIONS[name])), arrays)
    fields = _shift_and_total(*outputs) if name == "LogSumExp" else outputs
    dims = [field.dim(problem.sizes) for field in problem.reduction.fields]
    return tuple(o.reshape(*extent.batch, extent.rows, dim) for o, dim in zip(fields, dims, strict=True))


def _shift_and_total(logarithm: Any) -> tuple[Any, Any]:
    """Return the state of a log-sum-exp: ``shift + log(total)``."""
    is_usual = np.isfinite(logarithm)
    lowest = np.finfo(logarithm.dtype).min
    total = np.where(is_usual, 1, np.where(logarithm == -np.inf, 0, logarithm)).astype(logarithm.dtype)
    return np.where(is_usual, logarithm, lowest), total


def merged(states: Sequence[State]) -> State:
    """Return the state after the columns of several, in the thread of the task."""
    return states[0].merge(*states[1:], threads=1)


def finished(states: Sequence[State]) -> tuple[Any, ...]:
    """Return the outputs of the reduction for all columns of several states."""
    return finish(merged(states), threads=1)
