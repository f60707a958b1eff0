"""A tolerance in what PyTorch does with a reduction: derivatives, vmap, torch.compile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import pairfold
import pairfold.torch as pf
from pairfold.engine import Call
from pairfold.ir.call import Tolerance
from pairfold.pruning import GivenUp, choice
from pairfold.pruning.budget import Budget
from pairfold.pruning.trees import Trees

X = np.random.default_rng(0).random((200, 3))
B = np.random.default_rng(1).random((200, 1))


@pytest.fixture(autouse=True)
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """List the reductions with a tolerance."""
    calls: list[Call] = []

    def looks(call: Call, arrays: Sequence[Any], known: Trees, budget: Budget) -> GivenUp:
        calls.append(call)
        return GivenUp("it only looks")

    monkeypatch.setattr(choice, "STRATEGIES", (looks,))
    monkeypatch.setattr(choice, "FEWEST_PAIRS", 0)
    monkeypatch.setattr(choice, "PAIRS_PER_POINT", 0)
    torch.compiler.reset()
    return calls


def tensors() -> tuple[Tensor, Tensor, Tensor]:
    x, y, b = (torch.tensor(array, requires_grad=True) for array in (X, X[:150] + 0.5, B[:150]))
    return x, y, b


def kernel(x: Any, y: Any, b: Any, **kwargs: Any) -> Tensor:
    found: Tensor = ((-pf.Vi(x).sqdist(pf.Vj(y))).exp() * pf.Vj(b)).sum(axis=1, **kwargs)
    return found


def test_derivatives_have_the_tolerance_of_their_reduction(seen: list[Call]) -> None:
    """To second order, wherever they are computed: also where another tolerance reigns, or none."""

    def two(**kwargs: Any) -> list[Tensor]:
        x, y, b = tensors()
        total = (kernel(x, y, b, **kwargs) ** 2).sum()
        first = torch.autograd.grad(total, (x, y, b), create_graph=True)
        with pairfold.tolerance(0.5) if kwargs else pairfold.tolerance(None):
            second = torch.autograd.grad(sum((one**2).sum() for one in first), (x, y, b))
        return [*first, *second]

    plain = two()
    assert not seen
    found = two(tol=1e-3)
    # One forward, two passes of the first order, more of the second one.
    assert len(seen) > 5
    assert {call.options.tolerance for call in seen} == {Tolerance(1e-3)}
    for one, other in zip(found, plain, strict=True):
        torch.testing.assert_close(one, other)


def test_gradients_flow_through_trees(seen: list[Call]) -> None:
    x, y, b = tensors()
    kernel(pf.Tree(x), pf.Tree(y), b, tol=1e-3).sum().backward()
    expected = torch.autograd.grad(kernel(x, y, b).sum(), (x, y, b))
    for one, other in zip((x, y, b), expected, strict=True):
        torch.testing.assert_close(one.grad, other)


def test_vmap(seen: list[Call]) -> None:
    x, y, b = (t.detach() for t in tensors())
    found = torch.func.vmap(lambda one: kernel(one, y, b, tol=1e-3))(torch.stack([x, x + 1]))
    torch.testing.assert_close(found, torch.stack([kernel(x, y, b), kernel(x + 1, y, b)]))
    # Of the first entry; the others are not asked about when it is given up.
    assert [call.extent.batch for call in seen] == [()]


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_compiled_functions(backend: str, seen: list[Call]) -> None:
    """The argument is part of the graph; a context is not, whenever the function is compiled."""
    x, y, b = (t.detach() for t in tensors())
    routine = pf.Genred("Exp(-SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"], axis=1)
    with_argument = torch.compile(
        lambda x, y, b: kernel(x, y, b, tol=1e-3) + routine(x, y, b, tol=1e-3), fullgraph=True, backend=backend
    )
    torch.testing.assert_close(with_argument(x, y, b), 2 * kernel(x, y, b))
    assert [call.options.tolerance for call in seen] == [Tolerance(1e-3)] * 2
    del seen[:]
    without = torch.compile(lambda x, y, b: kernel(x, y, b) + routine(x, y, b), fullgraph=True, backend=backend)
    with pairfold.tolerance(1e-3):
        without(x, y, b)
    without(x, y, b)
    assert not seen


def test_compiled_functions_of_trees() -> None:
    x, y, b = (t.detach() for t in tensors())
    tree = pf.Tree(y)
    compiled = torch.compile(lambda x, b: kernel(x, tree, b, tol=1e-3), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x, b), kernel(x, y, b))


def test_compiled_functions_have_no_reports() -> None:
    x, y, b = (t.detach() for t in tensors())
    compiled = torch.compile(lambda x, y, b: kernel(x, y, b, tol=1e-3, report=True)[0], fullgraph=True, backend="eager")
    with pytest.raises(Exception, match="report"):
        compiled(x, y, b)


def test_solutions_and_their_derivatives(seen: list[Call]) -> None:
    x, _, _ = tensors()
    b = torch.tensor(B, requires_grad=True)

    def solve(**kwargs: Any) -> tuple[Tensor, ...]:
        tensor = (-pf.Vi(x).sqdist(pf.Vj(x)) * 20).exp()
        a = tensor.solve(b, alpha=0.1, rtol=1e-9, **kwargs)
        return (a, *torch.autograd.grad((a**2).sum(), (x, b)))

    plain = solve()
    assert not seen
    found = solve(tol=1e-3)
    assert seen
    for one, other in zip(found, plain, strict=True):
        torch.testing.assert_close(one, other)
