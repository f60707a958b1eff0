"""The K smallest values of every row on a CPU when K is large: lists of candidates that are sorted when they are full.

Inserting a value into a sorted list moves up to K entries. Here a row keeps up to 2.5 K values (or K and some) in the
order in which they were found; only values below the K-th smallest of the last time enter, and a full list is sorted
and cut to K. So a value that enters costs the same for every K and every order of the columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Protocol

from llvmlite import ir

from pairfold.codegen.evaluate import Evaluator, Slot
from pairfold.codegen.lanes import Lanes, Value
from pairfold.codegen.loops import INT64, Index, add, as_value, component_loop, loop, minimum, multiply, stack_slot
from pairfold.codegen.work import Work
from pairfold.schedule.schedule import Schedule

__all__ = ["Candidates"]

POINTER = ir.PointerType()
INT32 = ir.IntType(32)

DIGIT_BITS = 8
"""Bits that one pass of a sort looks at."""

FEWEST_FOUND = 512
"""Entries that a list takes between two sorts at least: the tables of a sort cost as much as some hundred entries."""

GAP = 16
"""Entries between two lists: lists at distances of a power of two would share few lines of the cache."""


class CollectingKernel(Protocol):
    """What the lists need of the kernel that they belong to."""

    builder: ir.IRBuilder
    lanes: Lanes
    work: Work
    schedule: Schedule
    evaluator: Evaluator
    current_column: list[Value]

    def scratch(self, count: int) -> Value:
        """Reserve `count` vectors of lanes."""

    def element(self, pointer: Value, index: Any, type_: ir.Type | None = None) -> Value:
        """Return the address of element `index`."""

    def for_components(self, dim: int, body: Callable[[Index], None]) -> None:
        """Run `body` for every component."""


class Candidates:
    """One list per row of a step and component of the value.

    List ``component * rows + row`` lies in two memories: values, and numbers of columns.
    """

    def __init__(self, kernel: CollectingKernel) -> None:
        value = kernel.work.candidate
        assert value is not None
        self.kernel, self.value, self.kept = kernel, value, kernel.work.kept
        self.room = self.kept + max(self.kept + self.kept // 2, FEWEST_FOUND)
        self.stride = self.room + GAP
        self.lists = value.dim * kernel.schedule.rows
        self.item_bytes = 4 if kernel.lanes.dtype == "float32" else 8
        self.values, self.numbers = self._memory(self.lists * self.stride), self._memory(self.lists * self.stride, 4)
        self.spare_values, self.spare_numbers = self._memory(self.room), self._memory(self.room, 4)
        self.tables = self._memory(self.item_bytes << DIGIT_BITS, 4)
        self.counts = self._memory(self.lists, 8)
        self.bounds = self._memory(self.lists)
        self.found = self._memory(kernel.schedule.lanes)
        self.sort = _sort_function(kernel.lanes)

    def _memory(self, count: int, item_bytes: int | None = None) -> Value:
        """Reserve memory for `count` numbers, by default of the working precision."""
        vector_bytes = self.kernel.schedule.lanes * self.item_bytes
        return self.kernel.scratch(-(-count * (item_bytes or self.item_bytes) // vector_bytes))

    def _entry(self, memory: Value, number: Value, place: Index | Value, type_: ir.Type) -> Value:
        """Return the address of an entry of list `number`."""
        return self.kernel.element(memory, add(multiply(number, self.stride), place), type_)

    # ------------------------------------------------------------ one step of rows

    def initialise(self, rows: Value) -> None:
        """Empty all lists. Nothing enters those beyond `rows` rows, which only fill up the vectors."""
        builder, kernel = self.kernel.builder, self.kernel
        element = kernel.lanes.element
        with loop(builder, 0, self.lists) as number:
            builder.store(ir.Constant(INT64, 0), kernel.element(self.counts, number, INT64))
            row = builder.urem(number, ir.Constant(INT64, kernel.schedule.rows))
            bounds = (ir.Constant(element, float("inf")), ir.Constant(element, float("-inf")))
            bound = builder.select(builder.icmp_signed("<", row, rows), *bounds)
            builder.store(bound, kernel.element(self.bounds, number))

    def offer(self, columns: int) -> None:
        """Let the values at a step of columns enter the lists."""
        kernel, builder = self.kernel, self.kernel.builder
        slots: Sequence[Slot] = [(r, u) for u in range(columns) for r in range(kernel.schedule.row_vectors)]
        kernel.evaluator.prepare([self.value])

        def offer_component(k: Index) -> None:
            masks = [self._below_bound(k, slot) for slot in slots]
            with builder.if_then(kernel.lanes.any(builder, reduce(builder.or_, masks)), likely=False):
                for slot, mask in zip(slots, masks, strict=True):
                    self._enter(k, slot, mask)

        kernel.for_components(self.value.dim, offer_component)

    def _first_list(self, k: Index, slot: Slot) -> Index:
        """Return the number of the list of the first lane."""
        return add(multiply(k, self.kernel.schedule.rows), (slot[0] or 0) * self.kernel.schedule.lanes)

    def _below_bound(self, k: Index, slot: Slot) -> Value:
        kernel = self.kernel
        address = kernel.element(self.bounds, self._first_list(k, slot))
        bound = kernel.builder.load(address, typ=kernel.lanes.real)
        return kernel.builder.fcmp_ordered("<", kernel.evaluator.component(self.value, k, slot), bound)

    def _enter(self, k: Index, slot: Slot, mask: Value) -> None:
        """Append the value in the lanes of `mask` to their lists."""
        kernel, builder = self.kernel, self.kernel.builder
        builder.store(kernel.evaluator.component(self.value, k, slot), self.found)
        bits = mask if kernel.lanes.count == 1 else builder.bitcast(mask, ir.IntType(kernel.lanes.count))
        bits = builder.zext(bits, INT32)
        remaining = stack_slot(builder, INT32)
        builder.store(bits, remaining)
        column = builder.trunc(kernel.current_column[slot[1] or 0], INT32)
        with loop(builder, 0, builder.zext(builder.ctpop(bits), INT64)):
            left = builder.load(remaining, typ=INT32)
            lane = builder.zext(builder.cttz(left, ir.Constant(ir.IntType(1), 1)), INT64)
            builder.store(builder.and_(left, builder.sub(left, ir.Constant(INT32, 1))), remaining)
            value = builder.load(kernel.element(self.found, lane), typ=kernel.lanes.element)
            self._append(as_value(builder, add(self._first_list(k, slot), lane)), value, column)

    def _append(self, number: Value, value: Value, column: Value) -> None:
        kernel, builder = self.kernel, self.kernel.builder
        place = kernel.element(self.counts, number, INT64)
        count = builder.load(place, typ=INT64)
        builder.store(value, self._entry(self.values, number, count, kernel.lanes.element))
        builder.store(column, self._entry(self.numbers, number, count, INT32))
        count = builder.add(count, ir.Constant(INT64, 1))
        builder.store(count, place)
        with builder.if_then(builder.icmp_signed("==", count, ir.Constant(INT64, self.room)), likely=False):
            self._sort(number, count)
            builder.store(ir.Constant(INT64, self.kept), place)
            last = self._entry(self.values, number, self.kept - 1, kernel.lanes.element)
            builder.store(builder.load(last, typ=kernel.lanes.element), kernel.element(self.bounds, number))

    def _sort(self, number: Value, count: Value) -> None:
        lists = [
            self._entry(self.values, number, 0, self.kernel.lanes.element),
            self._entry(self.numbers, number, 0, INT32),
        ]
        self.kernel.builder.call(self.sort, [*lists, self.spare_values, self.spare_numbers, self.tables, count])

    # ------------------------------------------------------------ the end of a step of rows

    def store(self, outputs: Sequence[tuple[Value, bool]], out_row: Value, rows: Value) -> None:
        """Store the K smallest of `rows` rows from row `out_row` on: for every output its address, and what it is.

        True stands for the numbers of the columns, False for the values.
        """
        builder, size = self.kernel.builder, self.kept * self.value.dim
        with loop(builder, 0, rows) as row, component_loop(builder, self.value.dim) as k:
            number = as_value(builder, add(multiply(k, self.kernel.schedule.rows), row))
            self._complete(number)
            start = multiply(builder.add(out_row, row), size)
            with loop(builder, 0, self.kept) as place:
                at = add(add(start, multiply(place, self.value.dim)), k)
                for target, is_number in outputs:
                    self._copy(number, place, target, at, is_number)

    def _complete(self, number: Value) -> None:
        """Sort a list and fill it up to K entries."""
        kernel, builder = self.kernel, self.kernel.builder
        count = builder.load(kernel.element(self.counts, number, INT64), typ=INT64)
        self._sort(number, count)
        with loop(builder, minimum(builder, count, ir.Constant(INT64, self.kept)), self.kept) as place:
            missing = ir.Constant(kernel.lanes.element, float("inf"))
            builder.store(missing, self._entry(self.values, number, place, kernel.lanes.element))
            builder.store(ir.Constant(INT32, -1), self._entry(self.numbers, number, place, INT32))

    def _copy(self, number: Value, place: Value, target: Value, at: Index, is_number: bool) -> None:
        builder, element = self.kernel.builder, self.kernel.lanes.element
        if is_number:
            value = builder.load(self._entry(self.numbers, number, place, INT32), typ=INT32)
            builder.store(builder.sext(value, INT64), self.kernel.element(target, at, INT64))
        else:
            value = builder.load(self._entry(self.values, number, place, element), typ=element)
            builder.store(value, self.kernel.element(target, at, element))


# ---------------------------------------------------------------- sorting


def _sort_function(lanes: Lanes) -> ir.Function:
    """Return ``sort(values, numbers, spare values, spare numbers, tables, count)``, which sorts entries by value.

    A radix sort from the lowest digit up: equal values, the two zeros among them, stay in their order.
    """
    name = f"pairfold.sort.{lanes.dtype}"
    known = lanes.module.globals.get(name)
    if known is not None:
        return known
    function = ir.Function(lanes.module, ir.FunctionType(ir.VoidType(), [POINTER] * 5 + [INT64]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    _RadixSort(function, lanes.element).emit()
    return function


class _RadixSort:
    """The emission of the body of a sort."""

    def __init__(self, function: ir.Function, element: ir.Type) -> None:
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.element = element
        self.bits = 32 if isinstance(element, ir.FloatType) else 64
        self.key_type = ir.IntType(self.bits)
        self.values, self.numbers, self.spare_values, self.spare_numbers, self.tables, self.count = function.args
        self.ends = [stack_slot(self.builder, POINTER) for _ in range(4)]
        """From where and to where the next pass moves values and numbers."""

    def emit(self) -> None:
        builder = self.builder
        for end, pointer in zip(
            self.ends, (self.values, self.numbers, self.spare_values, self.spare_numbers), strict=True
        ):
            builder.store(pointer, end)
        self._count_digits()
        with loop(builder, 0, self.bits // DIGIT_BITS) as digit:
            table = self._at(self.tables, builder.shl(digit, ir.Constant(INT64, DIGIT_BITS)), INT32)
            shift = builder.trunc(builder.mul(digit, ir.Constant(INT64, DIGIT_BITS)), INT32)
            shift = shift if self.bits == 32 else builder.zext(shift, INT64)
            # A digit that all values share changes nothing.
            first = self._load(table, self._digit(self._load(self.values, 0, self.element), shift), INT32)
            with builder.if_then(builder.icmp_signed("!=", first, builder.trunc(self.count, INT32))):
                self._make_starts(table)
                self._distribute(table, shift)
        self._bring_back()
        builder.ret_void()

    def _at(self, pointer: Value, index: Index | Value, type_: ir.Type) -> Value:
        return self.builder.gep(pointer, [as_value(self.builder, index)], source_etype=type_)

    def _load(self, pointer: Value, index: Index | Value, type_: ir.Type) -> Value:
        return self.builder.load(self._at(pointer, index, type_), typ=type_)

    def _key(self, value: Value) -> Value:
        """Return an unsigned integer in the order of the numbers, in which both zeros are equal."""
        builder = self.builder
        bits = builder.bitcast(builder.fadd(value, ir.Constant(self.element, 0.0)), self.key_type)
        sign = builder.ashr(bits, ir.Constant(self.key_type, self.bits - 1))
        return builder.xor(bits, builder.or_(sign, ir.Constant(self.key_type, -(1 << (self.bits - 1)))))

    def _digit(self, value: Value, shift: Value) -> Value:
        return self._masked(self.builder.lshr(self._key(value), shift))

    def _masked(self, key: Value) -> Value:
        digit = self.builder.and_(key, ir.Constant(self.key_type, (1 << DIGIT_BITS) - 1))
        return digit if self.bits == 64 else self.builder.zext(digit, INT64)

    def _count_digits(self) -> None:
        """Fill one table per digit: how many values have it."""
        builder, passes = self.builder, self.bits // DIGIT_BITS
        with loop(builder, 0, passes << DIGIT_BITS) as place:
            builder.store(ir.Constant(INT32, 0), self._at(self.tables, place, INT32))
        with loop(builder, 0, self.count) as place:
            key = self._key(self._load(self.values, place, self.element))
            for number in range(passes):
                digit = self._masked(builder.lshr(key, ir.Constant(self.key_type, number * DIGIT_BITS)))
                address = self._at(self.tables, add(digit, number << DIGIT_BITS), INT32)
                builder.store(builder.add(builder.load(address, typ=INT32), ir.Constant(INT32, 1)), address)

    def _make_starts(self, table: Value) -> None:
        """Turn the counts of a table into the places of the first value with each digit."""
        builder = self.builder
        total = stack_slot(builder, INT32)
        builder.store(ir.Constant(INT32, 0), total)
        with loop(builder, 0, 1 << DIGIT_BITS) as place:
            address = self._at(table, place, INT32)
            start = builder.load(total, typ=INT32)
            builder.store(builder.add(start, builder.load(address, typ=INT32)), total)
            builder.store(start, address)

    def _distribute(self, table: Value, shift: Value) -> None:
        builder = self.builder
        values, numbers, to_values, to_numbers = (builder.load(end, typ=POINTER) for end in self.ends)
        with loop(builder, 0, self.count) as place:
            value, number = self._load(values, place, self.element), self._load(numbers, place, INT32)
            address = self._at(table, self._digit(value, shift), INT32)
            start = builder.load(address, typ=INT32)
            builder.store(builder.add(start, ir.Constant(INT32, 1)), address)
            to = builder.zext(start, INT64)
            builder.store(value, self._at(to_values, to, self.element))
            builder.store(number, self._at(to_numbers, to, INT32))
        for end, pointer in zip(self.ends, (to_values, to_numbers, values, numbers), strict=True):
            builder.store(pointer, end)

    def _bring_back(self) -> None:
        """Copy the entries from the spare memory if the last pass left them there."""
        builder = self.builder
        values, numbers = (builder.load(end, typ=POINTER) for end in self.ends[:2])
        with (
            builder.if_then(builder.icmp_unsigned("==", values, self.spare_values)),
            loop(builder, 0, self.count) as place,
        ):
            builder.store(self._load(values, place, self.element), self._at(self.values, place, self.element))
            builder.store(self._load(numbers, place, INT32), self._at(self.numbers, place, INT32))
