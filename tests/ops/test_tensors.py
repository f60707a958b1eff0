"""Matrix and tensor products against NumPy, and their dimension rules."""

from __future__ import annotations

import numpy as np
import pytest

from pairfold.errors import DimensionError
from pairfold.ir.expr import Category
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply
from pairfold.targets.reference import evaluate
from pairfold.transform.expand import expand

GENERATOR = np.random.default_rng(0)


def _run(name: str, *arrays: np.ndarray, params: tuple[object, ...] = ()) -> np.ndarray:
    names = [variable(p, array.size, Category.ROW) for p, array in enumerate(arrays)]
    roots = expand([apply(name, *names, params=params)])
    (value,) = evaluate(roots, {v: array.ravel() for v, array in zip(names, arrays, strict=True)})
    return value


def test_matrices_are_row_major() -> None:
    a, b, c = GENERATOR.normal(size=(4, 3)), GENERATOR.normal(size=3), GENERATOR.normal(size=4)
    np.testing.assert_allclose(_run("MatVecMult", a, b), a @ b)
    np.testing.assert_allclose(_run("VecMatMult", c, a), c @ a)
    np.testing.assert_allclose(_run("TensorProd", b, c), np.outer(b, c).ravel())


def test_the_weight_matrix_is_not_symmetrised() -> None:
    s, f = GENERATOR.normal(size=(3, 3)), GENERATOR.normal(size=3)
    np.testing.assert_allclose(_run("WeightedSqNorm", s, f), [f @ s @ f])


@pytest.mark.parametrize(("shape_f", "shape_g"), [((2, 3), (4, 5)), ((2,), (3,)), ((2, 1, 2), (1, 3, 2))])
def test_kron(shape_f: tuple[int, ...], shape_g: tuple[int, ...]) -> None:
    f, g = GENERATOR.normal(size=shape_f), GENERATOR.normal(size=shape_g)
    np.testing.assert_allclose(_run("Kron", f, g, params=(shape_f, shape_g)), np.kron(f, g).ravel())


@pytest.mark.parametrize(
    ("shape_f", "shape_g", "axes_f", "axes_g"),
    [
        ((2, 3), (3, 4), (1,), (0,)),
        ((2, 3, 4), (4, 2), (0, 2), (1, 0)),
        ((2, 3), (3, 2), (0, 1), (1, 0)),
        ((2, 3), (2,), (), ()),
        ((5, 2, 3), (3, 5, 4), (2, 0), (0, 1)),
    ],
)
def test_tensordot(
    shape_f: tuple[int, ...], shape_g: tuple[int, ...], axes_f: tuple[int, ...], axes_g: tuple[int, ...]
) -> None:
    f, g = GENERATOR.normal(size=shape_f), GENERATOR.normal(size=shape_g)
    expected = np.tensordot(f, g, (axes_f, axes_g))
    np.testing.assert_allclose(_run("TensorDot", f, g, params=(shape_f, shape_g, axes_f, axes_g)), expected.ravel())


def test_the_permutation_of_a_tensordot_says_where_axes_go() -> None:
    """Kept axis k goes to position permutation[k]: the inverse of what numpy.transpose takes."""
    f, g = GENERATOR.normal(size=(2, 3, 4)), GENERATOR.normal(size=(4, 5))
    permutation = (2, 0, 1)
    kept = np.tensordot(f, g, ((2,), (0,)))
    expected = np.moveaxis(kept, (0, 1, 2), permutation)
    found = _run("TensorDot", f, g, params=((2, 3, 4), (4, 5), (2,), (0,), permutation))
    np.testing.assert_allclose(found, expected.ravel())


