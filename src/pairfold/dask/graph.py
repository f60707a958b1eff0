"""The graph of a reduction: a task for each block of rows and block of columns, whose states are merged in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from operator import itemgetter
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph

from pairfold.api.request import Request
from pairfold.dask.blocks import MOST_COLUMNS, Blocks, choose_blocks, common_chunks, offsets
from pairfold.dask.tasks import Part, finished, merged
from pairfold.engine import Call, Extent, cost_per_pair
from pairfold.errors import ArgumentValueError
from pairfold.ir.expr import Category
from pairfold.reductions.state import outputs_of
from pairfold.sparsity.ranges import columns_of, rows_of
from pairfold.targets.items import pairs_in

__all__ = ["reduce_blocks"]

Key = Any
"""A tuple: the name of an array or of a stage, and numbers."""
Graph = dict[Key, Any]

INSTRUCTIONS_PER_SECOND = 4e9
"""What a core does of the instructions that the cost of a formula counts, roughly."""

TASK_SECONDS = 1.0
"""Below this a scheduler, and the transfer of blocks, would be noticed."""

TREE = 4
"""States that are merged at a time, as in Dask's own reductions."""


def reduce_blocks(call: Call, arrays: Sequence[Any]) -> tuple[da.Array, ...]:
    """Reduce Dask arrays over columns, later.

    Parameters
    ----------
    call : Call
        What is computed.
    arrays : sequence of arrays
        As for `pairfold.engine.run`: of Dask or of NumPy.

    Returns
    -------
    tuple of Dask arrays
        As many as the reduction has outputs.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If a setting is not allowed, or there are too many tasks.
    """
    threads = call.options.threads or 1
    call = replace(call, options=replace(call.options, threads=threads))
    given = {position: arrays[position] for position in call.problem.arguments}
    found = _chunks(call, given)
    seconds = _setting("pairfold.task-seconds", TASK_SECONDS)
    rate = INSTRUCTIONS_PER_SECOND * threads / _cost(call, found)
    blocks = choose_blocks(found, rate, seconds)
    call = _with_parts_of_tolerance(call, len(blocks.columns))
    cut = {position: _rechunked(call, blocks, position, array) for position, array in given.items()}
    return _graph(call, cut, blocks, f"part-{_duration(blocks.most_pairs / rate)}")


def _duration(seconds: float) -> str:
    """Return a word for how long a task takes.

    A scheduler expects tasks of one name to take as long as those before, and leaves short ones where they are: after a
    trial with few points, one worker would be left to do everything.
    """
    return next(
        (word for limit, word in ((0.01, "instant"), (0.2, "short"), (3.0, "seconds")) if seconds < limit), "long"
    )


def _with_parts_of_tolerance(call: Call, parts: int) -> Call:
    """Return a call whose absolute tolerance is one for each block of columns: errors of blocks add up.

    A relative one needs no part: it is relative to the terms of the block.
    """
    asked = call.options.tolerance
    if asked is None or asked.atol is None:
        return call
    return replace(call, options=replace(call.options, tolerance=replace(asked, atol=asked.atol / parts)))


# ---------------------------------------------------------------- settings


def _setting(name: str, default: float) -> Any:
    """Return a number from Dask's configuration."""
    found = dask.config.get(name, default)
    if found is None or (isinstance(found, (int, float)) and not isinstance(found, bool) and found > 0):
        return found
    raise ArgumentValueError(
        f"{name} is {found!r} in the configuration of Dask; it is a positive number of seconds, or None for the chunks "
        "as they are."
    )


def _split_every() -> int:
    found = dask.config.get("split_every", TREE)
    if isinstance(found, int) and not isinstance(found, bool) and found > 0:
        return found
    raise ArgumentValueError(
        f"split_every is {found!r} in the configuration of Dask; pairfold merges so many states at a time, 2 or more, "
        "or one block after the other with 1."
    )


# ---------------------------------------------------------------- blocks


def _places(call: Call, position: int) -> tuple[str, ...]:
    """Return what the axes of an argument are, apart from the last one: numbers of batch axes, rows or columns."""
    category = call.problem.arguments[position].category
    core = {Category.ROW: ("rows",), Category.COLUMN: ("columns",)}.get(category, ())
    return (*map(str, range(len(call.extent.batch))), *core)


def _lengths(extent: Extent) -> dict[str, int]:
    return {**{str(k): size for k, size in enumerate(extent.batch)}, "rows": extent.rows, "columns": extent.columns}


def _chunks(call: Call, arrays: Mapping[int, Any]) -> Blocks:
    """Return chunks that end where those of any argument end."""
    lengths = _lengths(call.extent)
    found: dict[str, list[tuple[int, ...]]] = {place: [] for place in lengths}
    for position, array in arrays.items():
        if isinstance(array, da.Array):
            for place, size, chunks in zip(_places(call, position), array.shape, array.chunks, strict=False):
                if size == lengths[place]:
                    found[place].append(chunks)
    *batch, rows, columns = (common_chunks(lengths[place], several) for place, several in found.items())
    return Blocks(tuple(batch), rows, columns)


def _rechunked(call: Call, blocks: Blocks, position: int, array: Any) -> Any:
    """Return an argument as an array whose chunks are the blocks."""
    lengths = _lengths(call.extent)
    wanted = dict(zip(lengths, (*blocks.batch, blocks.rows, blocks.columns), strict=True))
    places = _places(call, position)
    core = [wanted[p] if size == lengths[p] else (1,) for p, size in zip(places, array.shape, strict=False)]
    chunks = (*core, (array.shape[-1],))
    if not isinstance(array, da.Array):
        return da.from_array(array, chunks=chunks)
    return array if array.chunks == chunks else array.rechunk(chunks, method="tasks")


