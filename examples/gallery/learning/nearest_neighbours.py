r"""
Nearest neighbours in 3, 100 and 784 dimensions
===============================================

For every point :math:`x_i` we ask for the :math:`K` points :math:`y_j` with the
smallest

.. math::

   d_{ij} = \sum_{k=1}^{D} (x_{ik} - y_{jk})^2,

their values, their numbers, and the gradient of the values in the points. In few
dimensions most pairs need not be looked at: ``tol=0`` leaves out what cannot be among
the nearest, and the result is that of every pair, bit for bit. In many dimensions there
is nothing to leave out, and all pairs are compared, in memory for the points alone.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_sample_image
from sklearn.feature_extraction.image import extract_patches_2d
from sklearn.neighbors import NearestNeighbors

import pairfold.torch
from pairfold.numpy import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
random = np.random.default_rng(0)
K = 10

# %%
# D = 3: leave out what cannot matter
# -----------------------------------
#
# The points lie around a knot, more of them where it is thin. The mean distance to the
# nearest ten is a density estimate, and a colour. A report says what the tolerance has
# left out.

points = 200_000 if FULL else 60_000
turn = 2 * np.pi * random.random(points) ** 1.5
knot = np.stack(
    [
        np.sin(turn) + 2 * np.sin(2 * turn),
        np.cos(turn) - 2 * np.cos(2 * turn),
        -np.sin(3 * turn),
    ],
    axis=1,
)
x = (knot + 0.25 * random.standard_normal((points, 3))).astype(np.float32)

squared = Vi(x).sqdist(Vj(x))
squared.argKmin(K, axis=1, tol=0)  # the first call compiles
started = time.perf_counter()
values, indices = squared.Kmin_argKmin(K, axis=1, tol=0)
seconds = time.perf_counter() - started
report = squared.argKmin(K, axis=1, tol=0, report=True)[1]
print(f"D = 3: {K} neighbours of {points:,} points in {seconds:.2f} s; {report.kind}.")
print(f"The table of all distances would take {4 * points**2 / 1e9:.0f} GB.")

# %%
# Exact means exact: on some rows, the values and the numbers are those of every pair,
# and scikit-learn finds the same distances.

rows = random.choice(points, 2000, replace=False)
every_pair = Vi(x[rows]).sqdist(Vj(x))
assert np.array_equal(indices[rows], every_pair.argKmin(K, axis=1))
assert np.array_equal(values[rows], every_pair.Kmin(K, axis=1))
expected = NearestNeighbors(n_neighbors=K).fit(x).kneighbors(x[rows])[0]
assert np.allclose(np.sqrt(values[rows]), expected, atol=1e-5)

# %%
# D = 100: every pair
# -------------------
#
# Points of 20 groups, in 100 dimensions. The reference is scikit-learn's search over
# all pairs.

points = 40_000 if FULL else 8_000
centres = random.standard_normal((20, 100))
groups = random.integers(20, size=points)
x_100 = (centres[groups] + 0.7 * random.standard_normal((points, 100))).astype(
    np.float32
)
squared_100 = Vi(x_100).sqdist(Vj(x_100))
started = time.perf_counter()
values_100, indices_100 = squared_100.Kmin_argKmin(K, axis=1)
seconds = time.perf_counter() - started
print(
    f"D = 100: {K} neighbours of {points:,} points in {seconds:.2f} s:",
    f"{points**2 / seconds / 1e9:.2f} G pairs/s",
)

rows = random.choice(points, 500, replace=False)
search = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(
    x_100.astype(np.float64)
)
distances, found = search.kneighbors(x_100[rows].astype(np.float64))
assert np.allclose(np.sqrt(values_100[rows]), distances, rtol=1e-4, atol=1e-3)
assert np.mean(indices_100[rows] == found) > 0.999
print(
    f"Neighbours of the same group: {np.mean(groups[indices_100[:, 1:]] == groups[:, None]):.1%}"
)

# %%
# D = 784: pieces of a photograph
# -------------------------------
#
# Squares of 28 x 28 pixels are points in 784 dimensions. Which other pieces of the
# picture look most like a given one? The numbers of pixels are whole, so all sums of
# squares are exact in float32, and so is the comparison.

pieces = 20_000 if FULL else 3_000
photograph = load_sample_image("china.jpg").mean(axis=2).round()
x_784 = extract_patches_2d(
    photograph, (28, 28), max_patches=pieces, random_state=0
).reshape(pieces, 784)
x_784 = (x_784 // 4).astype(
    np.float32
)  # 64 shades of grey: sums stay below 2^24, where float32 counts exactly
started = time.perf_counter()
values_784, indices_784 = Vi(x_784).sqdist(Vj(x_784)).Kmin_argKmin(K, axis=1)
seconds = time.perf_counter() - started
print(
    f"D = 784: {K} neighbours of {pieces:,} pieces in {seconds:.2f} s:",
    f"{pieces**2 / seconds / 1e9:.3f} G pairs/s",
)

rows = random.choice(pieces, 50, replace=False)
dense = ((x_784[rows, None].astype(np.int64) - x_784.astype(np.int64)) ** 2).sum(2)
assert np.array_equal(indices_784[rows], dense.argsort(axis=1, kind="stable")[:, :K])
assert np.array_equal(values_784[rows], np.sort(dense, axis=1)[:, :K])

# %%
# Gradients
# ---------
#
# In PyTorch the values are differentiable: each gradient goes to the pairs that were
# selected. Here for the sum of all distances to the ten nearest, which would pull every
# point to its neighbours; dense PyTorch agrees.

z = torch.from_numpy(x_100[:500]).double().requires_grad_()
z_i, z_j = pairfold.torch.Vi(z), pairfold.torch.Vj(z)
(slope,) = torch.autograd.grad(z_i.sqdist(z_j).Kmin(K, axis=1).sum(), z)
table = (z[:, None] - z).square().sum(2)
(expected_slope,) = torch.autograd.grad(table.topk(K, largest=False).values.sum(), z)
assert torch.allclose(slope, expected_slope, rtol=1e-6, atol=1e-6)
print(
    f"Largest difference of the gradients: {(slope - expected_slope).abs().max():.1e}"
)

# %%
# What was found
# --------------
#
# Left, the density around the knot. Right, how neighbours differ from other points: in
# many dimensions all distances are alike, and the nearest point is hardly nearer than
# the average one, unless the data have structure, as photographs do.

figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 4.2))
near = np.sqrt(values[:, 1:].mean(axis=1))
shown = np.argsort(-near)  # dense regions are drawn last
dots = left.scatter(
    x[shown, 0],
    x[shown, 1],
    c=near[shown],
    s=1,
    cmap="magma_r",
    norm="log",
    rasterized=True,
)
bar = figure.colorbar(
    dots,
    ax=left,
    ticks=[0.03, 0.1, 0.3],
    format="{x:g}",
    label=f"distance to the {K - 1} nearest others",
)
bar.ax.minorticks_off()
left.set(
    aspect="equal", xticks=[], yticks=[], title=f"{len(x):,} points in 3 dimensions"
)
shapeless = random.standard_normal((3000, 784)).astype(np.float32)
nearest_shapeless = Vi(shapeless).sqdist(Vj(shapeless)).Kmin(2, axis=1)
for name, cloud, second in [
    ("D = 3, knot", x, values[:, 1]),
    ("D = 100, 20 groups", x_100, values_100[:, 1]),
    ("D = 784, photograph", x_784, values_784[:, 1]),
    ("D = 784, noise", shapeless, nearest_shapeless[:, 1]),
]:
    typical = np.sqrt(
        2 * cloud.astype(np.float64).var(axis=0).sum()
    )  # root mean square distance of two points
    right.hist(
        np.sqrt(second) / typical,
        bins=np.linspace(0, 1.2, 80),
        histtype="step",
        density=True,
        label=name,
        lw=2,
    )
right.set(
    xlabel="distance to the nearest other / typical distance",
    yscale="log",
    ylabel="density",
    xlim=(0, 1.2),
    ylim=(1e-3, 1e5),
)
right.set_title("How near is the nearest?")
right.legend(loc="upper right")

# %%
# Some pieces of the photograph (left column) and those most like them; the first few
# may overlap it.

pick = np.argsort(-x_784.std(axis=1))[:: pieces // 10][:6]
figure, panels = plt.subplots(6, 8, figsize=(7, 5.4))
for row, number in zip(panels, pick, strict=True):
    for place, (panel, one) in enumerate(zip(row, indices_784[number], strict=False)):
        panel.imshow(x_784[one].reshape(28, 28), cmap="gray", vmin=0, vmax=63)
        panel.set(xticks=[], yticks=[])
        panel.spines[:].set(color="tab:red" if place == 0 else "w", linewidth=2)
figure.suptitle("784 dimensions: a piece (framed in red) and its seven nearest")
plt.show()
