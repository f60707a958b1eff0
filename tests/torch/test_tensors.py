"""Which tensors are accepted: types, strides, dtypes, and that none of them is copied without need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import pairfold.torch as pf
from pairfold.engine import Call, run
from pairfold.errors import ArgumentValueError
from pairfold.torch import operator as torch_operator
from tests.torch.dense import PAIRS, arguments

SQUARES = pf.Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], axis=1)


@pytest.mark.cpu
def test_contiguous_tensors_are_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def spy(call: Call, arrays: Sequence[np.ndarray[Any, Any]]) -> Any:
        seen.extend(array.__array_interface__["data"][0] for array in arrays)
        return run(call, arrays)

    monkeypatch.setattr(torch_operator, "run", spy)
    x, y, *_ = arguments()
    SQUARES(x, y)
    assert seen == [x.data_ptr(), y.data_ptr()]
    SQUARES(x.requires_grad_(), torch.nn.Parameter(y))
    assert seen[2:] == [x.data_ptr(), y.data_ptr()]


LAYOUTS = {
    "transposed": lambda t: t.T.contiguous().T,
    "every other": lambda t: torch.stack([t, t], 1).flatten(0, 1)[::2],
    "expanded": lambda t: t[:1].expand(t.shape),
    "with an offset": lambda t: torch.cat([t[:1], t])[1:],
    "narrow": lambda t: torch.cat([t, t], 1)[:, 1:3],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_strides(layout: str) -> None:
    x, y, *_ = arguments()
    strided = [LAYOUTS[layout](t).detach().requires_grad_() for t in (x, y)]
    plain = [t.detach().clone().contiguous().requires_grad_() for t in strided]
    found, expected = SQUARES(*strided), SQUARES(*plain)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(
        torch.autograd.grad(found.sin().sum(), strided), torch.autograd.grad(expected.sin().sum(), plain)
    )


def test_negated_views() -> None:
    z = torch.randn(3, 2, dtype=torch.complex128)
    imaginary = z.conj().imag
    assert imaginary.is_neg()
    torch.testing.assert_close(SQUARES(imaginary, imaginary), SQUARES(imaginary.clone(), imaginary.clone()))


def test_parameters_and_subclasses() -> None:
    class Points(Tensor):
        pass

    x, y, *_ = arguments()
    expected = SQUARES(x, y)
    parameter = torch.nn.Parameter(y)
    found = SQUARES(x.as_subclass(Points), parameter)
    torch.testing.assert_close(torch.as_tensor(found).as_subclass(Tensor), expected)
    found.sum().backward()
    assert parameter.grad is not None
    torch.testing.assert_close(pf.Vi(x).sqdist(pf.Vj(parameter)).sum(1), expected)


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        (torch.float32, torch.float32, torch.float32),
        (torch.float32, torch.float64, torch.float64),
        (torch.float16, torch.float16, torch.float16),
        (torch.bfloat16, torch.bfloat16, torch.bfloat16),
        (torch.float16, torch.bfloat16, torch.float32),
        (torch.float16, torch.float32, torch.float32),
        (torch.int32, torch.float16, torch.float16),
        (torch.int64, torch.float32, torch.float32),
        (torch.bool, torch.uint8, torch.float32),
    ],
)
def test_dtypes_are_promoted_as_pytorch_does(first: torch.dtype, second: torch.dtype, result: torch.dtype) -> None:
    x, y = (torch.randint(0, 2, (size, 2)) for size in (3, 5))
    found = SQUARES(x.to(first), y.to(second))
    assert found.dtype == result
    expected = ((x[:, None] - y) ** 2).sum(-1).sum(1, keepdim=True)
    torch.testing.assert_close(found, expected.to(result))


@pytest.fixture
def default_dtype() -> Iterator[Callable[[torch.dtype], None]]:
    """`torch.set_default_dtype`, for one test."""
    before = torch.get_default_dtype()
    yield torch.set_default_dtype
    torch.set_default_dtype(before)


def test_integers_follow_the_default_dtype(default_dtype: Callable[[torch.dtype], None]) -> None:
    x = torch.ones(3, 2, dtype=torch.int64)
    programs: dict[str, Callable[[], Tensor]] = {
        "Genred": lambda: SQUARES(x, x),
        "LazyTensor": lambda: pf.Vi(x).sqdist(pf.Vj(x)).sum(1),
        "several axes": lambda: pf.Vi(x).sqdist(pf.Vj(x)).sum((0, 1)),
        "dtype": lambda: torch.empty(0, dtype=pf.Vi(x).dtype),
        "numbers": lambda: (pf.Pm(0.3) + 1).sum(1),
        "complex": lambda: pf.Vi(x).exp1j().sum(0).real,
    }
    for dtype in (torch.float32, torch.float64, torch.float32, torch.float16):
        default_dtype(dtype)
        for name, program in programs.items():
            wide = name == "complex" and dtype == torch.float16
            assert program().dtype == (torch.float32 if wide else dtype), name


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize("other", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int8, torch.bool])
def test_integers_beyond_24_bits_stay_apart(dtype: torch.dtype, other: torch.dtype) -> None:
    ids = torch.tensor([[2**24], [2**24 + 1], [5], [2**30 + 1], [2**30]], dtype=dtype)
    ones = torch.ones(5, 1, dtype=other)
    equal = ((pf.Vi(ids) == pf.Vj(ids)) * pf.Vj(ones)).sum(1)
    assert equal.tolist() == [[1.0]] * 5
    assert equal.dtype == (other if other.is_floating_point else torch.float32)
    lag = (pf.Vi(ids) - pf.Vj(ids)).abs() * pf.Vj(ones)
    nearest = torch.tensor([1, 1, 2**24 - 5, 1, 1], dtype=torch.float64).to(equal.dtype)
    assert torch.equal(lag.Kmin(2, 1)[:, 1], nearest)
    routine = pf.Genred("Exp(-Abs(t - s) / p) * b", ["t = Vi(1)", "s = Vj(1)", "p = Pm(1)", "b = Vj(1)"], axis=1)
    exact = (-(ids.double() - ids.double().mT).abs() / 60).exp().sum(1, keepdim=True)
    torch.testing.assert_close(routine(ids, ids, 60.0, ones), exact.to(equal.dtype))


def test_gradients_beside_integers() -> None:
    ids, x = torch.tensor([[2**24], [2**24 + 1]]), torch.tensor([[1.5], [2.5]], requires_grad=True)
    total = ((pf.Vi(ids) == pf.Vj(ids)) * pf.Vj(x) ** 2).sum(1)
    assert total.dtype == torch.float32
    (gradient,) = torch.autograd.grad(total.sum(), x)
    assert (gradient.dtype, gradient.tolist()) == (torch.float32, [[3.0], [5.0]])


def test_the_default_device_is_for_new_tensors_only() -> None:
    x, b = torch.randn(5, 2), torch.randn(5, 1)
    programs: list[Callable[[], Tensor]] = [
        lambda: SQUARES(x, x),
        lambda: (0.3 * pf.Vi(x).sqdist(pf.Vj(x)) + pf.Pm(0.7)).sum(1),
        lambda: pf.Vi(x)[:, [0, 0], :].sum(1),
        lambda: (pf.Vi(x) - pf.Vi(x)).sum(1),
        lambda: torch.autograd.grad(pf.Vi(x.requires_grad_()).sqdist(pf.Vj(x)).min(1).sum(), x)[0],
        lambda: (-pf.Vi(x).sqdist(pf.Vj(x))).exp().solve(b, alpha=0.1),
        lambda: (-pf.Vi(x).sqdist(pf.Vj(x))).exp().solve(b, alpha=0.1, preconditioner="nystrom"),
        lambda: torch.compile(lambda x: (pf.Vi(x) * 0.7).sum(0), backend="eager")(x),
    ]
    with torch.device("meta"):
        found = [program() for program in programs]
    assert {t.device for t in found} == {x.device}
    for one, program in zip(found, programs, strict=True):
        torch.testing.assert_close(one, program())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.complex64, torch.int64])
def test_numpy_takes_the_entries(dtype: torch.dtype) -> None:
    x, y = torch.ones(3, 2).to(dtype), torch.full((4, 2), 3).to(dtype)
    difference = pf.Vi(x) - pf.Vj(y)
    found = np.asarray(difference)
    np.testing.assert_array_equal(found, np.full((3, 4, 2), -2))
    assert found.dtype.name == {torch.float16: "float16", torch.complex64: "complex64"}.get(dtype, "float32")
    assert np.asarray(difference, dtype=np.complex128).dtype == np.complex128
    assert np.array(difference, copy=True).flags.c_contiguous
    with pytest.raises(ArgumentValueError, match="no memory that an array could share: its entries are computed now"):
        np.asarray(difference, copy=False)
    if dtype.is_floating_point:
        np.testing.assert_array_equal(np.asarray(pf.Vi(x.requires_grad_()) - pf.Vj(y)), found)


@pytest.mark.parametrize("number", [1e5, -1e9, 1e-8, 3 * 10**5])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_numbers_beside_16_bits_have_the_precision_of_the_arithmetic(dtype: torch.dtype, number: float) -> None:
    x, y = (torch.rand(size, 1, 2).to(dtype) for size in (4, 6))
    exact = (-((x.double() - y.double().squeeze(1)) ** 2).sum(-1) / 2).exp().sum(1, keepdim=True)
    squares = pf.Vi(x[:, 0]).sqdist(pf.Vj(y[:, 0]))
    routine = pf.Genred("Exp(-p * SqDist(x, y) / q)", ["x = Vi(2)", "y = Vj(2)", "p = Pm(1)", "q = Pm(1)"], axis=1)
    for found in (
        (-(number * squares) / (2 * number)).exp().sum(1),
        (-(pf.Pm(number) * squares) / pf.Pm(2 * number)).exp().sum(1),
        (-([number] * squares) / torch.tensor(2.0 * number)).exp().sum(1),
        routine(x[:, 0], y[:, 0], number, 2 * number),
    ):
        assert torch.equal(found, exact.to(dtype))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_for_storage_only(dtype: torch.dtype) -> None:
    x, y, b, p = (t.to(dtype).requires_grad_() for t in arguments(20, 400))
    wide = [t.detach().float().requires_grad_() for t in (x, y, b, p)]
    for name in ("Sum", "LogSumExp"):
        found, expected = (PAIRS[name].routine(*given) for given in ((x, y, b, p), wide))
        assert found.dtype == dtype
        # One rounding at the end: as near as the dtype allows.
        assert torch.equal(found, expected.to(dtype))
        gradients = torch.autograd.grad(found.sum(), (x, y, b, p))
        expected_gradients = torch.autograd.grad(expected.sum(), wide)
        for one, other in zip(gradients, expected_gradients, strict=True):
            assert one.dtype == dtype
            assert torch.equal(one, other.to(dtype))


def test_numbers_do_not_change_a_dtype() -> None:
    routine = pf.Genred("p * SqDist(x, y)", ["p = Pm(1)", "x = Vi(2)", "y = Vj(2)"], axis=1)
    x, y = torch.randn(3, 2), torch.randn(5, 2)
    for p in (0.3, 2, torch.tensor(0.3, dtype=torch.float64), torch.tensor(2)):
        found = routine(p, x, y)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, float(p) * SQUARES(x, y))
    assert (pf.Vi(x) * 0.3).sum(1).dtype == torch.float32
    assert (pf.Vi(x) * torch.tensor(0.3, dtype=torch.float64)).sum(1).dtype == torch.float32


def test_a_number_that_is_a_tensor_has_a_gradient() -> None:
    x, y, *_ = arguments()
    p = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    ((pf.Vi(x).sqdist(pf.Vj(y)) * -p).exp().sum(1)).sum().backward()
    kernel = torch.cdist(x, y) ** 2
    torch.testing.assert_close(p.grad, -(kernel * (-0.7 * kernel).exp()).sum())


def test_complex_tensors() -> None:
    z = torch.randn(4, 2, dtype=torch.complex128, requires_grad=True)
    w = torch.randn(5, 2, dtype=torch.complex128, requires_grad=True)
    found = (pf.Vi(z) * pf.Vj(w)).exp().sum(axis=1)
    expected = (z[:, None] * w).exp().sum(1)
    torch.testing.assert_close(found, expected)
    assert torch.autograd.gradcheck(lambda z, w: (pf.Vi(z) * pf.Vj(w)).sum(axis=1), (z, w))
    gradients = torch.autograd.grad(found.abs().sum(), (z, w))
    torch.testing.assert_close(gradients, torch.autograd.grad(expected.abs().sum(), (z, w)))


def test_operators_with_tensors_on_the_left() -> None:
    x, y, _b, p = arguments()
    kernel = pf.Vi(x).sqdist(pf.Vj(y))
    dense = torch.cdist(x, y) ** 2
    torch.testing.assert_close((p * kernel).dense()[..., 0], p * dense)
    torch.testing.assert_close((p - kernel).dense()[..., 0], p - dense)
    torch.testing.assert_close((p / kernel).dense()[..., 0], p / dense)
    torch.testing.assert_close((p < kernel).dense()[..., 0], (p < dense).to(dense.dtype))
    torch.testing.assert_close(
        torch.randn(2, 3, generator=torch.Generator(torch.get_default_device()).manual_seed(0)).double() @ kernel,
        torch.randn(2, 3, generator=torch.Generator(torch.get_default_device()).manual_seed(0)).double() @ dense,
    )


def test_out_is_filled_and_carries_the_graph() -> None:
    x, y, *_ = arguments()
    out = torch.empty(3, 1, dtype=torch.float64)
    assert SQUARES(x.requires_grad_(), y, out=out) is out
    (gradient,) = torch.autograd.grad(out.sum(), x)
    torch.testing.assert_close(gradient, 2 * (5 * x - y.sum(0)))


@pytest.mark.parametrize(("rows", "columns"), [(0, 5), (3, 0), (0, 0)])
@pytest.mark.parametrize("name", PAIRS)
def test_empty_tensors_have_gradients(name: str, rows: int, columns: int) -> None:
    given = [t.requires_grad_() for t in arguments(rows, columns)]
    found = PAIRS[name].routine(*given)
    assert found.shape == (rows, 3 if name == "KMin" else 1)
    first = torch.autograd.grad(found.sum(), given, create_graph=True)
    second = torch.autograd.grad(sum(g.sum() for g in first), given)
    for t, *gradients in zip(given, first, second, strict=True):
        for gradient in gradients:
            assert torch.equal(gradient, torch.zeros_like(t))


EXPONENTIAL = [
    "LogSumExp",
    "LogSumExpWeight",
    "SumSoftMaxWeight",
    "SumSoftMaxWeight_LogSumExp",
    "Max_SumShiftExp",
    "Max_SumShiftExpWeight",
]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", EXPONENTIAL)
def test_masked_rows_leave_all_gradients_as_they_are(name: str, axis: int, dtype: torch.dtype) -> None:
    """A row that sees only -inf has gradient 0 and spoils no other, to second order, whatever its own cotangent is."""
    generator = torch.Generator(torch.get_default_device()).manual_seed(0)
    x, y, b = (torch.randn(5, size, generator=generator, dtype=dtype) for size in (3, 3, 1))
    b = b.abs()
    bias = torch.zeros(5, 1, dtype=dtype)
    bias[2] = -torch.inf
    kept, reduced = ("Vi", "Vj") if axis == 1 else ("Vj", "Vi")
    aliases = [f"x = {kept}(3)", f"m = {kept}(1)", f"y = {reduced}(3)", f"b = {reduced}(1)"]
    weight = "b" if "Weight" in name else None
    routine = pf.Genred("(x | y) + m", aliases, name, axis, formula2=weight)

    def gradients(rows: list[int]) -> list[Tensor]:
        given = [t.clone().requires_grad_() for t in (x[rows], y, b)]
        outputs = routine(given[0], bias[rows], *given[1:])
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        total = sum(torch.where(out == -torch.inf, 0 * out.detach().nan_to_num(), out).sin().sum() for out in outputs)
        first = torch.autograd.grad(total, given, create_graph=True, materialize_grads=True)
        return [*first, *torch.autograd.grad(sum(g.sin().sum() for g in first), given, materialize_grads=True)]

    whole, without = gradients([0, 1, 2, 3, 4]), gradients([0, 1, 3, 4])
    for found, expected in zip(whole, without, strict=True):
        if len(expected) == 4:
            assert found[2].eq(0).all()
        torch.testing.assert_close(found[[0, 1, 3, 4]] if len(expected) == 4 else found, expected)


def test_rows_that_a_mask_leaves_empty_are_those_of_attention() -> None:
    q, k, v = (torch.randn(4, 5, dtype=torch.float64).requires_grad_() for _ in range(3))
    found = (pf.Vi(q) | pf.Vj(k)).sumsoftmaxweight(pf.Vj(v), axis=1, ranges=pf.lower(-1))
    allowed = torch.ones(1, 4, 4, dtype=torch.bool).tril(-1)
    attention = torch.nn.functional.scaled_dot_product_attention
    expected = attention(q[None], k[None], v[None], attn_mask=allowed, scale=1.0)[0]
    torch.testing.assert_close(found, expected)
    wanted = torch.autograd.grad(expected.sin().sum(), (q, k, v))
    torch.testing.assert_close(torch.autograd.grad(found.sin().sum(), (q, k, v)), wanted)


def test_formulas_without_tensors_of_one_side() -> None:
    x, _, _, p = (t.requires_grad_() for t in arguments())
    routine = pf.Genred("p * Square(x)", ["x = Vi(2)", "p = Pm(1)"], axis=0)
    torch.testing.assert_close(routine(x, p), p * (x * x).sum(0, keepdim=True))
    gradients = torch.autograd.grad(routine(x, p).sum(), (x, p))
    torch.testing.assert_close(gradients, (2 * p * x, (x * x).sum()[None]))
    constant = pf.Genred("IntCst(2)", ["x = Vj(2)"], axis=1)
    assert constant(x).tolist() == [[6.0]]
