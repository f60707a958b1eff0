"""Run the jobs for pairfold and its peers in turns, and print what each one reached."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
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
    parser.add_argument("--tolerance", choices=("yes", "no", "only"), default="yes", help="large clouds (%(default)s)")
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
    if "only" not in (arguments.tolerance, arguments.probes):
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
    if arguments.tolerance != "only" and arguments.probes != "no" and arguments.device == "cpu":
        packages = [name for name in ("pairfold", "pykeops") if name in peers]
        report["probes"] = run_probes(packages, arguments.threads)
    if arguments.tolerance != "no" and arguments.probes != "only" and arguments.device == "cpu" and not arguments.jobs:
        report["tolerance"] = run_cloud_jobs(list(CLOUD_JOBS), arguments.threads, arguments.rounds, arguments.scale)
        report["never slower"] = never_slower(arguments.threads, arguments.rounds)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "benchmarks.json").write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
