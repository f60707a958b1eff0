"""GUDHI: nearest neighbours and distances to a measure, by KeOps and by trees."""

import numpy as np
import pytest

pytest.importorskip("gudhi")
torch = pytest.importorskip("torch")
from gudhi.point_cloud.dtm import DistanceToMeasure  # noqa: E402
from gudhi.point_cloud.knn import KNearestNeighbors  # noqa: E402

POINTS = np.random.default_rng(0).random((200, 3))
QUERIES = np.random.default_rng(1).random((50, 3))


@pytest.mark.parametrize("p", [1, 2, 3, np.inf])
@pytest.mark.parametrize("k", [1, 5])
def test_nearest_neighbours(k, p):
    options = {"k": k, "metric": "minkowski", "p": p, "return_distance": True, "return_index": True}
    by_tree = KNearestNeighbors(implementation="ckdtree", **options).fit_transform(POINTS)
    by_keops = KNearestNeighbors(implementation="keops", **options).fit_transform(POINTS)
    np.testing.assert_array_equal(by_keops[0], by_tree[0])
    np.testing.assert_allclose(by_keops[1], by_tree[1], rtol=1e-4, atol=1e-6)


def test_other_points():
    options = {"k": 4, "return_distance": True, "return_index": True}
    tree, keops = (KNearestNeighbors(implementation=name, **options).fit(POINTS) for name in ("ckdtree", "keops"))
    np.testing.assert_array_equal(keops.transform(QUERIES)[0], tree.transform(QUERIES)[0])


def test_tensors():
    points = torch.tensor(POINTS)
    options = {"k": 4, "return_distance": True, "return_index": True, "enable_autodiff": True}
    neighbours, distances = KNearestNeighbors(implementation="keops", **options).fit_transform(points)
    expected = torch.cdist(points, points).topk(4, largest=False)
    assert torch.equal(torch.as_tensor(neighbours), expected.indices)
    torch.testing.assert_close(torch.as_tensor(distances), expected.values, rtol=1e-6, atol=1e-7)


def test_distance_to_measure():
    tree, keops = (DistanceToMeasure(k=6, implementation=name).fit_transform(POINTS) for name in ("ckdtree", "keops"))
    np.testing.assert_allclose(keops, tree, rtol=1e-6)
