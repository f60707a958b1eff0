"""Functions of NumPy on LazyTensors, and what is said instead of an attribute that there is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pairfold.errors import ArgumentTypeError, ArgumentValueError, UnknownMethodError
from pairfold.numpy import ComplexLazyTensor, LazyTensor, Pm, Vi, Vj
from pairfold.ops import OPERATIONS
from pairfold.reductions import REDUCTIONS

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(0.2, 0.9, (5, 3)), RNG.uniform(0.2, 0.9, (7, 3))
XD, YD = X[:, None, :], Y[None, :, :]
ELEMENTWISE = [
    (name, op)
    for op in OPERATIONS.values()
    if op.elementwise and op.method is not None and op.name != "Round"
    for name in (op.method, *op.other_names)
    if isinstance(getattr(np, name, None), np.ufunc)
]


@pytest.mark.parametrize(("name", "op"), ELEMENTWISE, ids=[name for name, _ in ELEMENTWISE])
def test_functions_of_components(name: str, op: Any) -> None:
    function = getattr(np, name)
    shift = 1.0 if name in ("arccosh", "acosh") else 0.0
    arguments = [XD + shift, YD][: op.arity]
    found = function(*(LazyTensor(argument) for argument in arguments))
    np.testing.assert_allclose(found.dense(), function(*arguments), rtol=1e-12)
    if op.arity == 2:
        np.testing.assert_allclose(function(XD, Vj(Y)).dense(), function(XD, YD), rtol=1e-12)


def test_most_functions_of_components_are_there() -> None:
    names = {name for name, _ in ELEMENTWISE}
    assert {"exp", "absolute", "arcsin", "arctan2", "maximum", "reciprocal", "expm1", "square"} <= names


OPERATORS: list[Callable[[Any, Any], Any]] = [
    np.add,
    np.subtract,
    np.multiply,
    np.true_divide,
    np.floor_divide,
    np.remainder,
    np.power,
    np.float_power,
    np.less,
    np.less_equal,
    np.greater,
    np.greater_equal,
    np.equal,
    np.not_equal,
    lambda a, b: a - b,
    lambda a, b: a / b,
    lambda a, b: a > b,
    lambda a, b: a**b,
]


@pytest.mark.parametrize("function", OPERATORS)
def test_operators(function: Callable[[Any, Any], Any]) -> None:
    for first, second in ((Vi(X), Vj(Y)), (XD, Vj(Y)), (Vi(X), YD), (np.float64(0.7), Vj(Y)), (Vi(X), 2)):
        dense = [value.dense() if isinstance(value, LazyTensor) else value for value in (first, second)]
        np.testing.assert_allclose(function(first, second).dense(), function(*dense), rtol=1e-12)
    np.testing.assert_array_equal(np.negative(Vi(X)).dense(), -XD)


@pytest.mark.parametrize(
    "name", [reduction.method for reduction in REDUCTIONS.values() if hasattr(np, reduction.method or "")]
)
def test_reductions(name: str) -> None:
    function, dense = getattr(np, name), np.abs(XD - YD)
    lazy = np.abs(Vi(X) - Vj(Y))
    np.testing.assert_allclose(function(lazy, axis=1), function(dense, axis=1), rtol=1e-12)
    np.testing.assert_allclose(function(lazy, 0), function(dense, 0), rtol=1e-12)
    with pytest.raises(ArgumentTypeError, match="needs an axis"):
        function(lazy)


def test_functions_with_arguments_of_their_own() -> None:
    x, y = Vi(X), Vj(Y)
    dense = XD - YD
    np.testing.assert_allclose(np.linalg.norm(x - y, axis=-1).dense()[..., 0], np.linalg.norm(dense, axis=-1))
    np.testing.assert_allclose(np.linalg.norm(x - y, 2, axis=2).dense()[..., 0], np.linalg.norm(dense, axis=-1))
    np.testing.assert_array_equal(np.concatenate([x, XD, y], axis=-1)[..., 6:].shape, (5, 7, 3))
    for bounds in ((-0.1, 0.1), (None, 0.1), (-0.1, None)):
        np.testing.assert_array_equal(np.clip(x - y, *bounds).dense(), np.clip(dense, *bounds))
    np.testing.assert_array_equal(np.clip(x - y, a_min=0.0, a_max=0.1).dense(), np.clip(dense, 0.0, 0.1))
    np.testing.assert_array_equal(np.clip(XD, 0.3, y).dense(), np.clip(np.broadcast_to(XD, (5, 7, 3)), 0.3, YD))
    assert np.shape(x - y) == (5, 7, 3)
    assert np.ndim(x - y) == 3
    kernel = np.exp(-x.sqdist(y))
    ones = np.ones(7)
    np.testing.assert_array_equal(np.matmul(kernel, ones), kernel @ ones)
    np.testing.assert_array_equal(np.matmul(np.ones(5), kernel), kernel.T @ np.ones(5))
    np.testing.assert_array_equal(np.ones((2, 5)) @ kernel, (kernel.T @ np.ones((5, 2))).T)


def test_functions_of_complex_numbers() -> None:
    z = X + 1j * X[::-1]
    lazy = Vi(z)
    for function in (np.exp, np.conjugate, np.real, np.imag, np.angle, np.absolute, np.sqrt, np.square):
        np.testing.assert_allclose(function(lazy).dense()[:, 0], function(z), rtol=1e-12)
    assert isinstance(np.multiply(XD, lazy), ComplexLazyTensor)
    assert isinstance(np.add(1j, Vi(X)), ComplexLazyTensor)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            np.sort,
            ArgumentTypeError,
            "NumPy's sort is not defined for LazyTensors, whose entries are not ",
        ),
        (np.sort, ArgumentTypeError, "Kmin(K, axis) has the K smallest values in order."),
        (lambda x: np.allclose(x, X), ArgumentTypeError, "NumPy's allclose is not defined for LazyTensors"),
        (lambda x: np.dot(x, Vj(Y)), ArgumentTypeError, "(x | y) is the scalar product of components, K @ v the"),
        (lambda x: np.inner(x, Vj(Y)), ArgumentTypeError, "(x | y) is the scalar product"),
        (np.round, ArgumentTypeError, "x.round(decimals) takes halves away from 0"),
        (lambda x: np.logaddexp(x, x), ArgumentTypeError, "NumPy's logaddexp is not defined for LazyTensors"),
        (lambda x: np.add.reduce(x, axis=1), ArgumentTypeError, "NumPy's add.reduce is not defined for LazyTensors"),
        (lambda x: np.add(x, 1, where=True, out=np.ones(3)), ArgumentTypeError, "takes no keyword; found where, out."),
        (lambda x: np.ones((5, 1, 3)).__iadd__(x), ArgumentTypeError, "write a = a + x instead of a += x"),
        (lambda x: np.exp(x, dtype="f4"), ArgumentTypeError, "exp(): got an unexpected keyword argument 'dtype'"),
        (np.linalg.norm, ArgumentTypeError, "taken over the last axis: give axis=-1."),
        (lambda x: np.linalg.norm(x, 1, axis=-1), ArgumentValueError, "is the Euclidean one, of order 2; found 1."),
        (lambda x: np.concatenate([x, x]), ArgumentValueError, "axis is 0; LazyTensors are joined along their last"),
        (len, ArgumentTypeError, "is no sequence and has no length; its sizes are in shape."),
        (list, ArgumentTypeError, "is no sequence and cannot be iterated over."),
        (lambda x: 1 in x, ArgumentTypeError, "is no sequence; (x == value).any(axis) finds a value."),
    ],
)
def test_what_there_is_not(call: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call(Vi(X))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("argkmin", "A LazyTensor has no 'argkmin'. Did you mean 'argKmin'?"),
        ("softmax", "A LazyTensor has no 'softmax'. sumsoftmaxweight(weight, axis) averages a weight with it"),
        ("masked_fill", "A LazyTensor has no 'masked_fill'. Write where(mask, value, x)."),
        ("median", "A LazyTensor has no 'median'. It needs all values at once: Kmin(K, axis) has the K smallest"),
        ("pow", "A LazyTensor has no 'pow'. It is called power here: x.power(exponent)."),
        ("clip", "A LazyTensor has no 'clip'. It is called clamp here: x.clamp(lowest, highest)."),
        ("arcsin", "A LazyTensor has no 'arcsin'. It is called asin here: x.asin()."),
        ("amax", "A LazyTensor has no 'amax'. It is called max here: x.max("),
        ("std", "A LazyTensor has no 'std'. Write var(axis) ** 0.5."),
        ("kmin_argkmin", "A LazyTensor has no 'kmin_argkmin'. Did you mean 'Kmin_argKmin'?"),
        ("conjugate", "A LazyTensor has no 'conjugate'."),
        ("backward", "A LazyTensor has no 'backward'. It is a formula: reduce it over i or j, as sum(1) does;"),
        ("detach", "A LazyTensor has no 'detach'. It is a formula: ask the arrays that it is made of,"),
        ("tolist", "A LazyTensor has no 'tolist'. Reduce it over i or j, or take dense(), which has all its entries."),
    ],
)
def test_attributes_that_there_are_not(name: str, message: str) -> None:
    assert not hasattr(Vi(X), name)
    assert name not in dir(Vi(X))
    with pytest.raises(UnknownMethodError, match="^" + re.escape(message)):
        getattr(Vi(X), name)


def test_other_names_are_used_once_and_by_no_method() -> None:
    names = [name for op in OPERATIONS.values() for name in op.other_names]
    names += [name for reduction in set(REDUCTIONS.values()) for name in reduction.other_names]
    assert len(set(names)) == len(names)
    assert [name for name in names if hasattr(LazyTensor, name)] == []


def test_parameters_follow_in_functions() -> None:
    found = np.exp(Pm(0.5)) * Vi(np.float32(X))
    assert found.sum(axis=1).dtype == np.float32


def test_truth_values() -> None:
    x, y = Vi(X), Vj(Y)
    first, second = XD < 0.5, YD > 0.6
    for function in (np.logical_or, np.logical_and, np.logical_xor):
        np.testing.assert_array_equal(function(x < 0.5, y > 0.6).dense(), function(first, second))
        np.testing.assert_array_equal(function(first, y > 0.6).dense(), function(first, second))
    np.testing.assert_array_equal(np.logical_not(x - 0.5 < 0).dense(), ~first)
    np.testing.assert_array_equal((first | (y > 0.6)).dense(), first | second)
    np.testing.assert_array_equal(np.where(x < y, x, 2.5).dense(), np.where(XD < YD, XD, 2.5))
    np.testing.assert_array_equal(np.where(first, x, y).dense(), np.where(first, XD, YD))
    np.testing.assert_allclose((XD | y).dense()[..., 0], X @ Y.T)
    with pytest.raises(ArgumentTypeError, match=r"where\(condition, a, b\): missing a required argument: 'a'"):
        np.where(x < y)
