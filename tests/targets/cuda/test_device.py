"""What only a GPU can show. Everything else is tested by running the other suites with ``--target cuda``."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from pairfold.engine import Options
from pairfold.engine.cache import forget_everything
from pairfold.engine.plan import make_plan
from pairfold.errors import TargetError
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply, constant
from pairfold.reductions import REDUCTIONS
from pairfold.targets.cuda.compile import compile_cuda, cuda_schedule_for
from pairfold.targets.cuda.driver import driver
from tests.calls import run
from tests.engine.problems import G, dense_gaussian_sum, gaussian_data, gaussian_sum, squared_distance

pytestmark = pytest.mark.gpu

ON_GPU = Options(target="cuda")


def test_the_device_is_described() -> None:
    device = driver().device(0)
    assert device.name
    assert device.capability >= (5, 0)
    assert device.multiprocessors > 0
    assert device.clock > 1e8
    with pytest.raises(TargetError, match="GPU number 1000 was asked for"):
        driver().device(1000)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("rows", "columns"), [(513, 100_003), (100_003, 513), (7, 300_000)])
def test_large_sums(rows: int, columns: int, dtype: str) -> None:
    """Some of the rows are computed again in float64; the bound grows with the exponents."""
    data = gaussian_data(rows, columns, dtype=dtype)
    (found,) = run(gaussian_sum(), data, rows=rows, columns=columns, options=ON_GPU)
    some = np.linspace(0, rows - 1, 7).astype(int)
    expected = dense_gaussian_sum([data[0][some], *data[1:]])
    size = dense_gaussian_sum([data[0][some], data[1], np.abs(data[2]), data[3]])
    assert np.all(np.abs(found[some] - expected) <= 100 * np.finfo(dtype).eps * size)


def test_large_neighbours() -> None:
    rows, columns = 1000, 200_000
    data = gaussian_data(rows, columns, dtype="float32")
    task = Problem(squared_distance(), REDUCTIONS["KMin_ArgKMin"], k=10)
    best, where = run(task, data, rows=rows, columns=columns, options=ON_GPU)
    x, y = data[0].astype(float), data[1].astype(float)
    for row in (0, 1, 500, 999):
        distances = ((x[row] - y) ** 2).sum(1)
        np.testing.assert_allclose(best[row], np.sort(distances)[:10], rtol=1e-5)
        np.testing.assert_allclose(distances[where[row]], best[row], rtol=1e-5)


def test_results_repeat() -> None:
    data = gaussian_data(3000, 3000, dtype="float32")
    first, *others = (run(gaussian_sum(), data, rows=3000, columns=3000, options=ON_GPU)[0] for _ in range(4))
    for other in others:
        np.testing.assert_array_equal(first, other)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["Exp", "Sqrt", "Rsqrt"])
def test_approximations_keep_their_promise(name: str, dtype: str) -> None:
    """Over the range of the type; the error of the device itself, beside what the tests of the interpreter assume."""
    x = np.geomspace(1e-37, 88.0 if name == "Exp" else 1e38, 1_000_000)[:, None].astype(dtype)
    task = Problem(apply(name, variable(0, 1, Category.ROW) + variable(1, 1, Category.COLUMN)), REDUCTIONS["Sum"])
    (found,) = run(task, [x, np.zeros((1, 1), dtype)], rows=len(x), columns=1, options=ON_GPU)
    exact = {"Exp": np.exp, "Sqrt": np.sqrt, "Rsqrt": lambda v: v**-0.5}[name](x.astype(float))
    bound = 2.0**-22 + 2.0**-24 if dtype == "float32" else 2 * np.finfo(dtype).eps
    assert np.max(np.abs(found / exact - 1)) <= bound


# ---------------------------------------------------------------- time and memory, printed


def _seconds(function: Any, repetitions: int) -> float:
    function()
    begin = time.perf_counter()
    for _ in range(repetitions):
        function()
    return (time.perf_counter() - begin) / repetitions


def test_the_first_call_is_timed(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not judged: what a new formula costs, and what the driver has of it."""
    data = gaussian_data(512, 512, dtype="float32")
    forget_everything()
    begin = time.perf_counter()
    task = Problem(gaussian_sum().value * constant(1.25), REDUCTIONS["Sum"])
    run(task, data, rows=512, columns=512, options=ON_GPU)
    total = time.perf_counter() - begin
    work = make_plan(task).work
    code = compile_cuda(work, "float32", cuda_schedule_for(work, "float32"))
    begin = time.perf_counter()
    driver().load(0, code.ptx, code.kernel.name)
    loading = time.perf_counter() - begin
    with capsys.disabled():
        print(f"\nfirst call of a formula: {1e3 * total:.0f} ms, of which the driver {1e3 * loading:.0f} ms")  # noqa: T201


