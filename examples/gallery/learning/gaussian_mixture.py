r"""
A Gaussian mixture by gradient descent
======================================

Each of K components has a weight :math:`w_k`, a centre :math:`c_k` and a precision matrix
:math:`A_k`. The log-likelihood of a point is a log-sum-exp of weighted squared distances
(Bishop 2006, section 9.2):

.. math::
   \log p(x_i) = \log \sum_{k=1}^K \exp\Big(& \log w_k + \tfrac12 \log\det A_k - \tfrac D2 \log 2\pi \\
   & - \tfrac12 (x_i - c_k)^\top A_k \, (x_i - c_k)\Big).

All parameters climb its gradient with Adam, without a formula for any of them, as the EM
algorithm would need.
"""

import math
import os
import time

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Ellipse

from pairfold.torch import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 100_000 if FULL else 10_000
STEPS = 200 if FULL else 120
COMPONENTS, WIDTH = 36, 0.15
print(f"{N:,} points; at full size: 100,000")

# %%
# The points: a wind rose
# -----------------------
#
# Eight petals of two lengths, and a ring.

torch.manual_seed(0)
along, petal = torch.rand(N), torch.randint(0, 10, (N,))
angle = torch.where(
    petal < 8, torch.pi * petal / 4 + 0.25 * along, 2 * torch.pi * along
)
radius = torch.where(petal < 8, along.sqrt() * (0.9 + 0.35 * (petal % 2)) + 0.15, 1.75)
x = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
x = x + 0.035 * torch.randn(N, 2)

# %%
# The mixture
# -----------
#
# A precision matrix is a factor times its transpose; ``weightedsqdist`` takes the
# matrices flattened.


class Mixture(torch.nn.Module):
    def __init__(self, centres):
        super().__init__()
        self.centres = torch.nn.Parameter(centres.clone())
        self.factors = torch.nn.Parameter(torch.eye(2).repeat(len(centres), 1, 1))
        self.logits = torch.nn.Parameter(torch.zeros(len(centres), 1))

    def precisions(self):
        """Return the inverse covariance matrices, (K, 2, 2)."""
        return (self.factors @ self.factors.mT + 1e-3 * torch.eye(2)) / WIDTH**2

    def log_heights(self):
        """Return the logarithm of the density of each component at its centre, (K, 1)."""
        half = self.precisions().logdet()[:, None] / 2
        return self.logits.log_softmax(0) + half - math.log(2 * math.pi)

    def forward(self, x):
        """Return the log-density at the points, (N, 1)."""
        squares = Vi(x).weightedsqdist(
            Vj(self.centres), Vj(self.precisions().flatten(1))
        )
        return (Vj(self.log_heights()) - squares / 2).logsumexp(axis=1)

    def dense(self, x):
        """Return the same with the whole table in memory."""
        away = x[:, None] - self.centres
        squares = torch.einsum("nki,kij,nkj->nk", away, self.precisions(), away)
        return (self.log_heights()[:, 0] - squares / 2).logsumexp(1, keepdim=True)


mixture, first = Mixture(x[:COMPONENTS]), Mixture(x[:COMPONENTS])
optimizer = torch.optim.Adam(mixture.parameters(), lr=0.03)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
likelihoods = []
start = time.perf_counter()
for _ in range(STEPS):
    optimizer.zero_grad()
    likelihood = mixture(x).mean()
    (-likelihood).backward()
    optimizer.step()
    schedule.step()
    likelihoods.append(likelihood.item())
seconds = time.perf_counter() - start
print(f"{STEPS} steps: {seconds:.1f} s")
print(
    f"a table of {N:,} x {COMPONENTS} in float32 would take {4e-6 * N * COMPONENTS:.1f} MB,"
)
print("and automatic differentiation of the dense program keeps about eight of them")
print(
    f"log-likelihood: {likelihoods[0]:.3f} at the start, {likelihoods[-1]:.3f} at the end"
)

# %%


def draw_components(axes, mixture):
    """Draw an ellipse of two standard deviations for each component."""
    weights = mixture.logits.softmax(0)[:, 0].detach()
    covariances = torch.linalg.inv(mixture.precisions().detach())
    each = zip(
        mixture.centres.detach(), covariances, weights / weights.max(), strict=True
    )
    for centre, covariance, weight in each:
        variances, directions = torch.linalg.eigh(covariance)
        width, height = (4 * variances.sqrt()).tolist()
        angle = math.degrees(math.atan2(directions[1, 0], directions[0, 0]))
        ellipse = Ellipse(centre.tolist(), width, height, angle=angle, fill=False)
        ellipse.set(
            edgecolor="tab:cyan", linewidth=1.4, alpha=0.2 + 0.8 * weight.item()
        )
        axes.add_patch(ellipse)


figure, columns = plt.subplots(1, 3, figsize=(12, 4.2), facecolor="0.07")
for axes, one, when in (
    (columns[0], first, "at the start"),
    (columns[1], mixture, "fitted"),
):
    axes.plot(*x[:8000].T, ".", markersize=0.8, color="0.6")
    draw_components(axes, one)
    axes.set_title(f"{COMPONENTS} components, {when}", color="0.9")
side = torch.linspace(-2.05, 2.05, 250)
with torch.no_grad():
    image = mixture(torch.cartesian_prod(side, side).flip(1)).reshape(250, 250).numpy()
extent = (-2.05, 2.05, -2.05, 2.05)
columns[2].imshow(image, origin="lower", extent=extent, cmap="magma", vmin=-4.5)
columns[2].set_title("logarithm of the density", color="0.9")
for axes in columns:
    axes.set(xlim=extent[:2], ylim=extent[2:], aspect="equal")
    axes.axis("off")
plt.show()

# %%
# The check
# ---------
#
# Log-densities and gradients of 500 points against dense PyTorch, and the mass of the
# density, which is 1.

parameters = list(mixture.parameters())
found, expected = mixture(x[:500]), mixture.dense(x[:500])
error = (found - expected).abs().max().item()
slopes = zip(
    torch.autograd.grad(found.mean(), parameters),
    torch.autograd.grad(expected.mean(), parameters),
    strict=True,
)
slope_error = max(((one - other).norm() / other.norm()).item() for one, other in slopes)
grid = torch.linspace(-3, 3, 400)
with torch.no_grad():
    heights = mixture(torch.cartesian_prod(grid, grid)).exp()
mass = (heights.sum() * (grid[1] - grid[0]) ** 2).item()
print(f"errors: {error:.1e} of the log-densities, {slope_error:.1e} of the gradients")
print(f"mass: {mass:.4f}")
assert error < 1e-3
assert slope_error < 1e-3
assert abs(mass - 1) < 0.01
assert likelihoods[-1] > likelihoods[0] + 0.3
