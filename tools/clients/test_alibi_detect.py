"""alibi-detect: drift detectors with the KeOps backend against those with the PyTorch backend."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("alibi_detect")
from alibi_detect.cd import LearnedKernelDrift, MMDDrift  # noqa: E402
from alibi_detect.utils.keops.kernels import DeepKernel, GaussianRBF  # noqa: E402

REFERENCE = np.random.default_rng(0).standard_normal((80, 4)).astype(np.float32)
SAME = np.random.default_rng(1).standard_normal((60, 4)).astype(np.float32)


def seeded():
    np.random.seed(0)  # noqa: NPY002 - the generator that the detectors use
    torch.manual_seed(0)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_maximum_mean_discrepancy(shift):
    found = {}
    for backend in ("keops", "pytorch"):
        seeded()
        detector = MMDDrift(
            REFERENCE, backend=backend, p_val=0.05, n_permutations=100, sigma=np.array([1.5], np.float32)
        )
        found[backend] = detector.predict(SAME + shift)["data"]
    assert found["keops"]["is_drift"] == found["pytorch"]["is_drift"] == int(shift > 0)
    assert found["keops"]["distance"] == pytest.approx(found["pytorch"]["distance"], rel=0.1, abs=5e-3)


def test_batches_of_permutations():
    seeded()
    detector = MMDDrift(REFERENCE, backend="keops", n_permutations=90, batch_size_permutations=40)
    assert detector.predict(SAME + 1)["data"]["is_drift"] == 1


@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_learned_kernel(shift):
    seeded()
    projection = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    kernel = DeepKernel(projection, eps=0.01)
    detector = LearnedKernelDrift(
        REFERENCE, kernel, backend="keops", p_val=0.05, epochs=5, batch_size=16, n_permutations=50, verbose=0
    )
    assert detector.predict(SAME + shift)["data"]["is_drift"] == int(shift > 0)


@pytest.mark.parametrize("trainable", [False, True])
@pytest.mark.parametrize("widths", [[1.0], [0.5, 2.0]])
def test_kernel(widths, trainable):
    from pykeops.torch import LazyTensor

    x, y = torch.randn(1, 10, 4), torch.randn(1, 12, 4)
    kernel = GaussianRBF(torch.tensor(widths), trainable=trainable)
    matrix = kernel(LazyTensor(x[:, :, None, :]), LazyTensor(y[:, None, :, :]))
    squares = torch.cdist(x, y) ** 2
    expected = sum(torch.exp(-squares / (2 * width**2)) for width in widths) / len(widths)
    torch.testing.assert_close(matrix.sum(2)[..., 0], expected.sum(2), rtol=1e-4, atol=1e-5)
