"""Arrays of CuPy and of others on a GPU: with a stand-in for CuPy, and with CuPy itself where there is a GPU."""

from __future__ import annotations

import doctest
import importlib.util
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import pairfold
import pairfold.numpy
from pairfold import dispatch
from pairfold.errors import ArgumentTypeError, ArgumentValueError, MissingPackageError, TargetError
from pairfold.targets.cuda.driver import use_driver
from tests.cupy.fake_cupy import FakeCupy
from tests.ptx_interpreter.driver import FakeDriver

pytestmark = pytest.mark.usefixtures("programs_forgotten")

FRONT_END = ("pairfold.cupy", "pairfold.cupy.cluster", "pairfold.cupy.adapter")


PLACES = ["stand-in", *(["device"] if importlib.util.find_spec("cupy") else [])]


@contextmanager
def replaced(module: ModuleType) -> Iterator[None]:
    """Put a stand-in, and a front end that was made for it, into the place of CuPy."""
    before = {name: sys.modules.pop(name, None) for name in ("cupy", *FRONT_END)}
    attribute = vars(pairfold).pop("cupy", None)
    sys.modules["cupy"] = module
    try:
        yield
    finally:
        for name, found in before.items():
            sys.modules.pop(name, None)
            if found is not None:
                sys.modules[name] = found
        vars(pairfold).pop("cupy", None)
        if attribute is not None:
            pairfold.cupy = attribute


