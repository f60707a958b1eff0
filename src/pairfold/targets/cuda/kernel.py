"""The kernel for NVIDIA GPUs: one lane per thread.

A block of threads reduces one step of rows, several rows per thread, over some columns:

    find the item of this block  (from its number, or from a list of items)
    load the rows                (into registers when they are short; row-only nodes evaluated)
    for interval: for tile of columns:
        all threads together load the tile into shared memory, column-only nodes evaluated
        for step of columns: evaluate the formula, update the state
    finish, store the valid rows

All arguments are 64-bit integers: those of `Layout`, then `LAUNCH_NUMBERS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from llvmlite import ir

from pairfold.codegen.evaluate import Evaluator, Slot
from pairfold.codegen.kernel import INT32, KernelBuilder
from pairfold.codegen.lanes import Value
from pairfold.codegen.loops import (
    INT64,
    Affine,
    Index,
    add,
    common_divisor,
    loop,
    minimum,
    multiply,
    stack_slot,
)
from pairfold.codegen.work import ITEM_FIELDS, Kernel, Work
from pairfold.ir.expr import Category, Expr
from pairfold.targets.cuda.lanes import CudaLanes
from pairfold.targets.cuda.schedule import CudaSchedule
from pairfold.transform.separate import location, reachable

__all__ = ["LAUNCH_NUMBERS", "column_size", "columns_in_tile", "emit_cuda_kernel"]

LAUNCH_NUMBERS = ("items", "rows", "columns", "batches", "chunk")
"""What a launch says beside the arguments: the address of a list of items or 0; without one, the sizes N, M and of the
batch, and the number of columns of each part into which the columns are split."""

LARGEST_ROWS = 4096
"""Numbers of a row variable that a thread copies into memory of its own; longer rows are read where they are.

