r"""
Densities and neighbours of millions of points, with a tolerance
================================================================

The logarithm of a kernel density estimate is a log-sum-exp over all points,

.. math:: \log p(x_i) = \log \sum_{j=1}^N \exp\Big(-\frac{\|x_i - x_j\|^2}{2 h^2}\Big) + \text{constant},

of which nearly all terms are too small to matter. With ``tol=1e-3`` those that cannot
change it by more than 0.001 are left out: that bound is proven, and the report says what
was looked at. With ``tol=0`` only what changes nothing is left out: the ten nearest
neighbours are the same as those of all pairs.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection

from pairfold.numpy import Tree, Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 2_000_000 if FULL else 100_000
BANDWIDTH, TOLERANCE, NEIGHBOURS = 0.01, 1e-3, 10
print(f"{N:,} points; at full size: 2,000,000")

# %%
# A galaxy that is made up
# ------------------------
#
# A bulge, a disc with two spiral arms, a halo, and 300 clusters of stars of all sizes.

random = np.random.default_rng(0)
parts = (0.15 * N, 0.6 * N, 0.1 * N, 0.15 * N)
in_bulge, in_disc, in_halo, in_clusters = map(round, parts)
bulge = 0.12 * random.standard_normal((in_bulge, 3)) * [1, 1, 0.7]
radius = np.sqrt(random.uniform(0.02, 1, in_disc))
arm = np.pi * random.integers(0, 2, in_disc) + 0.35 * random.standard_normal(in_disc)
angle = arm + 4.5 * np.sqrt(radius)
height = 0.02 * random.standard_normal(in_disc)
disc = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
direction = random.standard_normal((in_halo, 3))
direction /= np.linalg.norm(direction, axis=1, keepdims=True)
halo = direction * random.exponential(0.5, (in_halo, 1))
which = random.integers(0, 300, in_clusters)
extent = 10.0 ** random.uniform(-3, -1.5, (300, 1))
centres = disc[random.integers(0, len(disc), 300)]
clusters = centres[which] + extent[which] * random.standard_normal((in_clusters, 3))
stars = np.concatenate([bulge, disc, halo, clusters]).astype(np.float32)
stars = stars[random.permutation(N)]

# %%
# Two reductions
# --------------
#
# ``Tree`` sorts the points once, for both. The same lines without ``tol`` look at all
# pairs.

tree = Tree(stars)
distances = Vi(tree).sqdist(Vj(tree))
exponents = distances * (-0.5 / BANDWIDTH**2)

start = time.perf_counter()
density, report = exponents.logsumexp(axis=1, tol=TOLERANCE, report=True)
print(f"log-densities: {time.perf_counter() - start:.1f} s. {report}")
start = time.perf_counter()
neighbours, report = distances.argKmin(NEIGHBOURS, axis=1, tol=0, report=True)
print(f"{NEIGHBOURS} neighbours: {time.perf_counter() - start:.1f} s. {report}")
print(f"all pairs in float32 would take {4e-9 * N**2:,.0f} GB")

# %%
# Seen from above, and a part of an arm with its neighbours
# ---------------------------------------------------------

dark, blue = "#0b0e17", "#9fc5ff"
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5.6), facecolor=dark)
shown = np.argsort(density[:, 0])
shown = shown[:: max(1, N // 1_000_000)]
size = 0.15 * (1_000_000 / len(shown)) ** 0.5
look = {"cmap": "magma", "linewidths": 0}
left.scatter(*stars[shown, :2].T, c=density[shown, 0], s=size, **look)
left.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), title=f"log-density of {N:,} stars")

away = np.abs(np.linalg.norm(stars[:, :2], axis=1) - 0.6) < 0.1
centre = stars[away][np.argmax(density[away, 0]), :2]
width = 0.05 * (2_000_000 / N) ** (1 / 3)
near = np.flatnonzero((np.abs(stars[:, :2] - centre) < width).all(axis=1))
near = near[:: max(1, len(near) // 6000)]
ends = np.broadcast_to(stars[near, None, :2], (len(near), NEIGHBOURS, 2))
edges = np.stack([ends, stars[neighbours[near], :2]], axis=2).reshape(-1, 2, 2)
right.add_collection(
    LineCollection(list(edges), colors=blue, linewidths=0.2, alpha=0.5)
)
right.scatter(*stars[near, :2].T, c=density[near, 0], s=2.5, zorder=2, **look)
right.set(
    xlim=(centre[0] - width, centre[0] + width),
    ylim=(centre[1] - width, centre[1] + width),
    title=f"{NEIGHBOURS} nearest neighbours, in the frame",
)
frame = {"fill": False, "edgecolor": blue}
left.add_patch(plt.Rectangle(tuple(centre - width), 2 * width, 2 * width, **frame))
for axes in (left, right):
    axes.set(facecolor=dark, aspect="equal", xticks=[], yticks=[])
    axes.title.set_color("white")
plt.show()

# %%
# The check
# ---------
#
# For 200 stars, all pairs: the neighbours, and the log-density in float64.

some = random.choice(N, 200, replace=False)
same = Vi(stars[some]).sqdist(Vj(stars)).argKmin(NEIGHBOURS, axis=1)
wide = stars.astype(np.float64)
expected = np.stack(
    [
        np.logaddexp.reduce(-((star - wide) ** 2).sum(1) / (2 * BANDWIDTH**2))
        for star in wide[some]
    ]
)
error = np.abs(expected - density[some, 0]).max()
print(f"the same neighbours: {np.array_equal(same, neighbours[some])}")
print(f"the log-density is off by {error:.1e} at most, {TOLERANCE:g} is guaranteed")
assert np.array_equal(same, neighbours[some])
assert error < TOLERANCE
