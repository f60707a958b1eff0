"""LazyTensors of complex NumPy arrays, against dense NumPy."""

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
from scipy.sparse.linalg import aslinearoperator, eigsh

from pairfold.errors import ArgumentIndexError, ArgumentTypeError, ArgumentValueError, DimensionError
from pairfold.numpy import ComplexLazyTensor, LazyTensor, Pm, Vi, Vj
from pairfold.ops import OPERATIONS
from pairfold.reductions import REDUCTIONS

RNG = np.random.default_rng(0)


def complex_points(*shape: int) -> Any:
    return RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)


Z, W = complex_points(5, 3), complex_points(7, 3)
X, Y = RNG.standard_normal((5, 3)), RNG.standard_normal((7, 3))
ZD, WD, XD, YD = Z[:, None], W[None], X[:, None], Y[None]


@pytest.fixture
def z() -> Any:
    return Vi(Z)


@pytest.fixture
def w() -> Any:
    return Vj(W)


def check(tensor: Any, expected: Any, rtol: float = 1e-12) -> None:
    """Compare the entries; `expected` is broadcast."""
    expected = np.asarray(expected)
    assert tensor.is_complex == np.iscomplexobj(expected)
    assert isinstance(tensor, ComplexLazyTensor) == tensor.is_complex
    assert isinstance(tensor, LazyTensor)
    found = tensor.dense()
    assert found.shape == tensor.shape
    assert tensor.ndim == len(tensor.shape) == tensor.dim()
    assert np.iscomplexobj(found) == tensor.is_complex
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=rtol, atol=1e-13)


# ---------------------------------------------------------------- construction


@pytest.mark.parametrize("kind", [LazyTensor, ComplexLazyTensor])
@pytest.mark.parametrize(
    ("value", "axis", "shape"),
    [
        (Z, 0, (5, 1, 3)),
        (Z, 1, (1, 5, 3)),
        (ZD, None, (5, 1, 3)),
        (WD, None, (1, 7, 3)),
        (np.stack([ZD] * 2), None, (2, 5, 1, 3)),
        (Z[0], None, (1, 1, 3)),
        (Z[0], 2, (1, 1, 3)),
        (np.array(1j), None, (1, 1, 1)),
        (1j, None, (1, 1, 1)),
        (np.complex64(1j), None, (1, 1, 1)),
        ([1j, 2, 3.0], None, (1, 1, 3)),
        ((1j, 2, 3.0), None, (1, 1, 3)),
    ],
)
def test_construction(kind: Any, value: Any, axis: int | None, shape: tuple[int, ...]) -> None:
    tensor = kind(value, axis)
    assert type(tensor) is ComplexLazyTensor
    assert tensor.shape == shape
    check(tensor, np.reshape(value, shape))


@pytest.mark.parametrize("value", [X, 2.0, 3, [1.0, 2.0], np.float32(2)])
def test_real_values_become_complex_on_request(value: Any) -> None:
    axis = 0 if value is X else None
    for tensor in (ComplexLazyTensor(value, axis), LazyTensor(value, axis, is_complex=True)):
        check(tensor, (XD if value is X else np.asarray(value)) + 0j)


@pytest.mark.parametrize(
    ("value", "axis", "message"),
    [
        (Z, None, "may be indexed by i or by j"),
        (complex_points(5, 7, 2), None, "depends on i and on j"),
        (Z[0], 0, "Use x[:, None]"),
        ([1j], 0, "A number is a parameter, and so is a list; axis=0 does not apply"),
        ((0, 3, 5), None, "A symbolic variable is (index, dimension, category)"),
    ],
)
def test_wrong_construction(value: Any, axis: int | None, message: str) -> None:
    with pytest.raises(ArgumentValueError, match=re.escape(message)):
        ComplexLazyTensor(value, axis)


