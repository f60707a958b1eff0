"""Where the state of a reduction lives while a kernel runs, and how it is updated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from llvmlite import ir

from pairfold.codegen.evaluate import Evaluator, Slot
from pairfold.codegen.lanes import Lanes, Value
from pairfold.codegen.loops import Index, add, component_loop, multiply, stack_slot
from pairfold.codegen.work import Work
from pairfold.ir.expr import Expr
from pairfold.ir.reduction import Field
from pairfold.schedule.schedule import Schedule
from pairfold.transform.separate import location

__all__ = ["KernelParts", "StateStorage", "is_wide"]

DOUBLE = ir.DoubleType()


def is_wide(accumulate: str, dtype: str) -> bool:
    """Tell whether sums of a scheme are known to more digits than `dtype` has: to those of float64."""
    return dtype == "float32" and accumulate in ("kahan", "float64")


class KernelParts(Protocol):
    """What the state needs of the kernel that it belongs to."""

    builder: ir.IRBuilder
    lanes: Lanes
    work: Work
    schedule: Schedule
    evaluator: Evaluator

    def scratch(self, count: int) -> Value:
        """Reserve `count` vectors of lanes."""

    def row_scratch(self, count: int) -> Value:
        """Reserve `count` vectors of lanes for what is known of the rows of a step."""

    def element(self, pointer: Value, index: Any, type_: ir.Type | None = None) -> Value:
        """Return the address of element `index`."""

    def for_components(self, dim: int, body: Callable[[Index], None]) -> None:
        """Run `body` for every component."""


class StateStorage:
    """The fields of the reduction for every row vector, in registers when they are few, else in memory.

    An additive field has several parts, whose sum it is: the running sum ``value`` (of the current block of columns,
    when there are blocks), the ``total`` of the blocks before, and the ``rest``, what rounding took away from a
    compensated sum (Kahan, CACM 8 (1965) 40, with the exact error of Knuth's TwoSum).
    """

    def __init__(self, kernel: KernelParts, fields: Sequence[tuple[Field, Expr]]) -> None:
        self.kernel = kernel
        self.fields = [field for field, _ in fields]
        self.dims = {field.name: placeholder.dim for field, placeholder in fields}
        guarded = kernel.work.guard is not None
        self.places: dict[tuple[str, str], Any] = {}
        self.temporary: dict[str, Value] = {}
        self.in_registers: dict[str, bool] = {}
        for field in self.fields:
            dim = self.dims[field.name]
            # Fields that only rare updates touch must not occupy registers of the common path.
            few = kernel.schedule.state_in_registers if field.additive else dim <= 2 or not guarded
            self.in_registers[field.name] = few and dim <= kernel.schedule.unroll
            for part in self._parts(field):
                self.places[field.name, part] = self._reserve(field, part)

    def _parts(self, field: Field) -> tuple[str, ...]:
        scheme = self.kernel.schedule.accumulate
        if not field.additive or scheme in ("direct", "float64"):
            return ("value",)
        return ("value", "total", "rest") if scheme == "block" else ("value", "rest")

    def _type(self, field: Field) -> ir.Type:
        lanes = self.kernel.lanes
        if field.kind == "index":
            return lanes.index
        if field.additive and self.kernel.schedule.accumulate == "float64" and lanes.dtype == "float32":
            return lanes.vector(DOUBLE)
        return lanes.real

    def _reserve(self, field: Field, part: str) -> Any:
        kernel, dim = self.kernel, self.dims[field.name]
        vectors = kernel.schedule.row_vectors
        type_ = self._type(field)
        rarely_used = self.kernel.schedule.accumulate == "block" and part != "value"
        if self.in_registers[field.name] and not rarely_used:
            return [stack_slot(kernel.builder, type_) for _ in range(dim * vectors)]
        reserve = kernel.row_scratch if rarely_used else kernel.scratch
        return reserve(dim * vectors * self._size(field))

    def _temporary(self, field: Field) -> Value:
        """Return memory for new values of a field, which is free again once they are stored."""
        if field.name not in self.temporary:
            self.temporary[field.name] = self.kernel.scratch(self.dims[field.name] * self._size(field))
        return self.temporary[field.name]

    def _size(self, field: Field) -> int:
        """Return the size of a component in vectors of lanes."""
        type_ = self._type(field)
        return self.kernel.lanes.size(getattr(type_, "element", type_))

    def _address(self, field: Field, part: str, k: Index, r: int) -> Value:
        place = self.places[field.name, part]
        vectors = self.kernel.schedule.row_vectors
        if isinstance(place, list):
            assert isinstance(k, int)
            return place[k * vectors + r]
        offset = add(multiply(k, vectors), r)
        return self.kernel.element(place, offset, self._type(field))

    def _load(self, field: Field, part: str, k: Index, r: int) -> Value:
        return self.kernel.builder.load(self._address(field, part, k, r), typ=self._type(field))

    def _store(self, field: Field, part: str, k: Index, r: int, value: Value) -> None:
        self.kernel.builder.store(value, self._address(field, part, k, r))

    def _everywhere(self, field: Field, body: Callable[[Index, int], None]) -> None:
        vectors = self.kernel.schedule.row_vectors

        def all_vectors(k: Index) -> None:
            for r in range(vectors):
                body(k, r)

        self.kernel.for_components(self.dims[field.name], all_vectors)

    def _constant(self, field: Field, value: float) -> Value:
        if field.kind == "index":
            return self.kernel.lanes.index_constant(int(value))
        type_ = self._type(field)
        if type_ is self.kernel.lanes.real:
            return self.kernel.lanes.constant(value)
        scalar = ir.Constant(DOUBLE, value)
        return scalar if self.kernel.lanes.count == 1 else ir.Constant(type_, [scalar] * self.kernel.lanes.count)

    def initialise(self) -> None:
        """Set every field to the value of no columns."""
        for field in self.fields:
            for part in self._parts(field):
                self._fill(field, part, field.start(self.kernel.lanes.dtype))

    def _fill(self, field: Field, part: str, number: float) -> None:
        value = self._constant(field, number)
        self._everywhere(field, lambda k, r: self._store(field, part, k, r, value))

    def open_block(self) -> None:
        """Start the sums of a block of columns at 0."""
        for field in self.fields:
            if (field.name, "total") in self.places:
                self._fill(field, "value", 0.0)

    def close_block(self) -> None:
        """Add the sums of the block to the totals."""
        for field in self.fields:
            if (field.name, "total") in self.places:
                self._everywhere(field, partial(self._close, field))
                self._fill(field, "value", 0.0)

    def _close(self, field: Field, k: Index, r: int) -> None:
        self._add_exactly(field, "total", k, r, [self._load(field, "value", k, r)])

    def _add_exactly(self, field: Field, part: str, k: Index, r: int, terms: Sequence[Value]) -> None:
        """Add to a part of the state; what rounding takes away is kept in the rest and added with the next term."""
        builder = self.kernel.builder
        total, rest = self._load(field, part, k, r), self._load(field, "rest", k, r)
        for term in terms:
            exact = builder.fadd(term, self._number(rest))
            new = builder.fadd(total, exact)
            added = builder.fsub(new, total)
            rest = builder.fadd(builder.fsub(total, builder.fsub(new, added)), builder.fsub(exact, added))
            total = new
        self._store(field, part, k, r, total)
        self._store(field, "rest", k, r, rest)

    def _number(self, rest: Value) -> Value:
        """Return the rest, or 0 where it is nan: the rounding errors of an infinite sum mean nothing."""
        builder = self.kernel.builder
        return builder.select(builder.fcmp_ordered("ord", rest, rest), rest, self.kernel.lanes.constant(0.0))

    def read(self, field: Field, k: Index, r: int | None) -> Value:
        """Return a component of a field as working precision lanes."""
        r = r or 0
        builder = self.kernel.builder
        value = self._load(field, "value", k, r)
        if (field.name, "total") in self.places:
            value = builder.fadd(self._load(field, "total", k, r), value)
        if (field.name, "rest") in self.places:
            value = builder.fadd(value, self._number(self._load(field, "rest", k, r)))
        return self._working(value)

    def is_wide(self, field: Field) -> bool:
        """Tell whether a field is known to more digits than the working precision has."""
        return field.additive and is_wide(self.kernel.schedule.accumulate, self.kernel.lanes.dtype)

    def read_exactly(self, field: Field, k: Index, r: int) -> Value:
        """Return a component of a wide sum as float64 lanes."""
        builder, double = self.kernel.builder, self.kernel.lanes.vector(DOUBLE)
        value = self._load(field, "value", k, r)
        if value.type == double:
            return value
        rest = self._number(self._load(field, "rest", k, r))
        return builder.fadd(builder.fpext(value, double), builder.fpext(rest, double))

    def _working(self, value: Value) -> Value:
        lanes = self.kernel.lanes
        return value if value.type in (lanes.real, lanes.index) else self.kernel.builder.fptrunc(value, lanes.real)

    def computed(self, new: Sequence[tuple[str, Expr]], slot: Slot) -> Callable[[], None]:
        """Compute new values of fields; calling the result stores them."""
        fields = {field.name: field for field in self.fields}
        with self.kernel.evaluator.fresh_state():
            stores = [self._compute(fields[name], expression, slot) for name, expression in new]

        def store_all() -> None:
            for store in stores:
                store()

        return store_all

    def _compute(self, field: Field, expression: Expr, slot: Slot) -> Callable[[], None]:
        kernel, r = self.kernel, slot[0] or 0
        dim = self.dims[field.name]
        if dim <= self.kernel.schedule.unroll:
            values = [self._widen(field, kernel.evaluator.component(expression, k, slot)) for k in range(dim)]

            def store() -> None:
                for k, value in enumerate(values):
                    self._replace_component(field, k, r, value)

            return store
        type_ = self._type(field)
        memory = self._temporary(field)
        with component_loop(kernel.builder, dim, rolled=True) as k, kernel.evaluator.scope():
            value = self._widen(field, kernel.evaluator.component(expression, k, slot))
            kernel.builder.store(value, kernel.element(memory, k, type_))

        def copy() -> None:
            with component_loop(kernel.builder, dim, rolled=True) as k:
                value = kernel.builder.load(kernel.element(memory, k, type_), typ=type_)
                self._replace_component(field, k, r, value)

        return copy

    def _replace_component(self, field: Field, k: Index, r: int, value: Value) -> None:
        self._store(field, "value", k, r, value)
        for part in self._parts(field)[1:]:
            self._store(field, part, k, r, self._constant(field, 0.0))

    def _widen(self, field: Field, value: Value) -> Value:
        type_ = self._type(field)
        if value.type != type_:
            return self.kernel.builder.fpext(value, type_)
        return value

    def add(self, sums: Sequence[tuple[Field, Expr]], groups: Sequence[Sequence[Slot]]) -> None:
        """Add terms to additive fields; the slots of a group share a row vector, so its sum is loaded once."""
        kernel = self.kernel
        for field, expression in sums:
            for first, part in self._pieces(expression):

                def add_component(k: Index, field: Field = field, first: int = first, part: Expr = part) -> None:
                    for group in groups:
                        terms = [kernel.evaluator.component(part, k, slot) for slot in group]
                        self._accumulate(field, add(k, first), group[0][0] or 0, terms)

                with kernel.evaluator.fresh_state():
                    kernel.for_components(part.dim, add_component)

    def _pieces(self, expression: Expr, first: int = 0) -> list[tuple[int, Expr]]:
        """Return the parts of a long vector, and where they begin: in one loop each would be computed for all of it.

        What one side only depends on is computed as a whole before, and read.
        """
        is_long = expression.op.name == "Concat" and expression.dim > self.kernel.schedule.unroll
        if not is_long or location(expression) != "pair":
            return [(first, expression)]
        one, other = expression.args
        return [*self._pieces(one, first), *self._pieces(other, first + one.dim)]

    def _accumulate(self, field: Field, k: Index, r: int, terms: list[Value]) -> None:
        if self._parts(field) == ("value", "rest"):
            self._add_exactly(field, "value", k, r, terms)
            return
        total = self._load(field, "value", k, r)
        for term in terms:
            total = self.kernel.lanes.add(self.kernel.builder, total, self._widen(field, term))
        self._store(field, "value", k, r, total)
