"""Derivatives of the reductions against differences of their definition."""

from __future__ import annotations

import numpy as np
import pytest

from pairfold.ir.expr import Category, Expr
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import Reduction
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply
from pairfold.reductions import REDUCTIONS
from pairfold.reductions.state import COLUMN_INDEX
from pairfold.targets.reference import evaluate
from pairfold.transform.differentiate import gradient
from tests.calls import by_definition
from tests.comparison import Array, assert_close
from tests.conformance.problems import NAMES

ROWS, COLUMNS, K = 4, 6, 3
X = variable(0, 2, Category.ROW)
Y = variable(1, 2, Category.COLUMN)
B = variable(2, 2, Category.COLUMN)


def _task(reduction: Reduction, dim: int) -> Problem:
    value = apply("Scalprod", X, Y) + apply("Sum", Y) if dim == 1 else X * Y + Y
    weight = apply("Exp", X) * B if reduction.needs_weight else None
    return Problem(value, reduction, weight, K if reduction.needs_k else 1)


def _with(task: Problem, name: str) -> Problem:
    return Problem(task.value, REDUCTIONS[name], task.weight, task.k)


def _pullback(task: Problem, arrays: list[Array], cotangents: list[Array], wrt: Expr) -> Array:
    """Return the gradient as a front end computes it: the cotangents at every pair, summed over what is left."""
    reduction = task.reduction
    saved = by_definition(_with(task, reduction.saved or reduction.name), arrays, rows=ROWS, columns=COLUMNS)
    names = []
    bindings: dict[Expr, Array] = {X: arrays[0][:, None], Y: arrays[1][None], B: arrays[2][None]}
    bindings[COLUMN_INDEX] = np.arange(COLUMNS)[None, :, None]
    for number, output in enumerate(saved):
        flat = output.reshape(ROWS, -1)
        kind = "index" if flat.dtype.kind == "i" else "real"
        names.append(variable(f"output {number}", flat.shape[1], Category.ROW, kind))
        bindings[names[-1]] = flat[:, None]
    slopes = []
    for number, cotangent in enumerate(cotangents):
        flat = cotangent.reshape(ROWS, -1)
        slopes.append(variable(f"cotangent {number}", flat.shape[1], Category.ROW))
        bindings[slopes[-1]] = flat[:, None]
    assert reduction.pullback is not None
    g_value, g_weight = reduction.pullback(task.value, task.weight, tuple(names), tuple(slopes))
    total = gradient(task.value, wrt, g_value)
    if task.weight is not None:
        assert g_weight is not None
        total = total + gradient(task.weight, wrt, g_weight)
    (table,) = evaluate([total], bindings)
    table = np.broadcast_to(table, (ROWS, COLUMNS, wrt.dim))
    return np.sum(table, axis=1 if wrt is X else 0)


DIFFERENTIABLE = [name for name in NAMES if REDUCTIONS[name].pullback is not None]


def test_every_reduction_is_differentiable() -> None:
    assert DIFFERENTIABLE == NAMES


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_agree_with_differences(name: str, dim: int) -> None:
    reduction = REDUCTIONS[name]
    if reduction.scalar_value and dim != 1:
        return
    task = _task(reduction, dim)
    generator = np.random.default_rng(3)
    arrays = [generator.uniform(-1, 1, (ROWS, 2)), *(generator.uniform(-1, 1, (COLUMNS, 2)) for _ in range(2))]
    outputs = by_definition(task, arrays, rows=ROWS, columns=COLUMNS)
    real = [output for output in outputs if output.dtype.kind == "f"]
    cotangents = [generator.uniform(-1, 1, output.shape) for output in real]
    # Outputs that are numbers of columns do not move; neither do indices.
    for number, wrt in enumerate((X, Y, B)):
        direction = generator.uniform(-1, 1, arrays[number].shape)

        def along(step: float, number: int = number, direction: Array = direction) -> float:
            moved = list(arrays)
            moved[number] = arrays[number] + step * direction
            found = by_definition(task, moved, rows=ROWS, columns=COLUMNS)
            floats = [output for output in found if output.dtype.kind == "f"]
            return float(sum(np.sum(c * output) for c, output in zip(cotangents, floats, strict=True)))

        step = 1e-4
        wide, narrow = ((along(h) - along(-h)) / (2 * h) for h in (2 * step, step))
        expected = (4 * narrow - wide) / 3
        if cotangents or reduction.name.startswith("Arg"):
            given = cotangents or [np.ones(output.shape) for output in outputs]
            found = float(np.sum(_pullback(task, arrays, given, wrt) * direction))
            allowed = abs(expected - narrow) + 1e-9
            assert_close(np.array([found]), np.array([expected]), allowed)


@pytest.mark.parametrize("entries", [[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1.0, 2.0, 3.0]])
def test_product_with_zero_entries(entries: list[float]) -> None:
    """The derivative with respect to an entry is the product of the others, zeros or not."""
    y = variable(0, 1, Category.COLUMN)
    task = Problem(y, REDUCTIONS["Prod"])
    data = [np.array(entries)[:, None]]
    saved = by_definition(_with(task, "Prod_Zeros"), data, rows=1, columns=3)
    names = tuple(variable(f"output {k}", 1, Category.ROW) for k in range(len(saved)))
    slope = variable("cotangent", 1, Category.ROW)
    assert task.reduction.pullback is not None
    g_value, _ = task.reduction.pullback(y, None, names, (slope,))
    bindings = {y: data[0], slope: np.ones((1, 1)), **dict(zip(names, saved, strict=True))}
    (found,) = evaluate([g_value], bindings)
    expected = [np.prod(entries[:k] + entries[k + 1 :]) for k in range(3)]
    np.testing.assert_allclose(found[:, 0], expected)


@pytest.mark.parametrize("name", ["Min", "Max"])
def test_no_winner_gets_no_gradient(name: str) -> None:
    y = variable(0, 1, Category.COLUMN)
    worst = np.inf if name == "Min" else -np.inf
    task = Problem(y, REDUCTIONS[name])
    saved = by_definition(_with(task, f"{name}_Arg{name}"), [np.full((3, 1), np.nan)], rows=1, columns=3)
    assert saved[0] == worst
    assert saved[1] == -1
    best, where = variable("best", 1, Category.ROW), variable("where", 1, Category.ROW, "index")
    slope = variable("cotangent", 1, Category.ROW)
    assert task.reduction.pullback is not None
    g_value, _ = task.reduction.pullback(y, None, (best, where), (slope,))
    bindings = {best: saved[0], where: saved[1], slope: np.ones((1, 1)), COLUMN_INDEX: np.arange(3)[:, None]}
    assert np.all(evaluate([g_value], bindings)[0] == 0)
