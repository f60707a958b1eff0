"""The CPU kernel: loops over rows and columns around the evaluation of a formula.

One kernel function works through a list of items; an item is a range of rows
together with the column intervals it reduces over, in one batch entry:

    for item: for step of rows:
        pack the rows            (one lane per row, row-only nodes evaluated)
        for interval: for block of columns: for step of columns:
            evaluate the formula, update the state
        finish, store the valid rows

All memory that a kernel needs beyond its arguments is one scratch buffer per
thread, whose size is known when the code is generated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from pairfold.codegen.kernel import KernelBuilder
from pairfold.codegen.lanes import Lanes, Value
from pairfold.codegen.loops import INT64, Index, add, component_loop, loop, minimum, multiply
from pairfold.codegen.state import StateStorage
from pairfold.codegen.work import ITEM_FIELDS, Kernel, Work
from pairfold.ir.expr import Category, Expr
from pairfold.schedule.schedule import Schedule
from pairfold.targets.cpu.candidates import Candidates
from pairfold.targets.cpu.insertion import SortedLists
from pairfold.targets.cpu.smallest import SmallestLists

__all__ = ["POINTER", "CpuBuilder"]

POINTER = ir.PointerType()


class CpuBuilder(KernelBuilder):
    """The state of the emission of one kernel for a CPU."""

    global_pointer = POINTER
    gathered = 0
    """How many of the variables, the first ones, are not read where they are."""
    smallest: SmallestLists | None = None
    """The lists of a reduction that keeps the K smallest values."""

    def __init__(self, module: ir.Module, name: str, work: Work, dtype: str, schedule: Schedule) -> None:
        lanes = Lanes(module, schedule.lanes, dtype, schedule.features, work.index_bits)
        double = Lanes(module, 1, "float64", schedule.features)
        super().__init__(work, schedule, lanes, double, work.packed)
        self.scratch_used = 0
        type_ = ir.FunctionType(ir.VoidType(), [POINTER, POINTER, INT64, INT64, POINTER])
        self.function = ir.Function(module, type_, name)
        # Vectors that find no register go to the stack: across two lines of the cache they would take twice as long.
        # llvmlite writes the alignment only where there is another attribute.
        self.function.attributes.add("nounwind")
        self.function.attributes.alignstack = max(16, schedule.lanes * (4 if dtype == "float32" else 8))
        for argument, label in zip(self.function.args, ("block", "items", "first", "last", "scratch"), strict=True):
            argument.name = label
            if argument.type is POINTER:
                argument.add_attribute("noalias")
        self.block, self.items, self.first, self.last, self.scratch_base = self.function.args
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.packed_size = 0
        for node in work.packed:
            self.packed_offset[node] = self.packed_size
            self.packed_size += node.dim

    # ------------------------------------------------------------ memory

    def scratch(self, count: int) -> Any:
        """Reserve `count` vectors of lanes; the address is computed in the entry block."""
        offset = self.scratch_used
        self.scratch_used += count
        with self.builder.goto_entry_block():
            return self.builder.gep(self.scratch_base, [ir.Constant(INT64, offset)], source_etype=self.lanes.real)

    def entry(self, number: Index) -> Value:
        """Load a number of the argument block."""
        return self.builder.load(self.element(self.block, number, INT64), typ=INT64)

    def _read_column(self, node: Expr, index: Index, column: int) -> Value:
        number = self.current_column[column]
        if node in self.packed_offset:
            start = self.builder.mul(number, ir.Constant(INT64, self.packed_size))
            return self._broadcast_from(self.element(self.packed_pointer, start), add(index, self.packed_offset[node]))
        start = self.builder.mul(number, self.strides[node])
        return self._broadcast_from(self.element(self.pointers[node], start), index)

    # ------------------------------------------------------------ the function

    def emit(self) -> Kernel:
        """Add the kernel to the module and return what a caller must know about it."""
        with loop(self.builder, self.first, self.last) as number:
            size = len(ITEM_FIELDS)
            start = self.builder.mul(number, ir.Constant(INT64, size))
            item = [self.builder.load(self.element(self.items, add(start, k), INT64), typ=INT64) for k in range(size)]
            self._item(*item)
        self.builder.ret_void()
        if not self.schedule.inlines:
            for function in _called(self.function):
                function.attributes.discard("alwaysinline")
        return Kernel(self.function.name, self.layout, self.scratch_used)

    def _item(self, row_first: Value, row_last: Value, first: Value, last: Value, batch: Value, out_row: Value) -> None:
        builder = self.builder
        self._locate(batch)
        self._uniforms()
        self.row_last = row_last
        with loop(builder, row_first, row_last, self.schedule.rows) as row:
            self.output_rows = [builder.add(out_row, builder.sub(row, row_first))]
            self._step_of_rows(row, first, last, self.output_rows[0])

    def _locate(self, batch: Value) -> None:
        """Find where the variables of this batch entry start."""
        builder, layout = self.builder, self.layout
        count = len(self.variables) + 1
        self.offsets = self.entry_pointer(layout.offsets)
        self.first_offset = builder.mul(batch, ir.Constant(INT64, count))
        self.pointers, self.strides = {}, {}
        for number, variable in enumerate(self.variables[self.gathered :], self.gathered):
            base = self.entry_pointer(layout.pointer(variable))
            self.pointers[variable] = self.element(base, self._offset(number))
            self.strides[variable] = self.entry(layout.stride(variable))
        if self.work.packed:
            self.packed_pointer = self.element(self.entry_pointer(layout.packed), self._offset(count - 1))
        self.intervals = self.entry_pointer(layout.intervals)

    def _offset(self, number: Index) -> Value:
        """Return where this batch entry starts in the variable with this number, or in the packed columns."""
        return self.builder.load(self.element(self.offsets, add(self.first_offset, number), INT64), typ=INT64)

    # ------------------------------------------------------------ rows and columns

    def _pack_rows(self, row: Value) -> None:
        """Copy the row variables into memory with one lane per row; rows beyond the last repeat the last."""
        builder, rows = self.builder, self.schedule.rows
        row_variables = [v for v in self.variables if v.category == Category.ROW]
        memory = {v: self.row_scratch(v.dim * self.schedule.row_vectors) for v in row_variables}
        if row_variables:
            final = builder.sub(self.row_last, ir.Constant(INT64, 1))
            with loop(builder, 0, rows) as lane:
                source_row = minimum(builder, builder.add(row, lane), final)
                for variable in row_variables:
                    source = self.element(self.pointers[variable], builder.mul(source_row, self.strides[variable]))
                    self._copy(source, memory[variable], lane, rows, variable.dim)
        self.row_memory.update(memory)

    def _copy(self, source: Value, target: Value, first: Index, step: int, dim: int) -> None:
        """Copy `dim` numbers to `target`: there they begin at `first` and lie `step` apart."""

        def copy(k: Index) -> None:
            value = self.builder.load(self.element(source, k), typ=self.lanes.element)
            self.builder.store(value, self.element(target, add(multiply(k, step), first)))

        if dim <= 4:
            for known in range(dim):
                copy(known)
        else:
            with component_loop(self.builder, dim) as k:
                copy(k)

    def _columns(self, first: Value, last: Value) -> None:
        builder = self.builder
        with loop(builder, first, last) as number:
            pair = builder.mul(number, ir.Constant(INT64, 2))
            begin, end = (builder.load(self.element(self.intervals, add(pair, k), INT64), typ=INT64) for k in range(2))
            with self._blocks(begin, end) as (start, stop):
                self._block_of_columns(start, stop, self._step_of_columns)

    @contextmanager
    def _blocks(self, begin: Value, end: Value) -> Iterator[tuple[Value, Value]]:
        """Emit a loop over blocks of an interval of columns; yields the ends of a block."""
        builder, size = self.builder, self.schedule.block
        if self.smallest is not None:
            with self.smallest.blocks(begin, end) as block:
                yield block
            return
        with loop(builder, begin, end, size) as start:
            yield start, minimum(builder, builder.add(start, ir.Constant(INT64, size)), end)

    def _row_count(self, row: Value) -> Value:
        """Return the number of rows of the step that begins at `row`."""
        return minimum(self.builder, self.builder.sub(self.row_last, row), ir.Constant(INT64, self.schedule.rows))

    def _start(self, row: Value) -> None:
        if self.work.candidate is None:
            super()._start(row)
            return
        self.state = StateStorage(self, ())
        self.smallest = Candidates(self) if self.schedule.collects else SortedLists(self)
        self.smallest.initialise(self._row_count(row))

    def _change_state(self, count: int) -> None:
        if self.smallest is None:
            super()._change_state(count)
        else:
            self.smallest.offer(count)

    def _finish(self, row: Value, out_row: Value) -> None:
        if self.smallest is not None:
            kinds = enumerate(output.kind == "index" for output in self.work.outputs)
            outputs = [(self.entry_pointer(self.layout.output(number)), is_number) for number, is_number in kinds]
            self.smallest.store(outputs, out_row, self._row_count(row))
            return
        builder, schedule = self.builder, self.schedule
        count = self._row_count(row)
        self.evaluator.columns = 1
        for number, output in enumerate(self.work.outputs):
            with self.evaluator.scope():
                memory, element = self.keep_output(output)
                target = self.entry_pointer(self.layout.output(number))
                dim = ir.Constant(INT64, output.dim)
                with loop(builder, 0, count) as lane:
                    start = builder.mul(builder.add(out_row, lane), dim)
                    with component_loop(builder, output.dim) as k:
                        at = add(multiply(k, schedule.rows), lane)
                        value = self.widened(builder.load(self.element(memory, at, element), typ=element))
                        builder.store(value, self.element(target, add(start, k), value.type))


def _called(function: ir.Function) -> set[ir.Function]:
    """Return the functions that `function` itself calls."""
    instructions = (instruction for block in function.blocks for instruction in block.instructions)
    return {instruction.callee for instruction in instructions if instruction.opname == "call"}
