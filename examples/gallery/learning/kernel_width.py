r"""
The width and the shape of a kernel, by gradient descent
========================================================

The density of a cloud of points is the average of one Gaussian per point. How wide should
it be? As wide as makes every point likely under the Gaussians of all *other* points, the
leave-one-out likelihood (Habbema, Hermans and van den Broek 1974; Duin 1976):

.. math::
   \ell(R) = \frac1N \sum_{i=1}^N \log \frac{\det R}{2 \pi (N - 1)} \sum_{j \neq i} e^{-\|R \, (x_i - x_j)\|^2 / 2},

a log-sum-exp with the diagonal taken out. It is differentiable in the factor :math:`R`, a
triangular matrix, and Adam climbs it: the kernel finds its own shape.
"""

import math
import os
import time

import matplotlib.pyplot as plt
import numpy as np
import torch

from pairfold.torch import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 20_000 if FULL else 3_000
STEPS = 60
print(f"{N:,} points; at full size: 20,000")

# %%
# Points: earthquakes along faults
# --------------------------------
#
# Simulated, along nine parallel, slightly curved lines.

torch.manual_seed(0)
fault = torch.randint(-4, 5, (N,))
along = 2.2 * torch.rand(N) - 1.1 + 0.15 * fault.sin()
across = 0.27 * fault + 0.1 * along**2 + 0.04 * torch.randn(N)
cos, sin = math.cos(0.6), math.sin(0.6)
x = torch.stack([cos * along - sin * across, sin * along + cos * across], dim=1)

# %%
# The likelihood
# --------------
#
# For the points R x the Gaussians are round, with width 1. The weight of the log-sum-exp
# is 0 on the diagonal and 1 elsewhere, and is never stored either.


def leave_one_out(x, factor):
    """Return the average log-likelihood of each point under the Gaussians of the others."""
    y = x @ factor.T
    number = torch.arange(len(x), dtype=x.dtype)[:, None]
    is_other = Vi(number) != Vj(number)  # (N, N, 1)
    logarithms = (-Vi(y).sqdist(Vj(y)) / 2).logsumexp(axis=1, weight=is_other)  # (N, 1)
    return (
        logarithms.mean() + torch.logdet(factor) - math.log(2 * math.pi * (len(x) - 1))
    )


def triangular(parameters):
    """Return the factor that three numbers stand for: two logarithms, and a shear."""
    shear = torch.eye(2, dtype=parameters.dtype)
    shear = shear.index_put((torch.tensor(1), torch.tensor(0)), parameters[2])
    return (-parameters[:2]).exp()[:, None] * shear


parameters = torch.tensor([-1.5, -1.5, 0.0], requires_grad=True)
optimizer = torch.optim.Adam([parameters], lr=0.1)
likelihoods = []
start = time.perf_counter()
for _ in range(STEPS):
    optimizer.zero_grad()
    likelihood = leave_one_out(x, triangular(parameters))
    (-likelihood).backward()
    optimizer.step()
    likelihoods.append(likelihood.item())
seconds = time.perf_counter() - start
factor = triangular(parameters.detach())
print(f"{STEPS} steps: {seconds:.1f} s, a dense table would take {4e-6 * N**2:.0f} MB")

widths = np.geomspace(0.02, 0.2, 13).tolist()
round_ones = [leave_one_out(x, torch.eye(2) / width).item() for width in widths]
best = int(np.argmax(round_ones))
print(
    f"log-likelihood: {likelihoods[-1]:.3f}; the best round kernel has {round_ones[best]:.3f}"
)

# %%


def density(where, factor):
    """Return the density at other places, (len(where), 1)."""
    kernel = (-Vi(where @ factor.T).sqdist(Vj(x @ factor.T)) / 2).exp()
    return kernel.sum(axis=1) * torch.linalg.det(factor) / (2 * math.pi * len(x))


