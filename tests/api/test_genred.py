"""Genred and its shorthands on NumPy arrays, against dense NumPy."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    DimensionError,
    FormulaError,
    TargetError,
    UnknownNameError,
)
from pairfold.numpy import Genred, KernelSolve, Vj, generic_argkmin, generic_argmin, generic_logsumexp, generic_sum

ALIASES = ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "s = Pm(1)"]
GAUSSIAN = "Exp(-s * SqDist(x, y)) * b"
RNG = np.random.default_rng(0)
X, Y, B = RNG.standard_normal((5, 3)), RNG.standard_normal((7, 3)), RNG.standard_normal((7, 2))
K = np.exp(-0.5 * ((X[:, None] - Y) ** 2).sum(-1))


@pytest.fixture
def gaussian() -> Genred:
    return Genred(GAUSSIAN, ALIASES, axis=1)


def test_both_axes(gaussian: Genred) -> None:
    np.testing.assert_allclose(gaussian(X, Y, B, 0.5), K @ B, rtol=1e-12)
    over_i = Genred(GAUSSIAN, ALIASES)(X, Y, B, 0.5)
    np.testing.assert_allclose(over_i, K.sum(0)[:, None] * B, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sum", lambda d: d.sum(1, keepdims=True)),
        ("LogSumExp", lambda d: np.log(np.exp(d).sum(1, keepdims=True))),
        ("Min", lambda d: d.min(1, keepdims=True)),
        ("ArgMax", lambda d: d.argmax(1)[:, None]),
        ("KMin", lambda d: np.sort(d, axis=1)[:, :3]),
        ("ArgKMin", lambda d: np.argsort(d, axis=1)[:, :3]),
    ],
)
def test_reductions(name: str, expected: Any) -> None:
    found = Genred("SqDist(x, y)", ALIASES[:2], name, axis=1, opt_arg=3)(X, Y)
    wanted = expected(((X[:, None] - Y) ** 2).sum(-1))
    assert found.dtype == wanted.dtype
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_pairs_of_results_and_weights() -> None:
    distances = ((X[:, None] - Y) ** 2).sum(-1)
    values, indices = Genred("SqDist(x, y)", ALIASES[:2], "Min_ArgMin", axis=1)(X, Y)
    np.testing.assert_allclose(values[:, 0], distances.min(1), rtol=1e-12)
    assert np.array_equal(indices[:, 0], distances.argmin(1))
    softmax = np.exp(distances) / np.exp(distances).sum(1, keepdims=True)
    for name in ("SumSoftMaxWeight", "SoftMax"):
        found = Genred("SqDist(x, y)", ALIASES[:3], name, axis=1, formula2="b")(X, Y, B)
        np.testing.assert_allclose(found, softmax @ B, rtol=1e-12)
    for name in ("LogSumExp", "LogSumExpWeight"):
        found = Genred("SqDist(x, y)", ALIASES[:3], name, axis=1, formula2="b**2")(X, Y, B)
        np.testing.assert_allclose(found, np.log(np.exp(distances) @ B**2), rtol=1e-12)


def test_the_seed_programs() -> None:
    x, y = RNG.standard_normal((5, 3)).astype("f4"), RNG.standard_normal((7, 3)).astype("f4")
    a, p = RNG.random((7, 1)).astype("f4"), np.array([0.3], "f4")
    aliases = ["x = Vi(3)", "y = Vj(3)", "a = Vj(1)", "p = Pm(1)"]
    found = Genred("Square(p-a)*Exp(x+y)", aliases, reduction_op="Sum", axis=1)(x, y, a, p, backend="auto")
    np.testing.assert_allclose(found, ((p - a) ** 2 * np.exp(x[:, None] + y)).sum(1), rtol=1e-5)
    e = RNG.standard_normal((5, 3)).astype("f4")
    formula = "Grad(Square(p-a)*Exp(x+y), y, e)"
    found = Genred(formula, [*aliases, "e = Vi(3)"], reduction_op="Sum", axis=0)(x, y, a, p, e)
    np.testing.assert_allclose(found, ((p - a) ** 2 * np.exp(x[:, None] + y) * e[:, None]).sum(0), rtol=1e-4)
    gaussian = generic_sum("Exp(-G*SqDist(X,Y)) * B", "A = Vi(2)", "G = Pm(1)", "X = Vi(3)", "Y = Vj(3)", "B = Vj(2)")
    np.testing.assert_allclose(gaussian(0.5, X, Y, B), K @ B, rtol=1e-12)
    dots = generic_sum("Exp(-G*SqDist(X,Y)) * (IntCst(1) + Pow((X|Y), 2))", "A = Vi(1)", *gaussian.aliases[:3])
    np.testing.assert_allclose(dots(0.5, X, Y)[:, 0], (K * (1 + (X @ Y.T) ** 2)).sum(1), rtol=1e-12)


def test_shorthands() -> None:
    distances = ((X[:, None] - Y) ** 2).sum(-1)
    inputs = ("x = Vi(3)", "y = Vj(3)")
    lse = generic_logsumexp("SqDist(x, y)", "a = Vj(1)", *inputs)(X, Y)
    np.testing.assert_allclose(lse[:, 0], np.log(np.exp(distances).sum(0)), rtol=1e-12)
    assert np.array_equal(generic_argmin("SqDist(x, y)", "a = Vi(1)", *inputs)(X, Y)[:, 0], distances.argmin(1))
    nearest = generic_argkmin("SqDist(x, y)", "a = Vi(4)", *inputs)(X, Y)
    assert np.array_equal(nearest, distances.argsort(1)[:, :4])
    for output in ("a = Pm(2)", "Vz(2)", 3):
        with pytest.raises(FormulaError, match=r"The result is declared as|The second argument declares the result"):
            generic_sum("SqDist(x, y)", output, *inputs)  # type: ignore[arg-type]


def test_only_one_side() -> None:
    assert Genred("Pm(0, 2)", [], axis=1)(np.ones(2)).shape == (1, 2)
    assert np.array_equal(Genred("IntCst(3)", [], axis=1)(), [[3.0]])
    assert np.array_equal(Genred("IntCst(3)", ["y = Vj(3)"], axis=1)(Y), [[21.0]])
    x = Genred("2 * x", ["x = Vi(3)"], axis=1)(X)
    np.testing.assert_allclose(x, 2 * X)
    np.testing.assert_allclose(Genred("x", ["x = Vi(3)"], axis=0)(X), X.sum(0, keepdims=True))
    assert Genred("x - x", ["x = Vi(3)"], axis=1)(X).shape == (5, 3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("constant", "value"),
    [
        ("2**2**11", np.inf),
        ("1e300 * 1e300", np.inf),
        ("Pow(2, 1000000)", np.inf),
        ("Exp(IntCst(1000))", np.inf),
        ("Inv(0)", np.inf),
        ("(1 - 1)**-1", np.inf),
        ("1 / 1e-320", np.inf),
        ("Log(-1)", np.nan),
        ("Sqrt(-1)", np.nan),
        ("1e-300 * 1e-300", 0),
    ],
)
def test_constants_beyond_the_range_of_numbers(constant: str, value: float, dtype: str) -> None:
    """They overflow as arrays do, without a warning (the test suite makes errors of warnings)."""
    found = Genred(f"x + {constant}", ["x = Vi(3)"], axis=1)(X.astype(dtype))
    np.testing.assert_array_equal(found, X.astype(dtype) + np.array(value, dtype))


@pytest.mark.parametrize("axis", [0, 1])
def test_exponentials_of_one_side(axis: int) -> None:
    inner = "ij"[axis]
    formula = Genred("Exp(-p * y) * x", [f"x = V{'ij'[1 - axis]}(1)", f"y = V{inner}(1)", "p = Pm(1)"], axis=axis)
    envelope = np.exp(-0.7 * Y[:, :1])
    np.testing.assert_allclose(formula(X[:, :1], Y[:, :1], 0.7), X[:, :1] * envelope.sum(), rtol=1e-12)


def test_no_rows_and_no_columns(gaussian: Genred) -> None:
    assert gaussian(X[:0], Y, B, 0.5).shape == (0, 2)
    assert np.array_equal(gaussian(X, Y[:0], B[:0], 0.5), np.zeros((5, 2)))


# ---------------------------------------------------------------- shapes and dtypes


def test_forms_of_a_parameter(gaussian: Genred) -> None:
    expected = gaussian(X, Y, B, 0.5)
    for s in (np.array(0.5), np.array([0.5]), np.array([[0.5]]), np.float64(0.5), np.full((1, 1, 1), 0.5)):
        assert np.array_equal(gaussian(X, Y, B, s), expected)
    assert gaussian(X, Y, B, 1).shape == (5, 2)
    assert np.array_equal(Genred("x * s", ["x = Vi(1)", "s = Pm(1)"], axis=1)(X[:, 0], 2)[:, 0], 2 * X[:, 0])


@pytest.mark.parametrize(
    ("dtypes", "s", "expected"),
    [
        (("f4", "f4", "f4"), np.float32(0.5), "f4"),
        (("f4", "f4", "f4"), 0.5, "f4"),
        (("f4", "f4", "f4"), np.float64(0.5), "f4"),
        (("f4", "f4", "f4"), np.array(0.5), "f4"),
        (("f4", "f4", "f4"), np.array([0.5]), "f8"),
        (("f4", "f8", "f4"), 0.5, "f8"),
        (("f4", "i1", "f4"), 1, "f4"),
        (("f4", "i8", "f4"), 1, "f8"),
        (("i4", "i4", "?"), 1, "f8"),
        ((">f4", "f4", "f4"), 1, "f4"),
    ],
)
def test_dtypes_are_promoted(gaussian: Genred, dtypes: tuple[str, ...], s: Any, expected: str) -> None:
    args = [array.astype(dtype) for array, dtype in zip((X, Y, B), dtypes, strict=True)]
    found = gaussian(*args, s)
    assert found.dtype == expected
    exact = gaussian(*(array.astype("f8") for array in args), float(s if np.ndim(s) == 0 else s[0]))
    np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-5)


def test_any_strides(gaussian: Genred) -> None:
    expected = gaussian(X, Y, B, 0.5)
    x = np.asfortranarray(X)
    y = np.repeat(Y, 2, axis=0)[::2]
    b = np.concatenate([B, B], axis=1)[::-1, ::-1][::-1, 2::-1][:, 1:][:, ::1]
    assert np.array_equal(gaussian(x, y, np.ascontiguousarray(B[::-1])[::-1], 0.5), expected)
    assert np.array_equal(gaussian(X, Y, np.ascontiguousarray(b)[:, ::-1][:, ::-1], 0.5), gaussian(X, Y, b.copy(), 0.5))
    constant = np.broadcast_to(X[:1], X.shape)
    assert np.array_equal(gaussian(constant, Y, B, 0.5), gaussian(constant.copy(), Y, B, 0.5))
    assert np.array_equal(gaussian(X.view(np.matrix), Y, B, 0.5), expected)


@given(st.data())
def test_batch_axes_broadcast_as_numpy_does(data: st.DataObject) -> None:
    batch = data.draw(st.lists(st.integers(1, 3), max_size=2))

    def part() -> tuple[int, ...]:
        kept = data.draw(st.integers(0, len(batch)))
        return tuple(data.draw(st.sampled_from([1, size])) for size in batch[len(batch) - kept :])

    rng = np.random.default_rng(1)
    x, y, b = (rng.standard_normal((*part(), *array.shape)) for array in (X, Y, B))
    s = rng.random((*part(), 1))
    pairs = np.exp(-s[..., None] * ((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1))
    np.testing.assert_allclose(Genred(GAUSSIAN, ALIASES, axis=1)(x, y, b, s), pairs @ b, rtol=1e-10)
    over_i = pairs.sum(-2)[..., None] * b
    np.testing.assert_allclose(Genred(GAUSSIAN, ALIASES, axis=0)(x, y, b, s), over_i, rtol=1e-10)


# ---------------------------------------------------------------- out, ranges, options


def test_out(gaussian: Genred) -> None:
    out = np.empty((5, 4))[:, ::2]
    assert gaussian(X, Y, B, 0.5, out=out) is out
    np.testing.assert_allclose(out, K @ B)
    both = (np.empty((5, 1)), np.empty((5, 1), np.int64))
    assert Genred("SqDist(x, y)", ALIASES[:2], "Min_ArgMin", axis=1)(X, Y, out=both) is both
    assert both[0][0, 0] > 0
    with pytest.raises(
        ArgumentValueError, match=r"out has shape \(5, 3\) and dtype float64; the result has shape \(5, 2\)"
    ):
        gaussian(X, Y, B, 0.5, out=np.empty((5, 3)))
    with pytest.raises(ArgumentValueError, match="dtype float32; the result has"):
        gaussian(X, Y, B, 0.5, out=np.empty((5, 2), "f4"))
    with pytest.raises(ArgumentTypeError, match="out must be a NumPy array; found list"):
        gaussian(X, Y, B, 0.5, out=[])
    with pytest.raises(ArgumentTypeError, match="Min_ArgMin has 2 results, so out must be a tuple of 2 arrays"):
        Genred("SqDist(x, y)", ALIASES[:2], "Min_ArgMin", axis=1)(X, Y, out=np.empty((5, 1)))


def test_ranges_of_both_sides(gaussian: Genred) -> None:
    half_i = ([[0, 2], [2, 5]], [1, 2], [[0, 3], [3, 7]])
    half_j = ([[0, 3], [3, 7]], [1, 2], [[0, 2], [2, 5]])
    mask = np.zeros((5, 7))
    mask[:2, :3] = mask[2:, 3:] = 1
    ranges = tuple(np.array(part, np.int32) for part in (*half_i, *half_j))
    np.testing.assert_allclose(gaussian(X, Y, B, 0.5, ranges=ranges), (K * mask) @ B, rtol=1e-12)
    over_i = Genred(GAUSSIAN, ALIASES, axis=0)(X, Y, B, 0.5, ranges=list(ranges))
    np.testing.assert_allclose(over_i, (K * mask).sum(0)[:, None] * B, rtol=1e-12)
    batched = gaussian(np.stack([X, 2 * X]), Y, B, 0.5, ranges=ranges)
    np.testing.assert_allclose(batched[0], (K * mask) @ B, rtol=1e-12)
    with pytest.raises(ArgumentValueError, match="ranges has 3 entries"):
        gaussian(X, Y, B, 0.5, ranges=ranges[:3])


@pytest.mark.parametrize(
    "options", [{"use_double_acc": True}, {"sum_scheme": "kahan_scheme"}, {"dtype_acc": "float32"}]
)
def test_accuracy_options(options: dict[str, Any]) -> None:
    args = [array.astype("f4") for array in (X, Y, B)]
    found = Genred(GAUSSIAN, ALIASES, axis=1, **options)(*args, 0.5, threads=1)
    assert found.dtype == "f4"
    np.testing.assert_allclose(found, K @ B, rtol=1e-4, atol=1e-6)


# ---------------------------------------------------------------- the object


def test_attributes() -> None:
    names = ("x = Vi(3)", "y = Vj(3)")
    given_names = list(names)
    routine = Genred("SqDist(x, y) * Vj(2, 1)", given_names, "KMin", axis=0, opt_arg=2)
    assert given_names == list(names)
    assert routine.formula == "KMin_Reduction(SqDist(x, y) * Vj(2, 1),2,1)"
    assert (routine.aliases, routine.nargs, routine.axis, routine.opt_arg) == (given_names, 3, 0, 2)
    assert routine.reduction_op == "KMin"
    assert repr(routine).startswith("Genred('SqDist(x, y) * Vj(2, 1)'")
    assert Genred("SqDist(x, y)", iter(names), axis=1)(X, Y).shape == (5, 1)


def test_copies_and_pickles(gaussian: Genred) -> None:
    expected = gaussian(X, Y, B, 0.5)
    for other in (pickle.loads(pickle.dumps(gaussian)), copy.deepcopy(gaussian)):
        assert np.array_equal(other(X, Y, B, 0.5), expected)


def test_explain_uses_the_names_of_the_user(gaussian: Genred) -> None:
    text = gaussian.explain(X, Y, B, 0.5)
    assert "7 columns j, for 5 rows i" in text
    assert re.search(r"\(x - y\).*\* b", text)
    over_i = Genred(GAUSSIAN, ALIASES, axis=0).explain(X, Y, B, 0.5)
    assert over_i.startswith("axis=0: below, i and j have exchanged their names.")
    assert re.search(r"\(x - y\).*: b", over_i, re.DOTALL)


def test_known_shapes_are_planned_once(gaussian: Genred, monkeypatch: pytest.MonkeyPatch) -> None:
    gaussian(X, Y, B, 0.5)
    monkeypatch.setattr(type(gaussian._routine), "_work_out", None)
    gaussian(X + 1, Y, B, 0.7)
    with pytest.raises(TypeError, match="NoneType"):
        gaussian(X[:4], Y, B, 0.5)


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ((X, Y, B), ArgumentValueError, "takes 4 arguments (x = Vi(3), y = Vj(3), b = Vj(2), s = Pm(1)); found 3"),
        ((X, Y, B, 0.5, 1), ArgumentValueError, "found 5"),
        (
            (X, Y, {1.0}, 0.5),
            ArgumentTypeError,
            "Argument 'b' (number 2, Vj(2)): found an object of type set; allowed are",
        ),
        ((X, Y, B, "a"), ArgumentTypeError, "Argument 's' (number 3, Pm(1)): found an object of type str"),
        (
            (X[:, :2], Y, B, 0.5),
            ArgumentValueError,
            "Argument 'x' (number 0, Vi(3)) has shape (5, 2); its last axis must",
        ),
        ((X, Y[:5], B, 0.5), ArgumentValueError, "'y' (number 1, Vj(3)) has shape (5, 3), but argument 'b'"),
        ((X, Y[:1], B, 0.5), ArgumentValueError, "all arguments indexed by j must have the same number of entries"),
        ((X[0], Y, B, 0.5), ArgumentValueError, "indexed by i has shape (..., number of i, 3)"),
        ((0.5, Y, B, 0.5), ArgumentValueError, "'x' (number 0, Vi(3)) has shape ()"),
        (
            (X, Y, B, np.ones(2)),
            ArgumentValueError,
            "'s' (number 3, Pm(1)) has shape (2,); its last axis must have length 1",
        ),
        (
            (np.stack([X] * 2), np.stack([Y] * 3), B, 1),
            ArgumentValueError,
            "batch axes (3,) do not broadcast with (2,)",
        ),
        ((X, Y, B, 1j), ArgumentValueError, "'s' (number 3, Pm(1)): found the complex dtype complex128"),
        ((X.astype("m8[s]"), Y, B, 1), ArgumentValueError, "found the dtype timedelta64[s]; allowed are float32"),
        ((X.astype("O"), Y, B, 1), ArgumentValueError, "found the dtype object"),
        ((np.ma.array(X), Y, B, 1), ArgumentTypeError, "found a masked array, whose mask would be ignored"),
    ],
)
def test_wrong_arguments(gaussian: Genred, args: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        gaussian(*args)


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"backend": "cuda"}, ArgumentValueError, "backend is 'cuda'; allowed are 'auto', 'CPU', 'GPU'"),
        ({"backend": "GPU_1D"}, ArgumentValueError, "backend is 'GPU_1D'; allowed are 'auto', 'CPU', 'GPU'."),
        ({"backend": "GPU"}, TargetError, "asks for a GPU"),
        ({"device_id": "0"}, ArgumentValueError, "device_id is '0'"),
        ({"threads": 0}, ArgumentValueError, "threads is 0; it must be a positive integer"),
        ({"keepdim": True}, TypeError, "keepdim"),
        ({"ranges": 3}, ArgumentTypeError, "ranges is of type int"),
    ],
)
@pytest.mark.usefixtures("no_gpu")
def test_wrong_call_options(gaussian: Genred, kwargs: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        gaussian(X, Y, B, 0.5, **kwargs)


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"axis": 2}, ArgumentValueError, "axis is 2; it must be 0 (reduce over i) or 1 (reduce over j)"),
        ({"axis": -1}, ArgumentValueError, "axis is -1"),
        ({"axis": "j"}, ArgumentValueError, "axis is 'j'"),
        ({"reduction_op": "Summ"}, UnknownNameError, "no reduction called 'Summ'. Did you mean 'Sum'?"),
        ({"reduction_op": "KMin"}, ArgumentTypeError, "KMin needs opt_arg=K, the number of entries to keep"),
        ({"reduction_op": "KMin", "opt_arg": 2.5}, ArgumentTypeError, "KMin needs an integer opt_arg=K"),
        ({"reduction_op": "KMin", "opt_arg": 0}, ArgumentValueError, "keeps at least K = 1 entry; found opt_arg=0"),
        ({"reduction_op": "SumSoftMaxWeight"}, ArgumentValueError, "needs a second formula, the weight"),
        ({"reduction_op": "LogSumExpWeight"}, ArgumentValueError, "needs a second formula, the weight"),
        ({"formula2": "b"}, ArgumentValueError, "Sum takes no second formula"),
        ({"sum_scheme": "exact"}, ArgumentValueError, "sum_scheme is 'exact'; allowed are 'auto'"),
        ({"dtype_acc": "float128"}, ArgumentValueError, "dtype_acc is 'float128'; allowed are 'auto'"),
        ({"dtype_acc": "float32", "use_double_acc": True}, ArgumentValueError, "use_double_acc=True contradicts"),
        ({"reduction_op": "Min", "sum_scheme": "kahan_scheme"}, ArgumentValueError, "Min adds nothing up"),
    ],
)
def test_wrong_construction(kwargs: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Genred(GAUSSIAN, ALIASES, **kwargs)


def test_an_accumulator_is_not_narrower_than_the_data() -> None:
    routine = Genred(GAUSSIAN, ALIASES, dtype_acc="float32", axis=1)
    with pytest.raises(ArgumentValueError, match="dtype_acc='float32' is narrower than the data, which are float64"):
        routine(X, Y, B, 0.5)


def test_dimensions_fit_the_reduction() -> None:
    with pytest.raises(
        DimensionError, match="Max_SumShiftExp needs a formula of dimension 1; this one has dimension 3"
    ):
        Genred("x - y", ALIASES, "Max_SumShiftExp")
    with pytest.raises(DimensionError, match="of a formula of dimension 3 by a weight of dimension 2; the dimensions"):
        Genred("x - y", ALIASES, "SumSoftMaxWeight", formula2="b")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Genred("SqDist(x, y)", ALIASES[:2])(X, Y, backnd="CPU"),
            "There is no keyword 'backnd' here. Did you mean 'ba",
        ),
        (
            lambda: Genred("SqDist(x, y)", ALIASES[:2], axs=1),
            "got an unexpected keyword argument 'axs'. Did you mean 'axis'?",
        ),
        (lambda: Genred("SqDist(x, y)"), "missing a required argument: 'aliases'."),
        (
            lambda: generic_sum("SqDist(x, y)", "a = Vi(1)", *ALIASES[:2], sum_schem="auto"),
            "'sum_schem'. Did you mean 'sum_sc",
        ),
        (lambda: KernelSolve("SqDist(x, y)", ALIASES[:2]), "missing a required argument: 'varinvalias'."),
        (
            lambda: KernelSolve("y", ["y = Vj(1)"], "y")(X, lam=1),
            "return_report=False, threads=None, progress=False, tol=None): ",
        ),
        (lambda: KernelSolve("y", ["y = Vj(1)"], "y")(X, lam=1), "got an unexpected keyword argument 'lam'."),
    ],
)
def test_arguments_that_there_are_not(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ArgumentTypeError, match=re.escape(message)):
        call()


def test_lists_and_what_numpy_converts(gaussian: Genred) -> None:
    class Frame:
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
            return np.asarray(Y, dtype)

    expected = gaussian(X, Y, B, 0.5)
    np.testing.assert_array_equal(gaussian(X.tolist(), Frame(), list(map(tuple, B)), [0.5]), expected)
    with pytest.raises(
        ArgumentTypeError, match=r"Argument 'y' .*: found a LazyTensor where an array is needed; `dense"
    ):
        gaussian(X, Vj(Y), B, 0.5)
    with pytest.raises(ArgumentValueError, match=r"Argument 'x' .*: found the dtype <U1; allowed are float32"):
        gaussian([["a"]], Y, B, 0.5)


def test_too_many_columns_are_refused_before_they_are_converted() -> None:
    wide = np.broadcast_to(np.zeros((1, 1), np.float16), (2**31, 1))
    with pytest.raises(ArgumentValueError, match="There are 2147483648 columns, but column numbers are 32-bit"):
        Genred("x + y", ["x = Vi(1)", "y = Vj(1)"], axis=1)(X[:, :1], wide)
    with pytest.raises(ArgumentValueError, match="There are 2147483648 columns"):
        (Vj(wide) * 2.0).sum(axis=1)
