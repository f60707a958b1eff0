"""geomstats: kernels between surfaces and varifold distances, against dense computations."""

import os

import numpy as np
import pytest

os.environ.setdefault("GEOMSTATS_BACKEND", "pytorch")
torch = pytest.importorskip("torch")
pytest.importorskip("geomstats")
import geomstats.backend as gs  # noqa: E402
from geomstats import varifold  # noqa: E402
from geomstats._mesh import Surface  # noqa: E402


def surface(seed):
    """A random triangulation: vertices of a grid, moved, and two triangles for each of its squares."""
    generator = np.random.default_rng(seed)
    plane = np.stack(np.meshgrid(np.arange(6.0), np.arange(5.0), indexing="ij"), -1).reshape(-1, 2)
    vertices = np.concatenate((plane, np.zeros((30, 1))), axis=1) / 4 + 0.1 * generator.random((30, 3))
    corners = np.array([5 * i + j for i in range(5) for j in range(4)])
    triangles = np.concatenate([corners[:, None] + [0, 5, 1], corners[:, None] + [1, 5, 6]])
    return Surface(gs.array(vertices), gs.array(triangles))


def dense_kernel(position, tangent):
    def value(first, second):
        squares = ((first.face_centroids[:, None] - second.face_centroids[None]) ** 2).sum(-1)
        cosines = first.face_normals @ second.face_normals.T
        areas = first.face_areas.reshape(-1, 1) * second.face_areas.reshape(1, -1)
        return (position(squares) * tangent(cosines) * areas).sum()

    return value


POSITIONS = {
    "gaussian": (lambda: varifold.GaussianKernel(sigma=0.7), lambda squares: torch.exp(-squares / 0.49)),
    "cauchy": (lambda: varifold.CauchyKernel(sigma=0.7), lambda squares: 1 / (1 + squares / 0.49)),
}
TANGENTS = {
    "linear": (varifold.LinearKernel, lambda cosines: cosines),
    "binet": (varifold.BinetKernel, lambda cosines: cosines**2),
    "oriented": (
        lambda **index: varifold.RestrictedGaussianKernel(sigma=0.8, oriented=True, **index),
        lambda cosines: torch.exp(2 * (cosines - 1) / 0.64),
    ),
    "unoriented": (
        lambda **index: varifold.RestrictedGaussianKernel(sigma=0.8, **index),
        lambda cosines: torch.exp(2 * (cosines**2 - 1) / 0.64),
    ),
}


@pytest.mark.parametrize("tangent", TANGENTS)
@pytest.mark.parametrize("position", POSITIONS)
def test_kernel_of_surfaces(position, tangent):
    of_position = POSITIONS[position][0]()
    kernel = varifold.SurfacesKernel(of_position, TANGENTS[tangent][0](init_index=of_position.new_variable_index()))
    first, second = surface(0), surface(1)
    expected = dense_kernel(POSITIONS[position][1], TANGENTS[tangent][1])(first, second)
    torch.testing.assert_close(kernel(first, second), expected, rtol=1e-6, atol=1e-9)


def test_distance_of_varifolds():
    first, second = surface(0), surface(1)
    kernel = dense_kernel(lambda squares: torch.exp(-squares), lambda cosines: cosines**2)
    expected = kernel(first, first) - 2 * kernel(first, second) + kernel(second, second)
    metric = varifold.VarifoldMetric()
    torch.testing.assert_close(metric.squared_dist(first, second), expected, rtol=1e-6, atol=1e-9)
    assert metric.squared_dist(first, first).abs() < 1e-9


def test_gradient_of_loss():
    first, second = surface(0), surface(1)
    kernel = dense_kernel(lambda squares: torch.exp(-squares), lambda cosines: cosines**2)
    vertices = second.vertices.clone().requires_grad_()
    (found,) = torch.autograd.grad(varifold.VarifoldMetric().loss(first)(vertices), vertices)
    moved = Surface(vertices, second.faces)
    dense = kernel(first, first) - 2 * kernel(first, moved) + kernel(moved, moved)
    (expected,) = torch.autograd.grad(dense, vertices)
    # Both surfaces have the same triangles, which `loss` takes from the target.
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)
