"""Bounding boxes of successive points, boxes of boxes, and the search for those that are near."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pairfold.sparsity.ranges import TILE, Integers

__all__ = ["Boxes", "near_tiles", "pyramid"]

Boxes = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Lowest and highest coordinates, ``(boxes, dimension)`` each."""

_FAN = 8
"""Boxes that one box of the next level holds in the search for near tiles."""

_AT_ONCE = 256
"""Tiles whose near tiles are searched at once: bounds the memory, however many are near."""


def pyramid(points: NDArray[np.float64]) -> list[Boxes]:
    """Return bounding boxes of every `TILE` successive points, then of every `_FAN` successive boxes, up to one."""
    levels = [_enclose(points, points, TILE)]
    while len(levels[-1][0]) > 1:
        levels.append(_enclose(*levels[-1], _FAN))
    return levels


def _enclose(lows: NDArray[np.float64], highs: NDArray[np.float64], count: int) -> Boxes:
    starts = np.arange(0, len(lows), count)
    if not len(starts):
        return lows, highs
    return np.minimum.reduceat(lows, starts, axis=0), np.maximum.reduceat(highs, starts, axis=0)


def near_tiles(boxes: Boxes, pyramid: list[Boxes], reach: float, sides: NDArray[np.float64]) -> Integers:
    """Return rows ``(tile, first, last)``: box number `tile` comes near the lowest boxes ``[first, last)``."""
    found = [np.zeros((0, 3), np.int64)]
    for start in range(0, len(boxes[0]), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        tiles, near = _descend((boxes[0][some], boxes[1][some]), pyramid, reach, sides)
        joined = (tiles[1:] == tiles[:-1]) & (near[1:] == near[:-1] + 1)
        edge = np.ones(min(1, len(tiles)), np.bool_)
        first, last = np.concatenate([edge, ~joined]), np.concatenate([~joined, edge])
        found.append(np.stack([start + tiles[first], near[first], near[last] + 1], axis=1))
    return np.concatenate(found)


def _descend(boxes: Boxes, pyramid: list[Boxes], reach: float, sides: NDArray[np.float64]) -> tuple[Integers, Integers]:
    """Return the pairs (box, lowest box of the pyramid) that are `reach` apart or less, sorted."""
    count, roots = len(boxes[0]), len(pyramid[-1][0])
    tiles, near = np.repeat(np.arange(count), roots), np.tile(np.arange(roots), count)
    for level in reversed(pyramid):
        if level is not pyramid[-1]:
            tiles, near = np.repeat(tiles, _FAN), (near[:, None] * _FAN + np.arange(_FAN)).ravel()
            exists = near < len(level[0])
            tiles, near = tiles[exists], near[exists]
        gaps = _gaps(level[0][near] - boxes[1][tiles], level[1][near] - boxes[0][tiles], sides)
        kept = np.sum(gaps**2, axis=1) <= reach**2
        tiles, near = tiles[kept], near[kept]
    return tiles, near


def _gaps(lows: NDArray[np.float64], highs: NDArray[np.float64], sides: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the intervals of differences ``[low, high]`` are from 0, or from any multiple of a finite side."""
    gaps = np.maximum(lows, -highs)
    repeats = np.isfinite(sides)
    if repeats.any():
        low, high, side = lows[:, repeats], highs[:, repeats], sides[repeats]
        above = np.ceil(low / side) * side
        gaps[:, repeats] = np.minimum(low - above + side, above - high)
    return np.maximum(gaps, 0.0)
