r"""
A network on a batch of point clouds of unequal size
====================================================

A layer for point clouds: each point gathers the features of its neighbours, seen
through a small function of where they are,

.. math::

   g_i = \sum_{j \in \text{cloud of } i} e^{-\|x_i - x_j\|^2 / 2 \sigma^2} \;
         \max(0, A (x_j - x_i) + b) \odot f_j,

with learned :math:`A`, :math:`b` and :math:`\sigma`. (A quasi-geodesic convolution is
of this form: Sverrisson and others 2021.) The clouds of a batch have 40 to 200 points.
They are **not** padded: all points are one long list, and the mask ``segments`` keeps
the pairs of the same cloud.
"""

import os
import time

import matplotlib.pyplot as plt
import torch
from torch import nn

from pairfold.torch import Pm, Vi, Vj, segments

FULL = os.environ.get("PAIRFOLD_GALLERY") == "full"
CLOUDS, STEPS, FEATURES = (100, 120, 16) if FULL else (48, 60, 16)
generator = torch.Generator().manual_seed(0)
torch.manual_seed(0)

# %%
# Four kinds of clouds
# --------------------
#
# Points of a sphere, a torus, a cube's surface and a helix, turned in any direction,
# with some noise.


def cloud(kind, count):
    """Return points of one of four surfaces and curves, (count, 3)."""
    u, v = 2 * torch.pi * torch.rand(2, count, generator=generator)
    if kind == 0:
        points = nn.functional.normalize(
            torch.randn(count, 3, generator=generator), dim=1
        )
    elif kind == 1:
        points = torch.stack(
            [
                (0.8 + 0.3 * v.cos()) * u.cos(),
                (0.8 + 0.3 * v.cos()) * u.sin(),
                0.3 * v.sin(),
            ],
            dim=1,
        )
    elif kind == 2:
        points = 2 * torch.rand(count, 3, generator=generator) - 1
        side = torch.randint(3, (count, 1), generator=generator)
        points = 0.75 * points.scatter(1, side, points.gather(1, side).sign())
    else:
        points = torch.stack(
            [0.6 * (2 * u).cos(), 0.6 * (2 * u).sin(), (u - torch.pi) / 3.5], dim=1
        )
    turn = torch.linalg.qr(torch.randn(3, 3, generator=generator)).Q
    return points @ turn + 0.03 * torch.randn(count, 3, generator=generator)


def batch(clouds):
    """Return the points of many clouds, the number of the cloud of each, the kinds."""
    kinds = torch.arange(clouds) % 4
    counts = torch.randint(40, 200, (clouds,), generator=generator)
    points = torch.cat(
        [
            cloud(kind, count)
            for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True)
        ]
    )
    return points, torch.repeat_interleave(torch.arange(clouds), counts), kinds


# %%
# Layer and network
# -----------------
#
# Between the layers, points are mixed by ordinary linear maps. In the end, every cloud
# takes the mean and the maximum of the features of its points: these are reductions
# with a mask too, with one row for each cloud.


class Neighbours(nn.Module):
    """Gather features of the points of the same cloud."""

    def __init__(self, features):
        super().__init__()
        self.a = nn.Parameter(torch.randn(features, 3))
        self.b = nn.Parameter(torch.rand(features))
        self.log_width = nn.Parameter(torch.tensor([-1.0]))

    def forward(self, x, f, mask):
        """Return new features (N, F) of points x (N, 3) with features f (N, F)."""
        x = x / self.log_width.exp()
        difference = Vj(x) - Vi(x)
        seen = (Pm(self.a.reshape(-1)).matvecmult(difference) + Pm(self.b)).relu()
        near = (-difference.sqnorm2() / 2).exp()
        return (near * seen * Vj(f)).sum(axis=1, ranges=mask)


class Network(nn.Module):
    """Two layers, and what a cloud is: four scores."""

    def __init__(self, features):
        super().__init__()
        self.layers = nn.ModuleList([Neighbours(features), Neighbours(features)])
        self.mixing = nn.ModuleList(
            [
                nn.Sequential(nn.LayerNorm(features), nn.Linear(features, features))
                for _ in "12"
            ]
        )
        self.head = nn.Linear(2 * features, 4)
        self.features = features

    def at_points(self, x, ids):
        """Return the features of every point."""
        mask = segments(ids, ids)
        f = x.new_ones(len(x), self.features)
        for layer, mixing in zip(self.layers, self.mixing, strict=True):
            f = nn.functional.gelu(mixing(layer(x, f, mask)))
        return f

    def forward(self, x, ids, clouds):
        """Return the scores of every cloud, (clouds, 4)."""
        f = self.at_points(x, ids)
        number, mask = torch.arange(clouds), segments(torch.arange(clouds), ids)
        one = Vi(number[:, None].to(f.dtype)) * 0 + Vj(
            f
        )  # (clouds, N, F): the rows are the clouds
        mean = one.sum(axis=1, ranges=mask) / torch.bincount(ids)[:, None]
        return self.head(torch.cat([mean, one.max(axis=1, ranges=mask)], dim=1))


