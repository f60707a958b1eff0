"""Try random programs on pairfold: values and gradients against dense tensors in float64.

``python tools/fuzz_formulas.py --count 20000 --seed 1 --jobs 4 --folder output/fuzz`` draws programs (see
``tests/programs.py``), on NumPy and on PyTorch, on LazyTensors and as formula strings. What counts as a fault: a number
further from the dense result than rounding may lead, a wrong shape or type, an exception that is not a PairfoldError,
a warning, anything printed, a crash, and more than the time limit. Each fault is made smaller and printed as a program
that shows it. The same command goes on where it was stopped; ``--only K`` shows case K.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import faulthandler
import json
import os
import queue
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from pairfold.errors import PairfoldError  # noqa: E402
from tests.calls import look_once  # noqa: E402
from tests.programs import Program, carry_out, draw, faults, smaller, text  # noqa: E402

CHUNK = 50
"""Programs for one process: enough that its start does not count, few enough that its machine code stays small."""

SMALLER = 80
"""So many smaller programs are tried for a fault."""


@dataclass(frozen=True)
class Finding:
    """What was wrong with a program.

    Attributes
    ----------
    kind : str
        "wrong", "exception", "refused" (a PairfoldError, which may be right), "warning", "printed", "crash".
    where : str
        What makes two findings alike.
    what : str
        In words.
    """

    kind: str
    where: str
    what: str


# ---------------------------------------------------------------- one program


def program_of(seed: int, case: int) -> Program:
    """Return program number `case`."""
    return draw(random.Random(f"{seed}:{case}"))


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """End the whole process, and print where it was, if what follows takes longer."""
    faulthandler.dump_traceback_later(seconds, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def examine(program: Program) -> Finding | None:
    """Return what is wrong with a program, or None."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # Programs are small: every other one is treated as large ones are.
        if program.seed % 2:
            look_once(patch)
        warnings.simplefilter("error")
        try:
            variables = carry_out(program)
        except PairfoldError as error:
            return Finding("refused", type(error).__name__, str(error))
        except Warning as warning:
            return Finding("warning", _place(warning), f"{type(warning).__name__}: {warning}")
        except Exception as error:
            return Finding("exception", _place(error), f"{type(error).__name__}: {error}"[:1000])
    printed = _printed()
    if printed:
        return Finding("printed", printed[:80], printed[:1000])
    found = faults(program, variables)
    if found:
        worst = min(found, key=lambda fault: fault.kind == "layout")
        place = f"{worst.kind} of the {worst.where.split(' in ')[0]}"
        return Finding("wrong", place, "; ".join(f"{fault.where}: {fault.what}" for fault in found))
    return None


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    own = next((frame for frame in reversed(frames) if "pairfold" in frame.filename), last)
    return f"{type(error).__name__} in {Path(own.filename).name}, {own.name}"


def _printed() -> str:
    """Return what went to the standard error stream, if that is a file, and empty it."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        size = os.fstat(2).st_size if _IS_WORKER else 0
    except OSError:
        return ""
    printed = os.pread(2, size, 0).decode(errors="replace") if size else ""
    if size:
        os.ftruncate(2, 0)
    return printed


_IS_WORKER = False


def reduced(program: Program, finding: Finding, limit: float) -> tuple[Program, Finding]:
    """Return a smaller program with the same fault, and the fault there."""
    tried = 0
    progress = True
    while progress and tried < SMALLER:
        progress = False
        for candidate in smaller(program):
            tried += 1
            with time_limit(limit):
                found = examine(candidate)
            if found and (found.kind, found.where) == (finding.kind, finding.where):
                program, finding, progress = candidate, found, True
                break
            if tried >= SMALLER:
                break
    return program, finding


# ---------------------------------------------------------------- processes


def work(seed: int, start: int, stop: int, limit: float, ignored: str | None = None) -> None:
    """Examine some programs; what is found goes to the original standard output, one JSON text a line."""
    global _IS_WORKER  # noqa: PLW0603
    _IS_WORKER = True
    with os.fdopen(os.dup(1), "w", buffering=1) as report:
        os.dup2(2, 1)
        for case in range(start, stop):
            report.write(json.dumps({"begun": case}) + "\n")
            with time_limit(limit):
                program = program_of(seed, case)
                found = examine(program)
            if found and not (ignored and re.search(ignored, f"{found.where} {found.what}")):
                program, found = reduced(program, found, limit)
                steps = sorted(name for name, _, _ in program.steps)
                line = {"case": case, **asdict(found), "program": text(program), "steps": steps}
                report.write(json.dumps({**line, "reduction": program.reduction}) + "\n")
        report.write(json.dumps({"begun": stop}) + "\n")


def supervise(seed: int, start: int, stop: int, limit: float, ignored: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the findings of a range of programs, in processes of their own, one after the other."""
    while start < stop:
        with tempfile.TemporaryFile("a+b") as errors:
            arguments = ["--worker", str(start), str(stop), "--seed", str(seed), "--limit", str(limit)]
            arguments += ["--ignore", ignored] if ignored else []
            command = [sys.executable, __file__, *arguments]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
                begun = start
                for line in process.stdout or ():
                    entry = json.loads(line)
                    begun = entry.get("begun", begun)
                    if "case" in entry:
                        yield entry
            if begun < stop:
                errors.seek(0)
                yield crash(begun, process.returncode, errors.read().decode(errors="replace"), seed)
        start = begun + 1 if begun < stop else stop


