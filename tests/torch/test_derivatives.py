"""Derivatives of every operation under every reduction, of first and second order, in both modes."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad, hessian, jacfwd, jacrev

from pairfold import numpy as on_numpy
from pairfold.engine import Call, Extent, Options, joint, run_jointly
from pairfold.ir.expr import OPERATIONS, Category, Expr, make
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import apply, constant, variable
from pairfold.reductions import REDUCTIONS
from pairfold.targets import reference
from pairfold.torch import Genred, Vi, Vj
from pairfold.torch import operator as torch_operator
from pairfold.torch.adapter import TORCH
from pairfold.transform.derivatives import adjoint, output_kinds
from tests.calls import look_once
from tests.comparison import assert_owned
from tests.conformance.cases import Case, all_cases, draw, label

Function = Callable[..., tuple[Tensor, ...]]

ROWS, COLUMNS, K = 2, 3, 2
STEP = 1e-6
VARIABLES = (variable(0, 1, Category.ROW), variable(1, 1, Category.COLUMN))


def example_problem(name: str, value: Expr, weight: Expr) -> Problem:
    reduction = REDUCTIONS[name]
    return Problem(value, reduction, weight if reduction.needs_weight else None, K if reduction.needs_k else 1)


def is_differentiable(name: str) -> bool:
    """Tell whether a reduction has a derivative and a result to differentiate."""
    return REDUCTIONS[name].pullback is not None and "real" in output_kinds(example_problem(name, *VARIABLES))


NAMES = sorted({reduction.name for reduction in REDUCTIONS.values()})
DIFFERENTIABLE = [name for name in NAMES if is_differentiable(name)]
INDICES = [name for name in NAMES if name not in DIFFERENTIABLE]


@pytest.fixture
def _by_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Carry out all reductions by the definition of the language: what is tested is which ones are carried out."""
    monkeypatch.setattr(torch_operator, "run", reference.run)


@pytest.mark.parametrize("p", [1.5, 3.0])
def test_minkowski_distances_between_equal_points_have_the_gradients_of_cdist(p: float) -> None:
    x = torch.tensor([[0.0, 1.0], [2.0, 1.0]], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([[0.0, 1.0], [2.0, 3.0]], dtype=torch.float64)
    distances = ((Vi(x) - Vj(y)).abs() ** p).sum(-1) ** (1 / p)
    (found,) = torch.autograd.grad(distances.sum(axis=1).sum(), x, create_graph=True)
    (expected,) = torch.autograd.grad(torch.cdist(x, y, p=p).sum(), x)
    torch.testing.assert_close(found, expected)
    (second,) = torch.autograd.grad(found.sum(), x)
    assert second.isfinite().all()


def matern_five_halves(r: Any) -> Any:
    return (1 + 5**0.5 * r + 5 / 3 * r**2) * (-(5**0.5) * r).exp()


def matern_three_halves(r: Any) -> Any:
    return (1 + 3**0.5 * r) * (-(3**0.5) * r).exp()


SMOOTH = {"matern-5/2": matern_five_halves, "matern-3/2": matern_three_halves, "r^2": lambda r: r * r}
DISTANCES = {
    "norm": lambda difference: difference.norm(-1),
    "root": lambda difference: (difference**2).sum(-1).sqrt(),
    "by_component": lambda difference: difference.abs(),
    "roots_of_components": lambda difference: (difference**2).sqrt(),
}


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("kernel", SMOOTH)
def test_smooth_functions_of_a_distance_have_their_second_derivatives_between_equal_points(
    kernel: str, distance: str
) -> None:
    y = torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.3, -0.4]], dtype=torch.float64)

    def energy(x: Tensor) -> Tensor:
        return SMOOTH[kernel](DISTANCES[distance](Vi(x) - Vj(y))).sum(-1).sum(axis=1).sum()

    x = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    close = hessian(energy)(x.detach() + 1e-6).reshape(2, 2)
    (slope,) = torch.autograd.grad(energy(x), x, create_graph=True)
    backwards = torch.stack([torch.autograd.grad(entry, x, retain_graph=True)[0][0] for entry in slope[0]])
    for second in (hessian(energy)(x.detach()).reshape(2, 2), backwards):
        torch.testing.assert_close(second, close, rtol=1e-4, atol=1e-4)
    leaf = on_numpy.Vi(x.detach().numpy())
    laplacian = SMOOTH[kernel](DISTANCES[distance](leaf - on_numpy.Vj(y.numpy()))).sum(-1).laplacian(leaf)
    np.testing.assert_allclose(laplacian.sum(axis=1), close.trace(), rtol=1e-4)


