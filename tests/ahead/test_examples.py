"""The examples of examples/ahead in the languages whose compilers are here, and the memory checker."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pairfold import compile_ahead
from tests.ahead.build import STRICT, run, tool

EXAMPLES = Path(__file__).parents[2] / "examples" / "ahead"

OBJECTS = ["gauss.o", "gauss_kernel.o"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the examples and the Gaussian kernel that they call."""
    aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)"]
    compile_ahead("gauss", "Exp(-g*SqDist(x,y))*b", aliases, dtype="float64", folder=tmp_path)
    run(tool("cc"), *STRICT, "-fPIC", "-c", "gauss.c", cwd=tmp_path)
    for path in EXAMPLES.iterdir():
        shutil.copy(path, tmp_path)
    return tmp_path


def test_c(folder: Path) -> None:
    run(tool("cc"), *STRICT, "gauss_example.c", *OBJECTS, "-lm", "-o", "program", cwd=folder)
    assert "largest difference" in run("./program", cwd=folder)


def test_c_under_a_memory_checker(folder: Path) -> None:
    run(tool("cc"), *STRICT, "-g", "gauss_example.c", *OBJECTS, "-lm", "-o", "program", cwd=folder)
    run(tool("valgrind"), "-q", "--error-exitcode=9", "--leak-check=full", "./program", cwd=folder)


def test_cpp_with_threads(folder: Path) -> None:
    strict = ["-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    run(tool("c++"), *strict, "gauss_example.cpp", *OBJECTS, "-pthread", "-o", "program", cwd=folder)
    assert "largest difference" in run("./program", cwd=folder)


def test_fortran(folder: Path) -> None:
    run(tool("gfortran"), "-O1", "-Wall", "gauss_example.f90", *OBJECTS, "-o", "program", cwd=folder)
    assert "largest difference" in run("./program", cwd=folder)


def test_r(folder: Path) -> None:
    run(tool("R"), "CMD", "SHLIB", "-o", "gauss.so", "gauss.c", "gauss_kernel.o", cwd=folder)
    assert "largest difference" in run(tool("Rscript"), "gauss_example.R", cwd=folder)


def test_octave(folder: Path) -> None:
    run(tool("mkoctfile"), "--mex", "gauss_mex.c", *OBJECTS, cwd=folder)
    program = """
        x = rand(3, 30); y = rand(3, 20); b = rand(1, 20);
        squared = sum((permute(x, [2 3 1]) - permute(y, [3 2 1])) .^ 2, 3);
        assert (gauss_mex(x, y, b, 0.5), (exp(-0.5 * squared) * b')', 1e-12);
        try, gauss_mex(x, y, b), catch problem, disp(problem.message), end
    """
    assert "takes x (3 x n)" in run(tool("octave-cli"), "--no-history", "-q", "--eval", program, cwd=folder)
