"""How well a formula can be interpolated between two cells, measured where it is cheap: along lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.pruning.cells import Geometry
from pairfold.pruning.chebyshev import coefficients, nodes

__all__ = ["Smoothness"]

Array = NDArray[Any]
Reals = NDArray[np.float64]

ANCHORS = 3
"""Lines per axis: one between the nearest points of the cells, one between their centers, one anywhere."""

_AT_ONCE = 512
"""Pairs of cells that are looked at together: bounds the memory."""


@dataclass(frozen=True, eq=False)
class Smoothness:
    """The errors of interpolation between pairs of cells.

    Of the pairs of a level, those that are equally far apart along each axis are taken to be alike: a few of them are
    looked at. A function
    that is interpolated with p nodes loses the part whose Chebyshev coefficients have the numbers p and above, and as
    much again, which goes to lower ones. Signs alternate, so squares are added: errors are meant as root mean squares.

    Attributes
    ----------
    evaluate : callable
        ``evaluate(rows, columns) -> (n, E) array``: the formula at n pairs of points, in the units of the tolerance.
    shape : Geometry
        The cells.
    samples : int
        Nodes on a line: errors for as many nodes are known.
    sides : int
        1 where lines of columns are those of rows: of formulas of differences.
    """

    evaluate: Callable[[Reals, Reals], Reals]
    shape: Geometry
    samples: int
    sides: int = 2
    known: list[dict[bytes, int]] = field(default_factory=list)
    tables: list[Reals] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Kinds of pairs of cells whose errors were measured."""
        return sum(map(len, self.known))

    def at(self, level: int, offsets: NDArray[np.int64]) -> Reals:
        """Return what is lost between cells that are `offsets` (n, D) cells of a level apart, to either side.

        Returns
        -------
        (n, 2, samples) array
            Entry p is the error with p nodes per axis; with 0 nodes, of leaving the pairs out. nan and infinity where
            the formula has such values. Then the same for the worst pair of points that was seen.
        """
        while len(self.known) <= level:
            self.known.append({})
            self.tables.append(np.empty((0, 2, self.samples)))
        known, names = self.known[level], [row.tobytes() for row in offsets]
        new = [k for k, name in enumerate(names) if name not in known]
        if new:
            found = [self._measured(level, offsets[new[k : k + _AT_ONCE]]) for k in range(0, len(new), _AT_ONCE)]
            self.tables[level] = np.concatenate([self.tables[level], *found])
            known.update({names[k]: len(known) + n for n, k in enumerate(new)})
        return self.tables[level][[known[name] for name in names]]

    def _measured(self, level: int, offsets: NDArray[np.int64]) -> Reals:
        count, dim = offsets.shape
        centers, anchors = self._anchors(level, offsets)
        half, t = self.shape.half_sides(level), nodes(self.samples)
        # Lines along each axis of each side: (side and axis, anchor, pair, place, coordinate).
        count_of_lines = self.sides * dim
        points = [np.empty((count_of_lines, *part.shape[:2], self.samples, dim)) for part in anchors]
        for part, anchor in zip(points, anchors, strict=True):
            part[...] = anchor[..., None, :]
        for number in range(count_of_lines):
            side, axis = divmod(number, dim)
            points[side][number, ..., axis] = centers[side][..., None, axis] + half[axis] * t
        values = self.evaluate(*(part.reshape(-1, dim) for part in points))
        lines = np.moveaxis(values.reshape(count_of_lines, ANCHORS, count, self.samples, -1), -1, -2)
        with np.errstate(invalid="ignore", over="ignore"):
            spectra = coefficients(lines)
            squares = (spectra**2).mean(axis=1).max(axis=2).sum(axis=0) * (2 / self.sides)
            lost = np.sqrt(np.cumsum(squares[:, ::-1], axis=1)[:, ::-1])
            lost[:, 0] = np.abs(lines).max(axis=(0, 1, 3, 4))
            sizes = np.abs(spectra).max(axis=(0, 1, 3))
            peaks = np.cumsum(sizes[:, ::-1], axis=1)[:, ::-1]
        return np.stack([lost, peaks], axis=1)

    def _anchors(self, level: int, offsets: NDArray[np.int64]) -> tuple[list[Reals], list[Reals]]:
        """Return the centers of pairs of cells and points in them, (ANCHORS, pairs, D) for rows and for columns."""
        generator = np.random.default_rng(level)
        shape = (ANCHORS, *offsets.shape)
        offsets = np.where(generator.random(shape) < 0.5, -offsets, offsets)
        # Anywhere in the box, for the formula need not be the same everywhere.
        lowest, highest = np.maximum(0, -offsets), self.shape.counts[level] - np.maximum(0, offsets)
        cells = np.floor(lowest + generator.random(shape) * (highest - lowest)).astype(np.int64)
        centers = [self.shape.centers(level, cells), self.shape.centers(level, cells + offsets)]
        local = [np.zeros(shape), np.zeros(shape)]
        towards = np.sign(offsets[0])
        local[0][0], local[1][0] = towards, -towards
        for part in local:
            part[2] = 2 * generator.random(shape[1:]) - 1
        half = self.shape.half_sides(level)
        return centers, [center + half * place for center, place in zip(centers, local, strict=True)]
