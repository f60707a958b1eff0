"""Carry out a reduction on arrays that lie in the memory of an NVIDIA GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pairfold.codegen.work import Layout, Work
from pairfold.engine.cache import remembered
from pairfold.engine.items import Ranges, has_few_rows, item_table, offset_table, require_countable, sparse_blocks
from pairfold.engine.options import DEFAULT, Options
from pairfold.engine.plan import Plan, make_plan, merge_work
from pairfold.errors import TargetError
from pairfold.ir.expr import Category, Expr, variables
from pairfold.ir.problem import Problem
from pairfold.schedule.schedule import CudaSchedule, choose_cuda_split
from pairfold.targets.cuda.compile import CudaCode, architecture_of, compile_cuda, cuda_schedule_for
from pairfold.targets.cuda.driver import Device, Driver, driver

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
    merging: Work | None = None
    functions: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def function(self, engine: Driver, device: int, code: CudaCode) -> Any:
        """Return the function of `code` on a device, loading it when it is new there."""
        key = (engine, device, code)
        found = self.functions.get(key)
        if found is None:
            found = self.functions[key] = engine.load(device, code.ptx, code.kernel.name)
        return found


def run_on_device(
    problem: Problem,
    arrays: Sequence[DeviceArray | None],
    memory: DeviceMemory,
    *,
    dtype: str,
    rows: int,
    columns: int,
    batch: tuple[int, ...] = (),
    ranges: Ranges | None = None,
    options: Options = DEFAULT,
) -> tuple[Any, ...]:
    """Reduce `problem` over columns on a GPU.

    The call returns when the kernels are queued on the stream of `memory`, before they have run.

    Parameters
    ----------
    problem, rows, columns, batch, options
        As for `pairfold.engine.run`.
    arrays : sequence of DeviceArray
        As for `pairfold.engine.run`, all of the type `dtype`.
    memory : DeviceMemory
        Where outputs are allocated.
    dtype : str
        ``"float32"`` or ``"float64"``.
    ranges : tuple of three int64 NumPy arrays or None
        As for `pairfold.engine.run`.

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
    few = None if ranges is None else has_few_rows(ranges, FEW_ROWS)
    call = _prepare(engine, memory.device, problem, dtype, options, rows, columns, batch, few)  # type: ignore[arg-type]
    outputs = tuple([memory.empty(shape, kind) for shape, kind in call.outputs])
    if call.size == 0:
        return outputs
    launch = _Launch(call, engine, memory)
    if call.split == 1:
        launch.main(arrays, outputs, ranges)
        return outputs
    states = [memory.empty(shape, kind) for shape, kind in call.states]
    launch.main(arrays, states, None)
    launch.merge(arrays, states, outputs)
    return outputs


@dataclass(frozen=True, eq=False)
class _Call:
    """A problem at given sizes, and what follows: kernels, number of parts, shapes and types of what they write."""

    problem: Problem
    rows: int
    columns: int
    batch: tuple[int, ...]
    program: _Program
    split: int
    size: int
    """Rows of all batch entries."""
    entries: int
    """Batch entries."""
    outputs: tuple[tuple[tuple[int, ...], str], ...]
    states: tuple[tuple[tuple[int, ...], str], ...]


@lru_cache(maxsize=256)
def _prepare(
    engine: Driver,
    number: int,
    problem: Problem,
    dtype: str,
    options: Options,
    rows: int,
    columns: int,
    batch: tuple[int, ...],
    few_rows_in_ranges: bool | None,
) -> _Call:
    require_countable(columns)
    device = _describe(engine, number)
    split, few_rows = 1, bool(few_rows_in_ranges)
    if few_rows_in_ranges is None:
        split, few_rows = divide(problem, rows, columns, batch, device, options)
    program = program_for(problem, dtype, options, device, split > 1, few_rows)
    shapes = problem.reduction.shapes(problem.sizes)
    plan, entries = program.plan, prod(batch)

    def type_of(node: Expr) -> str:
        return "int64" if node.kind == "index" else dtype

    return _Call(
        problem,
        rows,
        columns,
        batch,
        program,
        split,
        entries * rows,
        entries,
        tuple(((*batch, rows, *shape), type_of(o)) for o, shape in zip(plan.work.outputs, shapes, strict=True)),
        tuple(((split, entries * rows, part.dim), type_of(part)) for part in plan.partial.outputs),
    )


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


