"""Memory, threads and work: nothing leaks, nothing is computed without need."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import pairfold.torch as pf
from pairfold.api.request import Request
from pairfold.engine import Call, run
from pairfold.ir.call import Extent
from pairfold.ir.expr import Category, variables
from pairfold.reductions import REDUCTIONS
from pairfold.targets import reference
from pairfold.torch import operator as torch_operator
from tests.torch.dense import PAIRS, arguments

pytestmark = pytest.mark.cpu  # they watch the engine of the CPU


@pytest.fixture
def _by_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Carry out all reductions by the definition of the language, which needs no time for machine code."""
    monkeypatch.setattr(torch_operator, "run", reference.run)


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The problems that the engine carries out."""
    found: list[Any] = []
    right = torch_operator.run

    def spy(call: Call, arrays: Any) -> Any:
        found.append(call.problem)
        return right(call, arrays)

    monkeypatch.setattr(torch_operator, "run", spy)
    return found


def test_a_backward_pass_is_two_kernels_at_most(launches: list[Any]) -> None:
    routine = PAIRS["Sum"].routine
    for names, passes in {"xybp": 2, "x": 1, "y": 1, "b": 1, "p": 1, "xp": 1, "yp": 1, "yb": 1, "xb": 2}.items():
        given = [t.requires_grad_(name in names) for name, t in zip("xybp", arguments(), strict=True)]
        launches.clear()
        found = routine(*given)
        assert len(launches) == 1
        found.sum().backward()
        assert len(launches) == 1 + passes, names
        for name, t in zip("xybp", given, strict=True):
            assert (t.grad is not None) == (name in names)


FORWARD_AND_BACKWARD = {
    "Sum": (1, 2),
    "Mean": (1, 2),
    "Var": (1, 2),
    "LogSumExp": (1, 2),
    "LogSumExpWeight": (1, 2),
    "SumSoftMaxWeight": (1, 2),
    # One more for what the derivative needs of a product, whose own kernel is cheaper without.
    "Prod": (1, 3),
    # The entries that attain them are known.
    "Min": (1, 1),
    "Max": (1, 1),
    "KMin": (1, 1),
    # 0 everywhere.
    "Any": (1, 0),
}


@pytest.mark.usefixtures("_by_definition")
@pytest.mark.parametrize("name", FORWARD_AND_BACKWARD)
def test_kernels_of_a_reduction_and_its_gradients(name: str, launches: list[Any]) -> None:
    reduction = REDUCTIONS[name]
    routine = pf.Genred(
        "p * SqDist(x, y) + b",
        ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)", "p = Pm(1)"],
        name,
        axis=1,
        opt_arg=2 if reduction.needs_k else None,
        formula2="Square(b)" if reduction.needs_weight else None,
    )
    found = routine(*(t.requires_grad_() for t in arguments()))
    forward = len(launches)
    found.sum().backward()
    assert (forward, len(launches) - forward) == FORWARD_AND_BACKWARD[name]


def test_a_backward_pass_to_the_rows_does_not_read_what_it_does_not_need(launches: list[Any]) -> None:
    x, y, b, p = arguments()
    PAIRS["Sum"].routine(x, y, b.requires_grad_(), p).sum().backward()
    (value,) = launches[-1].roots
    # The kernel of the gradient of b is exp(-p |x - y|^2) g: b is no part of it.
    assert sorted(node.category for node in variables(value)) == [
        Category.ROW,
        Category.COLUMN,
        Category.COLUMN,
        Category.PARAMETER,
    ]


def test_minima_are_differentiated_at_the_winners_only(launches: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def spy(call: Call, arrays: Any) -> Any:
        sizes.append(call.extent[:2])
        return run(call, arrays)

    monkeypatch.setattr(torch_operator, "run", spy)
    given = [t.requires_grad_() for t in arguments(6, 50)]
    PAIRS["KMin"].routine(*given).sum().backward()
    assert sizes == [(6, 50), (18, 1)]


def test_gathering_winners_does_not_exceed_linear_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    from pairfold.api import derivatives

    given = [t.requires_grad_() for t in arguments(6, 50)]
    few = torch.autograd.grad(PAIRS["KMin"].routine(*given).sin().sum(), given)
    monkeypatch.setattr(derivatives, "LARGEST_GATHER", 0)
    torch.testing.assert_close(torch.autograd.grad(PAIRS["KMin"].routine(*given).sin().sum(), given), few)


def test_reductions_without_gradients_carry_no_more_than_was_asked_for(launches: list[Any]) -> None:
    nearest = pf.Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], "Min", axis=1)
    x, y, *_ = arguments()
    nearest(x, y)
    nearest(x.requires_grad_(), y)
    with torch.no_grad():
        nearest(x, y)
    assert [problem.reduction.name for problem in launches] == ["Min", "Min_ArgMin", "Min"]


def growth(work: Callable[[], None], times: int) -> tuple[int, int]:
    """Return how many tensors and how many blocks of memory of Python are left over after `times` calls of `work`."""
    # Caches of Python and PyTorch fill up first.
    for _ in range(times // 10):
        work()
    gc.collect()
    tensors, blocks = count_tensors(), sys.getallocatedblocks()
    for _ in range(times):
        work()
    gc.collect()
    return count_tensors() - tensors, sys.getallocatedblocks() - blocks


def count_tensors() -> int:
    return sum(issubclass(type(o), Tensor) for o in gc.get_objects())


def test_ten_thousand_calls_leave_nothing() -> None:
    x, y, b, p = (t.requires_grad_() for t in arguments())
    routine = PAIRS["Sum"].routine

    def work() -> None:
        routine(x, y, b, p).sum().backward()
        for t in (x, y, b, p):
            t.grad = None

    tensors, grown = growth(work, 10_000)
    assert tensors <= 0  # those of earlier tests may go meanwhile
    assert grown < 1000


def test_derivatives_of_all_sorts_leave_nothing() -> None:
    given = [t.requires_grad_() for t in arguments(20, 20)]

    def work() -> None:
        for pair in PAIRS.values():
            first = torch.autograd.grad(pair.routine(*given).sum(), given, create_graph=True)
            torch.autograd.grad(sum(g.sum() for g in first), given, allow_unused=True)
        x, y, *_ = given
        ((pf.Vi(x) - pf.Vj(y)) ** 2).sum(-1).logsumexp(1).sum().backward()
        for t in given:
            t.grad = None

    tensors, grown = growth(work, 40)
    assert tensors <= 0
    assert grown < 1000


def test_a_leak_would_be_seen() -> None:
    kept: list[Tensor] = []
    tensors, grown = growth(lambda: kept.append(torch.ones(1)), 2000)
    assert tensors == 2000
    assert grown > 1000


def test_a_graph_is_freed_with_its_result() -> None:
    import weakref

    x, y, b, p = (t.requires_grad_() for t in arguments())
    product = x * 2
    ghost = weakref.ref(product)
    result = PAIRS["LogSumExp"].routine(product, y, b, p)
    del product
    assert ghost() is not None
    del result
    assert ghost() is None


def test_derivatives_on_many_threads() -> None:
    pairs = list(PAIRS.values())
    wanted = {}
    points = {number: [t.requires_grad_() for t in arguments(30, 40)] for number in range(6)}
    for number, given in points.items():
        pair = pairs[number % len(pairs)]
        wanted[number] = torch.autograd.grad(pair.dense(*given).sin().sum(), given)
    failures: list[str] = []

    def work(number: int) -> None:
        given = points[number]
        pair = pairs[number % len(pairs)]
        for _ in range(20):
            found = torch.autograd.grad(pair.routine(*given).sin().sum(), given)
            for one, other in zip(found, wanted[number], strict=True):
                if not torch.allclose(one, other):
                    failures.append(f"{number}: {one} {other}")

    threads = [threading.Thread(target=work, args=(number,)) for number in points]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_request_is_the_same_after_a_trip_through_text() -> None:
    from pairfold.ir.problem import Problem
    from pairfold.transform.derivatives import adjoint, numbered
    from tests.torch.test_derivatives import DIFFERENTIABLE, bundle, one_case_each

    value, _ = bundle(one_case_each())
    problem, _ = numbered(Problem(value, REDUCTIONS["Sum"]))
    problems = [problem, *(one.problem for one in adjoint(problem, (0, 1), (True,)))]
    for one in problems:
        again = Request.from_text(Request(Call(one, Extent(3, 4), "float32")).text, Extent(5, 6), "float64").call
        assert (again.problem, again.extent, again.dtype) == (one, Extent(5, 6), "float64")
        assert again.problem.value is one.value
    assert len(DIFFERENTIABLE) > 10
