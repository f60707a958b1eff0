"""Check pairfold on an NVIDIA GPU in the first minutes that there is one.

``PYTHONPATH=src python tools/gpu_check.py FOLDER`` runs from a checkout, on any Python that has PyTorch, NumPy,
llvmlite, cuda-bindings and pytest; it installs nothing and takes less than 8 minutes. Every stage is a process of its
own with a time limit, and says at once what it found; ``FOLDER/gpu_check.json`` and ``FOLDER/gpu_check.txt`` hold all
of it after each stage. What is not there (pykeops, compute-sanitizer, hypothesis) is said and left out.
``--dry-run`` does the same at tiny sizes without a GPU, in the interpreter of GPU programs that the tests have.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import multiprocessing
import os
import platform
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

RESERVE = 8.0
"""A stage stops by itself so many seconds before its limit."""

SCALE = 0.35
"""Factor on the rows and columns of the jobs: at full size the dense peers alone take minutes."""

FLOAT32_ERROR = 1e-5
"""Of the jobs, relative to the norm of the result."""


@dataclass
class Report:
    """What a stage has found so far; it is saved at each step, so that a stage that is stopped leaves what it has."""

    path: Path
    dry_run: bool
    deadline: float
    verdict: str = "ok"
    summary: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def say(self, line: str) -> None:
        """Print a line at once."""
        print(line, flush=True)

    def save(self, verdict: str | None = None, summary: str | None = None, **details: Any) -> None:
        """Keep what is known."""
        self.verdict = verdict or self.verdict
        self.summary = summary or self.summary
        self.details.update(details)
        known = {"verdict": self.verdict, "summary": self.summary, "details": self.details}
        self.path.write_text(json.dumps(known), encoding="utf-8")

    @property
    def left(self) -> float:
        """Seconds that the stage may still take."""
        return self.deadline - time.monotonic()

    @cached_property
    def processes(self) -> int:
        """How many processes work side by side."""
        return 1 if self.dry_run else max(1, min(8, (os.cpu_count() or 1) - 1))


def is_there(module: str) -> bool:
    """Return whether a package can be imported."""
    return importlib.util.find_spec(module) is not None


_STAND_INS = contextlib.ExitStack()
"""What stays in place until the process ends."""


def enter(dry_run: bool) -> None:
    """Make this process compute on the GPU, or in its interpreter."""
    if dry_run:
        os.environ["PAIRFOLD_TARGET"] = "cuda"
        from pairfold.targets.cuda.driver import use_driver
        from tests.ptx_interpreter.driver import FakeDriver

        _STAND_INS.enter_context(use_driver(FakeDriver(inaccuracy=1)))


# ---------------------------------------------------------------- 1: what is there


def check_device(report: Report) -> None:
    """Device, driver, versions."""
    versions = {"Python": platform.python_version(), "system": platform.platform()}
    installed = {one.name.lower(): one.version for one in importlib.metadata.distributions() if one.name}
    for package in ("torch", "numpy", "llvmlite", "cuda-bindings", "pytest", "hypothesis", "pykeops", "triton"):
        versions[package] = installed.get(package, "not here")
    versions["compute-sanitizer"] = sanitizer_path() or "not here"
    versions["driver"] = driver_version()
    for name, version in versions.items():
        report.say(f"   {name}: {version}")
    report.save(versions=versions)
    from pairfold.engine import TARGETS

    device = TARGETS["cuda"].machine(0, None)
    described = asdict(device)
    capability = ".".join(map(str, device.capability))
    summary = f"{device.name}, capability {capability}, {device.multiprocessors} multiprocessors"
    report.save(summary=f"{summary}, {device.clock / 1e9:.2f} GHz, driver {versions['driver']}", device=described)
    if not report.dry_run:
        import torch

        assert torch.cuda.is_available(), "this PyTorch does not see the GPU"
        report.save(memory=torch.cuda.get_device_properties(0).total_memory)


def sanitizer_path() -> str | None:
    """Return where compute-sanitizer lies, on the path or in the usual place."""
    return shutil.which("compute-sanitizer") or shutil.which("compute-sanitizer", path="/usr/local/cuda/bin")


def driver_version() -> str:
    """Return the version of the driver as its own tool says it."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return "unknown (no nvidia-smi)"
    command = [tool, "--query-gpu=driver_version", "--format=csv,noheader"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


# ---------------------------------------------------------------- 2: numbers

FORMULAS = 20
DTYPES = ("float32", "float64", "float16", "bfloat16")

Choice = tuple[int, str, str]


def choices() -> list[Choice]:
    """Return formulas x reductions x dtypes, so ordered that a part of them has every pair of the first two."""
    from tests.programs import REDUCTIONS

    names = sorted(REDUCTIONS)
    return [
        (formula, name, DTYPES[(formula + rank + turn) % len(DTYPES)])
        for turn in range(len(DTYPES))
        for formula in range(FORMULAS)
        for rank, name in enumerate(names)
    ]


def try_program(choice: Choice, dry_run: bool) -> str | None:
    """Return what is wrong with a program on the GPU, or None."""
    from tests.programs import Argument, carry_out, draw, faults, text

    formula, reduction, dtype = choice
    dice = random.Random(str(choice))
    arguments = tuple(Argument(side, dice.choice((1, 3)), dtype) for side in "ijp")
    sizes = (3, 5) if dry_run else dice.choice(((5, 4), (33, 70), (300, 129)))
    program = draw(dice, framework="torch", arguments=arguments, reduction=reduction, sizes=sizes, seed=formula)
    device = "cpu" if dry_run else "cuda"
    try:
        found = faults(program, carry_out(program, device))
    except Exception as error:
        return f"{type(error).__name__}: {error}\n{text(program, device)}"
    if not found:
        return None
    return "; ".join(f"{fault.where}: {fault.what}" for fault in found) + f"\n{text(program, device)}"


def check_numbers(report: Report) -> None:
    """Twenty formulas x reductions x dtypes against float64, values and gradients."""
    waiting = choices()[: 2 if report.dry_run else None]
    faults: list[dict[str, Any]] = []
    for done, (choice, found) in enumerate(tried(waiting, report), start=1):
        if found:
            faults.append({"program": choice, "fault": found})
            report.say(f"   {choice}: {found}")
        verdict = "FAILED" if faults else "ok"
        report.save(verdict, f"{done} of {len(waiting)} programs, {len(faults)} wrong", faults=faults)


def tried(waiting: Sequence[Choice], report: Report) -> Iterator[tuple[Choice, str | None]]:
    """Yield what `try_program` says, for as many as the time allows."""
    if report.processes == 1:
        for choice in waiting:
            if report.left > 0:
                yield choice, try_program(choice, report.dry_run)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(report.processes, context, enter, (report.dry_run,))
    running = {pool.submit(try_program, choice, report.dry_run): choice for choice in waiting}
    try:
        for task in as_completed(running, timeout=report.left):
            yield running[task], task.result()
    except TimeoutError:
        report.say("   the time is up; the rest was not tried")
    except BrokenProcessPool:
        yield (0, "", ""), "a process died; run with CUDA_LAUNCH_BLOCKING=1"
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


# ---------------------------------------------------------------- 3: tests

SUITES = (
    *(f"tests/{name}" for name in ("engine", "conformance", "api", "language", "lazy", "solvers", "sparsity", "torch")),
    *(f"tests/pykeops/{name}.py" for name in ("test_interface", "test_do_better")),
)
SAMPLE = 4
"""One test of this many is run."""


class Share:
    """A plugin of pytest: every n-th test, until the time is up."""

    def __init__(self, first: int, step: int, left: float) -> None:
        self.first = first
        self.step = step
        self.deadline = time.monotonic() + left
        self.counts = {"passed": 0, "failed": 0, "skipped": 0, "not run": 0}
        self.failures: list[tuple[str, str]] = []

    def pytest_collection_finish(self, session: Any) -> None:
        """Keep the share."""
        session.items[:] = session.items[self.first :: self.step]
        self.counts["not run"] = len(session.items)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count an outcome."""
        if report.when == "call" or report.outcome != "passed":
            self.counts[report.outcome] += 1
        if report.when == "teardown":
            self.counts["not run"] -= 1
        if report.outcome == "failed":
            self.failures.append((report.nodeid, str(report.longrepr)[-3000:]))

    def pytest_runtest_teardown(self, item: Any) -> None:
        """Stop when the time is up."""
        if time.monotonic() > self.deadline:
            item.session.shouldstop = "the time is up"


def run_share(arguments: Sequence[str], first: int, step: int, left: float) -> tuple[dict[str, int], list[Any]]:
    """Run a share of some tests in this process."""
    import pytest

    share = Share(first, step, left)
    os.chdir(ROOT)
    with tempfile.TemporaryFile("w") as quiet:
        os.dup2(quiet.fileno(), 1)
        status = pytest.main(["-q", "-p", "no:cacheprovider", *arguments], plugins=[share])
    if status not in (0, 1, 2, 5):
        share.failures.append((" ".join(arguments), f"pytest ended with status {status}"))
    return share.counts, share.failures


def check_tests(report: Report) -> None:
    """The tests marked gpu, and a sample of the suites, in parallel processes."""
    if report.dry_run:
        shares = [(["--target", "interpreter", "tests/conformance/test_operations.py", "-k", "Add or Exp"], 0, 8)]
    else:
        count = report.processes
        shares = [(["--target", "cuda", *SUITES], k, count * SAMPLE) for k in range(count)]
        shares.insert(0, (["--target", "cuda", "-m", "gpu", "tests/targets/cuda"], 0, 1))
    if not is_there("hypothesis"):
        report.say("   hypothesis is not here: property tests are left out")
    totals: dict[str, int] = {}
    failures: list[Any] = []
    left = report.left
    context = multiprocessing.get_context("spawn")
    # One process for each share: pytest and its settings are made for one run.
    with ProcessPoolExecutor(len(shares), context) as pool:
        for task in as_completed([pool.submit(run_share, *share, left) for share in shares]):
            counts, failed = task.result()
            for test, why in failed:
                report.say(f"   FAILED {test}\n{why}")
            failures += failed
            totals = {name: totals.get(name, 0) + count for name, count in counts.items()}
            summary = ", ".join(f"{count} {name}" for name, count in totals.items() if count)
            report.save("FAILED" if failures else "ok", summary, counts=totals, failures=failures)
    if not totals.get("passed"):
        report.save("FAILED", "no test has passed")


# ---------------------------------------------------------------- 4: times of calls


def check_calls(report: Report) -> None:
    """First-call and small-call times."""
    from benchmarks.probes import ALIASES, GAUSS, gaussian_arguments, microseconds, seconds_of

    times: dict[str, float] = {}
    times["import of torch, s"] = seconds_of(lambda: __import__("torch"))
    times["import of pairfold.torch, s"] = seconds_of(lambda: __import__("pairfold.torch"))
    import torch

    from pairfold.torch import Genred, Vi, Vj

    device = "cpu" if report.dry_run else "cuda"
    times["context of the device, s"] = seconds_of(lambda: torch.zeros(1, device=device).sum().item())

    def tensors(size: int) -> list[Any]:
        return [torch.from_numpy(array).to(device) for array in gaussian_arguments(size, size)]

    def wait() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    def done(call: Callable[[], object]) -> Callable[[], None]:
        def both() -> None:
            call()
            wait()

        return both

    sizes = (4, 8) if report.dry_run else (64, 512)
    small = tensors(sizes[0])
    routine = Genred(GAUSS, ALIASES, axis=1)
    formulas = ["Cos(SqDist(x, y)) * b", "b / (1 + SqDist(x, y))", "Exp(-Norm2(x - y)) * b * b"]
    firsts = [seconds_of(done(partial(Genred(formula, ALIASES, axis=1), *small))) for formula in formulas]
    times["first call, s"] = firsts[0]
    times["first call of another formula, s"] = statistics.median(firsts[1:])
    x, y, b = small[:3]
    calls = {f"Genred {size} x {size}": partial(routine, *tensors(size)) for size in sizes}
    calls[f"LazyTensor {sizes[0]} x {sizes[0]}"] = lambda: (-20.0 * Vi(x).sqdist(Vj(y))).exp() @ b
    for name, call in calls.items():
        if report.dry_run:
            call()
            continue
        times[f"{name}, us"] = microseconds(call)
        times[f"{name}, done, us"] = microseconds(done(call))
    for name, number in times.items():
        report.say(f"   {name}: {number:.4g}")
    warm = [f", {name} {number:.0f}" for name, number in times.items() if name.startswith("Genred")]
    report.save("ok", f"first call {firsts[0]:.2f} s, another formula {firsts[1]:.3f} s{''.join(warm)}", times=times)


# ---------------------------------------------------------------- 5: jobs


def check_jobs(report: Report) -> None:
    """The benchmark jobs beside the peers that are here: time, share of the limit, error, memory."""
    from benchmarks.gpu import GPU_JOBS, GPU_PEERS, GpuBench, measure_gpu
    from benchmarks.jobs import scaled
    from benchmarks.table import print_rows, run_job
    from benchmarks.worker import Worker

    machine = measure_gpu()
    peers = [name for name, peer in GPU_PEERS.items() if is_there(peer.module)]
    for name in sorted(set(GPU_PEERS) - set(peers)):
        report.say(f"   {name} is not here")
    names = ["J1"] if report.dry_run else list(GPU_JOBS)
    scale = 1e-5 if report.dry_run else SCALE
    rows: list[dict[str, Any]] = []
    done = wrong = 0
    with tempfile.TemporaryDirectory() as caches:
        if report.dry_run:
            workers: dict[str, Any] = {name: InProcess(GpuBench(name, "cpu")) for name in ("pairfold", "torch dense")}
        else:
            workers = {name: Worker(name, os.cpu_count() or 1, Path(caches), "cuda") for name in peers}
        for name in names:
            if report.left < 0:
                report.say("   the time is up; the other jobs were not run")
                break
            job = scaled(GPU_JOBS[name], scale)
            found = run_job(job, scale, workers, 1 if report.dry_run else 3, machine)
            print_rows(job, found, machine)
            rows += [asdict(row) for row in found]
            own = [row for row in found if row.peer == "pairfold"]
            done += 1
            wrong += not own or not own[0].error < FLOAT32_ERROR
            shares = ", ".join(f"{row['job']} {row['share_of_limit']:.0%}" for row in rows if row["peer"] == "pairfold")
            summary = f"{done} of {len(names)} jobs, {wrong} wrong; share of the limit: {shares}"
            report.save("FAILED" if wrong else "ok", summary, rows=rows, scale=scale)
        for worker in workers.values():
            worker.close()


@dataclass
class InProcess:
    """A bench that is asked in this process."""

    bench: Any

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method of the bench."""
        return getattr(self.bench, method)(*arguments)

    def close(self) -> None:
        """Do nothing: there is no process to end."""


# ---------------------------------------------------------------- 6: compute-sanitizer


def three_kernels(dry_run: bool) -> None:
    """A sum with tiles in shared memory, long vectors in memory of the threads, a split of the columns with a merge."""
    import numpy as np

    from pairfold.numpy import Genred

    generator = np.random.default_rng(0)

    def points(count: int, dim: int) -> Any:
        return generator.standard_normal((count, dim)).astype("float32") / dim**0.5

    n, m = (5, 20) if dry_run else (300, 5000)
    cases = [
        ("Exp(-SqDist(x, y)) * b", 3, "Sum", {}),
        ("(x | y)", 20 if dry_run else 100, "LogSumExp", {}),
        ("SqDist(x, y)", 3, "KMin", {"opt_arg": 4}),
    ]
    for formula, dim, reduction, more in cases:
        aliases = [f"x = Vi({dim})", f"y = Vj({dim})", "b = Vj(1)"]
        routine = Genred(formula, aliases, reduction, axis=1, **more)
        arguments = points(n, dim), points(m, dim), points(m, 1)
        found, expected = (routine(*arguments, backend=backend) for backend in ("GPU", "CPU"))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def check_sanitizer(report: Report) -> None:
    """Three kernels under compute-sanitizer."""
    tool = sanitizer_path()
    if tool is None or report.dry_run:
        three_kernels(report.dry_run)
        report.save("ok" if report.dry_run else "skipped", "three kernels without compute-sanitizer, which is not here")
        return
    found = {}
    for name in ("memcheck", "racecheck"):
        command = [tool, "--tool", name, "--error-exitcode", "9", sys.executable, __file__, "--kernels"]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=max(1.0, report.left))
        found[name] = result.returncode
        if result.returncode:
            report.say(result.stdout[-6000:] + result.stderr[-2000:])
        summary = ", ".join(f"{tool}: {'errors' if code else 'no error'}" for tool, code in found.items())
        report.save("FAILED" if any(found.values()) else "ok", summary, statuses=found)


