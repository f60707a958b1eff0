"""What KeOps gets wrong and pairfold gets right: one test per defect of the list in the interface's documentation."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

import pairfold.numpy
from pairfold.errors import PairfoldError
from pairfold.numpy import Genred, KernelSolve, LazyTensor, Pm, Vi, Vj, cluster
from pairfold.pykeops import numpy as keops

XY = ["x = Vi(3)", "y = Vj(3)"]


def points(*shape: int, seed: int = 0, dtype: str = "float64") -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


# 1. validation


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (points(5, 3, dtype="float32"), points(7, 2), "last axis must have length 3"),
        (points(5, 4), points(7, 3), "last axis must have length 3"),
        (points(2, 5, 3), points(3, 7, 3), "broadcast"),
        (points(5, 3).astype(complex), points(7, 3), "complex"),
        ("text", points(7, 3), "str"),
    ],
)
def test_wrong_arguments_get_an_error(x: object, y: object, message: str) -> None:
    with pytest.raises(PairfoldError, match=message):
        Genred("SqDist(x,y)", XY, axis=1)(x, y)


def test_arguments_of_one_side_must_have_one_length() -> None:
    with pytest.raises(PairfoldError, match=r"(?s)y.*b"):
        Genred("SqDist(x,y)*b", [*XY, "b = Vj(1)"], axis=1)(points(5, 3), points(7, 3), points(8, 1))


def test_dtypes_are_promoted() -> None:
    found = Genred("SqDist(x,y)", XY, axis=1)(points(5, 3, dtype="float32"), points(7, 3))
    assert found.dtype == np.float64
    integers = Genred("SqDist(x,y)", XY, axis=1)(np.arange(15).reshape(5, 3), np.ones((7, 3), int))
    assert integers.dtype == np.float64


@pytest.mark.parametrize("out", [np.empty((4, 1)), np.empty((5, 1), np.float32), np.empty((5, 2))])
def test_a_wrong_out_is_refused(out: np.ndarray) -> None:
    with pytest.raises(PairfoldError, match="out"):
        Genred("SqDist(x,y)", XY, axis=1)(points(5, 3), points(7, 3), out=out)


def test_wrong_ranges_are_refused() -> None:
    blocks, slices, columns = np.array([[0, 5]]), np.array([1]), np.array([[0, 7]])
    routine = Genred("SqDist(x,y)", XY, axis=1)
    with pytest.raises(PairfoldError, match="six"):
        routine(points(5, 3), points(7, 3), ranges=(blocks, slices, columns))
    beyond = np.array([[0, 8]])
    with pytest.raises(PairfoldError):
        routine(points(5, 3), points(7, 3), ranges=(blocks, slices, beyond, columns, slices, blocks))


# 2. old names


def test_the_old_names_are_synonyms() -> None:
    x, y = points(5, 3), points(7, 3)
    new = Genred("SqDist(x,y)", XY, axis=1)(x, y)
    old = keops.Genred("SqDist(x,y)", ["x = Vx(3)", "y = Vy(3)"], axis=1)(x, y)
    np.testing.assert_array_equal(new, old)


# 3. log-sum-exp


@pytest.mark.parametrize("first", [0, 4, 9])
def test_log_sum_exp_ignores_minus_infinity(first: int) -> None:
    y = np.zeros((16, 1))
    y[first] = -np.inf
    (found,) = Genred("x+y", ["x = Vi(1)", "y = Vj(1)"], reduction_op="LogSumExp", axis=1)(np.zeros((1, 1)), y)
    assert found[0] == pytest.approx(math.log(15))


def test_log_sum_exp_of_extreme_lists() -> None:
    routine = Genred("x+y", ["x = Vi(1)", "y = Vj(1)"], reduction_op="LogSumExp", axis=1)
    zero = np.zeros((1, 1))
    assert routine(zero, np.full((5, 1), -np.inf)) == -np.inf
    assert routine(zero, np.zeros((0, 1))) == -np.inf
    assert routine(zero, np.array([[np.inf], [1.0], [np.inf]])) == np.inf


# 4. float64 constants


def test_float64_constants_are_float64() -> None:
    x = points(4, 1)
    third = Genred("x/3", ["x = Vi(1)"], axis=1)(x)
    np.testing.assert_allclose(third, x / 3, rtol=3e-16)
    large = Genred("x*0+16777217", ["x = Vi(1)"], axis=1)(x)
    np.testing.assert_array_equal(large, np.full((4, 1), 16777217.0))
    power = Genred("Powf(Abs(x),y)", ["x = Vi(1)", "y = Pm(1)"], axis=1)(x, np.array([0.3]))
    np.testing.assert_allclose(power, np.abs(x) ** 0.3, rtol=1e-15)


# 5. SoftDTW and B-splines


def soft_dtw(x: np.ndarray, y: np.ndarray, gamma: float) -> float:
    table = np.full((len(x) + 1, len(y) + 1), np.inf)
    table[0, 0] = 0
    for i in range(len(x)):
        for j in range(len(y)):
            before = np.array([table[i, j], table[i + 1, j], table[i, j + 1]])
            table[i + 1, j + 1] = (x[i] - y[j]) ** 2 - gamma * np.logaddexp.reduce(-before / gamma)
    return float(table[-1, -1])


def test_soft_dtw() -> None:
    x, y = points(1, 2) * 30, points(1, 3, seed=1) * 30
    found = Genred("SoftDTW_SqDist(x,y,g)", ["x = Vi(2)", "y = Vj(3)", "g = Pm(1)"], axis=1)(x, y, np.array([0.5]))
    assert found[0, 0] == pytest.approx(soft_dtw(x[0], y[0], 0.5), rel=1e-12)


def test_b_splines_in_float64() -> None:
    knots, x = np.array([0.0, 1, 2, 3]), np.array([[0.5], [1.5], [2.5], [3.0]])
    found = Genred("BSpline(k,x,1)", ["k = Pm(4)", "x = Vi(1)"], axis=1)(knots, x)
    np.testing.assert_allclose(found, [[0.5, 0], [0.5, 0.5], [0, 0.5], [0, 0]])


# 6. derivatives


@pytest.mark.parametrize("formula", ["IfElse(x,a*y,a)", "Atan2(a,y)", "Atan2(y,a)", "Powf(a*a+1,y)", "Powf(y*y+1,a)"])
def test_gradients_with_broadcast_scalars(formula: str) -> None:
    aliases = ["x = Vi(3)", "y = Vj(3)", "a = Vi(1)"]
    x, y, a = points(4, 3), points(5, 3, seed=1), points(4, 1, seed=2)
    value = Genred(f"Sum({formula})", aliases, axis=1)
    gradient = Genred(f"Grad({formula}, a, e)", [*aliases, "e = Pm(3)"], axis=1)(x, y, a, np.ones(3))
    step = 1e-6
    difference = (value(x, y, a + step) - value(x, y, a - step)) / (2 * step)
    np.testing.assert_allclose(gradient, difference, rtol=1e-6, atol=1e-6)


def test_the_derivative_of_sinc_at_0_is_0() -> None:
    found = Genred("Grad(SinXDivX(x), x, 1)", ["x = Vi(1)"], axis=1)(np.array([[0.0], [1.0]]))
    np.testing.assert_allclose(found, [[0.0], [np.cos(1) - np.sin(1)]], atol=1e-15)


def test_complex_gradients_of_odd_real_vectors() -> None:
    formula = "Grad(ComplexMult(ComplexExp1j(x), z), x, e)"
    x, z, e = points(4, 3), points(5, 6, seed=1), points(4, 6, seed=2)
    found = Genred(formula, ["x = Vi(3)", "z = Vj(6)", "e = Vi(6)"], axis=1)(x, z, e)
    values = np.exp(1j * x)[:, None] * (z[:, ::2] + 1j * z[:, 1::2])
    cotangent = (e[:, ::2] + 1j * e[:, 1::2])[:, None]
    np.testing.assert_allclose(found, (1j * values * cotangent.conj()).real.sum(1), rtol=1e-12)


# 7. and 11. gradients to the winner, vmap: tests/torch


# 8. names


def test_weighted_log_sum_exp_is_a_log_sum_exp() -> None:
    x, y = points(5, 3), points(7, 3)
    weights = np.abs(points(7, 2)) + 0.1
    found = Genred("SqDist(x,y)", [*XY, "w = Vj(2)"], reduction_op="LogSumExpWeight", axis=1, formula2="w")(
        x, y, weights
    )
    squared = ((x[:, None] - y) ** 2).sum(-1)
    np.testing.assert_allclose(found, np.log(np.exp(squared) @ weights), rtol=1e-12)


@pytest.mark.parametrize("name", ["MinArgMin", "MaxArgMax", "KMinArgKMin"])
def test_names_without_underscores(name: str) -> None:
    values, indices = Genred("SqDist(x,y)", XY, reduction_op=name, axis=1, opt_arg=2)(points(5, 3), points(7, 3))
    assert values.dtype == np.float64
    assert indices.dtype == np.int64


# 9. accurate sums


@pytest.mark.parametrize(
    "keywords", [{"sum_scheme": "kahan_scheme"}, {"use_double_acc": True}, {"dtype_acc": "float64"}]
)
@pytest.mark.parametrize("name", ["Sum", "LogSumExp"])
def test_accurate_schemes_work_for_every_sum(name: str, keywords: dict[str, object]) -> None:
    y = np.full((2_000_000, 1), 0.1, np.float32)
    found = Genred("y", ["y = Vj(1)"], reduction_op=name, axis=1, **keywords)(y)
    exact = len(y) * float(np.float32(0.1)) if name == "Sum" else float(np.float32(0.1)) + math.log(len(y))
    assert abs(float(found[0, 0]) - exact) / exact < 2e-7


def test_blocks_are_summed_in_batches_and_ranges_too() -> None:
    y = np.full((2, 1_000_000, 1), 0.1, np.float32)
    found = Genred("x*y", ["x = Vi(1)", "y = Vj(1)"], axis=1)(np.ones((2, 1, 1), np.float32), y)
    np.testing.assert_allclose(found, np.full((2, 1, 1), 1e6 * float(np.float32(0.1))), rtol=1e-5)


# 10. K larger than M, nothing to reduce


def test_missing_neighbours_are_marked() -> None:
    values, indices = Genred("SqDist(x,y)", XY, reduction_op="KMin_ArgKMin", axis=1, opt_arg=5)(
        points(4, 3), points(3, 3)
    )
    assert (values[:, 3:] == np.inf).all()
    assert (indices[:, 3:] == -1).all()


@pytest.mark.parametrize("name", ["Min_ArgMin", "KMin", "KMin_ArgKMin", "ArgKMin"])
def test_no_rows(name: str) -> None:
    found = Genred("SqDist(x,y)", XY, reduction_op=name, axis=1, opt_arg=2)(points(0, 3), points(3, 3))
    for output in found if isinstance(found, tuple) else (found,):
        assert output.shape[0] == 0


# 12. batched products


def test_a_batched_matrix_times_one_vector() -> None:
    x, y, v = points(2, 5, 3), points(2, 7, 3), points(7)
    kernel = (-LazyTensor(x[:, :, None]).sqdist(LazyTensor(y[:, None]))).exp()
    expected = np.exp(-((x[:, :, None] - y[:, None]) ** 2).sum(-1)) @ v
    np.testing.assert_allclose(kernel @ v, expected, rtol=1e-12)


# 13. solves


def test_solves_stop_and_say_why() -> None:
    x, b = points(20, 3), points(20, 1)
    solve = KernelSolve("Exp(-SqDist(x,y))*b", [*XY, "b = Vj(1)"], "b", axis=1)
    small = solve(x, x, b * 1e-8, alpha=0.5)
    np.testing.assert_allclose(small, solve(x, x, b, alpha=0.5) * 1e-8, rtol=1e-3)
    with pytest.raises(PairfoldError, match="nan"):
        solve(x, x, b * np.nan, alpha=0.5)


# 14. LazyTensors


def test_arithmetic_stays_lazy() -> None:
    x, y = Vi(points(5, 3)), Vj(points(7, 3))
    for lazy in (x * 0, 0 / (y * y + 1), 2**x, x % 2, x // 2, x * np.float64(2), x + np.int64(1), x * np.array(0.1)):
        assert isinstance(lazy, LazyTensor)
        assert np.isfinite((lazy + y).sum(axis=1)).all()


def test_components_count_from_the_end() -> None:
    x = points(5, 3)
    np.testing.assert_array_equal(Vi(x)[..., -1].sum(axis=1)[:, 0], x[:, -1])


def test_lazy_tensors_are_hashable_and_pickle() -> None:
    x = Vi(points(5, 3))
    assert {x: 1}[x] == 1
    again = pickle.loads(pickle.dumps(x * 2))
    np.testing.assert_array_equal(again.sum(axis=1), (x * 2).sum(axis=1))


def test_a_missing_axis_says_which_there_are() -> None:
    with pytest.raises(PairfoldError, match="axis"):
        Vi(points(5, 3)).logsumexp()


# 15. methods: tests/pykeops/test_interface.py

# 16. formula strings


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("0.5*x", lambda x: 0.5 * x),
        ("x**0.5", np.sqrt),
        ("x**2.5", lambda x: x**2.5),
        ("Exp(3)*x", lambda x: np.exp(3) * x),
        ("Clamp(x,0,1)", lambda x: np.clip(x, 0, 1)),
        ("(x==x)*x", lambda x: x),
        ("+x", lambda x: x),
        ("x % 2", lambda x: x % 2),
    ],
)
def test_formulas_take_what_people_write(formula: str, expected: object) -> None:
    x = np.abs(points(4, 1)) + 0.1
    np.testing.assert_allclose(Genred(formula, ["x = Vi(1)"], axis=1)(x), expected(x), rtol=1e-14)  # type: ignore[operator]


def test_variables_may_stand_inside() -> None:
    x, y = points(4, 3), points(5, 3)
    found = Genred("SqDist(Vi(0,3),Vj(1,3))", [], axis=1)(x, y)
    np.testing.assert_allclose(found, ((x[:, None] - y) ** 2).sum(-1).sum(1, keepdims=True), rtol=1e-13)


@pytest.mark.parametrize(
    "formula", ["__import__('os')", "x.dim", "[x for x in y]", "lambda: x", "x if x else y", "x := y"]
)
def test_formulas_are_no_code(formula: str) -> None:
    with pytest.raises(PairfoldError):
        Genred(formula, XY, axis=1)(points(4, 3), points(5, 3))


# 17. bounds


@pytest.mark.parametrize("formula", ["Elem(x,3)", "Elem(x,-4)", "ElemT(Elem(x,0),2,2)", "Extract(x,2,2)"])
def test_components_outside_are_refused(formula: str) -> None:
    with pytest.raises(PairfoldError, match="must lie within"):
        Genred(formula, XY, axis=1)(points(4, 3), points(5, 3))


def test_one_hot_outside_is_zero() -> None:
    found = Genred("OneHot(x,3)", ["x = Vi(1)"], axis=1)(np.array([[-1.0], [1.0], [7.0], [np.nan]]))
    np.testing.assert_array_equal(found, [[0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]])


# 18. clusters


def test_cells_do_not_collide() -> None:
    x = np.array([[0.5, 5000.5, 0.5], [0.5, 0.5, 4000.5], [0.5, 0.5, 0.5]])
    assert len(set(cluster.grid_cluster(x, 1.0).tolist())) == 3


# 19. names and messages


def test_star_import_works() -> None:
    names: dict[str, object] = {}
    exec("from pairfold.numpy import *", names)
    assert set(pairfold.numpy.__all__) <= set(names)


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_that_is_not_there_is_an_error_with_a_remedy() -> None:
    with pytest.raises(PairfoldError, match=r"asks for a GPU.*or compute on the CPU \(backend='CPU'\)"):
        Genred("SqDist(x,y)", XY, axis=1)(points(4, 3), points(5, 3), backend="GPU")


# 20. long index reductions


def test_indices_are_integers_of_full_range() -> None:
    count = 17_000_001
    y = np.ones((count, 1), np.float32)
    y[-1] = 0
    found = Genred("x*y", ["x = Vi(1)", "y = Vj(1)"], reduction_op="ArgMin", axis=1)(np.ones((1, 1), np.float32), y)
    assert found[0, 0] == count - 1


# 21. aliases


def test_aliases_may_be_a_tuple_and_are_left_alone() -> None:
    x, y = points(4, 3), points(5, 3)
    aliases = list(XY)
    Genred("SqDist(x,Var(1,3,1))", aliases, axis=1)(x, y)
    assert aliases == XY
    Genred("SqDist(x,y)", tuple(XY), axis=1)(x, y)


# 22. differential operators


@pytest.mark.parametrize(
    "f",
    ["IfElse(x,x*y,y)", "MatVecMult(TensorProd(x,y),x)", "VecMatMult(x,TensorProd(x,y))", "Abs(x-y)", "Normalize(x-y)"],
)
def test_differentials_of_every_operation(f: str) -> None:
    x, y, u = points(4, 3), points(5, 3, seed=1), points(4, 3, seed=2)
    step = 1e-6
    plain = Genred(f, XY, axis=1)
    found = Genred(f"Diff({f}, x, u)", [*XY, "u = Vi(3)"], axis=1)(x, y, u)
    np.testing.assert_allclose(found, (plain(x + step * u, y) - plain(x - step * u, y)) / (2 * step), atol=1e-5)
    trace = sum(
        (plain(x + step * np.eye(3)[k], y) - plain(x - step * np.eye(3)[k], y))[:, k] / (2 * step) for k in range(3)
    )
    divergence = Genred(f"Divergence({f}, x)", XY, axis=1)(x, y)
    np.testing.assert_allclose(divergence[:, 0], trace, atol=1e-5)


def test_laplacian_of_a_kinked_function() -> None:
    found = Genred("Laplacian(Sum(Abs(x-y)), x)", XY, axis=1)(points(4, 3), points(5, 3))
    np.testing.assert_array_equal(found, np.zeros((4, 1)))


def test_parameters_can_be_lists() -> None:
    x = points(4, 3)
    np.testing.assert_allclose((Vi(x) * Pm([1.0, 2.0, 3.0])).sum(axis=1), x * np.array([1.0, 2, 3]), rtol=1e-15)
