r"""
Stein variational gradient descent
==================================

Particles :math:`x_1 \dots x_n` are moved until they look like samples of a posterior
density :math:`p`, of which only the gradient of the logarithm is known (Liu and Wang
2016). Every particle goes

.. math::

   \phi(x_i) = \frac{1}{n} \sum_{j=1}^n \Big( k(x_i, x_j) \, \nabla \log p(x_j) + \nabla_{x_j} k(x_i, x_j) \Big),

   k(x, y) = \exp\!\Big(-\frac{\|x - y\|^2}{2 h^2}\Big):

up the slope, as averaged over its neighbours, and away from them. Both terms are one
reduction over all pairs of particles.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np

from pairfold.numpy import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
random = np.random.default_rng(0)


def direction(x, score, width):
    """Return where the particles x (n, D) go, given the gradients of log p there (n, D)."""
    differences = Vi(x) - Vj(x)
    k = (-differences.sqnorm2() / (2 * width**2)).exp()
    return (k * (Vj(score) + differences / width**2)).mean(axis=1)


def move(x, score_of, width, steps, rate):
    """Move the particles; the rate of each coordinate is that of Adagrad."""
    squares = np.zeros_like(x)
    for step in range(steps):
        phi = direction(x, score_of(x), width)
        squares = phi**2 if step == 0 else 0.9 * squares + 0.1 * phi**2
        # The steps become shorter, so that the particles come to rest.
        x = x + rate / (1 + 4 * step / steps) ** 2 * phi / (1e-6 + np.sqrt(squares))
    return x


# %%
# A posterior that is known
# -------------------------
#
# A line is fitted to twelve points: :math:`t = w_0 + w_1 s + \varepsilon`, with normal
# noise and a normal prior for both weights. The posterior is normal, with a mean and a
# covariance that can be written down.

n = 10_000 if FULL else 2_000
noise, prior = 0.3, 2.0
s = np.sort(random.uniform(-1, 2, 12))
t = 0.5 - 0.8 * s + noise * random.standard_normal(12)
design = np.stack([np.ones(12), s], axis=1)
precision = design.T @ design / noise**2 + np.eye(2) / prior**2
covariance = np.linalg.inv(precision)
mean = covariance @ design.T @ t / noise**2

first = random.standard_normal((n, 2))
started = time.perf_counter()
lines = move(first, lambda w: (mean - w) @ precision, width=0.07, steps=500, rate=0.05)
seconds = time.perf_counter() - started
found = np.cov(lines.T)
print(
    f"{n:,} particles, 500 steps: {seconds:.2f} s, {500 * n**2 / seconds / 1e9:.2f} G pairs/s"
)
print(f"The matrix of the kernel would take {8 * n**2 / 1e6:.0f} MB.")
print("mean      ", lines.mean(axis=0).round(4), "exact", mean.round(4))
print("covariance", found.ravel().round(5), "exact", covariance.ravel().round(5))
assert np.allclose(lines.mean(axis=0), mean, atol=0.01)
assert np.allclose(found, covariance, rtol=0.1, atol=0.002)

# %%
# One step of it, against the dense formula:

some = first[:500]
score = (mean - some) @ precision
differences = some[:, None] - some
k = np.exp(-(differences**2).sum(2) / (2 * 0.07**2))
dense = (k @ score + (k[:, :, None] * differences).sum(1) / 0.07**2) / 500
assert np.allclose(direction(some, score, 0.07), dense, rtol=1e-12, atol=1e-12)
print(
    "Largest difference to the dense step:",
    np.abs(direction(some, score, 0.07) - dense).max(),
)

# %%
# A density that no sampler likes
# -------------------------------
#
# Two bananas: :math:`p(x) \propto \sum_{\pm} \exp\big(-(x_1^2 + 8 (x_2 \pm (x_1^2 / 2 -
# 1.2))^2) / 2\big)`. The gradient of the logarithm is all that the particles know of
# it.


def score_of_bananas(x):
    """Return the gradient of log p."""
    logs, slopes = [], []
    for sign in (1, -1):
        bent = x[:, 1] + sign * (x[:, 0] ** 2 / 2 - 1.2)
        logs.append(-(x[:, 0] ** 2 + 8 * bent**2) / 2)
        slopes.append(
            np.stack([-x[:, 0] - 8 * bent * sign * x[:, 0], -8 * bent], axis=1)
        )
    share = 1 / (1 + np.exp(np.clip(logs[1] - logs[0], -50, 50)))[:, None]
    return share * slopes[0] + (1 - share) * slopes[1]


m = 10_000 if FULL else 2_000
clouds = {0: 0.4 * random.standard_normal((m, 2)) + [0.0, -2.0]}
started = time.perf_counter()
for step, before in [(30, 0), (100, 30), (600, 100)]:
    clouds[step] = move(
        clouds[before], score_of_bananas, width=0.25, steps=step - before, rate=0.04
    )
print(f"{m:,} particles, 600 steps: {time.perf_counter() - started:.2f} s")

# %%
# The share of particles, and their mean, are compared with sums over a fine grid.

axis = np.linspace(-4.5, 4.5, 601)
grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)


def density(x):
    """Return p, without its constant."""
    return sum(
        np.exp(
            -(x[..., 0] ** 2 + 8 * (x[..., 1] + o * (x[..., 0] ** 2 / 2 - 1.2)) ** 2)
            / 2
        )
        for o in (1, -1)
    )


weights = density(grid)
weights /= weights.sum()
for name, moment in [
    ("E x_1^2", lambda x: x[..., 0] ** 2),
    ("E |x_2|", lambda x: np.abs(x[..., 1])),
]:
    particles, exact = moment(clouds[600]).mean(), (weights * moment(grid)).sum()
    print(f"{name}: {particles:.3f}, exact {exact:.3f}")
    assert abs(particles - exact) < 0.1 * exact

# %%
# Pictures
# --------

figure, panels = plt.subplots(1, 2, figsize=(9.2, 4.2))
angle = np.linspace(0, 2 * np.pi, 200)
circle = np.linalg.cholesky(covariance) @ np.stack([np.cos(angle), np.sin(angle)])
panels[0].scatter(
    *lines[:2000].T, s=4, color="tab:blue", alpha=0.4, linewidths=0, label="particles"
)
for radius, share in [(1.177, "50 %"), (2.448, "95 %")]:
    panels[0].plot(
        *(mean[:, None] + radius * circle),
        color="k",
        lw=1.2,
        ls="-" if radius < 2 else "--",
        label=share,
    )
panels[0].set(xlabel="$w_0$", ylabel="$w_1$", title="Particles and exact posterior")
panels[0].legend()
ends = np.array([-1.3, 2.3])
for line in lines[:150]:
    panels[1].plot(ends, line[0] + line[1] * ends, color="tab:blue", lw=0.8, alpha=0.12)
panels[1].plot(s, t, "o", color="k", ms=5, label="data")
panels[1].plot([], [], color="tab:blue", label="lines of the particles")
panels[1].set(
    xlabel="$s$", ylabel="$t$", title="What the posterior says about the line"
)
panels[1].legend()

# %%
# From one drop, the particles find both bananas:

figure, panels = plt.subplots(2, 2, figsize=(7, 7.3))
for panel, (step, cloud) in zip(panels.flat, clouds.items(), strict=True):
    panel.contourf(axis, axis, np.sqrt(density(grid)).T, levels=12, cmap="Greys")
    panel.scatter(*cloud[:2000].T, s=3, color="tab:orange", linewidths=0, alpha=0.7)
    panel.set(
        xticks=[],
        yticks=[],
        xlim=(-3.5, 3.5),
        ylim=(-3.5, 3.5),
        aspect="equal",
        title=f"step {step}",
    )
plt.show()
