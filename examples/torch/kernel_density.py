"""Kernel density estimation: gradient descent finds the width of the kernel, and its shape.

The density of a cloud of points is the average of one Gaussian per point. How wide should it be? As wide as makes every
point likely under the Gaussians of all *other* points: the leave-one-out likelihood (Habbema, Hermans and van den Broek
1974; Duin 1976), a log-sum-exp over all pairs, with the diagonal taken out. It is differentiable in the covariance of
the kernel, here a full matrix given by its inverse Cholesky factor, and Adam climbs it. A search over round kernels
shows what the shape gains, and a small cloud is checked against the dense table in float64.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from pairfold.torch import LazyTensor, Vi, Vj

STEPS = 60
PIXELS = 240
CHECKED_POINTS = 1000


def epicentres(count: int) -> Tensor:
    """Return the places of simulated earthquakes along nine parallel, slightly curved faults, (count, 2)."""
    generator = torch.Generator().manual_seed(0)
    fault = torch.randint(-4, 5, (count,), generator=generator)
    along = 2.2 * torch.rand(count, generator=generator) - 1.1 + 0.15 * fault.sin()
    across = 0.27 * fault + 0.1 * along**2 + 0.04 * torch.randn(count, generator=generator)
    angle = torch.tensor(0.6)
    return torch.stack([angle.cos() * along - angle.sin() * across, angle.sin() * along + angle.cos() * across], dim=1)


def leave_one_out(x: Tensor, factor: Tensor) -> Tensor:
    """Return the average log-likelihood of each point under the Gaussians of the others, ().

    The covariance of the Gaussians is (factor' factor)^-1: for the points x factor' they are round, with width 1.
    """
    y = x @ factor.T
    number = torch.arange(len(x), dtype=x.dtype)[:, None]
    is_other = Vi(number) != Vj(number)  # (N, N, 1), 0 on the diagonal, never stored
    logarithms = (-Vi(y).sqdist(Vj(y)) / 2).logsumexp(axis=1, weight=is_other)  # (N, 1)
    return logarithms.mean() + factor.diagonal().log().sum() - math.log(2 * math.pi * (len(x) - 1))


def dense_leave_one_out(x: Tensor, factor: Tensor) -> Tensor:
    """Return the same with the whole table in memory: the judge."""
    y = x @ factor.T
    exponents = -((y[:, None] - y) ** 2).sum(-1) / 2
    exponents = exponents.masked_fill(torch.eye(len(x), dtype=torch.bool), -torch.inf)
    normalization = torch.linalg.det(factor).log() - math.log(2 * math.pi * (len(x) - 1))
    return exponents.logsumexp(1).mean() + normalization


def triangular(parameters: Tensor) -> Tensor:
    """Return the factor that three free numbers stand for: logarithms of two widths, and a shear."""
    shear = torch.eye(2, dtype=parameters.dtype).index_put((torch.tensor(1), torch.tensor(0)), parameters[2])
    return (-parameters[:2]).exp()[:, None] * shear


def fit(x: Tensor) -> tuple[Tensor, list[float]]:
    """Return the parameters that make the points most likely, and the likelihoods on the way."""
    parameters = torch.tensor([-1.5, -1.5, 0.0], requires_grad=True)
    optimizer = torch.optim.Adam([parameters], lr=0.1)
    likelihoods = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        likelihood = leave_one_out(x, triangular(parameters))
        (-likelihood).backward()
        optimizer.step()
        likelihoods.append(likelihood.item())
    return parameters.detach(), likelihoods


def density(x: Tensor, factor: Tensor, where: Tensor) -> Tensor:
    """Return the density at other places, (len(where), 1)."""
    z_i, y_j = LazyTensor((where @ factor.T)[:, None, :]), LazyTensor((x @ factor.T)[None, :, :])
    total = (-((z_i - y_j) ** 2).sum(-1) / 2).exp().sum(axis=1)
    return total * torch.linalg.det(factor) / (2 * math.pi * len(x))


def check(x: Tensor, parameters: Tensor) -> tuple[float, float]:
    """Return how far likelihood and gradient of a small cloud are from the dense computation in float64."""
    parameters = parameters + 0.2  # away from the maximum, where the gradient is not zero
    found_at, expected_at = parameters.clone().requires_grad_(), parameters.double().requires_grad_()
    found = leave_one_out(x, triangular(found_at))
    expected = dense_leave_one_out(x.double(), triangular(expected_at))
    (slope,) = torch.autograd.grad(found, found_at)
    (expected_slope,) = torch.autograd.grad(expected, expected_at)
    return abs(found.item() - expected.item()), ((slope - expected_slope).norm() / expected_slope.norm()).item()


def draw(x: Tensor, factor: Tensor, likelihoods: list[float], round_ones: dict[float, float], path: Path) -> None:
    """Write the picture: the points and two densities above, the likelihoods below."""
    width = max(round_ones, key=lambda width: round_ones[width])
    low, high = x.min(0).values - 0.15, x.max(0).values + 0.15
    extent = (low[0].item(), high[0].item(), low[1].item(), high[1].item())
    where = torch.cartesian_prod(torch.linspace(*extent[2:], PIXELS), torch.linspace(*extent[:2], PIXELS)).flip(1)
    figure = Figure(figsize=(15, 9), layout="constrained")
    grid = figure.add_gridspec(2, 6, height_ratios=[1.6, 1])
    axes = figure.add_subplot(grid[0, :2], facecolor="k")
    axes.plot(*x.T.numpy(), ".", markersize=1.5, color="0.8")
    axes.set_title(f"{len(x)} points", fontsize=13)
    angle = torch.linspace(0, 2 * torch.pi, 90)
    circle = 2 * torch.stack([angle.cos(), angle.sin()])
    cases = ((torch.eye(2) / width, "best round kernel"), (factor, "kernel fitted by gradient descent"))
    for column, (one, title) in enumerate(cases, start=1):
        axes = figure.add_subplot(grid[0, 2 * column : 2 * column + 2])
        image = density(x, one, where).reshape(PIXELS, PIXELS)
        axes.imshow(image.numpy(), origin="lower", extent=extent, cmap="magma")
        axes.set_title(title, fontsize=13)
        ellipse = torch.linalg.inv(one) @ circle
        axes.plot(ellipse[0].numpy() + extent[1] - 0.45, ellipse[1].numpy() + extent[2] + 0.3, "w", linewidth=1.5)
        axes.text(extent[1] - 0.45, extent[2] + 0.6, "the kernel, x 2", color="w", ha="center", fontsize=10)
    for axes in figure.axes:
        axes.set(xlim=extent[:2], ylim=extent[2:], aspect="equal", xticks=[], yticks=[])
    axes = figure.add_subplot(grid[1, :3])
    axes.plot(list(round_ones), list(round_ones.values()), "o-", color="0.5", label="round kernels")
    axes.axhline(likelihoods[-1], color="tab:red", label="fitted kernel")
    axes.set(xlabel="width of a round kernel", ylabel="leave-one-out log-likelihood")
    axes.legend(frameon=False)
    axes = figure.add_subplot(grid[1, 3:])
    axes.plot(likelihoods, color="tab:red", label="gradient descent")
    axes.axhline(round_ones[width], color="0.5", linestyle=":", label="best round kernel")
    axes.set(xlabel="step of Adam")
    axes.legend(frameon=False)
    for axes in figure.axes[3:]:
        axes.set(ylim=(min(likelihoods[0], *round_ones.values()) - 0.05, likelihoods[-1] + 0.06))
        axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=5_000, help="number of points (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/kernel_density.png"), help="the picture")
    arguments = parser.parse_args()

    x = epicentres(arguments.size)
    started = time.perf_counter()
    parameters, likelihoods = fit(x)
    seconds = time.perf_counter() - started
    print(f"{STEPS} steps of gradient descent over all pairs of {len(x)} points took {seconds:.1f} s.")
    print(f"Log-likelihood per point: {likelihoods[0]:.3f} at the start, {likelihoods[-1]:.3f} at the end.")
    factor = triangular(parameters)
    deviations = torch.linalg.svdvals(factor).reciprocal()
    print(f"The kernel is {deviations[1]:.3f} long and {deviations[0]:.3f} wide.")

    round_ones = {float(width): leave_one_out(x, torch.eye(2) / width).item() for width in np.geomspace(0.02, 0.2, 13)}
    best = max(round_ones.values())
    print(f"The best of {len(round_ones)} round kernels reaches {best:.3f}.")
    error, slope_error = check(x[:CHECKED_POINTS], parameters)
    print(f"On {min(CHECKED_POINTS, len(x))} points the likelihood is off by {error:.1e} from dense float64,")
    print(f"its gradient by {slope_error:.1e} (relative).")
    if not (error < 1e-5 and slope_error < 1e-4 and likelihoods[-1] > best):
        raise SystemExit("The result is wrong.")

    draw(x, factor, likelihoods, round_ones, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
