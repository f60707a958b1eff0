"""The handler behind the primitive: the engine on the memory of a call frame of XLA.

It is a function of Python with the calling convention of C, so nothing is compiled for it. XLA calls it from a thread
of its own, while the one that waits for the result does not hold the lock of the interpreter. It must not touch JAX.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from pairfold.api.adapter import NUMPY
from pairfold.api.linear_system import solve_call
from pairfold.api.request import Request
from pairfold.engine import Call, Extent, State, finish
from pairfold.errors import ArgumentValueError, PairfoldError
from pairfold.ir.expr import Category
from pairfold.jax import frame as ffi
from pairfold.jax.small import SmallCalls, key_of
from pairfold.pruning import run

__all__ = ["ATTRIBUTES", "SMALL", "handler", "packed_ranges"]

ATTRIBUTES = ("columns", "key", "ranges", "request")
"""The attributes of a call, in the order of the frame, which is that of their names."""

_EXECUTE = 3
_INVALID, _EXHAUSTED, _INTERNAL = 3, 8, 13

Array = np.ndarray[Any, Any]


def packed_ranges(ranges: Sequence[Array] | None) -> Array:
    """Return the six arrays of block-sparse ranges as one, their lengths first."""
    if ranges is None:
        return np.zeros(0, np.int64)
    flat = [np.asarray(part, np.int64).ravel() for part in ranges]
    return np.concatenate([np.array([len(part) for part in flat], np.int64), *flat])


def _unpacked(packed: Array) -> tuple[Array, ...]:
    if not packed.size:
        return ()
    ends = np.cumsum(packed[:6])
    parts = [packed[6:][end - size : end] for end, size in zip(ends, packed[:6], strict=True)]
    # Intervals are pairs; slices are not.
    return tuple(part if number % 3 == 1 else part.reshape(-1, 2) for number, part in enumerate(parts))


@lru_cache(maxsize=1024)
def _dense(text: bytes, extent: Extent, dtype: str) -> Request:
    return Request.from_text(text.decode(), extent, dtype)


def _request(text: bytes, columns: int, ranges: Array, arrays: Sequence[Array], output: Array) -> Request:
    """Return what is asked; the sizes are those of the memory, as a program for any sizes knows no others."""
    sample = _dense(text, Extent(1, 1), "float64")
    if sample.merges:
        *batch, rows, _ = arrays[0].shape
        return _dense(text, Extent(rows, columns, tuple(batch)), arrays[0].dtype.name)
    axes = _batch_axes(sample, arrays)
    batch, rows = output.shape[:axes], output.shape[axes]
    for position, node in sample.call.problem.arguments.items():
        if node.category == Category.COLUMN:
            columns = arrays[position].shape[-2]
            break
    extent, dtype = Extent(rows, columns, batch), arrays[0].dtype.name
    if not ranges.size:
        return _dense(text, extent, dtype)
    return Request.from_text(text.decode(), extent, dtype, _unpacked(ranges))


def _batch_axes(sample: Request, arrays: Sequence[Array]) -> int:
    for position, node in sample.call.problem.arguments.items():
        return arrays[position].ndim - (1 if node.category == Category.PARAMETER else 2)
    return arrays[0].ndim - 1


def _execute(frame: ffi.Frame) -> None:
    arrays, outputs = ffi.buffers(frame.args), ffi.buffers(frame.rets)
    columns, key = ffi.integer(frame, 0), ffi.text(frame, 1)
    ranges, text = ffi.integers(frame, 2), ffi.text(frame, 3)
    request = _request(text, columns, ranges, arrays, outputs[0])
    found: Sequence[Array]
    if request.merges:
        found = merge_parts(request.call, arrays)
    elif request.system is None:
        found = run(request.call, arrays)
        if key and key == key_of(text.decode(), request.call.dtype).encode():
            SMALL.offer(key, request.call, len(arrays))
    else:
        *given, alpha = arrays
        found = (solve_call(NUMPY, run, request.call, request.system, given, _number(alpha)),)
    for output, array in zip(outputs, found, strict=True):
        output[...] = array


def merge_parts(call: Call, arrays: Sequence[Array]) -> tuple[Array, ...]:
    """Return the outputs for all columns, from the fields of states of parts of the columns; see `Request.merges`."""
    problem, parts = call.problem, call.extent.columns
    names, extent = [field.name for field in problem.reduction.fields], call.extent._replace(columns=1)
    stacks = [array.reshape(*array.shape[:-1], parts, -1) for array in arrays]
    first, *others = (
        State(
            {name: stack[..., part, :] for name, stack in zip(names, stacks, strict=True)},
            ((part, part + 1),),
            problem,
            extent,
            call.dtype,
            call.dtype,
        )
        for part in range(parts)
    )
    return finish(first.merge(*others))


def _number(alpha: Array) -> float:
    if (alpha != alpha.flat[0]).any():
        raise ArgumentValueError(
            f"alpha has {alpha.size} different values; all systems of a batch have the same alpha. Solve one by one."
        )
    return float(alpha.flat[0])


def _handle(address: int) -> Any:
    """Carry out one call."""
    frame = ffi.Frame.from_address(address)
    try:
        if not ffi.answer_query(frame) and frame.stage == _EXECUTE:
            _execute(frame)
    except BaseException as reason:  # Whatever it is, nobody else could tell the user.
        code = _INVALID if isinstance(reason, PairfoldError) else _INTERNAL
        code = _EXHAUSTED if isinstance(reason, MemoryError) else code
        return ffi.error(frame, f"{type(reason).__name__}: {reason}", code)
    return None


handler = ffi.HANDLER(_handle)
"""The generic handler, a function of C."""

SMALL = SmallCalls(handler, ATTRIBUTES.index("key"))
"""What XLA calls: the function before the handler."""
