r"""
Nearest neighbours in a metric of your own
==========================================

Any formula :math:`d(x_i, y_j)` can be searched for its smallest values. Libraries for
neighbours have a list of metrics, and call a Python function for each pair, or compute
a matrix, where yours is not in it. Here four metrics are written in a line or two each,
and compiled: on a **torus**, where opposite sides are the same place; an
**anisotropic** one; the **hyperbolic** plane,

.. math:: d(x, y) = \operatorname{arcosh} \Big( 1 + \frac{2 \|x - y\|^2}{(1 - \|x\|^2) (1 - \|y\|^2)} \Big);

and the **Wasserstein** distance of histograms, the work of carrying one into the other,

.. math:: W(p, q) = \sum_k \Big| \sum_{l \le k} (p_l - q_l) \Big|.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import wasserstein_distance
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from pairfold.numpy import Pm, Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
random = np.random.default_rng(0)
n = 80_000 if FULL else 20_000
K = 200

# %%
# Three metrics of the plane
# --------------------------
#
# Each is a function of what is indexed by i and by j.


def torus(x, y):
    """Return squared distances on the unit square whose opposite sides are the same."""
    d = x - y
    return (d - d.round()).sqnorm2()


metric = np.array([[30.0, -18.0], [-18.0, 14.0]])


def anisotropic(x, y):
    """Return (x - y)' A (x - y)."""
    d = x - y
    return d.weightedsqnorm(Pm(metric.ravel()))


def hyperbolic(x, y):
    """Return distances in the disk of Poincare."""
    ratio = 2 * x.sqdist(y) / ((1 - x.sqnorm2()) * (1 - y.sqnorm2()))
    return (1 + ratio).acosh()


square = random.random((n, 2))
# As many points on equal hyperbolic areas: most of them are near the edge.
lengths = np.arccosh(1 + (np.cosh(5) - 1) * random.random(n))
radii, angles = np.tanh(lengths / 2), 2 * np.pi * random.random(n)
disk = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
spaces = {
    "torus": (torus, square, np.array([[0.03, 0.97], [0.6, 0.4]])),
    "anisotropic": (anisotropic, square, np.array([[0.2, 0.75], [0.7, 0.35]])),
    "hyperbolic": (
        hyperbolic,
        disk,
        np.array([[0.05, 0.0], [0.6, 0.5], [-0.8, 0.3], [0.1, -0.93]]),
    ),
}

# %%
# The nearest of some places, found among all points:

found = {}
for name, (distance, points, places) in spaces.items():
    found[name] = distance(Vi(places), Vj(points)).argKmin(K, axis=1)

# %%
# A graph of neighbours asks for those of *every* point. scikit-learn can do that with a
# Python function as the metric, one call for each pair that it looks at; to compare the
# times, it gets few points. (In pipelines of scikit-learn, the estimators of
# ``pairfold.sklearn`` take formulas like these as their metric.)


def one_distance(x, y):
    """Return a hyperbolic distance, of two points."""
    ratio = 2 * np.sum((x - y) ** 2) / ((1 - np.sum(x**2)) * (1 - np.sum(y**2)))
    return np.arccosh(1 + ratio)


few = disk[:400]
started = time.perf_counter()
search = NearestNeighbors(n_neighbors=5, metric=one_distance, algorithm="brute").fit(
    few
)
expected_distances, expected = search.kneighbors(few)
seconds = time.perf_counter() - started
print(
    f"scikit-learn with a Python function: {len(few) ** 2 / seconds / 1e6:8.3f} M pairs/s"
)
distances, graph = hyperbolic(Vi(few), Vj(few)).Kmin_argKmin(5, axis=1)
assert np.array_equal(graph[:, 1:], expected[:, 1:])
assert np.allclose(distances, expected_distances, rtol=1e-7, atol=1e-7)
for name, (distance, points, _) in spaces.items():
    started = time.perf_counter()
    graph = distance(Vi(points), Vj(points)).argKmin(5, axis=1)
    seconds = time.perf_counter() - started
    print(
        f"pairfold, {name:11}: {n:,} points, {seconds:.2f} s, {n**2 / seconds / 1e6:8.0f} M pairs/s"
    )
