"""The probes: what is no job of `benchmarks.jobs`, each in a fresh process.

``python -m benchmarks NAME`` runs a probe on pairfold and its peers; ``python -m benchmarks.probes NAME PACKAGE`` is
one of these processes, which prints its numbers as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.bench import peak_memory, reset_peak_memory
from benchmarks.jobs import JOBS
from benchmarks.peers import genred

__all__ = ["ALIASES", "GAUSS", "PROBES", "Probe", "gaussian_arguments", "microseconds", "run_probe", "seconds_of"]

Array = Any
Program = Callable[..., Array]
Numbers = dict[str, float]
GAUSS = "Exp(-g * SqDist(x, y)) * b"
ALIASES = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)"]


def gaussian_arguments(rows: int, columns: int) -> tuple[Any, ...]:
    """Return x, y, b and g for a Gaussian sum in three dimensions, in float32."""
    random = np.random.default_rng(0)
    x, y = (random.random((count, 3), dtype=np.float32) for count in (rows, columns))
    return x, y, random.standard_normal((columns, 1), dtype=np.float32), np.array([20.0], dtype=np.float32)


def seconds_of(call: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def milliseconds(*calls: Callable[[], object]) -> list[float]:
    """Return the milliseconds that each of some warm calls takes: medians of rounds in which they take turns."""
    for call in calls:
        call()
    rounds: list[list[float]] = []
    spent = 0.0
    while spent < 2 * len(calls) and len(rounds) < 15:
        rounds.append([seconds_of(call) for call in calls])
        spent += sum(rounds[-1])
    return [1e3 * statistics.median(times) for times in zip(*rounds, strict=True)]


def cold_start(package: str) -> Numbers:
    """Seconds to import the package, NumPy being there, and to the first result of a formula never seen before."""
    # This process has imported parts of the standard library that the package needs as well.
    clock = "time.perf_counter()"
    alone = f"import time, numpy; start = {clock}; import {package}.numpy; print({clock} - start)"
    done = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, check=True)
    arguments = gaussian_arguments(1000, 1000)
    routine = importlib.import_module(f"{package}.numpy").Genred

    def first_result() -> None:
        routine(GAUSS, ALIASES, reduction_op="Sum", axis=1)(*arguments)

    return {"import, s": float(done.stdout.split()[-1]), "first result, s": seconds_of(first_result)}


def microseconds(call: Callable[[], object]) -> float:
    """Return the microseconds that a warm call takes, the median of some rounds."""
    call()
    repeats = max(1, int(0.02 / seconds_of(call)))

    def round_of_calls() -> None:
        for _ in range(repeats):
            call()

    return statistics.median(seconds_of(round_of_calls) for _ in range(15)) / repeats * 1e6


def small_calls(package: str) -> Numbers:
    """Microseconds of one small call, everything included."""
    names = importlib.import_module(f"{package}.numpy")
    routine = names.Genred(GAUSS, ALIASES, reduction_op="Sum", axis=1)
    small, medium = gaussian_arguments(64, 64), gaussian_arguments(512, 512)
    x, y, b = small[:3]

    def lazy() -> None:
        distances = ((names.LazyTensor(x[:, None, :]) - names.LazyTensor(y[None, :, :])) ** 2).sum(-1)
        (-20.0 * distances).exp() @ b

    return {
        "Genred 64 x 64, us": microseconds(lambda: routine(*small)),
        "Genred 512 x 512, us": microseconds(lambda: routine(*medium)),
        "LazyTensor 64 x 64, us": microseconds(lazy),
    }


def memory(package: str) -> Numbers:
    """Growth of the peak memory in a sum over 200,000 x 200,000 pairs."""
    routine = importlib.import_module(f"{package}.numpy").Genred(GAUSS, ALIASES, reduction_op="Sum", axis=1)
    arguments = gaussian_arguments(200_000, 200_000)
    before = reset_peak_memory()
    seconds = seconds_of(lambda: routine(*arguments))
    growth = (peak_memory() - before) / 1e6
    return {"growth at 200,000 x 200,000, MB": growth, "seconds of that": seconds, "G pairs/s of that": 40 / seconds}


def backward(package: str) -> Numbers:
    """Milliseconds of a Gaussian sum over 10,000 x 10,000 pairs in PyTorch, and of its gradients in x, y and b."""
    import torch

    routine = importlib.import_module(f"{package}.torch").Genred(GAUSS, ALIASES, reduction_op="Sum", axis=1)
    x, y, b, g = map(torch.from_numpy, gaussian_arguments(10_000, 10_000))
    tracked = [t.clone().requires_grad_() for t in (x, y, b)]
    cotangent = torch.ones(10_000, 1)

    def both_ways() -> None:
        torch.autograd.grad(routine(*tracked, g), tracked, cotangent)

    forward, both = milliseconds(lambda: routine(x, y, b, g), both_ways)
    return {"forward, ms": forward, "forward and backward, ms": both, "both over forward": both / forward}


def attention(package: str, scale: float = 1.0) -> Numbers:
    """Milliseconds of the attention of 4 heads in PyTorch, and with its gradients in q, k and v; errors."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    job, tokens = JOBS["J11"], int(2_000 * scale)
    generator = torch.Generator().manual_seed(0)
    *inputs, cotangent = (torch.randn(4, tokens, job.dim, generator=generator) for _ in range(4))

    def fused(*heads: Array) -> Array:
        """Give PyTorch an axis of sentences, without which it takes slower roads."""
        return scaled_dot_product_attention(*(tensor[None] for tensor in heads))[0]

    forward = fused if package == "torch sdpa" else genred(f"{package}.torch")(job)

    def gradients(function: Program, *arguments: Array) -> tuple[Array, ...]:
        tracked = [tensor.clone().requires_grad_() for tensor in arguments]
        return torch.autograd.grad(function(*tracked), tracked, cotangent.to(tracked[0].dtype))

    def dense(q: Array, k: Array, v: Array) -> Array:
        return torch.softmax(q @ k.mT / job.dim**0.5, -1) @ v

    def error(found: Array, truth: Array) -> float:
        return float((found - truth).norm() / truth.norm())

    wide = [tensor.double() for tensor in inputs]
    pairs = zip(gradients(forward, *inputs), gradients(dense, *wide), strict=True)
    alone, both = milliseconds(lambda: forward(*inputs), lambda: gradients(forward, *inputs))
    return {
        "forward, ms": alone,
        "forward and backward, ms": both,
        "error": error(forward(*inputs), dense(*wide)),
        "greatest error of a gradient": max(error(found, truth) for found, truth in pairs),
    }


