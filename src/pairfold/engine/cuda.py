"""Carry out a reduction on arrays that lie in the memory of an NVIDIA GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pairfold.codegen.work import Layout
from pairfold.engine.cache import remembered
from pairfold.engine.plan import Plan, make_plan, merge_work
from pairfold.errors import TargetError
from pairfold.ir.call import Call, Extent, Options
from pairfold.ir.expr import Expr, variables
from pairfold.ir.problem import Problem
from pairfold.reductions.state import outputs_of
from pairfold.targets.cuda.compile import CudaCode, architecture_of, compile_cuda, cuda_schedule_for
from pairfold.targets.cuda.driver import Device, Driver, driver
from pairfold.targets.cuda.schedule import CudaSchedule, choose_split
from pairfold.targets.items import Ranges, has_few_rows, item_table, offset_table, require_countable, sparse_blocks

__all__ = ["DeviceArray", "DeviceMemory", "divide", "program_for", "require_gpu", "run_on_device", "run_through_device"]

Array = NDArray[Any]

FEW_ROWS = 256
"""Rows of a block of a block-sparse reduction, on average, for which threads get one row each."""


class DeviceArray(NamedTuple):
    """Where an array lies in the memory of a GPU; strides count elements, components lie side by side."""

    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class DeviceMemory(Protocol):
    """The framework that owns the memory: outputs and what is needed on the way are its arrays."""

    device: int
    stream: int
    """Handle of the stream on which the framework works."""

    def empty(self, shape: tuple[int, ...], dtype: str) -> Any:
        """Return a new array, contiguous, of any content."""

    def address(self, array: Any) -> int:
        """Return the address of an array."""


@dataclass(frozen=True, eq=False)
class _Program:
    """A plan with its kernels as PTX, and what the driver made of them for each device."""

    plan: Plan
    main: CudaCode
    merge: CudaCode | None = None
    functions: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def function(self, engine: Driver, device: int, code: CudaCode) -> Any:
        """Return the function of `code` on a device, loading it when it is new there."""
        key = (engine, device, code)
        found = self.functions.get(key)
        if found is None:
            found = self.functions[key] = engine.load(device, code.ptx, code.kernel.name)
        return found


def run_on_device(call: Call, arrays: Sequence[DeviceArray | None], memory: DeviceMemory) -> tuple[Any, ...]:
    """Reduce over columns on a GPU.

    The call returns when the kernels are queued on the stream of `memory`, before they have run.

    Parameters
    ----------
    call : Call
        What is computed; the ranges are NumPy arrays.
    arrays : sequence of DeviceArray
        As for `pairfold.engine.run`.
    memory : DeviceMemory
        Where outputs are allocated.

    Returns
    -------
    tuple of arrays
        Arrays of `memory`, shaped as those of `pairfold.engine.run`.

    Raises
    ------
    TargetError
        If there is no GPU, or its driver reports an error.
    """
    engine = driver()
    few = None if call.ranges is None else has_few_rows(call.ranges, FEW_ROWS)
    made = _prepare(engine, memory.device, call.problem, call.dtype, call.options, call.extent, few)  # type: ignore[arg-type]
    outputs = tuple([memory.empty(shape, kind) for shape, kind in made.outputs])
    if made.size == 0:
        return outputs
    launch = _Launch(call, made, engine, memory)
    if made.split == 1:
        launch.main(arrays, outputs, call.ranges)
        return outputs
    states = [memory.empty(shape, kind) for shape, kind in made.states]
    launch.main(arrays, states, None)
    launch.merge(states, outputs)
    return outputs


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What follows from a call: kernels, number of parts, shapes and types of what they write."""

    program: _Program
    split: int
    size: int
    """Rows of all batch entries."""
    outputs: tuple[tuple[tuple[int, ...], str], ...]
    states: tuple[tuple[tuple[int, ...], str], ...]


@lru_cache(maxsize=256)
def _prepare(
    engine: Driver,
    number: int,
    problem: Problem,
    dtype: str,
    options: Options,
    extent: Extent,
    few_rows_in_ranges: bool | None,
) -> _Prepared:
    require_countable(extent.columns)
    device = _describe(engine, number)
    split, few_rows = 1, bool(few_rows_in_ranges)
    if few_rows_in_ranges is None:
        split, few_rows = divide(problem, extent, device, options)
    program = program_for(problem, dtype, options, device, split > 1, few_rows)
    size = extent.entries * extent.rows
    states = tuple(
        ((split, size, part.dim), "int64" if part.kind == "index" else dtype) for part in program.plan.partial.outputs
    )
    return _Prepared(program, split, size, outputs_of(problem, extent, dtype), states)


