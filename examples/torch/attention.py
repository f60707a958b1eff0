"""Attention that cleans a photograph: every pixel asks every other pixel, and the network learns how to ask.

Softmax attention (Vaswani and others 2017) is a weighted average, sum_j exp(s_ij) v_j / sum_j exp(s_ij): the reduction
sumsoftmaxweight. Here the tokens are the pixels of a noisy photograph, as in non-local means (Buades, Coll and Morel
2005): the score s_ij is minus the squared distance of learned projections of the patches around two pixels, and of
their places; the values are the noisy pixels. Pixels do not attend to themselves, so that the average can be trained
on the noisy photograph alone: what the others say about a pixel cannot repeat its noise (Batson and Royer, Noise2Self,
2019). The table of scores has N x N entries, and neither it nor its gradient is ever stored. On a small photograph
output and gradients are checked against torch.nn.functional.scaled_dot_product_attention in float64.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from skimage import data, transform
from torch import Tensor

from pairfold.torch import Vi, Vj

NOISE = 0.15
PATCH = 7
FEATURES = 8
STEPS = 30
CHECKED_SIDE = 24


def photograph(side: int) -> Tensor:
    """Return a grey photograph with values from 0 to 1, (side, side)."""
    grey = data.camera()[60:380, 130:450] / 255.0
    return torch.from_numpy(transform.resize(grey, (side, side), anti_aliasing=True)).float()


def with_noise(clean: Tensor) -> Tensor:
    """Return the photograph with noise, (side, side)."""
    return clean + NOISE * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))


def neighbourhoods(image: Tensor) -> Tensor:
    """Return the pixels around each pixel, without the pixel itself, (N, PATCH^2 - 1)."""
    padded = torch.nn.functional.pad(image[None, None], (PATCH // 2,) * 4, mode="reflect")
    patches = torch.nn.functional.unfold(padded, PATCH)[0].T
    return torch.cat([patches[:, : PATCH**2 // 2], patches[:, PATCH**2 // 2 + 1 :]], dim=1)


class Attention(torch.nn.Module):
    """One head: pixels average the values of the pixels that look alike and are near."""

    def __init__(self) -> None:
        super().__init__()
        side = torch.linspace(-1, 1, PATCH)
        bell = neighbourhoods((-2 * (side[:, None] ** 2 + side**2)).exp())[PATCH**2 // 2]
        mixing = torch.randn(len(bell), FEATURES, generator=torch.Generator().manual_seed(0)) / math.sqrt(FEATURES)
        self.projection = torch.nn.Parameter(1.6 * bell[:, None] * mixing)
        self.nearness = torch.nn.Parameter(torch.tensor(0.2))

    def keys(self, image: Tensor) -> Tensor:
        """Return what stands for each pixel, (N, FEATURES + 2): its patch, projected, and its place."""
        side = torch.linspace(0, 4, len(image), dtype=image.dtype)
        return torch.cat([neighbourhoods(image) @ self.projection, self.nearness * torch.cartesian_prod(side, side)], 1)

    def scores(self, image: Tensor) -> Any:
        """Return minus the squared distances of the keys, and very little on the diagonal: (N, N, 1), never stored."""
        keys = self.keys(image)
        number = torch.arange(len(keys), dtype=keys.dtype)[:, None]
        return -Vi(keys).sqdist(Vj(keys)) - 1e6 * (Vi(number) == Vj(number))

    def forward(self, image: Tensor) -> Tensor:
        """Return what the other pixels say about each pixel, (side, side)."""
        values = image.reshape(-1, 1)
        found: Tensor = self.scores(image).sumsoftmaxweight(Vj(values), axis=1)  # (N, 1)
        return found.reshape(image.shape)

    def dense(self, image: Tensor) -> Tensor:
        """Return the same by the attention of PyTorch: |q - k|^2 / 2 = |q|^2 / 2 + |k|^2 / 2 - q k."""
        keys = self.keys(image)
        bias = -keys.square().sum(1).expand(len(keys), -1)
        bias = bias.masked_fill(torch.eye(len(keys), dtype=torch.bool), -torch.inf)
        values = image.reshape(1, -1, 1)
        product = torch.nn.functional.scaled_dot_product_attention
        return product(keys[None], keys[None], values, attn_mask=bias[None], scale=2.0).reshape(image.shape)


def train(attention: Attention, noisy: Tensor) -> list[float]:
    """Learn to foretell each noisy pixel from the others; return the mean squared errors on the way."""
    optimizer = torch.optim.Adam(attention.parameters(), lr=0.03)
    errors = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        error = (attention(noisy) - noisy).square().mean()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    return errors


def check(noisy: Tensor) -> tuple[float, float]:
    """Return the largest error of the output, and the largest relative error of a gradient, in float64."""
    attention, noisy = Attention().double(), noisy.double()
    found, expected = attention(noisy), attention.dense(noisy)
    parameters = list(attention.parameters())
    slopes = torch.autograd.grad((found - noisy).square().mean(), parameters)
    expected_slopes = torch.autograd.grad((expected - noisy).square().mean(), parameters)
    errors = [((a - b).norm() / b.norm()).item() for a, b in zip(slopes, expected_slopes, strict=True)]
    return (found - expected).abs().max().item(), max(errors)


def clean_up(attention: Attention, noisy: Tensor, error: float) -> Tensor:
    """Return the average of what others say and what the pixel says, each weighted by how far it can be trusted."""
    with torch.no_grad():
        others = attention(noisy)
    variance_of_others = max(error - NOISE**2, 0.0)
    return (others * NOISE**2 + noisy * variance_of_others) / (NOISE**2 + variance_of_others)


def decibels(image: Tensor, clean: Tensor) -> float:
    """Return the peak signal-to-noise ratio."""
    return -10 * (image - clean).square().mean().log10().item()


def draw(images: dict[str, Tensor], attention: Attention, errors: list[float], path: Path) -> None:
    """Write the picture: photographs above; below, what three pixels attend to, and the errors."""
    figure = Figure(figsize=(15, 9.4), layout="constrained")
    grid = figure.add_gridspec(2, 12, height_ratios=[1.35, 1])
    for column, (title, image) in enumerate(images.items()):
        axes = figure.add_subplot(grid[0, 4 * column : 4 * column + 4])
        axes.imshow(image.numpy(), cmap="gray", vmin=0, vmax=1)
        axes.set_title(title, fontsize=13)
        axes.axis("off")
    _, noisy, cleaned = images.values()
    side = len(noisy)
    with torch.no_grad():
        scores = attention.scores(noisy)
    titles = ("the marked pixel attends to ...", "... and this one to ...", "... and this one to ...")
    for column, ((up, across), title) in enumerate(zip(((0.3, 0.62), (0.6, 0.37), (0.9, 0.2)), titles, strict=True)):
        row, place = int(up * side), int(across * side)
        number = row * side + place
        with torch.no_grad():
            weights = scores.rows(slice(number, number + 1)).softmax(axis=1)  # one row of the table
        shown = (weights / weights.flatten().topk(side // 4).values[-1]).clamp(max=1).reshape(side, side)
        axes = figure.add_subplot(grid[1, 3 * column : 3 * column + 3])
        axes.imshow(cleaned.numpy(), cmap="gray", vmin=-0.6, vmax=1.6)
        orange = np.broadcast_to((1.0, 0.3, 0.0), (side, side, 3))
        axes.imshow(np.dstack([orange, shown.numpy()]))
        axes.plot(place, row, "o", markersize=12, markerfacecolor="none", markeredgecolor="cyan", markeredgewidth=2)
        axes.set_title(title, fontsize=11)
        axes.axis("off")
    axes = figure.add_subplot(grid[1, 9:])
    axes.plot(errors, color="tab:red")
    axes.axhline(NOISE**2, color="0.6", linestyle=":", label="variance of the noise")
    axes.set(xlabel="step of Adam")
    axes.set_title("mean squared error, from noisy pixels alone", fontsize=11)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=112, help="side of the photograph in pixels (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/attention.png"), help="the picture")
    arguments = parser.parse_args()

    difference, slope_error = check(with_noise(photograph(CHECKED_SIDE)))
    print(f"On {CHECKED_SIDE} x {CHECKED_SIDE} pixels it agrees with PyTorch's attention up to {difference:.1e},")
    print(f"and its gradients up to {slope_error:.1e}.")
    clean = photograph(arguments.size)
    noisy = with_noise(clean)
    attention = Attention()
    started = time.perf_counter()
    errors = train(attention, noisy)
    seconds = time.perf_counter() - started
    print(f"{STEPS} steps of training on all pairs of {noisy.numel()} pixels took {seconds:.1f} s.")
    print(f"The error of foretold noisy pixels fell from {errors[0]:.4f} to {errors[-1]:.4f}; {NOISE**2:.4f} is noise.")
    cleaned = clean_up(attention, noisy, errors[-1])
    before, after = decibels(noisy, clean), decibels(cleaned, clean)
    print(f"Signal-to-noise ratio: {before:.1f} dB before, {after:.1f} dB after.")
    if not (difference < 1e-9 and slope_error < 1e-9 and after > before + 3 and errors[-1] < errors[0]):
        raise SystemExit("The result is wrong.")

    titles = ("photograph", f"with noise: {before:.1f} dB", f"after attention: {after:.1f} dB")
    draw(dict(zip(titles, (clean, noisy, cleaned), strict=True)), attention, errors, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
