"""Every value of a formula lies in its enclosure: random formulas, random boxes, both precisions."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pairfold.errors import DimensionError
from pairfold.ir.expr import OPERATIONS, Category, Expr, Interval, Op, make, variables
from pairfold.ir.problem import Problem
from pairfold.ops import constant, variable
from pairfold.ops.arithmetic import apply
from pairfold.ops.bounds import at_ends
from pairfold.reductions import REDUCTIONS
from pairfold.targets.reference import evaluate
from pairfold.transform.bounds import enclosure, ends
from pairfold.transform.expand import expand
from pairfold.transform.simplify import simplify
from tests.calls import run

ROWS = [variable(k, dim, Category.ROW) for k, dim in enumerate((1, 3, 4))]
COLUMNS = [variable(3 + k, dim, Category.COLUMN) for k, dim in enumerate((1, 3, 4))]
PARAMETERS = [variable(6, 1, Category.PARAMETER)]
LEAVES = [*ROWS, *COLUMNS, *PARAMETERS]
BOXED = [*ROWS, *COLUMNS]
NUMBERS = [constant(value) for value in (-2.5, -1, 0, 0.3, 1, 2, 3, 1e5, 1e-30)]

COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@cache
def operations() -> list[tuple[Op, tuple[object, ...]]]:
    """Return the operations with operands, each with static parameters it takes."""
    found = []
    for op in OPERATIONS.values():
        samples = op.sample or (((1,) * op.arity, ()),)
        if op.arity:
            found += [(op, params) for params in {params for _, params in samples}]
    return found


def node_of(op: Op, args: list[Expr], params: tuple[object, ...]) -> Expr | None:
    """Return a node, None if the operands do not fit; so does what is too long."""
    try:
        node = make(op, args, params)
    except DimensionError:
        return None
    return node if node.dim <= 16 else None


@st.composite
def formulas(draw: st.DrawFn, longest: int = 6, last: str = "") -> Expr:
    """Return a formula made of any operations, the last one of a given name."""
    nodes = [*draw(st.lists(st.sampled_from(LEAVES), min_size=1, max_size=3)), draw(st.sampled_from(NUMBERS))]
    for _ in range(draw(st.integers(0 if last else 1, longest))):
        op, params = draw(st.sampled_from(operations()))
        # The latest nodes are likely, so that formulas get deep; an operand may occur twice.
        args = [draw(st.sampled_from(nodes[-3:] if draw(st.booleans()) else nodes)) for _ in range(op.arity)]
        nodes.append(node_of(op, args, params) or nodes[-1])
    if last:
        args = [draw(st.sampled_from(nodes[-3:])) for _ in range(OPERATIONS[last].arity)]
        return node_of(OPERATIONS[last], args, ()) or nodes[-1]
    return nodes[-1]


Box = list[tuple[np.ndarray, np.ndarray]]
"""The lower and the upper corner of the box of each variable of `BOXED`."""

USUAL = st.sampled_from([0.0, -1.0, 1.0, 0.5, 100.0]), st.sampled_from([0.0, 1e-3, 0.3, 1.0, 2.0])
HUGE = (
    st.sampled_from([0.0, -1.0, 1.0, 1e6, -1e4, 1e-20, 1e30, math.inf, math.nan]),
    st.sampled_from([0.0, 1e-3, 1.0, 1e3, 1e6, 1e30, 1e-30, math.inf]),
)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Return corners of a box for each variable; every component has its own size and place."""
    found = []
    kinds = draw(st.sampled_from([(USUAL,), (USUAL,), (USUAL, HUGE), (HUGE,)]))
    for leaf in BOXED:
        offsets, scales = draw(st.sampled_from(kinds))
        offset = np.array([draw(offsets) for _ in range(leaf.dim)])
        scale = np.array([draw(scales) for _ in range(leaf.dim)])
        with np.errstate(invalid="ignore"):
            low, high = (offset, offset + scale) if draw(st.booleans()) else (offset - scale, offset + scale)
        found.append((low.astype(np.float32), high.astype(np.float32)))
    return found