def test_dtypes_of_results() -> None:
    for dtype in ("complex64", "complex128"):
        z = Vi(Z.astype(dtype))
        assert z.dtype == dtype
        assert z.sum(1).dtype == z.dense().dtype == dtype
        for number in (2, 2.5, 1j, 0.1j, np.complex128(1j), np.float64(0.1), np.array(0.1j), [1, 2, 3j]):
            assert (z * number).sum(1).dtype == dtype, number
            assert (number * z + number).sum(1).dtype == dtype, number
        assert abs(z).sum(1).dtype == dtype.replace("complex128", "float64").replace("complex64", "float32")
        assert (z + Vj(Y)).sum(1).dtype == "complex128"
    assert (Vi(X.astype("f4")) * 1j).sum(1).dtype == "complex64"
    assert (Vi(X.astype("f4")) + 0.1j).sum(1).dtype == "complex64"
    assert ComplexLazyTensor(2.0).dtype is None


def test_16_bits_give_complex64_that_was_never_rounded_to_16_bits() -> None:
    x = np.full((1, 1), 300, "float16")
    found = (Vi(x) * Vi(x) * 1j).sum(1)
    assert found.dtype == "complex64"
    assert found[0, 0] == 90000j


# ---------------------------------------------------------------- operations

OPERATORS: dict[str, Callable[..., Any]] = {
    "add": lambda z, w, x, y: z + w,
    "subtract": lambda z, w, x, y: z - w,
    "multiply": lambda z, w, x, y: z * w,
    "divide": lambda z, w, x, y: z / w,
    "negative": lambda z, w, x, y: -z,
    "positive": lambda z, w, x, y: +z,
    "add real": lambda z, w, x, y: z + y,
    "real minus complex": lambda z, w, x, y: y - z,
    "times real": lambda z, w, x, y: z * y,
    "real times complex": lambda z, w, x, y: y * z,
    "over real": lambda z, w, x, y: z / y,
    "real over complex": lambda z, w, x, y: y / z,
    "times scalar": lambda z, w, x, y: z * y[..., :1],
    "scalar times": lambda z, w, x, y: x[..., :1] * w,
    "over scalar": lambda z, w, x, y: z / y[..., :1],
    "one complex component, real vector": lambda z, w, x, y: z[..., :1] * y,
    "one complex component over real vector": lambda z, w, x, y: z[..., :1] / y,
    "one complex component": lambda z, w, x, y: z[..., :1] + w,
    "real components over one": lambda z, w, x, y: y / z[..., :1],
    "number": lambda z, w, x, y: 2 * z + 1 - z / 4 + 3 / z,
    "float": lambda z, w, x, y: 2.5 * z - 0.3,
    "complex number": lambda z, w, x, y: (1 + 2j) * z - z * 1j + 2j / z - (z - 0.5j) / 3j,
    "numpy scalars": lambda z, w, x, y: np.complex64(1j) * z + np.float64(2) * z + z * np.int64(3),
    "array without axes": lambda z, w, x, y: np.array(2j) * z,
    "zero": lambda z, w, x, y: z * 0,
    "real plus imaginary unit": lambda z, w, x, y: x + 1j,
    "imaginary unit times real": lambda z, w, x, y: 1j * x - y * 2j,
    "real over imaginary unit": lambda z, w, x, y: x / 2j + 2j / y,
    "square": lambda z, w, x, y: z**2,
    "cube": lambda z, w, x, y: z**3 + z**0,
    "negative powers": lambda z, w, x, y: z**-1 + z**-2,
    "roots": lambda z, w, x, y: z**0.5 + z**-0.5,
    "real power": lambda z, w, x, y: z**1.3,
    "numpy power": lambda z, w, x, y: z ** np.int64(2) + z ** np.float64(2),
    "complex power": lambda z, w, x, y: z**w,
    "power of a number": lambda z, w, x, y: 2**z + (1 + 1j) ** z,
    "complex power of real": lambda z, w, x, y: (x * x) ** (1j * y),
    "power by real": lambda z, w, x, y: z**y,
    "equal": lambda z, w, x, y: (z == z.conj().conj()) * (z != w) * 1.0,
    "equal number": lambda z, w, x, y: (z == 1j) * 1.0,
    "slices": lambda z, w, x, y: z[..., 1:] * w[..., ::2],
    "last": lambda z, w, x, y: z[..., -1:],
    "index arrays": lambda z, w, x, y: z[..., [2, 0]],
    "rows": lambda z, w, x, y: (z * w)[1:4, [0, 6], :2],
    "conj": lambda z, w, x, y: z.conj() * w,
    "parts": lambda z, w, x, y: z.real * w.imag,
    "abs": lambda z, w, x, y: abs(z * w),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name: str, z: Any, w: Any) -> None:
    function = OPERATORS[name]
    check(function(z, w, Vi(X), Vj(Y)), function(ZD, WD, XD, YD))


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "rsqrt": lambda z: 1 / np.sqrt(z),
    "square": np.square,
    "inv": lambda z: 1 / z,
    "abs": np.abs,
    "angle": np.angle,
    "conj": np.conj,
    "sqnorm2": lambda z: (np.abs(z) ** 2).sum(-1, keepdims=True),
    "norm2": lambda z: np.sqrt((np.abs(z) ** 2).sum(-1, keepdims=True)),
    "norm": lambda z: np.sqrt((np.abs(z) ** 2).sum(-1, keepdims=True)),
    "normalize": lambda z: z / np.sqrt((np.abs(z) ** 2).sum(-1, keepdims=True)),
    "sum": lambda z: z.sum(-1, keepdims=True),
    "mean": lambda z: z.mean(-1, keepdims=True),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_methods(name: str, z: Any, w: Any) -> None:
    method = getattr(ComplexLazyTensor, name)
    arguments = (-1,) if name == "mean" else ()
    check(method(z, *arguments), FUNCTIONS[name](ZD), rtol=1e-11)
    check(method(z * w, *arguments), FUNCTIONS[name](ZD * WD), rtol=1e-11)


