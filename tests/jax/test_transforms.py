"""The transforms of JAX on a sum of Gaussians, against the dense program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pairfold.jax import Pm, Vi, Vj


def lazy(x: Any, y: Any, b: Any, s: Any) -> Any:
    return (-((Vi(x) - Vj(y)) ** 2).sum(-1) * Pm(s)).exp() @ b


def dense(x: Any, y: Any, b: Any, s: Any) -> Any:
    return jnp.exp(-((x[:, None] - y[None]) ** 2).sum(-1) * s) @ b


def arguments() -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    shapes = ((7, 3), (5, 3), (5, 2), (1,))
    return tuple(jnp.asarray(rng.standard_normal(shape)) for shape in shapes)


def summed(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: jnp.sin(function(*args)).sum()


ALL = (0, 1, 2, 3)

TRANSFORMS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "value": lambda f: f,
    "jit": jax.jit,
    "grad": lambda f: jax.grad(summed(f), ALL),
    "grad inside of jit": lambda f: jax.jit(jax.grad(summed(f), ALL)),
    "jvp": lambda f: lambda *args: jax.jvp(f, args, args),
    "jacfwd": lambda f: jax.jacfwd(f, ALL),
    "jacrev": lambda f: jax.jacrev(f, ALL),
    "forward over reverse": lambda f: jax.hessian(summed(f), ALL),
    "reverse over reverse": lambda f: jax.jacrev(jax.grad(summed(f), ALL), ALL),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transform(name: str) -> None:
    found, expected = (TRANSFORMS[name](f)(*arguments()) for f in (lazy, dense))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12), found, expected)
