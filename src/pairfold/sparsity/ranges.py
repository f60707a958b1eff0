"""Which pairs a block-sparse reduction works on: six arrays of integers, checked before a kernel sees them.

The first three arrays say which columns each block of rows is reduced over, the last three which rows each block of
columns is reduced over; both halves describe one set of pairs:

========== ============= =======================================================================
number     name          content
========== ============= =======================================================================
0          ranges_i      (B, 2): the rows ``[first, last)`` of block k
1          slices_i      (B,): block k sees the intervals ``slices_i[k - 1]`` to ``slices_i[k]``
2          redranges_j   (I, 2): intervals ``[first, last)`` of columns
3, 4, 5    ranges_j, ... the same with rows and columns exchanged
========== ============= =======================================================================
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pairfold.display import Picture
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.sparsity.counting import count_blocks

__all__ = [
    "TILE",
    "Half",
    "Pattern",
    "Ranges",
    "as_host_array",
    "as_ranges",
    "columns_of",
    "rows_of",
    "swap_axes",
    "validate_ranges",
]

Integers = NDArray[np.int64]
Half = tuple[Integers, Integers, Integers]
"""Blocks of rows, the ends of their lists of intervals of columns, and these intervals."""

TILE = 64
"""Rows that a kernel works on together: a block of fewer rows costs as much."""


class Ranges(NamedTuple):
    """Six arrays, a tuple that shows which pairs it keeps.

    Examples
    --------
    >>> half = np.array([[0, 2], [2, 5]]), np.array([1, 2]), np.array([[0, 2], [2, 5]])
    >>> Ranges(*half, *half)
    ranges: 2 blocks of rows with 2 intervals of columns
    13 of 5 x 5 pairs kept, 52 % (# all, + some, . none)
    ##...
    ##...
    ..###
    ..###
    ..###
    """

    ranges_i: Integers
    slices_i: Integers
    redranges_j: Integers
    ranges_j: Integers
    slices_j: Integers
    redranges_i: Integers

    def picture(self, rows: int | None = None, columns: int | None = None) -> Picture:
        """Return a picture of the kept pairs, see `Mask.picture`; by default it ends with the last of them."""
        blocks, ends, intervals = (as_host_array(array) for array in self[:3])
        shape = [_end(blocks) if rows is None else rows, _end(intervals) if columns is None else columns]
        note = "not drawn: blocks of rows overlap, and the later ones count" if _overlap(blocks) else ""
        title = f"ranges: {len(blocks)} blocks of rows with {len(intervals)} intervals of columns"
        return Picture(title, shape[0], shape[1], partial(count_blocks, (blocks, ends, intervals)), note)

    def plot(self, rows: int | None = None, columns: int | None = None, ax: Any = None) -> Any:
        """Draw the kept pairs with matplotlib, and return its axes; see `Mask.plot`."""
        return self.picture(rows, columns).plot(ax)

    def __repr__(self) -> str:
        return repr(self.picture())

    def _repr_html_(self) -> str:
        return self.picture()._repr_html_()


_NAMES = Ranges._fields
_HELP = (
    "ranges takes six arrays (ranges_i, slices_i, redranges_j, ranges_j, slices_j, redranges_i), as made by "
    "from_matrix of the cluster module, or a mask such as band, lower, segments or radius"
)


class Pattern(ABC):
    """What builds ranges for sizes that are known later: a mask."""

    @property
    @abstractmethod
    def T(self) -> Pattern:  # noqa: N802 - the name of the transpose everywhere
        """The same pairs with rows and columns exchanged."""

    @abstractmethod
    def ranges(self, rows: int, columns: int) -> Ranges:
        """Return the six arrays for a matrix of that shape."""


def as_host_array(array: Any) -> NDArray[Any]:
    """Return `array` as a NumPy array, tensors that track gradients or live on a device included.

    Raises
    ------
    ArgumentTypeError
        If NumPy makes no array of it: its numbers are not known while a transform of JAX traces the program.
    """
    if hasattr(array, "detach"):
        array = array.detach().cpu()
    elif hasattr(array, "__cuda_array_interface__") and hasattr(array, "get"):
        array = array.get()
    try:
        return np.asarray(array)
    except TypeError as reason:
        kind, *_ = str(reason).splitlines()
        raise ArgumentTypeError(
            "Ranges, masks and indices are part of the program, so their numbers must be known; found an object of "
            f"type {type(array).__name__}: {kind} Make them outside of a function that a transform traces."
        ) from None


def as_ranges(pattern: Any, rows: int, columns: int) -> Ranges | None:
    """Return what a user gave for ``ranges=`` as six checked arrays.

    Parameters
    ----------
    pattern : None, mask or sequence of six integer arrays
        What the user gave.
    rows, columns : int
        Sizes N and M of the reduction.

    Returns
    -------
    tuple of six int64 arrays or None
        None for None: all pairs.

    Raises
    ------
    ArgumentTypeError
        If `pattern` is none of these.
    ArgumentValueError
        If the arrays do not describe blocks of an N x M matrix.
    """
    if pattern is None:
        return None
    if isinstance(pattern, Pattern):
        return pattern.ranges(rows, columns)
    return validate_ranges(pattern, rows, columns)


def swap_axes(pattern: Any) -> Any:
    """Exchange the roles of rows and columns.

    Parameters
    ----------
    pattern : None, mask or sequence of six arrays
        The two halves of six arrays are exchanged, a mask is transposed.

    Returns
    -------
    None, mask or tuple of six arrays
        None for None.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If `pattern` is none of these.

    Examples
    --------
    >>> swap_axes(("a", "b", "c", "d", "e", "f"))
    ('d', 'e', 'f', 'a', 'b', 'c')
    """
    if pattern is None:
        return None
    if isinstance(pattern, Pattern):
        return pattern.T
    _require_six(pattern)
    swapped = (*pattern[3:], *pattern[:3])
    return Ranges(*swapped) if isinstance(pattern, Ranges) else swapped


def validate_ranges(ranges: Any, rows: int, columns: int) -> Ranges:
    """Return the six arrays of `ranges` as int64, or say what is wrong with them.

    Parameters
    ----------
    ranges : tuple or list of six integer arrays
        See the table at the top of this module. Blocks may come in any order and need not cover everything; where
        two blocks of rows overlap, the later one counts.
    rows, columns : int
        Sizes N and M that the entries must respect.

    Returns
    -------
    tuple of six int64 arrays
        C-contiguous; the input is not modified.

    Raises
    ------
    ArgumentTypeError
        If `ranges` is no tuple or list.
    ArgumentValueError
        If the number of arrays, a shape, a dtype or an entry is wrong, or if the two halves describe different
        numbers of pairs.

    Examples
    --------
    >>> half = ([[0, 2], [2, 5]], [1, 2], [[0, 2], [2, 5]])
    >>> [array.tolist() for array in validate_ranges((*half, *half), rows=5, columns=5)][:3]
    [[[0, 2], [2, 5]], [1, 2], [[0, 2], [2, 5]]]
    """
    _require_six(ranges)
    halves = []
    for number, (kept, seen) in enumerate(((rows, columns), (columns, rows))):
        names = _NAMES[3 * number : 3 * number + 3]
        blocks = _intervals(ranges[3 * number], names[0], kept)
        intervals = _intervals(ranges[3 * number + 2], names[2], seen)
        ends = _ends(ranges[3 * number + 1], names[1], len(blocks), names[0], len(intervals), names[2])
        halves.append((blocks, ends, intervals))
    _require_same_pairs(*halves)
    return Ranges(*halves[0], *halves[1])


def _require_six(ranges: Any) -> None:
    if not isinstance(ranges, tuple | list):
        raise ArgumentTypeError(f"ranges is of type {type(ranges).__name__}; {_HELP}.")
    if len(ranges) != 6:
        hint = " Three arrays describe one direction only; derivatives need the other." if len(ranges) == 3 else ""
        raise ArgumentValueError(f"ranges has {len(ranges)} entries.{hint} {_HELP[0].upper()}{_HELP[1:]}.")


def _whole_numbers(array: Any, name: str) -> NDArray[Any]:
    found = as_host_array(array)
    if found.size and found.dtype.kind not in "iu":
        raise ArgumentValueError(
            f"{name} has dtype {found.dtype}; row and column numbers must be integers. Convert it with "
            "`.astype('int64')`."
        )
    return found


def _intervals(array: Any, name: str, size: int) -> Integers:
    found = _whole_numbers(array, name)
    if found.shape == (0,):
        found = found.reshape(0, 2)
    if found.ndim != 2 or found.shape[1] != 2:
        raise ArgumentValueError(f"{name} has shape {found.shape}; it needs shape (number of intervals, 2).")
    bad = np.flatnonzero((found[:, 0] > found[:, 1]) | (found[:, 0] < 0) | (found[:, 1] > size))
    if bad.size:
        first, last = found[bad[0]]
        reason = "ends before it starts" if first > last else f"leaves the allowed numbers, 0 to {size}"
        raise ArgumentValueError(
            f"{name}[{bad[0]}] is [{first}, {last}), which {reason}. Intervals are [first, last) with "
            f"0 <= first <= last <= {size} here."
        )
    return np.ascontiguousarray(found, np.int64)


def _ends(array: Any, name: str, blocks: int, blocks_name: str, intervals: int, intervals_name: str) -> Integers:
    found = _whole_numbers(array, name)
    if found.shape != (blocks,):
        raise ArgumentValueError(
            f"{name} has shape {found.shape}, but {blocks_name} has {blocks} blocks: {name} needs shape ({blocks},), "
            f"for each block the end of its part of {intervals_name}."
        )
    previous = _shifted(found)
    falling = np.flatnonzero(found < previous)
    if falling.size:
        raise ArgumentValueError(
            f"{name}[{falling[0]}] is {found[falling[0]]}, less than {previous[falling[0]]} before it: the ends must "
            "not decrease, and start from 0."
        )
    last = int(found[-1]) if blocks else 0
    if last != intervals:
        raise ArgumentValueError(
            f"{name} ends at {last}, but {intervals_name} has {intervals} intervals: the last end must be {intervals}."
        )
    return np.ascontiguousarray(found, np.int64)


def _shifted(ends: NDArray[Any]) -> NDArray[Any]:
    """Return where each part starts, given where each ends; the dtype is kept, for mixed integers become floats."""
    return np.concatenate([np.zeros(min(1, len(ends)), ends.dtype), ends[:-1]])


def _require_same_pairs(row_half: Half, column_half: Half) -> None:
    """Refuse halves that cannot describe one set of pairs: derivatives would be silently wrong."""
    if any(_overlap(half[0]) for half in (row_half, column_half)):
        return
    by_rows, by_columns = _pairs(row_half), _pairs(column_half)
    if by_rows != by_columns:
        raise ArgumentValueError(
            f"The first three arrays of ranges keep {by_rows} pairs, the last three keep {by_columns}. Both must "
            "describe the same pairs, the last three with rows and columns exchanged: from_matrix of the cluster "
            "module and the masks make both."
        )


def _end(intervals: Integers) -> int:
    return int(intervals[:, 1].max(initial=0))


def _overlap(blocks: Integers) -> bool:
    filled = blocks[blocks[:, 0] < blocks[:, 1]]
    ordered = filled[np.argsort(filled[:, 0])]
    return bool(np.any(ordered[1:, 0] < ordered[:-1, 1]))


def _pairs(half: Half) -> int:
    blocks, ends, intervals = half
    seen = np.concatenate([[0], np.cumsum(intervals[:, 1] - intervals[:, 0])])
    starts = _shifted(ends)
    return int(np.sum((blocks[:, 1] - blocks[:, 0]) * (seen[ends] - seen[starts])))


# ---------------------------------------------------------------- parts


def rows_of(ranges: Sequence[Integers], first: int, last: int) -> Half:
    """Return what the rows ``[first, last)`` see, numbered from 0.

    Parameters
    ----------
    ranges : three arrays, or six
        Checked ones; the first three count.

    Examples
    --------
    >>> half = np.array([[0, 2], [2, 5]]), np.array([1, 2]), np.array([[0, 2], [2, 5]])
    >>> [array.tolist() for array in rows_of(half, 1, 3)]
    [[[0, 1], [1, 2]], [1, 2], [[0, 2], [2, 5]]]
    """
    blocks, ends, intervals = ranges[:3]
    own = np.clip(blocks, first, last) - first
    return _kept(own, ends, intervals, own[:, 0] < own[:, 1], np.ones(len(intervals), np.bool_))


def columns_of(ranges: Sequence[Integers], first: int, last: int) -> Half:
    """Return what of the columns ``[first, last)``, numbered from 0, all rows see."""
    blocks, ends, intervals = ranges[:3]
    own = np.clip(intervals, first, last) - first
    return _kept(blocks, ends, own, np.ones(len(blocks), np.bool_), own[:, 0] < own[:, 1])


def _kept(
    blocks: Integers, ends: Integers, intervals: Integers, keep: NDArray[np.bool_], seen: NDArray[np.bool_]
) -> Half:
    """Return some blocks of rows, with some intervals of their lists."""
    owner = np.repeat(np.arange(len(blocks)), np.diff(ends, prepend=0))
    chosen = keep[owner] & seen
    counts = np.bincount(owner[chosen], minlength=len(blocks))[keep]
    return np.ascontiguousarray(blocks[keep]), np.cumsum(counts), np.ascontiguousarray(intervals[chosen])
