"""Number types of NumPy arrays: 16-bit storage, promotion by the rules of NumPy, complex arguments."""

from __future__ import annotations

import re
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.api.number_types import as_pairs, from_pairs
from pairfold.errors import ArgumentValueError
from pairfold.numpy import Genred, KernelSolve, Pm, Vi, Vj

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(0, 3, (6, 2)), RNG.uniform(0, 3, (9, 2))
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
GAUSSIAN = Genred("Exp(-SqDist(x, y))", ["x = Vi(2)", "y = Vj(2)"], axis=1)
REAL_DTYPES = ["float16", "float32", "float64", "int8", "uint8", "int16", "uint16", "int32", "int64", "bool"]


def expected_dtype(*dtypes: Any) -> np.dtype[Any]:
    """What NumPy gives for a function such as exp of a sum: whole numbers among themselves are float64."""
    common = np.result_type(*dtypes)
    return common if common.kind in "fcV" else np.dtype(np.float64)


@pytest.mark.parametrize("first", [*REAL_DTYPES, BFLOAT16])
@pytest.mark.parametrize("second", ["float16", "float32", "float64", "int8", "int16", "int64", "bool"])
def test_dtypes_follow_numpy(first: Any, second: Any) -> None:
    x, y = X.astype(first), Y.astype(second)
    try:
        wanted = expected_dtype(x.dtype, y.dtype)
    except TypeError:
        with pytest.raises(ArgumentValueError, match="for which NumPy has no common one; cast some"):
            GAUSSIAN(x, y)
        return
    found = GAUSSIAN(x, y)
    assert found.dtype == wanted
    assert (Vi(x) - Vj(y)).dtype == wanted
    difference = x.astype("f8")[:, None] - y.astype("f8")
    exact = np.exp(-(difference**2).sum(-1)).sum(1, keepdims=True)
    tolerance = {"float64": 1e-13, "float32": 1e-5, "float16": 1e-3, "bfloat16": 1e-2}[wanted.name]
    np.testing.assert_allclose(found.astype("f8"), exact, rtol=tolerance)


@pytest.mark.parametrize("dtype", ["float16", BFLOAT16])
def test_16_bits_are_stored_and_not_computed_with(dtype: Any) -> None:
    x = np.full((1, 1), 1, dtype)
    y = np.full((5000, 1), 2.0**-8, dtype)
    total = Genred("x * y", ["x = Vi(1)", "y = Vj(1)"], axis=1)(x, y)
    assert total.dtype == dtype
    # In 16 bits the sum would stop growing at 8 or 1.
    assert float(total[0, 0]) == float(np.asarray(5000 / 256, dtype))
    # Squares beyond the range of float16 are no problem inside.
    far = np.array([[300.0]], dtype)
    assert float((Vi(far).sqnorm2() / 400).sum(1)[0, 0]) == float(np.asarray(225.0, dtype))


@pytest.mark.parametrize("dtype", ["float16", BFLOAT16])
def test_indices_and_ties_of_16_bits(dtype: Any) -> None:
    x, y = X.astype(dtype), Y.astype(dtype)
    best, where = Vi(x).sqdist(Vj(y)).min_argmin(axis=1)
    assert (best.dtype, where.dtype) == (np.dtype(dtype), np.dtype(np.int64))
    exact = ((x.astype("f8")[:, None] - y.astype("f8")) ** 2).sum(-1)
    np.testing.assert_array_equal(where[:, 0], exact.argmin(1))
    assert Vi(x).sqdist(Vj(y)).argKmin(3, axis=1).dtype == np.int64


def test_beyond_the_range_of_16_bits_there_is_infinity() -> None:
    x = np.full((3, 1), 60000, "float16")
    assert np.isinf(Vi(x).sum(0)).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", BFLOAT16])
def test_scalars_never_change_a_dtype(dtype: Any) -> None:
    x = Vi(X.astype(dtype))
    for number in (2, 0.1, True, np.float64(0.1), np.array(0.1), np.int64(3), [0.1, 0.2], Pm(0.1)):
        assert (x * number).sum(1).dtype == dtype, number
    formula = Genred("x * p", ["x = Vi(2)", "p = Pm(1)"], axis=1)
    assert formula(X.astype(dtype), 0.1).dtype == dtype
    assert formula(X.astype(dtype), np.float64(0.1)).dtype == dtype
    assert formula(X.astype(dtype), np.array([0.1])).dtype == expected_dtype(dtype, "f8")


@pytest.mark.parametrize("dtype", ["float16", BFLOAT16])
@pytest.mark.parametrize(
    "options", [{"dtype_acc": "float64"}, {"sum_scheme": "kahan_scheme"}, {"dtype_acc": "float16"}]
)
def test_ways_to_sum_16_bits(dtype: Any, options: dict[str, str]) -> None:
    x, y = X.astype(dtype), Y.astype(dtype)
    found = Vi(x).sqdist(Vj(y)).sum(1, **options)
    exact = ((x.astype("f8")[:, None] - y.astype("f8")) ** 2).sum((1, 2))[:, None]
    np.testing.assert_array_equal(found, exact.astype("f4").astype(dtype))


