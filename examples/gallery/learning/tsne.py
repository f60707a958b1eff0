r"""
t-SNE with the forces of all pairs
==================================

t-SNE (van der Maaten and Hinton 2008) draws points :math:`x_i` of many dimensions as
points :math:`y_i` of a plane, such that those who are near in one are near in the
other. Near is said by probabilities,

.. math::

   p_{ij} = \frac{p_{j|i} + p_{i|j}}{2 n}, \quad
   p_{j|i} = \frac{e^{-\beta_i \|x_i - x_j\|^2}}{\sum_{k \ne i} e^{-\beta_i \|x_i - x_k\|^2}}, \qquad
   q_{ij} = \frac{(1 + \|y_i - y_j\|^2)^{-1}}{\sum_{k \ne l} (1 + \|y_k - y_l\|^2)^{-1}},

and the picture is the one that minimises :math:`\mathrm{KL}(p \,\|\, q) = \sum_{i \ne
j} p_{ij} \log (p_{ij} / q_{ij})`. Programs for many points keep the nearest
:math:`p_{ij}` alone and replace far points by boxes (Barnes-Hut). Here nothing is
replaced: every step has all forces of all pairs, and neither :math:`p` nor :math:`q` is
ever stored.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness

from pairfold.numpy import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
PERPLEXITY, EXAGGERATION, EARLY = 30.0, 12.0, 250

digits = load_digits()
n = 1797 if FULL else 700
steps = 1000 if FULL else 500
x, labels = digits.data[:n].astype(np.float32), digits.target[:n]
number = np.arange(n, dtype=np.float32)[:, None]
others = Vi(number) != Vj(number)  # a point is no neighbour of itself

# %%
# How near is near?
# -----------------
#
# Every point has its own width: :math:`\beta_i` is such that the entropy of
# :math:`p_{\cdot|i}` is the logarithm of the perplexity, a number of neighbours.
# Entropies are two reductions, and all :math:`\beta_i` are found at once, by bisection.

squared = Vi(x).sqdist(Vj(x))


def conditional(beta):
    """Return log p(j|i) without its constant, -inf where j = i."""
    return others.where(-Vi(beta) * squared, -np.inf)


started = time.perf_counter()
low, high = np.full((n, 1), -20.0), np.full((n, 1), 5.0)  # of log beta
for _ in range(30):
    beta = np.exp((low + high) / 2).astype(np.float32)
    log_sum = conditional(beta).logsumexp(axis=1)
    mean_energy = beta * conditional(beta).sumsoftmaxweight(squared, axis=1)
    too_wide = log_sum + mean_energy > np.log(PERPLEXITY)
    low, high = (
        np.where(too_wide, (low + high) / 2, low),
        np.where(too_wide, high, (low + high) / 2),
    )
print(f"Widths of {n} points: {time.perf_counter() - started:.2f} s")

# %%
# Forces
# ------
#
# The gradient of the divergence in :math:`y_i` is :math:`4 \sum_j (p_{ij} - q_{ij})
# (y_i - y_j) / (1 + \|y_i - y_j\|^2)`. It falls into what attracts and what repels: two
# sums over j of two-dimensional vectors. The formula of :math:`p` is part of the first.

p_from_i = (conditional(beta) - Vi(log_sum)).exp()
p_from_j = others.where(-Vj(beta) * squared, -np.inf)
p = (p_from_i + (p_from_j - Vj(log_sum)).exp()) / (2 * n)


def forces(y, exaggeration=1.0):
    """Return the gradient of the divergence in y, (n, 2)."""
    differences = Vi(y) - Vj(y)
    closeness = 1 / (1 + differences.sqnorm2())
    attraction = (p * closeness * differences).sum(axis=1)
    repulsion = (closeness**2 * differences).sum(axis=1)
    total = (others * closeness).sum(axis=1).sum()
    return 4 * (exaggeration * attraction - repulsion / total)


def divergence(y):
    """Return KL(p || q)."""
    distances = 1 + Vi(y).sqdist(Vj(y))
    total = (others / distances).sum(axis=1, dtype=np.float64).sum()
    return float(
        (p * ((p + 1e-30).log() + distances.log())).sum(axis=1, dtype=np.float64).sum()
        + np.log(total)
    )


# %%
# Down the slope
# --------------
#
# Gradient descent with momentum, and gains that grow where the direction stays the
# same, as in the original paper. The start is the plane of the two principal
# components; attraction is exaggerated at first.

start = PCA(2, random_state=0).fit_transform(x)
start = (start / start[:, 0].std() * 1e-4).astype(np.float32)


def descend(y, steps):
    """Return the final points and the divergence on the way."""
    rate = max(n / EXAGGERATION / 4, 50)
    velocity, gains, course = np.zeros_like(y), np.ones_like(y), []
    for step in range(steps):
        gradient = forces(y, EXAGGERATION if step < EARLY else 1.0)
        same = gradient * velocity < 0
        gains = np.maximum(np.where(same, gains + 0.2, gains * 0.8), 0.01)
        velocity = (0.5 if step < EARLY else 0.8) * velocity - rate * gains * gradient
        y = (y + velocity).astype(np.float32)
        if step % 10 == 9:
            course.append((step + 1, divergence(y)))
    return y, np.array(course)


started = time.perf_counter()
y, course = descend(start, steps)
seconds = time.perf_counter() - started
print(
    f"{steps} steps of {n**2:,} pairs: {seconds:.2f} s,",
    f"{seconds / steps * 1e3:.1f} ms per step; KL = {course[-1, 1]:.4f}",
)

# %%
# Against scikit-learn
# --------------------
#
# scikit-learn's exact method stores all tables, and its Barnes-Hut method approximates.
# The divergence of *its* picture, computed by the formula above, must be the number
# that it reports; and our picture must be as good as its own.

started = time.perf_counter()
judge = TSNE(
    perplexity=PERPLEXITY,
    method="exact",
    init=start,
    max_iter=steps,
    learning_rate="auto",
).fit(x)
print(
    f"scikit-learn, exact: {time.perf_counter() - started:.2f} s, KL = {judge.kl_divergence_:.4f}"
)
assert (
    abs(divergence(judge.embedding_.astype(np.float32)) - judge.kl_divergence_) < 1e-3
)
assert course[-1, 1] < judge.kl_divergence_ + 0.02
ours, theirs = (
    trustworthiness(x, picture, n_neighbors=10) for picture in (y, judge.embedding_)
)
print(
    f"Trustworthiness (neighbours that are true ones): {ours:.4f}, scikit-learn {theirs:.4f}"
)
assert ours > theirs - 0.005

# %%
# The forces are those of the dense formula, in float64.

some = y.astype(np.float64)
table = ((x[:, None].astype(np.float64) - x) ** 2).sum(2)
weights = np.exp(-beta.astype(np.float64) * table) * (1 - np.eye(n))
weights /= weights.sum(1, keepdims=True)
dense_p = (weights + weights.T) / (2 * n)
closeness = (1 - np.eye(n)) / (1 + ((some[:, None] - some) ** 2).sum(2))
attraction, repulsion = (
    4 * ((w * closeness).sum(1)[:, None] * some - (w * closeness) @ some)
    for w in (dense_p, closeness / closeness.sum())
)
error = np.abs(forces(y) - (attraction - repulsion)).max() / np.abs(attraction).max()
print(f"Largest error of a force, float32: {error:.1e} of the largest attraction")
assert error < 1e-4

# %%
# The picture
# -----------

figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 4.7), width_ratios=[1.25, 1])
for digit in range(10):
    left.scatter(*y[labels == digit].T, s=6, color=f"C{digit}")
    left.text(
        *np.median(y[labels == digit], axis=0),
        str(digit),
        size=18,
        weight="bold",
        ha="center",
        va="center",
    )
left.set(
    xticks=[],
    yticks=[],
    aspect="equal",
    title=f"{n} handwritten digits, 64 dimensions, all forces",
)
right.plot(*course.T, color="tab:red", lw=2, label="all pairs, nothing stored")
right.axhline(
    judge.kl_divergence_, color="0.3", ls=":", label="scikit-learn, exact, at its end"
)
right.axvline(EARLY, color="0.85", lw=1, zorder=0)
right.text(EARLY + 8, 2.0, "exaggeration ends", color="0.5")
right.set(xlabel="step", ylabel="KL(p || q)", title="The divergence")
right.legend()
plt.show()