def require_gpu(number: int = 0) -> Device:
    """Return what is known about a GPU.

    Raises
    ------
    TargetError
        If it is not there; the message says what to do.
    """
    return _describe(driver(), number)


def _describe(engine: Driver, number: int) -> Device:
    return remembered((engine, number), lambda: engine.device(number))


def divide(problem: Problem, extent: Extent, device: Device, options: Options) -> tuple[int, bool]:
    """Return into how many parts the columns are split, and whether threads get one row each."""
    rows, columns, entries = extent.rows, extent.columns, extent.entries
    if options.split:
        return min(options.split, max(columns, 1)), False
    state_bytes = 8 * rows * entries * sum(field.dim(problem.sizes) for field in problem.reduction.fields)
    # Several rows a thread are the better use of a multiprocessor, if all have work.
    blocks = -(-rows // 512) * entries
    split = choose_split(blocks, columns, device.multiprocessors, state_bytes)
    if blocks * split >= 2 * device.multiprocessors:
        return split, False
    blocks = -(-rows // 128) * entries
    return choose_split(blocks, columns, device.multiprocessors, state_bytes), True


def program_for(
    problem: Problem, dtype: str, options: Options, device: Device, partial: bool, few_rows: bool
) -> _Program:
    """Return the kernels for `problem`; with `partial`, those that reduce parts of the columns and merge them."""
    architecture = architecture_of(device)
    key = (problem, dtype, options.accumulate, options.schedule, architecture, partial, few_rows)
    return remembered(key, lambda: _compile(problem, dtype, options, architecture, partial, few_rows))


def _compile(
    problem: Problem, dtype: str, options: Options, architecture: str, partial: bool, few_rows: bool
) -> _Program:
    plan = make_plan(problem)
    # The kernel that merges reads all numbers in the working precision.
    work = replace(plan.partial, keeps_state=False) if partial else plan.work
    schedule = options.schedule
    if not isinstance(schedule, CudaSchedule):
        schedule = cuda_schedule_for(work, dtype, options.accumulate, few_rows)
    main = compile_cuda(work, dtype, schedule, architecture)
    if not partial:
        return _Program(plan, main)
    merging = merge_work(problem.reduction, problem.sizes)
    merge = compile_cuda(merging, dtype, cuda_schedule_for(merging, dtype, few_rows=True), architecture)
    return _Program(plan, main, merge)


class _Launch:
    """One call: its kernels are started one after the other on the stream of the memory."""

    def __init__(self, call: Call, made: _Prepared, engine: Driver, memory: DeviceMemory) -> None:
        self.call, self.extent, self.made, self.program = call, call.extent, made, made.program
        self.engine, self.memory = engine, memory
        self.tables: list[Any] = []

    def main(
        self,
        arrays: Sequence[DeviceArray | None],
        outputs: Sequence[Any],
        ranges: Ranges | None,
    ) -> None:
        """Start the kernel that reduces."""
        code, (rows, columns, _), entries = self.program.main, self.extent, self.extent.entries
        if ranges is None:
            numbers = self._arguments(code.kernel.layout, arrays, {}, outputs, 0)
            self._start_all(code, numbers, columns, self.made.split)
            return
        row_blocks, lists, intervals = sparse_blocks(rows, ranges, code.schedule.rows)
        items = item_table(row_blocks, lists, rows, entries, 1)
        numbers = self._arguments(code.kernel.layout, arrays, {}, outputs, self._upload(intervals))
        listed = [self._upload(items), rows, columns, entries, columns]
        self._start(code, len(items), [*numbers, *listed])

    def merge(self, states: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Start the kernel that merges the partial `states`."""
        code = self.program.merge
        assert code is not None
        variables = code.kernel.layout.variables
        parts = {
            placeholder: (self.memory.address(state), self.made.size * placeholder.dim)
            for placeholder, state in zip(variables, states, strict=True)
        }
        numbers = self._arguments(code.kernel.layout, (), parts, outputs, 0)
        self._start_all(code, numbers, self.made.split, 1)

    def _start_all(self, code: CudaCode, numbers: list[int], columns: int, split: int) -> None:
        """Start a kernel for all rows and batch entries, the columns in `split` parts."""
        rows, entries = self.extent.rows, self.extent.entries
        blocks = -(-rows // code.schedule.rows) * entries * split
        self._start(code, blocks, [*numbers, 0, rows, columns, entries, -(-columns // split)])

    def _arguments(
        self,
        layout: Layout,
        arrays: Sequence[DeviceArray | None],
        parts: dict[Expr, tuple[int, int]],
        outputs: Sequence[Any],
        intervals: int,
    ) -> list[int]:
        """Return the argument block of a kernel; `parts` are the (address, stride) of partial states."""
        numbers: list[int] = []
        shapes, strides = [], []
        for variable, (position, is_parameter) in zip(layout.variables, layout.arguments, strict=True):
            if variable in parts:
                numbers += parts[variable]
                shapes.append((1,) * len(self.extent.batch))
                strides.append((0,) * len(self.extent.batch))
                continue
            array = arrays[position]
            assert array is not None
            numbers += (array.address, 0 if is_parameter else array.strides[-2])
            shapes.append(array.shape)
            strides.append(array.strides)
        numbers += (intervals, self._offsets(shapes, strides), 0, *map(self.memory.address, outputs))
        return numbers

    def _offsets(self, shapes: list[tuple[int, ...]], strides: list[tuple[int, ...]]) -> int:
        """Return the address of the table of batch offsets, 0 when there is one entry only."""
        if self.extent.entries == 1:
            return 0
        return self._upload(offset_table(shapes, strides, self.extent.batch, 0))

    def _upload(self, table: Array) -> int:
        """Copy a table to the device; its memory may be used again once the kernels after it on the stream are done."""
        table = np.ascontiguousarray(table)
        copy = self.memory.empty(table.shape, "int64")
        self.tables.append(copy)
        address = self.memory.address(copy)
        if table.size:
            self.engine.upload(self.memory.device, address, table, self.memory.stream)
        return address

    def _start(self, code: CudaCode, blocks: int, numbers: list[int]) -> None:
        memory, engine = self.memory, self.engine
        try:
            function = self.program.function(engine, memory.device, code)
            engine.launch(memory.device, function, blocks, code.schedule.threads, memory.stream, numbers)
        except TargetError as error:
            raise _told(error, self.call, _describe(engine, memory.device).name) from error


def _told(error: TargetError, call: Call, device: str) -> TargetError:
    """Return an error that also says what was being computed."""
    problem, (rows, columns, batch) = call.problem, call.extent
    used = variables(*problem.roots)
    return TargetError(
        f"{error} This was {problem.reduction.name} of {problem.value!r} with {rows} rows, {columns} columns, "
        f"batch {batch} and {len(used)} arguments of dimension {[v.dim for v in used]}, in {call.dtype}, on {device}."
    )


# ---------------------------------------------------------------- NumPy arrays


@dataclass
class _OwnMemory:
    """Memory that is taken from the driver and given back at the end of the call."""

    engine: Driver
    device: int
    told: Callable[[TargetError], TargetError]
    """Adds to an error what was being computed."""
    stream: int = 0
    taken: list[int] = field(default_factory=list)

    def empty(self, shape: tuple[int, ...], dtype: str) -> tuple[int, tuple[int, ...], str]:
        size = prod(shape) * np.dtype(dtype).itemsize
        address = self._ask(self.engine.allocate, size)
        self.taken.append(address)
        return address, shape, dtype

    def address(self, array: tuple[int, tuple[int, ...], str]) -> int:
        return array[0]

    def send(self, array: Array) -> DeviceArray:
        """Copy a NumPy array to the device."""
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
        address, shape, _ = self.empty(array.shape, array.dtype.name)
        if array.size:
            self._ask(self.engine.upload, address, array, self.stream)
        return DeviceArray(address, shape, tuple(step // array.itemsize for step in array.strides))

    def _ask(self, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return call(self.device, *arguments)
        except TargetError as error:
            raise self.told(error) from error

    def give_back(self) -> None:
        """Free everything."""
        for address in self.taken:
            # After an error of a kernel the driver answers every call with it: the first answer is the one to tell.
            with suppress(TargetError):
                self.engine.free(self.device, address)

    def fetch(self, array: tuple[int, tuple[int, ...], str]) -> Array:
        """Copy an array of the device into a new NumPy array."""
        address, shape, dtype = array
        result = np.empty(shape, dtype)
        if result.size:
            self._ask(self.engine.download, result, address, self.stream)
        return result


def run_through_device(call: Call, arrays: Sequence[Array]) -> tuple[Array, ...]:
    """Reduce NumPy arrays on a GPU: send them there, and fetch the outputs. Arguments are those of `run`."""
    require_countable(call.extent.columns)  # before anything is sent
    engine, number = driver(), call.options.device or 0
    device, used = _describe(engine, number).name, call.problem.arguments
    memory = _OwnMemory(engine, number, lambda error: _told(error, call, device))
    try:
        sent = [memory.send(array) if position in used else None for position, array in enumerate(arrays)]
        outputs = run_on_device(call, sent, memory)
        return tuple(memory.fetch(output) for output in outputs)
    finally:
        memory.give_back()
