"""Every value of a formula lies in its enclosure: random formulas, random boxes, both precisions."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairfold.errors import DimensionError
from pairfold.ir.expr import OPERATIONS, Category, Expr, Op, make
from pairfold.ir.problem import Problem
from pairfold.ops import constant, variable
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
def formulas(draw: st.DrawFn) -> Expr:
    """Return a formula made of any operations."""
    nodes = [*draw(st.lists(st.sampled_from(LEAVES), min_size=1, max_size=3)), draw(st.sampled_from(NUMBERS))]
    for _ in range(draw(st.integers(1, 6))):
        op, params = draw(st.sampled_from(operations()))
        # The latest nodes are likely, so that formulas get deep; an operand may occur twice.
        args = [draw(st.sampled_from(nodes[-3:] if draw(st.booleans()) else nodes)) for _ in range(op.arity)]
        nodes.append(node_of(op, args, params) or nodes[-1])
    return nodes[-1]


Box = list[tuple[np.ndarray, np.ndarray]]
"""The lower and the upper corner of the box of each variable of `BOXED`."""

SCALES = st.sampled_from([0.0, 1e-3, 0.3, 1.0, 2.0, 1e3, 1e6, 1e30, 1e-30, math.inf])
OFFSETS = st.sampled_from([0.0, 0.0, -1.0, 1.0, 0.5, 1e6, -1e4, 1e-20, 1e30, math.inf, math.nan])


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Return corners of a box for each variable; every component has its own size and place."""
    found = []
    for leaf in BOXED:
        offset = np.array([draw(OFFSETS) for _ in range(leaf.dim)])
        scale = np.array([draw(SCALES) for _ in range(leaf.dim)])
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
