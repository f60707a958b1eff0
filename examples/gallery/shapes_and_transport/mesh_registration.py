r"""
Registration of two surfaces (LDDMM)
====================================

A sphere is bent into another surface by the shortest path of deformations. A deformation
is carried by momenta :math:`p` at the vertices :math:`q`, with the energy

.. math::
   H(q, p) &= \tfrac12 \sum_{i, j = 1}^N \exp\Big(-\frac{\|q_i - q_j\|^2}{\sigma^2}\Big) \, p_i \cdot p_j, \\
   \dot q &= \frac{\partial H}{\partial p}, \qquad \dot p = -\frac{\partial H}{\partial q},

and what is sought is the first momentum whose path ends near the target (Miller, Trouvé
and Younes 2006). Automatic differentiation writes down the right-hand sides of Hamilton's
equations; the gradient goes through the integrator, so it is made of second derivatives.

Surfaces are compared as varifolds, without knowing which vertex belongs to which: by
kernels of the centres :math:`x_i` and normals :math:`u_i` of all pairs of triangles, of
areas :math:`a_i` (Charon and Trouvé 2013),

.. math::
   \langle S, T \rangle = \sum_{i, j} \exp\Big(-\frac{\|x_i - y_j\|^2}{\tau^2}\Big) \, (u_i \cdot v_j)^2 \, a_i b_j .
"""

import math
import os
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from scipy.spatial import ConvexHull

from pairfold.torch import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
VERTICES = 5_000 if FULL else 400
PATIENCE = 30 if FULL else 12
print(f"{VERTICES:,} vertices; at full size: 5,000")

# %%
# Two surfaces
# ------------
#
# A sphere, and a star with six blunt arms. Their vertices have nothing to do with each
# other: the star has a quarter more.


