"""Tensors on a GPU: what PyTorch does with the operator, with CPU tensors that play the ones on a device."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

torch = pytest.importorskip("torch")

import pairfold.torch as pf  # noqa: E402
from pairfold.targets.cuda.driver import use_driver  # noqa: E402
from pairfold.torch import cuda as torch_cuda  # noqa: E402
from pairfold.torch import operator as torch_operator  # noqa: E402
from tests.ptx_interpreter.driver import FakeDriver  # noqa: E402

pytestmark = [pytest.mark.cpu, pytest.mark.usefixtures("programs_forgotten")]


class OpenMemory:
    """Lets kernels read and write every tensor that the front end hands to them."""

    def __init__(self, driver: FakeDriver) -> None:
        self.driver = driver
        self.known: dict[int, torch.Tensor] = {}

    def open(self, tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.nbytes():
            if storage.data_ptr() in self.known:
                self.driver.machine.free(storage.data_ptr())
            self.driver.machine.adopt(storage.data_ptr(), storage.nbytes(), tensor)
            self.known[storage.data_ptr()] = tensor
        return tensor


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    driver = FakeDriver()
    memory = OpenMemory(driver)
    empty, addressable = torch_cuda.TorchMemory.empty, torch_cuda._addressable
    monkeypatch.setattr(torch_operator, "is_on_gpu", lambda arrays: True)
    monkeypatch.setattr(torch_cuda, "_stream", lambda device: 7)
    monkeypatch.setattr(torch_cuda.TorchMemory, "empty", lambda *args: memory.open(empty(*args)))
    monkeypatch.setattr(torch_cuda, "_addressable", lambda tensor: memory.open(addressable(tensor)))
    with use_driver(driver):
        yield driver


def arguments(rows: int = 11, columns: int = 9) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    shapes = ((rows, 3), (columns, 3), (columns, 2), (1,))
    return [torch.rand(shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in shapes]


def dense(x: torch.Tensor, y: torch.Tensor, b: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    return torch.exp(-g * ((x[:, None] - y[None]) ** 2).sum(-1)) @ b


GAUSSIAN = pf.generic_sum("Exp(-g * SqDist(x, y)) * b", "a = Vi(2)", "x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "g = Pm(1)")


def test_value_and_gradients(device: FakeDriver) -> None:
    given = arguments()
    found, expected = GAUSSIAN(*given), dense(*given)
    torch.testing.assert_close(found, expected)
    weights = torch.rand(found.shape, dtype=torch.float64)
    first = torch.autograd.grad((found * weights).sum(), given, create_graph=True)
    first_dense = torch.autograd.grad((expected * weights).sum(), given, create_graph=True)
    for one, other in zip(first, first_dense, strict=True):
        torch.testing.assert_close(one, other)
    second = torch.autograd.grad(sum((t**2).sum() for t in first), given)
    second_dense = torch.autograd.grad(sum((t**2).sum() for t in first_dense), given)
    for one, other in zip(second, second_dense, strict=True):
        torch.testing.assert_close(one, other)


def test_the_current_stream_is_used(device: FakeDriver) -> None:
    GAUSSIAN(*arguments())
    assert [call for call in device.calls if call[0] == "launch"] == [("launch", 0, 1, 128, 7)]
    assert all(call[0] != "upload" for call in device.calls)


def test_layouts_of_memory(device: FakeDriver) -> None:
    x, y, b, g = arguments(12, 10)
    expected = dense(x[::2], y, b, g)
    torch.testing.assert_close(GAUSSIAN(x[::2], y, b, g), expected)
    torch.testing.assert_close(GAUSSIAN(x[::2].T.contiguous().T, y, b, g), expected)
    torch.testing.assert_close(GAUSSIAN(x[:1].expand(6, 3), y, b, g), dense(x[:1].expand(6, 3), y, b, g))


def test_lazy_tensors(device: FakeDriver) -> None:
    x, y, b, _ = arguments()
    squared = ((x[:, None] - y[None]) ** 2).sum(-1)
    lazy = pf.LazyTensor(x[:, None]).sqdist(pf.LazyTensor(y[None]))
    torch.testing.assert_close((-lazy).logsumexp(dim=1)[..., 0], torch.logsumexp(-squared, 1))
    torch.testing.assert_close((-lazy).exp() @ b, torch.exp(-squared) @ b)
    nearest = torch.argsort(squared, 1)[:, :3]
    assert torch.equal(lazy.argKmin(3, dim=1), nearest)
    torch.testing.assert_close((-lazy).exp().sum(0)[..., 0], torch.exp(-squared).sum(0))


def test_half_precision(device: FakeDriver) -> None:
    x, y, b, g = (t.detach().to(torch.float16) for t in arguments())
    found = GAUSSIAN(x, y, b, g)
    assert found.dtype == torch.float16
    torch.testing.assert_close(
        found.double(), dense(x.double(), y.double(), b.double(), g.double()), rtol=2e-3, atol=2e-3
    )


def test_batches_and_ranges(device: FakeDriver) -> None:
    x, y = torch.rand(2, 1, 7, 1, 3), torch.rand(3, 1, 5, 3)
    found = (-pf.LazyTensor(x).sqdist(pf.LazyTensor(y))).exp().sum(dim=3)
    torch.testing.assert_close(found[..., 0], torch.exp(-((x - y) ** 2).sum(-1)).sum(-1))
    x, y, b, g = arguments()
    mask = torch.zeros(11, 9, dtype=torch.bool)
    mask[:4, :5] = mask[4:, 6:] = True
    ranges = tuple(
        torch.tensor(part)
        for part in ([[0, 4], [4, 11]], [1, 2], [[0, 5], [6, 9]], [[0, 5], [6, 9]], [1, 2], [[0, 4], [4, 11]])
    )
    found = GAUSSIAN(x, y, b, g, ranges=ranges)
    expected = (torch.exp(-g * ((x[:, None] - y[None]) ** 2).sum(-1)) * mask) @ b
    torch.testing.assert_close(found, expected)
    for one, other in zip(
        torch.autograd.grad(found.sum(), (x, y)), torch.autograd.grad(expected.sum(), (x, y)), strict=True
    ):
        torch.testing.assert_close(one, other)


def test_solve(device: FakeDriver) -> None:
    x, _, _, g = arguments(9, 9)
    b = torch.rand(9, 1, dtype=torch.float64)
    kernel = torch.exp(-g * ((x[:, None] - x[None]) ** 2).sum(-1))
    expected = torch.linalg.solve(kernel + 0.5 * torch.eye(9, dtype=torch.float64), b)
    solver = pf.KernelSolve("Exp(-g * SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)"], "b", 1)
    found = solver(x, x, b, g, alpha=0.5, eps=1e-12)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)


def test_compiled(device: FakeDriver) -> None:
    given = arguments()
    compiled = torch.compile(lambda *tensors: GAUSSIAN(*tensors) * 2, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(*given), 2 * dense(*given))
    torch.testing.assert_close(
        torch.func.jacrev(GAUSSIAN, 3)(*(t.detach() for t in given)),
        torch.func.jacrev(dense, 3)(*(t.detach() for t in given)),
    )
