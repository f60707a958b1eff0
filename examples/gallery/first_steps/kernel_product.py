r"""
A kernel product and its gradient
=================================

Every point :math:`x_i` receives the sum of a Gaussian of the distance to every other point :math:`y_j`, with the weight
:math:`b_j`:

.. math:: a_i = \sum_{j=1}^M \exp\!\Big(-\frac{\|x_i - y_j\|^2}{2 \sigma^2}\Big) \, b_j, \qquad i = 1, \dots, N.

The sum is written as if the N x M table were there, and differentiated by PyTorch; the table is never stored.
"""

import os
import time

import matplotlib.pyplot as plt
import torch

from pairfold.torch import Vi, Vj

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
N = 100_000 if FULL else 10_000
print(f"N = M = {N:,}; at full size (make gallery): 100,000")

# %%
# Ten lines
# ---------
#
# ``Vi`` is one vector per row i, ``Vj`` one per column j. What is written with them stays a formula until the axis of
# the columns is summed over: then it becomes machine code, in some tens of milliseconds, once.

torch.manual_seed(0)
x = torch.rand(N, 3, requires_grad=True)
y, b = torch.rand(N, 3), torch.randn(N, 1)
sigma = torch.tensor([0.1], requires_grad=True)


def product(x, y, b, sigma):
    kernel = (-Vi(x).sqdist(Vj(y)) / (2 * sigma**2)).exp()  # (N, M, 1), not computed yet
    return kernel @ b  # (N, 1)


a = product(x, y, b, sigma)
a.square().sum().backward()
print(a.shape, x.grad.shape, sigma.grad)

# %%
# Time and memory, beside dense PyTorch
# -------------------------------------
#
# The same in dense PyTorch, for as many points as 8 GB would hold comfortably at most: its table of float32 takes
# :math:`4 N^2` bytes, and automatic differentiation keeps two or three tables.


def dense(x, y, b, sigma):
    return torch.exp(-((x[:, None] - y) ** 2).sum(-1) / (2 * sigma**2)) @ b


def seconds(function, count):
    """Return the time of a product and its gradient: the best of up to ten, within half a second."""
    times = []
    while len(times) < 10 and sum(times) < 0.5:
        start = time.perf_counter()
        function(x[:count].detach().requires_grad_(), y[:count], b[:count], sigma).square().sum().backward()
        times.append(time.perf_counter() - start)
    return min(times)


counts = [count for count in (250, 500, 1000, 2000, 4000, 10_000, 30_000, 100_000) if count <= N]
lazy_seconds = [seconds(product, count) for count in counts]
dense_counts = [count for count in counts if count <= 4000]
dense_seconds = [seconds(dense, count) for count in dense_counts]
for count, one in zip(counts, lazy_seconds, strict=True):
    print(f"{count:7,} x {count:7,}: {one * 1e3:9.2f} ms; a table of float32 would take {4 * count**2 / 1e6:9,.0f} MB")

# %%

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
left.loglog(counts, lazy_seconds, "o-", color="tab:red", label="pairfold")
left.loglog(dense_counts, dense_seconds, "s-", color="0.5", label="dense PyTorch")
left.set(
    xlabel="number of points, N = M", ylabel="seconds", title=f"product and gradient, {torch.get_num_threads()} threads"
)
left.legend()
right.loglog(counts, [4e-6 * count**2 for count in counts], "s-", color="0.5", label="one dense table, float32")
right.loglog(counts, [4e-6 * 8 * count for count in counts], "o-", color="tab:red", label="points, weights and result")
right.set(xlabel="number of points, N = M", ylabel="MB", title="memory")
right.legend()
plt.show()

# %%
# The check
# ---------
#
# Value and gradients of some rows, against dense PyTorch in float64.

rows = slice(0, 500)
wide = [tensor.detach().double().requires_grad_() for tensor in (x[rows], y, b, sigma)]
expected = dense(*wide)
error = ((a[rows] - expected).norm() / expected.norm()).item()
(expected_slope,) = torch.autograd.grad(expected.square().sum(), wide[0])
slope_error = ((x.grad[rows] - expected_slope).norm() / expected_slope.norm()).item()
print(f"relative error of the sums: {error:.1e}, of the gradient in x: {slope_error:.1e}")
assert error < 1e-5
assert slope_error < 1e-5
