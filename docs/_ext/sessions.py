"""Examples of the reference, in the words of each front end: what they print is what they printed when they ran.

The example of a method that follows from a record is made from the record: numbers of its domain, the kinds of its
arguments. Those of docstrings are written for NumPy; PyTorch and JAX carry them out again. CuPy prints what NumPy does.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pairfold.front_end import in_words_of
from pairfold.ir.expr import Op
from pairfold.ir.reduction import REDUCTIONS, Reduction, Sizes
from pairfold.ops import OPERATIONS
from pairfold.transform.calculus import CALCULUS, Calculus

RUNNING = ("pairfold.numpy", "pairfold.torch", "pairfold.jax")
"""The front ends in which examples are carried out."""

STEPS = (1.0, 0.5, 0.25, 0.2, 0.1, 0.05)

Record = Op | Reduction | Calculus
Table = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Example:
    """An example of a method.

    Attributes
    ----------
    operands : dict of str to (str, tuple of tuples of float)
        By the names of variables: the function that makes the operand, ``"Vi"`` or ``"Vj"``, and its numbers.
    call : str
        The call of the method.
    shown : str
        What follows the call where its result is shown; empty for a reduction, which returns an array.
    has_shape : bool
        False for a reduction that returns several arrays.
    """

    operands: dict[str, tuple[str, Table]]
    call: str
    shown: str = ""
    has_shape: bool = True

    def statements(self) -> list[str]:
        """Return the statements, for NumPy."""
        made = [f"{name} = {make}(np.asarray({_text(table)}))" for name, (make, table) in self.operands.items()]
        return [*made, *([f"{self.call}.shape"] if self.has_shape else []), f"{self.call}{self.shown}"]


def _text(table: Sequence[Sequence[float]]) -> str:
    return str([[float(number) for number in row] for row in table])


def records() -> dict[str, Record]:
    """Return, by the name of the method, the record that it follows from."""
    found: dict[str, Record] = {op.method: op for op in OPERATIONS.values() if op.method}
    found |= {record.method: record for record in CALCULUS.values() if record.method}
    return found | {reduction.method: reduction for reduction in REDUCTIONS.values() if reduction.method}


def example_of(record: Record) -> Example:
    """Return the example of the method of a record."""
    if isinstance(record, Op):
        return _of_operation(record)
    if isinstance(record, Reduction):
        return _of_reduction(record)
    operands = {"x": ("Vi", ((1.0, 2.0), (0.0, 1.0))), "y": ("Vj", ((0.0, 3.0),))}
    return Example(operands, record.example, ".dense()[:, 0]")


def numbers(low: float, high: float, count: int) -> list[float]:
    """Return simple numbers between `low` and `high`, in ascending order."""
    for step in STEPS:
        inside = [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
        if len(inside) >= count:
            places = [round(k * (len(inside) - 1) / max(count - 1, 1)) for k in range(count)]
            return [round(inside[place], 6) for place in places]
    raise ValueError(f"no {count} simple numbers lie between {low} and {high}")


def _table(op: Op, operand: int, dim: int, rows: int) -> Table:
    """Return numbers for an operand: those that the record shows, or some of its domain."""
    found = list(op.shown[operand]) if op.shown else []
    found = found or numbers(*op.domain[operand], rows * dim)
    return tuple(tuple(map(float, found[first : first + dim])) for first in range(0, len(found), dim))


def _of_operation(op: Op) -> Example:
    """Return the example of an operation of rows and columns; a third operand is a number."""
    free = (2,) if op.arity == 1 else (1,) * op.arity if op.elementwise else (2,) * op.arity
    dims, params = op.sample[0] if op.sample else (free, ())
    dimension = op.dimension(dims, params)
    operands: dict[str, tuple[str, Table]] = {}
    arguments = []
    for given, operand in sorted(zip(op.method_order or range(op.arity), range(op.arity), strict=True)):
        if given and op.arity > 2 and dims[operand] == 1:
            number = (op.shown[operand] if op.shown else numbers(*op.domain[operand], 2))[-1]
            arguments.append(f"{number:g}")
            continue
        rows = 2 if given == 0 else 3 if dimension == 1 else 1
        arguments.append("xyz"[given])
        operands[arguments[-1]] = "Vj" if given else "Vi", _table(op, operand, dims[operand], rows)
    first, *others = [*arguments, *map(str, params)]
    defaults = list(map(str, op.defaults))
    while defaults and others[-1] == defaults[-1]:
        del others[-1], defaults[-1]
    has_columns = len(operands) > 1 and len(operands["y"][1]) > 1
    shown = "[:, 0]" if not has_columns else "[..., 0]" if dimension == 1 else "[0]"
    return Example(operands, f"{first}.{op.method}({', '.join(others)})", f".dense(){shown}")


def _of_reduction(reduction: Reduction) -> Example:
    operands = {"x": ("Vi", ((0.0,), (5.0,))), "y": ("Vj", ((1.0,), (3.0,), (6.0,)))}
    arguments = ["2"] if reduction.needs_k else ["y"] if reduction.needs_weight else []
    of = "(x < y)" if reduction.truth else "(x - y).abs()"
    call = f"{of}.{reduction.method}({', '.join([*arguments, 'axis=1'])})"
    return Example(operands, call, has_shape=len(reduction.shapes(Sizes(1))) == 1)


# ---------------------------------------------------------------- carried out


def printed(statement: str, names: dict[str, Any]) -> list[str]:
    """Return the lines that the interactive interpreter prints for a statement."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(statement, "<example>", "single"), names)
    return output.getvalue().splitlines()


def _prompted(statement: str) -> list[str]:
    first, *rest = statement.rstrip("\n").split("\n")
    return [f">>> {first}", *(f"... {line}" for line in rest)]


SETUP = ("import numpy as np", "from pairfold.numpy import Vi, Vj")
"""What the examples that are made from records begin with, for NumPy."""


def session(statements: Sequence[str], room: str, names: dict[str, Any]) -> list[str]:
    """Return the lines of an interactive session: statements for NumPy, and what they print in a front end."""
    adapter = importlib.import_module(room).LazyTensor.adapter
    lines = []
    for statement in statements:
        told = in_words_of(statement, room, adapter)
        lines += [*_prompted(told), *printed(told if room in RUNNING else statement, names)]
    return lines


def example_lines(record: Record, room: str) -> list[str]:
    """Return the example of the method of a record, as an interactive session with a front end."""
    names: dict[str, Any] = {}
    session(SETUP, room, names)
    return session(example_of(record).statements(), room, names)


def retold(lines: Sequence[str], room: str, known: Mapping[str, Any]) -> list[str]:
    """Return a docstring whose examples, written for NumPy, are those of a front end.

    They find what is `known`, and what they import.
    """
    adapter = importlib.import_module(room).LazyTensor.adapter
    names = dict(known)
    session(SETUP[:1], room, names)
    told: list[str] = []
    for part in doctest.DocTestParser().parse("\n".join(lines) + "\n"):
        if isinstance(part, str):
            told += part.split("\n")[:-1]
            continue
        statement = in_words_of(part.source, room, adapter)
        wanted = part.want.splitlines()
        if room in RUNNING and part.exc_msg is None:
            wanted = printed(statement, names)
        told += [" " * part.indent + line for line in [*_prompted(statement), *wanted]]
    return told