@pytest.mark.parametrize("dtype", ["float16", BFLOAT16])
@pytest.mark.parametrize("number", [1e5, -1e9, 1e-8, 0.1, 3 * 10**5])
def test_numbers_beside_16_bits_have_the_precision_of_the_arithmetic(dtype: Any, number: float) -> None:
    x, y = X.astype(dtype), Y.astype(dtype)
    distances = ((x.astype("f8")[:, None] - y.astype("f8")) ** 2).sum(-1)
    exact = np.exp(-(number * distances) / (abs(number) * 2 + 1e-9) * np.sign(number)).sum(1, keepdims=True)
    squares = Vi(x).sqdist(Vj(y))
    formula = Genred("Exp(-p * SqDist(x, y) / q)", ["x = Vi(2)", "y = Vj(2)", "p = Pm(1)", "q = Pm(1)"], axis=1)
    sign, width = np.sign(number), abs(number) * 2 + 1e-9
    for found in (
        (-(number * squares) / width * sign).exp().sum(1),
        (-(Pm(number) * squares) / Pm(width) * sign).exp().sum(1),
        (-([number] * squares) / np.array(width) * sign).exp().sum(1),
        formula(x, y, number * sign, width),
        formula(x, y, np.float64(number * sign), np.array(width)),
    ):
        np.testing.assert_allclose(found.astype("f8"), exact, rtol=1e-2 if dtype == BFLOAT16 else 1e-3)


def test_a_mask_beside_16_bits() -> None:
    scores = Vi(X.astype("f2")) | Vj(Y.astype("f2"))
    masked = (scores - 5).ifelse(scores, -1e9)
    exact = (X.astype("f2").astype("f8")) @ Y.astype("f2").astype("f8").T
    exact = np.where(exact >= 5, exact, -1e9)
    np.testing.assert_allclose((masked * 1e-6).sum(1).astype("f8")[:, 0], (exact * 1e-6).sum(1), rtol=1e-3)
    assert np.isfinite(masked.logsumexp(1)).any()


@pytest.mark.parametrize("other", ["float16", "float32", "float64", BFLOAT16, "int8"])
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32"])
def test_whole_numbers_beyond_24_bits_stay_apart(dtype: str, other: Any) -> None:
    ids = np.array([[2**24], [2**24 + 1], [5], [2**30 + 1], [2**30]], dtype)
    weights = np.array([[1], [2], [3], [4], [5]], other)
    try:
        wanted = expected_dtype(ids.dtype, weights.dtype)
    except TypeError:
        return
    found = ((Vi(ids) == Vj(ids)) * Vj(weights)).sum(1)
    assert found.dtype == wanted
    np.testing.assert_array_equal(found.astype("f8"), weights.astype("f8"))
    lag = (Vi(ids) - Vj(ids)).abs() * Vj(np.ones((5, 1), other))
    np.testing.assert_array_equal(lag.min((0, 1)).astype("f8"), [0.0])
    np.testing.assert_array_equal(
        lag.Kmin(2, 1)[:, 1].astype("f8"), np.array([1, 1, 2**24 - 5, 1, 1]).astype(wanted).astype("f8")
    )


def test_16_bits_with_strides_batches_ranges_and_out() -> None:
    x = np.asfortranarray(RNG.uniform(0, 1, (3, 6, 2)).astype("f2"))[:, ::2]
    y = Y.astype("f2")[::-1]
    exact = np.exp(-((x[:, :, None].astype("f8") - y.astype("f8")) ** 2).sum(-1)).sum(-1, keepdims=True)
    np.testing.assert_allclose(GAUSSIAN(x, y).astype("f8"), exact, rtol=1e-3)
    out = np.empty((3, 3, 1), "f2")
    assert GAUSSIAN(x, y, out=out) is out
    np.testing.assert_array_equal(out, GAUSSIAN(x, y))
    assert "float32" in GAUSSIAN.explain(x, y)


def test_allowed_types_are_listed() -> None:
    with pytest.raises(ArgumentValueError, match=re.escape("found the dtype timedelta64[s]; allowed are float32")):
        GAUSSIAN(X.astype("m8[s]"), Y)


# ---------------------------------------------------------------- complex arguments

PRODUCT = Genred("ComplexMult(z, w)", ["z = Vi(2)", "w = Vj(2)"], axis=1)


