"""What a user is promised, of every reduction of the registry, through all layers: exact, or within the tolerance."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pairfold
import pairfold.torch as pf
from pairfold.numpy import Genred, KernelSolve, Tree
from pairfold.pruning import budget, choice
from pairfold.reductions import REDUCTIONS

ALIASES = ["x = Vi(2)", "y = Vj(2)", "g = Pm(1)"]
KERNELS = (
    "Exp(-g * SqDist(x, y))",
    "Exp(-g * Norm2(x - y)) * (Elem(y, 0) - IntCst(1))",
    "SqDist(x, y) - g",
    "IfElse(IntInv(20) - SqDist(x, y), Elem(x, 0) * Elem(y, 1), IntCst(0))",
    "Rsqrt(SqDist(x, y))",
)
WEIGHT = "Elem(y, 0) - Elem(y, 1)"


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let strategies be asked whatever the number of pairs."""
    monkeypatch.setattr(choice, "FEWEST_PAIRS", 0)
    monkeypatch.setattr(choice, "PAIRS_PER_POINT", 0)
    monkeypatch.setattr(budget, "PLANNING", inf)


def cloud(seed: int, count: int, kind: str) -> Any:
    """Return points: some anywhere, some near each other, some several times, one that is no number."""
    random = np.random.default_rng(seed)
    points = random.random((count, 2)) * 4
    if kind == "clusters":
        points = np.round(points) + 0.02 * random.standard_normal((count, 2))
    if kind == "duplicates":
        points = np.round(points * 4) / 4
    if kind == "broken":
        points[random.integers(0, count, 3), 0] = [np.nan, np.inf, -np.inf]
    return points


def moduli(formula: str, arguments: tuple[Any, ...]) -> Any:
    return Genred(f"Abs({formula})", ALIASES, axis=1)(*arguments)


@pytest.mark.parametrize("name", REDUCTIONS)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    formula=st.sampled_from(KERNELS),
    kind=st.sampled_from(["uniform", "clusters", "duplicates", "broken"]),
    tol=st.sampled_from([0.0, 1e-6, 1e-3, 0.2]),
    gamma=st.sampled_from([0.1, 3.0, 200.0]),
)
def test_every_reduction_keeps_the_tolerance(
    name: str, seed: int, formula: str, kind: str, tol: float, gamma: float
) -> None:
    reduction = REDUCTIONS[name]
    if reduction.is_unfinished:
        return
    arguments = (cloud(seed, 700, kind), cloud(seed + 1, 900, kind), np.array([gamma]))
    weight = {"formula2": WEIGHT} if reduction.needs_weight else {}
    routine = Genred(formula, ALIASES, name, axis=1, opt_arg=3 if reduction.needs_k else None, **weight)
    expected = routine(*arguments)
    found, report = routine(*arguments, tol=tol, report=True)
    pairs = zip(*(one if isinstance(one, tuple) else (one,) for one in (found, expected)), strict=True)
    if report.kind in ("exact", "exhaustive") and not reduction.adds:
        assert report.bound == 0
        for one, other in pairs:
            np.testing.assert_array_equal(one, other)
        return
    assert report.bound <= tol
    scale = moduli(formula, arguments) if name == "Sum" else 1.0
    for one, other in pairs:
        assert one.dtype == other.dtype
        is_number = np.isfinite(other)
        np.testing.assert_array_equal(np.isnan(one), np.isnan(other))
        np.testing.assert_array_equal(one[~is_number], other[~is_number])
        if name in ("Sum", "LogSumExp"):
            error = np.abs(np.where(is_number, one - other, 0) / np.where(is_number & (scale > 0), scale, 1))
            largest = report.bound if report.kind != "checked" else tol
            assert error.max(initial=0) <= largest + 1e-11 * (1 + np.abs(np.where(is_number, other, 0)).max())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_derivatives_through_what_is_left(dtype: torch.dtype) -> None:
    """Of first and second order: those of every pair, up to the tolerance, with most pairs left out."""
    points = torch.as_tensor(cloud(0, 3000, "clusters"), dtype=dtype)
    weights = torch.as_tensor(np.random.default_rng(1).random((3000, 1)), dtype=dtype)

    def both(**kwargs: Any) -> list[torch.Tensor]:
        x, b = points.clone().requires_grad_(), weights.clone().requires_grad_()
        tensor = (-pf.Vi(x).sqdist(pf.Vj(points)) * 400).exp() * pf.Vj(b)
        total = (tensor.sum(axis=1, **kwargs) ** 2).sum()
        first = torch.autograd.grad(total, (x, b), create_graph=True)
        return [total, *first, *torch.autograd.grad(sum((one**2).sum() for one in first), (x, b))]

    with pairfold.collect_reports() as reports:
        found = both(tol=1e-5)
    assert len(reports) > 5
    assert {report.kind for report in reports} <= {"exact", "guaranteed", "checked", "exhaustive"}
    assert sum(report.pairs for report in reports) < 0.7 * len(reports)
    for one, other in zip(found, both(), strict=True):
        assert (one - other).detach().abs().max() < 1e-4 * other.detach().abs().max()


def test_solutions_of_systems_that_are_pruned() -> None:
    points = cloud(3, 3000, "uniform")
    b = np.random.default_rng(1).standard_normal((3000, 1))
    solve = KernelSolve("Exp(-SqDist(x, y) * IntCst(300)) * a", [*ALIASES[:2], "a = Vj(1)"], "a", axis=1)
    settings = {"alpha": 0.5, "rtol": 1e-6}
    with pairfold.collect_reports() as reports:
        found, report = solve(Tree(points), points, b, tol=1e-2, return_report=True, **settings)
    assert report.converged
    assert sum(one.kind == "guaranteed" for one in reports) > report.iterations / 2
    matrix = np.exp(-300 * ((points[:, None] - points) ** 2).sum(-1)) + 0.5 * np.eye(3000)
    assert np.linalg.norm(matrix @ found - b) <= 2.5e-6 * np.linalg.norm(b)


@pytest.mark.parametrize("rows", [0, 1, 700])
@pytest.mark.parametrize("columns", [0, 1, 900])
@pytest.mark.parametrize("name", ["Sum", "LogSumExp", "Min", "ArgKMin"])
def test_few_points(rows: int, columns: int, name: str) -> None:
    routine = Genred(KERNELS[0], ALIASES, name, axis=1, opt_arg=3 if "K" in name else None)
    arguments = (cloud(0, rows, "uniform"), cloud(1, columns, "uniform"), np.array([3.0]))
    np.testing.assert_allclose(routine(*arguments, tol=1e-9), routine(*arguments), rtol=1e-7)
