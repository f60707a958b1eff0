"""LazyTensors on NumPy arrays, against dense NumPy."""

from __future__ import annotations

import copy
import operator
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.errors import (
    ArgumentIndexError,
    ArgumentTypeError,
    ArgumentValueError,
    DimensionError,
    TargetError,
    UnknownNameError,
)
from pairfold.lazy import entries
from pairfold.lazy.reduction import _routine
from pairfold.lazy.value import value_of
from pairfold.numpy import Genred, LazyTensor, Pm, Var, Vi, Vj, lower
from pairfold.ops import OPERATIONS
from pairfold.reductions import REDUCTIONS
from pairfold.transform.calculus import CALCULUS

RNG = np.random.default_rng(0)
X, Y, B = RNG.standard_normal((5, 3)), RNG.standard_normal((7, 3)), RNG.standard_normal((7, 2))
XD, YD = X[:, None, :], Y[None, :, :]
DISTANCES = ((XD - YD) ** 2).sum(-1)
KERNEL = np.exp(-DISTANCES / 2)


class Frame:
    """A data frame, as far as NumPy asks."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.values, dtype)


@pytest.fixture
def x() -> Any:
    return Vi(X)


@pytest.fixture
def y() -> Any:
    return Vj(Y)


@pytest.fixture
def kernel(x: Any, y: Any) -> Any:
    return (-((x - y) ** 2).sum(-1) / 2).exp()


def check(tensor: Any, expected: Any) -> None:
    """Compare the entries; `expected` has the same number of axes."""
    assert isinstance(tensor, LazyTensor)
    assert tensor.shape == np.shape(expected)
    assert tensor.ndim == len(tensor.shape) == tensor.dim()
    found = tensor.dense()
    assert found.shape == tensor.shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


# ---------------------------------------------------------------- construction


@pytest.mark.parametrize(
    ("value", "axis", "shape"),
    [
        (X, 0, (5, 1, 3)),
        (X, 1, (1, 5, 3)),
        (XD, None, (5, 1, 3)),
        (YD, None, (1, 7, 3)),
        (np.stack([XD] * 2), None, (2, 5, 1, 3)),
        (np.stack([X] * 2), 0, (2, 5, 1, 3)),
        (np.ones((2, 1, 1, 4)), None, (2, 1, 1, 4)),
        (np.ones(4), None, (1, 1, 4)),
        (np.ones(4), 2, (1, 1, 4)),
        (np.ones((1, 4)), 2, (1, 1, 4)),
        (np.ones((3, 4)), 2, (3, 1, 1, 4)),
        (np.ones((1, 3, 1)), 2, (3, 1, 1, 1)),
        (X.tolist(), 0, (5, 1, 3)),
        (tuple(X), 1, (1, 5, 3)),
        (XD.tolist(), None, (5, 1, 3)),
        (Frame(X), 0, (5, 1, 3)),
        (Frame(X[0]), None, (1, 1, 3)),
        (np.array(2.0), None, (1, 1, 1)),
        (np.float32(2.0), None, (1, 1, 1)),
        (np.int64(2), None, (1, 1, 1)),
        (2, None, (1, 1, 1)),
        (2.5, None, (1, 1, 1)),
        ([1, 2.5], None, (1, 1, 2)),
        ((0, 4, 0), None, (None, 1, 4)),
        ((1, 4, 1), None, (1, None, 4)),
        ((1, 4, 2), None, (1, 1, 4)),
        (np.ones((0, 1, 3)), None, (0, 1, 3)),
    ],
)
def test_construction(value: Any, axis: int | None, shape: tuple[Any, ...]) -> None:
    assert LazyTensor(value, axis).shape == shape


def test_the_helpers() -> None:
    assert Vi(X).shape == Var(X, cat=0).shape == (5, 1, 3)
    assert Vj(X).shape == (1, 5, 3)
    assert Pm(0.3).shape == Pm([0.3]).shape == (1, 1, 1)
    assert Vi(0, 3).shape == Var(0, 3, 0).shape == (None, 1, 3)
    assert Pm(2, 3).shape == (1, 1, 3)


@pytest.mark.parametrize(
    ("value", "axis", "error", "message"),
    [
        (X, None, ArgumentValueError, "An array of shape (5, 3) may be indexed by i or by j: use Vi(x) or Vj(x)"),
        (np.ones((5, 7, 2)), None, ArgumentValueError, "depends on i and on j (5 and 7 entries)"),
        (np.ones(3), 0, ArgumentValueError, "Use x[:, None] for points of dimension 1"),
        (X, 3, ArgumentValueError, "axis is 3; it must be 0 (indexed by i)"),
        ([1.0], 0, ArgumentValueError, "A list of numbers is a parameter; axis=0 does not apply"),
        ([[1.0]], None, ArgumentValueError, "An array of shape (1, 1) may be indexed by i or by j: use Vi(x)"),
        ([[1.0], [1.0, 2.0]], 0, ArgumentTypeError, "an object of type list, of which NumPy makes no array: setting"),
        (
            [["a"]],
            0,
            ArgumentValueError,
            "A LazyTensor holds numbers; found the dtype <U1; allowed are float32, float64",
        ),
        (np.array([["a"]]), None, ArgumentValueError, "A LazyTensor holds numbers; found the dtype <U1; allowed are"),
        (np.array([[None]]), 0, ArgumentValueError, "A LazyTensor holds numbers; found the dtype object; allowed are"),
        (np.zeros((5, 3), "M8[s]"), 1, ArgumentValueError, "A LazyTensor holds numbers; found the dtype datetime64[s]"),
        ([], None, ArgumentValueError, "has one axis; found the shape (0,)"),
        (["a"], None, ArgumentTypeError, "A list must hold numbers"),
        ("a", None, ArgumentTypeError, "found an object of type str"),
        (None, None, ArgumentTypeError, "found an object of type NoneType"),
        (np.ma.array(X), 0, ArgumentTypeError, "a masked array, whose mask would be ignored"),
        ((0, 3, 5), None, ArgumentValueError, "A symbolic variable is (index, dimension, category)"),
        ((0, 3, "i"), None, ArgumentValueError, "A symbolic variable is (index, dimension, category)"),
        (Vi(X), None, ArgumentTypeError, "This is a LazyTensor already"),
        (10**400, None, ArgumentValueError, "beyond the range of float64"),
    ],
)
def test_wrong_construction(value: Any, axis: int | None, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        LazyTensor(value, axis)


def test_numbers_and_scalars_never_change_a_dtype() -> None:
    x = Vi(X.astype("f4"))
    for number in (2, 2.5, True, np.float64(2.5), np.int64(3), np.array(2.5), [0.5, 0.5, 0.5], Pm(2.5)):
        assert (x * number).dtype == "f4"
        assert (x * number).sum(0).dtype == "f4"
    assert (x * np.ones(3)).sum(0).dtype == "f8"
    assert (x * Vj(Y)).dtype == "f8"
    assert Vi(X.astype("i4")).sum(0).dtype == "f8"
    assert LazyTensor(2.5).dtype is None


def test_numbers_in_the_formula() -> None:
    x = Vi(X)
    assert (x * 3).formula == "(Vi(0,3) * 3.0)"
    assert (x * 0).formula == "(Vi(0,3) * 0.0)"
    assert (x * 0.5).formula == "(Vi(0,3) * 0.5)"
    assert (x * 0.7).formula == "(Vi(0,3) * Pm(1,1))"
    assert (x * 1000).formula == "(Vi(0,3) * Pm(1,1))"
    np.testing.assert_array_equal((x * 0).sum(1), np.zeros((5, 3)))


# ---------------------------------------------------------------- arithmetic

BINARY: list[Callable[[Any, Any], Any]] = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    lambda a, b: abs(a) ** b,
]


@pytest.mark.parametrize("function", BINARY)
@pytest.mark.parametrize("swapped", [False, True])
def test_binary_operators(function: Callable[[Any, Any], Any], swapped: bool, x: Any, y: Any) -> None:
    def call(a: Any, b: Any) -> Any:
        return function(b, a) if swapped else function(a, b)

    check(call(x, y), call(XD, YD))
    for other in (2, 0.7, np.float64(0.7), np.int8(2), np.array(0.7), np.array([0.7, 2, 3])):
        check(call(x, other), call(XD, other))
    check(call(x, YD), call(XD, YD))
    check(call(y, XD), call(YD, XD))


@pytest.mark.parametrize("function", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
def test_comparisons(function: Callable[[Any, Any], Any], x: Any, y: Any) -> None:
    check(function(x, y), function(XD, YD).astype(float))
    check(function(x, X[0, 0]), function(XD, X[0, 0]).astype(float))
    check(function(X[0, 0], x), function(X[0, 0], XD).astype(float))
    check(function(YD, x), function(YD, XD).astype(float))


@pytest.mark.parametrize(
    "exponent", [2, 3, -1, 0, 0.5, -0.5, 2.0, -2.0, 1.7, np.int64(3), np.float64(0.5), np.float32(3)]
)
def test_powers(exponent: Any, x: Any) -> None:
    check(abs(x) ** exponent, np.abs(XD) ** float(exponent))
    check(abs(x).power(exponent), np.abs(XD) ** float(exponent))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1000, 10**9 + 1, -(2**33) - 1, 10**400], ids=["1000", "1e9", "-2e33", "1e400"])
def test_huge_integer_powers(n: int, dtype: type) -> None:
    x = np.array([-1, 1, -1.5, 0.5, 0, np.nan], dtype)[:, None]
    sign = np.where(x < 0, -1, 1) if n % 2 else 1
    large = np.sign(n) * np.inf
    with np.errstate(divide="ignore"):
        expected = sign * np.power(np.abs(x), large)
    for found in ((Vi(x) ** n).sum(axis=1), Genred(f"Pow(x, {n})", ["x = Vi(1)"], axis=1)(x)):
        if n == 1000 and dtype is np.float64:
            np.testing.assert_allclose(found[2:4], [[1.5**1000], [0.5**1000]], rtol=1e-12)
        else:
            np.testing.assert_array_equal(found, expected)
    t = Vi(x[:2])
    slope = float(n) if n < 2**1000 else np.inf
    np.testing.assert_allclose((t**n).grad(t, 1).sum(axis=1), slope * x[:2] ** (1 + n % 2), rtol=1e-6)


def test_unary_operators_and_products(x: Any, y: Any) -> None:
    check(-x, -XD)
    check(+x, XD)
    check(abs(x), np.abs(XD))
    check(x | y, (XD * YD).sum(-1, keepdims=True))
    check(YD | x, (XD * YD).sum(-1, keepdims=True))
    check(2**x, 2**XD)
    check(x.concat(y), np.concatenate(np.broadcast_arrays(XD, YD), axis=-1))
    joined = np.concatenate([*np.broadcast_arrays(XD, YD), np.full((5, 7, 1), 1.5)], axis=-1)
    check(LazyTensor.concatenate([x, y, 1.5]), joined)
    check(LazyTensor.cat((x, y, 1.5), dim=2), joined)
    check(x.norm(-1), np.linalg.norm(XD, axis=-1, keepdims=True))


METHODS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "exp": (lambda x, y: x.exp(), lambda a, b: np.exp(a)),
    "sinc": (lambda x, y: x.sinc(), lambda a, b: np.sinc(a)),
    "atan2": (lambda x, y: x.atan2(y), np.arctan2),
    "clamp": (lambda x, y: x.clamp(-1, 0.3), lambda a, b: np.clip(a, -1, 0.3)),
    "clamp of tensors": (lambda x, y: x.clamp(y, y + 1), lambda a, b: np.clip(a, b, b + 1)),
    "ifelse": (lambda x, y: x.ifelse(y, 0), lambda a, b: np.where(a >= 0, b, 0)),
    "mod": (lambda x, y: x.mod(0.7), lambda a, b: a % 0.7),
    "mod with an offset": (lambda x, y: x.mod(2, offset=-1), lambda a, b: (a + 1) % 2 - 1),
    "round": (lambda x, y: x.round(), lambda a, b: np.round(a)),
    "round to a digit": (lambda x, y: x.round(1), lambda a, b: np.round(a, 1)),
    "sqdist": (lambda x, y: x.sqdist(y), lambda a, b: ((a - b) ** 2).sum(-1, keepdims=True)),
    "weightedsqnorm": (
        lambda x, y: x.weightedsqnorm(np.array([1.0, 2, 3])),
        lambda a, b: (a**2 * [1, 2, 3]).sum(-1, keepdims=True),
    ),
    "weightedsqdist": (
        lambda x, y: x.weightedsqdist(y, np.array([1.0, 2, 3])),
        lambda a, b: ((a - b) ** 2 * [1, 2, 3]).sum(-1, keepdims=True),
    ),
    "elem": (lambda x, y: x.elem(-1), lambda a, b: a[..., -1:]),
    "extract": (lambda x, y: x.extract(1, np.int64(2)), lambda a, b: a[..., 1:3]),
    "one_hot": (lambda x, y: (x.elem(0) * 0 + 1).one_hot(3), lambda a, b: np.tile([0.0, 1, 0], (*a.shape[:-1], 1))),
    "tensorprod": (
        lambda x, y: x.tensorprod(y),
        lambda a, b: (a[..., :, None] * b[..., None, :]).reshape(5, 7, 9),
    ),
    "tensordot": (
        lambda x, y: x.keops_tensordot(y, (3,), (3,), (0,), (0,)),
        lambda a, b: (a * b).sum(-1, keepdims=True),
    ),
    "tensordot with plain integers": (
        lambda x, y: x.keops_tensordot(y, 3, 3, 0, 0),
        lambda a, b: (a * b).sum(-1, keepdims=True),
    ),
    "kron": (
        lambda x, y: x.keops_kron(y, [3], [3]),
        lambda a, b: (a[..., :, None] * b[..., None, :]).reshape(5, 7, 9),
    ),
    "sum": (lambda x, y: x.sum(), lambda a, b: a.sum(-1, keepdims=True)),
    "min": (lambda x, y: x.min(axis=2), lambda a, b: a.min(-1, keepdims=True)),
    "argmax": (lambda x, y: x.argmax(dim=-1), lambda a, b: a.argmax(-1)[..., None].astype(float)),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods(name: str, x: Any, y: Any) -> None:
    lazy_function, dense_function = METHODS[name]
    expected = np.asarray(dense_function(XD, YD))
    found = lazy_function(x, y)
    check(found, np.broadcast_to(expected, found.shape))


def test_every_record_has_its_method() -> None:
    for op in OPERATIONS.values():
        if op.method is not None and op.name not in ("Real2Complex", "Imag2Complex", "ComplexExp1j"):
            assert callable(getattr(LazyTensor, op.method)), op.name
            assert getattr(LazyTensor, op.method).__doc__
    for reduction in REDUCTIONS.values():
        if reduction.method is not None:
            assert getattr(LazyTensor, f"{reduction.method}_reduction").__doc__
    for record in CALCULUS.values():
        assert record.method is None or callable(getattr(LazyTensor, record.method))


def test_one_array_used_twice_is_one_argument(x: Any, y: Any) -> None:
    assert len(value_of(x - y + x * y).leaves) == 2
    assert len(value_of((y - x) * (x - y)).leaves) == 2
    assert len(value_of(Vi(X) - Vi(X)).leaves) == 2
    check((y - x) * (x - y), (YD - XD) * (XD - YD))


def test_derivatives(x: Any, y: Any, kernel: Any) -> None:
    np.testing.assert_allclose(kernel.grad(x, 1).sum(1), (KERNEL[..., None] * (YD - XD)).sum(1), rtol=1e-12)
    check(kernel.grad(y, 1), KERNEL[..., None] * (XD - YD))
    check(((x * y) ** 2).diff(x, y), 2 * XD * YD**3)
    check((x * y).divergence(x), YD.sum(-1, keepdims=True) + 0 * XD[..., :1])
    check((x | x).laplacian(x), np.full((5, 1, 1), 6.0))
    jacobian = (YD[..., None] * np.eye(3)).reshape(1, 7, 9)
    check((x * y).grad_matrix(x), np.broadcast_to(jacobian, (5, 7, 9)))
    with pytest.raises(ArgumentTypeError, match="grad differentiates with respect to a variable"):
        kernel.grad(x + y, 1)
    with pytest.raises(ArgumentTypeError, match="grad differentiates with respect to a variable"):
        kernel.grad(X, 1)


# ---------------------------------------------------------------- shapes follow NumPy

SIDES = st.sampled_from(["i", "j", "p"])


@st.composite
def arrays(draw: st.DrawFn, sizes: tuple[int, int, int], batch: list[int]) -> Any:
    """Draw an array that broadcasts to (*batch, *sizes), indexed by i, by j, or by neither."""
    rows, columns, dim = sizes
    side = draw(SIDES)
    kept = draw(st.integers(0, len(batch)))
    lead = tuple(draw(st.sampled_from([1, size])) for size in batch[len(batch) - kept :])
    core = (rows if side == "i" else 1, columns if side == "j" else 1, draw(st.sampled_from([1, dim])))
    return np.random.default_rng(draw(st.integers(0, 9))).standard_normal((*lead, *core))


@given(st.data())
def test_broadcasting_follows_numpy(data: st.DataObject) -> None:
    sizes = (data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3)))
    batch = data.draw(st.lists(st.integers(1, 3), max_size=2))
    parts = data.draw(st.lists(arrays(sizes, batch), min_size=2, max_size=4))
    expected = parts[0]
    tensor = LazyTensor(parts[0])
    for part in parts[1:]:
        expected = expected * part + part
        tensor = tensor * LazyTensor(part) + part
    check(tensor, expected)
    np.testing.assert_allclose(tensor.sum(tensor.ndim - 2), expected.sum(-2), rtol=1e-12)
    np.testing.assert_allclose(tensor.sum(-3), expected.sum(-3), rtol=1e-12)
    np.testing.assert_allclose(tensor.max(-2), expected.max(-2), rtol=1e-12)
    assert np.array_equal(tensor.argmin(-3), expected.argmin(-3))
    check(tensor.T, expected.swapaxes(-3, -2))
    check(tensor.T.T, expected)
    check(tensor.sum(-1), expected.sum(-1, keepdims=True))


@st.composite
def slices(draw: st.DrawFn, size: int, may_be_empty: bool) -> Any:
    """Draw a slice, or an array of integers, for an axis of that size."""
    if draw(st.booleans()):
        index = draw(st.slices(size))
        if may_be_empty or range(*index.indices(size)):
            return index
    return draw(st.lists(st.integers(-size, size - 1), min_size=1, max_size=4))


@given(st.data())
def test_indexing_follows_numpy(data: st.DataObject) -> None:
    sizes = tuple(data.draw(st.lists(st.integers(1, 4), min_size=3, max_size=3)))
    batch = data.draw(st.lists(st.integers(1, 3), max_size=2))
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((*batch, sizes[0], 1, sizes[2])), rng.standard_normal((1, sizes[1], sizes[2]))
    tensor, expected = LazyTensor(x) * y, x * y
    axes = [data.draw(st.one_of(st.integers(-size, size - 1), st.slices(size))) for size in batch]
    i, j = data.draw(slices(sizes[0], True)), data.draw(slices(sizes[1], True))
    last = data.draw(slices(sizes[2], False))
    found = tensor[(*axes, i, slice(None), last)][(..., j, slice(None))]
    expected = expected[tuple(axes)][..., i, :, :][..., j, :][..., last]
    check(found, expected)


def test_forms_of_an_index(x: Any, y: Any) -> None:
    tensor, dense = x * y, XD * YD
    check(tensor[...], dense)
    check(tensor[1:3], dense[1:3])
    check(tensor[:, ::-2], dense[:, ::-2])
    check(tensor[..., np.int64(-1)], dense[..., -1:])
    check(tensor[..., ::-1], dense[..., ::-1])
    check(tensor[1:3, [0, 3], 1], dense[1:3][:, [0, 3]][..., 1:2])
    check(tensor[np.arange(5) % 2 == 0], dense[::2])
    check(LazyTensor(np.stack([XD, YD[:, :5].swapaxes(0, 1)]))[-1], YD[:, :5].swapaxes(0, 1))
    check(Vi(X[:1])[:, [0, 0]], XD[:1, [0, 0]])


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (0, ArgumentTypeError, "would remove the axis of i, which a LazyTensor keeps. Use the slice [0:1] there"),
        (
            (slice(None), -1),
            ArgumentTypeError,
            "would remove the axis of j, which a LazyTensor keeps. Use the slice [-1:]",
        ),
        ((..., 3), ArgumentIndexError, "The index 3 is out of bounds for axis 2 of size 3"),
        ((..., [0, -4]), ArgumentIndexError, "The index -4 is out of bounds for the last axis of size 3"),
        ((..., slice(3, 3)), ArgumentIndexError, "selects nothing from the 3 components"),
        ((0, 0, 0, 0), ArgumentIndexError, "has 4 entries and 0 ellipses for the 3 axes"),
        ((..., ...), ArgumentIndexError, "has 2 entries and 2 ellipses"),
        ("a", ArgumentTypeError, "The index 'a' on axis 0"),
        (None, ArgumentTypeError, "The index None on axis 0"),
        (1.0, ArgumentTypeError, "The index 1.0 on axis 0"),
        (True, ArgumentTypeError, "The index True on axis 0"),
        ([True, False], ArgumentTypeError, "is not understood"),
    ],
)
def test_wrong_indices(key: Any, error: type[Exception], message: str, x: Any) -> None:
    with pytest.raises(error, match=re.escape(message)):
        x[key]
    with pytest.raises(IndexError):
        x[[9]]


def test_a_tensor_has_no_truth_value_and_is_hashed_by_identity(x: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="no single truth value"):
        bool(x == x)
    assert len({x: 1, x + 1: 2}) == 2


# ---------------------------------------------------------------- entries


def test_entries(kernel: Any) -> None:
    dense = KERNEL[..., None]
    np.testing.assert_allclose(np.asarray(kernel), dense, rtol=1e-12)
    assert np.asarray(kernel, dtype="f4").dtype == "f4"
    np.testing.assert_allclose(kernel.rows([3, 0]), dense[[3, 0]], rtol=1e-12)
    np.testing.assert_allclose(kernel.rows(-1), dense[-1], rtol=1e-12)
    np.testing.assert_allclose(kernel.block(slice(1, 3), [0, 5]), dense[1:3][:, [0, 5]], rtol=1e-12)
    np.testing.assert_allclose(kernel.block(1, np.int64(2)), dense[1, 2], rtol=1e-12)
    np.testing.assert_allclose(kernel.T.dense(), dense.swapaxes(0, 1), rtol=1e-12)
    square = Vi(X) * Vj(X + 1) * Pm([1.0, 2, 3])
    np.testing.assert_allclose(square.diag(), X * (X + 1) * [1, 2, 3], rtol=1e-12)
    batched = LazyTensor(np.stack([XD, 2 * XD])) - Vj(X)
    np.testing.assert_allclose(batched.diag(), np.stack([0 * X, X]), atol=1e-15)
    assert LazyTensor(2.5).dense().shape == (1, 1, 1)
    assert (Vi(X[:0]) * Vj(Y)).dense().shape == (0, 7, 3)


def test_entries_are_not_made_by_accident(kernel: Any, x: Any, y: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArgumentValueError, match=r"Only a square tensor has a diagonal; the shape is \(5, 7, 1\)"):
        kernel.diag()
    monkeypatch.setattr(entries, "LARGEST_IMPLICIT_ARRAY", 100)
    with pytest.raises(ArgumentValueError, match=r"of shape \(5, 7, 1\) would become an array of 0.0 GiB. Reduce it"):
        np.asarray(kernel)
    assert kernel.dense().shape == (5, 7, 1)


NOBODY = [
    ("nan", np.array([[np.nan]]), Y, None),
    ("no column", X[:1], Y[:0], None),
    ("infinite", np.array([[np.inf] * 3]), Y, None),
    ("masked", X[:1], Y, lower(-1)),
]


@pytest.mark.parametrize(("x", "y", "mask"), [case[1:] for case in NOBODY], ids=[case[0] for case in NOBODY])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_nobody_wins_by_one_rule(x: Any, y: Any, mask: Any, dtype: str) -> None:
    squares = Vi(x.astype(dtype)).sqdist(Vj(y[:, : x.shape[1]].astype(dtype)))
    for table, axis, ranges in ((squares, 1, mask), (squares.T, 0, None if mask is None else mask.T)):
        for found in (table.argmin(axis, ranges=ranges), (-table).argmax(axis, ranges=ranges)):
            assert np.array_equal(found, table.argKmin(1, axis, ranges=ranges))
            assert found.item() == -1
        smallest, where = table.Kmin_argKmin(2, axis, ranges=ranges)
        assert np.array_equal(smallest, np.full((1, 2), np.inf, dtype))
        assert np.array_equal(where, np.full((1, 2), -1))
        assert table.min(axis, ranges=ranges).item() == np.inf
        assert (-table).max(axis, ranges=ranges).item() == -np.inf


# ---------------------------------------------------------------- reductions


def test_reductions(kernel: Any, y: Any) -> None:
    column = KERNEL.sum(1, keepdims=True)
    for form in (
        kernel.sum(1),
        kernel.sum(axis=-2),
        kernel.sum(dim=1),
        kernel.sum(2, dim=1),
        kernel.sum_reduction(axis=1),
        kernel.reduction("Sum", axis=1),
    ):
        np.testing.assert_allclose(form, column, rtol=1e-12)
    np.testing.assert_allclose(kernel.sum(0)[:, 0], KERNEL.sum(0), rtol=1e-12)
    np.testing.assert_allclose(kernel.logsumexp(1), np.log(np.exp(KERNEL).sum(1, keepdims=True)), rtol=1e-12)
    weighted = np.log(np.exp(KERNEL) @ Y**2)
    for form in (
        kernel.logsumexp(1, weight=y**2),
        kernel.logsumexp(dim=1, other=y**2),
        kernel.logsumexp(1, weight=YD**2),
    ):
        np.testing.assert_allclose(form, weighted, rtol=1e-12)
    softmax = np.exp(KERNEL) / np.exp(KERNEL).sum(1, keepdims=True)
    np.testing.assert_allclose(kernel.sumsoftmaxweight(y, axis=1), softmax @ Y, rtol=1e-12)
    values, indices = kernel.min_argmin(axis=1)
    assert np.array_equal(indices[:, 0], KERNEL.argmin(1))
    assert indices.dtype == np.int64
    np.testing.assert_allclose(values[:, 0], KERNEL.min(1), rtol=1e-12)
    assert np.array_equal(kernel.argKmin(3, dim=1), KERNEL.argsort(1)[:, :3])
    np.testing.assert_allclose(kernel.Kmin(K=3, axis=0), np.sort(KERNEL, axis=0)[:3].T, rtol=1e-12)
    np.testing.assert_allclose(kernel.reduction("KMin", opt_arg=2, axis=1), np.sort(KERNEL, axis=1)[:, :2], rtol=1e-12)


def test_an_absent_index_counts_once(x: Any) -> None:
    np.testing.assert_allclose(x.sum(1), X)
    np.testing.assert_allclose(x.sum(0), X.sum(0, keepdims=True))
    np.testing.assert_allclose((LazyTensor(2) * 3).sum(1), [[6.0]])


def test_products_with_arrays(kernel: Any) -> None:
    np.testing.assert_allclose(kernel @ B, KERNEL @ B, rtol=1e-12)
    np.testing.assert_allclose(kernel @ B[:, 0], KERNEL @ B[:, 0], rtol=1e-12)
    np.testing.assert_allclose(kernel.matvec(B[:, 0]), KERNEL @ B[:, 0], rtol=1e-12)
    np.testing.assert_allclose(kernel.rmatvec(X), KERNEL.T @ X, rtol=1e-12)
    np.testing.assert_allclose(kernel.t() @ X, KERNEL.T @ X, rtol=1e-12)
    np.testing.assert_allclose(X.T @ kernel, X.T @ KERNEL, rtol=1e-12)
    np.testing.assert_allclose(X[:, 0] @ kernel, X[:, 0] @ KERNEL, rtol=1e-12)
    batched = kernel * LazyTensor(np.array([1.0, 2]).reshape(2, 1, 1, 1))
    dense = np.stack([KERNEL, 2 * KERNEL])
    np.testing.assert_allclose(batched @ B[:, 0], dense @ B[:, 0], rtol=1e-12)
    np.testing.assert_allclose(batched @ np.stack([B, B]), dense @ B, rtol=1e-12)
    np.testing.assert_allclose(kernel @ np.stack([B, B]), np.stack([KERNEL @ B] * 2), rtol=1e-12)


@pytest.mark.usefixtures("no_gpu")
def test_options_of_a_reduction(kernel: Any) -> None:
    expected = KERNEL.sum(1, keepdims=True)
    out = np.empty((5, 1))
    assert kernel.sum(1, out=out) is out
    np.testing.assert_allclose(out, expected, rtol=1e-12)
    options = {
        "sum_scheme": "kahan_scheme",
        "threads": 1,
        "backend": "CPU",
    }
    np.testing.assert_allclose(kernel.sum(1, **options), expected, rtol=1e-12)
    half = ([[0, 2], [2, 5]], [1, 2], [[0, 3], [3, 7]], [[0, 3], [3, 7]], [1, 2], [[0, 2], [2, 5]])
    ranges = tuple(map(np.array, half))
    mask = np.zeros((5, 7))
    mask[:2, :3] = mask[2:, 3:] = 1
    np.testing.assert_allclose(kernel.sum(1, ranges=ranges)[:, 0], (KERNEL * mask).sum(1), rtol=1e-12)
    kernel.ranges = ranges
    np.testing.assert_allclose((2 * kernel).sum(1)[:, 0], 2 * (KERNEL * mask).sum(1), rtol=1e-12)
    np.testing.assert_allclose(kernel.T @ X, (KERNEL * mask).T @ X, rtol=1e-12)
    np.testing.assert_allclose(kernel.dense()[..., 0], KERNEL, rtol=1e-12)
    with pytest.raises(ArgumentValueError, match="A tensor with ranges cannot be indexed"):
        kernel[1:]
    other = kernel + 1
    other.ranges = tuple(half)
    with pytest.raises(ArgumentValueError, match="Two tensors with different ranges meet"):
        kernel + other
    kernel.ranges, kernel.backend = None, "GPU"
    with pytest.raises(TargetError, match="asks for a GPU"):
        (kernel + 1).sum(1)


def test_the_same_program_builds_nothing_twice(x: Any) -> None:
    def program(scale: float) -> None:
        kernel = (-((LazyTensor(XD) - LazyTensor(YD)) ** 2).sum(-1) / scale).exp()
        assert (kernel @ B).shape == (5, 2)

    program(0.3)
    before = _routine.cache_info().misses
    for scale in (0.4, 1000, 1001, np.int64(10**6), -(2**40), 10**20):
        program(scale)
    assert _routine.cache_info().misses == before


@pytest.mark.parametrize("number", [11, -1000, 2**24 + 1, np.int64(2**53 - 1), 10**20])
def test_an_integer_is_exact_wherever_it_stands(number: Any) -> None:
    """Whether it is written into the formula or a parameter, and whatever operation it meets."""
    ids = np.array([[number - 1], [number], [0]], np.float64)
    t = Vi(ids)
    assert (t == number).sum(1).ravel().tolist() == (ids == float(number)).ravel().tolist()
    np.testing.assert_array_equal((t - number).sum(1), ids - float(number))
    np.testing.assert_array_equal(t.clamp(number, number).sum(1), np.full((3, 1), float(number)))
    again = pickle.loads(pickle.dumps(number * t))
    assert repr(again) == repr(number * t)
    np.testing.assert_array_equal(again.sum(1), float(number) * ids)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda k: k.logsumexp(), ArgumentTypeError, "LogSumExp of a LazyTensor needs an axis: 0 (i), 1 (j)."),
        (lambda k: k.sum_reduction(), ArgumentTypeError, "needs an axis: 0 (i), 1 (j), 2 or -1 (the last axis)"),
        (lambda k: k.sum(3), ArgumentValueError, "axis is 3, and Sum of a tensor of shape (5, 7, 1) reduces the axes"),
        (lambda k: k.sum(-4), ArgumentValueError, "axis is -4"),
        (lambda k: k.sum(0.5), ArgumentTypeError, "reduces one axis, an integer; found 0.5"),
        (lambda k: k.min_argmin(-1), ArgumentValueError, "axis is -1, and Min_ArgMin"),
        (lambda k: k.sum(1, keep=True), ArgumentTypeError, "A reduction has no keyword 'keep'; allowed are call,"),
        (lambda k: k.sum(-1, keep=True), ArgumentTypeError, "no keyword 'keep'"),
        (lambda k: k.Kmin(0, axis=1), ArgumentValueError, "keeps at least K = 1 entry"),
        (lambda k: k.reduction("KMin", axis=1), ArgumentTypeError, "needs opt_arg=K"),
        (lambda k: k.reduction("Summ", axis=1), UnknownNameError, "no reduction called 'Summ'. Did you mean 'Sum'?"),
        (lambda k: k.sum(1, sum_scheme="exact"), ArgumentValueError, "sum_scheme is 'exact'"),
        (lambda k: k @ B[:3], ArgumentValueError, "K has shape (5, 7, 1), with 7 columns, and v has shape (3, 2)"),
        (lambda k: k @ k.T, ArgumentTypeError, "found a LazyTensor of shape (7, 5, 1). The product of two of them is"),
        (lambda k: k.T.rmatvec(Vj(B)), ArgumentTypeError, "and (K * v).sum(1) for v = Vj(b)."),
        (lambda k: k.sum(axis=1, backnd="CPU"), ArgumentTypeError, "A reduction has no keyword 'backnd'; allowed are"),
        (lambda k: k.grad(Vi(X)), ArgumentTypeError, "grad(v, g): missing a required argument: 'g'. Adjoint of the"),
        (lambda k: k.laplacian(Vi(X), 1), ArgumentTypeError, "laplacian(v): too many positional arguments."),
        (lambda k: k.norm(dm=-1), ArgumentTypeError, "unexpected keyword argument 'dm'. Did you mean 'dim'?"),
        (
            lambda k: (k * Vj(Y)) @ B,
            ArgumentValueError,
            "K @ v needs a tensor K of dimension 1; this one has shape (5, 7, 3)",
        ),
        (lambda k: k + Vi(X[:4]), ArgumentValueError, "The shapes (5, 7, 1) and (4, 1, 3) do not broadcast"),
        (lambda k: Vi(X) + Vj(B), DimensionError, "Add of tensors of shape (5, 1, 3) and (1, 7, 2): on the last axis"),
        (lambda k: Vi(X).sqdist(Vj(B)), DimensionError, "SqDist of tensors of shape (5, 1, 3) and (1, 7, 2)"),
        (lambda k: Vi(X).extract(2, 2), DimensionError, "components 2 to 4 (excluded) must lie within 0 to 3"),
        (lambda k: Vi(X).round("a"), DimensionError, "the number of decimals must be an integer, not 'a'"),
        (lambda k: Vi(X).clamp(1), ArgumentTypeError, "clamp(lowest, highest): missing a required argument: 'high"),
        (lambda k: Vi(X).one_hot(), ArgumentTypeError, "one_hot(length): missing a required argument: 'length'"),
        (lambda k: Vi(X).norm(1), ArgumentValueError, "dim is 1; the norm is taken over the last axis only"),
        (lambda k: Vi(X).elem(3), ArgumentIndexError, "The index 3 is out of bounds"),
        (lambda k: LazyTensor.concatenate([]), ArgumentValueError, "needs at least one LazyTensor"),
        (lambda k: LazyTensor.concatenate([k], axis=1), ArgumentValueError, "joined along their last axis"),
        (lambda k: k * "a", ArgumentTypeError, "found an object of type str"),
        (lambda k: k == None, ArgumentTypeError, "found an object of type NoneType"),  # noqa: E711
        (lambda k: np.ones((2, 5, 1, 1)) * (k * np.ones((3, 1, 1, 1))), ArgumentValueError, "their batch axes differ"),
        (lambda k: k.sum(1, call=False) + 1, TypeError, "unsupported operand"),
        (lambda k: 1 * k * k.sum(1, call=False), ArgumentTypeError, "This is a reduction that waits for its call"),
    ],
)
def test_errors(call: Callable[[Any], Any], error: type[Exception], message: str, kernel: Any) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call(kernel)


# ---------------------------------------------------------------- symbolic variables


def test_symbolic_variables() -> None:
    kernel = (-((Vi(0, 3) - Vj(1, 3)) ** 2).sum(-1) / 2).exp()
    assert kernel.shape == (None, None, 1)
    reduction = (kernel * Vj(B)).sum(axis=1)
    np.testing.assert_allclose(reduction(X, Y), KERNEL @ B, rtol=1e-12)
    assert reduction(X.astype("f4"), Y.astype("f4")).dtype == "f8"
    float32 = (kernel * Vj(B.astype("f4"))).sum(axis=1)
    assert float32(X.astype("f4"), Y.astype("f4")).dtype == "f4"
    assert float32(X, Y).dtype == "f8"
    np.testing.assert_allclose((kernel @ B)(X, Y), KERNEL @ B, rtol=1e-12)
    np.testing.assert_allclose((Vj(B) * Pm(0, 1)).sum(0)(2.0), 2 * B)
    out = np.empty((5, 2))
    assert reduction(X, Y, out=out) is out
    assert str(reduction).startswith("<Sum over j, one result per i, of <LazyTensor of shape (None, 7, 2):")
    assert "7 columns j, for 5 rows i" in reduction.explain(X, Y)


def test_reductions_may_wait(kernel: Any) -> None:
    waiting = kernel.sum(1, call=False)
    np.testing.assert_allclose(waiting(), KERNEL.sum(1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(
        kernel.logsumexp(1, weight=Vj(Y**2), call=False)(), np.log(np.exp(KERNEL) @ Y**2), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: (Vi(X) + Vi(1, 3)).sum(1),
            ArgumentValueError,
            "The symbolic variables are Vi(1,3): their indices must be",
        ),
        (
            lambda: (Vi(0, 3) + Vj(0, 3)).sum(1),
            ArgumentValueError,
            "are Vi(0,3), Vj(0,3): their indices must be 0, 1, 2",
        ),
        (
            Vi(0, 3).sum(1),
            ArgumentValueError,
            "has 1 symbolic variables and takes as many arguments; found 0",
        ),
        (lambda: Vi(0, 3).sum(1)(X, Y), ArgumentValueError, "found 2"),
        (
            lambda: Vi(0, 3).sum(1)(B),
            ArgumentValueError,
            "Argument 'Vi(0,3)' (number 0, Vi(3)) has shape (7, 2); its last",
        ),
        (
            lambda: Vi(0, 3).sum(1)("a"),
            ArgumentTypeError,
            "Argument 'Vi(0,3)' (number 0, Vi(3)): found an object of type str",
        ),
        (lambda: Vi(0, 3).sum(1)(X, sum_scheme="auto"), ArgumentTypeError, "The call has no keyword 'sum_scheme'"),
        (
            lambda: (Vi(X) + Vi(0, 3)).sum(1)(Y),
            ArgumentValueError,
            "must have the same number of entries (5 and 7 found)",
        ),
        (lambda: Vi(0, 3).dense(), ArgumentValueError, "dense needs numbers, but Vi(0,3) has symbolic variables"),
        (lambda: Vi(0, 3)[1:], ArgumentValueError, "A tensor with symbolic variables cannot be indexed"),
    ],
)
def test_errors_of_symbolic_variables(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()


# ---------------------------------------------------------------- the object


def test_texts(x: Any, kernel: Any) -> None:
    mixed = x * Vj(0, 3) + Vj(1, 3)
    assert mixed.formula == "((Vi(2,3) * Vj(0,3)) + Vj(1,3))"
    assert repr(x) == "<LazyTensor of shape (5, 1, 3): Vi(0,3)>"
    assert str(x) == "LazyTensor\n    formula: Vi(0,3)\n    shape: (5, 1, 3)\n    dtype: float64"
    assert "7 columns j, for 5 rows i" in kernel.explain()
    assert kernel.explain("LogSumExp", axis=0).startswith("axis=0: below, i and j")


def test_texts_of_formulas_with_shared_parts_are_short(x: Any, y: Any) -> None:
    tensor = x - y
    for _ in range(60):
        tensor = tensor * tensor + tensor
    assert len(repr(tensor)) < 220
    assert len(str(tensor)) < 300
    assert len(repr(tensor.sum(1, call=False))) < 300
    assert tensor.formula.startswith("((#60 * #60) + #60) where #1 = (Vi(0,3) - Vj(1,3)), #2 = ((#1 * #1) + #1), ")
    explained = tensor.sum(-1).explain()
    assert "  Sum(((#60 * #60) + #60))\n  where #1 = (Vi(0,3) - Vj(1,3))\n  where #2 = ((#1 * #1) + #1)\n" in explained
    assert len(explained) < 3000
    with pytest.raises(ArgumentValueError, match=r"found the expression .*\.\.\.") as caught:
        (x | y).solve(tensor)
    assert len(str(caught.value)) < 300


def test_copies_and_pickles(kernel: Any) -> None:
    expected = kernel.sum(1)
    for other in (pickle.loads(pickle.dumps(kernel)), copy.copy(kernel), copy.deepcopy(kernel)):
        assert other.formula == kernel.formula
        assert np.array_equal(other.sum(1), expected)
    assert np.array_equal(pickle.loads(pickle.dumps(kernel.sum(1, call=False)))(), expected)
