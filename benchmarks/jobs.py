"""The jobs: one record each, with data, formula, dense definition and cost per pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np

__all__ = ["JOBS", "Job", "make_arguments", "reference_error", "scaled"]

Array = Any
MEAN_EXPONENT = 10.0
"""Points are uniform in the unit cube, and gamma is such that the mean exponent of a kernel is this."""


@dataclass(frozen=True)
class Job:
    """One benchmark job.

    Attributes
    ----------
    formula, aliases, reduction, k, weight
        What `Genred` receives; the columns are reduced.
    data : callable
        ``data(random, job) -> arguments``, in the dtype of the job.
    dense : callable
        ``dense(xp, *arguments) -> array (rows, ...)``, written for any array library; `xp` offers ``exp``,
        ``logsumexp``, ``softmax``, ``smallest``, ``squared_distances`` and ``absolute_distances``.
    multiplies, adds : float
        Vector instructions per pair of the best known program, by execution unit: products (fused or not), and
        additions, comparisons and rounding. Squared distances are counted as |x|^2 + |y|^2 - 2 x.y with the norms
        as start values, L1 distances as 2 sum(max(x, y)) - sum(x) - sum(y).
    dtype : str
        Of all arguments: ``"float32"`` or ``"float64"``.
    """

    name: str
    title: str
    rows: int
    columns: int
    dim: int
    formula: str
    aliases: tuple[str, ...]
    data: Callable[[np.random.Generator, Job], tuple[Array, ...]]
    dense: Callable[..., Array]
    multiplies: float
    adds: float
    reduction: str = "Sum"
    k: int | None = None
    weight: str | None = None
    dtype: str = "float32"

    @property
    def pairs(self) -> int:
        """Number of (row, column) pairs."""
        return self.rows * self.columns

    @property
    def gives_indices(self) -> bool:
        """Whether the result is a set of column numbers."""
        return self.reduction.startswith("Arg")


def _points(random: np.random.Generator, job: Job) -> tuple[Array, Array]:
    return (
        random.random((job.rows, job.dim), dtype=job.dtype),
        random.random((job.columns, job.dim), dtype=job.dtype),
    )


def _gamma(job: Job, mean_distance: float) -> Array:
    return np.array([MEAN_EXPONENT / mean_distance], dtype=job.dtype)


def _kernel_data(random: np.random.Generator, job: Job, right_hand_sides: int = 1) -> tuple[Array, ...]:
    b = random.standard_normal((job.columns, right_hand_sides), dtype=job.dtype)
    return *_points(random, job), b, _gamma(job, job.dim / 6)  # E (u - v)^2 = 1/6 for uniform u, v


def _gradient_data(random: np.random.Generator, job: Job) -> tuple[Array, ...]:
    return *_kernel_data(random, job), random.standard_normal((job.rows, 1), dtype=job.dtype)


def _laplace_data(random: np.random.Generator, job: Job) -> tuple[Array, ...]:
    x, y, b, _ = _kernel_data(random, job)
    return x, y, b, _gamma(job, job.dim / 3)  # E |u - v| = 1/3


def _gauss(xp: Any, x: Array, y: Array, b: Array, gamma: Array) -> Array:
    kernel = xp.exp(-gamma * xp.squared_distances(x, y))
    return (kernel * b[:, 0]).sum(1) if b.shape[1] == 1 else kernel @ b


def _gauss_gradient(xp: Any, x: Array, y: Array, b: Array, gamma: Array, e: Array) -> Array:
    weight = -2 * gamma * xp.exp(-gamma * xp.squared_distances(x, y)) * b[:, 0] * e
    return ((x[:, None, :] - y[None, :, :]) * weight[:, :, None]).sum(1)


def _logsumexp(xp: Any, x: Array, y: Array, b: Array, gamma: Array) -> Array:
    return xp.logsumexp(b[:, 0] - gamma * xp.squared_distances(x, y))


def _attention_data(random: np.random.Generator, job: Job) -> tuple[Array, ...]:
    shapes = ((job.rows, job.dim), (job.columns, job.dim), (job.columns, job.dim))
    return tuple(random.standard_normal(shape, dtype=job.dtype) for shape in shapes)


def _attention(xp: Any, q: Array, k: Array, v: Array) -> Array:
    return xp.softmax(q @ k.T / q.shape[1] ** 0.5) @ v


def _laplace(xp: Any, x: Array, y: Array, b: Array, gamma: Array) -> Array:
    return (xp.exp(-gamma * xp.absolute_distances(x, y)) * b[:, 0]).sum(1)


def _nearest(k: int) -> Callable[..., Array]:
    return lambda xp, x, y: xp.smallest(xp.squared_distances(x, y), k)


def _kernel_aliases(dim: int, right_hand_sides: int = 1) -> tuple[str, ...]:
    return (f"x = Vi({dim})", f"y = Vj({dim})", f"b = Vj({right_hand_sides})", "g = Pm(1)")


_GAUSS = "Exp(-g * SqDist(x, y)) * b"
# exp2 in 8 vector instructions: a degree-5 polynomial made monic (4 fused products, 1 addition; its leading coefficient
# leaves the sum), the fraction, and a scaling by 2^n that takes two.
_EXP_MULTIPLIES, _EXP_ADDS = 4, 4
# The same in float64 in 12, with a table of 16 powers in two registers: a degree-6 polynomial made monic (5 fused
# products, 1 addition), the place in the table, the entry, its product, the fraction, and the scaling. Without a table
# there are 14: degree 11, the fraction, and the scaling.
_WIDE_EXP_MULTIPLIES, _WIDE_EXP_ADDS = 6, 6

JOBS = {
    job.name: job
    for job in (
        Job(
            name="J1",
            title="Gaussian sum, D=3",
            rows=20_000,
            columns=20_000,
            dim=3,
            formula=_GAUSS,
            aliases=_kernel_aliases(3),
            data=_kernel_data,
            dense=_gauss,
            multiplies=3 + _EXP_MULTIPLIES + 1,
            adds=_EXP_ADDS,
        ),
        Job(
            name="J1-float64",
            title="Gaussian sum in float64, D=3",
            rows=20_000,
            columns=20_000,
            dim=3,
            formula=_GAUSS,
            aliases=_kernel_aliases(3),
            data=_kernel_data,
            dense=_gauss,
            multiplies=3 + _WIDE_EXP_MULTIPLIES + 1,
            adds=_WIDE_EXP_ADDS,
            dtype="float64",
        ),
        Job(
            name="J2",
            title="gradient in x of the Gaussian sum, D=3",
            rows=10_000,
            columns=10_000,
            dim=3,
            formula=f"Grad({_GAUSS}, x, e)",
            aliases=(*_kernel_aliases(3), "e = Vi(1)"),
            data=_gradient_data,
            dense=_gauss_gradient,
            multiplies=3 + _EXP_MULTIPLIES + 1 + 3,
            adds=_EXP_ADDS + 1,
        ),
        Job(
            name="J4",
            title="Gaussian sum, D=100",
            rows=10_000,
            columns=10_000,
            dim=100,
            formula=_GAUSS,
            aliases=_kernel_aliases(100),
            data=_kernel_data,
            dense=_gauss,
            multiplies=100 + _EXP_MULTIPLIES + 1,
            adds=_EXP_ADDS,
        ),
        Job(
            name="J5",
            title="log-sum-exp, D=3",
            rows=20_000,
            columns=20_000,
            dim=3,
            formula="b - g * SqDist(x, y)",
            aliases=_kernel_aliases(3),
            data=_kernel_data,
            dense=_logsumexp,
            multiplies=3 + _EXP_MULTIPLIES,
            adds=_EXP_ADDS + 3,  # b - maximum, new maximum, sum
            reduction="LogSumExp",
        ),
        Job(
            name="J7",
            title="10 nearest neighbours, D=3",
            rows=10_000,
            columns=50_000,
            dim=3,
            formula="SqDist(x, y)",
            aliases=("x = Vi(3)", "y = Vj(3)"),
            data=_points,
            dense=_nearest(10),
            multiplies=3,
            adds=1,
            reduction="ArgKMin",
            k=10,
        ),
        Job(
            name="J9",
            title="nearest of 1000 centres, D=64",
            rows=100_000,
            columns=1_000,
            dim=64,
            formula="SqDist(x, y)",
            aliases=("x = Vi(64)", "y = Vj(64)"),
            data=_points,
            dense=_nearest(1),
            multiplies=64,
            adds=2,
            reduction="ArgMin",
        ),
        Job(
            name="J9-200",
            title="nearest of 200 centres, D=16",
            rows=100_000,
            columns=200,
            dim=16,
            formula="SqDist(x, y)",
            aliases=("x = Vi(16)", "y = Vj(16)"),
            data=_points,
            dense=_nearest(1),
            multiplies=16,
            adds=2,
            reduction="ArgMin",
        ),
        Job(
            name="J10",
            title="Laplace kernel of the L1 distance, D=10",
            rows=10_000,
            columns=10_000,
            dim=10,
            formula="Exp(-g * Sum(Abs(x - y))) * b",
            aliases=_kernel_aliases(10),
            data=_laplace_data,
            dense=_laplace,
            multiplies=_EXP_MULTIPLIES + 1,
            adds=2 * 10 + _EXP_ADDS,
        ),
        Job(
            name="J11",
            title="attention, D=64",
            rows=4_000,
            columns=4_000,
            dim=64,
            formula="(q | k) / IntCst(8)",
            aliases=("q = Vi(64)", "k = Vj(64)", "v = Vj(64)"),
            data=_attention_data,
            dense=_attention,
            multiplies=64 + _EXP_MULTIPLIES + 64,
            adds=_EXP_ADDS + 3,  # as for log-sum-exp
            reduction="SumSoftMaxWeight",
            weight="v",
        ),
        Job(
            name="E64",
            title="Gaussian sum of 64 right-hand sides, D=3",
            rows=10_000,
            columns=10_000,
            dim=3,
            formula=_GAUSS,
            aliases=_kernel_aliases(3, 64),
            data=lambda random, job: _kernel_data(random, job, 64),
            dense=_gauss,
            multiplies=3 + _EXP_MULTIPLIES + 64,
            adds=_EXP_ADDS,
        ),
    )
}


def scaled(job: Job, scale: float) -> Job:
    """Return `job` with rows and columns multiplied by `scale`."""
    return replace(job, rows=max(1, int(job.rows * scale)), columns=max(16, int(job.columns * scale)))


def make_arguments(job: Job) -> tuple[Array, ...]:
    """Return the arguments of `job`: the same in every process."""
    return job.data(np.random.default_rng(0), job)


# ---------------------------------------------------------------- the reference


def _squared_distances(x: Array, y: Array) -> Array:
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(2)


def _numpy_logsumexp(values: Array) -> Array:
    top = values.max(1)
    return top + np.log(np.exp(values - top[:, None]).sum(1))


def _numpy_softmax(values: Array) -> Array:
    return np.exp(values - _numpy_logsumexp(values)[:, None])


_REFERENCE = SimpleNamespace(
    exp=np.exp,
    logsumexp=_numpy_logsumexp,
    softmax=_numpy_softmax,
    smallest=lambda values, k: np.sort(np.partition(values, k - 1, axis=1)[:, :k], axis=1),
    squared_distances=_squared_distances,
    absolute_distances=lambda x, y: abs(x[:, None, :] - y[None, :, :]).sum(2),
)
"""Where indices are asked for, the reference gives the values: ties make indices ambiguous."""


def reference_error(job: Job, rows: Array, result: Array) -> float:
    """Return the relative L2 error of `result`, the output for the rows numbered `rows`.

    The reference is computed in float64, for a job in float64 in NumPy's longest type.
    """
    truth, x, y = _reference(job, tuple(rows.tolist()))
    found = result.reshape(len(rows), -1)
    if job.gives_indices:
        found = ((x[:, None, :] - y[found.astype(np.int64)]) ** 2).sum(2)
    return float(np.linalg.norm(found - truth) / np.linalg.norm(truth))


@lru_cache(maxsize=1)
def _reference(job: Job, rows: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Return the results for these rows, and the points of these rows and of all columns."""
    wider = np.float64 if job.dtype == "float32" else np.longdouble
    arguments = [array.astype(wider) for array in make_arguments(job)]
    is_row = [alias.split("=")[1].strip().startswith("Vi") for alias in job.aliases]
    step = max(1, 20_000_000 // (job.columns * job.dim))
    expected = []
    for start in range(0, len(rows), step):
        block = np.array(rows[start : start + step])
        chunk = [array[block] if by_row else array for array, by_row in zip(arguments, is_row, strict=True)]
        expected.append(job.dense(_REFERENCE, *chunk).reshape(len(block), -1))
    return np.concatenate(expected), arguments[0][list(rows)], arguments[1]
