"""Reductions of LazyTensors over batch axes and several axes, against dense NumPy."""

from __future__ import annotations

import itertools
import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.linalg import aslinearoperator
from scipy.special import logsumexp

from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.lazy.axes import LARGEST_FOLD
from pairfold.lazy.value import value_of
from pairfold.numpy import Genred, LazyTensor, Pm, Vi, Vj

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((4, 5, 3)), RNG.standard_normal((2, 1, 7, 3))
DENSE = (X[:, :, None] - Y[:, :, None]) * X[:, :, None]
REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": np.sum,
    "mean": np.mean,
    "prod": np.prod,
    "min": np.min,
    "max": np.max,
    "var": np.var,
    "logsumexp": logsumexp,
    "any": np.any,
    "all": np.all,
}
AXES = [axes for count in range(1, 6) for axes in itertools.combinations(range(5), count)]


@pytest.fixture
def tensor() -> Any:
    return (Vi(X) - Vj(Y)) * Vi(X)


def expected(function: Callable[..., Any], dense: Any, axes: tuple[int, ...]) -> Any:
    """The result of NumPy, with the last axis kept."""
    result = np.asarray(function(dense, axis=axes), np.float64)
    last = dense.ndim - 1
    return result[..., None] if last in axes else result


@pytest.mark.parametrize("name", REDUCTIONS)
def test_all_sets_of_axes(name: str, tensor: Any) -> None:
    for axes in AXES:
        if name == "var" and 4 in axes and len(axes) > 1 and not {2, 3} & set(axes):
            with pytest.raises(ArgumentValueError, match="Var over the last axis and batch axes"):
                tensor.var(axis=axes)
            continue
        found = getattr(tensor, name)(axis=axes)
        is_lazy = not {2, 3} & set(axes)
        assert isinstance(found, LazyTensor) == is_lazy, axes
        values = found.dense() if is_lazy else found
        wanted = expected(REDUCTIONS[name], DENSE, axes)
        assert values.shape == wanted.shape, axes
        np.testing.assert_allclose(values, wanted, rtol=1e-11, err_msg=str(axes))


@given(
    batch=st.lists(st.integers(1, 3), min_size=0, max_size=2),
    rows=st.integers(1, 4),
    columns=st.integers(1, 5),
    dim=st.integers(1, 3),
    name=st.sampled_from([name for name in REDUCTIONS if name not in ("any", "all")]),
    data=st.data(),
)
def test_shapes_follow_numpy(
    batch: list[int], rows: int, columns: int, dim: int, name: str, data: st.DataObject
) -> None:
    generator = np.random.default_rng(0)
    # Each operand has some of the batch axes.
    own = [size if data.draw(st.booleans()) else 1 for size in batch]
    x, y = generator.standard_normal((*own, rows, dim)), generator.standard_normal((*batch, columns, dim))
    dense = x[..., :, None, :] * y[..., None, :, :]
    count = dense.ndim
    axes = data.draw(st.sets(st.integers(0, count - 2), min_size=2).filter(lambda s: s & {count - 3, count - 2}))
    mixed = tuple(axis - count if data.draw(st.booleans()) else axis for axis in axes)
    found = getattr(Vi(x) * Vj(y), name)(axis=mixed)
    np.testing.assert_allclose(found, expected(REDUCTIONS[name], dense, tuple(axes)), rtol=1e-10, atol=1e-13)


def test_one_batch_axis_is_lazy_until_it_is_reduced(tensor: Any) -> None:
    total = tensor.sum(axis=0)
    assert total.shape == (4, 5, 7, 3)
    np.testing.assert_allclose(total.exp().sum(axis=2), np.exp(DENSE.sum(0)).sum(2))
    np.testing.assert_allclose(tensor.sum(-4).sum((0, 1)), DENSE.sum((0, 1, 2)))
    assert tensor.sum((0, -1)).shape == (4, 5, 7, 1)
    np.testing.assert_allclose(tensor.sum(dim=(0, 3)), DENSE.sum((0, 3)))
    np.testing.assert_allclose(tensor.reduction("Max", axis=(0, 3)), DENSE.max((0, 3)))
    np.testing.assert_allclose(tensor.sum_reduction(axis=[0, 3]), DENSE.sum((0, 3)))


