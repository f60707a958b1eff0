"""JAX computes in float64 here, as the dense programs that results are compared with, on four devices of one CPU."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

# Read when JAX makes its first array: four devices to shard arrays over.
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=4"

jax = pytest.importorskip("jax", reason="pairfold.jax needs jax")


@pytest.fixture(autouse=True)
def in_float64() -> Iterator[None]:
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.fixture
def _quickly_compiled() -> Iterator[None]:
    """Let XLA compile as quickly as it can: that takes most of the time, and no result depends on it."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
