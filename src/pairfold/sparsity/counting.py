"""How many pairs of a pattern lie in each cell of a grid, in memory that does not grow with the pattern."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["count_blocks", "count_strip", "equal_counter"]

Counts = NDArray[np.float64]
Edges = Sequence[int]

AT_ONCE = 1 << 20
"""Numbers of a table that is made on the way."""


def count_blocks(half: tuple[NDArray[np.int64], ...], edges_i: Edges, edges_j: Edges) -> Counts:
    """Return the number of pairs in every cell that blocks of rows with lists of columns keep.

    Parameters
    ----------
    half : three arrays
        Blocks of rows, the ends of their lists, intervals of columns, as in `pairfold.sparsity.ranges`.
    edges_i, edges_j : sequence of int
        Where cells begin, and the end of the last one.

    Examples
    --------
    >>> half = np.array([[0, 2], [2, 5]]), np.array([1, 2]), np.array([[0, 2], [1, 4]])
    >>> count_blocks(half, [0, 3, 5], [0, 2, 4])
    array([[5., 2.],
           [2., 4.]])
    """
    blocks, ends, intervals = half
    down, right = np.asarray(edges_i, np.int64), np.asarray(edges_j, np.int64)
    owner = np.repeat(np.arange(len(blocks)), np.diff(ends, prepend=0))
    # Above row a and left of column b, a block of the rows [s, s') with the columns [t, t') has the pairs
    # (a - s)(b - t) - (a - s')(b - t) - (a - s)(b - t') + (a - s')(b - t'), where negative factors count as 0. So four
    # sums over all corners in a cell are enough: of 1, s, t and s t. Integers that overflow on the way do no harm.
    sums = np.zeros((4, len(down), len(right)), np.int64)
    flat = sums.reshape(4, -1)
    for first in range(0, len(intervals), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        sides_i, sides_j = blocks[owner[part]].T, intervals[part].T
        cells_i, cells_j = (np.searchsorted(cuts, s, "right") - 1 for cuts, s in ((down, sides_i), (right, sides_j)))
        for k, n in ((0, 0), (0, 1), (1, 0), (1, 1)):
            s, t, place = sides_i[k], sides_j[n], cells_i[k] * len(right) + cells_j[n]
            for total, number in zip(flat, (np.ones_like(s), s, t, s * t), strict=True):
                np.add.at(total, place, number if k == n else -number)
    # A corner counts for the edges after its cell.
    one, s, t, s_t = np.cumsum(np.cumsum(sums, axis=1), axis=2)[:, :-1, :-1]
    below = np.zeros((len(down), len(right)), np.int64)
    below[1:, 1:] = down[1:, None] * right[1:] * one - down[1:, None] * t - right[1:] * s + s_t
    return np.diff(np.diff(below, axis=0), axis=1).astype(np.float64)


def equal_counter(ids_i: NDArray[np.int64], ids_j: NDArray[np.int64]) -> Callable[[Edges, Edges], Counts]:
    """Return what counts the pairs of equal numbers in every cell; the numbers are sorted at its first call.

    Examples
    --------
    >>> equal_counter(np.array([7, 7, 9]), np.array([9, 7, 7]))([0, 2, 3], [0, 3])
    array([[4.],
           [1.]])
    """

    @cache
    def codes() -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        names, found = np.unique(np.concatenate([ids_i, ids_j]), return_inverse=True)
        code_i, code_j = np.split(found.reshape(-1), [len(ids_i)])
        return code_i, code_j, len(names)

    def count(edges_i: Edges, edges_j: Edges) -> Counts:
        code_i, code_j, total = codes()
        counts = np.zeros((len(edges_i) - 1, len(edges_j) - 1))
        step = max(1, AT_ONCE // max(*counts.shape, 1))
        for first in range(0, total, step):
            width = min(step, total - first)
            counts += _histogram(code_i, edges_i, first, width) @ _histogram(code_j, edges_j, first, width).T
        return counts

    return count


def _histogram(codes: NDArray[np.int64], edges: Edges, first: int, width: int) -> Counts:
    """Return how often every cell has each of the codes from `first` on."""
    cell = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    chosen = (codes >= first) & (codes < first + width)
    places = cell[chosen] * width + (codes[chosen] - first)
    return np.bincount(places, minlength=(len(edges) - 1) * width).reshape(-1, width).astype(np.float64)


def count_strip(first: int | None, last: int | None, edges_i: Edges, edges_j: Edges) -> Counts:
    """Return the number of pairs with ``first <= j - i <= last`` (None: no bound) in every cell, for sizes of any kind.

    Examples
    --------
    >>> count_strip(-1, 1, [0, 2, 4], [0, 2, 4])
    array([[4., 1.],
           [1., 4.]])
    """

    def before(i: int, j: int) -> int:
        """Pairs above row i and left of column j."""
        upper = i * j if last is None else _below(i, j, last)
        return upper - (0 if first is None else _below(i, j, first - 1))

    # Numbers of any size: those of floats would not cancel.
    below = [[before(i, j) for j in edges_j] for i in edges_i]
    return np.array(
        [
            [low[n + 1] - low[n] - high[n + 1] + high[n] for n in range(len(edges_j) - 1)]
            for high, low in pairwise(below)
        ],
        np.float64,
    ).reshape(len(edges_i) - 1, len(edges_j) - 1)


def _below(rows: int, columns: int, diagonal: int) -> int:
    """Return the number of pairs of the first rows and columns with ``j - i <= diagonal``."""
    return _staircase(rows, diagonal + 1) - _staircase(rows, diagonal + 1 - columns)


def _staircase(rows: int, first: int) -> int:
    """Return the sum over rows i of ``max(0, i + first)``."""
    return _triangle(rows - 1 + first) - _triangle(first - 1)


def _triangle(n: int) -> int:
    return n * (n + 1) // 2 if n > 0 else 0
