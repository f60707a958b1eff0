"""Run the test suites of programs that use pykeops, with pykeops and with pairfold in its place.

Run ``python tools/run_clients.py`` (or ``make clients``). It makes environments of its own in ``.clients``, takes the
programs from the package index, runs every suite twice, and prints a table for ``docs/clients.rst``; ``--table FILE``
writes it. Names of suites as arguments run only these. With pykeops every formula is compiled by a C++ compiler, in an
empty cache, which takes most of the time: some hours in all. The last outcome of every run is kept in ``.clients``,
and the table is made from what is kept there; what the runs printed is there as well.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".clients"
OWN = ROOT / "tools" / "clients"

TORCH = "torch==2.13.0"

ENVIRONMENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "new": (
        (TORCH, "pykeops==2.3", "llvmlite>=0.45", "pytest", "matplotlib", "scikit-learn", "pandas", "plotly"),
        ("geomloss==0.3.1", "gpytorch==1.15.2", "linear-operator==0.6.1", "torchdr==0.3", "dire-rapids==0.3.1"),
        ("gudhi==3.13.0", "eagerpy", "sisyphe==1.2.1", "skshapes==0.3", "gempy-engine==2026.0.3.post1"),
        ("approvaltests", "pytest-approvaltests", "pot==0.9.7.post1", "survivalgpu==0.1.0", "multipers==2.3.2"),
    ),
    # These were written for NumPy 1. alibi-detect also asks for a numba whose llvmlite is older than the one that
    # pairfold needs; a newer numba works as well.
    "numpy 1": (
        (TORCH, "pykeops==2.3", "pytest", "setuptools<81"),
        ("alibi-detect==0.13.0", "geomstats==2.8.0", "probnum==0.1.25"),
        ("numba>=0.61", "llvmlite>=0.45", "numpy<2"),
    ),
}
"""Environments, and what is installed into them, step by step."""


@dataclass(frozen=True)
class Suite:
    """A test suite.

    Attributes
    ----------
    name : str
        What the table calls it.
    environment : str
        Where it runs.
    source : str
        Requirement whose source archive (or wheel) carries the tests; "" for the tests in ``tools/clients``.
    tests : tuple of str
        Arguments of pytest, or scripts to run.
    remark : str
        For the table.
    is_scripts : bool
        The tests are patterns of scripts, each of which counts as one test.
    variables : tuple of (str, str)
        Environment variables.
    part : str
        Folder of the archive that is copied to a place of its own, away from the package that it tests.
    """

    name: str
    environment: str
    source: str
    tests: tuple[str, ...]
    remark: str = ""
    is_scripts: bool = False
    variables: tuple[tuple[str, str], ...] = ()
    part: str = ""


OUR_SCRIPT = "our script: the package brings no tests of its KeOps part"

SUITES = (
    Suite("pykeops 2.3, its own tests", "new", "pykeops==2.3", (".",), "skipped: needs a GPU", part="pykeops/test"),
    Suite(
        "pykeops 2.3, its examples",
        "new",
        "pykeops==2.3",
        ("pykeops/examples/numpy/*.py", "pykeops/examples/pytorch/*.py"),
        "failed: one asks for a GPU, one starts a thread for each, and in one pykeops fails to count them",
        is_scripts=True,
    ),
    Suite(
        "GPyTorch 1.15.2, KeOps kernels and regression",
        "new",
        "gpytorch==1.15.2",
        ("test/kernels/keops", "test/examples/test_keops_gp_regression.py"),
        "the error is a test function outside of its class",
    ),
    Suite(
        "TorchDR 0.3, affinities and clustering",
        "new",
        "torchdr==0.3",
        ("torchdr/tests/test_affinity.py", "torchdr/tests/test_clustering.py", "-k", "float32 or keops"),
        "those in float32 or with KeOps by name, to save time",
    ),
    Suite(
        "SiSyPHE 1.2.1, quick tests",
        "new",
        "sisyphe==1.2.1",
        ("sisyphe/test/quick_test.py",),
        "failed: uses np.math, which NumPy has dropped",
    ),
    Suite(
        "gempy-engine 2026.0.3, kernels by KeOps",
        "new",
        "gempy-engine==2026.0.3.post1 wheel",
        ("tests/test_common", "tests/test_dependencies"),
        "the same tests on both sides: for files that the wheel lacks, and three for what KeOps cannot do either",
        variables=(("DEFAULT_PYKEOPS", "True"),),
    ),
    Suite("GeomLoss 0.3.1", "new", "", ("test_geomloss.py",), "our script: its tests lack a module in the archive"),
    Suite(
        "POT 0.9.7, GeomLoss solvers", "new", "", ("test_pot.py",), "our script: its tests lack a file in the archive"
    ),
    Suite(
        "dire-rapids 0.3.1, neighbours",
        "new",
        "",
        ("test_dire_rapids.py",),
        "our script: its tests use KeOps on a GPU only",
    ),
    Suite("GUDHI 3.13, nearest neighbours", "new", "", ("test_gudhi.py",), OUR_SCRIPT),
    Suite("multipers 2.3.2, densities", "new", "", ("test_multipers.py",), OUR_SCRIPT),
    Suite("scikit-shapes 0.3", "new", "", ("test_skshapes.py",), OUR_SCRIPT),
    Suite("survivalGPU 0.1, drug histories", "new", "", ("test_survivalgpu.py",), OUR_SCRIPT),
    Suite("geomstats 2.8, varifolds", "numpy 1", "", ("test_geomstats.py",), OUR_SCRIPT),
    Suite("ProbNum 0.1.25, covariances", "numpy 1", "", ("test_probnum.py",), OUR_SCRIPT),
    Suite("alibi-detect 0.13", "numpy 1", "", ("test_alibi_detect.py",), OUR_SCRIPT),
)


# ---------------------------------------------------------------- environments and archives


def python_of(environment: str) -> Path:
    """Return the interpreter of an environment, made or completed when what is installed is not what is asked for."""
    folder = WORK / environment.replace(" ", "")
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    installed, asked = folder / "installed", repr(ENVIRONMENTS[environment])
    if not installed.exists() or installed.read_text() != asked:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        for requirements in ENVIRONMENTS[environment]:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        installed.write_text(asked)
    return python


def folder_of(suite: Suite, python: Path) -> Path:
    """Return the folder to run a suite in; its archive is fetched and unpacked when that is not done."""
    if not suite.source:
        return OWN
    requirement, _, kind = suite.source.partition(" ")
    folder = WORK / "sources" / requirement.replace("==", "-")
    if not folder.exists():
        archives = WORK / "archives" / folder.name
        choice = [] if kind == "wheel" else ["--no-binary", requirement.partition("==")[0]]
        command = [python, "-m", "pip", "download", "--quiet", "--no-deps", *choice, "--dest", archives, requirement]
        subprocess.run(command, check=True)
        (archive,) = archives.iterdir()
        unpack(archive, folder)
    (inner,) = folder.iterdir() if kind != "wheel" else (folder,)
    if not suite.part:
        return inner
    copied = WORK / "sources" / suite.part.replace("/", "_")
    return copied if copied.exists() else Path(shutil.copytree(inner / suite.part, copied))


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a source archive or a wheel into `folder`."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder)
        return
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")


# ---------------------------------------------------------------- runs


@dataclass(frozen=True)
class Outcome:
    """What a run gave.

    Attributes
    ----------
    counts : dict of str to int
        Such as {"passed": 3}.
    seconds : float
        Duration.
    unsuccessful : tuple of str
        Tests that failed, or could not start.
    was_stopped : bool
        The time was up before the end.
    """

    counts: dict[str, int]
    seconds: float
    unsuccessful: tuple[str, ...] = ()
    was_stopped: bool = False

    def __str__(self) -> str:
        order = ("passed", "failed", "error", "skipped")
        parts = [f"{self.counts[name]} {name}" for name in order if self.counts.get(name)]
        text = ", ".join(parts) or "no result"
        return f"stopped after {self.seconds:.0f} s: {text}" if self.was_stopped else f"{text} ({self.seconds:.0f} s)"


def path_of(suite: Suite, with_pairfold: bool, kind: str) -> Path:
    """Return the file for what a run printed (`kind` "logs") or gave ("results")."""
    name = re.sub("[^a-z0-9]+", "-", suite.name.lower()) + ("-pairfold" if with_pairfold else "-pykeops")
    path = WORK / kind / f"{name}.{'txt' if kind == 'logs' else 'json'}"
    path.parent.mkdir(exist_ok=True)
    return path


def run_suite(suite: Suite, with_pairfold: bool, limit: float) -> Outcome:
    """Run one suite with pykeops, or with pairfold in its place, and keep what it gave."""
    python = python_of(suite.environment)
    folder = folder_of(suite, python)
    variables = {**os.environ, **dict(suite.variables), "MPLBACKEND": "agg"}
    variables["PATH"] = os.pathsep.join((str(python.parent), variables.get("PATH", "")))
    command = [str(python)]
    if with_pairfold:
        variables["PYTHONPATH"] = str(ROOT / "src")
        command += ["-m", "pairfold.pykeops"]
    else:
        variables.pop("PYTHONPATH", None)
        variables["KEOPS_CACHE_FOLDER"] = str(WORK / "cache" / f"{suite.name}-{time.time_ns()}".replace(" ", "_"))
    log = path_of(suite, with_pairfold, "logs")
    log.write_text("")
    run = run_scripts if suite.is_scripts else run_pytest
    outcome = run(command, suite.tests, folder, variables, limit, log)
    path_of(suite, with_pairfold, "results").write_text(json.dumps(asdict(outcome), indent=1))
    return outcome


def kept_outcome(suite: Suite, with_pairfold: bool) -> Outcome | None:
    """Return what the last run gave."""
    path = path_of(suite, with_pairfold, "results")
    return Outcome(**json.loads(path.read_text())) if path.exists() else None


def run_pytest(
    command: Sequence[str], tests: Sequence[str], folder: Path, variables: dict[str, str], limit: float, log: Path
) -> Outcome:
    """Run pytest; count the lines of its tests."""
    start = time.perf_counter()
    seen = run_to_end([*command, "-m", "pytest", "-v", "-p", "no:cacheprovider", *tests], folder, variables, limit, log)
    names = {"passed": "PASSED|XFAIL|XPASS", "failed": "FAILED", "error": "ERROR", "skipped": "SKIPPED"}
    lines = log.read_text(errors="replace").splitlines()
    found = {
        name: [line for line in lines if re.search(rf"::.* ({words})\b.* \[ *\d+%\]$", line)]
        for name, words in names.items()
    }
    unsuccessful = [line.split(" ")[0] for name in ("failed", "error") for line in found[name]]
    counts = {name: len(of_name) for name, of_name in found.items()}
    return Outcome(counts, time.perf_counter() - start, tuple(sorted(unsuccessful)), seen is None)


def run_scripts(
    command: Sequence[str], patterns: Sequence[str], folder: Path, variables: dict[str, str], limit: float, log: Path
) -> Outcome:
    """Run scripts, each in its folder, and count those that end well."""
    start = time.perf_counter()
    counts = {"passed": 0, "failed": 0}
    unsuccessful = []
    for script in sorted(path for pattern in patterns for path in folder.glob(pattern)):
        left = limit - (time.perf_counter() - start)
        if left <= 0:
            return Outcome(counts, time.perf_counter() - start, tuple(unsuccessful), was_stopped=True)
        ended_well = run_to_end([*command, script.name], script.parent, variables, left, log) == 0
        counts["passed" if ended_well else "failed"] += 1
        if not ended_well:
            unsuccessful.append(script.name)
    return Outcome(counts, time.perf_counter() - start, tuple(unsuccessful))


def run_to_end(command: Sequence[str], folder: Path, variables: dict[str, str], limit: float, log: Path) -> int | None:
    """Run a command, add what it prints to `log`, and return its exit code, or None where the time was up."""
    with log.open("a") as printed:
        printed.write(f"{' '.join(command)}\n")
        printed.flush()
        try:
            done = subprocess.run(
                command, cwd=folder, env=variables, stdout=printed, stderr=subprocess.STDOUT, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired:
            return None
    return done.returncode


def table(rows: Sequence[tuple[str, str, str, str]]) -> str:
    """Return the rows as a table of reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (("suite", "with pykeops 2.3", "with pairfold", "remarks"), *rows):
        lines += [f"   {'  -' if number else '* -'} {cell}".rstrip() for number, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the suites and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", help="parts of names of suites; all when there are none")
    parser.add_argument("--table", type=Path, help="file to write the table to")
    parser.add_argument("--limit", type=float, default=7200, help="seconds for one run, default 7200")
    parser.add_argument(
        "--only",
        choices=["pykeops", "pairfold", "neither"],
        help="run one of the two, or make the table from what is kept",
    )
    arguments = parser.parse_args()
    chosen = [suite for suite in SUITES if not arguments.suites or any(part in suite.name for part in arguments.suites)]
    WORK.mkdir(exist_ok=True)
    # Without a file of its own a program would be tested with the settings of pairfold's tests.
    (WORK / "pytest.ini").write_text("[pytest]\n")
    for suite in chosen:
        for with_pairfold in (False, True):
            if arguments.only in (None, "pairfold" if with_pairfold else "pykeops"):
                outcome = run_suite(suite, with_pairfold, arguments.limit)
                sys.stdout.write(f"{suite.name}, with {'pairfold' if with_pairfold else 'pykeops'}: {outcome}\n")
                sys.stdout.flush()
    for suite in chosen:
        first, second = (kept_outcome(suite, with_pairfold) for with_pairfold in (False, True))
        if first and second:
            differ = sorted(set(first.unsuccessful) ^ set(second.unsuccessful))
            sys.stdout.write(f"{suite.name}: unsuccessful with one of the two only: {', '.join(differ) or 'none'}\n")
    rows = [
        (suite.name, *(str(kept_outcome(suite, side) or "not measured") for side in (False, True)), suite.remark)
        for suite in chosen
    ]
    sys.stdout.write("\n" + table(rows))
    if arguments.table:
        arguments.table.write_text(table(rows))


if __name__ == "__main__":
    main()
