"""Which matrices are symmetric by their formula."""

from __future__ import annotations

import pytest

from pairfold.language.formula import parse
from pairfold.transform.symmetry import MOST_PARTS, mirrored

ALIASES = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "v = Vi(1)", "w = Vj(1)", "p = Pm(1)"]
PARTNERS = ((0, 1), (3, 4))


def is_symmetric(formula: str, partners: tuple[tuple[int, int], ...] = PARTNERS) -> bool:
    (value,) = parse([formula], ALIASES).values
    found = mirrored(value, 2, partners)
    if found is None:
        return False
    (expected,) = parse([formula], [*ALIASES[:2], "b = Vi(1)", *ALIASES[3:]]).values
    assert repr(found) == repr(expected)
    return True


@pytest.mark.parametrize(
    "formula",
    [
        "Exp(-p * SqDist(x, y)) * b",
        "Exp(-Norm2(x - y) / p) * b",
        "b * Exp(-Sum(Abs(y - x)))",
        "v * Exp(-SqDist(x, y)) * w * b",
        "b * (v + w) * (w + v + p)",
        "(x | y) * b",
        "Pow((x | y) + IntCst(1), 3) * b",
        "Cos(Sum(x - y)) * b",
        "Max(x - y) * Max(y - x) * b",
        "IntCst(2) * b",
        "(v - w) * Elem(x - y, 1) * b",
        "Exp(-WeightedSqDist(p, x, y)) * b",
        "b / (p + SqDist(x, y))",
        "Exp(-SqDist(x, y)) * b + Exp(-p * Norm2(x - y)) * b",
    ],
)
def test_symmetric(formula: str) -> None:
    assert is_symmetric(formula)


@pytest.mark.parametrize(
    "formula",
    [
        "Exp(Sum(x - y)) * b",
        "Exp(-SqDist(x, y)) * w * b",
        "Exp(-SqDist(x, IntCst(2) * y)) * b",
        "(v - w) * b",
        "Sin(Sum(x - y)) * b",
        "Step(v - w) * b",
        "Max(x - y) * b",
        "v / w * b",
        "Elem(x, 0) * Elem(y, 1) * b",
        "Exp(-SqDist(x, y)) * (b + w)",
    ],
)
def test_not_symmetric(formula: str) -> None:
    assert not is_symmetric(formula)


def test_the_unknown_of_rows_is_no_matrix() -> None:
    (value,) = parse(["Exp(-SqDist(x, y)) * b"], ["x = Vi(3)", "y = Vj(3)", "b = Vi(1)"]).values
    assert mirrored(value, 2, ((0, 1),)) is None


def test_every_variable_needs_a_partner() -> None:
    assert is_symmetric("Exp(-SqDist(x, y)) * b", ((0, 1),))
    assert not is_symmetric("Exp(-SqDist(x, y)) * b", ())
    assert not is_symmetric("v * Exp(-SqDist(x, y)) * w * b", ((0, 1),))
    assert not is_symmetric("v * w")


def test_products_with_more_factors_than_nodes_take_no_time() -> None:
    square = "v * w"
    for _ in range(60):
        square = f"Square({square})"
    assert is_symmetric(f"{square} * b")
    assert MOST_PARTS < 2**60
