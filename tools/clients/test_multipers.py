"""multipers: densities, convolutions of signed measures and nearest neighbours, against dense computations."""

import numpy as np
import pytest

pytest.importorskip("multipers")
torch = pytest.importorskip("torch")
from multipers.filtrations import density  # noqa: E402

GENERATOR = np.random.default_rng(0)
POINTS, QUERIES, WEIGHTS = GENERATOR.random((40, 2)), GENERATOR.random((30, 2)), GENERATOR.standard_normal(40)
SQUARES = ((POINTS[:, None] - QUERIES[None]) ** 2).sum(-1)
DENSE = {
    "gaussian": np.exp(-SQUARES / (2 * 0.3**2)) / (0.3 * np.sqrt(2 * np.pi)) ** 2,
    "exponential": np.exp(-SQUARES / 2 / 0.3) / 0.3,
}


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kernel", DENSE)
def test_density(kernel, weighted, library):
    cast = torch.tensor if library == "torch" else np.asarray
    weights = cast(WEIGHTS) if weighted else None
    found = density.KDE(bandwidth=0.3, kernel=kernel).fit(cast(POINTS), weights).score_samples(cast(QUERIES))
    expected = (DENSE[kernel] * (WEIGHTS[:, None] if weighted else 1)).mean(0)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-6, atol=1e-9)


def test_density_of_many_bandwidths():
    covariance = torch.tensor([[0.2, 0.05], [0.05, 0.1]], dtype=torch.float64)
    inverse = torch.linalg.inv(covariance)
    kde = density.KDE(bandwidth=inverse, kernel="multivariate_gaussian").fit(torch.tensor(POINTS))
    expected = torch.distributions.MultivariateNormal(torch.zeros(2, dtype=torch.float64), covariance)
    differences = torch.tensor(POINTS[:, None] - QUERIES[None])
    torch.testing.assert_close(kde.score_samples(torch.tensor(QUERIES)), expected.log_prob(differences).exp().mean(0))


def test_gradient_of_density():
    points = torch.tensor(POINTS, requires_grad=True)
    kde = density.KDE(bandwidth=0.3).fit(points).score_samples(torch.tensor(QUERIES))
    (found,) = torch.autograd.grad(kde.sum(), points)
    differences = POINTS[:, None] - QUERIES[None]
    expected = (-differences / 0.3**2 * DENSE["gaussian"][..., None]).sum(1) / len(POINTS)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6, atol=1e-9)


def test_convolution():
    measure = (POINTS, np.sign(WEIGHTS))
    grid = (np.linspace(0, 1, 6), np.linspace(0, 1, 5))
    options = {"bandwidth": 0.3, "flatten": True, "n_jobs": 1, "kernel": "gaussian"}
    found = density.convolution_signed_measures([[measure]], grid, backend="pykeops", **options)
    nodes = np.stack(np.meshgrid(*grid, indexing="ij"), -1).reshape(-1, 2)
    squares = ((POINTS[:, None] - nodes[None]) ** 2).sum(-1)
    dense = np.exp(-squares / (2 * 0.3**2)) / (0.3 * np.sqrt(2 * np.pi)) ** 2
    np.testing.assert_allclose(np.asarray(found).ravel(), (measure[1][:, None] * dense).mean(0), rtol=1e-6, atol=1e-9)


def test_batch_of_signed_measures():
    measures = torch.tensor(np.concatenate([GENERATOR.random((3, 10, 2)), GENERATOR.standard_normal((3, 10, 1))], -1))
    nodes = torch.tensor(QUERIES)
    found = density.batch_signed_measure_convolutions(measures, nodes, 0.3, "gaussian")
    squares = ((measures[:, :, None, :2] - nodes[None, None]) ** 2).sum(-1)
    dense = torch.exp(-squares / (2 * 0.3**2)) / (0.3 * np.sqrt(2 * np.pi)) ** 2
    torch.testing.assert_close(found, (dense * measures[:, :, None, 2]).sum(1))


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "angular", "hyperbolic"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_mean_of_nearest(library, metric):
    cast = torch.tensor if library == "torch" else np.asarray
    found = density.KNNmean(4, metric=metric).fit(cast(POINTS)).score_samples(cast(QUERIES))
    differences = QUERIES[:, None] - POINTS[None]
    distances = {
        "euclidean": np.sqrt((differences**2).sum(-1)),
        "manhattan": abs(differences).sum(-1),
        "angular": -QUERIES @ POINTS.T,
        "hyperbolic": (differences**2).sum(-1) / np.outer(QUERIES[:, 0], POINTS[:, 0]),
    }[metric]
    np.testing.assert_allclose(np.asarray(found), np.sort(distances, 1)[:, :4].mean(1), rtol=1e-6)
