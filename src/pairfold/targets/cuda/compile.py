"""The target for NVIDIA GPUs: LLVM IR to PTX, which the driver of the device turns into machine code."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from pairfold.codegen.llvm import LLVM_LOCK, optimise
from pairfold.codegen.work import Kernel, Work
from pairfold.errors import TargetError
from pairfold.schedule.schedule import UNROLL
from pairfold.targets.cuda.driver import Device, Driver
from pairfold.targets.cuda.kernel import column_size, columns_in_tile, emit_cuda_kernel
from pairfold.targets.cuda.schedule import CudaSchedule, choose
from pairfold.transform.separate import frontier

__all__ = [
    "CudaCode",
    "architecture_of",
    "compile_cuda",
    "cuda_schedule_for",
    "find_assembler",
    "ptx_of",
    "register_count",
]

TRIPLE = "nvptx64-nvidia-cuda"
KERNEL_NAME = "pairfold_kernel"


@dataclass(frozen=True, eq=False)
class CudaCode:
    """A kernel as PTX, the assembly language of the driver."""

    kernel: Kernel
    schedule: CudaSchedule
    dtype: str
    ptx: str
    functions: dict[tuple[Driver, int], Any] = field(default_factory=dict)
    """What drivers made of it for their devices."""

    def function(self, engine: Driver, device: int) -> Any:
        """Return its function on a device, loading it when it is new there."""
        found = self.functions.get((engine, device))
        if found is None:
            found = self.functions[engine, device] = engine.load(device, self.ptx, self.kernel.name)
        return found


def cuda_schedule_for(work: Work, dtype: str, accumulate: str = "block", few_rows: bool = False) -> CudaSchedule:
    """Choose the schedule of `work`."""
    return choose(
        item_bytes=4 if dtype == "float32" else 8,
        column_size=column_size(columns_in_tile(work)),
        row_dim=sum(node.dim for node in frontier(work.roots).row),
        looped_dim=work.longest_sum if work.longest_sum > UNROLL else 0,
        state_dim=work.added_dim,
        rare_dim=sum(placeholder.dim for field, placeholder in work.fields if field.name in dict(work.rare)),
        accumulate=accumulate,
        few_rows=few_rows,
    )


_ARCHITECTURES = ((8, 0), (7, 5), (7, 0), (6, 0), (5, 0))
"""Generations of devices that PTX is written for: the best one that a device understands."""


def architecture_of(device: Device) -> str:
    """Return the name of the architecture that PTX for a device is written for.

    Raises
    ------
    TargetError
        If the device is too old.
    """
    for major, minor in _ARCHITECTURES:
        if device.capability >= (major, minor):
            return f"sm_{major}{minor}"
    major, minor = device.capability
    raise TargetError(
        f"{device.name} has the compute capability {major}.{minor}; at least 5.0 is needed. Compute on the CPU "
        "(backend='CPU')."
    )


@cache
def _target_machine(architecture: str) -> Any:
    """Return the code generator for one generation of devices, ``"sm_80"`` for instance."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    return llvm.Target.from_triple(TRIPLE).create_target_machine(cpu=architecture, opt=3)


def compile_cuda(work: Work, dtype: str, schedule: CudaSchedule, architecture: str = "sm_80") -> CudaCode:
    """Emit and optimise the kernel for `work` as PTX, which runs on the `architecture` and all later ones."""
    module = ir.Module(name="pairfold")
    kernel = emit_cuda_kernel(module, KERNEL_NAME, work, dtype, schedule)
    return CudaCode(kernel, schedule, dtype, ptx_of(module, architecture))


def ptx_of(module: ir.Module, architecture: str) -> str:
    """Optimise a module and return it as PTX."""
    with LLVM_LOCK:
        machine = _target_machine(architecture)
        parsed = llvm.parse_assembly(str(module))
        parsed.triple = TRIPLE
        parsed.data_layout = str(machine.target_data)
        parsed.verify()
        optimise(parsed, machine)
        return str(machine.emit_assembly(parsed))


def find_assembler() -> Path | None:
    """Return NVIDIA's assembler ``ptxas``, from the search path or a Python package, when there is one.

    Nothing that computes needs it; it tells what the driver will make of a kernel.
    """
    found = shutil.which("ptxas")
    if found is not None:
        return Path(found)
    package = importlib.util.find_spec("nvidia")
    places = [] if package is None else [Path(place) for place in package.submodule_search_locations or ()]
    for place in places:
        for assembler in sorted(place.glob("*/bin/ptxas")):
            return assembler
    return None


@lru_cache(maxsize=64)
def register_count(ptx: str, capability: tuple[int, int]) -> int | None:
    """Return how many registers a thread of the kernel uses, by the assembler; None where there is none."""
    assembler = find_assembler()
    if assembler is None or not Path("/dev/stdin").exists():
        return None
    command = [str(assembler), "-v", "-arch=sm_{}{}".format(*capability), "/dev/stdin", "-o", os.devnull]
    done = subprocess.run(command, input=ptx, capture_output=True, text=True, check=False)
    used = re.search(r"Used (\d+) registers", done.stdout + done.stderr)
    return int(used.group(1)) if used else None