def test_shared_arrays_stay_one_argument() -> None:
    x, y = Vi(X[0]), Vj(Y[:, 0])
    assert len(value_of((x * y).sum(0)).leaves) == 3
    np.testing.assert_allclose((x * y).sum(0).sum(1), (X[0][:, None] * Y).sum((0, 2)))


def test_infinite_terms(tensor: Any) -> None:
    x = np.array([[[-np.inf]], [[-np.inf]], [[1.0]]])
    np.testing.assert_array_equal(Vi(x[:2]).logsumexp(0).dense(), [[[-np.inf]]])
    np.testing.assert_array_equal(Vi(x).logsumexp(0).dense(), [[[1.0]]])
    np.testing.assert_array_equal(Vi(x[:2, 0]).logsumexp((0, 1)), [-np.inf])
    np.testing.assert_array_equal(Vi(-x).logsumexp(0).dense(), [[[np.inf]]])
    # nan is not selected, as over i and j.
    np.testing.assert_array_equal(Vi(x * np.nan).max(0).dense(), [[[-np.inf]]])
    # A sum has it, beside infinite terms too.
    for end in (np.inf, -np.inf):
        terms = np.array([end, np.nan]).reshape(2, 1, 1)
        assert np.isnan(Vi(terms).logsumexp(0).dense()).all()
        assert np.isnan(Vi(terms.reshape(1, 2)).logsumexp(-1).dense()).all()


def test_lazy_reductions_of_components() -> None:
    x = RNG.standard_normal((5, 4))
    for name, function in REDUCTIONS.items():
        found = getattr(Vi(x), name)(axis=-1)
        assert found.shape == (5, 1, 1)
        wanted = np.asarray(function(x, axis=-1), np.float64)
        np.testing.assert_allclose(found.dense()[:, 0, 0], wanted, rtol=1e-12, err_msg=name)


def test_16_bits_are_rounded_once() -> None:
    x = np.full((300, 40, 1), 3.0, "float16")
    found = (Vi(x) * 2).sum((0, 1))
    assert found.dtype == np.float16
    assert np.isinf(found).all()  # 72000 is beyond its range
    signs = np.where(np.arange(300) < 150, 2, -2).astype("float16")[:, None, None]
    # The first step gives 240 in 16 bits times 300 entries, whose partial sums are beyond the range too.
    assert (Vi(x) * Vi(np.broadcast_to(signs * 100, x.shape))).sum((0, 1)) == 0
    assert Vi(x).mean((0, 1)) == 3
    assert Vi(x).max((0, 1)).dtype == np.float16


def test_integers_and_keywords(tensor: Any) -> None:
    whole = np.arange(24).reshape(2, 4, 3)
    found = Vi(whole).sum((0, 1, 2))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, whole.sum((0, 1)))
    found = tensor.sum((0, 3), dtype_acc="float64", threads=1, backend="CPU")
    np.testing.assert_allclose(found, DENSE.sum((0, 3)))


