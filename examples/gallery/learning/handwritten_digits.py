r"""
Handwritten digits: a vote of neighbours, and k-means
=====================================================

The 1,797 scans of digits that scikit-learn ships are points with 64 coordinates, the grey
values of 8 x 8 pixels. A digit is classified by a vote of its nearest neighbours among the
others, and k-means, which does not see the labels, finds groups:

.. math::
   \operatorname*{arg\,K\,min}_{j = 1 \dots N} \; \|x_i - x_j\|^2, \qquad
   \operatorname*{arg\,min}_{k = 1 \dots K} \; \|x_i - c_k\|^2 .

Both compare every point with every other one, and store no matrix of distances.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

from pairfold.numpy import Vi, Vj
from pairfold.numpy.cluster import cluster_centroids

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 1797 if FULL else 1500
NEIGHBOURS, GROUPS = 4, 20
digits = load_digits()
x = digits.data[:N].astype(np.float32)
labels, images = digits.target[:N], digits.images[:N]
print(f"{N:,} digits; at full size: 1,797")

# %%
# Neighbours
# ----------
#
# The nearest of all is the point itself. Of the labels that most neighbours have, that of
# the nearest neighbour counts.

start = time.perf_counter()
neighbours = Vi(x).sqdist(Vj(x)).argKmin(NEIGHBOURS + 1, axis=1)[:, 1:]
seconds = time.perf_counter() - start
ballots = labels[neighbours]
counts = (ballots[:, :, None] == ballots[:, None, :]).sum(2)
guesses = np.take_along_axis(ballots, counts.argmax(1)[:, None], axis=1)[:, 0]
accuracy = np.mean(guesses == labels)
print(
    f"neighbours: {seconds * 1e3:.0f} ms, most of it for the first call; {accuracy:.1%} right"
)
print(f"the matrix of distances in float32 would take {4e-6 * N**2:.0f} MB")

# %%
# Groups
# ------
#
# Each centre to begin with is chosen far from those before it (k-means++, Arthur and
# Vassilvitskii 2007); Lloyd's algorithm then runs until no point changes its group.

random = np.random.default_rng(2)
chosen = [int(random.integers(N))]
while len(chosen) < GROUPS:
    away = Vi(x).sqdist(Vj(x[chosen])).min(axis=1)[:, 0].astype(np.float64)
    chosen.append(int(random.choice(N, p=away / away.sum())))

centres, groups, rounds = x[chosen], None, 0
while True:
    nearest = Vi(x).sqdist(Vj(centres)).argmin(axis=1)[:, 0]
    if groups is not None and np.array_equal(nearest, groups):
        break
    groups, rounds = nearest, rounds + 1
    found = cluster_centroids(x, groups)
    centres = np.where(np.isnan(found), centres[: len(found)], found)
print(f"k-means into {GROUPS} groups: {rounds} rounds")

# %%

wrong = np.flatnonzero(guesses != labels)[:6]
figure, panels = plt.subplots(len(wrong), NEIGHBOURS + 1, figsize=(5, 7.4))
for row, number in zip(panels, wrong, strict=True):
    for place, one in enumerate([number, *neighbours[number]]):
        row[place].imshow(images[one], cmap="magma" if place == 0 else "gray_r")
        row[place].axis("off")
        title = (
            f"{labels[one]}, read as {guesses[one]}" if place == 0 else str(labels[one])
        )
        right = labels[one] == labels[number]
        colour = "black" if place == 0 else "0.5" if right else "tab:red"
        row[place].set_title(title, fontsize=9, color=colour, pad=2)
figure.suptitle("mistakes, and the neighbours that voted", fontsize=11)
plt.show()

# %%

shares = np.stack(
    [np.bincount(labels[groups == k], minlength=10) for k in range(GROUPS)]
)
majority = shares.argmax(1)
figure, panels = plt.subplots(4, GROUPS // 2, figsize=(11, 4.6))
for place, k in enumerate(np.argsort(majority, kind="stable")):
    image, bars = panels[2 * (place // 10) : 2 * (place // 10) + 2, place % 10]
    image.imshow(centres[k].reshape(8, 8), cmap="gray_r")
    image.axis("off")
    colours = ["tab:red" if digit == majority[k] else "0.75" for digit in range(10)]
    bars.bar(range(10), shares[k], color=colours)
    bars.set_xticks(
        range(0, 10, 3), [str(digit) for digit in range(0, 10, 3)], fontsize=8
    )
    bars.set_yticks([])
    bars.spines.left.set_visible(False)
figure.suptitle(
    "groups found without labels: centre, and digits of the members", fontsize=11
)
plt.show()

# %%
# The check
# ---------
#
# Distances of whole numbers are exact, so the neighbours must be those of dense NumPy, ties
# included; the groups are compared with scikit-learn's, from the same first centres.

dense = ((digits.data[:N, None] - digits.data[:N]) ** 2).sum(2)
np.fill_diagonal(dense, -1)
expected = dense.argsort(axis=1, kind="stable")[:, 1 : NEIGHBOURS + 1]
other = KMeans(GROUPS, init=x[chosen], n_init=1, tol=0, algorithm="lloyd").fit(x)
same = np.mean(groups == other.labels_)
print(
    f"the same neighbours: {np.array_equal(neighbours, expected)}; the same groups: {same:.1%}"
)
assert np.array_equal(neighbours, expected)
assert same > 0.99
assert accuracy > 0.9
