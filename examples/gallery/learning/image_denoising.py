r"""
Denoising a photograph: bilateral filter and non-local means
============================================================

Noise is averaged away, but over which pixels? The bilateral filter (Tomasi and Manduchi
1998) averages over those that are near and of a similar shade. Non-local means (Buades,
Coll and Morel 2005) ask whether the *neighbourhoods* :math:`P_i` and :math:`P_j` of two
pixels look alike, wherever they are:

.. math::

   u_i = \frac{\sum_j w_{ij} \, v_j}{\sum_j w_{ij}}, \qquad
   w_{ij} = \exp\!\Big(-\frac{\|P_i - P_j\|^2}{2 h^2} - \frac{\|x_i - x_j\|^2}{2 r^2}\Big),

where :math:`x_i` is the place of a pixel, and :math:`r` is large. Programs look at a
small window around each pixel, to save time. Here every pixel of the picture is
compared with every other one.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from skimage import data, restoration, transform
from skimage.metrics import peak_signal_noise_ratio

from pairfold.numpy import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
NOISE, PATCH = 0.1, 5
side = 256 if FULL else 112

random = np.random.default_rng(0)
photograph = data.camera()[40:360, 130:450] / 255
clean = transform.resize(photograph, (side, side), anti_aliasing=True).astype(
    np.float32
)
noisy = clean + NOISE * random.standard_normal(clean.shape).astype(np.float32)
values = noisy.reshape(-1, 1)

# %%
# Bilateral filter
# ----------------
#
# Each pixel is a point in three dimensions, its place and its shade, in units of the
# distances that count as near.

place = np.stack(np.meshgrid(*2 * [np.arange(side)], indexing="ij"), axis=-1).reshape(
    -1, 2
)
features = np.concatenate([place / 2.0, values / 0.25], axis=1).astype(np.float32)


def average(features):
    """Return the average of the noisy picture over pixels with similar features (N, D)."""
    alike = -Vi(features).sqdist(Vj(features)) / 2
    return alike.sumsoftmaxweight(Vj(values), axis=1).reshape(side, side)


started = time.perf_counter()
bilateral = average(features)
print(
    f"Bilateral filter, {side**4 / 1e6:.0f} M pairs in D = 3: {time.perf_counter() - started:.2f} s"
)

# %%
# Non-local means
# ---------------
#
# The neighbourhood of a pixel is a point in 25 dimensions. Pixels at its edge count
# less, by a bell. The table of all pairs is what the reduction never stores.

padded = np.pad(noisy, PATCH // 2, mode="reflect")
patches = sliding_window_view(padded, (PATCH, PATCH)).reshape(-1, PATCH**2)
step = np.arange(PATCH) - PATCH // 2
bell = np.exp(-(step[:, None] ** 2 + step**2) / (2 * 1.5**2)).ravel()
patches = patches * np.sqrt(bell / bell.sum()) / (0.55 * NOISE * np.sqrt(2))
points = np.concatenate([patches, place / 10.0], axis=1).astype(np.float32)

started = time.perf_counter()
nonlocal_means = average(points)
seconds = time.perf_counter() - started
print(
    f"Non-local means, {side**4 / 1e6:.0f} M pairs in D = {PATCH**2 + 2}: {seconds:.2f} s"
)
print(f"The table of the weights would take {4 * side**4 / 1e9:.1f} GB.")

# %%
# Checks
# ------
#
# On two hundred pixels, the dense formula in float64:

rows = random.choice(side**2, 200, replace=False)
wide = points.astype(np.float64)
squared = (wide[rows] ** 2).sum(1)[:, None] + (wide**2).sum(1) - 2 * wide[rows] @ wide.T
weights = np.exp(-squared / 2)
expected = (weights @ values.astype(np.float64))[:, 0] / weights.sum(1)
error = np.abs(nonlocal_means.ravel()[rows] - expected).max()
print(f"Largest difference to the dense formula, float32: {error:.1e}")
assert error < 1e-5

# %%
# And the quality, beside scikit-image, whose programs look at a window of pixels around
# each one:


def quality(picture):
    """Return the peak signal-to-noise ratio, in decibels."""
    return peak_signal_noise_ratio(clean, picture, data_range=1)


started = time.perf_counter()
window = restoration.denoise_nl_means(
    noisy,
    patch_size=PATCH,
    patch_distance=11,
    h=0.7 * NOISE,
    sigma=NOISE,
    fast_mode=False,
)
seconds = time.perf_counter() - started
pictures = {
    "clean": clean,
    "noisy": noisy,
    "bilateral": bilateral,
    "non-local means": nonlocal_means,
    "scikit-image, window of 23 x 23": window,
}
for name, picture in pictures.items():
    if name != "clean":
        print(f"{name:32} {quality(picture):.2f} dB")
print(f"scikit-image took {seconds:.2f} s.")
assert quality(nonlocal_means) > quality(bilateral) > quality(noisy) + 5
assert quality(nonlocal_means) > quality(window)

# %%
# Pictures
# --------

figure, panels = plt.subplots(2, 4, figsize=(9.2, 5.2))
del pictures["scikit-image, window of 23 x 23"]
cut = slice(side // 8, side // 2), slice(side // 3, side // 3 + 3 * side // 8)
for (upper, lower), (name, picture) in zip(panels.T, pictures.items(), strict=True):
    upper.imshow(picture, cmap="gray", vmin=0, vmax=1)
    lower.imshow(picture[cut], cmap="gray", vmin=0, vmax=1)
    upper.set_title(name if name == "clean" else f"{name}, {quality(picture):.1f} dB")
    for panel in (upper, lower):
        panel.set(xticks=[], yticks=[])

# %%
# Whom does a pixel listen to? The weights of three pixels (crosses), on the whole
# picture:

figure, panels = plt.subplots(1, 3, figsize=(9.2, 3.3))
for panel, (row, column) in zip(
    panels, [(0.12, 0.85), (0.42, 0.44), (0.93, 0.3)], strict=True
):
    number = int(row * side) * side + int(column * side)
    weight = np.exp(-((points - points[number]) ** 2).sum(1) / 2).reshape(side, side)
    panel.imshow(clean, cmap="gray", alpha=0.35)
    shown = panel.imshow(
        np.ma.masked_less(weight, 1e-3), norm="log", vmin=1e-3, vmax=1, cmap="YlOrRd"
    )
    panel.plot(int(column * side), int(row * side), "x", color="b", ms=9, mew=2)
    panel.set(xticks=[], yticks=[])
figure.colorbar(shown, ax=panels, label="weight")
plt.show()
