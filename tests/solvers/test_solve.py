"""Linear solves: right answers, honest failures."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.engine import TARGETS
from pairfold.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    ConvergenceWarning,
    DimensionError,
    FormulaError,
    NotConvergedError,
    UnknownNameError,
)
from pairfold.language.formula import parse
from pairfold.numpy import KernelSolve
from pairfold.numpy.cluster import cluster_ranges, from_matrix, segments
from pairfold.solvers.conjugate_gradients import solve_kernel, solve_linear
from pairfold.solvers.nystrom import Nystrom, nystrom_preconditioner
from pairfold.targets.target import Launch
from pairfold.transform.linear import acts_alike


def positive(shape: tuple[int, ...], condition: float, dtype: str = "float64", seed: int = 0) -> np.ndarray:
    """Random positive definite matrices of the given condition number; complex ones are Hermitian."""
    generator = np.random.default_rng(seed)
    full = generator.standard_normal((*shape[:-1], shape[-2]))
    if np.dtype(dtype).kind == "c":
        full = full + 1j * generator.standard_normal(full.shape)
    basis = np.linalg.qr(full)[0]
    values = np.geomspace(1.0, 1.0 / condition, shape[-2])
    return ((basis * values) @ basis.conj().swapaxes(-1, -2)).astype(dtype)


def right_hand_sides(shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    generator = np.random.default_rng(1)
    result = generator.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        result = result + 1j * generator.standard_normal(shape)
    return result.astype(dtype)


@given(
    batch=st.sampled_from([(), (3,), (2, 2)]),
    size=st.integers(0, 12),
    columns=st.integers(0, 4),
    dtype=st.sampled_from(["float64", "complex128"]),
    preconditioner=st.sampled_from([None, "nystrom"]),
)
def test_the_solution_is_that_of_a_dense_solver(
    batch: tuple[int, ...], size: int, columns: int, dtype: str, preconditioner: str | None
) -> None:
    matrix, b = positive((*batch, size, size), 1e4, dtype), right_hand_sides((*batch, size, columns), dtype)
    found, report = solve_linear(
        lambda v: matrix @ v, b, alpha=0.01, rtol=1e-12, preconditioner=preconditioner, return_report=True
    )
    expected = np.linalg.solve(matrix + 0.01 * np.eye(size), b)
    assert found.dtype == b.dtype
    assert found.shape == b.shape
    assert np.allclose(found, expected, rtol=0, atol=1e-9 * max(1, abs(expected).max(initial=0)))
    assert report.converged
    assert report.residuals.shape == report.targets.shape == (*batch, columns)
    assert len(report.history) == report.iterations + 1


@pytest.mark.parametrize("scale", [1e-8, 1e-300, 1e30])
def test_the_size_of_the_right_hand_side_does_not_matter(scale: float) -> None:
    matrix = positive((20, 20), 10)
    b = right_hand_sides((20, 2)) * [1.0, 1e-3]
    found = solve_linear(lambda v: matrix @ v, b * scale, alpha=0.0, rtol=1e-10)
    assert np.allclose(found / scale, np.linalg.solve(matrix, b), rtol=1e-7)


def test_every_column_stops_when_its_own_target_is_reached() -> None:
    matrix = positive((50, 50), 1e3)
    b = np.concatenate([right_hand_sides((50, 2)) * [1.0, 1e5], np.zeros((50, 1))], axis=1)
    a, report = solve_linear(lambda v: matrix @ v, b, alpha=0.0, eps=1e-3, return_report=True)
    residual = np.sqrt(np.mean((matrix @ a - b) ** 2, axis=0))
    assert np.all(residual < 2e-3)
    assert np.allclose(report.targets, 1e-3 * np.sqrt(50))
    assert np.array_equal(a[:, 2], np.zeros(50))
    relative = solve_linear(lambda v: matrix @ v, b, alpha=0.0, rtol=1e-4)
    residual = np.linalg.norm(matrix @ relative - b, axis=0)
    assert np.all(residual <= 2e-4 * np.linalg.norm(b, axis=0))
    _, both = solve_linear(lambda v: matrix @ v, b, alpha=0.0, rtol=1e-4, eps=1e-3, return_report=True)
    assert np.allclose(both.targets, np.maximum(1e-3 * np.sqrt(50), 1e-4 * np.linalg.norm(b, axis=0)))


def test_columns_do_not_disturb_each_other() -> None:
    matrix = positive((40, 40), 1e4)
    b = right_hand_sides((40, 3))
    together = solve_linear(lambda v: matrix @ v, b, alpha=0.0)
    for k in range(3):
        alone = solve_linear(lambda v: matrix @ v, b[:, k : k + 1], alpha=0.0)
        assert np.allclose(together[:, k : k + 1], alone, rtol=1e-4)


def test_float32_stays_float32_and_says_when_it_is_not_enough() -> None:
    matrix = positive((100, 100), 1e3, "float32")
    b = right_hand_sides((100, 2), "float32")
    found = solve_linear(lambda v: matrix @ v, b, rtol=1e-3)
    assert found.dtype == np.float32
    assert np.linalg.norm(matrix @ found - b) < 2e-3 * np.linalg.norm(b)
    text = r"less accurately than asked: rounding in float32 keeps the residual at .* times its target. Use float64"
    with pytest.warns(ConvergenceWarning, match=text):
        _, report = solve_linear(lambda v: matrix @ v, b, rtol=1e-12, return_report=True)
    assert not report.converged
    assert np.all(report.residuals < 1e-3)


def test_too_few_iterations_are_an_error_that_holds_what_was_reached() -> None:
    matrix, b = positive((50, 50), 1e6), right_hand_sides((50, 1))
    text = (
        r"not solved; maxiter iterations did not suffice; after 5 iterations the largest residual is .* times what was "
        r"asked. Increase alpha \(now 1e-10\), pass preconditioner='nystrom', allow more iterations, or accept a larger"
    )
    with pytest.raises(NotConvergedError, match=text.replace("solved;", "solved:")) as caught:
        solve_linear(lambda v: matrix @ v, b, maxiter=5)
    assert caught.value.report.iterations == 5
    assert np.isclose(np.linalg.norm(b - matrix @ caught.value.solution), caught.value.report.residuals[0])
    with pytest.warns(ConvergenceWarning, match="maxiter iterations did not suffice"):
        found, report = solve_linear(lambda v: matrix @ v, b, maxiter=5, on_failure="warn", return_report=True)
    assert not report.converged
    assert np.array_equal(found, caught.value.solution)


@pytest.mark.parametrize("matrix", [np.diag([1.0, -1.0, 2.0]), -np.eye(3), np.zeros((3, 3))])
def test_an_indefinite_matrix_is_an_error(matrix: np.ndarray) -> None:
    with pytest.raises(NotConvergedError, match=r"is not positive definite; .* increase alpha \(now 0\)"):
        solve_linear(lambda v: matrix @ v, np.array([[1.0], [1.1], [0.9]]), alpha=0)


def test_a_matrix_that_is_not_symmetric_is_named() -> None:
    matrix = np.triu(np.ones((30, 30))) + 0.01 * np.eye(30)
    with pytest.raises(NotConvergedError, match="matrix is not symmetric, as conjugate gradients need: rows and col"):
        solve_linear(lambda v: matrix @ v, right_hand_sides((30, 1)), alpha=0, maxiter=100)


@pytest.mark.parametrize("preconditioner", [None, "nystrom"])
def test_nan_ends_at_once(preconditioner: str | None) -> None:
    calls = []

    def broken(v: np.ndarray) -> np.ndarray:
        calls.append(v)
        return v * np.nan

    for how in ("raise", "warn"):
        with pytest.raises(NotConvergedError, match=r"product with the matrix .* not finite.*ook for nan, inf"):
            solve_linear(broken, np.ones((3, 1)), on_failure=how, preconditioner=preconditioner)
    assert len(calls) < 10
    with pytest.raises(ArgumentValueError, match="right-hand side holds nan or inf; the system has no solution"):
        solve_linear(lambda v: v, np.array([[np.inf]]))


def test_nystrom_saves_iterations() -> None:
    matrix = np.diag(0.8 ** np.arange(100.0))
    b = right_hand_sides((100, 2))
    plain, without = solve_linear(lambda v: matrix @ v, b, alpha=1e-5, rtol=1e-8, return_report=True)
    for preconditioner in (Nystrom(rank=60), Nystrom(rank=60, seed=3)):
        fast, report = solve_linear(
            lambda v: matrix @ v, b, alpha=1e-5, rtol=1e-8, return_report=True, preconditioner=preconditioner
        )
        assert report.iterations < without.iterations / 5
        assert np.allclose(fast, plain, rtol=1e-2, atol=1e-3 * abs(plain).max())
        again = solve_linear(lambda v: matrix @ v, b, alpha=1e-5, rtol=1e-8, preconditioner=preconditioner)
        assert np.array_equal(again, fast)


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_nystrom_of_full_rank_is_the_inverse(alike: bool, dtype: str) -> None:
    size = 12 if alike else 24
    matrix = positive((2, size, size), 1e2, dtype)
    b = right_hand_sides((2, 12, 2), dtype)

    def product(v: np.ndarray) -> np.ndarray:
        return matrix @ v if alike else (matrix @ v.reshape(2, 24, 1)).reshape(v.shape)

    precondition = nystrom_preconditioner(product, b, alpha=0.1, rank=size, alike=alike)
    found = precondition(product(b) + np.asarray(0.1, dtype) * b)
    smallest = np.linalg.eigvalsh(matrix).min(axis=-1)[:, None, None] + 0.1
    assert found.dtype == dtype
    assert np.allclose(found, smallest * b, rtol=0, atol=1e-3 if dtype == "float32" else 1e-10)


@pytest.mark.parametrize("precond", [False, True])
def test_a_kernel_given_as_a_function(precond: bool) -> None:
    x, matrix, b = gaussian_system()

    def gaussian(x: np.ndarray, y: np.ndarray, v: np.ndarray) -> np.ndarray:
        return np.exp(-5.0 * ((x[:, None] - y) ** 2).sum(-1)) @ v

    found = solve_kernel(gaussian, x, b, alpha=0.1, eps=1e-9, precond=precond)
    assert np.allclose(found, np.linalg.solve(matrix + 0.1 * np.eye(60), b), rtol=0, atol=1e-6)


def test_a_preconditioner_of_ones_own() -> None:
    scales = np.geomspace(1, 1e6, 60)[:, None]
    matrix = scales * positive((60, 60), 10) * scales.T
    b = right_hand_sides((60, 1))
    _, report = solve_linear(
        lambda v: matrix @ v, b, alpha=0, preconditioner=lambda r: r / scales**2, return_report=True
    )
    assert report.iterations < 60


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"eps": -1}, ArgumentValueError, "eps is -1; a tolerance must be finite and at least 0"),
        ({"rtol": np.nan}, ArgumentValueError, "rtol is nan; a tolerance must be finite"),
        ({"alpha": np.inf}, ArgumentValueError, "alpha is inf; it must be finite"),
        ({"maxiter": 1.5}, ArgumentValueError, "maxiter is 1.5; it must be an integer, at least 0, or None"),
        ({"on_failure": "ignore"}, ArgumentValueError, "on_failure is 'ignore'; allowed are 'raise' and 'warn'"),
        ({"preconditioner": 3}, ArgumentTypeError, r"preconditioner is 3; allowed are None, 'nystrom', Nystrom\(rank"),
        ({"preconditioner": Nystrom(rank=4)}, ArgumentValueError, r"rank is 4; it must be an integer from 1 to 3"),
        ({"preconditioner": Nystrom(rank=0)}, ArgumentValueError, "rank is 0"),
        ({"b": np.ones(3)}, ArgumentValueError, r"shape \(3,\); it must be \(..., N, E\).* A single one is b\[:, None"),
    ],
)
def test_arguments_are_checked(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        solve_linear(lambda v: v, **{"b": np.ones((3, 1)), **options})


# ---------------------------------------------------------------- formulas

GAUSSIAN = "Exp(-g * SqDist(x, y)) * a"
ALIASES = ["x = Vi(2)", "y = Vj(2)", "a = Vj(3)", "g = Pm(1)"]


def gaussian_system(batch: tuple[int, ...] = (), size: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(2)
    x = generator.random((*batch, size, 2))
    matrix = np.exp(-5.0 * ((x[..., :, None, :] - x[..., None, :, :]) ** 2).sum(-1))
    return x, matrix, generator.standard_normal((*batch, size, 3))


@pytest.mark.parametrize("batch", [(), (2,), (2, 1)])
@pytest.mark.parametrize("axis", [0, 1])
def test_kernel_solve_agrees_with_a_dense_solver(batch: tuple[int, ...], axis: int) -> None:
    x, matrix, b = gaussian_system(batch)
    aliases = ALIASES if axis == 1 else [*ALIASES[:2], "a = Vi(3)", "g = Pm(1)"]
    solve = KernelSolve(GAUSSIAN, aliases, "a", axis=axis)
    expected = np.linalg.solve(matrix + 0.1 * np.eye(60), b)
    for options in ({"rtol": 1e-12}, {"eps": 1e-10}, {"rtol": 1e-12, "preconditioner": Nystrom(rank=20)}):
        found = solve(x, x, b, np.array([5.0]), alpha=0.1, **options)
        assert np.allclose(found, expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize(
    ("formula", "is_symmetric"), [("Exp(-SqDist(x, y)) * b", True), ("Exp(-SqDist(x, IntCst(1) * y)) * b", False)]
)
def test_each_pair_is_looked_at_once_where_the_formula_is_symmetric(
    formula: str, is_symmetric: bool, batch: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    triangles = []
    launch = TARGETS["cpu"].launch

    def spied(one: Launch) -> None:
        triangles.append(one.triangle)
        launch(one)

    monkeypatch.setitem(TARGETS["cpu"].__dict__, "launch", spied)
    x, b = np.random.default_rng(0).standard_normal((*batch, 600, 2)), np.ones((*batch, 600, 1))
    solver = KernelSolve(formula, ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"], "b", axis=1)
    once = solver(x, x.copy(), b, alpha=0.1, rtol=1e-12)
    assert set(triangles) == {is_symmetric}
    triangles.clear()
    twice = solver(x, np.nextafter(x, 0), b, alpha=0.1, rtol=1e-12)
    assert set(triangles) == {False}
    np.testing.assert_allclose(once, twice, rtol=0, atol=1e-8)


def test_batches_of_other_arguments_give_a_batch_of_solutions() -> None:
    x, matrix, _ = gaussian_system((2,))
    b = right_hand_sides((60, 3))
    found = KernelSolve(GAUSSIAN, ALIASES, "a", axis=1)(x, x, b, 5.0, alpha=0.1, rtol=1e-12)
    assert np.allclose(found, np.linalg.solve(matrix + 0.1 * np.eye(60), np.stack([b, b])), rtol=0, atol=1e-8)


def test_integers_and_one_axis() -> None:
    x, matrix, _ = gaussian_system()
    solve = KernelSolve(GAUSSIAN, ["x = Vi(2)", "y = Vj(2)", "a = Vj(1)", "g = Pm(1)"], "a", axis=1)
    b = np.arange(60)
    expected = np.linalg.solve(matrix + 0.1 * np.eye(60), b)
    found, report = solve(x, x, b, 5, alpha=0.1, rtol=1e-12, return_report=True)
    assert found.shape == (60,)
    assert np.allclose(found, expected, rtol=0, atol=1e-6)
    assert report.converged


def test_a_kernel_that_mixes_components_is_one_system() -> None:
    """The curl-free Gaussian kernel: a matrix for each pair of points."""
    formula = "Exp(-g * SqDist(x, y)) * (a / (2 * g) - (a | x - y) * (x - y))"
    x = np.random.default_rng(0).random((20, 2))
    difference = x[:, None] - x[None]
    kernel = np.exp(-5.0 * (difference**2).sum(-1))[..., None, None] * (
        np.eye(2) / 10 - difference[..., :, None] * difference[..., None, :]
    )
    matrix = kernel.transpose(0, 2, 1, 3).reshape(40, 40)
    assert np.linalg.eigvalsh(matrix).min() > -1e-9
    b = right_hand_sides((20, 2))
    expected = np.linalg.solve(matrix + 0.01 * np.eye(40), b.ravel()).reshape(20, 2)
    solve = KernelSolve(formula, ["x = Vi(2)", "y = Vj(2)", "a = Vj(2)", "g = Pm(1)"], "a", axis=1)
    for preconditioner in (None, Nystrom(rank=15)):
        found, report = solve(x, x, b, 5.0, alpha=0.01, rtol=1e-12, preconditioner=preconditioner, return_report=True)
        assert np.allclose(found, expected, rtol=0, atol=1e-8)
        assert report.residuals.shape == ()


def test_ranges_and_masks_restrict_the_matrix() -> None:
    x, matrix, b = gaussian_system()
    labels = np.repeat([0, 1, 2], 20)
    expected = np.linalg.solve(matrix * (labels[:, None] == labels) + 0.1 * np.eye(60), b)
    clusters = cluster_ranges(labels)
    for ranges in (segments(labels, labels), from_matrix(clusters, clusters, np.eye(3, dtype=bool))):
        found = KernelSolve(GAUSSIAN, ALIASES, "a", axis=1)(x, x, b, 5.0, alpha=0.1, rtol=1e-12, ranges=ranges)
        assert np.allclose(found, expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    ("formula", "alike"),
    [
        ("Exp(-SqDist(x, y)) * a", True),
        ("a / (1 + SqDist(x, y)) - 2 * a", True),
        ("IfElse(x | y, a, 0 * a)", True),
        ("IfElse(x | y, a, Zero(3))", False),  # alike, but the 3 is fixed
        ("p * a", False),
        ("(x | a) * y", False),
        ("Concat(Elem(a, 1), Extract(a, 0, 2))", False),
    ],
)
def test_linear_formulas(formula: str, alike: bool) -> None:
    read = parse([formula], ["x = Vi(3)", "y = Vj(3)", "a = Vj(3)", "p = Pm(3)"])
    assert acts_alike(read.values[0], read.arguments[2].variable) is alike


@pytest.mark.parametrize("part", ["Exp(a)", "a * a", "a + x", "x - a", "1 / a", "Abs(a)", "IfElse(a, x, y)"])
def test_a_formula_that_is_not_linear_is_refused(part: str) -> None:
    with pytest.raises(FormulaError, match="The formula is not linear in the unknown a: it contains "):
        KernelSolve(f"SqDist(x, y) * ({part})", ["x = Vi(3)", "y = Vj(3)", "a = Vj(3)"], "a", axis=1)


def test_errors_of_kernel_solve() -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown 'bet' is none of the aliases \(x, beta\). Did you mean 'beta'"
    ):
        KernelSolve("x * beta", ["x = Vi(1)", "beta = Vj(1)"], "bet")
    with pytest.raises(ArgumentTypeError, match="varinvalias is 2; it must be the name of one of the aliases"):
        KernelSolve("x * b", ["x = Vi(1)", "b = Vj(1)"], 2)
    with pytest.raises(FormulaError, match="does not contain the unknown b"):
        KernelSolve("x + 1", ["x = Vi(1)", "b = Vj(1)"], "b")
    with pytest.raises(ArgumentValueError, match=r"axis is 2; it must be 0 \(sum over i\) or 1"):
        KernelSolve("x * b", ["x = Vi(1)", "b = Vj(1)"], "b", axis=2)
    solve = KernelSolve("x * b", ["x = Vi(1)", "b = Vj(1)"], "b", axis=1)
    with pytest.raises(ArgumentValueError, match=r"not square: there are 2 i and 3 j. Give the same points twice"):
        solve(np.ones((2, 1)), np.ones((3, 1)))
    scalar = KernelSolve("(x | b)", ["x = Vi(2)", "b = Vj(2)"], "b", axis=1)
    with pytest.raises(DimensionError, match="formula has dimension 1 and the unknown b has dimension 2"):
        scalar(np.ones((3, 2)), np.ones((3, 2)))


def test_the_unknown_may_be_a_var() -> None:
    x, matrix, b = gaussian_system()
    solve = KernelSolve(
        "Exp(-g * SqDist(x, y)) * Var(2, 3, 1)", [*ALIASES[:2], ALIASES[3].replace("(1", "(3, 1")], "Var(2,3,1)", axis=1
    )
    expected = np.linalg.solve(matrix + 0.1 * np.eye(60), b)
    assert np.allclose(solve(x, x, b, 5.0, alpha=0.1, rtol=1e-12), expected, rtol=0, atol=1e-8)


def test_pickling() -> None:
    x, _, b = gaussian_system()
    solve = KernelSolve(GAUSSIAN, ALIASES, "a", axis=1, dtype_acc="float64")
    copy = pickle.loads(pickle.dumps(solve))
    assert repr(copy) == repr(solve)
    assert np.array_equal(copy(x, x, b, 5.0, alpha=0.1), solve(x, x, b, 5.0, alpha=0.1))
