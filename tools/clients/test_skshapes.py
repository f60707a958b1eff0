"""scikit-shapes: losses, graphs and registration of a sphere, against dense computations."""

import pytest

torch = pytest.importorskip("torch")
sks = pytest.importorskip("skshapes")


def moved_sphere():
    sphere = sks.Sphere()
    # The noise leaves no two neighbours at equal distances.
    noise = 0.01 * torch.rand(sphere.points.shape, generator=torch.Generator().manual_seed(0))
    points = sphere.points * torch.tensor([1.0, 1.3, 0.8]) + 0.05 + noise
    other = sks.PolyData(points, triangles=sphere.triangles)
    return sphere, other


def dense_varifold(first, second, sigma):
    distances = torch.cdist(first.triangle_centroids, second.triangle_centroids)
    areas = first.triangle_areas.reshape(-1, 1) * second.triangle_areas.reshape(1, -1)
    directions = (first.triangle_normals @ second.triangle_normals.T) ** 2
    return (torch.exp(-(distances**2) / sigma**2) * directions * areas).sum()


def test_varifold_loss():
    first, second = moved_sphere()
    first.points = first.points.requires_grad_()
    found = sks.VarifoldLoss(radial_bandwidth=0.3)(first, second)
    products = [(first, first), (first, second), (second, second)]
    squares = [dense_varifold(*pair, 0.3) for pair in products]
    expected = squares[0] - 2 * squares[1] + squares[2]
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5)
    gradients = [torch.autograd.grad(value, first.points, retain_graph=True)[0] for value in (found, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-5)


def test_nearest_neighbours_loss():
    first, second = moved_sphere()
    expected = torch.cdist(first.points, second.points).min(dim=1).values.mean()
    torch.testing.assert_close(sks.NearestNeighborsLoss()(first, second), expected)


def test_graph_of_nearest_neighbours():
    _, shape = moved_sphere()
    edges = shape.knn_graph(k=4, include_edges=False)
    distances = torch.cdist(shape.points, shape.points, compute_mode="donot_use_mm_for_euclid_dist")
    nearest = distances.topk(5, largest=False).indices[:, 1:]
    expected = {tuple(sorted((i, int(j)))) for i in range(len(nearest)) for j in nearest[i]}
    assert {tuple(sorted(edge)) for edge in edges.tolist()} == expected


def test_registration():
    first, second = moved_sphere()
    loss = sks.NearestNeighborsLoss()
    task = sks.Registration(model=sks.RigidMotion(), loss=sks.VarifoldLoss(radial_bandwidth=0.5), n_iter=3)
    moved = task.fit_transform(source=first, target=second)
    assert loss(moved, second) <= loss(first, second)
