"""Jobs for reductions with a tolerance: large clouds, a formula, and programs of other packages for the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

__all__ = ["CLOUD_JOBS", "CloudJob", "clustered", "sphere", "uniform"]

Array = np.ndarray[Any, Any]
Program = Callable[..., Array]


# ---------------------------------------------------------------- clouds


def uniform(random: np.random.Generator, count: int, dim: int = 3) -> Array:
    """Return points of the unit cube."""
    return random.random((count, dim))


def clustered(random: np.random.Generator, count: int, dim: int = 3) -> Array:
    """Return points around 100 centres, at distances of 1e-4 to 0.1."""
    centres = random.random((100, dim))
    scales = 10.0 ** random.uniform(-4, -1, (100, 1))
    which = random.integers(0, 100, count)
    return centres[which] + scales[which] * random.standard_normal((count, dim))


def sphere(random: np.random.Generator, count: int, dim: int = 3) -> Array:
    """Return points of the unit sphere."""
    points = random.standard_normal((count, dim))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


# ---------------------------------------------------------------- jobs


@dataclass(frozen=True)
class CloudJob:
    """One reduction of a cloud over itself.

    Attributes
    ----------
    title : str
        For the table.
    count, cloud, dim
        How many points, which ones, of which dimension.
    formula : str
        In x and y, the points, b, a weight per column, and g, parameters.
    parameters : tuple of float
        What g is.
    reduction, k
        As for `Genred`.
    tol : float
        The tolerance.
    dtype : str
        Of the arrays.
    peers : mapping of str to callable
        ``peer(points, weights, threads) -> result``, of another package.
    exhaustive_share : float
        Share of the rows by which the time of all pairs is measured.
    """

    title: str
    formula: str
    count: int = 200_000
    cloud: Callable[..., Array] = uniform
    dim: int = 3
    parameters: tuple[float, ...] = ()
    reduction: str = "Sum"
    k: int | None = None
    tol: float = 0.0
    dtype: str = "float32"
    peers: dict[str, Program] = field(default_factory=dict)
    exhaustive_share: float = 0.1

    @property
    def aliases(self) -> list[str]:
        """Those of the formula."""
        declared = {"x": f"Vi({self.dim})", "y": f"Vj({self.dim})", "b": "Vj(1)", "g": f"Pm({len(self.parameters)})"}
        return [f"{name} = {kind}" for name, kind in declared.items() if kind != "Pm(0)" and self.reads(name)]

    def reads(self, name: str) -> bool:
        """Tell whether the formula has a variable of that name."""
        is_read = {"x": True, "y": True, "b": self.reduction == "Sum", "g": bool(self.parameters)}
        return is_read[name]

    def data(self) -> dict[str, Array]:
        """Return the arguments by their names, those that the formula has."""
        random = np.random.default_rng(0)
        points = self.cloud(random, self.count, self.dim).astype(self.dtype)
        found = {"x": points, "y": points, "b": random.standard_normal((self.count, 1)).astype(self.dtype)}
        found["g"] = np.array(self.parameters, self.dtype)
        return {name: array for name, array in found.items() if self.reads(name)}


# ---------------------------------------------------------------- other packages


def _scipy_tree(points: Array, weights: Array, threads: int) -> Array:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(points).query(points, 10, workers=threads)[1])


def _pykdtree(points: Array, weights: Array, threads: int) -> Array:
    from pykdtree.kdtree import KDTree

    return np.asarray(KDTree(points).query(points, k=10)[1])


def _fourier_sum(bandwidth: float, tol: float) -> Program:
    """Return the Gaussian sum by non-uniform Fourier transforms: two, and a product with the coefficients between."""

    def run(points: Array, weights: Array, threads: int) -> Array:
        import finufft

        period = float(1 + bandwidth * np.sqrt(2 * np.log(1 / tol)))
        highest = int(np.ceil(period * np.sqrt(np.log(1 / tol) / 2) / (np.pi * bandwidth)))
        kind = np.complex64 if points.dtype == np.float32 else np.complex128
        places = [np.ascontiguousarray((2 * np.pi / period) * points[:, axis]) for axis in range(3)]
        shape = (2 * highest + 1,) * 3
        settings = {"eps": tol, "nthreads": threads}
        modes = finufft.nufft3d1(*places, weights[:, 0].astype(kind), shape, isign=-1, **settings)
        numbers = np.arange(-highest, highest + 1)
        factor = np.exp(-2 * (np.pi * bandwidth * numbers / period) ** 2) * (bandwidth * np.sqrt(2 * np.pi) / period)
        modes *= (factor[:, None, None] * factor[:, None] * factor).astype(points.dtype)
        found = finufft.nufft3d2(*places, modes, isign=1, **settings)
        return np.asarray(found.real)[:, None]

    return run


def _multipole_sum(tol: float) -> Program:
    def run(points: Array, weights: Array, threads: int) -> Array:
        import fmm3dpy

        found = fmm3dpy.lfmm3d(eps=tol, sources=points.T.astype(float), charges=weights[:, 0].astype(float), pg=1)
        return np.asarray(4 * np.pi * found.pot)[:, None]

    return run


SKLEARN_ROWS = 200


def _kernel_density(bandwidth: float) -> Program:
    """Return the log-density at some rows, up to its normalization: all of them would take hours.

    The tree is made by the first call, which nobody times.
    """
    made: dict[int, Any] = {}

    def run(points: Array, weights: Array, threads: int) -> Array:
        from sklearn.neighbors import KernelDensity

        if len(points) not in made:
            made[len(points)] = KernelDensity(bandwidth=bandwidth, rtol=1e-3).fit(points)
        normalization = np.log(len(points)) + 3 * np.log(bandwidth * np.sqrt(2 * np.pi))
        return np.asarray(made[len(points)].score_samples(points[:SKLEARN_ROWS]) + normalization)[:, None]

    return run


_TREES: dict[str, Program] = {"pykdtree": _pykdtree, "scipy cKDTree": _scipy_tree}
_GAUSS = "Exp(-g * SqDist(x, y)) * b"
_nearest = partial(CloudJob, formula="SqDist(x, y)", reduction="ArgKMin", k=10, exhaustive_share=0.05)


def _gaussian(bandwidth: float, tol: float, dtype: str = "float32") -> CloudJob:
    return CloudJob(
        f"Gaussian sum, h = {bandwidth:g}, tol = {tol:g}, {dtype}",
        _GAUSS,
        parameters=(0.5 / bandwidth**2,),
        tol=tol,
        dtype=dtype,
        peers={"finufft": _fourier_sum(bandwidth, tol)},
        exhaustive_share=0.05,
    )


def _density(bandwidth: float) -> CloudJob:
    return CloudJob(
        f"kernel density, h = {bandwidth:g}, tol = 0.001",
        "-g * SqDist(x, y)",
        parameters=(0.5 / bandwidth**2,),
        reduction="LogSumExp",
        tol=1e-3,
        peers={"scikit-learn": _kernel_density(bandwidth)},
        exhaustive_share=0.05,
    )


_DISTANCE = "Sqrt(SqDist(x, y))"

CLOUD_JOBS: dict[str, CloudJob] = {
    "knn-uniform": _nearest("10 nearest neighbours, uniform", peers=_TREES),
    "knn-clusters": _nearest("10 nearest neighbours, clusters", cloud=clustered, peers=_TREES),
    "knn-sphere": _nearest("10 nearest neighbours, sphere", cloud=sphere, peers=_TREES),
    "knn-million": _nearest("10 nearest neighbours, uniform", count=1_000_000, peers=_TREES, exhaustive_share=0.01),
    "knn-million-clusters": _nearest(
        "10 nearest neighbours, clusters", count=1_000_000, cloud=clustered, peers=_TREES, exhaustive_share=0.01
    ),
    "knn-anisotropic": _nearest(
        "10 nearest, anisotropic metric",
        formula="WeightedSqDist(g, x, y)",
        parameters=(1.0, 0.3, 0.1, 0.3, 2.0, 0.2, 0.1, 0.2, 4.0),
    ),
    "knn-periodic": _nearest("10 nearest, periodic distance", formula="SqNorm2((x - y) - Round(x - y, 0))"),
    "knn-l1": _nearest("10 nearest, weighted L1", formula="Sum(g * Abs(x - y))", parameters=(1.0, 2.0, 4.0)),
    "knn-8d": _nearest("10 nearest neighbours, D = 8", dim=8, count=100_000),
    "knn-50d": _nearest("10 nearest neighbours, D = 50", dim=50, count=50_000),
    **{f"gauss-{h:g}-1e-3": _gaussian(h, 1e-3) for h in (0.01, 0.1, 1.0)},
    **{f"gauss-{h:g}-1e-6": _gaussian(h, 1e-6, "float64") for h in (0.01, 0.1, 1.0)},
    **{f"kde-{h:g}": _density(h) for h in (0.01, 0.1, 1.0)},
    "matern": CloudJob(
        "Matern 3/2, h = 0.3, tol = 0.0001",
        f"(1 + g * {_DISTANCE}) * Exp(-g * {_DISTANCE}) * b",
        parameters=(3**0.5 / 0.3,),
        tol=1e-4,
    ),
    "exponential": CloudJob(
        "exp(-d / h), h = 0.05, tol = 0.0001", f"Exp(-g * {_DISTANCE}) * b", parameters=(20.0,), tol=1e-4
    ),
    "coulomb": CloudJob(
        "1 / r, tol = 0.0001", "Rsqrt(SqDist(x, y)) * b", tol=1e-4, peers={"fmm3dpy": _multipole_sum(1e-4)}
    ),
}
