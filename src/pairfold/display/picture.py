"""Which pairs of a matrix are kept, as a picture: in text, in a notebook, as a plot."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.display.card import Card, Fact, Shown
from pairfold.display.plotting import axes_for

__all__ = ["Picture", "edges"]

Counter = Callable[[Sequence[int], Sequence[int]], NDArray[np.float64]]

TEXT_CELLS = 16, 32
"""Most lines of a picture in text, and most characters of a line: characters are twice as high as wide."""

IMAGE_CELLS = 64, 64
PLOT_CELLS = 256, 256

LONGER_SIDE = 192
"""Of an image in a notebook, in pixels; the other one is a fifth of it at least."""

ROUNDING = 1e-12
"""Relative error of the number of pairs in a cell: numbers beyond 2^53 are rounded."""


def edges(size: int, most: int) -> list[int]:
    """Return where cells of nearly equal size begin, and the end of the last one; a cell is one row at least.

    Examples
    --------
    >>> edges(3, 16), edges(10, 4)
    ([0, 1, 2, 3], [0, 2, 5, 7, 10])
    """
    cells = min(size, most)
    return [size * number // cells for number in range(cells + 1)] if cells else [0]


@dataclass(frozen=True, eq=False, repr=False)
class Picture(Shown):
    """The kept pairs of a matrix.

    Printed, it is a picture in characters, where ``#`` stands for cells of which all pairs are kept, ``+`` for some
    and ``.`` for none. A notebook shows an image, and `plot` draws one with matplotlib.

    Attributes
    ----------
    title : str
        What is kept.
    rows, columns : int
        Sizes of the matrix.
    count : callable
        ``count(edges_i, edges_j)``: the number of kept pairs of every cell, in float64.
    note : str
        Why there is nothing to see; empty where there is.
    """

    title: str
    rows: int
    columns: int
    count: Counter
    note: str = ""

    @cached_property
    def pairs(self) -> float:
        """The number of pairs that are kept, exact up to 2^53; 0 where nothing is drawn."""
        if self.note:
            return 0.0
        return float(self.count([0, self.rows], [0, self.columns]).sum()) if self.rows and self.columns else 0.0

    @property
    def share(self) -> float:
        """The share of all pairs that is kept, from 0 to 1."""
        return min(self.pairs / (self.rows * self.columns), 1.0) if self.rows and self.columns else 0.0

    def shares(self, most_rows: int, most_columns: int) -> NDArray[np.float64]:
        """Return the share of kept pairs of every cell of a grid of at most so many rows and columns."""
        down, right = edges(self.rows, most_rows), edges(self.columns, most_columns)
        if len(down) == 1 or len(right) == 1:
            return np.zeros((len(down) - 1, len(right) - 1))
        areas = np.outer(np.diff(np.array(down, float)), np.diff(np.array(right, float)))
        found: NDArray[np.float64] = np.clip(self.count(down, right) / areas, 0.0, 1.0)
        found[found < ROUNDING] = 0.0
        found[found > 1 - ROUNDING] = 1.0
        return found

    @property
    def summary(self) -> str:
        """How many pairs are kept, or why that is not said."""
        sizes = f"{self.rows} x {self.columns} pairs"
        return self.note or f"{self.pairs:.15g} of {sizes} kept, {100 * self.share:.3g} %"

    def __str__(self) -> str:
        if self.note:
            return f"{self.title}\n{self.note}"
        shares = self.shares(*TEXT_CELLS)
        characters = np.where(shares == 0, ".", np.where(shares == 1, "#", "+"))
        lines = ["".join(line) for line in characters]
        return "\n".join([self.title, f"{self.summary} (# all, + some, . none)", *lines])

    __repr__ = __str__

    def _card(self) -> Card:
        if self.note:
            return Card(self.title, [Fact("picture", self.note)])
        facts = [Fact("kept", self.summary, share=self.share)]
        if not self.rows or not self.columns:
            return Card(self.title, facts)
        longer = max(self.rows, self.columns)
        height, width = (max(LONGER_SIDE * size // longer, LONGER_SIDE // 5) for size in (self.rows, self.columns))
        return Card(self.title, facts, _address(self.shares(*IMAGE_CELLS)), (width, height))

    def plot(self, ax: Any = None) -> Any:
        """Draw the picture with matplotlib.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to draw; by default on a new figure.

        Returns
        -------
        matplotlib axes

        Raises
        ------
        MissingPackageError
            If matplotlib is not installed.
        """
        ax = axes_for(ax)
        ax.set_title(f"{self.title}\n{self.summary}", fontsize="medium")
        ax.set_xlabel("column j")
        ax.set_ylabel("row i")
        if self.note or not self.rows or not self.columns:
            return ax
        image = ax.imshow(
            self.shares(*PLOT_CELLS),
            cmap="Blues",
            vmin=0,
            vmax=1,
            extent=(0, self.columns, self.rows, 0),
            interpolation="nearest",
            aspect="equal" if 0.2 <= self.rows / self.columns <= 5 else "auto",
        )
        ax.figure.colorbar(image, ax=ax, label="share of pairs kept")
        return ax


def _address(shares: NDArray[np.float64]) -> str:
    """Return a matrix of shares as an image in the address of an image: blue where pairs are kept, else clear."""
    height, width = shares.shape
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[...] = (59, 130, 246, 0)
    pixels[..., 3] = np.where(shares > 0, 48 + np.rint(207 * shares), 0)
    # A byte before each line says that it is stored as it is.
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1).tobytes()
    chunks = (
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 6, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    image = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return "data:image/png;base64," + base64.b64encode(image).decode("ascii")
