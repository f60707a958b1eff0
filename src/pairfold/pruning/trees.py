"""The trees of arrays: made once for each, and kept for those that were announced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.sparsity.tree import Tree, build_tree

__all__ = ["Trees", "announce", "forget"]

Array = NDArray[Any]
Place = tuple[int, tuple[int, ...], tuple[int, ...], str]
"""Address, shape, strides and dtype: what tells one array from all others that live."""


def _place(points: Array) -> Place:
    return points.__array_interface__["data"][0], points.shape, points.strides, points.dtype.str


_ANNOUNCED: dict[Place, list[Tree]] = {}
"""By the place of an array that nobody changes, its tree, once there is one."""


def _entries(points: Array) -> list[Array]:
    """Return the points of every batch entry."""
    return [points] if points.ndim == 2 else [entry for part in points for entry in _entries(part)]


def announce(points: Array) -> list[Place]:
    """Keep the trees of points ``(..., N, D)``, which nobody changes, until `forget` is called with their places."""
    places = [_place(entry) for entry in _entries(points)]
    for place in places:
        _ANNOUNCED[place] = []
    return places


def forget(places: Iterable[Place]) -> None:
    """Forget the trees of points, before their memory is used again."""
    for place in places:
        _ANNOUNCED.pop(place, None)


@dataclass(frozen=True)
class Trees:
    """The trees of the arrays of one call: one for each array, made when it is asked for.

    Examples
    --------
    >>> import numpy as np
    >>> trees, points = Trees(), np.zeros((5, 3))
    >>> trees.of(points) is trees.of(points)
    True
    """

    made: dict[Place, tuple[Array, Tree]] = field(default_factory=dict)
    """With the array, so that no other one comes to its place."""

    @staticmethod
    def knows(points: Array) -> bool:
        """Tell whether points ``(..., N, D)`` were announced, so that they are sorted once for many calls."""
        return all(_place(entry) in _ANNOUNCED for entry in _entries(points))

    def of(self, points: Array, scales: NDArray[np.float64] | None = None) -> Tree:
        """Return the tree of points (N, D).

        One that is made for this call cuts boxes with the factors `scales` of the coordinates.
        """
        place = _place(points)
        kept = _ANNOUNCED.get(place)
        if kept:
            return kept[0]
        if place not in self.made:
            self.made[place] = points, build_tree(points, scales if kept is None else None)
        found = self.made[place][1]
        if kept is not None:
            kept.append(found)
        return found
