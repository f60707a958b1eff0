r"""
A picture made of Gaussians, fitted with JAX
============================================

A photograph is approximated by :math:`M` blobs, each with a centre :math:`c_j`, a width
:math:`s_j` and a colour :math:`b_j`:

.. math:: f(x_i) = \sum_{j=1}^M \exp\!\Big(-\frac{\|x_i - c_j\|^2}{2 s_j^2}\Big) \, b_j.

All of them are fitted to the :math:`N` pixels at once, by gradient descent. The sum and
its gradients in centres, widths and colours are reductions over all N x M pairs, inside
of ``jax.jit``, ``jax.value_and_grad`` and ``jax.lax.scan``; no table of them is stored.
"""

import os
import time

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from skimage import data, transform

from pairfold.jax import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
SIDE, BLOBS, STEPS = (128, 800, 300) if FULL else (64, 300, 200)

photograph = transform.resize(
    data.astronaut()[:240, 100:340] / 255, (SIDE, SIDE), anti_aliasing=True
)
colours = jnp.asarray(photograph.reshape(-1, 3), jnp.float32)
axis = (np.arange(SIDE) + 0.5) / SIDE
pixels = jnp.asarray(
    np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2),
    jnp.float32,
)

# %%
# The sum
# -------
#
# ``Vi`` and ``Vj`` take the arrays that JAX traces, and the result is an array again.


def paint(blobs, x):
    """Return the colours at the points x, (N, 3)."""
    centres, log_widths, shades = blobs
    scaled = Vi(x).sqdist(Vj(centres)) * Vj(jnp.exp(-2 * log_widths))
    return ((-scaled / 2).exp() * Vj(shades)).sum(axis=1)


def loss(blobs, x, target):
    """Return the mean squared error."""
    return jnp.mean((paint(blobs, x) - target) ** 2)


def dense_paint(blobs, x):
    """Return the same by a table of all pairs."""
    centres, log_widths, shades = blobs
    squared = ((x[:, None] - centres) ** 2).sum(2) * jnp.exp(-2 * log_widths)[:, 0]
    return jnp.exp(-squared / 2) @ shades


# %%
# The start: blobs at random pixels, with a part of their colours.

keys = jax.random.split(jax.random.key(0), 2)
chosen = jax.random.choice(keys[0], SIDE**2, (BLOBS,), replace=False)
width = 0.6 / np.sqrt(BLOBS)
start = (pixels[chosen], jnp.full((BLOBS, 1), np.log(width)), 0.3 * colours[chosen])

# %%
# The check
# ---------
#
# Value and gradients, with and without ``jit``, against the dense table:


def dense_loss(blobs, x, target):
    """Return the mean squared error, by the table."""
    return jnp.mean((dense_paint(blobs, x) - target) ** 2)


few = slice(0, 2000)
value, gradients = jax.jit(jax.value_and_grad(loss))(start, pixels[few], colours[few])
expected, expected_gradients = jax.value_and_grad(dense_loss)(
    start, pixels[few], colours[few]
)
print(f"loss {value:.7f}, dense {expected:.7f}")
assert jnp.allclose(value, expected, rtol=1e-5)
for name, one, other in zip(
    ("centres", "widths", "colours"), gradients, expected_gradients, strict=True
):
    error = jnp.linalg.norm(one - other) / jnp.linalg.norm(other)
    print(f"gradient in the {name}: relative difference {error:.1e}")
    assert error < 1e-4

# %%
# The fit
# -------
#
# Adam, written out, as one compiled loop.


def adam(blobs, steps, rate=0.02):
    """Return the fitted blobs and the course of the loss."""

    def step(carry, number):
        blobs, first, second = carry
        value, slope = jax.value_and_grad(loss)(blobs, pixels, colours)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, slope)
        second = jax.tree.map(lambda v, g: 0.99 * v + 0.01 * g**2, second, slope)
        now = rate * 0.5 * (1 + jnp.cos(jnp.pi * number / steps))
        scale = now * jnp.sqrt(1 - 0.99 ** (number + 1)) / (1 - 0.9 ** (number + 1))
        # Centres move in units of the widths, widths and colours by themselves.
        units = (width, 1.0, 1.0)
        blobs = tuple(
            b - unit * scale * m / (jnp.sqrt(v) + 1e-9)
            for b, m, v, unit in zip(blobs, first, second, units, strict=True)
        )
        return (blobs, first, second), value

    zeros = jax.tree.map(jnp.zeros_like, blobs)
    (blobs, _, _), course = jax.lax.scan(step, (blobs, zeros, zeros), jnp.arange(steps))
    return blobs, course


started = time.perf_counter()
fit = jax.jit(adam, static_argnums=1).lower(start, STEPS).compile()
compiled = time.perf_counter()
blobs, course = jax.block_until_ready(fit(start))
seconds = time.perf_counter() - compiled
print(
    f"{compiled - started:.2f} s to compile; {STEPS} steps, {SIDE**2:,} pixels, {BLOBS} blobs: {seconds:.2f} s"
)
print(f"One table of all pairs would take {4 * SIDE**2 * BLOBS / 1e6:.0f} MB.")
painted = np.asarray(paint(blobs, pixels)).reshape(SIDE, SIDE, 3)
ratio = -10 * np.log10(np.mean((painted - photograph) ** 2))
numbers = sum(part.size for part in blobs)
print(
    f"Signal-to-noise ratio {ratio:.1f} dB, with {numbers:,} numbers for {3 * SIDE**2:,}"
)
assert course[-1] < 0.05 * course[0]
assert ratio > 22

# %%
# Pictures
# --------
#
# The blobs are a formula, so the picture can be painted at any resolution.

fine_axis = (np.arange(3 * SIDE) + 0.5) / (3 * SIDE)
fine = np.stack(np.meshgrid(fine_axis, fine_axis, indexing="ij"), axis=-1).reshape(
    -1, 2
)
large = np.asarray(paint(blobs, jnp.asarray(fine, jnp.float32))).reshape(
    3 * SIDE, 3 * SIDE, 3
)
figure, panels = plt.subplots(2, 2, figsize=(7.5, 7.9))
first = np.asarray(paint(start, pixels)).reshape(SIDE, SIDE, 3)
for panel, (name, picture) in zip(
    panels.flat,
    {
        f"{SIDE} x {SIDE} pixels": photograph,
        "start": first,
        f"{BLOBS} blobs, three times as fine": large,
    }.items(),
    strict=False,
):
    panel.imshow(np.clip(picture, 0, 1))
    panel.set(xticks=[], yticks=[], title=name)
centres, log_widths, _ = (np.asarray(part) for part in blobs)
panels[1, 1].imshow(np.clip(large, 0, 1), extent=(0, 1, 1, 0), alpha=0.5)
panels[1, 1].scatter(
    *centres[:, ::-1].T,
    s=(220 * np.exp(log_widths[:, 0])) ** 2,
    facecolors="none",
    edgecolors="k",
    linewidths=0.5,
)
panels[1, 1].set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[])
panels[1, 1].set_title("where the blobs lie")

# %%
# The error on the way:

figure, panel = plt.subplots(figsize=(6, 3))
panel.semilogy(np.asarray(course), color="tab:red", lw=2)
panel.set(xlabel="step", ylabel="mean squared error", title="The fit")
plt.show()
