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
        outputs = NUMPY.run(replace(call, problem=call.problem.unfinished), arrays)
        state = state_of(call, outputs, self.first, call.dtype)
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


def merged(states: Sequence[State]) -> State:
    """Return the state after the columns of several, in the thread of the task."""
    return states[0].merge(*states[1:], threads=1)


def finished(states: Sequence[State]) -> tuple[Any, ...]:
    """Return the outputs of the reduction for all columns of several states."""
    return finish(merged(states), threads=1)
