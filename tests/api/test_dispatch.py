"""Names that look at the arrays, without PyTorch; `tests/torch/test_dispatch.py` has the other half."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import pairfold as pf
import pairfold.numpy
from pairfold.errors import ArgumentTypeError, ArgumentValueError, FormulaError
from pairfold.numpy import LazyTensor

X, Y, B = np.array([[0.0], [1.0]]), np.array([[0.0], [1.0], [3.0]]), np.ones((3, 1))
FORMULA, ALIASES = "SqDist(x, y) * b", ["x = Vi(1)", "y = Vj(1)", "b = Vj(1)"]


def test_arrays_make_lazy_tensors_of_numpy() -> None:
    for made in (
        pf.LazyTensor(X[:, None]),
        pf.LazyTensor(X, axis=0),
        pf.Vi(X),
        pf.Var(X, cat=0),
        pf.Pm(2.5),
        pf.Vj(0, 3),
    ):
        assert type(made) is LazyTensor
        assert isinstance(made, pf.LazyTensor)
        assert not isinstance(made, pf.ComplexLazyTensor)
    assert issubclass(pairfold.numpy.LazyTensor, pf.LazyTensor)
    total = (pf.Vi(X) * pf.Pm([2.0]) - pf.Vj(Y)).sum(axis=1)
    np.testing.assert_array_equal(total, (2 * X[:, None] - Y).sum(1))
    waves = pf.ComplexLazyTensor(X[:, None] * 1j)
    assert isinstance(waves, pf.ComplexLazyTensor)
    assert isinstance(pf.LazyTensor(X[:, None] * 1j), pairfold.numpy.ComplexLazyTensor)


def test_joining() -> None:
    for join in (pf.LazyTensor.cat, pf.LazyTensor.concatenate):
        assert join([pf.Vi(X), pf.Vj(Y)]).shape == (2, 3, 2)
        with pytest.raises(ArgumentValueError, match="at least one"):
            join([])


def test_routines() -> None:
    routine = pf.Genred(FORMULA, ALIASES, axis=1)
    expected = pairfold.numpy.Genred(FORMULA, ALIASES, axis=1)
    for one in (routine, pickle.loads(pickle.dumps(routine))):
        np.testing.assert_array_equal(one(X, Y, B), expected(X, Y, B))
        assert (one.axis, one.nargs, one.formula, repr(one)) == (1, 3, expected.formula, repr(expected))
        assert one.explain(X, Y, B) == expected.explain(X, Y, B)
    np.testing.assert_array_equal(pf.generic_sum(FORMULA, "a = Vi(1)", *ALIASES)(X, Y, B), expected(X, Y, B))
    nearest = pf.generic_argkmin(FORMULA, "a = Vi(2)", *ALIASES)(X, Y, B)
    np.testing.assert_array_equal(nearest, [[0, 1], [1, 0]])
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = routine.no_such_name
    solver = pf.KernelSolve("Exp(-SqDist(x, y)) * b", ALIASES, "b", axis=1)
    np.testing.assert_allclose(np.exp(-((Y - Y.T) ** 2)) @ solver(Y, Y, B, alpha=1e-9), B, rtol=1e-4)


def test_what_is_wrong_is_said_at_once() -> None:
    with pytest.raises(FormulaError, match="SqDist"):
        pf.Genred("SqDist(x, y", ALIASES)
    with pytest.raises(ArgumentTypeError, match="A LazyTensor takes an array"):
        pf.LazyTensor("x")


def test_names_of_the_package() -> None:
    assert set(pf.__all__) <= {*dir(pf)}
    for name in pf.__all__:
        assert pickle.loads(pickle.dumps(getattr(pf, name))) == getattr(pf, name)
    with pytest.raises(AttributeError, match="module 'pairfold' has no attribute 'nothing'"):
        _ = pf.nothing