def points(low: np.ndarray, high: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Return points of a box, its corners often, among them infinite ones."""
    share = generator.random((count, len(low))).astype(np.float32)
    share[generator.random(share.shape) < 0.4] = 0
    share[generator.random(share.shape) < 0.3] = 1
    with np.errstate(invalid="ignore", over="ignore"):
        inside = np.where(share == 0, low, np.where(share == 1, high, low + share * (high - low)))
        inside = np.where(np.isfinite(inside) | (share == 0) | (share == 1), inside, np.fmax(low, np.fmin(high, share)))
    return np.clip(inside, low, high).astype(np.float32)


def ends_on(value: Expr, box: Box, parameter: np.ndarray, dtype: str) -> list[np.ndarray]:
    """Return the ends of the enclosure on a box."""
    found = enclosure([value], BOXED, dtype)
    bindings = {ends(PARAMETERS[0])[0]: parameter.astype(np.float64)}
    for leaf, corners in zip(BOXED, box, strict=True):
        bindings |= zip(ends(leaf), (corner.astype(np.float64) for corner in corners), strict=True)
    return evaluate([*found.low, *found.high], bindings)


def outside(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Tell which values lie outside; what may be nan has no ends."""
    return np.where(np.isnan(values), (low > -math.inf) | (high < math.inf), (values < low) | (high < values))


def sampled(value: Expr, arrays: list[np.ndarray], dtype: str, by_kernel: bool) -> np.ndarray:
    """Return the values of a formula at points, row k with column k."""
    arrays = [array.astype(dtype) for array in arrays]
    if not by_kernel:
        return evaluate(simplify(expand([value])), dict(zip(LEAVES, arrays, strict=True)))[0]
    parts = []
    for k in range(4):
        own = [array[k : k + 1] if leaf in COLUMNS else array for leaf, array in zip(LEAVES, arrays, strict=True)]
        own[-1] = own[-1].reshape(1)
        parts.append(run(Problem(value, REDUCTIONS["Sum"]), own, rows=len(arrays[0]), columns=1)[0])
    return np.concatenate(parts)


def check(value: Expr, box: Box, seed: int, by_kernel: bool) -> None:
    generator = np.random.default_rng(seed)
    parameter = generator.choice([0.5, -1.0, 3.0, 1e3], 1).astype(np.float32)
    arrays = [points(low, high, 40, generator) for low, high in box]
    for dtype in ("float32", "float64"):
        low, high = ends_on(value, box, parameter, dtype)
        values = sampled(value, [*arrays, parameter], dtype, by_kernel).astype(np.float64)
        wrong = outside(values, low, high)
        assert not wrong.any(), (value, dtype, values[wrong], low, high)


@settings(COMMON, max_examples=500)
@given(formulas(), boxes(), st.integers(0, 99))
def test_values_lie_inside(value: Expr, box: Box, seed: int) -> None:
    check(value, box, seed, by_kernel=False)


@settings(COMMON, max_examples=30)
@given(formulas(), boxes(), st.integers(0, 99))
def test_values_of_kernels_lie_inside(value: Expr, box: Box, seed: int) -> None:
    check(value, box, seed, by_kernel=True)


# ---------------------------------------------------------------- how near they are

X, Y = ROWS[0], COLUMNS[0]
WIDE = {X: (-1.0, 2.0), Y: (1.0, 3.0)}


def elementwise(name: str, *args: Expr, params: tuple[int, ...] = ()) -> Expr:
    return apply(name, *args, params=params)


TIGHT: dict[str, tuple[Expr, float, float]] = {
    "square": (elementwise("Square", X), 0, 4),
    "fourth power": (elementwise("Pow", X, params=(4,)), 0, 16),
    "distance": (elementwise("SqDist", X, Y), 0, 16),
    "norm": (elementwise("Norm2", X - Y), 0, 4),
    "modulus": (elementwise("Abs", X), 0, 2),
    "product": (X * Y, -3, 6),
    "quotient": (X / Y, -1, 2),
    "exponential": (elementwise("Exp", -elementwise("SqDist", X, Y)), math.exp(-16), 1),
    "sine": (elementwise("Sin", Y), math.sin(3), 1),
    "cosine": (elementwise("Cos", X), math.cos(2), 1),
    "cosine beyond its period": (elementwise("Cos", constant(3) * X), -1, 1),
    "hyperbolic cosine": (elementwise("Cosh", X), 1, math.cosh(2)),
    "certain choice": (elementwise("IfElse", Y, X, constant(7)), -1, 2),
    "uncertain choice": (elementwise("IfElse", X, Y, constant(7)), 1, 7),
    "certain comparison": (elementwise("LessThan", -Y, Y), 1, 1),
    "uncertain comparison": (elementwise("LessThan", X, Y), 0, 1),
    "step": (elementwise("Step", Y), 1, 1),
    "ramp": (elementwise("ReLU", X), 0, 2),
    "clamp": (elementwise("Clamp", X, constant(0), constant(1)), 0, 1),
    "maximum": (elementwise("Maximum", X, Y), 1, 3),
    "remainder": (elementwise("Mod", constant(0.1) * Y, constant(1), constant(0)), 0.1, 0.3),
    "remainder of more than a period": (elementwise("Mod", X, constant(1), constant(0)), 0, 1),
    "angle": (elementwise("Atan2", Y, Y), math.atan2(1, 3), math.atan2(3, 1)),
    "power": (elementwise("Powf", Y, X), 1 / 3, 9),
    "largest component": (elementwise("Max", elementwise("Concat", X, Y)), 1, 3),
    "one of several": (elementwise("OneHot", Y, params=(1,)), 0, 0),
    "sum of components": (elementwise("Sum", elementwise("Concat", X, Y)), 0, 5),
    "logistic function": (elementwise("Sigmoid", X), 1 / (1 + math.e), 1 / (1 + math.exp(-2))),
    "entropy": (elementwise("XLogX", Y), 0, 3 * math.log(3)),
}


@pytest.mark.parametrize("name", TIGHT)
def test_ends_that_are_reached(name: str) -> None:
    value, low, high = TIGHT[name]
    found = enclosure([value], [X, Y])
    bindings = {}
    for leaf, corners in WIDE.items():
        bindings |= zip(ends(leaf), (np.array([corner]) for corner in corners), strict=True)
    assert evaluate([*found.low, *found.high], bindings) == pytest.approx([low, high], rel=1e-13, abs=1e-13)


def test_kernels_bound_as_the_definition_does() -> None:
    value = apply("Exp", -(PARAMETERS[0] * apply("SqDist", ROWS[1], COLUMNS[1]))) * apply("Sin", ROWS[0])
    found = enclosure([value], [ROWS[0], ROWS[1], COLUMNS[1]], "float32")
    generator = np.random.default_rng(0)
    arrays: list[np.ndarray | None] = [None] * 14
    for leaf in (ROWS[0], ROWS[1], COLUMNS[1]):
        low, high = ends(leaf)
        arrays[low.position] = generator.random((50, leaf.dim))
        arrays[high.position] = arrays[low.position] + generator.random((50, leaf.dim))
    arrays[12] = np.array([0.7])
    for root in (*found.low, *found.high):
        (table,) = evaluate([root], pair_bindings(root, arrays))
        (best,) = run(Problem(root, REDUCTIONS["Min"]), arrays, rows=50, columns=50)
        np.testing.assert_allclose(best, table.min(axis=1), rtol=1e-12)


def pair_bindings(root: Expr, arrays: list[np.ndarray | None]) -> dict[Expr, np.ndarray]:
    axes = {Category.ROW: 1, Category.COLUMN: 0}
    return {
        v: array if v.category == Category.PARAMETER else np.expand_dims(array, axes[v.category])
        for v in variables(root)
        if (array := arrays[v.position]) is not None
    }


def test_offsets_that_take_the_digits_are_part_of_the_bounds() -> None:
    """A million away, coordinates of single precision differ by 1/16: differences may be off by as much."""
    found = enclosure([apply("Exp", -apply("Abs", X - Y))], [X, Y], "float32")
    bindings = {end: np.array([1e6]) for leaf in (X, Y) for end in ends(leaf)}
    low, high = (float(end[0]) for end in evaluate([*found.low, *found.high], bindings))
    assert 0.3 < low < math.exp(-0.1)
    assert 1 <= high < 1.001


# ---------------------------------------------------------------- what nothing is known of


def test_every_primitive_has_a_rule() -> None:
    """Variables are boxes themselves."""
    assert [op.name for op in OPERATIONS.values() if op.expand is None and op.bounds is None] == ["Var"]


def replaced(monkeypatch: pytest.MonkeyPatch, name: str, rule: Any) -> None:
    """Give another rule to an operation, whose record is frozen."""
    op = OPERATIONS[name]
    monkeypatch.setitem(vars(op), "bounds", rule)


def test_a_primitive_without_a_rule_bounds_nothing_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch, "Exp", None)
    found = enclosure([apply("Exp", ROWS[1]), apply("Sin", ROWS[1])], BOXED)
    assert found.unknown == ("Exp",)
    box = {end: np.zeros(3) for end in ends(ROWS[1])}
    low, other_low, high, other_high = evaluate([*found.low, *found.high], box)
    assert (low.tolist(), high.tolist()) == ([-math.inf] * 3, [math.inf] * 3)
    assert (other_low.tolist(), other_high.tolist()) == ([0.0] * 3, [0.0] * 3)


