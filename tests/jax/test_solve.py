"""Linear systems and their implicit derivatives, against the dense solution."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.jax import KernelSolve, Nystrom, SolveReport, Vi, Vj

SOLVE = KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(2)", "y = Vj(2)", "a = Vj(1)"], "a", axis=1)


def points(*shape: int) -> Any:
    return jnp.asarray(np.random.default_rng(2).standard_normal(shape))


def lazy(x: Any, b: Any, alpha: Any) -> Any:
    return SOLVE(x, x, b, alpha=alpha, rtol=1e-13)


def dense(x: Any, b: Any, alpha: Any) -> Any:
    matrix = jnp.exp(-((x[:, None] - x) ** 2).sum(-1))
    return jnp.linalg.solve(matrix + alpha * jnp.eye(len(x)), b)


TRANSFORMS = {
    "value": lambda f: f,
    "grad": lambda f: jax.grad(lambda *args: jnp.sin(f(*args)).sum(), (0, 1, 2)),
    "jacfwd": lambda f: jax.jacfwd(f, (0, 2)),
    "hessian": lambda f: jax.hessian(lambda *args: jnp.sin(f(*args)).sum(), (0, 2)),
    "vmap": lambda f: lambda x, b, alpha: jax.vmap(f, (0, None, None))(jnp.stack([x, 2 * x]), b, alpha),
}


@pytest.mark.usefixtures("_quickly_compiled")
@pytest.mark.parametrize("name", TRANSFORMS)
def test_transform(name: str) -> None:
    args = (points(6, 2), points(6, 1), jnp.asarray(0.3))
    found, expected = (jax.jit(TRANSFORMS[name](f))(*args) for f in (lazy, dense))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9), found, expected)


def test_lazy_tensors_solve_inside_of_jit() -> None:
    x, b = points(6, 2), points(6)

    def solved(x: Any, b: Any) -> Any:
        return (-((Vi(x) - Vj(x)) ** 2).sum(-1)).exp().solve(b, alpha=0.3, rtol=1e-12, preconditioner=Nystrom(3, 0))

    np.testing.assert_allclose(jax.jit(solved)(x, b), dense(x, b, 0.3), rtol=1e-8)
    np.testing.assert_allclose(solved(x, b), dense(x, b, 0.3), rtol=1e-8)


def test_reports_and_functions_are_for_arrays_with_numbers() -> None:
    x, b = points(6, 2), points(6, 1)
    found, report = SOLVE(x, x, b, alpha=0.3, rtol=1e-10, preconditioner=lambda r: r / 2, return_report=True)
    np.testing.assert_allclose(found, dense(x, b, 0.3), rtol=1e-7)
    assert isinstance(report, SolveReport)
    for settings in ({"return_report": True}, {"preconditioner": lambda r: r}):
        with pytest.raises(ArgumentTypeError, match="a transform traces"):
            jax.jit(lambda x, s=settings: SOLVE(x, x, b, alpha=0.3, **s))(x)
    kernel = (-((Vi(x) - Vj(x)) ** 2).sum(-1)).exp()
    with pytest.raises(ArgumentTypeError, match="a transform traces"):
        jax.jit(lambda b: kernel.solve(b, return_report=True))(b)


def test_what_cannot_be_solved_is_said() -> None:
    x, b = points(6, 2), points(6, 1)
    with pytest.raises(ArgumentValueError, match=r"alpha has shape \(2,\)"):
        SOLVE(x, x, b, alpha=jnp.ones(2))
    with pytest.raises(jax.errors.JaxRuntimeError, match=r"NotConvergedError: .*maxiter"):
        jax.block_until_ready(jax.jit(lambda x: SOLVE(x, x, b, maxiter=1))(x))
    with pytest.raises(jax.errors.JaxRuntimeError, match="alpha has 2 different values"):
        jax.block_until_ready(jax.vmap(lambda a: SOLVE(x, x, b, alpha=a))(jnp.asarray([0.1, 0.2])))
