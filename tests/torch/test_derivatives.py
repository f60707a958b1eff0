"""Derivatives of every operation under every reduction, of first and second order, in both modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from pairfold.engine import Options
from pairfold.frontends import torch_operator
from pairfold.frontends.torch_adapter import TORCH
from pairfold.ir.expr import Category, Expr, make
from pairfold.ir.op import OPERATIONS
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import apply, constant, variable
from pairfold.reductions import REDUCTIONS
from pairfold.targets import reference
from tests.conformance.cases import Case, all_cases, draw

Function = Callable[..., tuple[Tensor, ...]]

ROWS, COLUMNS, K = 2, 3, 2
STEP = 1e-6
DIFFERENTIABLE = sorted({r.name for r in REDUCTIONS.values() if r.fields and not r.name.startswith("Arg")})
INDICES = sorted({r.name for r in REDUCTIONS.values() if r.name.startswith("Arg")})


@pytest.fixture
def _by_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Carry out all reductions by the definition of the language: what is tested is which ones are carried out."""
    monkeypatch.setattr(torch_operator, "run", reference.run)


# ---------------------------------------------------------------- functions to be differentiated


def bundle(cases: Sequence[Case]) -> tuple[Expr, list[Tensor]]:
    """Return all cases side by side, and their arguments, side by side as well.

    Each operand is the average of a part of a row and a part of a column, and so in the domain of the operation.
    """
    dims = [(OPERATIONS[name], operand, dim) for name, sizes, _ in cases for operand, dim in enumerate(sizes)]
    total = sum(dim for _, _, dim in dims)
    x, y = variable(0, total, Category.ROW), variable(1, total, Category.COLUMN)
    arrays = [np.concatenate([draw(op, k, (size, dim)) for op, k, dim in dims], axis=1) for size in (ROWS, COLUMNS)]
    parts: list[Expr] = []
    first = 0
    for name, sizes, params in cases:
        operands = []
        for dim in sizes:
            part_x, part_y = (apply("Extract", v, params=(first, dim)) for v in (x, y))
            operands.append(constant(0.5) * (part_x + part_y))
            first += dim
        parts.append(make(OPERATIONS[name], operands, params))
    value = parts[0]
    for part in parts[1:]:
        value = apply("Concat", value, part)
    return value, [torch.from_numpy(array) for array in arrays]


def reduced(name: str, value: Expr, arrays: Sequence[Tensor]) -> tuple[Function, list[Tensor]]:
    """Return the real outputs of a reduction of ``p * value`` as a function of all arguments, p among them."""
    reduction = REDUCTIONS[name]
    value = variable(len(arrays), 1, Category.PARAMETER) * value
    inputs = [*arrays, torch.tensor([0.7], dtype=torch.float64)]
    if reduction.scalar_value:
        value = apply("Sum", value) * constant(1e-2)
    if name.startswith("Prod"):
        # The second derivative of a product takes entries that are 0 for constants.
        value = apply("Exp", value * constant(0.1))
    weight = None
    if reduction.needs_weight:
        weight = apply("Exp", variable(len(inputs), 1, Category.COLUMN))
        inputs.append(torch.rand(COLUMNS, 1, dtype=torch.float64))
    problem = Problem(value, reduction, weight, K if reduction.needs_k else 1)

    def function(*given: Tensor) -> tuple[Tensor, ...]:
        outputs = TORCH.run(problem, given, rows=ROWS, columns=COLUMNS, options=Options(threads=1))
        return tuple(output for output in outputs if output.is_floating_point())

    return function, inputs


# ---------------------------------------------------------------- every operation under every reduction


