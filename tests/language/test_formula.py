"""Formula strings: what they mean, and what is said about those that mean nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.errors import (
    ArgumentTypeError,
    DimensionError,
    FormulaError,
    UnknownNameError,
)
from pairfold.ir.expr import OUTLINE, Category, Expr, outline
from pairfold.ir.show import show
from pairfold.language.aliases import parse_alias
from pairfold.language.formula import parse
from pairfold.ops import OPERATIONS, variable
from pairfold.ops.arithmetic import apply, constant

ALIASES = ("x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "s = Pm(1)")
X, Y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
B, S = variable(2, 2, Category.COLUMN), variable(3, 1, Category.PARAMETER)


def read(formula: str, aliases: object = ALIASES) -> Expr:
    return parse([formula], aliases).values[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x + y * s", X + Y * S),
        ("-x", -X),
        ("+x", X),
        ("x - 0.5", X - constant(0.5)),
        ("-2 * x", constant(-2) * X),
        ("1e-3 / x", constant(1e-3) / X),
        ("x ** 2", apply("Square", X)),
        ("x ** 2.0", apply("Square", X)),
        ("x ** 0.5", apply("Sqrt", X)),
        ("x ** -0.5", constant(1) / apply("Sqrt", X)),
        ("x ** -3", apply("Pow", X, params=(-3,))),
        ("x ** 1.5", apply("Powf", X, constant(1.5))),
        ("x ** y", apply("Powf", X, Y)),
        ("2 ** x", apply("Powf", constant(2), X)),
        ("-x ** 2", -apply("Square", X)),
        ("x | y", apply("Scalprod", X, Y)),
        ("x | y + x", apply("Scalprod", X, Y + X)),
        ("x % 2", apply("Mod", X, constant(2), constant(0))),
        ("x // s", apply("Floor", X / S)),
        ("x < y", apply("LessThan", X, Y)),
        ("x >= y", apply("LessOrEqual", Y, X)),
        ("x == y", apply("Equal", X, Y)),
        ("x != 0", apply("NotEqual", X, constant(0))),
        ("Exp(3)", apply("Exp", constant(3))),
        ("Clamp(x, 0, 1)", apply("Clamp", X, constant(0), constant(1))),
        ("Elem(x, 2)", apply("Elem", X, params=(2,))),
        ("Round(x, -1)", apply("Round", X, params=(-1,))),
        ("IntCst(1) + IntCst(0.5)", constant(1) + constant(0.5)),
        ("Vi(0, 3) * Pm(3, 1)", X * S),
        ("Vi(0, 3) * Var(3, 1, 2)", X * S),
        ("Exp(\n  x\n) \t+ y", apply("Exp", X) + Y),
    ],
)
def test_a_formula_means(formula: str, expected: Expr) -> None:
    assert read(formula) is expected


def test_lists_of_static_parameters() -> None:
    aliases = ["f = Vi(6)", "g = Vj(6)"]
    expected = apply(
        "TensorDot", variable(0, 6, Category.ROW), variable(1, 6, Category.COLUMN), params=((2, 3), (3, 2), (1,), (0,))
    )
    for sequence in ("[2,3],[3,2],[1],[0]", "(2,3),(3,2),(1,),(0,)", "Ind(2,3),Ind(3,2),Ind(1),Ind(0)"):
        assert read(f"TensorDot(f, g, {sequence})", aliases) is expected
    assert read("TensorDot(f, g, [2,3], [3,2], [1], [0], [1,0])", aliases).params[-1] == (1, 0)


def test_a_long_sum_is_no_problem() -> None:
    assert read("+".join(["x"] * 300)).dim == 3


def test_an_alias_may_have_any_name() -> None:
    assert read("Exp(lambda) * in", ["lambda = Pm(1)", "in = Vi(2)"]).dim == 2
    assert read("Exp(Exp) * Exp", ["Exp = Vi(2)"]) is apply("Exp", variable(0, 2, Category.ROW)) * variable(
        0, 2, Category.ROW
    )
    assert read("größe * x", ["größe = Pm(1)", "x = Vi(2)"]).dim == 2


def test_new_variables_inside_the_formula_are_arguments() -> None:
    parsed = parse(["x * Var(2, 1, 1)", "Vj(1, 4)"], ["x = Vi(3)"])
    assert [argument.declaration for argument in parsed.arguments] == ["Vi(3)", "Vj(4)", "Vj(1)"]
    assert parsed.values[1].dim == 4


def test_gradient_with_and_without_its_cotangent() -> None:
    aliases = ["x = Vi(3)", "y = Vj(3)", "e = Vj(1)"]
    explicit = parse(["Grad(Exp(x | y), x, e)"], aliases)
    implicit = parse(["Grad(Exp(x | y), x)"], aliases[:2])
    assert explicit.values == implicit.values
    assert implicit.arguments[2].declaration == "Vj(1)"
    assert read("Grad(x | y, x, 1)").dim == 3
    assert parse(["Grad(x | Vj(1, 3), x) * Var(2, 1, 0)"], ["x = Vi(3)"]).arguments[3].declaration == "Vj(1)"
    assert read("Diff(x | y, (x, y), (y, x))").dim == 1


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        ("x = Vi(3)", ("x", 7, 3, Category.ROW)),
        (" x=Vj( 2 , 3 ) ", ("x", 2, 3, Category.COLUMN)),
        ("Pm(4)", (None, 7, 4, Category.PARAMETER)),
        ("Var(1, 2, 1)", (None, 1, 2, Category.COLUMN)),
    ],
)
def test_an_alias_declares(alias: str, expected: tuple[object, ...]) -> None:
    found = parse_alias(alias, 7)
    assert (found.name, found.position, found.dim, found.category) == expected


@pytest.mark.parametrize(
    ("formula", "error", "message", "spot"),
    [
        ("x + Expp(y)", UnknownNameError, "no operation called 'Expp'. Did you mean 'Exp'?", "Expp"),
        ("x + sqdist(x, y)", UnknownNameError, "Did you mean 'SqDist'?", "sqdist"),
        (
            "x + bb",
            UnknownNameError,
            "no argument called 'bb'. Did you mean 'b'? The aliases declare: x, y, b, s",
            "bb",
        ),
        ("x + Exp", UnknownNameError, "Exp is an operation, not an argument: write Exp(...)", "Exp"),
        ("s * (x + b)", DimensionError, "Found: x of dimension 3 and b of dimension 2.", "x + b"),
        ("Elem(x, 3)", DimensionError, "the index 3 must lie within 0 to 2", "Elem(x, 3)"),
        ("Exp(x, y)", FormulaError, "Exp(f) takes 1 argument; found 2", "Exp(x, y)"),
        ("Round(x)", FormulaError, "Round(f, decimals) takes 2 arguments; found 1: decimals is missing", "Round(x)"),
        ("Elem(x, y)", FormulaError, "must be a literal integer or a list of literal integers", "y"),
        ("Elem(x, 1.5)", FormulaError, "must be a literal integer", "1.5"),
        ("Elem(x, [1])", FormulaError, "Elem does not accept the parameters (1,)", "Elem(x, [1])"),
        ("x < y < x", FormulaError, "comparisons cannot be chained", "x < y < x"),
        ("x / 0", FormulaError, "division by the literal 0", "x / 0"),
        ("x % 0", FormulaError, "division by the literal 0", "x % 0"),
        ("x.dim * x", FormulaError, "access to an attribute is not part of the formula language", "x.dim"),
        ("__import__('os')", UnknownNameError, "no operation called '__import__'", "__import__"),
        ("x[0]", FormulaError, "indexing (use Elem or Extract) is not part", "x[0]"),
        ("x if y else s", FormulaError, "if ... else (use IfElse)", "x if y else s"),
        ("x and y", FormulaError, "and / or (use & and |)", "x and y"),
        ("x @ y", FormulaError, "this operator is not part", "x @ y"),
        ("x is y", FormulaError, "this comparison is not part", "x is y"),
        ("x * 'a'", FormulaError, "the constant 'a' is not part", "'a'"),
        ("Exp((x, y))", FormulaError, "a pair (a scalar product is written x | y) is not part", "(x, y)"),
        ("Exp(-x, base=2)", FormulaError, "Exp takes arguments by position only", "base=2"),
        ("x # y", FormulaError, "the character '#' has no meaning in a formula", "#"),
        ("(x + y", FormulaError, "was never closed", "("),
        ("Vi(3)", FormulaError, "written Vi(position, dimension), with integers", "Vi(3)"),
        ("x * Vj(0, 3)", FormulaError, "argument number 0 is Vj(3) here, but x declares it as Vi(3)", "Vj(0, 3)"),
        ("Var(0, 3, 5)", FormulaError, "a category 0 (i), 1 (j) or 2 (parameter)", "Var(0, 3, 5)"),
        ("Grad(x | y, x + y, 1)", FormulaError, "differentiates with respect to an argument", "x + y"),
        ("Grad(x | y, s)", FormulaError, "a parameter has none", "Grad(x | y, s)"),
        ("Grad(x, y, s)", DimensionError, "dimension 3 is applied to an expression of dimension 1", "Grad(x, y, s)"),
        ("Grad(x)", FormulaError, "Grad takes (f, v, g); found 1", "Grad(x)"),
        ("1" + "0" * 400 + " * x", FormulaError, "this number is too large", "1000"),
    ],
)
def test_an_error_shows_the_spot(formula: str, error: type[Exception], message: str, spot: str) -> None:
    with pytest.raises(error, match=re.escape(message[1:])) as caught:
        read(formula)
    assert type(caught.value) is error
    *_, line, carets = str(caught.value).split("\n")
    start = carets.index("^")
    assert line[start:].startswith(spot)


def test_a_long_formula_is_cut_around_the_spot() -> None:
    with pytest.raises(UnknownNameError) as caught:
        read("+".join(["x"] * 200) + "+ zz +" + "+".join(["y"] * 200))
    *_, line, carets = str(caught.value).split("\n")
    assert line.strip().startswith("...")
    assert line.endswith("...")
    assert len(line) < 120
    assert line[carets.index("^") : carets.index("^") + 2] == "zz"


@pytest.mark.parametrize("formula", ["(" * 5000 + "x" + ")" * 5000, "Exp(" * 5000 + "x" + ")" * 5000])
def test_too_deep_nesting_is_refused(formula: str) -> None:
    with pytest.raises(FormulaError, match=r"(?i)nested"):
        read(formula)


@pytest.mark.parametrize(
    ("aliases", "error", "message"),
    [
        (["x = Vi(3)", "x = Vj(3)"], FormulaError, "alias name 'x' is declared twice"),
        (["x = Vi(1, 3)", "y = Vj(3)"], FormulaError, "give position 1 to two arguments"),
        (["x = Vi(1, 3)"], FormulaError, "position 0 is missing"),
        (["x = Vx(3)"], FormulaError, "Alias number 0 is 'x = Vx(3)', which is not understood"),
        (["x = Vz(3)"], FormulaError, "Alias number 0 is 'x = Vz(3)', which is not understood"),
        (["x = Vi(3, 4, 5)"], FormulaError, "Vi takes a dimension, or a position and a dimension; found 3 numbers"),
        (["x = Vi(0)"], FormulaError, "the dimension at least 1 (here 0)"),
        (["x = Vi(-1, 2)"], FormulaError, "position must be at least 0 (here -1)"),
        (["Var(1, 2)"], FormulaError, "Var takes a position, a dimension and a category"),
        (["x = Vi()"], FormulaError, "not understood"),
        ("x = Vi(3)", ArgumentTypeError, "The aliases are a list of strings"),
        (3, ArgumentTypeError, "The aliases are a list of strings"),
        ([3], ArgumentTypeError, "Alias number 0 is 3, of type int"),
    ],
)
def test_wrong_aliases(aliases: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        read("IntCst(1)", aliases)


@pytest.mark.parametrize(("formula", "error"), [("", FormulaError), ("  \n", FormulaError), (3, ArgumentTypeError)])
def test_no_formula(formula: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="formula is"):
        read(formula)  # type: ignore[arg-type]


LEAVES = [X, Y, S, B, constant(2.0), constant(-0.5)]


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> Expr:
    """Draw an expression from the elementwise operations and those with sample dimensions."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(LEAVES))
    names = [name for name, op in OPERATIONS.items() if op.elementwise and op.arity in (1, 2) and not op.parameters]
    op = OPERATIONS[draw(st.sampled_from(sorted(names)))]
    args = [draw(expressions(depth=depth - 1)) for _ in range(op.arity)]
    if len({arg.dim for arg in args} - {1}) > 1:
        args = [apply("Sum", arg) for arg in args]
    return apply(op.name, *args)


