"""Random formulas on the interpreter of GPU programs, against the reference."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pairfold.ir.expr import Expr
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import apply, constant
from pairfold.reductions import REDUCTIONS
from pairfold.transform.differentiate import gradient
from tests.calls import by_definition
from tests.engine.test_random_formulas import LEAVES, data, formulas
from tests.targets.cuda.runs import run_on_fake


def agree(problem: Problem, rows: int, columns: int, seed: int, split: int | None = None) -> None:
    arrays = data(rows, columns, seed)
    found = run_on_fake(problem, arrays, rows=rows, columns=columns, options={"split": split})
    expected = by_definition(problem, arrays, rows=rows, columns=columns)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


SPLITS = st.sampled_from([None, 1, 2])


@settings(max_examples=20)
@given(formulas(), st.sampled_from([(1, 1), (5, 9), (130, 7)]), st.integers(0, 99), SPLITS)
def test_sums(value: Expr, shape: tuple[int, int], seed: int, split: int | None) -> None:
    agree(Problem(value, REDUCTIONS["Sum"]), *shape, seed, split)


@settings(max_examples=8)
@given(formulas(), st.sampled_from(["LogSumExp", "Max", "KMin", "Var", "Prod", "SumSoftMaxWeight"]), SPLITS)
def test_other_reductions(value: Expr, name: str, split: int | None) -> None:
    reduction = REDUCTIONS[name]
    weight = LEAVES[4] if reduction.needs_weight else None
    agree(Problem(value, reduction, weight, 2 if reduction.needs_k else 1), 6, 11, 0, split)


@settings(max_examples=12)
@given(formulas(), st.sampled_from(LEAVES), st.integers(0, 99))
def test_gradients(value: Expr, leaf: Expr, seed: int) -> None:
    adjoint = gradient(apply("Sum", value), leaf, constant(1.0))
    agree(Problem(adjoint, REDUCTIONS["Sum"]), 6, 11, seed)
