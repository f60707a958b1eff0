"""Nearest neighbours, by any metric, and what is learnt from them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.numpy import Tree, Vi, Vj, where
from pairfold.sklearn.base import FLOATS, Array, PairwiseEstimator, checked_count, checked_number
from pairfold.sklearn.metrics import Metric, metric_of

__all__ = ["KNeighborsClassifier", "KNeighborsRegressor", "NearestNeighbors"]

COUNTED_IN_FLOAT32 = 2**24


class _Neighbors(PairwiseEstimator):
    """Points among which neighbours are found."""

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        radius: float = 1.0,
        metric: Any = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        threads: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.radius = radius
        self.metric = metric
        self.p = p
        self.metric_params = metric_params
        self.threads = threads

    def _fit_points(self, points: Array) -> None:
        checked_count("n_neighbors", self.n_neighbors)
        self._tree = Tree(points)
        self.n_samples_fit_ = len(points)
        # What is wrong with the metric is said now.
        self._distances(points[:1])

    def _distances(self, points: Any) -> Metric:
        given = self.metric_params or {}
        parameters = {"p": self.p, **given} if self.metric == "minkowski" else given
        return metric_of(self.metric, Vi(points), Vj(self._tree), parameters)

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Return the nearest neighbours of each point, the nearest first; of two at equal distances, the first of them.

        Parameters
        ----------
        X : array, shape (n_queries, n_features), optional
            By default the points of `fit`, whose neighbours they are not themselves.
        n_neighbors : int, optional
            By default that of the estimator.
        return_distance : bool
            Whether to return the distances too.

        Returns
        -------
        distances : array, shape (n_queries, n_neighbors)
            Only if `return_distance`.
        indices : array of int64, shape (n_queries, n_neighbors)

        Raises
        ------
        ArgumentValueError
            If there are not so many points.
        """
        check_is_fitted(self)
        count = checked_count("n_neighbors", self.n_neighbors if n_neighbors is None else n_neighbors)
        is_self = X is None
        found = count + is_self
        if found > self.n_samples_fit_:
            beside = ", one of which is the point itself," if is_self else ""
            raise ArgumentValueError(
                f"n_neighbors is {count}, and there are n_samples = {self.n_samples_fit_} points{beside} to choose "
                "from. Ask for fewer neighbours."
            )
        metric = self._distances(self._tree if is_self else self._new_points(X))
        ranks, indices = metric.rank.Kmin_argKmin(found, axis=1, tol=0, threads=self.threads)
        if indices[:, -1].min() < 0:
            raise ArgumentValueError(
                f"The metric {self.metric!r} is nan or infinite for so many pairs that a point has fewer than {count} "
                "neighbours. Metrics are finite; look for quotients, roots and logarithms without one."
            )
        if is_self:
            others = _without_self(indices)
            ranks, indices = ranks[others].reshape(-1, count), indices[others].reshape(-1, count)
        return (metric.distance_of(ranks), indices) if return_distance else indices

    def kneighbors_graph(self, X: Any = None, n_neighbors: int | None = None, mode: str = "connectivity") -> csr_matrix:
        """Return the graph from each point to its nearest neighbours, as a sparse matrix.

        Parameters
        ----------
        X, n_neighbors
            As for `kneighbors`.
        mode : str
            ``"connectivity"``, ones, or ``"distance"``.

        Returns
        -------
        csr_matrix, shape (n_queries, n_samples_fit)
        """
        _check_mode(mode)
        distances, indices = self.kneighbors(X, n_neighbors)
        rows, count = indices.shape
        weights = distances.ravel() if mode == "distance" else np.ones(rows * count)
        starts = np.arange(0, rows * count + 1, count)
        return csr_matrix((weights, indices.ravel(), starts), shape=(rows, self.n_samples_fit_))


def _without_self(indices: Array) -> Array:
    """Return where the others are in rows that have one more: without the point itself, or without the last one."""
    others: Array = indices != np.arange(len(indices))[:, None]
    others[others.all(axis=1), -1] = False
    return others


def _rows_without_self(ranks: Array, indices: Array, starts: Array) -> tuple[Array, Array, Array]:
    """Return rows of any lengths without the points themselves."""
    count = len(starts) - 1
    rows = np.repeat(np.arange(count), np.diff(starts))
    others = indices != rows
    lengths = np.bincount(rows[others], minlength=count)
    return ranks[others], indices[others], np.concatenate([[0], np.cumsum(lengths)])


def _pieces(values: Array, starts: Array) -> Array:
    """Return the rows as scikit-learn has them: arrays in an array of objects."""
    found = np.empty(len(starts) - 1, object)
    for row, (first, last) in enumerate(itertools.pairwise(starts)):
        # Copies, so that a row that is kept does not keep all of them.
        found[row] = values[first:last].copy()
    return found


def _check_mode(mode: str) -> None:
    if mode not in ("connectivity", "distance"):
        raise ArgumentValueError(f"mode is {mode!r}; allowed are 'connectivity' and 'distance'.")


