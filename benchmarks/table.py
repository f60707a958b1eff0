"""What each peer reached in one job: a row of the table."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from benchmarks.gpu import GpuMachine
from benchmarks.jobs import Job, reference_error
from benchmarks.machine import Machine

__all__ = ["Row", "list_table", "print_rows", "run_job"]

CHECKED_ROWS = 1000
CHECKED_PAIRS = 100_000_000
CHECKED_NUMBERS = 1_000_000_000
"""The reference looks at no more rows than these numbers of pairs, and of components of pairs, allow."""

PATIENCE = 10.0
"""A peer that has spent this many seconds in a job runs no further round of it."""


class Asked(Protocol):
    """A peer that prepares, runs and measures a job when it is asked to: a `Worker`, or a bench in this process."""

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method of the bench; raises `RuntimeError` with the peer's error."""


@dataclass(frozen=True)
class Row:
    """What one peer reached in one job."""

    job: str
    peer: str
    seconds: float
    pairs_per_second: float
    share_of_limit: float
    cycles_per_pair: float
    error: float
    first_call: float
    memory: float


def run_job(
    job: Job, scale: float, workers: Mapping[str, Asked], rounds: int, machine: Machine | GpuMachine
) -> list[Row]:
    """Run `job` on every worker, in turns, and return a row for each that could do it."""
    times: dict[str, list[float]] = {}
    first: dict[str, float] = {}

    def ask(name: str, method: str, *arguments: Any) -> Any:
        """Return the answer of a worker; one that fails is left out from then on."""
        try:
            return workers[name].ask(method, *arguments)
        except RuntimeError as error:
            print(f"   {name} failed: {str(error)[:200]}", flush=True)
            times.pop(name, None)
            return None

    for name in workers:
        prepared = ask(name, "prepare", job.name, scale)
        if prepared is not None:
            first[name], times[name] = prepared, []
    for _ in range(rounds):
        for name in list(times):
            if sum(times[name]) < PATIENCE:
                seconds = ask(name, "run")
                times.get(name, []).append(seconds)
    count = min(CHECKED_ROWS, job.rows, CHECKED_PAIRS // job.columns, CHECKED_NUMBERS // (job.columns * job.dim))
    checked = np.sort(np.random.default_rng(1).choice(job.rows, max(1, count), replace=False))
    rows = []
    for name in list(times):
        result, memory = ask(name, "rows", checked), ask(name, "memory")
        if name not in times:
            continue
        seconds = statistics.median(times[name])
        rate = job.pairs / seconds
        rows.append(
            Row(
                job=job.name,
                peer=name,
                seconds=seconds,
                pairs_per_second=rate,
                share_of_limit=rate / machine.limit(job),
                cycles_per_pair=machine.threads * machine.clock / rate,
                error=reference_error(job, checked, result),
                first_call=first[name],
                memory=float(memory),
            )
        )
    return rows


def _ratio(rows: list[Row], peer: str, row: Row) -> str:
    seconds = [other.seconds for other in rows if other.peer == peer]
    return f"{seconds[0] / row.seconds:.2f}" if seconds else "-"


def print_rows(job: Job, rows: list[Row], machine: Machine | GpuMachine) -> None:
    """Print the table of one job."""
    print(f"\n{job.name}: {job.title}, {job.rows} x {job.columns}; limit {machine.limit(job) / 1e9:.2f} G pairs/s")
    print(
        f"{'':16}{'ms':>10}{'G pairs/s':>11}{'cycles':>8}{'% limit':>9}{'x pykeops':>11}{'pairfold is':>13}"
        f"{'error':>10}{'first, s':>10}{'MB':>8}"
    )
    for row in rows:
        faster = next((row.seconds / own.seconds for own in rows if own.peer == "pairfold"), None)
        print(
            f"{row.peer:16}{row.seconds * 1e3:10.2f}{row.pairs_per_second / 1e9:11.4f}{row.cycles_per_pair:8.2f}"
            f"{row.share_of_limit * 100:9.1f}{_ratio(rows, 'pykeops', row):>11}"
            f"{'-' if faster is None else f'{faster:.2f} x':>13}"
            f"{row.error:10.1e}{row.first_call:10.2f}{row.memory / 1e6:8.0f}",
            flush=True,
        )


def list_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table for the documentation, as reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (head, *rows):
        lines += [f"   {'* -' if number == 0 else '  -'} {text}".rstrip() for number, text in enumerate(row)]
    return "\n".join(lines) + "\n"
