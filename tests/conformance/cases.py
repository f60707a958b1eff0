"""What the records of the operations say about how to test them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pairfold.ir.expr import OPERATIONS, Category, Expr, Op, make
from pairfold.ops import variable

Array = npt.NDArray[Any]
Case = tuple[str, tuple[int, ...], tuple[Any, ...]]

_FREE_DIMENSIONS: dict[int, tuple[tuple[int, ...], ...]] = {
    0: ((),),
    1: ((3,), (1,)),
    2: ((3, 3), (1, 3), (3, 1), (1, 1)),
    3: ((3, 3, 3), (1, 3, 1), (3, 1, 3)),
}


def all_cases(operations: Mapping[str, Op] = OPERATIONS) -> list[Case]:
    """Return name, dimensions of the operands and parameters for every operation but the leaves."""
    cases = []
    for name, op in sorted(operations.items()):
        if name in ("Var", "Const"):
            continue
        samples = op.sample or tuple((dims, ()) for dims in _FREE_DIMENSIONS[op.arity])
        cases += [(name, dims, params) for dims, params in samples]
    return cases


def label(case: Case) -> str:
    """Return a readable test id."""
    name, dims, params = case
    return f"{name}-{'x'.join(map(str, dims))}" + (f"-{params}" if params else "")


def build(case: Case, categories: Sequence[Category]) -> tuple[Expr, list[Expr]]:
    """Return the node of the case and its operands, which are variables number 0, 1, ..."""
    name, dims, params = case
    operands = [variable(p, dim, category) for p, (dim, category) in enumerate(zip(dims, categories, strict=True))]
    return make(OPERATIONS[name], operands, params), operands


def draw(op: Op, operand: int, shape: tuple[int, ...]) -> Array:
    """Return float64 numbers from the domain of one operand, the same at every call."""
    generator = np.random.default_rng(zlib.crc32(f"{op.name} {operand} {shape}".encode()))
    low, high = op.domain[operand]
    return generator.uniform(low, high, shape)
