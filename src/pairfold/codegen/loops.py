"""Counted loops in LLVM IR, and component numbers that know the loops they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import gcd
from typing import Any

from llvmlite import ir

__all__ = [
    "INT64",
    "Affine",
    "Index",
    "add",
    "as_value",
    "common_divisor",
    "component_loop",
    "divide",
    "loop",
    "loop_while",
    "minimum",
    "modulo",
    "multiply",
    "set_bits",
    "stack_slot",
]

INT64 = ir.IntType(64)


@dataclass(frozen=True)
class Affine:
    """The number ``constant + sum of coefficient * value``, where each value is an i64 in ``0, ..., bound - 1``.

    Kept symbolic so that quotients and remainders by constants, which turn one component number of a matrix into two,
    fold away instead of becoming divisions in the inner loop.
    """

    constant: int
    terms: tuple[tuple[int, Any, int], ...]

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells two component numbers apart."""
        return (self.constant, *((coefficient, id(value)) for coefficient, value, _ in self.terms))


Index = int | Affine
"""A component number: an int when it is known, else an expression in loop indices."""


def _make(constant: int, terms: dict[int, tuple[int, Any, int]]) -> Index:
    kept = tuple(term for term in terms.values() if term[0])
    return Affine(constant, kept) if kept else constant


def _parts(index: Any) -> tuple[int, tuple[tuple[int, Any, int], ...]]:
    if isinstance(index, int):
        return index, ()
    if isinstance(index, Affine):
        return index.constant, index.terms
    return 0, ((1, index, _UNBOUNDED),)


_UNBOUNDED = 2**62
"""Bound of a plain LLVM value, a row number say: it is never divided."""


def add(a: Any, b: Any) -> Index:
    """Return a + b; plain LLVM values are accepted too."""
    (constant, terms), (other, more) = _parts(a), _parts(b)
    merged = {id(value): (coefficient, value, bound) for coefficient, value, bound in terms}
    for coefficient, value, bound in more:
        old = merged.get(id(value), (0, value, bound))
        merged[id(value)] = (old[0] + coefficient, value, bound)
    return _make(constant + other, merged)


def multiply(a: Any, factor: int) -> Index:
    """Return a * factor."""
    constant, terms = _parts(a)
    return _make(constant * factor, {id(v): (c * factor, v, bound) for c, v, bound in terms})


def common_divisor(index: Index, number: int) -> int:
    """Return the greatest divisor of `number` that is known to divide `index`."""
    constant, terms = _parts(index)
    return gcd(number, constant, *(coefficient for coefficient, _, _ in terms))


