"""Masks: which pairs (i, j) a reduction works on, said in words instead of index arithmetic.

>>> mask = band(2) & segments([0, 0, 0, 1, 1], [0, 0, 0, 1, 1])
>>> mask.dense(5, 5).astype(int)
array([[1, 1, 1, 0, 0],
       [1, 1, 1, 0, 0],
       [1, 1, 1, 0, 0],
       [0, 0, 0, 1, 1],
       [0, 0, 0, 1, 1]])

A mask is accepted wherever ``ranges=`` is. It fits every size; `segments` and `radius` know theirs.

**Exact or by tiles.** All rows of one block see the same columns, and a block of few rows costs as much as a block of
`TILE` rows, because rows share the lanes of a vector. `segments` has large blocks and is exact. `band`, `lower` and
`upper` have other columns in every row: the default is exact and cuts the rows singly, which costs up to `TILE` times
more per pair. With ``exact=False`` they keep whole tiles of `TILE` x `TILE` pairs: more pairs than asked, at full
speed. When the others must not count, choose in the formula, ``where((i - j).abs() <= width, f, 0)``: a product with an
indicator would be nan where `f` is infinite.
`radius` always keeps whole tiles.

**What is left out.** A mask knows nothing of the formula: what it leaves out does not count, whatever the formula would
give there. So the formula must be 0 (for a sum), or never win (for a minimum), at every pair that a mask may leave out.
`radius` measures the Euclidean distance of the coordinates as they stand; a formula of another distance may be large
where the coordinates are far apart, as between the two ends of a periodic box: say so with ``period=``, or take the
pairs of clusters that are near by the distance of the formula (`from_matrix` of the cluster module).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.display import Card, Picture, Shown, shortened
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.sparsity.boxes import near_tiles, pyramid
from pairfold.sparsity.counting import count_blocks, count_strip, equal_counter
from pairfold.sparsity.ranges import TILE, Integers, Pattern, Ranges, as_host_array

__all__ = ["Mask", "band", "lower", "radius", "segments", "upper"]

SLACK = 1e-6
"""Relative widening of a radius, so that rounding in single precision loses no pair."""

FINEST = 1 << 22
"""Intervals that a picture is made of at most."""

SMALL = 16
"""Rows of the picture of a mask that fits every size, at least."""


@dataclass(frozen=True, eq=False)
class _Lists:
    """For consecutive blocks of rows that cover all of them, sorted and disjoint intervals of columns."""

    cuts: Integers
    """(B + 1,): block k holds the rows ``[cuts[k], cuts[k + 1])``."""
    counts: Integers
    """(B,): number of intervals of block k."""
    intervals: Integers
    """(sum of counts, 2)."""

    @property
    def half(self) -> tuple[Integers, Integers, Integers]:
        """Three of the six arrays of ranges; blocks without columns are left out."""
        seen = self.counts > 0
        blocks = np.stack([self.cuts[:-1], self.cuts[1:]], axis=1)[seen]
        return np.ascontiguousarray(blocks), np.cumsum(self.counts)[seen], np.ascontiguousarray(self.intervals)


class Mask(Pattern, Shown):
    """A set of pairs (i, j). Masks combine with ``&`` and ``|``; printed, a mask is a small picture of itself."""

    @property
    @abstractmethod
    def T(self) -> Mask:  # noqa: N802 - the name of the transpose everywhere
        """The same pairs with rows and columns exchanged."""

    @abstractmethod
    def _lists(self, rows: int, columns: int) -> _Lists:
        """Return the columns of every block of rows."""

    @property
    @abstractmethod
    def _call(self) -> str:
        """How the mask is made."""

    @property
    @abstractmethod
    def _meaning(self) -> str:
        """Which pairs it keeps, in words."""

    @property
    @abstractmethod
    def _sizes(self) -> tuple[int | None, int | None]:
        """The sizes that it was made for, None for any."""

    @property
    @abstractmethod
    def _least(self) -> int:
        """Rows of a picture that shows what is special about it, at least."""

    @abstractmethod
    def _fineness(self, rows: int, columns: int) -> tuple[int, int]:
        """Return how many blocks of rows there are, and how many intervals a block has, at most."""

    def ranges(self, rows: int, columns: int) -> Ranges:
        """Return the six arrays that ``ranges=`` takes, for N = `rows` and M = `columns`.

        Raises
        ------
        ArgumentValueError
            If the mask was made for other sizes.
        """
        return Ranges(*self._lists(rows, columns).half, *self.T._lists(columns, rows).half)

    def dense(self, rows: int, columns: int) -> NDArray[np.bool_]:
        """Return the kept pairs as an N x M matrix of booleans, to look at."""
        table = np.zeros((rows, columns), np.bool_)
        lists = self._lists(rows, columns)
        block = np.repeat(np.arange(len(lists.counts)), lists.counts)
        for k, (first, last) in zip(block, lists.intervals, strict=True):
            table[lists.cuts[k] : lists.cuts[k + 1], first:last] = True
        return table

    def picture(self, rows: int | None = None, columns: int | None = None) -> Picture:
        """Return a picture of the kept pairs: printed, it is one in text, and a notebook shows an image.

        Parameters
        ----------
        rows, columns : int, optional
            Sizes N and M. A mask that fits every size is shown at a small one by default, any other at its own.

        Returns
        -------
        Picture
            With the attributes `pairs` and `share`: how many pairs are kept, and which share of all. Masks of very many
            intervals are not drawn, and the picture says so.

        Raises
        ------
        ArgumentValueError
            If a size is no number of rows, or the mask was made for other sizes.

        Examples
        --------
        >>> lower().picture(6, 12)
        lower(): the pairs with j <= i
        21 of 6 x 12 pairs kept, 29.2 % (# all, + some, . none)
        #...........
        ##..........
        ###.........
        ####........
        #####.......
        ######......
        """
        known = self._sizes
        given = [known[0] if rows is None else rows, known[1] if columns is None else columns]
        default = max(SMALL, self._least, *(size for size in given if size is not None))
        if default > SMALL:
            # Cells of equal size.
            default += -default % (2 * SMALL)
        shape = _length(default if given[0] is None else given[0]), _length(default if given[1] is None else given[1])
        if any(size not in (None, found) for size, found in zip(known, shape, strict=True)):
            raise ArgumentValueError(
                f"The mask {shortened(self._call, 200)} was made for {known[0]} rows and {known[1]} columns; its "
                f"picture was asked for with {shape[0]} rows and {shape[1]} columns. Leave these sizes out."
            )
        intervals = 0 if self._counts_itself else prod(self._fineness(*shape))
        note = f"not drawn for {shape[0]} x {shape[1]} pairs: up to {intervals} intervals" if intervals > FINEST else ""
        return Picture(f"{shortened(self._call, 200)}: {self._meaning}", *shape, self._counter(*shape), note)

    def plot(self, rows: int | None = None, columns: int | None = None, ax: Any = None) -> Any:
        """Draw the kept pairs with matplotlib, and return its axes; the arguments are those of `picture` and its plot.

        Raises
        ------
        MissingPackageError
            If matplotlib is not installed.
        """
        return self.picture(rows, columns).plot(ax)

    @property
    def _counts_itself(self) -> bool:
        """Whether pairs are counted without intervals."""
        return False

    def _counter(self, rows: int, columns: int) -> Any:
        """Return what counts the pairs in cells, see `Picture`."""
        made: list[Any] = []

        def count(edges_i: Any, edges_j: Any) -> Any:
            if not made:
                made.append(self._lists(rows, columns).half)
            return count_blocks(made[0], edges_i, edges_j)

        return count

    def _seen(self) -> Picture:
        """Return the picture; of a mask that fits no size, one that says so."""
        try:
            picture = self.picture()
            _ = picture.pairs
        except ArgumentValueError as reason:
            return Picture(shortened(self._call, 200), 0, 0, self._counter(0, 0), str(reason))
        return picture

    def __repr__(self) -> str:
        return repr(self._seen())

    def _card(self) -> Card:
        return self._seen()._card()

    def __and__(self, other: Mask) -> Mask:
        """Keep the pairs that both masks keep."""
        return _Combination(self, other, 2) if isinstance(other, Mask) else NotImplemented

    def __or__(self, other: Mask) -> Mask:
        """Keep the pairs that at least one mask keeps."""
        return _Combination(self, other, 1) if isinstance(other, Mask) else NotImplemented


# ---------------------------------------------------------------- around the diagonal


def band(width: int, exact: bool = True) -> Mask:
    """Keep the pairs with ``|i - j| <= width``.

    Parameters
    ----------
    width : int
        At least 0.
    exact : bool
        False keeps every tile of `TILE` x `TILE` pairs that holds such a pair, which is faster.

    Examples
    --------
    >>> band(1).dense(3, 4).astype(int)
    array([[1, 1, 0, 0],
           [1, 1, 1, 0],
           [0, 1, 1, 1]])
    """
    reach = _whole(width, "The width of a band")
    if reach < 0:
        raise ArgumentValueError(f"The width of a band is {width}; it must be at least 0 (0 keeps the diagonal).")
    return _Strip(-reach, reach, 1 if exact else TILE)


def lower(diagonal: int = 0, exact: bool = True) -> Mask:
    """Keep the pairs with ``j <= i + diagonal``, as `numpy.tril` does: the causal mask of a sequence.

    Parameters
    ----------
    diagonal : int
        0 keeps the main diagonal, -1 leaves it out.
    exact : bool
        False keeps every tile of `TILE` x `TILE` pairs that holds such a pair, which is faster.

    Examples
    --------
    >>> lower().dense(3, 3).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    return _Strip(None, _whole(diagonal, "The diagonal"), 1 if exact else TILE)


def upper(diagonal: int = 0, exact: bool = True) -> Mask:
    """Keep the pairs with ``j >= i + diagonal``, as `numpy.triu` does.

    Parameters
    ----------
    diagonal : int
        0 keeps the main diagonal, 1 leaves it out.
    exact : bool
        False keeps every tile of `TILE` x `TILE` pairs that holds such a pair, which is faster.

    Examples
    --------
    >>> upper(1).dense(3, 3).astype(int)
    array([[0, 1, 1],
           [0, 0, 1],
           [0, 0, 0]])
    """
    return _Strip(_whole(diagonal, "The diagonal"), None, 1 if exact else TILE)


def _length(size: Any) -> int:
    found = _whole(size, "The number of rows or columns")
    if found < 0:
        raise ArgumentValueError(f"The number of rows or columns is {size}; it must be at least 0.")
    return found


def _whole(value: Any, what: str) -> int:
    try:
        return int(value.__index__())
    except (AttributeError, TypeError):
        raise ArgumentTypeError(
            f"{what} is {value!r}, of type {type(value).__name__}; it must be an integer."
        ) from None


@dataclass(frozen=True, repr=False)
class _Strip(Mask):
    """Pairs with ``first <= j - i <= last`` (None: no bound), in tiles of `tile` x `tile` pairs."""

    first: int | None
    last: int | None
    tile: int

    _sizes = (None, None)

    @property
    def _call(self) -> str:
        name, bound = ("upper", self.first) if self.last is None else ("lower", self.last)
        if self.first is not None and self.last is not None:
            name = "band"
        arguments = [str(bound)] if bound or name == "band" else []
        return f"{name}({', '.join(arguments if self.tile == 1 else [*arguments, 'exact=False'])})"

    @property
    def _meaning(self) -> str:
        if self.first is not None and self.last is not None:
            pairs = f"|i - j| <= {self.last}"
        else:
            sign, bound = (">=", self.first) if self.last is None else ("<=", self.last)
            pairs = f"j {sign} i" + (f" {'+' if bound > 0 else '-'} {abs(bound)}" if bound else "")
        tiles = "" if self.tile == 1 else f" and what shares a tile of {self.tile} x {self.tile} pairs with them"
        return f"the pairs with {pairs}{tiles}"

    @property
    def _least(self) -> int:
        # A few times what it is about: the width, and its tiles.
        return 4 * max(abs(self.first or 0), abs(self.last or 0), 0 if self.tile == 1 else 2 * self.tile)

    def _fineness(self, rows: int, columns: int) -> tuple[int, int]:
        return -(-rows // self.tile), 1

    @property
    def _counts_itself(self) -> bool:
        return self.tile == 1

    def _counter(self, rows: int, columns: int) -> Any:
        return partial(count_strip, self.first, self.last) if self.tile == 1 else super()._counter(rows, columns)

    @property
    def T(self) -> _Strip:  # noqa: N802
        return _Strip(None if self.last is None else -self.last, None if self.first is None else -self.first, self.tile)

    def _lists(self, rows: int, columns: int) -> _Lists:
        cuts = np.append(np.arange(0, rows, self.tile), rows)
        top, bottom = cuts[:-1], cuts[1:] - 1
        # Bounds are cut to the matrix before they are added: a diagonal may be any integer.
        first = -rows if self.first is None else min(max(self.first, -rows), columns)
        last = columns if self.last is None else min(max(self.last, -rows - 1), columns)
        firsts, lasts = np.clip(top + first, 0, columns), np.clip(bottom + last + 1, 0, columns)
        filled = firsts < lasts
        firsts = np.where(filled, firsts // self.tile * self.tile, 0)
        lasts = np.where(filled, np.minimum(lasts + -lasts % self.tile, columns), 0)
        return _without_equal_neighbours(cuts, firsts, lasts)


def _without_equal_neighbours(cuts: Integers, firsts: Integers, lasts: Integers) -> _Lists:
    """Join neighbouring blocks of rows that see the same interval; an empty interval is dropped."""
    new = np.ones(len(firsts), np.bool_)
    new[1:] = (firsts[1:] != firsts[:-1]) | (lasts[1:] != lasts[:-1])
    firsts, lasts = firsts[new], lasts[new]
    filled = firsts < lasts
    return _Lists(
        np.append(cuts[:-1][new], cuts[-1]), filled.astype(np.int64), np.stack([firsts, lasts], axis=1)[filled]
    )


# ---------------------------------------------------------------- segments


def segments(ids_i: Any, ids_j: Any) -> Mask:
    """Keep the pairs of equal numbers: ``ids_i[i] == ids_j[j]``.

    One reduction over a batch of point clouds of unequal size: give every point the number of its cloud. Exact, in
    any order of the points; fast when the points of a segment are neighbours, since every run of equal numbers is one
    block.

    Parameters
    ----------
    ids_i : (N,) integers
        Number of the segment of each row.
    ids_j : (M,) integers
        Number of the segment of each column.

    Raises
    ------
    ArgumentValueError
        If an array is not one-dimensional or has no integers.

    Examples
    --------
    >>> segments([0, 0, 1], [0, 1, 1, 1]).dense(3, 4).astype(int)
    array([[1, 0, 0, 0],
           [1, 0, 0, 0],
           [0, 1, 1, 1]])
    """
    return _Segments(_identifiers(ids_i, "ids_i"), _identifiers(ids_j, "ids_j"))


def _identifiers(ids: Any, name: str) -> NDArray[Any]:
    found = as_host_array(ids)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iub"):
        raise ArgumentValueError(
            f"{name} has shape {found.shape} and dtype {found.dtype}; it needs one integer per point, shape (points,)."
        )
    return found.astype(np.int64)


@dataclass(frozen=True, eq=False, repr=False)
class _Segments(Mask):
    ids_i: Integers
    ids_j: Integers

    _call = "segments(...)"
    _meaning = "the pairs of equal numbers"
    _least = 0
    _counts_itself = True

    @property
    def _sizes(self) -> tuple[int, int]:
        return len(self.ids_i), len(self.ids_j)

    def _fineness(self, rows: int, columns: int) -> tuple[int, int]:
        cuts_i, cuts_j = _runs(self.ids_i), _runs(self.ids_j)
        _, per_number = np.unique(self.ids_j[cuts_j[:-1]], return_counts=True)
        return len(cuts_i) - 1, int(per_number.max(initial=0))

    def _counter(self, rows: int, columns: int) -> Any:
        if prod(self._fineness(rows, columns)) <= FINEST:
            return super()._counter(rows, columns)
        # Numbers in no order: there are more pairs of runs than fit into memory.
        return equal_counter(self.ids_i, self.ids_j)

    @property
    def T(self) -> _Segments:  # noqa: N802
        return _Segments(self.ids_j, self.ids_i)

    def _lists(self, rows: int, columns: int) -> _Lists:
        _require_sizes("segments", (len(self.ids_i), len(self.ids_j)), (rows, columns))
        cuts_i, cuts_j = _runs(self.ids_i), _runs(self.ids_j)
        number_i, number_j = self.ids_i[cuts_i[:-1]], self.ids_j[cuts_j[:-1]]
        order = np.argsort(number_j, kind="stable")
        firsts = np.searchsorted(number_j[order], number_i, side="left")
        counts = np.searchsorted(number_j[order], number_i, side="right") - firsts
        runs = order[_successive(firsts, counts)]
        return _Lists(cuts_i, counts, np.stack([cuts_j[:-1][runs], cuts_j[1:][runs]], axis=1))


def _require_sizes(what: str, made_for: tuple[int, int], found: tuple[int, int]) -> None:
    if made_for != found:
        raise ArgumentValueError(
            f"The mask {what}(...) was made for {made_for[0]} rows and {made_for[1]} columns; the reduction has "
            f"{found[0]} rows and {found[1]} columns."
        )


def _runs(numbers: Integers) -> Integers:
    """Return where runs of equal numbers start, and the length at the end."""
    changes = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
    return np.concatenate([np.zeros(min(1, len(numbers)), np.int64), changes, [len(numbers)]])


def _successive(firsts: Integers, counts: Integers) -> Integers:
    """Return ``firsts[k], firsts[k] + 1, ...``, as many as ``counts[k]``, for all k one after the other."""
    shifts: Integers = np.repeat(firsts - (np.cumsum(counts) - counts), counts)
    shifts += np.arange(len(shifts))
    return shifts


# ---------------------------------------------------------------- points at a distance


def radius(x: Any, y: Any, r: float, period: Any = None) -> Mask:
    """Keep at least the pairs of points at Euclidean distance `r` or less.

    The points are taken in tiles of `TILE` successive ones; two tiles are kept when their bounding boxes come as
    near as `r`. Pairs beyond `r` are kept as well: when they must not count, choose in the formula, such as
    ``where((x_i - y_j).sqnorm2() <= r**2, f, 0)``; a product with an indicator would be nan where `f` is infinite, as a
    potential is at distance 0. No pair within `r` is ever left out, and no order of
    the points is wrong, but only points that are sorted in space make small boxes: `tree_cluster` of the cluster module
    fills tiles best.

    Parameters
    ----------
    x : (N, D) array
        Points of the rows, finite; any dimension.
    y : (M, D) array
        Points of the columns.
    r : float
        The radius, finite, at least 0.
    period : float or (D,) array, optional
        Side of a periodic box, per coordinate; ``inf`` for a coordinate that does not repeat. The distance is that of
        the nearest images, as in the formula ``d = x - y; d = d - period * (d / period).round()``; the points may lie
        outside of the box.

    Raises
    ------
    ArgumentValueError
        If a shape, a coordinate, the radius or the period is wrong.

    Examples
    --------
    >>> from pairfold.sparsity.cluster import sort_clusters, tree_cluster
    >>> x = np.random.default_rng(0).random((4096, 2))
    >>> float(radius(x, x, 0.05).dense(4096, 4096).mean())
    1.0
    >>> x, _ = sort_clusters(x, tree_cluster(x))
    >>> float(radius(x, x, 0.05).dense(4096, 4096).mean()) < 0.15
    True
    >>> ends = np.array([[0.01], [0.99]])
    >>> bool(radius(ends, np.repeat(ends, TILE, axis=0), 0.1, period=1.0).dense(2, 2 * TILE).all())
    True
    """
    points_x, points_y = _points(x, "x"), _points(y, "y")
    if points_x.shape[1] != points_y.shape[1]:
        raise ArgumentValueError(
            f"x has points of dimension {points_x.shape[1]} and y of dimension {points_y.shape[1]}; they must agree."
        )
    if not 0 <= r < np.inf:
        raise ArgumentValueError(f"The radius is {r!r}; it must be a finite number, at least 0.")
    sides = _sides(period, points_x.shape[1])
    reach = float(r) * (1 + SLACK) + SLACK * float(np.max(sides, where=np.isfinite(sides), initial=0.0))
    boxes_x, boxes_y = pyramid(points_x), pyramid(points_y)
    sizes = len(points_x), len(points_y)
    by_rows, by_columns = near_tiles(boxes_x[0], boxes_y, reach, sides), near_tiles(boxes_y[0], boxes_x, reach, sides)
    return _Tiles(*sizes, by_rows, by_columns, float(r))


def _sides(period: Any, dimension: int) -> NDArray[np.float64]:
    """Return the period of every coordinate, infinite for none."""
    found = as_host_array(np.inf if period is None else period)
    if found.dtype.kind not in "iuf" or found.shape not in ((), (1,), (dimension,)) or not np.all(found > 0):
        raise ArgumentValueError(
            f"period is {period!r}; it must be a number greater than 0 (inf for none), or {dimension} of them, one per "
            "coordinate."
        )
    return np.broadcast_to(found.astype(np.float64), (dimension,))


def _points(points: Any, name: str) -> NDArray[np.float64]:
    found = as_host_array(points)
    if found.ndim != 2 or found.dtype.kind not in "iuf":
        raise ArgumentValueError(
            f"{name} has shape {found.shape} and dtype {found.dtype}; points are real numbers of shape "
            "(number of points, dimension)."
        )
    found = found.astype(np.float64)
    bad = np.argwhere(~np.isfinite(found))
    if len(bad):
        raise ArgumentValueError(
            f"{name}[{bad[0, 0]}, {bad[0, 1]}] is {found[tuple(bad[0])]}; the coordinates must be finite."
        )
    return found


@dataclass(frozen=True, eq=False, repr=False)
class _Tiles(Mask):
    """Tiles of `TILE` x `TILE` pairs: rows ``(tile, first, last)``, for tiles of rows and for tiles of columns."""

    rows: int
    columns: int
    by_rows: Integers
    by_columns: Integers
    radius: float | None = None
    """None for masks that were saved before they knew it."""

    _least = 0

    @property
    def T(self) -> _Tiles:  # noqa: N802
        return _Tiles(self.columns, self.rows, self.by_columns, self.by_rows, self.radius)

    @property
    def _call(self) -> str:
        return "radius(...)" if self.radius is None else f"radius(..., {self.radius:g})"

    @property
    def _meaning(self) -> str:
        near = "the radius" if self.radius is None else f"{self.radius:g}"
        return f"tiles of {TILE} x {TILE} pairs that hold points at distance {near} or less, maybe others"

    @property
    def _sizes(self) -> tuple[int, int]:
        return self.rows, self.columns

    def _fineness(self, rows: int, columns: int) -> tuple[int, int]:
        return -(-rows // TILE), int(np.bincount(self.by_rows[:, 0]).max(initial=0))

    def _lists(self, rows: int, columns: int) -> _Lists:
        _require_sizes("radius", (self.rows, self.columns), (rows, columns))
        cuts = np.append(np.arange(0, rows, TILE), rows)
        counts = np.bincount(self.by_rows[:, 0], minlength=len(cuts) - 1)
        return _Lists(cuts, counts, np.minimum(self.by_rows[:, 1:] * TILE, columns))


# ---------------------------------------------------------------- combinations


@dataclass(frozen=True, eq=False, repr=False)
class _Combination(Mask):
    """Pairs that at least `needed` of two masks keep."""

    first: Mask
    second: Mask
    needed: int

    @property
    def _call(self) -> str:
        parts = [
            f"({mask._call})" if isinstance(mask, _Combination) and mask.needed != self.needed else mask._call
            for mask in (self.first, self.second)
        ]
        return (" & " if self.needed == 2 else " | ").join(parts)

    @property
    def _meaning(self) -> str:
        return f"the pairs that {'both' if self.needed == 2 else 'at least one of them'} keep"

    @property
    def _sizes(self) -> tuple[int | None, int | None]:
        first, second = self.first._sizes, self.second._sizes
        return tuple(one if other is None else other for one, other in zip(second, first, strict=True))  # type: ignore[return-value]

    @property
    def _least(self) -> int:
        return max(self.first._least, self.second._least)

    def _fineness(self, rows: int, columns: int) -> tuple[int, int]:
        # Every block of either mask may be cut by those of the other one.
        parts = [mask._fineness(rows, columns) for mask in (self.first, self.second)]
        return sum(part[0] for part in parts), sum(part[1] for part in parts)

    @property
    def T(self) -> _Combination:  # noqa: N802
        return _Combination(self.first.T, self.second.T, self.needed)

    def _lists(self, rows: int, columns: int) -> _Lists:
        parts = [mask._lists(rows, columns) for mask in (self.first, self.second)]
        cuts = np.unique(np.concatenate([part.cuts for part in parts]))
        blocks, intervals = [], []
        for part in parts:
            number = np.searchsorted(part.cuts, cuts[:-1], side="right") - 1
            counts = part.counts[number]
            firsts = (np.cumsum(part.counts) - part.counts)[number]
            blocks.append(np.repeat(np.arange(len(number)), counts))
            intervals.append(part.intervals[_successive(firsts, counts)])
        return self._sweep(cuts, np.concatenate(blocks), np.concatenate(intervals))

    def _sweep(self, cuts: Integers, block: Integers, intervals: Integers) -> _Lists:
        """Walk over the ends of all intervals of a block, and keep the stretches where enough are open."""
        owner = np.tile(block, 2)
        position = intervals.T.ravel()
        change = np.repeat([1, -1], len(block))
        # At equal positions an interval opens before another closes, so that touching intervals become one.
        order = np.lexsort((-change, position, owner))
        owner, position, change = owner[order], position[order], change[order]
        opened = np.cumsum(change)
        starts = np.flatnonzero((opened >= self.needed) & (opened - change < self.needed))
        stops = np.flatnonzero((opened < self.needed) & (opened - change >= self.needed))
        kept = position[starts] < position[stops]
        starts, stops = starts[kept], stops[kept]
        counts = np.bincount(owner[starts], minlength=len(cuts) - 1)
        return _Lists(cuts, counts, np.stack([position[starts], position[stops]], axis=1))