def test_components_of_which_nothing_is_known_may_be_the_largest() -> None:
    found = enclosure([apply("Max", apply("Concat", X, Y))], [X, Y])
    bindings = {end: np.array([number]) for end, number in zip((*ends(X), *ends(Y)), (2, 3, np.nan, 1), strict=True)}
    assert evaluate([*found.low, *found.high], bindings) == [2, math.inf]


def test_choices_bound_what_the_other_branch_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch, "Exp", None)
    found = enclosure([apply("IfElse", X, apply("Exp", X), constant(3))], [X])
    low, high = ends(X)
    assert evaluate([*found.low, *found.high], {low: np.array([-2.0]), high: np.array([-1.0])}) == [3, 3]


BROKEN: dict[str, Any] = {
    "Sin": at_ends,
    "Mult": lambda node, operands: Interval(operands[0].low * operands[1].low, operands[0].high * operands[1].high),
    "Divide": lambda node, operands: Interval(operands[0].low / operands[1].high, operands[0].high / operands[1].low),
    "Subtract": at_ends,
    "Add": lambda node, operands: Interval(*at_ends(node, operands)[:2], (constant(0), constant(0))),
    "Abs": at_ends,
    "Where": lambda node, operands: operands[1],
    "LessThan": at_ends,
    "Max": lambda node, operands: Interval(*2 * [make(node.op, (operands[0].low,))]),
    "Log": lambda node, operands: Interval(constant(-1e3), constant(1e3)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_comparison_can_fail(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch, name, BROKEN[name])

    @settings(COMMON, max_examples=200, phases=[Phase.generate])
    @given(formulas(2, name), boxes(), st.integers(0, 99))
    def search(value: Expr, box: Box, seed: int) -> None:
        check(value, box, seed, by_kernel=False)

    with pytest.raises(AssertionError):
        search()
