"""The K smallest values of every row on a CPU when K is large: lists of candidates that are sorted when they are full.

Inserting a value into a sorted list moves up to K entries. Here a row keeps up to 2.5 K values (or K and some) in the
order in which they were found; only values below the K-th smallest of the last time enter, and a full list is sorted
and cut to K. So a value that enters costs the same for every K and every order of the columns.
"""

from __future__ import annotations

from llvmlite import ir

from pairfold.codegen.lanes import Lanes, Value
from pairfold.codegen.loops import INT64, Index, add, as_value, loop, minimum, stack_slot
from pairfold.targets.cpu.smallest import INT32, CollectingKernel, SmallestLists

__all__ = ["Candidates"]

POINTER = ir.PointerType()

DIGIT_BITS = 8
"""Bits that one pass of a sort looks at."""

FEWEST_FOUND = 512
"""Entries that a list takes between two sorts at least: the tables of a sort cost as much as some hundred entries."""

GAP = 16
"""Entries between two lists: lists at distances of a power of two would share few lines of the cache."""


class Candidates(SmallestLists):
    """Lists in the order in which values were found; the bound is the K-th smallest of the last time."""

    def __init__(self, kernel: CollectingKernel) -> None:
        kept = kernel.work.kept
        self.room = kept + max(kept + kept // 2, FEWEST_FOUND)
        super().__init__(kernel, self.room + GAP)
        self.spare_values, self.spare_numbers = self._memory(self.room), self._memory(self.room, 4)
        self.tables = self._memory(self.item_bytes << DIGIT_BITS, 4)
        self.counts = self._memory(2 * self.lists, 8)
        self.sort = _sort_function(kernel.lanes)

    def _clear(self, number: Value) -> None:
        self.kernel.builder.store(ir.Constant(INT64, 0), self.kernel.element(self.counts, number, INT64))

    def _enter(self, number: Value, value: Value, column: Value) -> None:
        kernel, builder = self.kernel, self.kernel.builder
        bound = builder.load(kernel.element(self.bounds, number), typ=kernel.lanes.element)
        # Since the block began, the list may have been cut.
        with builder.if_then(builder.fcmp_ordered("<", value, bound), likely=True):
            place = kernel.element(self.counts, number, INT64)
            count = builder.load(place, typ=INT64)
            builder.store(value, self._entry(self.values, number, count, kernel.lanes.element))
            builder.store(column, self._entry(self.numbers, number, count, INT32))
            count = builder.add(count, ir.Constant(INT64, 1))
            builder.store(count, place)
            with builder.if_then(builder.icmp_signed("==", count, ir.Constant(INT64, self.room)), likely=False):
                self._cut(number, count)

    def _cut(self, number: Value, count: Value) -> None:
        """Sort a list of K entries at least, and keep K."""
        kernel, builder = self.kernel, self.kernel.builder
        self._sort(number, count)
        builder.store(ir.Constant(INT64, self.kept), kernel.element(self.counts, number, INT64))
        last = self._entry(self.values, number, self.kept - 1, kernel.lanes.element)
        self._lower_bound(number, builder.load(last, typ=kernel.lanes.element))

    def _tighten(self, number: Value) -> None:
        builder = self.kernel.builder
        count = builder.load(self.kernel.element(self.counts, number, INT64), typ=INT64)
        with builder.if_then(builder.icmp_signed(">=", count, ir.Constant(INT64, self.kept))):
            self._cut(number, count)

    def _sort(self, number: Value, count: Value) -> None:
        lists = [
            self._entry(self.values, number, 0, self.kernel.lanes.element),
            self._entry(self.numbers, number, 0, INT32),
        ]
        self.kernel.builder.call(self.sort, [*lists, self.spare_values, self.spare_numbers, self.tables, count])

    def _complete(self, number: Value) -> None:
        """Sort a list and fill it up to K entries."""
        kernel, builder = self.kernel, self.kernel.builder
        count = builder.load(kernel.element(self.counts, number, INT64), typ=INT64)
        self._sort(number, count)
        with loop(builder, minimum(builder, count, ir.Constant(INT64, self.kept)), self.kept) as place:
            missing = ir.Constant(kernel.lanes.element, float("inf"))
            builder.store(missing, self._entry(self.values, number, place, kernel.lanes.element))
            builder.store(ir.Constant(INT32, -1), self._entry(self.numbers, number, place, INT32))


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
