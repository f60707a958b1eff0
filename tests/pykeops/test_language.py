"""The language of KeOps: the spellings of 2018, comparisons as numbers, and strings that hold their reduction."""

from __future__ import annotations

import re

import pytest

from pairfold.errors import FormulaError, NotDifferentiableError, UnknownNameError
from pairfold.ir.expr import Category, Expr
from pairfold.language.aliases import parse_alias
from pairfold.language.formula import parse
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant
from pairfold.pykeops.core_formula import parse_core
from pairfold.pykeops.dialect import KEOPS

ALIASES = ("x = Vx(3)", "y = Vy(3)", "b = Vj(2)", "s = Pm(1)")
X, Y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
B, S = variable(2, 2, Category.COLUMN), variable(3, 1, Category.PARAMETER)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("(x, y)", apply("Scalprod", X, Y)),
        ("Pow((x, y), 2)", apply("Pow", apply("Scalprod", X, Y), params=(2,))),
        ("Square((x,y))", apply("Square", apply("Scalprod", X, Y))),
        ("Vx(0, 3) * Var(3, 1, 2)", X * S),
        ("(x < y) | (y < x)", apply("Scalprod", apply("LessThan", X, Y), apply("LessThan", Y, X))),
    ],
)
def test_a_formula_means(formula: str, expected: Expr) -> None:
    assert parse([formula], ALIASES, KEOPS).values[0] is expected


def test_a_pair_has_two_parts() -> None:
    with pytest.raises(FormulaError, match=re.escape("(U, V) is a scalar product and takes two operands; found 3")):
        parse(["(x, y, s)"], ALIASES, KEOPS)


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        ("x = Vx(3)", ("x", 7, 3, Category.ROW)),
        ("x = Vy(1, 3)", ("x", 1, 3, Category.COLUMN)),
    ],
)
def test_an_alias_declares(alias: str, expected: tuple[object, ...]) -> None:
    found = parse_alias(alias, 7, KEOPS)
    assert (found.name, found.position, found.dim, found.category) == expected


# ---------------------------------------------------------------- strings that hold their reduction


@pytest.mark.parametrize(
    ("text", "name", "axis", "k"),
    [
        ("Sum_Reduction(x | y, 0)", "Sum", 1, 1),
        ("Sum_Reduction(x | y, 1)", "Sum", 0, 1),
        ("x | y", "Sum", 1, 1),
        ("SumReduction(x | y)", "Sum", 1, 1),
        ("ArgKMin_Reduction(x | y, 4, 1)", "ArgKMin", 0, 4),
        ("KMinArgKMinReduction(x | y, 4, 0)", "KMin_ArgKMin", 1, 4),
        ("LogSumExpVectReduction(x | y, 0, b)", "LogSumExpWeight", 1, 1),
        ("Grad(Sum_Reduction(x | y, 0), y, s)", "Sum", 0, 1),
        ("Zero_Reduction(2, 0)", "Sum", 1, 1),
    ],
)
def test_strings_that_hold_their_reduction(text: str, name: str, axis: int, k: int) -> None:
    found = parse_core(text, ALIASES)
    assert (found.reduction.name, found.axis, found.k) == (name, axis, k)
    assert (found.weight is B) == ("b" in text)
    assert len(found.arguments) == 4


def test_the_number_of_a_reduction_has_two_meanings() -> None:
    assert [parse_core("Max_Reduction(s, 0)", ALIASES, 1, number).axis for number in ("kept", "reduced")] == [1, 0]


@pytest.mark.parametrize(
    ("arguments", "number", "axis"),
    [("b, 1", "kept", 0), ("1, b", "kept", 0), ("b, 1", "reduced", 1), ("1, 0", "reduced", 0), ("1, 0", "kept", 0)],
)
def test_the_weight_stands_before_or_after_the_number(arguments: str, number: str, axis: int) -> None:
    found = parse_core(f"SumSoftMaxWeight_Reduction(s, {arguments})", ALIASES, 1, number)
    assert found.axis == axis
    assert found.weight is (B if "b" in arguments else constant(0.0 if number == "kept" else 1.0))


def test_gradients_of_gradients_of_reductions() -> None:
    found = parse_core("Grad(GradFromPos(LogSumExp_Reduction(x | y, 0), 1, s), x, y)", ALIASES)
    assert found.reduction.name == "LogSumExp"
    assert [position for position, _ in found.gradients] == [1, 0]
    assert parse_core("GradFromPos(Sum_Reduction(x | y, 0), 1, s)", ALIASES) == parse_core(
        "Grad(Sum_Reduction(x | y, 0), y, s)", ALIASES
    )


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("Summ_Reduction(x, 0)", UnknownNameError, "no reduction called 'Summ'. Did you mean 'Sum'?"),
        ("Sum_Reduction(x, 2)", FormulaError, "the tag of a reduction is 0"),
        ("Sum_Reduction(x, s)", FormulaError, "write Sum_Reduction(formula, tag) with literal integers"),
        ("Sum_Reduction(x, 0, 1)", FormulaError, "write Sum_Reduction(formula, tag); found 3 arguments"),
        ("KMin_Reduction(s, s, 0)", FormulaError, "write KMin_Reduction(formula, K, tag)"),
        ("LogSumExpWeight_Reduction(s, 0)", FormulaError, "(formula, tag, weight formula); found 2"),
        ("Grad(ArgMin_Reduction(s, 0), x, y)", NotDifferentiableError, "the result of ArgMin has no derivative"),
        ("GradFromPos(Sum_Reduction(s, 0), 7, s)", FormulaError, "the positions of the arguments are 0, 1, 2, 3"),
        ("Exp(Sum_Reduction(s, 0))", FormulaError, "a reduction stands alone"),
        ("x + Sum_Reduction(s, 0)", UnknownNameError, "no operation called 'Sum_Reduction'"),
    ],
)
def test_wrong_strings_with_reductions(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message[1:])):
        parse_core(text, ALIASES)
