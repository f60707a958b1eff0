"""K-means of a photograph: superpixels.

Each pixel is a point (place, colour). Lloyd's algorithm (1982) gives every point to the nearest of K centres, an argmin
over all pairs of points and centres that is never stored, and moves each centre to the average of its points. With the
place in the distance, the cells are small regions of nearly one colour whose borders follow the edges of the picture
(Achanta and others 2012). A second derivation checks the averages: the gradient of the squared distance to the nearest
centre, by automatic differentiation through a minimum, vanishes there (Bottou and Bengio 1995); and dense PyTorch in
float64 checks the argmin.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from skimage import color, data, segmentation
from torch import Tensor

from pairfold.torch import LazyTensor, generic_argmin

Array = Any
ITERATIONS = 15
COLOUR_SCALE = 18.0
"""Distance in the space of colours (1 is just visible) that weighs as much as the side of a cell."""
CHECKED_POINTS = 500

NEAREST = generic_argmin("SqDist(x, c)", "k = Vi(1)", "x = Vi(5)", "c = Vj(5)")


def features(photograph: Array, side: float) -> Tensor:
    """Return the points (N, 5): places in units of the side of a cell, colours in units of `COLOUR_SCALE`."""
    height, width, _ = photograph.shape
    y, x = np.mgrid[:height, :width] / side
    lab = color.rgb2lab(photograph) / COLOUR_SCALE
    return torch.from_numpy(np.concatenate([x[..., None], y[..., None], lab], axis=2).reshape(-1, 5)).float()


def averages(x: Tensor, labels: Tensor, centres: Tensor) -> Tensor:
    """Return the average of the points of each label, (K, 5); a centre without points stays."""
    counts = torch.bincount(labels, minlength=len(centres))[:, None]
    sums = torch.zeros_like(centres).index_add(0, labels, x)
    return torch.where(counts > 0, sums / counts.clamp(min=1), centres)


def mean_squared_distance(x: Tensor, centres: Tensor) -> Tensor:
    """Return the mean over all points of the squared distance to the nearest centre, ()."""
    x_i, c_j = LazyTensor(x[:, None, :]), LazyTensor(centres[None, :, :])
    return ((x_i - c_j) ** 2).sum(-1).min(axis=1).mean()


def k_means(x: Tensor, count: int) -> tuple[Tensor, Tensor, list[float]]:
    """Return the labels (N,), the centres (K, 5) and the mean squared distances on the way."""
    centres = x[torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:count]]
    distances = []
    for _ in range(ITERATIONS):
        labels = NEAREST(x, centres)[:, 0]
        distances.append((x - centres[labels]).square().sum(1).mean().item())
        centres = averages(x, labels, centres)
    return NEAREST(x, centres)[:, 0], centres, distances


def check_labels(x: Tensor, labels: Tensor, centres: Tensor) -> float:
    """Return by how much a chosen centre is farther than the nearest one, at most, on a sample of the points."""
    some = slice(None, None, max(1, len(x) // CHECKED_POINTS))
    exact = torch.cdist(x[some].double(), centres.double(), compute_mode="donot_use_mm_for_euclid_dist")
    return (exact.gather(1, labels[some, None])[:, 0] - exact.min(1).values).max().item()


def check_averages(x: Tensor, labels: Tensor, centres: Tensor) -> float:
    """Return how far averages are from a Newton step for the mean squared distance, which has a diagonal Hessian."""
    centres = centres.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(mean_squared_distance(x, centres), centres)
    counts = torch.bincount(labels, minlength=len(centres))[:, None]
    step = centres - gradient * len(x) / (2 * counts.clamp(min=1))
    return (step - averages(x, labels, centres)).abs().max().item()


def draw(photograph: Array, labels: Array, cells: Array, distances: list[float], path: Path) -> None:
    """Write the picture: photograph with the borders, cells, and how the distance fell."""
    figure = Figure(figsize=(15, 7.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.imshow(segmentation.mark_boundaries(photograph, labels, color=(1, 1, 1), mode="inner"))
    left.set_title("borders of the cells: k-means on places and colours", fontsize=14)
    right.imshow(cells)
    right.set_title(f"each of the {len(np.unique(labels))} cells in its average colour", fontsize=14)
    for axes in (left, right):
        axes.axis("off")
    inset = right.inset_axes((0.69, 0.83, 0.28, 0.12), facecolor="none")
    inset.plot(distances, color="white", linewidth=2)
    inset.set(xticks=[], yticks=[])
    inset.set_title("mean squared distance", fontsize=10, color="white")
    inset.spines[["top", "right"]].set_visible(False)
    inset.spines[["left", "bottom"]].set_color("white")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=800, help="number of centres (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/k_means.png"), help="the picture")
    arguments = parser.parse_args()

    photograph = data.astronaut()
    side = (photograph.shape[0] * photograph.shape[1] / arguments.size) ** 0.5
    x = features(photograph, side)
    started = time.perf_counter()
    labels, centres, distances = k_means(x, arguments.size)
    seconds = time.perf_counter() - started
    print(f"{ITERATIONS} iterations with {len(x)} pixels and {len(centres)} centres took {seconds:.1f} s.")
    print(f"Mean squared distance to the nearest centre: {distances[0]:.3f} at first, {distances[-1]:.3f} at last.")
    farther = check_labels(x, labels, centres)
    print(f"In float64, no chosen centre is farther than the nearest by more than {farther:.1e}.")
    difference = check_averages(x, labels, centres)
    print(f"Averages and steps along the gradient agree up to {difference:.1e}.")
    falls = all(later <= earlier * (1 + 1e-6) for earlier, later in pairwise(distances))
    if not (farther < 1e-5 and difference < 1e-3 and falls):
        raise SystemExit("The result is wrong.")

    lab = centres[labels, 2:].reshape(photograph.shape).double().numpy() * COLOUR_SCALE
    draw(photograph, labels.reshape(photograph.shape[:2]).numpy(), color.lab2rgb(lab), distances, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