def pieces(vertices, triangles):
    """Return centres (F, 3), unit normals (F, 3) and areas (F, 1) of the triangles."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    normals = torch.linalg.cross(b - a, c - a) / 2
    areas = normals.norm(dim=1, keepdim=True)
    return (a + b + c) / 3, normals / areas, areas


def sphere(count):
    """Return vertices (V, 3), spread evenly, and triangles (F, 3) that look outwards."""
    number = torch.arange(count, dtype=torch.float64)
    height = 1 - (2 * number + 1) / count
    angle = math.pi * (1 + math.sqrt(5)) * number
    radius = (1 - height**2).sqrt()
    vertices = torch.stack([radius * angle.cos(), radius * angle.sin(), height], dim=1)
    triangles = torch.from_numpy(
        ConvexHull(vertices.numpy()).simplices.astype(np.int64)
    )
    centres, normals, _ = pieces(vertices, triangles)
    inwards = (centres * normals).sum(1) < 0
    triangles[inwards] = triangles[inwards].flip(1)
    return vertices, triangles


def star(count):
    vertices, triangles = sphere(count)
    generator = torch.Generator().manual_seed(3)
    turn, _ = torch.linalg.qr(
        torch.randn(3, 3, dtype=torch.float64, generator=generator)
    )
    radius = 0.55 + 0.8 * ((vertices @ turn) ** 4).sum(1, keepdim=True)
    return radius * vertices, triangles


# %%
# What is minimized
# -----------------
#
# The two sums over all pairs are three lines each. ``torch.func.grad`` differentiates the
# energy inside of the integrator (Ralston's method, of second order).

DEFORMATION_WIDTH, STEPS = 0.6, 6


def energy(q, p):
    velocities = (-Vi(q).sqdist(Vj(q)) / DEFORMATION_WIDTH**2).exp() @ p  # (V, 3)
    return (p * velocities).sum() / 2


def varifold_product(first, second, width):
    (x, u, a), (y, v, b) = first, second
    kernel = (-Vi(x).sqdist(Vj(y)) / width**2).exp() * (Vi(u) | Vj(v)) ** 2  # (F, G, 1)
    return (a * (kernel @ b)).sum()


def mismatch(moving, target, width, product=varifold_product):
    """Return the squared distance of two surfaces, relative to the size of the target."""
    size = product(target, target, width)
    own = product(moving, moving, width)
    return (own - 2 * product(moving, target, width) + size) / size


def shoot(q, p, energy=energy):
    """Return positions and momenta of the path, at STEPS + 1 times from 0 to 1."""
    slope = torch.func.grad(energy, argnums=(0, 1))
    step, path = 1 / STEPS, [(q, p)]
    for _ in range(STEPS):
        dq, dp = slope(q, p)
        later_dq, later_dp = slope(q + 2 / 3 * step * dp, p - 2 / 3 * step * dq)
        q, p = q + step * (dp + 3 * later_dp) / 4, p - step * (dq + 3 * later_dq) / 4
        path.append((q, p))
    return path


# %%
# Registration
# ------------
#
# The surfaces are compared coarsely first, then finely.

(q, triangles), target = sphere(VERTICES), star(VERTICES * 5 // 4)
goal = pieces(*target)
p = torch.zeros_like(q, requires_grad=True)
mismatches, seconds = [], []

for width in (0.6, 0.3):
    optimizer = torch.optim.LBFGS([p], max_iter=PATIENCE, line_search_fn="strong_wolfe")

    def loss(optimizer=optimizer, width=width):
        start = time.perf_counter()
        optimizer.zero_grad()
        end = pieces(shoot(q, p)[-1][0], triangles)
        value = mismatch(end, goal, width) + 1e-4 * energy(q, p)
        value.backward()
        seconds.append(time.perf_counter() - start)
        with torch.no_grad():
            mismatches.append(mismatch(end, goal, 0.3).item())
        return value.item()

    optimizer.step(loss)

path = shoot(q, p.detach())
print(f"{len(seconds)} gradients, {np.median(seconds) * 1e3:.0f} ms each")
print(
    f"{len(triangles):,} x {len(target[1]):,} pairs of triangles; a table in float64 would"
)
print(
    f"take {8e-6 * len(triangles) * len(target[1]):,.0f} MB, and each step keeps several"
)
print(f"mismatch: {mismatches[0]:.3f} before, {mismatches[-1]:.5f} after")

# %%
# The path
# --------
#
# Colours that vary over the sphere show where each part of it goes.


def show(axes, vertices, triangles, colours):
    _, normals, _ = pieces(vertices, triangles)
    towards = torch.tensor([-0.35, -0.75, 0.55], dtype=normals.dtype)
    light = (normals @ towards).clamp(min=0).numpy()[:, None]
    shaded = np.clip(colours * (0.45 + 0.55 * light), 0, 1)
    edges = {"edgecolors": shaded * 0.8, "linewidths": 0.3}
    corners = vertices[triangles].numpy()
    axes.add_collection3d(Poly3DCollection(corners, facecolors=shaded, **edges))
    axes.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), zlim=(-1.1, 1.1))
    axes.set_box_aspect((1, 1, 1), zoom=1.25)
    axes.view_init(elev=18, azim=-72)
    axes.axis("off")


x, _, z = pieces(q, triangles)[0].T.numpy()
hues = plt.colormaps["hsv"](np.arctan2(z, x) / (2 * np.pi) + 0.5)[:, :3]
colours = 1 - 0.75 * np.hypot(x, z)[:, None] * (1 - hues)
plain = np.full((len(target[1]), 3), 0.75)

figure = plt.figure(figsize=(12, 3.0))
meshes = [
    (f"t = {k / STEPS:.2f}", path[k][0], triangles, colours) for k in (0, 2, 4, 6)
]
for place, (title, *mesh) in enumerate([*meshes, ("target", *target, plain)]):
    axes = figure.add_subplot(1, 5, place + 1, projection="3d")
    show(axes, *mesh)
    axes.set_title(title)
plt.show()

# %%

figure, axes = plt.subplots(figsize=(7, 2.8))
axes.semilogy(mismatches, color="tab:red")
axes.set(xlabel="gradient", title="squared distance to the target, relative")
plt.show()

# %%
# The check
# ---------
#
# The gradient through the integrator, with tables in memory; and a law: the energy along
# a path is constant.


def dense_energy(q, p):
    kernel = (-((q[:, None] - q) ** 2).sum(-1) / DEFORMATION_WIDTH**2).exp()
    return (p * (kernel @ p)).sum() / 2


def dense_varifold_product(first, second, width):
    (x, u, a), (y, v, b) = first, second
    kernel = (-((x[:, None] - y) ** 2).sum(-1) / width**2).exp() * (u @ v.T) ** 2
    return (a * (kernel @ b)).sum()


few, few_triangles = sphere(60)
few_goal = pieces(*star(70))
some = 0.05 * torch.randn(
    60, 3, dtype=few.dtype, generator=torch.Generator().manual_seed(0)
)
some.requires_grad_()
slopes = []
for of_path, product in (
    (energy, varifold_product),
    (dense_energy, dense_varifold_product),
):
    end = pieces(shoot(few, some, of_path)[-1][0], few_triangles)
    slopes += torch.autograd.grad(mismatch(end, few_goal, 0.6, product), some)
error = ((slopes[0] - slopes[1]).norm() / slopes[1].norm()).item()
first, last = (energy(*state).item() for state in (path[0], path[-1]))
print(
    f"relative error of the gradient: {error:.1e}; the energy changes by {last / first - 1:.1%}"
)
assert error < 1e-10
assert abs(last / first - 1) < 0.05
assert mismatches[-1] < 0.1 * mismatches[0]