def crash(case: int, code: int, printed: str, seed: int) -> dict[str, Any]:
    """Return the finding for a process that died."""
    name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
    # The first lines say what happened (faulthandler puts the innermost call first), the last ones name an exception.
    shown = printed if len(printed) <= 2000 else f"{printed[:1000]}\n...\n{printed[-1000:]}"
    found = Finding("crash", name, f"the process ended with {name}: {shown}")
    return {"case": case, **asdict(found), "program": text(program_of(seed, case)), "steps": [], "reduction": ""}


class Journal:
    """What is done and what was found, in a file, so that a run can go on."""

    def __init__(self, folder: Path, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"seed-{seed}.jsonl"
        self.done: set[int] = set()
        self.findings: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        for line in lines:
            self._take(json.loads(line))

    def _take(self, entry: dict[str, Any]) -> None:
        if "done" in entry:
            self.done.add(entry["done"])
        else:
            self.findings.append(entry)

    def write(self, *entries: dict[str, Any]) -> None:
        """Add entries to the file."""
        with self.lock, self.path.open("a") as file:
            for entry in entries:
                self._take(entry)
                file.write(json.dumps(entry) + "\n")


def run(seed: int, count: int, jobs: int, limit: float, journal: Journal, ignored: str | None = None) -> None:
    """Examine all programs that the journal does not know, with `jobs` processes at a time."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for start in range(0, count, CHUNK):
        if start not in journal.done:
            waiting.put(start)

    def serve() -> None:
        while True:
            try:
                start = waiting.get_nowait()
            except queue.Empty:
                return
            found = list(supervise(seed, start, min(start + CHUNK, count), limit, ignored))
            journal.write(*found, *([{"done": start}] if start + CHUNK <= count else []))
            print(f"{min(start + CHUNK, count)}: {len(found)} findings", flush=True)  # noqa: T201

    threads = [threading.Thread(target=serve) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ---------------------------------------------------------------- report


def report(findings: Sequence[dict[str, Any]], out: IO[str]) -> int:
    """Print one program for each kind of finding; return the number of faults."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = collections.defaultdict(list)
    for entry in findings:
        key = (entry["kind"], entry["where"])
        groups[(*key, entry["reduction"], *entry["steps"]) if entry["kind"] == "wrong" else key].append(entry)
    for entries in sorted(groups.values(), key=lambda entries: (entries[0]["kind"], -len(entries))):
        shortest = min(entries, key=lambda entry: len(entry["program"]))
        cases = ", ".join(str(entry["case"]) for entry in entries[:6])
        out.write(f"\n# {shortest['kind']}, {len(entries)} times (cases {cases}): {shortest['what'].strip()}\n")
        out.write(shortest["program"] + "\n")
    count = sum(entry["kind"] != "refused" for entry in findings)
    out.write(f"\n{count} faults, {len(findings) - count} programs refused with a reason.\n")
    return count


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="number of programs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--limit", type=float, default=120, help="seconds for one program")
    parser.add_argument("--folder", type=Path, default=Path("output/fuzz"), help="where the journal is kept")
    parser.add_argument("--ignore", help="a regular expression for findings that are known")
    parser.add_argument("--only", type=int, help="show and examine this program only")
    parser.add_argument("--worker", type=int, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.worker:
        work(given.seed, *given.worker, given.limit, given.ignore)
        return 0
    if given.only is not None:
        program = program_of(given.seed, given.only)
        found = examine(program)
        sys.stdout.write(f"{text(program)}\n\n{found or 'nothing is wrong'}\n")
        return found is not None
    journal = Journal(given.folder, given.seed)
    run(given.seed, given.count, given.jobs, given.limit, journal, given.ignore)
    return report(journal.findings, sys.stdout) > 0


if __name__ == "__main__":
    sys.exit(main())
