"""Every keyword of a reduction does what it says, or is refused by its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import pairfold.torch
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.numpy import Genred, KernelSolve, LazyTensor, Vi, Vj

RNG = np.random.default_rng(0)
BATCH = (2, 3)
X, Y = RNG.random((*BATCH, 5, 2)), RNG.random((*BATCH, 4, 2))


def kernel(x: Any, y: Any, front_end: Any = pairfold.numpy) -> Any:
    return (-front_end.Vi(x).sqdist(front_end.Vj(y))).exp()


# ---------------------------------------------------------------- keepdims


@pytest.mark.parametrize("rows", [1, 4, 5])
@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_and_columns_are_normalised_with_keepdims(rows: int, batch: tuple[int, ...], dtype: type) -> None:
    x, y = RNG.random((*batch, rows, 2)).astype(dtype), RNG.random((*batch, 4, 2)).astype(dtype)
    lazy = kernel(x, y)
    dense = lazy.dense()
    for axis in (len(batch), len(batch) + 1):
        totals = lazy.sum(axis=axis, keepdims=True)
        assert totals.shape == dense.sum(axis, keepdims=True).shape
        found = (lazy / totals).dense()
        np.testing.assert_allclose(found, dense / dense.sum(axis, keepdims=True), rtol=1e-5)


@given(axes=st.sets(st.integers(0, 4), min_size=1), name=st.sampled_from(["sum", "max", "mean", "logsumexp"]))
def test_keepdims_over_several_axes(axes: set[int], name: str) -> None:
    # Over the last axis and batch axes alone nothing is computed: there is a test of its own for that.
    axes = axes if axes & {2, 3} or axes == {4} or 4 not in axes else axes | {3}
    found = getattr(kernel(X, Y), name)(axis=tuple(axes), keepdims=True)
    dense = kernel(X, Y).dense()
    expected = np.log(np.exp(dense).sum(tuple(axes), keepdims=True)) if name == "logsumexp" else None
    if expected is None:
        expected = getattr(dense, name)(tuple(axes), keepdims=True)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.dense() if isinstance(found, LazyTensor) else found, expected, rtol=1e-12)


def test_results_in_several_parts_keep_the_axis_too() -> None:
    lazy = kernel(X, Y)
    for axis in (2, 3):
        values, places = lazy.Kmin_argKmin(2, axis=axis, keepdim=True)
        expected = np.expand_dims(lazy.Kmin(2, axis=axis), axis)
        assert np.array_equal(values, expected)
        assert places.shape == values.shape
        assert (lazy / values).shape == (*BATCH, 5, 4, 2)
        assert lazy.argmin(axis=axis, keepdims=True).shape == lazy.dense().argmin(axis, keepdims=True).shape
    pairs = Vi(X) - Vj(Y)
    assert pairs.Kmin(3, axis=2, keepdims=True).shape == (*BATCH, 1, 4, 3, 2)
    weighted = lazy.sumsoftmaxweight(Vj(Y), axis=3, keepdims=True)
    assert weighted.shape == (*BATCH, 5, 1, 2)
    assert (pairs + 1j).sum(axis=3, keepdims=True).shape == (*BATCH, 5, 1, 2)


@pytest.mark.parametrize("axis", [0, 1])
def test_gradients_of_a_normalised_kernel(axis: int) -> None:
    x, y = (torch.tensor(array[0, 0], requires_grad=True) for array in (X, Y))
    lazy = kernel(x, y, pairfold.torch)
    dense = (-((x[:, None] - y) ** 2).sum(-1, keepdim=True)).exp()
    found = (lazy / lazy.sum(dim=axis, keepdim=True)).max(dim=1 - axis)
    expected = (dense / dense.sum(axis, keepdim=True)).amax(1 - axis)
    torch.testing.assert_close(found, expected)
    gradients = [torch.autograd.grad((result**2).sum(), (x, y)) for result in (found, expected)]
    torch.testing.assert_close(*gradients)


# ---------------------------------------------------------------- dtype


def test_the_result_has_the_dtype_that_is_asked_for() -> None:
    single, double = kernel(X.astype("f4"), Y.astype("f4")), kernel(X.astype("f4").astype("f8"), Y.astype("f4"))
    for axis in (2, 3, (0, 3), (2, 3)):
        np.testing.assert_array_equal(single.sum(axis=axis, dtype=np.float64), double.sum(axis=axis))
    assert single.max(axis=3, dtype="float16").dtype == np.float16
    rounded = double.sum(axis=3, dtype=np.float32)
    np.testing.assert_array_equal(rounded, double.sum(axis=3).astype(np.float32))
    values, places = single.min_argmin(axis=3, dtype=float)
    assert (values.dtype, places.dtype) == (np.float64, np.int64)
    assert (single * 1j).sum(axis=3, dtype="complex128").dtype == np.complex128
    assert (single.logsumexp(axis=3, weight=Vj(Y[..., :1]), dtype=np.float64)).dtype == np.float64
    numbers = LazyTensor([0.1, 0.2]).sum(axis=1, dtype="float32")
    assert numbers.dtype == np.float32


def test_tensors_take_dtypes_of_pytorch() -> None:
    x, y = torch.tensor(X, dtype=torch.float32), torch.tensor(Y, dtype=torch.float32)
    exact = kernel(x.double(), y.double(), pairfold.torch).sum(dim=3)
    lazy = kernel(x, y, pairfold.torch)
    for dtype in (torch.float64, "float64"):
        torch.testing.assert_close(lazy.sum(dim=3, dtype=dtype), exact, rtol=0, atol=0)
    assert lazy.sum(dim=(0, 3), dtype=torch.bfloat16).dtype == torch.bfloat16
    assert lazy.sum(dim=(0, 3), dtype=torch.float64).dtype == torch.float64
    with pytest.raises(ArgumentTypeError, match=r"dtype is torch.int64; it is the PyTorch dtype of the result"):
        lazy.sum(dim=3, dtype=torch.int64)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda k: k.sum(3, dtype="nonsense"), ArgumentTypeError, "dtype is 'nonsense'; it is the NumPy dtype of the"),
        (lambda k: k.sum(3, dtype=int), ArgumentTypeError, "of a reduction of real numbers: float32, float64, float16"),
        (lambda k: k.sum(3, dtype=np.complex64), ArgumentTypeError, "Convert the result for any other."),
        (lambda k: (k * 1j).sum(3, dtype=float), ArgumentTypeError, "of complex numbers: complex64, complex128"),
        (lambda k: k.sum(3, enable_chunks=True), ArgumentTypeError, "A reduction has no keyword 'enable_chunks'"),
        (lambda k: k.sum((0, 3), cuda_type="float"), ArgumentTypeError, "A reduction has no keyword 'cuda_type'"),
        (lambda k: k.sum(-1, dtype=np.float64), ArgumentTypeError, "dtype= is for reductions over i or j"),
        (lambda k: k.sum(-1, threads=2), ArgumentTypeError, "threads= is for reductions over i or j"),
        (lambda k: k.logsumexp(-1, ranges=None), ArgumentTypeError, "ranges= is for reductions over i or j"),
        (
            lambda k: k.sum(0, dtype=np.float64),
            ArgumentTypeError,
            "dtype= is for reductions over i or j. Over the last",
        ),
        (lambda k: k.sum(-1, keepdims=False), ArgumentValueError, "the last axis stays, with length 1"),
        (lambda k: k.sum((3, 4), keepdims=False), ArgumentValueError, "the last axis stays, with length 1"),
        (lambda k: k.sum(3, keepdims=True, call=False), ArgumentValueError, "not with call=False, symbolic variables"),
        (lambda k: k.sum(3, keepdims=True, out=np.ones(5)), ArgumentValueError, "or out=."),
        (lambda k: k / k.sum(3), ArgumentValueError, "depends on i and on j (3 and 5 entries)"),
        (lambda k: k / k.sum((0, 1, 3)), ArgumentValueError, "results of reductions have it with keepdims=True."),
        (
            lambda k: k * np.eye(6),
            ArgumentValueError,
            "An array of shape (6, 6) may be indexed by i or by j: use Vi(x)",
        ),
        (
            lambda k: np.eye(6) * k,
            ArgumentValueError,
            "An array of shape (6, 6) may be indexed by i or by j: use Vi(x)",
        ),
        (lambda k: Vi(3), ArgumentTypeError, "3 is a number, which nothing indexes by i: as a constant or a parameter"),
        (lambda k: Vj(np.float64(2.5)), ArgumentTypeError, "it is Pm(2.5). Vj(x) takes an array of points, Vj(index"),
        (lambda k: LazyTensor(3, axis=0), ArgumentTypeError, "'x = Vi(dimension)' declares an argument of a formula"),
    ],
)
def test_what_does_not_apply_is_refused(call: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call(kernel(X, Y))


@pytest.mark.parametrize(
    "option",
    [
        {"dtype": "float32"},
        {"cuda_type": "float32"},
        {"enable_chunks": False},
        {"rec_multVar_highdim": 1},
        {"use_fast_math": False},
    ],
)
def test_options_without_effect_are_refused(option: dict[str, Any]) -> None:
    ((name, value),) = option.items()
    message = re.escape(f"{name} is {value!r}, and {name} has no effect: leave it out.")
    with pytest.raises(ArgumentTypeError, match=message):
        Genred("x * b", ["x = Vi(1)", "b = Vj(1)"], **option)
    with pytest.raises(ArgumentTypeError, match=message):
        KernelSolve("x * b", ["x = Vi(1)", "b = Vj(1)"], "b", **option)
