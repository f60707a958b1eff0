"""Random programs on LazyTensors against dense tensors: values, gradients, gradients of gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pairfold.frontends import torch_operator
from pairfold.targets import reference
from pairfold.torch import LazyTensor, where
from tests.comparison import assert_owned

Program = Callable[..., Any]


@dataclass(frozen=True)
class Step:
    """One operation, on LazyTensors and on dense tensors ``(..., N, M, D)``."""

    lazy: Program
    dense: Program
    operands: int = 1


def same(program: Program, operands: int = 1) -> Step:
    """Return a step that is written alike for both."""
    return Step(program, program, operands)


def summed(z: Tensor) -> Tensor:
    return z.sum(-1, keepdim=True)


def squared(z: Tensor) -> Tensor:
    return summed(z * z)


def widened(z: Any, w: Any) -> tuple[Any, Any]:
    """Return tensors whose last axes fit: sums where they do not."""
    fits = z.shape[-1] == w.shape[-1] or 1 in (z.shape[-1], w.shape[-1])
    return (z, w) if fits else (z.sum(-1), w) if isinstance(z, LazyTensor) else (summed(z), w)


def fitting(program: Program) -> Program:
    return lambda z, w: program(*widened(z, w))


def joined(z: Tensor, w: Tensor) -> Tensor:
    shape = torch.broadcast_shapes(z.shape[:-1], w.shape[:-1])
    return torch.cat([z.expand(*shape, -1), w.expand(*shape, -1)], -1)


def both(lazy: Program, dense: Program) -> Step:
    return Step(fitting(lazy), fitting(dense), 2)


STEPS: dict[str, Step] = {
    "+": both(lambda z, w: z + w, lambda z, w: z + w),
    "-": both(lambda z, w: z - w, lambda z, w: z - w),
    "*": both(lambda z, w: z * w, lambda z, w: z * w),
    "/": both(lambda z, w: z / (w * w + 1.3), lambda z, w: z / (w * w + 1.3)),
    "**": both(lambda z, w: (z * z + 0.7) ** w, lambda z, w: (z * z + 0.7) ** w),
    "|": both(lambda z, w: z | w, lambda z, w: summed(z * w)),
    "sqdist": both(lambda z, w: z.sqdist(w), lambda z, w: squared(z - w)),
    "atan2": both(lambda z, w: z.atan2(w * w + 0.5), lambda z, w: torch.atan2(z, w * w + 0.5)),
    "maximum": both(lambda z, w: z.maximum(w), torch.maximum),
    "concat": Step(lambda z, w: z.concat(w), joined, 2),
    "number": same(lambda z: 2.5 - z * 0.3),
    "integer": same(lambda z: 2 * z + 1),
    "square": same(lambda z: z**2),
    "power": same(lambda z: (z * z + 0.5) ** -1.5),
    "exp": same(lambda z: (-(z * z)).exp()),
    "sin": same(lambda z: z.sin()),
    "cos": same(lambda z: (2 * z).cos()),
    "tanh": same(lambda z: z.tanh()),
    "sigmoid": same(lambda z: z.sigmoid()),
    "log": same(lambda z: (z * z + 0.4).log()),
    "log1p": same(lambda z: (z * z).log1p()),
    "sqrt": same(lambda z: (z * z + 0.3).sqrt()),
    "rsqrt": same(lambda z: (z * z + 0.3).rsqrt()),
    "atan": same(lambda z: z.atan()),
    "erf": same(lambda z: z.erf()),
    "abs": same(abs),
    "relu": same(lambda z: z.relu()),
    "sum": Step(lambda z: z.sum(-1), summed),
    "mean": Step(lambda z: z.mean(-1), lambda z: z.mean(-1, keepdim=True)),
    "largest": Step(lambda z: z.max(-1), lambda z: z.max(-1, keepdim=True).values),
    "sqnorm2": Step(lambda z: z.sqnorm2(), squared),
    "norm2": Step(lambda z: (z + 0.1).norm2(), lambda z: squared(z + 0.1).sqrt()),
    "first": Step(lambda z: z[..., :1], lambda z: z[..., :1]),
    "last": Step(lambda z: z.elem(z.shape[-1] - 1), lambda z: z[..., -1:]),
    "clamp": Step(lambda z: z.clamp(-0.7, 0.9), lambda z: z.clamp(-0.7, 0.9)),
    "where": Step(lambda z: (z - 0.2).ifelse(z, z * z), lambda z: torch.where(z >= 0.2, z, z * z)),
    "choice": Step(
        lambda z: where((z > 0.1) & ~(z > 0.8), z.sqrt(), z * z),
        lambda z: torch.where((z > 0.1) & ~(z > 0.8), z.clamp(min=0.1).sqrt(), z * z),
    ),
    "twice": same(lambda z: z + z),
    "product": Step(
        lambda z: z.tensorprod(z) if z.shape[-1] < 4 else z,
        lambda z: (z[..., :, None] * z[..., None, :]).flatten(-2) if z.shape[-1] < 4 else z,
    ),
}


def along(dim: int) -> int:
    """Return the axis of dense tensors ``(..., N, M, D)`` for the axis of i or j."""
    return dim - 3


def rows(z: Tensor) -> Tensor:
    return z.reshape(*z.shape[:-1], -1)


REDUCTIONS: dict[str, Step] = {
    "sum": Step(lambda z, w, axis: z.sum(axis), lambda z, w, axis: z.sum(along(axis))),
    "mean": Step(lambda z, w, axis: z.mean(axis), lambda z, w, axis: z.mean(along(axis))),
    "var": Step(lambda z, w, axis: z.var(axis), lambda z, w, axis: z.var(along(axis), correction=0)),
    "prod": Step(lambda z, w, axis: z.sin().prod(axis), lambda z, w, axis: z.sin().prod(along(axis))),
    "max": Step(lambda z, w, axis: z.max(axis), lambda z, w, axis: z.max(along(axis)).values),
    "min": Step(lambda z, w, axis: z.min(axis), lambda z, w, axis: z.min(along(axis)).values),
    "two smallest": Step(
        lambda z, w, axis: z.sum(-1).Kmin(2, axis),
        lambda z, w, axis: summed(z).squeeze(-1).sort(along(axis) + 1).values.movedim(along(axis) + 1, -1)[..., :2],
    ),
    "logsumexp": Step(lambda z, w, axis: z.logsumexp(axis), lambda z, w, axis: z.logsumexp(along(axis))),
    "weighted logsumexp": Step(
        lambda z, w, axis: z.sum(-1).logsumexp(axis, weight=(w * w).sum(-1) + 0.1),
        lambda z, w, axis: (summed(z) + (squared(w) + 0.1).log()).logsumexp(along(axis)),
    ),
    "softmax": Step(
        lambda z, w, axis: z.sum(-1).sumsoftmaxweight(w, axis),
        lambda z, w, axis: (summed(z).softmax(along(axis)) * w).sum(along(axis)),
    ),
}


@dataclass(frozen=True)
class Case:
    """A random program: steps on numbered values, and a reduction of the last one."""

    dims: tuple[int, int, int]
    sizes: tuple[int, int]
    batches: tuple[tuple[int, ...], ...]
    steps: tuple[tuple[str, tuple[int, ...]], ...]
    reduction: str
    axis: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    dims = draw(st.tuples(*[st.integers(1, 3)] * 3))
    sizes = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    batches = draw(
        st.sampled_from([((), (), ()), ((), (), ()), ((2,), (1,), ()), ((), (2,), (2,)), ((1, 3), (2, 1), (3,))])
    )
    steps = []
    for number in range(draw(st.integers(1, 7))):
        name = draw(st.sampled_from(sorted(STEPS)))
        given = [draw(st.integers(max(0, number - 3), number + 2)) for _ in range(STEPS[name].operands)]
        steps.append((name, tuple(given)))
    return Case(dims, sizes, batches, tuple(steps), draw(st.sampled_from(sorted(REDUCTIONS))), draw(st.integers(0, 1)))


def inputs_of(case: Case) -> list[Tensor]:
    (dx, dy, dp), (n, m) = case.dims, case.sizes
    shapes = [(*batch, *core) for batch, core in zip(case.batches, ((n, 1, dx), (1, m, dy), (1, 1, dp)), strict=True)]
    generator = torch.Generator(torch.get_default_device()).manual_seed(0)
    return [torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_() for shape in shapes]


def run_lazily(case: Case, inputs: Sequence[Tensor]) -> Tensor:
    values: list[Any] = [LazyTensor(t) for t in inputs]
    for name, operands in case.steps:
        values.append(STEPS[name].lazy(*(values[k] for k in operands)))
    # All three variables are in it, so that nothing is left over that does not depend on i or j.
    last = values[-1] + sum(0.1 * value.sum(-1) for value in values[:3])
    axis = len(last.shape) - 3 + case.axis
    return REDUCTIONS[case.reduction].lazy(last, values[-2], axis)  # type: ignore[no-any-return]


def run_densely(case: Case, inputs: Sequence[Tensor]) -> Tensor:
    values = list(inputs)
    for name, operands in case.steps:
        values.append(STEPS[name].dense(*(values[k] for k in operands)))
    last = values[-1] + sum(0.1 * summed(value) for value in values[:3])
    weight = values[-2].expand(*last.shape[:-1], -1)
    return REDUCTIONS[case.reduction].dense(last, weight, case.axis)  # type: ignore[no-any-return]


def derivatives(result: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Return the result, its gradients and the gradients of a function of these."""
    first = torch.autograd.grad(result.sin().sum(), inputs, create_graph=True)
    total = sum((g.cos() * (k + 1)).sum() for k, g in enumerate(first))
    second = torch.autograd.grad(total, inputs, allow_unused=True, materialize_grads=True)
    return [result, *first, *second]


