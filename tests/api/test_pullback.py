"""Gradients of reductions of NumPy arrays, first and second, against those of PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from pairfold.api.adapter import NUMPY
from pairfold.api.options import make_options, make_problem
from pairfold.api.pullback import GradientRoutine
from pairfold.api.routine import Routine
from pairfold.errors import ArgumentValueError, NotDifferentiableError
from pairfold.pykeops.core_formula import parse_core
from pairfold.torch import Genred

RNG = np.random.default_rng(0)
ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(2)", "p = Pm(1)"]
ARGS = [RNG.normal(size=(4, 2)), RNG.normal(size=(5, 2)), RNG.uniform(1, 2, size=(5, 2)), np.array([0.7])]
F = "p * Exp(-SqDist(x, y)) + (x | y)"


def routine(text: str) -> Routine:
    core = parse_core(text, ALIASES)
    problem = make_problem(core.value, core.reduction, core.weight, core.k, core.axis)
    return Routine(problem, core.axis, core.arguments, make_options(core.reduction), NUMPY)


def joined(outputs: Any) -> torch.Tensor:
    found = outputs if isinstance(outputs, tuple) else (outputs,)
    return torch.cat([one.reshape(one.shape[0], -1) for one in found if one.is_floating_point()], 1)


def expected(leaves: list[torch.Tensor], of: torch.Tensor, by: torch.Tensor, along: torch.Tensor) -> torch.Tensor:
    (found,) = torch.autograd.grad((of * along).sum(), by, create_graph=True, allow_unused=True)
    return torch.zeros_like(by) if found is None else found


CASES = [
    ("Sum", f"Sum_Reduction(({F}) * b, 0)", f"({F}) * b", {}),
    ("LogSumExp", f"LogSumExp_Reduction({F}, 0)", F, {}),
    ("KMin", f"KMin_Reduction(({F}) * b, 2, 0)", f"({F}) * b", {"opt_arg": 2}),
    ("Max_SumShiftExp", f"Max_SumShiftExp_Reduction({F}, 0)", F, {}),
    ("SumSoftMaxWeight", f"SumSoftMaxWeight_Reduction({F}, 0, x * y)", F, {"formula2": "x * y"}),
]


def differentiated(case: tuple[str, str, str, dict[str, Any]], axis: int) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Return the arguments, the cotangent last, and the result in PyTorch."""
    name, _, formula, options = case
    leaves = [torch.tensor(array, requires_grad=True) for array in ARGS]
    outputs = joined(Genred(formula, ALIASES, name, axis=axis, **options)(*leaves))
    return [*leaves, torch.tensor(RNG.normal(size=outputs.shape), requires_grad=True)], outputs


@pytest.mark.parametrize(("case", "axis"), [(case, 1) for case in CASES] + [(case, 0) for case in CASES[:3]])
def test_first_gradients(case: tuple[str, str, str, dict[str, Any]], axis: int) -> None:
    text = case[1] if axis == 1 else ", 1".join(case[1].rsplit(", 0", 1))
    leaves, outputs = differentiated(case, axis)
    for position in range(4):
        once = expected(leaves, outputs, leaves[position], leaves[4])
        found = GradientRoutine(routine(text), [(position, None)])([leaf.detach().numpy() for leaf in leaves])
        np.testing.assert_allclose(found, once.detach().numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("case", CASES[1:4])
def test_second_gradients(case: tuple[str, str, str, dict[str, Any]]) -> None:
    leaves, outputs = differentiated(case, 1)
    along = torch.tensor(RNG.normal(size=ARGS[1].shape))
    once = expected(leaves, outputs, leaves[1], leaves[4])
    arrays = [*(leaf.detach().numpy() for leaf in leaves), along.numpy()]
    for position in (0, 4):
        twice = expected(leaves, once, leaves[position], along)
        found = GradientRoutine(routine(case[1]), [(1, None), (position, None)])(arrays)
        np.testing.assert_allclose(found, twice.detach().numpy(), rtol=1e-10, atol=1e-12)


def test_a_cotangent_may_be_a_formula() -> None:
    core = parse_core("Grad(LogSumExp_Reduction(x | y, 0), y, 2 * Sum(x))", ALIASES)
    (step,) = core.gradients
    plain = routine("LogSumExp_Reduction(x | y, 0)")
    found = GradientRoutine(plain, [step])(ARGS)
    given = GradientRoutine(plain, [(1, None)])([*ARGS, 2 * ARGS[0].sum(1, keepdims=True)])
    np.testing.assert_allclose(found, given)


def test_batches_and_repeated_arguments_are_summed() -> None:
    x = RNG.normal(size=(3, 4, 2))
    e = RNG.normal(size=(3, 4, 1))
    gradient = GradientRoutine(routine(f"LogSumExp_Reduction({F}, 0)"), [(1, None)])
    found = gradient([x, *ARGS[1:], e])
    single = sum(gradient([one, *ARGS[1:], along]) for one, along in zip(x, e, strict=True))
    np.testing.assert_allclose(found, single)


def test_nothing_to_reduce() -> None:
    gradient = GradientRoutine(routine(f"Min_Reduction({F}, 0)"), [(1, None)])
    found = gradient([np.empty((0, 2)), *ARGS[1:], np.empty((0, 1))])
    np.testing.assert_array_equal(found, np.zeros((5, 2)))


def test_what_has_no_gradient() -> None:
    with pytest.raises(NotDifferentiableError, match="ArgMin has no derivative"):
        GradientRoutine(routine(f"ArgMin_Reduction({F}, 0)"), [(0, None)])
    with pytest.raises(ArgumentValueError, match="There is no argument number 7 to differentiate by; there are 4"):
        GradientRoutine(routine(f"Min_Reduction({F}, 0)"), [(7, None)])
    core = parse_core("Grad(Min_Reduction(x | y, 0), x, Sum(y))", ALIASES)
    with pytest.raises(ArgumentValueError, match="applied to what is indexed like the result"):
        GradientRoutine(routine("Min_Reduction(x | y, 0)"), core.gradients)
