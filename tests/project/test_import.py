"""What importing and using the package does to the world outside: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

OPTIONAL = ("torch", "cupy", "jax", "dask", "scipy", "tqdm", "numba", "pykeops", "matplotlib", "skimage", "sklearn")

BLOCK_OPTIONAL = f"""
import importlib.abc, sys

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {OPTIONAL!r}:
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Blocker())
"""

USE = """
import numpy as np
from pairfold.numpy import Genred, LazyTensor
x, y = np.ones((5, 3)), np.zeros((4, 3))
total = Genred("Exp(-SqDist(x, y))", ["x = Vi(3)", "y = Vj(3)"], axis=1)(x, y)
assert np.allclose(total, 4 * np.exp(-3)), total
distances = ((LazyTensor(x[:, None, :]) - LazyTensor(y[None, :, :])) ** 2).sum(-1)
assert np.allclose((-distances).exp().sum(axis=1), total)
"""


def run_python(program: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    source = Path(__file__).parents[2] / "src"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("program", ["import pairfold, pairfold.numpy", USE], ids=["import", "use"])
def test_prints_nothing_and_writes_nothing(program: str, tmp_path: Path) -> None:
    folders = {}
    for variable in ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        folders[variable] = tmp_path / variable
        folders[variable].mkdir()
    working_folder = tmp_path / "work"
    working_folder.mkdir()
    done = run_python(program, working_folder, **{variable: str(folder) for variable, folder in folders.items()})
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")
    written = [path for folder in (working_folder, *folders.values()) for path in folder.rglob("*")]
    assert written == []


def test_needs_only_numpy_and_llvmlite(tmp_path: Path) -> None:
    done = run_python(BLOCK_OPTIONAL + USE, tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_blocker_of_this_test_blocks(tmp_path: Path) -> None:
    done = run_python(BLOCK_OPTIONAL + "import scipy.special", tmp_path)
    assert "scipy is blocked" in done.stderr


def test_import_loads_no_optional_package(tmp_path: Path) -> None:
    program = "import pairfold.numpy, sys; print(sorted(set(sys.modules)))"
    loaded = run_python(program, tmp_path).stdout
    assert "'numpy'" in loaded
    for name in OPTIONAL:
        assert f"'{name}'" not in loaded


def test_modules_need_no_import_of_their_own(tmp_path: Path) -> None:
    program = """
import sys
import pairfold as pf
assert not {"numpy", "pairfold.numpy"} & set(sys.modules)
assert pf.errors.PairfoldError.__module__ == "pairfold.errors"
assert pf.numpy.Vi(0, 3).shape == (None, 1, 3)
assert {"cupy", "dask", "errors", "jax", "numpy", "pykeops", "sklearn", "torch"} <= set(dir(pf))
try:
    pf.nothing
except AttributeError as error:
    print(error)
"""
    done = run_python(program, tmp_path)
    assert (done.stdout, done.stderr) == ("module 'pairfold' has no attribute 'nothing'\n", "")
