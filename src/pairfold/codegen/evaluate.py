"""Evaluate components of expressions for a tile of rows and columns.

A vector-valued node is never stored as a whole: component k of a node is a
function of components of its arguments, where k is a number or the index of a
loop. Short vectors are unrolled; long sums over components become loops, all
sums of one length sharing one loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any, Protocol

from llvmlite import ir

from pairfold.codegen.lanes import Lanes, Value
from pairfold.codegen.loops import Affine, Index, add, as_value, component_loop, multiply, stack_slot
from pairfold.codegen.primitives import Choice, Comparison, Fold, Read, Structure, find_primitive, fold_of
from pairfold.ir.expr import PLACEHOLDER_BIT, Expr, topological
from pairfold.ops.arithmetic import constant
from pairfold.transform.separate import location

__all__ = ["Evaluator", "Leaves", "Slot", "exponential_scales", "operands"]

Slot = tuple["int | None", "int | None"]
"""(row vector, column of the step): which copy of a value; None where it does not matter."""


class Leaves(Protocol):
    """Where values come from that are not computed in place."""

    def read(self, node: Expr, index: Index, slot: Slot) -> Value | None:
        """Return a component that is stored somewhere, or None when it must be computed."""

    def holds(self, node: Expr) -> bool:
        """Tell whether `read` finds `node`."""

    def exponential(self, scale: Expr, x: Value) -> Value:
        """Return exp of `x` times the factor `scale`, which depends on parameters only."""


@dataclass
class Evaluator:
    """Emits instructions for components of nodes, each at most once per scope."""

    builder: ir.IRBuilder
    lanes: Lanes
    leaves: Leaves
    row_vectors: int
    columns: int
    unroll: int
    scratch: Callable[[int], Any]
    """``scratch(count)`` reserves `count` vectors of lanes in memory and returns a pointer."""
    terms: int = 1
    """Terms of a long sum that one step of its loop adds."""
    scopes: list[dict[Any, Any]] = field(default_factory=lambda: [{}])
    barriers: list[int] = field(default_factory=lambda: [0])
    """Values that depend on the state are looked up in the scopes from the last barrier on only."""

    # ------------------------------------------------------------ scopes

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forget what is computed inside: it need not dominate what follows."""
        self.scopes.append({})
        try:
            yield
        finally:
            self.scopes.pop()

    @contextmanager
    def fresh_state(self) -> Iterator[None]:
        """Open a scope that does not see earlier values of expressions in the state: it may have changed."""
        self.barriers.append(len(self.scopes))
        try:
            with self.scope():
                yield
        finally:
            self.barriers.pop()

    def _known(self, key: Any) -> Any:
        node = key[0] if isinstance(key[0], Expr) else key[1]
        oldest = self.barriers[-1] if node.dependence & PLACEHOLDER_BIT else 0
        for scope in reversed(self.scopes[oldest:]):
            if key in scope:
                return scope[key]
        return None

    def _remember(self, key: Any, value: Any) -> None:
        self.scopes[-1][key] = value

    def slots(self, node: Expr) -> list[Slot]:
        """Return the copies of `node` that a step of rows and columns needs."""
        where = location(node)
        rows: list[int | None] = list(range(self.row_vectors)) if where in ("row", "pair") else [None]
        columns: list[int | None] = list(range(self.columns)) if where in ("column", "pair") else [None]
        return [(r, u) for u in columns for r in rows]

    @staticmethod
    def _key(node: Expr, index: Index, slot: Slot) -> Any:
        where = location(node)
        row = slot[0] if where in ("row", "pair") else None
        column = slot[1] if where in ("column", "pair") else None
        return (node, index.key if isinstance(index, Affine) else index, row, column)

    # ------------------------------------------------------------ components

    def component(self, node: Expr, index: Index, slot: Slot) -> Value:
        """Return component `index` of `node` for `slot`."""
        index = 0 if node.dim == 1 else index
        stack: list[Read] = [(node, index)]
        reads: dict[Any, list[Read]] = {}
        while stack:
            current, at = stack[-1]
            key = self._key(current, at, slot)
            if self._known(key) is not None:
                stack.pop()
                continue
            if key not in reads:
                stored = self.leaves.read(current, at, slot)
                if stored is not None:
                    self._remember(key, stored)
                    stack.pop()
                    continue
                if self._is_long(current):
                    self._remember(key, self._long_sum(current, at, slot))
                    stack.pop()
                    continue
                reads[key] = self._reads(current, at)
            missing = [read for read in reads[key] if self._known(self._key(*read, slot)) is None]
            if missing:
                stack.extend(reversed(missing))
                continue
            values = [self._known(self._key(*read, slot)) for read in reads[key]]
            self._remember(key, self._combine(current, at, slot, reads[key], values))
            stack.pop()
        return self._known(self._key(node, index, slot))

    def _reads(self, node: Expr, index: Index) -> list[Read]:
        """Return the components of the arguments that component `index` of `node` is made of."""
        if node.op.elementwise:
            return [(arg, 0 if arg.dim == 1 else index) for arg in operands(node)]
        primitive = find_primitive(node.op.name)
        assert isinstance(primitive, (Structure, Fold))
        return primitive.reads(self.builder, node, index)

    def _combine(self, node: Expr, index: Index, slot: Slot, reads: list[Read], values: list[Value]) -> Value:
        """Return the component of `node` made of the `values` of its `reads`."""
        if node.op.elementwise:
            return self._elementwise(node, index, slot, reads, values)
        primitive = find_primitive(node.op.name)
        if isinstance(primitive, Structure):
            return primitive.combine(self.lanes, self.builder, node, index, values)
        assert isinstance(primitive, Fold)
        return reduce(partial(primitive.combine, self.lanes, self.builder), values)

    def _elementwise(self, node: Expr, index: Index, slot: Slot, reads: list[Read], values: list[Value]) -> Value:
        builder, lanes, primitive = self.builder, self.lanes, find_primitive(node.op.name)
        if isinstance(primitive, Comparison):
            mask = lanes.compare(builder, primitive, values)
            self._remember(("mask", *self._key(node, index, slot)), mask)
            return lanes.truth(builder, mask)
        if isinstance(primitive, Choice):
            mask = self._known(("mask", *self._key(*reads[0], slot)))
            if mask is None:
                mask = lanes.is_nonzero(builder, values[0])
            return builder.select(mask, *self._same_kind(values[1:], node))
        scaled = scaled_argument(node)
        if scaled is not None:
            return self.leaves.exponential(scaled[0], values[0])
        return lanes.elementwise(builder, node.op.name, values)

    def _same_kind(self, values: list[Value], node: Expr) -> list[Value]:
        if node.kind == "real":
            return values
        # Constants are written as reals; an index expression turns them into integers.
        return [
            self.lanes.index_constant(int(arg.params[0])) if arg.op.name == "Const" else value
            for arg, value in zip(node.args[1:], values, strict=True)
        ]

    def mask(self, node: Expr, index: Index, slot: Slot) -> Value:
        """Return the mask of the lanes in which component `index` of `node` is not 0."""
        value = self.component(node, index, slot)
        index = 0 if node.dim == 1 else index
        mask = self._known(("mask", *self._key(node, index, slot)))
        return self.lanes.is_nonzero(self.builder, value) if mask is None else mask

    # ------------------------------------------------------------ long sums

    def _is_long(self, node: Expr) -> bool:
        fold = fold_of(node)
        return fold is not None and fold.terms(node)[0] > self.unroll

    def _long_sum(self, node: Expr, index: Index, slot: Slot) -> Value:
        """Sum in a loop of its own, for one slot: the fallback when `prepare` did not foresee the sum."""
        count, _ = _fold(node).terms(node)
        total = stack_slot(self.builder, self.lanes.real)
        self._start(node, total)
        with component_loop(self.builder, count) as term, self.scope():
            self._accumulate(node, index, term, slot, total)
        return self.builder.load(total, typ=self.lanes.real)

    def _accumulate(self, node: Expr, index: Index, term: Index, slot: Slot, total: Any) -> None:
        _, at = _fold(node).terms(node)
        value = self.component(node.args[0], at(self.builder, index, term), slot)
        old = self.builder.load(total, typ=self.lanes.real)
        self.builder.store(_fold(node).combine(self.lanes, self.builder, old, value), total)

    def _start(self, node: Expr, total: Any) -> None:
        self.builder.store(self.lanes.constant(_fold(node).start), total)

    def prepare(self, roots: Sequence[Expr]) -> None:
        """Compute the long sums under `roots` for all slots, the sums of one length in one loop."""
        levels: dict[tuple[int, int], list[Expr]] = {}
        level: dict[Expr, int] = {}
        for node in self._unstored(roots):
            level[node] = max((level.get(arg, 0) for arg in node.args), default=0)
            if self._is_long(node):
                if node.dim == 1:
                    count, _ = _fold(node).terms(node)
                    levels.setdefault((level[node], count), []).append(node)
                else:
                    levels.setdefault((level[node], -1), []).append(node)
                level[node] += 1
        for (_, count), nodes in sorted(levels.items(), key=lambda entry: entry[0]):
            if count > 0:
                self._sum_together(nodes, count)
            else:
                for node in nodes:
                    self._store_sums(node)

    def _unstored(self, roots: Sequence[Expr]) -> list[Expr]:
        """Return the nodes under `roots` that must be computed, arguments first."""
        stored: set[Expr] = set()
        needed: list[Expr] = []
        wanted: set[Expr] = set(roots)
        order = topological(roots)
        for node in reversed(order):
            if node not in wanted:
                continue
            slot = self.slots(node)[0]
            if self._known(self._key(node, 0, slot)) is not None or self.is_stored(node):
                stored.add(node)
                continue
            needed.append(node)
            wanted.update(node.args)
        return needed[::-1]

    def is_stored(self, node: Expr) -> bool:
        """Tell whether the leaves, or an earlier `prepare`, hold `node`."""
        if self._known(("stored", node)) is not None:
            return True
        return node.op.name == "Var" or self.leaves.holds(node)

    def _sum_together(self, nodes: list[Expr], count: int) -> None:
        totals = {
            (node, slot): stack_slot(self.builder, self.lanes.real) for node in nodes for slot in self.slots(node)
        }
        for (node, _), total in totals.items():
            self._start(node, total)
        with component_loop(self.builder, count // self.terms) as step, self.scope():
            for k in range(self.terms):
                for (node, slot), total in totals.items():
                    self._accumulate(node, 0, add(multiply(step, self.terms), k), slot, total)
        for term in range(count - count % self.terms, count):
            for (node, slot), total in totals.items():
                self._accumulate(node, 0, term, slot, total)
        for (node, slot), total in totals.items():
            self._remember(self._key(node, 0, slot), self.builder.load(total, typ=self.lanes.real))

    def _store_sums(self, node: Expr) -> None:
        """Compute every component of a vector of long sums (a matrix-vector product) into memory."""
        slots = self.slots(node)
        memory = self.scratch(node.dim * len(slots))
        count, _ = _fold(node).terms(node)
        with component_loop(self.builder, node.dim) as index:
            totals = [stack_slot(self.builder, self.lanes.real) for _ in slots]
            for total in totals:
                self._start(node, total)
            with component_loop(self.builder, count) as term, self.scope():
                for slot, total in zip(slots, totals, strict=True):
                    self._accumulate(node, index, term, slot, total)
            for number, total in enumerate(totals):
                address = self._address(memory, index, number, len(slots))
                self.builder.store(self.builder.load(total, typ=self.lanes.real), address)
        self._remember(("stored", node), (memory, slots))

    def stored_component(self, node: Expr, index: Index, slot: Slot) -> Value | None:
        """Return a component that `prepare` put into memory, or None."""
        entry = self._known(("stored", node))
        if entry is None:
            return None
        memory, slots = entry
        where = location(node)
        wanted = (slot[0] if where in ("row", "pair") else None, slot[1] if where in ("column", "pair") else None)
        address = self._address(memory, index, slots.index(wanted), len(slots))
        return self.builder.load(address, typ=self.lanes.real)

    def _address(self, memory: Any, index: Index, number: int, count: int) -> Any:
        offset = as_value(self.builder, add(multiply(index, count), number))
        return self.builder.gep(memory, [offset], source_etype=self.lanes.real)


def _fold(node: Expr) -> Fold:
    fold = fold_of(node)
    assert fold is not None
    return fold


def exponential_scales(nodes: Iterable[Expr]) -> list[Expr]:
    """Return the uniform factors that `Evaluator` folds into the exponentials among `nodes`."""
    found: dict[Expr, None] = {}
    for node in nodes:
        scaled = scaled_argument(node)
        if scaled is not None:
            found[scaled[0]] = None
    return list(found)


def operands(node: Expr) -> tuple[Expr, ...]:
    """Return what `node` is computed from: an exponential reads the rest of its argument, not the product."""
    scaled = scaled_argument(node)
    return node.args if scaled is None else (scaled[1],)


def scaled_argument(node: Expr) -> tuple[Expr, Expr] | None:
    """Split the argument of an exponential into (uniform scalar, rest) when it is such a product."""
    if node.op.name != "Exp" or location(node) == "uniform":
        return None
    (arg,) = node.args
    if arg.op.name == "Minus":
        return constant(-1.0), arg.args[0]
    if arg.op.name == "Mult":
        scale, rest = arg.args
        if scale.dim == 1 and location(scale) == "uniform" and location(rest) != "uniform":
            return scale, rest
    return None
