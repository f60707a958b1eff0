"""Ten nearest neighbours and a density of 2,000,000 points, on two cores, and hardly any pair looked at.

A galaxy that is made up: a bulge, a disc with two spiral arms, a halo, and 300 clusters of stars of all sizes. The ten
nearest neighbours of every star are exact, as tol=0 asks. The density is a sum of 2,000,000 Gaussians at 2,000,000
places, and its logarithm is right to 0.001: that is guaranteed. Both are compared with all pairs for a sample of stars.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import pairfold
from pairfold.numpy import Tree, Vi, Vj

Array = Any
NEIGHBOURS = 10
BANDWIDTH = 0.01
"""Of the Gaussians, in units of the radius of the disc."""
TOLERANCE = 1e-3
CHECKED = 200
DARK = "#0b0e17"


def galaxy(count: int) -> Array:
    """Return stars (count, 3), in units of the radius of the disc."""
    random = np.random.default_rng(0)
    parts = np.array([0.15, 0.6, 0.1, 0.15])
    sizes = np.floor(parts * count).astype(int)
    sizes[1] += count - sizes.sum()
    bulge = 0.12 * random.standard_normal((sizes[0], 3)) * [1, 1, 0.7]
    radius = np.sqrt(random.uniform(0.02, 1, sizes[1]))
    arm = np.pi * random.integers(0, 2, sizes[1]) + 0.35 * random.standard_normal(sizes[1])
    angle = arm + 4.5 * np.sqrt(radius)
    height = 0.02 * random.standard_normal(sizes[1])
    disc = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    direction = random.standard_normal((sizes[2], 3))
    halo = direction / np.linalg.norm(direction, axis=1, keepdims=True) * random.exponential(0.5, (sizes[2], 1))
    centres = disc[random.integers(0, len(disc), 300)]
    which = random.integers(0, 300, sizes[3])
    extent = 10.0 ** random.uniform(-3, -1.5, (300, 1))
    clusters = centres[which] + extent[which] * random.standard_normal((sizes[3], 3))
    stars = np.concatenate([bulge, disc, halo, clusters]).astype(np.float32)
    return stars[random.permutation(count)]


def timed(compute: Callable[[], tuple[Any, pairfold.Report]], title: str) -> Any:
    """Return a result, and say how long it took and what was looked at."""
    start = time.perf_counter()
    result, report = compute()
    seconds = time.perf_counter() - start
    print(f"{title}: {seconds:.1f} s. {report}", flush=True)
    return result


def check(stars: Array, neighbours: Array, density: Array) -> bool:
    """Compare with all pairs, for a sample of the stars; return whether all is right."""
    sample = np.random.default_rng(1).choice(len(stars), CHECKED, replace=False)
    some = Vi(stars[sample]).sqdist(Vj(stars))
    same = np.array_equal(some.argKmin(NEIGHBOURS, axis=1), neighbours[sample])
    wide = Vi(stars[sample].astype(np.float64)).sqdist(Vj(stars.astype(np.float64)))
    error = np.abs((wide * (-0.5 / BANDWIDTH**2)).logsumexp(axis=1) - density[sample]).max()
    print(f"For {CHECKED} stars, all pairs have the same neighbours: {same}. The logarithm is off by {error:.1e}.")
    return same and error < TOLERANCE


def draw(stars: Array, neighbours: Array, density: Array, path: Path) -> None:
    """Write the picture: the density from above, and the neighbours around the densest place of an arm."""
    figure = Figure(figsize=(13, 6.6), facecolor=DARK)
    left, right = figure.subplots(1, 2, gridspec_kw={"wspace": 0.02})
    shown = np.argsort(density[:, 0])
    shown = shown[:: max(1, len(shown) // 1_000_000)]
    settings = {"cmap": "magma", "linewidths": 0}
    left.scatter(*stars[shown, :2].T, c=density[shown, 0], s=0.15, rasterized=True, **settings)
    left.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15))
    away = np.abs(np.linalg.norm(stars[:, :2], axis=1) - 0.6) < 0.1
    centre = stars[away][np.argmax(density[away, 0]), :2]
    width = 0.05 * (2_000_000 / len(stars)) ** (1 / 3)
    near = np.flatnonzero((np.abs(stars[:, :2] - centre) < width).all(axis=1))
    near = near[:: max(1, len(near) // 6000)]
    edges = np.stack(
        [np.broadcast_to(stars[near, None, :2], (len(near), NEIGHBOURS, 2)), stars[neighbours[near], :2]], 2
    )
    right.add_collection(LineCollection(list(edges.reshape(-1, 2, 2)), colors="#9fc5ff", linewidths=0.15, alpha=0.5))
    right.scatter(*stars[near, :2].T, c=density[near, 0], s=2.0, zorder=2, **settings)
    right.set(xlim=(centre[0] - width, centre[0] + width), ylim=(centre[1] - width, centre[1] + width))
    left.add_patch(Rectangle(tuple(centre - width), 2 * width, 2 * width, fill=False, edgecolor="#9fc5ff"))
    titles = (f"log-density of {len(stars):,} stars, h = {BANDWIDTH}", f"{NEIGHBOURS} nearest neighbours, in the frame")
    for axes, title in zip((left, right), titles, strict=True):
        axes.set_facecolor(DARK)
        axes.set(aspect="equal", xticks=[], yticks=[])
        axes.set_title(title, color="white")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, bbox_inches="tight")


def main() -> None:
    """Count, compare and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2_000_000, help="number of stars (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/two_million_points.png"), help="the picture")
    arguments = parser.parse_args()
    stars = galaxy(arguments.size)
    tree = Tree(stars)
    distances = Vi(tree).sqdist(Vj(tree))
    neighbours = timed(
        lambda: distances.argKmin(NEIGHBOURS, axis=1, tol=0, report=True), f"{NEIGHBOURS} neighbours of {len(stars):,}"
    )
    density = timed(
        lambda: (distances * (-0.5 / BANDWIDTH**2)).logsumexp(axis=1, tol=TOLERANCE, report=True), "density"
    )
    if not check(stars, neighbours, density):
        raise SystemExit("The result is wrong.")
    draw(stars, neighbours, density, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