def test_memory_is_that_of_the_first_step() -> None:
    x = RNG.standard_normal((3, 2000, 2))
    lazy = (Vi(x) - Vj(x)).sum(-1).exp()
    lazy.sum((0, 1, 2))
    tracemalloc.start()
    lazy.sum((0, 1, 2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * x.nbytes


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda t: t.argmin(axis=0), ArgumentValueError, "found axis=(0,). In a tensor of shape"),
        (lambda t: t.Kmin(2, axis=(0, 2)), ArgumentValueError, "there are all, any, logsumexp, max, mean, min, prod"),
        (lambda t: t.sum((0, 0)), ArgumentValueError, "axis is (0, 0), which names an axis twice"),
        (lambda t: t.sum((3, -2)), ArgumentValueError, "axis is (3, -2), which names an axis twice"),
        (
            lambda t: t.sum((0, 5)),
            ArgumentValueError,
            "axis is (0, 5); a tensor of shape (2, 4, 5, 7, 3) has the axes 0",
        ),
        (lambda t: t.sum(()), ArgumentValueError, "one at least is reduced"),
        (lambda t: t.sum((0, "a")), ArgumentTypeError, "it must be an integer or a tuple of integers"),
        (lambda t: t.sum((0, 2), call=False), ArgumentValueError, "is carried out at once, in steps: out=, call=False"),
        (lambda t: t.sum((0, 2), out=np.empty(3)), ArgumentValueError, "is carried out at once, in steps: out="),
        (lambda t: t.sum((0, 2), keep=True), ArgumentTypeError, "A reduction has no keyword 'keep'"),
        (lambda t: (t + Vi(0, 3)).sum((0, 2)), ArgumentValueError, "symbolic variables are for the reductions of one"),
        (lambda t: t.logsumexp((0, 2), weight=t), ArgumentValueError, "LogSumExp with a weight reduces one axis"),
        (lambda t: t.mean((0, 2), ranges=()), ArgumentValueError, "Mean over several axes does not take ranges"),
        (
            lambda t: Vi(np.ones((LARGEST_FOLD + 1, 2, 1))).sum(0),
            ArgumentValueError,
            f"would be a formula of {LARGEST_FOLD + 1} terms; 1 to {LARGEST_FOLD} are allowed. Batch axes of any "
            "length are reduced together with i or j, in one call: axis=(..., 2)",
        ),
    ],
)
def test_errors(tensor: Any, function: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        function(tensor)


# ---------------------------------------------------------------- products and entries with batches


def test_products_transposes_and_entries_of_batches() -> None:
    x, y = RNG.standard_normal((3, 5, 2)), RNG.standard_normal((7, 2))
    first, second = (-Vi(x).sqdist(Vj(y))).exp(), (-Vi(y).sqdist(Vj(y))).exp()
    dense_first, dense_second = (np.exp(-((a[..., :, None, :] - y) ** 2).sum(-1)) for a in (x, y))
    v, many = RNG.standard_normal(7), RNG.standard_normal((7, 4))
    np.testing.assert_allclose(first @ (second @ v), dense_first @ (dense_second @ v))
    np.testing.assert_allclose(first @ (second @ many), dense_first @ (dense_second @ many))
    np.testing.assert_allclose(first.T @ (first @ many), dense_first.swapaxes(-1, -2) @ (dense_first @ many))
    np.testing.assert_allclose(first.dense()[..., 0], dense_first)
    np.testing.assert_allclose(first.T.dense()[..., 0], dense_first.swapaxes(-1, -2))
    np.testing.assert_allclose(first.rows([0, 4])[..., 0], dense_first[:, [0, 4]])
    np.testing.assert_allclose(first.block(2, slice(1, 3))[..., 0], dense_first[:, 2, 1:3])
    np.testing.assert_allclose(second.diag()[:, 0], np.ones(7))
    np.testing.assert_allclose(np.asarray(first)[..., 0], dense_first)
    matrix = aslinearoperator(second.as_matrix())
    np.testing.assert_allclose(matrix @ many, dense_second @ many)
    np.testing.assert_allclose((matrix * matrix) @ v, dense_second @ (dense_second @ v))


def test_parameters_with_batch_axes() -> None:
    scales, points = np.array([[0.5], [2.0]]), Y[0, 0]
    dense = np.exp(-scales[:, :, None] * ((X[0, :, None] - points) ** 2).sum(-1))
    kernel = (-Pm(scales) * Vi(X[0]).sqdist(Vj(points))).exp()
    assert kernel.shape == (2, 5, 7, 1)
    np.testing.assert_allclose(kernel.sum(axis=2)[..., 0], dense.sum(2), rtol=1e-12)
    np.testing.assert_allclose(kernel.dense()[..., 0], dense, rtol=1e-12)
    routine = Genred("Exp(-p * SqDist(x, y))", ["p = Pm(1)", "x = Vi(3)", "y = Vj(3)"], axis=1)
    batches = np.stack([X[0], X[0]])
    found = (-Pm(scales) * Vi(batches).sqdist(Vj(points[None]))).exp().sum(axis=2)
    np.testing.assert_array_equal(found, routine(scales, batches, points[None]))
    assert (Pm(scales[:1]) * Vi(X[0])).shape == (5, 1, 3)
    assert Vi(1j * X[0]).shape == (Pm(scales[:1] * 1j) * Vi(X[0])).shape
    assert (Pm(scales * 1j) * Vi(X[0])).shape == (2, 5, 1, 3)
