"""Requests of clients, as bytes, and the answers to them."""

from __future__ import annotations

import numpy as np
import pytest

from pairfold.bridge import call
from pairfold.numpy import Genred, KernelSolve, Vi, Vj
from tests.bridge.client import ask, bytes_of, described, facts, head_of, refused

RNG = np.random.default_rng(0)
X, Y, B = RNG.normal(size=(5, 3)), RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2))
ARGUMENTS = [("array", "x", "i", *described(X)), ("array", "y", "j", *described(Y))]
KERNEL = [("step", "1", "sqdist", "#x", "#y"), ("step", "2", "-", "#1"), ("step", "3", "exp", "#2")]
FORMULA = [
    ("formula", "Exp(-SqDist(x, y)) * b"),
    ("alias", "x = Vi(3)"),
    ("alias", "y = Vj(3)"),
    ("alias", "b = Vj(2)"),
]
DATA = bytes_of([X, Y])


def kernel() -> np.ndarray:
    return np.exp(-((X[:, None] - Y[None]) ** 2).sum(-1))


def test_hello() -> None:
    assert {name for name, _ in facts("hello")} == {"pairfold", "python", "executable", "numpy", "threads"}


def test_an_expression_is_replayed() -> None:
    (found,) = ask("evaluate", *ARGUMENTS, *KERNEL, ("step", "4", "sum", "#3", "axis=1"), data=DATA)
    np.testing.assert_allclose(found[:, 0], kernel().sum(1))


def test_describe_needs_no_data() -> None:
    assert facts("describe", *ARGUMENTS, *KERNEL) == [
        ["tensor", "real", "float64", "5,7,1", "Exp((-SqDist(Vi(0,3), Vj(1,3))))"]
    ]


def test_indices_count_from_what_is_asked() -> None:
    step = ("step", "4", "argKmin", "#3", "2", "1")
    zero, one = (ask("evaluate", *ARGUMENTS, *KERNEL, step, ("index_base", base), data=DATA)[0] for base in (0, 1))
    np.testing.assert_array_equal(zero, kernel().argsort(1)[:, :2])
    np.testing.assert_array_equal(one, zero + 1)


@pytest.mark.parametrize("order", ["F", "C"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_formula_in_both_orders_and_precisions(order: str, dtype: str) -> None:
    arrays = [array.astype(dtype) for array in (X, Y, B)]
    lines = [("reduction", "Sum"), ("order", order), *(("array", *described(array)) for array in arrays)]
    (found,) = ask("genred", *FORMULA, *lines, data=bytes_of(arrays, order), order=order)
    assert found.dtype == dtype
    np.testing.assert_array_equal(
        found, Genred("Exp(-SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"], axis=1)(*arrays)
    )


@pytest.mark.parametrize(("number", "points"), [("reduced", 7), ("kept", 5)])
def test_the_number_of_a_reduction(number: str, points: int) -> None:
    core = ("formula", "Max_Reduction(SqDist(x, y), 0)")
    lines = [*FORMULA[1:3], ("number", number), ("array", *described(X)), ("array", *described(Y))]
    (found,) = ask("genred", core, *lines, data=DATA)
    assert found.shape == (points, 1)


def test_a_linear_system() -> None:
    points = RNG.normal(size=(6, 2))
    formula, aliases = "Exp(-SqDist(x, y)) * a", ["x = Vi(2)", "y = Vj(2)", "a = Vj(1)"]
    args = [points, points, RNG.normal(size=(6, 1))]
    lines = [
        ("formula", formula),
        *(("alias", alias) for alias in aliases),
        ("unknown", "a"),
        ("option", "alpha", "0.1"),
    ]
    (found,) = ask("solve", *lines, *(("array", *described(array)) for array in args), data=bytes_of(args))
    np.testing.assert_allclose(found, KernelSolve(formula, aliases, "a", axis=1)(*args, alpha=0.1))


def test_gradient_of_a_reduction_of_an_expression() -> None:
    cotangent = RNG.normal(size=(5, 1))
    lines = [
        ("array", "e", "v", *described(cotangent)),
        *KERNEL,
        ("step", "g", "pullback", "#3", "'Sum", "1", "#y", "#e"),
    ]
    (found,) = ask("evaluate", *ARGUMENTS, *lines, data=DATA + bytes_of([cotangent]))
    weights = kernel() * cotangent
    np.testing.assert_allclose(found, 2 * np.einsum("ij,ijd->jd", weights, X[:, None] - Y[None]))


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("", "A request starts with a command and a version"),
        ("nonsense\t1", "the commands are hello, describe"),
        (head_of("hello", version="0.0.1"), "The client is that of pairfold 0.0.1, and Python has"),
        (head_of("genred"), "The line formula is missing"),
        (head_of("evaluate", ("array", "x", "i", "float16", "3,3")), "An array is described by one of the types"),
        (head_of("evaluate", ("array", "x", "i", "float64", "3,-3")), "An array is described by one of the types"),
        (head_of("evaluate", ("array", "x", "i", "float64", "3,3")), "take 72 bytes, and the data have 0"),
        (head_of("describe", ("step", "1", "exp", "#x")), "There is no line with the id 'x' before"),
        (head_of("describe", ("step", "1", "__class__", "1")), "LazyTensors have no method '__class__'"),
        (head_of("describe", ("step", "1", "Pm", "1"), ("step", "1", "Pm", "2")), "The id '1' has two meanings"),
        (head_of("describe", ("step", "1", "Pm", "import os")), "An argument is #id, a number"),
        (head_of("hello", ("option", "depth", "3")), None),
    ],
)
def test_requests_that_are_none(head: str, message: str | None) -> None:
    answer, data = call(head)
    assert len(data) == 0
    if message is None:
        assert answer.startswith("ok\t")
    else:
        assert answer.startswith("error\tBridgeError,PairfoldError,ValueError,Exception\t")
        assert message in answer


