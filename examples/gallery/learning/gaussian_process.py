r"""
Gaussian-process regression on 100,000 points
=============================================

Heights are sounded at places :math:`x_i`, with noise. If the landscape is a Gaussian
process with the covariance :math:`k`, its mean and its variance at another place
:math:`z`, given the soundings :math:`y`, are

.. math::
   m(z) &= k(z, x) \, (K + \sigma^2 I)^{-1} y, \\
   v(z) &= k(z, z) - k(z, x) \, (K + \sigma^2 I)^{-1} k(x, z), \qquad K_{ij} = k(x_i, x_j).

``KernelSolve`` solves such systems by conjugate gradients, which need products with
:math:`K` only, so that memory grows with N. A Nystrom preconditioner, made of the leading
eigenvectors of :math:`K`, saves most of the iterations.
"""

import os
import time

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import LightSource

from pairfold.errors import NotConvergedError
from pairfold.torch import Genred, KernelSolve, Nystrom

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 100_000 if FULL else 4_000
RANK = 500 if FULL else 200
print(f"{N:,} soundings; at full size: 100,000")

# %%
# The soundings
# -------------

NOISE = 0.3


def landscape(places):
    """Return the height at places in the unit square: uneven ridges that run one way."""
    across = places @ torch.tensor([[0.88], [-0.48]])
    along = places @ torch.tensor([[0.48], [0.88]])
    ridges = (22 * across + 1.5 * (3 * along).sin()).sin()
    ridges = ridges * (0.6 + 0.4 * (4 * along - 6 * across).cos())
    return ridges + 0.7 * (2 * along + 9 * across).sin()


torch.manual_seed(0)
x = torch.rand(N, 2)
y = landscape(x) + NOISE * torch.randn(N, 1)

# %%
# The system, with and without a preconditioner
# ---------------------------------------------
#
# The covariance is a formula, a Gaussian here; ``s`` is one over its width. ``alpha`` is
# the variance of the noise. Without the preconditioner, the solver is stopped after
# three times as many iterations.

COVARIANCE = "Exp(-SqDist(s * x, s * z) / 2) * a"
NAMES = ["x = Vi(2)", "z = Vj(2)", "s = Pm(1)"]
solve = KernelSolve(COVARIANCE, [*NAMES, "a = Vj(1)"], "a", axis=1)
multiply = Genred(COVARIANCE, [*NAMES, "a = Vj(1)"], axis=1)
s = torch.tensor([1 / 0.06])
options = {"alpha": NOISE**2, "rtol": 1e-4, "return_report": True}

start = time.perf_counter()
weights, fast = solve(x, x, s, y, preconditioner=Nystrom(rank=RANK), **options)
seconds = time.perf_counter() - start
try:
    _, plain = solve(x, x, s, y, maxiter=3 * fast.iterations, **options)
except NotConvergedError as error:
    plain = error.report
print(f"{fast.iterations} iterations, {seconds:.1f} s; rank {RANK}")
print(f"without the preconditioner, after {plain.iterations}: {plain.reason}")
print(f"the matrix in float32 would take {4e-9 * N**2:,.2f} GB, its factor as much")

# %%
# Mean and deviation
# ------------------
#
# The mean is a product with what was found. The variances along a cut are systems too,
# all of them solved at once: ``a`` has as many components as there are places.

side = (torch.arange(160) + 0.5) / 160
where = torch.cartesian_prod(side, side).flip(1)
mean = multiply(where, x, s, weights)

cut = torch.stack([torch.linspace(0, 1, 48), torch.full((48,), 0.5)], dim=1)
many = KernelSolve(COVARIANCE, [*NAMES, "a = Vj(48)"], "a", axis=1)
columns = (-((x[:, None] - cut) * s).square().sum(-1) / 2).exp()  # (N, 48)
preconditioner = Nystrom(rank=RANK)
solved = many(
    x, x, s, columns, preconditioner=preconditioner, alpha=NOISE**2, rtol=1e-4
)
deviation = (1 - (columns * solved).sum(0)).clamp(min=0).sqrt()
cut_mean = multiply(cut, x, s, weights)[:, 0]

