"""The registry as a whole: complete, closed under expansion, and right at special values."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from pairfold.codegen.vectormath import ACCURACY_ULP
from pairfold.ir.expr import OPERATIONS, Category, Op, make, register, topological
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant
from pairfold.targets.reference import evaluate
from pairfold.transform.calculus import CALCULUS
from pairfold.transform.expand import expand
from pairfold.transform.simplify import simplify
from tests.conformance.cases import all_cases, build

KEOPS_NAMES = [
    "Abs",
    "Acos",
    "Add",
    "AdjointOperator",
    "ArgMax",
    "ArgMin",
    "Asin",
    "Atan",
    "Atan2",
    "AutoFactorize",
    "BSpline",
    "Clamp",
    "ClampInt",
    "ComplexAbs",
    "ComplexAdd",
    "ComplexAngle",
    "ComplexDivide",
    "ComplexExp",
    "ComplexExp1j",
    "ComplexImag",
    "ComplexMult",
    "ComplexReal",
    "ComplexRealScal",
    "ComplexSquareAbs",
    "ComplexSubtract",
    "ComplexSum",
    "ComplexSumT",
    "Concat",
    "Conj",
    "Cos",
    "Diff",
    "DiffClampInt",
    "Divergence",
    "Divide",
    "Elem",
    "ElemT",
    "Equal",
    "Exp",
    "Extract",
    "ExtractT",
    "Factorize",
    "Floor",
    "Grad",
    "GradMatrix",
    "IfElse",
    "Imag2Complex",
    "IntCst",
    "IntInv",
    "Inv",
    "Kron",
    "Laplacian",
    "LessOrEqual",
    "LessThan",
    "Log",
    "MatVecMult",
    "Max",
    "Min",
    "Minus",
    "Mod",
    "Mult",
    "Norm2",
    "Normalize",
    "NotEqual",
    "OneHot",
    "Pow",
    "Powf",
    "RatCst",
    "ReLU",
    "Real2Complex",
    "Round",
    "Rsqrt",
    "Scalprod",
    "Sign",
    "Sin",
    "SinXDivX",
    "SoftDTW_SqDist",
    "SqDist",
    "SqNorm2",
    "SqNormDiag",
    "SqNormIso",
    "Sqrt",
    "Square",
    "Step",
    "Subtract",
    "Sum",
    "SumLinOperator",
    "SumT",
    "SymSqNorm",
    "TensorDot",
    "TensorProd",
    "TraceOperator",
    "Var",
    "VecMatMult",
    "WeightedSqDist",
    "WeightedSqNorm",
    "XLogX",
    "Zero",
    "ComplexScal",
]

STRUCTURAL = {
    *("Var", "Const", "Sum", "SumT", "Concat", "Extract", "ExtractT", "Tile", "SumTiles"),
    *("Spread", "SumAxis", "Permute", "Iota", "Max", "Min"),
}
ARITHMETIC = {
    *("Add", "Subtract", "Mult", "Divide", "Minus", "LessThan", "LessOrEqual", "Equal", "NotEqual", "Where"),
    *("Abs", "Sqrt", "Rsqrt", "Floor"),
}
FUNCTIONS = {
    *("Exp", "Log", "Sin", "Cos", "Powf", "Tan", "Asin", "Acos", "Atan", "Atan2", "Sinh", "Cosh", "Tanh"),
    *("Expm1", "Log1p", "Erf"),
}


@pytest.mark.parametrize("name", KEOPS_NAMES)
def test_every_name_of_keops_exists(name: str) -> None:
    assert name in OPERATIONS or name in CALCULUS


def test_the_primitives_are_these() -> None:
    """What a target must implement is a short list, and it grows on purpose only."""
    primitives = {name for name, op in OPERATIONS.items() if op.expand is None}
    assert primitives == STRUCTURAL | ARITHMETIC | FUNCTIONS
    text = (Path(__file__).parents[2] / "docs" / "how_it_works.rst").read_text(encoding="utf-8")
    assert f"There are {len(primitives)} primitive operations" in " ".join(text.split())


def test_expansions_end_in_primitives() -> None:
    for case in all_cases():
        node, _ = build(case, [Category.ROW] * len(case[1]))
        for part in topological(expand([node])):
            assert part.op.expand is None, f"{case} leaves {part.op.name}"


def test_names_are_registered_once() -> None:
    with pytest.raises(ValueError, match="operation 'Exp' is registered twice"):
        register(OPERATIONS["Exp"])


def test_method_orders_are_permutations() -> None:
    for op in OPERATIONS.values():
        assert sorted(op.method_order) in ([], list(range(op.arity)))


SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 1e-320, 1e300, -1e300, 3.0, 2.0]
ELEMENTWISE = [op for op in OPERATIONS.values() if op.elementwise and op.expand is not None]


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_expansion_equals_reference_at_special_values(op: Op) -> None:
    for params in {params for _, params in op.sample} or {()}:
        operands = [variable(p, 1, Category.ROW) for p in range(op.arity)]
        node = make(op, operands, params)
        columns = np.array(list(product(SPECIAL, repeat=op.arity))).T[..., None]
        bindings = dict(zip(operands, columns, strict=True))
        (expected,), (found,) = evaluate([node], bindings), evaluate(expand([node]), bindings)
        found = np.broadcast_to(found, expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize(
    "op", [op for op in OPERATIONS.values() if op.arity and op.elementwise], ids=lambda op: op.name
)
def test_operations_of_constants_are_constants(op: Op) -> None:
    """What overflows or has no value does so in silence (the test suite makes errors of warnings)."""
    for params in {params for _, params in op.sample} or {()}:
        for numbers in product(SPECIAL[:: op.arity], repeat=op.arity):
            node = make(op, [constant(number) for number in numbers], params)
            (found,) = evaluate(simplify(expand([node])), {})
            np.testing.assert_allclose(found, evaluate([node], {})[0], rtol=1e-12, atol=1e-300)


def _value(name: str, *operands: float | list[float], params: tuple[object, ...] = ()) -> list[float]:
    """Evaluate the expansion of an operation on numbers."""
    arrays = [np.atleast_1d(np.asarray(operand, float)) for operand in operands]
    names = [variable(p, len(array), Category.ROW) for p, array in enumerate(arrays)]
    roots = expand([apply(name, *names, params=params)])
    return [float(value) for value in evaluate(roots, dict(zip(names, arrays, strict=True)))[0]]


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("name", "operands", "params", "expected"),
    [
        ("Log", (0,), (), -INF),
        ("Log", (-1,), (), NAN),
        ("Sign", (0,), (), 0),
        ("Sign", (NAN,), (), 0),
        ("Step", (0,), (), 1),
        ("Step", (NAN,), (), 1),
        ("ReLU", (NAN,), (), NAN),
        ("Pow", (0,), (-1,), INF),
        ("Pow", (NAN,), (0,), 1),
        ("Pow", (-2,), (3,), -8),
        ("Powf", (-2, 0.5), (), NAN),
        ("Sqrt", (-1,), (), NAN),
        ("Rsqrt", (0,), (), 0),
        ("Rsqrt", (INF,), (), 0),
        ("Inv", (0,), (), INF),
        ("XLogX", (0,), (), 0),
        ("XLogX", (-1,), (), NAN),
        ("SinXDivX", (0,), (), 1),
        ("SinXDivX", (INF,), (), NAN),
        ("Round", (0.5,), (0,), 1),
        ("Round", (-2.5,), (0,), -3),
        ("Round", (0.49999999999999994,), (0,), 0),
        ("Round", (0.25,), (1,), 0.3),
        ("Round", (1250,), (-2,), 1300),
        ("Mod", (49, 49, 0), (), 0),
        ("Mod", (-1, 3, 0), (), 2),
        ("Mod", (5, 3, 2), (), 2),
        ("Mod", (5, -3, 0), (), -1),
        ("Mod", (INF, 3, 0), (), NAN),
        ("Clamp", (0, 2, 1), (), 2),
        ("Clamp", (NAN, 0, 1), (), NAN),
        ("ClampInt", (7,), (0, 5), 5),
        ("DiffClampInt", (5,), (0, 5), 1),
        ("DiffClampInt", (5.1,), (0, 5), 0),
        ("IfElse", (0, 1, 2), (), 1),
        ("IfElse", (-0.0, 1, 2), (), 1),
        ("IfElse", (NAN, 1, 2), (), 2),
        ("NotEqual", (NAN, NAN), (), 1),
        ("Equal", (NAN, NAN), (), 0),
        ("Maximum", (NAN, 1), (), NAN),
        ("Maximum", (1, NAN), (), NAN),
        ("Minimum", (1, 2), (), 1),
        ("Max", ([NAN, 1, 3, 2],), (), 3),
        ("Max", ([NAN, NAN],), (), NAN),
        ("ArgMax", ([1, 3, 3],), (), 1),
        ("ArgMin", ([NAN, NAN],), (), 0),
        ("ArgMin", ([NAN, 4],), (), 1),
    ],
)
def test_special_values(name: str, operands: tuple[float, ...], params: tuple[int, ...], expected: float) -> None:
    (found,) = _value(name, *operands, params=params)
    np.testing.assert_equal(found, expected)


@pytest.mark.parametrize(
    ("index", "expected"),
    [(0, [1, 0, 0]), (1.5, [0, 0, 1]), (-0.4, [1, 0, 0]), (-0.6, [0, 0, 0]), (2.5, [0, 0, 0]), (NAN, [0, 0, 0])],
)
def test_one_hot_outside_its_range_is_zero(index: float, expected: list[float]) -> None:
    assert _value("OneHot", index, params=(3,)) == expected


def test_zero_vectors_normalize_to_zero() -> None:
    assert _value("Normalize", [0, 0]) == [0, 0]
    assert _value("Normalize", [3, 4]) == pytest.approx([0.6, 0.8])


def test_constants_keep_double_precision() -> None:
    assert _value("IntCst", params=(16777217,)) == [16777217]
    assert _value("IntInv", params=(3,)) == [1 / 3]
    assert _value("RatCst", params=(2, 3)) == [2 / 3]


def test_code_size_does_not_grow_with_the_dimension() -> None:
    """A product of large matrices has as few nodes as one of small matrices."""

    def count(size: int) -> int:
        a, b = variable(0, size * size, Category.ROW), variable(1, size, Category.COLUMN)
        dot = apply("TensorDot", a, a, params=((size, size), (size, size), (1,), (0,)))
        roots = expand([apply("MatVecMult", a, b), apply("VecMatMult", b, a), dot, apply("SymSqNorm", a, b)])
        return len(topological(roots))

    assert count(30) == count(3)


def test_stated_errors_are_those_of_the_vector_functions() -> None:
    """The records say what the code generator promises; its promises are checked in tests/codegen."""
    for operation in (*FUNCTIONS, "Rsqrt", "Sqrt"):
        bound = max(ACCURACY_ULP["pow" if operation == "Powf" else operation.lower()].values())
        assert OPERATIONS[operation].ulp == bound, f"{operation} states {OPERATIONS[operation].ulp} ulp, not {bound}"
