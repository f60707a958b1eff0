"""Every operation and every reduction gives in every language what its record says, on the same data.

A language is an entry of LANGUAGES: it writes one program for all comparisons, which reads the arrays as float64
numbers one after another, and writes for each result its number of axes, its sizes and its entries, as float64.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pairfold.bridge import packages
from pairfold.bridge.packages import MATLAB
from pairfold.bridge.steps import METHODS
from pairfold.ops import OPERATIONS
from pairfold.pykeops.operations import KERNELS
from pairfold.reductions import REDUCTIONS
from tests.conformance.cases import all_cases, draw
from tests.conformance.problems import NAMES, K

Array = npt.NDArray[Any]

CATALOGUE = {**OPERATIONS, **KERNELS}

FROM_ONE = ("index", "start", "axes", "axes_f", "axes_g", "permutation")
"""Parameters that languages that count from 1 count from 1."""

TOLERANCE = {"float32": 2e-4, "float64": 1e-11}


@dataclass(frozen=True)
class Comparison:
    """One expression, its arrays and its results.

    Attributes
    ----------
    name : str
        An operation, by the name of its method where it has one, or a reduction.
    operands : list of (str, array)
        ``"i"``, ``"j"`` or ``"p"``, and the array; those of a reduction are x, y, p and b, see `reductions`.
    params : list of (str, value)
        The names and values of static parameters, integers or tuples of integers, counted from 0.
    expected : list of array
        Without the axes of length 1 in front of the last one that not all languages have.
    """

    name: str
    operands: list[tuple[str, Array]]
    params: list[tuple[str, Any]]
    expected: list[Array]
    is_reduction: bool = False
    axis: int = 1


def operations(dtype: str) -> Iterator[Comparison]:
    """Yield a comparison for every operation on real numbers."""
    seen = set()
    for name, dims, params in all_cases(CATALOGUE):
        op = CATALOGUE[name]
        method = op.method or name
        if name in seen or method not in METHODS or name.startswith("Complex") or not op.arity:
            continue
        seen.add(name)
        arrays = [draw(op, place, (5 if place == 0 else 4, dim)).astype(dtype) for place, dim in enumerate(dims)]
        views = [array[:, None] if place == 0 else array[None] for place, array in enumerate(arrays)]
        expected = np.asarray(op.reference(*(np.float64(view) for view in views), *params))
        # Factorize does not look at its second operand.
        pairs = np.broadcast_shapes(*(view.shape[:-1] for view in views))
        expected = np.broadcast_to(expected, (*pairs, expected.shape[-1]))
        if method in ("real2complex", "imag2complex", "exp1j"):
            continue  # pairs of numbers here, complex ones there: each language tests them
        order = (op.method_order if op.method else ()) or tuple(range(op.arity))
        operands: list[Any] = [None] * op.arity
        for place, array in enumerate(arrays):
            operands[order[place]] = ("i" if place == 0 else "j", array)
        yield Comparison(method, operands, list(zip(op.parameters, params, strict=False)), [expected])


def reductions(dtype: str) -> Iterator[Comparison]:
    """Yield a comparison for every reduction: of p (x - y), or its first component, with weights b x_0."""
    generator = np.random.default_rng(0)
    x, y = generator.integers(-2, 3, (5, 2)).astype(dtype), generator.integers(-2, 3, (7, 2)).astype(dtype)
    p, b = np.array([1.0], dtype), generator.integers(1, 3, (7, 2)).astype(dtype)
    for number, name in enumerate(NAMES):
        reduction, axis = REDUCTIONS[name], number % 2
        values, weights = np.float64(p * (x[:, None] - y)), np.float64(b * x[:, None, :1])
        if reduction.scalar_value:
            values = values[..., :1]
        if axis == 0:
            values, weights = values.swapaxes(0, 1), weights.swapaxes(0, 1)
        weight = weights if reduction.needs_weight else None
        with np.errstate(all="ignore"):
            expected = reduction.reference(values, weight, K, np.arange(values.shape[1]))
        yield Comparison(
            name, [("i", x), ("j", y), ("p", p), ("j", b)], [], [np.asarray(one) for one in expected], True, axis
        )


def comparisons(dtype: str) -> list[Comparison]:
    """Return all comparisons, in the order of the results."""
    return [*operations(dtype), *reductions(dtype)]


class Octave:
    """The package for MATLAB and Octave."""

    program = "octave-cli"
    suffix = ".m"

    def text(self, tasks: Sequence[Comparison], dtype: str, data: Path, results: Path) -> str:
        """Return the program."""
        kind = "single" if dtype == "float32" else "double"
        lines = [
            f"addpath('{MATLAB}');",
            f"in = fopen('{data}'); out = fopen('{results}', 'w');",
            f"next = @(n, d) {kind}(fread(in, [d, n], 'double').');",
        ]
        for task in tasks:
            names = []
            for place, (side, array) in enumerate(task.operands):
                rows, columns = array.reshape(-1, array.shape[-1]).shape
                names.append(f"a{place}")
                function = {"i": "Vi", "j": "Vj", "p": "Pm"}[side]
                lines.append(f"a{place} = pairfold.{function}(next({rows}, {columns}));")
            outputs = ", ".join(f"r{place}" for place in range(len(task.expected)))
            lines.append(f"[{outputs}] = {self.call(task, names)};")
            for place in range(len(task.expected)):
                write = f"fwrite(out, [ndims(r{place}), size(r{place})], 'double'); fwrite(out, r{place}, 'double');"
                lines.append(f"assert(isa(r{place}, '{kind}') || isequal(r{place}, round(r{place}))); {write}")
        return "\n".join([*lines, "fclose(out);"]) + "\n"

    def call(self, task: Comparison, names: list[str]) -> str:
        """Return the expression of a comparison."""
        if task.is_reduction:
            settings = f", 'K', {K}" if REDUCTIONS[task.name].needs_k else ""
            settings += ", 'weight', a3 .* elem(a0, 1)" if REDUCTIONS[task.name].needs_weight else ""
            value = "elem(a2 .* (a0 - a1), 1)" if REDUCTIONS[task.name].scalar_value else "a2 .* (a0 - a1)"
            return f"reduction({value}, '{task.name}', {task.axis + 1}{settings})"
        if task.name == "one_hot":
            names = [f"{names[0]} + 1"]
        values = [self.value(name, value) for name, value in task.params]
        return f"full({task.name}({', '.join([*names, *values])}))" + (" - 1" if task.name.startswith("arg") else "")

    @staticmethod
    def value(name: str, value: Any) -> str:
        """Return a parameter."""
        shift = int(name in FROM_ONE)
        if isinstance(value, tuple):
            return f"[{' '.join(str(one + shift) for one in value)}]"
        return str(value + shift)

    def environment(self, folder: Path) -> dict[str, str]:
        """Return what the program needs beside Python."""
        return {}

    def command(self, program: Path) -> list[str]:
        """Return what runs a program."""
        return [self.program, "--no-history", "-q", str(program)]


class R:
    """The R package, counting from 0 here."""

    program = "Rscript"
    suffix = ".R"

    def text(self, tasks: Sequence[Comparison], dtype: str, data: Path, results: Path) -> str:
        """Return the program."""
        lines = [
            "library(pairfold)",
            f"invisible(pairfold_options(precision = '{dtype}', index_base = 0))",
            f"input <- file('{data}', 'rb'); output <- file('{results}', 'wb')",
            "following <- function(n, d) matrix(readBin(input, 'double', n * d), n, d, byrow = TRUE)",
            "further <- names(pairfold:::.registry_further_operations)",
            "apply_operation <- function(name, ...) {",
            "  if (name %in% further) return(operation(name, ...))",
            "  if (name == 'power') return(..1 ^ ..2)",
            "  get(name, asNamespace('pairfold'))(...)",
            "}",
            "store <- function(x) writeBin(as.double(c(length(dim(x)), dim(x), x)), output)",
        ]
        for task in tasks:
            names = []
            for place, (side, array) in enumerate(task.operands):
                rows, columns = array.reshape(-1, array.shape[-1]).shape
                names.append(f"a{place}")
                lines.append(f"a{place} <- following({rows}, {columns})")
                make = {"i": f"Vi(a{place})", "j": f"Vj(a{place})", "p": f"Pm(as.vector(a{place}))"}[side]
                lines.append(f"a{place} <- {make}")
            lines.append(f"r <- {self.call(task, names)}")
            for place, one in enumerate(task.expected):
                value = "r" if len(task.expected) == 1 else f"r[[{place + 1}]]"
                lines.append(f"store({value}{' + 1' if task.is_reduction and one.dtype.kind == 'i' else ''})")
        return "\n".join([*lines, "close(output)"]) + "\n"

    def call(self, task: Comparison, names: list[str]) -> str:
        """Return the expression of a comparison."""
        if task.is_reduction:
            settings = f", K = {K}" if REDUCTIONS[task.name].needs_k else ""
            settings += ", weight = a3 * elem(a0, 0)" if REDUCTIONS[task.name].needs_weight else ""
            value = "elem(a2 * (a0 - a1), 0)" if REDUCTIONS[task.name].scalar_value else "a2 * (a0 - a1)"
            return f"reduction({value}, '{task.name}', '{'ij'[task.axis]}'{settings})"
        values = [
            f"list({', '.join(map(str, value))})" if isinstance(value, tuple) else str(value)
            for _, value in task.params
        ]
        if task.name == "where":
            names = [f"({names[0]} != 0)", *names[1:]]
        return f"as.array(apply_operation('{task.name}', {', '.join([*names, *values])}))"

    def environment(self, folder: Path) -> dict[str, str]:
        """Install the package into a library of its own, and return where it is."""
        library = folder / "library"
        library.mkdir()
        packages.install_r(library)
        return {"R_LIBS": str(library)}

    def command(self, program: Path) -> list[str]:
        """Return what runs a program."""
        return [self.program, str(program)]


LANGUAGES = {"octave": Octave(), "r": R()}


def _results(file: Path) -> Iterator[Array]:
    """Yield the arrays of a file, whose first index runs fastest."""
    numbers, start = np.fromfile(file), 0
    while start < numbers.size:
        axes = int(numbers[start])
        shape = numbers[start + 1 : start + 1 + axes].astype(int)
        start += 1 + axes
        yield numbers[start : start + shape.prod()].reshape(shape, order="F")
        start += shape.prod()


@pytest.mark.cpu
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LANGUAGES)
def test_every_operation_and_reduction(name: str, dtype: str, tmp_path: Path) -> None:
    language = LANGUAGES[name]
    if shutil.which(language.program) is None:
        pytest.skip(f"{language.program} is not here")
    tasks = comparisons(dtype)
    data, program, results = tmp_path / "data", tmp_path / f"program{language.suffix}", tmp_path / "results"
    np.concatenate([np.float64(array).ravel() for task in tasks for _, array in task.operands]).tofile(data)
    program.write_text(language.text(tasks, dtype, data, results))
    environment = {**os.environ, "PAIRFOLD_PYTHON": sys.executable, "RETICULATE_PYTHON": sys.executable}
    environment |= language.environment(tmp_path)
    done = subprocess.run(language.command(program), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = _results(results)
    for task in tasks:
        for expected in task.expected:
            given = next(found)
            true = expected + 1 if task.is_reduction and expected.dtype.kind == "i" else expected
            values = given.reshape(true.shape)
            scale = 1 + np.abs(true[np.isfinite(true)]).max(initial=0)
            np.testing.assert_allclose(values, true, rtol=0, atol=TOLERANCE[dtype] * scale, err_msg=task.name)


def test_no_operation_is_left_out() -> None:
    compared = {task.name for task in comparisons("float64")}
    real = {op.method or op.name for op in CATALOGUE.values() if op.arity and not op.name.startswith("Complex")}
    assert real & set(METHODS) - compared == {"real2complex", "imag2complex"}
    assert set(NAMES) <= compared
