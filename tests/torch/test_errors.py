"""What is refused, and in which words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import pairfold.torch as pf
from pairfold.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    NotDifferentiableError,
    PairfoldError,
    TargetError,
)
from pairfold.ir.expr import OPERATIONS
from pairfold.torch import operator as torch_operator
from tests.torch.dense import arguments

SQUARES = pf.Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], axis=1)


class OnGpu:
    """Stands for a tensor on a device that the machine of the tests does not have."""

    def __init__(self, device: str) -> None:
        self.device = torch.device(device)
        self.layout = torch.strided
        self.is_meta = False


@pytest.mark.usefixtures("no_gpu")
def test_devices() -> None:
    gpu, cpu = OnGpu("cuda:0"), torch.ones(1)
    assert torch_operator.is_on_gpu([gpu, gpu])  # type: ignore[list-item]
    assert not torch_operator.is_on_gpu([cpu, cpu])
    with pytest.raises(TargetError, match=r"on xpu:0; pairfold reduces PyTorch tensors on the CPU and on"):
        torch_operator.is_on_gpu([OnGpu("xpu:0")])  # type: ignore[list-item]
    with pytest.raises(ArgumentValueError, match=r"on different devices: cpu, cuda:0. Move them to one"):
        torch_operator.is_on_gpu([cpu, gpu])  # type: ignore[list-item]
    with pytest.raises(ArgumentValueError, match=r"on different devices: cuda:0, cuda:1"):
        torch_operator.is_on_gpu([gpu, OnGpu("cuda:1")])  # type: ignore[list-item]
    x, y, *_ = arguments()
    with pytest.raises(ArgumentValueError, match=r"on different devices: cpu, meta"):
        SQUARES(x, y.to("meta"))
    with pytest.raises(TargetError, match=r"backend='GPU' asks for a GPU"):
        SQUARES(x, y, backend="GPU")


def test_layouts() -> None:
    x, y, *_ = arguments()
    for layout in (x.to_sparse(), x.float().to_mkldnn()):
        with pytest.raises(
            PairfoldError, match=r"layout torch..*; tensors must be dense. Convert it with `tensor.to_den"
        ):
            SQUARES(layout, y)
        with pytest.raises(ArgumentTypeError, match=r"found a tensor of layout torch..*; tensors must be dense"):
            pf.Vi(layout)
    nested = torch.nested.nested_tensor([x, y[:2]], layout=torch.jagged)
    with pytest.raises(
        ArgumentTypeError, match=r"a tensor of nested layout; .*`torch.nested.to_padded_tensor\(tensor, "
    ):
        pf.LazyTensor(nested)


def test_dtypes() -> None:
    x, y, *_ = arguments()
    with pytest.raises(
        ArgumentValueError, match=r"Argument 'y' .*found the dtype torch.float8_e5m2; allowed are float32"
    ):
        SQUARES(x, y.to(torch.float8_e5m2))
    odd = pf.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)
    with pytest.raises(ArgumentValueError, match=r"a complex number is a pair \(re, im\) and the dimension 3 is odd"):
        odd(torch.ones(3, 3, dtype=torch.complex64), torch.ones(3, 3))


def test_types() -> None:
    x, _, *_ = arguments()
    with pytest.raises(
        ArgumentTypeError,
        match=r"Argument 'y' \(number 1, Vj\(2\)\): found an object of type ndarray.*torch.from_numpy",
    ):
        SQUARES(x, np.ones((3, 2)))
    for value, kind in ((None, "NoneType"), ("y", "str"), ([[1.0, 2.0]], "list")):
        with pytest.raises(
            ArgumentTypeError, match=rf"Argument 'y' .* type {kind}; allowed are PyTorch tensors and numbers"
        ):
            SQUARES(x, value)
        with pytest.raises(PairfoldError, match=r"A LazyTensor takes an array|A list"):
            pf.Vi(value)
    with pytest.raises(ArgumentTypeError, match=r"found an object of type list.*Convert it with `torch.as_tensor\(val"):
        SQUARES(x, [[1.0, 2.0]])
    with pytest.raises(
        ArgumentTypeError, match=r"LazyTensor takes an array, a number.*found an object of type ndarray"
    ):
        pf.LazyTensor(np.ones((3, 1, 2)))


def test_shapes() -> None:
    x, y, b, _p = arguments()
    routine = pf.Genred("b * SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"], axis=1)
    with pytest.raises(
        ArgumentValueError,
        match=r"Argument 'x' \(number 0, Vi\(2\)\) has shape \(3, 1\); its last axis must have length 2",
    ):
        routine(x[:, :1], y, b)
    with pytest.raises(ArgumentValueError, match=r"'y' .* has shape \(5, 2\), but argument 'b' .* has shape \(4, 1\)"):
        routine(x, y, b[:4])
    with pytest.raises(ArgumentValueError, match=r"batch axes \(4,\) do not broadcast with \(3,\)"):
        routine(x.expand(3, 3, 2), y.expand(4, 5, 2), b)
    with pytest.raises(ArgumentValueError, match=r"This routine takes 3 arguments .*; found 2"):
        routine(x, y)
    with pytest.raises(ArgumentValueError, match=r"The shapes \(3, 1, 2\) and \(4, 1, 2\) do not broadcast"):
        pf.Vi(x) + pf.Vi(x.new_ones(4, 2))


def test_gradients_of_indices() -> None:
    x, y, *_ = (t.requires_grad_() for t in arguments())
    nearest = pf.generic_argmin("SqDist(x, y)", "a = Vi(1)", "x = Vi(2)", "y = Vj(2)")(x, y)
    assert nearest.dtype == torch.int64
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        nearest.sum().backward()
    with pytest.raises(RuntimeError, match="only Tensors of floating point dtype can require gradients"):
        nearest.requires_grad_()


def test_integers_have_no_gradients() -> None:
    x, y, *_ = arguments()
    with pytest.raises(RuntimeError, match=r"(?i)only Tensors of floating point .*can require grad"):
        torch.ones(3, 2, dtype=torch.int64).requires_grad_()
    whole = torch.ones(5, 2, dtype=torch.int64)
    found = SQUARES(x.requires_grad_(), whole)
    torch.testing.assert_close(
        torch.autograd.grad(found.sum(), x)[0], torch.autograd.grad(SQUARES(x, whole.double()).sum(), x)[0]
    )
    nearest = pf.Vi(x).sqdist(pf.Vj(y)).argKmin(2, axis=1)
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        nearest.sum().backward()


def test_devices_of_lazy_tensors() -> None:
    x, y, *_ = arguments()
    with pytest.raises(ArgumentValueError, match=r"on different devices: cpu, meta. Move them to one"):
        (pf.Vi(x) - pf.Vj(y.to("meta"))).sum(1)
    with pytest.raises(ArgumentValueError, match=r"on different devices: cpu, meta"):
        SQUARES(x.requires_grad_(), y.to("meta"))


def test_operations_without_derivative(monkeypatch: pytest.MonkeyPatch) -> None:
    op = OPERATIONS["Exp"]
    object.__setattr__(op, "pullback", None)
    try:
        x, y, *_ = (t.requires_grad_() for t in arguments())
        routine = pf.Genred("Exp(-SqDist(x, y)) + 17", ["x = Vi(2)", "y = Vj(2)"], axis=1)
        with pytest.raises(
            NotDifferentiableError, match=r"Exp has no derivative, but a derivative of .* was asked for"
        ):
            routine(x, y).sum().backward()
    finally:
        monkeypatch.undo()
        object.__setattr__(op, "pullback", lambda node, g: (g * node,))


def test_alpha() -> None:
    x, _, b, _ = arguments(4, 4)
    solver = pf.KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(2)", "y = Vj(2)", "a = Vj(1)"], "a", axis=1)
    with pytest.raises(
        ArgumentValueError, match=r"alpha has shape \(2,\); it must be a number or a tensor with one entry"
    ):
        solver(x, x, b, alpha=torch.ones(2))
    with pytest.raises(ArgumentValueError, match=r"alpha has 3 different values; all systems of a batch have the same"):
        torch.func.vmap(lambda alpha: solver(x, x, b, alpha=alpha))(torch.tensor([0.1, 0.2, 0.3]))


def test_tensors_of_numpy_lazy_tensors_do_not_mix() -> None:
    import pairfold.numpy as pn

    x: Any = np.ones((3, 2))
    with pytest.raises(ArgumentTypeError, match="A LazyTensor of PyTorch arrays meets one of NumPy arrays"):
        pf.Vi(torch.ones(3, 2)) + pn.Vi(x)


@pytest.mark.filterwarnings("ignore:.*torch.jit.trace.*:DeprecationWarning")
def test_traces_of_torch_jit() -> None:
    x = torch.ones(3, 2)
    for program in (lambda p: SQUARES(p, p), lambda p: pf.LazyTensor(p[:, None]).sqdist(pf.Vj(p)).sum(1)):
        program(x)
        with pytest.raises(TargetError, match=r"for constants. Use torch.compile\(function\), or torch.export.export"):
            torch.jit.trace(program, x)
