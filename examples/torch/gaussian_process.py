"""Gaussian-process regression: a landscape from noisy soundings, with its own noise and length scales.

The heights are modelled as a Gaussian process whose covariance is k(x, y) = v exp(-|(x - y) / scales|^2 / 2); then
the mean of the process, given the soundings y, is k(z, x) (K + noise^2)^-1 y. How far correlations reach in each of
two directions, how strong they are and how noisy the soundings, follows from the gradient of the marginal likelihood
(Rasmussen and Williams 2006, equation 5.8): of -y' (K + noise^2)^-1 y - log det(K + noise^2). The first term is
differentiated through the solution of the linear system, which KernelSolve does implicitly; the gradient of the second
one, a trace, is estimated with random vectors (Hutchinson 1990). No matrix is stored. Both solution and gradient are
checked on a small cloud against dense PyTorch, where the log-determinant comes from a Cholesky factor.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.colors import LightSource
from matplotlib.figure import Figure
from torch import Tensor

from pairfold.torch import Genred, KernelSolve

NOISE = 0.3
TURN = 0.5
"""Angle of the ridges, in radians: the two directions of the length scales are across them and along them."""
STEPS = 20
PROBES = 4
PIXELS = 200
CHECKED_POINTS = 64

COVARIANCE = "v * Exp(-SqDist(x, z) / 2) * a"
ALIASES = ["x = Vi(2)", "z = Vj(2)", "v = Pm(1)", "a = Vj(1)"]
PROBE_ALIASES = [*ALIASES[:3], f"a = Vj({PROBES})"]
SOLVE, SOLVE_PROBES = (KernelSolve(COVARIANCE, aliases, "a", axis=1) for aliases in (ALIASES, PROBE_ALIASES))
MULTIPLY, MULTIPLY_PROBES = (Genred(COVARIANCE, aliases, axis=1) for aliases in (ALIASES, PROBE_ALIASES))


def landscape(places: Tensor) -> Tensor:
    """Return the height at places in the unit square, (N, 1): uneven ridges that run one way."""
    across, along = turned(places).T
    ridges = (22 * across + 1.5 * (3 * along).sin()).sin() * (0.6 + 0.4 * (4 * along - 6 * across).cos())
    return (ridges + 0.7 * (2 * along + 9 * across).sin())[:, None]


def turned(places: Tensor) -> Tensor:
    """Return the coordinates across the ridges and along them, (N, 2)."""
    return places @ torch.tensor([[math.cos(TURN), -math.sin(TURN)], [math.sin(TURN), math.cos(TURN)]]).to(places)


@dataclass(frozen=True)
class Process:
    """A Gaussian process, given by logarithms of the standard deviation, the two length scales and the noise, (4,)."""

    logarithms: Tensor

    def scaled(self, places: Tensor) -> Tensor:
        """Return places in units of the length scales, (N, 2)."""
        return turned(places) / self.logarithms[1:3].exp()

    def variances(self) -> tuple[Tensor, Tensor]:
        """Return the variances of the process and of the noise, (1,) each."""
        return (2 * self.logarithms[:1]).exp(), (2 * self.logarithms[3:]).exp()

    def solve(self, x: Tensor, heights: Tensor) -> Tensor:
        """Return (K + noise^2)^-1 heights, (N, 1)."""
        points, (variance, noise) = self.scaled(x), self.variances()
        return SOLVE(points, points, variance, heights, alpha=noise, rtol=1e-3)

    def predict(self, x: Tensor, heights: Tensor, where: Tensor) -> Tensor:
        """Return the mean of the process at other places, given the soundings, (len(where), 1)."""
        weights = self.solve(x, heights)
        return MULTIPLY(self.scaled(where), self.scaled(x), self.variances()[0], weights)

    def loss(self, x: Tensor, heights: Tensor, probes: Tensor) -> Tensor:
        """Return a number with the gradient of minus the marginal log-likelihood.

        The derivative of log det A is the trace of A^-1 dA: the average of u' dA z over random signs z, u = A^-1 z.
        """
        points, (variance, noise) = self.scaled(x), self.variances()
        fixed = (points.detach(), points.detach(), variance.detach())
        u = SOLVE_PROBES(*fixed, probes, alpha=noise.detach(), rtol=1e-3)
        trace = (u * (MULTIPLY_PROBES(points, points, variance, probes) + noise * probes)).sum() / PROBES
        return ((heights * self.solve(x, heights)).sum() + trace) / (2 * len(x))


def learn(x: Tensor, heights: Tensor) -> tuple[Process, list[list[float]]]:
    """Return the process that makes the soundings most likely, and its parameters on the way."""
    logarithms = torch.tensor([0.0, -1.5, -1.5, -1.0], requires_grad=True)
    optimizer = torch.optim.Adam([logarithms], lr=0.15, betas=(0.6, 0.9))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    generator = torch.Generator().manual_seed(0)
    history = [logarithms.exp().tolist()]
    for _ in range(STEPS):
        probes = 2.0 * torch.randint(0, 2, (len(x), PROBES), generator=generator) - 1
        optimizer.zero_grad()
        Process(logarithms).loss(x, heights, probes).backward()
        optimizer.step()
        schedule.step()
        history.append(logarithms.exp().tolist())
    return Process(logarithms.detach()), history


def check(x: Tensor, heights: Tensor) -> tuple[float, float]:
    """Return the relative errors of the solution and of the gradient, against dense PyTorch in float64."""
    x, heights = x.double(), heights.double()
    logarithms = torch.tensor([0.2, -1.9, -1.2, -1.3], dtype=torch.float64, requires_grad=True)
    process = Process(logarithms)
    # As many orthogonal probes as points give the trace exactly, a few of them at a time.
    groups = (math.sqrt(len(x)) * torch.eye(len(x), dtype=x.dtype)).split(PROBES, dim=1)
    slopes = [torch.autograd.grad(process.loss(x, heights, probes), logarithms)[0] for probes in groups]

    points, (variance, noise) = process.scaled(x), process.variances()
    matrix = variance * (-((points[:, None] - points) ** 2).sum(-1) / 2).exp() + noise * torch.eye(len(x))
    solution = torch.linalg.solve(matrix, heights)
    loss = ((heights * solution).sum() + torch.logdet(matrix)) / (2 * len(x))
    (slope,) = torch.autograd.grad(loss, logarithms)
    pairs = ((process.solve(x, heights), solution), (torch.stack(slopes).mean(0), slope))
    error, slope_error = (((found - expected).norm() / expected.norm()).item() for found, expected in pairs)
    return error, slope_error


def draw(x: Tensor, heights: Tensor, images: list[Tensor], history: list[list[float]], path: Path) -> None:
    """Write the picture: soundings, prediction and truth above; below, a cut and how the process was learned."""
    figure = Figure(figsize=(15, 9), layout="constrained")
    grid = figure.add_gridspec(2, 6, height_ratios=[1.45, 1])
    found, truth = (image.reshape(PIXELS, PIXELS).numpy() for image in images)
    limits = {"vmin": truth.min(), "vmax": truth.max(), "cmap": colormaps["gist_earth"]}
    axes = figure.add_subplot(grid[0, :2], facecolor="0.12")
    axes.scatter(*x.T.numpy(), c=heights[:, 0].numpy(), s=4 + 9_000 / len(x), linewidths=0, **limits)
    axes.set_title(f"{len(x)} noisy soundings", fontsize=13)
    light = LightSource(azdeg=315, altdeg=40)
    for column, (image, title) in enumerate(((found, "prediction"), (truth, "truth")), start=1):
        axes = figure.add_subplot(grid[0, 2 * column : 2 * column + 2])
        axes.imshow(light.shade(image, vert_exag=14, blend_mode="soft", **limits), origin="lower", extent=(0, 1, 0, 1))
        axes.set_title(title, fontsize=13)
    for axes in figure.axes:
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[], yticks=[])
    axes = figure.add_subplot(grid[1, :3])
    row = PIXELS // 2
    near = (x[:, 1] - (row + 0.5) / PIXELS).abs() < 0.01
    across = (np.arange(PIXELS) + 0.5) / PIXELS
    axes.plot(x[near, 0].numpy(), heights[near, 0].numpy(), ".", color="0.6", label="soundings within 0.01")
    axes.plot(across, truth[row], color="0.2", linewidth=5, alpha=0.25, label="truth")
    axes.plot(across, found[row], color="tab:red", label="prediction")
    axes.set(xlim=(0, 1))
    axes.set_title("a cut from left to right, at half height", fontsize=13)
    axes.legend(frameon=False, ncols=3, fontsize=9)
    axes = figure.add_subplot(grid[1, 3:])
    names = ("standard deviation of the heights", "reach across the ridges", "reach along the ridges", "noise")
    for name, values in zip(names, np.transpose(history), strict=True):
        axes.semilogy(values, linewidth=2, label=name)
    axes.axhline(NOISE, color="tab:red", linestyle=":", label="true noise")
    axes.set(xlabel="step of gradient descent", xticks=range(0, STEPS + 1, 5))
    axes.set_title("what is learned", fontsize=13)
    axes.legend(frameon=False, fontsize=9, loc="center right", bbox_to_anchor=(1, 0.72))
    for axes in figure.axes[3:]:
        axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2_000, help="number of soundings (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/gaussian_process.png"), help="the picture")
    arguments = parser.parse_args()

    generator = torch.Generator().manual_seed(0)
    x = torch.rand(arguments.size, 2, generator=generator)
    heights = landscape(x) + NOISE * torch.randn(arguments.size, 1, generator=generator)
    error, slope_error = check(x[:CHECKED_POINTS], heights[:CHECKED_POINTS])
    print(f"With {CHECKED_POINTS} soundings the solution agrees with dense PyTorch up to {error:.1e},")
    print(f"and the gradient of the likelihood up to {slope_error:.1e}.")
    started = time.perf_counter()
    process, history = learn(x, heights)
    seconds = time.perf_counter() - started
    _, across, along, noise = history[-1]
    print(f"{STEPS} steps of gradient descent with {len(x)} soundings took {seconds:.1f} s.")
    print(f"Correlations reach {across:.3f} across the ridges and {along:.3f} along them.")
    print(f"The noise is estimated as {noise:.3f}; it was made with {NOISE}.")
    side = (torch.arange(PIXELS) + 0.5) / PIXELS
    where = torch.cartesian_prod(side, side).flip(1)
    found, truth = process.predict(x, heights, where), landscape(where)
    remaining = (found - truth).square().mean().sqrt().item()
    print(f"The prediction is off by {remaining:.3f} (root mean square).")
    if not (max(error, slope_error) < 1e-2 and abs(noise - NOISE) < 0.15 * NOISE and remaining < 0.6 * NOISE):
        raise SystemExit("The result is wrong.")

    draw(x, heights, [found, truth], history, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
