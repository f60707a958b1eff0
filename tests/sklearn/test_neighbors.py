"""Neighbours by any metric are those that scikit-learn finds, and what is learnt from them is what it learns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn import neighbors as theirs

from pairfold.errors import ArgumentTypeError, ArgumentValueError, DimensionError, FormulaError, UnknownNameError
from pairfold.pruning import collect_reports
from pairfold.sklearn import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors

RANDOM = np.random.default_rng(0)
POINTS, QUERIES = RANDOM.standard_normal((300, 3)), RANDOM.standard_normal((40, 3))
WEIGHTS = [1.0, 2.0, 0.5]
COVARIANCE = np.cov(POINTS.T)

METRICS: list[tuple[str, dict[str, Any]]] = [
    ("euclidean", {}),
    ("l2", {}),
    ("manhattan", {}),
    ("l1", {}),
    ("cityblock", {}),
    ("chebyshev", {}),
    ("infinity", {}),
    ("sqeuclidean", {}),
    ("minkowski", {"p": 1}),
    ("minkowski", {"p": 2}),
    ("minkowski", {"p": 3.5}),
    ("minkowski", {"p": math.inf}),
    ("minkowski", {"p": 2, "metric_params": {"w": WEIGHTS}}),
    ("minkowski", {"p": 3, "metric_params": {"w": WEIGHTS}}),
    ("seuclidean", {"metric_params": {"V": WEIGHTS}}),
    ("mahalanobis", {"metric_params": {"VI": np.linalg.inv(COVARIANCE)}}),
    ("cosine", {}),
    ("correlation", {}),
    ("canberra", {}),
    ("braycurtis", {}),
    ("haversine", {}),
]


def both(metric: str, points: Any, **settings: Any) -> tuple[Any, Any]:
    algorithm = "auto" if metric in ("haversine", "infinity", "l2") else "brute"
    other = theirs.NearestNeighbors(metric=metric, algorithm=algorithm, **settings).fit(points)
    return NearestNeighbors(metric=metric, **settings).fit(points), other


@pytest.mark.parametrize(("metric", "settings"), METRICS)
def test_metrics(metric: str, settings: dict[str, Any]) -> None:
    points, queries = (POINTS[:, :2], QUERIES[:, :2]) if metric == "haversine" else (POINTS, QUERIES)
    own, other = both(metric, points, n_neighbors=3, **settings)
    for asked in (queries, None):
        distances, indices = own.kneighbors(asked)
        expected, columns = other.kneighbors(asked)
        np.testing.assert_allclose(distances, expected, rtol=1e-7, atol=1e-12)
        np.testing.assert_array_equal(indices, columns)
    # Between two distances, so that rounding decides nothing.
    different = np.unique(distances[:, 0].round(9))
    radius = float(different[len(different) // 2 :][:2].mean())
    found = own.radius_neighbors(queries, radius)
    wanted = other.radius_neighbors(queries, radius, sort_results=True)
    for own_rows, other_rows in zip(found, wanted, strict=True):
        assert len(own_rows) == len(other_rows)
        for one, two in zip(own_rows, other_rows, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-7, atol=1e-12)
    for one, two in (
        (own.kneighbors_graph(mode="distance"), other.kneighbors_graph(mode="distance")),
        (own.radius_neighbors_graph(None, radius, "distance"), other.radius_neighbors_graph(None, radius, "distance")),
    ):
        assert one.shape == two.shape
        assert one.nnz == two.nnz
        assert abs(one - two).max() < 1e-12


def test_graphs_of_ones() -> None:
    own, other = both("euclidean", POINTS, n_neighbors=3, radius=0.7)
    assert (own.kneighbors_graph(QUERIES, 2) != other.kneighbors_graph(QUERIES, 2)).nnz == 0
    assert (own.radius_neighbors_graph(QUERIES) != other.radius_neighbors_graph(QUERIES)).nnz == 0


def test_hamming() -> None:
    """Most distances are equal to others: which neighbours are found first is open, how far they are is not."""
    own, other = both("hamming", POINTS.round(), n_neighbors=6)
    np.testing.assert_allclose(own.kneighbors(QUERIES.round())[0], other.kneighbors(QUERIES.round())[0])


def test_a_covariance_is_inverted() -> None:
    given = {"VI": np.linalg.inv(COVARIANCE)}, {"V": COVARIANCE}
    first, second = (
        NearestNeighbors(metric="mahalanobis", metric_params=one).fit(POINTS).kneighbors() for one in given
    )
    np.testing.assert_allclose(first[0], second[0])


@pytest.mark.parametrize(
    ("metric", "parameters"),
    [
        ("Sum(Abs(x - y) ** p / s)", {"p": 1.5, "s": WEIGHTS}),
        (lambda x, y, p, s: ((x - y).abs() ** p / s).sum(-1), {"p": 1.5, "s": WEIGHTS}),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_formula_is_a_metric(metric: Any, parameters: dict[str, Any], dtype: str) -> None:
    points, queries = POINTS.astype(dtype), QUERIES.astype(dtype)
    nearest = NearestNeighbors(4, metric=metric, metric_params=parameters).fit(points)
    distances, indices = nearest.kneighbors(queries)
    dense = (np.abs(queries[:, None] - points).astype(float) ** 1.5 / WEIGHTS).sum(-1)
    assert distances.dtype == dtype
    np.testing.assert_array_equal(indices, dense.argsort(axis=1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(dense, axis=1)[:, :4], rtol=1e-5 if dtype == "float32" else 1e-12)
    near = nearest.radius_neighbors(queries, 1.0, return_distance=False)
    assert [len(row) for row in near] == (dense <= 1).sum(axis=1).tolist()


def test_boxes_are_left_out_and_change_nothing() -> None:
    points = np.random.default_rng(1).random((30_000, 3))
    nearest = NearestNeighbors(3, radius=0.02).fit(points)
    with collect_reports() as reports:
        distances, indices = nearest.kneighbors()
        near = nearest.radius_neighbors_graph()
    assert reports[0].kind == reports[1].kind == "exact"
    assert max(report.pairs for report in reports[:2]) < 0.1
    other = theirs.NearestNeighbors(n_neighbors=3, radius=0.02).fit(points)
    expected, columns = other.kneighbors()
    np.testing.assert_allclose(distances, expected)
    np.testing.assert_array_equal(indices, columns)
    assert (near != other.radius_neighbors_graph()).nnz == 0


def test_points_are_not_their_own_neighbours() -> None:
    points = np.zeros((6, 2))  # each at distance 0 of all others
    nearest = NearestNeighbors(n_neighbors=5).fit(points)
    assert [sorted(row) for row in nearest.kneighbors()[1].tolist()] == [
        [other for other in range(6) if other != row] for row in range(6)
    ]
    indices = nearest.radius_neighbors(return_distance=False)
    assert [row.tolist() for row in indices] == [[other for other in range(6) if other != row] for row in range(6)]
    # A point that is farther from itself than from others loses its last neighbour instead.
    products = NearestNeighbors(n_neighbors=1, metric="(x | y)").fit(np.array([[1.0], [2.0], [-3.0]]))
    assert products.kneighbors(return_distance=False).ravel().tolist() == [2, 2, 1]


def test_rows_without_neighbours() -> None:
    nearest = NearestNeighbors(radius=0.5).fit(np.array([[0.0], [0.25], [9.0]]))
    distances, indices = nearest.radius_neighbors()
    assert [row.tolist() for row in indices] == [[1], [0], []]
    assert [row.tolist() for row in distances] == [[0.25], [0.25], []]
    assert nearest.radius_neighbors_graph([[5.0]]).nnz == 0


@pytest.mark.parametrize("weights", ["uniform", "distance", lambda distances: 1 / (1 + distances)])
@pytest.mark.parametrize("metric", ["minkowski", "manhattan"])
def test_learners(weights: Any, metric: str) -> None:
    classes = np.array(["low", "middle", "high"])[np.digitize(POINTS[:, 0], [-0.5, 0.5])]
    queries = np.concatenate([QUERIES, POINTS[:5]])  # some lie on points
    settings = {"n_neighbors": 7, "weights": weights, "metric": metric}
    own, other = KNeighborsClassifier(**settings), theirs.KNeighborsClassifier(**settings)
    own.fit(POINTS, classes)
    other.fit(POINTS, classes)
    np.testing.assert_array_equal(own.predict(queries), other.predict(queries))
    np.testing.assert_allclose(own.predict_proba(queries), other.predict_proba(queries))
    assert own.score(queries[:5], classes[:5]) == other.score(queries[:5], classes[:5])
    for values in (POINTS[:, 0], POINTS[:, :2]):
        regressor = KNeighborsRegressor(**settings).fit(POINTS, values)
        expected = theirs.KNeighborsRegressor(**settings).fit(POINTS, values)
        np.testing.assert_allclose(regressor.predict(queries), expected.predict(queries))
        assert regressor.score(POINTS, values) == pytest.approx(expected.score(POINTS, values))


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"metric": "euclidian"}, UnknownNameError, "Did you mean 'euclidean'"),
        ({"metric": "Norm2(x - z)"}, FormulaError, "no argument called 'z'"),
        ({"metric": "x - y"}, DimensionError, "one number per pair of points; this expression has dimension 3"),
        ({"metric": 3}, ArgumentTypeError, "must be a name, a formula in x and y"),
        ({"metric": lambda x, y: 3}, ArgumentTypeError, "returned an object of type int"),
        ({"metric": lambda x: x}, ArgumentValueError, "do not fit the metric: too many positional arguments"),
        ({"metric": "cosine", "metric_params": {"w": 1}}, ArgumentValueError, "do not fit the metric 'cosine'"),
        ({"metric": "Norm2(x - y)", "metric_params": {"w": 1}}, ArgumentValueError, "has no w"),
        ({"metric": "Norm2(x - y)", "metric_params": {"y": 1}}, ArgumentValueError, "called x and y"),
        ({"metric": "mahalanobis"}, ArgumentValueError, "needs V, a matrix of covariances, or VI"),
        ({"metric": "haversine"}, ArgumentValueError, "these have 3 features"),
        ({"p": 0}, ArgumentValueError, "greater than 0, or inf"),
        ({"n_neighbors": 0}, ArgumentValueError, "must be an integer, at least 1"),
    ],
)
def test_what_is_no_metric_is_refused(settings: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        NearestNeighbors(**settings).fit(POINTS)


def test_what_cannot_be_asked_is_refused() -> None:
    nearest = NearestNeighbors().fit(POINTS[:5])
    with pytest.raises(ArgumentValueError, match="n_samples = 5 points, one of which is the point itself, to choose"):
        nearest.kneighbors()
    with pytest.raises(ArgumentValueError, match="n_neighbors is 6, and there are n_samples = 5 points to choose from"):
        nearest.kneighbors(QUERIES, 6)
    with pytest.raises(ArgumentValueError, match="radius is -1; it must be a finite number, at least 0"):
        nearest.radius_neighbors(radius=-1)
    with pytest.raises(ArgumentValueError, match="mode is 'dense'; allowed are 'connectivity' and 'distance'"):
        nearest.kneighbors_graph(mode="dense")
    with pytest.raises(ArgumentValueError, match="is nan or infinite for so many pairs"):
        NearestNeighbors(2, metric="Log(-Norm2(x - y))").fit(POINTS).kneighbors()
    with pytest.raises(ArgumentTypeError, match="allowed are 'uniform', 'distance' and a function of distances"):
        KNeighborsRegressor(weights="nearest").fit(POINTS, POINTS[:, 0])
    with pytest.raises(ArgumentValueError, match="a sum greater than 0 for every point"):
        KNeighborsRegressor(weights=np.zeros_like).fit(POINTS, POINTS[:, 0]).predict(QUERIES)
