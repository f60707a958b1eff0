"""Registration of two meshes: a sphere is bent into another surface by the shortest path of deformations (LDDMM).

A deformation is carried by momenta p at the vertices q, with the energy H(q, p) = sum_ij K(q_i, q_j) p_i . p_j / 2 and
a Gaussian kernel K. The shortest paths follow Hamilton's equations, dq/dt = dH/dp and dp/dt = -dH/dq (Miller, Trouve
and Younes 2006): automatic differentiation writes down their right-hand sides, and Ralston's method (1962) integrates
them. What is optimized is the first momentum, so that the flow ends near the target: the gradient of that goes through
the integrator and through the gradients inside of it, so it is made of second derivatives. Surfaces are compared
without knowing which vertex belongs to which, as varifolds: by kernels between the centres and the normals of all pairs
of triangles (Charon and Trouve 2013). The gradient is checked against dense PyTorch, and the path against a law: its
energy is constant.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from scipy.spatial import ConvexHull
from torch import Tensor

from pairfold.torch import Vi, Vj

DEFORMATION_WIDTH = 0.6
SURFACE_WIDTHS = (0.6, 0.3)
"""The surfaces are compared coarsely first, then finely."""
STEPS = 6
"""Of the integrator."""
PATIENCE = 20
"""Iterations of the optimizer for each width of the comparison."""
CHECKED_VERTICES = 60

Mesh = tuple[Tensor, Tensor]
Pieces = tuple[Tensor, Tensor, Tensor]


# ---------------------------------------------------------------- surfaces


def sphere(count: int) -> Mesh:
    """Return vertices (V, 3) on the unit sphere, spread evenly, and triangles (F, 3) that look outwards."""
    number = torch.arange(count, dtype=torch.float64)
    height = 1 - (2 * number + 1) / count
    angle = math.pi * (1 + math.sqrt(5)) * number
    radius = (1 - height**2).sqrt()
    vertices = torch.stack([radius * angle.cos(), radius * angle.sin(), height], dim=1)
    triangles = torch.from_numpy(ConvexHull(vertices.numpy()).simplices.astype(np.int64))
    centres, normals, _ = pieces(vertices, triangles)
    inwards = (centres * normals).sum(1) < 0
    triangles[inwards] = triangles[inwards].flip(1)
    return vertices, triangles


def star(count: int) -> Mesh:
    """Return the target, a star with six blunt arms; its vertices have nothing to do with those of the sphere."""
    vertices, triangles = sphere(count)
    turn = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3)))[0]
    radius = 0.55 + 0.8 * ((vertices @ turn) ** 4).sum(1, keepdim=True)
    return radius * vertices, triangles


def pieces(vertices: Tensor, triangles: Tensor) -> Pieces:
    """Return centres (F, 3), unit normals (F, 3) and areas (F, 1) of the triangles."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    normals = torch.linalg.cross(b - a, c - a) / 2
    areas = normals.norm(dim=1, keepdim=True)
    return (a + b + c) / 3, normals / areas, areas


def varifold_product(first: Pieces, second: Pieces, width: float) -> Tensor:
    """Return sum_ij exp(-|x_i - y_j|^2 / width^2) (u_i . v_j)^2 a_i b_j over all pairs of triangles."""
    (x, u, a), (y, v, b) = first, second
    kernel = (-Vi(x).sqdist(Vj(y)) / width**2).exp() * (Vi(u) | Vj(v)) ** 2  # (F, G, 1), never stored
    return (a * (kernel @ b)).sum()


def dense_varifold_product(first: Pieces, second: Pieces, width: float) -> Tensor:
    """Return the same with the tables in memory: the judge."""
    (x, u, a), (y, v, b) = first, second
    kernel = (-((x[:, None] - y) ** 2).sum(-1) / width**2).exp() * (u @ v.T) ** 2
    return (a * (kernel @ b)).sum()


def mismatch(moving: Pieces, target: Pieces, width: float, product: Callable[..., Tensor] = varifold_product) -> Tensor:
    """Return the squared distance of two surfaces, relative to the size of the target."""
    size = product(target, target, width)
    return (product(moving, moving, width) - 2 * product(moving, target, width) + size) / size


# ---------------------------------------------------------------- shortest paths


def energy(q: Tensor, p: Tensor) -> Tensor:
    """Return the energy of the momenta."""
    velocities = (-Vi(q).sqdist(Vj(q)) / DEFORMATION_WIDTH**2).exp() @ p  # (V, 3)
    return (p * velocities).sum() / 2


def dense_energy(q: Tensor, p: Tensor) -> Tensor:
    """Return the same with the table in memory: the judge."""
    kernel = (-((q[:, None] - q) ** 2).sum(-1) / DEFORMATION_WIDTH**2).exp()
    return (p * (kernel @ p)).sum() / 2


def shoot(q: Tensor, p: Tensor, energy: Callable[[Tensor, Tensor], Tensor] = energy) -> list[tuple[Tensor, Tensor]]:
    """Return positions and momenta of the path that leaves q with the momenta p, at STEPS + 1 times from 0 to 1."""
    slope = torch.func.grad(energy, argnums=(0, 1))
    step = 1 / STEPS
    path = [(q, p)]
    for _ in range(STEPS):
        dq, dp = slope(q, p)
        later_dq, later_dp = slope(q + 2 / 3 * step * dp, p - 2 / 3 * step * dq)
        q, p = q + step * (dp + 3 * later_dp) / 4, p - step * (dq + 3 * later_dq) / 4
        path.append((q, p))
    return path


