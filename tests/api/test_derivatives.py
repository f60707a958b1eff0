"""The algebra of derivatives on NumPy arrays: no framework that differentiates is needed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pairfold.api.adapter import NUMPY
from pairfold.api.derivatives import Calculus, Reduced
from pairfold.api.linear_system import System, solve_call
from pairfold.api.request import Request
from pairfold.numpy import Genred
from pairfold.sparsity.masks import band

Array = np.ndarray[Any, Any]


def reduce(request: Request, arrays: Sequence[Array]) -> tuple[Array, ...]:
    if request.system is None:
        return NUMPY.run(request.call, arrays)
    *given, alpha = arrays
    return (solve_call(NUMPY, NUMPY.run, request.call, request.system, given, float(alpha.ravel()[0])),)


def scattered(part: Array, index: Array, shape: tuple[int, ...]) -> Array:
    total = np.zeros(shape)
    columns = np.arange(shape[-1])
    for place in np.ndindex(*index.shape[:-1]):
        total[(*place[:-1], index[place][0], columns)] += part[place]
    return total


CALCULUS = Calculus(NUMPY, reduce, lambda array, index: np.take_along_axis(array, index, -2), scattered)

RANDOM = np.random.default_rng(7)
ALIASES = ["x = Vi(2)", "y = Vj(2)", "p = Pm(1)"]
FORMULA = "p * SqDist(x, y) + (x | y)"
CASES = {
    "Sum": ("Exp(-SqDist(x, y)) * y * p", {}),
    "LogSumExp": (FORMULA, {}),
    "Min": (FORMULA, {"reduction_op": "Min"}),
    "KMin": (FORMULA, {"reduction_op": "KMin", "opt_arg": 2}),
    "Max of vectors": ("Sin(p * x * y)", {"reduction_op": "Max_ArgMax"}),
}


def given(batch: tuple[int, ...] = ()) -> list[Array]:
    return [RANDOM.random((*batch, 4, 2)), RANDOM.random((3, 2)) + 0.1, RANDOM.random((*batch, 1)) + 0.5]


def reduced(request: Request, arrays: Sequence[Array]) -> Reduced:
    return Reduced(CALCULUS, request, arrays, reduce(request, arrays))


def check(request: Request, arrays: Sequence[Array]) -> None:
    """Compare both modes with finite differences along random directions."""
    of = reduced(request, arrays)
    directions = [RANDOM.random(array.shape) for array in arrays]
    step = 1e-6
    two = [reduce(request, [a + sign * step * d for a, d in zip(arrays, directions, strict=True)]) for sign in (1, -1)]
    slopes = [(up - down) / (2 * step) for up, down in zip(*two, strict=True)]
    moved = of.push_forward(dict(enumerate(directions)))
    cotangents = [RANDOM.random(out.shape) if out.dtype.kind == "f" else None for out in of.outputs]
    found = of.pull_back(tuple(range(len(arrays))), cotangents)
    for number, array in found.items():
        assert array.shape == arrays[number].shape
        assert array.flags.c_contiguous
    along = sum(float((found[k] * d).sum()) for k, d in enumerate(directions))
    expected = 0.0
    for number, (slope, g) in enumerate(zip(slopes, cotangents, strict=True)):
        if g is not None:
            np.testing.assert_allclose(moved[number], slope, rtol=1e-5, atol=1e-7)
            expected += float((g * slope).sum())
    assert along == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("batch", [(), (2,)], ids=["plain", "batch"])
@pytest.mark.parametrize("name", CASES)
def test_both_modes(name: str, batch: tuple[int, ...]) -> None:
    formula, options = CASES[name]
    routine = Genred(formula, ALIASES, **{"reduction_op": name, "axis": 1, **options})._routine
    arrays = given(batch)
    plan = routine.plan(arrays)
    call = plan.call if name != "Min" else replace(plan.call, problem=_with_winners(plan.call.problem))
    check(Request(call), routine.prepared(plan, arrays))


def _with_winners(problem: Any) -> Any:
    from pairfold.transform.derivatives import differentiable_form  # noqa: PLC0415

    return differentiable_form(problem).problem


def test_ranges() -> None:
    routine = Genred(CASES["Sum"][0], ALIASES, axis=1)._routine
    arrays = given()
    plan = routine.plan(arrays)
    check(Request(replace(plan.call, ranges=band(1).ranges(4, 3))), arrays)


def test_solutions_of_linear_systems() -> None:
    routine = Genred("Exp(-p * SqDist(x, y)) * b", [*ALIASES, "b = Vj(2)"], axis=1)._routine
    x, p, b = RANDOM.random((5, 2)), np.ones(1), RANDOM.random((5, 2))
    call = routine.plan([x, x, p, b]).call
    request = Request(call, system=System(3, (("rtol", 1e-12),)))
    alpha = np.array([0.5])
    of = reduced(request, [x, x, p, b, alpha])
    kernel = np.exp(-((x[:, None] - x) ** 2).sum(-1)) + 0.5 * np.eye(5)
    np.testing.assert_allclose(of.outputs[0], np.linalg.solve(kernel, b))
    g = RANDOM.random((5, 2))
    found = of.pull_back((3, 4), (g,))
    np.testing.assert_allclose(found[3], np.linalg.solve(kernel, g))
    np.testing.assert_allclose(found[4], [-(np.linalg.solve(kernel, g) * of.outputs[0]).sum()])
    np.testing.assert_allclose(of.push_forward({3: g})[0], np.linalg.solve(kernel, g))


def test_nothing_is_reduced() -> None:
    routine = Genred("x * y * p", ALIASES, axis=1)._routine
    arrays = [np.ones((0, 2)), np.ones((3, 2)), np.ones(1)]
    of = reduced(Request(routine.plan(arrays).call), arrays)
    found = of.pull_back((0, 1, 2), (np.ones((0, 2)),))
    assert [array.tolist() for array in found.values()] == [[], [[0, 0]] * 3, [0]]
    assert of.push_forward({0: arrays[0]})[0].shape == (0, 2)
