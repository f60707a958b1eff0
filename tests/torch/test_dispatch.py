"""Names that look at the arrays: tensors lead to the classes of `pairfold.torch`."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import pairfold as pf
import pairfold.torch
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from tests.torch.dense import arguments

FORMULA, ALIASES = "Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"]


def dense(x: Tensor, y: Tensor, b: Tensor) -> Tensor:
    return (-((x[:, None] - y) ** 2).sum(-1)).exp() @ b


def test_tensors_make_lazy_tensors_of_pytorch() -> None:
    x, y, b, _ = (t.requires_grad_() for t in arguments())
    for made in (
        pf.LazyTensor(x[:, None]),
        pf.LazyTensor(x, axis=0),
        pf.Vi(x),
        pf.Vj(torch.nn.Parameter(x)),
        pf.Pm(x[0]),
    ):
        assert type(made) is pairfold.torch.LazyTensor
        assert isinstance(made, pf.LazyTensor)
    assert isinstance(pf.LazyTensor(torch.ones(3, 1, 2) * 1j), pairfold.torch.ComplexLazyTensor)
    found = (-pf.Vi(x).sqdist(pf.Vj(y))).exp() @ b
    torch.testing.assert_close(found, dense(x, y, b))
    torch.testing.assert_close(torch.autograd.grad(found.sum(), x), torch.autograd.grad(dense(x, y, b).sum(), x))
    assert pf.LazyTensor.cat([pf.Vi(x), pf.Vj(y)]).shape == (3, 5, 4)


def test_one_routine_for_all_arrays() -> None:
    x, y, b, _ = (t.requires_grad_() for t in arguments())
    routine = pf.Genred(FORMULA, ALIASES, axis=1)
    arrays = [t.detach().numpy(force=True) for t in (x, y, b)]
    for one in (routine, copy.deepcopy(routine)):
        found = one(x, y, b)
        assert isinstance(found, Tensor)
        found.sum().backward()
        np.testing.assert_allclose(one(*arrays), found.detach().numpy(force=True))
    assert isinstance(pf.generic_sum(FORMULA, "a = Vi(1)", *ALIASES)(x, y, b), Tensor)
    solver = pf.KernelSolve(FORMULA, ALIASES, "b", axis=1)
    assert isinstance(solver(y, y, b, alpha=0.1), Tensor)


def test_compiled_programs() -> None:
    torch.compiler.reset()
    x, y, b, _ = arguments()
    routine = pf.Genred(FORMULA, ALIASES, axis=1)

    def program(x: Tensor, y: Tensor, b: Tensor) -> Any:
        kernel = (-((pf.LazyTensor(x[:, None]) - pf.LazyTensor(y[None])) ** 2).sum(-1)).exp()
        return routine(x, y, b) + kernel @ b + (-pf.Vi(x).sqdist(pf.Vj(y))).exp() @ b

    found = torch.compile(program, fullgraph=True, backend="aot_eager")(x, y, b)
    torch.testing.assert_close(found, 3 * dense(x, y, b))


def test_numbers_and_symbols_follow_the_tensors_that_they_meet() -> None:
    x, y, b, _ = arguments()
    scaled = pf.Pm(0.5) * pf.Vi(x)
    assert type(scaled) is pairfold.torch.LazyTensor
    torch.testing.assert_close(scaled.dense(), 0.5 * x[:, None])
    for tensor in (pf.Vi(x) * pf.Pm(0.5), pf.Pm(0.5) * x[:, None], x[:, None] * pf.Pm(0.5)):
        assert type(tensor) is pairfold.torch.LazyTensor
        torch.testing.assert_close(tensor.dense(), scaled.dense())
    torch.testing.assert_close((pf.Pm(0.5j) * pf.Vi(x)).dense(), 0.5j * x[:, None])
    torch.testing.assert_close((pf.Pm(0.5) * pf.Vi(1j * x)).dense(), 0.5j * x[:, None])
    half_symbolic = (-pf.Vi(0, 2).sqdist(pf.Vj(y))).exp()
    torch.testing.assert_close((half_symbolic * pf.Vj(b)).sum(axis=1)(x), dense(x, y, b))
    symbolic = ((-pf.Vi(0, 2).sqdist(pf.Vj(1, 2))).exp() * pf.Vj(2, 1)).sum(axis=1)
    torch.testing.assert_close(symbolic(x, y, b), dense(x, y, b))
    np.testing.assert_allclose(symbolic(*(t.numpy() for t in (x, y, b))), dense(x, y, b).numpy(), rtol=1e-5)
    assert "Sum over 5 columns j, for 3 rows i" in symbolic.explain(x, y, b)
    with pytest.raises(
        ArgumentTypeError, match="A LazyTensor of PyTorch arrays meets one of NumPy arrays; convert one"
    ):
        _ = pf.Vi(x) - pf.Vj(y.numpy())
    with pytest.raises(
        ArgumentTypeError, match=r"Use pairfold.torch, which has derivatives, or convert it with `tensor"
    ):
        pf.numpy.Vi(x)


def test_too_many_columns_are_refused_before_they_are_converted() -> None:
    wide = torch.zeros(1, 1, dtype=torch.float16).expand(2**31, 1)
    with pytest.raises(ArgumentValueError, match="There are 2147483648 columns, but column numbers are 32-bit"):
        pf.Vj(wide).sum(axis=1)
