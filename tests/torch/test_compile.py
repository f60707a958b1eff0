"""torch.compile with fullgraph=True: no graph break, the same numbers, the same derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._dynamo.testing import CompileCounterWithBackend
from torch.func import grad, hessian, jvp, vmap

import pairfold.torch as pf
from pairfold.api.request import Request
from pairfold.errors import ArgumentTypeError
from pairfold.torch.cluster import band, from_matrix
from pairfold.torch.operator import OPERATOR
from tests.comparison import assert_owned
from tests.torch.dense import PAIRS, arguments

Function = Callable[..., Tensor]

BACKENDS = ("eager", "aot_eager")


@pytest.fixture(autouse=True)
def _fresh_compiler() -> None:
    torch.compiler.reset()


def compiled(function: Callable[..., Any], backend: str = "aot_eager", **kwargs: Any) -> Callable[..., Any]:
    found: Callable[..., Any] = torch.compile(function, fullgraph=True, backend=backend, **kwargs)
    return found


def lazy_kernel(x: Tensor, y: Tensor, p: Any) -> Any:
    return (-((pf.LazyTensor(x[:, None, :]) - pf.LazyTensor(y[None])) ** 2).sum(-1) * p).exp()


# ---------------------------------------------------------------- routines


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", PAIRS)
def test_a_routine_and_its_derivatives(name: str, backend: str) -> None:
    pair = PAIRS[name]
    given = [t.requires_grad_() for t in arguments()]
    found, expected = compiled(pair.routine, backend)(*given), pair.dense(*given)
    torch.testing.assert_close(found, expected)
    gradients = torch.autograd.grad(found.sin().sum(), given)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected.sin().sum(), given))


def test_transforms_inside_of_a_compiled_function() -> None:
    pair, given = PAIRS["LogSumExp"], arguments()

    def transformed(f: Function) -> Callable[..., Any]:
        def function(x: Tensor, y: Tensor, b: Tensor, p: Tensor) -> Any:
            number = lambda *args: f(*args).sin().sum()  # noqa: E731
            along = jvp(f, (x, y, b, p), (x, y, b, p))
            return (
                grad(number, (0, 3))(x, y, b, p),
                hessian(number, 3)(x, y, b, p),
                along,
                vmap(f)(*(t[None] for t in (x, y, b, p))),
            )

        return function

    torch.testing.assert_close(compiled(transformed(pair.routine))(*given), transformed(pair.dense)(*given))


def test_sizes_that_change_from_call_to_call() -> None:
    pair = PAIRS["Sum"]
    routine, lazy = compiled(pair.routine), compiled(lambda x, y, b, p: lazy_kernel(x, y, p) @ b)
    for rows in range(3, 15):
        given = [t.requires_grad_() for t in arguments(rows, 2 * rows)]
        expected = torch.autograd.grad(pair.dense(*given).sin().sum(), given)
        for function in (routine, lazy):
            torch.testing.assert_close(torch.autograd.grad(function(*given).sin().sum(), given), expected)


def test_sizes_that_are_symbols_from_the_first_call() -> None:
    graphs = CompileCounterWithBackend("aot_eager")
    program = torch.compile(lazily_smoothed, fullgraph=True, backend=graphs, dynamic=True)
    for rows in (3, 4, 9):
        x, y, *_ = (t.requires_grad_() for t in arguments(rows, 2 * rows))
        found, expected = program(x, y), lazily_smoothed(x, y)
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(
            torch.autograd.grad(found.sum(), (x, y)), torch.autograd.grad(expected.sum(), (x, y))
        )
    assert graphs.frame_count == 1


def lazily_smoothed(x: Tensor, y: Tensor) -> Any:
    return (pf.Vi(x) - pf.Vj(y)).sqnorm2().logsumexp(1).sin()


X_AND_Y = ["x = Vi(2)", "y = Vj(2)"]
MADE_INSIDE: dict[str, Callable[[], Function]] = {
    "Genred": lambda: pf.Genred("SqDist(x, y)", X_AND_Y, axis=1),
    "keywords": lambda: pf.Genred("SqDist(x, y)", tuple(X_AND_Y), reduction_op="KMin", axis=1, opt_arg=2),
    "generic_sum": lambda: pf.generic_sum("SqDist(x, y)", "a = Vj(1)", *X_AND_Y),
    "KernelSolve": lambda: pf.KernelSolve("Exp(-SqDist(x, y)) * a", [*X_AND_Y, "a = Vj(2)"], "a", axis=1),
}


@pytest.mark.parametrize("name", MADE_INSIDE)
def test_routines_that_are_made_in_a_compiled_function(name: str) -> None:
    x, *_ = (t.requires_grad_() for t in arguments())

    def function(x: Tensor) -> Tensor:
        return MADE_INSIDE[name]()(*((x, x, x) if name == "KernelSolve" else (x, x + 1)))

    found, expected = compiled(function)(x), function(x)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(torch.autograd.grad(found.sum(), x), torch.autograd.grad(expected.sum(), x))


def test_what_is_wrong_with_a_routine_that_is_made_in_a_compiled_function() -> None:
    def function(x: Tensor) -> Any:
        return pf.Genred("SqDest(x, x)", ["x = Vi(2)"], axis=1)(x)

    with pytest.raises(Exception, match="SqDest"):
        compiled(function)(arguments()[0])


def test_numbers_and_out() -> None:
    routine = pf.Genred("Exp(-p * SqDist(x, y))", ["p = Pm(1)", "x = Vi(2)", "y = Vj(2)"], axis=1)
    x, y, *_ = arguments()

    def function(x: Tensor, y: Tensor, p: float) -> Tensor:
        return routine(p, x, y, out=torch.empty(3, 1, dtype=torch.float64)) + routine(0.5, x, y)  # type: ignore[no-any-return]

    compiled_function = compiled(function)
    for p in (0.3, 0.7, 1.1):
        torch.testing.assert_close(compiled_function(x, y, p), routine(p, x, y) + routine(0.5, x, y))


def test_ranges_are_tensors() -> None:
    pair, given = PAIRS["Sum"], [t.requires_grad_() for t in arguments(6, 6)]
    blocks = torch.tensor([[0, 3], [3, 6]])
    ranges = from_matrix(blocks, blocks, torch.eye(2, dtype=torch.bool))

    def function(ranges: Any, *args: Tensor) -> Tensor:
        return pair.routine(*args, ranges=ranges)  # type: ignore[call-arg]

    found, expected = compiled(function)(ranges, *given), function(ranges, *given)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(torch.autograd.grad(found.sum(), given), torch.autograd.grad(expected.sum(), given))
    wrong = (ranges[0], ranges[1] + 1, *ranges[2:])
    with pytest.raises(Exception, match="slices_i ends at"):
        compiled(function)(wrong, *given)


def test_masks_are_refused_with_advice() -> None:
    with pytest.raises(Exception, match=r"Inside of torch.compile, ranges are six tensors"):
        compiled(lambda *args: PAIRS["Sum"].routine(*args, ranges=band(1)))(*arguments(6, 6))  # type: ignore[call-arg]


# ---------------------------------------------------------------- LazyTensors

LAZY: dict[str, Callable[..., Any]] = {
    "operators with tensors": lambda x, y, b, p: (p * lazy_kernel(x, y, p) / p - p + 1 - 0.25).sum(1),
    "powers": lambda x, y, b, p: ((lazy_kernel(x, y, p) ** 2) ** 0.5 + 2 ** lazy_kernel(x, y, p)).sum(0),
    "comparisons": lambda x, y, b, p: ((lazy_kernel(x, y, p) < 0.5) + (lazy_kernel(x, y, p) > 0.25)).sum(1),
    "products": lambda x, y, b, p: (
        lazy_kernel(x, y, p).T @ (lazy_kernel(x, y, p) @ b) + (b.T @ lazy_kernel(x, y, p).T @ lazy_kernel(x, y, p)).T
    ),
    "components": lambda x, y, b, p: (pf.Vi(x)[..., 1] * pf.Vj(y)[:, :, 0:2]).max(axis=0),
    "joining": lambda x, y, b, p: pf.LazyTensor.cat((pf.Vi(x), pf.Vj(y), pf.Vj(b))).sum(axis=1),
    "variables": lambda x, y, b, p: (pf.Vi(x).sqdist(pf.Vj(y)) * pf.Pm(p)).logsumexp(dim=1, weight=pf.Vj(b * b)),
    "several outputs": lambda x, y, b, p: pf.Vi(x).sqdist(pf.Vj(y)).min_argmin(dim=1)[0],
    "several axes": lambda x, y, b, p: (pf.Vi(x) - pf.Vj(y)).sum(axis=(0, 1)),
    "complex numbers": lambda x, y, b, p: abs(((pf.Vi(x) | pf.Vj(y)).exp1j() * pf.Vj(b)).sum(axis=1)),
    "entries": lambda x, y, b, p: lazy_kernel(x, y, p).dense().sum((1, 2)),
    "a linear system": lambda x, y, b, p: lazy_kernel(x, x, p).solve(x, alpha=0.5, rtol=1e-12),
    "facts": lambda x, y, b, p: (
        lazy_kernel(x, y, p) * (lazy_kernel(x, y, p).shape[0] + lazy_kernel(x, y, p).dim())
    ).sum(1),
}


@pytest.mark.parametrize("name", LAZY)
def test_a_program_on_lazy_tensors(name: str) -> None:
    given = [t.requires_grad_() for t in arguments(4, 6)]
    function = LAZY[name]
    found, expected = compiled(function)(*given), function(*given)
    torch.testing.assert_close(found, expected)
    if expected.requires_grad:
        gradients = torch.autograd.grad(found.sin().sum(), given, allow_unused=True, materialize_grads=True)
        wanted = torch.autograd.grad(expected.sin().sum(), given, allow_unused=True, materialize_grads=True)
        torch.testing.assert_close(gradients, wanted)


def test_ranges_of_a_lazy_tensor() -> None:
    x, y, b, p = arguments(6, 6)
    blocks = torch.tensor([[0, 3], [3, 6]])
    ranges = from_matrix(blocks, blocks, torch.eye(2, dtype=torch.bool))

    def function(ranges: Any) -> Tensor:
        kernel = lazy_kernel(x, y, p)
        kernel.ranges = ranges
        found: Tensor = (kernel * 2).T @ b
        return found

    torch.testing.assert_close(compiled(function)(ranges), function(ranges))


def test_a_square_matrix_and_a_vector_are_ambiguous() -> None:
    x, _, _, p = arguments(4, 4)
    function = compiled(lambda x, v: lazy_kernel(x, x, p) @ v)
    with pytest.raises(Exception, match=r"cannot be told whether K @ v or v @ K was meant"):
        function(x, x[:, 0])
    found = compiled(lambda x, v: lazy_kernel(x, x, p).matvec(v))(x, x[:, 0])
    torch.testing.assert_close(found, lazy_kernel(x, x, p) @ x[:, 0])


def test_reductions_that_wait_are_refused() -> None:
    with pytest.raises(Exception, match="a reduction must give tensors; found LazyReduction"):
        compiled(lambda x, y: lazy_kernel(x, y, 1.0).sum(axis=1, call=False)())(*arguments()[:2])


def test_functions_of_pytorch_do_not_take_lazy_tensors() -> None:
    with pytest.raises(Exception, match="This function of PyTorch does not take LazyTensors"):
        compiled(lambda x, y: torch.exp(lazy_kernel(x, y, 1.0)))(*arguments()[:2])


# ---------------------------------------------------------------- linear systems


def test_a_solver() -> None:
    solver = pf.KernelSolve(
        "Exp(-p * SqDist(x, y)) * a", ["p = Pm(1)", "x = Vi(2)", "y = Vj(2)", "a = Vj(1)"], "a", axis=1
    )
    x, _y, b, p = (t.requires_grad_() for t in arguments(5, 5))

    def function(p: Tensor, x: Tensor, b: Tensor) -> Tensor:
        return solver(p, x, x, b, alpha=0.5, rtol=1e-12, preconditioner="nystrom")  # type: ignore[no-any-return]

    found, expected = compiled(function)(p, x, b), function(p, x, b)
    torch.testing.assert_close(found, expected)
    given = (p, x, b)
    torch.testing.assert_close(
        torch.autograd.grad(found.sin().sum(), given), torch.autograd.grad(expected.sin().sum(), given)
    )


# ---------------------------------------------------------------- the operator itself


@pytest.mark.parametrize("name", PAIRS)
def test_the_operator_keeps_the_rules_of_pytorch(name: str) -> None:
    given = [t.requires_grad_() for t in arguments()]
    call = PAIRS[name].routine._routine.plan(given).call  # type: ignore[attr-defined]
    torch.library.opcheck(OPERATOR, (Request(call).text, given, [], 3, 5, []))


def test_meta_tensors_have_shapes_only() -> None:
    found = PAIRS["KMin"].routine(*(t.to("meta") for t in arguments()))
    assert (found.device.type, tuple(found.shape), found.dtype) == ("meta", (3, 3), torch.float64)


def test_a_preconditioner_of_ones_own_cannot_be_in_a_graph() -> None:
    x, _, b, _ = arguments(4, 4)
    solver = pf.KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(2)", "y = Vj(2)", "a = Vj(1)"], "a", axis=1)
    with pytest.raises(ArgumentTypeError, match="cannot be solved with a function as preconditioner"):
        grad(lambda b: solver(x, x, b, alpha=1.0, preconditioner=lambda r: r).sum())(b)
    with pytest.raises(ArgumentTypeError, match="cannot be solved with a report"):
        grad(lambda b: solver(x, x, b, alpha=1.0, return_report=True)[0].sum())(b)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_compiled_gradients_own_their_memory(dtype: torch.dtype) -> None:
    inputs = [torch.rand(6, 3).to(dtype), torch.rand(7, 3).to(dtype), torch.rand(7, 2).to(dtype)]
    tracked = [t.requires_grad_() for t in inputs]
    compiled = torch.compile(
        lambda x, y, b: ((-pf.Vi(x).sqdist(pf.Vj(y)) / 1e5).exp() * pf.Vj(b)).sum(1), backend="aot_eager"
    )
    found = compiled(*tracked)
    x, y, b = (t.detach().double() for t in inputs)
    torch.testing.assert_close(found, ((-(torch.cdist(x, y) ** 2) / 1e5).exp() @ b).to(dtype))
    assert_owned(found, *torch.autograd.grad(found.sum(), tracked))
