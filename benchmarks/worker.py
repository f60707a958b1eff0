"""One process per peer: it prepares, runs and measures jobs when it is told to."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu import GpuBench
from benchmarks.jobs import JOBS, make_arguments, scaled
from benchmarks.peers import PEERS

__all__ = ["Worker", "peak_memory", "reset_peak_memory"]

SHORTEST_MEASURE = 0.2
"""A measure repeats the call for at least this many seconds and takes the median."""


def reset_peak_memory() -> int:
    """Forget the peak of this process's memory so far; return what it uses now, in bytes (Linux; else 0)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return 0
    return peak_memory()


def peak_memory() -> int:
    """Return the peak of this process's memory in bytes since the last reset (Linux; else 0)."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


class _Bench:
    """The state inside the process: one prepared job."""

    def __init__(self, peer: str) -> None:
        self.peer = PEERS[peer]
        self.program: Any = None
        self.arguments: tuple[Any, ...] = ()
        self.result: Any = None

    def prepare(self, name: str, scale: float) -> float | None:
        """Return the seconds to make the program of a job and run it first; None when the peer does not do this job."""
        self.result = None
        job = scaled(JOBS[name], scale)
        self.arguments = make_arguments(job)
        start = time.perf_counter()
        self.program = self.peer.prepare(job)
        if self.program is None:
            return None
        self.result = self.program(*self.arguments)
        return time.perf_counter() - start

    def run(self) -> float:
        """Return the seconds that one call takes."""
        times: list[float] = []
        while sum(times) < SHORTEST_MEASURE:
            start = time.perf_counter()
            self.result = self.program(*self.arguments)
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    def memory(self) -> int:
        """Return the growth of the peak memory during a warm call, in bytes."""
        self.result = None
        before = reset_peak_memory()
        self.result = self.program(*self.arguments)
        return peak_memory() - before

    def rows(self, numbers: Any) -> Any:
        """Return some rows of the last result."""
        return np.asarray(self.result)[numbers]


def _serve(connection: Connection, peer: str, device: str) -> None:
    bench = _Bench(peer) if device == "cpu" else GpuBench(peer)
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        try:
            connection.send((True, getattr(bench, method)(*arguments)))
        except Exception as error:  # a peer that fails is a row in the report, not the end of it
            connection.send((False, f"{type(error).__name__}: {error}"))


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    saved = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)


class Worker:
    """A peer in its own process."""

    def __init__(self, peer: str, threads: int, caches: Path, device: str = "cpu") -> None:
        count = str(threads)
        environment = {
            "OMP_NUM_THREADS": count,
            "OPENBLAS_NUM_THREADS": count,
            "MKL_NUM_THREADS": count,
            "NUMBA_NUM_THREADS": count,
            "LOKY_MAX_CPU_COUNT": count,
            "KEOPS_CACHE_FOLDER": str(caches / "keops"),
            "TORCHINDUCTOR_CACHE_DIR": str(caches / "torch"),
        }
        (caches / "keops").mkdir(parents=True, exist_ok=True)
        context = multiprocessing.get_context("spawn")
        self.connection, far_end = context.Pipe()
        self.process = context.Process(target=_serve, args=(far_end, peer, device), daemon=True)
        with _environment(environment):
            self.process.start()
        far_end.close()

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method of the bench in the process; raises `RuntimeError` with the peer's error."""
        self.connection.send((method, arguments))
        fine, answer = self.connection.recv()
        if not fine:
            raise RuntimeError(answer)
        return answer

    def close(self) -> None:
        """End the process."""
        self.connection.close()
        self.process.join(timeout=10)
        if self.process.is_alive():
            self.process.terminate()
