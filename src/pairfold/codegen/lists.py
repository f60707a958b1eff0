"""The state of reductions that keep the K smallest values, while sorted lists of several parts are merged into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from llvmlite import ir

from pairfold.codegen.lanes import Lanes, Value
from pairfold.codegen.loops import INT64, Index, add, component_loop, loop, multiply, stack_slot
from pairfold.codegen.work import Work
from pairfold.ir.expr import Expr
from pairfold.ir.reduction import Field

__all__ = ["MergedLists"]

Read = Callable[[str, Value], Value]
"""Returns what a list holds under the name of a field at a place."""


class MergingKernel(Protocol):
    """What the lists need of the kernel that they belong to, which has one lane and one row at a time."""

    builder: ir.IRBuilder
    lanes: Lanes
    work: Work

    def scratch(self, count: int) -> Value:
        """Reserve `count` numbers of the working precision."""

    def element(self, pointer: Value, index: Any, type_: ir.Type | None = None) -> Value:
        """Return the address of element `index`."""

    def read_part(self, node: Expr, index: Index, part: Value, r: int) -> Value:
        """Return a component of a field of one of the states that are merged."""


class MergedLists:
    """One sorted list per component of the value, in memory; field by field, entry after entry, component by component.

    A list of another part is merged into it in two passes. Entry number j of the other list is among the K smallest of
    both exactly if it comes before the entry that is K - j - 1 places down the first one, so one pass counts those
    that enter; the second one fills the list from its end, where nothing is overwritten that is still to be read.
    """

    def __init__(self, kernel: MergingKernel) -> None:
        self.kernel, work = kernel, kernel.work
        self.fields = dict(zip((field.name for field, _ in work.fields), work.partial_states, strict=True))
        self.starts = {field.name: field for field, _ in work.fields}
        self.kept = work.kept
        self.components = work.partial_states[0].dim // self.kept
        self.memory = {
            name: kernel.scratch(node.dim * kernel.lanes.size(self._type(name))) for name, node in self.fields.items()
        }

    def _type(self, name: str) -> ir.Type:
        lanes = self.kernel.lanes
        return lanes.index if self.fields[name].kind == "index" else lanes.real

    def _place(self, name: str, place: Any) -> Value:
        return self.kernel.element(self.memory[name], place, self._type(name))

    def read(self, field: Field, k: Index, r: int | None) -> Value:
        """Return a component of a field."""
        return self.kernel.builder.load(self._place(field.name, k), typ=self._type(field.name))

    def initialise(self) -> None:
        """Set every entry to that of no columns."""
        for name, field in self.starts.items():
            type_ = self._type(name)
            start = ir.Constant(type_, int(field.initial) if field.kind == "index" else field.initial)
            with component_loop(self.kernel.builder, self.fields[name].dim) as k:
                self.kernel.builder.store(start, self._place(name, k))

    def merge(self, part: Value) -> None:
        """Merge the lists of a part."""
        with component_loop(self.kernel.builder, self.components) as component:
            self._merge(part, component)

    def _merge(self, part: Value, component: Index) -> None:
        builder, last = self.kernel.builder, ir.Constant(INT64, self.kept - 1)

        def own(name: str, place: Value) -> Value:
            at = add(multiply(place, self.components), component)
            return builder.load(self._place(name, at), typ=self._type(name))

        def other(name: str, place: Value) -> Value:
            return self.kernel.read_part(self.fields[name], add(multiply(place, self.components), component), part, 0)

        entering = stack_slot(builder, INT64)
        builder.store(ir.Constant(INT64, 0), entering)
        with loop(builder, 0, self.kept) as place:
            enters = self._precedes(other, place, own, builder.sub(last, place))
            count = builder.add(builder.load(entering, typ=INT64), builder.zext(enters, INT64))
            builder.store(count, entering)
        count = builder.load(entering, typ=INT64)
        with builder.if_then(builder.icmp_signed(">", count, ir.Constant(INT64, 0))):
            self._fill(own, other, count, component)

    def _fill(self, own: Read, other: Read, count: Value, component: Index) -> None:
        """Fill a list from its end, with `count` entries of the other one."""
        builder, one, zero = self.kernel.builder, ir.Constant(INT64, 1), ir.Constant(INT64, 0)
        left = {read: stack_slot(builder, INT64) for read in (own, other)}
        builder.store(builder.sub(ir.Constant(INT64, self.kept), count), left[own])
        builder.store(count, left[other])
        with loop(builder, 0, self.kept) as step:
            counts = {read: builder.load(slot, typ=INT64) for read, slot in left.items()}
            final = {
                read: builder.select(builder.icmp_signed(">", n, zero), builder.sub(n, one), zero)
                for read, n in counts.items()
            }
            comes_before = self._precedes(other, final[other], own, final[own])
            is_alone = builder.icmp_signed("==", counts[own], zero)
            takes_other = builder.and_(
                builder.icmp_signed(">", counts[other], zero), builder.or_(is_alone, builder.not_(comes_before))
            )
            place = builder.sub(ir.Constant(INT64, self.kept - 1), step)
            at = add(multiply(place, self.components), component)
            for name in self.fields:
                value = builder.select(takes_other, other(name, final[other]), own(name, final[own]))
                builder.store(value, self._place(name, at))
            builder.store(builder.select(takes_other, counts[own], final[own]), left[own])
            builder.store(builder.select(takes_other, final[other], counts[other]), left[other])

    def _precedes(self, first: Read, place: Value, second: Read, other_place: Value) -> Value:
        """Tell whether an entry comes before another: of equal values, the one with the smaller number."""
        builder, names = self.kernel.builder, list(self.fields)
        a, b = first(names[0], place), second(names[0], other_place)
        is_less = builder.fcmp_ordered("<", a, b)
        if len(names) == 1:
            return is_less
        is_earlier = builder.icmp_signed("<", first(names[1], place), second(names[1], other_place))
        return builder.or_(is_less, builder.and_(builder.fcmp_ordered("==", a, b), is_earlier))