def _split(index: Affine, divisor: int) -> tuple[Index, Index] | None:
    """Return (quotient, remainder) by `divisor` when both are affine, else None."""
    multiple = [(c, v, bound) for c, v, bound in index.terms if c % divisor == 0]
    rest = [(c, v, bound) for c, v, bound in index.terms if c % divisor]
    constant, left = divmod(index.constant, divisor)
    largest = left + sum(c * (bound - 1) for c, _, bound in rest)
    if largest >= divisor or any(c < 0 for c, _, _ in index.terms):
        return None
    quotient = _make(constant, {id(v): (c // divisor, v, bound) for c, v, bound in multiple})
    return quotient, _make(left, {id(v): term for term in rest for v in (term[1],)})


def divide(builder: ir.IRBuilder, index: Index, divisor: int) -> Index:
    """Return index // divisor for an index >= 0."""
    if isinstance(index, int):
        return index // divisor
    split = _split(index, divisor)
    if split is not None:
        return split[0]
    quotient = builder.udiv(as_value(builder, index), ir.Constant(INT64, divisor))
    return Affine(0, ((1, quotient, _bound(index) // divisor + 1),))


def modulo(builder: ir.IRBuilder, index: Index, divisor: int) -> Index:
    """Return index % divisor for an index >= 0."""
    if isinstance(index, int):
        return index % divisor
    split = _split(index, divisor)
    if split is not None:
        return split[1]
    remainder = builder.urem(as_value(builder, index), ir.Constant(INT64, divisor))
    return Affine(0, ((1, remainder, divisor),))


def _bound(index: Affine) -> int:
    return index.constant + sum(c * (bound - 1) for c, _, bound in index.terms) + 1


def as_value(builder: ir.IRBuilder, index: Any) -> Any:
    """Return a component number, or an LLVM value as it is, as an LLVM value."""
    if isinstance(index, int):
        return ir.Constant(INT64, index)
    if not isinstance(index, Affine):
        return index
    total = None
    for coefficient, value, _ in index.terms:
        term = value if coefficient == 1 else builder.mul(value, ir.Constant(INT64, coefficient))
        total = term if total is None else builder.add(total, term)
    return total if index.constant == 0 else builder.add(total, ir.Constant(INT64, index.constant))


def minimum(builder: ir.IRBuilder, a: Any, b: Any) -> Any:
    """Return the smaller of two signed i64 values."""
    return builder.select(builder.icmp_signed("<", a, b), a, b)


@contextmanager
def loop(builder: ir.IRBuilder, start: Any, stop: Any, step: int = 1, rolled: bool = False) -> Iterator[Any]:
    """Emit ``for index in range(start, stop, step)`` around the body; yields the index as an LLVM value.

    A `rolled` loop must not be unrolled by later compilers: its code is to stay small, for it rarely runs.
    """
    start, stop = as_value(builder, start), as_value(builder, stop)
    before = builder.block
    head = builder.append_basic_block("head")
    body = builder.append_basic_block("body")
    done = builder.append_basic_block("done")
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(INT64)
    index.add_incoming(start, before)
    builder.cbranch(builder.icmp_signed("<", index, stop), body, done)
    builder.position_at_end(body)
    yield index
    following = builder.add(index, ir.Constant(INT64, step))
    index.add_incoming(following, builder.block)
    back = builder.branch(head)
    if rolled:
        back.set_metadata("llvm.loop", _rolled(builder.module))
    builder.position_at_end(done)


@contextmanager
def loop_while(builder: ir.IRBuilder, condition: Callable[[], Any]) -> Iterator[None]:
    """Emit a loop that goes on while a condition holds; `condition` emits the instructions that compute it."""
    head, body, done = (builder.append_basic_block(name) for name in ("head", "body", "done"))
    builder.branch(head)
    builder.position_at_end(head)
    builder.cbranch(condition(), body, done)
    builder.position_at_end(body)
    yield
    builder.branch(head)
    builder.position_at_end(done)


@contextmanager
def set_bits(builder: ir.IRBuilder, word: Any) -> Iterator[Any]:
    """Emit a loop over the bits of an integer that are set, from the lowest on; yields the number of a bit."""
    left, one = stack_slot(builder, word.type), ir.Constant(word.type, 1)
    builder.store(word, left)
    with loop_while(
        builder, lambda: builder.icmp_unsigned("!=", builder.load(left, typ=word.type), ir.Constant(word.type, 0))
    ):
        bits = builder.load(left, typ=word.type)
        yield builder.cttz(bits, ir.Constant(ir.IntType(1), 1))
        builder.store(builder.and_(bits, builder.sub(bits, one)), left)


def _rolled(module: ir.Module) -> Any:
    """Return the metadata of loops that stay as they are; LLVM wants its first entry to be itself."""
    node = module.add_metadata([module.add_metadata([]), module.add_metadata(["llvm.loop.unroll.disable"])])
    node.operands = (node, node.operands[1])
    return node


@contextmanager
def component_loop(builder: ir.IRBuilder, count: int, rolled: bool = False) -> Iterator[Index]:
    """Emit a loop over `count` components; yields the component number."""
    with loop(builder, 0, count, rolled=rolled) as index:
        yield Affine(0, ((1, index, count),))


def stack_slot(builder: ir.IRBuilder, type_: ir.Type) -> Any:
    """Return a slot in the entry block, which LLVM turns into a register."""
    with builder.goto_entry_block():
        return builder.alloca(type_)
