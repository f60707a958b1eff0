r"""
Barycentres of shapes
=====================

The barycentre of shapes :math:`y^1, \dots, y^K` with weights :math:`\lambda_k` is the
cloud that is nearest to all of them:

.. math::
   x^\star = \operatorname*{arg\,min}_{x} \sum_{k=1}^K \lambda_k \, S_\varepsilon(x, y^k),

where :math:`S_\varepsilon` is the Sinkhorn divergence (see
:ref:`sphx_glr_gallery_shapes_and_transport_sinkhorn_divergence.py`). Its gradient in
:math:`x` carries every point to the weighted average of where the plans send it.
"""

import math
import os
import time

import matplotlib.pyplot as plt
import torch

from pairfold.torch import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 5_000 if FULL else 900
TEMPERATURE = 0.04**2
print(f"{N:,} points in each shape; at full size: 5,000")

# %%
# Four shapes
# -----------


def cut_out(inside):
    """Return the first N points of an even sequence that are in a shape, (N, 2)."""
    square = torch.quasirandom.SobolEngine(2, scramble=True, seed=1).draw(16 * N)
    return square[inside(*(2 * square - 1).T)][:N]


def heart(x, y):
    x, y = 1.3 * x, 1.3 * y
    return (x**2 + y**2 - 1) ** 3 < x**2 * y**3


def ring(x, y):
    radius = torch.hypot(x, y)
    return (radius > 0.55) & (radius < 0.9)


def cross(x, y):
    return (torch.minimum(x.abs(), y.abs()) < 0.22) & (
        torch.maximum(x.abs(), y.abs()) < 0.9
    )


def star(x, y):
    return torch.hypot(x, y) < 0.62 + 0.28 * torch.sin(
        5 * torch.atan2(y, x) + math.pi / 2
    )


shapes = [cut_out(inside) for inside in (heart, ring, cross, star)]

# %%
# The weighted sum of divergences
# -------------------------------
#
# ``soft_minimum`` is the only sum over all pairs. What is differentiated is its last
# value.


def soft_minimum(x, y, prices, temperature):
    exponents = (Vj(prices) - Vi(x).sqdist(Vj(y)) / 2) / temperature  # (N, M, 1)
    return -temperature * (exponents.logsumexp(axis=1) - math.log(len(y)))


def displacement(x, y):
    """Return minus N times the gradient in x of the cost of x to y with entropy, (N, 2)."""
    f, g = torch.zeros(len(x), 1).to(x), torch.zeros(len(y), 1).to(x)
    for now in [
        *torch.logspace(0, math.log10(TEMPERATURE), 12).tolist(),
        *[TEMPERATURE] * 4,
    ]:
        f, g = (
            (f + soft_minimum(x, y, g, now)) / 2,
            (g + soft_minimum(y, x, f, now)) / 2,
        )
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(soft_minimum(x, y, g, TEMPERATURE).sum(), x)
    return -gradient


def barycentre(shapes, weights, rounds=6):
    x = sum(weight * shape for weight, shape in zip(weights, shapes, strict=True))
    for _ in range(rounds):
        moves = [
            weight * displacement(x, y)
            for weight, y in zip(weights, shapes, strict=True)
        ]
        # Half of the divergence of x from itself has two gradients like this one.
        x = x + sum(moves) - displacement(x, x)
    return x


# %%
# A square of shapes
# ------------------
#
# The four shapes are in the corners, and between them are their barycentres, with
# bilinear weights.

STEPS = 7 if FULL else 4
start, square = time.perf_counter(), {}
for row in range(STEPS):
    for column in range(STEPS):
        u, v = row / (STEPS - 1), column / (STEPS - 1)
        weights = ((1 - u) * (1 - v), (1 - u) * v, u * (1 - v), u * v)
        present = [k for k in range(4) if weights[k] > 0]
        chosen = ([shapes[k] for k in present], [weights[k] for k in present])
        square[row, column] = chosen[0][0] if len(present) == 1 else barycentre(*chosen)
seconds = time.perf_counter() - start
print(f"{STEPS**2 - 4} barycentres: {seconds:.1f} s")
print(f"one dense table in float32 would take {4e-6 * N**2:.0f} MB")

# %%

figure, panels = plt.subplots(STEPS, STEPS, figsize=(8, 8))
for (row, column), x in square.items():
    axes = panels[row, column]
    u, v = row / (STEPS - 1), column / (STEPS - 1)
    tint = [0.15 + 0.75 * u, 0.35, 0.15 + 0.75 * v]
    axes.scatter(*x.T, s=30 / STEPS * 900 / N, color=tint, linewidths=0)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.axis("off")
plt.show()

# %%
# The check
# ---------
#
# Where transport is known: of two copies of a cloud, one moved, the barycentre is the
# cloud moved half way. And displacements are those of dense PyTorch in float64.

shift = torch.tensor([0.2, 0.1])
half = barycentre([shapes[0], shapes[0] + shift], [0.5, 0.5])
away = (half - (shapes[0] + shift / 2)).norm(dim=1).max().item()

few, other = shapes[0][:200].double(), shapes[2][:200].double()
found = displacement(few, other)
costs = torch.cdist(few, other).square() / 2
f, g = torch.zeros(200, 1).double(), torch.zeros(200, 1).double()
for now in [
    *torch.logspace(0, math.log10(TEMPERATURE), 12).tolist(),
    *[TEMPERATURE] * 4,
]:
    rows = -now * (((g.T - costs) / now).logsumexp(1, keepdim=True) - math.log(200))
    columns = -now * (
        ((f.T - costs.T) / now).logsumexp(1, keepdim=True) - math.log(200)
    )
    f, g = (f + rows) / 2, (g + columns) / 2
expected = ((g.T - costs) / TEMPERATURE).softmax(1) @ other - few
error = (found - expected).abs().max().item()
print(f"off a known barycentre by {away:.1e} at most, displacements by {error:.1e}")
assert away < 5e-3
assert error < 1e-9