def flat(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([t.reshape(-1) for t in tensors])


def assert_derivative(found: Tensor, after: Tensor, before: Tensor) -> None:
    """Compare each component with a central difference."""
    expected = (after - before) / (2 * STEP)
    tolerance = 1e-6 * expected.abs() + 1e-8 * (1 + after.abs()) + 1e-12 * after.abs().max() / STEP
    wrong = ~((found - expected).abs() <= tolerance)
    assert not wrong.any(), f"{wrong.nonzero().ravel()}: {found[wrong]}, expected {expected[wrong]}"


def assert_adjoint(forward: Tensor, g: Tensor, backward: Tensor, v: Tensor) -> None:
    """Compare <g, J v> with <J' g, v>."""
    one, other = g * forward, backward * v
    assert abs(float(one.sum() - other.sum())) <= 1e-10 * float(one.abs().sum() + other.abs().sum())


def check_along_random_directions(function: Function, inputs: Sequence[Tensor]) -> None:
    """Compare first and second derivatives, in both modes, with differences."""
    inputs = tuple(inputs)
    directions = tuple(torch.randn_like(t) for t in inputs)
    moved = [tuple(t + s * STEP * d for t, d in zip(inputs, directions, strict=True)) for s in (1, -1)]
    outputs, along = torch.func.jvp(function, inputs, directions)
    assert_derivative(flat(along), *(flat(function(*point)) for point in moved))
    weights = tuple(torch.randn_like(t) for t in outputs)

    def gradient(*given: Tensor) -> tuple[Tensor, ...]:
        given = tuple(t.detach().requires_grad_() for t in given)
        return torch.autograd.grad(function(*given), given, weights)

    def pull_back(*given: Tensor) -> Any:
        return torch.func.vjp(function, *given)[1](weights)

    assert_adjoint(flat(along), flat(weights), flat(gradient(*inputs)), flat(directions))
    gradients, turned = torch.func.jvp(pull_back, inputs, directions)
    assert_derivative(flat(turned), *(flat(gradient(*point)) for point in moved))
    others = tuple(torch.randn_like(t) for t in gradients)
    twice = torch.func.vjp(pull_back, *inputs)[1](others)
    assert_adjoint(flat(turned), flat(others), flat(twice), flat(directions))


def one_case_each() -> list[Case]:
    return list({case[0]: case for case in reversed(all_cases()) if not case[0].startswith("Arg")}.values())


@pytest.mark.usefixtures("_by_definition")
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_every_operation_under_a_reduction(name: str) -> None:
    cases = [case for case in all_cases() if not case[0].startswith("Arg")] if name == "Sum" else one_case_each()
    check_along_random_directions(*reduced(name, *bundle(cases)))


@pytest.mark.usefixtures("_by_definition")
def test_this_test_sees_a_wrong_derivative(monkeypatch: pytest.MonkeyPatch) -> None:
    value, arrays = bundle([("Exp", (3,), ()), ("Sin", (3,), ())])
    right = torch_operator.run

    def wrong(problem: Problem, arrays: Any, **kwargs: Any) -> Any:
        outputs = right(problem, arrays, **kwargs)
        return tuple(output * (1 + 1e-4 * (len(arrays) == 4)) for output in outputs)

    monkeypatch.setattr(torch_operator, "run", wrong)
    with pytest.raises(AssertionError):
        check_along_random_directions(*reduced("Sum", value, arrays))


@pytest.mark.usefixtures("_by_definition")
@pytest.mark.parametrize("name", INDICES)
def test_indices_have_no_derivative(name: str) -> None:
    reduction = REDUCTIONS[name]
    value, arrays = bundle([("Exp", (3,), ())])
    problem = Problem(value, reduction, None, K if reduction.needs_k else 1)
    inputs = [t.requires_grad_() for t in arrays]
    (found,) = TORCH.run(problem, inputs, rows=ROWS, columns=COLUMNS)
    assert (found.dtype, found.requires_grad) == (torch.int64, False)
    with pytest.raises(RuntimeError, match="does not require grad"):
        found.sum().backward()


# ---------------------------------------------------------------- every reduction on the engine


def example(name: str, shape: tuple[int, int]) -> tuple[Function, tuple[Tensor, ...]]:
    """Return a reduction with variables of all categories and a broadcast batch."""
    reduction = REDUCTIONS[name]
    rows, columns = shape
    # Small formulas: a second derivative has many kernels.
    dim = 2 if name.startswith(("Min", "Max_Arg", "KMin", "Sum")) and not reduction.needs_weight else 1
    x, y = variable(0, dim, Category.ROW), variable(1, dim, Category.COLUMN)
    p, b = variable(2, 1, Category.PARAMETER), variable(3, 1, Category.COLUMN)
    difference = x - y
    value = p * difference * difference
    weight = b if reduction.needs_weight else None
    problem = Problem(value, reduction, weight, K if reduction.needs_k else 1)
    inputs = [torch.randn(2, rows, dim), torch.randn(1, columns, dim), torch.rand(1, 1), torch.rand(2, columns, 1)]
    count = 4 if reduction.needs_weight else 3

    def function(*given: Tensor) -> tuple[Tensor, ...]:
        outputs = TORCH.run(problem, given, rows=rows, columns=columns, batch=(2,), options=Options(threads=1))
        return tuple(output for output in outputs if output.is_floating_point())

    return function, tuple(t.double().requires_grad_() for t in inputs[:count])


WITH_WINNERS = tuple(name for name in DIFFERENTIABLE if name.startswith(("Min", "Max", "KMin")) and "Sum" not in name)


@pytest.mark.parametrize(
    ("name", "columns"), [(name, 4) for name in DIFFERENTIABLE] + [(name, 9) for name in WITH_WINNERS]
)
def test_gradcheck(name: str, columns: int) -> None:
    function, inputs = example(name, (2, columns))
    assert gradcheck(function, inputs, check_forward_ad=True)
    if name not in ("Any", "All"):  # PyTorch's own check stumbles over derivatives that are 0 everywhere
        assert gradgradcheck(function, inputs, check_fwd_over_rev=True)
