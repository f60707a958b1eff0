"""Every operation gives on the CPU what its record says, within the error that its record states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pairfold.ir.expr import OPERATIONS, Category, Expr, make
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.ops.arithmetic import constant
from pairfold.reductions import REDUCTIONS
from pairfold.targets.reference import evaluate
from pairfold.transform.differentiate import gradient
from tests.calls import run
from tests.comparison import Array, assert_close, spread
from tests.conformance.cases import Case, all_cases, draw, label

ROWS = 9


def _cases(which: Callable[[int, Case], bool]) -> list[Any]:
    """Return the cases for which ``which(number among the cases of the operation, case)`` holds."""
    count: Counter[str] = Counter()
    chosen = []
    for case in all_cases():
        if which(count[case[0]], case):
            chosen.append(pytest.param(case, id=label(case)))
        count[case[0]] += 1
    return chosen


def _is_tested(number: int, case: Case, dtype: str) -> bool:
    """Compiling takes time, so the samples of one operation take turns; primitives start with both types."""
    is_primitive = OPERATIONS[case[0]].expand is None
    return (number == 0 and is_primitive) or (number + len(case[0])) % 2 == (dtype == "float64")


def _operands(case: Case, categories: list[Category]) -> tuple[Expr, list[Expr], list[Array]]:
    """Return the node, its variables and their values: one column, so that a sum over columns is the value."""
    name, dims, params = case
    op = OPERATIONS[name]
    operands = [variable(p, dim, category) for p, (dim, category) in enumerate(zip(dims, categories, strict=True))]
    arrays = []
    for p, (dim, category) in enumerate(zip(dims, categories, strict=True)):
        shape = {Category.ROW: (ROWS, dim), Category.COLUMN: (1, dim), Category.PARAMETER: (dim,)}[category]
        arrays.append(draw(op, p, shape))
    return make(op, operands, params), operands, arrays


def _check(value: Expr, operands: list[Expr], arrays: list[Array], dtype: str) -> None:
    arrays = [array.astype(dtype) for array in arrays]
    rounded = {v: array.astype("float64") for v, array in zip(operands, arrays, strict=True)}
    bindings = {v: array if v.category != Category.PARAMETER else array[None] for v, array in rounded.items()}
    (expected,) = evaluate([value], bindings)
    (tolerance,) = spread([value], bindings, dtype)
    (found,) = run(Problem(value, REDUCTIONS["Sum"]), arrays, rows=ROWS, columns=1)
    assert found.dtype == dtype
    assert_close(found, np.broadcast_to(expected, found.shape), np.broadcast_to(tolerance, found.shape))


@pytest.mark.parametrize(
    ("dtype", "case"),
    [
        pytest.param(dtype, *parameter.values, id=f"{dtype}-{parameter.id}")
        for dtype in ("float32", "float64")
        for parameter in _cases(lambda number, case, dtype=dtype: _is_tested(number, case, dtype))
    ],
)
def test_value_at_a_pair(case: Case, dtype: str) -> None:
    """Every operand depends on row and column: the operation is evaluated in the pair loop."""
    node, operands, arrays = _operands(case, [Category.ROW] * len(case[1]))
    zero = variable(len(operands), 1, Category.COLUMN)
    value = make(node.op, [v + zero for v in operands], node.params)
    _check(value, [*operands, zero], [*arrays, np.zeros((1, 1))], dtype)


@pytest.mark.parametrize("case", _cases(lambda number, case: number == 0 and len(case[1]) > 1))
def test_value_of_rows_columns_and_parameters(case: Case) -> None:
    """Operands of different categories: what depends on one side only is evaluated outside the pair loop."""
    order = [Category.COLUMN, Category.ROW, Category.PARAMETER, Category.ROW, Category.COLUMN]
    node, operands, arrays = _operands(case, order[: len(case[1])])
    _check(node, operands, arrays, "float64")


@pytest.mark.parametrize("case", _cases(lambda number, case: number == 0 and len(case[1]) > 0))
def test_gradient_with_respect_to_a_row(case: Case) -> None:
    """The pullback of every operation compiles and agrees with its evaluation in NumPy."""
    order = [Category.ROW, Category.COLUMN, Category.ROW, Category.PARAMETER, Category.COLUMN]
    node, operands, arrays = _operands(case, order[: len(case[1])])
    slope = gradient(node, operands[0], constant(1.0) if node.dim == 1 else _ones(node.dim))
    _check(slope, operands, arrays, "float64")


def _ones(dim: int) -> Expr:
    return make(OPERATIONS["SumT"], [constant(1.0)], (dim,))