def test_methods_with_operands(z: Any, w: Any) -> None:
    inner = (ZD * WD.conj()).sum(-1, keepdims=True).real
    check(z | w, inner)
    check((z | Vj(Y)) + 0, (ZD * YD).sum(-1, keepdims=True).real)
    check(Vj(Y) | z, (ZD * YD).sum(-1, keepdims=True).real)
    check(z | 1j, (ZD * -1j).sum(-1, keepdims=True).real)
    check(z.sqdist(w), (abs(ZD - WD) ** 2).sum(-1, keepdims=True))
    check(Vi(X).sqdist(w), (abs(XD - WD) ** 2).sum(-1, keepdims=True))
    check(z.concat(w), np.concatenate(np.broadcast_arrays(ZD, WD), -1))
    check(z.concat(Vj(Y)), np.concatenate(np.broadcast_arrays(ZD, YD + 0j), -1))
    check(Vj(Y).concat(z), np.concatenate(np.broadcast_arrays(YD + 0j, ZD), -1))
    check(LazyTensor.cat((z, w, Vj(Y))), np.concatenate(np.broadcast_arrays(ZD, WD, YD), -1))
    check(z.extract(1, 2), ZD[..., 1:3])
    check(z.elem(-1), ZD[..., 2:])
    check(z.power(2), ZD**2)
    check(Vi(X).ifelse(z, w), np.where(XD >= 0, ZD, WD))
    check(Vi(X).ifelse(z[..., 0], 1), np.where(XD >= 0, ZD[..., :1], 1))


def test_from_real_tensors() -> None:
    x = Vi(X)
    check(x.real2complex(), XD + 0j)
    check(x.imag2complex(), 1j * XD)
    check(x.exp1j(), np.exp(1j * XD))
    for name in ("real2complex", "imag2complex", "exp1j"):
        with pytest.raises(
            ArgumentTypeError, match=f"{name} makes a complex tensor of a real one; this one is complex"
        ):
            getattr(Vi(Z), name)()