class NearestNeighbors(_Neighbors):
    """Nearest neighbours by any metric, exactly, like `sklearn.neighbors.NearestNeighbors`.

    Points in few dimensions are sorted into boxes, and boxes that are too far away are left out, for every metric; in
    many dimensions all pairs are looked at. No matrix of distances is stored.

    Parameters
    ----------
    n_neighbors : int
        How many neighbours a query finds that asks for no other number.
    radius : float
        How far neighbours are at most, for queries by radius.
    metric : str or callable
        "euclidean" or "l2", "manhattan", "cityblock" or "l1", "chebyshev" or "infinity", "minkowski", "sqeuclidean",
        "seuclidean", "mahalanobis", "cosine", "correlation", "canberra", "braycurtis", "hamming", "haversine"; a
        formula in ``x`` and ``y``, such as ``"Norm2(x - y)"``; or a function that is called once, with two LazyTensors
        that stand for all pairs, and returns one. What a formula or function says is the distance.
    p : float
        Of the metric "minkowski": the order, up to inf.
    metric_params : dict, optional
        What the metric takes beside: ``w`` of "minkowski", ``V`` of "seuclidean", ``V`` or ``VI`` of "mahalanobis",
        the other variables of a formula, keywords of a function.
    threads : int, optional
        Of the processor; None takes those of every other reduction.

    Attributes
    ----------
    n_samples_fit_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.sklearn import NearestNeighbors
    >>> points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 3.0]])
    >>> NearestNeighbors(n_neighbors=1, metric="Sum(Abs(x - y) / s)", metric_params={"s": [1.0, 4.0]}).fit(
    ...     points
    ... ).kneighbors()
    (array([[0.75],
           [1.  ],
           [0.75]]), array([[2],
           [0],
           [0]]))
    """

    def fit(self, X: Any, y: Any = None) -> NearestNeighbors:
        """Keep the points ``X``, an array of shape (n_samples, n_features); `y` is ignored."""
        points = validate_data(self, X, dtype=FLOATS, order="C")
        self._fit_points(points)
        return self

    def radius_neighbors(
        self,
        X: Any = None,
        radius: float | None = None,
        return_distance: bool = True,
    ) -> Any:
        """Return the neighbours of each point that are no further than a radius, the nearest first.

        Parameters
        ----------
        X : array, shape (n_queries, n_features), optional
            As for `kneighbors`.
        radius : float, optional
            By default that of the estimator.
        return_distance : bool
            Whether to return the distances too.

        Returns
        -------
        distances : array of n_queries arrays
            Only if `return_distance`.
        indices : array of n_queries arrays of int64
        """
        ranks, indices, starts, metric = self._within(X, radius)
        columns = _pieces(indices, starts)
        return (_pieces(metric.distance_of(ranks), starts), columns) if return_distance else columns

    def radius_neighbors_graph(
        self, X: Any = None, radius: float | None = None, mode: str = "connectivity"
    ) -> csr_matrix:
        """Return the graph from each point to those within a radius, as a sparse matrix; see `kneighbors_graph`."""
        _check_mode(mode)
        ranks, indices, starts, metric = self._within(X, radius)
        weights = metric.distance_of(ranks) if mode == "distance" else np.ones(len(indices))
        return csr_matrix((weights, indices, starts), shape=(len(starts) - 1, self.n_samples_fit_))

    def _within(self, X: Any, radius: float | None) -> tuple[Array, Array, Array, Metric]:
        """Return ranks and numbers of the neighbours within a radius, row after row, and where each row starts.

        The neighbours are counted, then selected: rows of about the same number of them together, so that what is
        stored is at most twice what is returned.
        """
        check_is_fitted(self)
        radius = checked_number("radius", self.radius if radius is None else radius)
        points: Any = self._tree.array if X is None else self._new_points(X)
        metric = self._distances(self._tree if X is None else points)
        is_near = where(metric.rank <= metric.rank_of(radius), 1, 0)
        # Beyond, float32 does not count one by one.
        dtype = np.float64 if self.n_samples_fit_ > COUNTED_IN_FLOAT32 else None
        counts = is_near.sum(axis=1, tol=0, dtype=dtype, threads=self.threads)[:, 0].astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(counts)])
        ranks, indices = np.empty(starts[-1], metric.rank.dtype), np.empty(starts[-1], np.int64)
        magnitudes = np.frexp(counts)[1]
        for magnitude in np.unique(magnitudes[counts > 0]):
            rows = np.flatnonzero(magnitudes == magnitude)
            # A new number of neighbours would need new code: so there are few of them.
            most = min(2 ** int(magnitude) - 1, self.n_samples_fit_)
            found = self._distances(points[rows]).rank.Kmin_argKmin(most, axis=1, tol=0, threads=self.threads)
            is_counted = np.arange(most) < counts[rows, None]
            places = (starts[rows, None] + np.arange(most))[is_counted]
            ranks[places], indices[places] = found[0][is_counted], found[1][is_counted]
        if X is None:
            ranks, indices, starts = _rows_without_self(ranks, indices, starts)
        return ranks, indices, starts, metric