@pytest.fixture(scope="module", params=PLACES)
def cp(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The module cupy."""
    if request.param == "stand-in":
        module = FakeCupy(FakeDriver(count=2))
        with replaced(module), use_driver(module.driver):
            yield module
        return
    module = importlib.import_module("cupy")
    if not module.cuda.is_available():
        pytest.skip("CuPy finds no GPU")
    yield module


@pytest.fixture
def stand_in(cp: Any) -> FakeCupy:
    if not isinstance(cp, FakeCupy):
        pytest.skip("looks at what the stand-in has recorded")
    cp.driver.calls.clear()
    return cp


@pytest.fixture
def pf(cp: Any) -> ModuleType:
    return importlib.import_module("pairfold.cupy")


def points(rows: int = 11, columns: int = 9) -> list[np.ndarray[Any, Any]]:
    random = np.random.default_rng(1)
    return [random.random(shape) for shape in ((rows, 3), (columns, 3), (columns, 2), (1,))]


def dense(x: Any, y: Any, b: Any, g: Any) -> Any:
    return np.exp(-g * ((x[:, None] - y[None]) ** 2).sum(-1)) @ b


FORMULA = "Exp(-g * SqDist(x, y)) * b"
ALIASES = ("x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "g = Pm(1)")


def close(found: Any, expected: Any, **kwargs: Any) -> None:
    np.testing.assert_allclose(found.get(), expected, **{"rtol": 1e-6, **kwargs})


# ---------------------------------------------------------------- values


def test_routines(cp: Any, pf: ModuleType) -> None:
    given = points()
    x, y, b, g = map(cp.asarray, given)
    gaussian = pf.generic_sum(FORMULA, "a = Vi(2)", *ALIASES)
    found = gaussian(x, y, b, g)
    assert type(found) is cp.ndarray
    close(found, dense(*given))
    close(pickle.loads(pickle.dumps(gaussian))(x, y, b, 0.5), dense(*given[:3], 0.5))
    out = cp.empty((11, 2))
    assert gaussian(x, y, b, g, out=out) is out
    close(out, dense(*given))
    squared = ((given[0][:, None] - given[1]) ** 2).sum(-1)
    logs = pf.generic_logsumexp("-SqDist(x, y)", "a = Vi(1)", *ALIASES[:2])(x, y)
    close(logs[:, 0], np.log(np.exp(-squared).sum(1)))
    nearest = pf.generic_argkmin("SqDist(x, y)", "a = Vi(3)", *ALIASES[:2])(x, y)
    assert nearest.dtype == np.int64
    np.testing.assert_array_equal(nearest.get(), np.argsort(squared, 1)[:, :3])


def test_states_of_parts(cp: Any, pf: ModuleType) -> None:
    """They are computed on the device, and lie in the memory of the CPU."""
    given = points()
    x, y, b, g = map(cp.asarray, given)
    gaussian = pf.generic_sum(FORMULA, "a = Vi(2)", *ALIASES)
    parts = [gaussian.partial(x, y[k : k + 3], b[k : k + 3], g, columns_from=k) for k in (6, 0, 3)]
    state = pickle.loads(pickle.dumps(parts[0].merge(*parts[1:])))
    assert type(state.fields["total"]) is np.ndarray
    found = gaussian.finish(state)
    assert type(found) is cp.ndarray
    close(found, dense(*given))
    close(dispatch.generic_sum(FORMULA, "a = Vi(2)", *ALIASES).finish(state), dense(*given))
    lazy = pf.Vi(x) - pf.Vj(y)
    assert type(lazy.finish(lazy.partial("max", axis=0))) is cp.ndarray


def test_lazy_tensors(cp: Any, pf: ModuleType) -> None:
    given = points()
    x, y, b, g = map(cp.asarray, given)
    squared = ((given[0][:, None] - given[1]) ** 2).sum(-1)
    lazy = pf.LazyTensor(x[:, None]).sqdist(pf.LazyTensor(y[None]))
    close((-lazy).exp() @ b, np.exp(-squared) @ given[2])
    close((g * lazy).sum(0)[..., 0], (given[3] * squared).sum(0))
    close((x[:, None] - pf.Vj(y)).sum(1), (given[0][:, None] - given[1]).sum(1))
    close(lazy.dense()[..., 0], squared)
    close(lazy[cp.asarray([3, 1])].min(1), np.sort(squared[[3, 1]], 1)[:, :1])
    values, places = lazy.min_argmin(axis=1)
    close(values[..., 0], squared.min(1))
    np.testing.assert_array_equal(places.get()[..., 0], squared.argmin(1))
    close((pf.Vi(0, 3) - pf.Vj(1, 3)).norm2().sum(axis=1)(x, y)[..., 0], np.sqrt(squared).sum(1))
    assert "device" in lazy.explain("Sum")
    assert "lanes" in lazy.explain("Sum", target="cpu")


def test_complex_numbers(cp: Any, pf: ModuleType) -> None:
    x, y = points()[:2]
    z = x + 1j * y[0]
    expected = np.exp(1j * (z[:, None] * y).real.sum(-1)).sum(1)
    waves = (pf.Vi(cp.asarray(z)) * pf.Vj(cp.asarray(y))).real.sum(-1).exp1j().sum(1)
    assert waves.dtype == np.complex128
    close(waves[:, 0], expected)
    # Neither side by side, nor of one dtype.
    close(pf.Vi(cp.asarray(z.astype(np.complex64).T.copy()).T).sum(0)[0], z.sum(0))
    pairs = pf.Genred("ComplexMult(x, y)", ["x = Vi(2)", "y = Vj(2)"], axis=1)
    close(pairs(cp.asarray(z[:, :1]), cp.asarray(y[:, :1] + 0j)), _as_pairs((z[:, :1] * y[:, 0]).sum(1)))


def _as_pairs(z: Any) -> Any:
    return np.stack([z.real, z.imag], -1)


def test_half_precision(cp: Any, pf: ModuleType) -> None:
    given = [array.astype(np.float16) for array in points()]
    found = pf.Genred(FORMULA, ALIASES, axis=1)(*map(cp.asarray, given))
    assert found.dtype == np.float16
    close(found, dense(*(array.astype(np.float64) for array in given)), rtol=2e-3)
    nearest = pf.Vi(cp.asarray(given[0])).sqdist(pf.Vj(cp.asarray(given[1]))).argmin(axis=1)
    assert nearest.dtype == np.int64


def test_types_are_promoted(cp: Any, pf: ModuleType) -> None:
    x, y = points()[:2]
    found = pf.Genred(FORMULA, ALIASES, axis=1)(
        *map(cp.asarray, (x.astype(np.float32), y, np.ones((9, 2), np.int32))), np.float32(2)
    )
    assert found.dtype == np.float64
    close(found, dense(x, y, np.ones((9, 2)), 2), rtol=1e-5)


def test_layouts_of_memory(cp: Any, pf: ModuleType) -> None:
    gaussian = pf.Genred(FORMULA, ALIASES, axis=1)
    given = points(12, 10)
    x, y, b, g = map(cp.asarray, given)
    for place in (np.s_[::2], np.s_[::-1], np.s_[1:]):
        close(gaussian(x[place], y, b, g), dense(given[0][place], *given[1:]))
    close(gaussian(cp.ascontiguousarray(x.T).T, y, b, g), dense(*given))
    close(gaussian(x, y[:, ::-1], b, g), dense(given[0], given[1][:, ::-1], *given[2:]))
    close(gaussian(cp.broadcast_to(x[:1], (6, 3)), y, b, g), dense(np.repeat(given[0][:1], 6, 0), *given[1:]))


def test_batches(cp: Any, pf: ModuleType) -> None:
    random = np.random.default_rng(2)
    x, y = random.random((2, 1, 7, 1, 3)), random.random((3, 1, 5, 3))
    lazy = (-pf.LazyTensor(cp.asarray(x)).sqdist(pf.LazyTensor(cp.asarray(y)))).exp()
    expected = np.exp(-((x - y) ** 2).sum(-1))
    close(lazy.sum(axis=3)[..., 0], expected.sum(-1))
    close(lazy.sum(axis=(0, 3))[..., 0], expected.sum((0, 3)))


def test_ranges(cp: Any, pf: ModuleType) -> None:
    given = points()
    x, y, b, g = map(cp.asarray, given)
    mask = np.zeros((11, 9))
    mask[:4, :5] = mask[4:, 6:] = 1
    first, ends, second = ([0, 4], [4, 11]), [1, 2], ([0, 5], [6, 9])
    expected = (np.exp(-given[3] * ((given[0][:, None] - given[1]) ** 2).sum(-1)) * mask) @ given[2]
    ranges = tuple(cp.asarray(part) for part in (first, ends, second, second, ends, first))
    gaussian = pf.Genred(FORMULA, ALIASES, axis=1)
    close(gaussian(x, y, b, g, ranges=ranges), expected)
    made = pf.cluster.from_matrix(ranges[0], ranges[2], cp.asarray(np.eye(2)) > 0)
    close(gaussian(x, y, b, g, ranges=made), expected)
    close(gaussian(x, y, b, g, ranges=pf.band(100)), dense(*given))


def test_clusters(cp: Any, pf: ModuleType) -> None:
    x = cp.asarray([[0.1, 0.1], [0.9, 0.9], [0.2, 0.2], [0.1, 0.8]])
    labels = pf.cluster.grid_cluster(x, size=0.5)
    np.testing.assert_array_equal(labels.get(), [0, 2, 0, 1])
    sorted_x, sorted_labels = pf.cluster.sort_clusters(x, labels)
    close(sorted_x, [[0.1, 0.1], [0.2, 0.2], [0.1, 0.8], [0.9, 0.9]])
    np.testing.assert_array_equal(sorted_labels.get(), [0, 0, 1, 2])
    (again,), _ = pf.cluster.sort_clusters((x,), labels)
    close(again, sorted_x.get())
    ranges, centroids, weights = pf.cluster.cluster_ranges_centroids(x, labels)
    np.testing.assert_array_equal(ranges.get(), [[0, 2], [2, 3], [3, 4]])
    close(centroids[0], [0.15, 0.15])
    close(weights, [2, 1, 1])
    assert "k-d tree" in pf.cluster.tree_cluster.__doc__


def test_solve(cp: Any, pf: ModuleType) -> None:
    x = points(9)[0]
    b = np.random.default_rng(3).random((9, 2))
    kernel = np.exp(-((x[:, None] - x) ** 2).sum(-1))
    expected = np.linalg.solve(kernel + 0.5 * np.eye(9), b)
    given, right = cp.asarray(x), cp.asarray(b)
    solver = pf.KernelSolve("Exp(-SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"], "b", axis=1)
    for choice in (None, pf.Nystrom(rank=4)):
        found, report = solver(given, given, right, alpha=0.5, rtol=1e-9, preconditioner=choice, return_report=True)
        assert type(found) is cp.ndarray
        assert report.converged
        close(found, expected)
    lazy = (-pf.Vi(given).sqdist(pf.Vj(given))).exp()
    close(lazy.solve(right, alpha=0.5, rtol=1e-9), expected)


# ---------------------------------------------------------------- arrays of others


class Interface:
    """An array as Numba makes it."""

    def __init__(self, host: Any) -> None:
        self.host = np.asarray(host)
        self.shape, self.dtype = self.host.shape, self.host.dtype

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return self.host.__array_interface__


class Exchanged:
    """An array as JAX makes it, with a dtype of its own."""

    dtype = "a dtype that NumPy does not know"

    def __init__(self, host: Any, device: int = 2) -> None:
        self.host, self.kind = host, device
        self.shape = host.shape

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.kind, 0

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self.host


@pytest.mark.parametrize("wrap", [Interface, Exchanged])
def test_arrays_of_other_packages(stand_in: FakeCupy, pf: ModuleType, wrap: Any) -> None:
    given = points()
    x, y, b, g = map(wrap, given)
    gaussian = pf.Genred(FORMULA, ALIASES, axis=1)
    close(gaussian(x, y, b, g), dense(*given))
    close(gaussian(x, stand_in.asarray(given[1]), b, 0.5), dense(*given[:3], 0.5))
    close((-pf.Vi(x).sqdist(pf.Vj(y))).exp() @ b, dense(*given[:3], 1))
    solver = pf.KernelSolve("Exp(-SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"], "b", axis=1)
    assert solver(y, y, b, alpha=1).shape == (9, 2)
    waves = pf.LazyTensor(wrap(given[0] * 1j), axis=0)
    assert isinstance(waves, pf.ComplexLazyTensor)
    close(waves.sum(0)[0], given[0].sum(0) * 1j)


def test_memory_is_not_copied(stand_in: FakeCupy) -> None:
    from pairfold.cupy.adapter import CUPY  # noqa: PLC0415

    for host in (Interface(np.ones((3, 2))), Exchanged(np.ones((3, 2)))):
        assert CUPY.as_array(host).data.ptr == host.host.ctypes.data


# ---------------------------------------------------------------- devices and streams


def test_current_stream_and_no_uploads(stand_in: FakeCupy, pf: ModuleType) -> None:
    given = list(map(stand_in.asarray, points()))
    pf.Genred(FORMULA, ALIASES, axis=1)(*given)
    assert [call for call in stand_in.driver.calls if call[0] == "launch"] == [("launch", 0, 1, 128, 7)]
    assert all(call[0] != "upload" for call in stand_in.driver.calls)


def test_work_is_done_where_the_points_are(stand_in: FakeCupy, pf: ModuleType) -> None:
    given = points()
    with stand_in.cuda.Device(1):
        x, y, b = map(stand_in.asarray, given[:3])
    gaussian = pf.Genred(FORMULA, ALIASES, axis=1)
    found = gaussian(x, y, b, 0.5)
    assert found.device.id == 1
    assert stand_in.driver.calls[-1] == ("launch", 1, 1, 128, 8)
    close(found, dense(*given[:3], 0.5))
    waves = (pf.Vi(x) * (2j * pf.Vj(y))).sum(axis=1)
    assert waves.device.id == 1
    close((-pf.Vi(x).sqdist(pf.Vj(y)) * 0.25).exp() @ b, dense(*given[:3], 0.25))
    solver = pf.KernelSolve("Exp(-SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"], "b", axis=1)
    assert solver(y, y, b, alpha=1, preconditioner="nystrom").device.id == 1
    with pytest.raises(ArgumentValueError, match=r"different devices, numbers 0, 1\. Copy them to one, with `with"):
        gaussian(stand_in.asarray(given[0]), y, b, 0.5)


# ---------------------------------------------------------------- errors and names


def test_what_is_not_on_a_gpu(cp: Any, pf: ModuleType) -> None:
    given = points()
    x, y, b, g = map(cp.asarray, given)
    gaussian = pf.Genred(FORMULA, ALIASES, axis=1)
    with pytest.raises(ArgumentTypeError, match=r"Argument 'y' .*lies in the memory of the CPU: .*cupy\.asarray"):
        gaussian(x, given[1], b, g)
    with pytest.raises(ArgumentTypeError, match=r"memory of the CPU.*cupy\.asarray"):
        pf.Vi(given[0])
    with pytest.raises(ArgumentTypeError, match=r"type Exchanged; .*memory of the CPU"):
        pf.Vi(Exchanged(given[0], device=1))
    with pytest.raises(ArgumentTypeError, match=r"type str; allowed are CuPy arrays, .* and numbers\.$"):
        gaussian(x, y, b, "g")
    with pytest.raises(TargetError, match=r"backend='CPU' was asked for.*array\.get\(\)"):
        gaussian(x, y, b, g, backend="CPU")
    with pytest.raises(ArgumentTypeError, match=r"out must be a CuPy array"):
        gaussian(x, y, b, g, out=np.empty((11, 2)))


def test_gradients_are_for_pytorch(stand_in: FakeCupy, pf: ModuleType) -> None:
    tensor = Exchanged(np.ones((3, 2)))
    tensor.requires_grad = True
    with pytest.raises(ArgumentTypeError, match=r"tracks gradients.*pairfold\.torch"):
        pf.Vi(tensor)


def test_numpy_points_to_this_front_end(cp: Any, pf: ModuleType) -> None:
    x = cp.asarray(points()[0])
    message = r"type {} in the memory of a GPU\. Use pairfold\.cupy, or pairfold\.torch"
    with pytest.raises(ArgumentTypeError, match=message.format("ndarray")):
        pairfold.numpy.Vi(x)
    with pytest.raises(ArgumentTypeError, match="Argument 'x' .*" + message.format("ndarray")):
        pairfold.numpy.Genred("Sum(x)", ["x = Vi(3)", "y = Vj(3)"], axis=1)(x, x)
    for other in (Interface(np.ones((3, 2))), Exchanged(np.ones((3, 2)))):
        with pytest.raises(ArgumentTypeError, match=message.format(type(other).__name__)):
            pairfold.numpy.Vi(other)
    with pytest.raises(ArgumentTypeError, match="NumPy arrays and numbers"):
        pairfold.numpy.Vi(Exchanged(np.ones((3, 2)), device=1))
    with pytest.raises(ArgumentTypeError, match="NumPy arrays and numbers"):
        pairfold.numpy.Vi(np.ndarray)


def test_dispatch(cp: Any, pf: ModuleType) -> None:
    given = points()
    x, y, b, g = map(cp.asarray, given)
    lazy = dispatch.Vi(x)
    assert type(lazy) is pf.LazyTensor
    assert type(dispatch.LazyTensor(x * 1j, axis=0)) is pf.ComplexLazyTensor
    assert type(dispatch.LazyTensor(given[0], axis=0)) is pairfold.numpy.LazyTensor
    routine = dispatch.Genred(FORMULA, ALIASES, axis=1)
    close(routine(x, y, b, g), dense(*given))
    np.testing.assert_allclose(routine(*given), dense(*given))
    with pytest.raises(ArgumentTypeError, match="LazyTensor of CuPy arrays meets one of NumPy arrays"):
        _ = lazy - pairfold.numpy.Vj(given[1])


def test_names(cp: Any) -> None:
    found = importlib.import_module("pairfold.cupy")
    assert sorted(found.__all__) == sorted(pairfold.numpy.__all__)
    assert sorted(found.cluster.__all__) == sorted(pairfold.numpy.cluster.__all__)


def test_examples(cp: Any) -> None:
    tried = doctest.testmod(importlib.import_module("pairfold.cupy"))
    assert (tried.attempted > 15, tried.failed) == (True, 0)


def test_without_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FRONT_END:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(
        MissingPackageError, match=r"not installed.*`pip install cupy-cuda13x pairfold\[cuda\]`"
    ) as caught:
        importlib.import_module("pairfold.cupy")
    assert isinstance(caught.value, ModuleNotFoundError)
    assert caught.value.name == "cupy"