The driver reserves such memory for all threads that a device can hold, some hundred thousand."""

GLOBAL = ir.PointerType(addrspace=1)
SHARED_SPACE = 3

TILE_ALIGNMENT = 16
"""Bytes that the address of a tile is a multiple of: the most that a thread reads at once."""


def columns_in_tile(work: Work) -> tuple[Expr, ...]:
    """Return what a tile holds of each column: the variables and the nodes that the pair loop reads."""
    leaves = [node for node in reachable(work.roots, work.packed) if node.op.name == "Var"]
    read = [node for node in leaves if node.category == Category.COLUMN]
    # Four numbers can be read at once where their place is a multiple of four.
    return tuple(sorted((*read, *work.packed), key=lambda node: (node.dim % 4 != 0, -node.dim)))


def column_size(nodes: Sequence[Expr]) -> int:
    """Return how many numbers a column of a tile with `nodes` takes: a multiple of four, unless it is short."""
    size = sum(node.dim for node in nodes)
    return size if size <= 2 else -(-size // 4) * 4


class _CudaBuilder(KernelBuilder):
    """The state of the emission of one kernel for a GPU."""

    global_pointer = GLOBAL
    schedule: CudaSchedule

    def __init__(self, module: ir.Module, name: str, work: Work, dtype: str, schedule: CudaSchedule) -> None:
        lanes = CudaLanes(module, dtype, work.index_bits)
        super().__init__(work, schedule, lanes, CudaLanes(module, "float64"), ())
        self.module = module
        type_ = ir.FunctionType(ir.VoidType(), [INT64] * (self.layout.size + len(LAUNCH_NUMBERS)))
        self.function = ir.Function(module, type_, name)
        self.function.calling_convention = "ptx_kernel"
        for key, number in (("maxntidx", schedule.threads), ("minctasm", schedule.blocks)):
            note = module.add_metadata([self.function, key, ir.Constant(INT32, number)])
            module.add_named_metadata("nvvm.annotations", note)
        self.numbers = dict(zip(LAUNCH_NUMBERS, self.function.args[self.layout.size :], strict=True))
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.thread = self.builder.zext(self._special_register("tid.x"), INT64)
        if schedule.tile:
            self._reserve_tile()

    def _reserve_tile(self) -> None:
        self.stored_size = 0
        for node in columns_in_tile(self.work):
            self.packed_offset[node] = self.stored_size
            self.stored_size += node.dim
        size = self.schedule.column_size
        type_ = ir.ArrayType(self.lanes.element, self.schedule.tile * size)
        tile = ir.GlobalVariable(self.module, type_, f"{self.function.name}.tile", addrspace=SHARED_SPACE)
        tile.linkage = "internal"
        tile.initializer = ir.Constant(type_, ir.Undefined)
        tile.align = TILE_ALIGNMENT
        tile.type = ir.PointerType(addrspace=SHARED_SPACE)
        self.tile = tile

    def _special_register(self, name: str) -> Value:
        return self._intrinsic(f"llvm.nvvm.read.ptx.sreg.{name}", INT32)

    def _intrinsic(self, name: str, type_: ir.Type) -> Value:
        declared = self.module.globals.get(name) or ir.Function(self.module, ir.FunctionType(type_, []), name)
        return self.builder.call(declared, [])

    def _wait_for_all_threads(self) -> None:
        self._intrinsic("llvm.nvvm.barrier0", ir.VoidType())

    # ------------------------------------------------------------ memory

    def scratch(self, count: int) -> Any:
        """Reserve memory of this thread, which becomes registers where every access is at a known place."""
        with self.builder.goto_entry_block():
            memory = self.builder.alloca(ir.ArrayType(self.lanes.real, count))
        memory.align = 16
        memory.type = ir.PointerType()  # llvmlite would insist on whole arrays
        return memory

    def entry(self, number: int) -> Value:
        """Return an argument."""
        return self.function.args[number]

    def load_argument(self, address: Value, type_: ir.Type | None = None) -> Value:
        """Load a number that nobody writes while the kernel runs."""
        value = super().load_argument(address, type_)
        value.set_metadata("invariant.load", self.module.add_metadata([]))
        return value

    def component_of(self, variable: Expr, number: Value, index: Index) -> Value:
        """Load a component of a row or column from the memory of the device."""
        start = self.builder.mul(number, self.strides[variable])
        return self.load_argument(self.element(self.element(self.pointers[variable], start), index))

    def _read_column(self, node: Expr, index: Index, column: int) -> Value:
        if node in self.packed_offset:
            size = self.schedule.column_size
            place = add(multiply(self.column_in_tile, size), column * size + self.packed_offset[node])
            at = self.element(self.tile, add(place, index))
            return self.builder.load(at, align=self._alignment(node, index), typ=self.lanes.element)
        return self.component_of(node, self.current_column[column], index)

    def _alignment(self, node: Expr, index: Index) -> int:
        """Return a number of bytes that divides the place of a component in the tile: neighbours are read at once."""
        offset, item = self.packed_offset[node], 4 if self.dtype == "float32" else 8
        place = add(index, offset)
        if isinstance(place, int) and place // 4 * 4 + 4 > self.stored_size:
            return item  # the neighbours are padding, which nobody writes
        multiple = min(common_divisor(place, 4), common_divisor(self.schedule.column_size, 4))
        return min(item * multiple, TILE_ALIGNMENT)

    # ------------------------------------------------------------ the function

    def emit(self) -> Kernel:
        builder = self.builder
        item = {name: stack_slot(builder, INT64) for name in ITEM_FIELDS}
        self.interval = [stack_slot(builder, INT64) for _ in range(2)]
        block = self._special_register("ctaid.x")
        self.has_items = builder.icmp_unsigned("!=", self.numbers["items"], ir.Constant(INT64, 0))
        with builder.if_else(self.has_items) as (listed, counted):
            with listed:
                self._listed_item(item, builder.zext(block, INT64))
            with counted:
                self._counted_item(item, block)
        numbers = {name: builder.load(slot, typ=INT64) for name, slot in item.items()}
        self.row_last = numbers["row_last"]
        self._locate(numbers["batch"])
        self._uniforms()
        rows = [builder.add(self.thread, ir.Constant(INT64, r * self.schedule.threads)) for r in self._row_vectors()]
        self.rows = [builder.add(numbers["row_first"], row) for row in rows]
        final = builder.sub(self.row_last, ir.Constant(INT64, 1))
        to_output = builder.sub(numbers["out_row"], numbers["row_first"])
        self.valid_rows = [minimum(builder, row, final) for row in self.rows]
        self.output_rows = [builder.add(row, to_output) for row in self.valid_rows]
        self._step_of_rows(
            numbers["row_first"], numbers["interval_first"], numbers["interval_last"], numbers["out_row"]
        )
        builder.ret_void()
        return Kernel(self.function.name, self.layout)

    def _row_vectors(self) -> range:
        return range(self.schedule.row_vectors)

    def _listed_item(self, item: dict[str, Any], block: Value) -> None:
        """Read the item of this block from the list."""
        builder = self.builder
        items = builder.inttoptr(self.numbers["items"], GLOBAL)
        start = builder.mul(block, ir.Constant(INT64, len(ITEM_FIELDS)))
        for k, slot in enumerate(item.values()):
            builder.store(self.load_argument(self.element(items, add(start, k), INT64), INT64), slot)

    def _counted_item(self, item: dict[str, Any], block: Value) -> None:
        """Work out the item of this block from its number: all rows, batch entries and parts follow one another."""
        builder, numbers = self.builder, self.numbers
        step = self.schedule.rows
        rows, batches = numbers["rows"], numbers["batches"]
        rounded = builder.add(rows, ir.Constant(INT64, step - 1))
        steps = builder.trunc(builder.udiv(rounded, ir.Constant(INT64, step)), INT32)
        entry = builder.udiv(block, steps)
        row_first = builder.mul(builder.zext(builder.urem(block, steps), INT64), ir.Constant(INT64, step))
        few_batches = builder.trunc(batches, INT32)
        part = builder.zext(builder.udiv(entry, few_batches), INT64)
        batch = builder.zext(builder.urem(entry, few_batches), INT64)
        out_row = builder.add(builder.mul(builder.zext(entry, INT64), rows), row_first)
        one = ir.Constant(INT64, 1)
        found = (row_first, rows, ir.Constant(INT64, 0), one, batch, out_row)
        for slot, value in zip(item.values(), found, strict=True):
            builder.store(value, slot)
        begin = builder.mul(part, numbers["chunk"])
        end = minimum(builder, builder.add(begin, numbers["chunk"]), numbers["columns"])
        for slot, value in zip(self.interval, (begin, end), strict=True):
            builder.store(value, slot)

    def _locate(self, batch: Value) -> None:
        """Find where the variables of this batch entry start."""
        builder, layout = self.builder, self.layout
        address = self.entry(layout.offsets)
        has_offsets = builder.icmp_unsigned("!=", address, ir.Constant(INT64, 0))
        offsets = [stack_slot(builder, INT64) for _ in self.variables]
        for slot in offsets:
            builder.store(ir.Constant(INT64, 0), slot)
        with builder.if_then(has_offsets):
            table = builder.inttoptr(address, GLOBAL)
            start = builder.mul(batch, ir.Constant(INT64, len(self.variables) + 1))
            for number, slot in enumerate(offsets):
                builder.store(self.load_argument(self.element(table, add(start, number), INT64), INT64), slot)
        for variable, slot in zip(self.variables, offsets, strict=True):
            base = self.entry_pointer(layout.pointer(variable))
            self.pointers[variable] = self.element(base, builder.load(slot, typ=INT64))
            self.strides[variable] = self.entry(layout.stride(variable))

    # ------------------------------------------------------------ rows

    def _pack_rows(self, row: Value) -> None:
        """Copy the row variables into memory of this thread; rows beyond the last repeat the last."""
        vectors = self.schedule.row_vectors
        for variable in self.variables:
            if variable.category != Category.ROW or variable.dim * vectors > LARGEST_ROWS:
                continue
            memory = self.scratch(variable.dim * vectors)
            starts = [self.builder.mul(valid, self.strides[variable]) for valid in self.valid_rows]
            sources = [self.element(self.pointers[variable], start) for start in starts]

            def copy(k: Index, sources: list[Value] = sources, memory: Any = memory) -> None:
                for r, source in enumerate(sources):
                    value = self.load_argument(self.element(source, k))
                    self.builder.store(value, self.element(memory, add(multiply(k, vectors), r)))

            self.for_components(variable.dim, copy)
            self.row_memory[variable] = memory

    def read(self, node: Expr, index: Index, slot: Slot) -> Value | None:
        """Return a stored component; see `Leaves`."""
        if node.op.name == "Var" and node.category == Category.ROW and node not in self.row_memory:
            return self.component_of(node, self.valid_rows[slot[0] or 0], index)
        return super().read(node, index, slot)

    # ------------------------------------------------------------ columns

    def _columns(self, first: Value, last: Value) -> None:
        builder, schedule = self.builder, self.schedule
        with loop(builder, first, last) as number:
            with builder.if_then(self.has_items):
                table = self.entry_pointer(self.layout.intervals)
                pair = builder.mul(number, ir.Constant(INT64, 2))
                for k, slot in enumerate(self.interval):
                    builder.store(self.load_argument(self.element(table, add(pair, k), INT64), INT64), slot)
            begin, end = (builder.load(slot, typ=INT64) for slot in self.interval)
            with loop(builder, begin, end, schedule.block) as start:
                stop = minimum(builder, builder.add(start, ir.Constant(INT64, schedule.block)), end)
                if schedule.tile:
                    self._wait_for_all_threads()  # until nobody reads the tile before
                    self._load_tile(start, builder.sub(stop, start))
                    self._wait_for_all_threads()
                count = builder.sub(stop, start)
                self._block_of_columns(ir.Constant(INT64, 0), count, partial(self._step_in_tile, start))

    def _step_in_tile(self, start: Value, local: Value, count: int) -> None:
        self.column_in_tile = Affine(0, ((1, local, self.schedule.block),))
        self._step_of_columns(self.builder.add(start, local), count)

    def _load_tile(self, start: Value, count: Value) -> None:
        """Load `count` columns into shared memory, all threads together."""
        computed = [node for node in self.packed_offset if node.op.name != "Var"]
        for node in self.packed_offset:
            if node not in computed:
                self._copy_into_tile(node, start, count)
        if computed:
            with loop(self.builder, self.thread, count, self.schedule.threads) as local:
                self._compute_into_tile(computed, self.builder.add(start, local), local)

    def _copy_into_tile(self, variable: Expr, start: Value, count: Value) -> None:
        """Copy a variable; neighbouring threads take neighbouring numbers, for memory is read in long pieces."""
        builder, dim = self.builder, variable.dim
        total = builder.mul(count, ir.Constant(INT64, dim))
        with loop(builder, self.thread, total, self.schedule.threads) as number:
            # 32-bit divisions are quicker, and a tile is small.
            small, divisor = builder.trunc(number, INT32), ir.Constant(INT32, dim)
            column = builder.zext(builder.udiv(small, divisor), INT64)
            component = builder.zext(builder.urem(small, divisor), INT64)
            source = builder.mul(builder.add(start, column), self.strides[variable])
            value = self.load_argument(self.element(self.pointers[variable], builder.add(source, component)))
            self._store_into_tile(value, variable, column, component)

    def _compute_into_tile(self, nodes: list[Expr], column: Value, local: Value) -> None:
        leaves = _ColumnLeaves(self, column)
        evaluator = Evaluator(self.builder, self.lanes, leaves, 1, 1, self.schedule.unroll, self.scratch)
        leaves.evaluator = evaluator
        for node in nodes:
            evaluator.prepare([node])

            def store(k: Index, node: Expr = node) -> None:
                self._store_into_tile(evaluator.component(node, k, (None, 0)), node, local, k)

            self.for_components(node.dim, store, evaluator)

    def _store_into_tile(self, value: Value, node: Expr, local: Value, component: Any) -> None:
        place = self.builder.mul(local, ir.Constant(INT64, self.schedule.column_size))
        at = add(add(place, component), self.packed_offset[node])
        self.builder.store(value, self.element(self.tile, at))

    # ------------------------------------------------------------ the end of a step of rows

    def _finish(self, row: Value, out_row: Value) -> None:
        self.evaluator.columns = 1
        for number, output in enumerate(self.work.outputs):
            with self.evaluator.scope():
                memory, type_ = self.keep_output(output)
                target = self.entry_pointer(self.layout.output(number))
                for r in self._row_vectors():
                    with self.builder.if_then(self.builder.icmp_signed("<", self.rows[r], self.row_last)):
                        self.for_components(output.dim, partial(self._write_output, output, memory, type_, target, r))

    def _write_output(self, output: Expr, memory: Any, type_: ir.Type, target: Value, r: int, k: Index) -> None:
        """Copy a component of an output of row vector `r` to where the caller wants it."""
        builder = self.builder
        source = self.element(memory, add(multiply(k, self.schedule.row_vectors), r), type_)
        value = builder.load(source, typ=type_)
        start = builder.mul(self.output_rows[r], ir.Constant(INT64, output.dim))
        value = self.widened(value)
        builder.store(value, self.element(target, add(start, k), value.type))


class _ColumnLeaves:
    """Reads one column of the arguments, for the nodes that are computed when a tile is loaded."""

    evaluator: Evaluator

    def __init__(self, kernel: _CudaBuilder, column: Value) -> None:
        self.kernel, self.column = kernel, column

    def holds(self, node: Expr) -> bool:
        return location(node) == "uniform" and node.op.name != "Const"

    def exponential(self, scale: Expr, x: Value) -> Value:
        return self.kernel.exponential(scale, x)

    def read(self, node: Expr, index: Index, slot: Slot) -> Value | None:
        kernel = self.kernel
        if location(node) == "uniform":
            return kernel.read(node, index, slot)
        if node.op.name != "Var":
            return self.evaluator.stored_component(node, index, slot)
        return kernel.component_of(node, self.column, index)


def emit_cuda_kernel(module: ir.Module, name: str, work: Work, dtype: str, schedule: CudaSchedule) -> Kernel:
    """Add the kernel for `work` to `module` and return what a caller must know about it."""
    return _CudaBuilder(module, name, work, dtype, schedule).emit()
