"""Vibrations of a sphere: eigenvectors of a graph Laplacian on 10,000 points, in linear memory.

Every point of a cloud is joined to every other one with the weight exp(-|x - y|^2 / 4t). SciPy's Lanczos method finds
the smoothest eigenvectors of the normalized graph Laplacian I - D^(-1/2) K D^(-1/2): it only asks for products with K,
and pairfold gives them without storing K. On a sphere the answer is known: the eigenvectors are spherical harmonics, in
groups of 1, 3, 5, 7, ..., and by the Funk-Hecke formula the eigenvalues of the groups are ratios of modified spherical
Bessel functions, 1 - i_l(1 / 2t) / i_0(1 / 2t).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LightSource
from matplotlib.figure import Figure
from scipy.sparse import diags_array
from scipy.sparse.linalg import aslinearoperator, eigsh
from scipy.special import spherical_in

from pairfold.numpy import LazyTensor

Array = Any
DEGREES = 6
"""Spherical harmonics of degree 0, ..., 5 are computed: 36 of them."""
PIXELS = 220


def fibonacci_sphere(count: int) -> Array:
    """Return `count` points spread evenly over the unit sphere, (count, 3)."""
    k = np.arange(count)
    height = 1 - (2 * k + 1) / count
    turn = np.pi * (1 + np.sqrt(5)) * k
    radius = np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=1)


def affinity(x: Array, y: Array, t: float) -> LazyTensor:
    """Return the weights between two clouds, an N x M matrix that is never stored."""
    x_i, y_j = LazyTensor(x[:, None, :]), LazyTensor(y[None, :, :])
    return (-((x_i - y_j) ** 2).sum(-1) / (4 * t)).exp()


def smoothest_eigenvectors(x: Array, t: float, count: int) -> tuple[Array, Array, Array]:
    """Return eigenvalues of the Laplacian (count,), eigenvectors (N, count) and the degrees of the graph (N,)."""
    weights = affinity(x, x, t)
    degrees = weights @ np.ones(len(x))
    scaling = aslinearoperator(diags_array(1 / np.sqrt(degrees)))
    start = np.random.default_rng(0).standard_normal(len(x))
    # The smallest eigenvalues of I - A are the largest ones of A.
    values, vectors = eigsh(
        scaling @ aslinearoperator(weights.as_matrix()) @ scaling, k=count, which="LA", v0=start, tol=1e-7
    )
    return 1 - values[::-1], vectors[:, ::-1], degrees


def known_eigenvalues(t: float) -> Array:
    """Return the eigenvalues on the sphere, each as often as it occurs."""
    groups = np.arange(DEGREES)
    bessel = spherical_in(groups, 1 / (2 * t))
    return np.repeat(1 - bessel / bessel[0], 2 * groups + 1)


def photograph(x: Array, t: float, values: Array, vectors: Array, degrees: Array) -> Array:
    """Return a picture of each eigenvector on the sphere, seen from outside: (count, PIXELS, PIXELS, 4).

    Every pixel is a new point z, where the eigenvector is known from its own equation (Nystrom 1930):
    u(z) = sum_j K(z, x_j) u_j / ((1 - eigenvalue) sqrt(d(z) d_j)).
    """
    side = np.linspace(-1.02, 1.02, PIXELS)
    across, up = np.meshgrid(side, -side)
    inside = across**2 + up**2 < 1
    towards = np.sqrt(np.maximum(0, 1 - across**2 - up**2))
    z = np.stack([across, towards, up], axis=-1)[inside]
    weights = affinity(z, x, t)
    extended = weights @ (vectors / np.sqrt(degrees)[:, None])
    extended /= (1 - values) * np.sqrt(weights @ np.ones(len(x)))[:, None]
    light = LightSource(azdeg=315, altdeg=50).shade_normals(np.stack([across, up, towards], axis=-1), fraction=1.0)
    pictures = np.ones((len(values), PIXELS, PIXELS, 4))
    for picture, u in zip(pictures, extended.T, strict=True):
        colours = colormaps["RdBu_r"](0.5 + 0.5 * u / np.abs(u).max())
        picture[inside] = colours
        picture[inside, :3] *= (0.55 + 0.45 * np.clip(light, 0, 1))[inside][:, None]
    return pictures


def draw(pictures: Array, found: Array, known: Array, path: Path) -> None:
    """Write the picture: a pyramid of harmonics, and the eigenvalues beside the known ones."""
    figure = Figure(figsize=(15, 8.4))
    number = 0
    for degree in range(DEGREES):
        for order in range(2 * degree + 1):
            width = 0.062
            left = 0.345 + (order - degree - 0.5) * width
            axes = figure.add_axes((left, 0.78 - 0.145 * degree, width, width * 15 / 8.4))
            axes.imshow(pictures[number])
            axes.axis("off")
            number += 1
    figure.text(0.345, 0.945, "eigenvectors of the graph Laplacian", ha="center", fontsize=15)
    axes = figure.add_axes((0.735, 0.12, 0.245, 0.80))
    axes.step(np.arange(len(known)), known, where="mid", color="0.75", linewidth=6, label="known: Funk-Hecke formula")
    axes.plot(np.arange(len(found)), found, "o", markersize=5, color="tab:red", label="computed")
    axes.set(xlabel="number of the eigenvector", title="eigenvalues")
    axes.legend(loc="upper left", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=10_000, help="number of points (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/laplacian_eigenvectors.png"), help="the picture")
    arguments = parser.parse_args()

    x = fibonacci_sphere(arguments.size)
    t = 0.02
    started = time.perf_counter()
    found, vectors, degrees = smoothest_eigenvectors(x, t, DEGREES**2)
    seconds = time.perf_counter() - started
    print(f"{DEGREES**2} eigenvectors of the Laplacian of {len(x)} points took {seconds:.1f} s.")
    print(f"Stored in float64, its matrix would take {len(x) ** 2 * 8e-9:.1f} GB.")

    known = known_eigenvalues(t)
    error = np.abs(found - known).max()
    print(f"The eigenvalues differ from those of the sphere by {error:.1e} at most.")
    overlap = np.abs(vectors.T @ vectors - np.eye(DEGREES**2)).max()
    print(f"The eigenvectors are orthonormal up to {overlap:.1e}.")
    if not (error < 20 / len(x) and overlap < 1e-8):
        raise SystemExit("The result is wrong.")

    draw(photograph(x, t, found, vectors, degrees), found, known, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