def divide(
    problem: Problem, rows: int, columns: int, batch: tuple[int, ...], device: Device, options: Options
) -> tuple[int, bool]:
    """Return into how many parts the columns are split, and whether threads get one row each."""
    if options.split:
        return min(options.split, max(columns, 1)), False
    entries = prod(batch)
    state_bytes = 8 * rows * entries * sum(field.dim(problem.sizes) for field in problem.reduction.fields)
    # Several rows a thread are the better use of a multiprocessor, if all have work.
    blocks = -(-rows // 512) * entries
    split = choose_cuda_split(blocks, columns, device.multiprocessors, state_bytes)
    if blocks * split >= 2 * device.multiprocessors:
        return split, False
    blocks = -(-rows // 128) * entries
    return choose_cuda_split(blocks, columns, device.multiprocessors, state_bytes), True


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
    work = plan.partial if partial else plan.work
    schedule = options.schedule
    if not isinstance(schedule, CudaSchedule):
        schedule = cuda_schedule_for(work, dtype, options.accumulate, few_rows)
    main = compile_cuda(work, dtype, schedule, architecture)
    if not partial:
        return _Program(plan, main)
    merging = merge_work(plan)
    merge = compile_cuda(merging, dtype, cuda_schedule_for(merging, dtype, few_rows=True), architecture)
    return _Program(plan, main, merge, merging)


class _Launch:
    """One call: its kernels are started one after the other on the stream of the memory."""

    def __init__(self, call: _Call, engine: Driver, memory: DeviceMemory) -> None:
        self.call, self.program, self.engine, self.memory = call, call.program, engine, memory
        self.tables: list[Any] = []

    def main(
        self,
        arrays: Sequence[DeviceArray | None],
        outputs: Sequence[Any],
        ranges: Ranges | None,
    ) -> None:
        """Start the kernel that reduces."""
        code, call = self.program.main, self.call
        if ranges is None:
            numbers = self._arguments(code.kernel.layout, arrays, {}, outputs, 0)
            self._start_all(code, numbers, call.columns, call.split)
            return
        row_blocks, lists, intervals = sparse_blocks(call.rows, ranges, code.schedule.rows)
        items = item_table(row_blocks, lists, call.rows, call.entries, 1)
        numbers = self._arguments(code.kernel.layout, arrays, {}, outputs, self._upload(intervals))
        listed = [self._upload(items), call.rows, call.columns, call.entries, call.columns]
        self._start(code, len(items), [*numbers, *listed])

    def merge(self, arrays: Sequence[DeviceArray | None], states: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Start the kernel that merges the partial `states`."""
        code, work = self.program.merge, self.program.merging
        assert code is not None
        assert work is not None
        count = self.call.size * work.entries
        parts = {
            placeholder: (self.memory.address(state), count * placeholder.dim)
            for placeholder, state in zip(work.partial_states, states, strict=True)
        }
        numbers = self._arguments(code.kernel.layout, arrays, parts, outputs, 0)
        self._start_all(code, numbers, self.call.split * work.entries, 1)

    def _start_all(self, code: CudaCode, numbers: list[int], columns: int, split: int) -> None:
        """Start a kernel for all rows and batch entries, the columns in `split` parts."""
        call = self.call
        blocks = -(-call.rows // code.schedule.rows) * call.entries * split
        self._start(code, blocks, [*numbers, 0, call.rows, columns, call.entries, -(-columns // split)])

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
        for variable in layout.variables:
            position, _, category = variable.params[:3]
            if variable in parts:
                numbers += parts[variable]
                shapes.append((1,) * len(self.call.batch))
                strides.append((0,) * len(self.call.batch))
                continue
            array = arrays[position]
            assert array is not None
            numbers += (array.address, 0 if category == Category.PARAMETER else array.strides[-2])
            shapes.append(array.shape)
            strides.append(array.strides)
        numbers += (intervals, self._offsets(shapes, strides), 0, *map(self.memory.address, outputs))
        return numbers

    def _offsets(self, shapes: list[tuple[int, ...]], strides: list[tuple[int, ...]]) -> int:
        """Return the address of the table of batch offsets, 0 when there is one entry only."""
        if self.call.entries == 1:
            return 0
        return self._upload(offset_table(shapes, strides, self.call.batch, 0))

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
            call, name = self.call, _describe(engine, memory.device).name
            raise _told(error, call.problem, call.rows, call.columns, call.batch, code.dtype, name) from error


def _told(
    error: TargetError, problem: Problem, rows: int, columns: int, batch: tuple[int, ...], dtype: str, device: str
) -> TargetError:
    """Return an error that also says what was being computed."""
    used = variables(*problem.roots)
    return TargetError(
        f"{error} This was {problem.reduction.name} of {problem.value!r} with {rows} rows, {columns} columns, "
        f"batch {batch} and {len(used)} arguments of dimension {[v.dim for v in used]}, in {dtype}, on {device}."
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


def run_through_device(
    problem: Problem,
    arrays: Sequence[Array],
    *,
    rows: int,
    columns: int,
    batch: tuple[int, ...] = (),
    ranges: Ranges | None = None,
    options: Options = DEFAULT,
) -> tuple[Array, ...]:
    """Reduce NumPy arrays on a GPU: send them there, and fetch the outputs. Arguments are those of `run`."""
    require_countable(columns)  # before anything is sent
    engine, number = driver(), options.device or 0
    device = _describe(engine, number).name
    dtype = next(array.dtype for array in arrays if array is not None).name
    used = {node.params[0] for node in variables(*problem.roots)}
    memory = _OwnMemory(engine, number, lambda error: _told(error, problem, rows, columns, batch, dtype, device))
    try:
        sent = [memory.send(array) if position in used else None for position, array in enumerate(arrays)]
        outputs = run_on_device(
            problem,
            sent,
            memory,
            dtype=dtype,
            rows=rows,
            columns=columns,
            batch=batch,
            ranges=ranges,
            options=options,
        )
        return tuple(memory.fetch(output) for output in outputs)
    finally:
        memory.give_back()
