"""dire-rapids: nearest neighbours by KeOps against those by PyTorch, and an embedding that starts from them."""

import numpy as np
import pytest

pytest.importorskip("torch")
dire_rapids = pytest.importorskip("dire_rapids")

POINTS = np.random.default_rng(0).standard_normal((300, 8)).astype(np.float32)
METRICS = [
    None,
    "sqeuclidean",
    "inner_product",
    "cosine",
    "(x - y).abs().sum(-1)",
    "((x - y).abs() ** 3).sum(-1)",
    "1 - (-((x - y) ** 2).sum(-1) / 4).exp()",
]


def neighbours(backend, metric, chunk_size=None):
    options = {"n_neighbors": 10, "metric": metric, "random_state": 0, "verbose": False}
    model = dire_rapids.DiRePyTorch(knn_backend=backend, **options)
    model._compute_knn(POINTS, chunk_size=chunk_size)
    return model._knn_indices, model._knn_distances


@pytest.mark.parametrize("chunk_size", [None, 128])
@pytest.mark.parametrize("metric", METRICS)
def test_neighbours(metric, chunk_size):
    found, expected = neighbours("pykeops", metric, chunk_size), neighbours("pytorch", metric)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4, atol=1e-5)
    assert (found[0] == expected[0]).mean() > 0.999  # two neighbours may be as far up to rounding


def test_embedding():
    centres = np.repeat(10 * np.eye(8, dtype=np.float32)[:3], 100, axis=0)
    model = dire_rapids.DiRePyTorch(knn_backend="pykeops", n_neighbors=10, random_state=0, verbose=False)
    embedding = np.asarray(model.fit_transform(centres + POINTS)).reshape(3, 100, 2)
    middles = embedding.mean(1)
    spread = np.linalg.norm(embedding - middles[:, None], axis=-1).mean()
    distances = np.linalg.norm(middles[:, None] - middles[None], axis=-1)[np.triu_indices(3, 1)]
    assert distances.min() > 2 * spread
