"""Linear systems and their implicit derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad, hessian, jacfwd, jvp, vmap

import pairfold.torch as pf
from pairfold.errors import NotConvergedError
from pairfold.solvers.conjugate_gradients import SolveReport
from pairfold.torch.cluster import segments

SOLVER = pf.KernelSolve("Exp(-s * SqDist(x, y)) * a", ["s = Pm(1)", "x = Vi(2)", "y = Vj(2)", "a = Vj(2)"], "a", axis=1)
Function = Callable[..., Any]


def by_routine(s: Tensor, x: Tensor, b: Tensor, alpha: Any) -> Any:
    return SOLVER(s, x, x, b, alpha=alpha, rtol=1e-13)


def by_lazy_tensor(s: Tensor, x: Tensor, b: Tensor, alpha: Any) -> Any:
    squares = ((pf.LazyTensor(x[..., :, None, :]) - pf.LazyTensor(x[..., None, :, :])) ** 2).sum(-1)
    return (squares * -s).exp().solve(b, alpha=alpha, rtol=1e-13)


def by_dense(s: Tensor, x: Tensor, b: Tensor, alpha: Any) -> Any:
    squares = ((x[..., :, None, :] - x[..., None, :, :]) ** 2).sum(-1)
    identity = torch.eye(x.shape[-2], dtype=x.dtype)
    return torch.linalg.solve((-s[..., None] * squares).exp() + alpha * identity, b)


def given(count: int = 5) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    x, b = (torch.randn(count, 2, dtype=torch.float64) for _ in range(2))
    return torch.tensor([0.7], dtype=x.dtype), x, b, torch.tensor([0.3], dtype=x.dtype)


@pytest.mark.parametrize("function", [by_routine, by_lazy_tensor])
def test_gradcheck(function: Function) -> None:
    inputs = tuple(t.requires_grad_() for t in given())
    torch.testing.assert_close(function(*inputs), by_dense(*inputs))
    assert gradcheck(function, inputs, check_forward_ad=True)
    assert gradgradcheck(function, inputs, check_fwd_over_rev=True)


def test_transforms() -> None:
    inputs = given()
    numbers = torch.tensor([0.5, 1.0, 1.5], dtype=torch.float64)[:, None]
    sides = torch.randn(5, 2, 4, dtype=torch.float64)
    transforms: list[Callable[[Function], Any]] = [
        lambda f: grad(lambda *args: f(*args).sin().sum(), (0, 1, 2, 3))(*inputs),
        lambda f: hessian(lambda *args: f(*args).sin().sum(), (0, 3))(*inputs),
        lambda f: jacfwd(f, (0, 1, 2, 3))(*inputs),
        lambda f: jvp(f, inputs, inputs),
        lambda f: vmap(f, (0, None, None, None))(numbers, *inputs[1:]),
        lambda f: vmap(f, (None, None, 2, None))(*inputs[:2], sides, inputs[3]),
        lambda f: vmap(grad(lambda *args: f(*args).sin().sum(), 3), (0, None, None, None))(numbers, *inputs[1:]),
    ]
    for transform in transforms:
        torch.testing.assert_close(transform(by_routine), transform(by_dense))


def test_only_what_needs_a_gradient_is_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from pairfold.torch import operator as torch_operator

    solutions = []
    right = torch_operator.solve_call
    monkeypatch.setattr(torch_operator, "solve_call", lambda *args: solutions.append(1) or right(*args))
    s, x, b, alpha = given()
    by_routine(s.requires_grad_(), x.requires_grad_(), b.requires_grad_(), alpha.requires_grad_()).sum().backward()
    assert len(solutions) == 2
    assert alpha.grad is not None


def test_reports_preconditioners_and_batches() -> None:
    s, x, b, alpha = given(30)
    exact, report = SOLVER(s, x, x, b.requires_grad_(), alpha=0.3, preconditioner="nystrom", return_report=True)
    assert isinstance(report, SolveReport)
    assert report.converged
    torch.testing.assert_close(exact, by_dense(s, x, b, alpha), rtol=1e-4, atol=1e-5)
    (gradient,) = torch.autograd.grad(exact.sum(), b)
    torch.testing.assert_close(gradient, by_dense(s, x, torch.ones_like(b), alpha), rtol=1e-4, atol=1e-5)
    own = SOLVER(s, x, x, b, alpha=0.3, preconditioner=lambda r: r / 1.3)
    torch.testing.assert_close(own, exact, rtol=1e-4, atol=1e-5)
    several = torch.tensor([[0.5], [1.0]], dtype=torch.float64, requires_grad=True)
    found, expected = by_routine(several, x[None], b[None], alpha), by_dense(several, x[None], b[None], alpha)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(
        torch.autograd.grad(found.sin().sum(), (several, b)), torch.autograd.grad(expected.sin().sum(), (several, b))
    )


def test_ranges() -> None:
    s, x, b, alpha = given(6)
    blocks = segments([0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1])
    found = SOLVER(s, x.requires_grad_(), x, b, alpha=alpha, ranges=blocks, rtol=1e-13)
    expected = torch.cat([by_dense(s, x[k : k + 3], b[k : k + 3], alpha) for k in (0, 3)])
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(torch.autograd.grad(found.sin().sum(), x), torch.autograd.grad(expected.sin().sum(), x))


def test_float16_and_flat_right_hand_sides() -> None:
    s, x, b, _ = (t.float() for t in given())
    one = pf.KernelSolve(
        "Exp(-s * SqDist(x, y)) * a", ["s = Pm(1)", "x = Vi(2)", "y = Vj(2)", "a = Vj(1)"], "a", axis=1
    )
    side = b[:, 0].clone().requires_grad_()
    found = one(s, x, x, side, alpha=0.3)
    torch.testing.assert_close(found, by_dense(s, x, side[:, None], 0.3)[:, 0], rtol=1e-4, atol=1e-5)
    found.sum().backward()
    assert side.grad is not None
    assert side.grad.shape == (5,)
    half = one(s.half(), x.half(), x.half(), side.detach().half().requires_grad_(), alpha=0.3)
    assert half.dtype == torch.float16
    torch.testing.assert_close(half.float(), found, rtol=1e-2, atol=1e-2)


def test_a_right_hand_side_of_zeros() -> None:
    s, x, b, _ = given()
    zeros = torch.zeros_like(b).requires_grad_()
    found = by_routine(s, x, zeros, 0.3)
    assert torch.equal(found, torch.zeros_like(b))
    (gradient,) = torch.autograd.grad(found.sum(), zeros)
    torch.testing.assert_close(gradient, by_dense(s, x, torch.ones_like(b), 0.3))


def test_a_failure_in_the_backward_pass_is_an_error() -> None:
    s, x, b, _ = given(40)
    found = SOLVER(s, x, x, b.requires_grad_() * 0, alpha=1e-9, maxiter=1)
    with pytest.raises(NotConvergedError, match="maxiter iterations did not suffice"):
        found.sum().backward()
