r"""
Has the data drifted? The maximum mean discrepancy
==================================================

A model was trained on one sample; does today's sample come from the same distribution?
The squared maximum mean discrepancy (Gretton and others 2012) of samples :math:`x_1
\dots x_n` and :math:`y_1 \dots y_n` is

.. math::

   \mathrm{MMD}^2 = \frac{1}{n^2} \sum_{i,j} \big( k(x_i, x_j) + k(y_i, y_j) - 2 k(x_i, y_j) \big)
                  = \frac{1}{n^2} \, s^\top K s,
   \qquad s_i = \pm 1,

where :math:`K` is the kernel matrix of both samples together and :math:`s` says which
of the two a point belongs to. How large is large? If nothing has drifted, the signs
could as well be shuffled: a permutation test compares :math:`s^\top K s` with that of a
thousand shuffled :math:`s`. All of them are the columns of one matrix :math:`S`, so the
whole test is **one** product :math:`K S` with a matrix :math:`K` that is never stored.
"""

import os
import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from pairfold.numpy import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
random = np.random.default_rng(0)
SHUFFLES = 1000 if FULL else 300


# %%
# The test
# --------
#
# The width of the Gaussian is the median distance of the points, a usual choice.


def kernel(x, y, width):
    """Return the Gaussian kernel matrix, which is not stored."""
    return (-Vi(x).sqdist(Vj(y)) / (2 * width**2)).exp()


def test_of_drift(x, y):
    """Return the MMD^2 of two samples of n points, those of shuffled samples, and the p-value."""
    n, both = len(x), np.concatenate([x, y])
    some = both[random.choice(2 * n, 200)]
    width = float(np.median(np.sqrt(((some[:, None] - some) ** 2).sum(2))))
    signs = np.repeat([1.0, -1.0], n)
    signs = np.stack(
        [signs, *(random.permutation(signs) for _ in range(SHUFFLES))], axis=1
    ).astype(both.dtype)
    product = kernel(both, both, width) @ signs
    values = np.einsum("ik,ik->k", signs, product, dtype=np.float64) / n**2
    return values[0], values[1:], (1 + np.sum(values[1:] >= values[0])) / (1 + SHUFFLES)


# %%
# Ink that fades
# --------------
#
# Half of scikit-learn's handwritten digits are the reference, the other half is what
# the scanner sees now, a little paler every week. (The digits are the same in all
# weeks, and so is their own small deviation from the reference.)

digits = load_digits().data
order = random.permutation(len(digits))
reference, now = (
    digits[order[:898]].astype(np.float32),
    digits[order[898:1796]].astype(np.float32),
)
losses = [0, 2, 4, 6, 8, 10, 15, 20]  # per cent of the ink
started = time.perf_counter()
results = []
for loss in losses:
    results.append(test_of_drift(reference, now * np.float32(1 - loss / 100)))
    print(f"{loss:3d} % paler: MMD^2 = {results[-1][0]:.5f}, p = {results[-1][2]:.4f}")
seconds = time.perf_counter() - started
print(
    f"{len(losses)} tests of {SHUFFLES} shuffles each, {2 * len(now):,} points: {seconds:.2f} s."
)
assert results[0][2] > 0.05, "the same distribution is not called drift"
assert results[-1][2] < 0.01, "a fifth of the ink is seen"

# %%
# Checks
# ------
#
# The value is that of the definition, in float64 and with the dense matrices.

x, y = reference.astype(np.float64), 0.9 * now.astype(np.float64)


def dense(x, y, width):
    """Return the mean of the kernel matrix."""
    return np.exp(-((x[:, None] - y) ** 2).sum(2) / (2 * width**2)).mean()


signs = np.repeat([[1.0], [-1.0]], len(x), axis=0)
both = np.concatenate([x, y])
found = float((signs * (kernel(both, both, 30.0) @ signs)).sum()) / len(x) ** 2
expected = dense(x, x, 30.0) + dense(y, y, 30.0) - 2 * dense(x, y, 30.0)
assert abs(found - expected) < 1e-12
print(f"MMD^2 = {found:.12f}, dense: {expected:.12f}")

# %%
# If nothing has drifted, p-values are uniform: a test at the level of 10 % raises the
# alarm in about 10 % of the cases. We count that on small samples of normal numbers,
# and the power of the test when they are shifted.

trials = 500 if FULL else 150
SHUFFLES = 99
alarms = {}
for shift in (0.0, 0.3):
    levels = []
    for _ in range(trials):
        x = random.standard_normal((60, 2))
        y = random.standard_normal((60, 2)) + shift
        levels.append(test_of_drift(x, y)[2])
    alarms[shift] = np.array(levels)
    print(
        f"shift {shift}: alarm at the level of 10 % in",
        f"{np.mean(alarms[shift] <= 0.1):.1%} of {trials} trials",
    )
expected_alarms, spread = 0.1, np.sqrt(0.1 * 0.9 / trials)
assert abs(np.mean(alarms[0.0] <= 0.1) - expected_alarms) < 4 * spread
assert np.mean(alarms[0.3] <= 0.1) > 0.5

# %%
# Pictures
# --------

figure, panels = plt.subplots(1, 3, figsize=(9.2, 3.4))
shown = 3
value, shuffled, level = results[shown]
panels[0].hist(shuffled * 1e3, bins=30, color="0.75", label="shuffled")
panels[0].axvline(
    value * 1e3, color="tab:red", lw=2, label=f"measured, p = {level:.3f}"
)
panels[0].set(title=f"Digits {losses[shown]} % paler", xlabel="1000 MMD$^2$", yticks=[])
panels[0].set_ylim(0, 1.6 * panels[0].get_ylim()[1])
panels[0].legend()
low, high = np.quantile([shuffled for _, shuffled, _ in results], [0.0, 0.95], axis=1)
panels[1].fill_between(
    losses, low * 1e3, high * 1e3, color="0.85", label="95 % of the shuffled"
)
panels[1].plot(
    losses,
    [1e3 * value for value, _, _ in results],
    "o-",
    color="tab:red",
    label="measured",
)
panels[1].set(
    title="The ink fades", xlabel="loss of ink, %", ylabel="1000 MMD$^2$", yscale="log"
)
panels[1].legend()
level = np.linspace(0, 1, 101)
for shift, colour in [(0.0, "0.5"), (0.3, "tab:red")]:
    share = np.mean(alarms[shift][:, None] <= level, axis=0)
    panels[2].plot(
        level,
        share,
        color=colour,
        lw=2,
        label="no drift" if shift == 0 else f"shifted by {shift}",
    )
panels[2].plot([0, 1], [0, 1], "k:", lw=1, label="uniform p-values")
panels[2].set(
    title="Alarms of many tests",
    xlabel="level",
    ylabel="share of alarms",
)
panels[2].legend()
plt.show()
