"""Mean shift of a photograph: every pixel looks at every other pixel, three times.

Each pixel is a point (x, y, L, a, b): its place, and its colour in a space where distances are what an eye sees. A pass
moves every point to the average of all pixels, weighted by a Gaussian of the distance in these five dimensions, so that
points climb to where pixels are dense. Texture melts into flat strokes while edges stay: the photograph turns into a
painting. The weights form a matrix of N x N numbers that would not fit in memory; pairfold never stores it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from skimage import color, data

from pairfold.numpy import LazyTensor

Array = Any
SPATIAL_SCALE, COLOUR_SCALE = 24.0, 6.0
"""Standard deviations of the Gaussian: pixels, and units of the colour space (1 is just visible)."""
CHECKED_ROWS = 200


def features(photograph: Array, step: int) -> Array:
    """Return the cloud of points (N, 5): each coordinate divided by its scale."""
    height, width, _ = photograph.shape
    y, x = np.mgrid[:height, :width] * step / SPATIAL_SCALE
    lab = color.rgb2lab(photograph) / COLOUR_SCALE
    return np.concatenate([x[..., None], y[..., None], lab], axis=2).reshape(-1, 5).astype(np.float32)


def mean_shift(points: Array, cloud: Array) -> Array:
    """Return the average of the cloud that each point sees, (N, 5)."""
    x_i, y_j = LazyTensor(points[:, None, :]), LazyTensor(cloud[None, :, :])
    weights = (-((x_i - y_j) ** 2).sum(-1) / 2).exp()  # (N, N), never stored
    sums = (weights * y_j.concat(LazyTensor(1.0))).sum(axis=1, progress=True)  # (N, 6): weighted sum, total weight
    return sums[:, :5] / sums[:, 5:]


def mean_shift_float64(points: Array, cloud: Array) -> Array:
    """Return the same with NumPy in float64, row by row: the judge of a sample."""
    cloud = cloud.astype(np.float64)
    weights = np.stack([np.exp(-((point - cloud) ** 2).sum(1) / 2) for point in points.astype(np.float64)])
    return weights @ cloud / weights.sum(1, keepdims=True)


def peak_memory(reset: bool = False) -> float | None:
    """Return the peak memory of this process in MB, where the system tells it; `reset` forgets it first."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def draw(photograph: Array, painting: Array, path: Path) -> None:
    """Write the picture: photograph and painting, and below them the cloud of colours of each."""
    figure = Figure(figsize=(13, 9.6), layout="constrained")
    axes = figure.subplots(2, 2, height_ratios=[1, 1])
    for column, (image, title) in enumerate(((photograph, "photograph"), (painting, "after the mean shift"))):
        axes[0, column].imshow(image, interpolation="nearest")
        axes[0, column].set_title(title, fontsize=15)
        axes[0, column].axis("off")
        lab = color.rgb2lab(image).reshape(-1, 3)
        order = np.random.default_rng(0).permutation(len(lab))[:60_000]
        below = axes[1, column]
        below.scatter(lab[order, 1], lab[order, 0], c=image.reshape(-1, 3)[order], s=2, linewidths=0)
        below.set(xlim=(-8, 62), ylim=(-2, 102), xlabel="green - red", ylabel="lightness", facecolor="0.93")
        below.set_title("its pixels as points in the space of colours", fontsize=12)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the demonstration."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step", type=int, default=1, help="take every n-th pixel in both directions (%(default)s)")
    parser.add_argument("--passes", type=int, default=3, help="number of mean shifts (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/demo.png"), help="the picture (%(default)s)")
    arguments = parser.parse_args()

    photograph = data.coffee()[:: arguments.step, :: arguments.step] / 255.0
    cloud = features(photograph, arguments.step)
    pairs = len(cloud) ** 2
    print(f"A photograph of {photograph.shape[1]} x {photograph.shape[0]} pixels is a cloud of {len(cloud)} points.")
    print(f"Each pass weighs {pairs:.2e} pairs; stored as float32 they would take {pairs * 4e-9:.0f} GB.")

    points, before = cloud, peak_memory(reset=True)
    started = time.perf_counter()
    for _ in range(arguments.passes):
        last, points = points, mean_shift(points, cloud)
    seconds = time.perf_counter() - started
    after = peak_memory()
    print(f"{arguments.passes} passes took {seconds:.1f} s: {arguments.passes * pairs / seconds / 1e9:.2f} G pairs/s.")
    if before is not None and after is not None:
        print(f"Peak memory grew by {after - before:.0f} MB.")

    rows = np.random.default_rng(0).choice(len(cloud), min(CHECKED_ROWS, len(cloud)), replace=False)
    expected = mean_shift_float64(last[rows], cloud)
    error = np.linalg.norm(points[rows] - expected) / np.linalg.norm(expected)
    print(f"Relative error of {len(rows)} rows of the last pass against float64 NumPy: {error:.1e}.")
    if not error < 1e-5:
        raise SystemExit("The result is wrong.")

    painting = color.lab2rgb((points[:, 2:] * COLOUR_SCALE).astype(np.float64).reshape(photograph.shape))
    draw(photograph, painting, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
