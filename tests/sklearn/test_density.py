"""Densities are those of scikit-learn, within the tolerance, and samples follow them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn import neighbors as theirs
from sklearn.model_selection import GridSearchCV

from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.pruning import collect_reports
from pairfold.sklearn import KernelDensity
from pairfold.sklearn.density import DENSITY_KERNELS

RANDOM = np.random.default_rng(0)
POINTS, QUERIES, WEIGHTS = RANDOM.standard_normal((300, 3)), 2 * RANDOM.standard_normal((40, 3)), RANDOM.random(300)

every_kernel = pytest.mark.parametrize("kernel", DENSITY_KERNELS)


@every_kernel
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])
@pytest.mark.parametrize("dim", [1, 3])
def test_densities(kernel: str, weights: Any, dim: int) -> None:
    points, queries = POINTS[:, :dim], QUERIES[:, :dim]
    for bandwidth in (0.5, "scott", "silverman"):
        own = KernelDensity(kernel=kernel, bandwidth=bandwidth).fit(points, sample_weight=weights)
        other = theirs.KernelDensity(kernel=kernel, bandwidth=bandwidth).fit(points, sample_weight=weights)
        assert own.bandwidth_ == other.bandwidth_
        found, expected = own.score_samples(queries), other.score_samples(queries)
        # Where nothing is near, scikit-learn's weighted densities have rounding errors in the place of 0.
        np.testing.assert_allclose(np.exp(found), np.exp(expected), rtol=1e-10, atol=1e-13)
        assert own.score(points) == pytest.approx(other.score(points))
    assert np.isneginf(found).any() == DENSITY_KERNELS[kernel].vanishes


@every_kernel
def test_other_metrics(kernel: str) -> None:
    settings = {"kernel": kernel, "bandwidth": 0.7}
    other = theirs.KernelDensity(metric="manhattan", **settings).fit(POINTS).score_samples(QUERIES)
    for metric in ("manhattan", "Sum(Abs(x - y))"):
        own = KernelDensity(metric=metric, **settings).fit(POINTS).score_samples(QUERIES)
        np.testing.assert_allclose(np.exp(own), np.exp(other), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(("kernel", "kind"), [("gaussian", "guaranteed"), ("epanechnikov", "exact")])
def test_a_tolerance_leaves_out_pairs(kernel: str, kind: str) -> None:
    points = np.random.default_rng(1).random((20_000, 2))
    settings = {"kernel": kernel, "bandwidth": 0.01}
    exact = KernelDensity(tol=None, **settings).fit(points).score_samples(points)
    for tol in (1e-3, 0.0):
        with collect_reports() as reports:
            found = KernelDensity(tol=tol, **settings).fit(points).score_samples(points)
        assert np.abs(found - exact).max() <= max(tol, 1e-12)
        if tol > 0 or kind == "exact":
            assert reports[0].kind == kind
            assert reports[0].pairs < 0.1


@every_kernel
@pytest.mark.parametrize("dim", [1, 2, 5])
def test_samples(kernel: str, dim: int) -> None:
    """Their distances from the centre have the distribution that the density says."""
    density = KernelDensity(kernel=kernel, bandwidth=0.3).fit(np.ones((1, dim)))
    radii = np.linspace(0, 9, 20_001)[1:]
    along = np.ones((len(radii), dim))
    along[:, 0] += radii
    share = np.cumsum(np.exp(density.score_samples(along)) * radii ** (dim - 1))
    samples = density.sample(3000, random_state=0)
    assert samples.shape == (3000, dim)
    distances = np.linalg.norm(samples - 1, axis=1)
    assert kstest(distances, lambda r: np.interp(r, radii, share / share[-1])).pvalue > 1e-3
    assert np.abs((samples - 1).mean(axis=0)).max() < 0.1 * np.sqrt(dim)


def test_samples_are_drawn_by_weight_and_repeated() -> None:
    points = np.array([[0.0], [100.0], [200.0]], np.float32)
    density = KernelDensity(bandwidth=1).fit(points, sample_weight=[1, 0, 3])
    samples = density.sample(1000, random_state=3)
    assert samples.dtype == np.float32
    assert 0.7 < (samples > 190).mean() < 0.8
    assert not ((samples > 50) & (samples < 150)).any()
    np.testing.assert_array_equal(samples, density.sample(1000, random_state=3))


def test_a_grid_of_bandwidths() -> None:
    """The right one of three is found: points of a normal distribution have one near 0.3."""
    search = GridSearchCV(KernelDensity(tol=1e-3), {"bandwidth": [0.01, 0.4, 10.0]}, cv=3)
    assert search.fit(POINTS).best_params_ == {"bandwidth": 0.4}


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"kernel": "gausian"}, ArgumentValueError, "Did you mean 'gaussian'"),
        ({"bandwidth": "wide"}, ArgumentTypeError, "allowed are a number, 'scott' and 'silverman'"),
        ({"bandwidth": 0}, ArgumentValueError, "bandwidth is 0; it must be a finite number, greater than 0"),
        ({"metric": "x - y"}, ValueError, "one number per pair of points"),
    ],
)
def test_what_is_no_density_is_refused(settings: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        KernelDensity(**settings).fit(POINTS)


def test_samples_of_other_metrics_are_refused() -> None:
    with pytest.raises(ArgumentValueError, match="Samples are drawn for metric='euclidean'; the metric is 'manhattan'"):
        KernelDensity(metric="manhattan").fit(POINTS).sample()
    with pytest.raises(ValueError, match="Negative values"):
        KernelDensity().fit(POINTS, sample_weight=-WEIGHTS)
