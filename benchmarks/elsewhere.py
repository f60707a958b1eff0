"""Jobs for which people reach for FAISS, FlexAttention, GPyTorch or a stored matrix, beside pairfold.

``OMP_NUM_THREADS=1 python -m benchmarks.elsewhere`` prints a table: seconds of one core (processor time, so that a
machine that others use does no harm; the best of some rounds, all programs in turns, compiled before), how much the
peak of the memory grew, and the error relative to float64. ``--table docs/elsewhere_table.inc`` writes the one of the
documentation. Programs whose packages are missing are left out and named.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench import peak_memory, reset_peak_memory
from benchmarks.machine import _processor_name as processor_name

Array = np.ndarray[Any, Any]
Program = Callable[[], Array]


@dataclass(frozen=True)
class Comparison:
    """One job: what the programs are, and how far a result is from the right one."""

    title: str
    programs: dict[str, Callable[[], Program]]
    """By name: makes the program, with its data; pairfold is the first."""
    error: Callable[[Array], float]


@dataclass(frozen=True)
class Line:
    """What one program reached."""

    program: str
    seconds: float
    megabytes: float
    error: float


def _normal(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).standard_normal(shape, dtype=np.float32)


# ---------------------------------------------------------------- nearest neighbours


def neighbours(rows: int, columns: int, dimension: int, k: int = 10) -> Comparison:
    """Return a search for the K nearest of normally distributed points."""
    x, y = _normal(rows, dimension), _normal(columns, dimension)

    def pairfold() -> Program:
        from pairfold.numpy import Vi, Vj

        return lambda: Vi(x).sqdist(Vj(y)).argKmin(k, axis=1)

    def pruned() -> Program:
        from pairfold.numpy import Vi, Vj

        return lambda: Vi(x).sqdist(Vj(y)).argKmin(k, axis=1, tol=0)

    def faiss() -> Program:
        import faiss

        index = faiss.IndexFlatL2(dimension)
        index.add(y)
        return lambda: index.search(x, k)[1]

    def tree() -> Program:
        from scipy.spatial import cKDTree

        return lambda: cKDTree(y).query(x, k, workers=1)[1]

    def error(found: Array) -> float:
        some = np.arange(0, rows, max(rows // 100, 1))
        wide = x[some].astype(np.float64), y.astype(np.float64)
        right = np.stack([np.sort(((row - wide[1]) ** 2).sum(1))[:k] for row in wide[0]])
        mine = ((wide[0][:, None] - wide[1][found[some]]) ** 2).sum(-1)
        return float(np.abs(mine - right).max() / right.max())

    programs = {"pairfold": pairfold, "pairfold, tol=0": pruned, "FAISS IndexFlatL2": faiss}
    if dimension <= 10:
        programs["SciPy cKDTree"] = tree
    return Comparison(f"{k} nearest neighbours, D={dimension}, {rows:,} x {columns:,}", programs, error)


# ---------------------------------------------------------------- attention


def attention(heads: int, tokens: int, width: int) -> Comparison:
    """Return causal attention, one sentence of some heads."""
    import torch

    query, key, value = (torch.from_numpy(_normal(1, heads, tokens, width + add)[..., :width]) for add in range(3))
    scale = width**-0.5

    def pairfold() -> Program:
        import pairfold as pf
        from pairfold.torch import LazyTensor

        q, k, v = (
            LazyTensor(query[:, :, :, None]),
            LazyTensor(key[:, :, None].contiguous()),
            LazyTensor(value[:, :, None].contiguous()),
        )
        i, j = pf.Vi(torch.arange(tokens)[:, None].to(torch.float32)), pf.Vj(torch.arange(tokens)[:, None].float())
        causal, score = pf.lower(exact=False), (q | k) * scale
        return lambda: pf.where(j <= i, score, -torch.inf).sumsoftmaxweight(v, axis=-2, ranges=causal).numpy()

    def fused() -> Program:
        from torch.nn.functional import scaled_dot_product_attention

        return lambda: scaled_dot_product_attention(query, key, value, is_causal=True).numpy()

    def flex() -> Program:
        from torch.nn.attention.flex_attention import create_block_mask, flex_attention

        def causal(b: Any, h: Any, i: Any, j: Any) -> Any:
            return i >= j

        mask = create_block_mask(causal, None, None, tokens, tokens, device="cpu")
        compiled = torch.compile(flex_attention)
        return lambda: compiled(query, key, value, block_mask=mask).numpy()

    def dense() -> Program:
        later = torch.triu(torch.ones(tokens, tokens, dtype=torch.bool), 1)

        def program() -> Array:
            scores = (query @ key.mT * scale).masked_fill(later, -torch.inf)
            return (scores.softmax(-1) @ value).numpy()

        return program

    def error(found: Array) -> float:
        q, k, v = query[0, 0].double(), key[0, 0].double(), value[0, 0].double()
        some = torch.arange(0, tokens, max(tokens // 100, 1))
        scores = (q[some] @ k.mT * scale).masked_fill(torch.arange(tokens) > some[:, None], -torch.inf)
        right = scores.softmax(-1) @ v
        return float((torch.from_numpy(found)[0, 0, some] - right).abs().max() / right.abs().max())

    programs = {
        "pairfold": pairfold,
        "PyTorch scaled_dot_product_attention": fused,
        "FlexAttention, compiled": flex,
        "PyTorch, stored": dense,
    }
    return Comparison(f"causal attention, {heads} heads, {tokens:,} tokens, width {width}", programs, error)


# ---------------------------------------------------------------- Gaussian processes


def _gpytorch(kernel: Any, data: Array, values: Array, new: Array, length: float, noise: float) -> Program:
    """Return GPyTorch's posterior mean; a kernel of its own is stored and factored, one for KeOps is iterated on."""
    import gpytorch as gp
    import torch

    class Model(gp.models.ExactGP):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            likelihood = gp.likelihoods.GaussianLikelihood()
            likelihood.noise = noise
            super().__init__(torch.from_numpy(data), torch.from_numpy(values), likelihood)
            self.mean, self.kernel = gp.means.ZeroMean(), kernel()
            self.kernel.lengthscale = length

        def forward(self, points: Any) -> Any:
            return gp.distributions.MultivariateNormal(self.mean(points), self.kernel(points))

    def program() -> Array:
        model = Model().eval()
        size = gp.settings.max_cholesky_size(1 if "keops" in kernel.__module__ else len(data) + 1)
        # Its preconditioner asks for the diagonal of the kernel in a way that its KeOps kernels do not answer.
        plain, accurate = gp.settings.max_preconditioner_size(0), gp.settings.eval_cg_tolerance(1e-4)
        with torch.no_grad(), size, plain, accurate, gp.settings.skip_posterior_variances():
            found: Array = model(torch.from_numpy(new)).mean.numpy()
            return found

    return program


