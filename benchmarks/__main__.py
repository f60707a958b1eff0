"""Run the jobs for pairfold and its peers in turns, and print what each one reached."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.gpu import GPU_JOBS, GPU_PEERS, GpuMachine, measure_gpu
from benchmarks.jobs import JOBS, Job, reference_error, scaled
from benchmarks.machine import Machine, measure_machine
from benchmarks.peers import PEERS
from benchmarks.probes import PROBES, run_probe
from benchmarks.worker import Worker

CHECKED_ROWS = 1000
CHECKED_PAIRS = 100_000_000
PATIENCE = 10.0
"""A peer that has spent this many seconds in a job runs no further round of it."""


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
    job: Job, scale: float, workers: dict[str, Worker], rounds: int, machine: Machine | GpuMachine
) -> list[Row]:
    """Run `job` on every worker, in turns, and return a row for each that could do it."""
    first: dict[str, float] = {}
    for name, worker in workers.items():
        try:
            prepared = worker.ask("prepare", job.name, scale)
        except RuntimeError as error:
            print(f"   {name} failed: {str(error)[:200]}")
            continue
        if prepared is not None:
            first[name] = prepared
    times: dict[str, list[float]] = {name: [] for name in first}
    for _ in range(rounds):
        for name in first:
            if sum(times[name]) < PATIENCE:
                times[name].append(workers[name].ask("run"))
    count = min(CHECKED_ROWS, job.rows, max(1, CHECKED_PAIRS // job.columns))
    checked = np.sort(np.random.default_rng(1).choice(job.rows, count, replace=False))
    rows = []
    for name, first_call in first.items():
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
                error=reference_error(job, checked, workers[name].ask("rows", checked)),
                first_call=first_call,
                memory=float(workers[name].ask("memory")),
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
            f"{row.error:10.1e}{row.first_call:10.2f}{row.memory / 1e6:8.0f}"
        )


def run_probes(packages: list[str], threads: int) -> dict[str, dict[str, dict[str, float]]]:
    """Run the probes and print their numbers."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    for probe, function in PROBES.items():
        print(f"\n{probe}: {(function.__doc__ or '').strip()}")
        for package in packages:
            if probe == "memory" and package == "pykeops":
                continue  # two minutes, for a number that is as small as ours
            try:
                numbers = run_probe(probe, package, threads)
            except RuntimeError as error:
                print(f"{package:16}failed: {error}")
                continue
            results.setdefault(probe, {})[package] = numbers
            print(f"{package:16}" + "   ".join(f"{name} {value:.4g}" for name, value in numbers.items()))
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("jobs", nargs="*", help=f"names of jobs, by default all: {' '.join(JOBS)}")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="(%(default)s)")
    parser.add_argument("--peers", help="separated by commas, by default all that are installed")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the median is taken (%(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on rows and columns (%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="for every peer (%(default)s)")
    parser.add_argument("--probes", choices=("yes", "no", "only"), default="yes", help="(%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output"), help="caches and results (%(default)s)")
    arguments = parser.parse_args()
    peers = PEERS if arguments.device == "cpu" else GPU_PEERS
    installed = [name for name, peer in peers.items() if importlib.util.find_spec(peer.module)]
    arguments.peers = arguments.peers.split(",") if arguments.peers else installed
    unknown = [name for name in arguments.jobs if name not in JOBS]
    if unknown:
        parser.error(f"no job named {', '.join(unknown)}; there are {', '.join(JOBS)}")
    return arguments


def main() -> None:
    """Run what the command line asks for."""
    arguments = _arguments()
    peers, jobs = arguments.peers, JOBS if arguments.device == "cpu" else GPU_JOBS
    machine = measure_machine(arguments.threads) if arguments.device == "cpu" else measure_gpu()
    print(machine.describe())
    report: dict[str, object] = {"machine": asdict(machine)}
    if arguments.probes != "only":
        caches = arguments.output.resolve() / "caches"
        workers = {name: Worker(name, arguments.threads, caches, arguments.device) for name in peers}
        everything = []
        try:
            for name in arguments.jobs or jobs:
                job = scaled(jobs[name], arguments.scale)
                rows = run_job(job, arguments.scale, workers, arguments.rounds, machine)
                print_rows(job, rows, machine)
                everything += rows
        finally:
            for worker in workers.values():
                worker.close()
        report["jobs"] = [asdict(row) for row in everything]
    if arguments.probes != "no" and arguments.device == "cpu":
        packages = [name for name in ("pairfold", "pykeops") if name in peers]
        report["probes"] = run_probes(packages, arguments.threads)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "benchmarks.json").write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
