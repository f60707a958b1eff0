"""Problems, data and tolerances for the tests of the reductions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pairfold.ir.expr import Category, Expr, variables
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply
from pairfold.reductions import REDUCTIONS
from pairfold.targets.reference import evaluate
from tests.comparison import SAFETY, Array, spread

NAMES = sorted({reduction.name for reduction in REDUCTIONS.values()})
"""Every reduction once, without synonyms."""

K = 3

_SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 1.0, -2.0, 1e-45]


def special_values(name: str, dtype: str) -> Array:
    """Return infinities, nan, signed zeros, ties, and extremes where the definition does not add them up."""
    keeps_range = any(abs(field.initial) > 1 for field in REDUCTIONS[name].fields)
    largest = float(np.finfo(dtype).max)
    extremes = [-largest, largest, -largest / 2, -(largest**0.5), -1.5 * largest**0.5] if keeps_range else []
    return np.array([*_SPECIAL, *extremes])


def problem(name: str, dim: int, axis: int = 1) -> Problem:
    """Return a problem with a value of dimension `dim` and arguments of every category.

    ``axis=0`` exchanges the roles of rows and columns, as a front end does that reduces over rows.
    """
    reduction = REDUCTIONS[name]
    first, second = (Category.ROW, Category.COLUMN)[:: 1 if axis == 1 else -1]
    x, y = variable(0, 2 if dim == 1 else dim, first), variable(1, 2 if dim == 1 else dim, second)
    p, b = variable(2, 1, Category.PARAMETER), variable(3, 2 if dim == 1 else dim, second)
    value = p * apply("SqDist", x, y) if dim == 1 else p * (x - y)
    weight = b * apply("Elem", x, params=(0,)) if reduction.needs_weight else None
    return Problem(value, reduction, weight, K if reduction.needs_k else 1)


@dataclass(frozen=True)
class Shape:
    """The sizes of one call and how its arrays are made."""

    rows: int
    columns: int
    batch: tuple[int, ...]
    broadcast: bool
    layout: str
    seed: int


def arrays(task: Problem, shape: Shape, dtype: str, integers: bool) -> list[Array]:
    """Return arguments of the given shapes; small integers make every operation exact, and ties common."""
    generator = np.random.default_rng(shape.seed)
    result: list[Array] = []
    for node in task.arguments.values():
        position, dim, category = node.params[:3]
        batch = shape.batch
        if shape.broadcast and position % 2:
            batch = (1,) * len(batch)
        sizes = {Category.ROW: (shape.rows,), Category.COLUMN: (shape.columns,), Category.PARAMETER: ()}[category]
        full = (*batch, *sizes, dim)
        data = generator.integers(-2, 3, full) if integers else generator.uniform(-1.5, 1.5, full)
        result.append(_laid_out(data.astype(dtype), shape.layout if sizes else "plain"))
    return result


def _laid_out(array: Array, layout: str) -> Array:
    if layout == "transposed":
        return np.ascontiguousarray(array.swapaxes(-1, -2)).swapaxes(-1, -2)
    if layout == "reversed":
        return np.ascontiguousarray(array[..., ::-1, :])[..., ::-1, :]
    if layout == "every other":
        wide = np.full((*array.shape[:-2], 2 * array.shape[-2], 2 * array.shape[-1]), np.nan, array.dtype)
        wide[..., ::2, ::2] = array
        return wide[..., ::2, ::2]
    return array


def tolerance(task: Problem, given: Sequence[Array], shape: Shape, dtype: str) -> list[Array]:
    """Return how far the outputs of correct code may be from the exact ones.

    The values are moved within their stated error, and by what summing them up may lose, and reduced exactly.
    """
    generator = np.random.default_rng(0)
    bindings: dict[Expr, Array] = {}
    for node in variables(*task.roots):
        array = np.asarray(given[node.position], np.float64)
        axis = {Category.ROW: -2, Category.COLUMN: -3, Category.PARAMETER: (-2, -3)}[node.category]
        bindings[node] = np.expand_dims(array, axis)
    errors = spread(task.roots, bindings, dtype)
    tables = evaluate(task.roots, bindings)
    full = (*shape.batch, shape.rows, shape.columns)
    tables = [np.broadcast_to(table, (*full, table.shape[-1])) for table in tables]
    loss = float(np.finfo(dtype).eps) * (shape.columns / 2 + 8)

    def outputs(moved: Sequence[Array]) -> tuple[Array, ...]:
        with np.errstate(all="ignore"):
            weight = moved[1] if len(moved) > 1 else None
            return task.reduction.reference(moved[0], weight, task.k, np.arange(shape.columns))

    exact = outputs(tables)
    largest = [np.zeros_like(output, dtype=np.float64) for output in exact]
    for _ in range(4):
        moved = [
            table
            + generator.uniform(-1, 1, table.shape) * error
            + generator.uniform(-1, 1, table.shape) * loss * (1 + np.abs(table))
            for table, error in zip(tables, errors, strict=True)
        ]
        with np.errstate(invalid="ignore"):
            for size, found, true in zip(largest, outputs(moved), exact, strict=True):
                np.fmax(size, np.abs(found - true), out=size)
    sizes = task.reduction.shapes(task.sizes)
    # Variances are differences of squares, and long products come close to the smallest numbers.
    largest_value = max(float(np.max(np.abs(table), initial=0.0)) for table in tables)
    floor = max(float(np.finfo(dtype).tiny) ** 0.5, (loss * (1 + largest_value)) ** 2)
    return [
        (SAFETY * (size + loss * np.abs(true)) + floor).reshape(*shape.batch, shape.rows, *tail)
        for size, true, tail in zip(largest, exact, sizes, strict=True)
    ]


def ranges(generator: np.random.Generator, rows: int, columns: int) -> tuple[Array, Array, Array]:
    """Return random block-sparse ranges: blocks in any order, some empty, some repeated, some rows uncovered."""
    cuts = np.unique(generator.integers(0, rows + 1, 5))
    blocks = np.stack([cuts[:-1], cuts[1:]], axis=1) if len(cuts) > 1 else np.zeros((0, 2), np.int64)
    blocks = blocks[generator.permutation(len(blocks))[: max(1, len(blocks) - 1)]]
    counts = generator.integers(0, 4, len(blocks))
    bounds = np.sort(generator.integers(0, columns + 1, (int(counts.sum()), 2)), axis=1)
    return blocks.astype(np.int64), np.cumsum(counts).astype(np.int64), bounds.astype(np.int64)
