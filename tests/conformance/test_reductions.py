"""Every reduction gives on every target what its record says, for any shape, layout, split and choice of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairfold.engine import Options
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply
from pairfold.reductions import REDUCTIONS
from tests.calls import by_definition, by_states, run
from tests.comparison import Array, assert_close
from tests.conformance.problems import NAMES, Shape, arrays, problem, ranges, special_values, tolerance

EXACT = frozenset(name for name in NAMES if any(field.kind == "index" for field in REDUCTIONS[name].fields))
"""Reductions that give column numbers: they are tested on small integers, where rounding cannot change the winner."""


def by_parts(task: Problem, given_arrays: Sequence[Array], *, columns: int, options: Options, **sizes: Any) -> Any:
    """Reduce parts of the columns, with empty ones on both sides, and merge their states."""
    split = options.split or 1
    cuts = [0, 0, *(columns * part // split for part in range(split + 1)), columns]
    return by_states(task, given_arrays, list(pairwise(cuts)), **sizes)


TARGETS = {"states": by_parts, "cpu": run}


def _check(target: str, task: Problem, shape: Shape, dtype: str, options: Options) -> None:
    data = arrays(task, shape, dtype, integers=task.reduction.name in EXACT)
    sizes: dict[str, Any] = {"rows": shape.rows, "columns": shape.columns, "batch": shape.batch}
    expected = by_definition(task, [array.astype("float64") for array in data], **sizes)
    found = TARGETS[target](task, data, **sizes, options=options)
    allowed = tolerance(task, data, shape, dtype)
    assert len(found) == len(expected)
    for output, true, size in zip(found, expected, allowed, strict=True):
        assert output.dtype == (np.int64 if true.dtype == np.int64 else dtype)
        assert_close(output, true, size)


def shapes(max_columns: int = 65) -> st.SearchStrategy[Shape]:
    """Return sizes around the widths of vectors and blocks, empty ones included."""
    return st.builds(
        Shape,
        rows=st.one_of(st.sampled_from([0, 1, 16, 17]), st.integers(2, 40)),
        columns=st.one_of(st.sampled_from([0, 1, max_columns - 1, max_columns]), st.integers(2, max_columns)),
        batch=st.sampled_from([(), (), (2,), (3, 2)]),
        broadcast=st.booleans(),
        layout=st.sampled_from(["plain", "transposed", "reversed", "every other"]),
        seed=st.integers(0, 2**16),
    )


def _most_columns(name: str) -> int:
    return 12 if name.startswith("Prod") else 65  # longer products leave the range of float32


def _dimensions(name: str) -> tuple[int, ...]:
    return (1,) if REDUCTIONS[name].scalar_value else (1, 3)


CASES = [(name, dim) for name in NAMES for dim in _dimensions(name)]


CONFIGURATIONS = [(0, "float32", None), (1, "float32", 3), (0, "float64", 2), (1, "float64", None)]
"""Every axis with every dtype, and for each axis and dtype also the code that splits over columns."""


@pytest.mark.parametrize(("axis", "dtype", "split"), CONFIGURATIONS)
@pytest.mark.parametrize(("name", "dim"), CASES)
@given(data=st.data())
@settings(max_examples=10)
def test_cpu_agrees_with_the_definition(
    name: str, dim: int, axis: int, dtype: str, split: int | None, data: st.DataObject
) -> None:
    shape = data.draw(shapes(_most_columns(name)))
    _check("cpu", problem(name, dim, axis), shape, dtype, Options(threads=data.draw(st.integers(1, 2)), split=split))


@pytest.mark.parametrize(("name", "dim"), CASES)
@given(shape=shapes(max_columns=20), split=st.integers(1, 4))
@settings(max_examples=8)
def test_merge_law(name: str, dim: int, shape: Shape, split: int) -> None:
    """Reducing any split of the columns, empty parts included, and merging gives the definition."""
    _check("states", problem(name, dim), shape, "float64", Options(split=split))


FIXED = Shape(rows=19, columns=37, batch=(), broadcast=False, layout="plain", seed=1)


@pytest.mark.parametrize("name", ["Sum", "LogSumExp", "Min_ArgMin", "ArgKMin", "Var"])
@pytest.mark.parametrize("dim", [17, 300])
def test_long_vectors(name: str, dim: int) -> None:
    for dtype in ("float32", "float64"):
        _check("cpu", problem(name, dim), FIXED, dtype, Options())


ADDITIVE = [name for name in NAMES if any(f.additive for f in REDUCTIONS[name].fields) and REDUCTIONS[name].method]


@pytest.mark.parametrize(
    "options", [{"sum_scheme": "direct_sum"}, {"sum_scheme": "kahan_scheme"}, {"dtype_acc": "float64"}]
)
@pytest.mark.parametrize("name", ADDITIVE)
def test_ways_to_sum(name: str, options: dict[str, str]) -> None:
    _check("cpu", problem(name, 1), FIXED, "float32", Options(split=3, **options))


@pytest.mark.parametrize("k", [1, 2, 40])
@pytest.mark.parametrize("dim", [1, 3])
def test_numbers_of_neighbours(dim: int, k: int) -> None:
    """One neighbour, few, and more than there are columns."""
    task = replace(problem("KMin_ArgKMin", dim), k=k)
    for split in (None, 3):
        _check("cpu", task, FIXED, "float32", Options(split=split))


@pytest.mark.parametrize("name", [name for name in NAMES if REDUCTIONS[name].needs_weight])
@pytest.mark.parametrize(("dim", "weights"), [(1, 1), (3, 1)])
def test_scalar_weights(name: str, dim: int, weights: int) -> None:
    if dim in _dimensions(name):
        task = problem(name, dim)
        assert task.weight is not None
        weight = apply("Extract", task.weight, params=(0, weights))
        _check("cpu", replace(task, weight=weight), FIXED, "float64", Options())


@pytest.mark.parametrize(("name", "dim"), CASES)
@given(data=st.data(), seed=st.integers(0, 2**16))
@settings(max_examples=8)
def test_blocks_of_pairs(name: str, dim: int, data: st.DataObject, seed: int) -> None:
    """Block-sparse reductions: uncovered rows, empty lists, repeated and overlapping intervals, batches."""
    shape = data.draw(shapes(_most_columns(name)))
    task = problem(name, dim)
    chosen = ranges(np.random.default_rng(seed), shape.rows, shape.columns)
    given_arrays = arrays(task, shape, "float64", integers=name in EXACT)
    sizes: dict[str, Any] = {"rows": shape.rows, "columns": shape.columns, "batch": shape.batch, "ranges": chosen}
    # Blocks may see a column several times, so the bound for all columns is scaled by how often.
    allowed = tolerance(task, given_arrays, shape, "float64")
    found = run(task, given_arrays, **sizes, options=Options())
    expected = by_definition(task, given_arrays, **sizes)
    for output, true, size in zip(found, expected, allowed, strict=True):
        bound = (
            16
            * np.max(np.nan_to_num(size, posinf=0), initial=1e-13)
            * np.maximum(1, np.abs(np.nan_to_num(true, posinf=0, neginf=0)))
        )
        assert_close(output, true, bound)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", ["states", "cpu"])
@pytest.mark.parametrize("name", NAMES)
def test_special_values(name: str, target: str, dtype: str) -> None:
    """Infinities, nan, signed zeros, ties and extremes, one value per column: the formula is the column itself."""
    generator = np.random.default_rng(0)
    reduction = REDUCTIONS[name]
    x, w = variable(0, 1, Category.COLUMN), variable(1, 2, Category.COLUMN)
    task = Problem(x, reduction, w if reduction.needs_weight else None, 3 if reduction.needs_k else 1)
    special = special_values(name, dtype)
    for trial in range(60):
        count = trial % 9
        values = generator.choice(special[trial % 3 :], (count, 1)).astype(dtype)
        weights = generator.integers(1, 4, (count, 2)).astype(dtype)
        sizes: dict[str, Any] = {"rows": 2, "columns": count}
        found = TARGETS[target](task, [values, weights], **sizes, options=Options())
        expected = by_definition(task, [values, weights], **sizes)
        for output, true in zip(found, expected, strict=True):
            with np.errstate(over="ignore", invalid="ignore"):
                size = 50 * np.finfo(dtype).eps * np.abs(true) + np.finfo(dtype).tiny
            assert_close(output, true, size)
