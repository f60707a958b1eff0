r"""
A kernel product and its gradient
=================================

Every point :math:`x_i` receives the sum of a Gaussian of the distance to every other
point :math:`y_j`, with the weight :math:`b_j`:

.. math:: a_i = \sum_{j=1}^M \exp\!\Big(-\frac{\|x_i - y_j\|^2}{2 \sigma^2}\Big) \, b_j, \qquad i = 1, \dots, N.

It is written as if the N x M table were there, and differentiated by PyTorch; the table
is never stored.
"""

import os
import time

import matplotlib.pyplot as plt
import torch

from pairfold.torch import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 100_000 if FULL else 10_000
print(f"N = M = {N:,}; at full size: 100,000")

# %%
# Ten lines
# ---------
#
# ``Vi`` is one vector per row i, ``Vj`` one per column j. What is written with them
# stays a formula until the axis of the columns is summed over: then it becomes machine
# code, in some tens of milliseconds, once.

torch.manual_seed(0)
x = torch.rand(N, 3, requires_grad=True)
y, b = torch.rand(N, 3), torch.randn(N, 1)
sigma = torch.tensor([0.1], requires_grad=True)


def product(x, y, b, sigma):
    kernel = (-Vi(x).sqdist(Vj(y)) / (2 * sigma**2)).exp()  # (N, M, 1), no numbers yet
    return kernel @ b  # (N, 1)


a = product(x, y, b, sigma)
a.square().sum().backward()
print(a.shape, x.grad.shape, sigma.grad)

# %%
# Time and memory, beside dense PyTorch
# -------------------------------------
#
# Both on one thread. The dense table of float32 takes :math:`4 N M` bytes, and
# automatic differentiation keeps several of that size, so it is stopped at 4,000
# points.

threads, variable = torch.get_num_threads(), os.environ.get("PAIRFOLD_NUM_THREADS", "")
torch.set_num_threads(1)
os.environ["PAIRFOLD_NUM_THREADS"] = "1"


def dense(x, y, b, sigma):
    return torch.exp(-((x[:, None] - y) ** 2).sum(-1) / (2 * sigma**2)) @ b


def seconds(function, count):
    """Return the time of a product and its gradient: the best of a few."""
    points, times = x[:count].detach().requires_grad_(), []
    while len(times) < 10 and sum(times) < 0.5:
        start = time.perf_counter()
        function(points, y[:count], b[:count], sigma).square().sum().backward()
        times.append(time.perf_counter() - start)
    return min(times)


steps = (250, 500, 1000, 2000, 4000, 10_000, 30_000, 100_000)
counts = [count for count in steps if count <= N]
lazy_seconds = [seconds(product, count) for count in counts]
dense_seconds = [seconds(dense, count) for count in counts if count <= 4000]
for count, one in zip(counts, lazy_seconds, strict=True):
    table = f"a dense table would take {4e-6 * count**2:8,.0f} MB"
    print(f"{count:7,} points: {one * 1e3:9.2f} ms; {table}")

torch.set_num_threads(threads)
os.environ["PAIRFOLD_NUM_THREADS"] = variable

# %%

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
ours, others = {"color": "tab:red", "marker": "o"}, {"color": "0.5", "marker": "s"}
left.loglog(counts, lazy_seconds, label="pairfold", **ours)
left.loglog(counts[: len(dense_seconds)], dense_seconds, label="dense", **others)
left.set(ylabel="seconds", title="product and gradient, one thread")
tables = [4e-6 * count**2 for count in counts]
vectors = [4e-6 * 8 * count for count in counts]
right.loglog(counts, tables, label="one dense table, float32", **others)
right.loglog(counts, vectors, label="points, weights and result", **ours)
right.set(ylabel="MB", title="memory")
for axes in (left, right):
    axes.set(xlabel="number of points, N = M")
    axes.legend()
plt.show()

# %%
# The check
# ---------
#
# Values and gradients of 500 rows, against dense PyTorch in float64.

rows = slice(0, 500)
wide = [one.detach().double().requires_grad_() for one in (x[rows], y, b, sigma)]
expected = dense(*wide)
(expected_slope,) = torch.autograd.grad(expected.square().sum(), wide[0])
error = ((a[rows] - expected).norm() / expected.norm()).item()
slope_error = ((x.grad[rows] - expected_slope).norm() / expected_slope.norm()).item()
print(f"relative errors: {error:.1e} of the sums, {slope_error:.1e} of the gradient")
assert error < 1e-5
assert slope_error < 1e-5
