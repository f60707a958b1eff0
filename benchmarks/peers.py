"""The peers: each turns a job into a function of the job's arguments, or declines it with None.

Every peer runs in a process of its own, so a package is imported here only inside the peer that needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from benchmarks.jobs import Job

__all__ = ["PEERS", "Peer", "genred", "sdpa", "torch_namespace"]

Array = Any
Program = Callable[..., Array]


@dataclass(frozen=True)
class Peer:
    """One competitor: the module it needs, and how it prepares a job."""

    module: str
    prepare: Callable[[Job], Program | None]


def genred(module: str) -> Callable[[Job], Program]:
    """Return what prepares a job for a module with a `Genred`."""

    def prepare(job: Job) -> Program:
        import importlib

        make_routine = importlib.import_module(module).Genred
        weight = {} if job.weight is None else {"formula2": job.weight}
        return make_routine(job.formula, list(job.aliases), reduction_op=job.reduction, axis=1, opt_arg=job.k, **weight)

    return prepare


# ---------------------------------------------------------------- torch


def torch_namespace(distances: Callable[[Array, Array], Array]) -> SimpleNamespace:
    """Return what the dense definition of a job needs, in PyTorch."""
    import torch

    return SimpleNamespace(
        exp=torch.exp,
        logsumexp=lambda values: torch.logsumexp(values, 1),
        softmax=lambda values: torch.softmax(values, 1),
        smallest=lambda values, k: torch.topk(values, k, dim=1, largest=False).indices,
        squared_distances=distances,
        absolute_distances=lambda x, y: torch.cdist(x, y, p=1),
    )


def _torch_compiled(job: Job) -> Program | None:
    """The fused loop: nothing of size rows x columns is stored while D stays below 8."""
    if job.name not in ("J1", "J1-float64", "J2", "J5"):
        return None
    import torch

    xp = torch_namespace(lambda x, y: ((x[:, None, :] - y[None, :, :]) ** 2).sum(2))
    compiled = torch.compile(lambda *arguments: job.dense(xp, *arguments), dynamic=False)
    return lambda *arguments: compiled(*map(torch.from_numpy, arguments)).numpy()


def _torch_dense(job: Job) -> Program | None:
    """Blocks of rows, distances by a matrix product: what a torch user writes by hand; in float64 too slow to wait."""
    if job.name in ("J1-float64", "J2"):
        return None
    import torch

    def distances(x: Array, y: Array) -> Array:
        return (x * x).sum(1)[:, None] + (y * y).sum(1)[None, :] - 2 * (x @ y.T)

    xp = torch_namespace(distances)

    def run(x: Array, *others: Array) -> Array:
        rest = [torch.from_numpy(other) for other in others]
        blocks = [job.dense(xp, block, *rest) for block in torch.from_numpy(x).split(1000)]
        return torch.cat(blocks).numpy()

    return run


def sdpa(job: Job) -> Program | None:
    """Fused attention, on tensors."""
    if job.name != "J11":
        return None
    from torch.nn.functional import scaled_dot_product_attention

    return lambda q, k, v: scaled_dot_product_attention(q[None, None], k[None, None], v[None, None])[0, 0]


def _sdpa_of_arrays(job: Job) -> Program | None:
    import torch

    attention = sdpa(job)
    return None if attention is None else lambda *arguments: attention(*map(torch.from_numpy, arguments)).numpy()


# ---------------------------------------------------------------- JAX


def _jax(job: Job) -> Program | None:
    """A compiled map over blocks of rows; JAX computes in float32 unless the whole process is set to float64."""
    if job.dtype != "float32":
        return None
    import jax
    import jax.numpy as jnp
    import numpy as np

    def distances(x: Array, y: Array) -> Array:
        if job.dim < 8:
            return ((x[:, None, :] - y[None, :, :]) ** 2).sum(2)
        return (x * x).sum(1)[:, None] + (y * y).sum(1)[None, :] - 2 * (x @ y.T)

    xp = SimpleNamespace(
        exp=jnp.exp,
        logsumexp=lambda values: jax.scipy.special.logsumexp(values, axis=1),
        softmax=lambda values: jax.nn.softmax(values, axis=1),
        smallest=lambda values, k: jax.lax.top_k(-values, k)[1],
        squared_distances=distances,
        absolute_distances=lambda x, y: jnp.abs(x[:, None, :] - y[None, :, :]).sum(2),
    )
    by_row = [number for number, alias in enumerate(job.aliases) if "Vi" in alias]

    @jax.jit
    def compiled(*arguments: Array) -> Array:
        def of_row(rows: tuple[Array, ...]) -> Array:
            full = list(arguments)
            for number, row in zip(by_row, rows, strict=True):
                full[number] = row[None]
            return job.dense(xp, *full)[0]

        return jax.lax.map(of_row, tuple(arguments[number] for number in by_row), batch_size=64)

    return lambda *arguments: np.asarray(compiled(*arguments))


# ---------------------------------------------------------------- numba


def _numba(job: Job) -> Program | None:
    import numpy as np

    from benchmarks import numba_loops

    loops = {
        "J1": numba_loops.gauss,
        "J1-float64": numba_loops.gauss,
        "J2": numba_loops.gauss_gradient,
        "J4": numba_loops.gauss,
        "J5": numba_loops.logsumexp,
        "J10": numba_loops.laplace,
        "E64": numba_loops.gauss_wide,
    }
    if job.name not in loops:
        return None
    loop, width = loops[job.name](job.dim), {"J2": 3, "E64": 64}.get(job.name, 1)

    def run(x: Array, y: Array, b: Array, gamma: Array, *rest: Array) -> Array:
        out = np.empty((len(x), width), x.dtype)
        # Few components: stored one after the other, so that LLVM vectorises over columns.
        loop(x, np.asfortranarray(y) if job.dim < 16 else y, b, gamma[0], *rest, out)
        return out

    return run


# ---------------------------------------------------------------- scikit-learn, SciPy


def _sklearn(job: Job) -> Program | None:
    from sklearn.metrics import pairwise_distances_argmin
    from sklearn.metrics.pairwise import laplacian_kernel, rbf_kernel
    from sklearn.neighbors import NearestNeighbors

    def nearest(x: Array, y: Array) -> Array:
        search = NearestNeighbors(n_neighbors=job.k, algorithm="brute").fit(y)
        return search.kneighbors(x, return_distance=False)

    gauss: Program = lambda x, y, b, gamma: rbf_kernel(x, y, gamma=gamma[0]) @ b  # noqa: E731
    programs: dict[str, Program] = {
        "J1": gauss,
        "J4": gauss,
        "E64": gauss,
        "J7": nearest,
        "J9": pairwise_distances_argmin,
        "J9-200": pairwise_distances_argmin,
        "J10": lambda x, y, b, gamma: laplacian_kernel(x, y, gamma=gamma[0]) @ b,
    }
    return programs.get(job.name)


def _scipy_tree(job: Job) -> Program | None:
    """Another algorithm: a tree that does not look at all pairs."""
    if job.name != "J7":
        return None
    from scipy.spatial import cKDTree

    return lambda x, y: cKDTree(y).query(x, job.k, workers=-1)[1]


PEERS = {
    "pairfold": Peer("pairfold", genred("pairfold.numpy")),
    "pykeops": Peer("pykeops", genred("pykeops.numpy")),
    "torch.compile": Peer("torch", _torch_compiled),
    "torch dense": Peer("torch", _torch_dense),
    "torch sdpa": Peer("torch", _sdpa_of_arrays),
    "numba": Peer("numba", _numba),
    "jax": Peer("jax", _jax),
    "sklearn": Peer("sklearn", _sklearn),
    "scipy tree": Peer("scipy", _scipy_tree),
}
