"""Say in words what the engine does with a formula, and how fast it can be at best."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from pairfold.codegen.cost import cost_per_pair
from pairfold.codegen.lanes import Lanes
from pairfold.engine.cuda import divide, program_for, require_gpu
from pairfold.engine.plan import Plan, make_plan
from pairfold.errors import TargetError
from pairfold.ir.call import Call, Extent, Options
from pairfold.ir.expr import Category, Expr, variables
from pairfold.ir.problem import Problem
from pairfold.ir.show import show_together
from pairfold.schedule.schedule import choose_split
from pairfold.targets.cpu.compile import default_threads, machine, schedule_for
from pairfold.targets.cuda.compile import register_count
from pairfold.targets.cuda.driver import Device
from pairfold.targets.cuda.lanes import CudaLanes
from pairfold.transform.separate import frontier

__all__ = ["explain"]


def explain(call: Call, names: dict[Expr, str] | None = None) -> str:
    """Return what is computed where, and how fast it can be.

    Parameters
    ----------
    call : Call
        As for `run`.
    names : dict, optional
        The user's names of variables.

    Returns
    -------
    str
        Several lines: formula, what left the inner loop, schedule, predicted limit.
    """
    problem, dtype, options = call.problem, call.dtype, call.options
    rows, columns, _ = call.extent
    plan = make_plan(problem)
    lines = [f"{problem.reduction.name} over {columns} columns j, for {rows} rows i, in {dtype}:"]
    lines += _formulas(plan, names)
    lines += (
        _on_gpu(problem, rows, columns, dtype, options)
        if options.on_gpu
        else _on_cpu(plan, rows, columns, dtype, options)
    )
    lines.append(
        f"memory: {_memory(call) / 1e6:.1f} MB for arguments and outputs; "
        f"the {rows} x {columns} matrix would take {rows * columns * (4 if dtype == 'float32' else 8) / 1e9:.3g} GB"
    )
    return "\n".join(lines)


def _formulas(plan: Plan, names: dict[Expr, str] | None) -> list[str]:
    """Return the lines that hold formulas; parts that occur several times in long ones are named below them."""
    once = frontier(plan.work.roots, plan.work.packed)
    groups: list[tuple[str, Sequence[Expr]]] = [("  ", [plan.problem.value])]
    if plan.problem.weight is not None:
        groups.append(("  weighted by ", [plan.problem.weight]))
    if plan.has_outer:
        groups.append(("taken out of the sum: ", [plan.outer]))
    for title, nodes in (("call", once.uniform), ("row", once.row), ("column", plan.work.packed)):
        computed = [node for node in nodes if node.op.name != "Var"]
        if computed:
            groups.append((f"computed once per {title}: ", computed))
    shown = show_together([node for _, nodes in groups for node in nodes], names)
    texts = iter(shown.texts)
    lines = [title + ", ".join(next(texts) for _ in nodes) for title, nodes in groups]
    return lines + [f"  where {part}" for part in shown.parts]


def _on_cpu(plan: Plan, rows: int, columns: int, dtype: str, options: Options) -> list[str]:
    """Return the lines about schedule and limit on the CPU."""
    work = plan.work
    schedule = options.schedule or schedule_for(work, dtype, options.accumulate, options.level)
    threads = options.threads or default_threads()
    split = options.split or choose_split(rows, columns, schedule.rows, threads)
    host = machine(options.level)
    instructions = cost_per_pair(work, Lanes, schedule.lanes, dtype, schedule.features).instructions
    return [
        f"schedule: {schedule.lanes} lanes x {schedule.row_vectors} row vectors x {schedule.columns} columns a step, "
        f"sums by {schedule.accumulate} ({schedule.block} columns a block), {threads} threads, "
        f"columns in {split} parts",
        f"processor: {host.name}, {8 * host.vector_bytes}-bit vectors",
        f"predicted limit: {instructions} vector instructions for {schedule.lanes} pairs; at two a cycle "
        f"{2 * schedule.lanes / instructions:.2f} pairs per cycle and core",
    ]


def _on_gpu(problem: Problem, rows: int, columns: int, dtype: str, options: Options) -> list[str]:
    """Return the lines about schedule, registers and limit on an NVIDIA GPU, that of the machine when there is one."""
    try:
        device, note = require_gpu(options.device or 0), ""
    except TargetError:
        device, note = H200, ", for example: there is no GPU here"
    split, few_rows = divide(problem, Extent(rows, columns), device, options)
    program = program_for(problem, dtype, options, device, split > 1, few_rows)
    schedule, work = program.main.schedule, program.plan.work
    registers = register_count(program.main.ptx, device.capability)
    tile = f"tiles of {schedule.tile} columns in shared memory" if schedule.tile else "columns read from device memory"
    cost = cost_per_pair(work, CudaLanes, dtype)
    # A multiprocessor starts 128 float32 (or 64 float64) instructions a cycle, 16 of them in the special function unit.
    cycles = max(cost.instructions / (128 if dtype == "float32" else 64), cost.special / 16)
    blocks = -(-rows // schedule.rows) * split
    return [
        f"schedule: {blocks} blocks of {schedule.threads} threads with {schedule.row_vectors} rows each, "
        f"{schedule.columns} columns a step, {tile}, sums by {schedule.accumulate} ({schedule.block} columns a block), "
        f"columns in {split} parts",
        f"registers: {registers} a thread"
        if registers
        else "registers: known to the driver of the GPU, or to ptxas (`pip install nvidia-cuda-nvcc`)",
        f"device: {device.name}{note}, {device.multiprocessors} multiprocessors at {device.clock / 1e9:.2f} GHz",
        f"predicted limit: {cost.instructions} instructions a pair, {cost.special} of them special functions; "
        f"{device.multiprocessors * device.clock / cycles / 1e12:.3g}e12 pairs per second",
    ]


H200 = Device(0, "NVIDIA H200", (9, 0), 132, 1.98e9)
"""What predictions are made for where there is no GPU."""


def _memory(call: Call) -> float:
    problem, (rows, columns, _) = call.problem, call.extent
    length = {Category.ROW: rows, Category.COLUMN: columns}
    numbers = sum(v.dim * length.get(v.category, 1) for v in variables(*problem.roots))
    numbers += sum(rows * prod(shape) for shape in problem.shapes)
    return numbers * (4.0 if call.dtype == "float32" else 8.0)
