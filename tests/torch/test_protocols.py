"""Functions of PyTorch on LazyTensors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import pairfold.numpy
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ops import OPERATIONS
from pairfold.torch import LazyTensor, Vi, Vj

X, Y = (torch.rand(count, 3, dtype=torch.float64) * 0.7 + 0.2 for count in (5, 7))
XD, YD = X[:, None], Y[None]
ELEMENTWISE = [
    (name, op)
    for op in OPERATIONS.values()
    if op.elementwise and op.method is not None and op.arity <= 2 and not op.parameters
    for name in (op.method, *op.other_names)
    if hasattr(torch, name) or hasattr(torch.special, name)
]


@pytest.mark.parametrize(("name", "op"), ELEMENTWISE, ids=[name for name, _ in ELEMENTWISE])
def test_functions_of_components(name: str, op: Any) -> None:
    function = getattr(torch, name, None) or getattr(torch.special, name)
    shift = 1.0 if name in ("arccosh", "acosh") else 0.0
    arguments = [XD + shift, YD][: op.arity]
    found = function(*(LazyTensor(argument) for argument in arguments))
    torch.testing.assert_close(found.dense(), function(*arguments).to(torch.float64))  # truth values are numbers here
    if op.arity == 2:
        torch.testing.assert_close(function(XD, Vj(Y)).dense(), function(XD, YD).to(torch.float64))


@pytest.mark.parametrize(
    "function",
    [
        torch.add,
        torch.sub,
        torch.mul,
        torch.div,
        torch.remainder,
        torch.pow,
        torch.lt,
        torch.ge,
        torch.eq,
        lambda a, b: a - b,
        lambda a, b: a / b,
        lambda a, b: a // b,
        lambda a, b: a % b,
        lambda a, b: a**b,
        lambda a, b: a > b,
        lambda a, b: a != b,
    ],
)
def test_operators(function: Callable[[Any, Any], Any]) -> None:
    for first, second in ((Vi(X), Vj(Y)), (XD, Vj(Y)), (Vi(X), YD), (torch.tensor(0.7), Vj(Y)), (Vi(X), 2)):
        dense = [value.dense() if isinstance(value, LazyTensor) else value for value in (first, second)]
        torch.testing.assert_close(function(first, second).dense(), function(*dense).double())


def test_functions_with_arguments_of_their_own() -> None:
    x, y = Vi(X), Vj(Y)
    dense = XD - YD
    for norm in (torch.norm, torch.linalg.norm, torch.linalg.vector_norm):
        torch.testing.assert_close(norm(x - y, dim=-1).dense()[..., 0], norm(dense, dim=-1))
    assert torch.cat([x, y], dim=-1).shape == torch.concat([x, y], -1).shape == (5, 7, 6)
    for bounds in ((-0.1, 0.1), (None, 0.1), (-0.1, None), (0.2, 0.1)):
        torch.testing.assert_close(torch.clamp(x - y, *bounds).dense(), torch.clamp(dense, *bounds))
    torch.testing.assert_close(torch.clip(x - y, min=0.0, max=0.1).dense(), torch.clip(dense, min=0.0, max=0.1))
    kernel = torch.exp(-x.sqdist(y))
    ones = torch.ones(7, dtype=torch.float64)
    torch.testing.assert_close(torch.matmul(kernel, ones), kernel @ ones)
    torch.testing.assert_close(ones[:5] @ kernel, kernel.T @ ones[:5])
    torch.testing.assert_close(torch.nn.functional.relu(x - y).dense(), torch.relu(dense))


def test_reductions_and_their_gradients() -> None:
    x = X.clone().requires_grad_()
    for name in ("sum", "mean", "logsumexp", "amax", "prod"):
        function = getattr(torch, name)
        found = function(torch.square(Vi(x) - Vj(Y)), dim=1)
        expected = function(torch.square(x[:, None] - Y), dim=1)
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(torch.autograd.grad(found.sum(), x), torch.autograd.grad(expected.sum(), x))
    torch.testing.assert_close(torch.argmin(Vi(X) - Vj(Y), 1), torch.argmin(XD - YD, 1))


def test_functions_of_the_other_framework() -> None:
    torch.testing.assert_close(np.exp(Vi(X)).dense(), torch.exp(XD))
    found = torch.exp(pairfold.numpy.Vi(X.numpy()))
    np.testing.assert_allclose(found.dense(), np.exp(XD.numpy()))
    torch.testing.assert_close((np.float64(2.0) * Vi(X)).dense(), 2 * XD)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (torch.sort, ArgumentTypeError, "PyTorch's sort is not defined for LazyTensors, whose entries are not stored"),
        (lambda x: torch.softmax(x, 1), ArgumentTypeError, "sumsoftmaxweight(weight, axis) averages a weight with it"),
        (lambda x: torch.max(x, 1), ArgumentTypeError, "x.max_argmax(axis) their indices too, x.maximum(y) is the lar"),
        (lambda x: torch.var(x, 1), ArgumentTypeError, "x.var(axis) divides by the number of values, PyTorch by one "),
        (torch.round, ArgumentTypeError, "takes halves away from 0, NumPy and PyTorch take them to even"),
        (torch.sum, ArgumentTypeError, "needs an axis"),
        (lambda x: torch.add(x, x, alpha=2), ArgumentTypeError, "PyTorch's add of LazyTensors takes no keyword; found"),
        (lambda x: XD.clone().add_(x), ArgumentTypeError, "PyTorch's add_ is not defined for LazyTensors"),
        (lambda x: torch.linalg.norm(x, 1, dim=-1), ArgumentValueError, "is the Euclidean one, of order 2; found 1"),
        (lambda x: np.ones((5, 1, 3)) * x, ArgumentTypeError, "Convert it with `torch.from_numpy(array)`"),
    ],
)
def test_what_there_is_not(call: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call(Vi(X))
