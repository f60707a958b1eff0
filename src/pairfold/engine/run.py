"""Carry out a reduction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.engine.cache import Prepared, merging, prepared
from pairfold.engine.joint import run_jointly
from pairfold.errors import TargetError
from pairfold.ir.call import Call, Extent
from pairfold.ir.expr import variables
from pairfold.targets import reference
from pairfold.targets.target import TARGETS, DeviceArray, Launch, Memory, Parts, target_of

__all__ = ["run", "run_on_device"]

Array = NDArray[Any]


def run(call: Call, arrays: Sequence[Array | None]) -> tuple[Array, ...]:
    """Reduce NumPy arrays over columns.

    Parameters
    ----------
    call : Call
        What is computed; the options name the target.
    arrays : sequence of arrays
        ``arrays[position]`` for every variable: ``(*b, rows, dim)``, ``(*b, columns, dim)`` or ``(*b, dim)`` by its
        category, all of the dtype of the call, any strides; b broadcasts to the batch and has as many axes. None where
        the formula does not read it.

    Returns
    -------
    tuple of arrays
        ``(*batch, rows, *shape)`` for each output of the reduction; int64 for column numbers.

    Raises
    ------
    TargetError
        If the target does not serve on this machine, or reports an error.
    """
    if call.mirror is not None:
        found = run_jointly(call, (call.mirror,), arrays, triangle=True)
        if found is not None:
            by_row, by_column = found
            by_row += by_column.reshape(by_row.shape)
            return (by_row,)
    target = target_of(call.options)
    if call.extent.is_empty:
        target.machine(call.options.device or 0, call.options.level)
        # What is broadcast there may not be written.
        return tuple([np.require(output, requirements="W") for output in reference.run(call, arrays)])
    made = prepared(target, call.options.device or 0, call)
    memory = target.memory(made.machine)
    try:
        read = call.problem.arguments
        places = dict(zip(read, map(memory.send, map(arrays.__getitem__, read)), strict=True))  # type: ignore[arg-type]
        return memory.fetch(_outputs(made, call, places, memory))
    except TargetError as error:
        raise _told(error, call, made.machine.name) from error
    finally:
        memory.close()


def run_on_device(call: Call, arrays: Sequence[DeviceArray | None], memory: Memory, target: str) -> tuple[Any, ...]:
    """Reduce arrays that lie in the memory of a target.

    The call returns when the kernels are queued on the stream of `memory`, before they have run.

    Parameters
    ----------
    call : Call
        What is computed; the ranges are NumPy arrays.
    arrays : sequence of DeviceArray
        As for `run`.
    memory : Memory
        Where outputs are allocated.
    target : str
        Whose memory it is.

    Returns
    -------
    tuple of arrays
        Arrays of `memory`, shaped as those of `run`.

    Raises
    ------
    TargetError
        If the target does not serve on this machine, or reports an error.
    """
    made = prepared(TARGETS[target], memory.device, call)
    try:
        return _outputs(made, call, arrays, memory)
    except TargetError as error:
        raise _told(error, call, made.machine.name) from error


def _told(error: TargetError, call: Call, machine: str) -> TargetError:
    """Return an error that also says what was being computed."""
    problem, (rows, columns, batch) = call.problem, call.extent
    used = variables(*problem.roots)
    return TargetError(
        f"{error} This was {problem.reduction.name} of {problem.value!r} with {rows} rows, {columns} columns, "
        f"batch {batch} and {len(used)} arguments of dimension {[v.dim for v in used]}, in {call.dtype}, on {machine}."
    )


def _outputs(
    made: Prepared, call: Call, places: Mapping[Any, DeviceArray] | Sequence[DeviceArray | None], memory: Memory
) -> tuple[Any, ...]:
    """Return the outputs, arrays of `memory`."""
    outputs = tuple([memory.empty(*spec) for spec in made.outputs])
    target, extent, parts = made.target, call.extent, made.parts
    if extent.rows == 0 or 0 in extent.batch:
        return outputs
    planned, progress = made.planned, call.options.progress
    if parts.split == 1:
        target.launch(Launch(planned.code, memory, extent, places, outputs, parts, call.ranges, progress))
        return outputs
    states = [memory.empty(*spec) for spec in made.states]
    target.launch(Launch(planned.code, memory, extent, places, states, parts, None, progress))
    problem = call.problem
    precision = "float64" if planned.is_wide else call.dtype
    merge = merging(target, made.machine, problem.reduction, problem.sizes, precision)
    size = extent.entries * extent.rows
    is_rounded = planned.is_wide and not problem.reduction.is_unfinished
    finished = [memory.empty((size, dim), dtype) for dim, dtype in merge.outputs] if is_rounded else outputs
    fields = {
        position: DeviceArray(memory.address(state), (parts.split, dim), (size * dim, 1))
        for (position, dim), state in zip(merge.variables, states, strict=True)
    }
    own = Parts(1, threads=parts.threads)
    target.launch(Launch(merge.code, memory, Extent(size, parts.split), fields, finished, own))
    if is_rounded:
        with np.errstate(over="ignore"):
            for output, found in zip(outputs, finished, strict=True):
                output[...] = found.reshape(output.shape)
    return outputs
