r"""
A landscape by radial basis functions
=====================================

A map of the Jacksboro fault in Tennessee, which Matplotlib ships, is known at a few of its
pixels :math:`x_j`, chosen at random. The interpolant is a sum of bumps, one per sample,

.. math::
   u(z) = \sum_{j=1}^N k(\|z - x_j\|) \, a_j, \qquad k(r) = (1 + s r) \, e^{-s r}, \qquad
   (K + \alpha I) \, a = h,

where the coefficients solve a dense system with N unknowns for the altitudes :math:`h`.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import cbook
from matplotlib.colors import LightSource, LinearSegmentedColormap

from pairfold.errors import NotConvergedError
from pairfold.numpy import Genred, KernelSolve, Nystrom

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 20_000 if FULL else 4_000
RANK = 500 if FULL else 250
WIDTH, ALPHA = 40.0, 1e-3
print(f"{N:,} samples; at full size: 20,000")

# %%
# Samples
# -------

truth = cbook.get_sample_data("jacksboro_fault_dem.npz")["elevation"].astype(np.float32)
chosen = np.random.default_rng(0).permutation(truth.size)[:N]
places = np.stack(np.unravel_index(chosen, truth.shape), axis=1)
unit = np.float32(np.sqrt(3) / WIDTH)  # s, for a bump as wide as WIDTH pixels
points = places.astype(np.float32) * unit
heights = truth.reshape(-1, 1)[chosen]
mean = heights.mean()

# %%
# The system, and the map
# -----------------------
#
# The Matern kernel as a formula. Conjugate gradients with a Nystrom preconditioner solve
# the system; without it, they are stopped after three times as many iterations. The map is
# a product with the same formula, at all pixels.

MATERN = "(1 + Norm2(x - y)) * Exp(-Norm2(x - y)) * a"
NAMES = ["x = Vi(2)", "y = Vj(2)", "a = Vj(1)"]
solve, evaluate = KernelSolve(MATERN, NAMES, "a", axis=1), Genred(MATERN, NAMES, axis=1)
options = {"alpha": ALPHA, "rtol": 1e-3, "return_report": True}

start = time.perf_counter()
a, report = solve(
    points, points, heights - mean, preconditioner=Nystrom(rank=RANK), **options
)
seconds = time.perf_counter() - start
try:
    _, plain = solve(
        points, points, heights - mean, maxiter=3 * report.iterations, **options
    )
except NotConvergedError as error:
    plain = error.report
print(f"{N:,} equations: {report.iterations} iterations, {seconds:.1f} s")
print(f"without the preconditioner, after {plain.iterations}: {plain.reason}")
print(f"the matrix in float32 would take {4e-9 * N**2:.2f} GB")

pixels = np.stack(np.mgrid[: truth.shape[0], : truth.shape[1]], axis=-1).reshape(-1, 2)
pixels = pixels.astype(np.float32) * unit
start = time.perf_counter()
found = (evaluate(pixels, points, a) + mean).reshape(truth.shape)
print(f"the map, {len(pixels):,} x {N:,} bumps: {time.perf_counter() - start:.2f} s")

# %%

greens = ["#3c6e47", "#8aa860", "#d9c98b", "#a8794f", "#f4efe6"]
land = LinearSegmentedColormap.from_list("land", greens)
light, limits = LightSource(azdeg=315, altdeg=35), {"vmin": 236, "vmax": 1076}
figure, panels = plt.subplots(2, 2, figsize=(10, 8.8))
rows, columns = places.T
size = 4 + 24_000 / N
panels[0, 0].scatter(
    columns, rows, c=heights, s=size, linewidths=0, cmap=land, **limits
)
panels[0, 0].set(xlim=(0, truth.shape[1]), ylim=(truth.shape[0], 0), facecolor="0.12")
panels[0, 0].set(
    aspect="equal", title=f"{N:,} samples, {N / truth.size:.0%} of the pixels"
)
for axes, image, title in (
    (panels[0, 1], found, "interpolated"),
    (panels[1, 0], truth, "truth"),
):
    axes.imshow(light.shade(image, land, blend_mode="soft", vert_exag=0.05, **limits))
    axes.set_title(title)
for axes in panels.flat[:3]:
    axes.set(xticks=[], yticks=[])
each = (
    (report, "tab:red", f"Nystrom, rank {RANK}"),
    (plain, "0.5", "no preconditioner"),
)
for one, colour, name in each:
    residuals = options["rtol"] * np.array(one.history)
    panels[1, 1].semilogy(residuals, color=colour, linewidth=2, label=name)
panels[1, 1].set(xlabel="iterations", title="residual, relative to the altitudes")
panels[1, 1].legend()
plt.show()

# %%
# The check
# ---------
#
# The coefficients of 1,000 samples by dense NumPy in float64, and the error at all pixels
# beside that of the nearest sample's altitude.

few, wanted = (
    points[:1000].astype(np.float64),
    (heights - mean)[:1000].astype(np.float64),
)
distances = np.sqrt(((few[:, None] - few) ** 2).sum(-1))
matrix = (1 + distances) * np.exp(-distances) + ALPHA * np.eye(1000)
expected = np.linalg.solve(matrix, wanted)
coefficients = solve(few, few, wanted, alpha=ALPHA, rtol=1e-10)
difference = np.linalg.norm(coefficients - expected) / np.linalg.norm(expected)
nearest = Genred("SqDist(x, y)", NAMES[:2], "ArgMin", axis=1)(pixels, points)[:, 0]
simple = np.sqrt(np.mean((heights[nearest].reshape(truth.shape) - truth) ** 2))
missed = np.sqrt(np.mean((found - truth) ** 2))
print(f"relative difference of the coefficients: {difference:.1e}")
print(f"error at all pixels: {missed:.1f} m; with the nearest sample: {simple:.1f} m")
assert difference < 1e-6
assert report.converged
assert missed < 0.9 * simple
