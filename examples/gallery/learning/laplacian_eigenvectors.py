r"""
Eigenvectors of a Laplacian: vibrations of a sphere
===================================================

Every point of a cloud is joined to every other one with the weight :math:`K_{ij}`. The
smoothest functions on the cloud are the eigenvectors of the normalized graph Laplacian,

.. math::
   L &= I - D^{-1/2} K D^{-1/2}, \\
   K_{ij} &= \exp\Big(-\frac{\|x_i - x_j\|^2}{4 t}\Big), \qquad D_{ii} = \sum_{j=1}^N K_{ij} .

SciPy's Lanczos method only asks for products with :math:`K`. On a sphere the answer is
known: spherical harmonics, in groups of 1, 3, 5, ..., with the eigenvalues
:math:`1 - i_l(1 / 2t) / i_0(1 / 2t)`, ratios of modified spherical Bessel functions (by
the Funk-Hecke formula).
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LightSource
from scipy.sparse import diags_array
from scipy.sparse.linalg import aslinearoperator, eigsh
from scipy.special import spherical_in

from pairfold.numpy import LazyTensor

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 10_000 if FULL else 3_000
DEGREES, T = 5, 0.02
print(f"{N:,} points; at full size: 10,000")

# %%
# The eigenvectors
# ----------------
#
# ``as_matrix`` makes what SciPy takes as a linear operator. The smallest eigenvalues of
# I - A are the largest ones of A.

k = np.arange(N)
height = 1 - (2 * k + 1) / N
turn, radius = np.pi * (1 + np.sqrt(5)) * k, np.sqrt(1 - height**2)
x = np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=1)


def affinity(x, y):
    """Return the weights between two clouds, an N x M matrix that is never stored."""
    difference = LazyTensor(x[:, None, :]) - LazyTensor(y[None, :, :])
    return (-(difference**2).sum(-1) / (4 * T)).exp()


start = time.perf_counter()
weights = affinity(x, x)
degrees = weights @ np.ones(N)
scaling = aslinearoperator(diags_array(1 / np.sqrt(degrees)))
normalized = scaling @ aslinearoperator(weights.as_matrix()) @ scaling
first = np.random.default_rng(0).standard_normal(N)
values, vectors = eigsh(normalized, k=DEGREES**2, which="LA", v0=first, tol=1e-7)
found, vectors = 1 - values[::-1], vectors[:, ::-1]
print(f"{DEGREES**2} eigenvectors: {time.perf_counter() - start:.1f} s")
print(f"stored in float64, the matrix would take {8e-9 * N**2:.2f} GB")

groups = np.arange(DEGREES)
bessel = spherical_in(groups, 1 / (2 * T))
known = np.repeat(1 - bessel / bessel[0], 2 * groups + 1)

# %%
# Seen from outside
# -----------------
#
# Every pixel is a new point :math:`z`, where an eigenvector :math:`u` with the eigenvalue
# :math:`\lambda` is known from its own equation (Nystrom 1930),
#
# .. math:: u(z) = \frac{1}{(1 - \lambda) \sqrt{d(z)}} \sum_j K(z, x_j) \, \frac{u_j}{\sqrt{d_j}} .

PIXELS = 120
side = np.linspace(-1.02, 1.02, PIXELS)
across, up = np.meshgrid(side, -side)
inside = across**2 + up**2 < 1
towards = np.sqrt(np.maximum(0, 1 - across**2 - up**2))
z = np.stack([across, towards, up], axis=-1)[inside]
between = affinity(z, x)
extended = between @ (vectors / np.sqrt(degrees)[:, None])
extended /= (1 - found) * np.sqrt(between @ np.ones(N))[:, None]

normals = np.stack([across, up, towards], axis=-1)
light = LightSource(azdeg=315, altdeg=50).shade_normals(normals, fraction=1.0)
figure = plt.figure(figsize=(12, 5.6))
figure.set_layout_engine("none")
for number, u in enumerate(extended.T):
    degree = int(np.sqrt(number))
    order = number - degree * (degree + 1)
    image = np.zeros((PIXELS, PIXELS, 4))
    image[inside] = plt.colormaps["RdBu_r"](0.5 + 0.5 * u / np.abs(u).max())
    image[inside, :3] *= (0.55 + 0.45 * np.clip(light, 0, 1))[inside][:, None]
    place = (0.305 + 0.066 * order - 0.032, 0.74 - 0.18 * degree, 0.064, 0.17)
    axes = figure.add_axes(place)
    axes.imshow(image)
    axes.axis("off")
figure.text(
    0.305, 0.94, "eigenvectors of the graph Laplacian", ha="center", fontsize=12
)
axes = figure.add_axes((0.69, 0.12, 0.29, 0.80))
line = {"color": "0.75", "linewidth": 6, "label": "known: Funk-Hecke formula"}
axes.step(np.arange(len(known)), known, where="mid", **line)
axes.plot(np.arange(len(found)), found, "o", color="tab:red", label="computed")
axes.set(xlabel="number of the eigenvector", title="eigenvalues")
axes.legend(loc="lower right")
plt.show()

# %%
# The check
# ---------

error = np.abs(found - known).max()
overlap = np.abs(vectors.T @ vectors - np.eye(DEGREES**2)).max()
print(
    f"off the eigenvalues of the sphere by {error:.1e} at most; orthonormal up to {overlap:.1e}"
)
assert error < 20 / N
assert overlap < 1e-8