def check(case: Case) -> None:
    inputs = inputs_of(case)
    found, expected = run_lazily(case, inputs), run_densely(case, inputs)
    if case.reduction == "two smallest" and expected.shape[-1] < 2:
        expected = torch.cat([expected, torch.full_like(expected, torch.inf)], -1)
        found, expected = found[..., :1], expected[..., :1]
    found_derivatives = derivatives(found, inputs)
    assert_owned(*found_derivatives[1:])
    results = zip(found_derivatives, derivatives(expected, inputs), strict=True)
    for number, (one, other) in enumerate(results):
        # Sums of different order, and conditions of up to 1e5 in quotients and powers of deep programs.
        scale = float(other.detach().abs().max()) if other.numel() else 0.0
        torch.testing.assert_close(
            one, other, rtol=1e-8, atol=1e-9 * (1 + scale), msg=lambda text, k=number: f"{k}: {text}"
        )


@given(case=cases())
def test_random_programs(case: Case) -> None:
    check(case)


@settings(max_examples=150)
@given(case=cases())
def test_more_random_programs_by_definition(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    """The same without machine code, whose making takes most of the time."""
    with monkeypatch.context() as patch:
        patch.setattr(torch_operator, "run", reference.run)
        check(case)


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case((1, 1, 1), (3, 4), ((), (), ()), (("sin", (0,)), ("*", (3, 1))), "sum", 1)
    check(case)
    monkeypatch.setitem(STEPS, "sin", Step(lambda z: z.sin() * (1 + 1e-6), lambda z: z.sin()))
    with pytest.raises(AssertionError):
        check(case)
