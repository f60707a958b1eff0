"""survivalGPU: B-splines of drug histories, patient by patient, against those of SciPy."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("survivalgpu")
from scipy.interpolate import BSpline  # noqa: E402
from survivalgpu.wce_features import bspline_atoms, place_knots, wce_features_batch  # noqa: E402

CUTOFF = 30


def histories(number_of_patients):
    generator = np.random.default_rng(0)
    lengths = generator.integers(20, 60, number_of_patients)
    ids = np.repeat(np.arange(number_of_patients), lengths)
    times = np.concatenate([np.arange(length) for length in lengths])
    doses = generator.random(len(ids)) * (generator.random(len(ids)) < 0.4)
    doses[ids == 1] = 0  # a patient who takes nothing
    return ids, times, doses


def expected_features(ids, times, doses, knots, order):
    number = len(knots) - order - 1
    features = np.zeros((len(ids), number))
    for i in range(len(ids)):
        same = ids == ids[i]
        delays = times[i] + 1 - times[same].astype(float)
        inside = (delays >= 1) & (delays < CUTOFF + 1)
        for k in range(number):
            spline = BSpline.basis_element(knots[k : k + order + 2], extrapolate=False)
            values = np.nan_to_num(spline(delays))
            features[i, k] = (values * inside * doses[same]).sum()
    return features


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("is_sorted", [True, False])
def test_features(order, is_sorted):
    ids, times, doses = histories(4)
    if not is_sorted:
        shuffled = np.random.default_rng(1).permutation(len(ids))
        ids, times, doses = ids[shuffled], times[shuffled], doses[shuffled]
    found, knots = wce_features_batch(
        ids=torch.tensor(ids),
        times=torch.tensor(times),
        doses=torch.tensor(doses),
        nknots=2,
        cutoff=CUTOFF,
        order=order,
        dtype=torch.float32,
        device="cpu",
    )
    expected = expected_features(ids, times, doses, knots.double().numpy(), order)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-5)


def test_atoms():
    found, _ = bspline_atoms(cutoff=CUTOFF, nknots=1, order=3, dtype=torch.float32, device="cpu")
    knots = place_knots(cutoff=CUTOFF, nknots=1, order=3).astype(float)
    delays = np.arange(CUTOFF) + 1.0
    for k in range(found.shape[1]):
        spline = BSpline.basis_element(knots[k : k + 5], extrapolate=False)
        np.testing.assert_allclose(found[:, k].numpy(), np.nan_to_num(spline(delays)), rtol=1e-4, atol=1e-5)
