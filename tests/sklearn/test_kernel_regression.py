"""Kernel ridge regression and Gaussian processes predict what scikit-learn's do, and say when they do not."""

from __future__ import annotations

import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor as TheirProcess
from sklearn.gaussian_process import kernels as objects
from sklearn.kernel_ridge import KernelRidge as TheirRidge
from sklearn.metrics.pairwise import manhattan_distances

from pairfold.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    ConvergenceWarning,
    NotConvergedError,
    UnknownNameError,
)
from pairfold.numpy import Nystrom
from pairfold.sklearn import GaussianProcessRegressor, KernelRidge

RANDOM = np.random.default_rng(0)
POINTS, QUERIES, WEIGHTS = RANDOM.random((120, 3)), RANDOM.random((30, 3)), RANDOM.random(120)
VALUES = np.stack([np.sin(3 * POINTS[:, 0]) + POINTS[:, 1], POINTS[:, 2]], axis=1)

# ---------------------------------------------------------------- ridge


@pytest.mark.parametrize("kernel", ["linear", "poly", "polynomial", "rbf", "laplacian", "cosine", "chi2"])
def test_ridge_by_names(kernel: str) -> None:
    settings: dict[str, Any] = {"kernel": kernel, "gamma": 0.5, "degree": 2, "coef0": 0.3}
    for alpha, weights, values in ((0.1, None, VALUES[:, 0]), ([0.1, 1.0], WEIGHTS, VALUES)):
        own = KernelRidge(alpha, **settings).fit(POINTS, values, weights)
        other = TheirRidge(alpha=alpha, **settings).fit(POINTS, values, weights)
        assert own.dual_coef_.shape == other.dual_coef_.shape
        np.testing.assert_allclose(own.predict(QUERIES), other.predict(QUERIES), atol=1e-6)
        assert own.score(POINTS, values) == pytest.approx(other.score(POINTS, values))


@pytest.mark.parametrize(
    ("kernel", "parameters"),
    [
        ("Exp(-g * Sum(Abs(x - y)))", {"g": 0.7}),
        (lambda x, y, g: (-g * (x - y).abs().sum(-1)).exp(), {"g": 0.7}),
        ("laplacian", {"gamma": 0.7}),
    ],
    ids=["formula", "function", "name"],
)
def test_any_formula_is_a_kernel(kernel: Any, parameters: dict[str, Any]) -> None:
    own = KernelRidge(0.1, kernel=kernel, kernel_params=parameters).fit(POINTS, VALUES)
    dense = np.exp(-0.7 * manhattan_distances(POINTS))
    expected = np.exp(-0.7 * manhattan_distances(QUERIES, POINTS)) @ np.linalg.solve(dense + 0.1 * np.eye(120), VALUES)
    np.testing.assert_allclose(own.predict(QUERIES), expected, atol=1e-6)


def test_kernels_of_scikit_learn() -> None:
    own = KernelRidge(0.1, kernel=objects.RBF(0.5)).fit(POINTS, VALUES)
    other = TheirRidge(alpha=0.1, kernel="rbf", gamma=2.0).fit(POINTS, VALUES)
    np.testing.assert_allclose(own.predict(QUERIES), other.predict(QUERIES), atol=1e-6)


def test_gamma_is_that_of_scikit_learn() -> None:
    for kernel in ("rbf", "laplacian", "poly"):
        own, other = KernelRidge(kernel=kernel).fit(POINTS, VALUES), TheirRidge(kernel=kernel).fit(POINTS, VALUES)
        np.testing.assert_allclose(own.predict(QUERIES), other.predict(QUERIES), atol=1e-6)


def test_predictions_are_off_by_no_more_than_rtol() -> None:
    settings: dict[str, Any] = {"alpha": 1e-3, "kernel": "laplacian", "gamma": 5.0}
    expected = TheirRidge(**settings).fit(POINTS, VALUES[:, 0]).predict(POINTS)
    errors = []
    for rtol in (1e-2, 1e-4, 1e-6):
        own = KernelRidge(rtol=rtol, preconditioner=None, **settings).fit(POINTS, VALUES[:, 0])
        errors.append(np.linalg.norm(own.predict(POINTS) - expected) / np.linalg.norm(VALUES[:, 0]))
        assert errors[-1] <= 2 * rtol
        assert own.solve_report_.converged
        assert own.n_iter_ == own.solve_report_.iterations
    assert errors[0] > 10 * errors[1] > 100 * errors[2]


def test_too_few_iterations_are_told() -> None:
    ridge = KernelRidge(1e-6, kernel="laplacian", gamma=5.0, preconditioner=None, max_iter=3)
    text = (
        r"KernelRidge is fitted less accurately than asked: after 3 iterations the residual is 0\.\d+ times the "
        r"right-hand side, and rtol is 1\.5e-08\. Increase max_iter or alpha \(now 1e-06\), set preconditioner="
    )
    with pytest.warns(ConvergenceWarning, match=text):
        ridge.fit(POINTS, VALUES)
    assert not ridge.solve_report_.converged
    assert ridge.n_iter_ == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ridge.set_params(max_iter=None, preconditioner=Nystrom(rank=60)).fit(POINTS, VALUES)
    assert ridge.solve_report_.converged


def test_a_kernel_without_a_solution_is_refused() -> None:
    for preconditioner, text in ((None, "Conjugate gradients need a positive definite matrix"), ("nystrom", "Nystrom")):
        with pytest.raises(NotConvergedError, match=text):
            KernelRidge(1e-3, kernel="-Norm2(x - y)", preconditioner=preconditioner).fit(POINTS, VALUES)


