r"""
K-means: superpixels of a photograph
====================================

Lloyd's algorithm (1982) gives every point :math:`x_i` to the nearest of K centres, and
moves each centre to the average of its points:

.. math::
   \ell_i = \operatorname*{arg\,min}_{k = 1 \dots K} \|x_i - c_k\|^2, \qquad
   c_k = \frac{1}{|\{i : \ell_i = k\}|} \sum_{i : \ell_i = k} x_i .

Here a point is a pixel, its place and its colour: the cells are small regions of nearly
one colour, whose borders follow the edges of the picture (Achanta and others 2012).
"""

import os
import time
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
from skimage import color, data, segmentation

from pairfold.torch import LazyTensor

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
CENTRES = 2_000 if FULL else 400
print(f"{CENTRES:,} centres; at full size: 2,000")

# %%
# The points
# ----------
#
# Places in units of the side of a cell, colours in a space where 1 is just visible: a
# difference of 18 weighs as much as the side of a cell.

photograph = data.astronaut()
height, width, _ = photograph.shape
side = (height * width / CENTRES) ** 0.5
places = np.stack(np.mgrid[:height, :width], axis=-1) / side
points = np.concatenate([places, color.rgb2lab(photograph) / 18], axis=2)
x = torch.from_numpy(points.reshape(-1, 5)).float()
print(f"{len(x):,} points in 5 dimensions")

# %%
# The algorithm
# -------------
#
# The nearest centre is an argmin over all pairs of points and centres.


def distances(x, centres):
    """Return the squared distances, (N, K, 1), not stored."""
    return ((LazyTensor(x[:, None, :]) - LazyTensor(centres[None, :, :])) ** 2).sum(-1)


def averages(x, labels, centres):
    """Return the average of the points of each label; a centre without points stays."""
    counts = torch.bincount(labels, minlength=len(centres))[:, None]
    sums = torch.zeros_like(centres).index_add(0, labels, x)
    return torch.where(counts > 0, sums / counts.clamp(min=1), centres)


def k_means(x, centres, rounds=15):
    energies = []
    for _ in range(rounds):
        labels = distances(x, centres).argmin(axis=1)[:, 0]
        energies.append((x - centres[labels]).square().sum(1).mean().item())
        centres = averages(x, labels, centres)
    return distances(x, centres).argmin(axis=1)[:, 0], centres, energies


torch.manual_seed(0)
start = time.perf_counter()
labels, centres, energies = k_means(x, x[torch.randperm(len(x))[:CENTRES]])
seconds = time.perf_counter() - start
print(f"15 rounds: {seconds:.2f} s, {15e-9 * len(x) * CENTRES / seconds:.2f} G pairs/s")
print(f"the table of distances would take {4e-6 * len(x) * CENTRES:,.0f} MB")

# %%

cells = centres[labels, 2:].reshape(height, width, 3).double().numpy() * 18
borders = labels.reshape(height, width).numpy()
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 5.2))
bright = (1, 0.95, 0.2)
left.imshow(
    segmentation.mark_boundaries(photograph, borders, color=bright, mode="inner")
)
left.set_title("cells of k-means on places and colours")
right.imshow(color.lab2rgb(cells))
right.set_title(f"{len(labels.unique()):,} cells in their average colours")
for axes in (left, right):
    axes.axis("off")
plt.show()

# %%
# The check
# ---------
#
# In float64, no chosen centre is farther than the nearest one. And a second derivation of
# the averages: the gradient of the mean squared distance to the nearest centre, through a
# minimum, leads to them by one step of Newton's method (Bottou and Bengio 1995).

some = slice(None, None, len(x) // 500)
exact = torch.cdist(
    x[some].double(), centres.double(), compute_mode="donot_use_mm_for_euclid_dist"
)
chosen = exact.gather(1, labels[some, None])[:, 0]
farther = (chosen - exact.min(1).values).max().item()

moving = centres.clone().requires_grad_()
(gradient,) = torch.autograd.grad(distances(x, moving).min(axis=1).sum(), moving)
counts = torch.bincount(labels, minlength=len(centres))[:, None]
step = centres - gradient / (2 * counts.clamp(min=1))
difference = (step - averages(x, labels, centres)).abs().max().item()
print(f"a chosen centre is farther than the nearest by {farther:.1e} at most")
print(f"averages and Newton's step differ by {difference:.1e} at most")
assert farther < 1e-5
assert difference < 1e-3
assert all(later <= now * (1 + 1e-6) for now, later in pairwise(energies))
