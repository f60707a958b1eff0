"""Run the test suites of programs that use pykeops, with pykeops and with pairfold in its place.

Run ``python tools/run_clients.py`` (or ``make clients``). It makes environments of its own in ``.clients``, takes the
programs from the package index, runs every suite twice, and prints a table for ``docs/clients.rst``; ``--table FILE``
writes it. Names of suites as arguments run only these. With pykeops every formula is compiled by a C++ compiler, in an
empty cache, which takes most of the time: an hour or two in all.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
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
        ("approvaltests", "pytest-approvaltests"),
    ),
    # alibi-detect asks for NumPy 1, and for a numba whose llvmlite is older than the one that pairfold needs; a newer
    # numba works as well.
    "numpy 1": (
        (TORCH, "pykeops==2.3", "pytest", "setuptools<81"),
        ("alibi-detect==0.13.0",),
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
    """

    name: str
    environment: str
    source: str
    tests: tuple[str, ...]
    remark: str = ""
    is_scripts: bool = False
    variables: tuple[tuple[str, str], ...] = ()


SUITES = (
    Suite("pykeops 2.3, its own tests", "new", "pykeops==2.3", ("pykeops/test",), "skipped: needs a GPU"),
    Suite(
        "pykeops 2.3, its examples",
        "new",
        "pykeops==2.3",
        ("pykeops/examples/numpy/*.py", "pykeops/examples/pytorch/*.py"),
        "failed: needs a GPU",
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
        "TorchDR 0.3, affinities and clustering in float32",
        "new",
        "torchdr==0.3",
        ("torchdr/tests/test_affinity.py", "torchdr/tests/test_clustering.py", "-k", "float32 or keops"),
    ),
    Suite(
        "dire-rapids 0.3.1, CPU",
        "new",
        "dire-rapids==0.3.1",
        tuple(f"tests/test_{name}.py" for name in ("cpu_basic", "create_dire", "numpy_bridge", "comprehensive")),
        "skipped: needs a GPU",
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
        "failed and errors: files that the wheel lacks, operations on LazyTensors that KeOps refuses as well",
        variables=(("DEFAULT_PYKEOPS", "True"),),
    ),
    Suite("GeomLoss 0.3.1", "new", "", ("test_geomloss.py",), "our script: its tests lack a module in the archive"),
    Suite("GUDHI 3.13, nearest neighbours", "new", "", ("test_gudhi.py",), "our script: no tests in the wheel"),
    Suite("scikit-shapes 0.3", "new", "", ("test_skshapes.py",), "our script: no tests in the wheel"),
    Suite(
        "alibi-detect 0.13", "numpy 1", "", ("test_alibi_detect.py",), "our script: its KeOps tests are not published"
    ),
)


# ---------------------------------------------------------------- environments and archives


def python_of(environment: str) -> Path:
    """Return the interpreter of an environment, made when it is not there."""
    folder = WORK / environment.replace(" ", "")
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    done = folder / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        for requirements in ENVIRONMENTS[environment]:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        done.touch()
    return python


def folder_of(suite: Suite, python: Path) -> Path:
    """Return the folder to run a suite in; its archive is fetched and unpacked when that is not done."""
    if not suite.source:
        return OWN
    requirement, _, kind = suite.source.partition(" ")
    folder = WORK / "sources" / requirement.replace("==", "-")
    if not folder.exists():
        archives = WORK / "archives" / folder.name
        choice = [] if kind == "wheel" else ["--no-binary", ":all:"]
        command = [python, "-m", "pip", "download", "--quiet", "--no-deps", *choice, "--dest", archives, requirement]
        subprocess.run(command, check=True)
        (archive,) = archives.iterdir()
        unpack(archive, folder)
    (inner,) = folder.iterdir() if kind != "wheel" else (folder,)
    return inner


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
    """What a run gave: counts such as {"passed": 3}, and seconds."""

    counts: dict[str, int]
    seconds: float

    def __str__(self) -> str:
        order = ("passed", "failed", "error", "skipped")
        parts = [f"{self.counts[name]} {name}" for name in order if self.counts.get(name)]
        return f"{', '.join(parts) or 'no result'} ({self.seconds:.0f} s)"


