"""Sums of formulas of differences through a mesh: right to what was asked for, and only where formulas are smooth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pairfold.engine import Call, Extent, Options, Tolerance, run
from pairfold.ir.expr import variables
from pairfold.ir.problem import Problem
from pairfold.language.formula import parse
from pairfold.pruning.budget import Budget
from pairfold.pruning.mesh import mesh_sums
from pairfold.pruning.mesh_choice import choose_mesh
from pairfold.pruning.proxies import proxies
from pairfold.pruning.proxy_survey import Survey
from pairfold.pruning.proxy_task import Task, task_of
from pairfold.pruning.report import GivenUp
from pairfold.pruning.trees import Trees
from pairfold.reductions import REDUCTIONS
from pairfold.transform.interaction import COLUMNS, ROWS, interaction
from pairfold.transform.translation import of_difference

ROWS_COUNT, COLUMNS_COUNT = 3000, 2000
ALIASES = ["x = Vi({0})", "y = Vj({0})", "b = Vj(2)", "g = Pm(1)", "e = Vi(2)"]
GAUSS = "Exp(-g * SqDist(x, y)) * b"


@pytest.mark.parametrize(
    ("formula", "is_of_difference"),
    [
        (GAUSS, True),
        ("Exp(-g * SqNorm2(y - x)) * (y - x)", True),
        ("Exp(-SqNorm2(g * x - g * y)) * b", True),
        ("Inv(1 + Square(Elem(x, 0) - Elem(y, 0)) + Square(Elem(y, 1) - Elem(x, 1))) * b", True),
        ("Exp(-g * SqDist(x, y)) * b * Sum(x)", False),
        ("Exp(g * (x | y)) * b", False),
        ("Exp(-SqNorm2(Square(x) - Square(y))) * b", False),
        ("Exp(-Square(Elem(x, 0) - Elem(y, 1))) * b", False),
        ("Exp(-g * SqDist(x, y)) * Cos(x | y) * b", False),
    ],
)
def test_formulas_of_differences_are_found(formula: str, is_of_difference: bool) -> None:
    parts = interaction(parse([formula], [alias.format(3) for alias in ALIASES]).values[0])
    assert parts is not None
    by_position = {v.position: v for v in variables(parts.value)}
    found = of_difference(parts.value, by_position[ROWS], by_position[COLUMNS])
    assert (found is not None) == is_of_difference
    assert found is None or by_position[COLUMNS] not in variables(found)


def task_for(formula: str, arrays: list[Any], tol: float) -> Task:
    problem = Problem(
        parse([formula], [alias.format(arrays[0].shape[1]) for alias in ALIASES]).values[0], REDUCTIONS["Sum"]
    )
    options = Options(tolerance=Tolerance(tol), threads=1)
    task = task_of(Call(problem, Extent(len(arrays[0]), len(arrays[1])), arrays[0].dtype.name, None, options), arrays)
    assert isinstance(task, Task)
    return task


def arrays_for(dim: int, g: float, dtype: str = "float64") -> list[Any]:
    random = np.random.default_rng(dim)
    shapes = [(ROWS_COUNT, dim), (COLUMNS_COUNT, dim), (COLUMNS_COUNT, 2), (1,), (ROWS_COUNT, 2)]
    arrays = [random.random(shape) for shape in shapes]
    arrays[3][:] = g
    return [array.astype(dtype) for array in arrays]


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize(
    "formula", [GAUSS, "b / (IntCst(1) + g * SqDist(x, y))", "Grad(Exp(-g * SqDist(x, y)) * b, x, e)"]
)
@pytest.mark.parametrize(("tol", "dtype"), [(1e-3, "float32"), (1e-7, "float64")])
def test_sums_on_a_mesh(formula: str, dim: int, tol: float, dtype: str) -> None:
    arrays = arrays_for(dim, 6.0, dtype)
    task = task_for(formula, arrays, tol)
    survey = Survey(task, np.arange(0, ROWS_COUNT, 20))
    chosen = choose_mesh(survey, tol)
    assert chosen is not None
    assert survey.of_difference is not None
    sums = mesh_sums(task, chosen[0], survey.of_difference, survey.far_dtype)
    if task.factors is not None:
        sums = np.einsum("nf,nfe->ne", task.factors, sums.reshape(len(sums), task.factors.shape[1], -1))
    wide = [array.astype(np.float64) for array in arrays]
    exact = Call(task.call.problem, task.call.extent, "float64")
    (truth,) = run(exact, wide)
    absolute = Problem(parse([f"Abs({formula})"], [a.format(dim) for a in ALIASES]).values[0], REDUCTIONS["Sum"])
    (scale,) = run(Call(absolute, task.call.extent, "float64"), wide)
    # What is expected is no bound: results are checked.
    assert np.abs(sums - truth).max() <= 5 * tol * scale.mean()


@pytest.mark.parametrize(
    "formula", ["Rsqrt(SqDist(x, y)) * b", "Step(IntInv(4) - SqDist(x, y)) * b", "Exp(g * (x | y)) * b"]
)
def test_what_has_no_mesh(formula: str) -> None:
    task = task_for(formula, arrays_for(2, 1.0), 1e-4)
    assert choose_mesh(Survey(task, np.arange(0, ROWS_COUNT, 20)), 1e-4) is None


def test_rows_far_from_all_columns() -> None:
    """Their sums are smaller than errors of the mesh, and too seldom for the check."""
    arrays = arrays_for(2, 20.0)
    arrays[0][:30] += np.linspace(0.7, 1.2, 30)[:, None]
    problem = Problem(parse([GAUSS], [alias.format(2) for alias in ALIASES]).values[0], REDUCTIONS["Sum"])
    call = Call(
        problem, Extent(ROWS_COUNT, COLUMNS_COUNT), "float64", None, Options(tolerance=Tolerance(1e-3), threads=1)
    )
    outcome = proxies(call, arrays, Trees(), Budget(every_pair=1.0))
    assert not isinstance(outcome, GivenUp)
    (found,), report = outcome
    assert "mesh" in report.why
    (truth,) = run(Call(problem, call.extent, "float64"), arrays)
    assert truth[:30].min() < 1e-9 * truth.max()
    np.testing.assert_allclose(found, truth, rtol=1e-3)
