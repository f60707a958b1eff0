"""Optimal transport between two clouds: Sinkhorn's algorithm in the log domain, with linear memory.

A heap of grains is moved into another shape so that the sum of all squared ways is least. With a little entropy the
problem has a smooth solution (Cuturi 2013), found by turns: each side sets its prices to a soft minimum, a log-sum-exp
over the other side, of cost minus price (Peyre and Cuturi 2019, section 4.4), while the temperature falls by and by
(annealing, Kosowsky and Yuille 1994). At the end the last log-sum-exp is differentiated: by the envelope theorem, the
gradient of the cost with respect to a grain points away from where it goes, so automatic differentiation gives the
transport map. The cost of a small problem is checked against the exact assignment, found by SciPy.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from pairfold.torch import Vi, Vj

FINAL_SCALE = 0.005
"""Square root of the last temperature: entropy blurs the map by about this much."""
ANNEALING, FINAL_ITERATIONS = 34, 40
CHECKED_GRAINS = 400


def heart(points: Tensor) -> Tensor:
    """Tell which points of the square from -1 to 1 are in a heart, (N,)."""
    x, y = 1.25 * points.T
    return (x**2 + y**2 - 1) ** 3 < x**2 * y**3


def rings(points: Tensor) -> Tensor:
    """Tell which points of the square from -1 to 1 are in one of three rings, (N,)."""
    angle = 2 * math.pi * torch.arange(3) / 3 + math.pi / 2
    centres = 0.5 * torch.stack([angle.cos(), angle.sin()], dim=1)
    radius = torch.cdist(points, centres).min(1).values
    return (radius > 0.21) & (radius < 0.4)


def grains(shape: Tensor, squared: Tensor, count: int) -> Tensor:
    """Return `count` of the points that are in a shape, moved to the unit square, (count, 2)."""
    return 0.5 + 0.5 * squared[shape][:count]


def clouds(count: int) -> tuple[Tensor, Tensor]:
    """Return two clouds of grains, spread evenly (a Sobol sequence), (count, 2) each."""
    square = 2 * torch.quasirandom.SobolEngine(2, scramble=True, seed=0).draw(8 * count) - 1
    return grains(heart(square), square, count), grains(rings(square), square, count)


def soft_minimum(x: Tensor, y: Tensor, prices: Tensor, temperature: float) -> Tensor:
    """Return -T log mean_j exp((price_j - |x_i - y_j|^2 / 2) / T), (N, 1)."""
    exponents = (Vj(prices) - Vi(x).sqdist(Vj(y)) / 2) / temperature  # (N, M, 1), never stored
    return -temperature * (exponents.logsumexp(axis=1) - math.log(len(y)))


def sinkhorn(x: Tensor, y: Tensor) -> tuple[Tensor, list[float]]:
    """Return the prices of the cloud y, (M, 1), and the errors on the way at the last temperature."""
    f, g = torch.zeros(len(x), 1), torch.zeros(len(y), 1)
    for scale in np.geomspace(1.0, FINAL_SCALE, ANNEALING):
        for _ in range(2):
            f = soft_minimum(x, y, g, scale**2)
            g = soft_minimum(y, x, f, scale**2)
    errors = []
    for _ in range(FINAL_ITERATIONS):
        found = soft_minimum(x, y, g, FINAL_SCALE**2)
        # What the plan of f and g takes from each grain should be 1 / N; this is the average relative error.
        errors.append(((f - found) / FINAL_SCALE**2).expm1().abs().mean().item())
        f = found
        g = soft_minimum(y, x, f, FINAL_SCALE**2)
    return g, errors


def transport(x: Tensor, y: Tensor, g: Tensor) -> tuple[Tensor, float]:
    """Return where each grain goes, (N, 2), and the cost, by the gradient of the cost."""
    x = x.clone().requires_grad_()
    cost = soft_minimum(x, y, g, FINAL_SCALE**2).mean() + g.mean()
    (gradient,) = torch.autograd.grad(cost, x)
    return (x - len(x) * gradient).detach(), cost.item()


def averages(x: Tensor, y: Tensor, g: Tensor) -> Tensor:
    """Return where each grain goes, (N, 2), as the average of the grains that the plan sends it to."""
    exponents = (Vj(g) - Vi(x).sqdist(Vj(y)) / 2) / FINAL_SCALE**2
    found: Tensor = exponents.sumsoftmaxweight(Vj(y), axis=1)
    return found


def cheapest_assignment(x: Tensor, y: Tensor) -> float:
    """Return the least cost of all ways to send each grain of a small cloud to a grain of its own."""
    costs = torch.cdist(x.double(), y.double()).square().numpy() / 2
    return float(costs[linear_sum_assignment(costs)].mean())


def draw(x: Tensor, goal: Tensor, errors: list[float], path: Path) -> None:
    """Write the picture: six moments of the way, the ways of some grains, and how the algorithm converged."""
    figure = Figure(figsize=(16, 8.4), layout="constrained", facecolor="0.06")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    panels = figure.subplots(2, 4).flat
    angle = torch.atan2(x[:, 1] - 0.55, x[:, 0] - 0.5) / (2 * math.pi)
    colours = ((angle + 0.4 * (x - 0.5).norm(dim=1)) % 1).numpy()
    for axes, moment in zip(panels, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), strict=False):
        now = (1 - moment) * x + moment * goal
        axes.scatter(*now.T.numpy(), c=colours, cmap="hsv", s=16_000 / len(x), linewidths=0)
        axes.set_title(f"t = {moment:.1f}", color="0.85", fontsize=13)
    some = slice(None, None, max(1, len(x) // 1000))
    ways = torch.stack([x[some], goal[some]], dim=1).numpy()
    axes = panels[6]
    axes.add_collection(LineCollection(list(ways), array=colours[some], cmap="hsv", linewidths=0.8))
    axes.set_title("the ways of some grains", color="0.85", fontsize=13)
    for axes in panels[:7]:
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.axis("off")
    axes = panels[7]
    axes.set(facecolor="0.06", box_aspect=0.8)
    axes.loglog(range(1, len(errors) + 1), errors, color="tab:orange", linewidth=2)
    axes.set_title("mass not yet moved", color="0.85", fontsize=13)
    axes.set_xlabel("iteration at the last temperature", color="0.85")
    axes.tick_params(which="both", colors="0.85")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("0.85")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=10_000, help="number of grains (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/optimal_transport.png"), help="the picture")
    arguments = parser.parse_args()

    x, y = clouds(arguments.size)
    started = time.perf_counter()
    g, errors = sinkhorn(x, y)
    goal, cost = transport(x, y, g)
    seconds = time.perf_counter() - started
    print(f"Sinkhorn's algorithm between two clouds of {len(x)} grains took {seconds:.1f} s.")
    print(f"The cost is {cost:.5f}; {errors[-1]:.1e} of the mass is not yet moved.")
    difference = (goal - averages(x, y, g)).abs().max().item()
    print(f"The gradient and the averages of the plan give the same map up to {difference:.1e}.")

    few_x, few_y = clouds(CHECKED_GRAINS)
    exact = cheapest_assignment(few_x, few_y)
    few_g, _ = sinkhorn(few_x, few_y)
    _, found = transport(few_x, few_y, few_g)
    print(f"With {CHECKED_GRAINS} grains the cost is {found:.5f}; the cheapest assignment costs {exact:.5f}.")
    if not (errors[-1] < 0.03 and difference < 1e-3 and abs(found - exact) < 0.03 * exact):
        raise SystemExit("The result is wrong.")

    draw(x, goal, errors, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