def register(source: Mesh, target: Mesh) -> tuple[Tensor, list[float]]:
    """Return the first momenta of the path that ends at the target, and the mismatch on the way."""
    q, triangles = source
    goal = pieces(*target)
    p = torch.zeros_like(q, requires_grad=True)
    mismatches: list[float] = []

    def loss(optimizer: torch.optim.Optimizer, width: float) -> float:
        optimizer.zero_grad()
        end = pieces(shoot(q, p)[-1][0], triangles)
        value = mismatch(end, goal, width) + 1e-4 * energy(q, p)
        value.backward()
        with torch.no_grad():
            mismatches.append(mismatch(end, goal, SURFACE_WIDTHS[-1]).item())
        return value.item()

    for width in SURFACE_WIDTHS:
        optimizer = torch.optim.LBFGS([p], max_iter=PATIENCE, line_search_fn="strong_wolfe", history_size=20)
        optimizer.step(partial(loss, optimizer, width))
    return p.detach(), mismatches


def check(source: Mesh, target: Mesh) -> float:
    """Return the relative error of the gradient of the mismatch in the first momenta, against dense PyTorch."""
    q, triangles = source
    goal = pieces(*target)
    p = 0.05 * torch.randn(q.shape, dtype=q.dtype, generator=torch.Generator().manual_seed(0))
    p.requires_grad_()
    slopes = []
    for energy_of, product in ((energy, varifold_product), (dense_energy, dense_varifold_product)):
        end = pieces(shoot(q, p, energy_of)[-1][0], triangles)
        slopes += torch.autograd.grad(mismatch(end, goal, SURFACE_WIDTHS[0], product), p)
    found, expected = slopes
    return ((found - expected).norm() / expected.norm()).item()


# ---------------------------------------------------------------- picture


def show(axes: Any, vertices: Tensor, triangles: Tensor, colours: Any) -> None:
    """Draw a mesh with light from the upper left."""
    _, normals, _ = pieces(vertices, triangles)
    light = (normals @ torch.tensor([-0.35, -0.75, 0.55], dtype=normals.dtype)).clamp(min=0).numpy()
    shaded = np.clip(colours * (0.45 + 0.55 * light[:, None]), 0, 1)
    faces = Poly3DCollection(vertices[triangles].numpy(), facecolors=shaded, edgecolors=shaded * 0.9, linewidths=0.3)
    axes.add_collection3d(faces)
    axes.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), zlim=(-1.15, 1.15))
    axes.set_box_aspect((1, 1, 1), zoom=1.25)
    axes.view_init(elev=18, azim=-72)
    axes.axis("off")


def draw(source: Mesh, target: Mesh, path_of_vertices: list[Tensor], mismatches: list[float], path: Path) -> None:
    """Write the picture: the path and the target above, and how the mismatch fell below."""
    vertices, triangles = source
    figure = Figure(figsize=(15, 6))
    # Colours that vary over the sphere show where each part of it goes.
    x, _, z = pieces(vertices, triangles)[0].T.numpy()
    hues = colormaps["hsv"](np.arctan2(z, x) / (2 * np.pi) + 0.5)[:, :3]
    colours = 1 - 0.75 * np.hypot(x, z)[:, None] * (1 - hues)
    plain = np.broadcast_to(np.array([0.75, 0.75, 0.78]), (len(target[1]), 3))
    meshes = [(f"t = {k / STEPS:.2f}", path_of_vertices[k], triangles, colours) for k in (0, 2, 4, 6)]
    for place, (title, *mesh) in enumerate([*meshes, ("target", *target, plain)]):
        axes = figure.add_axes((0.2 * place - 0.01, 0.36, 0.22, 0.58), projection="3d")
        show(axes, *mesh)
        axes.set_title(title, fontsize=14, y=1.05)
    axes = figure.add_axes((0.07, 0.10, 0.90, 0.22))
    axes.semilogy(mismatches, color="0.25", linewidth=2)
    axes.set_xlabel("evaluation of the gradient, through the integrator")
    axes.set_title("squared distance to the target, relative", fontsize=12)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=600, help="number of vertices (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("output/mesh_registration.png"), help="the picture")
    arguments = parser.parse_args()

    error = check(sphere(CHECKED_VERTICES), star(CHECKED_VERTICES + 10))
    print(f"With {CHECKED_VERTICES} vertices the gradient agrees with dense PyTorch up to {error:.1e}.")
    source, target = sphere(arguments.size), star(arguments.size * 5 // 4)
    started = time.perf_counter()
    p, mismatches = register(source, target)
    seconds = time.perf_counter() - started
    counts = f"{len(source[0])} and {len(target[0])} vertices, {len(source[1])} and {len(target[1])} triangles"
    print(f"{len(mismatches)} gradients for {counts} took {seconds:.1f} s.")
    print(f"Squared distance to the target, relative: {mismatches[0]:.3f} before, {mismatches[-1]:.5f} after.")
    path_of_states = shoot(source[0], p)
    first, last = (energy(q, p).item() for q, p in (path_of_states[0], path_of_states[-1]))
    print(f"The energy along the path changes by {abs(last / first - 1):.2%}.")
    if not (error < 1e-10 and mismatches[-1] < 0.05 * mismatches[0] and abs(last / first - 1) < 0.05):
        raise SystemExit("The result is wrong.")

    draw(source, target, [q for q, _ in path_of_states], mismatches, arguments.output)
    print(f"The picture is in {arguments.output}.")


if __name__ == "__main__":
    main()
