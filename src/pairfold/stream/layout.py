"""How large the pieces are: panels of rows, for which blocks of columns come by."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pairfold.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["Layout", "Weights", "bytes_of", "lay_out"]

_PAIRS = 4 * 10**9
"""Pairs of one piece of work, about a second: as often is progress reported, and a run is resumed from there."""

_FEWEST_ROWS = 65_536
"""A panel has as many rows, if there are so many and memory has room, since columns are read again for every panel."""

_FEWEST_COLUMNS = 16_384
"""A block has as many columns, so that the time for merging its state does not count."""

_LEAST = 64
"""Rows of a panel and columns of a block below which streaming makes no sense."""

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def bytes_of(memory: object) -> int:
    """Return a number of bytes, given as such or as text.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If it is neither.

    Examples
    --------
    >>> bytes_of("4GB"), bytes_of("1.5 MiB"), bytes_of(1000)
    (4000000000, 1572864, 1000)
    """
    if isinstance(memory, bool) or not isinstance(memory, (int, str)):
        raise ArgumentTypeError(f'memory is {memory!r}; it is a text such as "4GB", or a number of bytes.')
    if isinstance(memory, int):
        count = memory
    else:
        found = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*([kmgt]i?)?b?\s*", memory.lower())
        count = 0 if found is None else int(float(found[1]) * _UNITS[found[2] or ""])
    if count < 1:
        raise ArgumentValueError(f'memory is {memory!r}; it is a text such as "4GB" or "500MiB", or a number of bytes.')
    return count


@dataclass(frozen=True)
class Weights:
    """Bytes of one row and of one column.

    Attributes
    ----------
    row, column : int
        What is read of it.
    state, result : int
        What is kept of a row, and what is found.
    """

    row: int
    column: int
    state: int
    result: int

    @property
    def of_row(self) -> int:
        """Bytes of a row of a panel: the next panel is read meanwhile, and two states are merged into a third."""
        return 2 * self.row + 3 * self.state + 2 * self.result

    @property
    def of_column(self) -> int:
        """Bytes of a column of a block: the next block is read meanwhile, and what the formula needs is packed."""
        return 3 * self.column


@dataclass(frozen=True)
class Layout:
    """The sizes of the pieces.

    Attributes
    ----------
    rows : int
        Rows of a panel.
    columns : int
        Columns of a block.
    stays : bool
        Whether one block has all columns, which are read once.
    """

    rows: int
    columns: int
    stays: bool


def lay_out(rows: int, columns: int | None, weights: Weights, memory: int, chunks: tuple[int, int] = (1, 1)) -> Layout:
    """Return the sizes of the pieces for a problem.

    Parameters
    ----------
    rows, columns : int
        Size of the problem; None when the columns have not been counted.
    weights : Weights
        What a row and a column need.
    memory : int
        Bytes that all pieces together may need.
    chunks : tuple of int
        Rows and columns that are stored together: pieces are made of whole ones where that is possible.

    Raises
    ------
    ArgumentValueError
        If `memory` is too little.

    Examples
    --------
    >>> lay_out(10**8, 1000, Weights(row=12, column=16, state=4, result=4), memory=10**9)
    Layout(rows=4000000, columns=1000, stays=True)
    >>> lay_out(10**6, 10**9, Weights(row=12, column=16, state=4, result=4), memory=10**9)
    Layout(rows=1000000, columns=16384, stays=False)
    """
    share = memory // 4
    of_row, of_column = max(weights.of_row, 1), max(weights.of_column, 1)
    stays = columns is not None and columns * of_column <= share
    room = (memory - share) // of_row
    if stays:
        block = columns or 0
        panel = min(rows, room, max(_PAIRS // max(block, 1), _FEWEST_ROWS))
    else:
        panel = min(rows, room)
        most = share // of_column if columns is None else min(share // of_column, columns)
        block = min(most, max(_PAIRS // max(panel, 1), _FEWEST_COLUMNS))
    if panel < min(rows, _LEAST) or (block < _LEAST and not stays):
        least = max(4 * of_row * min(rows, _LEAST) // 3 + 4, 4 * of_column * _LEAST)
        raise ArgumentValueError(
            f"memory is {memory} bytes, too little for {_LEAST} rows and {_LEAST} columns: give {least} or more."
        )
    panel = panel if panel == rows else _whole(panel, chunks[0])
    return Layout(panel, block if stays else _whole(block, chunks[1]), stays)


def _whole(count: int, chunk: int) -> int:
    """Return the largest number of whole chunks; `count` if it is less than one."""
    return count - count % chunk if count > chunk else count