def test_memory_grows_linearly() -> None:
    points = np.random.default_rng(0).random((6000, 2)).astype("float32")
    values = points[:, 0]
    tracemalloc.start()
    try:
        KernelRidge(kernel="rbf").fit(points, values).predict(points)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # 6000 columns of the Nystrom preconditioner, some times in float64; the matrix alone would be 144 MB.
    assert peak < 30e6


# ---------------------------------------------------------------- Gaussian processes


KERNELS = [
    objects.RBF([0.5, 1, 2]),
    objects.Matern(0.5, nu=0.5),
    objects.Matern(0.5, nu=1.5),
    objects.Matern([0.5, 1, 2], nu=2.5),
    objects.Matern(0.5, nu=np.inf),
    objects.RationalQuadratic(0.5, 2.0),
    objects.ExpSineSquared(1.0, 3.0),
    objects.DotProduct(1.5) ** 2,
    objects.ConstantKernel(2.0) * objects.RBF(0.3) + objects.WhiteKernel(0.05),
    objects.ConstantKernel(3.0) * (objects.RBF() + objects.WhiteKernel(0.1)),
    objects.RBF() * objects.Matern() + objects.ConstantKernel(0.5),
]


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_processes(kernel: objects.Kernel) -> None:
    settings: dict[str, Any] = {"kernel": kernel, "optimizer": None, "normalize_y": True}
    for alpha, values in ((0.01, VALUES[:, 0]), (0.01 + 0.1 * WEIGHTS, VALUES)):
        own = GaussianProcessRegressor(alpha=alpha, **settings).fit(POINTS, values)
        other = TheirProcess(alpha=alpha, **settings).fit(POINTS, values)
        for found, expected in zip(own.predict(QUERIES, True), other.predict(QUERIES, True), strict=True):
            assert found.shape == expected.shape
            np.testing.assert_allclose(found, expected, atol=1e-5)


def test_hyperparameters() -> None:
    """Of few points they are scikit-learn's, of many those of some."""
    kernel = objects.ConstantKernel(1.0) * objects.RBF(1.0) + objects.WhiteKernel(0.1)
    noisy = VALUES[:, 0] + 0.1 * RANDOM.standard_normal(120)
    other = TheirProcess(kernel, alpha=1e-3).fit(POINTS, noisy)
    own = GaussianProcessRegressor(kernel).fit(POINTS, noisy)
    np.testing.assert_allclose(own.kernel_.theta, other.kernel_.theta)
    assert own.kernel == kernel
    some = [GaussianProcessRegressor(kernel, optimizer_samples=60, random_state=0).fit(POINTS, noisy) for _ in range(2)]
    np.testing.assert_array_equal(some[0].kernel_.theta, some[1].kernel_.theta)
    assert np.abs(some[0].kernel_.theta - other.kernel_.theta).max() > 1e-6
    np.testing.assert_allclose(some[0].predict(QUERIES), other.predict(QUERIES), atol=0.2)


def test_a_process_with_a_formula() -> None:
    formula = GaussianProcessRegressor("Exp(-SqDist(x, y) / (2 * s * s))", kernel_params={"s": 0.7})
    found = formula.fit(POINTS, VALUES).predict(QUERIES, return_std=True)
    expected = TheirProcess(objects.RBF(0.7), alpha=1e-3, optimizer=None).fit(POINTS, VALUES).predict(QUERIES, True)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-5)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-5)


@pytest.mark.parametrize(
    ("estimator", "error", "text"),
    [
        (KernelRidge(kernel="rfb"), UnknownNameError, "Did you mean 'rbf'"),
        (KernelRidge(kernel="precomputed"), UnknownNameError, "none of chi2, cosine"),
        (KernelRidge(kernel="rbf", kernel_params={"width": 2}), ArgumentValueError, "do not fit the kernel 'rbf'"),
        (KernelRidge(kernel="chi2"), ArgumentValueError, "some features are negative"),
        (KernelRidge(alpha=-1), ArgumentValueError, "alpha is -1; it must be a finite number, at least 0"),
        (
            KernelRidge(alpha=[1, 2, 3]),
            ArgumentValueError,
            r"shape \(3,\); it must be one number, or one per target, 2",
        ),
        (KernelRidge(alpha=[1, 0]), ArgumentValueError, "each belongs to one target"),
        (KernelRidge(kernel=objects.RBF(), kernel_params={"s": 1}), ArgumentValueError, "has its parameters itself"),
        (GaussianProcessRegressor(objects.WhiteKernel()), ArgumentValueError, "is noise alone"),
        (
            GaussianProcessRegressor(objects.RBF() * objects.WhiteKernel() + objects.RBF(), optimizer=None),
            ArgumentValueError,
            "noise is multiplied by what is no constant",
        ),
        (
            GaussianProcessRegressor(objects.Matern(nu=0.7), optimizer=None),
            ArgumentValueError,
            "needs Bessel functions",
        ),
        (GaussianProcessRegressor(objects.PairwiseKernel(), optimizer=None), ArgumentTypeError, "type PairwiseKernel"),
        (GaussianProcessRegressor(optimizer_samples=0), ArgumentValueError, "optimizer_samples is 0"),
    ],
)
def test_what_is_no_kernel_is_refused(estimator: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        estimator.fit(POINTS - 0.5, VALUES)