low, high = x.min(0).values - 0.15, x.max(0).values + 0.15
extent = (low[0].item(), high[0].item(), low[1].item(), high[1].item())
grid = torch.cartesian_prod(
    torch.linspace(*extent[2:], 240), torch.linspace(*extent[:2], 240)
)
figure, panels = plt.subplot_mosaic(
    [
        ["points", "points", "round", "round", "fitted", "fitted"],
        ["widths"] * 3 + ["steps"] * 3,
    ],
    figsize=(11, 6.6),
    height_ratios=[1.55, 1],
)
panels["points"].plot(*x.T, ".", markersize=1.5, color="0.85")
panels["points"].set(title=f"{N:,} points", facecolor="0.1")
circle = torch.linspace(0, 2 * torch.pi, 90)
circle = 2 * torch.stack([circle.cos(), circle.sin()])
cases = {"round": torch.eye(2) / widths[best], "fitted": factor}
for name, one in cases.items():
    image = density(grid.flip(1), one).reshape(240, 240).numpy()
    panels[name].imshow(image, origin="lower", extent=extent, cmap="magma")
    panels[name].set_title("best round kernel" if name == "round" else "fitted kernel")
    ellipse = torch.linalg.inv(one) @ circle
    corner = (extent[1] - 0.5, extent[2] + 0.3)
    panels[name].plot(
        ellipse[0] + corner[0], ellipse[1] + corner[1], "w", linewidth=1.5
    )
    panels[name].text(
        *(corner[0], corner[1] + 0.22, "kernel, x 2"),
        color="w",
        ha="center",
        fontsize=9,
    )
for name in ("points", "round", "fitted"):
    panels[name].set(
        xlim=extent[:2], ylim=extent[2:], aspect="equal", xticks=[], yticks=[]
    )
panels["widths"].semilogx(widths, round_ones, "o-", color="0.5", label="round kernels")
panels["widths"].axhline(likelihoods[-1], color="tab:red", label="fitted kernel")
panels["widths"].set(xlabel="width of a round kernel", title="log-likelihood")
panels["widths"].set_xticks([0.02, 0.05, 0.1, 0.2], ["0.02", "0.05", "0.1", "0.2"])
panels["widths"].minorticks_off()
panels["steps"].plot(likelihoods, color="tab:red", label="gradient descent")
panels["steps"].axhline(
    round_ones[best], color="0.5", linestyle=":", label="best round one"
)
panels["steps"].set(xlabel="step of Adam", title="log-likelihood")
for name in ("widths", "steps"):
    panels[name].legend(loc="lower center" if name == "widths" else "lower right")
plt.show()

# %%
# The check
# ---------
#
# Value and gradient for 1,000 points with the table in memory, in float64, away from the
# maximum, where the gradient is not zero.


def dense_leave_one_out(x, factor):
    y = x @ factor.T
    exponents = -((y[:, None] - y) ** 2).sum(-1) / 2
    exponents = exponents.masked_fill(torch.eye(len(x), dtype=torch.bool), -torch.inf)
    logarithms = exponents.logsumexp(1).mean()
    return logarithms + torch.logdet(factor) - math.log(2 * math.pi * (len(x) - 1))


few = x[:1000]
away = (parameters.detach() + 0.2).requires_grad_()
wide = (parameters.detach().double() + 0.2).requires_grad_()
found = leave_one_out(few, triangular(away))
expected = dense_leave_one_out(few.double(), triangular(wide))
(slope,), (expected_slope,) = (
    torch.autograd.grad(found, away),
    torch.autograd.grad(expected, wide),
)
error = abs(found.item() - expected.item())
slope_error = ((slope - expected_slope).norm() / expected_slope.norm()).item()
print(
    f"errors: {error:.1e} of the likelihood, {slope_error:.1e} of its gradient, relative"
)
assert error < 1e-5
assert slope_error < 1e-4
assert likelihoods[-1] > round_ones[best]
