r"""
Colour transfer by optimal transport
====================================

The colours of one picture are a cloud :math:`x_i` of points, those of another one a cloud
:math:`y_j`. The plan that carries one to the other at the least cost, with a little
entropy, is

.. math::
   \pi_{ij} = \frac{1}{N M} \exp\frac{f_i + g_j - \|x_i - y_j\|^2 / 2}{\varepsilon},

with prices :math:`f, g` found by Sinkhorn's algorithm, and each colour goes to the average
of where the plan sends it: :math:`T(x_i) = N \sum_j \pi_{ij} \, y_j`, a softmax average.
"""

import math
import os
import time

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import logsumexp
from skimage import color, data, transform

from pairfold.numpy import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 30_000 if FULL else 3_000
TEMPERATURE = 3.0**2
print(f"{N:,} colours of each picture; at full size: 30,000")

# %%
# Two clouds of colours
# ---------------------
#
# Random pixels of each picture, in a space where a distance of 1 is just visible.


def picture(image, height=256):
    size = (height, height * image.shape[1] // image.shape[0])
    return transform.resize(image, size, anti_aliasing=True)


coffee, rocket = picture(data.coffee()), picture(data.rocket())
random = np.random.default_rng(0)
pixels = [
    color.rgb2lab(image).reshape(-1, 3).astype(np.float32) for image in (coffee, rocket)
]
x, y = (one[random.choice(len(one), N, replace=False)] for one in pixels)

# %%
# Sinkhorn's algorithm
# --------------------
#
# The temperature falls from the size of the clouds to its last value.


def soft_minimum(x, y, prices, temperature):
    """Return -T log mean_j exp((price_j - |x_i - y_j|^2 / 2) / T), (N, 1)."""
    exponents = (Vj(prices) - Vi(x).sqdist(Vj(y)) / 2) / temperature  # (N, M, 1)
    return -temperature * (exponents.logsumexp(axis=1) - math.log(len(y)))


def prices(x, y, soft=soft_minimum):
    g = np.zeros((len(y), 1), x.dtype)
    steps = [*np.geomspace(100.0**2, TEMPERATURE, 25), *[TEMPERATURE] * 40]
    for now in map(float, steps):
        f = soft(x, y, g, now)
        g = soft(y, x, f, now)
    return g


def transported(colours, y, g):
    """Return where the plan sends colours, (len(colours), 3)."""
    exponents = (Vj(g) - Vi(colours).sqdist(Vj(y)) / 2) / TEMPERATURE
    return exponents.sumsoftmaxweight(Vj(y), axis=1)


start = time.perf_counter()
forth, back = prices(x, y), prices(y, x)
seconds = time.perf_counter() - start
moved = [transported(pixels[0], y, forth), transported(pixels[1], x, back)]
print(f"two plans: {seconds:.1f} s; one in float32 would take {4e-9 * N**2:.2f} GB")
print(
    f"all {len(pixels[0]):,} and {len(pixels[1]):,} pixels carried over by the same sums"
)

# %%

figure, panels = plt.subplots(2, 3, figsize=(12, 6.2))
results = [
    np.clip(color.lab2rgb(one.astype(np.float64).reshape(image.shape)), 0, 1)
    for one, image in zip(moved, (coffee, rocket), strict=True)
]
titles = (
    ("coffee", "with the colours of the rocket"),
    ("rocket", "with those of the coffee"),
)
each = zip(panels, (coffee, rocket), results, titles, strict=True)
for (left, middle, right), before, after, names in each:
    for axes, image, name in ((left, before, names[0]), (middle, after, names[1])):
        axes.imshow(image)
        axes.set_title(name)
        axes.axis("off")
    for image, marker, label in ((before, "o", "before"), (after, "^", "after")):
        some = image.reshape(-1, 3)[:: image.size // 3 // 1500]
        lab = color.rgb2lab(some)
        shift = 0 if label == "before" else 110
        right.scatter(
            lab[:, 1] + shift, lab[:, 0], c=some, s=6, marker=marker, linewidths=0
        )
    right.set(xlabel="green - red", ylabel="lightness", xticks=[], facecolor="0.9")
    right.set_title("colours before (left) and after (right)")
plt.show()

# %%
# The check
# ---------
#
# The prices of 400 colours against dense NumPy in float64, and what the plan takes from
# each colour of the other picture: 1 / M.


def dense_soft_minimum(x, y, prices, temperature):
    costs = ((x[:, None] - y) ** 2).sum(-1) / 2
    exponents = (prices.T - costs) / temperature
    return -temperature * (
        logsumexp(exponents, axis=1, keepdims=True) - math.log(len(y))
    )


few_x, few_y = x[:400].astype(np.float64), y[:400].astype(np.float64)
difference = np.abs(
    prices(few_x, few_y) - prices(few_x, few_y, dense_soft_minimum)
).max()
f = soft_minimum(x, y, forth, TEMPERATURE)
taken = np.exp((forth - soft_minimum(y, x, f, TEMPERATURE)) / TEMPERATURE)
unmoved = np.abs(taken - 1).mean()
print(
    f"prices differ by {difference:.1e} at most; {unmoved:.1e} of the mass is not yet moved"
)
means = [
    np.abs(moved[0].mean(0) - pixels[1].mean(0)).max(),
    np.abs(x.mean(0) - y.mean(0)).max(),
]
print(f"mean colours differ by {means[0]:.2f} after, {means[1]:.1f} before")
assert difference < 1e-9
assert unmoved < 0.02
assert means[0] < 2
