"""Counted loops and index arithmetic in LLVM IR."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

__all__ = ["INT64", "Index", "add_index", "divide_index", "loop", "minimum", "modulo_index", "stack_slot"]

INT64 = ir.IntType(64)

Index = Any
"""A component number: a Python int when it is known, else an LLVM i64 value."""


def as_value(index: Index) -> Any:
    """Return `index` as an LLVM value."""
    return ir.Constant(INT64, index) if isinstance(index, int) else index


def add_index(builder: ir.IRBuilder, a: Index, b: Index) -> Index:
    """Return a + b, folded when both are known."""
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    if isinstance(b, int) and b == 0:
        return a
    if isinstance(a, int) and a == 0:
        return b
    return builder.add(as_value(a), as_value(b))


def multiply_index(builder: ir.IRBuilder, a: Index, b: Index) -> Index:
    """Return a * b, folded when possible."""
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    if isinstance(b, int) and b == 1:
        return a
    if isinstance(a, int) and a == 1:
        return b
    return builder.mul(as_value(a), as_value(b))


def divide_index(builder: ir.IRBuilder, a: Index, b: int) -> Index:
    """Return a // b."""
    if isinstance(a, int):
        return a // b
    return a if b == 1 else builder.udiv(a, ir.Constant(INT64, b))


def modulo_index(builder: ir.IRBuilder, a: Index, b: int) -> Index:
    """Return a % b."""
    if isinstance(a, int):
        return a % b
    return 0 if b == 1 else builder.urem(a, ir.Constant(INT64, b))


def minimum(builder: ir.IRBuilder, a: Any, b: Any) -> Any:
    """Return the smaller of two signed i64 values."""
    return builder.select(builder.icmp_signed("<", a, b), a, b)


@contextmanager
def loop(builder: ir.IRBuilder, start: Index, stop: Index, step: int = 1) -> Iterator[Any]:
    """Emit ``for index in range(start, stop, step)`` around the body; yields the index."""
    start, stop = as_value(start), as_value(stop)
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
    builder.branch(head)
    builder.position_at_end(done)


def stack_slot(builder: ir.IRBuilder, type_: ir.Type) -> Any:
    """Return a slot in the entry block, which LLVM turns into a register."""
    with builder.goto_entry_block():
        return builder.alloca(type_)
