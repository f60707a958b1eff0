"""Every operation of the registry: reference, expansion and derivative agree."""

from __future__ import annotations

import numpy as np
import pytest

from pairfold.ir.expr import OPERATIONS, Category, Expr
from pairfold.ir.show import show
from pairfold.language.formula import parse
from pairfold.ops import constant, variable
from pairfold.ops.arithmetic import apply
from pairfold.targets.reference import evaluate
from pairfold.transform.differentiate import gradient
from pairfold.transform.expand import expand
from pairfold.transform.simplify import simplify
from tests.comparison import Array, assert_close, spread
from tests.conformance.cases import Case, all_cases, build, draw, label

CASES = [pytest.param(case, id=label(case)) for case in all_cases()]
DIFFERENTIABLE = [pytest.param(case, id=label(case)) for case in all_cases() if case[1]]
POINTS = 5
STEP = 2e-4


def _bound(case: Case) -> tuple[Expr, list[Expr], dict[Expr, Array]]:
    node, operands = build(case, [Category.ROW] * len(case[1]))
    op = OPERATIONS[case[0]]
    return node, operands, {v: draw(op, p, (POINTS, v.dim)) for p, v in enumerate(operands)}


def test_every_record_states_its_domain() -> None:
    for name, op in OPERATIONS.items():
        assert len(op.domain) == op.arity, f"{name} has {op.arity} operands but {len(op.domain)} intervals"
        assert op.definition, f"{name} has no definition"


@pytest.mark.parametrize("case", CASES)
def test_reference_has_the_dimension_of_the_node(case: Case) -> None:
    node, _, bindings = _bound(case)
    (value,) = evaluate([node], bindings)
    assert value.shape[-1] == node.dim
    assert np.isfinite(value).all()


@pytest.mark.parametrize("case", [c for c in CASES if OPERATIONS[c.values[0][0]].expand is not None])
def test_expansion_equals_reference(case: Case) -> None:
    node, _, bindings = _bound(case)
    (expected,) = evaluate([node], bindings)
    (found,) = evaluate(expand([node]), bindings)
    (tolerance,) = spread([node], bindings, "float64")
    assert_close(np.broadcast_to(found, expected.shape), expected, tolerance)


@pytest.mark.parametrize("case", CASES)
def test_simplified_equals_plain(case: Case) -> None:
    """Also for the derivative, where most of the simplifications happen."""
    node, operands, bindings = _bound(case)
    roots = [node, *(gradient(apply("Sum", node), operand, constant(1.0)) for operand in operands)]
    expected = evaluate(roots, bindings)
    found = evaluate(simplify(expand(roots)), bindings)
    for value, true, size in zip(found, expected, spread(roots, bindings, "float64"), strict=True):
        assert_close(np.broadcast_to(value, true.shape), true, size)


def _directional(
    f: Expr, bindings: dict[Expr, Array], at: Expr, direction: Array, weight: Array
) -> tuple[Array, Array]:
    """Return the derivative of <weight, f> along `direction` by differences, and an estimate of its error."""

    def difference(step: float) -> Array:
        above, below = (evaluate([f], {**bindings, at: bindings[at] + sign * step * direction})[0] for sign in (1, -1))
        return np.sum(weight * (above - below), axis=-1) / (2 * step)

    # Differences of second order at two steps, extrapolated; what the extrapolation changed bounds the error.
    wide, narrow = difference(2 * STEP), difference(STEP)
    best = (4 * narrow - wide) / 3
    (size,) = evaluate([f], bindings)
    rounding = 1e-15 / STEP * np.sum(np.abs(weight * size), axis=-1)
    return best, np.abs(best - narrow) + 20 * rounding + 1e-11


def _check_gradient(f: Expr, bindings: dict[Expr, Array], at: Expr, seed: int) -> tuple[Expr, dict[Expr, Array]]:
    """Check the gradient of `f` along a random direction; return it with the bindings it needs."""
    generator = np.random.default_rng(seed)
    cotangent = variable(f"cotangent {seed}", f.dim, Category.ROW)
    weight = generator.uniform(-1, 1, (POINTS, f.dim))
    direction = generator.uniform(-1, 1, (POINTS, at.dim))
    slope = gradient(f, at, cotangent)
    bound = {**bindings, cotangent: weight}
    (value,) = evaluate([slope], bound)
    expected, tolerance = _directional(f, bindings, at, direction, weight)
    assert_close(np.broadcast_to(np.sum(value * direction, axis=-1), expected.shape), expected, tolerance)
    return slope, bound


@pytest.mark.parametrize("case", DIFFERENTIABLE)
def test_derivatives_agree_with_differences(case: Case) -> None:
    """First derivatives with respect to every operand, second ones with respect to every pair."""
    node, operands, bindings = _bound(case)
    for first in operands:
        slope, bound = _check_gradient(node, bindings, first, seed=1)
        for second in operands:
            _check_gradient(slope, bound, second, seed=2)


def test_the_gradient_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A derivative that is wrong by a factor 2 is found, so the check above looks at the rule."""
    sine = OPERATIONS["Sin"]
    wrong = type(sine)(
        **{
            **{name: getattr(sine, name) for name in sine.__dataclass_fields__},
            "name": "WrongSin",
            "pullback": lambda node, g: (g + g,),
        }
    )
    monkeypatch.setitem(OPERATIONS, "WrongSin", wrong)
    node, operands, bindings = _bound(("WrongSin", (3,), ()))
    with pytest.raises(AssertionError, match="entries differ"):
        _check_gradient(node, bindings, operands[0], seed=1)


@pytest.mark.parametrize("case", CASES)
def test_printed_formulas_are_read_back(case: Case) -> None:
    """Every operation can be written in a formula string, parameters included."""
    node, operands, _ = _bound(case)
    names = {operand: f"x{number}" for number, operand in enumerate(operands)}
    aliases = [f"{name} = Vi({operand.dim})" for operand, name in names.items()]
    assert expand(parse([show(node, names)], aliases).values) == expand([node])
