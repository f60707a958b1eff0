"""What PyTorch promises of its own operators holds for reductions: graphs, modes, modules, tensors that change."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.utils.checkpoint import checkpoint

import pairfold.torch as pf
from tests.torch.dense import PAIRS, arguments

MODIFIED = r"one of the variables needed for gradient computation has been modified by an inplace operation"


def leaves() -> list[Tensor]:
    return [t.requires_grad_() for t in arguments()]


# ---------------------------------------------------------------- tensors that change


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("position", range(4))
def test_an_argument_that_changes_before_the_backward_pass(name: str, position: int) -> None:
    given = leaves()
    given[position] = given[position] * 1
    result = PAIRS[name].routine(*given)
    with torch.no_grad():
        given[position].add_(1)
    with pytest.raises(RuntimeError, match=MODIFIED):
        result.sum().backward()


@pytest.mark.parametrize("name", ["LogSumExp", "KMin"])
def test_a_result_that_changes_before_the_backward_pass(name: str) -> None:
    result = PAIRS[name].routine(*leaves())
    with torch.no_grad():
        result.add_(1)
    with pytest.raises(RuntimeError, match=MODIFIED):
        result.sum().backward()


def test_an_argument_of_a_lazy_tensor_that_changes() -> None:
    x, y, b, _ = leaves()
    moved = y * 1
    kernel = (-pf.Vi(x).sqdist(pf.Vj(moved))).exp()
    with torch.no_grad():
        moved.mul_(2)
    # Before the reduction nothing is computed: the new values count.
    torch.testing.assert_close(kernel @ b, (-(torch.cdist(x, 2 * y) ** 2)).exp() @ b)
    result = kernel @ b
    with torch.no_grad():
        moved.mul_(2)
    with pytest.raises(RuntimeError, match=MODIFIED):
        result.sum().backward()


def test_saved_copies_of_what_changes() -> None:
    x, y, b, p = arguments()
    routine = PAIRS["Sum"].routine
    (expected,) = torch.autograd.grad(routine(x.requires_grad_(), y, b, p).sum(), x)
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        result = routine(x, y, b, p)
        y.zero_()
        torch.testing.assert_close(torch.autograd.grad(result.sum(), x)[0], expected)


# ---------------------------------------------------------------- graphs


def test_a_graph_is_kept_on_request_only() -> None:
    x, *others = leaves()
    result = PAIRS["LogSumExp"].routine(x, *others).sum()
    result.backward(retain_graph=True)
    once = x.grad
    assert once is not None
    once = once.clone()
    result.backward()
    torch.testing.assert_close(x.grad, 2 * once)
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        result.backward()


def test_one_tensor_in_several_places() -> None:
    x, _, b, p = leaves()
    b = torch.ones(3, 1, dtype=x.dtype)
    for function in (PAIRS["Sum"].routine, PAIRS["LogSumExp"].routine):
        dense = next(pair.dense for pair in PAIRS.values() if pair.routine is function)
        found = [torch.autograd.grad(f(x, x, b, p).sin().sum(), x, create_graph=True)[0] for f in (function, dense)]
        torch.testing.assert_close(*found)
        torch.testing.assert_close(*(torch.autograd.grad(g.sin().sum(), x)[0] for g in found))


@pytest.mark.parametrize("is_reentrant", [False, True])
def test_checkpoints(is_reentrant: bool) -> None:
    given, routine = leaves(), PAIRS["LogSumExp"].routine
    found = checkpoint(routine, *given, use_reentrant=is_reentrant)
    torch.testing.assert_close(
        torch.autograd.grad(found.sum(), given) if not is_reentrant else backward(found, given),
        torch.autograd.grad(routine(*given).sum(), given),
    )


def backward(result: Tensor, given: list[Tensor]) -> tuple[Any, ...]:
    result.sum().backward()
    return tuple(t.grad for t in given)


def test_hooks_on_saved_tensors_and_anomaly_mode() -> None:
    given, routine = leaves(), PAIRS["KMin"].routine
    expected = torch.autograd.grad(routine(*given).sum(), given)
    with torch.autograd.graph.save_on_cpu(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # anomaly mode says that it is slow
        with torch.autograd.set_detect_anomaly(True):
            torch.testing.assert_close(torch.autograd.grad(routine(*given).sum(), given), expected)


@pytest.mark.parametrize("cotangent", [lambda t: t.new_ones(1, 1).expand(t.shape), lambda t: t.new_ones(1, 3).T])
def test_cotangents_of_any_strides(cotangent: Callable[[Tensor], Tensor]) -> None:
    given, pair = leaves(), PAIRS["Sum"]
    torch.testing.assert_close(
        *(
            torch.autograd.grad(result, given, cotangent(result))
            for result in (pair.routine(*given), pair.dense(*given))
        )
    )


# ---------------------------------------------------------------- modes


def test_modes_without_gradients() -> None:
    given, pair = leaves(), PAIRS["Sum"]
    with torch.no_grad():
        assert not pair.routine(*given).requires_grad
        assert not (-pf.Vi(given[0]).sqdist(pf.Vj(given[1]))).exp().sum(1).requires_grad
    with torch.inference_mode():
        inside = [t * 1 for t in given]
        result = pair.routine(*inside)
        assert result.is_inference()
        torch.testing.assert_close(result, pair.dense(*inside))
    torch.testing.assert_close(pair.routine(*inside), result)
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        pair.routine(given[0], *inside[1:])


def test_dual_tensors() -> None:
    x, *others = arguments()
    pair = PAIRS["LogSumExp"]
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, torch.ones_like(x))
        tangents = [forward_ad.unpack_dual(f(dual, *others)).tangent for f in (pair.routine, pair.dense)]
        torch.testing.assert_close(*tangents)
        with torch.no_grad():
            torch.testing.assert_close(forward_ad.unpack_dual(pair.routine(dual, *others)).tangent, tangents[0])
        assert forward_ad.unpack_dual(pair.routine(x, *others)).tangent is None


def test_mixed_precision_mode_leaves_reductions_alone() -> None:
    given = [t.float().requires_grad_() for t in arguments()]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = PAIRS["Sum"].routine(*given)
    assert found.dtype == torch.float32
    assert torch.equal(found, PAIRS["Sum"].routine(*given))


# ---------------------------------------------------------------- modules


class Smoother(torch.nn.Module):
    """A layer that holds a routine, a solver and parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.routine = pf.Genred("Exp(-p * SqDist(x, y))", ["p = Pm(1)", "x = Vi(2)", "y = Vj(2)"], axis=1)
        self.solver = pf.KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(2)", "y = Vj(2)", "a = Vj(1)"], "a", axis=1)
        self.width = torch.nn.Parameter(torch.tensor([0.7], dtype=torch.float64))
        self.centres = torch.nn.Parameter(torch.randn(5, 2, dtype=torch.float64))

    def forward(self, x: Tensor) -> Any:
        lazy = (-pf.Vi(x).sqdist(pf.Vj(self.centres)) * self.width).exp().sum(1)
        return self.solver(x, x, self.routine(self.width, x, self.centres) + lazy, alpha=0.5)


def test_modules_are_copied_and_pickled() -> None:
    x, *_ = arguments()
    module = Smoother()
    expected = module(x)
    for one in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        found = one(x)
        torch.testing.assert_close(found, expected)
        found.sum().backward()
        assert all(parameter.grad is not None for parameter in one.parameters())
    assert module.width.grad is None


def test_many_models_at_once() -> None:
    x, *_ = arguments()
    modules = [Smoother() for _ in range(3)]
    parameters, buffers = torch.func.stack_module_state(modules)

    def one(parameters: Any, buffers: Any) -> Any:
        return torch.func.functional_call(modules[0], (parameters, buffers), (x,))

    found = torch.func.vmap(one)(parameters, buffers)
    torch.testing.assert_close(found, torch.stack([module(x) for module in modules]))


def test_lazy_tensors_are_copied_and_pickled() -> None:
    x, y, *_ = leaves()
    lazy = pf.Vi(x).sqdist(pf.Vj(y))
    for one in (copy.deepcopy(lazy), pickle.loads(pickle.dumps(lazy))):
        torch.testing.assert_close(one.sum(1), lazy.sum(1))
