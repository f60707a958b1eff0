"""Every row of the interface of KeOps runs: names, methods, arguments."""

from __future__ import annotations

import numpy
import numpy as np
import pytest

from pairfold.numpy import Genred, LazyTensor, Pm, Vi, Vj
from pairfold.pykeops import numpy as keops
from tests.pykeops import interface

ROWS, COLUMNS = 5, 7
SIZES = {"Vi": ROWS, "Vj": COLUMNS}


def arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    made = {}
    for name, (category, dim) in interface.VARIABLES.items():
        shape = (dim,) if category == "Pm" else (SIZES[category], dim)
        made[name] = generator.uniform(0.2, 1.5, shape)
    made["k"] = np.sort(generator.uniform(0, 4, 5))
    return made


ALIASES = [f"{name} = {category}({dim})" for name, (category, dim) in interface.VARIABLES.items()]


@pytest.mark.parametrize("name", list(interface.FORMULAS))
def test_every_operation(name: str) -> None:
    formula, dim = interface.FORMULAS[name]
    result = keops.Genred(formula, ALIASES, axis=1)(*arrays().values())
    assert result.shape == (ROWS, dim)
    assert np.isfinite(result).all()


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", list(interface.REDUCTIONS))
def test_every_reduction(name: str, axis: int) -> None:
    keywords, shapes = interface.REDUCTIONS[name]
    formula = "Sum(x*y)" if name in interface.SCALAR_ONLY else "x*y"
    found = Genred(formula, ALIASES, reduction_op=name, axis=axis, **keywords)(*arrays().values())
    outputs = found if isinstance(found, tuple) else (found,)
    kept = ROWS if axis == 1 else COLUMNS
    assert [output.shape for output in outputs] == [(kept, *shape) for shape in shapes]


@pytest.mark.parametrize("name", list(interface.GENRED_ARGUMENTS))
def test_every_argument_of_the_constructor(name: str) -> None:
    data = arrays()
    plain = Genred("SqDist(x,y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)(data["x"], data["y"])
    keywords = {"axis": 1, name: interface.GENRED_ARGUMENTS[name]}
    given = Genred("SqDist(x,y)", ["x = Vi(3)", "y = Vj(3)"], **keywords)(data["x"], data["y"])
    np.testing.assert_array_equal(plain, given)


@pytest.mark.parametrize("name", list(interface.CALL_ARGUMENTS))
def test_every_argument_of_a_call(name: str) -> None:
    data = arrays()
    routine = Genred("SqDist(x,y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)
    plain = routine(data["x"], data["y"])
    given = routine(data["x"], data["y"], **{name: interface.CALL_ARGUMENTS[name]})
    np.testing.assert_array_equal(plain, given)


def names() -> dict[str, object]:
    data = arrays()
    x, y = Vi(data["x"]), Vj(data["y"])
    parameters = {name: Pm(data[name]) for name in "pskm"}
    return {"x": x, "y": y, "d": x.sqdist(y), "LazyTensor": LazyTensor, "numpy": numpy, **parameters}


@pytest.mark.parametrize("name", list(interface.METHODS))
def test_every_lazy_method(name: str) -> None:
    text, inner = interface.METHODS[name]
    lazy = eval(text, names())
    assert isinstance(lazy, LazyTensor)
    assert lazy.shape[-1:] == inner
    summed = (lazy * names()["y"].elem(0) + names()["x"].elem(0) * 0).sum(axis=1)
    assert summed.shape == (ROWS, *inner)
    assert np.isfinite(summed).all()


@pytest.mark.parametrize("name", list(interface.REDUCING_METHODS))
def test_every_reducing_method(name: str) -> None:
    text, shapes = interface.REDUCING_METHODS[name]
    found = eval(text, names())
    outputs = found if isinstance(found, tuple) else (found,)
    kept = COLUMNS if "axis=0" in text or ".T" in text or ".t()" in text or "rmatvec" in text else ROWS
    assert [output.shape for output in outputs] == [(kept, *shape) for shape in shapes]


def test_the_names_of_the_catalogue_are_all_in_the_table() -> None:
    listed = """Abs Acos Add AdjointOperator ArgMax ArgMin Asin Atan Atan2 AutoFactorize BSpline Clamp ClampInt
    ComplexAbs ComplexAdd ComplexAngle ComplexDivide ComplexExp ComplexExp1j ComplexImag ComplexMult ComplexReal
    ComplexRealScal ComplexSquareAbs ComplexSubtract ComplexSum ComplexSumT Concat Conj Cos Diff DiffClampInt
    Divergence Divide Elem ElemT Equal Exp Extract ExtractT Factorize Floor Grad GradMatrix IfElse Imag2Complex
    IntCst IntInv Inv Kron Laplacian LessOrEqual LessThan Log MatVecMult Max Min Minus Mod Mult Norm2 Normalize
    NotEqual OneHot Pow Powf RatCst ReLU Real2Complex Round Rsqrt Scalprod Sign Sin SinXDivX SoftDTW_SqDist SqDist
    SqNorm2 SqNormDiag SqNormIso Sqrt Square Step Subtract Sum SumLinOperator SumT SymSqNorm TensorDot TensorProd
    TraceOperator Var VecMatMult WeightedSqDist WeightedSqNorm XLogX Zero"""
    assert set(listed.split()) <= set(interface.FORMULAS)
