r"""
Attention that learns to clean a photograph
===========================================

Softmax attention (Vaswani and others 2017) is a weighted average over all tokens,

.. math::
   u_i = \frac{\sum_{j \neq i} e^{s_{ij}} \, v_j}{\sum_{j \neq i} e^{s_{ij}}}, \qquad
   s_{ij} = -\|W P_i - W P_j\|^2 - r^2 \|x_i - x_j\|^2 .

The tokens are the pixels of a noisy photograph, :math:`P_i` is the patch around a pixel,
:math:`x_i` its place, :math:`v_i` its value. The projection :math:`W` is learned from the
noisy photograph alone: pixels do not attend to themselves, so what the others say about a
pixel cannot repeat its noise (Batson and Royer, Noise2Self, 2019). The N x N scores are
never stored, nor their gradient.
"""

import math
import os
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from skimage import data, transform

from pairfold.torch import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
SIDE = 112 if FULL else 56
STEPS, NOISE, PATCH, FEATURES = 30, 0.15, 7, 8
print(f"{SIDE} x {SIDE} pixels; at full size: 112 x 112")

# %%
# Pixels and patches
# ------------------


def photograph(side):
    grey = data.camera()[60:380, 130:450] / 255.0
    return torch.from_numpy(
        transform.resize(grey, (side, side), anti_aliasing=True)
    ).float()


def neighbourhoods(image):
    """Return the pixels around each pixel, without the pixel itself, (N, PATCH^2 - 1)."""
    padded = torch.nn.functional.pad(
        image[None, None], (PATCH // 2,) * 4, mode="reflect"
    )
    patches = torch.nn.functional.unfold(padded, PATCH)[0].T
    return torch.cat(
        [patches[:, : PATCH**2 // 2], patches[:, PATCH**2 // 2 + 1 :]], dim=1
    )


torch.manual_seed(0)
clean = photograph(SIDE)
noisy = clean + NOISE * torch.randn(SIDE, SIDE)

# %%
# One head of attention
# ---------------------


class Attention(torch.nn.Module):
    def __init__(self):
        super().__init__()
        side = torch.linspace(-1, 1, PATCH)
        bell = neighbourhoods((-2 * (side[:, None] ** 2 + side**2)).exp())[
            PATCH**2 // 2
        ]
        mixing = torch.randn(len(bell), FEATURES) / math.sqrt(FEATURES)
        self.projection = torch.nn.Parameter(1.6 * bell[:, None] * mixing)
        self.nearness = torch.nn.Parameter(torch.tensor(0.2))

    def keys(self, image):
        """Return what stands for each pixel, (N, FEATURES + 2): its patch and its place."""
        side = torch.linspace(0, 4, len(image), dtype=image.dtype)
        places = self.nearness * torch.cartesian_prod(side, side)
        return torch.cat([neighbourhoods(image) @ self.projection, places], dim=1)

    def scores(self, image):
        """Return the scores, very low on the diagonal: (N, N, 1), never stored."""
        keys = self.keys(image)
        number = torch.arange(len(keys), dtype=keys.dtype)[:, None]
        return -Vi(keys).sqdist(Vj(keys)) - 1e6 * (Vi(number) == Vj(number))

    def forward(self, image):
        """Return what the other pixels say about each pixel, (side, side)."""
        found = self.scores(image).sumsoftmaxweight(Vj(image.reshape(-1, 1)), axis=1)
        return found.reshape(image.shape)


attention = Attention()
optimizer = torch.optim.Adam(attention.parameters(), lr=0.03)
errors = []
start = time.perf_counter()
for _ in range(STEPS):
    optimizer.zero_grad()
    error = (attention(noisy) - noisy).square().mean()
    error.backward()
    optimizer.step()
    errors.append(error.item())
print(f"{STEPS} steps on {noisy.numel():,} tokens: {time.perf_counter() - start:.1f} s")
print(f"one table of scores in float32 would take {4e-6 * noisy.numel() ** 2:.0f} MB")

# %%
# At the end, what the others say and what a pixel says itself are averaged, each weighted by
# how far it can be trusted.

variance = max(errors[-1] - NOISE**2, 0.0)
with torch.no_grad():
    cleaned = (attention(noisy) * NOISE**2 + noisy * variance) / (NOISE**2 + variance)


def decibels(image):
    return -10 * (image - clean).square().mean().log10().item()


before, after = decibels(noisy), decibels(cleaned)
figure, panels = plt.subplots(2, 3, figsize=(10.5, 7))
titles = (
    "photograph",
    f"with noise: {before:.1f} dB",
    f"after attention: {after:.1f} dB",
)
for axes, image, title in zip(panels[0], (clean, noisy, cleaned), titles, strict=True):
    axes.imshow(image.numpy(), cmap="gray", vmin=0, vmax=1)
    axes.set_title(title)
with torch.no_grad():
    scores = attention.scores(noisy)
for axes, (up, across) in zip(panels[1], ((0.3, 0.62), (0.6, 0.37)), strict=False):
    row, column = int(up * SIDE), int(across * SIDE)
    number = row * SIDE + column
    weights = scores.rows(slice(number, number + 1)).softmax(
        axis=1
    )  # one row of the table
    shown = (weights / weights.flatten().topk(SIDE // 4).values[-1]).clamp(max=1)
    axes.imshow(cleaned.numpy(), cmap="gray", vmin=-0.6, vmax=1.6)
    orange = np.broadcast_to((1.0, 0.3, 0.0), (SIDE, SIDE, 3))
    axes.imshow(np.dstack([orange, shown.reshape(SIDE, SIDE).numpy()]))
    ring = {"markersize": 12, "markerfacecolor": "none", "markeredgewidth": 2}
    axes.plot(column, row, "o", markeredgecolor="cyan", **ring)
    axes.set_title("what the marked pixel attends to")
for axes in panels.flat[:5]:
    axes.axis("off")
panels[1, 2].plot(errors, color="tab:red", label="error of foretold pixels")
panels[1, 2].axhline(
    NOISE**2, color="0.5", linestyle=":", label="variance of the noise"
)
panels[1, 2].set(xlabel="step of Adam", title="what is learned from")
panels[1, 2].legend()
plt.show()

# %%
# The check
# ---------
#
# Output and gradients on 20 x 20 pixels against PyTorch's own attention in float64:
# :math:`\|q - k\|^2 = \|q\|^2 + \|k\|^2 - 2 q \cdot k`, and what depends on i alone
# divides out.


def dense(attention, image):
    keys = attention.keys(image)
    bias = -keys.square().sum(1).expand(len(keys), -1)
    bias = bias.masked_fill(torch.eye(len(keys), dtype=torch.bool), -torch.inf)
    product = torch.nn.functional.scaled_dot_product_attention
    values = image.reshape(1, -1, 1)
    return product(keys[None], keys[None], values, attn_mask=bias[None], scale=2.0)


small, head = photograph(20).double(), Attention().double()
found, expected = head(small), dense(head, small).reshape(20, 20)
parameters = list(head.parameters())
slopes = zip(
    torch.autograd.grad((found - small).square().mean(), parameters),
    torch.autograd.grad((expected - small).square().mean(), parameters),
    strict=True,
)
slope_error = max(((one - other).norm() / other.norm()).item() for one, other in slopes)
difference = (found - expected).abs().max().item()
print(f"errors: {difference:.1e} of the output, {slope_error:.1e} of the gradients")
assert difference < 1e-9
assert slope_error < 1e-9
assert after > before + 2
