"""Formulas as C functions: the values of the NumPy front end, its bits at the same level, and refusals."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from pairfold import compile_ahead
from pairfold.api.genred import choose_reduction, read_problem
from pairfold.engine import Options
from pairfold.errors import PairfoldError
from pairfold.targets.cpu.compile import LEVELS, machine
from pairfold.targets.cpu.object_file import known_levels
from tests.ahead.build import address, built, numbers, tool
from tests.ahead.build import run as run_tool
from tests.ahead.object_symbols import undefined_symbols
from tests.calls import run

Array = np.ndarray[Any, Any]

GAUSS = ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "g = Pm(1)"]


class Case(NamedTuple):
    """One formula under one reduction."""

    formula: str
    aliases: list[str]
    reduction: str = "Sum"
    axis: int = 1
    opt_arg: int | None = None
    formula2: str | None = None


CASES = {
    "sum": Case("Exp(-g*SqDist(x,y))*b", GAUSS),
    "sum_over_i": Case("Exp(-g*SqDist(x,y))*x", GAUSS, axis=0),
    "gradient_in_x": Case("Grad(Exp(-g*SqDist(x,y))*b, x, e)", [*GAUSS, "e = Vi(2)"]),
    "gradient_in_y": Case("Grad(Exp(-g*SqDist(x,y))*b, y, e)", [*GAUSS, "e = Vi(2)"], axis=0),
    "second_gradient": Case("Grad(Grad(Exp(-g*SqDist(x,y)), x, e), x, f)", [*GAUSS, "e = Vi(1)", "f = Vi(3)"]),
    "logsumexp": Case("-g*SqDist(x,y)", GAUSS, "LogSumExp"),
    "weighted_logsumexp": Case("-g*SqDist(x,y)", GAUSS, "LogSumExp", formula2="b"),
    "softmax": Case("-g*SqDist(x,y)", GAUSS, "SumSoftMaxWeight", formula2="b"),
    "nearest": Case("SqDist(x,y)", GAUSS[:2], "ArgKMin", opt_arg=4),
    "nearest_with_values": Case("SqDist(x,y)", GAUSS[:2], "KMin_ArgKMin", axis=0, opt_arg=2),
    "many_nearest": Case("SqDist(x,y)", GAUSS[:2], "ArgKMin", opt_arg=40),
    "min_argmin": Case("SqDist(x,y)", GAUSS[:2], "Min_ArgMin"),
    "max": Case("x*y", GAUSS[:2], "Max"),
    "packed_columns": Case("Exp(-Norm2(x-Sin(y)*Log(Abs(y)+IntCst(1))))", GAUSS[:2]),
    "long_vectors": Case("Exp(-SqDist(x,y))*b", ["x = Vi(40)", "y = Vj(40)", "b = Vj(33)"]),
    "mathematics": Case("Atan2(Sin(x),Cosh(y))+Erf(x-y)+Powf(Abs(x),y)", ["x = Vi(1)", "y = Vj(1)"]),
    "no_argument_of_one_side": Case("Exp(-SqNorm2(y))", ["x = Vi(3)", "y = Vj(3)"]),
}

HERE = [name for name, (needed, *_) in LEVELS.items() if machine().features.issuperset(needed)]


def arguments(case: Case, dtype: str, rows: int, columns: int) -> list[Array]:
    random = np.random.default_rng(0)
    arrays = []
    for alias in case.aliases:
        dim = int(alias.split("(")[1].rstrip(")"))
        shape = {"Vi": (rows, dim), "Vj": (columns, dim), "Pm": (dim,)}[alias.split("= ")[1][:2]]
        arrays.append((random.normal(size=shape) if shape != (dim,) else random.random(shape)).astype(dtype))
    return arrays


def expected(case: Case, arrays: list[Array], level: str, n_i: int, n_j: int) -> tuple[Array, ...]:
    """Return what the engine gives on one thread with the same processor features."""
    reduction = choose_reduction(case.reduction, case.formula2 is not None)
    formulas = [case.formula] if case.formula2 is None else [case.formula, case.formula2]
    problem, _ = read_problem(formulas, case.aliases, reduction, case.axis, case.opt_arg)
    rows, columns = (n_i, n_j) if case.axis == 1 else (n_j, n_i)
    return run(problem, arrays, rows=rows, columns=columns, options=Options(threads=1, split=1, level=level))


def outputs_like(results: tuple[Array, ...]) -> list[Array]:
    return [np.full(result.shape, -9, result.dtype) for result in results]


def compiled(case: Case, folder: Path, dtype: str, levels: list[str]) -> ctypes.CDLL:
    return built(
        folder, "f", case.formula, case.aliases, reduction_op=case.reduction, axis=case.axis, dtype=dtype,
        opt_arg=case.opt_arg, formula2=case.formula2, levels=levels,
    )  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_the_c_function_gives_the_bits_of_the_engine(name: str, dtype: str, tmp_path: Path) -> None:
    case, level, n_i, n_j = CASES[name], HERE[0], 83, 150
    arrays = arguments(case, dtype, n_i, n_j)
    results = expected(case, arrays, level, n_i, n_j)
    found = outputs_like(results)
    function = compiled(case, tmp_path, dtype, [level]).f
    assert function(*numbers(n_i, n_j), *map(address, [*arrays, *found])) == 0
    for result, out in zip(results, found, strict=True):
        np.testing.assert_array_equal(out, result)


def test_the_best_level_of_the_processor_is_taken(tmp_path: Path) -> None:
    case = CASES["gradient_in_x"]
    arrays = arguments(case, "float32", 40, 60)
    best, plainest = (expected(case, arrays, level, 40, 60)[0] for level in (HERE[0], HERE[-1]))
    out = np.empty_like(best)
    compiled(case, tmp_path, "float32", list(LEVELS)).f(*numbers(40, 60), *map(address, [*arrays, out]))
    np.testing.assert_array_equal(out, best)
    assert len(HERE) == 1 or not np.array_equal(best, plainest), "the test sees no difference between levels"


@pytest.mark.skipif(len(HERE) == 1, reason="one level only")
def test_a_lower_level_gives_its_own_bits(tmp_path: Path) -> None:
    case = CASES["logsumexp"]
    arrays = arguments(case, "float64", 40, 60)
    (result,) = expected(case, arrays, HERE[-1], 40, 60)
    out = np.empty_like(result)
    compiled(case, tmp_path, "float64", [HERE[-1]]).f(*numbers(40, 60), *map(address, [*arrays, out]))
    np.testing.assert_array_equal(out, result)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_range_of_rows(axis: int, tmp_path: Path) -> None:
    case = CASES["sum"]._replace(axis=axis, formula="Exp(-g*SqDist(x,y))")
    arrays = arguments(case, "float32", 70, 50)
    (result,) = expected(case, arrays, HERE[0], 70, 50)
    rows = len(result)
    out = np.full_like(result, -9)
    function = compiled(case, tmp_path, "float32", [HERE[0]]).f_rows
    for first, last in [(0, 32), (32, 33), (33, 33), (40, rows)]:
        assert function(*numbers(first, last, 70, 50), *map(address, [*arrays, out])) == 0
    np.testing.assert_allclose(out[:33], result[:33], rtol=1e-6)
    np.testing.assert_allclose(out[40:], result[40:], rtol=1e-6)
    assert (out[33:40] == -9).all()


@pytest.mark.parametrize("name", ["sum", "logsumexp", "nearest", "packed_columns"])
def test_block_sparse_ranges(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    arrays = arguments(case, "float64", 60, 80)
    blocks = np.array([[0, 20], [10, 40], [45, 60]], np.int64)
    ends = np.array([2, 3, 3], np.int64)
    intervals = np.array([[0, 10], [30, 47], [5, 80]], np.int64)
    reduction = choose_reduction(case.reduction, case.formula2 is not None)
    problem, _ = read_problem([case.formula], case.aliases, reduction, 1, case.opt_arg)
    ranges = (blocks, ends, intervals)
    options = Options(threads=1, level=HERE[0])
    results = run(problem, arrays, rows=60, columns=80, ranges=ranges, options=options)
    found = outputs_like(results)
    function = compiled(case, tmp_path, "float64", [HERE[0]]).f_ranges
    tables = map(address, ranges)
    assert function(*numbers(3), *tables, *numbers(60, 80), *map(address, [*arrays, *found])) == 0
    for result, out in zip(results, found, strict=True):
        np.testing.assert_allclose(out, result, rtol=1e-13)
    assert function(*numbers(0), None, None, None, *numbers(60, 80), *map(address, [*arrays, *found])) == 0
    nothing = run(problem, [a[:0] if len(a) == 80 else a for a in arrays], rows=60, columns=0, options=options)
    np.testing.assert_array_equal(found[0], nothing[0])


@pytest.mark.parametrize("name", ["sum", "logsumexp", "nearest_with_values", "packed_columns"])
@pytest.mark.parametrize(("n_i", "n_j"), [(0, 5), (5, 0), (0, 0), (1, 1)])
def test_empty_and_single_sizes(name: str, n_i: int, n_j: int, tmp_path: Path) -> None:
    case = CASES[name]
    arrays = arguments(case, "float32", n_i, n_j)
    results = expected(case, arrays, HERE[0], n_i, n_j)
    found = outputs_like(results)
    function = compiled(case, tmp_path, "float32", [HERE[0]]).f
    given = [address(array if array.size else None) for array in [*arrays, *found]]
    assert function(*numbers(n_i, n_j), *given) == 0
    for result, out in zip(results, found, strict=True):
        np.testing.assert_allclose(out, result, rtol=1e-6)


def test_bad_input_returns_a_status_and_touches_nothing(tmp_path: Path) -> None:
    case = CASES["sum"]
    arrays = arguments(case, "float64", 6, 8)
    out = np.full((6, 2), -9.0)
    loaded = compiled(case, tmp_path, "float64", [HERE[0]])
    all_of = [*map(address, [*arrays, out])]
    for n_i, n_j in [(-1, 8), (6, -1), (2**62, 8), (6, 2**31), (6, 2**62), (-(2**63), 8)]:
        assert loaded.f(*numbers(n_i, n_j), *all_of) == 2, (n_i, n_j)
    for missing in range(5):
        given = [None if number == missing else pointer for number, pointer in enumerate(all_of)]
        assert loaded.f(*numbers(6, 8), *given) == 3, missing
    for first, last in [(-1, 3), (4, 3), (0, 7), (2**62, 2**62 + 1)]:
        assert loaded.f_rows(*numbers(first, last, 6, 8), *all_of) == 2
    blocks, ends, intervals = np.array([[0, 6]]), np.array([1]), np.array([[0, 8]])

    def ranges(count: int, *tables: Array | None) -> int:
        return int(loaded.f_ranges(*numbers(count), *map(address, tables), *numbers(6, 8), *all_of))

    assert ranges(-1, blocks, ends, intervals) == 4
    assert ranges(1, blocks + 1, ends, intervals) == 4
    assert ranges(1, blocks - 1, ends, intervals) == 4
    assert ranges(1, blocks, ends - 2, intervals) == 4
    assert ranges(1, blocks, ends, intervals + 1) == 4
    assert ranges(1, blocks, ends, intervals[:, ::-1].copy()) == 4
    assert ranges(1, None, ends, intervals) == 3
    assert ranges(1, blocks, ends, None) == 3
    assert (out == -9).all()
    assert ranges(1, blocks, ends, intervals) == 0
    assert (out != -9).all()


def test_everything_by_address(tmp_path: Path) -> None:
    case = CASES["sum"]
    arrays = arguments(case, "float64", 6, 8)
    (result,) = expected(case, arrays, HERE[0], 6, 8)
    out, status = np.zeros_like(result), ctypes.c_int(-1)
    function = compiled(case, tmp_path, "float64", [HERE[0]]).f_
    function.restype = None
    sizes = [ctypes.byref(ctypes.c_int(6)), ctypes.byref(ctypes.c_int(8))]
    function(*sizes, *map(address, [*arrays, out]), ctypes.byref(status))
    assert status.value == 0
    np.testing.assert_array_equal(out, result)


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    case = CASES["gradient_in_x"]
    made = [
        compile_ahead("f", case.formula, case.aliases, levels=list(LEVELS), triple=LINUX, folder=tmp_path / name)
        for name in "ab"
    ]
    for first, second in zip(*((m.header, m.source, m.object) for m in made), strict=True):
        assert first.read_bytes() == second.read_bytes()


LINUX = "x86_64-unknown-linux-gnu"


SYSTEMS = [
    LINUX, "x86_64-apple-macosx10.15.0", "x86_64-pc-windows-msvc",
    "aarch64-unknown-linux-gnu", "arm64-apple-macosx11.0.0", "aarch64-pc-windows-msvc",
]  # fmt: skip


@pytest.mark.parametrize("triple", SYSTEMS)
def test_objects_for_other_systems_resolve_nothing(triple: str, tmp_path: Path) -> None:
    for name in ("gradient_in_x", "nearest_with_values", "mathematics", "packed_columns"):
        case = CASES[name]
        made = compile_ahead(
            "f", case.formula, case.aliases, reduction_op=case.reduction, opt_arg=case.opt_arg, dtype="float64",
            levels=known_levels(triple), triple=triple, folder=tmp_path,
        )  # fmt: skip
        # Objects for Windows say with this name that they use floating point numbers; its C library has it.
        assert undefined_symbols(made.object.read_bytes()) <= {"_fltused"}, name


def test_an_undefined_symbol_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "caller.c").write_text("double expm1(double); double caller(double x) { return expm1(x) + 1; }")
    run_tool(tool("cc"), "-O1", "-fPIC", "-c", "caller.c", cwd=tmp_path)
    assert "expm1" in undefined_symbols((tmp_path / "caller.o").read_bytes())


def test_names_that_c_would_not_take(tmp_path: Path) -> None:
    aliases = ["f = Vi(1)", "int = Vj(1)", "out = Vj(1)", "n_i = Pm(1)", "pf_x = Pm(1)"]
    loaded = built(tmp_path, "f", "Exp(-Square(f - int)) * out * n_i * pf_x", aliases, dtype="float64")
    ones, out = np.ones(1), np.zeros(1)
    assert loaded.f(*numbers(1, 1), *[address(ones)] * 5, address(out)) == 0
    assert out[0] == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "2gauss"}, "name is '2gauss'; it becomes the name of a C function"),
        ({"name": "int"}, "be no word of C or C[+][+]"),
        ({"dtype": "float16"}, "dtype is 'float16'; allowed are 'float32' and 'float64'"),
        ({"axis": 2}, "axis is 2; it must be 0"),
        ({"levels": ["avx9"]}, r"levels is \['avx9'\]; for x86_64-unknown-linux-gnu it is a list of one or more of"),
        ({"levels": "avx2"}, "levels is 'avx2'"),
        ({"triple": "sparc-sun-solaris"}, "triple is 'sparc-sun-solaris'; kernels are made for x86_64 and aarch64"),
        ({"triple": "aarch64-unknown-linux-gnu", "levels": ["sse2"]}, "one or more of 'neon'"),
        ({"reduction_op": "Summ"}, "Summ"),
    ],
)
def test_refusals(changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    arguments = {"name": "gauss", "formula": "x - y", "aliases": ["x = Vi(1)", "y = Vj(1)"], "triple": LINUX, **changed}
    with pytest.raises(PairfoldError, match=message):
        compile_ahead(**arguments, folder=tmp_path / "new")
    assert not (tmp_path / "new").exists()
