"""The transforms of torch.func, against plain PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd.functional import hessian as functional_hessian
from torch.autograd.functional import hvp, jacobian
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap
from torch.utils._pytree import tree_leaves

from pairfold.errors import ArgumentValueError
from pairfold.torch import Genred, LazyTensor
from pairfold.torch.cluster import band
from tests.torch.dense import PAIRS, Function, arguments

ALL = (0, 1, 2, 3)


def number(function: Function) -> Function:
    return lambda *args: function(*args).sin().sum()


def batch(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator(torch.get_default_device()).manual_seed(1))


TRANSFORMS: dict[str, Callable[[Function], Any]] = {
    "grad": lambda f: grad(number(f), ALL)(*arguments()),
    "vjp": lambda f: vjp(f, *arguments())[1](torch.ones_like(f(*arguments()))),
    "jvp": lambda f: jvp(f, arguments(), arguments()),
    "jvp of one argument": lambda f: jvp(
        lambda y: f(arguments()[0], y, *arguments()[2:]), (arguments()[1],), (batch(5, 2),)
    ),
    "jacrev": lambda f: jacrev(f, ALL)(*arguments()),
    "jacfwd": lambda f: jacfwd(f, ALL)(*arguments()),
    "hessian": lambda f: hessian(number(f), ALL)(*arguments()),
    "jacfwd of jacfwd": lambda f: jacfwd(jacfwd(number(f)))(*arguments()),
    "jacrev of jacfwd": lambda f: jacrev(jacfwd(number(f)))(*arguments()),
    "jacrev of jacrev": lambda f: jacrev(jacrev(number(f)))(*arguments()),
    "third order": lambda f: grad(
        lambda p: grad(lambda q: grad(lambda r: number(f)(*arguments()[:3], r).sum())(q).sum())(p).sum()
    )(arguments()[3]),
    "vmap": lambda f: vmap(f, (0, None, None, None))(batch(4, 3, 2), *arguments()[1:]),
    "vmap, axes in the middle and at the end": lambda f: vmap(f, (1, 2, None, 1))(
        batch(3, 4, 2), batch(5, 2, 4), arguments()[2], batch(1, 4).exp()
    ),
    "vmap, result along another axis": lambda f: vmap(f, (0, None, None, None), out_dims=2)(
        batch(4, 3, 2), *arguments()[1:]
    ),
    "vmap of vmap": lambda f: vmap(vmap(f, (None, None, None, 0)), (None, None, 2, None))(
        *arguments()[:2], batch(5, 1, 6), batch(4, 1).exp()
    ),
    "vmap of batches": lambda f: vmap(f, (1, None, None, None))(batch(2, 4, 3, 2), *arguments(batch=(2,))[1:]),
    "vmap of grad": lambda f: vmap(grad(number(f)), (0, None, None, None))(batch(4, 3, 2), *arguments()[1:]),
    "grad of vmap": lambda f: grad(lambda x: vmap(f, (0, None, None, None))(x, *arguments()[1:]).sin().sum())(
        batch(4, 3, 2)
    ),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", PAIRS)
def test_a_transform_agrees_with_plain_pytorch(name: str, transform: str) -> None:
    pair = PAIRS[name]
    torch.manual_seed(0)
    found = tree_leaves(TRANSFORMS[transform](pair.routine))
    torch.manual_seed(0)
    expected = tree_leaves(TRANSFORMS[transform](pair.dense))
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def batched_gradients(f: Function) -> Any:
    given = [t.requires_grad_() for t in arguments()]
    result = f(*given)
    directions = torch.eye(result.numel(), dtype=result.dtype).reshape(-1, *result.shape)
    return torch.autograd.grad(result, given, directions, is_grads_batched=True)


OLDER_TRANSFORMS: dict[str, Callable[[Function], Any]] = {
    "is_grads_batched": batched_gradients,
    "jacobian": lambda f: jacobian(f, arguments()),
    "vectorized jacobian": lambda f: jacobian(f, arguments(), vectorize=True),
    "vectorized jacobian in forward mode": lambda f: jacobian(f, arguments(), vectorize=True, strategy="forward-mode"),
    "vectorized hessian": lambda f: functional_hessian(number(f), arguments(), vectorize=True),
    "vectorized hessian, forward over reverse": lambda f: functional_hessian(
        number(f), arguments(), vectorize=True, outer_jacobian_strategy="forward-mode"
    ),
    "hvp": lambda f: hvp(number(f), arguments(), arguments()),
}


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")
@pytest.mark.parametrize("transform", OLDER_TRANSFORMS)
@pytest.mark.parametrize("name", PAIRS)
def test_the_transforms_of_autograd_functional(name: str, transform: str) -> None:
    found = []
    for function in (PAIRS[name].routine, PAIRS[name].dense):
        torch.manual_seed(0)
        found.append(tree_leaves(OLDER_TRANSFORMS[transform](function)))
    torch.testing.assert_close(*found)


def test_batched_gradients_of_one_of_several_results() -> None:
    nearest = Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], "Min_ArgMin", axis=1)
    x, y, *_ = arguments()
    found = jacobian(lambda x: nearest(x, y)[0], x, vectorize=True)
    torch.testing.assert_close(found, jacobian(lambda x: nearest(x, y)[0], x))


def test_transforms_of_lazy_tensors() -> None:
    def lazy(x: Tensor, y: Tensor, b: Tensor, p: Tensor) -> Tensor:
        squares = ((LazyTensor(x[..., :, None, :]) - LazyTensor(y[..., None, :, :])) ** 2).sum(-1)
        return (-squares * p[..., None, None, :]).exp() @ b

    for transform in TRANSFORMS.values():
        found = []
        for function in (lazy, PAIRS["Sum"].dense):
            torch.manual_seed(0)
            found.append(tree_leaves(transform(function)))
        torch.testing.assert_close(*found)


def test_indices_pass_through_transforms() -> None:
    nearest = Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], "Min_ArgMin", axis=1)
    x, y, *_ = arguments()

    def total_and_winners(x: Tensor) -> tuple[Tensor, Tensor]:
        values, winners = nearest(x, y)
        return values.sum(), winners

    derivative, where = grad(total_and_winners, has_aux=True)(x)
    torch.testing.assert_close(derivative, 2 * (x - y[where[:, 0]]))
    assert where.dtype == torch.int64
    (_values, where), (moved, _) = jvp(lambda x: nearest(x, y), (x,), (torch.ones_like(x),))
    torch.testing.assert_close(moved, 2 * (x - y[where[:, 0]]).sum(-1, keepdim=True))
    distances = torch.cdist(batch(4, 3, 2), y) ** 2
    found = vmap(nearest, (0, None))(batch(4, 3, 2), y)
    torch.testing.assert_close(found[0], distances.min(-1, keepdim=True).values)
    torch.testing.assert_close(found[1], distances.argmin(-1, keepdim=True))


def test_results_of_transforms_that_have_ended_are_plain() -> None:
    pair, given = PAIRS["LogSumExp"], arguments()
    for found in vjp(pair.routine, *given)[1](torch.ones(3, 1, dtype=torch.float64)):
        assert not found.requires_grad


def test_ranges_under_transforms() -> None:
    pair, given = PAIRS["Sum"], arguments(5, 5)
    mask = (torch.arange(5)[:, None] - torch.arange(5)).abs() <= 1

    def banded(x: Tensor) -> Tensor:
        return pair.routine(x, *given[1:], ranges=band(1))  # type: ignore[call-arg]

    def dense(x: Tensor) -> Tensor:
        kernel = (-given[3] * ((x[..., :, None, :] - given[1]) ** 2).sum(-1)).exp()
        return (kernel * mask) @ given[2]

    torch.testing.assert_close(hessian(number(banded))(given[0]), hessian(number(dense))(given[0]))
    torch.testing.assert_close(vmap(banded)(batch(4, 5, 2)), dense(batch(4, 5, 2)))


def test_vmap_over_ranges_is_refused() -> None:
    pair, given = PAIRS["Sum"], arguments(5, 5)
    six = tuple(torch.from_numpy(part) for part in band(1).ranges(5, 5))
    # The checks of `Genred` need numbers; those of the operator are reached below it.
    from pairfold.api.request import Request
    from pairfold.torch.operator import OPERATOR

    text = Request(pair.routine._routine.plan(given).call).text  # type: ignore[attr-defined]
    with pytest.raises(ArgumentValueError, match="vmap over ranges is not possible"):
        vmap(lambda part: OPERATOR(text, list(given), [part, *six[1:]], 5, 5, [])[0])(torch.stack([six[0]] * 2))
