"""The engine: schedules, threads, splits, ranges and what may go wrong around a launch."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import re
import signal
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from llvmlite import ir

from pairfold.engine import Options
from pairfold.engine.cache import CAPACITY, forget_everything
from pairfold.engine.plan import make_plan
from pairfold.errors import ArgumentValueError, TargetError
from pairfold.ir.expr import Category
from pairfold.ir.lock import ForkSafeLock
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant
from pairfold.reductions import REDUCTIONS
from pairfold.schedule import Schedule
from pairfold.targets.cpu.compile import machine, schedule_on
from pairfold.targets.cpu.table import emit_kernel
from pairfold.transform.differentiate import gradients
from tests.calls import by_definition, code_of, explain, run
from tests.engine.problems import (
    B,
    G,
    X,
    Y,
    dense_gaussian_sum,
    gaussian_data,
    gaussian_sum,
    squared_distance,
)


def supported(level: str | None) -> bool:
    try:
        machine(level)
    except TargetError:
        return False
    return True


@pytest.mark.parametrize("level", [None, "avx512", "avx2", "sse2"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("dim", "outputs"), [(1, 1), (3, 2), (17, 1), (100, 3), (3, 40), (33, 33)])
def test_every_vector_width_agrees_with_numpy(level: str | None, dtype: str, dim: int, outputs: int) -> None:
    if not supported(level):
        pytest.skip(f"this processor lacks {level}")
    arrays = gaussian_data(77, 131, dim, outputs, dtype)
    (found,) = run(gaussian_sum(dim, outputs), arrays, rows=77, columns=131, options=Options(level=level))
    expected = dense_gaussian_sum(arrays)
    assert found.dtype == dtype
    scale = np.abs(dense_gaussian_sum([*arrays[:2], np.abs(arrays[2]), arrays[3]]))
    bound = 60 * np.finfo(dtype).eps * scale
    assert np.all(np.abs(found - expected) <= bound)


@pytest.mark.parametrize("features", [None, frozenset({"neon"})], ids=["this processor", "Arm"])
def test_an_unknown_level_names_the_known_ones(
    features: frozenset[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if features is not None:
        monkeypatch.setattr("pairfold.targets.cpu.compile._processor", lambda: ("neoverse-n1", features))
    with pytest.raises(TargetError, match="no CPU level 'mmx'; choose one of avx512, avx2, sse2"):
        machine.__wrapped__("mmx")
    monkeypatch.setenv("PAIRFOLD_CPU_LEVEL", "nonsense")
    with pytest.raises(TargetError, match="no CPU level 'nonsense'; choose one of avx512, avx2, sse2"):
        machine.__wrapped__()
    if features is not None:
        monkeypatch.delenv("PAIRFOLD_CPU_LEVEL")
        assert machine.__wrapped__().vector_bytes == 16
        with pytest.raises(TargetError, match="'avx2' was asked for, but the processor neoverse-n1 lacks it"):
            machine.__wrapped__("avx2")


@pytest.mark.parametrize("scheme", ["block_sum", "direct_sum", "kahan_scheme"])
def test_summation_schemes_agree(scheme: str) -> None:
    arrays = gaussian_data(40, 3000, dtype="float32")
    (found,) = run(gaussian_sum(), arrays, rows=40, columns=3000, options=Options(sum_scheme=scheme))
    np.testing.assert_allclose(found, dense_gaussian_sum(arrays), atol=1e-4)


def test_accurate_sums_are_accurate() -> None:
    count = 1_000_000
    ones = np.full((count, 1), 0.1, np.float32)
    problem = Problem(B, REDUCTIONS["Sum"])
    arrays = [None, None, ones]
    exact = count * float(np.float32(0.1))
    errors = {}
    for name, options in {
        "direct": Options(sum_scheme="direct_sum", split=1),
        "block": Options(split=1),
        "kahan": Options(sum_scheme="kahan_scheme", split=1),
        "float64": Options(dtype_acc="float64", split=1),
    }.items():
        (total,) = run(problem, arrays, rows=1, columns=count, options=options)
        errors[name] = abs(float(total[0, 0]) - exact) / exact
    assert errors["direct"] > 1e-4
    assert errors["block"] < 1e-5
    assert errors["kahan"] < 1e-7
    assert errors["float64"] < 1e-7


@pytest.mark.parametrize("name", sorted({r.name for r in REDUCTIONS.values()}))
def test_splitting_the_columns_changes_nothing(name: str) -> None:
    reduction = REDUCTIONS[name]
    arrays = gaussian_data(5, 300)
    arrays[2] = np.abs(arrays[2]) + 0.1
    value = -squared_distance()
    weight = B if reduction.needs_weight else None
    problem = Problem(value, reduction, weight, 4 if reduction.needs_k else 1)
    whole = run(problem, arrays, rows=5, columns=300, options=Options(split=1))
    parts = run(problem, arrays, rows=5, columns=300, options=Options(split=7))
    for a, b in zip(whole, parts, strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        assert a.flags.writeable
        assert b.flags.writeable
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_row_factor_survives_a_split() -> None:
    arrays = gaussian_data(5, 300)
    problem = Problem(apply("Sum", X) * B, REDUCTIONS["Sum"])
    (found,) = run(problem, arrays, rows=5, columns=300, options=Options(split=3))
    np.testing.assert_allclose(found, arrays[0].sum(1, keepdims=True) * arrays[2].sum(), rtol=1e-12)


def test_few_rows_and_many_columns_split_by_themselves() -> None:
    arrays = gaussian_data(2, 50_000)
    (found,) = run(gaussian_sum(), arrays, rows=2, columns=50_000, options=Options(threads=2))
    np.testing.assert_allclose(found, dense_gaussian_sum(arrays), rtol=1e-10)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_the_result_does_not_depend_on_threads(threads: int) -> None:
    arrays = gaussian_data(1000, 900, dtype="float32")
    (one,) = run(gaussian_sum(), arrays, rows=1000, columns=900, options=Options(threads=1))
    (many,) = run(gaussian_sum(), arrays, rows=1000, columns=900, options=Options(threads=threads))
    np.testing.assert_array_equal(one, many)


def test_batches_broadcast() -> None:
    generator = np.random.default_rng(1)
    x = generator.standard_normal((4, 1, 20, 3))
    y = generator.standard_normal((1, 5, 30, 3))
    b = generator.standard_normal((4, 5, 30, 1))
    g = generator.uniform(0.1, 1, (4, 1, 1))
    (found,) = run(gaussian_sum(), [x, y, b, g], rows=20, columns=30, batch=(4, 5))
    np.testing.assert_allclose(found, dense_gaussian_sum([x, y, b, g]), rtol=1e-12)


def test_packed_columns_follow_the_batch() -> None:
    generator = np.random.default_rng(1)
    x = generator.standard_normal((3, 20, 3))
    y = generator.standard_normal((3, 30, 3))
    problem = Problem(apply("Sum", X * apply("Exp", Y)), REDUCTIONS["Sum"])
    (found,) = run(problem, [x, y], rows=20, columns=30, batch=(3,))
    np.testing.assert_allclose(found, np.einsum("bid,bjd->bi", x, np.exp(y))[..., None], rtol=1e-12)


@pytest.mark.parametrize("view", ["reversed", "every second", "transposed", "offset bytes", "big endian"])
def test_any_strides_are_read(view: str) -> None:
    arrays = gaussian_data(50, 60)
    x = arrays[0]
    strange = {
        "reversed": lambda: x[::-1].copy()[::-1],
        "every second": lambda: np.repeat(x, 2, axis=0)[::2],
        "transposed": lambda: np.asfortranarray(x),
        "offset bytes": lambda: _misaligned(x),
        "big endian": lambda: x.astype(">f8"),
    }[view]()
    (found,) = run(gaussian_sum(), [strange, *arrays[1:]], rows=50, columns=60)
    np.testing.assert_allclose(found, dense_gaussian_sum(arrays), rtol=1e-12)


def _misaligned(x: np.ndarray) -> np.ndarray:
    raw = np.zeros(x.nbytes + 1, np.uint8)
    view = raw[1:].view(np.float64).reshape(x.shape)
    view[:] = x
    assert not view.flags.aligned
    return view


# ---------------------------------------------------------------- block-sparse reductions


def random_ranges(generator: np.random.Generator, rows: int, columns: int) -> tuple[np.ndarray, ...]:
    count = int(generator.integers(0, 6))
    blocks = np.sort(generator.integers(0, rows + 1, (count, 2)), axis=1)
    lengths = generator.integers(0, 4, count)
    intervals = np.sort(generator.integers(0, columns + 1, (int(lengths.sum()), 2)), axis=1)
    return blocks.astype(np.int64), np.cumsum(lengths).astype(np.int64), intervals.astype(np.int64)


@pytest.mark.parametrize("name", ["Sum", "LogSumExp", "ArgKMin", "Max_ArgMax"])
def test_ranges_agree_with_the_reference(name: str) -> None:
    generator = np.random.default_rng(3)
    arrays = gaussian_data(200, 150)
    value = gaussian_sum().value if name == "Sum" else -squared_distance()
    problem = Problem(value, REDUCTIONS[name], k=3)
    for _ in range(15):
        ranges = random_ranges(generator, 200, 150)
        found = run(problem, arrays, rows=200, columns=150, ranges=ranges)
        expected = by_definition(problem, arrays, rows=200, columns=150, ranges=ranges)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10)


def test_ranges_work_with_batches() -> None:
    generator = np.random.default_rng(3)
    x, y = generator.standard_normal((2, 70, 3)), generator.standard_normal((2, 80, 3))
    ranges = (np.array([[0, 30], [40, 70]]), np.array([1, 3]), np.array([[0, 10], [20, 30], [5, 80]]))
    problem = Problem(squared_distance(), REDUCTIONS["Sum"])
    (found,) = run(problem, [x, y], rows=70, columns=80, batch=(2,), ranges=ranges)
    (expected,) = by_definition(problem, [x, y], rows=70, columns=80, batch=(2,), ranges=ranges)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


# ---------------------------------------------------------------- formulas that stress the code generator


def test_a_very_deep_formula_compiles() -> None:
    value = X
    for _ in range(500):
        value = apply("Abs", value + Y)
    arrays = gaussian_data(3, 2)
    (found,) = run(Problem(apply("Sum", value), REDUCTIONS["Sum"]), arrays, rows=3, columns=2)
    expected = arrays[0][:, None, :] + np.zeros((3, 2, 3))
    for _ in range(500):
        expected = np.abs(expected + arrays[1])
    np.testing.assert_allclose(found[:, 0], expected.sum((1, 2)), rtol=1e-11)


def test_huge_formulas_have_small_code() -> None:
    """What is emitted for a step of pairs does not grow with unrolling, row vectors and inlining all at once."""
    total, expected = constant(0.0), 0.0
    x, y = gaussian_data(3, 2)[:2]
    distances = ((x[:, None] - y) ** 2).sum(-1)
    for number in range(450):
        total = total + apply("Exp", apply("SqDist", X, Y) * constant(-1 - number / 7)) * constant(number)
        expected = expected + np.exp(distances * (-1 - number / 7)) * number
    problem = Problem(total, REDUCTIONS["Sum"])
    schedule = schedule_on(machine(), make_plan(problem).work, "float64")
    assert (schedule.row_vectors, schedule.columns, schedule.inlines) == (1, 1, False)
    (found,) = run(problem, [x, y], rows=3, columns=2)
    np.testing.assert_allclose(found[:, 0], expected.sum(1), rtol=1e-12)


def sum_of_gaussians(count: int) -> Problem:
    """Return sum_k w_k exp(-c_k |x - y|^2) with `count` numbers c_k and w_k, each a variable of its own."""
    total = constant(0.0)
    for number in range(count):
        scale, weight = (variable(2 + 2 * number + k, 1, Category.PARAMETER) for k in range(2))
        total = total + apply("Exp", apply("SqDist", X, Y) * -scale) * weight
    return Problem(total, REDUCTIONS["Sum"])


def test_a_parameter_adds_little_code() -> None:
    """The code for 50 more terms of a huge sum is short: few instructions, and none that differ with the length."""
    lines = []
    for count in (400, 450, 500):
        work, module = make_plan(sum_of_gaussians(count)).work, ir.Module()
        emit_kernel(module, "kernel", work, "float32", schedule_on(machine(), work, "float32"))
        lines.append(len(str(module).splitlines()))
    assert lines[2] - lines[1] == lines[1] - lines[0] <= 50 * 20


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [(), (2,)])
def test_many_parameters_of_all_sizes(dtype: str, batch: tuple[int, ...]) -> None:
    """Numbers, short and long vectors, and what is computed from them, in values, vectors and exponentials."""
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal((*batch, size, 3)).astype(dtype) for size in (5, 7)]
    total = apply("Exp", apply("SqDist", X, Y) * constant(-2.0)) * X
    for number in range(20):
        position = len(arrays)
        dims = (1, 3, 1, 3, 20)
        small, shift, scale, slope, long = (variable(position + k, d, Category.PARAMETER) for k, d in enumerate(dims))
        arrays += [generator.random((*batch, dim)).astype(dtype) for dim in dims]
        entry = apply("Extract", long, params=(number % 18, 3))
        angle = apply("Sum", (X - shift) * (Y - slope)) + apply("Sum", long * long)
        sine = apply("Sin", angle) * (small * scale)
        scaled = apply("Exp", -(scale + small) * apply("SqDist", X, Y + shift * entry))
        total = total + sine * (shift / (slope + constant(1.0))) + scaled * entry
    problem = Problem(total, REDUCTIONS["Sum"])
    sizes = {"rows": 5, "columns": 7, "batch": batch}
    (found,) = run(problem, arrays, **sizes)
    (expected,) = by_definition(problem, [array.astype("float64") for array in arrays], **sizes)
    error = abs(found - expected).max() / abs(expected).max()
    assert error < (1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize("hidden", [8, 16, 17, 64])
def test_small_matrices_have_small_code(hidden: int) -> None:
    """The emitted code of a network in the formula is no longer for 16 hidden units than for 17, which are looped."""
    layer, weights = variable(1, hidden, Category.COLUMN), variable(2, hidden * hidden, Category.PARAMETER)
    value = apply("ReLU", apply("MatVecMult", weights, layer * apply("Sum", X)))
    slopes = gradients(value, [layer, weights], variable(3, hidden, Category.ROW))
    work = make_plan(Problem(apply("Concat", *slopes), REDUCTIONS["Sum"])).work
    module = ir.Module()
    emit_kernel(module, "kernel", work, "float32", schedule_on(machine(), work, "float32"))
    assert len(str(module).splitlines()) < 5000


def test_what_puts_vectors_together_has_small_code() -> None:
    """The gradient of a complex power: in loops over its few components, parts would be computed again and again."""
    x, g = variable(0, 4, Category.ROW), variable(2, 4, Category.ROW)
    slopes = gradients(apply("ComplexPowf", x, variable(1, 4, Category.COLUMN)), [x], g)
    work = make_plan(Problem(apply("Concat", *slopes, G), REDUCTIONS["Sum"])).work
    assert work.mixes_components
    module = ir.Module()
    emit_kernel(module, "kernel", work, "float32", schedule_on(machine(), work, "float32"))
    assert len(str(module).splitlines()) < 10_000


def test_the_parts_of_a_long_vector_are_summed_one_by_one() -> None:
    """In one loop over all of it each component would be computed from every part, and one of them taken."""
    long = variable(1, 40, Category.COLUMN), variable(2, 24, Category.COLUMN)
    factor = apply("Exp", apply("Sum", X))
    work = make_plan(Problem(apply("Concat", *(factor * part for part in long)), REDUCTIONS["Sum"])).work
    module = ir.Module()
    emit_kernel(module, "kernel", replace(work, outputs=()), "float32", schedule_on(machine(), work, "float32"))
    body = re.findall(r"define void @.?kernel.*?^}", str(module), re.DOTALL | re.MULTILINE)[0]
    choices = re.findall(r" = select  i1 .*float.*", body)
    assert choices == []


@pytest.mark.parametrize("category", [Category.ROW, Category.COLUMN, Category.PARAMETER])
def test_a_long_vector_of_one_side_is_computed_before_the_sum(category: Category) -> None:
    own = variable(0, 2, category)
    long = apply("Concat", own * own, own)
    for _ in range(3):
        long = apply("Concat", long, long)
    shape = {Category.ROW: (5, 2), Category.COLUMN: (4, 2), Category.PARAMETER: (2,)}[category]
    arrays = [np.random.default_rng(0).standard_normal(shape)]
    problem = Problem(long, REDUCTIONS["Sum"])
    (found,) = run(problem, arrays, rows=5, columns=4)
    (expected,) = by_definition(problem, arrays, rows=5, columns=4)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_a_product_with_more_factors_than_nodes_compiles() -> None:
    value = X * Y
    for _ in range(40):
        value = value * value
    x, y = (np.full((n, 3), 1 + 1e-12) for n in (3, 2))
    (found,) = run(Problem(value, REDUCTIONS["Sum"]), [x, y], rows=3, columns=2)
    np.testing.assert_allclose(found, 2 * (x[0, 0] * x[0, 0]) ** 2.0**40, rtol=1e-3)


def test_a_uniform_formula_is_counted_once_per_column() -> None:
    (found,) = run(Problem(G * constant(2.0), REDUCTIONS["Sum"]), gaussian_data(3, 7), rows=3, columns=7)
    np.testing.assert_allclose(found, np.full((3, 1), 7 * 2 * 0.5 / 3))


# ---------------------------------------------------------------- life around a launch


def test_memory_stays_linear() -> None:
    rows = columns = 20_000
    arrays = gaussian_data(rows, columns, dtype="float32")
    run(gaussian_sum(), arrays, rows=rows, columns=100, options=Options())
    tracemalloc.start()
    run(gaussian_sum(), arrays, rows=rows, columns=columns)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000, "the matrix would take 1.6 GB"


def test_columns_beyond_32_bits_are_refused() -> None:
    wide = np.lib.stride_tricks.as_strided(np.zeros(1), (2**31, 1), (0, 8))
    with pytest.raises(ArgumentValueError, match="at most 2147483647 columns"):
        run(Problem(B, REDUCTIONS["Sum"]), [None, None, wide], rows=1, columns=2**31)


@pytest.mark.cpu
def test_progress_needs_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    arrays = gaussian_data(3000, 3000)
    with pytest.raises(ArgumentValueError, match=r"needs the package tqdm.*pip install pairfold\[progress\]"):
        run(gaussian_sum(), arrays, rows=3000, columns=3000, options=Options(progress=True))


@pytest.mark.cpu
def test_progress_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    arrays = gaussian_data(3000, 3000)
    run(gaussian_sum(), arrays, rows=3000, columns=3000, options=Options(progress=True))
    assert "100%" in capsys.readouterr().err


@pytest.mark.cpu
@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_a_long_reduction_can_be_interrupted(request: pytest.FixtureRequest) -> None:
    # A shell makes what it starts in the background deaf to the interrupt.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    arrays = gaussian_data(60_000, 60_000, 30)
    # Compiled in advance: while LLVM's objects are deleted, Python drops the interrupt.
    run(gaussian_sum(30), [array[:70] for array in arrays], rows=70, columns=70)
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run(gaussian_sum(30), arrays, rows=60_000, columns=60_000)
    timer.join()
    (found,) = run(gaussian_sum(), gaussian_data(10, 10), rows=10, columns=10)
    assert np.isfinite(found).all()


def test_many_threads_may_call_at_once() -> None:
    arrays = gaussian_data(500, 400)
    expected = dense_gaussian_sum(arrays)
    distances = ((arrays[0][:, None] - arrays[1]) ** 2).sum(-1)

    def same(_: int) -> bool:
        (found,) = run(gaussian_sum(), arrays, rows=500, columns=400)
        return bool(np.allclose(found, expected))

    def different(number: int) -> bool:
        problem = Problem(squared_distance() * constant(number + 1.5), REDUCTIONS["ArgMin"])
        (found,) = run(problem, arrays, rows=500, columns=400)
        return bool((found[:, 0] == distances.argmin(1)).all())

    forget_everything()
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(same, range(16)))
        assert all(pool.map(different, range(16)))


def _in_child(queue: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    arrays = gaussian_data(1500, 1500)
    (found,) = run(gaussian_sum(), arrays, rows=1500, columns=1500, options=Options(threads=2))
    queue.put(bool(np.allclose(found, dense_gaussian_sum(arrays))))


@pytest.mark.cpu
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_other_processes_work(method: str) -> None:
    arrays = gaussian_data(1500, 1500)
    run(gaussian_sum(), arrays, rows=1500, columns=1500, options=Options(threads=2))  # starts the pool
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=120)
    child.join()


def test_problems_pickle_and_copy() -> None:
    value = gaussian_sum().value
    assert pickle.loads(pickle.dumps(value)) is value
    assert copy.deepcopy(value) is value


def test_formulas_far_deeper_than_the_stack_of_python_pickle() -> None:
    value = X
    for _ in range(5000):
        value = apply("Sin", value + Y)
    assert pickle.loads(pickle.dumps(value)) is value


def test_the_cache_is_bounded() -> None:
    forget_everything()
    for number in range(3):
        code_of(Problem(X * constant(number + 0.25), REDUCTIONS["Sum"]), "float64")
    first = Problem(X * constant(0.25), REDUCTIONS["Sum"])
    assert code_of(first, "float64") is code_of(first, "float64")
    assert CAPACITY >= 3


@pytest.mark.parametrize("level", [None, "avx2", "sse2"])
def test_nothing_is_printed(level: str | None, capfd: pytest.CaptureFixture[str]) -> None:
    """LLVM writes to the stream of the process, where Python's filters of warnings do not see it."""
    if not supported(level or "sse2"):
        pytest.skip(f"this processor lacks {level}")
    forget_everything()
    for dtype in ("float32", "float64"):
        run(gaussian_sum(), gaussian_data(5, 7, dtype=dtype), rows=5, columns=7, options=Options(level=level))
    assert tuple(capfd.readouterr()) == ("", "")