def test_tanh_and_tan_stay_finite_far_out() -> None:
    far = np.array([[500 + 1j], [-500 + 1j], [30.0]])
    check(Vi(far).tanh(), np.tanh(far)[:, None])
    check((Vi(far) * 1j).tan(), np.tan(1j * far)[:, None])


def test_powers_of_zero() -> None:
    zero = Vi(np.zeros((1, 1), complex))
    check(zero ** (2 + 1j), np.zeros((1, 1, 1), complex))
    check(zero ** Pm(0j), np.ones((1, 1, 1), complex))
    check(zero**2, np.zeros((1, 1, 1), complex))
    assert np.isnan((zero ** (-1 + 1j)).dense()).all()


def test_derivatives_are_those_of_real_and_imaginary_parts(z: Any, w: Any) -> None:
    # f = |z w|^2: the gradient with respect to (re, im) of z is 2 z |w|^2.
    f = (abs(z * w) ** 2).sum(-1)
    ones = np.ones(3)
    check(f.grad(z, 1), 2 * ZD * abs(WD) ** 2)
    check((z * w).grad(z, ones), WD.conj())
    check((z * w).diff(z, w), WD**2)
    x = Vi(X)
    check((x * w).grad(x, 1j * ones), WD.imag)
    check(f.diff(z, ones), (2 * abs(WD) ** 2 * ZD.real).sum(-1, keepdims=True))
    with pytest.raises(ArgumentTypeError, match="laplacian is not defined for complex tensors; use grad"):
        (z * w).sum(-1).laplacian(z)
    with pytest.raises(ArgumentTypeError, match="the direction is complex, but what it belongs to is real"):
        f.grad(z, 1j)
    with pytest.raises(DimensionError, match="both dimensions must be equal"):
        (z * w).grad(z, 1)


# ---------------------------------------------------------------- reductions


@given(
    rows=st.integers(0, 5),
    columns=st.integers(0, 9),
    dim=st.integers(1, 3),
    batch=st.sampled_from([(), (2,), (2, 3)]),
    dtype=st.sampled_from(["complex64", "complex128"]),
)
def test_sums_and_averages(rows: int, columns: int, dim: int, batch: tuple[int, ...], dtype: str) -> None:
    z = complex_points(*batch, rows, 1, dim).astype(dtype)
    w = complex_points(1, columns, dim).astype(dtype)
    dense = (z * w).astype("c16")
    lazy = Vi(z[..., 0, :]) * Vj(w[0])
    tolerance = 1e-4 if dtype == "complex64" else 1e-12
    for axis in (-3, -2):
        place = axis + len(batch) + 3
        found = lazy.sum(axis=place)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, dense.sum(axis), rtol=tolerance, atol=tolerance)
        if dense.shape[axis]:
            np.testing.assert_allclose(lazy.mean(axis=place), dense.mean(axis), rtol=tolerance, atol=tolerance)


def test_other_reductions(z: Any, w: Any) -> None:
    product = z * w
    dense = ZD * WD
    np.testing.assert_allclose(product.reduction("Sum", axis=1), dense.sum(1))
    np.testing.assert_allclose(product.sum_reduction(axis=0), dense.sum(0))
    np.testing.assert_array_equal((product - dense[0, 0]).any(1), (dense != dense[0, 0]).any(1))
    np.testing.assert_array_equal((product - dense[0, 0]).all(0), (dense != dense[0, 0]).all(0))
    np.testing.assert_allclose(product.sum((0, 1)), dense.sum((0, 1)))
    np.testing.assert_allclose(product.mean((0, 1, 2)), [dense.mean()])
    out = np.empty((5, 3), complex)
    assert product.sum(1, out=out) is out
    np.testing.assert_allclose(out, dense.sum(1))
    np.testing.assert_allclose(product.sum(1, dtype_acc="float64"), dense.sum(1))
    with pytest.raises(ArgumentValueError, match=re.escape("out has shape (5, 3) and dtype float64; the result has")):
        product.sum(1, out=np.empty((5, 3)))


