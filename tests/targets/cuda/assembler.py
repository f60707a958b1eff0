"""NVIDIA's assembler for PTX, when a package or a toolkit on this machine has it."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

__all__ = ["Report", "assemble", "machine_code"]


@dataclass(frozen=True)
class Report:
    """What the assembler says about one kernel."""

    registers: int
    spilled: int
    """Bytes of registers that went to memory and back."""
    stack: int
    shared: int


@cache
def _program(name: str) -> str:
    """Return the path of a program: that of one of NVIDIA's packages, else that of a toolkit. Skips without one."""
    spec = importlib.util.find_spec("nvidia")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for found in (*Path(folder).glob(f"*/bin/{name}"), *Path(folder).glob(f"*/bin/{name}.exe")):
            return str(found)
    installed = shutil.which(name)
    if installed is None:
        pytest.skip(f"there is no {name} here: the package nvidia-cuda-{name.replace('ptxas', 'nvcc')} has it")
    return installed


_USAGE = re.compile(
    r"Function properties for (?P<name>\S+)\s+"
    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads\s+"
    r"ptxas info\s+: Used (?P<registers>\d+) registers(?P<rest>.*)"
)


def assemble(ptx: str, architecture: str, folder: Path, optimise: int = 0) -> dict[str, Report]:
    """Assemble PTX and return what is reported, by kernel; fail with the assembler's words when it refuses.

    Skips the test where there is no assembler.
    """
    program = _program("ptxas")
    source = folder / "module.ptx"
    source.write_text(ptx)
    command = [program, "-v", f"-O{optimise}", f"-arch={architecture}", str(source), "-o", str(folder / "module.cubin")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    assert done.returncode == 0, f"ptxas refuses:\n{text[:3000]}"
    reports = {}
    for match in _USAGE.finditer(text):
        shared = re.search(r"(\d+) bytes smem", match["rest"])
        spilled = int(match["stores"]) + int(match["loads"])
        reports[match["name"]] = Report(
            int(match["registers"]), spilled, int(match["stack"]), int(shared[1]) if shared else 0
        )
    return reports


def machine_code(ptx: str, architecture: str, folder: Path) -> str:
    """Return the instructions that the assembler makes of PTX at full optimisation."""
    program = _program("nvdisasm")
    assemble(ptx, architecture, folder, optimise=3)
    command = [program, "-c", str(folder / "module.cubin")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
