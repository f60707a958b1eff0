"""Run the jobs for pairfold and its peers in turns, and print what each one reached."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.clouds import CLOUD_JOBS
from benchmarks.gpu import GPU_JOBS, GPU_PEERS, measure_gpu
from benchmarks.jobs import JOBS, scaled
from benchmarks.machine import measure_machine
from benchmarks.peers import PEERS
from benchmarks.probes import PROBES, run_probe
from benchmarks.table import print_rows, run_job
from benchmarks.tolerance import never_slower, run_cloud_jobs
from benchmarks.worker import Worker


def run_probes(names: Iterable[str], peers: Sequence[str], threads: int) -> dict[str, dict[str, dict[str, float]]]:
    """Run probes on pairfold and their peers, of those of the jobs only `peers`; print and return their numbers."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    for name in names:
        probe = PROBES[name]
        print(f"\n{name}: {(probe.measure.__doc__ or '').strip()}")
        for package in ("pairfold", *probe.peers):
            if package in PEERS and package not in peers:
                continue
            try:
                numbers = run_probe(name, package, threads)
            except RuntimeError as error:
                print(f"{package:16}failed: {error}")
                continue
            results.setdefault(name, {})[package] = numbers
            print(f"{package:16}" + "   ".join(f"{name} {value:.4g}" for name, value in numbers.items()), flush=True)
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ", ".join((*JOBS, *PROBES))
    parser.add_argument("names", nargs="*", help=f"of jobs and probes, by default all: {names}")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="(%(default)s)")
    parser.add_argument("--peers", help="separated by commas, by default all that are installed")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the median is taken (%(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on rows and columns (%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="for every peer (%(default)s)")
    parser.add_argument("--probes", choices=("yes", "no", "only"), default="yes", help="(%(default)s)")
    parser.add_argument("--tolerance", choices=("yes", "no", "only"), default="yes", help="large clouds (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output"), help="caches and results (%(default)s)")
    arguments = parser.parse_args()
    peers = PEERS if arguments.device == "cpu" else GPU_PEERS
    installed = [name for name, peer in peers.items() if importlib.util.find_spec(peer.module)]
    arguments.peers = arguments.peers.split(",") if arguments.peers else installed
    known = (*JOBS, *PROBES) if arguments.device == "cpu" else tuple(GPU_JOBS)
    unknown = [name for name in arguments.names if name not in known]
    if unknown:
        parser.error(f"no job or probe named {', '.join(unknown)}; there are {', '.join(known)}")
    return arguments


def main() -> None:
    """Run what the command line asks for."""
    arguments = _arguments()
    peers, jobs = arguments.peers, JOBS if arguments.device == "cpu" else GPU_JOBS
    machine = measure_machine(arguments.threads) if arguments.device == "cpu" else measure_gpu()
    print(machine.describe())
    report: dict[str, object] = {"machine": asdict(machine)}
    wanted_jobs = [name for name in arguments.names or jobs if name in jobs]
    wanted_probes = [name for name in arguments.names or PROBES if name in PROBES]
    if wanted_jobs and "only" not in (arguments.tolerance, arguments.probes):
        caches = arguments.output.resolve() / "caches"
        workers = {name: Worker(name, arguments.threads, caches, arguments.device) for name in peers}
        everything = []
        try:
            for name in wanted_jobs:
                job = scaled(jobs[name], arguments.scale)
                rows = run_job(job, arguments.scale, workers, arguments.rounds, machine)
                print_rows(job, rows, machine)
                everything += rows
        finally:
            for worker in workers.values():
                worker.close()
        report["jobs"] = [asdict(row) for row in everything]
    if arguments.tolerance != "only" and arguments.probes != "no" and arguments.device == "cpu":
        report["probes"] = run_probes(wanted_probes, peers, arguments.threads)
    if arguments.tolerance != "no" and arguments.probes != "only" and arguments.device == "cpu" and not arguments.names:
        report["tolerance"] = run_cloud_jobs(list(CLOUD_JOBS), arguments.threads, arguments.rounds, arguments.scale)
        report["never slower"] = never_slower(arguments.threads, arguments.rounds)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "benchmarks.json").write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
