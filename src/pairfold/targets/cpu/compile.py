"""The CPU target: LLVM IR to machine code in this process."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from pairfold.codegen.cost import code_size, cost_per_pair
from pairfold.codegen.lanes import Lanes
from pairfold.codegen.llvm import LLVM_LOCK, optimise
from pairfold.codegen.work import Kernel, Work
from pairfold.errors import TargetError
from pairfold.schedule.schedule import Schedule, choose
from pairfold.targets.cpu.table import emit_kernel

__all__ = [
    "LEVELS",
    "CpuCode",
    "Machine",
    "compile_work",
    "default_threads",
    "level_of",
    "load",
    "machine",
    "schedule_on",
    "scratch_bytes",
    "threads_and_origin",
]


@dataclass(frozen=True, eq=False)
class Machine:
    """What the code generator must know about the processor."""

    name: str
    features: frozenset[str]
    vector_bytes: int
    registers: int


LOOP_COST = 4
"""Instructions around the formula: loads of columns and the counting of a loop."""

MERGE_COST = 150
"""Instructions per number of a state that is merged."""


@dataclass(frozen=True, eq=False)
class CpuCode:
    """A compiled kernel, and the one that computes column-only values for it. `engine` keeps the machine code alive."""

    kernel: Kernel
    work: Work
    schedule: Schedule
    dtype: str
    call: Callable[[int, int, int, int, int], None]
    engine: Any
    columns: CpuCode | None = None

    @property
    def instructions(self) -> int:
        """Instructions of the formula for one vector of pairs."""
        schedule = self.schedule
        return cost_per_pair(self.work, Lanes, schedule.lanes, self.dtype, schedule.features).instructions

    @cached_property
    def cost(self) -> float:
        """Instructions per pair, roughly."""
        if self.work.partial_states:
            return MERGE_COST * sum(state.dim for state in self.work.partial_states)
        return (self.instructions + LOOP_COST) / self.schedule.lanes

    @cached_property
    def scratch_bytes(self) -> int:
        """Bytes of scratch memory that each thread needs."""
        return scratch_bytes(self.kernel, self.schedule, self.dtype)


def scratch_bytes(kernel: Kernel, schedule: Schedule, dtype: str) -> int:
    """Return the bytes of scratch memory that a thread needs for a kernel."""
    item = 4 if dtype == "float32" else 8
    return max(1, kernel.scratch_vectors) * schedule.lanes * item


LEVELS = {
    "avx512": (("avx512f", "avx512dq", "avx512vl", "avx512bw", "avx2", "fma"), 64, 32),
    "avx2": (("avx2", "fma"), 32, 16),
    "sse2": (("sse2",), 16, 16),
}
"""x86-64 feature levels: what they need, bytes of a vector register, number of registers."""


@cache
def _processor() -> tuple[str, frozenset[str]]:
    """Return the name of the processor and all its features."""
    with LLVM_LOCK:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        features = frozenset(name for name, on in llvm.get_host_cpu_features().items() if on)
        return llvm.get_host_cpu_name(), known_features(llvm.get_process_triple(), features)


def known_features(triple: str, listed: frozenset[str]) -> frozenset[str]:
    """Return the features of a processor for which LLVM lists `listed`: a few systems have it list nothing.

    Examples
    --------
    >>> sorted(known_features("arm64-apple-darwin24.0.0", frozenset()))
    ['neon']
    """
    return listed | {"neon"} if triple.startswith(("aarch64", "arm64")) else listed


@cache
def machine(level: str | None = None) -> Machine:
    """Return the processor, limited to a feature level when one is given.

    Parameters
    ----------
    level : {"avx512", "avx2", "sse2"}, optional
        By default the best that the processor has; the environment variable ``PAIRFOLD_CPU_LEVEL`` also sets it.

    Raises
    ------
    TargetError
        If the processor lacks the level.
    """
    name, available = _processor()
    level = level or os.environ.get("PAIRFOLD_CPU_LEVEL")
    if level is not None and level not in LEVELS:
        raise TargetError(f"There is no CPU level {level!r}; choose one of {', '.join(LEVELS)}.")
    if level is None and "sse2" not in available:
        return Machine(name, available, 16, 32)
    for known, (needed, vector_bytes, registers) in LEVELS.items():
        if level in (None, known) and available.issuperset(needed):
            kept = frozenset(feature for feature in available if not feature.startswith(_BEYOND[known]))
            return Machine(name, kept, vector_bytes, registers)
    raise TargetError(
        f"The CPU level {level!r} was asked for, but the processor {name} lacks it. "
        "Leave the level out to use the best that it has."
    )


_BEYOND = {
    "avx512": (),
    "avx2": ("avx512",),
    "sse2": ("avx", "fma", "f16c", "xop", "vaes", "vpcl", "gfni", "sse3", "ssse3", "sse4"),
}
"""Beginnings of the names of features that a level must not use."""


def default_threads() -> int:
    """Return the number of threads: `PAIRFOLD_NUM_THREADS`, `OMP_NUM_THREADS`, else the cores this process may use."""
    return threads_and_origin()[0]


def threads_and_origin() -> tuple[int, str]:
    """Return the number of threads, and in words where it comes from."""
    for name in ("PAIRFOLD_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(name, "")
        if text.isdigit() and int(text) > 0:
            return int(text), f"the environment variable {name}"
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)), "the cores that this process may use"
    return os.cpu_count() or 1, "the cores of this machine"


def level_of(processor: Machine) -> str:
    """Return the name of the feature level that code for a processor uses.

    Examples
    --------
    >>> level_of(machine("sse2")) if "x86_64" in llvm.get_process_triple() else "sse2"
    'sse2'
    """
    for level, (needed, vector_bytes, _) in LEVELS.items():
        if processor.features.issuperset(needed) and processor.vector_bytes == vector_bytes:
            return level
    return "neon" if "neon" in processor.features else "plain"


def schedule_on(
    processor: Machine,
    work: Work,
    dtype: str,
    accumulate: str = "block",
    few_rows: bool = False,
    triple: str | None = None,
) -> Schedule:
    """Choose the schedule of `work` on a processor and the system that LLVM calls `triple`, by default this one."""
    item_bytes = 4 if dtype == "float32" else 8
    lanes = Lanes, processor.vector_bytes // item_bytes, dtype, processor.features
    return choose(
        vector_bytes=processor.vector_bytes,
        registers=processor.registers,
        features=processor.features,
        item_bytes=item_bytes,
        longest_sum=work.longest_sum,
        state_dim=work.added_dim,
        code_size=lambda unroll: code_size(work, unroll, *lanes),
        shared_dim=work.shared_dim,
        accumulate=accumulate,
        few_rows=few_rows,
        kept=work.kept,
        is_guarded=work.guard is not None,
        mixes_components=work.mixes_components,
        across_dim=work.across_dim,
        small_frames=small_frames(triple or llvm.get_process_triple()),
    )


def small_frames(triple: str) -> bool:
    """Tell whether stack frames must stay below a page: beyond, Windows wants a function that touches every page.

    Examples
    --------
    >>> small_frames("x86_64-pc-windows-msvc")
    True
    """
    return "windows" in triple


def compile_work(
    work: Work, dtype: str, schedule: Schedule, name: str = "kernel", columns: CpuCode | None = None
) -> CpuCode:
    """Emit, optimise and load the kernel for `work`."""
    module = ir.Module(name="pairfold")
    kernel = emit_kernel(module, name, work, dtype, schedule)
    engine, (address,) = load(module, [name], schedule.features, opt=2 if schedule.inlines else 1)
    integers = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
    call = ctypes.CFUNCTYPE(None, *integers)(address)
    return CpuCode(kernel, work, schedule, dtype, call, engine, columns)


def load(
    module: ir.Module, names: Sequence[str], features: frozenset[str] = frozenset(), opt: int = 2
) -> tuple[Any, list[int]]:
    """Make machine code of a module; return what keeps it alive, and the addresses of the functions called `names`."""
    with LLVM_LOCK:
        target_machine = _target_machine(features, opt)
        parsed = llvm.parse_assembly(str(module))
        parsed.triple = llvm.get_process_triple()
        parsed.verify()  # LLVM passes crash the process on what the verifier rejects
        optimise(parsed, target_machine)
        engine = llvm.create_mcjit_compiler(parsed, target_machine)
        engine.finalize_object()
        addresses = [int(engine.get_function_address(name)) for name in names]
        engine.remove_module(parsed)  # the machine code stays; the module takes several times its memory
    return engine, addresses


def _target_machine(features: frozenset[str], opt: int = 2) -> Any:
    name, available = _processor()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=name, features=switches(features, available), opt=opt, jit=True)


def switches(features: frozenset[str], available: frozenset[str]) -> str:
    """Return what tells LLVM to use `features`, of those that are `available`.

    Examples
    --------
    >>> switches(frozenset({"avx2", "fma"}), frozenset({"avx2", "avx512f", "fma"}))
    '+avx2,+fma,-avx512f'
    """
    names = [f"+{feature}" for feature in sorted(features)]
    if features:
        names += [f"-{feature}" for feature in sorted(available - features)]
    if "avx512f" in features:
        # Without this LLVM splits 512-bit vectors on processors that it tunes for 256 bits.
        names.append("-prefer-256-bit")
    return ",".join(names)
