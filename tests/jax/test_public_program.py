"""A program of JAX that is not ours, ``jax.scipy.stats.gaussian_kde``, with its sums over pairs done by pairfold."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import gaussian_kde

from pairfold.jax import Vi, Vj


def log_density(density: Any, points: Any) -> Any:
    """Return the logarithm of a kernel density estimate at points (D, N)."""
    root = jnp.linalg.cholesky(density.inv_cov)
    x, y = points.T @ root, density.dataset.T @ root
    exponents = Vj(jnp.log(density.weights)[:, None]) - ((Vi(x) - Vj(y)) ** 2).sum(-1) / 2
    scale = jnp.log(jnp.diag(root)).sum() - len(root) / 2 * np.log(2 * np.pi)
    return exponents.logsumexp(axis=1)[:, 0] + scale


@pytest.mark.usefixtures("_quickly_compiled")
def test_kernel_density_estimates_and_their_gradients() -> None:
    rng = np.random.default_rng(0)
    data, points, weights = (jnp.asarray(rng.random(shape)) for shape in ((3, 60), (3, 40), (60,)))

    def likelihood(log: Any) -> Any:
        def mean(*args: Any) -> Any:
            data, points, weights = args
            return log(gaussian_kde(data, weights=weights), points).mean()

        return jax.jit(jax.value_and_grad(mean, (0, 1, 2)))(data, points, weights)

    found, expected = likelihood(log_density), likelihood(lambda density, points: density.logpdf(points))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13), found, expected)