@pytest.mark.cpu
def test_explain_says_what_is_hoisted() -> None:
    names = {X: "x", Y: "y", B: "b", G: "g"}
    text = explain(gaussian_sum(), 1000, 2000, names=names)
    assert "(b * Exp(((-g) * Sum(((x - y) * (x - y))))))" in text
    assert "computed once per call: (-g)" in text
    assert "pairs per cycle and core" in text
    assert "the 1000 x 2000 matrix would take 0.008 GB" in text
    factor = explain(Problem(apply("Sum", X) * apply("Exp", Y), REDUCTIONS["Sum"]), 10, 10, names=names)
    assert "taken out of the sum: Sum(x)" in factor
    assert "computed once per column: Exp(y)" in factor


def test_a_parameter_that_only_packed_columns_need() -> None:
    arrays = gaussian_data(20, 30)
    problem = Problem(apply("Square", G - B) * apply("Exp", X + Y), REDUCTIONS["Sum"])
    (found,) = run(problem, arrays, rows=20, columns=30)
    x, y, b, g = arrays
    np.testing.assert_allclose(found, np.einsum("j,id,jd->id", ((g - b) ** 2)[:, 0], np.exp(x), np.exp(y)), rtol=1e-12)

    # The factor of the argument of an exponential is kept apart.
    (found,) = run(Problem(apply("Exp", G * B) * apply("Abs", X), REDUCTIONS["Sum"]), arrays, rows=20, columns=30)
    np.testing.assert_allclose(found, np.abs(x) * np.exp(g * b).sum(), rtol=1e-12)


