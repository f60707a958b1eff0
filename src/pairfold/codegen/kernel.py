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

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from llvmlite import ir

from pairfold.codegen.evaluate import Evaluator, Slot, exponential_scales
from pairfold.codegen.lanes import Lanes, Value
from pairfold.codegen.loops import INT64, Index, add, as_value, component_loop, loop, minimum, multiply
from pairfold.codegen.state import StateStorage
from pairfold.codegen.work import ITEM_FIELDS, Kernel, Layout, Work
from pairfold.ir.expr import PLACEHOLDER_BIT, Category, Expr, topological
from pairfold.reductions.state import COLUMN_INDEX
from pairfold.schedule.schedule import UNROLL, Schedule
from pairfold.transform.separate import frontier, is_access, location, reachable

__all__ = ["emit_kernel", "needs_packing"]

POINTER = ir.PointerType()
INT32 = ir.IntType(32)
DOUBLE = ir.DoubleType()

REGISTER_ROWS = 24
"""Row components per step that are loaded before the column loop; more are read from memory in place."""


class _Builder:
    """The state of the emission of one kernel."""

    def __init__(self, module: ir.Module, name: str, work: Work, dtype: str, schedule: Schedule) -> None:
        self.work, self.schedule, self.dtype = work, schedule, dtype
        self.lanes = Lanes(module, schedule.lanes, dtype, schedule.features)
        self.double = Lanes(module, 1, "float64", schedule.features)
        leaves = [node for node in reachable(work.roots, work.packed) if node.op.name == "Var"]
        self.variables = tuple(v for v in leaves if v.params[2] != Category.PLACEHOLDER)
        self.layout = Layout(self.variables, len(work.outputs))
        self.scratch_used = 0
        type_ = ir.FunctionType(ir.VoidType(), [POINTER, POINTER, INT64, INT64, POINTER])
        self.function = ir.Function(module, type_, name)
        for argument, label in zip(self.function.args, ("block", "items", "first", "last", "scratch"), strict=True):
            argument.name = label
            if argument.type is POINTER:
                argument.add_attribute("noalias")
        self.block, self.items, self.first, self.last, self.scratch_base = self.function.args
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.frontier = frontier(work.roots, work.packed)
        self.packed_offset: dict[Expr, int] = {}
        offset = 0
        for node in work.packed:
            self.packed_offset[node] = offset
            offset += node.dim
        self.packed_size = offset
        self.row_memory: dict[Expr, Any] = {}
        self.uniform_value: dict[tuple[Expr, int], Value] = {}
        self.scales: dict[Expr, tuple[Value, Value]] = {}
        self.uniform_memory: dict[Expr, Any] = {}
        self.current_column: list[Value] = []

    # ------------------------------------------------------------ memory

    def scratch(self, count: int) -> Any:
        """Reserve `count` vectors of lanes; the address is computed in the entry block."""
        offset = self.scratch_used
        self.scratch_used += count
        with self.builder.goto_entry_block():
            return self.builder.gep(self.scratch_base, [ir.Constant(INT64, offset)], source_etype=self.lanes.real)

    def entry(self, number: int) -> Value:
        """Load a number of the argument block."""
        address = self.builder.gep(self.block, [ir.Constant(INT64, number)], source_etype=INT64)
        return self.builder.load(address, typ=INT64)

    def entry_pointer(self, number: int) -> Value:
        """Load a pointer of the argument block."""
        return self.builder.inttoptr(self.entry(number), POINTER)

    def element(self, pointer: Value, index: Index, type_: ir.Type | None = None) -> Value:
        """Return the address of element `index`."""
        return self.builder.gep(pointer, [as_value(self.builder, index)], source_etype=type_ or self.lanes.element)

    # ------------------------------------------------------------ leaves

    def holds(self, node: Expr) -> bool:
        return (
            node in self.packed_offset
            or node in self.row_memory
            or (location(node) == "uniform" and node.op.name != "Const")
        )

    def scale(self, node: Expr) -> tuple[Value, Value]:
        return self.scales[node]

    def read(self, node: Expr, index: Index, slot: Slot) -> Value | None:
        """Return a stored component; see `Leaves`."""
        where = location(node)
        if where == "uniform":
            return None if node.op.name == "Const" else self._read_uniform(node, index)
        if node in self.row_memory:
            memory = self.row_memory[node]
            offset = add(multiply(index, self.schedule.row_vectors), slot[0])
            return self.builder.load(self.element(memory, offset, self.lanes.real), typ=self.lanes.real)
        if node in self.packed_offset:
            at = add(index, self.packed_offset[node])
            return self._broadcast_from(self.packed_row(slot[1]), at)
        if node.op.name != "Var":
            return self.evaluator.stored_component(node, index, slot)
        if node is COLUMN_INDEX:
            number = self.builder.trunc(self.current_column[slot[1] or 0], INT32)
            return self.lanes.broadcast(self.builder, number)
        if node.params[2] == Category.PLACEHOLDER:
            return self.state.read(self.field_of[node], index, slot[0])
        assert node.params[2] == Category.COLUMN, node
        pointer = self.pointers[node]
        start = self.builder.mul(self.current_column[slot[1] or 0], self.strides[node])
        return self._broadcast_from(self.element(pointer, start), index)

    def packed_row(self, column: int | None) -> Value:
        start = self.builder.mul(self.current_column[column or 0], ir.Constant(INT64, self.packed_size))
        return self.element(self.packed_pointer, start)

    def _broadcast_from(self, pointer: Value, index: Index) -> Value:
        scalar = self.builder.load(self.element(pointer, index), typ=self.lanes.element)
        return self.lanes.broadcast(self.builder, scalar)

    def _read_uniform(self, node: Expr, index: Index) -> Value | None:
        if isinstance(index, int) and (node, index) in self.uniform_value:
            return self.uniform_value[node, index]
        if node in self.uniform_memory:
            return self._broadcast_from(self.uniform_memory[node], index)
        if node.op.name == "Var":
            return self._broadcast_from(self.pointers[node], index)
        return None

    # ------------------------------------------------------------ the function

    def emit(self) -> Kernel:
        with loop(self.builder, self.first, self.last) as number:
            size = len(ITEM_FIELDS)
            start = self.builder.mul(number, ir.Constant(INT64, size))
            item = [self.builder.load(self.element(self.items, add(start, k), INT64), typ=INT64) for k in range(size)]
            self._item(*item)
        self.builder.ret_void()
        return Kernel(self.function.name, self.layout, self.scratch_used)

    def _item(self, row_first: Value, row_last: Value, first: Value, last: Value, batch: Value, out_row: Value) -> None:
        builder = self.builder
        self._locate(batch)
        self._uniforms()
        self.row_last = row_last
        with loop(builder, row_first, row_last, self.schedule.rows) as row:
            self._step_of_rows(row, first, last, builder.add(out_row, builder.sub(row, row_first)))

    def _locate(self, batch: Value) -> None:
        """Find where the variables of this batch entry start."""
        builder, layout = self.builder, self.layout
        count = len(self.variables) + 1
        table = self.entry_pointer(layout.offsets)
        start = builder.mul(batch, ir.Constant(INT64, count))

        def offset(number: int) -> Value:
            return builder.load(self.element(table, add(start, number), INT64), typ=INT64)

        self.pointers, self.strides = {}, {}
        for number, variable in enumerate(self.variables):
            base = self.entry_pointer(layout.pointer(variable))
            self.pointers[variable] = self.element(base, offset(number))
            self.strides[variable] = self.entry(layout.stride(variable))
        if self.work.packed:
            self.packed_pointer = self.element(self.entry_pointer(layout.packed), offset(count - 1))
        self.intervals = self.entry_pointer(layout.intervals)

    def _uniforms(self) -> None:
        """Evaluate what depends on parameters only, in float64."""
        leaves = _UniformLeaves(self)
        evaluator = Evaluator(self.builder, self.double, leaves, 1, 1, UNROLL, self.scratch)
        self.uniform_value, self.uniform_memory = {}, {}
        for node in self.frontier.uniform:
            evaluator.prepare([node])
            if node.dim > UNROLL:
                if node.op.name != "Var":
                    self._store_uniform(evaluator, node)
                continue
            for k in range(node.dim):
                value = evaluator.component(node, k, (None, None))
                self.uniform_value[node, k] = self.lanes.broadcast(self.builder, self._narrow(value))

        for node in exponential_scales(reachable(self.work.roots, self.work.packed)):
            if location(node) == "uniform":
                scale = evaluator.component(node, 0, (None, None))
                self.scales[node] = self.lanes.split_scale(self.builder, scale)

    def _narrow(self, value: Value) -> Value:
        return value if self.dtype == "float64" else self.builder.fptrunc(value, self.lanes.element)

    def _store_uniform(self, evaluator: Evaluator, node: Expr) -> None:
        memory = self.scratch(-(-node.dim // self.schedule.lanes))
        with component_loop(self.builder, node.dim) as k, evaluator.scope():
            value = evaluator.component(node, k, (None, None))
            self.builder.store(self._narrow(value), self.element(memory, k))
        self.uniform_memory[node] = memory

    # ------------------------------------------------------------ rows

    def _step_of_rows(self, row: Value, first: Value, last: Value, out_row: Value) -> None:
        self.evaluator = Evaluator(self.builder, self.lanes, self, self.schedule.row_vectors, 1, UNROLL, self.scratch)
        self.row_memory = {}
        self._pack_rows(row)
        self._row_nodes()
        self.state = StateStorage(self)
        self.field_of = {placeholder: field for field, placeholder in self.work.fields}
        if self.work.fields:
            self.state.initialise()
            self._columns(first, last)
        self._finish(row, out_row)

    def _pack_rows(self, row: Value) -> None:
        """Copy the row variables into memory with one lane per row; rows beyond the last repeat the last."""
        builder, rows = self.builder, self.schedule.rows
        row_variables = [v for v in self.variables if v.params[2] == Category.ROW]
        memory = {v: self.scratch(v.dim * self.schedule.row_vectors) for v in row_variables}
        if row_variables:
            final = builder.sub(self.row_last, ir.Constant(INT64, 1))
            with loop(builder, 0, rows) as lane:
                source_row = minimum(builder, builder.add(row, lane), final)
                for variable in row_variables:
                    source = self.element(self.pointers[variable], builder.mul(source_row, self.strides[variable]))
                    self._copy_row(source, memory[variable], lane, variable.dim)
        self.row_memory.update(memory)

    def _copy_row(self, source: Value, target: Value, lane: Value, dim: int) -> None:
        rows = self.schedule.rows

        def copy(k: Index) -> None:
            value = self.builder.load(self.element(source, k), typ=self.lanes.element)
            at = add(multiply(k, rows), lane)
            self.builder.store(value, self.element(target, at))

        if dim <= 4:
            for known in range(dim):
                copy(known)
        else:
            with component_loop(self.builder, dim) as k:
                copy(k)

    def _row_nodes(self) -> None:
        """Evaluate the row-only nodes that the column loop or the last step reads."""
        evaluator, vectors = self.evaluator, self.schedule.row_vectors
        wanted = self.frontier.row
        for node in wanted:
            if node.op.name == "Var":
                continue
            evaluator.prepare([node])
            memory = self.scratch(node.dim * vectors)
            self.for_components(node.dim, partial(self._store_row, node, memory))
            self.row_memory[node] = memory
        if sum(node.dim for node in wanted) * vectors <= REGISTER_ROWS:
            for node in wanted:
                for k in range(node.dim):
                    for r in range(vectors):
                        evaluator.component(node, k, (r, None))

    def _store_row(self, node: Expr, memory: Value, k: Index) -> None:
        vectors = self.schedule.row_vectors
        for r in range(vectors):
            value = self.evaluator.component(node, k, (r, None))
            offset = add(multiply(k, vectors), r)
            self.builder.store(value, self.element(memory, offset, self.lanes.real))

    def for_components(self, dim: int, body: Callable[[Index], None]) -> None:
        """Run `body` for every component, unrolled when they are few."""
        if dim <= UNROLL:
            for known in range(dim):
                body(known)
        else:
            with component_loop(self.builder, dim) as k, self.evaluator.scope():
                body(k)

    # ------------------------------------------------------------ columns

    def _columns(self, first: Value, last: Value) -> None:
        builder, schedule = self.builder, self.schedule
        with loop(builder, first, last) as number:
            pair = builder.mul(number, ir.Constant(INT64, 2))
            begin, end = (builder.load(self.element(self.intervals, add(pair, k), INT64), typ=INT64) for k in range(2))
            block = ir.Constant(INT64, schedule.block)
            with loop(builder, begin, end, schedule.block) as start:
                stop = minimum(builder, builder.add(start, block), end)
                self.state.open_block()
                whole = start
                if schedule.columns > 1:
                    step = ir.Constant(INT64, schedule.columns)
                    whole = builder.add(start, builder.mul(builder.sdiv(builder.sub(stop, start), step), step))
                    with loop(builder, start, whole, schedule.columns) as column:
                        self._step_of_columns(column, schedule.columns)
                with loop(builder, whole, stop) as column:
                    self._step_of_columns(column, 1)
                self.state.close_block()

    def _step_of_columns(self, column: Value, count: int) -> None:
        evaluator, work = self.evaluator, self.work
        evaluator.columns = count
        self.current_column = [as_value(self.builder, add(column, u)) for u in range(count)]
        with evaluator.scope():
            steady = [node for node in self._pair_scalars() if not node.dependence & PLACEHOLDER_BIT]
            evaluator.prepare(steady)
            for node in steady:
                for slot in evaluator.slots(node):
                    evaluator.component(node, 0, slot)
            if work.rare:
                self._rare_update(count)
            self._update(count)

    def _pair_scalars(self) -> list[Expr]:
        """Return the scalars per pair that updates need: they are computed once, before any loop over components."""
        roots = [root for _, root in self.work.update]
        if self.work.guard is not None:
            roots.append(self.work.guard)
        nodes = topological(roots)
        return [node for node in nodes if node.dim == 1 and location(node) == "pair" and node.op.name != "Var"]

    def _rare_update(self, count: int) -> None:
        work, builder, evaluator = self.work, self.builder, self.evaluator
        guard = work.guard
        assert guard is not None
        if guard.dim > UNROLL:
            for u in range(count):
                for r in range(self.schedule.row_vectors):
                    self.state.computed(work.rare, (r, u))()
            return
        with evaluator.scope():
            masks = [
                evaluator.mask(guard, k, (r, u))
                for u in range(count)
                for r in range(self.schedule.row_vectors)
                for k in range(guard.dim)
            ]
            with builder.if_then(self.lanes.any(builder, _either(builder, masks)), likely=False):
                for u in range(count):
                    for r in range(self.schedule.row_vectors):
                        self._rare_for_slot(guard, (r, u), nested=count * self.schedule.row_vectors > 1)

    def _rare_for_slot(self, guard: Expr, slot: Slot, nested: bool) -> None:
        builder, evaluator = self.builder, self.evaluator
        # The state may have changed since the masks were computed, so the scope of the guard is not reused.
        with evaluator.fresh_state():
            masks = [evaluator.mask(guard, k, slot) for k in range(guard.dim)]
            if not nested:
                self.state.computed(self.work.rare, slot)()
                return
            with builder.if_then(self.lanes.any(builder, _either(builder, masks)), likely=False):
                self.state.computed(self.work.rare, slot)()

    def _update(self, count: int) -> None:
        fields = {field.name: field for field, _ in self.work.fields}
        sums = [(fields[name], term) for name, term in self.work.update if fields[name].additive]
        others = [(name, value) for name, value in self.work.update if not fields[name].additive]
        self.evaluator.prepare([term for _, term in self.work.update])
        if not others:
            vectors = range(self.schedule.row_vectors)
            self.state.add(sums, [[(r, u) for u in range(count)] for r in vectors])
            return
        # A column sees the state that the column before left, and all fields of a state change at once.
        for u in range(count):
            for r in range(self.schedule.row_vectors):
                store = self.state.computed(others, (r, u))
                self.state.add(sums, [[(r, u)]])
                store()

    # ------------------------------------------------------------ the end of a step of rows

    def _finish(self, row: Value, out_row: Value) -> None:
        builder, lanes, schedule = self.builder, self.lanes, self.schedule
        count = minimum(builder, builder.sub(self.row_last, row), ir.Constant(INT64, schedule.rows))
        self.evaluator.columns = 1
        for number, output in enumerate(self.work.outputs):
            with self.evaluator.scope():
                is_index = output.kind == "index"
                memory = self.scratch(output.dim * schedule.row_vectors)
                vector = lanes.index if is_index else lanes.real
                element = lanes.index_element if is_index else lanes.element
                self.evaluator.prepare([output])
                self.for_components(output.dim, partial(self._store_output, output, memory, vector))
                target = self.entry_pointer(self.layout.output(number))
                dim = ir.Constant(INT64, output.dim)
                with loop(builder, 0, count) as lane:
                    start = builder.mul(builder.add(out_row, lane), dim)
                    with component_loop(builder, output.dim) as k:
                        at = add(multiply(k, schedule.rows), lane)
                        value = builder.load(self.element(memory, at, element), typ=element)
                        if is_index:
                            value = builder.sext(value, INT64)
                        place = self.element(target, add(start, k), INT64 if is_index else element)
                        builder.store(value, place)

    def _store_output(self, output: Expr, memory: Value, vector: ir.Type, k: Index) -> None:
        for r in range(self.schedule.row_vectors):
            value = self.evaluator.component(output, k, (r, 0))
            offset = add(multiply(k, self.schedule.row_vectors), r)
            self.builder.store(value, self.element(memory, offset, vector))


class _UniformLeaves:
    """Reads parameters as float64 scalars."""

    def __init__(self, kernel: _Builder) -> None:
        self.kernel = kernel

    def holds(self, node: Expr) -> bool:
        return False

    def scale(self, node: Expr) -> tuple[Value, Value]:
        raise AssertionError("uniform exponentials are evaluated as they are")

    def read(self, node: Expr, index: Index, slot: Slot) -> Value | None:
        if node.op.name != "Var":
            return None
        kernel = self.kernel
        address = kernel.element(kernel.pointers[node], index)
        value = kernel.builder.load(address, typ=kernel.lanes.element)
        return value if kernel.dtype == "float64" else kernel.builder.fpext(value, DOUBLE)


def _either(builder: ir.IRBuilder, masks: Sequence[Value]) -> Value:
    result = masks[0]
    for mask in masks[1:]:
        result = builder.or_(result, mask)
    return result


def emit_kernel(module: ir.Module, name: str, work: Work, dtype: str, schedule: Schedule) -> Kernel:
    """Add the kernel for `work` to `module` and return what a caller must know about it."""
    return _Builder(module, name, work, dtype, schedule).emit()


def needs_packing(work_roots: Sequence[Expr]) -> tuple[Expr, ...]:
    """Return the column-only nodes that are worth computing once per column in advance."""
    return tuple(node for node in frontier(work_roots).column if not is_access(node))
