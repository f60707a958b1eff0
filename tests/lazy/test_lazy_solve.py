"""LazyTensors as matrices: systems, SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator, cg, eigsh

from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.numpy import LazyTensor, Vi, Vj


def setup(count: int = 40) -> tuple[LazyTensor, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.standard_normal((count, 3))
    dense = np.exp(-((x[:, None] - x) ** 2).sum(-1))
    return (-Vi(x).sqdist(Vj(x))).exp(), dense, generator.standard_normal((count, 2))


def test_solve_agrees_with_numpy() -> None:
    kernel, dense, b = setup()
    expected = np.linalg.solve(dense + 0.3 * np.eye(len(b)), b)
    np.testing.assert_allclose(kernel.solve(b, alpha=0.3, eps=1e-12), expected, rtol=1e-8)
    np.testing.assert_allclose(kernel.solve(Vi(b), alpha=0.3, eps=1e-12), expected, rtol=1e-8)
    np.testing.assert_allclose(kernel.solve(Vj(b), alpha=0.3, eps=1e-12), expected, rtol=1e-8)


def test_solve_with_a_symbolic_unknown() -> None:
    kernel, dense, b = setup()
    expected = np.linalg.solve(dense + 0.3 * np.eye(len(b)), b)
    unknown = Vj(0, 2)
    np.testing.assert_allclose((kernel * unknown).solve(b, var=unknown, alpha=0.3, eps=1e-12), expected, rtol=1e-8)


def test_solve_later() -> None:
    kernel, dense, b = setup()
    waiting = kernel.solve(b, alpha=0.3, eps=1e-12, call=False)
    np.testing.assert_allclose(waiting(), np.linalg.solve(dense + 0.3 * np.eye(len(b)), b), rtol=1e-8)


def test_solve_takes_what_a_product_takes() -> None:
    kernel, dense, b = setup()
    expected = np.linalg.solve(dense + 0.3 * np.eye(len(b)), b[:, 0])
    found = kernel.solve(b[:, 0], alpha=0.3, eps=1e-12)
    assert found.shape == (kernel @ found).shape == (40,)
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    found, report = kernel.solve(b[:, 0], alpha=0.3, eps=1e-12, return_report=True, backend="CPU", device_id=-1)
    assert report.converged
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    np.testing.assert_allclose(kernel.solve(b[:, 0], alpha=0.3, eps=1e-12, call=False)(), expected, rtol=1e-8)


def test_solve_with_one_point() -> None:
    x, b = np.array([[[1.0, 2.0]]]), np.array([[3.0, 6.0]])
    kernel = (-LazyTensor(x).sqdist(LazyTensor(x))).exp()
    for right in (b, Vi(b), Vj(b), LazyTensor(b[:, None, :]), LazyTensor(b[None])):
        np.testing.assert_allclose(kernel.solve(right, alpha=0.5), b / 1.5)
    unknown = Vj(0, 2)
    np.testing.assert_allclose((kernel * unknown).solve(LazyTensor(b[None]), var=unknown, alpha=0.5), b / 1.5)


def test_solve_names_what_is_wrong() -> None:
    kernel, _, b = setup()
    with pytest.raises(
        ArgumentTypeError, match=r"There is no keyword 'lam' here. Allowed are backend, device_id, alph"
    ):
        kernel.solve(b, lam=0.3)
    with pytest.raises(ArgumentTypeError, match=r"There is no keyword 'alfa' here. Did you mean 'alpha'\?"):
        kernel.solve(b, alfa=0.3)
    with pytest.raises(ArgumentValueError, match="backend is 'TPU'; allowed are"):
        kernel.solve(b, backend="TPU")


def test_solve_needs_points() -> None:
    kernel, _, b = setup()
    with pytest.raises(ArgumentValueError, match="the expression"):
        kernel.solve(Vi(b) * 2)
    with pytest.raises(ArgumentValueError, match=r"var must be one of the symbolic variables"):
        kernel.solve(b, var=Vj(b))
    with pytest.raises(ArgumentValueError, match=r"var must be one of .*; found an object of type int"):
        kernel.solve(b, 1)
    with pytest.raises(ArgumentValueError, match="one row per point; found the parameter"):
        kernel.solve(LazyTensor(b[:1, None]))


def test_scipy_takes_the_matrix() -> None:
    kernel, dense, b = setup()
    operator = aslinearoperator(kernel.as_matrix())
    assert operator.shape == dense.shape
    assert operator.dtype == np.float64
    np.testing.assert_allclose(operator @ b, dense @ b, rtol=1e-12)
    np.testing.assert_allclose(operator.T @ b[:, 0], dense.T @ b[:, 0], rtol=1e-12)
    np.testing.assert_allclose(eigsh(operator, k=3)[0], np.linalg.eigvalsh(dense)[-3:], rtol=1e-10)
    solution, failed = cg(aslinearoperator((kernel * 1.0).as_matrix()) + 1e-1 * aslinearoperator(np.eye(40)), b[:, 0])
    assert failed == 0
    np.testing.assert_allclose((dense + 0.1 * np.eye(40)) @ solution, b[:, 0], atol=1e-4)


def test_a_matrix_has_two_axes() -> None:
    generator = np.random.default_rng(0)
    wide = Vi(generator.standard_normal((4, 3))) - Vj(generator.standard_normal((5, 3)))
    with pytest.raises(ArgumentValueError, match=r"shape \(N, M, 1\).*\(4, 5, 3\)"):
        wide.as_matrix()
    with pytest.raises(ArgumentTypeError, match=r"this LazyTensor has the shape \(4, 5, 3\): use x.as_matrix\(\)"):
        aslinearoperator(wide)
    matrix = wide.sqnorm2().as_matrix()
    assert matrix.T.shape == (5, 4)
    np.testing.assert_allclose(matrix @ np.ones(5), wide.sqnorm2().sum(axis=1)[:, 0])
