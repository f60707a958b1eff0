"""POT: the solvers that call GeomLoss and KeOps, against the same solvers without KeOps."""

import numpy as np
import pytest

pytest.importorskip("torch")
ot = pytest.importorskip("ot")

GENERATOR = np.random.default_rng(0)
SOURCE, TARGET = GENERATOR.random((60, 2)), GENERATOR.random((50, 2))
WEIGHTS = GENERATOR.random(60)
WEIGHTS /= WEIGHTS.sum()


@pytest.mark.parametrize("metric", ["sqeuclidean", "euclidean"])
@pytest.mark.parametrize("backend", ["online", "multiscale"])
def test_plan(backend, metric):
    plans = [
        ot.bregman.empirical_sinkhorn2_geomloss(
            SOURCE, TARGET, 0.1, WEIGHTS, np.full(50, 1 / 50), metric=metric, backend=name, log=True
        )[1]["lazy_plan"][:]
        for name in (backend, "tensorized")
    ]
    np.testing.assert_allclose(*plans, rtol=2e-2, atol=1e-5)


def test_solve_sample():
    found = ot.solve_sample(SOURCE, TARGET, WEIGHTS, reg=0.1, lazy=True, method="geomloss")
    expected = ot.solve_sample(SOURCE, TARGET, WEIGHTS, reg=0.1).plan
    product = found.lazy_plan @ TARGET
    assert type(found.lazy_plan).__module__.startswith(("pykeops", "pairfold"))
    np.testing.assert_allclose(product, expected @ TARGET, rtol=2e-3)