# ---------------------------------------------------------------- learning


class _Learner(_Neighbors):
    """What is predicted from the neighbours of a point."""

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        weights: Any = "uniform",
        metric: Any = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        threads: int | None = None,
    ) -> None:
        super().__init__(n_neighbors, metric=metric, p=p, metric_params=metric_params, threads=threads)
        self.weights = weights

    def _weighted(self, X: Any) -> tuple[Array, Array]:
        """Return weights and indices of the neighbours, and check what `weights` says."""
        distances, indices = self.kneighbors(X)
        if self.weights == "uniform":
            return np.ones_like(distances), indices
        if self.weights == "distance":
            is_here = distances == 0
            inverse = 1 / np.where(is_here, 1, distances)
            # What lies on a point has its value.
            return np.where(is_here.any(axis=1, keepdims=True), is_here, inverse), indices
        weights: Array = np.asarray(self.weights(distances))
        if weights.shape != distances.shape or not (weights.sum(axis=1) > 0).all():
            raise ArgumentValueError(
                f"weights is a function that took distances of shape {distances.shape} to weights of shape "
                f"{weights.shape}; they must have the same shape, and a sum greater than 0 for every point."
            )
        return weights, indices

    def _check_weights(self) -> None:
        if not (self.weights in ("uniform", "distance") if isinstance(self.weights, str) else callable(self.weights)):
            raise ArgumentTypeError(
                f"weights is {self.weights!r}; allowed are 'uniform', 'distance' and a function of distances."
            )


class KNeighborsClassifier(ClassifierMixin, _Learner):
    """Vote of the nearest neighbours by any metric, like `sklearn.neighbors.KNeighborsClassifier`.

    Parameters
    ----------
    n_neighbors : int
        How many neighbours are looked at.
    weights : str or callable
        "uniform"; "distance", the inverse of the distance; or a function that takes distances, an array, to weights.
    metric, p, metric_params, threads
        As for `NearestNeighbors`.

    Attributes
    ----------
    classes_, n_samples_fit_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> from pairfold.sklearn import KNeighborsClassifier
    >>> nearest = KNeighborsClassifier(n_neighbors=1, metric="manhattan").fit([[0.0], [1.0], [3.0]], ["a", "b", "b"])
    >>> nearest.predict([[0.4], [2.9]]).tolist()
    ['a', 'b']
    """

    def fit(self, X: Any, y: Any) -> KNeighborsClassifier:
        """Keep the points ``X``, of shape (n_samples, n_features), and their classes `y`, of shape (n_samples,)."""
        points, y = validate_data(self, X, y, dtype=FLOATS, order="C")
        check_classification_targets(y)
        self._check_weights()
        self.classes_, self._classes = np.unique(y, return_inverse=True)
        self._fit_points(points)
        return self

    def predict_proba(self, X: Any) -> Array:
        """Return the share that each class has among the neighbours of each point: (n_queries, n_classes)."""
        weights, indices = self._weighted(X)
        shares = np.zeros((len(indices), len(self.classes_)))
        rows = np.arange(len(indices))
        for weight, column in zip(weights.T, indices.T, strict=True):
            shares[rows, self._classes[column]] += weight
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def predict(self, X: Any) -> Array:
        """Return the class that most neighbours have, of each point; of equal ones the first."""
        check_is_fitted(self)
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class KNeighborsRegressor(RegressorMixin, _Learner):
    """Mean of the nearest neighbours by any metric, like `sklearn.neighbors.KNeighborsRegressor`.

    Parameters
    ----------
    n_neighbors : int
        How many neighbours are looked at.
    weights : str or callable
        "uniform"; "distance", the inverse of the distance; or a function that takes distances, an array, to weights.
    metric, p, metric_params, threads
        As for `NearestNeighbors`.

    Attributes
    ----------
    n_samples_fit_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> from pairfold.sklearn import KNeighborsRegressor
    >>> KNeighborsRegressor(n_neighbors=2).fit([[0.0], [1.0], [3.0]], [0.0, 2.0, 4.0]).predict([[0.4]])
    array([1.])
    """

    def fit(self, X: Any, y: Any) -> KNeighborsRegressor:
        """Keep the points ``X``, (n_samples, n_features), and their values `y`, of which each may have several."""
        points, y = validate_data(self, X, y, dtype=FLOATS, order="C", multi_output=True, y_numeric=True)
        self._check_weights()
        self._values = y
        self._fit_points(points)
        return self

    def predict(self, X: Any) -> Array:
        """Return the weighted mean of the neighbours of each point: (n_queries,), or with the columns of y."""
        weights, indices = self._weighted(X)
        total = sum(
            weight.reshape(-1, *[1] * (self._values.ndim - 1)) * self._values[column]
            for weight, column in zip(weights.T, indices.T, strict=True)
        )
        sums = weights.sum(axis=1).reshape(-1, *[1] * (self._values.ndim - 1))
        return np.asarray(total / sums)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
