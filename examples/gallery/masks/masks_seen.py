r"""
Masks, seen: which pairs count
==============================

A reduction looks at all pairs :math:`(i, j)`. A mask says that only some of them count,

.. math:: a_i = \sum_{j \,:\, (i, j) \in \mathcal{M}} F(x_i, y_j),

and the others are not computed. Masks are made by words, ``band``, ``lower``,
``upper``, ``segments``, ``radius``, and combined with ``&`` and ``|``. They are given
to a reduction as ``ranges=``. This page draws them.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from pairfold.numpy import Vi, Vj, band, lower, radius, segments, upper
from pairfold.numpy.cluster import sort_clusters, tree_cluster

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
random = np.random.default_rng(0)

# %%
# Words and their pictures
# ------------------------
#
# For every mask the sum of Gaussians of the kept pairs is compared with a dense table.

n = 512
ids = np.repeat(np.arange(6), [40, 130, 60, 150, 32, 100])
x = random.random((n, 2))
masks = {
    "band(60)": band(60),
    "band(60, exact=False)": band(60, exact=False),
    "lower()": lower(),
    "segments(ids, ids)": segments(ids, ids),
    "segments(ids, ids) & lower()": segments(ids, ids) & lower(),
    "band(10) | upper(300)": band(10) | upper(300),
}
kernel = (-Vi(x).sqdist(Vj(x))).exp()
table = np.exp(-((x[:, None] - x) ** 2).sum(2))
figure, panels = plt.subplots(2, 3, figsize=(9.2, 6.6))
for panel, (name, mask) in zip(panels.flat, masks.items(), strict=True):
    kept = mask.dense(n, n)
    found = kernel.sum(axis=1, ranges=mask)
    assert np.allclose(found[:, 0], (table * kept).sum(1), rtol=1e-12)
    panel.imshow(kept, cmap="Blues", vmax=1.3, interpolation="nearest")
    panel.set_title(f"{name}\n{kept.mean():.1%} of the pairs", fontsize=10)
    panel.set(xticks=[], yticks=[])

# %%
# Exact, or by tiles
# ------------------
#
# The second picture shows the price of speed. A kernel works on 64 rows together, and
# an exact band cuts them singly, for each row has other columns. With ``exact=False``
# whole tiles of 64 x 64 pairs are kept, more than asked; then the formula itself must
# say what counts. Here for a longer sequence:

length, width = (100_000, 500) if FULL else (20_000, 500)
t = np.linspace(0, 100, length, dtype=np.float32)[:, None]
number = np.arange(length, dtype=np.float32)[:, None]
near = (-((Vi(t) - Vj(t)) ** 2)).exp().sum(-1)
inside = near * ((Vi(number) - Vj(number)).abs() <= width)
ways = {
    "all pairs, with an indicator": (inside, None),
    "exact band": (near, band(width)),
    "tiles, with an indicator": (inside, band(width, exact=False)),
}
results, times = {}, {}
for name, (formula, mask) in ways.items():
    ranges = None if mask is None else mask.ranges(length, length)
    formula.sum(axis=1, ranges=ranges)  # compiles
    started = time.perf_counter()
    results[name] = formula.sum(axis=1, ranges=ranges)
    times[name] = time.perf_counter() - started
    print(f"{name:30} {1e3 * times[name]:8.1f} ms")
for found in results.values():
    assert np.allclose(found, results["exact band"], rtol=1e-4)
print(
    f"A dense table of {length:,} x {length:,} would take {4 * length**2 / 1e9:.1f} GB."
)

# %%
# Points at a distance
# --------------------
#
# ``radius`` keeps the pairs of tiles whose bounding boxes come as near as asked. Points
# in any order give large boxes, and hardly a pair is left out; sorted by
# ``tree_cluster``, 64 successive points share a small box.

points = random.random((8192, 2)) ** np.array([1.0, 1.7])
reach = 0.06
as_they_come = radius(points, points, reach)
points, _ = sort_clusters(points, tree_cluster(points))
sorted_mask = radius(points, points, reach)
tables = [mask.dense(len(points), len(points)) for mask in (as_they_come, sorted_mask)]
for name, kept in zip(("as they come", "sorted"), tables, strict=True):
    print(f"Points {name}: {kept.mean():.1%} of the pairs are kept.")

# %%
# No pair within the radius is lost, and the sum of a compact kernel is that of all
# pairs:

squared = Vi(points).sqdist(Vj(points))
compact = (1 - squared / reach**2).relu() ** 2
with_mask = compact.sum(axis=1, ranges=sorted_mask)
assert np.allclose(with_mask, compact.sum(axis=1), rtol=1e-12)
some = slice(0, 1000)
close = ((points[some, None] - points) ** 2).sum(2) <= reach**2
assert not np.any(close & ~tables[1][some])

# %%
# Left, the mask: one row of tiles is framed. Right, the same row on the plane: the 64
# points of the tile (red), the tiles that it is reduced with (blue), and the others
# (grey).

figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 5.3))
tile = int(((points - [0.5, 0.3]) ** 2).sum(1).argmin()) // 64
left.imshow(
    tables[1][::16, ::16],
    cmap="Blues",
    vmax=1.3,
    extent=(0, 8192, 8192, 0),
    interpolation="nearest",
)
left.add_patch(Rectangle((0, 64 * tile), 8192, 64, fill=False, color="tab:red", lw=1.5))
left.set(
    xlabel="point j",
    ylabel="point i",
    title=f"radius(points, points, {reach}): {tables[1].mean():.1%} kept",
)
for number in range(len(points) // 64):
    part = points[64 * number : 64 * (number + 1)]
    kept = tables[1][64 * tile, 64 * number]
    colour = "tab:red" if number == tile else "tab:blue" if kept else "0.75"
    low, high = part.min(0), part.max(0)
    right.add_patch(
        Rectangle(
            low,
            *(high - low),
            fill=False,
            color=colour,
            lw=1.2 if kept else 0.5,
            zorder=2 + kept,
        )
    )
    right.scatter(*part.T, s=3, color=colour, linewidths=0)
right.set(aspect="equal", xticks=[], yticks=[], title="One row of tiles, on the plane")
plt.show()