# %%

figure, panels = plt.subplot_mosaic(
    [["data", "mean", "truth"], ["cut", "cut", "residual"]],
    figsize=(11, 7.2),
    height_ratios=[1.25, 1],
)
truth = landscape(where).reshape(160, 160).numpy()
limits = {"vmin": truth.min(), "vmax": truth.max(), "cmap": plt.colormaps["gist_earth"]}
size = max(0.3, min(20, 16_000 / N))
panels["data"].set(title=f"{N:,} noisy soundings", facecolor="0.15")
panels["data"].scatter(*x.T, c=y[:, 0], s=size, linewidths=0, **limits)
light = LightSource(azdeg=315, altdeg=40)
for name, image in (("mean", mean.reshape(160, 160).numpy()), ("truth", truth)):
    shaded = light.shade(image, vert_exag=12, blend_mode="soft", **limits)
    panels[name].imshow(shaded, origin="lower", extent=(0, 1, 0, 1))
    panels[name].set_title("mean of the process" if name == "mean" else "truth")
for name in ("data", "mean", "truth"):
    panels[name].set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[], yticks=[])
axes = panels["cut"]
near = (x[:, 1] - 0.5).abs() < 20 / N
axes.plot(x[near, 0], y[near, 0], ".", color="0.6", label="soundings")
axes.plot(cut[:, 0], landscape(cut), color="0.2", linestyle="--", label="truth")
axes.plot(cut[:, 0], cut_mean, color="tab:red", label="mean")
band = (cut_mean - 2 * deviation, cut_mean + 2 * deviation)
axes.fill_between(
    cut[:, 0], *band, color="tab:red", alpha=0.25, linewidth=0, label="two deviations"
)
axes.set(xlim=(0, 1), title="a cut at half height")
axes.legend(ncols=4, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, -0.28))
axes = panels["residual"]
for report, colour, name in ((fast, "tab:red", "Nystrom"), (plain, "0.5", "none")):
    residuals = options["rtol"] * torch.tensor(report.history)
    axes.semilogy(residuals, color=colour, linewidth=2, label=f"preconditioner: {name}")
axes.set(xlabel="iterations", title="relative residual")
axes.yaxis.tick_right()
axes.spines.right.set_visible(True)
axes.spines.left.set_visible(False)
axes.legend(fontsize=9)
plt.show()

# %%
# The check
# ---------
#
# On 1,000 of the soundings, mean and variance by a Cholesky factor in float64.

few, heights, places = x[:1000].double(), y[:1000].double(), cut.double()


def dense(one, other):
    return (-((one[:, None] - other) * s.double()).square().sum(-1) / 2).exp()


factor = torch.linalg.cholesky(dense(few, few) + NOISE**2 * torch.eye(1000))
expected = dense(places, few) @ torch.cholesky_solve(heights, factor)
inverse = torch.cholesky_solve(dense(few, places), factor)
expected_variance = 1 - (dense(few, places) * inverse).sum(0)
accurate = {"alpha": NOISE**2, "rtol": 1e-9, "preconditioner": Nystrom(rank=100)}
found = multiply(
    places, few, s.double(), solve(few, few, s.double(), heights, **accurate)
)
columns = dense(few, places)
found_variance = 1 - (columns * many(few, few, s.double(), columns, **accurate)).sum(0)
error = (found - expected).abs().max().item()
variance_error = (found_variance - expected_variance).abs().max().item()
print(f"largest errors: {error:.1e} of the mean, {variance_error:.1e} of the variance")
missed = (mean - landscape(where)).square().mean().sqrt().item()
print(f"the mean is off the truth by {missed:.3f}, the noise is {NOISE}")
assert max(error, variance_error) < 1e-6
assert fast.converged
assert missed < NOISE / 2
