"""GeomLoss: the symbolic backends against its own dense one, values and gradients."""

import pytest

torch = pytest.importorskip("torch")
geomloss = pytest.importorskip("geomloss")

LOSSES = ("sinkhorn", "energy", "gaussian", "laplacian")


def clouds():
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(200, 2, generator=generator), 0.5 * torch.rand(150, 2, generator=generator) + 0.3
    a, b = torch.rand(200, generator=generator), torch.rand(150, generator=generator)
    return (a / a.sum()).requires_grad_(), x.requires_grad_(), b / b.sum(), y


def value_and_gradients(loss, backend, **options):
    a, x, b, y = clouds()
    value = geomloss.SamplesLoss(loss, blur=0.1, backend=backend, **options)(a, x, b, y)
    return value.detach().reshape(()), *torch.autograd.grad(value.sum(), (a, x))


@pytest.mark.parametrize("backend", ["online", "multiscale"])
@pytest.mark.parametrize("loss", LOSSES)
def test_symbolic_backend_agrees_with_dense_one(loss, backend):
    options = {"truncate": None} if backend == "multiscale" else {}
    symbolic = value_and_gradients(loss, backend, **options)
    dense = value_and_gradients(loss, "tensorized")
    for ours, theirs in zip(symbolic, dense, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=2e-2, atol=2e-4)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("reach", [None, 0.5])
def test_sinkhorn_options(p, reach):
    symbolic = value_and_gradients("sinkhorn", "online", p=p, reach=reach)
    dense = value_and_gradients("sinkhorn", "tensorized", p=p, reach=reach)
    for ours, theirs in zip(symbolic, dense, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("loss", ["sinkhorn", "gaussian", "energy"])
def test_batches(loss):
    generator = torch.Generator().manual_seed(1)
    x, y = torch.rand(3, 40, 2, generator=generator), torch.rand(3, 50, 2, generator=generator)
    found = [geomloss.SamplesLoss(loss, blur=0.1, backend=backend)(x, y) for backend in ("online", "tensorized")]
    assert found[0].shape == (3,)
    torch.testing.assert_close(*found, rtol=1e-3, atol=1e-5)


def test_potentials():
    a, x, b, y = clouds()
    found = [
        geomloss.SamplesLoss("sinkhorn", blur=0.1, potentials=True, backend=backend)(a, x, b, y)
        for backend in ("online", "tensorized")
    ]
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours.view(-1), theirs.view(-1), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("options", [{}, {"unbalanced": 0.5}, {"debias": True}], ids=str)
def test_new_interface(library, options, monkeypatch):
    import geomloss.ot

    arrays = [tensor.detach().double() for tensor in clouds()]
    a, x, b, y = (tensor.numpy() for tensor in arrays) if library == "numpy" else arrays
    options = {"a": a, "b": b, "reg": 0.05, "max_iter": 50, **options}
    symbolic = geomloss.ot.solve_sample(x, y, **options)
    with monkeypatch.context() as patch:
        patch.setattr("geomloss._backends.keops_available", False)
        dense = geomloss.ot.solve_sample(x, y, **options)
    assert symbolic.lazy_plan is not None
    assert dense.lazy_plan is None
    for name in ("value", "potential_a", "potential_b"):
        ours, theirs = (torch.as_tensor(getattr(result, name)) for result in (symbolic, dense))
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-8)
    if options.get("debias"):
        return  # it gives no plan
    torch.testing.assert_close(torch.as_tensor(symbolic.marginal_a), torch.as_tensor(dense.marginal_a))
    found, expected = (torch.as_tensor(result.plan_operator @ y) for result in (symbolic, dense))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)
