"""Random formulas, mixing short and long vectors and all sorts of variables, against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairfold.engine import Options
from pairfold.ir.expr import Category, Expr
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant
from pairfold.reductions import REDUCTIONS
from pairfold.transform.differentiate import gradient
from tests.calls import by_definition, run

DIMS = (1, 3, 20, 36)
LEAVES = [
    variable(number, dim, category)
    for number, (dim, category) in enumerate(
        (dim, category) for category in (Category.ROW, Category.COLUMN, Category.PARAMETER) for dim in DIMS
    )
]
ROWS, COLUMNS, PARAMETERS = (LEAVES[first : first + len(DIMS)] for first in (0, 4, 8))
PARTS = st.sampled_from([ROWS, COLUMNS, PARAMETERS, ROWS + PARAMETERS, COLUMNS + PARAMETERS, LEAVES, LEAVES])
"""What one part of a formula may read: what depends on one side only takes another path through a kernel."""
NUMBERS = st.sampled_from([*(constant(value) for value in (-2.5, -1, 0.3, 3)), PARAMETERS[0], -PARAMETERS[0]])
"""Factors that all pairs share."""


def bounded(expr: Expr) -> Expr:
    """Keep values of order 1, so that differences are rounding and not chaos."""
    return apply("Atan", expr)


def combine(kind: str, f: Expr, g: Expr, number: int) -> Expr:
    """Return one more node; what does not fit falls back to a sum."""
    fits = f.dim == g.dim or 1 in (f.dim, g.dim)
    start = number % f.dim
    choices = {
        "add": lambda: f + g if fits else apply("Sum", f) + g,
        "subtract": lambda: f - g if fits else f - apply("Sum", g),
        "multiply": lambda: f * g if fits else apply("Sum", f) * g,
        "divide": lambda: f / (constant(2) + apply("Square", g)) if fits else f / (constant(2) + apply("Norm2", g)),
        "gaussian": lambda: apply("Exp", -apply("SqDist", f, g)) if fits else apply("Exp", -apply("SqNorm2", f)),
        "exp": lambda: apply("Exp", -apply("Square", f)),
        "scaled": lambda: apply("Exp", (PARAMETERS[0] if number % 2 else constant(-0.7)) * bounded(f)),
        "quotient": lambda: f / (PARAMETERS[0] if number % 2 else constant(7)),
        "where": lambda: apply("Where", apply("LessThan", f, constant(0.1)), f, -f),
        "sum": lambda: apply("Sum", f),
        "max": lambda: apply("Max", f),
        "concat": lambda: apply("Concat", f, g) if f.dim + g.dim <= 80 else f,
        "extract": lambda: apply("Extract", f, params=(start, 1 + number % (f.dim - start))),
        "embed": lambda: apply("ExtractT", f, params=(number % 5, f.dim + number % 5 + number % 3)),
        "tensor": lambda: apply("TensorProd", f, g) if f.dim * g.dim <= 130 else f,
        "matrix": lambda: apply("MatVecMult", f, g) if f.dim % g.dim == 0 else g,
        "vector": lambda: apply("VecMatMult", g, f) if f.dim % g.dim == 0 else f,
        "step": lambda: apply("Step", f),
    }
    node = choices[kind]()
    return node if kind in TAME else bounded(node)


TAME = {"gaussian", "exp", "scaled", "where", "sum", "max", "concat", "extract", "embed", "step"}
"""Kinds whose values are as large as those of their operands at most, or nearly so."""
KINDS = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "gaussian",
    "exp",
    "scaled",
    "quotient",
    "where",
    "sum",
    "max",
    "concat",
    "extract",
    "embed",
    "tensor",
    "matrix",
    "vector",
    "step",
]


@st.composite
def parts(draw: st.DrawFn) -> Expr:
    """Return a formula of the leaves of one sort, or of all."""
    leaves = draw(PARTS)
    nodes = draw(st.lists(st.sampled_from(leaves), min_size=2, max_size=4))
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(KINDS))
        f, g = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        nodes.append(combine(kind, f, g, draw(st.integers(0, 40))))
    last = nodes[-1]
    return draw(NUMBERS) * last if draw(st.booleans()) else last


@st.composite
def formulas(draw: st.DrawFn) -> Expr:
    """Return a formula of one to three parts."""
    value = draw(parts())
    for _ in range(draw(st.integers(0, 2))):
        value = combine(draw(st.sampled_from(KINDS)), value, draw(parts()), draw(st.integers(0, 40)))
    return value


def data(rows: int, columns: int, seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    length = {Category.ROW: (rows,), Category.COLUMN: (columns,), Category.PARAMETER: ()}
    return [generator.standard_normal((*length[leaf.category], leaf.dim)) for leaf in LEAVES]


def agree(problem: Problem, rows: int, columns: int, seed: int, level: str | None) -> None:
    arrays = data(rows, columns, seed)
    found = run(problem, arrays, rows=rows, columns=columns, options=Options(level=level))
    expected = by_definition(problem, arrays, rows=rows, columns=columns)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@settings(COMMON, max_examples=120)
@given(formulas(), st.sampled_from([(1, 1), (5, 9), (70, 33)]), st.integers(0, 99), st.sampled_from([None, "sse2"]))
def test_sums(value: Expr, shape: tuple[int, int], seed: int, level: str | None) -> None:
    agree(Problem(value, REDUCTIONS["Sum"]), *shape, seed, level)


@settings(COMMON, max_examples=60)
@given(formulas(), st.sampled_from(["LogSumExp", "Max", "KMin", "Var", "Prod", "SumSoftMaxWeight"]), st.integers(0, 99))
def test_other_reductions(value: Expr, name: str, seed: int) -> None:
    reduction = REDUCTIONS[name]
    weight = LEAVES[4] if reduction.needs_weight else None
    agree(Problem(value, reduction, weight, 2 if reduction.needs_k else 1), 18, 21, seed, None)


@settings(COMMON, max_examples=60)
@given(formulas(), st.sampled_from(LEAVES), st.integers(0, 99))
def test_gradients(value: Expr, leaf: Expr, seed: int) -> None:
    adjoint = gradient(apply("Sum", value), leaf, constant(1.0))
    agree(Problem(adjoint, REDUCTIONS["Sum"]), 18, 21, seed, None)


@pytest.mark.parametrize("name", ["SqNorm2", "Norm2", "Sum"])
def test_norms_of_embedded_vectors(name: str) -> None:
    """Both factors of a square are the embedded vector."""
    embedded = apply("ExtractT", ROWS[1], params=(1, 6))
    agree(Problem(apply(name, embedded) * apply("Exp", COLUMNS[0]), REDUCTIONS["Sum"]), 5, 9, 0, None)
    agree(Problem(apply(name, embedded * apply("Tile", COLUMNS[1], params=(2,))), REDUCTIONS["Sum"]), 5, 9, 0, None)


def test_the_comparison_can_fail() -> None:
    wrong = Problem(LEAVES[0] * constant(1.0000001), REDUCTIONS["Sum"])
    arrays = data(4, 3, 0)
    found = run(wrong, arrays, rows=4, columns=3)
    expected = by_definition(Problem(LEAVES[0], REDUCTIONS["Sum"]), arrays, rows=4, columns=3)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-9, atol=1e-9)
