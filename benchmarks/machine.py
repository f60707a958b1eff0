"""What this machine can do at most: measured with chains of vector instructions, made without pairfold."""

from __future__ import annotations

import ctypes
import platform
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np

from benchmarks.jobs import Job

__all__ = ["Machine", "measure_machine"]

STEPS = 4_000_000
CHAINS = {16: 20, 8: 12, 4: 12}
"""Chains of a stream that alternates, by lanes: as many as registers hold, since four a cycle need sixteen at least."""

LATENCY_OF_FUSED_PRODUCT = 4
"""Clock cycles from operand to result on x86 cores since 2017; turns the dependent chain into a clock."""


@dataclass(frozen=True)
class Machine:
    """The vector units: how many float32 operations a second all threads together can start.

    `mixed` is the rate of a stream that alternates fused products and additions: cores with separate units for
    the two start more of them together than of either alone.
    """

    processor: str
    threads: int
    lanes: int
    clock: float
    multiplies: float
    adds: float
    mixed: float

    def limit(self, job: Job) -> float:
        """Return the pairs per second that the vector units allow for `job`; a float64 takes the place of two lanes."""
        return (4 / np.dtype(job.dtype).itemsize) / max(
            job.multiplies / self.multiplies,
            job.adds / self.adds,
            (job.multiplies + job.adds) / self.mixed,
        )

    def describe(self) -> str:
        """Return the line that opens the report."""
        rates = " / ".join(f"{rate / 1e9:.0f}" for rate in (self.multiplies, self.adds, self.mixed))
        return (
            f"{self.processor}, {self.threads} threads, {self.lanes} float32 lanes, clock {self.clock / 1e9:.2f} GHz, "
            f"fused products / additions / both: {rates} G lane operations a second"
        )


def _lanes() -> int:
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 16
    return 8 if features.get("avx2") or features.get("avx") else 4


def _chains(lanes: int, kinds: str) -> str:
    """Return LLVM IR of a loop over one chain per letter of `kinds`: m = fused product, a = addition."""
    vector = f"<{lanes} x float>"
    numbers = range(len(kinds))
    phis = "\n".join(f"  %v{n} = phi {vector} [ %start, %entry ], [ %w{n}, %loop ]" for n in numbers)
    steps = "\n".join(
        f"  %w{n} = call {vector} @llvm.fma({vector} %v{n}, {vector} %factor, {vector} %step)"
        if kind == "m"
        else f"  %w{n} = fadd {vector} %v{n}, %step"
        for n, kind in enumerate(kinds)
    ).replace("@llvm.fma", f"@llvm.fma.v{lanes}f32")
    sums = "\n".join(f"  %s{n + 1} = fadd {vector} %s{n}, %w{n}" for n in numbers)
    return f"""
declare {vector} @llvm.fma.v{lanes}f32({vector}, {vector}, {vector})
define void @run(i64 %count, ptr %data) {{
entry:
  %factor = load {vector}, ptr %data
  %step_at = getelementptr {vector}, ptr %data, i64 1
  %step = load {vector}, ptr %step_at
  %start_at = getelementptr {vector}, ptr %data, i64 2
  %start = load {vector}, ptr %start_at
  br label %loop
loop:
  %k = phi i64 [ 0, %entry ], [ %next, %loop ]
{phis}
{steps}
  %next = add i64 %k, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  %s0 = load {vector}, ptr %data
{sums}
  store {vector} %s{len(kinds)}, ptr %data
  ret void
}}
"""


class _Programs:
    """Compiled chains; keeps the engine alive as long as the functions."""

    def __init__(self, lanes: int) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self.lanes = lanes
        target = llvm.Target.from_default_triple()
        features = llvm.get_host_cpu_features().flatten() + (",-prefer-256-bit" if lanes == 16 else "")
        machine = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=3)
        self.engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)

    def function(self, kinds: str) -> Callable[[], float]:
        """Return a function that runs the chains once and gives the seconds it took."""
        module = llvm.parse_assembly(_chains(self.lanes, kinds))
        self.engine.add_module(module)
        self.engine.finalize_object()
        address = self.engine.get_function_address("run")
        native = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)(address)
        self.engine.remove_module(module)
        self._keep = getattr(self, "_keep", [])
        self._keep.append(module)
        lanes = self.lanes

        def run() -> float:
            floats = [0.5] * lanes + [0.25] * lanes + [0.125] * lanes
            buffer = (ctypes.c_float * (len(floats) + 16))()
            at = (-ctypes.addressof(buffer)) % 64
            (ctypes.c_float * len(floats)).from_buffer(buffer, at)[:] = floats
            start = time.perf_counter()
            native(STEPS, ctypes.addressof(buffer) + at)
            return time.perf_counter() - start

        return run


def _on_all_threads(run: Callable[[], float], threads: int) -> float:
    """Return the least seconds of ten rounds of `run` on every thread at once."""

    def one_round() -> float:
        workers = [threading.Thread(target=run) for _ in range(threads)]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return time.perf_counter() - start

    return min(one_round() for _ in range(10))


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def measure_machine(threads: int) -> Machine:
    """Measure the clock and the three rates; takes some seconds."""
    lanes = _lanes()
    programs = _Programs(lanes)

    def rate(kinds: str) -> float:
        return threads * STEPS * len(kinds) * lanes / _on_all_threads(programs.function(kinds), threads)

    alone = programs.function("m")
    mixed = rate("ma" * (CHAINS[lanes] // 2))
    clock = LATENCY_OF_FUSED_PRODUCT * STEPS / min(alone() for _ in range(5))
    return Machine(_processor_name(), threads, lanes, clock, rate("m" * 12), rate("a" * 12), mixed)