def test_wrong_shapes_are_found_at_the_operator() -> None:
    lines = [("array", "z", "j", "float64", "7,2"), ("step", "1", "-", "#x", "#z")]
    name, message = refused("describe", *ARGUMENTS, *lines)
    assert name == "DimensionError"
    assert "Subtract of tensors of shape (5, 1, 3) and (1, 7, 2)" in message


def test_describe_does_not_compute() -> None:
    assert "sum computes" in refused("describe", *ARGUMENTS, *KERNEL, ("step", "4", "sum", "#3", "1"))[1]
    assert facts("describe", *ARGUMENTS, *KERNEL, ("step", "4", "sum", "#3", "-1"))[0][3] == "5,7,1"


def test_a_result_that_is_no_array() -> None:
    assert "gives no array but a LazyTensor. Reduce it" in refused("evaluate", *ARGUMENTS, *KERNEL, data=DATA)[1]


def test_methods_are_those_of_python() -> None:
    lines = [("step", "1", "[", "#x", ":", ":", "[0,2]"), ("step", "2", "T", "#1"), ("step", "3", "dense", "#2")]
    (found,) = ask("evaluate", ARGUMENTS[0], *lines, data=bytes_of([X]))
    np.testing.assert_array_equal(found, Vi(X)[:, :, [0, 2]].T.dense())
    (found,) = ask(
        "evaluate",
        *ARGUMENTS,
        *KERNEL,
        ("step", "4", "matvec", "#3", "#b"),
        ("array", "b", "v", *described(B)),
        data=DATA + bytes_of([B]),
    )
    np.testing.assert_array_equal(found, (-Vi(X).sqdist(Vj(Y))).exp() @ B)


def test_an_operation_by_its_name_takes_lists_as_parameters() -> None:
    lines = [("step", "1", "Permute", "#x", "[1,3]", "[1,0]"), ("step", "2", "dense", "#1")]
    (found,) = ask("evaluate", ARGUMENTS[0], *lines, data=bytes_of([X]))
    np.testing.assert_array_equal(found.reshape(5, 3), X)


def test_warnings_of_python_are_passed_on() -> None:
    points = np.linspace(0, 1, 30)[:, None]
    lines = [
        ("formula", "Exp(-SqDist(x, y)) * a"),
        *(("alias", f"{name}(1)") for name in ("x = Vi", "y = Vj", "a = Vj")),
    ]
    settings = [("option", "maxiter", "1"), ("option", "rtol", "1e-12"), ("option", "on_failure", "'warn")]
    arrays = [points, points, np.sin(9 * points)]
    head = head_of("solve", *lines, ("unknown", "a"), *settings, *(("array", *described(one)) for one in arrays))
    answer, _ = call(head, bytes_of(arrays))
    assert answer.startswith("ok\t")
    assert "warning\tConvergenceWarning\t" in answer


def test_no_rows_and_scalars() -> None:
    empty = np.empty((0, 3))
    lines = [("array", "x", "i", *described(empty)), ARGUMENTS[1], *KERNEL, ("step", "4", "sum", "#3", "1")]
    (found,) = ask("evaluate", *lines, data=bytes_of([empty, Y]))
    assert found.shape == (0, 1)
