"""The K smallest values of every row on a CPU: a list per row, to which blocks of columns are offered.

A branch per column, to a list that its value enters, is foreseen by no processor and stands at the end of a long chain
of instructions, so that it takes as long as some columns. Here a loop over the columns of a block only notes, in a word
of bits per column, which values are below the bounds of their lists. These enter afterwards, kept or computed again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import Any, Protocol

import numpy as np
from llvmlite import ir

from pairfold.codegen.evaluate import Evaluator
from pairfold.codegen.lanes import WORD, Lanes, Value
from pairfold.codegen.loops import (
    INT64,
    Index,
    add,
    as_value,
    component_loop,
    loop,
    loop_while,
    minimum,
    multiply,
    set_bits,
    stack_slot,
)
from pairfold.codegen.work import Work
from pairfold.schedule.schedule import Schedule

__all__ = ["INT32", "CollectingKernel", "SmallestLists"]

INT32 = ir.IntType(32)
BIT = ir.IntType(1)

BLOCK = 128
"""Columns of a block at most, for values of one component: their values fit into the fastest cache."""

RUN = 8
"""Columns of the first block, which has no bounds yet, and of each run of a sample."""

STRETCH = 16
"""Columns of the first stretch for each of the K smallest; each of the next doubles what was seen."""

OFTEN = 16
"""One of so many columns may enter, beside those that do in any order: it costs less than the others together."""

WORDS = 8
"""Words that are tested at a time."""


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


class SmallestLists(ABC):
    """One list per row of a step and component of the value, in two memories: values, and numbers of columns.

    List ``component * rows + row`` begins at a multiple of `stride`. Values that are not below its bound do not change
    it, so that bounds may be those of the block before. What belongs to a component and a column of a block, place
    ``component * block + column``, is a vector of values for every row vector, and a word.
    """

    def __init__(self, kernel: CollectingKernel, stride: int) -> None:
        value, schedule = kernel.work.candidate, kernel.schedule
        assert value is not None
        self.kernel, self.value, self.kept, self.stride = kernel, value, kernel.work.kept, stride
        self.rows, self.row_vectors = schedule.rows, schedule.row_vectors
        assert self.rows <= WORD.width
        self.item_bytes = 4 if kernel.lanes.dtype == "float32" else 8
        self.lists = value.dim * self.rows
        # The second half of the lists is for samples.
        entries = 2 * self.lists * stride
        self.values, self.numbers = self._memory(entries), self._memory(entries, 4)
        self.block = max(1, BLOCK // value.dim)
        self.places = -(-value.dim * self.block // WORD.width) * WORD.width
        self.bounds = self._memory(2 * self.lists)
        self.keeps_values = schedule.keeps_values or value.dim > 1
        self.found = self._memory(self.rows * (self.places if self.keeps_values else 1))
        self.words, self.word_vector = self._memory(self.places, 8), ir.VectorType(WORD, WORDS)
        self.seen, self.entered = (stack_slot(kernel.builder, INT64) for _ in range(2))
        self.first_list: Value = None
        self.first: Value = None
        self.known_bounds: dict[tuple[Index, int], Value] = {}

    def _memory(self, count: int, item_bytes: int | None = None) -> Value:
        """Reserve memory for `count` numbers, by default of the working precision."""
        vector_bytes = self.kernel.schedule.lanes * self.item_bytes
        return self.kernel.scratch(-(-count * (item_bytes or self.item_bytes) // vector_bytes))

    def _entry(self, memory: Value, number: Value, place: Index | Value, type_: ir.Type) -> Value:
        """Return the address of an entry of list `number`."""
        return self.kernel.element(memory, add(multiply(number, self.stride), place), type_)

    # ------------------------------------------------------------ what kinds of lists add

    @abstractmethod
    def _clear(self, number: Value) -> None:
        """Empty list `number`."""

    @abstractmethod
    def _enter(self, number: Value, value: Value, column: Value) -> None:
        """Let the value at a column enter list `number`, if it is among the K smallest; keep the bound up to date."""

    @abstractmethod
    def _tighten(self, number: Value) -> None:
        """Make the K-th smallest value of list `number` its bound, if there are so many."""

    @abstractmethod
    def _complete(self, number: Value) -> None:
        """Make list `number` begin with its K smallest entries in order, or +inf and -1 where there are fewer."""

    # ------------------------------------------------------------ one step of rows

    def initialise(self, rows: Value) -> None:
        """Empty all lists. Nothing enters those beyond `rows` rows, which only fill up the vectors."""
        builder, kernel = self.kernel.builder, self.kernel
        element = kernel.lanes.element
        builder.store(ir.Constant(INT64, 0), self.seen)
        with loop(builder, 0, self.places // WORDS) as number:
            address = kernel.element(self.words, number, self.word_vector)
            builder.store(ir.Constant(self.word_vector, [0] * WORDS), address)
        with loop(builder, 0, self.lists) as number:
            self._clear(number)
            row = builder.urem(number, ir.Constant(INT64, self.rows))
            bounds = (ir.Constant(element, float("inf")), ir.Constant(element, float("-inf")))
            bound = builder.select(builder.icmp_signed("<", row, rows), *bounds)
            builder.store(bound, kernel.element(self.bounds, number))

    @contextmanager
    def blocks(self, begin: Value, end: Value) -> Iterator[tuple[Value, Value]]:
        """Emit a loop over blocks of an interval of columns; yields the ends of a block.

        It goes through stretches of columns. If columns come ever nearer, all of them enter: after a stretch of which
        far more entered than would in any order, other lists take a sample of all that is left, run by run. The K-th
        smallest value of a part bounds that of all, and most of the rest is above it.
        """
        builder = self.kernel.builder
        position, start, is_sample = (stack_slot(builder, type_) for type_ in (INT64, INT64, BIT))
        builder.store(begin, position)
        builder.store(ir.Constant(BIT, 0), is_sample)
        with loop_while(builder, lambda: builder.icmp_signed("<", builder.load(position, typ=INT64), end)):
            first, samples = builder.load(position, typ=INT64), builder.load(is_sample, typ=BIT)
            left, seen = builder.sub(end, first), builder.load(self.seen, typ=INT64)
            length = minimum(builder, left, _maximum(builder, seen, STRETCH * self.kept))
            after, distance = builder.add(first, length), self._distance_of_runs(left)
            stop = builder.select(samples, end, after)
            self._begin_pass(samples)
            builder.store(first, start)
            with loop_while(builder, lambda: builder.icmp_signed("<", builder.load(start, typ=INT64), stop)):
                block = builder.load(start, typ=INT64)
                size = builder.select(samples, ir.Constant(INT64, RUN), self._block_size())
                block_end = minimum(builder, builder.add(block, size), stop)
                self._open_block(block)
                yield block, block_end
                self._close_block()
                self._increase(self.seen, builder.select(samples, ir.Constant(INT64, 0), builder.sub(block_end, block)))
                builder.store(builder.select(samples, builder.add(block, distance), block_end), start)
            self._end_pass(samples)
            builder.store(builder.select(samples, first, after), position)
            is_needed = self._is_sample_needed(length, builder.sub(end, after))
            builder.store(builder.and_(builder.not_(samples), is_needed), is_sample)

    def _increase(self, counter: Value, number: Value) -> None:
        builder = self.kernel.builder
        builder.store(builder.add(builder.load(counter, typ=INT64), number), counter)

    def _distance_of_runs(self, left: Value) -> Value:
        """Return how far apart the runs of a sample begin.

        Of M columns every sqrt(4 M / K)-th is in it, so that about as many values enter for it as afterwards.
        """
        builder, one = self.kernel.builder, ir.Constant(INT64, 1)
        per_kept = builder.or_(builder.udiv(left, ir.Constant(INT64, self.kept)), one)
        logarithm = builder.sub(ir.Constant(INT64, 63), builder.ctlz(per_kept, ir.Constant(BIT, 1)))
        return builder.shl(ir.Constant(INT64, 2 * RUN), builder.lshr(logarithm, one))

    def _is_sample_needed(self, length: Value, left: Value) -> Value:
        """Tell whether far more entered in a stretch than would in any order, and enough is left for a sample."""
        builder = self.kernel.builder
        # Of columns in any order 4 K enter a list in the first stretch, and 0.7 K in each that doubles what was seen.
        usual = builder.add(length, ir.Constant(INT64, 4 * self.kept * OFTEN))
        entered = builder.mul(builder.load(self.entered, typ=INT64), ir.Constant(INT64, OFTEN))
        is_unusual = builder.icmp_signed(">", entered, builder.mul(usual, ir.Constant(INT64, self.lists)))
        return builder.and_(is_unusual, builder.icmp_signed(">=", left, ir.Constant(INT64, 2 * STRETCH * self.kept)))

    def _begin_pass(self, samples: Value) -> None:
        """Let values enter the lists, or those for samples, which are empty then."""
        builder, kernel = self.kernel.builder, self.kernel
        builder.store(ir.Constant(INT64, 0), self.entered)
        self.first_list = builder.select(samples, ir.Constant(INT64, self.lists), ir.Constant(INT64, 0))
        with builder.if_then(samples, likely=False), loop(builder, 0, self.lists) as number:
            other = builder.add(number, self.first_list)
            self._clear(other)
            bound = builder.load(kernel.element(self.bounds, number), typ=kernel.lanes.element)
            builder.store(bound, kernel.element(self.bounds, other))

    def _end_pass(self, samples: Value) -> None:
        """Make what was found in a sample the bounds of the lists."""
        builder, kernel = self.kernel.builder, self.kernel
        with builder.if_then(samples, likely=False), loop(builder, 0, self.lists) as number:
            other = builder.add(number, self.first_list)
            self._tighten(other)
            found = builder.load(kernel.element(self.bounds, other), typ=kernel.lanes.element)
            self._lower_bound(number, self._above(found))

    def _lower_bound(self, number: Value, bound: Value) -> None:
        """Replace the bound of list `number` if the new one is lower: that of a sample may be below the list."""
        builder, address = self.kernel.builder, self.kernel.element(self.bounds, number)
        old = builder.load(address, typ=self.kernel.lanes.element)
        builder.store(builder.select(builder.fcmp_ordered("<", bound, old), bound, old), address)

    def _above(self, bound: Value) -> Value:
        """Return a number above a bound, for what equals it may be among the K smallest; nan for -inf."""
        builder, element = self.kernel.builder, self.kernel.lanes.element
        facts = np.finfo(self.kernel.lanes.dtype)
        zero, tiny, relative = (ir.Constant(element, float(number)) for number in (0.0, facts.tiny, 4 * facts.eps))
        size = builder.select(builder.fcmp_ordered("<", bound, zero), builder.fneg(bound), bound)
        return builder.fadd(bound, builder.fadd(builder.fmul(size, relative), tiny))

    def _block_size(self) -> Value:
        """Return how many columns the next block may have: fewer than were seen, for bounds fall fast at first."""
        builder = self.kernel.builder
        half = builder.lshr(builder.load(self.seen, typ=INT64), ir.Constant(INT64, 1))
        return minimum(builder, _maximum(builder, half, RUN), ir.Constant(INT64, self.block))

    def _open_block(self, first: Value) -> None:
        """Begin the block that begins at column `first`."""
        self.first = first
        # Nobody could tell that the loop over the columns does not change them, and keep them in registers.
        known = self.value.dim if self.value.dim <= self.kernel.schedule.unroll else 0
        self.known_bounds = {(k, r): self._bound(k, r) for k in range(known) for r in range(self.row_vectors)}

    def _bound(self, k: Index, r: int) -> Value:
        bounds = self.kernel.element(self.bounds, self.first_list)
        return self.kernel.builder.load(self._vector(bounds, k, r), typ=self.kernel.lanes.real)

    def _vector(self, memory: Value, place: Index, r: int) -> Value:
        """Return the address of a vector in a memory that has one for every place and row vector."""
        return self.kernel.element(memory, add(multiply(place, self.row_vectors), r), self.kernel.lanes.real)

    def offer(self, columns: int) -> None:
        """Note which values at a step of columns are below the bounds."""
        kernel, builder = self.kernel, self.kernel.builder
        kernel.evaluator.prepare([self.value])

        def offer_component(k: Index) -> None:
            for u in range(columns):
                place = add(multiply(k, self.block), builder.sub(kernel.current_column[u], self.first))
                masks = [self._offer(k, (r, u), place) for r in range(self.row_vectors)]
                builder.store(kernel.lanes.word(builder, masks), kernel.element(self.words, place, WORD))

        kernel.for_components(self.value.dim, offer_component)

    def _offer(self, k: Index, slot: tuple[int, int], place: Index) -> Value:
        """Keep a vector of values, if they are kept; return the mask of those below their bounds."""
        kernel, (r, _) = self.kernel, slot
        value = kernel.evaluator.component(self.value, k, slot)
        if self.keeps_values:
            kernel.builder.store(value, self._vector(self.found, place, r))
        bound = self.known_bounds[k, r] if self.known_bounds else self._bound(k, r)
        return kernel.builder.fcmp_ordered("<", value, bound)

    def _close_block(self) -> None:
        """Let the values of the block enter the lists, in the order of the columns."""
        if self.places > BLOCK:
            with loop(self.kernel.builder, 0, self.places, WORD.width) as start:
                self._enter_places(start)
            return
        # Not a loop: processors foresee its end by what came before, which is chance here.
        for start in range(0, self.places, WORD.width):
            self._enter_places(start)

    def _enter_places(self, start: Index | Value) -> None:
        """Let the values at the 64 places from `start` on enter the lists."""
        kernel, builder = self.kernel, self.kernel.builder
        with set_bits(builder, self._places_with_bits(start)) as bit:
            place = as_value(builder, add(bit, start))
            component, column = ir.Constant(INT64, 0), place
            if self.value.dim > 1:
                block = ir.Constant(INT64, self.block)
                component, column = builder.udiv(place, block), builder.urem(place, block)
            number = builder.trunc(builder.add(self.first, column), INT32)
            address = kernel.element(self.words, place, WORD)
            word = builder.load(address, typ=WORD)
            builder.store(ir.Constant(WORD, 0), address)
            self._increase(self.entered, builder.ctpop(word))
            first = as_value(builder, add(multiply(component, self.rows), self.first_list))
            found = self._vector(self.found, place, 0) if self.keeps_values else self._computed(column)
            with set_bits(builder, word) as row:
                value = builder.load(kernel.element(found, row), typ=kernel.lanes.element)
                self._enter(builder.add(first, row), value, number)

    def _computed(self, column: Value) -> Value:
        """Compute the values at a column of the block again; return the address of the first one."""
        kernel = self.kernel
        kernel.current_column = [kernel.builder.add(self.first, column)]
        kernel.evaluator.columns = 1
        with kernel.evaluator.scope():
            for r in range(self.row_vectors):
                value = kernel.evaluator.component(self.value, 0, (r, 0))
                kernel.builder.store(value, self._vector(self.found, 0, r))
        return self.found

    def _places_with_bits(self, start: Index | Value) -> Value:
        """Return an integer with a bit for each of the 64 places from `start` on: whether its word is not 0."""
        builder, none = self.kernel.builder, ir.Constant(self.word_vector, [0] * WORDS)
        first, parts = self.kernel.element(self.words, start, WORD), []
        for k in range(WORD.width // WORDS):
            words = builder.load(self.kernel.element(first, k, self.word_vector), typ=self.word_vector)
            bits = builder.bitcast(builder.icmp_unsigned("!=", words, none), ir.IntType(WORDS))
            parts.append(builder.shl(builder.zext(bits, WORD), ir.Constant(WORD, k * WORDS)))
        return reduce(builder.or_, parts)

    # ------------------------------------------------------------ the end of a step of rows

    def store(self, outputs: Sequence[tuple[Value, bool]], out_row: Value, rows: Value) -> None:
        """Store the K smallest of `rows` rows from row `out_row` on: for every output its address, and what it is.

        True stands for the numbers of the columns, False for the values.
        """
        builder, size = self.kernel.builder, self.kept * self.value.dim
        with loop(builder, 0, rows) as row, component_loop(builder, self.value.dim) as k:
            number = as_value(builder, add(multiply(k, self.rows), row))
            self._complete(number)
            start = multiply(builder.add(out_row, row), size)
            with loop(builder, 0, self.kept) as place:
                at = add(add(start, multiply(place, self.value.dim)), k)
                for target, is_number in outputs:
                    self._copy(number, place, target, at, is_number)

    def _copy(self, number: Value, place: Value, target: Value, at: Index, is_number: bool) -> None:
        builder, element = self.kernel.builder, self.kernel.lanes.element
        if is_number:
            value = builder.load(self._entry(self.numbers, number, place, INT32), typ=INT32)
            builder.store(builder.sext(value, INT64), self.kernel.element(target, at, INT64))
        else:
            value = builder.load(self._entry(self.values, number, place, element), typ=element)
            builder.store(value, self.kernel.element(target, at, element))


def _maximum(builder: ir.IRBuilder, a: Value, b: int) -> Value:
    number = ir.Constant(INT64, b)
    return builder.select(builder.icmp_signed("<", a, number), number, a)
