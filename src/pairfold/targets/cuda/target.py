"""NVIDIA GPUs as a target: how reductions are cut into blocks of threads, and how kernels are started."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.codegen.cost import cost_per_pair
from pairfold.codegen.work import Work
from pairfold.errors import TargetError
from pairfold.ir.call import Call, Extent, Options
from pairfold.ir.problem import Problem
from pairfold.targets.cuda.compile import (
    CudaCode,
    architecture_of,
    compile_cuda,
    cuda_schedule_for,
    register_count,
)
from pairfold.targets.cuda.driver import Device, Driver, driver
from pairfold.targets.cuda.lanes import CudaLanes
from pairfold.targets.cuda.schedule import CudaSchedule, choose_split
from pairfold.targets.items import item_table, sparse_blocks
from pairfold.targets.target import DeviceArray, Launch, Parts, Target

__all__ = ["CUDA"]

Array = NDArray[Any]

FEW_ROWS = 256
"""Rows of a block of a block-sparse reduction, on average, for which threads get one row each."""

H200 = Device(0, "NVIDIA H200", (9, 0), 132, 1.98e9)
"""What predictions are made for where there is no GPU."""


def _divide(device: Device, problem: Problem, extent: Extent, options: Options, threads: int) -> Parts:
    rows, columns, entries = extent.rows, extent.columns, extent.entries
    if options.split:
        return Parts(min(options.split, max(columns, 1)))
    multiprocessors = device.multiprocessors
    state_bytes = 8 * rows * entries * sum(field.dim(problem.sizes) for field in problem.reduction.fields)
    # Several rows a thread are the better use of a multiprocessor, if all have work.
    blocks = -(-rows // 512) * entries
    split = choose_split(blocks, columns, multiprocessors, state_bytes)
    if blocks * split >= 2 * multiprocessors:
        return Parts(split)
    blocks = -(-rows // 128) * entries
    return Parts(choose_split(blocks, columns, multiprocessors, state_bytes), few_rows=True)


def _schedule(device: Device, work: Work, dtype: str, options: Options, few_rows: bool) -> CudaSchedule:
    if work.partial_states:
        return cuda_schedule_for(work, dtype, few_rows=True)
    if isinstance(options.schedule, CudaSchedule):
        return options.schedule
    return cuda_schedule_for(work, dtype, options.accumulate, few_rows)


# ---------------------------------------------------------------- launching


def _launch(one: Launch) -> None:
    """Start a kernel for all rows and batch entries on the stream of the memory."""
    code, (rows, columns, batch), memory = one.code, one.extent, one.memory
    engine, entries = driver(), prod(batch)
    # Their memory may be used again once the kernel, which is after them on the stream, is done.
    tables: list[Any] = []

    def upload(table: Array) -> int:
        """Copy a table to the device and return its address."""
        table = np.ascontiguousarray(table)
        tables.append(memory.empty(table.shape, "int64"))
        address = memory.address(tables[-1])
        if table.size:
            engine.upload(memory.device, address, table, memory.stream)
        return address

    offsets = None if entries == 1 else upload
    if one.ranges is None:
        blocks = -(-rows // code.schedule.rows) * entries * one.parts.split
        numbers = one.numbers(code.kernel.layout, 0, offsets)
        numbers += (0, rows, columns, entries, -(-columns // one.parts.split))
    else:
        row_blocks, lists, intervals = sparse_blocks(rows, one.ranges, code.schedule.rows)
        items = item_table(row_blocks, lists, rows, entries, 1)
        blocks = len(items)
        numbers = one.numbers(code.kernel.layout, upload(intervals), offsets)
        numbers += (upload(items), rows, columns, entries, columns)
    function = code.function(engine, memory.device)
    engine.launch(memory.device, function, blocks, code.schedule.threads, memory.stream, numbers)


@dataclass
class _OwnMemory:
    """Memory that is taken from the driver and given back at the end of the call; an array is address, shape, dtype."""

    engine: Driver
    device: int
    stream: int = 0
    taken: list[int] = field(default_factory=list)

    def empty(self, shape: tuple[int, ...], dtype: str) -> tuple[int, tuple[int, ...], str]:
        address = self.engine.allocate(self.device, prod(shape) * np.dtype(dtype).itemsize)
        self.taken.append(address)
        return address, shape, dtype

    def address(self, array: tuple[int, tuple[int, ...], str]) -> int:
        return array[0]

    def send(self, array: Array) -> DeviceArray:
        """Copy a NumPy array to the device."""
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
        address, shape, _ = self.empty(array.shape, array.dtype.name)
        if array.size:
            self.engine.upload(self.device, address, array, self.stream)
        return DeviceArray(address, shape, tuple(step // array.itemsize for step in array.strides))

    def fetch(self, arrays: Sequence[tuple[int, tuple[int, ...], str]]) -> tuple[Array, ...]:
        """Copy arrays of the device into new NumPy arrays."""
        results = tuple(np.empty(shape, dtype) for _, shape, dtype in arrays)
        for (address, _, _), result in zip(arrays, results, strict=True):
            if result.size:
                self.engine.download(self.device, result, address, self.stream)
        return results

    def close(self) -> None:
        """Free everything."""
        for address in self.taken:
            # After an error of a kernel the driver answers every call with it: the first answer is the one to tell.
            with suppress(TargetError):
                self.engine.free(self.device, address)


# ---------------------------------------------------------------- what is said about it


def _report(device: Device, call: Call, parts: Parts, code: CudaCode, work: Work) -> list[str]:
    """Return the lines about schedule, registers and limit."""
    schedule = code.schedule
    note = ", for example: there is no GPU here" if device is H200 else ""
    registers = register_count(code.ptx, device.capability)
    tile = f"tiles of {schedule.tile} columns in shared memory" if schedule.tile else "columns read from device memory"
    cost = cost_per_pair(work, CudaLanes, call.dtype)
    # A multiprocessor starts 128 float32 (or 64 float64) instructions a cycle, 16 of them in the special function unit.
    cycles = max(cost.instructions / (128 if call.dtype == "float32" else 64), cost.special / 16)
    blocks = -(-call.extent.rows // schedule.rows) * parts.split
    return [
        f"schedule: {blocks} blocks of {schedule.threads} threads with {schedule.row_vectors} rows each, "
        f"{schedule.columns} columns a step, {tile}, sums by {schedule.accumulate} ({schedule.block} columns a block), "
        f"columns in {parts.split} parts",
        f"registers: {registers} a thread"
        if registers
        else "registers: known to the driver of the GPU, or to ptxas (`pip install nvidia-cuda-nvcc`)",
        f"device: {device.name}{note}, {device.multiprocessors} multiprocessors at {device.clock / 1e9:.2f} GHz",
        f"predicted limit: {cost.instructions} instructions a pair, {cost.special} of them special functions; "
        f"{device.multiprocessors * device.clock / cycles / 1e12:.3g}e12 pairs per second",
    ]


CUDA = Target(
    name="cuda",
    title="a GPU",
    backend="GPU",
    machine=lambda device, level: driver().device(device),
    example=H200,
    divide=_divide,
    few_rows=FEW_ROWS,
    schedule=_schedule,
    compile=lambda device, work, dtype, schedule: compile_cuda(work, dtype, schedule, architecture_of(device)),
    launch=_launch,
    memory=lambda device: _OwnMemory(driver(), device.number),
    report=_report,
)