@given(expressions())
def test_what_show_prints_is_read_back(expr: Expr) -> None:
    names = {X: "x", Y: "y", B: "b", S: "s"}
    assert read(show(expr, names)) is expr


@given(expressions())
def test_an_outline_is_the_text_where_that_is_short(expr: Expr) -> None:
    text, short = show(expr), outline(expr)
    assert len(short) <= OUTLINE
    assert short == text if len(text) <= OUTLINE else "..." in short


def test_shared_parts_of_a_long_text_have_names() -> None:
    doubled = X
    for _ in range(100):
        doubled = doubled * doubled + doubled
    text = show(doubled, {X: "x"})
    assert text.startswith("((#99 * #99) + #99) where #1 = ((x * x) + x), #2 = ((#1 * #1) + #1), ")
    assert text.endswith("#99 = ((#98 * #98) + #98)")
    assert repr(doubled) == outline(doubled)
    with pytest.raises(DimensionError) as caught:
        doubled + B
    assert len(str(caught.value)) < 500
    assert "of dimension 3, Vj(2,2) of dimension 2" in str(caught.value)


def test_a_long_text_without_shared_parts_is_read_back() -> None:
    total = apply("Sum", X)
    for number in range(90):
        total = total + apply("Exp", S * constant(number + 0.123456))
    text = show(total, {X: "x", S: "s"})
    assert len(text) > 2000
    assert read(text) is total
