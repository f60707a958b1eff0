"""Kernel density estimates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.special import gammaln
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from pairfold.errors import ArgumentTypeError, ArgumentValueError, suggestion
from pairfold.numpy import Tree, Vi, Vj, where
from pairfold.sklearn.base import FLOATS, Array, Lazy, PairwiseEstimator, checked_count, checked_number
from pairfold.sklearn.metrics import Metric, metric_of

__all__ = ["DENSITY_KERNELS", "KernelDensity"]

Random = np.random.RandomState


@dataclass(frozen=True, eq=False)
class DensityKernel:
    """A kernel of the distance: what scores and samples need to know of it.

    Attributes
    ----------
    value : callable
        ``value(metric, bandwidth)``, a LazyTensor: the kernel, or its logarithm where it vanishes nowhere.
    vanishes : bool
        Whether it is 0 from the bandwidth on.
    log_integral : callable
        The logarithm of its integral over the space of a dimension, for the bandwidth 1.
    radii : callable
        ``radii(random, dim, count)``: distances of samples from their centre, for the bandwidth 1.
    """

    value: Callable[[Metric, float], Lazy]
    vanishes: bool
    log_integral: Callable[[int], float]
    radii: Callable[[Random, int, int], Array]


def _log_ball(dim: int) -> float:
    """Return the logarithm of the volume of the unit ball."""
    return float(dim / 2 * math.log(math.pi) - gammaln(dim / 2 + 1))


def _within(metric: Metric, bandwidth: float, value: Any) -> Lazy:
    return where(metric.rank < metric.rank_of(bandwidth), value, 0)


def _log_cosine_integral(dim: int) -> float:
    moment = quad(lambda r: math.cos(math.pi / 2 * r) * r ** (dim - 1), 0, 1)[0]
    return _log_ball(dim) + math.log(dim * moment)


def _cosine_radii(random: Random, dim: int, count: int) -> Array:
    """Draw from the linear kernel, which is at least 2 / pi of this one, until enough is accepted."""
    found = np.empty(0)
    while len(found) < count:
        radii = random.beta(dim, 2, 2 * count)
        # cos(pi r / 2) <= pi / 2 (1 - r)
        is_accepted = random.uniform(size=2 * count) * math.pi / 2 * (1 - radii) <= np.cos(math.pi / 2 * radii)
        found = np.concatenate([found, radii[is_accepted]])
    return found[:count]


DENSITY_KERNELS = {
    "gaussian": DensityKernel(
        value=lambda metric, h: metric.squared * (-0.5 / h**2),
        vanishes=False,
        log_integral=lambda dim: dim / 2 * math.log(2 * math.pi),
        radii=lambda random, dim, count: np.sqrt(random.chisquare(dim, count)),
    ),
    "tophat": DensityKernel(
        value=lambda metric, h: _within(metric, h, 1),
        vanishes=True,
        log_integral=_log_ball,
        radii=lambda random, dim, count: random.beta(dim, 1, count),
    ),
    "epanechnikov": DensityKernel(
        value=lambda metric, h: _within(metric, h, 1 - metric.squared * (1 / h**2)),
        vanishes=True,
        log_integral=lambda dim: _log_ball(dim) + math.log(2 / (dim + 2)),
        radii=lambda random, dim, count: np.sqrt(random.beta(dim / 2, 2, count)),
    ),
    "exponential": DensityKernel(
        value=lambda metric, h: metric.distance * (-1 / h),
        vanishes=False,
        log_integral=lambda dim: _log_ball(dim) + math.lgamma(dim + 1),
        radii=lambda random, dim, count: random.gamma(dim, 1, count),
    ),
    "linear": DensityKernel(
        value=lambda metric, h: _within(metric, h, 1 - metric.distance * (1 / h)),
        vanishes=True,
        log_integral=lambda dim: _log_ball(dim) - math.log(dim + 1),
        radii=lambda random, dim, count: random.beta(dim, 2, count),
    ),
    "cosine": DensityKernel(
        value=lambda metric, h: _within(metric, h, (metric.distance * (math.pi / 2 / h)).cos()),
        vanishes=True,
        log_integral=_log_cosine_integral,
        radii=_cosine_radii,
    ),
}


class KernelDensity(PairwiseEstimator):
    """Kernel density estimate, like `sklearn.neighbors.KernelDensity`.

    Parameters
    ----------
    bandwidth : float or str
        The width of the kernel; or ``"scott"`` or ``"silverman"``, which follow the number of points and of features.
    kernel : str
        "gaussian", "tophat", "epanechnikov", "exponential", "linear" or "cosine".
    metric : str or callable
        As for `NearestNeighbors`. Densities are normalized for the Euclidean metric, as those of scikit-learn are.
    metric_params : dict, optional
        As for `NearestNeighbors`.
    tol : float or None
        The relative error that a density may have. With 0, points are left out that do not count at all; with None,
        every pair is looked at. :func:`pairfold.collect_reports` says what was done.
    threads : int, optional
        As for `NearestNeighbors`.

    Attributes
    ----------
    bandwidth_ : float
        The width that is used.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.sklearn import KernelDensity
    >>> points = np.random.default_rng(0).standard_normal((5000, 1))
    >>> density = KernelDensity(bandwidth="scott", tol=1e-3).fit(points)
    >>> np.exp(density.score_samples([[0.0], [1.0]])).round(2)
    array([0.37, 0.24])
    """

    def __init__(
        self,
        *,
        bandwidth: float | str = 1.0,
        kernel: str = "gaussian",
        metric: Any = "euclidean",
        metric_params: dict[str, Any] | None = None,
        tol: float | None = 0.0,
        threads: int | None = None,
    ) -> None:
        self.bandwidth = bandwidth
        self.kernel = kernel
        self.metric = metric
        self.metric_params = metric_params
        self.tol = tol
        self.threads = threads

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KernelDensity:
        """Keep the points ``X``, of shape (n_samples, n_features), and their weights; `y` is ignored."""
        points = validate_data(self, X, dtype=FLOATS, order="C")
        self._kernel()
        self.bandwidth_ = self._width(*points.shape)
        self._weights = None
        if sample_weight is not None:
            self._weights = _check_sample_weight(sample_weight, points, dtype=points.dtype, ensure_non_negative=True)
        self._tree = Tree(points)
        # What is wrong with the metric is said now.
        self._metric(points[:1])
        return self

    def _kernel(self) -> DensityKernel:
        if self.kernel not in DENSITY_KERNELS:
            raise ArgumentValueError(
                f"kernel is {self.kernel!r}; allowed are {', '.join(DENSITY_KERNELS)}."
                f"{suggestion(str(self.kernel), DENSITY_KERNELS)}"
            )
        return DENSITY_KERNELS[self.kernel]

    def _width(self, count: int, dim: int) -> float:
        if self.bandwidth == "scott":
            return float(count ** (-1 / (dim + 4)))
        if self.bandwidth == "silverman":
            return float((count * (dim + 2) / 4) ** (-1 / (dim + 4)))
        if isinstance(self.bandwidth, str):
            raise ArgumentTypeError(f"bandwidth is {self.bandwidth!r}; allowed are a number, 'scott' and 'silverman'.")
        return checked_number("bandwidth", self.bandwidth, is_positive=True)

    def _metric(self, points: Array) -> Metric:
        return metric_of(self.metric, Vi(points), Vj(self._tree), self.metric_params)

    def score_samples(self, X: Any) -> Array:
        """Return the logarithm of the density at each point of ``X``, an array of shape (n_queries, n_features)."""
        points = self._new_points(X)
        kernel, dim = self._kernel(), self.n_features_in_
        value = kernel.value(self._metric(points), self.bandwidth_)
        weights = None if self._weights is None else Vj(self._weights[:, None])
        settings = {"axis": 1, "tol": self.tol, "threads": self.threads}
        if kernel.vanishes:
            total = (value if weights is None else value * weights).sum(**settings)[:, 0]
            with np.errstate(divide="ignore"):
                logarithm = np.log(total)
        else:
            logarithm = value.logsumexp(weight=weights, **settings)[:, 0]
        mass = len(self._tree) if self._weights is None else self._weights.sum(dtype=np.float64)
        scale = kernel.log_integral(dim) + dim * math.log(self.bandwidth_) + math.log(mass)
        return np.asarray(logarithm - logarithm.dtype.type(scale))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the logarithm of the likelihood of the points ``X`` together; `y` is ignored."""
        return float(self.score_samples(X).sum(dtype=np.float64))

    def sample(self, n_samples: int = 1, random_state: Any = None) -> Array:
        """Return random points of this density, for every kernel, if the metric is the Euclidean one.

        Parameters
        ----------
        n_samples : int
            How many.
        random_state : int, RandomState or None
            As in scikit-learn; the points are others than scikit-learn's.

        Returns
        -------
        array, shape (n_samples, n_features)
        """
        check_is_fitted(self)
        if self.metric not in ("euclidean", "l2"):
            raise ArgumentValueError(f"Samples are drawn for metric='euclidean'; the metric is {self.metric!r}.")
        count = checked_count("n_samples", n_samples)
        random, dim = check_random_state(random_state), self.n_features_in_
        shares = None if self._weights is None else self._weights / self._weights.sum(dtype=np.float64)
        centres = self._tree.array[random.choice(len(self._tree), count, p=shares)]
        directions = random.standard_normal((count, dim))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        radii = self._kernel().radii(random, dim, count) * self.bandwidth_
        return np.asarray(centres + (directions * radii[:, None]).astype(centres.dtype))
