r"""
Particles in a periodic box, with a cut-off
===========================================

Two drops collide. Their particles attract each other, and repel each other when they
touch (Lennard-Jones). Beyond a distance :math:`c` there is no force; force and energy
go to zero there without a jump:

.. math::

   E(x) = \tfrac12 \sum_{i \ne j} u(r_{ij}), \qquad
   u(r) = v(r) - v(c) - (r - c) \, v'(c) \;\text{ for } r < c,

   v(r) = 4 \, (r^{-12} - r^{-6}),

where :math:`r_{ij}` is the distance of the *nearest images*: the box repeats itself in
all directions. Only few pairs are near; the mask ``radius(..., period=)`` says which
tiles of pairs must be looked at.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np

from pairfold.numpy import Vi, Vj, radius, where
from pairfold.numpy.cluster import tree_cluster

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
CUT, SKIN, STEP = 2.5, 0.6, 0.005

RADIUS, steps = (24, 2400) if FULL else (16, 1200)
box = 5.4 * RADIUS

# %%
# Energy and forces
# -----------------
#
# ``d - box * (d / box).round()`` is the vector to the nearest image. The pair of a
# particle with itself has the distance 0 and the energy infinity; ``where`` does not
# choose it.

at_cut = 4 * (CUT**-12 - CUT**-6)
slope_at_cut = 4 * (-12 * CUT**-13 + 6 * CUT**-7)


def pairs(x):
    """Return the vectors between nearest images, their squared lengths, and which pairs interact."""
    d = Vi(x) - Vj(x)
    d = d - box * (d / box).round()
    squared = d.sqnorm2()
    return d, squared, (squared > 0) & (squared < CUT**2)


def energy(x, mask=None):
    """Return the potential energy of all particles."""
    _, squared, near = pairs(x)
    sixth = 1 / squared**3
    u = 4 * (sixth**2 - sixth) - at_cut - slope_at_cut * (squared.sqrt() - CUT)
    return where(near, u, 0).sum(axis=1, ranges=mask).sum() / 2


def forces(x, mask=None):
    """Return the force on every particle, (n, 2)."""
    d, squared, near = pairs(x)
    inverse = 1 / squared
    pull = (
        24 * (2 * inverse**7 - inverse**4) + slope_at_cut * inverse.sqrt()
    )  # -u'(r) / r
    return (where(near, pull, 0) * d).sum(axis=1, ranges=mask)


# %%
# What need not be looked at
# --------------------------
#
# Particles are sorted into the leaves of a tree, so that successive ones are near each
# other, and the mask keeps the tiles of 64 x 64 pairs whose boxes come as near as the
# cut-off and a skin. It is right until a particle has moved by half of the skin, and is
# made anew then.

random = np.random.default_rng(0)
grid = np.arange(-2 * RADIUS, 2 * RADIUS + 1)
u, v = (part.ravel() for part in np.meshgrid(grid, grid))
crystal = 2 ** (1 / 6) * np.stack([u + v / 2, np.sqrt(0.75) * v], axis=1)
drop = crystal[(crystal**2).sum(1) < RADIUS**2]
centres = box * np.array([[0.23, 0.5], [0.77, 0.5]])
x = np.concatenate([drop + centre for centre in centres])
n = len(x)
# They move apart, and will meet at the other side: the box has no ends.
v = np.repeat(
    [[-2.0, 0.15], [2.0, -0.15]], len(drop), axis=0
) + 0.3 * random.standard_normal((n, 2))
v -= v.mean(axis=0)


def sorted_in_space(x, *others):
    """Return arrays in the order of a tree of the points x, and the mask of the near ones."""
    order = np.argsort(tree_cluster(x % box), kind="stable")
    x = x[order]
    return radius(x, x, CUT + SKIN, period=box), x, *(other[order] for other in others)


mask, x, v = sorted_in_space(x, v)
kept = mask.dense(n, n)
print(f"{n:,} particles: {kept.mean():.1%} of the pairs are in the mask")

# %%
# With and without the mask, and in dense NumPy, energy and forces are the same:

table = x[:, None] - x
table -= box * np.round(table / box)
r = np.sqrt((table**2).sum(2)) + 1e9 * np.eye(n)
r[r >= CUT] = np.inf
u = np.where(r < CUT, 4 * (r**-12.0 - r**-6.0) - at_cut - slope_at_cut * (r - CUT), 0)
with np.errstate(invalid="ignore"):
    pull = np.where(r < CUT, 48 * r**-14.0 - 24 * r**-8.0 + slope_at_cut / r, 0)
dense = (pull[:, :, None] * table).sum(1)
assert np.isclose(energy(x, mask), u.sum() / 2, rtol=1e-12)
assert np.allclose(forces(x, mask), dense, atol=1e-10)
assert np.allclose(forces(x), dense, atol=1e-10)


def best_of(function, *arguments):
    """Return the shortest of three times."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - started)
    return min(times)


