r"""
Length scales and noise by the gradient of a linear system
==========================================================

How far the correlations of a Gaussian process reach, and how noisy its data are, follows
from the gradient of the marginal likelihood (Rasmussen and Williams 2006, equation 5.8),

.. math::
   \log p(y \mid \theta) &= -\tfrac12 \, y^\top A^{-1} y - \tfrac12 \log\det A + \text{constant}, \\
   A_{ij} &= v \exp\Big(-\tfrac12 \sum_d \frac{(x_{id} - x_{jd})^2}{s_d^2}\Big) + \sigma^2 \delta_{ij}.

The first term is differentiated through the solution of the system, which ``KernelSolve``
does by itself: by one more system. The derivative of the second one is a trace, estimated
with random signs :math:`z` (Hutchinson 1990):
:math:`\mathrm{d} \log\det A = \mathrm{E} \, (A^{-1} z)^\top \, \mathrm{d}A \; z`. No matrix
is stored.
"""

import math
import os
import time

import matplotlib.pyplot as plt
import torch

from pairfold.torch import Genred, KernelSolve

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 10_000 if FULL else 1_000
STEPS, PROBES, NOISE = 20, 4, 0.3
print(f"{N:,} points; at full size: 10,000")

# %%
# Data
# ----
#
# Uneven waves, short in one direction and long in the other.

torch.manual_seed(0)


def waves(places):
    across, along = places[:, :1], places[:, 1:]
    return (22 * across + 1.5 * (3 * along).sin()).sin() + 0.5 * (
        4 * along - 6 * across
    ).cos()


x = torch.rand(N, 2)
y = waves(x) + NOISE * torch.randn(N, 1)

# %%
# A number with the right gradient
# --------------------------------
#
# The parameters are logarithms: of the deviation of the process, of two length scales and
# of the noise.

COVARIANCE = "v * Exp(-SqDist(x, z) / 2) * a"
NAMES = ["x = Vi(2)", "z = Vj(2)", "v = Pm(1)"]
solve = KernelSolve(COVARIANCE, [*NAMES, "a = Vj(1)"], "a", axis=1)
multiply = Genred(COVARIANCE, [*NAMES, "a = Vj(1)"], axis=1)
solve_probes = KernelSolve(COVARIANCE, [*NAMES, f"a = Vj({PROBES})"], "a", axis=1)
multiply_probes = Genred(COVARIANCE, [*NAMES, f"a = Vj({PROBES})"], axis=1)


def parts(logarithms, x):
    """Return points in units of the length scales, and the two variances."""
    points = x / logarithms[1:3].exp()
    return points, (2 * logarithms[:1]).exp(), (2 * logarithms[3:]).exp()


def loss(logarithms, x, y, probes):
    """Return a number with the gradient of minus the marginal log-likelihood, over N."""
    points, variance, noise = parts(logarithms, x)
    solution = solve(points, points, variance, y, alpha=noise, rtol=1e-3)
    with torch.no_grad():
        u = solve_probes(points, points, variance, probes, alpha=noise, rtol=1e-3)
    products = multiply_probes(points, points, variance, probes) + noise * probes
    trace = (u * products).sum() / probes.shape[1]
    return ((y * solution).sum() + trace) / (2 * len(x))


logarithms = torch.tensor([0.0, -1.5, -1.5, -1.0], requires_grad=True)
optimizer = torch.optim.Adam([logarithms], lr=0.15, betas=(0.6, 0.9))
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
history = [logarithms.exp().tolist()]
start = time.perf_counter()
for _ in range(STEPS):
    probes = 2.0 * torch.randint(0, 2, (N, PROBES)) - 1
    optimizer.zero_grad()
    loss(logarithms, x, y, probes).backward()
    optimizer.step()
    schedule.step()
    history.append(logarithms.exp().tolist())
print(f"{STEPS} steps: {time.perf_counter() - start:.1f} s")
print(
    f"a dense matrix in float32 would take {4e-6 * N**2:.0f} MB, its derivatives more"
)
_, across, along, noise = history[-1]
print(
    f"correlations reach {across:.3f} across and {along:.3f} along; noise {noise:.3f}"
)

# %%

side = (torch.arange(150) + 0.5) / 150
where = torch.cartesian_prod(side, side).flip(1)
points, variance, noise_variance = parts(logarithms.detach(), x)
weights = solve(points, points, variance, y, alpha=noise_variance, rtol=1e-3)
mean = multiply(parts(logarithms.detach(), where)[0], points, variance, weights)

figure, panels = plt.subplots(1, 4, figsize=(13, 3.6), width_ratios=[1, 1, 1, 1.2])
look = {"cmap": "cividis", "vmin": -1.5, "vmax": 1.5}
panels[0].scatter(*x.T, c=y[:, 0], s=max(1, 9_000 / N), linewidths=0, **look)
panels[0].set_title(f"{N:,} noisy points")
for axes, values, title in (
    (panels[1], mean, "mean"),
    (panels[2], waves(where), "truth"),
):
    image = values.reshape(150, 150).numpy()
    axes.imshow(image, origin="lower", extent=(0, 1, 0, 1), **look)
    axes.set_title(title)
for axes in panels[:3]:
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[], yticks=[])
names = ("deviation", "scale across", "scale along", "noise")
for name, values in zip(names, torch.tensor(history).T, strict=True):
    panels[3].semilogy(values, linewidth=2, label=name)
panels[3].axhline(NOISE, color="tab:red", linestyle=":")
panels[3].set(xlabel="step of Adam", title="what is learned", ylim=(0.02, 5))
panels[3].set_xticks(range(0, STEPS + 1, 5))
panels[3].legend(fontsize=9, ncols=2, loc="lower center")
plt.show()

# %%
# The check
# ---------
#
# The gradient for 64 points against dense PyTorch in float64, where the log-determinant is
# that of a matrix. As many orthogonal probes as points give the trace exactly.

few, heights = x[:64].double(), y[:64].double()
at = torch.tensor([0.2, -1.9, -1.2, -1.3], dtype=torch.float64, requires_grad=True)
groups = (8 * torch.eye(64, dtype=torch.float64)).split(PROBES, dim=1)
slopes = [torch.autograd.grad(loss(at, few, heights, some), at)[0] for some in groups]
found = torch.stack(slopes).mean(0)

points, variance, noise_variance = parts(at, few)
matrix = variance * (-((points[:, None] - points) ** 2).sum(-1) / 2).exp()
matrix = matrix + noise_variance * torch.eye(64)
quadratic = (heights * torch.linalg.solve(matrix, heights)).sum()
(expected,) = torch.autograd.grad((quadratic + torch.logdet(matrix)) / (2 * 64), at)
error = ((found - expected).norm() / expected.norm()).item()
missed = (mean - waves(where)).square().mean().sqrt().item()
print(
    f"relative error of the gradient: {error:.1e}; the mean is off the truth by {missed:.3f}"
)
assert error < 1e-2
assert math.isclose(noise, NOISE, rel_tol=0.15)
assert missed < 0.6 * NOISE
