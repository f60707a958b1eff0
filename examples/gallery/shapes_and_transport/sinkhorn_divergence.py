r"""
Sinkhorn divergence with gradients
==================================

Two clouds of grains are compared by what it costs to carry one to the other. With a
temperature :math:`\varepsilon` the cost is found by turns: each side sets its prices to a
soft minimum over the other side,

.. math::
   f_i &= -\varepsilon \log \sum_{j=1}^M b_j \exp\frac{g_j - \|x_i - y_j\|^2 / 2}{\varepsilon}, \\
   g_j &= -\varepsilon \log \sum_{i=1}^N a_i \exp\frac{f_i - \|x_i - y_j\|^2 / 2}{\varepsilon},

and :math:`\mathrm{OT}_\varepsilon(x, y) = \sum_i a_i f_i + \sum_j b_j g_j`. The Sinkhorn
divergence takes away what the temperature adds, so that a cloud is at distance zero from
itself:

.. math::
   S_\varepsilon(x, y) = \mathrm{OT}_\varepsilon(x, y) - \tfrac12 \mathrm{OT}_\varepsilon(x, x)
   - \tfrac12 \mathrm{OT}_\varepsilon(y, y).

Its gradient moves grains: here a heart flows into three rings (Feydy and others 2019).
"""

import math
import os
import time

import matplotlib.pyplot as plt
import torch
from scipy.optimize import linear_sum_assignment

from pairfold.torch import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 20_000 if FULL else 2_000
print(f"{N:,} grains on each side; at full size: 20,000")

# %%
# Two clouds
# ----------


def heart(points):
    x, y = 1.25 * points.T
    return (x**2 + y**2 - 1) ** 3 < x**2 * y**3


def rings(points):
    angle = 2 * math.pi * torch.arange(3) / 3 + math.pi / 2
    centres = 0.5 * torch.stack([angle.cos(), angle.sin()], dim=1)
    radius = torch.cdist(points, centres).min(1).values
    return (radius > 0.21) & (radius < 0.4)


def clouds(count):
    """Return two clouds, (count, 2) each, spread evenly: parts of a Sobol sequence."""
    square = (
        2 * torch.quasirandom.SobolEngine(2, scramble=True, seed=0).draw(8 * count) - 1
    )
    return (0.5 + 0.5 * square[shape(square)][:count] for shape in (heart, rings))


# %%
# The divergence
# --------------
#
# A soft minimum is a log-sum-exp. The temperature falls by and by to its last value; the
# turns are not differentiated: at the solution, only the last one has a gradient (the
# envelope theorem).


def soft_minimum(x, y, prices, temperature):
    """Return -T log mean_j exp((price_j - |x_i - y_j|^2 / 2) / T), (N, 1)."""
    exponents = (Vj(prices) - Vi(x).sqdist(Vj(y)) / 2) / temperature  # (N, M, 1)
    return -temperature * (exponents.logsumexp(axis=1) - math.log(len(y)))


def transport_cost(x, y, temperature, soft=soft_minimum, turns=20):
    """Return the cost with entropy; its gradient is that of the last turn."""
    with torch.no_grad():
        f, g = torch.zeros(len(x), 1), torch.zeros(len(y), 1)
        f, g = f.to(x), g.to(x)
        steps = torch.logspace(0, math.log10(temperature), turns).tolist()
        for now in [*steps, *[temperature] * 5]:
            f, g = (  # both at once, and averaged: no side is ahead
                (f + soft(x, y, g, now)) / 2,
                (g + soft(y, x, f, now)) / 2,
            )
    last_f = soft(x, y.detach(), g, temperature)
    last_g = soft(y, x.detach(), f, temperature)
    return last_f.mean() + last_g.mean()


def divergence(x, y, temperature, soft=soft_minimum):
    own = transport_cost(x, x, temperature, soft) + transport_cost(
        y, y, temperature, soft
    )
    return transport_cost(x, y, temperature, soft) - own / 2


# %%
# A flow
# ------
#
# Every grain follows minus N times its gradient. A step of 1 would carry it to where the
# plan sends it; smaller ones show the way.

TEMPERATURE = 0.02**2
x, y = clouds(N)
moments, costs, seconds = [x], [], []
for _ in range(12):
    start = time.perf_counter()
    x = x.detach().requires_grad_()
    value = divergence(x, y, TEMPERATURE)
    (gradient,) = torch.autograd.grad(value, x)
    x = (x - 0.4 * N * gradient).detach()
    moments.append(x)
    costs.append(value.item())
    seconds.append(time.perf_counter() - start)
print(f"a divergence with its gradient: {min(seconds):.2f} s")
print(f"one dense table of costs would take {4e-9 * N**2:.2f} GB")
print(f"the divergence falls from {costs[0]:.5f} to {costs[-1]:.6f}")

# %%

figure, panels = plt.subplots(2, 3, figsize=(10, 6.8))
angle = torch.atan2(moments[0][:, 1] - 0.55, moments[0][:, 0] - 0.5) / (2 * math.pi)
colours = (angle + 0.4 * (moments[0] - 0.5).norm(dim=1)) % 1
for axes, number in zip(panels.flat, (0, 1, 2, 4, 12), strict=False):
    points = {"c": colours, "cmap": "hsv", "s": 8_000 / N, "linewidths": 0}
    axes.scatter(*moments[number].T, **points)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", title=f"step {number}")
    axes.axis("off")
axes = panels[1, 2]
axes.semilogy(costs, "o-", color="tab:red")
axes.set(xlabel="step", title="divergence", box_aspect=0.8, xticks=range(0, 13, 4))
plt.show()

# %%
# The check
# ---------
#
# The divergence of 300 grains and its gradient against dense PyTorch in float64, and the
# cost at a low temperature against the cheapest assignment, found by SciPy.


def dense_soft_minimum(x, y, prices, temperature):
    exponents = (prices.T - (x[:, None] - y).square().sum(-1) / 2) / temperature
    logarithms = exponents.logsumexp(1, keepdim=True)
    return -temperature * (logarithms - math.log(len(y)))


few_x, few_y = (cloud.double() for cloud in clouds(300))
few_x.requires_grad_()
results = []
for soft in (soft_minimum, dense_soft_minimum):
    value = divergence(few_x, few_y, TEMPERATURE, soft)
    results.append((value.item(), torch.autograd.grad(value, few_x)[0]))
(found, slope), (expected, expected_slope) = results
error = ((slope - expected_slope).norm() / expected_slope.norm()).item()
print(f"relative errors: {abs(found / expected - 1):.1e}, of the gradient {error:.1e}")

costs = torch.cdist(few_x, few_y).square().detach().numpy() / 2
exact = costs[linear_sum_assignment(costs)].mean()
cold = divergence(few_x, few_y, 1e-4).item()
print(f"the cheapest assignment costs {exact:.5f}, the divergence is {cold:.5f}")
assert abs(found / expected - 1) < 1e-10
assert error < 1e-10
assert abs(cold / exact - 1) < 0.05
assert abs(divergence(y, y, TEMPERATURE).item()) < 1e-6
