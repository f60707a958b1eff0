"""One process per peer: it prepares, runs and measures jobs when it is told to."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.gpu import GpuBench

__all__ = ["Worker"]


def _serve(connection: Connection, peer: str, device: str) -> None:
    bench = Bench(peer) if device == "cpu" else GpuBench(peer)
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