print(f"The table of the distances would take {8 * n**2 / 1e9:.1f} GB.")

# %%
# The plane metrics against dense NumPy:

tables = {}
x = square[:300, None] - square[:2000]
tables["torus"] = ((x - np.round(x)) ** 2).sum(2)
tables["anisotropic"] = np.einsum("ijk,kl,ijl->ij", x, metric, x)
one, other = disk[:300, None], disk[:2000]
scale = (1 - (one**2).sum(2)) * (1 - (other**2).sum(1))
tables["hyperbolic"] = np.arccosh(1 + 2 * ((one - other) ** 2).sum(2) / scale)
for name, (distance, points, _) in spaces.items():
    values, numbers = distance(Vi(points[:300]), Vj(points[:2000])).Kmin_argKmin(
        6, axis=1
    )
    assert np.allclose(
        values, np.sort(tables[name], axis=1)[:, :6], rtol=1e-7, atol=1e-7
    )
    assert np.array_equal(numbers, tables[name].argsort(axis=1, kind="stable")[:, :6])

# %%
# The work of carrying ink
# ------------------------
#
# A digit becomes two histograms: how much ink is in each of its eight columns, and in
# each of its eight rows. The distance of two histograms is the 1-norm of the difference
# of their cumulative sums, so those are what each point has, and the formula is ``(p -
# q).abs().sum(-1)``.

digits = load_digits()
ink = np.stack([digits.images.sum(axis=1), digits.images.sum(axis=2)], axis=1)
ink /= ink.sum(axis=2, keepdims=True)
cumulative = ink.cumsum(axis=2).reshape(-1, 16)
work = (Vi(cumulative) - Vj(cumulative)).abs().sum(-1)
values, nearest = work.Kmin_argKmin(7, axis=1)
pairs = random.integers(len(ink), size=50), random.integers(7, size=50)
for i, place in zip(*pairs, strict=True):
    expected = sum(
        wasserstein_distance(range(8), range(8), one, other)
        for one, other in zip(ink[i], ink[nearest[i, place]], strict=True)
    )
    assert np.isclose(values[i, place], expected, atol=1e-12)
plain = Vi(ink.reshape(-1, 16)).sqdist(Vj(ink.reshape(-1, 16))).argKmin(7, axis=1)
for name, neighbours in [("Wasserstein", nearest), ("Euclidean", plain)]:
    same = np.mean(digits.target[neighbours[:, 1:]] == digits.target[:, None])
    print(f"{name:11}: {same:.1%} of the six nearest are the same digit")

# %%
# Pictures
# --------
#
# The nearest of each cross. In the disk, all four groups are of the same hyperbolic
# size: lengths look shorter near the edge.

figure, panels = plt.subplots(1, 3, figsize=(9.2, 3.6))
for panel, (name, (_, points, places)) in zip(panels, spaces.items(), strict=True):
    panel.scatter(*points[:20_000].T, s=0.4, color="0.8", linewidths=0, rasterized=True)
    for number, (place, neighbours) in enumerate(zip(places, found[name], strict=True)):
        panel.scatter(*points[neighbours].T, s=5, color=f"C{number}", linewidths=0)
        panel.plot(*place, "kx", ms=8, mew=2)
    panel.set(aspect="equal", xticks=[], yticks=[], title=name)

# %%
# Two digits, the histograms of their ink, and the histograms nearest to them in the
# metric of Wasserstein:

figure, panels = plt.subplots(4, 6, figsize=(9.2, 5.6), height_ratios=[2, 1, 2, 1])
for row, number in zip((0, 2), (5, 18), strict=True):
    for place, one in enumerate(nearest[number, :6]):
        panels[row, place].imshow(digits.images[one], cmap="gray_r")
        panels[row + 1, place].bar(
            range(8), ink[one, 0], color="tab:red" if place == 0 else "0.6", width=0.9
        )
        panels[row, place].set_title(
            "query" if place == 0 else f"W = {values[number, place]:.3f}", fontsize=10
        )
        for panel in panels[row : row + 2, place]:
            panel.set(xticks=[], yticks=[])
plt.show()