def complex_points(count: int, dtype: str = "complex128", seed: int = 0) -> Any:
    generator = np.random.default_rng(seed)
    return (generator.standard_normal((count, 1)) + 1j * generator.standard_normal((count, 1))).astype(dtype)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("complex64", "complex64"),
        ("complex64", "complex128"),
        ("complex128", "complex128"),
        (">c8", "complex64"),
    ],
)
def test_complex_arguments_are_pairs(first: str, second: str) -> None:
    z, w = complex_points(5, first), complex_points(7, second, seed=1)
    found = PRODUCT(z, w)
    assert found.shape == (5, 2)
    assert found.dtype == np.result_type(z, w).type(0).real.dtype
    exact = z.astype("c16") * w.astype("c16").sum()
    np.testing.assert_allclose(from_pairs(found), exact, rtol=1e-12 if found.dtype == "f8" else 1e-5)
    # A vector stands for a column, and pairs of real numbers for complex ones.
    np.testing.assert_array_equal(PRODUCT(z[:, 0], w), found)
    np.testing.assert_array_equal(PRODUCT(as_pairs(z), w), found)


@pytest.mark.parametrize("real", ["float16", "float32", "float64", "int16", "int64"])
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_and_real_types_are_promoted_as_by_numpy(real: str, dtype: str) -> None:
    scaled = Genred("ComplexRealScal(x, z)", ["x = Vi(1)", "z = Vj(2)"], axis=1)
    x, z = np.ones((3, 1), real), complex_points(4, dtype)
    assert from_pairs(scaled(x, z)).dtype == np.result_type(x, z)
    assert (Vi(x) * Vj(z)).sum(1).dtype == np.result_type(x, z)
    assert (Vi(x) * Vj(z)).dtype == np.result_type(x, z)


def test_complex_numbers_as_parameters() -> None:
    scaled = Genred("ComplexMult(p, z)", ["p = Pm(2)", "z = Vj(2)"], axis=1)
    z = complex_points(4, "complex64")
    expected = ((1 + 2j) * z.sum()).reshape(1, 1)
    for p in (1 + 2j, np.complex128(1 + 2j), np.array(1 + 2j)):
        found = scaled(p, z)
        assert found.dtype == np.float32
        np.testing.assert_allclose(from_pairs(found), expected, rtol=1e-5)
    np.testing.assert_allclose(from_pairs(scaled(np.array([1 + 2j]), z)), expected, rtol=1e-6)


def test_complex_views_need_no_copy() -> None:
    z = np.ones((4, 3), np.complex64)
    assert np.shares_memory(as_pairs(z), z)
    assert np.shares_memory(from_pairs(as_pairs(z)), z)
    assert np.shares_memory(as_pairs(z[:, :1]), z)


@given(
    shape=st.lists(st.integers(0, 3), min_size=0, max_size=3),
    axes=st.integers(0, 5),
    dtype=st.sampled_from(["c8", "c16", ">c8"]),
)
def test_pairs_and_back(shape: list[int], axes: int, dtype: str) -> None:
    z = (np.arange(np.prod(shape, dtype=int)) * (1 - 2j)).astype(dtype).reshape(shape)
    z = np.moveaxis(z, 0, axes % len(shape)) if shape else z
    pairs = as_pairs(z)
    wide = z if z.ndim else z.reshape(1)
    assert pairs.shape == (*wide.shape[:-1], 2 * wide.shape[-1])
    np.testing.assert_array_equal(pairs[..., ::2], wide.real)
    np.testing.assert_array_equal(from_pairs(pairs), wide)


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.ones((5, 2), complex), "'z' (number 0, Vi(2)) has shape (5, 2); its last axis must have length 1 complex"),
        (np.array(1j), "'z' (number 0, Vi(2)) has shape (); an argument indexed by i has shape (..., number of i, 1)"),
    ],
)
def test_wrong_complex_arguments(z: Any, message: str) -> None:
    with pytest.raises(ArgumentValueError, match=re.escape(message)):
        PRODUCT(z, complex_points(7))


def test_a_complex_argument_needs_an_even_dimension() -> None:
    message = "a complex number is a pair (re, im) and the dimension 3 is odd; declare an even one"
    with pytest.raises(ArgumentValueError, match=re.escape(message)):
        Genred("SqNorm2(x)", ["x = Vi(3)"], axis=1)(np.ones((5, 3), complex))


def test_a_complex_right_hand_side_is_given_as_pairs() -> None:
    solve = KernelSolve("Exp(-SqDist(x, y)) * b", ["x = Vi(1)", "y = Vj(1)", "b = Vj(2)"], "b", axis=1)
    x, b = np.arange(5.0)[:, None], complex_points(5)
    with pytest.raises(ArgumentValueError, match=re.escape("The right-hand side is complex, of shape (5, 1). Give it")):
        solve(x, x, b)
    found = from_pairs(solve(x, x, as_pairs(b)))
    np.testing.assert_allclose(np.exp(-((x - x.T) ** 2)) @ found, b, rtol=1e-4)