seconds = best_of(forces, x, mask), best_of(forces, x)
print(
    f"Forces: {seconds[0] * 1e3:.1f} ms with the mask, {seconds[1] * 1e3:.1f} ms for every pair"
)
print(f"The vectors between all pairs would take {16 * n**2 / 1e6:.0f} MB.")

# %%
# A simulation
# ------------
#
# Velocity Verlet: a scheme that keeps the energy.

pictures, course = {0: (x % box, (v**2).sum(1) / 2)}, []
force, there, rebuilt = forces(x, mask), x.copy(), 0
started = time.perf_counter()
for step in range(1, steps + 1):
    v = v + STEP / 2 * force
    x = x + STEP * v
    if ((x - there) ** 2).sum(1).max() > (SKIN / 2) ** 2:
        mask, x, v = sorted_in_space(x, v)
        there, rebuilt = x.copy(), rebuilt + 1
    force = forces(x, mask)
    v = v + STEP / 2 * force
    if step % 25 == 0:
        course.append((step * STEP, (v**2).sum() / 2, energy(x, mask)))
    if step in (steps * 2 // 5, steps * 3 // 5, steps):
        pictures[step] = (x % box, (v**2).sum(1) / 2)
seconds = time.perf_counter() - started
course = np.array(course) / [1, n, n]
total = course[:, 1] + course[:, 2]
print(
    f"{steps} steps: {seconds:.2f} s, {seconds / steps * 1e3:.2f} ms each; {rebuilt} new masks"
)
print(
    f"Energy per particle: {total[0]:.5f}, in the end {total[-1]:.5f};",
    f"momentum {np.abs(v.sum(0)).max():.1e}",
)
assert np.ptp(total) < 1e-3, "the energy is conserved"
assert np.abs(v.sum(axis=0)).max() < 1e-8, (
    "so is the momentum: forces are equal and opposite"
)
assert np.isclose(energy(x, mask), energy(x), rtol=1e-12), (
    "the last mask left out nothing"
)

# %%
# Pictures
# --------

figure, panels = plt.subplots(2, 2, figsize=(8, 7.2))
for panel, (step, (places, heat)) in zip(panels.flat, pictures.items(), strict=True):
    dots = panel.scatter(
        *places.T,
        c=heat,
        s=(220 / box) ** 2,
        cmap="plasma",
        vmin=0,
        vmax=4,
        linewidths=0,
    )
    panel.set(
        xticks=[],
        yticks=[],
        xlim=(0, box),
        ylim=(0, box),
        aspect="equal",
        title=f"time {step * STEP:g}",
    )
figure.colorbar(dots, ax=panels, label="kinetic energy", shrink=0.9)

# %%
# The first mask, drops in the order of the tree, and the energy of the simulation:

figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.8))
left.imshow(kept, cmap="Blues", vmax=1.3, interpolation="nearest")
left.set(
    xlabel="particle j",
    ylabel="particle i",
    title=f"The mask at first: {kept.mean():.1%} of the pairs",
)
right.plot(course[:, 0], course[:, 1] - course[0, 1], color="tab:red", label="kinetic")
right.plot(
    course[:, 0], course[:, 2] - course[0, 2], color="tab:blue", label="potential"
)
right.plot(course[:, 0], total - total[0], color="k", lw=2, label="total")
right.set(
    xlabel="time",
    ylabel="change of the energy per particle",
    title="Energy is conserved",
)
right.legend()
plt.show()
