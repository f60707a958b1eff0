"""What the front ends must know about Dask arrays.

NumPy arrays stand beside them, as they are: numbers, parameters, a small side. They become part of the graph when a
reduction does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import isnan
from typing import Any, NoReturn

import numpy as np

from pairfold.api.adapter import NUMPY
from pairfold.engine import Call
from pairfold.errors import ArgumentTypeError, ArgumentValueError, MissingPackageError
from pairfold.pruning.report import is_collecting

try:
    import dask.array as da

    from pairfold.dask.graph import reduce_blocks
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "dask":
        raise
    raise MissingPackageError(
        "pairfold.dask needs the package Dask, which is not installed. Install it with `pip install pairfold[dask]`.",
        name="dask",
    ) from None

__all__ = ["DASK", "Lazy", "Unsolved", "Unsorted", "no_solver"]

Array = Any
"""An array of Dask or of NumPy."""


def _as_array(value: Any) -> Array:
    if not isinstance(value, da.Array):
        return _of_another_kind(value)
    if any(map(isnan, value.shape)):
        raise ArgumentTypeError(
            f"found a Dask array of shape {value.shape}: the lengths of its chunks are not known yet. "
            "`array.compute_chunk_sizes()` finds them out; `frame.to_dask_array(lengths=True)` makes an array that has "
            "them."
        )
    block = value._meta
    if type(block) is not np.ndarray:
        raise ArgumentTypeError(
            f"found a Dask array whose blocks are of the type {type(block).__module__}.{type(block).__name__}; allowed "
            "are blocks of NumPy arrays, as `array.map_blocks(convert, dtype=array.dtype)` can make."
        )
    return value


def _of_another_kind(value: Any) -> Array:
    if hasattr(type(value), "to_dask_array"):
        raise ArgumentTypeError(
            f"found an object of type {type(value).__name__}; allowed are Dask arrays, NumPy arrays and numbers. "
            "`frame.to_dask_array(lengths=True)` makes an array of it."
        )
    if hasattr(type(value), "__dask_graph__"):
        raise ArgumentTypeError(
            f"found an object of type {type(value).__name__}; allowed are Dask arrays, NumPy arrays and numbers. "
            "`dask.array.from_delayed(value, shape, dtype)` makes an array of something delayed."
        )
    return NUMPY.as_array(value)


def _by_block(array: Array, function: Any, dtype: Any, pairs: int = 0) -> Array:
    """Return an array block by block; the last axis grows (`pairs` 1) or shrinks (-1) by the factor 2."""
    chunks = array.chunks
    if pairs:
        chunks = (*chunks[:-1], tuple(2 * n if pairs > 0 else n // 2 for n in chunks[-1]))
    return array.map_blocks(function, dtype=dtype, chunks=chunks, meta=np.empty((0,) * array.ndim, dtype))


def _cast(block: Any, to: Any) -> Any:
    return NUMPY.prepare(block, to, None, None)


def _as_pairs(array: Array) -> Array:
    if not isinstance(array, da.Array):
        return NUMPY.as_pairs(array)
    array = array.reshape(1) if array.ndim == 0 else array
    return _by_block(array, NUMPY.as_pairs, NUMPY.working_dtype([array.dtype]), 1)


def _from_pairs(array: Array) -> Array:
    if not isinstance(array, da.Array):
        return NUMPY.from_pairs(array)
    dtype = NUMPY.from_pairs(np.empty((0, 2), array.dtype)).dtype
    return _by_block(array.rechunk({-1: -1}), NUMPY.from_pairs, dtype, -1)


def _prepare(array: Array, dtype: Any, shape: Sequence[int] | None, stretched: Sequence[int] | None) -> Array:
    if not isinstance(array, da.Array):
        return NUMPY.prepare(array, dtype, shape, stretched)
    result = _as_pairs(array) if array.dtype.kind == "c" else array
    if result.dtype != dtype:
        result = _by_block(result, partial(_cast, to=dtype), dtype)
    if shape is not None:
        result = result.reshape(tuple(shape))
    return result if stretched is None else da.broadcast_to(result, tuple(stretched))


def _run(call: Call, arrays: Sequence[Array | None]) -> tuple[Array, ...]:
    """Make the graph of a reduction; nothing is computed."""
    if call.options.progress:
        raise ArgumentValueError(
            "progress=True is for a reduction in this process. Dask shows its own: the dashboard of a cluster, "
            "`distributed.progress(result)`, or `dask.diagnostics.ProgressBar()` around `compute`."
        )
    if call.options.tolerance is not None and is_collecting():
        raise ArgumentValueError(
            "A report was asked for (report=True, collect_reports), and nothing is computed yet: workers find out what "
            "can be left out, block by block. Leave the report out; the tolerance holds."
        )
    if call.problem.reduction.is_unfinished:
        raise ArgumentTypeError(
            "A reduction of Dask arrays makes and merges its states itself, where they are. partial(), stream() and "
            "what else is made of states are for pairfold.numpy, whose stream() reads Dask arrays block by block."
        )
    return reduce_blocks(call, arrays)


def no_solver(*args: Any, **settings: Any) -> NoReturn:
    """Refuse to solve a linear system: every step of its iteration would compute everything before it again.

    Raises
    ------
    ArgumentTypeError
        Always.
    """
    raise ArgumentTypeError(
        "Linear systems of Dask arrays are not solved: each step depends on numbers of the last one, and nothing is "
        "computed here. Use pairfold.numpy for arrays in memory, or an iteration of SciPy with (K @ v).compute() as "
        "the product."
    )


DASK = replace(
    NUMPY,
    name="Dask",
    xp=da,
    as_array=_as_array,
    array_type=da.Array,
    as_pairs=_as_pairs,
    from_pairs=_from_pairs,
    permute=lambda array, axes: array.transpose(axes),
    contiguous=lambda array: array,
    prepare=_prepare,
    run=_run,
    in_parts=True,
)


class Lazy:
    """Results are Dask arrays; nothing is computed before `compute`. NumPy arrays may stand beside those of Dask."""

    __slots__ = ()


class Unsorted:
    """Trees are of arrays in memory: a `pairfold.numpy.Tree` may stand for one."""

    def __init__(self, points: Any) -> None:
        if isinstance(points, da.Array):
            raise ArgumentTypeError(
                "A Tree sorts points in memory, and these are a Dask array: give the array itself. Its blocks are "
                "sorted where they are reduced."
            )
        super().__init__(points)  # type: ignore[call-arg]  # the shared class comes after it


class Unsolved:
    """Linear systems of Dask arrays are not solved: a call says what to do instead."""

    __slots__ = ()
