"""Every reduction gives on the interpreter of GPU programs what its record says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant
from pairfold.reductions import REDUCTIONS
from pairfold.targets.cuda.schedule import CudaSchedule
from tests.calls import by_definition, run
from tests.comparison import assert_close
from tests.conformance.problems import NAMES, Shape, problem, ranges, special_values
from tests.engine.problems import B, G, X, Y, dense_gaussian_sum, gaussian_data, gaussian_sum, squared_distance
from tests.ptx_interpreter.driver import FakeDriver
from tests.targets.cuda.runs import CASES, check, run_on_fake


def _columns(name: str, columns: int) -> int:
    return min(columns, 12) if name.startswith("Prod") else columns  # longer products leave the range of float32


def _shape(name: str, number: int, dim: int = 1, **changes: Any) -> Shape:
    """Return sizes and a layout; neighbouring numbers differ in all of them. Long vectors take long, so few of them."""
    layouts = ("plain", "transposed", "reversed", "every other")
    batches: tuple[tuple[int, ...], ...] = ((), (2,), (3, 2))
    columns = (37, 65, 4)[number % 3]
    shape = Shape(
        rows=(19, 1, 40)[number % 3],
        columns=_columns(name, columns if dim < 20 else min(columns, 11)),
        batch=batches[number % 3] if dim < 20 else batches[number % 2],
        broadcast=number % 2 == 0,
        layout=layouts[number % 4],
        seed=number,
    )
    return replace(shape, **changes)


def _dtype(number: int, dim: int) -> str:
    """Return types that take turns; the interpreter is slow in float64."""
    return ("float32", "float64")[number % 2 if dim < 20 else number % 4 == 3]


NUMBERED = [pytest.param(number, *case, id=f"{case[0]}-{case[1]}") for number, case in enumerate(CASES)]


def _one_each(shift: int) -> list[Any]:
    """Return every reduction with one dimension, which take turns."""
    cases = [[case for case in NUMBERED if case.values[1] == name] for name in NAMES]
    return [several[(shift + number) % len(several)] for number, several in enumerate(cases)]


@pytest.mark.parametrize(("number", "name", "dim"), NUMBERED)
def test_one_kernel_does_everything(number: int, name: str, dim: int) -> None:
    """Alternating: float32 and float64, axes 1 and 0, one row per thread and several."""
    task, split = problem(name, dim, axis=number // 2 % 2), (None, 1)[number // 4 % 2]
    check(task, _shape(name, number, dim), _dtype(number, dim), split=split)


@pytest.mark.parametrize(("number", "name", "dim"), _one_each(0))
def test_parts_of_the_columns_are_merged(number: int, name: str, dim: int) -> None:
    """With more parts than columns too: the last ones are empty then."""
    check(problem(name, dim), _shape(name, number + 1, dim), _dtype(number // 2, dim), split=(2, 3, 7)[number % 3])


@pytest.mark.parametrize(("number", "name", "dim"), _one_each(1))
def test_blocks_of_pairs(number: int, name: str, dim: int) -> None:
    """Uncovered rows, empty lists, repeated and overlapping intervals, batches."""
    shape = _shape(name, number, dim, rows=40 + number % 7, batch=((), (2,))[number // 2 % 2])
    chosen = ranges(np.random.default_rng(number), shape.rows, shape.columns)
    check(problem(name, dim), shape, _dtype(number // 2, dim), ranges=chosen)


@pytest.mark.parametrize("name", NAMES)
def test_next_to_nothing(name: str) -> None:
    for rows, columns, batch, split in ((1, 1, (), None), (5, 0, (2,), 2)):
        check(problem(name, 1), _shape(name, 0, rows=rows, columns=columns, batch=batch), "float32", split=split)


@pytest.mark.parametrize("name", ["Sum", "Min_ArgMin", "KMin"])
@pytest.mark.parametrize("columns", [0, 5])
def test_no_rows(name: str, columns: int) -> None:
    check(problem(name, 3), _shape(name, 0, rows=0, columns=columns), "float32")


def test_empty_batches() -> None:
    check(problem("Min_ArgMin", 3), _shape("Min_ArgMin", 0, batch=(2, 0)), "float64")


@pytest.mark.parametrize(("rows", "columns"), [(127, 129), (128, 128), (129, 127), (513, 130), (5, 257)])
@pytest.mark.parametrize(("name", "dim"), [("Sum", 3), ("Sum", 20), ("LogSumExp", 1), ("KMin_ArgKMin", 1)])
def test_sizes_around_blocks_and_tiles(name: str, dim: int, rows: int, columns: int) -> None:
    shape = _shape(name, 0, rows=rows, columns=columns, batch=())
    check(problem(name, dim), shape, "float32", split=1 if rows > columns else None)


@pytest.mark.parametrize("name", ["ArgMin", "ArgMax", "Min_ArgMin", "ArgKMin", "Max_SumShiftExp_ArgMax"])
@pytest.mark.parametrize("split", [1, 3])
def test_column_numbers_beyond_a_tile(name: str, split: int) -> None:
    """The winner of row i stands at column 100 i, in a tile and in a part of its own."""
    winner = 100 * np.arange(6)
    sign = 1.0 if "Max" in name else -1.0
    y = np.arange(520.0)[:, None]
    task = Problem(
        constant(-sign) * apply("Square", variable(0, 1, Category.ROW) - variable(1, 1, Category.COLUMN)),
        REDUCTIONS[name],
    )
    found = run_on_fake(task, [winner[:, None].astype(float), y], rows=6, columns=520, options={"split": split})
    np.testing.assert_array_equal(found[-1][:, 0], winner)


@pytest.mark.parametrize("scheme", ["block_sum", "direct_sum", "kahan_scheme", "float64"])
@pytest.mark.parametrize("name", ["Sum", "Mean", "LogSumExp", "SumSoftMaxWeight", "Var", "Mean_Var_Count"])
def test_ways_to_sum(name: str, scheme: str) -> None:
    options = {"dtype_acc": "float64"} if scheme == "float64" else {"sum_scheme": scheme}
    for dim, split in ((1, None), (3, 3)):
        check(problem(name, dim), _shape(name, 0, columns=140), "float32", split=split, **options)


def test_accurate_sums_are_accurate() -> None:
    """All terms are the same, so that the errors of a running sum add up."""
    count = 4000
    data = [None, None, np.full((count, 1), 0.1, np.float32)]
    exact = count * float(np.float32(0.1))
    errors = {}
    for name, options in {
        "direct": {"sum_scheme": "direct_sum"},
        "block": {},
        "kahan": {"sum_scheme": "kahan_scheme"},
        "float64": {"dtype_acc": "float64"},
    }.items():
        (total,) = run_on_fake(
            Problem(B, REDUCTIONS["Sum"]), data, rows=1, columns=count, options={**options, "split": 1}
        )
        errors[name] = abs(float(total[0, 0]) - exact) / exact
    assert errors["direct"] > 3e-6
    assert errors["block"] < 1.5e-6
    assert errors["kahan"] < 1e-7
    assert errors["float64"] < 1e-7


@pytest.mark.parametrize("k", [1, 2, 20])
@pytest.mark.parametrize("dim", [1, 3])
def test_numbers_of_neighbours(dim: int, k: int) -> None:
    """One neighbour, few, and more than there are columns."""
    task = replace(problem("KMin_ArgKMin", dim), k=k)
    for split in (None, 3):
        check(task, _shape("KMin_ArgKMin", 0, columns=17), "float32", split=split)


@pytest.mark.parametrize(
    ("name", "dtype"), [(name, "float32") for name in NAMES] + [(name, "float64") for name in NAMES[::3]]
)
def test_special_values(name: str, dtype: str) -> None:
    """Infinities, nan, signed zeros, ties and extremes: the formula is the column itself, one trial per batch entry."""
    generator = np.random.default_rng(0)
    reduction = REDUCTIONS[name]
    x, w = variable(0, 1, Category.COLUMN), variable(1, 2, Category.COLUMN)
    task = Problem(x, reduction, w if reduction.needs_weight else None, 3 if reduction.needs_k else 1)
    special = np.array([*special_values(name, dtype), 100.0])
    for count, split in ((1, None), (5, 3)):
        values = np.stack([generator.choice(special[t % 6 :], (count, 1)) for t in range(12)]).astype(dtype)
        weights = generator.integers(1, 4, (12, count, 2)).astype(dtype)
        sizes: dict[str, Any] = {"rows": 1, "columns": count, "batch": (12,)}
        found = run_on_fake(task, [values, weights], options={"split": split}, **sizes)
        on_cpu = run(task, [values, weights], **sizes)
        expected = by_definition(task, [values, weights], **sizes)
        for output, true, cpu in zip(found, expected, on_cpu, strict=True):
            with np.errstate(over="ignore", invalid="ignore"):
                size = np.finfo(dtype).eps * (50 * np.abs(true) + 8)
            assert_close(cpu, true, size)
            assert_close(output, true, size)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["Sum", "LogSumExp", "KMin", "Max_ArgMax"])
def test_points_at_infinity(name: str, dtype: str) -> None:
    """Infinite, huge and missing coordinates make infinite distances and nan, as they do on the CPU."""
    special = [0.0, 1.0, np.inf, -np.inf, np.nan, 1e30, -1e30, 1e-30]
    x = np.array([[a, b] for a in special for b in special[:3]], dtype)
    y = np.array([[a, b] for a in special for b in (0.0, 0.5)], dtype)
    distance = squared_distance(2)
    value = {"Sum": apply("Exp", -G * distance), "KMin": distance}.get(name, -G * distance)
    task = Problem(value, REDUCTIONS[name], k=3)
    for g in (0.5, 0.0, 1e-40, 1e30):
        given = [x, y, None, np.array([g], dtype)]
        found = run_on_fake(task, given, rows=len(x), columns=len(y))
        expected = run(task, given, rows=len(x), columns=len(y))
        for output, true in zip(found, expected, strict=True):
            with np.errstate(invalid="ignore"):
                assert_close(output, true, 50 * np.finfo(dtype).eps * np.abs(true) + 4 * np.finfo(dtype).tiny)


@pytest.mark.parametrize("split", [None, 2])
def test_a_row_factor_leaves_the_sum(split: int | None) -> None:
    data = gaussian_data(5, 300)
    task = Problem(apply("Sum", X) * B, REDUCTIONS["Sum"])
    (found,) = run_on_fake(task, data, rows=5, columns=300, options={"split": split})
    np.testing.assert_allclose(found, data[0].sum(1, keepdims=True) * data[2].sum(), rtol=1e-12)


@pytest.mark.parametrize("batch", [(), (3,)])
def test_nodes_of_columns_are_computed_once_per_tile(batch: tuple[int, ...]) -> None:
    """Short ones, ones that are loops, and ones that no tile has room for."""
    generator = np.random.default_rng(0)
    without_tile = CudaSchedule(lanes=1, row_vectors=1, columns=4)
    for dim, options in ((3, {}), (40, {}), (3, {"schedule": without_tile}), (40, {"schedule": without_tile})):
        x, y = generator.standard_normal((*batch, 20, dim)), generator.standard_normal((*batch, 33, dim))
        task = Problem(
            apply("Sum", variable(0, dim, Category.ROW) * apply("Exp", variable(1, dim, Category.COLUMN))),
            REDUCTIONS["Sum"],
        )
        (found,) = run_on_fake(task, [x, y], rows=20, columns=33, batch=batch, options=options)
        expected = (x @ np.exp(y).swapaxes(-1, -2)).sum(-1)[..., None]
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_a_formula_of_parameters_is_counted_once_per_column() -> None:
    (found,) = run_on_fake(Problem(G * constant(2.0), REDUCTIONS["Sum"]), gaussian_data(3, 7), rows=3, columns=7)
    np.testing.assert_allclose(found, np.full((3, 1), 7 * 2 * 0.5 / 3))


def test_few_rows_and_many_columns_split_by_themselves() -> None:
    driver = FakeDriver()
    data = [None, None, np.random.default_rng(0).standard_normal((4200, 1))]
    (found,) = run_on_fake(Problem(B, REDUCTIONS["Sum"]), data, rows=2, columns=4200, driver=driver)
    np.testing.assert_allclose(found, np.full((2, 1), data[2].sum()), rtol=1e-10)
    launches = [call for call in driver.calls if call[0] == "launch"]
    parts, merging = (call[2] for call in launches)
    assert parts > 1
    assert merging == 1


SCHEDULES = [
    {"row_vectors": 1, "columns": 1, "tile": 128},
    {"row_vectors": 2, "columns": 4, "tile": 20},
    {"row_vectors": 4, "columns": 8, "tile": 32, "threads": 64},
    {"row_vectors": 3, "columns": 5, "tile": 15, "threads": 32},
    {"row_vectors": 2, "columns": 4, "tile": 0, "block": 64},
    {"row_vectors": 1, "columns": 2, "tile": 64, "state_in_registers": False},
    {"row_vectors": 2, "columns": 3, "tile": 9, "unroll": 2, "register_rows": 0},
    {"row_vectors": 1, "columns": 1, "tile": 128, "threads": 256, "unroll": 64},
]


@pytest.mark.parametrize("number", range(len(SCHEDULES)))
def test_any_schedule_gives_the_same(number: int) -> None:
    for dim, outputs in ((3, 1), (20, 3), (3, 19)):
        size = dim + outputs
        options = {"lanes": 1, "block": SCHEDULES[number]["tile"], "column_size": size, **SCHEDULES[number]}
        data = gaussian_data(70, 37, dim, outputs)
        schedule = CudaSchedule(**options)  # type: ignore[arg-type]
        (found,) = run_on_fake(
            gaussian_sum(dim, outputs), data, rows=70, columns=37, options={"schedule": schedule, "split": 1}
        )
        np.testing.assert_allclose(found, dense_gaussian_sum(data), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("view", ["reversed", "every second", "transposed", "offset bytes", "big endian", "repeated"])
def test_any_strides_are_sent(view: str) -> None:
    data = gaussian_data(10, 12)
    x = data[0]
    if view == "repeated":
        x = np.repeat(x[:1], 10, axis=0)
    raw = np.zeros(x.nbytes + 1, np.uint8)
    shifted = raw[1:].view(np.float64).reshape(x.shape)
    shifted[:] = x
    strange = {
        "reversed": x[::-1].copy()[::-1],
        "every second": np.repeat(x, 2, axis=0)[::2],
        "transposed": np.asfortranarray(x),
        "offset bytes": shifted,
        "big endian": x.astype(">f8"),
        "repeated": np.broadcast_to(x[:1], x.shape),
    }[view]
    (found,) = run_on_fake(gaussian_sum(), [strange, *data[1:]], rows=10, columns=12)
    np.testing.assert_allclose(found, dense_gaussian_sum([x, *data[1:]]), rtol=1e-12)


def test_unused_arguments_may_be_missing() -> None:
    y = np.arange(3.0)[:, None]
    (found,) = run_on_fake(Problem(B, REDUCTIONS["Sum"]), [None, None, y], rows=2, columns=3)
    np.testing.assert_array_equal(found, [[3.0], [3.0]])


def test_rows_and_columns_of_one_argument() -> None:
    """Positions 0 and 1 may be the same memory."""
    x = gaussian_data(20, 1)[0]
    data = [x, x, np.ones((20, 1)), np.array([0.5])]
    (found,) = run_on_fake(gaussian_sum(), data, rows=20, columns=20)
    np.testing.assert_allclose(found, dense_gaussian_sum(data), rtol=1e-12)
    (nearest,) = run_on_fake(Problem(apply("SqDist", X, Y), REDUCTIONS["ArgMin"]), data, rows=20, columns=20)
    np.testing.assert_array_equal(nearest[:, 0], np.arange(20))
