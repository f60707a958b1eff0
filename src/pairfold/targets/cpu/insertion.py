"""The K smallest values of every row on a CPU when K is small: sorted lists, into which values are inserted."""

from __future__ import annotations

from llvmlite import ir

from pairfold.codegen.lanes import Value
from pairfold.codegen.loops import Index, add, component_loop, multiply, stack_slot
from pairfold.targets.cpu.smallest import INT32, CollectingKernel, SmallestLists

__all__ = ["SortedLists"]


class SortedLists(SmallestLists):
    """Lists of whole vectors, so that there may be some more than K entries.

    All entries of a vector find out at once whether they stay, take the new value, or the one in front of them. Equal
    ones stay in front of the new value.
    """

    def __init__(self, kernel: CollectingKernel) -> None:
        self.width = kernel.lanes.count
        self.vectors = -(-kernel.work.kept // self.width)
        super().__init__(kernel, self.vectors * self.width)
        self.types = {self.values: kernel.lanes.real, self.numbers: kernel.lanes.vector(INT32)}

    def _part(self, memory: Value, number: Value, vector: Index) -> Value:
        """Return the address of a vector of list `number`."""
        return self.kernel.element(memory, add(multiply(number, self.vectors), vector), self.types[memory])

    def _clear(self, number: Value) -> None:
        lanes, builder = self.kernel.lanes, self.kernel.builder
        nobody = lanes.broadcast(builder, ir.Constant(INT32, -1))
        with component_loop(builder, self.vectors) as vector:
            builder.store(lanes.constant(float("inf")), self._part(self.values, number, vector))
            builder.store(nobody, self._part(self.numbers, number, vector))

    def _enter(self, number: Value, value: Value, column: Value) -> None:
        kernel, builder, lanes = self.kernel, self.kernel.builder, self.kernel.lanes
        new = {self.values: lanes.broadcast(builder, value), self.numbers: lanes.broadcast(builder, column)}
        before = {memory: stack_slot(builder, type_) for memory, type_ in self.types.items()}
        builder.store(lanes.constant(float("-inf")), before[self.values])
        builder.store(new[self.numbers], before[self.numbers])
        last = stack_slot(builder, lanes.real)

        def insert(vector: Index) -> None:
            old, shifted = {}, {}
            for memory, type_ in self.types.items():
                old[memory] = builder.load(self._part(memory, number, vector), typ=type_)
                shifted[memory] = self._shifted(builder.load(before[memory], typ=type_), old[memory])
                builder.store(old[memory], before[memory])
            enters = builder.fcmp_ordered("<", new[self.values], old[self.values])
            moves = builder.fcmp_ordered("<", new[self.values], shifted[self.values])
            # The values last: stores through a mask, into which LLVM turns the others, are slow to read from.
            entries = {}
            for memory in (self.numbers, self.values):
                entering = builder.select(moves, shifted[memory], new[memory])
                entries[memory] = builder.select(enters, entering, old[memory])
                builder.store(entries[memory], self._part(memory, number, vector))
            builder.store(entries[self.values], last)

        kernel.for_components(self.vectors, insert)
        bound = builder.load(last, typ=lanes.real)
        if self.width > 1:
            bound = builder.extract_element(bound, ir.Constant(INT32, (self.kept - 1) % self.width))
        self._lower_bound(number, bound)

    def _shifted(self, before: Value, own: Value) -> Value:
        """Return the entries in front of those of a vector, the first of which is the last one of `before`."""
        if self.width == 1:
            return before
        places = [self.width - 1 + place for place in range(self.width)]
        return self.kernel.builder.shuffle_vector(before, own, ir.Constant(ir.VectorType(INT32, self.width), places))

    def _tighten(self, number: Value) -> None:
        """Do nothing: the bound is always that of the K-th smallest."""

    def _complete(self, number: Value) -> None:
        """Do nothing: the list is always complete."""