def test_batches_over_batch_axes() -> None:
    z = complex_points(3, 5, 2)
    lazy = Vi(z) * Vj(W[:, :2])
    dense = z[:, :, None] * W[None, None, :, :2]
    check(lazy.sum(0), dense.sum(0))
    check(lazy.mean(0), dense.mean(0))
    np.testing.assert_allclose(lazy.sum((0, 2)), dense.sum((0, 2)))
    np.testing.assert_allclose(lazy.mean((0, 1)), dense.mean((0, 1)))


def test_symbols_take_complex_arrays(w: Any) -> None:
    symbol = ComplexLazyTensor((0, 3, 0))
    assert symbol.shape == (None, 1, 3)
    routine = (symbol * w).sum(axis=1)
    np.testing.assert_allclose(routine(Z), (ZD * WD).sum(1))
    np.testing.assert_allclose(pickle.loads(pickle.dumps(routine))(Z), (ZD * WD).sum(1))
    waiting = (Vi(Z) * w).sum(1, call=False)
    np.testing.assert_allclose(waiting(), (ZD * WD).sum(1))
    assert "rows" in waiting.explain() or "i" in waiting.explain()


def test_copies(z: Any) -> None:
    for twin in (pickle.loads(pickle.dumps(z)), copy.copy(z), copy.deepcopy(z)):
        assert type(twin) is ComplexLazyTensor
        check(twin * 1j, ZD * 1j)


# ---------------------------------------------------------------- entries, products


def test_entries(z: Any, w: Any) -> None:
    product, dense = z * w, ZD * WD
    check(product.T, dense.swapaxes(0, 1))
    np.testing.assert_allclose(product.rows([1, 3]), dense[[1, 3]])
    np.testing.assert_allclose(product.block(slice(1, 3), 2), dense[1:3, 2])
    np.testing.assert_allclose(np.asarray(product), dense)
    assert np.asarray(product, np.complex64).dtype == np.complex64
    square = z * Vj(Z)
    np.testing.assert_allclose(square.diag(), Z**2)
    with pytest.raises(ArgumentValueError, match="would become an array of"):
        np.asarray(Vi(np.ones((2**15, 1))) * Vj(np.ones((2**15, 1))) * 1j)


@pytest.mark.parametrize("is_real_vector", [True, False])
def test_products_with_arrays(z: Any, w: Any, is_real_vector: bool) -> None:
    kernel = ((z * w).sum(-1) * 0.1j).exp()
    dense = np.exp(0.1j * (ZD * WD).sum(-1))
    v, many, left = RNG.standard_normal(7), RNG.standard_normal((7, 2)), RNG.standard_normal(5)
    if not is_real_vector:
        v, many, left = v * 1j + 1, many * 1j + 2, left * (1 - 1j)
    np.testing.assert_allclose(kernel @ v, dense @ v)
    np.testing.assert_allclose(kernel @ many, dense @ many)
    np.testing.assert_allclose(left @ kernel, left @ dense)
    np.testing.assert_allclose(kernel @ (kernel.T @ left), dense @ (dense.T @ left))
    np.testing.assert_allclose(kernel.rmatvec(left), dense.conj().T @ left)
    real = (-Vi(X).sqdist(Vj(Y))).exp()
    np.testing.assert_allclose(real @ many, real.dense()[..., 0] @ many)


def test_linear_operators_of_scipy(z: Any) -> None:
    times = np.linspace(0, 1, 30)[:, None]
    # A Hermitian matrix: exp(-(s - t)^2 + i (s - t)).
    difference = Vi(times) - Vj(times)
    kernel = (difference * 1j - difference**2).exp()
    dense = np.exp(1j * (times - times.T) - (times - times.T) ** 2)
    matrix = aslinearoperator(kernel.as_matrix())
    assert matrix.dtype == np.complex128
    v = complex_points(30)
    np.testing.assert_allclose(matrix @ v, dense @ v)
    np.testing.assert_allclose(matrix.rmatvec(v), dense.conj().T @ v)
    found = eigsh(matrix, k=2, return_eigenvectors=False)
    np.testing.assert_allclose(found, np.linalg.eigvalsh(dense)[-2:])


