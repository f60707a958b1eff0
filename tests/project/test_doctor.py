"""The doctor: what it finds, what it says about it, and that it notices what is wrong."""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pairfold import __version__, doctor
from pairfold.__main__ import main
from pairfold.doctor import Finding, Health, examine
from pairfold.errors import TargetError
from pairfold.targets.cpu.compile import default_threads, level_of, machine, threads_and_origin
from pairfold.targets.cuda.driver import use_driver
from tests.project.test_import import run_python
from tests.ptx_interpreter.driver import FakeDriver

POINTS = 300


def texts(health: Health) -> dict[str, str]:
    return {finding.name: finding.text for finding in health.findings}


def test_as_a_program_it_says_what_there_is_and_nothing_on_stderr(tmp_path: Path) -> None:
    program = "import runpy, sys; sys.argv = ['pairfold']; runpy.run_module('pairfold', run_name='__main__')"
    done = run_python(program, tmp_path, PAIRFOLD_NUM_THREADS="1")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    found = dict(re.match(r"(\w[\w ]*): +(.*)", line).groups() for line in lines[:-3])  # type: ignore[union-attr]
    assert list(found) == ["pairfold", "python", "packages", "processor", "threads", "sum on CPU", "GPU", "commands"]
    assert found["pairfold"] == __version__
    assert f"numpy {version('numpy')}, llvmlite {version('llvmlite')}, torch" in found["packages"]
    assert found["threads"] == "1, from the environment variable PAIRFOLD_NUM_THREADS"
    told = re.match(r"10000 x 10000 .* ms, \S+ pairs a second .* relative error (\S+) against", found["sum on CPU"])
    assert told is not None
    assert 0 < float(told[1]) < doctor.ALLOWED / 10
    assert lines[-3:-1] == ["", "Paste this line into a report of a problem:"]
    assert lines[-1].startswith(f"pairfold {__version__} | CPython ")
    assert list(tmp_path.iterdir()) == []


def test_no_framework_is_imported(tmp_path: Path) -> None:
    program = """
import sys
from pairfold.doctor import examine
assert "torch" in str(examine(100))
print({"torch", "jax", "dask", "cupy", "matplotlib"} & set(sys.modules))
"""
    assert run_python(program, tmp_path).stdout == "set()\n"


def test_packages_that_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("numpy", "no-such-package"))
    health = examine(POINTS)
    assert texts(health)["packages"] == f"numpy {np.__version__}, no-such-package (not installed)"
    assert "no-such-package" not in health.line
    monkeypatch.setattr(doctor, "OTHER_NAMES", {"no-such-package": ("neither-this", "numpy")})
    assert f"no-such-package {np.__version__}" in examine(POINTS).line


@pytest.mark.cpu
def test_processor_and_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAIRFOLD_NUM_THREADS", "OMP_NUM_THREADS", "PAIRFOLD_CPU_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    processor = machine()
    found = texts(examine(POINTS))
    assert found["processor"] == (
        f"{processor.name}, level {level_of(processor)}, vectors of {8 * processor.vector_bytes} bits"
    )
    assert found["threads"].startswith(f"{default_threads()}, from the cores")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads_and_origin() == (3, "the environment variable OMP_NUM_THREADS")
    monkeypatch.setenv("PAIRFOLD_NUM_THREADS", "2")
    assert threads_and_origin() == (2, "the environment variable PAIRFOLD_NUM_THREADS")
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.delenv("PAIRFOLD_NUM_THREADS")
    assert threads_and_origin() == (os.cpu_count() or 1, "the cores of this machine")


def test_a_level_that_is_not_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PAIRFOLD_CPU_LEVEL", "avx1024")
    machine.cache_clear()
    assert main([]) == 1
    machine.cache_clear()
    assert "processor:  There is no CPU level 'avx1024'; choose one of" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("factor", "verdict"), [(2.0, "error 1.0e+00"), (np.nan, "error inf"), (1.0001, "error 1.0e-04")]
)
def test_wrong_sums_are_noticed(
    factor: float, verdict: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = doctor.Genred

    def wrong(*made_with: Any, **keywords: Any) -> Any:
        return lambda *args, **settings: factor * right(*made_with, **keywords)(*args, **settings)

    monkeypatch.setattr(doctor, "Genred", wrong)
    monkeypatch.setattr(doctor, "POINTS", POINTS)
    assert main([]) == 1
    printed = capsys.readouterr().out
    assert "WRONG, more than 1e-05 is not rounding: " in printed
    assert re.search(rf"sum on CPU: WRONG, .* pairs a second, {re.escape(verdict)}", printed.splitlines()[-1])


def test_a_sum_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError("no memory for code")

    monkeypatch.setattr(doctor, "Genred", fail)
    health = examine(POINTS)
    assert not health.is_well
    assert texts(health)["sum on CPU"] == "FAILED, OSError: no memory for code"
    assert "sum on CPU FAILED (OSError: no memory for code)" in health.line


def test_why_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Any:
        raise TargetError("A GPU was asked for, but the NVIDIA driver finds none. Check that `nvidia-smi` lists it.")

    monkeypatch.setattr(doctor, "driver", refuse)
    health = examine(POINTS)
    assert health.is_well
    assert texts(health)["GPU"].endswith("the NVIDIA driver finds none. Check that `nvidia-smi` lists it.")
    assert health.line.endswith("no GPU (A GPU was asked for, but the NVIDIA driver finds none)")


def test_gpus_are_tried_too() -> None:
    with use_driver(FakeDriver()):
        health = examine(40)
    found = texts(health)
    assert "multiprocessors" in found["GPU 0"]
    assert found["sum on GPU 0"].startswith("40 x 40 Gaussian kernel")
    assert health.is_well
    assert "sum on GPU 0: " in health.line


def test_health_is_that_of_all_findings() -> None:
    well, ill = Finding("a", "b", "c"), Finding("d", "e", is_well=False)
    assert Health([well]).is_well
    assert not Health([well, ill]).is_well
    assert str(Health([well, ill])) == "a:          b\nd:          e\n\nPaste this line into a report of a problem:\nc"


def test_sys_is_what_runs() -> None:
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in texts(examine(POINTS))["python"]