@pytest.mark.parametrize(
    ("name", "dims", "params", "message"),
    [
        ("MatVecMult", (7, 3), (), "the matrix must have a multiple of 3 entries"),
        ("VecMatMult", (3, 7), (), "the matrix must have a multiple of 3 entries"),
        ("Kron", (4, 4), ((2, 3), (2, 2)), r"a tensor of shape \(2, 3\) has 6 entries, the vector 4"),
        ("Kron", (4, 4), ((4,), (2, 2)), "must have as many axes as each other"),
        ("TensorDot", (4, 4), ((2, 2), (2, 2), (2,), (0,)), "must be different and lie within 0 to 1"),
        (
            "TensorDot",
            (6, 4),
            ((2, 3), (2, 2), (1,), (0,)),
            r"paired axes must have equal lengths, not \[3\] and \[2\]",
        ),
        ("TensorDot", (4, 4), ((2, 2), (2, 2), (1,), (0,), (0, 0)), "must be a permutation of the 2 kept axes"),
        ("Permute", (4,), ((2, 3), (1, 0)), "must have as many entries as the vector"),
        ("Permute", (6,), ((2, 3), (1, 1)), "permute it"),
        ("Spread", (4,), (2, 3), "block length 3 must divide the dimension"),
        ("SumAxis", (4,), (3, 1), "the dimension must be a multiple of 3"),
        ("SumTiles", (4,), (3,), "the dimension must be a multiple of 3"),
        ("Iota", (), (0,), "the length must be an integer of at least 1, not 0"),
        ("Add", (2, 3), (), "the dimensions must be equal, or 1"),
        ("SumT", (2,), (3,), "only a scalar can be replicated"),
        ("SumT", (1,), (0,), "the length must be at least 1, not 0"),
        ("Extract", (3,), (2, 2), r"components 2 to 4 \(excluded\) must lie within 0 to 3"),
        ("Extract", (3,), (-1, 2), "components -1 to 1"),
        ("ExtractT", (3,), (2, 4), r"components 2 to 5 \(excluded\) must lie within 0 to 4"),
        ("Elem", (3,), (3,), "the index 3 must lie within 0 to 2"),
        ("Elem", (3,), (-1,), "the index -1 must lie within 0 to 2"),
        ("ElemT", (2,), (3, 0), "only a scalar can be placed"),
        ("ElemT", (1,), (3, 3), "the index 3 must lie within 0 to 2"),
        ("OneHot", (2,), (3,), "the index must be a scalar"),
        ("OneHot", (1,), (0,), "the length must be an integer of at least 1"),
        ("IntInv", (), (0,), "division by the literal 0"),
        ("RatCst", (), (1, 0), "division by the literal 0"),
        ("Pow", (2,), (0.5,), "the power must be an integer, not 0.5; use Powf"),
        ("Round", (2,), (0.5,), "the number of decimals must be an integer, not 0.5"),
        ("ClampInt", (2,), (0.5, 1), "the bounds must be integers"),
        ("SphericalBessel", (2,), (-1,), "the order must be an integer of at least 0, not -1"),
        ("SqNormIso", (2, 2), (), "the weight must be a scalar"),
        ("SqNormDiag", (3, 2), (), "there must be one weight per component"),
        ("SymSqNorm", (3, 2), (), "the weights must be a matrix of 2 x 2 entries"),
        ("WeightedSqNorm", (3, 2), (), "the weights must have dimension 1, 2 or 4"),
        ("WeightedSqDist", (3, 2, 2), (), "the weights must have dimension 1, 2 or 4"),
        ("WeightedSqDist", (1, 3, 4), (), "WeightedSqDist: the dimensions must be equal, or 1"),
        ("BSpline", (3, 1), (2,), "degree 2 needs at least 4 knots"),
        ("BSpline", (4, 2), (1,), "the spline is evaluated at a scalar"),
        ("BSpline", (4, 1), (-1,), "the degree must be an integer of at least 0"),
        ("SoftDTW_SqDist", (2, 2, 2), (), "the temperature must be a scalar"),
        ("SoftMin", (2, 2), (), "the temperature must be a scalar"),
        ("ComplexReal", (3,), (), r"a complex vector has an even dimension \(re, im, re, im, ...\), not 3"),
        ("ComplexMult", (4, 6), (), "the dimensions must be equal, or 2 for a single complex number"),
        ("ComplexRealScal", (2, 4), (), "one operand must be a real scalar"),
        ("ComplexSumT", (4,), (8,), "only a single complex number"),
        ("ComplexSumT", (2,), (5,), "the dimension must be a positive even integer, not 5"),
        ("ComplexPow", (2,), (0.5,), "the power must be an integer, not 0.5"),
    ],
)
def test_wrong_dimensions(name: str, dims: tuple[int, ...], params: tuple[object, ...], message: str) -> None:
    operands = [variable(p, dim, Category.ROW) for p, dim in enumerate(dims)]
    with pytest.raises(DimensionError, match=message):
        apply(name, *operands, params=params)


def test_a_variable_has_a_positive_dimension() -> None:
    with pytest.raises(DimensionError, match="at least 1, not 0"):
        variable(0, 0, Category.ROW)
