"""Kernel identifiers and `kernel_product` against dense NumPy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pairfold.errors import ArgumentTypeError, ArgumentValueError, FormulaError, TargetError, UnknownNameError
from pairfold.pykeops.kernel_product import MODES
from pairfold.pykeops.kernels import Formula, Kernel, kernel_formulas
from pairfold.pykeops.numpy.kernels import kernel_product

Array = np.ndarray[Any, Any]
GENERATOR = np.random.default_rng(3)
N, M, D, E = 6, 7, 3, 2
X, Y, U, V = (GENERATOR.normal(size=shape) for shape in ((N, D), (M, D), (N, 2), (M, 2)))
B, B1 = GENERATOR.normal(size=(M, E)), GENERATOR.normal(size=(M, 1))
AI, AJ, AI2, AJ2, BI = (GENERATOR.normal(size=(rows, 1)) for rows in (N, M, N, M, N))
G = np.array([0.7])

KERNELS: dict[str, Callable[[Array, Array], Array]] = {
    "gaussian": lambda q, p: np.exp(-q),
    "laplacian": lambda q, p: np.exp(-np.sqrt(q)),
    "cauchy": lambda q, p: 1 / (1 + q),
    "inverse_multiquadric": lambda q, p: 1 / np.sqrt(1 + q),
    "linear": lambda q, p: p,
    "distance": lambda q, p: np.sqrt(q),
    "exponential": lambda q, p: np.exp(-np.sqrt(q + 1e-4)),
    "energy": lambda q, p: (1 + q) ** -0.25,
}
LOGARITHMS: dict[str, Callable[[Array, Array], Array]] = {
    "linear": lambda q, p: 0.5 * np.log(p**2 + 1e-8),
    "distance": lambda q, p: 0.5 * np.log(q + 1e-8),
}


def metric(x: Array, y: Array, gamma: Array, side: str = "") -> Array:
    difference = x[:, None] - y
    if side:
        gamma = np.expand_dims(gamma, 1 if side == "i" else 0)
    if gamma.shape[-1] == x.shape[1] ** 2:
        matrix = gamma.reshape(*gamma.shape[:-1], x.shape[1], x.shape[1])
        return np.einsum("ijd,ijde,ije->ij", difference, np.broadcast_to(matrix, (N, M, D, D)), difference)
    return (gamma * difference**2).sum(-1)


def log_sum_exp(values: Array) -> Array:
    return np.log(np.exp(values).sum(1))


def agree(result: Array, expected: Array) -> None:
    np.testing.assert_allclose(result, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_and_its_logarithm(name: str) -> None:
    q, p = metric(X, Y, G), X @ Y.T
    k = KERNELS[name](q, p)
    log = LOGARITHMS[name](q, p) if name in LOGARITHMS else np.log(k)
    params = {"id": Kernel(f"{name}(x,y)"), "gamma": None if name == "linear" else G}
    agree(kernel_product(params, X, Y, B), k @ B)
    agree(kernel_product(params, X, Y, B1, mode="lse"), log_sum_exp(log[:, :, None] + B1))


def test_every_kernel_is_in_the_list() -> None:
    assert set(KERNELS) == set(kernel_formulas)


FACTOR = GENERATOR.normal(size=(D, D))
MATRIX = FACTOR @ FACTOR.T
POSITIVE = {
    "scalar": np.array([0.4]),
    "diagonal": np.array([0.4, 1.0, 0.2]),
    "matrix": MATRIX.ravel(),
    "unsymmetric matrix": (MATRIX + np.triu(np.ones((D, D)))).ravel(),
}


@pytest.mark.parametrize("side", ["", "i", "j"])
@pytest.mark.parametrize("kind", POSITIVE)
def test_gamma_may_have_any_shape_and_vary(kind: str, side: str) -> None:
    gamma: Any = POSITIVE[kind]
    if side:
        rows = N if side == "i" else M
        gamma = gamma * np.linspace(0.5, 1.5, rows)[:, None]
    k = np.exp(-metric(X, Y, gamma, side))
    given = [gamma] if side == "" else [(side, gamma)] if side == "i" else [gamma, ("j", gamma)]
    for entry in given:
        agree(kernel_product({"id": Kernel("gaussian(x,y)"), "gamma": entry}, X, Y, B), k @ B)
        agree(kernel_product({"id": Kernel("gaussian(x,y)"), "gamma": (entry,)}, X, Y, B), k @ B)


COMPOSED: dict[str, tuple[Any, Callable[[Array, Array], Array]]] = {
    "gaussian(x,y) * (1+linear(u,v)**2)": ((G, None), lambda q, p: np.exp(-q) * (1 + p**2)),
    "linear(u,v)**2*gaussian(x,y)": ((None, G), lambda q, p: np.exp(-q) * p**2),
    "2*gaussian(x,y) + 3*linear(u,v)": ((G, G), lambda q, p: 2 * np.exp(-q) + 3 * p),
    "gaussian(x,y) - 0.5*linear(u,v)": ((G, None), lambda q, p: np.exp(-q) - 0.5 * p),
    "-gaussian(x,y) + -linear(u,v)": ((G, None), lambda q, p: -np.exp(-q) - p),
    "(+cauchy(x,y))**3 * linear(u,v)": ((G, None), lambda q, p: p / (1 + q) ** 3),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_composed_identifiers(name: str) -> None:
    gamma, value = COMPOSED[name]
    features = (U, X), (V, Y)
    if not name.startswith("linear"):
        features = (X, U), (Y, V)
    k = value(metric(X, Y, G), U @ V.T)
    agree(kernel_product({"id": Kernel(name), "gamma": gamma}, *features, B), k @ B)
    agree(kernel_product({"id": Kernel(name), "gamma": list(gamma)}, list(features[0]), list(features[1]), B), k @ B)


def test_gammas_for_each_kernel_or_for_each_pair() -> None:
    kernel = Kernel("cauchy(x,y) + gaussian(x,y) * (1 + cauchy(u,v)**2)")
    h = np.array([1.3])
    q, r = metric(X, Y, G), metric(U, V, h)
    per_kernel = kernel_product({"id": kernel, "gamma": (h, G, h)}, (X, U), (Y, V), B)
    agree(per_kernel, (1 / (1 + metric(X, Y, h)) + np.exp(-q) * (1 + 1 / (1 + r) ** 2)) @ B)
    per_pair = kernel_product({"id": kernel, "gamma": (G, h)}, (X, U), (Y, V), B)
    agree(per_pair, (1 / (1 + q) + np.exp(-q) * (1 + 1 / (1 + r) ** 2)) @ B)


def test_logarithms_of_products_powers_and_sums() -> None:
    q = metric(X, Y, G)
    params: dict[str, Any] = {"gamma": (G, G), "mode": "lse"}
    for name, log in {
        "gaussian(x,y)**2 * cauchy(x,y)": -2 * q - np.log(1 + q),
        "gaussian(x,y) + cauchy(x,y)": np.log(np.exp(-q) + 1 / (1 + q)),
        "3 * gaussian(x,y) * cauchy(x,y)": np.log(3) - q - np.log(1 + q),
    }.items():
        agree(kernel_product({**params, "id": Kernel(name)}, X, Y, B1), log_sum_exp(log[:, :, None] + B1))


C = -metric(X, Y, G)
PLAN = np.exp(C + AI + AJ.T)
EXPECTED = {
    "sum": ((B,), np.exp(C) @ B),
    "lse": ((B1,), log_sum_exp(C[:, :, None] + B1)),
    "log_scaled": ((B, AI, AJ), PLAN @ B),
    "log_scaled_lse": ((B1, AI, AJ), log_sum_exp((C + AI + AJ.T)[:, :, None] + B1)),
    "log_scaled_barycenter": ((B1, AI, AJ, BI), PLAN @ B1 - PLAN.sum(1, keepdims=True) * BI),
    "lse_mult_i": ((B1, AI), log_sum_exp((AI * C)[:, :, None] + B1)),
    "sinkhorn_primal": ((AI, AJ, AI2, AJ2), ((AI2 + AJ2.T - 1) * PLAN).sum(1, keepdims=True)),
    "sinkhorn_cost": ((AI, AJ), (-C * PLAN).sum(1, keepdims=True)),
}
OF_2018 = {
    "log": "lse",
    "log_scaled_log": "log_scaled_lse",
    "log_barycenter": "log_scaled_barycenter",
    "log_mult_i": "lse_mult_i",
    "log_primal": "sinkhorn_primal",
    "log_cost": "sinkhorn_cost",
}


def test_every_mode_is_in_the_list() -> None:
    assert set(EXPECTED) == set(MODES)


@pytest.mark.parametrize("mode", [*EXPECTED, *OF_2018])
def test_every_mode_under_all_its_names(mode: str) -> None:
    tensors, expected = EXPECTED[OF_2018.get(mode, mode)]
    if mode in ("log_primal", "log_cost"):
        tensors = (B1, *tensors)
    params = {"id": Kernel("gaussian(x,y)"), "gamma": G}
    agree(kernel_product(params, X, Y, *tensors, mode=mode), expected)
    agree(kernel_product({**params, "mode": mode}, X, Y, tensors[0], bonus_args=tensors[1:]), expected)


def test_the_order_of_the_first_weeks() -> None:
    params = {"id": Kernel("gaussian(x,y)"), "gamma": G}
    agree(kernel_product(X, Y, B, params), np.exp(C) @ B)
    agree(kernel_product(X, Y, B1, params, mode="log_mult_i", bonus_args=(AI,)), EXPECTED["lse_mult_i"][1])


def test_precision_is_that_of_the_arrays() -> None:
    arrays = [array.astype(np.float32) for array in (X, Y, B)]
    params = {"id": Kernel("gaussian(x,y)"), "gamma": G.astype(np.float32)}
    result = kernel_product(params, *arrays, dtype="float64", cuda_type="float64", backend="CPU")
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, np.exp(C) @ B, rtol=1e-4, atol=1e-5)


def test_kernels_of_ones_own() -> None:
    params: dict[str, Any] = {"gamma": (G, np.array([2.0]))}
    of_2018 = Kernel(formula_sum="Exp(-G*SqDist(X,Y)) * Square((U,V))", features="locations+directions")
    indexed = Kernel()
    indexed.formula_sum = "Exp(-G_0*SqDist(X_0,Y_0)) * Square((X_1|Y_1))"
    for kernel in (of_2018, indexed):
        agree(kernel_product({**params, "id": kernel}, (X, U), (Y, V), B), (np.exp(C) * (U @ V.T) ** 2) @ B)
    logarithm = Kernel(formula_log="-G * SqDist(X, Y)")
    agree(kernel_product({"id": logarithm, "gamma": G, "mode": "lse"}, X, Y, B1), EXPECTED["lse"][1])
    without_gamma = Kernel(formula_sum="Square((X|Y))")
    agree(kernel_product({"id": without_gamma, "gamma": None}, X, Y, B), (X @ Y.T) ** 2 @ B)


def test_new_names_in_identifiers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kernel_formulas, "steep", Formula(formula_sum="Exp(-4 * WeightedSqDist({G}, {X}, {Y}))"))
    params = {"id": Kernel("steep(x,y) * linear(x,y)"), "gamma": (G, None)}
    agree(kernel_product(params, X, Y, B), (np.exp(4 * C) * (X @ Y.T)) @ B)
    with pytest.raises(FormulaError, match="has no formula_log"):
        kernel_product(params, X, Y, B1, mode="lse")


def test_formulas_can_be_read() -> None:
    kernel = Kernel("gaussian(x,y) * (1 + linear(u,v)**2)")
    assert kernel.formula_sum == "(Exp(-WeightedSqDist(G_0, X_0, Y_0)) * (1 + Pow((X_1 | Y_1), 2)))"
    assert repr(kernel) == "Kernel('gaussian(x,y) * (1 + linear(u,v)**2)')"
    assert repr(Kernel(formula_sum="X")) == "Kernel(formula_sum='X')"


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("gausian(x,y)", UnknownNameError, "no kernel called 'gausian'. Did you mean 'gaussian'?"),
        ("gaussian(x,x)", FormulaError, "takes two different features"),
        ("gaussian(x)", FormulaError, "takes two different features"),
        ("gaussian(x,1)", FormulaError, "takes two different features"),
        ("gaussian(x,y)/2", FormulaError, "This operator does not belong"),
        ("gaussian(x,y)**0.5", FormulaError, "The exponent must be a literal integer"),
        ("gaussian(x,y) * cauchy(y,z)", FormulaError, "'y' is already part of another pair"),
        ("1 + 2", FormulaError, "has no kernel in it"),
        ("gaussian(x,y) if x else y", FormulaError, "This does not belong"),
        ("x.gaussian(x,y)", FormulaError, "This does not belong"),
        ("", FormulaError, "The formula is empty"),
    ],
)
def test_wrong_identifiers(name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Kernel(name)


GAUSSIAN = Kernel("gaussian(x,y)")
WRONG: list[tuple[dict[str, Any], tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    ({"gamma": G}, (X, Y, B), {}, ArgumentValueError, "'id' is missing"),
    ({"id": GAUSSIAN}, (X, Y, B), {}, ArgumentValueError, "'gamma' is missing"),
    ({"id": "gaussian(x,y)", "gamma": G}, (X, Y, B), {}, ArgumentTypeError, "must be a Kernel"),
    ({"id": GAUSSIAN, "gamma": G}, ((X, U), (Y, V), B), {}, ArgumentValueError, "tuples of 1; found 2 and 2"),
    ({"id": GAUSSIAN, "gamma": G}, (X[0], Y, B), {}, ArgumentValueError, "x has shape (3,); a feature has two axes"),
    ({"id": GAUSSIAN, "gamma": G}, (3, Y, B), {}, ArgumentTypeError, "x must be an array"),
    ({"id": GAUSSIAN, "gamma": G}, (X, Y), {}, ArgumentValueError, "takes 1 tensors after x and y (one indexed by j)"),
    ({"id": GAUSSIAN, "gamma": G}, (X, Y, B[0]), {}, ArgumentValueError, "Tensor number 0 after y must have two axes"),
    ({"id": GAUSSIAN, "gamma": G}, (X, Y, 1.0), {}, ArgumentValueError, "found 1.0"),
    ({"id": GAUSSIAN, "gamma": G}, (X, Y, B), {"mode": "mean"}, ArgumentValueError, "The mode is 'mean'"),
    ({"id": GAUSSIAN, "gamma": np.array(0.7)}, (X, Y, B), {}, ArgumentValueError, "Make it a vector of length 1"),
    ({"id": GAUSSIAN, "gamma": np.ones(2)}, (X, Y, B), {}, ArgumentValueError, "length 1 (scalar), 3 (diagonal)"),
    ({"id": GAUSSIAN, "gamma": ("i", G)}, (X, Y, B), {}, ArgumentValueError, "two axes, with one row per point"),
    ({"id": GAUSSIAN, "gamma": ("k", G)}, (X, Y, B), {}, ArgumentTypeError, "('i', array)"),
    ({"id": GAUSSIAN, "gamma": None}, (X, Y, B), {}, ArgumentValueError, "gamma is None, but kernel number 0"),
    ({"id": GAUSSIAN, "gamma": (G, G)}, (X, Y, B), {}, ArgumentValueError, "has 1 kernels on 1 pairs"),
    ({"id": GAUSSIAN, "gamma": G}, (X, Y, B), {"backend": "pytorch"}, ArgumentValueError, "needs PyTorch tensors"),
    ({"id": GAUSSIAN, "gamma": G}, (X, Y, B), {"backend": "GPU"}, TargetError, "asks for a GPU"),
    ({"id": Kernel(), "gamma": G}, (X, Y, B), {}, FormulaError, "has no formula_sum"),
]


@pytest.mark.parametrize(("params", "args", "keywords", "error", "message"), WRONG)
@pytest.mark.usefixtures("no_gpu")
def test_wrong_products(
    params: dict[str, Any], args: tuple[Any, ...], keywords: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        kernel_product(params, *args, **keywords)


def test_params_must_be_a_dictionary() -> None:
    with pytest.raises(ArgumentTypeError, match="params must be a dictionary"):
        kernel_product("gaussian", X, Y, B)
