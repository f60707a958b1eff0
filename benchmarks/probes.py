"""The probes: cold start, small calls, memory and derivatives, each in a fresh process.

``python -m benchmarks.probes NAME PACKAGE`` runs one probe and prints its numbers as JSON.
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
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.bench import peak_memory, reset_peak_memory

__all__ = ["ALIASES", "GAUSS", "PROBES", "gaussian_arguments", "microseconds", "run_probe", "seconds_of"]

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


def cold_start(package: str) -> Numbers:
    """Seconds to import the package, NumPy being there, and to the first result of a formula never seen before."""
    imported = seconds_of(lambda: importlib.import_module(f"{package}.numpy"))
    arguments = gaussian_arguments(1000, 1000)
    routine = importlib.import_module(f"{package}.numpy").Genred

    def first_result() -> None:
        routine(GAUSS, ALIASES, reduction_op="Sum", axis=1)(*arguments)

    return {"import, s": imported, "first result, s": seconds_of(first_result)}


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

    def median(call: Callable[[], object]) -> float:
        call()
        times: list[float] = []
        while len(times) < 3 or (sum(times) < 2 and len(times) < 15):
            times.append(seconds_of(call))
        return statistics.median(times)

    forward, both = median(lambda: routine(x, y, b, g)), median(both_ways)
    return {"forward, ms": 1e3 * forward, "forward and backward, ms": 1e3 * both, "both over forward": both / forward}


PROBES: dict[str, Callable[[str], Numbers]] = {
    "cold start": cold_start,
    "small calls": small_calls,
    "memory": memory,
    "backward": backward,
}


def run_probe(probe: str, package: str, threads: int) -> Numbers:
    """Run a probe in a fresh process, where the package finds no compiled code on disk; NaN-free numbers or nothing."""
    with tempfile.TemporaryDirectory() as caches:
        environment = os.environ | {"OMP_NUM_THREADS": str(threads), "KEOPS_CACHE_FOLDER": caches}
        # What pip installs has its bytecode: that of a checkout is written by the first import.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        subprocess.run(
            [sys.executable, "-c", f"import {package}.numpy"], env=environment, capture_output=True, check=False
        )
        command = [sys.executable, "-m", "benchmarks.probes", probe, package]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    print(json.dumps(PROBES[sys.argv[1]](sys.argv[2])))