def _cost(call: Call, chunks: Blocks) -> float:
    """Return the instructions for a pair of rows and columns, whether or not the ranges have it."""
    extent = Extent(max(chunks.rows), min(max(chunks.columns), MOST_COLUMNS))
    if extent.is_empty:
        return 1.0
    cost = cost_per_pair(replace(call, extent=extent, ranges=None))
    if call.ranges is not None:
        cost *= max(1, pairs_in(call.ranges)) / (call.extent.rows * call.extent.columns)
    return cost


# ---------------------------------------------------------------- tasks


@dataclass(frozen=True, eq=False)
class _Tasks:
    """The tasks of a reduction in the making.

    Attributes
    ----------
    call : Call
        What is computed.
    arrays : dict of int to Dask array
        The arguments, whose chunks are the blocks.
    blocks : Blocks
        The blocks.
    label, token : str
        What keys are made of.
    every : int
        How many states are merged at a time.
    part : str
        The stage of the tasks that make states.
    """

    call: Call
    arrays: dict[int, da.Array]
    blocks: Blocks
    label: str
    token: str
    every: int
    part: str

    def key(self, stage: str, *place: int) -> Key:
        """Return the key of a task: Dask shows all of one stage together."""
        return (f"{self.label}-{stage}-{self.token}", *place)

    def graph(self) -> Graph:
        """Return all tasks; those of the stage ``"finish"`` give the outputs of a block of rows."""
        text = Request(self.call).text
        graph: Graph = {}
        for r, (first, last) in enumerate(offsets(self.blocks.rows)):
            seen = None if self.call.ranges is None else rows_of(self.call.ranges, first, last)
            columns = self._columns(seen)
            for batch in product(*(range(len(axis)) for axis in self.blocks.batch)):
                graph |= self._row(text, (*batch, r), columns)
        return graph

    def _columns(self, seen: Any) -> list[tuple[int, int, Any]]:
        """Return number, first column and ranges of the blocks of columns that a block of rows sees."""
        found = []
        for c, (first, last) in enumerate(offsets(self.blocks.columns)):
            own = None if seen is None else columns_of(seen, first, last)
            if own is None or len(own[2]):
                found.append((c, first, own))
        return found or [(0, 0, columns_of(seen, 0, self.blocks.columns[0]))]

    def _row(self, text: str, place: tuple[int, ...], columns: Sequence[tuple[int, int, Any]]) -> Graph:
        """Return the tasks of one block of rows."""
        graph: Graph = {}
        states: list[Key] = []
        *batch, r = place
        sizes = tuple(axis[k] for axis, k in zip(self.blocks.batch, batch, strict=True))
        for c, first, ranges in columns:
            extent = Extent(self.blocks.rows[r], self.blocks.columns[c], sizes)
            part = Part(text, self.call.dtype, extent, first, ranges)
            blocks = [self._block(position, tuple(batch), r, c) for position in self.arrays]
            before = states[-1:] if self.every == 1 else []
            states.append(self.key(self.part, *place, c))
            graph[states[-1]] = (part, blocks, *before)
        states = states[-1:] if self.every == 1 else states
        level = 0
        while len(states) > self.every:
            groups = [states[k : k + self.every] for k in range(0, len(states), self.every)]
            states = [self.key("merge", *place, level, k) for k in range(len(groups))]
            graph |= {key: (merged, group) for key, group in zip(states, groups, strict=True)}
            level += 1
        graph[self.key("finish", *place)] = (finished, states)
        return graph

    def _block(self, position: int, batch: tuple[int, ...], r: int, c: int) -> Key:
        array = self.arrays[position]
        side = {Category.ROW: (r,), Category.COLUMN: (c,)}.get(self.call.problem.arguments[position].category, ())
        own = tuple(k if count > 1 else 0 for k, count in zip(batch, array.numblocks, strict=False))
        return (array.name, *own, *side, 0)


def _graph(call: Call, arrays: dict[int, Any], blocks: Blocks, part: str) -> tuple[da.Array, ...]:
    """Return the outputs."""
    every = _split_every()
    names = [array.name for array in arrays.values()]
    token = tokenize(Request(call).text, call.dtype, call.extent, names, blocks, call.ranges, every)
    label = f"pairfold-{call.problem.reduction.name.lower()}"
    tasks = _Tasks(call, arrays, blocks, label, token, every, part)
    layer = f"{label}-{token}"
    graph = HighLevelGraph.from_collections(layer, tasks.graph(), dependencies=[*arrays.values()])
    return tuple(
        _output(tasks, graph, layer, number, shape, dtype)
        for number, (shape, dtype) in enumerate(outputs_of(call.problem, call.extent, call.dtype))
    )


def _output(
    tasks: _Tasks, graph: HighLevelGraph, layer: str, number: int, shape: tuple[int, ...], dtype: str
) -> da.Array:
    """Return one output, whose chunks are the blocks of rows."""
    name = f"{tasks.label}-output{number}-{tasks.token}"
    kept = (*tasks.blocks.batch, tasks.blocks.rows)
    rest = (0,) * (len(shape) - len(kept))
    own: Graph = {
        (name, *place, *rest): (itemgetter(number), tasks.key("finish", *place))
        for place in product(*(range(len(axis)) for axis in kept))
    }
    whole = HighLevelGraph({**graph.layers, name: own}, {**graph.dependencies, name: {layer}})
    chunks = (*kept, *((size,) for size in shape[len(kept) :]))
    return da.Array(whole, name, chunks, meta=np.empty((0,) * len(shape), dtype))
