"""All programs for GPUs assemble, and the important ones are what they are meant to be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from llvmlite import ir

from pairfold.codegen.work import Work
from pairfold.engine.plan import make_plan, merge_work
from pairfold.ir.expr import OPERATIONS, Category, make
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.reductions import REDUCTIONS
from pairfold.targets.cuda.compile import CudaCode, architecture_of, compile_cuda, cuda_schedule_for, ptx_of
from pairfold.targets.cuda.driver import Device
from pairfold.targets.cuda.kernel import emit_cuda_kernel
from tests.conformance.cases import all_cases, label
from tests.conformance.problems import problem
from tests.engine.problems import G, gaussian_sum, squared_distance
from tests.targets.cuda.assembler import assemble, machine_code
from tests.targets.cuda.runs import CASES

Named = tuple[str, Work, str]
PER_MODULE = 60


def _operations() -> list[Named]:
    """Return every case once, float32 and float64 in turns."""
    order = (Category.ROW, Category.COLUMN, Category.PARAMETER)
    found = []
    for number, case in enumerate(all_cases()):
        name, dims, params = case
        operands = [variable(p, dim, order[(p + number) % 3]) for p, dim in enumerate(dims)]
        task = Problem(make(OPERATIONS[name], operands, params), REDUCTIONS["Sum"])
        found.append((label(case), make_plan(task).work, ("float32", "float64")[number % 2]))
    return found


def _reductions() -> list[Named]:
    """Return every reduction: in one kernel; or a kernel for parts and that which merges them."""
    found = []
    for number, (name, dim) in enumerate(CASES):
        task = problem(name, dim)
        parts = [make_plan(task.unfinished).work, merge_work(task.reduction, task.sizes)]
        works = parts if dim != 3 else [make_plan(task).work]
        found += [(f"{name}-{dim}", work, ("float32", "float64")[number // 2 % 2]) for work in works]
    return found


def _modules() -> list[list[Named]]:
    works = _operations() + _reductions()
    return [works[start : start + PER_MODULE] for start in range(0, len(works), PER_MODULE)]


def _ptx(works: list[Named], architecture: str) -> str:
    module = ir.Module(name="many")
    for number, (_, work, dtype) in enumerate(works):
        schedule = cuda_schedule_for(work, dtype, few_rows=number % 2 == 0)
        emit_cuda_kernel(module, f"kernel{number}", work, dtype, schedule)
    return ptx_of(module, architecture)


@pytest.mark.parametrize("number", range(len(_modules())))
def test_everything_assembles(number: int, tmp_path: Path) -> None:
    works = _modules()[number]
    ptx = _ptx(works, "sm_80")
    for architecture in ("sm_80", "sm_90"):
        assert len(assemble(ptx, architecture, tmp_path)) == len(works)


@pytest.mark.parametrize("architecture", ["sm_75", "sm_100", "sm_120"])
def test_other_generations(architecture: str, tmp_path: Path) -> None:
    """Turing has PTX of its own; later generations than Hopper take that of Ampere."""
    works = _operations()[::20] + _reductions()[::20]
    ptx = _ptx(works, "sm_75" if architecture == "sm_75" else "sm_80")
    assert len(assemble(ptx, architecture, tmp_path)) == len(works)


@pytest.mark.parametrize(
    ("capability", "expected"),
    [((9, 0), "sm_80"), ((12, 0), "sm_80"), ((8, 6), "sm_80"), ((7, 5), "sm_75"), ((7, 2), "sm_70"), ((5, 2), "sm_50")],
)
def test_devices_get_the_best_code_that_they_understand(capability: tuple[int, int], expected: str) -> None:
    device = Device(0, "a device", capability, 1, 1e9)
    assert architecture_of(device) == expected
    plan = make_plan(gaussian_sum())
    code = compile_cuda(plan.work, "float32", cuda_schedule_for(plan.work, "float32"), expected)
    assert f".target {expected}" in code.ptx


# ---------------------------------------------------------------- the programs whose speed counts


def _compiled(task: Problem, few_rows: bool = False) -> CudaCode:
    work = make_plan(task).work
    return compile_cuda(work, "float32", cuda_schedule_for(work, "float32", few_rows=few_rows))


TUNED = {
    "Gaussian sum": gaussian_sum(3),
    "log-sum-exp": Problem(-G * squared_distance(3), REDUCTIONS["LogSumExp"]),
    "ten nearest neighbours": Problem(squared_distance(3), REDUCTIONS["KMin_ArgKMin"], k=10),
    "Gaussian sum of 100 dimensions": gaussian_sum(100),
}


@pytest.mark.parametrize("name", TUNED)
@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
def test_registers_suffice(name: str, architecture: str, tmp_path: Path) -> None:
    """Few enough for 512 threads on a multiprocessor with 65536 registers, and none goes to memory."""
    code = _compiled(TUNED[name])
    (report,) = assemble(code.ptx, architecture, tmp_path, optimise=3).values()
    assert report.spilled == 0
    assert report.registers <= 128
    assert report.shared == code.schedule.tile * code.schedule.column_size * 4
    is_long = "100" in name  # rows of 100 dimensions are not held in registers
    assert (report.stack > 0) == is_long


@pytest.mark.parametrize("name", TUNED)
def test_every_address_has_a_known_space(name: str) -> None:
    ptx = _compiled(TUNED[name]).ptx
    assert re.search(r"\bld\.shared\b", ptx)
    assert not re.search(r"\b(ld|st)(\.v[24])?\.[bfu]\d", ptx)


@pytest.mark.parametrize("name", ["Gaussian sum", "Gaussian sum of 100 dimensions"])
def test_columns_are_read_16_bytes_at_a_time(name: str, tmp_path: Path) -> None:
    """The assembler joins loads of neighbours whose alignment it knows."""
    code = _compiled(TUNED[name])
    instructions = machine_code(code.ptx, "sm_90", tmp_path)
    assert instructions.count("LDS.128") >= code.schedule.columns


def _loops(ptx: str) -> list[str]:
    """Return the text of all loops: from a label to a branch back to it."""
    found = []
    for label_at in re.finditer(r"^(\$\S+):", ptx, flags=re.MULTILINE):
        back = re.compile(rf"bra(\.uni)?\s+{re.escape(label_at[1])};")
        found += [ptx[label_at.start() : jump.end()] for jump in back.finditer(ptx, label_at.end())]
    return found


def test_the_gaussian_takes_few_instructions() -> None:
    """The loop over columns has one exponential a pair, and no division, conversion or memory of the thread."""
    code = _compiled(TUNED["Gaussian sum"])
    pairs = code.schedule.row_vectors * code.schedule.columns
    loop = min((text for text in _loops(code.ptx) if text.count("ex2.approx.ftz.f32") == pairs), key=len)
    assert not re.search(r"\b(div|rem|cvt|ld\.local|st\.local|ld\.global|call)", loop)
    instructions = [line for line in loop.splitlines() if line.endswith(";")]
    # 3 differences, 3 products, 2 for the exponent, the exponential, the sum; loads and the loop are shared by rows.
    assert len(instructions) <= 13 * pairs
