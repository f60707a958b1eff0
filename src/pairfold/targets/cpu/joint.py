"""The CPU kernel of two sums of the same pairs: over columns for every row, and over rows for every column.

What both sums need of a pair, its exponential above all, is computed once. An item is a range of `STEPS` steps of rows
at most, of which everything is known before the columns come:

    for item: for step of rows: pack the rows, sums = 0
        for block of columns:
            sums of its columns = 0                 (one number per lane)
            for step of rows: for step of columns: evaluate the formulas, add to the sums of both
            add up the lanes; add the sums of the columns to the output
        for step of rows: finish, store the valid rows

The list of intervals of an item has two pairs of numbers: the first column and that after the last one; the row of the
output of columns that column 0 belongs to, and the first column whose sums are wanted.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from pairfold.codegen.lanes import Value
from pairfold.codegen.loops import INT64, Index, add, loop, minimum, multiply
from pairfold.codegen.state import StateStorage
from pairfold.codegen.vectormath_emitter import Emitter
from pairfold.codegen.work import Work
from pairfold.ir.expr import Category, Expr
from pairfold.ops.arithmetic import is_constant
from pairfold.schedule.schedule import Schedule
from pairfold.targets.cpu.kernel import CpuBuilder

__all__ = ["STEPS", "JointBuilder"]

STEPS = 32
"""Steps of rows of an item: the more, the less it costs to add up lanes; all must fit into the caches."""

INT32 = ir.IntType(32)


class JointBuilder(CpuBuilder):
    """The state of the emission of one kernel that sums over columns and over rows."""

    def __init__(self, module: ir.Module, name: str, work: Work, dtype: str, schedule: Schedule) -> None:
        super().__init__(module, name, work, dtype, schedule)
        # The rows of a step, what is computed of them, and both parts of its sums that outlast a block of columns.
        variables = (v for v in self.variables if v.category == Category.ROW)
        self.row_values = (*variables, *(node for node in self.frontier.row if node.op.name != "Var"))
        self.step_size = (sum(node.dim for node in self.row_values) + 2 * work.added_dim) * schedule.row_vectors
        self.all_steps = self.scratch(STEPS * self.step_size)
        self.term_starts: dict[Expr, int] = {}
        self.terms_dim = 0
        for term in work.across_terms:
            self.term_starts[term] = self.terms_dim
            self.terms_dim += term.dim
        self.sums = self.scratch(schedule.block * self.terms_dim)

    # ------------------------------------------------------------ the steps of an item

    def row_scratch(self, count: int) -> Any:
        """Return the next `count` vectors of the memory of the present step: always in the same order."""
        place = self.element(self.step, self.step_used, self.lanes.real)
        self.step_used += count
        assert self.step_used <= self.step_size
        return place

    def _go_to(self, row: Value) -> None:
        """Make the step that begins at `row` the present one."""
        number = self.builder.udiv(self.builder.sub(row, self.row_first), ir.Constant(INT64, self.schedule.rows))
        self.step = self.element(self.all_steps, multiply(number, self.step_size), self.lanes.real)
        self.step_used = 0
        self._new_evaluator()

    def _return_to(self, row: Value) -> None:
        """Make a step the present one whose rows are packed."""
        self._go_to(row)
        for node in self.row_values:
            self.row_memory[node] = self.row_scratch(node.dim * self.schedule.row_vectors)
        self.state = StateStorage(self, self.work.fields)

    def _item(self, row_first: Value, row_last: Value, first: Value, last: Value, batch: Value, out_row: Value) -> None:
        builder, rows = self.builder, self.schedule.rows
        self._locate(batch)
        self._uniforms()
        self.row_first, self.row_last = row_first, row_last
        start = builder.mul(first, ir.Constant(INT64, 2))
        begin, end, self.first_output, counted = (
            builder.load(self.element(self.intervals, add(start, k), INT64), typ=INT64) for k in range(4)
        )
        with loop(builder, row_first, row_last, rows) as row:
            self._go_to(row)
            self._pack_rows(row)
            self._row_nodes()
            self._start(row)
        with loop(builder, begin, end, self.schedule.block) as column:
            stop = minimum(builder, builder.add(column, ir.Constant(INT64, self.schedule.block)), end)
            self._forget_sums()
            self.first_column = column
            with loop(builder, row_first, row_last, rows) as row:
                self._sum_step(row, column, stop)
            is_early = builder.icmp_signed("<", column, counted)
            self._store_sums(builder.select(is_early, counted, column), stop)
        with loop(builder, row_first, row_last, rows) as row:
            self._return_to(row)
            self.state.open_block()
            self._finish(row, builder.add(out_row, builder.sub(row, row_first)))

    def _sum_step(self, row: Value, first: Value, last: Value) -> None:
        """Add what a step of rows and a block of columns give to the sums of both.

        The code for single columns serves steps with fewer rows, too, so that there need not be a third copy of it.
        """
        builder, count = self.builder, self.schedule.columns
        self._return_to(row)
        self._load_rows()
        self.state.open_block()
        row_end = builder.add(row, ir.Constant(INT64, self.schedule.rows))
        is_whole = builder.icmp_signed("<=", row_end, self.row_last)
        first_single = builder.select(is_whole, self._end_of_groups(first, last), first)
        self.valid: list[Value | None] = [None] * self.schedule.row_vectors
        with loop(builder, first, first_single, count) as column:
            self._step_of_columns(column, count)
        self.valid = self._valid_lanes(row)
        with loop(builder, first_single, last) as column:
            self._step_of_columns(column, 1)
        self.state.close_block()

    def _valid_lanes(self, row: Value) -> list[Value | None]:
        """Return for every row vector which lanes hold rows: those behind the last row repeat it."""
        builder, lanes = self.builder, self.schedule.lanes
        count = builder.trunc(self._row_count(row), INT32)
        if lanes == 1:
            return [builder.icmp_signed("<", INT32(r), count) for r in range(self.schedule.row_vectors)]
        counts = self.lanes.broadcast(builder, count)
        numbers = ir.VectorType(INT32, lanes)
        return [
            builder.icmp_signed("<", ir.Constant(numbers, [r * lanes + lane for lane in range(lanes)]), counts)
            for r in range(self.schedule.row_vectors)
        ]

    # ------------------------------------------------------------ sums over rows

    def _change_state(self, count: int) -> None:
        super()._change_state(count)
        self.evaluator.prepare(self.work.across_terms)
        for term in self.work.across_terms:
            for u in range(count):

                def add_component(k: Index, term: Expr = term, u: int = u) -> None:
                    self._add_rows(term, k, u)

                self.for_components(term.dim, add_component)

    def _add_rows(self, term: Expr, k: Index, u: int) -> None:
        """Add the rows of the step to a sum of a column."""
        builder, zero = self.builder, self.lanes.constant(0.0)
        # The row vectors among themselves at first: fewer additions to a large sum, and none that waits for it.
        added = None
        for r, is_valid in enumerate(self.valid):
            value = self.evaluator.component(term, k, (r, u))
            value = value if is_valid is None else builder.select(is_valid, value, zero)
            added = value if added is None else self.lanes.add(builder, added, value)
        place = self._sum(term, k, self.current_column[u])
        total = builder.load(place, typ=self.lanes.real)
        builder.store(builder.fadd(total, added), place)

    def _sum(self, term: Expr, k: Index, column: Value) -> Value:
        """Return the address of a sum of a column, one number per lane."""
        number = multiply(self.builder.sub(column, self.first_column), self.terms_dim)
        return self.element(self.sums, add(add(number, self.term_starts[term]), k), self.lanes.real)

    def _forget_sums(self) -> None:
        zero = self.lanes.constant(0.0)
        with loop(self.builder, 0, self.schedule.block * self.terms_dim) as place:
            self.builder.store(zero, self.element(self.sums, place, self.lanes.real))

    def _store_sums(self, first: Value, last: Value) -> None:
        """Add up the lanes of the sums of some columns, and add these to the output."""
        builder, dim = self.builder, self.work.across_dim
        output = self.entry_pointer(self.layout.output(len(self.work.outputs)))
        with loop(builder, first, last) as column:
            self._new_evaluator()
            self.current_column = [column]
            at = multiply(builder.add(self.first_output, column), 2 * dim)
            for factor, term in self.work.across:
                width = max(factor.dim, term.dim)

                def store(k: Index, factor: Expr = factor, term: Expr = term, at: Any = at) -> None:
                    total = builder.load(self._sum(term, 0 if term.dim == 1 else k, column), typ=self.lanes.real)
                    if not is_constant(factor, 1.0):
                        total = builder.fmul(total, self.evaluator.component(factor, k, (None, 0)))
                    self._add_to_output(self.element(output, add(at, multiply(k, 2))), self._added_lanes(total))

                self.for_components(width, store)
                at = add(at, 2 * width)

    def _add_to_output(self, place: Value, number: Value) -> None:
        """Add to a number in memory, and what rounding takes away to the one behind it."""
        builder, element = self.builder, self.lanes.element
        rest = self.element(place, 1, element)
        emitter = Emitter(builder, 1, self.dtype, self.schedule.features)
        total, error = emitter.two_sum(builder.load(place, typ=element), number)
        # The rounding errors of an infinite sum are nan, and mean nothing.
        error = builder.select(builder.fcmp_ordered("ord", error, error), error, ir.Constant(element, 0.0))
        builder.store(total, place)
        builder.store(builder.fadd(builder.load(rest, typ=element), error), rest)

    def _added_lanes(self, vector: Value) -> Value:
        """Return the sum of all lanes, of neighbouring halves at first."""
        builder, count = self.builder, self.schedule.lanes
        while count > 1:
            count //= 2
            halves = (
                builder.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(INT32, count), [*part]))
                for part in (range(count), range(count, 2 * count))
            )
            vector = builder.fadd(*halves)
        return vector if self.schedule.lanes == 1 else builder.extract_element(vector, INT32(0))
