"""ProbNum: covariance operators by KeOps against its own dense matrices."""

import numpy as np
import pytest

pytest.importorskip("probnum")
from probnum.randprocs import covfuncs

GENERATOR = np.random.default_rng(0)
FIRST, SECOND = GENERATOR.standard_normal((40, 3)), GENERATOR.standard_normal((30, 3))
SCALES = np.array([0.5, 1.0, 2.0])
FUNCTIONS = {
    "squared exponential": lambda: covfuncs.ExpQuad((3,), lengthscales=0.7),
    "squared exponential, scales": lambda: covfuncs.ExpQuad((3,), lengthscales=SCALES),
    "matern 1/2": lambda: covfuncs.Matern((3,), nu=0.5, lengthscales=0.7),
    "matern 3/2": lambda: covfuncs.Matern((3,), nu=1.5, lengthscales=SCALES),
    "matern 5/2": lambda: covfuncs.Matern((3,), nu=2.5),
}


@pytest.mark.parametrize("columns", [None, 1, 4])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_products(name, columns):
    operator = FUNCTIONS[name]().linop(FIRST, SECOND)
    assert operator.keops_lazy_tensor is not None
    right = GENERATOR.standard_normal((30,) if columns is None else (30, columns))
    np.testing.assert_allclose(operator @ right, operator.todense() @ right, rtol=1e-8, atol=1e-10)
    left = GENERATOR.standard_normal((40,) if columns is None else (40, columns))
    np.testing.assert_allclose(operator.T @ left, operator.todense().T @ left, rtol=1e-8, atol=1e-10)


def test_same_points():
    operator = FUNCTIONS["matern 3/2"]().linop(FIRST)
    right = GENERATOR.standard_normal((40, 2))
    np.testing.assert_allclose(operator @ right, operator.todense() @ right, rtol=1e-8, atol=1e-10)
