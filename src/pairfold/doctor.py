"""The doctor: what this installation is, and whether it computes right and how fast.

``python -m pairfold`` prints it. Frameworks are looked up, not imported.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from pairfold import __version__
from pairfold.display import shortened
from pairfold.errors import PairfoldError
from pairfold.numpy import Genred
from pairfold.targets.cpu.compile import level_of, machine, threads_and_origin
from pairfold.targets.cuda.driver import driver

__all__ = ["Finding", "Health", "examine"]

PACKAGES = ("numpy", "llvmlite", "torch", "jax", "dask", "cupy", "cuda-bindings", "matplotlib")
"""What pairfold works with; CuPy's distributions are called after the version of CUDA."""

OTHER_NAMES = {"cupy": ("cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x")}

FORMULA = "Exp(-SqDist(x, y)) * b"

POINTS = 10_000
CHECKED = 200
"""Rows of the sum that are computed again by NumPy, in float64."""

ALLOWED = 1e-5
"""Relative error of a sum of float32 numbers that is still right: some hundred times what is usual."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name, text : str
        What was looked at, and what was found.
    short : str
        The same in a few characters, for the line to paste; empty for what needs not be there.
    is_well : bool
        Whether it is as it should be.
    """

    name: str
    text: str
    short: str = ""
    is_well: bool = True


@dataclass(frozen=True)
class Health:
    """All findings; printed, a line for each and one to paste into a report."""

    findings: Sequence[Finding]

    @property
    def is_well(self) -> bool:
        """Whether all is as it should be."""
        return all(finding.is_well for finding in self.findings)

    @property
    def line(self) -> str:
        """What a report of a problem should begin with."""
        return " | ".join(finding.short for finding in self.findings if finding.short)

    def __str__(self) -> str:
        lines = [f"{finding.name + ':':<12}{finding.text}" for finding in self.findings]
        return "\n".join([*lines, "", "Paste this line into a report of a problem:", self.line])


def examine(points: int | None = None) -> Health:
    """Look at the installation, and try it: a sum over all pairs of so many points, in float32.

    Parameters
    ----------
    points : int, optional
        At least 1; 10,000 by default.

    Examples
    --------
    >>> health = examine(1000)
    >>> health.is_well
    True
    >>> [finding.name for finding in health.findings][:4]
    ['pairfold', 'python', 'packages', 'processor']
    """
    points = POINTS if points is None else points
    return Health((*_software(), *_processor(points), *_gpus(points), _commands()))


def _software() -> Iterator[Finding]:
    yield Finding("pairfold", __version__, f"pairfold {__version__}")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield Finding("python", f"{python} on {platform.platform()}", f"{python} {platform.platform()}")
    found = {name: _version(name) for name in PACKAGES}
    listed = ", ".join(f"{name} {known or '(not installed)'}" for name, known in found.items())
    yield Finding("packages", listed, " ".join(f"{name} {known}" for name, known in found.items() if known))


def _version(package: str) -> str | None:
    for name in (package, *OTHER_NAMES.get(package, ())):
        with suppress(PackageNotFoundError):
            return version(name)
    return None


def _processor(points: int) -> Iterator[Finding]:
    try:
        processor = machine()
    except PairfoldError as reason:
        yield Finding("processor", str(reason), f"processor: {reason}", is_well=False)
        return
    level, bits = level_of(processor), 8 * processor.vector_bytes
    what = f"{processor.name}, level {level}, vectors of {bits} bits"
    yield Finding("processor", what, f"{processor.name} {level} {bits}-bit")
    threads, origin = threads_and_origin()
    yield Finding("threads", f"{threads}, from {origin}", f"threads: {threads} from {origin}")
    yield _tried("CPU", points)


def _gpus(points: int) -> Iterator[Finding]:
    try:
        engine = driver()
        devices = [engine.device(number) for number in range(engine.device_count())]
    except PairfoldError as reason:
        text = str(reason)
        yield Finding("GPU", f"none is used: {text}", f"no GPU ({shortened(text.partition('. ')[0], 120)})")
        return
    for device in devices:
        major, minor = device.capability
        what = f"{device.name}, compute capability {major}.{minor}, {device.multiprocessors} multiprocessors"
        yield Finding(f"GPU {device.number}", what, f"{device.name} {major}.{minor}")
        yield _tried("GPU", points, device.number)


def _tried(backend: str, points: int, device: int = -1) -> Finding:
    """Try a sum and say how fast it was and how far from the truth."""
    name = f"sum on {backend}" if device < 0 else f"sum on {backend} {device}"
    try:
        first, again, error = _measured(backend, points, device)
    except Exception as reason:  # whatever it is, this is where it is told
        text = f"{type(reason).__name__}: {reason}"
        return Finding(name, f"FAILED, {text}", f"{name} FAILED ({shortened(text, 120)})", is_well=False)
    is_well = error <= ALLOWED
    verdict = "" if is_well else f"WRONG, more than {ALLOWED:g} is not rounding: "
    speed = f"{points**2 / again:.2g} pairs a second"
    text = (
        f"{verdict}{points} x {points} Gaussian kernel, D = 3, float32: {1e3 * again:.3g} ms, {speed} (the first time "
        f"{1e3 * first:.3g} ms, with compilation); relative error {error:.1e} against float64"
    )
    return Finding(name, text, f"{name}: {'' if is_well else 'WRONG, '}{speed}, error {error:.1e}", is_well)


def _measured(backend: str, points: int, device: int) -> tuple[float, float, float]:
    """Return seconds of the first call and of the best of three more, and the largest relative error."""
    random = np.random.default_rng(0)
    x, y = (random.random((points, 3), np.float32) for _ in range(2))
    b = random.random((points, 1), np.float32)
    routine = Genred(FORMULA, ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"], axis=1)

    def timed() -> tuple[float, NDArray[np.float32]]:
        start = perf_counter()
        result = routine(x, y, b, backend=backend, device_id=device)
        return perf_counter() - start, result

    first, found = timed()
    again = min(timed()[0] for _ in range(3))
    rows = np.linspace(0, points - 1, min(CHECKED, points)).astype(np.int64)
    wide_x, wide_y = x[rows].astype(np.float64), y.astype(np.float64)
    squared = ((wide_x**2).sum(1)[:, None] + (wide_y**2).sum(1)) - 2 * wide_x @ wide_y.T
    true = np.exp(-squared) @ b.astype(np.float64)
    # A result that is no number is as wrong as can be.
    error = np.nan_to_num(np.abs(found[rows] - true) / true, nan=np.inf)
    return first, again, float(np.max(error))


def _commands() -> Finding:
    return Finding("commands", "pairfold compile (a formula as a C function; see pairfold compile --help)")
