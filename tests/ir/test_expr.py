"""The one node class: equal expressions are one object that never changes."""

from __future__ import annotations

import copy
import gc
import pickle

import pytest

from pairfold.errors import DimensionError
from pairfold.ir.expr import (
    COLUMN_BIT,
    PLACEHOLDER_BIT,
    ROW_BIT,
    Category,
    Expr,
    depends_on,
    rewrite,
    topological,
    variables,
)
from pairfold.ir.expr import _table as interned
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant

X, Y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
P, S = variable(2, 1, Category.PARAMETER), variable(0, 1, Category.PLACEHOLDER)


def test_the_same_expression_is_the_same_object() -> None:
    assert apply("SqDist", X, Y) is apply("SqDist", X, Y)
    assert X + Y is not Y + X
    assert variable(0, 3, Category.ROW) is not variable(0, 2, Category.ROW)
    assert apply("Elem", X, params=(1,)) is not apply("Elem", X, params=(2,))


def test_constants_are_told_apart_by_their_bits() -> None:
    assert constant(0.0) is constant(0.0)
    assert constant(0.0) is not constant(-0.0)
    assert constant(float("nan")) is constant(float("nan"))
    assert constant(1.0) is not constant(1.0 + 2**-52)


def test_an_expression_that_nobody_holds_is_forgotten() -> None:
    gc.collect()
    before = len(interned)
    total = X
    for k in range(50):
        total = total * constant(k + 0.123)
    assert len(interned) > before
    del total
    gc.collect()
    assert len(interned) == before


def test_nothing_can_be_set() -> None:
    with pytest.raises(AttributeError, match="an Expr is immutable: cannot set 'dim'"):
        X.dim = 4


def test_copies_and_pickles_are_the_object_itself() -> None:
    expr = apply("Exp", -apply("SqDist", X, Y)) * constant(-0.0)
    assert copy.copy(expr) is copy.deepcopy(expr) is pickle.loads(pickle.dumps(expr)) is expr


@pytest.mark.parametrize(
    ("expr", "dependence"),
    [
        (constant(2), 0),
        (P, 0),
        (X, ROW_BIT),
        (apply("Exp", Y), COLUMN_BIT),
        (X * P + Y, ROW_BIT | COLUMN_BIT),
        (S * P, PLACEHOLDER_BIT),
        (S * X, PLACEHOLDER_BIT | ROW_BIT),
    ],
)
def test_what_an_expression_varies_with(expr: Expr, dependence: int) -> None:
    assert expr.dependence == dependence


def test_dimensions_follow_from_the_operands() -> None:
    assert ((X + P).dim, apply("SqDist", X, Y).dim, apply("TensorProd", X, Y).dim) == (3, 1, 9)
    with pytest.raises(DimensionError, match=r"^Add: .* Found: Vi\(0,3\) of dimension 3, Vj\(1,2\) of dimension 2\.$"):
        X + variable(1, 2, Category.COLUMN)


def test_arguments_come_before_users_and_once() -> None:
    square = X * X
    order = topological([square + Y, square])
    assert order == [X, square, Y, square + Y]
    assert topological([square + Y], known={square}) == [Y, square + Y]
    deep = X
    for _ in range(20_000):
        deep = deep + P
    assert len(topological([deep])) == 20_002


def test_rewriting_keeps_what_is_shared() -> None:
    calls = []

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        calls.append(node)
        return Y if node is X else node if not args else apply(node.op.name, *args, params=node.params)

    square = X * X
    assert rewrite([square + P, square], rule) == [Y * Y + P, Y * Y]
    assert len(calls) == len(set(calls)) == 4


def test_variables_and_what_depends_on_one() -> None:
    formula = apply("Exp", X * P) + Y
    assert variables(formula, Y) == [X, P, Y]
    assert depends_on([formula], P) == {P, X * P, apply("Exp", X * P), formula}
    assert depends_on([formula], S) == set()
