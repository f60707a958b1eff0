"""One job of one peer, prepared, run and measured in this process."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.jobs import JOBS, make_arguments, scaled
from benchmarks.peers import PEERS

__all__ = ["Bench", "peak_memory", "reset_peak_memory"]


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


class Bench:
    """The state inside the process: one prepared job."""

    jobs = JOBS
    peers = PEERS
    shortest_measure = 0.2
    """A measure repeats the call for at least this many seconds and takes the median."""

    def __init__(self, peer: str) -> None:
        self.peer = self.peers[peer]
        self.program: Any = None
        self.arguments: tuple[Any, ...] = ()
        self.result: Any = None

    def place(self, array: Any) -> Any:
        """Return an argument as the peers take it."""
        return array

    def wait(self) -> None:
        """Return when all work that was started is done."""

    def prepare(self, name: str, scale: float) -> float | None:
        """Return the seconds to make the program of a job and run it first; None when the peer does not do this job."""
        self.result = None
        job = scaled(self.jobs[name], scale)
        self.arguments = tuple(self.place(array) for array in make_arguments(job))
        self.wait()
        start = time.perf_counter()
        self.program = self.peer.prepare(job)
        if self.program is None:
            return None
        self.result = self.program(*self.arguments)
        self.wait()
        return time.perf_counter() - start

    def run(self) -> float:
        """Return the seconds that one call takes."""
        times: list[float] = []
        while sum(times) < self.shortest_measure:
            start = time.perf_counter()
            self.result = self.program(*self.arguments)
            self.wait()
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
