"""A Gaussian mixture by gradient descent: thousands of points, dozens of ellipses, one log-sum-exp.

Each component has a weight, a centre and a precision matrix; the log-likelihood of a point is a log-sum-exp over the
components of weighted squared distances (Bishop 2006, section 9.2). All parameters climb its gradient with Adam, with
no formula for any of them, as the EM algorithm would need; the gradients come out of one pass over all pairs of points
and components. Value and gradients are checked against dense PyTorch, and the density against its mass, which is 1.
"""

from __future__ import annotations

import argparse
import math
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from torch import Tensor

from pairfold.torch import Vi, Vj

COMPONENTS = 36
STEPS = 200
WIDTH = 0.15
"""Standard deviation of all components at the start, and the unit of length of their factors."""
HALF_WIDTH = 2.05
PIXELS = 300
CHECKED_POINTS = 500


def rose(count: int) -> Tensor:
    """Return points of a wind rose: eight petals of two lengths and a ring, (count, 2)."""
    generator = torch.Generator().manual_seed(0)
    along = torch.rand(count, generator=generator)
    petal = torch.randint(0, 10, (count,), generator=generator)
    angle = torch.where(petal < 8, 2 * torch.pi * petal / 8 + 0.25 * along, 2 * torch.pi * along)
    radius = torch.where(petal < 8, along.sqrt() * (0.9 + 0.35 * (petal % 2)) + 0.15, 1.75)
    points = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return points + 0.035 * torch.randn(count, 2, generator=generator)


class Mixture(torch.nn.Module):
    """A mixture of K Gaussians in the plane, with free weights, centres and precisions."""

    def __init__(self, centres: Tensor) -> None:
        super().__init__()
        self.centres = torch.nn.Parameter(centres.clone())
        self.factors = torch.nn.Parameter(torch.eye(2).repeat(len(centres), 1, 1))
        self.logits = torch.nn.Parameter(torch.zeros(len(centres), 1))

    def precisions(self) -> Tensor:
        """Return the inverse covariance matrices, (K, 2, 2)."""
        return (self.factors @ self.factors.mT + 1e-3 * torch.eye(2)) / WIDTH**2

    def log_heights(self) -> Tensor:
        """Return the logarithm of the density of each component at its centre, (K, 1)."""
        half_log_determinants = self.precisions().logdet()[:, None] / 2
        return self.logits.log_softmax(0) + half_log_determinants - math.log(2 * math.pi)

    def forward(self, x: Tensor) -> Tensor:
        """Return the log-density at the points, (N, 1)."""
        squares = Vi(x).weightedsqdist(Vj(self.centres), Vj(self.precisions().flatten(1)))  # (N, K, 1), never stored
        found: Tensor = (Vj(self.log_heights()) - squares / 2).logsumexp(axis=1)
        return found

    def dense(self, x: Tensor) -> Tensor:
        """Return the same with the whole table in memory: the judge."""
        away = x[:, None] - self.centres
        squares = torch.einsum("nki,kij,nkj->nk", away, self.precisions(), away)
        return (self.log_heights()[:, 0] - squares / 2).logsumexp(1, keepdim=True)

    def mass(self) -> float:
        """Return the integral of the density over a large square."""
        side = torch.linspace(-3, 3, 400)
        with torch.no_grad():
            heights = self(torch.cartesian_prod(side, side)).exp()
        return (heights.sum() * (side[1] - side[0]) ** 2).item()


def fit(mixture: Mixture, x: Tensor) -> list[float]:
    """Move all parameters to where the points are most likely; return the log-likelihoods on the way."""
    optimizer = torch.optim.Adam(mixture.parameters(), lr=0.03)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    likelihoods = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        likelihood = mixture(x).mean()
        (-likelihood).backward()
        optimizer.step()
        schedule.step()
        likelihoods.append(likelihood.item())
    return likelihoods