def process(points: int, dimension: int = 3, noise: float = 0.01) -> Comparison:
    """Return the posterior mean of a Gaussian process with given hyperparameters, at a tenth of the points."""
    x = np.random.default_rng(0).random((points + points // 10, dimension), dtype=np.float32)
    data, new = x[:points], x[points:]
    values = np.sin(6 * data).sum(1) + np.float32(noise**0.5) * _normal(points)
    length = 0.3

    def pairfold() -> Program:
        from pairfold.numpy import Vi, Vj

        def kernel(rows: Array) -> Any:
            return (Vi(rows).sqdist(Vj(data)) * (-0.5 / length**2)).exp()

        def program() -> Array:
            weights = kernel(data).solve(values[:, None], alpha=noise, rtol=1e-4, preconditioner="nystrom")
            return (kernel(new) @ weights)[:, 0]

        return program

    def stored() -> Program:
        import gpytorch as gp

        return _gpytorch(gp.kernels.RBFKernel, data, values, new, length, noise)

    def keops() -> Program:
        import pairfold.pykeops

        pairfold.pykeops.install_as_pykeops()
        import gpytorch as gp

        return _gpytorch(gp.kernels.keops.RBFKernel, data, values, new, length, noise)

    def error(found: Array) -> float:
        from scipy.linalg import solve
        from scipy.spatial.distance import cdist

        some = slice(None, None, max(len(new) // 100, 1))
        matrix = np.exp(cdist(data, data, "sqeuclidean") * (-0.5 / length**2))
        matrix[np.diag_indices(points)] += noise
        weights = solve(matrix, values.astype(np.float64), assume_a="pos", overwrite_a=True)
        right = np.exp(cdist(new[some], data, "sqeuclidean") * (-0.5 / length**2)) @ weights
        return float(np.abs(found[some] - right).max() / np.abs(right).max())

    programs = {"pairfold": pairfold, "GPyTorch, its KeOps kernel on pairfold": keops, "GPyTorch, Cholesky": stored}
    return Comparison(f"posterior mean of a Gaussian process, D={dimension}, {points:,} points", programs, error)


# ---------------------------------------------------------------- a matrix that fits


def products(points: int, dimension: int, repetitions: int) -> Comparison:
    """Return products of one Gaussian kernel with several vectors, one after the other."""
    x, vectors = _normal(points, dimension), _normal(repetitions, points, 1)
    scale = np.float32(-0.5 / dimension)

    def pairfold() -> Program:
        from pairfold.numpy import Vi, Vj

        kernel = (Vi(x).sqdist(Vj(x)) * float(scale)).exp()
        return lambda: np.stack([kernel @ vector for vector in vectors])

    def stored() -> Program:
        def program() -> Array:
            squares = (x**2).sum(1)
            matrix = np.exp(scale * np.maximum(squares[:, None] + squares - 2 * (x @ x.T), 0))
            return np.stack([matrix @ vector for vector in vectors])

        return program

    def error(found: Array) -> float:
        some, wide = np.arange(0, points, max(points // 100, 1)), x.astype(np.float64)
        matrix = np.stack([np.exp(scale * ((row - wide) ** 2).sum(1)) for row in wide[some]])
        right = matrix @ vectors[-1].astype(np.float64)
        return float(np.abs(found[-1][some] - right).max() / np.abs(right).max())

    title = f"{repetitions} product{'s' * (repetitions > 1)} with a Gaussian kernel, D={dimension}, {points:,} points"
    return Comparison(title, {"pairfold": pairfold, "NumPy, stored": stored}, error)


COMPARISONS: dict[str, Callable[[float], Comparison]] = {
    "nearest-3": lambda scale: neighbours(int(5_000 * scale), int(50_000 * scale), 3),
    "nearest-64": lambda scale: neighbours(int(5_000 * scale), int(50_000 * scale), 64),
    "nearest-784": lambda scale: neighbours(int(2_000 * scale), int(20_000 * scale), 784),
    "attention": lambda scale: attention(8, int(2048 * scale), 64),
    "process": lambda scale: process(int(5_000 * scale)),
    "product-3": lambda scale: products(int(5_000 * scale), 3, 1),
    "products-3": lambda scale: products(int(5_000 * scale), 3, 100),
    "products-64": lambda scale: products(int(5_000 * scale), 64, 100),
    "product-784": lambda scale: products(int(5_000 * scale), 784, 1),
}


def _prepared(name: str, make: Callable[[], Program]) -> Program | None:
    try:
        return make()
    except ModuleNotFoundError as missing:
        print(f"{name} is left out: {missing}")
        return None


def run(comparison: Comparison, rounds: int) -> list[Line]:
    """Run the programs of a comparison in turns."""
    prepared = {name: _prepared(name, make) for name, make in comparison.programs.items()}
    programs = {name: program for name, program in prepared.items() if program is not None}
    results, grown = {}, {}
    for name, program in programs.items():
        program()  # compiles, and fills what is kept
        gc.collect()
        before = reset_peak_memory()
        results[name] = np.array(program())
        grown[name] = (peak_memory() - before) / 1e6
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            start = time.process_time()
            program()
            times[name].append(time.process_time() - start)
    return [Line(name, min(times[name]), grown[name], comparison.error(results[name])) for name in programs]


def table(found: dict[str, list[Line]], remark: str) -> str:
    """Return the table of the documentation."""
    rows = [("job", "program", "seconds", "memory grew by", "error")]
    for title, lines in found.items():
        for number, line in enumerate(lines):
            memory = f"{line.megabytes:,.0f} MB"
            rows.append(
                (title if number == 0 else "", line.program, f"{line.seconds:.3g}", memory, f"{line.error:.0e}")
            )
    text = [".. list-table::", "   :header-rows: 1", "   :widths: 36 32 10 12 10", ""]
    for row in rows:
        text += [f"   {'  -' if number else '* -'} {cell}".rstrip() for number, cell in enumerate(row)]
    return f"{remark}\n\n" + "\n".join(text) + "\n"


def main() -> None:
    """Run and print the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jobs", nargs="*", default=list(COMPARISONS), help="some of: %(default)s")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="factor of all numbers of points")
    parser.add_argument("--table", type=Path, help="write the table of the documentation, docs/elsewhere_table.inc")
    arguments = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        raise SystemExit("Set OMP_NUM_THREADS=1: the time of one core is measured.")
    found = {}
    for name in arguments.jobs:
        comparison = COMPARISONS[name](arguments.scale)
        found[comparison.title] = run(comparison, arguments.rounds)
        print(f"\n{comparison.title}")
        for line in found[comparison.title]:
            print(f"  {line.program:40}{line.seconds:9.3f} s{line.megabytes:9.0f} MB{line.error:10.1e}", flush=True)
    if arguments.table:
        remark = f"{processor_name()}, one thread, seconds of processor time, float32, the best of {arguments.rounds}."
        arguments.table.write_text(table(found, remark), encoding="utf-8")


if __name__ == "__main__":
    main()
