"""Truth values: `&`, `|`, `^`, `~` of comparisons, and choices by them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import pairfold
import pairfold.numpy
import pairfold.pykeops.numpy
import pairfold.torch
from pairfold.errors import ArgumentTypeError, FormulaError
from pairfold.numpy import Genred, Vi, Vj, where

RNG = np.random.default_rng(0)
X, Y = RNG.integers(-2, 3, (5, 2)) / 2, RNG.integers(-2, 3, (4, 2)) / 2
DENSE = X[:, None] - Y
FLAGS = np.array([[True], [False], [True], [True], [False]])

COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
CONNECTIVES = {"&": operator.and_, "|": operator.or_, "^": operator.xor}


@pytest.fixture
def z() -> Any:
    return Vi(X) - Vj(Y)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Callable[[Any], Any], str]:
    """A function of an array or LazyTensor that gives truth values, and the same as text."""
    if draw(st.integers(0, 3)) == 0:
        compare, bound = draw(st.sampled_from(COMPARISONS)), draw(st.sampled_from([-0.5, 0, 1]))
        symbol = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}[compare.__name__]
        return lambda z: compare(z, bound), f"((x - y) {symbol} {bound})"
    first, text = draw(questions())
    if draw(st.integers(0, 3)) == 0:
        return lambda z: ~first(z), f"(~{text})"
    second, other = draw(questions())
    symbol = draw(st.sampled_from(sorted(CONNECTIVES)))
    return lambda z: CONNECTIVES[symbol](first(z), second(z)), f"({text} {symbol} {other})"


@settings(max_examples=12)
@given(question=questions(), axis=st.sampled_from([0, 1]))
def test_answers_are_combined_as_numpy_does(question: tuple[Callable[[Any], Any], str], axis: int) -> None:
    ask, text = question
    expected = ask(DENSE)
    tensors = pairfold.torch.Vi(torch.from_numpy(X)) - pairfold.torch.Vj(torch.from_numpy(Y))
    np.testing.assert_array_equal(ask(Vi(X) - Vj(Y)).sum(axis=axis), expected.sum(axis))
    np.testing.assert_array_equal(Genred(text, ["x = Vi(2)", "y = Vj(2)"], axis=axis)(X, Y), expected.sum(axis))
    np.testing.assert_array_equal(ask(tensors).sum(axis=axis).numpy(), expected.sum(axis))
    chosen = where(ask(Vi(X) - Vj(Y)), Vi(X), Vj(Y) * 3).sum(axis=axis)
    np.testing.assert_array_equal(chosen, np.where(expected, X[:, None], Y * 3).sum(axis))


def test_booleans_and_what_is_made_of_answers(z: Any) -> None:
    flags = FLAGS[:, None]
    positive = DENSE > 0
    cases = [
        (Vi(FLAGS) & (z > 0), flags & positive),
        ((z > 0) | flags, positive | flags),
        (flags ^ (z > 0), flags ^ positive),
        ((z > 0) & True, positive),
        (False | (z > 0), positive),
        (((z > 0) * (z < 1)) | (z == 1), (positive & (DENSE < 1)) | (DENSE == 1)),
        (~(z > 0)[..., 0], ~positive[..., :1]),
        (~(z > 0).any(-1), ~positive.any(-1, keepdims=True)),
        (z.logical_and(1), DENSE != 0),
        (z.logical_not(), DENSE == 0),
        (z.logical_or(z - 1), (DENSE != 0) | (DENSE != 1)),
        (z.logical_xor(z - 1), (DENSE != 0) ^ (DENSE != 1)),
        (z | z, (DENSE * DENSE).sum(-1, keepdims=True)),
    ]
    for found, expected in cases:
        np.testing.assert_array_equal(found.sum(axis=1), expected.sum(1))


def test_complex_numbers(z: Any) -> None:
    w, dense = z + 1j * Vi(X), DENSE + 1j * X[:, None]
    np.testing.assert_array_equal((~(w == 0) & (z < 1)).sum(axis=1), ((dense != 0) & (DENSE < 1)).sum(1))
    np.testing.assert_array_equal(((w != 0) | (z < 1)).sum(axis=1), ((dense != 0) | (DENSE < 1)).sum(1))
    np.testing.assert_array_equal(where(z > 0, w, 2j).sum(axis=1), np.where(DENSE > 0, dense, 2j).sum(1))
    np.testing.assert_array_equal((z > 0).where(1, w).sum(axis=1), np.where(DENSE > 0, 1, dense).sum(1))


def test_the_method_where(z: Any) -> None:
    expected = np.where(DENSE > 0, DENSE, -1.0).sum(1)
    for found in ((z > 0).where(z, -1.0), z.where(z > 0, -1.0), Vi(X).where(z > 0, 0) - 0 * Vj(Y)):
        assert found.shape == (5, 4, 2)
    np.testing.assert_array_equal((z > 0).where(z, -1.0).sum(axis=1), expected)
    np.testing.assert_array_equal(z.where(z > 0, -1.0).sum(axis=1), expected)
    np.testing.assert_array_equal(where(FLAGS[:, None], z, 0).sum(axis=1), np.where(FLAGS[:, None], DENSE, 0).sum(1))
    for function in (np.where, pairfold.where, pairfold.torch.where):
        np.testing.assert_array_equal(function(DENSE[:, :1] > 0, z, z > 1).sum(axis=1), _by_row(DENSE))
    assert isinstance(torch.where(z > 0, z > 1, z < 1), type(z))


def _by_row(dense: Any) -> Any:
    return np.where(dense[:, :1] > 0, dense, dense > 1).sum(1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda z: (z > 0) | z, "one is a truth value"),
        (lambda z: z | (z > 0), "Write (x != 0) to ask about numbers, (x * y).sum(-1) for the product."),
        (lambda z: (z > 0) | 1, "and the other holds numbers"),
        (lambda z: (z + 1j) | (z > 0), "| is 'or' between truth values and the scalar product between vectors"),
        (lambda z: z & (z > 0), "& takes truth values, and the tensor of shape (5, 4, 2) is not a truth value"),
        (lambda z: (z > 0) ^ z, "^ takes truth values, and the tensor of shape (5, 4, 2) is not a truth value"),
        (lambda z: ~z, "~ takes truth values"),
        (lambda z: ~(z + 1j), "~ takes truth values"),
        (
            lambda z: where(z, 1, 2),
            "where takes a truth value (a comparison, an array of booleans, or made of these by",
        ),
        (lambda z: z.where(z, z), "it cannot be told which: neither tensor is a truth value"),
        (lambda z: (z > 0).where(z > 1, z > 2), "it cannot be told which: both tensors are truth values. Use the func"),
        (lambda z: (z > 0).ifelse(1, -1), "a comparison is 0 or 1: that is everywhere. Use where(condition, a, b)"),
        (lambda z: where(z > 0, 1), "where(condition, a, b): missing a required argument: 'b'"),
        (lambda z: where(X > 0, 1, 2), "where chooses among LazyTensors, and none of its arguments is one"),
    ],
)
def test_numbers_are_no_answers(z: Any, call: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(ArgumentTypeError, match=re.escape(message)):
        call(z)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("(x < y) | x", "| takes truth values here (comparisons, and what & | ^ ~ make of them), and x is a number"),
        ("x & y", "& takes truth values here"),
        ("~x", "write != 0, or Not(...) for any numbers"),
        ("IfElse(x < y, x, y)", "IfElse asks where its first operand is at least 0, which a comparison always is"),
    ],
)
def test_numbers_are_no_answers_in_formulas(formula: str, message: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(message)):
        Genred(formula, ["x = Vi(2)", "y = Vj(2)"])


def test_comparisons_are_numbers_in_the_alias() -> None:
    front_end = pairfold.pykeops.numpy
    difference = front_end.Vi(X) - front_end.Vj(Y)
    product = ((DENSE > 0).astype(float) * (DENSE < 1)).sum(-1, keepdims=True)
    np.testing.assert_array_equal(((difference > 0) | (difference < 1)).sum(axis=1), product.sum(1))
    np.testing.assert_array_equal((difference > 0).ifelse(1, 2).sum(axis=1), np.ones_like(DENSE).sum(1))
    for formula, expected in (("(y < x) | (x - y < 1)", product), ("IfElse(x < y, 1, 2)", np.ones((5, 4, 2)))):
        found = front_end.Genred(formula, ["x = Vi(2)", "y = Vj(2)"], axis=1)(X, Y)
        np.testing.assert_array_equal(found, expected.sum(1))


# ---------------------------------------------------------------- derivatives

Choice = Callable[[Callable[..., Any], Any, Any], Any]
CHOICES: dict[str, tuple[Choice, Callable[[Any, Any], Any]]] = {
    "root": (lambda w, d, s: w(d > 0, d.sqrt(), 0.0), lambda d, s: 0 * d),
    "other branch": (lambda w, d, s: w(d == 0, 0.0, d.sqrt() * s), lambda d, s: 0 * d),
    "logarithm": (lambda w, d, s: w(d > 0, d.log(), -s), lambda d, s: -s + 0 * d),
    "inverse": (lambda w, d, s: w((d > 0) & (d < 5), s / d, d), lambda d, s: d),
    "nested": (lambda w, d, s: w(d > 0, w(d < 0.3, d.sqrt(), d.log()), s * d), lambda d, s: s * d),
    "two choices": (
        lambda w, d, s: (w(d > 0, d.sqrt() * s, 0.0) + w(d > 0.1, d.sqrt(), 0.0)).exp(),
        lambda d, s: 1 + 0 * d,
    ),
}


@pytest.mark.parametrize(
    ("name", "is_vector"), [*((name, False) for name in CHOICES), ("root", True), ("two choices", True)]
)
def test_poles_of_the_other_branch_do_no_harm(name: str, is_vector: bool) -> None:
    choice, at_zero = CHOICES[name]
    x = torch.rand(5, 2, dtype=torch.float64)
    y = torch.cat([x[:2], torch.rand(3, 2, dtype=torch.float64)])
    found, expected = [], []
    for results, is_lazy in ((found, True), (expected, False)):
        leaves = [t.clone().requires_grad_() for t in (x, y, torch.tensor([1.5], dtype=torch.float64))]
        if is_lazy:
            squares = (pairfold.torch.Vi(leaves[0]) - pairfold.torch.Vj(leaves[1])) ** 2
            distances = squares if is_vector else squares.sum(-1)
            table = choice(pairfold.torch.where, distances, pairfold.torch.Pm(leaves[2])).sum(dim=1)
        else:
            squares = (leaves[0][:, None] - leaves[1]) ** 2
            distances = squares if is_vector else squares.sum(-1, keepdim=True)
            away = torch.where(distances > 0, distances, 0.7)
            values = choice(_dense_where, away, leaves[2])
            table = torch.where(distances > 0, values, at_zero(distances, leaves[2])).sum(1)
        gradients = torch.autograd.grad((table**2).sum(), leaves, create_graph=True, allow_unused=True)
        norm = sum((g**2).sum() for g in gradients if g is not None)
        seconds = torch.autograd.grad(norm, leaves, allow_unused=True)
        results += [table, *(torch.zeros(1) if g is None else g for g in (*gradients, *seconds))]
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.isfinite(theirs).all()
        torch.testing.assert_close(ours, theirs if ours.any() or theirs.any() else ours)


def _dense_where(condition: Any, a: Any, b: Any) -> Any:
    a, b = (torch.as_tensor(value, dtype=torch.float64) for value in (a, b))
    return torch.where(condition, a, b)


def test_a_choice_for_a_vector_guards_a_number() -> None:
    x = torch.zeros(3, 1, dtype=torch.float64, requires_grad=True)
    y = torch.ones(2, 2, dtype=torch.float64)
    lazy = pairfold.torch.where(pairfold.torch.Vj(y) < 0, pairfold.torch.Vi(x).sqrt(), 1.0)
    (gradient,) = torch.autograd.grad(lazy.sum(dim=1).sum(), x)
    torch.testing.assert_close(gradient, torch.zeros_like(x))


def test_a_graph_of_torch_compile() -> None:
    x, y = torch.from_numpy(X), torch.from_numpy(Y)

    def program(x: Any, y: Any) -> Any:
        z = pairfold.torch.Vi(x) - pairfold.torch.Vj(y)
        return pairfold.torch.where(((z > 0) & (z < 1)).logical_not() ^ (z == 0), z, 2.0).sum(
            dim=1, dtype=torch.float32
        )

    compiled = torch.compile(program, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, y), program(x, y))