def test_products_of_shared_parts() -> None:
    """Squares of squares have 2**depth factors; long products are cut somewhere."""
    arrays = gaussian_data(5, 7)
    x, y, b, _ = arrays
    value, expected = X + Y, x[:, None] + y
    with np.errstate(over="ignore"):
        for _ in range(20):
            value, expected = value * value * constant(0.9), expected * expected * 0.9
        expected = np.minimum(expected, 5) + np.minimum((x[:, None] + b) * np.abs(y + b) ** 70, 5)
    long = X + B
    for _ in range(70):
        long = long * apply("Abs", Y + B)
    bounded = apply("Minimum", value, constant(5)) + apply("Minimum", long, constant(5))
    (found,) = run(Problem(bounded, REDUCTIONS["Sum"]), arrays, rows=5, columns=7)
    np.testing.assert_allclose(found, expected.sum(1), rtol=1e-9)


@pytest.mark.parametrize(("dtype", "tiny"), [("float32", 1e-39), ("float64", 1e-310)])
def test_divisors_whose_reciprocal_overflows(dtype: str, tiny: float) -> None:
    """Quotients of subnormal numbers are ordinary numbers, whatever they depend on."""
    x, y, b, g = (np.full_like(array, tiny * 3) for array in gaussian_data(5, 7, dtype=dtype))
    x[0], y[0] = 0, 0
    g[:] = b[:] = tiny
    number = constant(float(g[0]))
    for value in (X / G, X / B, X / number, (X - Y) / number, (X - Y) / B):
        problem = Problem(value, REDUCTIONS["Max"])
        (found,) = run(problem, [x, y, b, g], rows=5, columns=7)
        (expected,) = by_definition(problem, [x, y, b, g], rows=5, columns=7)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    (found,) = run(Problem(Y / G, REDUCTIONS["Max"]), [x, y, b, g], rows=5, columns=7)
    np.testing.assert_allclose(found, 3, rtol=1e-5)


