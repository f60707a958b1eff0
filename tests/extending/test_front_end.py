"""A front end is one record: that of `front_end.py` offers what every other one does."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import pairfold
import pairfold.numpy
from pairfold import front_end
from pairfold.api.rooms import ROOMS
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from tests.extending import front_end as boxed

Box = boxed.Box
RANDOM = np.random.default_rng(3)
X, Y, B = RANDOM.random((7, 2)), RANDOM.random((5, 2)), RANDOM.random((5, 1))
FORMULA, ALIASES = "Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"]
SQUARED = ((X[:, None] - Y) ** 2).sum(-1)


@pytest.fixture(autouse=True)
def in_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROOMS, boxed.__name__, ("Box", boxed.__name__))


def close(found: Any, expected: Any) -> None:
    assert type(found) is Box
    np.testing.assert_allclose(found.content, expected, rtol=1e-6)


def test_names() -> None:
    made = front_end.make_front_end(front_end.FrontEnd(room=boxed.__name__, adapter=boxed.BOXED))
    for name, value in made.items():
        assert (value.__name__, value.__module__) == (name, boxed.__name__)
        assert value.__doc__
    shared = {"Nystrom", "SolveReport", "State", "band", "lower", "radius", "segments", "upper", "where"}
    shared |= {"Report", "collect_reports", "tolerance"}
    assert {*made, *shared} == {*front_end.__all__}
    assert "boxed arrays" in boxed.Genred.__doc__
    assert "pairfold.numpy" not in boxed.LazyTensor.__doc__


def test_routines() -> None:
    routine = boxed.Genred(FORMULA, ALIASES, axis=1)
    expected = np.exp(-SQUARED) @ B
    for one in (routine, pickle.loads(pickle.dumps(routine)), boxed.generic_sum(FORMULA, "a = Vi(1)", *ALIASES)):
        close(one(Box(X), Box(Y), Box(B)), expected)
    out = Box(np.empty((7, 1)))
    assert routine(Box(X), Box(Y), Box(B), out=out) is out
    close(out, expected)
    close(routine(X, Box(Y), B), expected)
    nearest = boxed.generic_argkmin("SqDist(x, y)", "a = Vi(2)", *ALIASES[:2])
    close(nearest(Box(X), Box(Y)), np.argsort(SQUARED)[:, :2])


def test_lazy_tensors() -> None:
    x, y = boxed.Vi(Box(X)), boxed.Vj(Box(Y))
    distances = x.sqdist(y)
    assert isinstance(distances, boxed.LazyTensor)
    close(distances.argKmin(2, axis=1), np.argsort(SQUARED)[:, :2])
    close((-distances * boxed.Pm(2.0)).exp() @ Box(B), np.exp(-2 * SQUARED) @ B)
    close((Box(X[:, None]) * distances).sum(axis=1), (X[:, None] * SQUARED[:, :, None]).sum(1))
    close((boxed.LazyTensor(Box(X[:, None])) - boxed.LazyTensor(Box(Y[None]))).min(axis=0), (X[:, None] - Y).min(0))
    waves = boxed.Vi(Box(X * 1j))
    assert isinstance(waves, boxed.ComplexLazyTensor)
    close(waves.sum(axis=0), 1j * X.sum(0, keepdims=True))


def test_linear_systems() -> None:
    solve = boxed.KernelSolve(FORMULA, ALIASES, "b", axis=1)
    kernel = np.exp(-((Y[:, None] - Y) ** 2).sum(-1)) + 0.5 * np.eye(5)
    close(solve(Box(Y), Box(Y), Box(B), alpha=0.5, rtol=1e-10), np.linalg.solve(kernel, B))
    lazy = (-boxed.Vi(Box(Y)).sqdist(boxed.Vj(Box(Y)))).exp()
    close(lazy.solve(Box(B), alpha=0.5, rtol=1e-10), np.linalg.solve(kernel, B))


def test_clusters() -> None:
    labels = boxed.cluster.grid_cluster(Box(X), 0.5)
    plain = pairfold.numpy.cluster.grid_cluster(X, 0.5)
    close(labels, plain)
    points, labels = boxed.cluster.sort_clusters(Box(X), labels)
    close(points, X[np.argsort(plain, kind="stable")])
    ranges = boxed.cluster.cluster_ranges(labels)
    kept = np.eye(len(ranges.content), dtype=bool)
    six = boxed.cluster.from_matrix(ranges, ranges, Box(kept))
    ones = boxed.generic_sum("1 + 0 * SqDist(x, y)", "a = Vi(1)", *ALIASES[:2])
    close(ones(points, points, ranges=six)[:, 0], np.bincount(plain)[np.sort(plain)])


def test_names_that_look_at_the_arrays() -> None:
    assert type(pairfold.Vi(Box(X))) is boxed.LazyTensor
    assert type(pairfold.Vi(X)) is pairfold.numpy.LazyTensor
    close((pairfold.Pm(0.5) * pairfold.Vi(Box(X))).sum(axis=0), 0.5 * X.sum(0, keepdims=True))
    routine = pairfold.Genred(FORMULA, ALIASES, axis=1)
    close(routine(Box(X), Box(Y), Box(B)), routine(X, Y, B))
    with pytest.raises(ArgumentTypeError, match="A LazyTensor of boxed arrays meets one of NumPy arrays"):
        _ = pairfold.Vi(Box(X)) - pairfold.Vj(Y)
    with pytest.raises(ArgumentValueError, match=r"Argument 'x' .* has shape"):
        routine(Box(X[:, :1]), Box(Y), Box(B))