# ---------------------------------------------------------------- one stage after the other


@dataclass(frozen=True)
class Stage:
    """A part of the check: its name, the seconds that it may take, and what it does."""

    name: str
    limit: float
    check: Callable[[Report], None]


STAGES = (
    Stage("device", 30, check_device),
    Stage("numbers", 100, check_numbers),
    Stage("tests", 110, check_tests),
    Stage("calls", 40, check_calls),
    Stage("jobs", 140, check_jobs),
    Stage("sanitizer", 45, check_sanitizer),
)


def run_stage(name: str, path: Path, dry_run: bool) -> None:
    """Run a stage in this process."""
    stage = next(stage for stage in STAGES if stage.name == name)
    report = Report(path, dry_run, time.monotonic() + stage.limit - RESERVE)
    enter(dry_run)
    try:
        stage.check(report)
    except Exception as error:
        report.save("FAILED", f"{type(error).__name__}: {error}")
        raise
    report.save()


def supervised(stage: Stage, path: Path, dry_run: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Run a stage in a process of its own, and end it with all its processes when its time is over."""
    command = [sys.executable, __file__, "--stage", stage.name, "--result", str(path)]
    command += ["--dry-run"] if dry_run else []
    start = time.monotonic()
    late = threading.Event()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:

        def stop() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(stage.limit, stop)
        timer.start()
        for line in process.stdout or ():
            say(line.rstrip())
        process.wait()
        timer.cancel()
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known = {"verdict": "FAILED", "summary": "no result", "details": {}, **known}
    if late.is_set():
        known.update(verdict="FAILED", summary=f"stopped after {stage.limit:.0f} s: {known['summary']}")
    elif process.returncode and known["verdict"] != "FAILED":
        known.update(verdict="FAILED", summary=f"ended with status {process.returncode}: {known['summary']}")
    return {"stage": stage.name, "seconds": round(time.monotonic() - start, 1), **known}


def check(folder: Path, dry_run: bool, names: Sequence[str]) -> int:
    """Run the stages; return 0 if nothing has failed."""
    folder.mkdir(parents=True, exist_ok=True)
    results: list[dict[str, Any]] = []
    with (folder / "gpu_check.txt").open("w", encoding="utf-8") as log, tempfile.TemporaryDirectory() as scratch:

        def say(line: str) -> None:
            _say(line, log)

        for stage in STAGES:
            if stage.name not in names:
                continue
            say(f"{stage.name}: {stage.check.__doc__}")
            result = supervised(stage, Path(scratch) / stage.name, dry_run, say)
            results.append(result)
            (folder / "gpu_check.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
            say(f"{stage.name}: {result['verdict']} in {result['seconds']} s. {result['summary']}\n")
            if stage.name == "device" and result["verdict"] != "ok":
                break  # nothing else can work
        say("\n".join(f"{result['stage']:10} {result['verdict']:8} {result['summary']}" for result in results))
    return int(any(result["verdict"] == "FAILED" for result in results))


def _say(line: str, log: TextIO) -> None:
    print(line, flush=True)
    log.write(line + "\n")
    log.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("output/gpu"), help="for the two reports")
    parser.add_argument("--dry-run", action="store_true", help="tiny sizes, without a GPU")
    parser.add_argument("--only", nargs="+", choices=[stage.name for stage in STAGES], help="these stages")
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kernels", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.kernels:
        three_kernels(given.dry_run)
    elif given.stage:
        run_stage(given.stage, given.result, given.dry_run)
    else:
        return check(given.folder, given.dry_run, given.only or [stage.name for stage in STAGES])
    return 0


if __name__ == "__main__":
    sys.exit(main())
