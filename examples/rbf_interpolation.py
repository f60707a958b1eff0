"""A landscape from 10,000 altitudes: interpolation by radial basis functions, in linear memory.

A map of the Jacksboro fault in Tennessee, which Matplotlib ships, is known at 7 % of its pixels, chosen at random. The
interpolant is a sum of bumps, one per sample: u(z) = sum_j k(|z - x_j|) a_j with the Matern kernel
k(r) = (1 + s r) exp(-s r). Its coefficients solve a dense system with 10,000 unknowns, (K + alpha) a = altitudes; the
conjugate gradients of KernelSolve do it without storing K, and a Nystrom preconditioner saves most of the iterations.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import cbook
from matplotlib.colors import LightSource, LinearSegmentedColormap
from matplotlib.figure import Figure

from pairfold.errors import NotConvergedError
from pairfold.numpy import Genred, KernelSolve, Nystrom

Array = Any
WIDTH = 40.0
"""Width of a bump in pixels."""
ALPHA = 1e-3
"""How much the interpolant may miss its samples, for smoothness."""
CHECKED = 1000
LAND = LinearSegmentedColormap.from_list("land", ["#3c6e47", "#8aa860", "#d9c98b", "#a8794f", "#f4efe6"])

MATERN = "(1 + Norm2(x - y)) * Exp(-Norm2(x - y)) * a"
ALIASES = ["x = Vi(2)", "y = Vj(2)", "a = Vj(1)"]


def scattered_samples(altitudes: Array, count: int) -> tuple[Array, Array]:
    """Return random pixels (count, 2), in units of the kernel, and their altitudes (count, 1)."""
    chosen = np.random.default_rng(0).permutation(altitudes.size)[:count]
    places = np.stack(np.unravel_index(chosen, altitudes.shape), axis=1)
    return (places * np.sqrt(3) / WIDTH).astype(np.float32), altitudes.reshape(-1, 1)[chosen]


def difference_from_dense(points: Array, heights: Array) -> float:
    """Solve a small system also with NumPy in float64; return the relative difference of the fitted heights."""
    points, heights = points.astype(np.float64), heights.astype(np.float64)
    distances = np.sqrt(((points[:, None] - points) ** 2).sum(-1))
    matrix = (1 + distances) * np.exp(-distances)
    expected = np.linalg.solve(matrix + ALPHA * np.eye(len(points)), heights)
    found = KernelSolve(MATERN, ALIASES, "a", axis=1)(points, points, heights, alpha=ALPHA, rtol=1e-10)
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def shade(altitudes: Array) -> Array:
    """Return an image of the landscape in the light of a low sun."""
    light = LightSource(azdeg=315, altdeg=35)
    return light.shade(altitudes, LAND, blend_mode="soft", vert_exag=0.05, dx=1, dy=1, vmin=236, vmax=1076)


def draw(truth: Array, points: Array, heights: Array, found: Array, histories: dict[str, Array], path: Path) -> None:
    """Write the picture: samples, interpolant, truth, and how fast the solver converged."""
    figure = Figure(figsize=(13.6, 12), layout="constrained")
    axes = figure.subplots(2, 2)
    rows, columns = (points * WIDTH / np.sqrt(3)).T
    colours = {"c": heights[:, 0], "cmap": LAND, "vmin": 236, "vmax": 1076}
    axes[0, 0].scatter(columns, rows, s=4 + 24_000 / len(points), linewidths=0, **colours)
    axes[0, 0].set(xlim=(0, truth.shape[1]), ylim=(truth.shape[0], 0), aspect="equal", facecolor="0.12")
    axes[0, 0].set_title(f"{len(points)} samples", fontsize=14)
    axes[0, 1].imshow(shade(found))
    axes[0, 1].set_title("interpolated", fontsize=14)
    axes[1, 0].imshow(shade(truth))
    axes[1, 0].set_title("truth", fontsize=14)
    for panel in (axes[0, 0], axes[0, 1], axes[1, 0]):
        panel.set(xticks=[], yticks=[])
    for (name, history), colour in zip(histories.items(), ("tab:red", "0.6"), strict=True):
        axes[1, 1].semilogy(history, color=colour, linewidth=2.5, label=name)
    axes[1, 1].set(xlabel="iterations of conjugate gradients", title="residual, relative to the altitudes")
    axes[1, 1].legend(frameon=False)
    axes[1, 1].spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=10_000, help="number of samples (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/rbf_interpolation.png"), help="the picture")
    arguments = parser.parse_args()

    truth = cbook.get_sample_data("jacksboro_fault_dem.npz")["elevation"].astype(np.float32)
    points, heights = scattered_samples(truth, arguments.size)
    mean = heights.mean()
    difference = difference_from_dense(points[:CHECKED], heights[:CHECKED] - mean)
    print(f"With {min(CHECKED, len(points))} samples, the coefficients agree with a dense solver: {difference:.1e}.")

    solve = KernelSolve(MATERN, ALIASES, "a", axis=1)
    options = {"alpha": ALPHA, "rtol": 1e-3, "return_report": True}
    started = time.perf_counter()
    rank = min(500, len(points) // 5)
    a, report = solve(points, points, heights - mean, preconditioner=Nystrom(rank=rank), **options)
    seconds = time.perf_counter() - started
    print(f"{len(points)} equations: {report.iterations} iterations with the preconditioner took {seconds:.1f} s.")
    limit = 3 * report.iterations
    try:
        _, plain = solve(points, points, heights - mean, maxiter=limit, **options)
    except NotConvergedError as error:
        plain = error.report
    print(f"After {plain.iterations} iterations without it, {plain.reason}.")

    grid = np.stack(np.mgrid[: truth.shape[0], : truth.shape[1]], axis=-1).reshape(-1, 2) * np.sqrt(3) / WIDTH
    evaluate, nearest = Genred(MATERN, ALIASES, axis=1), Genred("SqDist(x, y)", ALIASES[:2], "ArgMin", axis=1)
    found = (evaluate(grid.astype(np.float32), points, a) + mean).reshape(truth.shape)
    closest = heights[nearest(grid.astype(np.float32), points)[:, 0]].reshape(truth.shape)
    error, simple = (float(np.sqrt(np.mean((image - truth) ** 2))) for image in (found, closest))
    print(f"Error at all {truth.size} pixels: {error:.1f} m; with the nearest sample instead: {simple:.1f} m.")
    if not (difference < 1e-6 and report.converged and error < 0.9 * simple):
        raise SystemExit("The result is wrong.")

    target = options["rtol"]
    names = {f"Nystrom preconditioner, rank {rank}": report, "no preconditioner": plain}
    histories = {name: target * np.array(one.history) for name, one in names.items()}
    draw(truth, points, heights, found, histories, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
