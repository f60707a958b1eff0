"""LazyTensors cross the boundaries of transformed functions."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pairfold.errors import ArgumentValueError
from pairfold.jax import LazyTensor, Vi, Vj, band


def points(*shape: int) -> Any:
    return jnp.asarray(np.random.default_rng(1).standard_normal(shape))


def kernel(x: Any, y: Any) -> Any:
    return (-((Vi(x) - Vj(y)) ** 2).sum(-1) * 0.7).exp()


def test_a_tensor_goes_in_and_out_of_jit_and_nothing_is_traced_twice() -> None:
    traces = []

    @jax.jit
    def scaled(tensor: Any, factor: Any) -> Any:
        traces.append(tensor)
        return tensor * factor

    for seed in (1.0, 2.0):
        x, y = seed * points(4, 2), points(5, 2)
        found = scaled(kernel(x, y), seed)
        assert found.shape == (4, 5, 1)
        np.testing.assert_allclose(found.sum(axis=1), seed * kernel(x, y).sum(axis=1), rtol=1e-12)
    assert len(traces) == 1


def test_settings_are_part_of_the_structure() -> None:
    tensor = kernel(points(6, 2), points(6, 2))
    tensor.ranges = band(1)
    np.testing.assert_allclose(jax.jit(lambda tensor: tensor.sum(axis=1))(tensor), tensor.sum(axis=1), rtol=1e-12)


def test_gradients_and_maps_of_a_tensor() -> None:
    x, y, b = points(4, 2), points(5, 2), points(5, 1)
    gradient = jax.grad(lambda tensor: (tensor @ b).sum())(kernel(x, y))
    expected = jax.grad(lambda x, y: (kernel(x, y) @ b).sum(), (0, 1))(x, y)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), jax.tree.leaves(gradient)[:2], list(expected)
    )
    doubled = jax.tree.map(lambda leaf: 2 * leaf, Vi(x) * Vj(y))
    np.testing.assert_allclose(doubled.sum(axis=1), 4 * (Vi(x) * Vj(y)).sum(axis=1))
    assert jax.tree.map(jnp.shape, jax.tree.leaves(Vi(x) * Vj(y))) == [(4, 2), (5, 2)]


def test_batches_of_a_tensor_are_mapped() -> None:
    x, y = points(3, 4, 1, 2), points(3, 1, 5, 2)
    batched = LazyTensor(x) * LazyTensor(y)
    np.testing.assert_allclose(jax.vmap(lambda tensor: tensor.sum(axis=1))(batched), batched.sum(axis=2), rtol=1e-12)
    made = jax.vmap(lambda x, y: Vi(x) * Vj(y))(x[:, :, 0], y[:, 0])
    assert made.shape == (3, 4, 5, 2)
    with pytest.raises(ArgumentValueError, match="map all of its arrays"):
        jax.tree.unflatten(jax.tree.structure(batched), [jnp.ones((2, 4, 2)), jnp.ones((3, 5, 2))])


def test_symbolic_and_complex_tensors() -> None:
    x = points(4, 2)
    waiting = jax.jit(lambda tensor: tensor)(Vi(x) * Vj(0, 2))
    assert waiting.is_symbolic
    np.testing.assert_allclose(waiting.sum(axis=1)(x), (Vi(x) * Vj(x)).sum(axis=1))
    turned = jax.jit(lambda tensor: tensor * 2)(Vi(x) * 1j)
    np.testing.assert_allclose(turned.sum(axis=0), 2j * x.sum(0)[None], rtol=1e-12)