# %%
# Training
# --------

x, ids, kinds = batch(CLOUDS)
network = Network(FEATURES)
optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
losses = []
started = time.perf_counter()
for _ in range(STEPS):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(network(x, ids, CLOUDS), kinds)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
seconds = time.perf_counter() - started
counts = torch.bincount(ids)
within = (counts**2).sum()
print(
    f"{CLOUDS} clouds of {counts.min()} to {counts.max()} points, {len(x):,} in all;",
    f"{STEPS} steps: {seconds:.2f} s",
)
print(
    f"Pairs that count: {within / len(x) ** 2:.1%}; padded clouds have",
    f"{CLOUDS * counts.max() ** 2 / within:.1f} times as many.",
)
print(
    "A layer of dense PyTorch stores",
    f"{4e-6 * CLOUDS * counts.max() ** 2 * FEATURES:.0f} MB for each intermediate table.",
)

with torch.no_grad():
    new, new_ids, new_kinds = batch(CLOUDS)
    right = (network(new, new_ids, CLOUDS).argmax(1) == new_kinds).float().mean().item()
print(
    f"Loss {losses[0]:.2f}, in the end {losses[-1]:.3f}; {right:.0%} of new clouds are told right."
)
assert losses[-1] < 0.5 * losses[0]
assert right > 0.7

# %%
# Against dense PyTorch, cloud by cloud
# -------------------------------------
#
# Features and gradients of a layer, in float64:

layer = network.layers[0].double()
points, features = x.double(), torch.randn(len(x), FEATURES, dtype=torch.float64)
found = layer(points, features, segments(ids, ids))
parts = []
for number in range(CLOUDS):
    z = points[ids == number] / layer.log_width.exp()
    difference = z[None] - z[:, None]
    seen = (difference @ layer.a.T + layer.b).relu()
    parts.append(
        (
            (-difference.square().sum(2, keepdim=True) / 2).exp()
            * seen
            * features[ids == number]
        ).sum(1)
    )
expected = torch.cat(parts)
assert torch.allclose(found, expected, rtol=1e-10, atol=1e-10)
for name, parameter in layer.named_parameters():
    one, other = (
        torch.autograd.grad(y.square().sum(), parameter, retain_graph=True)[0]
        for y in (found, expected)
    )
    print(
        f"gradient in {name}: relative difference",
        f"{((one - other).norm() / other.norm()).item():.1e}",
    )
    assert torch.allclose(one, other, rtol=1e-8, atol=1e-8)
network.float()

# %%
# Pictures
# --------
#
# Clouds that the network had not seen, coloured by the first principal component of the
# features of their points.

figure = plt.figure(figsize=(9.2, 4.6))
left, right = figure.subfigures(1, 2, width_ratios=[2.2, 1])
with torch.no_grad():
    f = network.at_points(new, new_ids)
    colour = torch.pca_lowrank(f, 1)[0][:, 0]
    scores = network(new, new_ids, CLOUDS).softmax(1)
names = "sphere", "torus", "cube", "helix"
for place in range(8):
    panel = left.add_subplot(2, 4, place + 1, projection="3d")
    chosen = new_ids == place
    panel.scatter(
        *new[chosen].T, c=colour[chosen], s=12, cmap="viridis", depthshade=False
    )
    guess = scores[place].argmax().item()
    panel.set_title(
        f"{names[guess]}, {scores[place, guess]:.0%}",
        color="k" if guess == new_kinds[place] else "tab:red",
    )
    panel.set_box_aspect((1, 1, 1), zoom=1.35)
    panel.set(xlim=(-1, 1), ylim=(-1, 1), zlim=(-1, 1))
    panel.set_axis_off()
panel = right.subplots()
panel.plot(range(1, STEPS + 1), losses, color="tab:red", lw=2)
panel.set(xlabel="step", ylabel="cross entropy", title="Training", ylim=(0, None))
plt.show()
