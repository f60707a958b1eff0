"""A target is one record: that of `target.py` is added, carries out reductions, says how, and is taken away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pairfold.engine import Options
from pairfold.errors import ArgumentValueError
from pairfold.numpy import Genred, Vi, Vj, band
from pairfold.targets.target import TARGETS
from tests.calls import by_definition, run
from tests.conformance.problems import NAMES, Shape, arrays, problem
from tests.extending.target import INTERPRETER

RANDOM = np.random.default_rng(5)
X, Y, B = RANDOM.random((7, 2)), RANDOM.random((5, 2)), RANDOM.random((5, 1))
ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"]
SHAPE = Shape(rows=6, columns=9, batch=(2,), broadcast=False, layout="plain", seed=1)


@pytest.fixture
def in_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TARGETS, "interpreter", INTERPRETER)


@pytest.mark.usefixtures("in_the_registry")
@pytest.mark.parametrize("name", NAMES)
def test_every_reduction(name: str) -> None:
    task = problem(name, 1)
    data = arrays(task, SHAPE, "float64", integers=False)
    sizes: dict[str, Any] = {"rows": SHAPE.rows, "columns": SHAPE.columns, "batch": SHAPE.batch}
    found = run(task, data, **sizes, options=Options(target="interpreter"))
    for one, expected in zip(found, by_definition(task, data, **sizes), strict=True):
        assert one.dtype == expected.dtype
        np.testing.assert_allclose(one, expected, rtol=1e-10)


@pytest.mark.usefixtures("in_the_registry")
def test_routines_and_lazy_tensors() -> None:
    expected = np.exp(-((X[:, None] - Y) ** 2).sum(-1)) @ B
    routine = Genred("Exp(-SqDist(x, y)) * b", ALIASES, axis=1)
    np.testing.assert_allclose(routine(X, Y, B, backend="interpreter"), expected)
    found = routine(X, Y, B, ranges=band(1), backend="interpreter")
    np.testing.assert_allclose(found, routine(X, Y, B, ranges=band(1)))
    lazy = (-((Vi(X) - Vj(Y)) ** 2).sum(-1)).exp() * Vj(B)
    np.testing.assert_allclose(lazy.sum(axis=1, backend="interpreter"), expected)


def test_what_is_said(in_the_registry: None) -> None:
    text = Genred("Exp(-SqDist(x, y)) * b", ALIASES, axis=1).explain(X, Y, B, target="interpreter")
    assert "schedule: 5 columns, one after the other, by an interpreter" in text
    assert "lanes" not in text


def test_without_its_record_it_is_unknown() -> None:
    routine = Genred("x * y", ["x = Vi(2)", "y = Vj(2)"], axis=1)
    with pytest.raises(ArgumentValueError, match=r"backend is 'interpreter'; allowed are 'auto', 'CPU', 'GPU'"):
        routine(X, Y, backend="interpreter")
    with pytest.raises(ArgumentValueError, match=r"target is 'interpreter'; allowed are 'cpu' and 'cuda'"):
        routine.explain(X, Y, target="interpreter")
