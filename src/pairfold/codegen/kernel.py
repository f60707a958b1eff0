"""What the kernels of all targets have in common: where values come from, and how a step of rows and columns runs.

A kernel is emitted by a builder. This one knows the leaves of a formula (parameters, rows, columns, the state), the
nodes that leave the pair loop, and the update of the state; the builder of a target adds the loops around them and the
memory that they work in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from llvmlite import ir

from pairfold.codegen.evaluate import Evaluator, Slot, exponential_scales, operands
from pairfold.codegen.lanes import Lanes, Value
from pairfold.codegen.lists import MergedLists
from pairfold.codegen.loops import INT64, Index, add, as_value, component_loop, loop, multiply
from pairfold.codegen.state import StateStorage
from pairfold.codegen.work import Layout, Work
from pairfold.ir.expr import PLACEHOLDER_BIT, Category, Expr
from pairfold.reductions.state import COLUMN_INDEX
from pairfold.schedule.schedule import Schedule
from pairfold.transform.separate import Frontier, frontier, is_access, location, reachable

__all__ = ["DOUBLE", "INT32", "KernelBuilder", "needs_packing"]

INT32 = ir.IntType(32)
DOUBLE = ir.DoubleType()


class KernelBuilder(ABC):
    """The state of the emission of one kernel.

    Parameters
    ----------
    work : Work
        What to compute.
    schedule : Schedule
        How.
    lanes, double : Lanes
        The instructions for tiles in the working precision, and for single float64 numbers.
    held : sequence of Expr
        Nodes that the kernel reads from memory, where another kernel has put them.
    """

    builder: ir.IRBuilder
    layout: Layout
    state: StateStorage
    lists: MergedLists | None = None
    """The state, where it consists of sorted lists that are merged."""
    global_pointer: ir.Type
    """Type of pointers to the arguments."""

    def __init__(self, work: Work, schedule: Schedule, lanes: Lanes, double: Lanes, held: Sequence[Expr]) -> None:
        self.work, self.schedule, self.lanes, self.double, self.held = work, schedule, lanes, double, held
        self.dtype = lanes.dtype
        leaves = [node for node in reachable(work.roots, held) if node.op.name == "Var"]
        self.variables = (*(v for v in leaves if v.category != Category.PLACEHOLDER), *work.partial_states)
        self.layout = Layout(self.variables, work.written)
        self.frontier: Frontier = frontier(work.roots, held, operands)
        self.packed_offset: dict[Expr, int] = {}
        self.pointers: dict[Expr, Value] = {}
        self.strides: dict[Expr, Value] = {}
        self.row_memory: dict[Expr, Any] = {}
        self.uniform_value: dict[tuple[Expr, int], Value] = {}
        self.uniform_memory: dict[Expr, Any] = {}
        self.scales: dict[Expr, tuple[Value, ...]] = {}
        self.current_column: list[Value] = []
        self.output_rows: list[Value] = []
        """Rows of the outputs that the row vectors of the step begin at."""
        self.field_of = {placeholder: field for field, placeholder in work.fields}

    # ------------------------------------------------------------ what a target adds

    @abstractmethod
    def scratch(self, count: int) -> Any:
        """Reserve `count` vectors of lanes in memory of this thread; the address is known in the entry block."""

    def row_scratch(self, count: int) -> Any:
        """Reserve `count` vectors of lanes for what is known of the rows of a step."""
        return self.scratch(count)

    @abstractmethod
    def entry(self, number: int) -> Value:
        """Return a number of the argument block."""

    @abstractmethod
    def _pack_rows(self, row: Value) -> None:
        """Fill `row_memory` with the row variables of the step that begins at `row`."""

    @abstractmethod
    def _columns(self, first: Value, last: Value) -> None:
        """Emit the loops over the column intervals `first`, ..., `last` - 1."""

    @abstractmethod
    def _read_column(self, node: Expr, index: Index, column: int) -> Value:
        """Return a component of a column variable, or of a node in `packed_offset`, in every lane."""

    @abstractmethod
    def _finish(self, row: Value, out_row: Value) -> None:
        """Store the outputs of the step of rows that begins at `row`."""

    # ------------------------------------------------------------ memory

    def entry_pointer(self, number: int) -> Value:
        """Return a pointer of the argument block."""
        return self.builder.inttoptr(self.entry(number), self.global_pointer)

    def element(self, pointer: Value, index: Index, type_: ir.Type | None = None) -> Value:
        """Return the address of element `index`."""
        return self.builder.gep(pointer, [as_value(self.builder, index)], source_etype=type_ or self.lanes.element)

    def parameter(self, variable: Expr, index: Index) -> Value:
        """Return the address of a component of a parameter."""
        return self.element(self.pointers[variable], index)

    # ------------------------------------------------------------ leaves

    def holds(self, node: Expr) -> bool:
        """Tell whether `read` finds `node`; see `Leaves`."""
        return (
            node in self.packed_offset
            or node in self.row_memory
            or (location(node) == "uniform" and node.op.name != "Const")
        )

    def exponential(self, scale: Expr, x: Value) -> Value:
        """Return exp of `x` times the factor `scale`; see `Leaves`."""
        return self.lanes.exponential(self.builder, x, self.scales[scale])

    def read(self, node: Expr, index: Index, slot: Slot) -> Value | None:
        """Return a stored component; see `Leaves`."""
        where = location(node)
        if where == "uniform":
            return None if node.op.name == "Const" else self._read_uniform(node, index)
        if node in self.row_memory:
            offset = add(multiply(index, self.schedule.row_vectors), slot[0])
            address = self.element(self.row_memory[node], offset, self.lanes.real)
            return self.builder.load(address, typ=self.lanes.real)
        if node in self.packed_offset:
            return self._read_column(node, index, slot[1] or 0)
        if node.op.name != "Var":
            return self.evaluator.stored_component(node, index, slot)
        if node is COLUMN_INDEX:
            number = self.builder.trunc(self.current_column[slot[1] or 0], INT32)
            return self.lanes.broadcast(self.builder, number)
        if node.category == Category.PLACEHOLDER:
            return self.read_state(node, index, slot)
        assert node.category == Category.COLUMN, node
        return self._read_column(node, index, slot[1] or 0)

    def read_state(self, node: Expr, index: Index, slot: Slot) -> Value:
        """Return a component of a field of the state, or of one of the states that are merged."""
        if node in self.field_of:
            return (self.lists or self.state).read(self.field_of[node], index, slot[0])
        return self.read_part(node, index, self.current_column[slot[1] or 0], slot[0] or 0)

    def read_part(self, node: Expr, index: Index, part: Value, r: int) -> Value:
        """Return a component of a field of one of the states that are merged."""
        type_ = self.lanes.index if node.kind == "index" else self.lanes.real
        row = self.builder.mul(self.output_rows[r], ir.Constant(INT64, node.dim))
        start = self.builder.add(self.builder.mul(part, self.strides[node]), row)
        return self.load_argument(self.element(self.pointers[node], add(start, index), type_), type_)

    def load_argument(self, address: Value, type_: ir.Type | None = None) -> Value:
        """Load a number that nobody writes while the kernel runs."""
        return self.builder.load(address, typ=type_ or self.lanes.element)

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

    # ------------------------------------------------------------ once per call

    def _uniforms(self) -> None:
        """Evaluate what depends on parameters only, in float64."""
        leaves = UniformLeaves(self)
        evaluator = Evaluator(self.builder, self.double, leaves, 1, 1, self.schedule.unroll, self.scratch)
        self.uniform_value, self.uniform_memory = {}, {}
        for node in self.frontier.uniform:
            evaluator.prepare([node])
            if node.dim > self.schedule.unroll:
                if node.op.name != "Var":
                    self._store_uniform(evaluator, node)
                continue
            for k in range(node.dim):
                self._keep_uniform(node, k, evaluator.component(node, k, (None, None)))

        for node in exponential_scales(reachable(self.work.roots, self.held)):
            if location(node) == "uniform":
                evaluator.prepare([node])
                self._keep_scale(node, evaluator.component(node, 0, (None, None)))

    def _keep_uniform(self, node: Expr, k: int, value: Value) -> None:
        """Keep a component of what depends on parameters only, in every lane."""
        self.uniform_value[node, k] = self.lanes.broadcast(self.builder, self._narrow(value))

    def _keep_scale(self, node: Expr, value: Value) -> None:
        """Keep the factor `node` of the argument of an exponential, in every lane."""
        self.scales[node] = self.lanes.split_scale(self.builder, value)

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
        self._new_evaluator()
        self._pack_rows(row)
        self._row_nodes()
        self._start(row)
        if self.work.fields:
            self._columns(first, last)
        self._finish(row, out_row)

    def _new_evaluator(self) -> None:
        """Begin with a step of rows, of which nothing is known."""
        schedule = self.schedule
        self.evaluator = Evaluator(
            self.builder, self.lanes, self, schedule.row_vectors, 1, schedule.unroll, self.scratch, schedule.terms
        )
        self.row_memory = {}

    def _start(self, row: Value) -> None:
        """Set the state of the step of rows that begins at `row` to that of no columns."""
        if self.work.merges_lists:
            self.state, self.lists = StateStorage(self, ()), MergedLists(self)
            self.lists.initialise()
            return
        self.state = StateStorage(self, self.work.fields)
        self.state.initialise()

    def _row_nodes(self) -> None:
        """Evaluate the row-only nodes that the column loop or the last step reads."""
        evaluator, vectors = self.evaluator, self.schedule.row_vectors
        wanted = self.frontier.row
        for node in wanted:
            if node.op.name == "Var":
                continue
            evaluator.prepare([node])
            memory = self.row_scratch(node.dim * vectors)
            self.for_components(node.dim, partial(self._store_row, node, memory))
            self.row_memory[node] = memory
        self._load_rows()

    def _load_rows(self) -> None:
        """Load what the column loop reads of the rows, if it is little."""
        evaluator, vectors = self.evaluator, self.schedule.row_vectors
        wanted = self.frontier.row
        if sum(node.dim for node in wanted) * vectors <= self.schedule.register_rows:
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

    def for_components(self, dim: int, body: Callable[[Index], None], evaluator: Evaluator | None = None) -> None:
        """Run `body` for every component, unrolled when they are few; it uses `evaluator`, by default the kernel's."""
        if dim <= self.schedule.unroll:
            for known in range(dim):
                body(known)
        else:
            with component_loop(self.builder, dim) as k, (evaluator or self.evaluator).scope():
                body(k)

    # ------------------------------------------------------------ columns

    def _block_of_columns(self, first: Value, last: Value, step: Callable[[Value, int], None]) -> None:
        """Emit a block of sums: ``step(column, count)`` for groups of columns, then for single ones."""
        builder, count = self.builder, self.schedule.columns
        self.state.open_block()
        whole = first
        if count > 1:
            whole = self._end_of_groups(first, last)
            with loop(builder, first, whole, count) as column:
                step(column, count)
        with loop(builder, whole, last) as column:
            step(column, 1)
        self.state.close_block()

    def _end_of_groups(self, first: Value, last: Value) -> Value:
        """Return where the single columns begin that fill no step."""
        builder, size = self.builder, ir.Constant(INT64, self.schedule.columns)
        return builder.add(first, builder.mul(builder.sdiv(builder.sub(last, first), size), size))

    def _step_of_columns(self, column: Value, count: int) -> None:
        evaluator = self.evaluator
        evaluator.columns = count
        self.current_column = [as_value(self.builder, add(column, u)) for u in range(count)]
        with evaluator.scope():
            steady = [node for node in self._pair_scalars() if not node.dependence & PLACEHOLDER_BIT]
            evaluator.prepare(steady)
            for node in steady:
                for slot in evaluator.slots(node):
                    evaluator.component(node, 0, slot)
            self._change_state(count)

    def _change_state(self, count: int) -> None:
        """Update the state by the columns of the step."""
        if self.lists is not None:
            for u in range(count):
                self.lists.merge(self.current_column[u])
            return
        if self.work.rare:
            self._rare_update(count)
        self._update(count)

    def _pair_scalars(self) -> list[Expr]:
        """Return the scalars per pair that updates need: they are computed once, before any loop over components."""
        nodes = reachable(self.work.steady_roots, (), operands)
        return [node for node in nodes if node.dim == 1 and location(node) == "pair" and node.op.name != "Var"]

    def _rare_update(self, count: int) -> None:
        work, builder, evaluator = self.work, self.builder, self.evaluator
        guard = work.guard
        assert guard is not None
        if guard.dim > self.schedule.unroll:
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
            with builder.if_then(self.lanes.any(builder, masks), likely=False):
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
            with builder.if_then(self.lanes.any(builder, masks), likely=False):
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

    def keep_output(self, output: Expr) -> tuple[Any, ir.Type]:
        """Put an output of the step into memory of this thread; return the memory and the type of a number there."""
        wide = DOUBLE if self.work.keeps_state else self.lanes.element
        element = self.lanes.index_element if output.kind == "index" else wide
        memory = self.scratch(output.dim * self.schedule.row_vectors * self.lanes.size(element))
        self.evaluator.prepare([output])
        store = partial(self._store_output, output, memory, self.lanes.vector(element))
        self.for_components(output.dim, store)
        return memory, element

    def widened(self, value: Value) -> Value:
        """Return a number as it is stored: column numbers have 64 bits."""
        return self.builder.sext(value, INT64) if value.type == INT32 else value

    def _store_output(self, output: Expr, memory: Value, vector: ir.Type, k: Index) -> None:
        field = self.field_of.get(output)
        for r in range(self.schedule.row_vectors):
            if field is not None and self.work.keeps_state and self.state.is_wide(field):
                value = self.state.read_exactly(field, k, r)
            else:
                value = self.evaluator.component(output, k, (r, 0))
            value = value if value.type == vector else self.builder.fpext(value, vector)
            offset = add(multiply(k, self.schedule.row_vectors), r)
            self.builder.store(value, self.element(memory, offset, vector))


class UniformLeaves:
    """Reads parameters as float64 scalars."""

    def __init__(self, kernel: KernelBuilder) -> None:
        self.kernel = kernel

    def holds(self, node: Expr) -> bool:
        return False

    def exponential(self, scale: Expr, x: Value) -> Value:
        raise AssertionError("uniform exponentials are evaluated as they are")

    def read(self, node: Expr, index: Index, slot: Slot) -> Value | None:
        if node.op.name != "Var":
            return None
        kernel = self.kernel
        value = kernel.builder.load(kernel.parameter(node, index), typ=kernel.lanes.element)
        return value if kernel.dtype == "float64" else kernel.builder.fpext(value, DOUBLE)


def needs_packing(work_roots: Sequence[Expr]) -> tuple[Expr, ...]:
    """Return the column-only nodes that are worth computing once per column in advance."""
    return tuple(node for node in frontier(work_roots).column if not is_access(node))
