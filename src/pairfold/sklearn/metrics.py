"""Metrics by the names that scikit-learn has for them, and any others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pairfold.errors import ArgumentValueError
from pairfold.numpy import LazyTensor, Pm, where
from pairfold.sklearn.base import Lazy
from pairfold.sklearn.expressions import Builder, called, expression_of, named

__all__ = ["METRICS", "Metric", "metric_of"]


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, eq=False)
class Metric:
    """The distances of all pairs of points, not computed yet.

    Attributes
    ----------
    rank : LazyTensor
        What grows with the distance and takes less work.
    distance_of : callable
        Takes ranks, in an array or a LazyTensor, to distances.
    rank_of : callable
        Takes a distance to its rank.
    """

    rank: Lazy
    distance_of: Callable[[Any], Any] = _same
    rank_of: Callable[[float], float] = _same

    @property
    def distance(self) -> Lazy:
        """The distances."""
        return self.distance_of(self.rank)

    @property
    def squared(self) -> Lazy:
        """Their squares."""
        return self.rank if self.distance_of is np.sqrt else self.distance**2


def _square(distance: float) -> float:
    return distance * distance


# ---------------------------------------------------------------- by name


def _euclidean(x: Lazy, y: Lazy) -> Metric:
    return Metric(x.sqdist(y), np.sqrt, _square)


def _manhattan(x: Lazy, y: Lazy) -> Metric:
    return Metric((x - y).abs().sum(-1))


def _chebyshev(x: Lazy, y: Lazy) -> Metric:
    return Metric((x - y).abs().max(-1))


def _minkowski(x: Lazy, y: Lazy, p: float = 2, w: Any = None) -> Metric:
    if not p > 0:
        raise ArgumentValueError(f"p is {p!r}; the order of a Minkowski metric is greater than 0, or inf.")
    if w is None and p in (1, 2):
        return _manhattan(x, y) if p == 1 else _euclidean(x, y)
    weights = None if w is None else _parameter(w)
    if math.isinf(p):
        # As SciPy has it, a weight then says whether a component counts.
        return _chebyshev(x, y) if weights is None else Metric(((x - y).abs() * (weights > 0)).max(-1))
    powers = (x - y).abs() ** p
    rank = (powers if weights is None else powers * weights).sum(-1)
    return Metric(rank, lambda ranks: ranks ** (1 / p), lambda distance: float(distance**p))


def _seuclidean(x: Lazy, y: Lazy, V: Any) -> Metric:
    return Metric(((x - y) ** 2 / _parameter(V)).sum(-1), np.sqrt, _square)


def _mahalanobis(x: Lazy, y: Lazy, V: Any = None, VI: Any = None) -> Metric:
    if (V is None) == (VI is None):
        raise ArgumentValueError("The mahalanobis metric needs V, a matrix of covariances, or VI, the inverse of one.")
    inverse = np.linalg.inv(np.asarray(V, float)) if VI is None else np.asarray(VI, float)
    return Metric(x.weightedsqdist(y, _parameter(inverse)), np.sqrt, _square)


def _cosine(x: Lazy, y: Lazy) -> Metric:
    # A square root of 0 has the inverse 0 here: what is orthogonal to everything stays so.
    return Metric(1 - (x | y) * (x | x).rsqrt() * (y | y).rsqrt(), _from_zero)


def _from_zero(distances: Any) -> Any:
    """Return distances without the negative ones that rounding makes of 0."""
    return distances.relu() if isinstance(distances, LazyTensor) else np.maximum(distances, 0)


def _correlation(x: Lazy, y: Lazy) -> Metric:
    dim = x.shape[-1]
    return _cosine(x - x.sum(-1) / dim, y - y.sum(-1) / dim)


def _canberra(x: Lazy, y: Lazy) -> Metric:
    return Metric(_ratio((x - y).abs(), x.abs() + y.abs()).sum(-1))


def _braycurtis(x: Lazy, y: Lazy) -> Metric:
    return Metric(_ratio((x - y).abs().sum(-1), (x.abs() + y.abs()).sum(-1)))


def _ratio(part: Lazy, whole: Lazy) -> Lazy:
    return part / where(whole > 0, whole, 1)


def _hamming(x: Lazy, y: Lazy) -> Metric:
    return Metric((x != y).sum(-1) / x.shape[-1])


def _haversine(x: Lazy, y: Lazy) -> Metric:
    if x.shape[-1] != 2:
        raise ArgumentValueError(
            "The haversine metric is one of points (latitude, longitude) in radians; these have "
            f"{x.shape[-1]} features."
        )
    halves = ((x - y) / 2).sin() ** 2
    rank = halves[..., 0] + x[..., 0].cos() * y[..., 0].cos() * halves[..., 1]
    return Metric(rank, _arc, lambda distance: math.sin(min(distance, math.pi) / 2) ** 2)


def _arc(ranks: Any) -> Any:
    return 2 * np.arcsin(np.sqrt(ranks))


def _parameter(value: Any) -> Lazy:
    return Pm(np.ravel(value).tolist())


METRICS: dict[str, Builder] = {
    **dict.fromkeys(("euclidean", "l2"), _euclidean),
    **dict.fromkeys(("manhattan", "cityblock", "l1"), _manhattan),
    **dict.fromkeys(("chebyshev", "infinity"), _chebyshev),
    "sqeuclidean": lambda x, y: Metric(x.sqdist(y)),
    "minkowski": _minkowski,
    "seuclidean": _seuclidean,
    "mahalanobis": _mahalanobis,
    "cosine": _cosine,
    "correlation": _correlation,
    "canberra": _canberra,
    "braycurtis": _braycurtis,
    "hamming": _hamming,
    "haversine": _haversine,
}
"""``builder(x, y, **parameters)`` makes a `Metric`."""


def metric_of(given: Any, x: Any, y: Any, parameters: Mapping[str, Any] | None = None) -> Metric:
    """Return the metric that a user gave, of two LazyTensors of points.

    Parameters
    ----------
    given : str or callable
        A name, a formula in x and y, or a function of two LazyTensors.
    x, y : LazyTensor
        Points indexed by i and by j.
    parameters : mapping, optional
        What the metric takes beside.

    Raises
    ------
    PairfoldError
        If there is no such metric.
    """
    parameters = {} if parameters is None else parameters
    builder = named("metric", given, METRICS) if isinstance(given, str) else None
    if builder is None:
        return Metric(expression_of("metric", given, x, y, parameters))
    metric: Metric = called(f"metric {given!r}", builder, x, y, parameters)
    return metric
