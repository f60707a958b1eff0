"""Two sums in one look at every pair: over columns, and over rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairfold.engine import Call, Extent, Options, run, run_jointly
from pairfold.ir.expr import Category, Expr
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant
from pairfold.reductions import REDUCTIONS
from pairfold.targets.cpu import target as cpu_target
from pairfold.targets.cpu.compile import LEVELS, machine
from pairfold.transform.sides import swap_sides
from pairfold.transform.symmetry import mirrored
from tests.calls import by_definition, look_once
from tests.comparison import assert_close, assert_owned
from tests.engine.problems import B, G, X, Y, gaussian_data, gaussian_sum, squared_distance

E = variable(4, 1, Category.ROW)
KERNEL = apply("Exp", -G * squared_distance())
PAIR = KERNEL * B * E
DIFFERENCE = X - Y
TOLERANCES = {"float32": 1e-5, "float64": 1e-13}
HERE = [level for level in LEVELS if machine().features.issuperset(LEVELS[level][0])]


@pytest.fixture(autouse=True)
def _of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    look_once(monkeypatch)


def data(rows: int, columns: int, dtype: str = "float64", batch: tuple[int, ...] = ()) -> list[np.ndarray]:
    generator = np.random.default_rng(rows + 1000 * columns)
    shapes = ((rows, 3), (columns, 3), (columns, 1), (1,), (rows, 1), (rows, 20), (columns, 20))
    arrays = [generator.standard_normal((*batch, *shape)).astype(dtype) for shape in shapes]
    arrays[3] = abs(arrays[3])
    return arrays


def call_of(value: Expr, arrays: list[np.ndarray], **options: Any) -> Call:
    rows, columns = arrays[0].shape[-2], arrays[1].shape[-2]
    extent = Extent(rows, columns, arrays[0].shape[:-2])
    return Call(Problem(value, REDUCTIONS["Sum"]), extent, arrays[0].dtype.name, options=Options(**options))


def check(value: Expr, across: list[Expr], arrays: list[np.ndarray], **options: Any) -> None:
    """Compare both sums with the definition, and with what the summands are at most."""
    found = run_jointly(call_of(value, arrays, **options), across, arrays)
    assert found is not None
    assert_owned(*found)
    rows, columns, batch = arrays[0].shape[-2], arrays[1].shape[-2], arrays[0].shape[:-2]
    together = across[0]
    for part in across[1:]:
        together = apply("Concat", together, part)
    (swapped,) = swap_sides([together])
    wide = [array.astype("float64") for array in arrays]
    for one, formula, sizes in ((found[0], value, (rows, columns)), (found[1], swapped, (columns, rows))):
        sizes_of = {"rows": sizes[0], "columns": sizes[1], "batch": batch}
        (expected,) = by_definition(Problem(formula, REDUCTIONS["Sum"]), wide, **sizes_of)
        (largest,) = by_definition(Problem(apply("Abs", formula), REDUCTIONS["Sum"]), wide, **sizes_of)
        assert_close(one, expected, TOLERANCES[arrays[0].dtype.name] * largest)


GRADIENTS = (PAIR * DIFFERENCE, [PAIR * DIFFERENCE * constant(2.0), KERNEL * E])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("level", HERE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gradients_of_a_gaussian_sum(dtype: str, level: str, threads: int) -> None:
    for rows, columns in ((70, 40), (700, 131)):
        check(*GRADIENTS, data(rows, columns, dtype), level=level, threads=threads)


LONG_ROW, LONG_COLUMN = variable(5, 20, Category.ROW), variable(6, 20, Category.COLUMN)
LONG_KERNEL = apply("Exp", apply("Sum", LONG_ROW * LONG_COLUMN) * constant(-0.1))


@pytest.mark.parametrize(
    ("value", "across"),
    [
        (LONG_KERNEL, [LONG_KERNEL * LONG_ROW]),
        (LONG_KERNEL * LONG_COLUMN, [LONG_KERNEL * apply("Sin", LONG_COLUMN)]),
        (KERNEL * apply("Exp", Y), [apply("Cos", Y) * KERNEL * apply("Log", apply("Square", B))]),
        (apply("Exp", X) * KERNEL, [apply("Exp", X) * apply("Exp", Y), G * E]),
        (KERNEL, [KERNEL * E * B, KERNEL * E * Y, KERNEL * E]),
        (X, [Y]),
        (KERNEL, [B, G, constant(3.0), E]),
        (apply("Where", apply("LessThan", X, Y), X, Y), [apply("Where", apply("LessThan", X, Y), X * B, Y)]),
    ],
)
def test_parts_of_every_side(value: Expr, across: list[Expr]) -> None:
    check(value, across, data(90, 77))


def test_more_numbers_of_parameters_than_registers_hold() -> None:
    chain = G
    for _ in range(80):
        chain = apply("Sin", chain)
    check(KERNEL * chain * B, [KERNEL * chain * E], data(90, 77))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_errors_do_not_grow_with_the_number_of_rows(dtype: str) -> None:
    """Equal terms are rounded the same way, whatever their number: without care errors add up."""
    rows = 1_000_000
    arrays = data(rows, 3, dtype)
    arrays[4][:] = np.float32(0.3)
    _, by_column = run_jointly(call_of(E, arrays), [E * B], arrays)
    expected = rows * arrays[4][0].astype(np.longdouble) * arrays[2]
    assert_close(by_column, expected.astype("float64"), 8 * np.finfo(dtype).eps * abs(expected.astype("float64")))


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 200),
    columns=st.integers(1, 300),
    batch=st.sampled_from([(), (2,), (2, 3)]),
    threads=st.integers(1, 4),
)
def test_any_size(rows: int, columns: int, batch: tuple[int, ...], threads: int) -> None:
    check(*GRADIENTS, data(rows, columns, batch=batch), threads=threads)


def test_many_rows_in_several_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = data(9000, 20)
    check(*GRADIENTS, arrays, threads=2)
    call = call_of(GRADIENTS[0], arrays, threads=2)
    at_once = run_jointly(call, GRADIENTS[1], arrays)
    monkeypatch.setattr(cpu_target, "ROUND_WORK", 1)
    cpu_target._joint_pieces.cache_clear()
    in_rounds = run_jointly(call, GRADIENTS[1], arrays)
    cpu_target._joint_pieces.cache_clear()
    with_bar = run_jointly(call_of(GRADIENTS[0], arrays, threads=2, progress=True), GRADIENTS[1], arrays)
    for one, other, third in zip(at_once, in_rounds, with_bar, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)


def test_arrays_with_gaps() -> None:
    arrays = data(100, 80)
    holed = [np.repeat(array, 2, axis=0)[::2] if array.ndim > 1 else array for array in arrays]
    assert not holed[0].flags.c_contiguous
    check(*GRADIENTS, holed)


def test_nan_and_infinities_stay_in_their_rows_and_columns() -> None:
    arrays = data(70, 60)
    clean = run_jointly(call_of(*GRADIENTS[:1], arrays), GRADIENTS[1], arrays)
    arrays[4][69], arrays[2][3] = np.nan, np.inf
    by_row, by_column = run_jointly(call_of(*GRADIENTS[:1], arrays), GRADIENTS[1], arrays)
    assert np.isnan(by_row[69]).all()
    assert not np.isfinite(by_row).any()  # every row sees column 3
    assert np.isnan(by_column).all()  # and every column sees row 69
    arrays[4][69], arrays[2][3] = 0.0, 0.0
    by_row, by_column = run_jointly(call_of(*GRADIENTS[:1], arrays), GRADIENTS[1], arrays)
    assert np.isfinite(by_row).all()
    assert np.isfinite(by_column).all()
    assert clean[0].shape == by_row.shape


def test_where_two_looks_are_made() -> None:
    arrays = data(70, 60)
    value, across = GRADIENTS
    every = np.array([[0, 70]]), np.array([1]), np.array([[0, 60]])
    for options in ({"sum_scheme": "kahan_scheme"}, {"dtype_acc": "float64"}, {"split": 2}):
        assert run_jointly(call_of(value, arrays, **options), across, arrays) is None
    call = call_of(value, arrays)
    assert run_jointly(Call(call.problem, call.extent, call.dtype, every), across, arrays) is None
    assert run_jointly(call, [LONG_KERNEL * LONG_ROW] * 2, arrays) is None, "too many sums"
    parameter = variable(7, 100, Category.PARAMETER)
    assert run_jointly(call, [apply("Sum", parameter) * KERNEL], arrays) is None, "too many parameters"
    extent = call.extent._replace(columns=10**8)
    assert run_jointly(Call(call.problem, extent, call.dtype), across, arrays) is None, "too much memory"


def test_small_problems_are_two_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for rows, columns, threads, is_joint in (
        (255, 1000, 1, False),
        (1000, 255, 1, False),
        (256, 256, 1, True),
        (511, 1000, 2, False),
        (512, 256, 2, True),
    ):
        arrays = data(rows, columns)
        found = run_jointly(call_of(GRADIENTS[0], arrays, threads=threads), GRADIENTS[1], arrays)
        assert (found is not None) == is_joint
    several = data(256, 256, batch=(3,))
    assert run_jointly(call_of(GRADIENTS[0], several, threads=3), GRADIENTS[1], several) is not None
    assert run_jointly(call_of(GRADIENTS[0], several, threads=4), GRADIENTS[1], several) is None


# ---------------------------------------------------------------- symmetric products


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("rows", [1, 63, 64, 65, 300, 2500])
def test_a_symmetric_product_looks_at_each_pair_once(rows: int, outputs: int, dtype: str) -> None:
    problem = gaussian_sum(outputs=outputs)
    arrays = gaussian_data(rows, rows, outputs=outputs, dtype=dtype)
    arrays[1] = arrays[0]
    mirror = mirrored(problem.value, 2, ((0, 1),))
    assert mirror is not None
    full = Call(problem, Extent(rows, rows), dtype)
    (expected,) = run(full, arrays)
    (found,) = run(Call(problem, Extent(rows, rows), dtype, mirror=mirror), arrays)
    assert_owned(found)
    largest = run(full, [*arrays[:2], abs(arrays[2]), arrays[3]])[0]
    assert_close(found, expected, TOLERANCES[dtype] * largest)
    # The sums over columns alone are less: it is the other half that completes them.
    by_row, by_column = run_jointly(full, [mirror], arrays, triangle=True)
    np.testing.assert_allclose(by_row + by_column, found, rtol=0)
    assert rows <= 64 * 16 or np.any(abs(by_row - expected) > 1e-3)


def test_where_halves_cannot_be_taken_all_pairs_are() -> None:
    problem = gaussian_sum()
    arrays = gaussian_data(50, 50)
    arrays[1] = arrays[0]
    mirror = mirrored(problem.value, 2, ((0, 1),))
    options = Options(dtype_acc="float64")
    (found,) = run(Call(problem, Extent(50, 50), "float64", options=options, mirror=mirror), arrays)
    (expected,) = run(Call(problem, Extent(50, 50), "float64"), arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
