"""Arrays and numbers of all kinds: their dtypes, their sizes, and what is said about those that do not fit."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pairfold
from pairfold.errors import ArgumentTypeError, ArgumentValueError, NotDifferentiableError
from pairfold.jax import Genred, LazyTensor, Vi, Vj, band
from pairfold.jax.cluster import from_matrix

GAUSS = Genred("Exp(-p * SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "p = Pm(1)"], axis=1)


def points(*shape: int, dtype: Any = np.float32) -> Any:
    return jnp.asarray(np.random.default_rng(0).standard_normal(shape), dtype)


@pytest.fixture
def _in_float32() -> None:
    jax.config.update("jax_enable_x64", False)


# ---------------------------------------------------------------- dtypes


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_numbers_and_weak_types_never_widen_a_dtype(dtype: str) -> None:
    x, y, b = (points(n, d, dtype=dtype) for n, d in ((4, 3), (5, 3), (5, 2)))
    weak = jnp.full((5, 2), 1.5)
    assert weak.weak_type
    assert weak.dtype == np.float64
    results = [
        GAUSS(x, y, b, 0.5),
        GAUSS(x, y, b, np.float64(0.5)),
        GAUSS(x, y, weak, 0.5),
        jax.jit(GAUSS)(x, y, weak, 0.5),
        (0.1 * Vi(x) * Vj(y) * jnp.asarray(2.0)).sum(axis=1),
        (Vi(x[:, :2]) * Vj(weak)).sum(axis=1),
        (Vj(weak) * Vi(x[:, :2])).T.sum(axis=0),
    ]
    assert {result.dtype.name for result in results} == {dtype}
    assert not any(result.weak_type for result in results)


def test_weak_types_among_themselves_and_integers_have_the_default_dtype() -> None:
    weak = jnp.full((5, 2), 1.5)
    assert (Vi(weak) * Vj(weak)).sum(axis=1).dtype == np.float64
    assert (Vi(jnp.ones((3, 1), int)) * Vj(jnp.ones((4, 1), bool))).sum(axis=1).dtype == np.float64


@pytest.mark.usefixtures("_in_float32")
def test_without_x64_everything_is_float32_and_column_numbers_are_int32() -> None:
    x, y = np.ones((4, 2)), points(5, 2)
    values, numbers = ((Vi(x) - Vj(y)) ** 2).sum(-1).Kmin_argKmin(2, axis=1)
    assert (values.dtype, numbers.dtype) == (np.float32, np.int32)
    assert (Vi(jnp.ones((3, 1), int)) * Vj(jnp.ones((4, 1), int))).sum(axis=1).dtype == np.float32
    assert Vi(x).sum(axis=0, dtype_acc="float64").dtype == np.float32


def test_column_numbers_are_int64_with_x64_and_have_tangents_float0() -> None:
    x, y = points(4, 2), points(5, 2)

    def nearest(x: Any) -> Any:
        return ((Vi(x) - Vj(y)) ** 2).sum(-1).min_argmin(axis=1)

    (_, numbers), (along, nothing) = jax.jvp(nearest, (x,), (x,))
    assert (numbers.dtype, along.dtype, nothing.dtype) == (np.int64, np.float32, jax.dtypes.float0)
    assert jax.jit(nearest)(x)[1].tolist() == numbers.tolist()


@pytest.mark.usefixtures("_quickly_compiled")
def test_complex_numbers_and_their_gradients_follow_the_convention_of_jax() -> None:
    z, y = jax.lax.complex(points(4, 3), points(4, 3) + 1), points(5, 3)

    def lazy(z: Any) -> Any:
        return abs((LazyTensor(z[:, None]) * LazyTensor(y[None])).exp().sum(axis=1)).sum()

    def dense(z: Any) -> Any:
        return abs(jnp.exp(z[:, None] * y).sum(1)).sum()

    for found, expected in zip(*(jax.jit(jax.value_and_grad(f))(z) for f in (lazy, dense)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4)


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize(("rows", "columns"), [(0, 5), (4, 0), (0, 0), (1, 1)])
def test_no_rows_no_columns_and_one_point(rows: int, columns: int) -> None:
    x, y = points(rows, 3), points(columns, 3)

    def lazy(x: Any, y: Any) -> Any:
        return (Vi(x) * Vj(y)).sum(axis=1)

    for function in (lazy, jax.jit(lazy)):
        np.testing.assert_allclose(function(x, y), (x[:, None] * y).sum(1), rtol=1e-6)
    gradients = jax.grad(lambda x, y: lazy(x, y).sum(), (0, 1))(x, y)
    assert [g.shape for g in gradients] == [x.shape, y.shape]
    assert jax.vmap(lazy, (0, None))(jnp.zeros((0, 2, 3)), y).shape == (0, 2, 3)


def test_ranges_are_part_of_the_program() -> None:
    x = points(6, 3)
    mask = band(1)
    dense = (jnp.abs(jnp.arange(6)[:, None] - jnp.arange(6)) <= 1)[..., None] * (x[:, None] * x)
    halves = jnp.asarray([[0, 3], [3, 6]])
    ranges = from_matrix(halves, halves, np.eye(2, dtype=bool))

    def lazy(x: Any, ranges: Any) -> Any:
        return (Vi(x) * Vj(x)).sum(axis=1, ranges=ranges)

    for function in (lazy, jax.jit(lazy, static_argnums=1)):
        np.testing.assert_allclose(function(x, mask), dense.sum(1), rtol=1e-5)
    gradient = jax.jit(jax.grad(lambda x: lazy(x, ranges).sum()))(x)
    expected = jax.grad(lambda x: sum((h[:, None] * h).sum() for h in (x[:3], x[3:])))(x)
    np.testing.assert_allclose(gradient, expected, rtol=1e-5)
    np.testing.assert_allclose(jax.vmap(lambda x: lazy(x, ranges))(x[None])[0], lazy(x, ranges))
    with pytest.raises(ArgumentTypeError, match="numbers must be known"):
        jax.jit(lazy)(x, tuple(map(jnp.asarray, ranges)))


def test_indices_that_are_traced_are_refused_in_words() -> None:
    x = points(6, 3)
    assert (Vi(x) * Vj(x))[jnp.asarray([1, 2])].sum(axis=1).shape == (2, 3)
    with pytest.raises(ArgumentTypeError, match="indices are part of the program"):
        jax.jit(lambda i: (Vi(x) * Vj(x))[i].sum(axis=1))(jnp.asarray([1, 2]))


# ---------------------------------------------------------------- errors


def test_errors_name_the_variables_of_the_user_while_jax_traces_too() -> None:
    x, y, b = points(4, 3), points(5, 3), points(5, 2)
    for function in (GAUSS, jax.jit(GAUSS), jax.vmap(GAUSS, (None, None, None, None), axis_size=2)):
        with pytest.raises(ArgumentValueError, match=r"Argument 'y' .* shape \(5, 2\)"):
            function(x, b, b, 1.0)
    with pytest.raises(ArgumentValueError, match=r"'x' .* float8_e4m3fn"):
        GAUSS(x.astype(jnp.float8_e4m3fn), y, b, 1.0)
    with pytest.raises(ArgumentTypeError, match=r"'x' .* type list.*jnp.asarray"):
        GAUSS([[1.0, 2.0, 3.0]], y, b, 1.0)
    with pytest.raises(ArgumentTypeError, match="MaskedArray"):
        Vi(np.ma.masked_array([[1.0]], [[True]]))
    with pytest.raises(ArgumentTypeError, match="cannot be written to"):
        GAUSS(x, y, b, 1.0, out=jnp.zeros((4, 2)))


def test_states_are_made_of_numbers() -> None:
    x, y, b = points(4, 3), points(5, 3), points(5, 2)
    parts = [GAUSS.partial(x, y[k : k + 3], b[k : k + 3], 0.5, columns_from=k) for k in (0, 3)]
    np.testing.assert_allclose(GAUSS.finish(parts[0].merge(parts[1])), GAUSS(x, y, b, 0.5), rtol=1e-6)
    with pytest.raises(NotDifferentiableError, match="outside of transformed functions"):
        jax.jit(lambda x: GAUSS.partial(x, y, b, 0.5))(x)


def test_streams_return_arrays_of_jax() -> None:
    """They are written panel by panel, which arrays of JAX cannot be."""
    x, y = points(90, 3), points(50, 3)
    nearest = Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "Min_ArgMin", axis=1)
    found = nearest.stream(x, lambda: (y[k : k + 10] for k in range(0, 50, 10)), memory=12_000)
    for array, expected in zip(found, nearest(x, y), strict=True):
        assert isinstance(array, jax.Array)
        assert array.dtype == expected.dtype
        np.testing.assert_array_equal(array, expected)
    out = np.zeros((90, 1), np.float32), np.zeros((90, 1), found[1].dtype)
    assert nearest.stream(x, y, out=out) is out
    np.testing.assert_array_equal(out[1], found[1])


def test_names_that_look_at_the_arrays_know_tracers() -> None:
    x = points(4, 3)
    assert type(pairfold.Vi(x)).__module__ == "pairfold.jax"
    found = jax.jit(lambda x: pairfold.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)(x, np.ones((2, 3))))(
        x
    )
    np.testing.assert_allclose(found, ((x[:, None] - 1) ** 2).sum((1, 2))[:, None] * 2, rtol=1e-5)