def run_suite(suite: Suite, with_pairfold: bool, limit: float) -> Outcome:
    """Run one suite with pykeops, or with pairfold in its place."""
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
    start = time.perf_counter()
    if suite.is_scripts:
        counts = run_scripts(command, suite.tests, folder, variables, limit)
    else:
        command += ["-m", "pytest", "-q", "-p", "no:cacheprovider", *suite.tests]
        counts = run_pytest(command, suite, with_pairfold, folder, variables, limit)
    return Outcome(counts, time.perf_counter() - start)


def run_pytest(
    command: Sequence[str], suite: Suite, with_pairfold: bool, folder: Path, variables: dict[str, str], limit: float
) -> dict[str, int]:
    """Run pytest, keep what it prints, and return the counts of its last line."""
    log = (
        WORK / "logs" / f"{re.sub('[^a-z0-9]+', '-', suite.name.lower())}-{'pairfold' if with_pairfold else 'pykeops'}"
    )
    log.parent.mkdir(exist_ok=True)
    try:
        done = subprocess.run(
            command, cwd=folder, env=variables, capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return {}
    log.with_suffix(".txt").write_text(done.stdout + done.stderr)
    lines = [line for line in done.stdout.splitlines() if re.search(r" in [\d.]+s", line)]
    found = re.findall(r"(\d+) (passed|failed|error|skipped)", lines[-1] if lines else "")
    return {name: int(number) for number, name in found}


def run_scripts(
    command: Sequence[str], patterns: Sequence[str], folder: Path, variables: dict[str, str], limit: float
) -> dict[str, int]:
    """Run scripts, each in its folder, and count those that end well."""
    counts = {"passed": 0, "failed": 0}
    for script in sorted(path for pattern in patterns for path in folder.glob(pattern)):
        try:
            done = subprocess.run(
                [*command, script.name],
                cwd=script.parent,
                env=variables,
                capture_output=True,
                timeout=limit,
                check=False,
            )
            ended_well = done.returncode == 0
        except subprocess.TimeoutExpired:
            ended_well = False
        counts["passed" if ended_well else "failed"] += 1
    return counts


def table(rows: Sequence[tuple[str, str, str, str]]) -> str:
    """Return the rows as a table of reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (("suite", "with pykeops 2.3", "with pairfold", "remarks"), *rows):
        lines += [f"   {'-' if number else '* -'} {cell}".rstrip() for number, cell in enumerate(row)]
    return "\n".join(line.replace("   - ", "     - ") if line.startswith("   - ") else line for line in lines) + "\n"


def main() -> None:
    """Run the suites and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", help="parts of names of suites; all when there are none")
    parser.add_argument("--table", type=Path, help="file to write the table to")
    parser.add_argument("--limit", type=float, default=7200, help="seconds for one run, default 7200")
    parser.add_argument("--only", choices=["pykeops", "pairfold"], help="run one of the two only")
    arguments = parser.parse_args()
    chosen = [suite for suite in SUITES if not arguments.suites or any(part in suite.name for part in arguments.suites)]
    WORK.mkdir(exist_ok=True)
    rows = []
    for suite in chosen:
        outcomes = []
        for with_pairfold in (False, True):
            wanted = arguments.only in (None, "pairfold" if with_pairfold else "pykeops")
            outcomes.append(str(run_suite(suite, with_pairfold, arguments.limit)) if wanted else "not run")
        rows.append((suite.name, *outcomes, suite.remark))
        sys.stdout.write(f"{suite.name}: pykeops {outcomes[0]}; pairfold {outcomes[1]}\n")
        sys.stdout.flush()
    sys.stdout.write("\n" + table(rows))
    if arguments.table:
        arguments.table.write_text(table(rows))


if __name__ == "__main__":
    main()
