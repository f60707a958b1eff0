"""Operators on formulas, against matrices that NumPy computes."""

from __future__ import annotations

import numpy as np
import pytest

from pairfold.errors import DimensionError
from pairfold.ir.expr import Category, Expr
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply
from pairfold.targets.reference import evaluate
from pairfold.transform.calculus import CALCULUS

X, Y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
M, U, W = variable(2, 9, Category.PARAMETER), variable(3, 3, Category.ROW), variable(4, 1, Category.ROW)
GENERATOR = np.random.default_rng(8)
DATA = {leaf: GENERATOR.normal(size=leaf.dim) for leaf in (X, Y, M, U, W)}
MATRIX = DATA[M].reshape(3, 3)
LINEAR = apply("MatVecMult", M, X)
"""M x, whose matrix is M."""
FIELD = X * X * apply("Scalprod", X, Y)


def built(name: str, *args: object) -> np.ndarray:
    return np.asarray(evaluate([CALCULUS[name].build(*args)], DATA)[0])


def jacobian(f: Expr, step: float = 1e-6) -> np.ndarray:
    def moved(k: int, sign: int) -> np.ndarray:
        return np.asarray(evaluate([f], {**DATA, X: DATA[X] + sign * step * np.eye(3)[k]})[0])

    return np.stack([(moved(k, 1) - moved(k, -1)) / (2 * step) for k in range(3)], axis=1)


@pytest.mark.parametrize("f", [LINEAR, FIELD, apply("Exp", apply("SqDist", X, Y)), Y], ids=repr)
def test_against_the_jacobian(f: Expr) -> None:
    expected = jacobian(f)
    exact = {"rtol": 1e-6, "atol": 1e-6 * (1 + np.abs(expected).max())}
    np.testing.assert_allclose(built("GradMatrix", f, X).reshape(f.dim, 3), expected, **exact)
    np.testing.assert_allclose(built("Diff", f, X, U), expected @ DATA[U], **exact)
    cotangent = U if f.dim == 3 else W
    np.testing.assert_allclose(built("Grad", f, X, cotangent), expected.T @ DATA[cotangent], **exact)
    if f.dim == 3:
        np.testing.assert_allclose(built("Divergence", f, X), [np.trace(expected)], **exact)


def test_operators_on_linear_formulas() -> None:
    np.testing.assert_allclose(built("TraceOperator", LINEAR, X), [np.trace(MATRIX)])
    np.testing.assert_allclose(built("TraceOperator", LINEAR, X, U), [np.diag(MATRIX) @ DATA[U]])
    np.testing.assert_allclose(built("AdjointOperator", LINEAR, X, U), MATRIX.T @ DATA[U])
    np.testing.assert_allclose(built("SumLinOperator", LINEAR, X), [MATRIX.sum()])


def test_second_derivatives() -> None:
    quadratic = apply("Scalprod", X, LINEAR)
    np.testing.assert_allclose(built("Laplacian", quadratic, X), [2 * np.trace(MATRIX)])


def test_differentials_along_several_variables_add_up() -> None:
    both = built("Diff", X * Y, (X, Y), (Y, X))
    np.testing.assert_allclose(both, DATA[X] ** 2 + DATA[Y] ** 2)


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("Divergence", (apply("Sum", X), X), "formula and a variable of equal dimension; found 1 and 3"),
        ("Laplacian", (X, X), "The Laplacian needs a formula of dimension 1; found 3"),
        ("TraceOperator", (LINEAR, X, W), "one weight per component of the variable: 3; found 1"),
        ("TraceOperator", (apply("Sum", X), X), "equal dimension; found 1 and 3"),
        ("Diff", (X, (X, Y), (U,)), "Diff needs as many directions as variables"),
    ],
)
def test_refusals(name: str, args: tuple[object, ...], message: str) -> None:
    with pytest.raises(DimensionError, match=message):
        CALCULUS[name].build(*args)