def check(mixture: Mixture, x: Tensor) -> tuple[float, float]:
    """Return the largest error of the log-densities and the largest relative error of a gradient."""
    parameters = list(mixture.parameters())
    found, expected = mixture(x), mixture.dense(x)
    slopes = torch.autograd.grad(found.mean(), parameters)
    expected_slopes = torch.autograd.grad(expected.mean(), parameters)
    errors = [((a - b).norm() / b.norm()).item() for a, b in zip(slopes, expected_slopes, strict=True)]
    return (found - expected).abs().max().item(), max(errors)


def draw_components(axes: Any, mixture: Mixture) -> None:
    """Draw an ellipse of two standard deviations for each component, the brighter the heavier."""
    weights = mixture.logits.softmax(0)[:, 0].detach()
    covariances = torch.linalg.inv(mixture.precisions().detach())
    for centre, covariance, weight in zip(mixture.centres.detach(), covariances, weights / weights.max(), strict=True):
        variances, directions = torch.linalg.eigh(covariance)
        width, height = (4 * variances.sqrt()).tolist()
        angle = math.degrees(math.atan2(directions[1, 0], directions[0, 0]))
        style = {"fill": False, "edgecolor": "tab:cyan", "linewidth": 1.6, "alpha": 0.2 + 0.8 * weight.item()}
        axes.add_patch(Ellipse(centre.tolist(), width, height, angle=angle, **style))


def draw(x: Tensor, start: Mixture, mixture: Mixture, likelihoods: list[float], path: Path) -> None:
    """Write the picture: the points with the first and the last ellipses, the density and the likelihoods."""
    figure = Figure(figsize=(16, 5.8), layout="constrained", facecolor="0.07")
    columns = figure.subplots(1, 3)
    for axes, one, title in ((columns[0], start, "at the start"), (columns[1], mixture, "after gradient descent")):
        axes.plot(*x[:12_000].T.numpy(), ",", color="0.7")
        draw_components(axes, one)
        axes.set_title(f"{COMPONENTS} components {title}", color="0.9", fontsize=13)
    side = torch.linspace(-HALF_WIDTH, HALF_WIDTH, PIXELS)
    with torch.no_grad():
        image = mixture(torch.cartesian_prod(side, side).flip(1)).reshape(PIXELS, PIXELS).numpy()
    extent = (-HALF_WIDTH, HALF_WIDTH, -HALF_WIDTH, HALF_WIDTH)
    columns[2].imshow(image, origin="lower", extent=extent, cmap="magma", vmin=-4.5)
    columns[2].set_title("logarithm of the density", color="0.9", fontsize=13)
    inset = columns[0].inset_axes((0.02, 0.02, 0.24, 0.15), facecolor="none")
    inset.plot(likelihoods, color="0.9")
    inset.set_title("log-likelihood", color="0.9", fontsize=9)
    inset.tick_params(colors="0.9", labelsize=8)
    inset.spines[["top", "right"]].set_visible(False)
    inset.spines[["left", "bottom"]].set_color("0.9")
    for axes in columns:
        axes.set(xlim=extent[:2], ylim=extent[2:], aspect="equal")
        axes.axis("off")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=50_000, help="number of points (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/gaussian_mixture.png"), help="the picture")
    arguments = parser.parse_args()

    x = rose(arguments.size)
    start = Mixture(x[:COMPONENTS])
    mixture = deepcopy(start)
    started = time.perf_counter()
    likelihoods = fit(mixture, x)
    seconds = time.perf_counter() - started
    print(f"{STEPS} steps of gradient descent with {len(x)} points took {seconds:.1f} s.")
    print(f"Log-likelihood per point: {likelihoods[0]:.3f} at the start, {likelihoods[-1]:.3f} at the end.")
    error, slope_error = check(mixture, x[:CHECKED_POINTS])
    print(f"The log-densities agree with dense PyTorch up to {error:.1e}, the gradients up to {slope_error:.1e}.")
    mass = mixture.mass()
    print(f"The mass of the density is {mass:.4f}.")
    if not (error < 1e-3 and slope_error < 1e-3 and abs(mass - 1) < 0.01 and likelihoods[-1] > likelihoods[0] + 0.3):
        raise SystemExit("The result is wrong.")

    draw(x, start, mixture, likelihoods, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
