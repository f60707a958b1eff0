"""Into which blocks a reduction is cut: by the chunks of the arrays, and by the work of a task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil, prod, sqrt

from pairfold.errors import ArgumentValueError

__all__ = ["MOST_COLUMNS", "MOST_TASKS", "Blocks", "choose_blocks", "common_chunks", "offsets"]

Chunks = tuple[int, ...]
"""Lengths of the chunks along one axis."""

MOST_TASKS = 1_000_000
"""Pairs of blocks in one reduction: a scheduler takes some hundred microseconds for each."""

LONGEST = 10
"""How many times longer than asked a task may take before its chunks are cut."""

MOST_COLUMNS = 2**31 - 1
"""Columns of one block: kernels number them with 32 bits."""


@dataclass(frozen=True)
class Blocks:
    """The lengths of the blocks along every axis.

    Attributes
    ----------
    batch : tuple of tuples of int
        Along the batch axes.
    rows, columns : tuple of int
        Along what is kept and what is reduced.
    """

    batch: tuple[Chunks, ...]
    rows: Chunks
    columns: Chunks

    @property
    def tasks(self) -> int:
        """How many pairs of blocks there are."""
        return prod(map(len, (*self.batch, self.rows, self.columns)))

    @property
    def most_pairs(self) -> int:
        """How many pairs the largest task has."""
        return prod(map(max, (*self.batch, self.rows, self.columns)))


def common_chunks(length: int, several: Iterable[Chunks]) -> Chunks:
    """Return the chunks that end wherever one of several chunkings of an axis ends.

    Examples
    --------
    >>> common_chunks(10, [(4, 6), (5, 5)])
    (4, 1, 5)
    """
    cuts = {0, length}.union(*(accumulate(chunks) for chunks in several))
    return tuple(last - first for first, last in pairwise(sorted(cuts))) or (0,)


def choose_blocks(chunks: Blocks, rate: float, seconds: float | None) -> Blocks:
    """Return the blocks whose pairs are one task each.

    Neighbouring chunks go together until a task takes `seconds`, and chunks whose tasks would take more than `LONGEST`
    times as long are cut.

    Parameters
    ----------
    chunks : Blocks
        The chunks of the arrays.
    rate : float
        Pairs that a task works on per second, roughly.
    seconds : float or None
        None leaves the chunks as they are.

    Raises
    ------
    ArgumentValueError
        If there would be more than `MOST_TASKS` tasks.

    Examples
    --------
    >>> choose_blocks(Blocks((), (10,) * 8, (1000,)), rate=1e5, seconds=0.4)
    Blocks(batch=(), rows=(40, 40), columns=(1000,))
    """
    grouped = chunks if seconds is None else _grouped(chunks, rate * seconds)
    if grouped.tasks > MOST_TASKS:
        raise _refusal(grouped)
    if seconds is not None:
        everything = prod(map(sum, (*grouped.batch, grouped.rows, grouped.columns)))
        cut = _cut(grouped, max(rate * seconds * LONGEST, 4 * everything / MOST_TASKS))
        grouped = cut if cut.tasks <= MOST_TASKS else grouped
    return Blocks(grouped.batch, grouped.rows, _regrouped(grouped.columns, MOST_COLUMNS, joins=False))


def _grouped(blocks: Blocks, pairs: float) -> Blocks:
    """Join neighbouring blocks until a task has so many pairs."""
    entries, rows, columns = prod(map(max, blocks.batch)), max(blocks.rows), max(blocks.columns)
    most_rows, most_columns = sum(blocks.rows), sum(blocks.columns)
    needed = pairs / max(1, entries)
    # Squares need the fewest transfers: every block of columns goes to every block of rows.
    wide = min(most_rows, max(rows, min(sqrt(needed), needed / max(1, columns))))
    long = min(most_columns, max(columns, needed / max(1, wide)))
    wide = min(most_rows, max(wide, needed / max(1, long)))
    needed /= max(1, wide * long)
    batch = []
    for axis in reversed(blocks.batch):
        size = min(sum(axis), max(axis) * max(1, needed))
        needed *= max(axis) / max(1, size)
        batch.append(_regrouped(axis, size))
    return Blocks(tuple(reversed(batch)), _regrouped(blocks.rows, wide), _regrouped(blocks.columns, long))


def _cut(blocks: Blocks, pairs: float) -> Blocks:
    """Cut batches, then rows and columns, until no task has more pairs than that."""
    rows, columns = max(blocks.rows), max(blocks.columns)
    excess = rows * columns * prod(map(max, blocks.batch)) / pairs
    batch = []
    for axis in blocks.batch:
        size = max(1.0, max(axis) / max(1.0, excess))
        excess *= size / max(1, *axis)
        batch.append(_regrouped(axis, size, joins=False))
    if excess <= 1:
        return Blocks(tuple(batch), blocks.rows, blocks.columns)
    allowed = rows * columns / excess
    wide = min(rows, max(1.0, sqrt(allowed), allowed / columns))
    long = min(columns, max(1.0, allowed / wide))
    return Blocks(tuple(batch), _regrouped(blocks.rows, wide, False), _regrouped(blocks.columns, long, False))


def _regrouped(chunks: Chunks, size: float, joins: bool = True) -> Chunks:
    """Join neighbouring chunks up to a length, and cut longer ones into equal parts."""
    found: list[int] = []
    length = 0
    for chunk in chunks:
        if length and (not joins or length + chunk > size):
            found.append(length)
            length = 0
        if chunk > size:
            parts = ceil(chunk / max(1.0, size))
            ends = [chunk * part // parts for part in range(parts + 1)]
            found += [last - first for first, last in pairwise(ends)]
        else:
            length += chunk
    return (*found, length) if length or not found else tuple(found)


def _refusal(blocks: Blocks) -> ArgumentValueError:
    factor = sqrt(blocks.tasks / MOST_TASKS)
    while True:
        rows, columns = (_rounded(sum(axis) / len(axis) * factor) for axis in (blocks.rows, blocks.columns))
        count = prod(map(len, blocks.batch)) * ceil(sum(blocks.rows) / rows) * ceil(sum(blocks.columns) / columns)
        if count <= MOST_TASKS or (rows >= sum(blocks.rows) and columns >= sum(blocks.columns)):
            break
        factor *= 1.1
    batch = f" for {prod(map(len, blocks.batch))} blocks of the batch axes" if blocks.batch else ""
    return ArgumentValueError(
        f"There are {len(blocks.rows)} blocks of what is kept and {len(blocks.columns)} of what is reduced{batch}: "
        f"{blocks.tasks} tasks, and a scheduler of Dask takes {MOST_TASKS} at most. Make the chunks longer, {rows} of "
        f"what is kept by {columns} of what is reduced or more, with `array.rechunk({{-2: length}})`."
    )


def _rounded(length: float) -> int:
    """Return a length of two digits that is not smaller."""
    unit: int = 10 ** max(0, len(str(ceil(length))) - 2)
    return ceil(length / unit) * unit


def offsets(chunks: Sequence[int]) -> list[tuple[int, int]]:
    """Return where each chunk begins and ends."""
    return list(pairwise(accumulate(chunks, initial=0)))
