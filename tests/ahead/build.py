"""Build what `compile_ahead` writes with the C compiler that is here, and call it from Python."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pairfold import compile_ahead
from pairfold.ahead import CompiledAhead

STRICT = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic"]


def tool(name: str) -> str:
    """Return the path of a program; without it the test is skipped, unless PAIRFOLD_REQUIRE_BINDINGS is set."""
    found = shutil.which(name)
    if found is None and os.environ.get("PAIRFOLD_REQUIRE_BINDINGS"):
        pytest.fail(f"{name} is needed for this test and must be installed with PAIRFOLD_REQUIRE_BINDINGS=1")
    if found is None:
        pytest.skip(f"{name} is not here")
    return found


def run(*command: object, **kwargs: Any) -> str:
    """Run a program and return what it prints; its complaints become the message of the failure."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **kwargs)
    assert done.returncode == 0, f"{done.args}: {done.stdout}{done.stderr}"
    return done.stdout


def library(made: CompiledAhead) -> ctypes.CDLL:
    """Build a shared library with warnings as errors and load it."""
    path = made.object.with_suffix(".so")
    run(tool("cc"), *STRICT, "-fPIC", "-shared", "-Wl,-z,defs", made.source, made.object, "-o", path)
    return ctypes.CDLL(str(path))


def built(folder: Path, name: str, *args: Any, **kwargs: Any) -> ctypes.CDLL:
    """Compile a formula ahead of time and load it."""
    return library(compile_ahead(name, *args, folder=folder, **kwargs))


def address(array: np.ndarray[Any, Any] | None) -> ctypes.c_void_p:
    """Return where an array lies."""
    return ctypes.c_void_p(None if array is None else array.ctypes.data)


def numbers(*values: int) -> list[ctypes.c_int64]:
    """Return 64-bit integers as C takes them."""
    return [ctypes.c_int64(value) for value in values]
