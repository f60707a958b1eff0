r"""
Causal attention with batches and heads
=======================================

A head of attention replaces the value of every token :math:`i` by an average over the
tokens up to it,

.. math::

   o_i = \frac{\sum_{j \le i} e^{s_{ij}} v_j}{\sum_{j \le i} e^{s_{ij}}}, \qquad
   s_{ij} = \frac{q_i \cdot k_j}{\sqrt{E}}.

That is the reduction ``sumsoftmaxweight``. Leading axes of the tensors are batch axes:
here one of sequences and one of heads. *Causal*, that a token does not see what comes
after it, is a mask. PyTorch's own attention is the reference; what the formula gives
beyond it are scores of any form, and their gradients.
"""

import math
import os
import time

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import scaled_dot_product_attention

from pairfold.torch import LazyTensor, lower

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
BATCH, HEADS, LENGTH, WIDTH = (2, 8, 2048, 64) if FULL else (2, 4, 512, 32)
generator = torch.Generator().manual_seed(0)

# %%
# The layer
# ---------
#
# Queries are indexed by i, keys and values by j: one axis is inserted for the index
# that they do not have. The mask ``lower()`` keeps the pairs with j at most i, exactly.
# ``lower(exact=False)`` keeps the tiles of 64 x 64 pairs with such a pair, which is
# faster; what is too much at the diagonal then gets the score of minus infinity.


def attention(q, k, v, bias=None):
    """Return attention; the bias is a function of the numbers i and j of the tokens."""
    q_i, k_j, v_j = (
        LazyTensor(q[..., :, None, :]),
        LazyTensor(k[..., None, :, :]),
        LazyTensor(v[..., None, :, :]),
    )
    number = torch.arange(q.shape[-2], dtype=q.dtype)
    i, j = LazyTensor(number[:, None, None]), LazyTensor(number[None, :, None])
    score = (q_i | k_j) / math.sqrt(
        q.shape[-1]
    )  # (batch, heads, length, length, 1), never stored
    if bias is not None:
        score = score + bias(i, j)
    score = (j <= i).where(score, -math.inf)
    return score.sumsoftmaxweight(v_j, axis=-2, ranges=lower(exact=False))


q, k, v, weights = torch.randn(
    4, BATCH, HEADS, LENGTH, WIDTH, generator=generator, dtype=torch.float64
)
for tensor in (q, k, v):
    tensor.requires_grad_()

# %%
# Against PyTorch
# ---------------
#
# Results and the gradients in queries, keys and values, in float64:

found = attention(q, k, v)
expected = scaled_dot_product_attention(q, k, v, is_causal=True)
assert found.shape == (BATCH, HEADS, LENGTH, WIDTH)
assert torch.allclose(found, expected, rtol=1e-10, atol=1e-12)
gradients = torch.autograd.grad((found * weights).sum(), (q, k, v))
reference = torch.autograd.grad((expected * weights).sum(), (q, k, v))
for name, one, other in zip("qkv", gradients, reference, strict=True):
    print(f"gradient in {name}: largest difference {(one - other).abs().max():.1e}")
    assert torch.allclose(one, other, rtol=1e-9, atol=1e-10)

# %%
# Time, in float32. PyTorch's attention on CPUs is written for this one formula, and
# uses the matrix products of a tuned library.

queries, keys, values = (
    tensor.detach().float().requires_grad_() for tensor in (q, k, v)
)


def milliseconds(function):
    """Return the shortest of three times, of a value and of a value with gradients."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        result = function(queries, keys, values)
        middle = time.perf_counter()
        torch.autograd.grad(result.square().sum(), (queries, keys, values))
        times.append((middle - started, time.perf_counter() - started))
    return (1e3 * min(column) for column in zip(*times, strict=True))


for label, function in [
    ("pairfold", attention),
    ("PyTorch ", lambda q, k, v: scaled_dot_product_attention(q, k, v, is_causal=True)),
]:
    print(
        "{}: value {:.1f} ms, with gradients {:.1f} ms".format(
            label, *milliseconds(function)
        )
    )
print(
    f"The table of the scores would take {4 * BATCH * HEADS * LENGTH**2 / 1e6:.0f} MB."
)

# %%
# A bias that is learned
# ----------------------
#
# Heads that look near and heads that look far (ALiBi: Press, Smith and Lewis 2022): the
# score loses a multiple of the distance of the tokens, with a slope of its own in each
# head. The slopes are parameters with the batch axis of the heads, and get a gradient.
# A dense bias of PyTorch is a table of the heads times N x N.

slopes = torch.tensor(
    [2.0**-power for power in range(2, 2 + HEADS)],
    dtype=torch.float64,
    requires_grad=True,
)


def alibi(i, j):
    """Return minus the distance of the tokens, times the slope of the head."""
    return -LazyTensor(slopes[:, None, None, None]) * (i - j)


found = attention(q, k, v, bias=alibi)
number = torch.arange(LENGTH, dtype=torch.float64)
distance = number[:, None] - number
table = (-slopes[:, None, None] * distance).masked_fill(distance < 0, -torch.inf)
expected = scaled_dot_product_attention(q, k, v, attn_mask=table)
assert torch.allclose(found, expected, rtol=1e-10, atol=1e-12)
(slope,) = torch.autograd.grad((found * weights).sum(), slopes)
(expected_slope,) = torch.autograd.grad((expected * weights).sum(), slopes)
assert torch.allclose(slope, expected_slope, rtol=1e-8)
print("gradients in the slopes:", slope.numpy().round(3))
print("dense PyTorch:          ", expected_slope.numpy().round(3))

# %%
# The weights, seen
# -----------------
#
# What the first 96 tokens of each head look at. To see the weights of a few tokens,
# values are unit vectors: attention then returns its own weights.

shown = 96
unit = torch.eye(shown, dtype=torch.float64).expand(1, HEADS, shown, shown)
short = [tensor[:1, :, :shown].detach() for tensor in (q, k)]
figure, panels = plt.subplots(2, 4, figsize=(9.2, 5.1))
for row, bias in zip(panels, (None, alibi), strict=True):
    looks = attention(*short, unit, bias=bias)[0].detach().clamp(min=1e-4).numpy()
    for head, panel in enumerate(row):
        image = panel.imshow(looks[head], norm="log", vmin=1e-4, vmax=1, cmap="magma")
        panel.set(xticks=[], yticks=[])
        panel.set_title(
            f"head {head}" + (f", slope {slopes[head].item():g}" if bias else "")
        )
    row[0].set_ylabel("token i")
for panel in panels[1]:
    panel.set_xlabel("token j")
figure.colorbar(image, ax=panels, label="weight", shrink=0.8)
plt.show()