# ---------------------------------------------------------------- refusals


REFUSED = [
    op
    for op in OPERATIONS.values()
    if op.method and op.on_complex is None and not op.makes_complex and op.name != "Elem"
]


@pytest.mark.parametrize("op", REFUSED, ids=lambda op: op.name)
def test_operations_without_meaning_are_refused(op: Any) -> None:
    z = Vi(Z)
    dims, params = op.sample[0] if op.sample else ((1,) * op.arity, ())
    arguments = [z] * (len(dims) - 1) + list(params)
    with pytest.raises((ArgumentTypeError, ArgumentValueError), match="complex"):
        getattr(z, op.method)(*arguments)


@pytest.mark.parametrize(
    "reduction",
    [r for r in REDUCTIONS.values() if r.method and r.name not in ("Sum", "Mean", "Any", "All")],
    ids=lambda r: r.name,
)
def test_reductions_without_meaning_are_refused(reduction: Any) -> None:
    extra = (2,) if reduction.needs_k else (Vj(Y),) if reduction.needs_weight else ()
    with pytest.raises(ArgumentTypeError, match=f"The reduction {reduction.name} is not defined for complex tensors"):
        getattr(Vi(Z), reduction.method)(*extra, axis=1)
    with pytest.raises(
        ArgumentTypeError, match="is not defined for complex tensors; defined are sum, mean, any and all"
    ):
        Vi(Z).reduction(reduction.name, axis=1)


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda z, w: z < w, ArgumentTypeError, "LessThan compares numbers, and complex numbers have no order"),
        (lambda z, w: w >= 2, ArgumentTypeError, "complex numbers have no order"),
        (lambda z, w: z.max(), ArgumentTypeError, "max compares numbers, and complex numbers have no order"),
        (lambda z, w: z % 2, ArgumentTypeError, "mod is not defined for complex tensors; use z.real"),
        (lambda z, w: 2 // z, ArgumentTypeError, "floor is not defined for complex tensors"),
        (lambda z, w: Vi(X).atan2(w), ArgumentTypeError, "atan2 is not defined for complex tensors"),
        (lambda z, w: z.ifelse(z, w), ArgumentTypeError, "ifelse asks where a tensor is at least 0"),
        (lambda z, w: z.clamp(0, 1), ArgumentTypeError, "clamp compares numbers"),
        (lambda z, w: Vi(X).sum(-1).logsumexp(1, weight=w), ArgumentTypeError, "A weight is real, and this one is"),
        (lambda z, w: z.solve(Z), ArgumentTypeError, "solve is defined for real tensors"),
        (
            lambda z, w: z + w[..., :2],
            DimensionError,
            "Add of tensors of shape (5, 1, 3) and (1, 7, 2): on the last axis, the dimensions must be equal, or 1",
        ),
        (lambda z, w: z + Vi(W), ArgumentValueError, "The shapes (5, 1, 3) and (7, 1, 3) do not broadcast"),
        (lambda z, w: z[..., 3], ArgumentIndexError, "The index 3 is out of bounds for axis 2 of size 3"),
        (lambda z, w: z.elem(3), ArgumentIndexError, "The index 3 is out of bounds for the last axis of size 3"),
        (lambda z, w: z[..., 2:2], ArgumentIndexError, "selects nothing from the 3 components"),
        (lambda z, w: z @ W, ArgumentValueError, "K @ v needs a tensor K of dimension 1; this one has shape (5, 1, 3)"),
        (lambda z, w: bool(z), ArgumentTypeError, "A LazyTensor has no single truth value"),
    ],
)
def test_errors(z: Any, w: Any, function: Callable[..., Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        function(z, w)
