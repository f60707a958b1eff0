r"""
Spectral clustering
===================

Groups that no straight line separates: each point is joined to every other one with the
weight :math:`K_{ij} = \exp(-\|x_i - x_j\|^2 / 2 h^2)`, and the few smoothest eigenvectors
of the normalized Laplacian are nearly constant on each group (Ng, Jordan and Weiss 2001):

.. math:: D^{-1/2} K D^{-1/2} \, u_k = (1 - \lambda_k) \, u_k, \qquad k = 1 \dots C.

The rows of :math:`(u_1, \dots, u_C)`, divided by their lengths, are what k-means groups.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np
from scipy.sparse import diags_array
from scipy.sparse.linalg import aslinearoperator, eigsh
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from pairfold.numpy import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 20_000 if FULL else 5_000
WIDTH, GROUPS = 0.09, 5
print(f"{N:,} points; at full size: 20,000")

# %%
# Points
# ------
#
# Two rings inside of each other, two half moons, and a blob.

random = np.random.default_rng(0)
truth = random.integers(0, GROUPS, N)
angle = 2 * np.pi * random.random(N)
half = np.pi * random.random(N)
shapes = [
    np.stack([np.cos(angle), np.sin(angle)], axis=1),
    0.45 * np.stack([np.cos(angle), np.sin(angle)], axis=1),
    np.stack([2.35 + np.cos(half), np.sin(half) - 0.1], axis=1),
    np.stack([3.35 + np.cos(half), 0.1 - np.sin(half)], axis=1),
    np.full((N, 2), [1.75, -0.75]),
]
spread = np.where(truth == 4, 0.15, 0.06)[:, None]
x = np.choose(truth[:, None], shapes) + spread * random.standard_normal((N, 2))

# %%
# The eigenvectors
# ----------------
#
# Products with the N x N matrix are sums that are never stored; SciPy's Lanczos method asks
# for some tens of them.


def smoothest(x, count):
    """Return the leading eigenvalues (count,) and eigenvectors (N, count)."""
    weights = (Vi(x).sqdist(Vj(x)) * (-0.5 / WIDTH**2)).exp()
    scaling = diags_array(1 / np.sqrt(weights @ np.ones(len(x))))
    scaling = aslinearoperator(scaling)
    matrix = scaling @ aslinearoperator(weights.as_matrix()) @ scaling
    first = np.random.default_rng(0).standard_normal(len(x))
    values, vectors = eigsh(matrix, k=count, which="LA", v0=first, tol=1e-8, ncv=40)
    return values[::-1], vectors[:, ::-1]


start = time.perf_counter()
values, vectors = smoothest(x, GROUPS + 3)
print(f"{GROUPS + 3} eigenvectors: {time.perf_counter() - start:.1f} s")
print(f"the matrix in float64 would take {8e-9 * N**2:.2f} GB")
print("1 - eigenvalues:", np.array2string(1 - values, precision=4, suppress_small=True))

rows = vectors[:, :GROUPS] / np.linalg.norm(vectors[:, :GROUPS], axis=1, keepdims=True)
found = KMeans(GROUPS, n_init=5, random_state=0).fit_predict(rows)
plain = KMeans(GROUPS, n_init=5, random_state=0).fit_predict(x)

# %%

figure, panels = plt.subplot_mosaic(
    [["plain", "found"], ["values", "vectors"]], figsize=(10, 5.6), height_ratios=[1, 1]
)
dots = {"s": max(0.5, 20_000 / N), "linewidths": 0}
for name, labels, title in (
    ("plain", plain, "k-means"),
    ("found", found, "spectral clustering"),
):
    panels[name].scatter(*x.T, c=labels, cmap="Set1", vmax=8, **dots)
    panels[name].set_title(f"{title}: {adjusted_rand_score(truth, labels):.3f} right")
panels["vectors"].scatter(*x.T, c=vectors[:, 2], cmap="RdBu_r", **dots)
panels["vectors"].set_title("the third eigenvector")
for name in ("plain", "found", "vectors"):
    panels[name].set(aspect="equal", xticks=[], yticks=[])
panels["values"].plot(range(1, len(values) + 1), 1 - values, "o-", color="tab:red")
panels["values"].set(xlabel="number", title="eigenvalues: a gap after five")
plt.show()

# %%
# The check
# ---------
#
# The eigenvalues of 1,000 points by a dense eigenvalue solver, and the groups against those
# that the points were made of (adjusted Rand index, 1 is the same).

few = x[:1000]
dense = np.exp(-((few[:, None] - few) ** 2).sum(-1) / (2 * WIDTH**2))
roots = np.sqrt(dense.sum(1))
expected = np.linalg.eigvalsh(dense / roots / roots[:, None])[::-1][: GROUPS + 3]
error = np.abs(smoothest(few, GROUPS + 3)[0] - expected).max()
score = adjusted_rand_score(truth, found)
print(f"eigenvalues differ by {error:.1e} at most; adjusted Rand index {score:.4f}")
assert error < 1e-5
assert score > 0.99
assert score > adjusted_rand_score(truth, plain) + 0.1
