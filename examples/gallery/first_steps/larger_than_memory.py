r"""
A sum over points in a file
===========================

Points that do not fit into memory are read from a file, block by block, while they are
reduced. Here they are the orbit of a strange attractor,

.. math:: u' = \sin(a v) + c \cos(a u), \qquad v' = \sin(b u) + d \cos(b v),

and every pixel :math:`x_i` of a picture receives the density :math:`\sum_j \exp(-\|x_i
- y_j\|^2 / 2 \sigma^2)` of the points :math:`y_j`. Memory is stated, an interrupted run
goes on where it was, and the result is that of a call in memory.
"""

import os
import tempfile
import time
import tracemalloc
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from pairfold.numpy import Genred

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
SIDE, POINTS, SIGMA = (200, 2_000_000, 0.012) if FULL else (96, 300_000, 0.025)

# %%
# The file
# --------
#
# A map of a file, of any size, which is written by parts. Many orbits are followed at
# once.

folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
name = Path(folder.name) / "orbit.bin"
y = np.memmap(name, "float32", "w+", shape=(POINTS, 2))
a, b, c, d = -1.7, 1.8, -1.9, -0.4
u, v = np.random.default_rng(0).uniform(-0.1, 0.1, (2, 5000))
for step in range(-100, POINTS // len(u)):
    u, v = np.sin(a * v) + c * np.cos(a * u), np.sin(b * u) + d * np.cos(b * v)
    if step >= 0:
        y[step * len(u) : (step + 1) * len(u)] = np.stack([u, v], axis=1)
y.flush()
print(f"{POINTS:,} points, {name.stat().st_size / 1e6:.1f} MB in the file")

# %%
# The stream
# ----------
#
# ``Genred`` makes a routine of a formula; ``stream`` takes what a call of it takes, and
# the memory that it may use.

axis = np.linspace(-3.2, 3.2, SIDE, dtype=np.float32)
x = np.stack(np.meshgrid(axis, 0.6 * axis), axis=-1).reshape(-1, 2)
sharpness = np.array([0.5 / SIGMA**2], np.float32)
density = Genred(
    "Exp(-s * SqDist(x, y))", ["x = Vi(2)", "y = Vj(2)", "s = Pm(1)"], axis=1
)

tracemalloc.start()
started = time.perf_counter()
picture = density.stream(x, y, sharpness, memory="2MB")
seconds = time.perf_counter() - started
peak = tracemalloc.get_traced_memory()[1]
tracemalloc.stop()
print(
    f"{len(x):,} pixels, {POINTS:,} points: {seconds:.2f} s, {len(x) * POINTS / seconds / 1e9:.2f} G pairs/s"
)
print(
    f"Peak of the memory for arrays: {peak / 1e6:.1f} MB; a table of all pairs: {4e-9 * len(x) * POINTS:.0f} GB"
)
assert peak < 4e6

# %%
# Stopped, and resumed
# --------------------
#
# With a checkpoint, a run that was stopped goes on. Here a function that is told of the
# progress stops it half-way.


def impatient(done, total, seconds):
    """Stop after half of the pairs."""
    if done > total / 2:
        raise KeyboardInterrupt


checkpoint = Path(folder.name) / "checkpoint"
out = np.zeros((len(x), 1), np.float32)
settings = {"out": out, "memory": "2MB", "checkpoint": str(checkpoint)}
try:
    density.stream(x, y, sharpness, progress=impatient, **settings)
except KeyboardInterrupt:
    print(f"Stopped; the checkpoint has {checkpoint.stat().st_size / 1e3:.0f} kB.")
density.stream(x, y, sharpness, **settings)
assert np.array_equal(out, picture), "the same bits as without an interruption"
assert not checkpoint.exists()

# %%
# Checks
# ------
#
# A call on the map gives the same, and so does dense NumPy on some pixels:

in_memory = density(x, y, sharpness)
assert np.allclose(picture, in_memory, rtol=1e-5)
bright = np.argsort(-picture[:, 0])[:: len(x) // 20][:10]
squared = ((x[bright, None].astype(np.float64) - y) ** 2).sum(2)
dense = np.exp(-squared / (2 * SIGMA**2)).sum(1)
error = np.abs(picture[bright, 0] / dense - 1).max()
print(f"Largest relative difference to dense NumPy in float64: {error:.1e}")
assert error < 1e-4

# %%
# The picture
# -----------

figure, panel = plt.subplots(figsize=(8, 5))
panel.imshow(
    np.log(1 + picture.reshape(SIDE, SIDE)),
    extent=(-3.2, 3.2, -1.92, 1.92),
    origin="lower",
    interpolation="bicubic",
)
panel.set(xticks=[], yticks=[], title=f"Density of {POINTS:,} points, read from a file")
del y
folder.cleanup()
plt.show()