# ---------------------------------------------------------------- PyTorch


@pytest.fixture
def torch() -> Any:
    module = pytest.importorskip("torch")
    if not module.cuda.is_available():
        pytest.skip("this PyTorch is built without CUDA")
    return module


def _tensors(torch: Any, rows: int, columns: int, dtype: str = "float32") -> list[Any]:
    return [torch.from_numpy(array).cuda() for array in gaussian_data(rows, columns, dtype=dtype)]


def _routine() -> Any:
    import pairfold.torch as pf  # noqa: PLC0415 - only with PyTorch

    return pf.generic_sum("Exp(-g * SqDist(x, y)) * b", "a = Vi(1)", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)")


def test_tensors_stay_on_the_device(torch: Any) -> None:
    data = gaussian_data(2000, 3000, dtype="float64")
    found = _routine()(*[torch.from_numpy(array).cuda() for array in data])
    assert found.is_cuda
    np.testing.assert_allclose(found.cpu().numpy(), dense_gaussian_sum(data), rtol=1e-10)


def test_memory_grows_by_the_outputs(torch: Any) -> None:
    tensors, routine = _tensors(torch, 100_000, 100_000), _routine()
    routine(*tensors)
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    found = routine(*tensors)
    torch.cuda.synchronize()
    output = found.numel() * found.element_size()
    assert torch.cuda.max_memory_allocated() - before <= output + 4096


def test_streams_of_pytorch_are_used(torch: Any) -> None:
    """Each stream computes what was written on that very stream just before, in no order with the others."""
    routine = _routine()
    streams = [torch.cuda.Stream() for _ in range(4)]
    sources = [_tensors(torch, 20_000, 20_000) for _ in streams]
    torch.cuda.synchronize()
    found = []
    for number, (stream, tensors) in enumerate(zip(streams, sources, strict=True)):
        with torch.cuda.stream(stream):
            x, y, b, g = tensors
            found.append(routine(x, y, b.mul(number + 1.0), g))
    torch.cuda.synchronize()
    for number, result in enumerate(found):
        torch.testing.assert_close(result, found[0] * (number + 1), rtol=1e-5, atol=1e-4)


def test_the_default_stream_is_not_waited_for(torch: Any) -> None:
    """A call returns while the device still works."""
    tensors, routine = _tensors(torch, 400_000, 400_000), _routine()
    routine(*tensors)
    torch.cuda.synchronize()
    begin = time.perf_counter()
    routine(*tensors)
    queued = time.perf_counter() - begin
    torch.cuda.synchronize()
    assert queued < (time.perf_counter() - begin) / 2


def test_small_calls_are_timed(torch: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not judged: the host time of a call that has little to do."""
    tensors, routine = _tensors(torch, 512, 512), _routine()
    seconds = _seconds(lambda: routine(*tensors), 2000)
    torch.cuda.synchronize()
    with capsys.disabled():
        print(f"\n512 x 512 Gaussian sum: {1e6 * seconds:.1f} microseconds of host time")  # noqa: T201


def test_gradients_on_the_device(torch: Any) -> None:
    tensors = [t.requires_grad_() for t in _tensors(torch, 300, 400, "float64")]
    x, y, b, g = tensors
    _routine()(*tensors).square().sum().backward()
    found = [t.grad for t in tensors]
    dense = (torch.exp(-g * ((x[:, None] - y[None]) ** 2).sum(-1)) @ b).square().sum()
    for one, other in zip(found, torch.autograd.grad(dense, tensors), strict=True):
        torch.testing.assert_close(one, other)


def test_several_devices(torch: Any) -> None:
    if torch.cuda.device_count() < 2:
        pytest.skip("there is one GPU")
    data = gaussian_data(200, 300)
    for device in ("cuda:0", "cuda:1"):
        found = _routine()(*[torch.from_numpy(array).to(device) for array in data])
        assert str(found.device) == device
        np.testing.assert_allclose(found.cpu().numpy(), dense_gaussian_sum(data), rtol=1e-10)


def test_programs_that_share_a_device_agree() -> None:
    """Every reduction once, at sizes with several blocks and parts, against the CPU."""
    data = gaussian_data(700, 5000)
    for name in ("Sum", "LogSumExp", "Max_ArgMax", "KMin_ArgKMin", "Mean_Var_Count", "Prod"):
        value = apply("Exp", -G * squared_distance()) if name == "Sum" else -squared_distance()
        value = constant(1.0) - value * constant(1e-3) if name == "Prod" else value
        task = Problem(value, REDUCTIONS[name], k=5)
        for split in (None, 3):
            found = run(task, data, rows=700, columns=5000, options=Options(target="cuda", split=split))
            expected = run(task, data, rows=700, columns=5000, options=Options(target="cpu"))
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-9)
