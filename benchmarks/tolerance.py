"""Reductions with a tolerance beside those of every pair and of other packages: ``python -m benchmarks.tolerance``."""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clouds import CLOUD_JOBS, SKLEARN_ROWS, CloudJob, uniform
from benchmarks.table import list_table

__all__ = ["CloudRow", "never_slower", "run_cloud_jobs"]

Array = np.ndarray[Any, Any]

JUDGED_ROWS = 200
"""Rows that are compared with every pair in float64."""

_MODULES = {
    "pykdtree": "pykdtree",
    "scipy cKDTree": "scipy",
    "finufft": "finufft",
    "fmm3dpy": "fmm3dpy",
    "scikit-learn": "sklearn",
}


@dataclass(frozen=True)
class CloudRow:
    """What one program reached in one job."""

    job: str
    title: str
    program: str
    seconds: float
    ratio: float
    error: float
    note: str = ""


def _routine(job: CloudJob) -> Any:
    from pairfold.numpy import Genred

    return Genred(job.formula, job.aliases, job.reduction, axis=1, opt_arg=job.k)


def _best(programs: dict[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the shortest time of each program, in turns, after a call that is not timed, and the last results."""
    results = {name: program() for name, program in programs.items()}
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            start = time.perf_counter()
            results[name] = program()
            times[name].append(time.perf_counter() - start)
    return {name: min(found) for name, found in times.items()}, results


def _errors(job: CloudJob, data: dict[str, Array], results: dict[str, Array]) -> dict[str, float]:
    """Return the largest error of each result: of a sum relative to that of moduli, of a logarithm, of a selection.

    A selection is wrong where its values differ from the right ones: which of two equal values it has is open.
    """
    from pairfold.numpy import Genred

    count = min(job.count, SKLEARN_ROWS if "scikit-learn" in results else job.count)
    rows = np.sort(np.random.default_rng(1).choice(count, min(JUDGED_ROWS, count), replace=False))
    wide = {name: array.astype(np.float64) for name, array in data.items()}
    wide["x"] = wide["x"][rows]
    given = tuple(wide.values())
    if job.k is not None:
        values = Genred(job.formula, job.aliases, "KMin", axis=1, opt_arg=job.k)(*given)
        # Every column is one row's own: the sum over nothing.
        one = Genred(job.formula, [alias.replace("Vj", "Vi") for alias in job.aliases], axis=1)
        found = {}
        for name, result in results.items():
            selected = np.asarray(result)[rows].astype(np.int64)
            mine = [np.asarray(one(*{**wide, "y": wide["y"][column]}.values())) for column in selected.T]
            found[name] = float(np.abs(np.concatenate(mine, 1) - values).max() / np.abs(values).max())
        return found
    truth = _routine(job)(*given)
    scale: Any = 1.0
    if job.reduction == "Sum":
        scale = Genred(f"Abs({job.formula})", job.aliases, axis=1)(*given)
    return {name: float((np.abs(np.asarray(result)[rows] - truth) / scale).max()) for name, result in results.items()}


def run_cloud_job(name: str, job: CloudJob, threads: int, rounds: int) -> list[CloudRow]:
    """Run a job with and without a tolerance, and on other packages that are installed."""
    data, routine = job.data(), _routine(job)
    given = list(data.values())
    some = [array[: int(job.count * job.exhaustive_share)] if key == "x" else array for key, array in data.items()]
    weights = data.get("b", np.ones((job.count, 1), job.dtype))
    programs: dict[str, Callable[[], Any]] = {
        "every pair": lambda: routine(*some, threads=threads),
        "pairfold": lambda: routine(*given, threads=threads, tol=job.tol),
    }
    for peer, run in job.peers.items():
        if importlib.util.find_spec(_MODULES[peer]):
            programs[peer] = lambda run=run: run(data["x"], weights, threads)  # type: ignore[misc]
    times, results = _best(programs, rounds)
    times["every pair"] /= job.exhaustive_share
    if "scikit-learn" in times:
        times["scikit-learn"] *= job.count / min(job.count, SKLEARN_ROWS)
    all_pairs = results.pop("every pair")
    errors = _errors(job, data, results)
    _, report = routine(*given, threads=threads, tol=job.tol, report=True)
    notes = {"pairfold": f"{report.kind}, bound {report.bound:.1e}, {100 * report.pairs:.2g} % of pairs"}
    if report.kind == "exhaustive":
        notes["pairfold"] = f"exhaustive: {report.why}"
    if job.k is not None and not np.array_equal(all_pairs, results["pairfold"][: len(all_pairs)]):
        notes["pairfold"] += "; NOT THE INDICES OF EVERY PAIR"
    every = times["every pair"]
    return [
        CloudRow(name, job.title, program, t, every / t, errors.get(program, 0.0), notes.get(program, ""))
        for program, t in times.items()
    ]


def print_cloud_rows(job: CloudJob, rows: Sequence[CloudRow]) -> None:
    """Print the table of one job."""
    print(f"\n{job.title}, {job.count} points")
    print(f"{'':16}{'s':>10}{'x every pair':>14}{'error':>10}")
    for row in rows:
        print(f"{row.program:16}{row.seconds:10.3f}{row.ratio:14.1f}{row.error:10.1e}  {row.note}", flush=True)


def run_cloud_jobs(names: Sequence[str], threads: int, rounds: int, scale: float = 1.0) -> list[dict[str, Any]]:
    """Run jobs, print what was reached, and return it."""
    found = []
    for name in names:
        job = replace(CLOUD_JOBS[name], count=int(CLOUD_JOBS[name].count * scale))
        rows = run_cloud_job(name, job, threads, rounds)
        print_cloud_rows(job, rows)
        found += [asdict(row) for row in rows]
    return found


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table of the documentation."""
    head = ("job", "every pair", "pairfold", "times faster", "kind", "error", "others (error)")
    lines = []
    for job in dict.fromkeys(row["job"] for row in rows):
        by_program = {row["program"]: row for row in rows if row["job"] == job}
        own, every = by_program.pop("pairfold"), by_program.pop("every pair")
        others = ", ".join(f"{name} {_time(row['seconds'])} ({row['error']:.0e})" for name, row in by_program.items())
        title = f"{own['title']}, {CLOUD_JOBS[job].count:,} points"
        kind = own["note"].partition(",")[0].partition(":")[0]
        cells = (
            title,
            _time(every["seconds"]),
            _time(own["seconds"]),
            f"{own['ratio']:.3g}",
            kind,
            f"{own['error']:.0e}",
        )
        lines.append((*cells, others))
    return list_table(head, lines)


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds < 1000 else f"{seconds / 3600:.2g} h"


# ---------------------------------------------------------------- never slower


GRID_SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
GRID_DIMS = (1, 2, 3, 5, 8, 20)
_GAUSS = "Exp(-g * SqDist(x, y)) * b"
GRID_JOBS: dict[str, dict[str, Any]] = {
    "10 nearest": {"formula": "SqDist(x, y)", "reduction": "ArgKMin", "k": 10},
    "Gaussian, h = 0.1": {"formula": _GAUSS, "parameters": (50.0,), "tol": 1e-3},
    "Gaussian, h = 1": {"formula": _GAUSS, "parameters": (0.5,), "tol": 1e-3},
    "log-sum-exp": {"formula": "-g * SqDist(x, y)", "reduction": "LogSumExp", "parameters": (50.0,), "tol": 1e-3},
}
MOST_PAIRS = 2_000_000_000


def never_slower(threads: int, rounds: int) -> float:
    """Print how much faster reductions with a tolerance are on a grid of sizes and dimensions; return the least."""
    least = np.inf
    for title, settings in GRID_JOBS.items():
        print(f"\n{title}: times faster than every pair")
        print(f"{'points':>10}" + "".join(f"{f'D = {dim}':>10}" for dim in GRID_DIMS))
        for size in GRID_SIZES:
            ratios = [_grid_ratio(title, settings, size, dim, threads, rounds) for dim in GRID_DIMS]
            print(f"{size:10}" + "".join(f"{ratio:10.2f}" for ratio in ratios), flush=True)
            least = min(least, *ratios)
    print(f"\nat least {least:.2f}")
    return float(least)


def _grid_ratio(title: str, settings: dict[str, Any], size: int, dim: int, threads: int, rounds: int) -> float:
    job = CloudJob(title, count=size, dim=dim, cloud=uniform, **settings)
    data, routine = job.data(), _routine(job)
    data["x"] = data["x"][: max(1, MOST_PAIRS // size)]
    given = list(data.values())
    times, _ = _best(
        {
            "every pair": lambda: routine(*given, threads=threads),
            "pairfold": lambda: routine(*given, threads=threads, tol=job.tol),
        },
        rounds,
    )
    return times["every pair"] / times["pairfold"]


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tolerance", description=__doc__)
    parser.add_argument("jobs", nargs="*", help=f"names of jobs, by default all: {' '.join(CLOUD_JOBS)}")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best is taken (%(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of points (%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="for every program (%(default)s)")
    parser.add_argument("--grid", choices=("yes", "no", "only"), default="yes", help="never slower (%(default)s)")
    parser.add_argument("--table", type=Path, help="write the table of the documentation, docs/tolerance_table.inc")
    arguments = parser.parse_args()
    if arguments.grid != "only":
        names = arguments.jobs or list(CLOUD_JOBS)
        rows = run_cloud_jobs(names, arguments.threads, arguments.rounds, arguments.scale)
        if arguments.table is not None:
            arguments.table.write_text(table(rows), encoding="utf-8")
    if arguments.grid != "no":
        never_slower(arguments.threads, arguments.rounds)


if __name__ == "__main__":
    main()
