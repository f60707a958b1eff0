"""Calls as tests write them: by their parts, with the dtype of the arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pairfold import engine
from pairfold.engine import TARGETS, Call, Extent, Options, joint
from pairfold.engine.cache import planned_code
from pairfold.ir.expr import Category, Expr
from pairfold.ir.problem import Problem
from pairfold.targets import reference
from pairfold.targets.target import Parts

__all__ = ["by_definition", "by_states", "call_of", "code_of", "explain", "look_once", "run"]

Arrays = Sequence[Any]


def call_of(
    problem: Problem,
    arrays: Arrays,
    *,
    rows: int,
    columns: int,
    batch: tuple[int, ...] = (),
    ranges: Any = None,
    options: Options | None = None,
) -> Call:
    given = [np.asarray(array).dtype.newbyteorder("=") for array in arrays if array is not None]
    dtype = np.result_type(*given).name if given else "float64"
    return Call(problem, Extent(rows, columns, batch), dtype, ranges, options or Options())


def run(problem: Problem, arrays: Arrays, **parts: Any) -> tuple[Any, ...]:
    """Reduce by the engine."""
    return engine.run(call_of(problem, arrays, **parts), arrays)


def by_definition(problem: Problem, arrays: Arrays, **parts: Any) -> tuple[Any, ...]:
    """Reduce by the reference target."""
    return reference.run(call_of(problem, arrays, **parts), arrays)


def by_states(problem: Problem, arrays: Arrays, parts: Sequence[tuple[int, int]], **sizes: Any) -> tuple[Any, ...]:
    """Reduce by the engine, each part of the columns on its own."""
    states = []
    for first, last in parts:
        own = list(arrays)
        for position, node in problem.arguments.items():
            if node.category == Category.COLUMN:
                own[position] = arrays[position][..., first:last, :]
        call = call_of(problem, own, **{**sizes, "columns": last - first})
        states.append(engine.partial(call, own, columns_from=first))
    return engine.finish(states[0].merge(*states[1:]))


def code_of(problem: Problem, dtype: str, few_rows: bool = False) -> Any:
    """Return what the CPU runs when the columns are not split."""
    cpu = TARGETS["cpu"]
    return planned_code(cpu, cpu.machine(0, None), problem, dtype, Options(), Parts(1, few_rows)).code


def explain(
    problem: Problem,
    rows: int,
    columns: int,
    names: dict[Expr, str] | None = None,
    options: Options | None = None,
) -> str:
    return engine.explain(Call(problem, Extent(rows, columns), "float32", options=options or Options()), names)


def look_once(patch: pytest.MonkeyPatch) -> None:
    """Let gradients of both sides look at every pair once whatever the sizes; small problems look twice."""
    patch.setattr(joint, "FEWEST", 1)
    patch.setitem(TARGETS["cpu"].__dict__, "groups", lambda rows, batches, threads: 2 * threads)
