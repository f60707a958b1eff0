"""Estimators of pairfold.sklearn beside those of scikit-learn: ``python -m benchmarks.sklearn_peers``."""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.table import list_table

__all__ = ["ESTIMATOR_JOBS", "EstimatorJob", "EstimatorRow", "run_estimator_job"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class EstimatorJob:
    """What estimators of both packages do, from arrays to arrays.

    Attributes
    ----------
    title : str
        For the table.
    dim : int
        Features of the points, which are uniform in the unit cube.
    sizes : tuple of int
        Numbers of points.
    own, other : callable
        ``own(threads)`` is an estimator of pairfold, ``other(threads)`` one of scikit-learn.
    ask : callable
        ``ask(estimator, points, values)`` fits it and returns its answer.
    most : int, optional
        Of how many points scikit-learn's needs too much time or memory.
    """

    title: str
    dim: int
    sizes: tuple[int, ...]
    own: Callable[[int], Any]
    other: Callable[[int], Any]
    ask: Callable[[Any, Array, Array], Array]
    most: int | None = None

    def data(self, count: int) -> tuple[Array, Array]:
        """Return points and noisy values of a smooth function."""
        random = np.random.default_rng(0)
        points = random.random((count, self.dim))
        return points, np.sin(6 * points[:, 0]) + points[:, -1] + 0.1 * random.standard_normal(count)


@dataclass(frozen=True)
class EstimatorRow:
    """What both packages reached: seconds and megabytes, and the largest difference of their answers."""

    title: str
    count: int
    seconds: float
    memory: float
    other_seconds: float | None = None
    other_memory: float | None = None
    difference: float | None = None


def run_estimator_job(job: EstimatorJob, count: int, threads: int, rounds: int) -> EstimatorRow:
    """Run a job for one number of points, in turns."""
    points, values = job.data(count)
    makers = [job.own] if job.most is not None and count >= job.most else [job.own, job.other]
    answers, peaks, times = [], [], [np.inf] * len(makers)
    for make in makers:
        # The first call also compiles what has to be.
        answers.append(job.ask(make(threads), points, values))
        tracemalloc.start()
        job.ask(make(threads), points, values)
        peaks.append(tracemalloc.get_traced_memory()[1] / 1e6)
        tracemalloc.stop()
    for _ in range(rounds):
        for number, make in enumerate(makers):
            start = time.perf_counter()
            job.ask(make(threads), points, values)
            times[number] = min(times[number], time.perf_counter() - start)
    if len(makers) == 1:
        return EstimatorRow(job.title, count, times[0], peaks[0])
    difference = float(np.abs(answers[0] - answers[1]).max())
    return EstimatorRow(job.title, count, times[0], peaks[0], times[1], peaks[1], difference)


# ---------------------------------------------------------------- jobs


def _own(name: str, **settings: Any) -> Callable[[int], Any]:
    def make(threads: int) -> Any:
        import pairfold.sklearn

        return getattr(pairfold.sklearn, name)(threads=threads, **settings)

    return make


def _neighbors(**settings: Any) -> Callable[[int], Any]:
    def make(threads: int) -> Any:
        from sklearn.neighbors import NearestNeighbors

        return NearestNeighbors(n_neighbors=10, n_jobs=threads, **settings)

    return make


def _density(**settings: Any) -> Callable[[int], Any]:
    def make(threads: int) -> Any:
        from sklearn.neighbors import KernelDensity

        return KernelDensity(**settings)

    return make


def _ridge(threads: int) -> Any:
    from sklearn.kernel_ridge import KernelRidge

    return KernelRidge(kernel="rbf", gamma=5.0)


def _matern() -> Any:
    from sklearn.gaussian_process.kernels import Matern

    return Matern(0.5, nu=2.5)


def _process(threads: int) -> Any:
    from sklearn.gaussian_process import GaussianProcessRegressor

    return GaussianProcessRegressor(_matern(), alpha=0.01, optimizer=None)


def _own_process(threads: int) -> Any:
    return _own("GaussianProcessRegressor", kernel=_matern(), alpha=0.01, optimizer=None, rtol=1e-6)(threads)


def _distances(estimator: Any, points: Array, values: Array) -> Array:
    return np.asarray(estimator.fit(points).kneighbors(points)[0])


def _densities(estimator: Any, points: Array, values: Array) -> Array:
    return np.asarray(estimator.fit(points).score_samples(points))


def _predictions(estimator: Any, points: Array, values: Array) -> Array:
    return np.asarray(estimator.fit(points, values).predict(points))


def _deviations(estimator: Any, points: Array, values: Array) -> Array:
    return np.stack(estimator.fit(points, values).predict(points[:100], return_std=True))


def _sum_and_root(x: Array, y: Array) -> float:
    return float(np.abs(x - y).sum() + np.sqrt(((x - y) ** 2).sum()))


ESTIMATOR_JOBS = {
    "neighbours": EstimatorJob(
        "10 neighbours, D = 3", 3, (10_000, 100_000), _own("NearestNeighbors", n_neighbors=10), _neighbors(), _distances
    ),
    "neighbours-wide": EstimatorJob(
        "10 neighbours, D = 50", 50, (20_000,), _own("NearestNeighbors", n_neighbors=10), _neighbors(), _distances
    ),
    "neighbours-manhattan": EstimatorJob(
        "10 neighbours, manhattan, D = 50",
        50,
        (10_000,),
        _own("NearestNeighbors", n_neighbors=10, metric="manhattan"),
        _neighbors(metric="manhattan"),
        _distances,
    ),
    "neighbours-formula": EstimatorJob(
        "10 neighbours, metric of one's own, D = 3",
        3,
        (1_000, 100_000),
        _own("NearestNeighbors", n_neighbors=10, metric="Sum(Abs(x - y)) + Norm2(x - y)"),
        _neighbors(metric=_sum_and_root),
        _distances,
        most=10_000,
    ),
    "density": EstimatorJob(
        "Gaussian density, relative error 1e-3, D = 2",
        2,
        (10_000, 100_000),
        _own("KernelDensity", bandwidth=0.02, tol=1e-3),
        _density(bandwidth=0.02, rtol=1e-3),
        _densities,
        most=100_000,
    ),
    "density-compact": EstimatorJob(
        "Epanechnikov density, D = 3",
        3,
        (10_000, 100_000),
        _own("KernelDensity", bandwidth=0.05, kernel="epanechnikov"),
        _density(bandwidth=0.05, kernel="epanechnikov"),
        _densities,
    ),
    "ridge": EstimatorJob(
        "kernel ridge, fit and predict, D = 3",
        3,
        (5_000, 20_000),
        _own("KernelRidge", kernel="rbf", gamma=5.0, rtol=1e-6),
        _ridge,
        _predictions,
        most=20_000,
    ),
    "process": EstimatorJob(
        "Gaussian process, 100 deviations, D = 3", 3, (3_000,), _own_process, _process, _deviations
    ),
}

# ---------------------------------------------------------------- what is printed


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def table(rows: Sequence[EstimatorRow]) -> str:
    """Return the table of the documentation."""
    head = ("job", "points", "pairfold, s", "scikit-learn, s", "times faster", "pairfold, MB", "scikit-learn, MB")
    cells = [
        (
            row.title,
            f"{row.count:,}",
            _number(row.seconds),
            _number(row.other_seconds),
            _number(None if row.other_seconds is None else row.other_seconds / row.seconds),
            _number(row.memory),
            _number(row.other_memory),
            "-" if row.difference is None else f"{row.difference:.0e}",
        )
        for row in rows
    ]
    return list_table((*head, "largest difference"), cells)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sklearn_peers", description=__doc__)
    parser.add_argument("jobs", nargs="*", help=f"names of jobs, by default all: {' '.join(ESTIMATOR_JOBS)}")
    parser.add_argument("--rounds", type=int, default=3, help="the best of them counts (%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="(%(default)s)")
    parser.add_argument("--table", type=Path, help="a file for the table of the documentation")
    arguments = parser.parse_args()
    rows = []
    for name in arguments.jobs or ESTIMATOR_JOBS:
        for count in ESTIMATOR_JOBS[name].sizes:
            row = run_estimator_job(ESTIMATOR_JOBS[name], count, arguments.threads, arguments.rounds)
            rows.append(row)
            print(
                f"{row.title}, {row.count}: pairfold {row.seconds:.3g} s, {row.memory:.3g} MB; scikit-learn "
                f"{_number(row.other_seconds)} s, {_number(row.other_memory)} MB; difference {_number(row.difference)}",
                flush=True,
            )
    if arguments.table:
        arguments.table.write_text(table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
