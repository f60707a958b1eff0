"""Handwritten digits: k nearest neighbours and k-means in 64 dimensions.

The 1,797 scans of digits that scikit-learn ships are points with 64 coordinates, the grey values of 8 x 8 pixels. A
digit is classified by a vote of its nearest neighbours among the others, found by `argKmin`; and k-means, which does
not see the labels, finds groups by alternating `argmin` with averages. Both compare every point with every other one
and store no matrix of distances. The neighbours are checked against dense NumPy, the groups against scikit-learn.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

from pairfold.numpy import LazyTensor
from pairfold.numpy.cluster import cluster_centroids

Array = Any
NEIGHBOURS = 4
GROUPS = 20


def squared_distances(x: Array, y: Array) -> LazyTensor:
    """Return the squared distances of two clouds, an N x M matrix that is never stored."""
    x_i, y_j = LazyTensor(x[:, None, :]), LazyTensor(y[None, :, :])
    return ((x_i - y_j) ** 2).sum(-1)


def nearest_others(x: Array, count: int) -> Array:
    """Return the nearest other points of every point, nearest first, (N, count)."""
    return squared_distances(x, x).argKmin(count + 1, axis=1)[:, 1:]  # the nearest of all is the point itself


def votes(labels: Array, neighbours: Array) -> Array:
    """Return the label that most neighbours have; of several, that of the nearest one."""
    ballots = labels[neighbours]
    counts = (ballots[:, :, None] == ballots[:, None, :]).sum(2)
    return np.take_along_axis(ballots, counts.argmax(1)[:, None], axis=1)[:, 0]


def k_means(x: Array, centres: Array) -> tuple[Array, Array, int]:
    """Run Lloyd's algorithm until no point changes its group: groups (N,), centres, number of rounds."""
    groups, rounds = None, 0
    while True:
        nearest = squared_distances(x, centres).argmin(axis=1)[:, 0]
        if groups is not None and np.array_equal(nearest, groups):
            return groups, centres, rounds
        groups, rounds = nearest, rounds + 1
        found = cluster_centroids(x, groups)
        occupied = np.flatnonzero(~np.isnan(found[:, 0]))
        centres = centres.copy()
        centres[occupied] = found[occupied]


def apart(x: Array, count: int) -> Array:
    """Return `count` points, each far from those before it (k-means++, Arthur and Vassilvitskii 2007)."""
    random = np.random.default_rng(2)
    chosen = [int(random.integers(len(x)))]
    while len(chosen) < count:
        distances = squared_distances(x, x[chosen]).min(axis=1)[:, 0].astype(np.float64)
        chosen.append(int(random.choice(len(x), p=distances / distances.sum())))
    return x[chosen]


def draw(data: Any, guesses: Array, neighbours: Array, centres: Array, groups: Array, path: Path) -> None:
    """Write the picture: mistakes with their neighbours, the confusion of the digits, and the groups."""
    figure = Figure(figsize=(15, 9), layout="constrained")
    left, middle = figure.subfigures(1, 2, width_ratios=[1, 1.75])
    wrong = np.flatnonzero(guesses != data["target"])
    shown = wrong[:8]
    left.suptitle(f"{len(shown)} of the {len(wrong)} mistakes, and the neighbours that voted", fontsize=14)
    panels = left.subplots(max(len(shown), 1), NEIGHBOURS + 1, squeeze=False)
    for row, number in zip(panels, shown, strict=False):
        for place, (panel, one) in enumerate(zip(row, [number, *neighbours[number]], strict=True)):
            panel.imshow(data["images"][one], cmap="magma" if place == 0 else "gray_r")
            panel.set(xticks=[], yticks=[])
            colour = "0.5" if data["target"][one] == data["target"][number] else "tab:red"
            title = f"{data['target'][one]}, read as {guesses[one]}" if place == 0 else str(data["target"][one])
            panel.set_title(title, fontsize=10, color="k" if place == 0 else colour, pad=2)
    middle.suptitle("groups that k-means finds without labels: centre, and the digits of its members", fontsize=14)
    majority = np.array([np.bincount(data["target"][groups == k], minlength=10).argmax() for k in range(len(centres))])
    grid = middle.subplots(4, GROUPS // 4 * 2)
    for place, k in enumerate(np.argsort(majority, kind="stable")):
        image, bars = grid[place // (GROUPS // 4), 2 * (place % (GROUPS // 4)) :][:2]
        image.imshow(centres[k].reshape(8, 8), cmap="gray_r")
        image.set(xticks=[], yticks=[])
        shares = np.bincount(data["target"][groups == k], minlength=10)
        bars.bar(range(10), shares, color=["tab:red" if digit == majority[k] else "0.75" for digit in range(10)])
        bars.set_xticks(range(10), [str(digit) for digit in range(10)], fontsize=7)
        bars.set_yticks([])
        bars.spines[["top", "right", "left"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1797, help="number of scans (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/handwritten_digits.png"), help="the picture")
    arguments = parser.parse_args()

    digits = load_digits()
    data = {name: digits[name][: arguments.size] for name in ("data", "images", "target")}
    x = data["data"].astype(np.float32)
    started = time.perf_counter()
    neighbours = nearest_others(x, NEIGHBOURS)
    seconds = time.perf_counter() - started
    guesses = votes(data["target"], neighbours)
    accuracy = np.mean(guesses == data["target"])
    print(
        f"{len(x)} digits classified by their {NEIGHBOURS} neighbours in {seconds * 1e3:.0f} ms: {accuracy:.2%} right."
    )

    dense = ((data["data"][:, None] - data["data"]) ** 2).sum(2)  # whole numbers: exact, ties included
    np.fill_diagonal(dense, -1)
    expected = dense.argsort(axis=1, kind="stable")[:, 1 : NEIGHBOURS + 1]
    print(f"Dense NumPy finds the same neighbours: {np.array_equal(neighbours, expected)}.")

    start = apart(x, GROUPS)
    started = time.perf_counter()
    groups, centres, rounds = k_means(x, start)
    seconds = time.perf_counter() - started
    judge = KMeans(GROUPS, init=start, n_init=1, tol=0, algorithm="lloyd").fit(x)
    same = np.mean(groups == judge.labels_)
    purity = np.mean([np.bincount(data["target"][groups == k]).max(initial=0) for k in range(GROUPS)]) * GROUPS / len(x)
    print(f"k-means into {GROUPS} groups: {rounds} rounds in {seconds * 1e3:.0f} ms.")
    print(f"scikit-learn puts {same:.2%} of the digits into the same groups; {purity:.1%} are of their group's digit.")
    if not (np.array_equal(neighbours, expected) and same > 0.99 and accuracy > 0.9):
        raise SystemExit("The result is wrong.")

    draw(data, guesses, neighbours, centres, groups, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
