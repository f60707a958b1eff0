"""Kernels of all kinds for processors and systems that this machine is not: nothing to resolve, small frames, fused.

The machine code is emitted as text and never run.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import llvmlite.binding as llvm
import pytest
from llvmlite import ir

from pairfold.codegen.llvm import LLVM_LOCK, optimise
from pairfold.engine.plan import make_plan
from pairfold.ir.expr import OPERATIONS
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import apply, constant
from pairfold.reductions import REDUCTIONS
from pairfold.targets.cpu.compile import Machine, known_features, schedule_on, switches
from pairfold.targets.cpu.table import emit_kernel
from tests.engine.problems import B, X, Y, gaussian_sum, squared_distance

pytestmark = pytest.mark.cpu

LARGEST_FRAME = 4000
"""Bytes: a page less what a call itself takes."""


class System(NamedTuple):
    """What to compile for; `listed` are the features that LLVM lists there."""

    triple: str
    processor: str
    listed: frozenset[str]
    vector_bytes: int
    registers: int


SSE2 = frozenset({"sse2"})
AVX2 = SSE2 | {"sse4.1", "avx", "avx2", "fma"}
AVX512 = AVX2 | {"avx512f", "avx512dq", "avx512vl", "avx512bw"}
SYSTEMS = {
    "apple-arm64": System("arm64-apple-macosx11.0.0", "apple-m1", frozenset(), 16, 32),
    "windows-arm64": System("aarch64-pc-windows-msvc", "generic", frozenset(), 16, 32),
    "apple-x86-64": System("x86_64-apple-macosx11.0.0", "haswell", AVX2, 32, 16),
    "windows-avx512": System("x86_64-pc-windows-msvc", "skylake-avx512", AVX512, 64, 32),
    "windows-sse2": System("x86_64-pc-windows-msvc", "x86-64", SSE2, 16, 16),
}


def problems() -> dict[str, Problem]:
    """Every math function and whatever rounds, a gradient, wide sums, and every reduction, with many candidates too."""
    difference = X - Y
    functions = [op for op in OPERATIONS.values() if op.expand is None and op.ulp > 0.5]
    values = {op.name: apply(op.name, *[difference] * op.arity) for op in functions}
    values["Floor"] = apply("Floor", difference)
    values["Round"] = apply("Round", difference, params=(2,))
    values["Mod"] = apply("Mod", difference, constant(2.0), constant(0.5))
    values["gradient"] = apply("Exp", -squared_distance()) * difference * B
    values["quotient"] = difference / (constant(1.0) + squared_distance())
    found = {name: Problem(value, REDUCTIONS["Sum"]) for name, value in values.items()}
    found |= {f"Gaussian-{dim}x{wide}": gaussian_sum(dim, wide) for dim, wide in ((1, 1), (16, 1), (100, 3), (3, 40))}
    for reduction in dict.fromkeys(REDUCTIONS.values()):
        for k in (3, 100) if reduction.needs_k else (1,):
            weight = B if reduction.needs_weight else None
            found[f"{reduction.name}-{k}"] = Problem(squared_distance(), reduction, weight, k)
    return found


PROBLEMS = problems()


def assembly(problem: Problem, dtype: str, system: System) -> str:
    features = known_features(system.triple, system.listed)
    host = Machine(system.processor, features, system.vector_bytes, system.registers)
    work = make_plan(problem).work
    module = ir.Module("other")
    emit_kernel(module, "kernel", work, dtype, schedule_on(host, work, dtype, triple=system.triple))
    with LLVM_LOCK:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        target = llvm.Target.from_triple(system.triple)
        # This code model makes calls name what they call.
        machine = target.create_target_machine(
            cpu=system.processor, features=switches(features, features), opt=2, codemodel="small"
        )
        parsed = llvm.parse_assembly(str(module))
        parsed.triple, parsed.data_layout = system.triple, str(machine.target_data)
        parsed.verify()
        optimise(parsed, machine)
        return str(machine.emit_assembly(parsed))


def unresolved(text: str) -> set[str]:
    """Return the functions that are called, or jumped to, and not defined."""
    name = r'"?([A-Za-z_][\w.$@]*)"?'
    called = re.findall(rf"^\s+(?:bl|b|callq?|jmpq?)\s+{name}\s*(?:#.*|//.*|;.*)?$", text, re.MULTILINE)
    return set(called) - set(re.findall(rf"^{name}:", text, re.MULTILINE))


def largest_frame(text: str) -> int:
    """Return the largest number of bytes by which one instruction, or a pair on Arm, moves the stack pointer."""
    sizes = [int(size) for size in re.findall(r"subq\s+\$(\d+), %rsp", text)]
    sizes += [int(size) for size in re.findall(r"movl\s+\$(\d+), %eax\n\s+callq\s+\S*chkstk", text)]
    sizes += [
        int(size) << int(shift or 0) for size, shift in re.findall(r"sub\s+sp, sp, #(\d+)(?:, lsl #(\d+))?", text)
    ]
    return max(sizes, default=0)


def across_lines(text: str) -> list[str]:
    """Return the instructions that move a long vector to or from a place in the stack of any alignment."""
    return re.findall(r"vmovup[sd]\s.*\(%rsp.*%[yz]mm.*|vmovup[sd]\s+%[yz]mm.*%rsp.*", text)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_kernels_for_other_systems(system: System, dtype: str) -> None:
    for name, problem in PROBLEMS.items():
        if dtype == "float64" and problem.reduction.name != "Sum":
            continue  # the state of other reductions is no different in float64
        text = assembly(problem, dtype, system)
        assert unresolved(text) == set(), name
        assert largest_frame(text) <= LARGEST_FRAME, name
        if "pairfold." not in text:  # functions for rare arguments do as they like
            assert across_lines(text) == [], name
        if name.startswith("Gaussian-1x"):
            fused = len(re.findall(r"\s(?:fml[as]|fmadd|vfn?m\w+)[\s.]", text))
            assert (fused > 10) == (system.listed != SSE2), f"{fused} fused instructions"


def test_what_is_looked_for_is_found() -> None:
    text = "kernel:\n\tsubq\t$72, %rsp\n\tmovl\t$4312, %eax\n\tcallq\t__chkstk\n\tcallq\tfloorf\n\tjmp\tkernel\n"
    assert unresolved(text) == {"__chkstk", "floorf"}
    assert len(across_lines("\tvmovups\t%zmm1, 32(%rsp)\n\tvmovupd\t64(%rsp), %ymm3\n\tvmovups\t(%rdi), %zmm2\n")) == 2
    assert largest_frame(text) == 4312
    assert unresolved('_kernel:\n\tbl\t_expf\n\tb\tLBB0_1\nLBB0_1:\n\tbl\t"_pairfold.sort"\n"_pairfold.sort":\n') == {
        "_expf"
    }
    assert largest_frame("\tsub\tsp, sp, #1, lsl #12\n\tsub\tsp, sp, #64") == 4096
