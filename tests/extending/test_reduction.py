"""A reduction is one record: routines, methods, batch axes, splits, derivatives and property tests follow."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import pairfold.numpy
import pairfold.torch
from pairfold.engine import Options
from pairfold.errors import ArgumentValueError, NotDifferentiableError, UnknownNameError
from pairfold.ir.reduction import REDUCTIONS, register_reduction
from pairfold.lazy.tensor import LazyTensorBase
from tests.conformance import test_reductions as laws
from tests.conformance.problems import problem
from tests.extending.test_operation import ALIASES, DIFFERENCE, DOCS, B, X, Y
from tests.project import test_registries as registries
from tests.reductions import test_derivatives as derivatives

torch = pytest.importorskip("torch")
NAME = "EuclideanNorm"
EXACT = np.sqrt((DIFFERENCE**2).sum(1))


def test_a_reduction(run_example: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    run_example("reduction.py")
    x, y = pairfold.numpy.Vi(X), pairfold.numpy.Vj(Y)
    np.testing.assert_allclose(pairfold.numpy.Genred("x - y", ALIASES, NAME, axis=1)(X, Y), EXACT, rtol=1e-12)
    np.testing.assert_allclose((x - y).euclidean_norm(axis=1), EXACT, rtol=1e-12)
    np.testing.assert_allclose((x - y).reduction(NAME, axis=0), np.sqrt((DIFFERENCE**2).sum(0)), rtol=1e-12)
    ranges = tuple(np.array(one) for one in ([[0, 6]], [1], [[2, 5]], [[2, 5]], [1], [[0, 6]]))
    sparse = (x - y).euclidean_norm(axis=1, ranges=ranges)
    np.testing.assert_allclose(sparse, np.sqrt((DIFFERENCE[:, 2:5] ** 2).sum(1)), rtol=1e-12)
    found = (pairfold.torch.Vi(torch.tensor(X)) - pairfold.torch.Vj(torch.tensor(Y))).euclidean_norm(axis=1)
    np.testing.assert_allclose(found, EXACT, rtol=1e-12)
    assert "EuclideanNorm over 9 columns j" in (x - y).explain(NAME, target="cuda")
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])
    documentation: Any = __import__("registry")
    link = ":py:obj:`.euclidean_norm <pairfold.numpy.LazyTensor.euclidean_norm>`"
    assert f"``EuclideanNorm``, method {link}" in documentation.reduction_lines()


@pytest.mark.parametrize("in_steps", [True, False])
def test_batch_axes(run_example: Callable[[str], None], in_steps: bool) -> None:
    """In steps where the record says how, else by merging states."""
    run_example("reduction.py")
    if not in_steps:
        register_reduction(replace(REDUCTIONS.pop(NAME), in_steps=()))
    batch = np.stack([X, 2 * X, X - 1])
    dense = batch[:, :, None] - Y
    lazy = pairfold.numpy.Vi(batch) - pairfold.numpy.Vj(Y)
    for axes in (0, (0, 2), (0, 1), (1, 2), (0, 1, 2), 3):
        found = lazy.euclidean_norm(axis=axes)
        found = found if isinstance(found, np.ndarray) else found.dense()
        np.testing.assert_allclose(found, np.sqrt((dense**2).sum(axes)).reshape(found.shape), rtol=1e-12)
    x = torch.tensor(batch, requires_grad=True)
    tensor = pairfold.torch.Vi(x) - pairfold.torch.Vj(torch.tensor(Y))
    if in_steps:
        np.testing.assert_allclose(lazy.euclidean_norm(axis=(0, 1, 3)), np.sqrt((dense**2).sum((0, 1, 3)))[:, None])
        tensor.euclidean_norm(axis=(0, 1)).sum().backward()
        assert x.grad is not None
        np.testing.assert_allclose(x.grad, (dense / np.sqrt((dense**2).sum((0, 1)))).sum(2), rtol=1e-12)
        return
    with pytest.raises(ArgumentValueError, match="reduces the last axis alone, or any other axes"):
        lazy.euclidean_norm(axis=(0, 1, 3))
    with pytest.raises(NotDifferentiableError, match="is merged of states, which have no derivative"):
        tensor.euclidean_norm(axis=(0, 1))


def test_derivatives(run_example: Callable[[str], None]) -> None:
    run_example("reduction.py")
    slope = (DIFFERENCE / EXACT[:, None] * B[:, None]).sum(1)
    x = torch.tensor(X, requires_grad=True)
    norm = pairfold.torch.Genred("x - y", ALIASES, NAME, axis=1)
    (norm(x, torch.tensor(Y)) * torch.tensor(B)).sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad, slope, rtol=1e-12)
    assert torch.autograd.gradgradcheck(lambda x: norm(x, torch.tensor(Y)), x)
    for dim in (1, 2):
        derivatives.test_gradients_agree_with_differences(NAME, dim)


@pytest.mark.parametrize("dim", [1, 3])
def test_laws(run_example: Callable[[str], None], dim: int) -> None:
    """Splits, merges, special values and blocks of pairs, as for every reduction of the catalogue."""
    run_example("reduction.py")
    registries.test_reduction(REDUCTIONS[NAME])
    for dtype in ("float32", "float64"):
        for split in (None, 3):
            laws._check("cpu", problem(NAME, dim), laws.FIXED, dtype, Options(split=split))
        for target in ("states", "cpu"):
            laws.test_special_values(NAME, target, dtype)
    laws.test_merge_law(name=NAME, dim=dim)
    laws.test_blocks_of_pairs(name=NAME, dim=dim)


def test_nothing_stays() -> None:
    assert NAME not in REDUCTIONS
    assert not hasattr(LazyTensorBase, "euclidean_norm")
    with pytest.raises(UnknownNameError):
        pairfold.numpy.Genred("x - y", ALIASES, NAME, axis=1)