STEPS = 30


def conjugate_gradients(package: str, scale: float = 1.0) -> Numbers:
    """Milliseconds of one of 30 steps (pykeops: 3) for K(x, x) + a I, with all checks; of a product of two clouds."""
    from pairfold.numpy import KernelSolve

    names = importlib.import_module(f"{package}.numpy")
    product = names.Genred(GAUSS, ALIASES, reduction_op="Sum", axis=1)
    solve = names.KernelSolve(GAUSS, ALIASES, "b", axis=1)
    points, steps = int(20_000 * scale), STEPS if package == "pairfold" else STEPS // 10
    x, y, b, g = gaussian_arguments(points, points)
    alpha = points / 1000  # of which every step makes the residual smaller
    # PyKeOps knows no number of steps: both get the residual at which so many of them stop.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        count_steps = KernelSolve(GAUSS, ALIASES, "b", axis=1)
        small = {"alpha": alpha, "eps": 1e-12, "on_failure": "warn", "return_report": True}
        _, report = count_steps(x, x, b, g, maxiter=steps, **small)
        residuals = small["eps"] * np.array(report.history)
        eps = float(np.sqrt(residuals[-1] * residuals[:-1].min()))
        _, report = count_steps(x, x, b, g, **(small | {"eps": eps}))
    if report.iterations != steps:
        raise RuntimeError(f"the iteration stops after {report.iterations} steps instead of {steps}")
    solved, general = milliseconds(lambda: solve(x, x, b, g, alpha=alpha, eps=eps), lambda: product(x, y, b, g))
    step = solved / steps
    return {"a step, ms": step, "a product of two clouds, ms": general, "product over step": general / step}


BLOCK = 16
"""Rows that NumPy takes at once: of 1 to 2,000, this is the fastest for 10,000 columns."""

NEAREST = ((100, 10_000), (1_000, 10_000), (2_000, 2_000))
"""K and the number of columns, for 2,000 rows."""


