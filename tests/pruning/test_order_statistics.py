"""Selected values of few pairs are those of all pairs, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pairfold import engine
from pairfold.engine import Call, Extent
from pairfold.ir.expr import Category, Expr, apply, variables
from pairfold.ir.problem import Problem
from pairfold.ops import constant, variable
from pairfold.pruning import GivenUp, order_statistics, slabs
from pairfold.pruning.batches import entry_by_entry
from pairfold.pruning.budget import Budget
from pairfold.pruning.trees import Trees
from pairfold.reductions import REDUCTIONS
from tests.transform.test_bounds import formulas

COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

SERVED = ("Min", "ArgMin", "Min_ArgMin", "Max", "ArgMax", "Max_ArgMax", "KMin", "ArgKMin", "KMin_ArgKMin", "Any", "All")
KINDS = ("uniform", "grid", "equal", "clusters", "not finite", "far away", "huge")

Array = np.ndarray[Any, Any]


@pytest.fixture(autouse=True, scope="module")
def never_given_up() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("LARGEST_SHARE", "LARGEST_THINNED_SHARE"):
            patch.setattr(order_statistics, name, 2.0)
        patch.setattr(order_statistics, "BREAK_EVEN", 0)
        yield


def cloud(kind: str, count: int, dim: int, generator: np.random.Generator) -> Array:
    """Return points of one kind."""
    points = generator.random((count, dim))
    if kind == "grid":
        return np.round(4 * points) - 2
    if kind == "equal":
        points[:] = points[:1]
    if kind == "clusters":
        return points * 1e-3 + generator.integers(0, 4, (count, 1))
    if kind == "not finite":
        points[generator.random(points.shape) < 0.02] = generator.choice([np.nan, np.inf, -np.inf])
    if kind == "huge":
        return points * generator.choice([1e18, 1e30, 3e38], (count, 1))
    if kind == "far away":
        return points + 1000
    return points


def assert_same_as_exhaustive(call: Call, arrays: list[Array | None]) -> None:
    """Assert that the outputs are those of every pair, down to the signs of zeros."""
    found = order_statistics.order_statistics(call, arrays, Trees())
    assert not isinstance(found, GivenUp), found.why
    outputs, report = found
    assert report.kind == "exact"
    for output, expected in zip(outputs, engine.run(call, arrays), strict=True):
        assert output.dtype == expected.dtype
        np.testing.assert_array_equal(output, expected)
        np.testing.assert_array_equal(np.signbit(output), np.signbit(expected))


X, Y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
P = variable(2, 3, Category.PARAMETER)
DISTANCE = apply("SqDist", X, Y)
WRAPPED = apply("Abs", (X - Y) - apply("Round", X - Y, params=(0,)))
FORMULAS = {
    "distance": DISTANCE,
    "angle": -apply("Scalprod", X, Y),
    "anisotropic": apply("Sum", apply("Square", X - Y) * P),
    "weighted L1": apply("Sum", apply("Abs", X - Y) * P),
    "periodic": apply("SqNorm2", WRAPPED),
    "sine": apply("SqNorm2", apply("Sin", X - Y)),
    "by component": apply("Square", X - Y),
    "kernel": apply("Exp", -DISTANCE),
    "compact": apply("Where", apply("LessThan", DISTANCE, constant(0.1)), constant(0.1) - DISTANCE, constant(0.0)),
}


@given(
    seed=st.integers(0, 99),
    name=st.sampled_from(sorted(FORMULAS)),
    reduction=st.sampled_from(SERVED),
    rows=st.sampled_from([1, 31, 100, 700]),
    columns=st.sampled_from([5, 32, 33, 500, 1500]),
    kinds=st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(COMMON, max_examples=50)
def test_selected_values_are_those_of_every_pair(
    seed: int, name: str, reduction: str, rows: int, columns: int, kinds: tuple[str, str], dtype: str
) -> None:
    generator = np.random.default_rng(seed)
    x, y = (cloud(kind, n, 3, generator).astype(dtype) for kind, n in zip(kinds, (rows, columns), strict=True))
    k = int(generator.integers(1, 6)) if REDUCTIONS[reduction].needs_k else 1
    problem = Problem(FORMULAS[name], REDUCTIONS[reduction], k=k)
    assert_same_as_exhaustive(Call(problem, Extent(rows, columns), dtype), [x, y, np.array([1.0, 0.1, 3.0], dtype)])


@given(
    formula=formulas(),
    seed=st.integers(0, 99),
    reduction=st.sampled_from(SERVED),
    kind=st.sampled_from(KINDS),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(COMMON, max_examples=8)
def test_random_formulas(formula: Expr, seed: int, reduction: str, kind: str, dtype: str) -> None:
    generator = np.random.default_rng(seed)
    read = variables(formula)
    assume({v.category for v in read} >= {Category.ROW, Category.COLUMN})
    sizes = {Category.ROW: 200, Category.COLUMN: 300}
    arrays: list[Array | None] = [None] * 7
    for v in read:
        values = cloud(kind, sizes.get(v.category, 1), v.dim, generator).astype(dtype)
        arrays[v.position] = values[0] if v.category == Category.PARAMETER else values
    k = 3 if REDUCTIONS[reduction].needs_k else 1
    call = Call(Problem(formula, REDUCTIONS[reduction], k=k), Extent(200, 300), dtype)
    with np.errstate(all="ignore"):
        assert_same_as_exhaustive(call, arrays)


def test_ties_go_to_the_smallest_number_in_large_clouds() -> None:
    generator = np.random.default_rng(0)
    x, y = (np.round(generator.random((6000, 2)) * 40).astype(np.float32) for _ in range(2))
    points = variable(0, 2, Category.ROW), variable(1, 2, Category.COLUMN)
    problem = Problem(apply("SqDist", *points), REDUCTIONS["KMin_ArgKMin"], k=7)
    assert_same_as_exhaustive(Call(problem, Extent(6000, 6000), "float32"), [x, y])


def test_work_in_slabs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "ROWS", 200)
    generator = np.random.default_rng(0)
    x, y = (generator.random((n, 3)) for n in (1501, 999))
    assert_same_as_exhaustive(Call(Problem(DISTANCE, REDUCTIONS["ArgKMin"], k=3), Extent(1501, 999), "float64"), [x, y])


def test_few_pairs_are_looked_at() -> None:
    generator = np.random.default_rng(0)
    x, y = (generator.random((20000, 3), np.float32) for _ in range(2))
    call = Call(Problem(DISTANCE, REDUCTIONS["ArgKMin"], k=10), Extent(20000, 20000), "float32")
    found = order_statistics.order_statistics(call, [x, y], Trees())
    assert not isinstance(found, GivenUp)
    assert found[1].pairs < 0.04


def test_boxes_are_cut_where_the_formula_changes_most() -> None:
    generator = np.random.default_rng(0)
    x, y = (generator.random((20000, 3), np.float32) for _ in range(2))
    call = Call(Problem(FORMULAS["anisotropic"], REDUCTIONS["ArgKMin"], k=10), Extent(20000, 20000), "float32")
    shares = []
    for weights in ([1, 1, 1], [1e4, 1, 1], [1, 1e-3, 1e3]):
        arrays: list[Array | None] = [x, y, np.array(weights, np.float32)]
        found = order_statistics.order_statistics(call, arrays, Trees())
        assert not isinstance(found, GivenUp)
        shares.append(found[1].pairs)
        some = Call(call.problem, Extent(500, 20000), "float32")
        np.testing.assert_array_equal(found[0][0][:500], engine.run(some, [x[:500], *arrays[1:]])[0])
    assert max(shares) < 2 * shares[0]


def test_entries_of_a_batch_have_their_own_trees() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.random((2, 1, 400, 3)), generator.random((1, 3, 500, 3))
    y[0, 1, :40] = y[0, 1, 40:80]
    call = Call(Problem(DISTANCE, REDUCTIONS["KMin_ArgKMin"], k=3), Extent(400, 500, (2, 3)), "float64")
    found = entry_by_entry(order_statistics.order_statistics, call, [x, y], Trees(), Budget())
    assert not isinstance(found, GivenUp)
    for output, expected in zip(found[0], engine.run(call, [x, y]), strict=True):
        np.testing.assert_array_equal(output, expected)
    assert found[1].kind == "exact"
    assert 0 < found[1].pairs < 1


@pytest.mark.parametrize(
    ("dim", "rows", "why"), [(8, 50_000, "of the pairs"), (50, 50_000, "coordinates"), (3, 9000, "faster")]
)
def test_what_does_not_help_is_given_up(dim: int, rows: int, why: str) -> None:
    generator = np.random.default_rng(0)
    x, y = (generator.random((rows, dim), np.float32) for _ in range(2))
    points = variable(0, dim, Category.ROW), variable(1, dim, Category.COLUMN)
    call = Call(Problem(apply("SqDist", *points), REDUCTIONS["ArgKMin"], k=10), Extent(rows, rows), "float32")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("LARGEST_SHARE", 0.3), ("LARGEST_THINNED_SHARE", 0.75), ("BREAK_EVEN", 15_000)):
            patch.setattr(order_statistics, name, value)
        found = order_statistics.order_statistics(call, [x, y], Trees())
    assert isinstance(found, GivenUp)
    assert why in found.why