def test_a_function_with_a_kink_has_second_derivative_zero_there() -> None:
    x, y = torch.zeros(1, 2, dtype=torch.float64), torch.zeros(1, 2, dtype=torch.float64)
    assert hessian(lambda x: (-(Vi(x) - Vj(y)).norm(-1)).exp().sum(axis=1).sum())(x).abs().max() == 0


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
    weight = apply("Exp", variable(len(inputs), 1, Category.COLUMN))
    if reduction.needs_weight:
        inputs.append(torch.rand(COLUMNS, 1, dtype=torch.float64))
    problem = example_problem(name, value, weight)

    def function(*given: Tensor) -> tuple[Tensor, ...]:
        outputs = TORCH.run(Call(problem, Extent(ROWS, COLUMNS), "float64", options=Options(threads=1)), given)
        return tuple(output for output in outputs if output.is_floating_point())

    return function, inputs


# ---------------------------------------------------------------- every operation under every reduction


def flat(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([t.detach().reshape(-1) for t in tensors])


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


def check_along_random_directions(function: Function, inputs: Sequence[Tensor], in_both_modes: bool = True) -> None:
    """Compare first and second derivatives with differences, the second ones in reverse mode or in both modes."""
    inputs = tuple(inputs)
    directions = tuple(torch.randn_like(t) for t in inputs)
    moved = [tuple(t + s * STEP * d for t, d in zip(inputs, directions, strict=True)) for s in (1, -1)]
    outputs, along = torch.func.jvp(function, inputs, directions)
    assert_derivative(flat(along), *(flat(function(*point)) for point in moved))
    weights = tuple(torch.randn_like(t) for t in outputs)

    def gradient(*given: Tensor, create_graph: bool = False) -> tuple[Tensor, ...]:
        return torch.autograd.grad(function(*given), given, weights, create_graph=create_graph)

    def differentiable(given: Sequence[Tensor]) -> list[Tensor]:
        return [t.detach().requires_grad_() for t in given]

    leaves = differentiable(inputs)
    gradients = gradient(*leaves, create_graph=True)
    assert_adjoint(flat(along), flat(weights), flat(gradients), flat(directions))
    # The second derivative is symmetric: its product with the directions is the change of the gradient along them.
    turned = [flat(second_derivative(gradients, leaves, directions))]
    if in_both_modes:
        pull_back = lambda *given: torch.func.vjp(function, *given)[1](weights)  # noqa: E731
        turned.append(flat(torch.func.jvp(pull_back, inputs, directions)[1]))
    changes = [flat(gradient(*differentiable(point))) for point in moved]
    for found in turned:
        assert_derivative(found, *changes)


def second_derivative(gradients: Sequence[Tensor], inputs: Sequence[Tensor], directions: Sequence[Tensor]) -> Any:
    slopes = [(g, d) for g, d in zip(gradients, directions, strict=True) if g.requires_grad]
    if not slopes:
        return [torch.zeros_like(t) for t in inputs]
    found, along = zip(*slopes, strict=True)
    return torch.autograd.grad(found, inputs, along, allow_unused=True, materialize_grads=True)


def one_case_each() -> list[Case]:
    return list({case[0]: case for case in reversed(all_cases())}.values())


OPERANDS = [case for case in one_case_each() if case[1]]


@pytest.mark.usefixtures("_by_definition")
@pytest.mark.parametrize("case", OPERANDS, ids=label)
def test_gradcheck_of_an_operation(case: Case) -> None:
    """PyTorch's own check, entry by entry; constants, which have no operands, have nothing to check."""
    function, inputs = reduced("Sum", *bundle([case]))
    given = tuple(t[:1].clone().requires_grad_() for t in inputs)
    assert gradcheck(function, given, check_undefined_grad=False)
    assert gradgradcheck(function, given, check_undefined_grad=False)


@pytest.mark.usefixtures("_by_definition")
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_every_operation_under_a_reduction(name: str) -> None:
    # A linear reduction shows what is wrong with an operation; the others show what is wrong with the combination.
    is_linear = REDUCTIONS[name].linear
    cases = all_cases() if is_linear else one_case_each()
    check_along_random_directions(*reduced(name, *bundle(cases)), in_both_modes=is_linear)


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        *(("Sum", [case]) for case in OPERANDS),
        *((name, [("Exp", (3,), ()), ("Divide", (3, 3), ())]) for name in DIFFERENTIABLE),
    ],
)
def test_gradients_of_both_sides_in_one_look(name: str, cases: Sequence[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every operation: the gradients are those of two looks at every pair."""
    function, inputs = reduced(name, *bundle(cases))
    leaves = [t.requires_grad_() for t in inputs]
    outputs = function(*leaves)
    weights = tuple(torch.randn_like(t) for t in outputs)
    expected = torch.autograd.grad(outputs, leaves, weights, retain_graph=True)
    looks = []

    def jointly(*args: Any) -> Any:
        found = run_jointly(*args)
        looks.append(found is not None)
        return found

    look_once(monkeypatch)
    monkeypatch.setattr(joint, "_is_large", lambda problem, across: False)
    monkeypatch.setattr(torch_operator, "run_jointly", jointly)
    found = torch.autograd.grad(outputs, leaves, weights)
    assert all(looks)
    assert looks or name != "Sum" or not all(bool(t.any()) for t in expected[:2])
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9 * float(other.abs().max()), equal_nan=True)


@pytest.mark.usefixtures("_by_definition")
def test_this_test_sees_a_wrong_derivative(monkeypatch: pytest.MonkeyPatch) -> None:
    value, arrays = bundle([("Exp", (3,), ()), ("Sin", (3,), ())])
    right = torch_operator.run

    def wrong(call: Call, arrays: Any) -> Any:
        outputs = right(call, arrays)
        return tuple(output * (1 + 1e-4 * (len(arrays) == 4)) for output in outputs)

    monkeypatch.setattr(torch_operator, "run", wrong)
    with pytest.raises(AssertionError):
        check_along_random_directions(*reduced("Sum", value, arrays))


@pytest.mark.usefixtures("_by_definition")
@pytest.mark.parametrize("name", INDICES)
def test_indices_have_no_derivative(name: str) -> None:
    value, arrays = bundle([("Exp", (3,), ())])
    problem = example_problem(name, value, value)
    inputs = [t.requires_grad_() for t in arrays]
    (found,) = TORCH.run(Call(problem, Extent(ROWS, COLUMNS), "float64"), inputs)
    assert (found.dtype, found.requires_grad) == (torch.int64, False)
    with pytest.raises(RuntimeError, match="does not require grad"):
        found.sum().backward()


# ---------------------------------------------------------------- every reduction on the engine


def example(name: str, shape: tuple[int, int]) -> tuple[Function, tuple[Tensor, ...]]:
    """Return a reduction with variables of all categories and a broadcast batch."""
    reduction = REDUCTIONS[name]
    rows, columns = shape
    # Small formulas: a second derivative has many kernels.
    dim = 1 if reduction.scalar_value or reduction.needs_weight else 2
    x, y = variable(0, dim, Category.ROW), variable(1, dim, Category.COLUMN)
    p, b = variable(2, 1, Category.PARAMETER), variable(3, 1, Category.COLUMN)
    difference = x - y
    value = p * difference * difference
    problem = example_problem(name, value, b)
    inputs = [torch.randn(2, rows, dim), torch.randn(1, columns, dim), torch.rand(1, 1), torch.rand(2, columns, 1)]
    count = 4 if reduction.needs_weight else 3

    def function(*given: Tensor) -> tuple[Tensor, ...]:
        outputs = TORCH.run(Call(problem, Extent(rows, columns, (2,)), "float64", options=Options(threads=1)), given)
        return tuple(output for output in outputs if output.is_floating_point())

    return function, tuple(t.double().requires_grad_() for t in inputs[:count])


WITH_WINNERS = [name for name in DIFFERENTIABLE if REDUCTIONS[name].finds_winners]
ON_THE_ENGINE = ("LogSumExp", "KMin")


def check(function: Function, inputs: tuple[Tensor, ...], has_derivative: bool) -> None:
    assert gradcheck(function, inputs, check_forward_ad=True)
    if has_derivative:  # PyTorch's own check takes derivatives that are 0 everywhere for missing ones
        assert gradgradcheck(function, inputs, check_fwd_over_rev=True)


@pytest.mark.usefixtures("_by_definition")
@pytest.mark.parametrize(
    ("name", "columns"), [(name, 4) for name in DIFFERENTIABLE] + [(name, 9) for name in WITH_WINNERS]
)
def test_gradcheck(name: str, columns: int) -> None:
    problem = example_problem(name, *VARIABLES)
    outputs = tuple(kind == "real" for kind in output_kinds(problem))
    check(*example(name, (2, columns)), has_derivative=bool(adjoint(problem, (0,), outputs)))


@pytest.mark.parametrize("name", ON_THE_ENGINE)
def test_gradcheck_on_the_engine(name: str) -> None:
    check(*example(name, (2, 4)), has_derivative=True)


@pytest.mark.usefixtures("_by_definition")
@pytest.mark.parametrize("zeros", [1, 2, 3, 4])
def test_products_of_zeros_have_derivatives(zeros: int) -> None:
    routine = Genred("x * y", ["x = Vi(1)", "y = Vj(1)"], "Prod", axis=1)
    x, y = torch.ones(1, 1, dtype=torch.float64), torch.arange(5, dtype=torch.float64)[:, None] + 1.5
    y[:zeros] = 0.0

    def product(y: Tensor) -> Tensor:
        return routine(x, y).sum()

    def dense(y: Tensor) -> Tensor:
        return functools.reduce(operator.mul, y[:, 0])

    for transform in (grad, hessian, lambda f: jacrev(hessian(f)), lambda f: jacfwd(jacfwd(jacfwd(f)))):
        torch.testing.assert_close(transform(product)(y), transform(dense)(y))


def _kernel(x: Tensor, y: Tensor, b: Tensor, axis: int) -> Tensor:
    return ((-Vi(x).sqdist(Vj(y))).exp() * Vj(b)).sum(axis)  # type: ignore[no-any-return]


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_derivatives_own_their_memory(axis: int, dtype: torch.dtype) -> None:
    """Those of one side come out of one reduction, side by side."""
    inputs = [torch.rand(6, 3).to(dtype), torch.rand(7, 3).to(dtype), torch.rand(7, 2).to(dtype)]
    program = functools.partial(_kernel, axis=axis)
    tracked = [t.requires_grad_() for t in inputs]
    first = torch.autograd.grad(program(*tracked).sum(), tracked, create_graph=True)
    assert_owned(*first, *torch.autograd.grad(sum(g.sin().sum() for g in first), tracked))
    plain = [t.detach() for t in inputs]
    assert_owned(*torch.func.grad(lambda *given: program(*given).sum(), (0, 1, 2))(*plain))
    assert_owned(torch.func.jvp(program, tuple(plain), tuple(plain))[1])
    assert_owned(torch.func.vmap(program)(*(torch.stack([t, t]) for t in plain)))
    matrix = Vi(plain[0]).sqdist(Vj(plain[1]))
    assert_owned(matrix.dense(), matrix.T.dense(), matrix.rows(2), matrix @ plain[2], matrix.sum((0, 1)))


@pytest.mark.parametrize("name", ["Min", "KMin", "Max", "Var", "Prod", "LogSumExp"])
def test_derivatives_of_reductions_own_their_memory(name: str) -> None:
    inputs = [torch.rand(4, 2).requires_grad_(), torch.rand(9, 2).requires_grad_(), torch.rand(9, 1).requires_grad_()]
    x, y, b = inputs
    found = (Vi(x).sqdist(Vj(y)) + Vj(b)).reduction(name, axis=1, opt_arg=2 if name == "KMin" else None)
    assert_owned(*torch.autograd.grad(found.sum(), inputs))


def test_solutions_own_their_memory() -> None:
    x, b = torch.rand(6, 3).requires_grad_(), torch.rand(6, 2).requires_grad_()
    solution = (-Vi(x).sqdist(Vj(x))).exp().solve(b, alpha=0.1)
    assert_owned(solution, *torch.autograd.grad(solution.sum(), (x, b)))