def nearest(package: str, scale: float = 1.0) -> Numbers:
    """Milliseconds for the K nearest of columns in three dimensions, K large, beside partitions of dense rows."""
    numbers = {}
    for wanted, columns in NEAREST:
        k, (x, y, *_) = int(wanted * scale), gaussian_arguments(int(2_000 * scale), int(columns * scale))
        program = nearest_program(package, k)
        (numbers[f"K = {wanted:,} of {columns:,}, ms"],) = milliseconds(partial(program, x, y))
    return numbers


def nearest_program(package: str, k: int) -> Program:
    """Return what gives the K nearest columns in order: a routine, or NumPy in blocks of rows that fit the cache."""
    if package != "numpy":
        routine = importlib.import_module(f"{package}.numpy").Genred
        return routine("SqDist(x, y)", ALIASES[:2], reduction_op="ArgKMin", axis=1, opt_arg=k)

    def nearest_of(distances: Array) -> Array:
        if k == distances.shape[1]:
            return np.argsort(distances, axis=1)
        found = np.argpartition(distances, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(distances, found, 1), axis=1)
        return np.take_along_axis(found, order, 1)

    def by_partition(x: Array, y: Array) -> Array:
        # Without |x|^2, which does not change the order.
        squares, doubled = (y * y).sum(1), np.ascontiguousarray(-2 * y.T)
        blocks = (x[start : start + BLOCK] for start in range(0, len(x), BLOCK))
        return np.concatenate([nearest_of(block @ doubled + squares) for block in blocks])

    return by_partition


def ever_nearer(package: str, scale: float = 1.0) -> Numbers:
    """Milliseconds for the 10 nearest columns, shuffled, and sorted so that each is nearer than all before it."""
    x, y, *_ = gaussian_arguments(int(10_000 * scale), int(50_000 * scale))
    centre = np.full(3, 0.5, dtype=np.float32)
    x = centre + (x - centre) / 1000
    falling = y[np.argsort(-((y - centre) ** 2).sum(1))]
    program = nearest_program(package, 10)
    shuffled, sorted_ = milliseconds(partial(program, x, y), partial(program, x, falling))
    return {"shuffled, ms": shuffled, "ever nearer, ms": sorted_, "ever nearer over shuffled": sorted_ / shuffled}


@dataclass(frozen=True)
class Probe:
    """One probe.

    Attributes
    ----------
    title : str
        For the tables.
    measure : callable
        ``measure(package) -> numbers by name``; times end in their unit.
    peers : tuple of str
        Who is asked besides pairfold: peers of the jobs, or NumPy.
    """

    title: str
    measure: Callable[..., Numbers]
    peers: tuple[str, ...] = ("pykeops",)


PROBES = {
    "cold start": Probe("cold start", cold_start),
    "small calls": Probe("small calls", small_calls),
    "memory": Probe("memory", memory, ()),  # two minutes of pykeops, for a number that is as small as ours
    "backward": Probe("Gaussian sum, D=3, 10,000 x 10,000, and its gradients in x, y and b", backward),
    "attention": Probe("attention, D=64, 4 heads of 2,000 x 2,000", attention, ("torch sdpa",)),
    "conjugate gradients": Probe("conjugate gradients, Gaussian, D=3, 20,000 points", conjugate_gradients),
    "nearest": Probe("K nearest, D=3, 2,000 rows", nearest, ("numpy",)),
    "ever nearer": Probe("10 nearest, D=3, 10,000 x 50,000", ever_nearer),
}


def run_probe(probe: str, package: str, threads: int) -> Numbers:
    """Run a probe in a fresh process, where the package finds no compiled code on disk; NaN-free numbers or nothing."""
    with tempfile.TemporaryDirectory() as caches:
        environment = os.environ | {"OMP_NUM_THREADS": str(threads), "KEOPS_CACHE_FOLDER": caches}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        if probe == "cold start":
            # What pip installs has its bytecode: that of a checkout is written by the first import.
            subprocess.run(
                [sys.executable, "-c", f"import {package}.numpy"], env=environment, capture_output=True, check=False
            )
        command = [sys.executable, "-m", "benchmarks.probes", probe, package]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    print(json.dumps(PROBES[sys.argv[1]].measure(sys.argv[2])))
