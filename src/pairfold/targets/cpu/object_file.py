"""Kernels as an object file, for this system or another: LLVM IR to machine code that a linker takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from pairfold.codegen.llvm import LLVM_LOCK, optimise
from pairfold.codegen.work import Kernel, Work
from pairfold.errors import ArgumentValueError
from pairfold.schedule.schedule import Schedule
from pairfold.targets.cpu.compile import LEVELS, Machine, switches
from pairfold.targets.cpu.table import emit_kernel

__all__ = ["Part", "known_levels", "machine_of", "native_triple", "object_code"]


@dataclass(frozen=True)
class Part:
    """One kernel of an object file.

    Attributes
    ----------
    symbol : str
        Its name for the linker.
    work : Work
        What it computes.
    schedule : Schedule
        How.
    machine : Machine
        The processor that it is made for.
    """

    symbol: str
    work: Work
    schedule: Schedule
    machine: Machine


_ARM_LEVELS: dict[str, tuple[tuple[str, ...], int, int]] = {"neon": (("neon",), 16, 32)}
"""64-bit Arm: every processor has these vectors, with a fused multiply-add."""


def native_triple() -> str:
    """Return the name of this system in LLVM's words, such as ``x86_64-unknown-linux-gnu``."""
    return str(llvm.get_process_triple())


def known_levels(triple: str) -> tuple[str, ...]:
    """Return the processor levels of a system, best first; raises `ArgumentValueError` for an unknown processor."""
    return tuple(_levels(triple))


def _levels(triple: str) -> dict[str, tuple[tuple[str, ...], int, int]]:
    processor = triple.partition("-")[0]
    if processor == "x86_64":
        return LEVELS
    if processor in ("aarch64", "arm64"):
        return _ARM_LEVELS
    raise ArgumentValueError(
        f"triple is {triple!r}; kernels are made for x86_64 and aarch64 (arm64), for instance "
        "'x86_64-unknown-linux-gnu', 'aarch64-unknown-linux-gnu', 'arm64-apple-macosx11.0.0', 'x86_64-pc-windows-msvc'."
    )


def machine_of(triple: str, level: str) -> Machine:
    """Return the plainest processor of a system that has a level."""
    needed, vector_bytes, registers = _levels(triple)[level]
    name = "x86-64" if triple.startswith("x86_64") else "generic"
    return Machine(name, frozenset(needed), vector_bytes, registers)


def object_code(parts: Sequence[Part], dtype: str, triple: str) -> tuple[bytes, list[Kernel]]:
    """Compile kernels into one object file; the same arguments give the same bytes.

    Every kernel keeps the processor features of its own machine, and the caller chooses among them at run time.

    Raises
    ------
    ArgumentValueError
        If LLVM cannot make code for the system.
    """
    emitted = []
    with LLVM_LOCK:
        target = _target(triple)
        base = _target_machine(target, parts[-1].machine)
        for part in parts:
            module = ir.Module(name="pairfold")
            kernel = emit_kernel(module, part.symbol, part.work, dtype, part.schedule)
            parsed = llvm.parse_assembly(_with_features(str(module), part.machine))
            parsed.triple, parsed.data_layout = triple, str(base.target_data)
            parsed.verify()
            optimise(parsed, _target_machine(target, part.machine))
            emitted.append((parsed, kernel))
        whole = emitted[0][0]
        for parsed, _ in emitted[1:]:
            whole.link_in(parsed)
        return bytes(base.emit_object(whole)), [kernel for _, kernel in emitted]


@cache
def _target(triple: str) -> Any:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        return llvm.Target.from_triple(triple)
    except RuntimeError as reason:
        raise ArgumentValueError(f"triple is {triple!r}, for which LLVM makes no code: {reason}.") from None


def _target_machine(target: Any, machine: Machine) -> Any:
    return target.create_target_machine(
        cpu=machine.name, features=switches(machine.features, machine.features), opt=2, reloc="pic", codemodel="small"
    )


def _with_features(text: str, machine: Machine) -> str:
    """Write the processor into every function of a module, so that linked modules keep their own."""
    mark = f' "target-cpu"="{machine.name}" "target-features"="{switches(machine.features, machine.features)}"'
    lines = text.split("\n")
    return "\n".join(line + mark if line.startswith("define ") else line for line in lines)
