"""Every operation gives on the interpreter of GPU programs what its record says; and the approximations of GPUs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pairfold.ir.expr import OPERATIONS, Category, Expr, make
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant
from pairfold.reductions import REDUCTIONS
from pairfold.targets.reference import evaluate
from pairfold.transform.differentiate import gradient
from tests.calls import run
from tests.comparison import assert_close, spread
from tests.conformance.cases import Case, all_cases, draw, label
from tests.targets.cuda.runs import run_on_fake

Array = NDArray[Any]
ROWS = 5


def _parameters() -> list[Any]:
    """Return the cases with dtypes that take turns; operations with one case have float32."""
    count: Counter[str] = Counter()
    chosen = []
    for case in all_cases():
        dtype = ("float32", "float64")[count[case[0]] % 2]
        is_primitive = OPERATIONS[case[0]].expand is None
        if count[case[0]] < 2 or is_primitive:
            chosen.append(pytest.param(case, dtype, count[case[0]], id=f"{label(case)}-{dtype}"))
        count[case[0]] += 1
    return chosen


ORDERS = (
    (Category.ROW, Category.ROW, Category.ROW, Category.ROW, Category.ROW),
    (Category.COLUMN, Category.ROW, Category.PARAMETER, Category.ROW, Category.COLUMN),
    (Category.ROW, Category.PARAMETER, Category.COLUMN, Category.COLUMN, Category.ROW),
)


def _data(case: Case, categories: tuple[Category, ...], dtype: str) -> tuple[list[Expr], list[Array]]:
    name, dims, _ = case
    operands, arrays = [], []
    for p, (dim, category) in enumerate(zip(dims, categories, strict=False)):
        operands.append(variable(p, dim, category))
        shape = {Category.ROW: (ROWS, dim), Category.COLUMN: (1, dim), Category.PARAMETER: (dim,)}[category]
        arrays.append(draw(OPERATIONS[name], p, shape).astype(dtype))
    return operands, arrays


def _check(value: Expr, operands: list[Expr], arrays: list[Array], dtype: str) -> None:
    """Sum `value` over one column and compare with its definition."""
    bindings = {
        v: (array if v.category != Category.PARAMETER else array[None]).astype("float64")
        for v, array in zip(operands, arrays, strict=True)
    }
    (expected,) = evaluate([value], bindings)
    (tolerance,) = spread([value], bindings, dtype)
    (found,) = run_on_fake(Problem(value, REDUCTIONS["Sum"]), arrays, rows=ROWS, columns=1)
    assert found.dtype == dtype
    assert_close(found, np.broadcast_to(expected, found.shape), np.broadcast_to(tolerance, found.shape))


@pytest.mark.parametrize(("case", "dtype", "number"), _parameters())
def test_values(case: Case, dtype: str, number: int) -> None:
    """In the pair loop at first, then with operands of one side only."""
    operands, arrays = _data(case, ORDERS[number % 3], dtype)
    node = make(OPERATIONS[case[0]], operands, case[2])
    if number % 3 == 0:
        zero = variable(len(operands), 1, Category.COLUMN)
        node = make(OPERATIONS[case[0]], [v + zero for v in operands], case[2])
        operands, arrays = [*operands, zero], [*arrays, np.zeros((1, 1), dtype)]
    if not operands:
        arrays = [np.zeros((ROWS, 1), dtype)]  # says which type is meant
    _check(node, operands, arrays[: len(operands)] or arrays, dtype) if operands else _check_constant(node, arrays[0])


def _check_constant(node: Expr, array: Array) -> None:
    (expected,) = evaluate([node], {})
    (found,) = run_on_fake(Problem(node, REDUCTIONS["Sum"]), [array], rows=ROWS, columns=1)
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=1e-6)


_FIRST = [case for number, case in enumerate(all_cases()) if case[1] and all_cases()[number - 1][0] != case[0]]


@pytest.mark.parametrize("case", [pytest.param(case, id=label(case)) for case in _FIRST])
def test_gradients(case: Case) -> None:
    operands, arrays = _data(case, (Category.ROW, *ORDERS[1]), "float32")
    node = make(OPERATIONS[case[0]], operands, case[2])
    ones = constant(1.0) if node.dim == 1 else make(OPERATIONS["SumT"], [constant(1.0)], (node.dim,))
    _check(gradient(node, operands[0], ones), operands, arrays, "float32")


# ---------------------------------------------------------------- special values


_LARGE = [1.0, 88.0, 88.7228, 89.0, 90.0, 95.0, 100.0, 103.0, 104.0, 110.0, 1e10, 1e30, 3e38, np.inf]
_SMALL = [-1.0, -80.0, -87.0, -87.5, -90.0, -100.0, -103.0, -104.0, -105.0, -1e10, -1e30, -3e38, -np.inf]
EXPONENTS = np.array([0.0, -0.0, *_LARGE, *_SMALL, np.nan, 1e-30, -1e-45])


def _column_of(values: Array, dtype: str) -> Array:
    return np.asarray(values)[:, None].astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["Exp", "Sqrt", "Rsqrt", "Log", "Sin", "Cos", "Inv", "Abs", "Sign", "Powf", "Atan2"])
def test_special_values(name: str, dtype: str) -> None:
    """The IEEE answers are those of the CPU."""
    values = np.concatenate(
        [EXPONENTS, 10.0 ** np.arange(-45, 39, 7), -(10.0 ** np.arange(-45, 39, 14)), [-2.0, 709.9]]
    )
    x = _column_of(values, dtype)
    zero = variable(1, 1, Category.COLUMN)
    operands = [variable(0, 1, Category.ROW) + zero]
    if OPERATIONS[name].arity == 2:
        operands.append(constant(0.5) + zero)
    task = Problem(make(OPERATIONS[name], operands, ()), REDUCTIONS["Sum"])
    data = [x, np.zeros((1, 1), dtype)]
    (found,) = run_on_fake(task, data, rows=len(x), columns=1)
    (expected,) = run(task, data, rows=len(x), columns=1)
    tolerance = 4 * np.finfo(dtype).eps * np.abs(expected) + np.finfo(dtype).smallest_normal
    assert_close(found, expected, tolerance)


@pytest.mark.parametrize("scale", [1.0, -1.0, 0.5, -0.3, 0.0, -0.0, 1e-30, -1e-42, 1e30, -1e30, 3e38, -np.inf, np.nan])
def test_scaled_exponentials(scale: float) -> None:
    """``exp(s x)`` with a parameter s is one product, in float32 rounded once: half an ulp of the exponent."""
    x = _column_of(EXPONENTS, "float32")
    g = np.array([scale], "float32")
    pair = variable(0, 1, Category.ROW) + variable(1, 1, Category.COLUMN)
    data = [x, np.zeros((1, 1), "float32"), g]
    values = {
        "product": (apply("Exp", variable(2, 1, Category.PARAMETER) * pair), 1.0),
        "negative product": (apply("Exp", -variable(2, 1, Category.PARAMETER) * pair), -1.0),
    }
    if scale == 1.0:
        values["minus"] = (apply("Exp", -pair), -1.0)
    for value, sign in values.values():
        (found,) = run_on_fake(Problem(value, REDUCTIONS["Sum"]), data, rows=len(x), columns=1)
        with np.errstate(all="ignore"):
            argument = sign * float(g[0]) * x.astype(float)
            expected = np.exp(argument).astype("float32")
            rounding = np.abs(argument) * np.finfo("float32").eps
            tolerance = (4 * np.finfo("float32").eps + rounding) * expected + np.finfo("float32").smallest_normal
        assert_close(found, expected, np.nan_to_num(tolerance, nan=0.0, posinf=0.0))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kernels_of_infinite_distances_vanish(dtype: str) -> None:
    """A point at infinity has no neighbours, however wide the kernel is."""
    x = np.array([[np.inf, 0.0], [-np.inf, 1.0], [1e30, 0.0], [0.0, 0.0]], dtype)
    y = np.array([[0.0, 0.0]], dtype)
    distance = apply("SqDist", variable(0, 2, Category.ROW), variable(1, 2, Category.COLUMN))
    g = variable(2, 1, Category.PARAMETER)
    value = apply("Exp", -g * distance)
    for scale in (1.0, 1e-40 if dtype == "float32" else 1e-290):
        given = [x, y, np.array([scale], dtype)]
        (found,) = run_on_fake(Problem(value, REDUCTIONS["Sum"]), given, rows=4, columns=1)
        assert found[0, 0] == found[1, 0] == 0
        np.testing.assert_allclose(found[3, 0], 1.0, rtol=2.0**-22)
        if scale == 1.0:  # without AVX-512 the CPU has nan for scales that are all but 0, see `ACCURACY_ULP`
            (on_cpu,) = run(Problem(value, REDUCTIONS["Sum"]), given, rows=4, columns=1)
            np.testing.assert_allclose(found, on_cpu, rtol=1e-6)


def test_the_approximations_are_accurate_enough() -> None:
    """exp, 1 / sqrt and sqrt in float32, with the largest errors that the manual allows."""
    generator = np.random.default_rng(0)
    x = generator.uniform(0.0, 80.0, (200, 1)).astype("float32")
    pair = variable(0, 1, Category.ROW) + variable(1, 1, Category.COLUMN)
    exact = x.astype(float)
    for name, expected, bound in (
        ("Exp", np.exp(exact), 2.0**-22 + 2.0**-24),
        ("Rsqrt", exact**-0.5, 2.0**-22.4 + 2.0**-24),
        ("Sqrt", exact**0.5, 2.0**-23 + 2.0**-24),
    ):
        task = Problem(apply(name, pair), REDUCTIONS["Sum"])
        (found,) = run_on_fake(task, [x, np.zeros((1, 1), "float32")], rows=200, columns=1)
        error = np.max(np.abs(found / expected - 1))
        assert bound / 8 < error <= bound
