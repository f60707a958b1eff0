r"""
A Gaussian process inside GPyTorch
==================================

GPyTorch learns the parameters :math:`\theta` of a Gaussian process, here two length
scales, a height and the noise, from the gradient of the marginal likelihood

.. math::
   \log p(y \mid \theta) = -\tfrac12 y^\top K_\theta^{-1} y - \tfrac12 \log\det K_\theta
   - \tfrac N2 \log 2 \pi,

by conjugate gradients and random vectors. Its kernels in ``gpytorch.kernels.keops`` need
no matrix, and are written for PyKeOps: after one line, they run with pairfold, without a
compiler.
"""

import os
import time
import warnings

import matplotlib.pyplot as plt
import torch

from pairfold.pykeops import install_as_pykeops

install_as_pykeops()
warnings.filterwarnings("ignore", category=DeprecationWarning)  # PyTorch's, of GPyTorch
import gpytorch  # noqa: E402 - it looks for pykeops when it is imported

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 100_000 if FULL else 2_000
STEPS = 25
print(f"{N:,} points; at full size: 100,000. GPyTorch {gpytorch.__version__}")

# %%
# Data and model
# --------------
#
# A surface that is rough in one direction and smooth in the other. The model is
# GPyTorch's own, but for the name of the kernel's module.

torch.manual_seed(0)
NOISE = 0.2


def surface(places):
    return torch.sin(14 * places[:, 0] + 2 * places[:, 1]) * torch.cos(2 * places[:, 1])


x = torch.rand(N, 2)
y = surface(x) + NOISE * torch.randn(N)


class Surface(gpytorch.models.ExactGP):
    def __init__(self, x, y, likelihood, kernels=gpytorch.kernels.keops):
        super().__init__(x, y, likelihood)
        self.mean = gpytorch.means.ConstantMean()
        matern = kernels.MaternKernel(nu=2.5, ard_num_dims=2)
        self.kernel = gpytorch.kernels.ScaleKernel(matern)

    def forward(self, places):
        mean, covariance = self.mean(places), self.kernel(places)
        return gpytorch.distributions.MultivariateNormal(mean, covariance)


# %%
# Learning
# --------
#
# From 200 points on GPyTorch is to use conjugate gradients in place of a Cholesky factor;
# its own preconditioner, a pivoted Cholesky factor of rank 50, makes them few.

likelihood = gpytorch.likelihoods.GaussianLikelihood()
model = Surface(x, y, likelihood)
objective = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
optimizer = torch.optim.Adam(model.parameters(), lr=0.15)
iterative = (
    gpytorch.settings.max_cholesky_size(200),
    gpytorch.settings.max_preconditioner_size(50),
    gpytorch.settings.cg_tolerance(0.1),
)


def parameters():
    scales = model.kernel.base_kernel.lengthscale[0].tolist()
    return [
        *scales,
        model.kernel.outputscale.item() ** 0.5,
        likelihood.noise.item() ** 0.5,
    ]


model.train()
history, losses = [parameters()], []
start = time.perf_counter()
with iterative[0], iterative[1], iterative[2]:
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = -objective(model(x), y)
        loss.backward()
        optimizer.step()
        history.append(parameters())
        losses.append(loss.item())
print(f"{STEPS} steps: {time.perf_counter() - start:.1f} s")
print(
    f"the matrix in float32 would take {4e-9 * N**2:.2f} GB, its derivatives as much each"
)
print(f"noise: learned {history[-1][3]:.3f}, made with {NOISE}")

# %%
# Prediction
# ----------

model.eval()
side = (torch.arange(100) + 0.5) / 100
where = torch.cartesian_prod(side, side).flip(1)
with (
    torch.no_grad(),
    iterative[0],
    iterative[1],
    gpytorch.settings.skip_posterior_variances(),
):
    mean = model(where).mean

figure, panels = plt.subplots(1, 4, figsize=(13, 3.7), width_ratios=[1, 1, 1, 1.1])
look = {"cmap": "viridis", "vmin": -1.2, "vmax": 1.2}
panels[0].scatter(*x.T, c=y, s=max(0.3, 8_000 / N), linewidths=0, **look)
panels[0].set_title(f"{N:,} noisy points")
for axes, image, title in (
    (panels[1], mean, "mean"),
    (panels[2], surface(where), "truth"),
):
    axes.imshow(
        image.reshape(100, 100).numpy(), origin="lower", extent=(0, 1, 0, 1), **look
    )
    axes.set_title(title)
for axes in panels[:3]:
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[], yticks=[])
names = ("scale across", "scale along", "height", "noise")
for name, values in zip(names, torch.tensor(history).T, strict=True):
    panels[3].semilogy(values, label=name)
panels[3].axhline(NOISE, color="tab:red", linestyle=":")
panels[3].set(
    xlabel="step of Adam", title="what is learned", xticks=range(0, STEPS + 1, 5)
)
panels[3].set_ylim(0.05, 2)
panels[3].legend(fontsize=9, ncols=2, loc="lower center")
plt.show()

# %%
# The check
# ---------
#
# With the same parameters, on 800 of the points in float64: the solution of the system
# against GPyTorch's dense kernel and a Cholesky factor.

few, heights = x[:800].double(), y[:800].double()
dense = Surface(few, heights, likelihood, gpytorch.kernels).double()
lazy = Surface(few, heights, likelihood).double()
for one in (dense, lazy):
    one.load_state_dict(model.state_dict())
with torch.no_grad(), iterative[0], iterative[1], gpytorch.settings.cg_tolerance(1e-5):
    covariance = (
        lazy.kernel(few).evaluate_kernel().add_diagonal(likelihood.noise.double())
    )
    found = covariance.solve(heights[:, None])
matrix = dense.kernel(few).to_dense().detach()
matrix = matrix + likelihood.noise.detach().double() * torch.eye(800)
expected = torch.linalg.solve(matrix, heights[:, None])
error = ((found - expected).norm() / expected.norm()).item()
missed = (mean - surface(where)).square().mean().sqrt().item()
print(
    f"relative error of the solution: {error:.1e}; the mean is off the truth by {missed:.3f}"
)
assert error < 1e-4
assert abs(history[-1][3] - NOISE) < 0.3 * NOISE
assert missed < NOISE / 2