def test_constants_are_not_joined_beyond_the_range_of_numbers() -> None:
    arrays = [np.array([[1e20]], "float32"), np.ones((1, 1), "float32")]
    x, y = (variable(number, 1, category) for number, category in enumerate((Category.ROW, Category.COLUMN)))
    for factors in ([1e-30, 1e-30], [1e30, 1e-30, 1e-30, 1e-30], [-1e-30, 1e-30]):
        value = x * y
        for factor in factors:
            value = value * constant(factor)
        (found,) = run(Problem(value, REDUCTIONS["Sum"]), arrays, rows=1, columns=1)
        np.testing.assert_allclose(found, [[1e20 * np.prod(factors)]], rtol=1e-5, atol=1e-44)


@pytest.mark.cpu
@pytest.mark.parametrize("row_vectors", [1, 3])
@pytest.mark.parametrize("columns", [1, 5])
@pytest.mark.parametrize("state_in_registers", [True, False])
def test_any_schedule_gives_the_same(row_vectors: int, columns: int, state_in_registers: bool) -> None:
    host = machine()
    lanes = host.vector_bytes // 8
    schedule = Schedule(lanes, row_vectors, columns, state_in_registers, block=7, features=host.features)
    for dim, outputs in ((3, 1), (20, 2), (3, 19)):
        arrays = gaussian_data(53, 71, dim, outputs)
        problem = gaussian_sum(dim, outputs)
        (found,) = run(problem, arrays, rows=53, columns=71, options=Options(schedule=schedule))
        np.testing.assert_allclose(found, dense_gaussian_sum(arrays), rtol=1e-10, atol=1e-12)
    assert f"x {row_vectors} row vectors x {columns} columns" in explain(
        gaussian_sum(), 5, 5, options=Options(schedule=schedule)
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_lock_held_elsewhere_is_open_in_a_child() -> None:
    lock = ForkSafeLock()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if child == 0:  # pragma: no cover - runs in the child
        with lock:
            os._exit(7)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
