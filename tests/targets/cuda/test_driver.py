"""What the driver of a GPU is asked to do, and what is said when it cannot."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pairfold.engine import Call, DeviceArray, Extent, Options, run_on_device
from pairfold.engine.cache import forget_everything
from pairfold.errors import ArgumentValueError, TargetError
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import constant
from pairfold.reductions import REDUCTIONS
from pairfold.targets.cuda import driver as cuda_driver
from pairfold.targets.cuda.compile import architecture_of
from pairfold.targets.cuda.driver import Device, driver, use_driver
from tests.calls import by_definition, call_of, run
from tests.engine.problems import B, G, X, dense_gaussian_sum, gaussian_data, gaussian_sum, squared_distance
from tests.ptx_interpreter.driver import FakeDriver
from tests.targets.cuda.runs import run_on_fake


class FakeMemory:
    """A framework whose arrays lie on a device, on a stream of its own."""

    def __init__(self, engine: FakeDriver, device: int = 0, stream: int = 77) -> None:
        self.engine, self.device, self.stream = engine, device, stream
        self.taken: list[tuple[int, tuple[int, ...], str]] = []

    def empty(self, shape: tuple[int, ...], dtype: str) -> tuple[int, tuple[int, ...], str]:
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        self.taken.append((self.engine.machine.allocate(max(size, 1)), shape, dtype))
        return self.taken[-1]

    def address(self, array: tuple[int, tuple[int, ...], str]) -> int:
        return array[0]

    def put(self, array: np.ndarray) -> DeviceArray:
        strides = tuple(step // array.itemsize for step in array.strides)
        base = array if array.base is None else array.base
        shift = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        return DeviceArray(self.engine.machine.put(base) + shift, array.shape, strides)

    def get(self, array: tuple[int, tuple[int, ...], str]) -> np.ndarray:
        return self.engine.machine.get(*array)


def run_in(memory: FakeMemory, problem: Problem, arrays: list[np.ndarray], **sizes: Any) -> list[np.ndarray]:
    with use_driver(memory.engine):
        given = [memory.put(array) for array in arrays]
        found = run_on_device(call_of(problem, arrays, **sizes), given, memory, "cuda")
    return [memory.get(array) for array in found]


# ---------------------------------------------------------------- one call


def test_arrays_of_a_framework_stay_where_they_are() -> None:
    """A dense call is one launch on the stream of the framework, whose only allocation is the output."""
    memory = FakeMemory(FakeDriver())
    data = gaussian_data(20, 30)
    (found,) = run_in(memory, gaussian_sum(), data, rows=20, columns=30)
    np.testing.assert_allclose(found, dense_gaussian_sum(data), rtol=1e-12)
    assert memory.engine.calls == [("load", 0), ("launch", 0, 1, 128, 77)]
    assert [shape for _, shape, _ in memory.taken] == [(20, 1)]
    assert memory.engine.in_use == {}


def test_views_are_read_in_place() -> None:
    memory = FakeMemory(FakeDriver())
    wide = np.random.default_rng(0).standard_normal((3, 40, 7))
    x, y = wide[:, ::2, 2:5], wide[:1, 5:36, :3]
    data = [x, y, np.ones((1, 31, 1)), np.array([[0.5], [0.25], [1.0]])]
    (found,) = run_in(memory, gaussian_sum(), data, rows=20, columns=31, batch=(3,))
    np.testing.assert_allclose(found, dense_gaussian_sum(data), rtol=1e-12)


def test_tables_are_uploaded_for_batches_and_ranges_only() -> None:
    data = gaussian_data(20, 30)
    batch = [np.stack([array, array]) for array in data]
    ranges = (np.array([[0, 20]]), np.array([1]), np.array([[0, 30]]))
    for arguments, sizes, uploads in (
        (data, {}, 0),
        ([array[None] for array in data], {"batch": (1,)}, 0),
        (batch, {"batch": (2,)}, 1),
        (data, {"ranges": ranges}, 2),
        (batch, {"batch": (2,), "ranges": ranges}, 3),
    ):
        memory = FakeMemory(FakeDriver())
        run_in(memory, gaussian_sum(), arguments, rows=20, columns=30, **sizes)  # type: ignore[arg-type]
        assert [call[0] for call in memory.engine.calls].count("upload") == uploads
        assert len(memory.taken) == 1 + uploads


def test_parts_are_merged_on_the_same_stream() -> None:
    memory = FakeMemory(FakeDriver())
    with use_driver(memory.engine):
        given = [memory.put(array) for array in gaussian_data(4, 600)]
        run_on_device(Call(gaussian_sum(), Extent(4, 600), "float64", options=Options(split=3)), given, memory, "cuda")
    assert memory.engine.calls[1:] == [("launch", 0, 3, 128, 77), ("load", 0), ("launch", 0, 1, 128, 77)]


def test_nothing_is_launched_without_rows() -> None:
    memory = FakeMemory(FakeDriver())
    (found,) = run_in(memory, gaussian_sum(), gaussian_data(0, 30), rows=0, columns=30)
    assert found.shape == (0, 1)
    assert memory.engine.calls == []


@pytest.mark.parametrize("name", ["Sum", "LogSumExp", "ArgMin", "KMin"])
def test_no_columns_give_what_the_definition_gives(name: str) -> None:
    task = Problem(squared_distance(), REDUCTIONS[name], k=2 if name == "KMin" else 1)
    data = gaussian_data(5, 0)
    (found,) = run_in(FakeMemory(FakeDriver()), task, data, rows=5, columns=0)
    np.testing.assert_array_equal(found, by_definition(task, data, rows=5, columns=0)[0])


def test_numpy_arrays_travel_once() -> None:
    """Sizes of what goes there and comes back; what the formula does not use stays at home."""
    engine = FakeDriver()
    data = gaussian_data(20, 30)
    run_on_fake(Problem(squared_distance(), REDUCTIONS["Sum"]), data, rows=20, columns=30, driver=engine)
    sizes = [call[2] for call in engine.calls if call[0] in ("upload", "download")]
    assert sizes == [20 * 3 * 8, 30 * 3 * 8, 20 * 8]


# ---------------------------------------------------------------- several calls


def test_every_formula_is_loaded_once_per_device() -> None:
    engine = FakeDriver(count=2)
    data = gaussian_data(5, 6)
    for device, loads in ((0, 1), (0, 1), (1, 2), (1, 2), (0, 2)):
        run_on_fake(gaussian_sum(), data, rows=5, columns=6, driver=engine, options={"device": device})
        assert [call[0] for call in engine.calls].count("load") == loads
        assert {call[1] for call in engine.calls if call[0] == "launch"} <= {0, device, 1}
    assert ("load", 1) in engine.calls
    run_on_fake(gaussian_sum(), gaussian_data(9, 4), rows=9, columns=4, driver=engine)
    assert [call[0] for call in engine.calls].count("load") == 2, "other sizes need no other code"
    run_on_fake(gaussian_sum(outputs=2), gaussian_data(5, 6, outputs=2), rows=5, columns=6, driver=engine)
    assert [call[0] for call in engine.calls].count("load") == 3


def test_a_forgotten_formula_is_compiled_again() -> None:
    engine = FakeDriver()
    data = gaussian_data(5, 6)
    for _ in range(2):
        forget_everything()
        (found,) = run_on_fake(gaussian_sum(), data, rows=5, columns=6, driver=engine)
        np.testing.assert_allclose(found, dense_gaussian_sum(data), rtol=1e-12)


def test_threads_may_call_at_once() -> None:
    engines = [FakeDriver() for _ in range(4)]  # an interpreter runs one launch at a time
    data = gaussian_data(9, 12)

    class Shared:
        """One driver for all threads; the launches go where their stream says."""

        def device(self, number: int) -> Device:
            return engines[0].device(number)

        def load(self, device: int, ptx: str, name: str) -> Any:
            return ptx, name

        def launch(self, device: int, function: Any, blocks: int, threads: int, stream: int, numbers: Any) -> None:
            engines[stream].machine.load(function[0]).launch(function[1], blocks, threads, 0, list(numbers))

    def call(number: int) -> bool:
        memory = FakeMemory(engines[number], stream=number)
        task = Problem(gaussian_sum().value * constant(number % 2 + 2.0), REDUCTIONS["Sum"])
        given = [memory.put(array) for array in data]
        found = run_on_device(Call(task, Extent(9, 12), "float64"), given, memory, "cuda")
        return bool(np.allclose(memory.get(found[0]), (number % 2 + 2) * dense_gaussian_sum(data)))

    with use_driver(Shared()), ThreadPoolExecutor(4) as pool:  # type: ignore[arg-type]
        assert all(pool.map(call, range(4)))


# ---------------------------------------------------------------- errors


class Failing(FakeDriver):
    """Fails in one sort of call."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def _fail(self, what: str) -> None:
        if what == self.what:
            raise TargetError(f"The NVIDIA driver reports CUDA_ERROR_FOR_TEST in {what}.")

    def load(self, *args: Any) -> Any:
        self._fail("load")
        return super().load(*args)

    def launch(self, *args: Any) -> None:
        self._fail("launch")
        super().launch(*args)

    def download(self, *args: Any) -> None:
        self._fail("download")
        super().download(*args)

    def allocate(self, device: int, size: int) -> int:
        if size == 5 * 8:  # the output
            self._fail("allocate")
        return super().allocate(device, size)

    def free(self, device: int, address: int) -> None:
        super().free(device, address)
        self._fail("launch")  # a broken context answers every call with its error


@pytest.mark.parametrize("what", ["load", "launch", "download", "allocate"])
def test_errors_name_formula_sizes_and_device(what: str) -> None:
    engine = Failing(what)
    with use_driver(engine), pytest.raises(TargetError) as caught:
        run(gaussian_sum(), gaussian_data(5, 6), rows=5, columns=6, options=Options(target="cuda"))
    text = str(caught.value)
    assert text.startswith(f"The NVIDIA driver reports CUDA_ERROR_FOR_TEST in {what}. This was Sum of ")
    assert "with 5 rows, 6 columns, batch () and 4 arguments of dimension [1, 3, 3, 1], in float64" in text
    assert text.endswith("on an interpreter, number 0.")
    assert text.count("This was") == 1
    assert engine.in_use == {}


def test_columns_beyond_32_bits_are_refused() -> None:
    memory = FakeMemory(FakeDriver())
    wide = DeviceArray(4096, (2**31, 1), (1, 1))
    with use_driver(memory.engine), pytest.raises(ArgumentValueError, match="at most 2147483647 columns"):
        run_on_device(
            Call(Problem(B, REDUCTIONS["Sum"]), Extent(1, 2**31), "float32"), [None, None, wide], memory, "cuda"
        )


def test_old_devices_are_refused() -> None:
    device = Device(0, "a Kepler", (3, 5), 13, 1e9)
    with pytest.raises(
        TargetError, match=r"a Kepler has the compute capability 3\.5; at least 5\.0 is needed\. Compute"
    ):
        architecture_of(device)


# ---------------------------------------------------------------- the driver of the machine


class Status(Enum):
    """The part of the driver's own list that the tests need."""

    CUDA_SUCCESS = 0
    CUDA_ERROR_NO_DEVICE = 100
    CUDA_ERROR_OUT_OF_MEMORY = 2
    CUDA_ERROR_NOT_INITIALIZED = 3
    CUDA_ERROR_LAUNCH_FAILED = 719


class Bindings(ModuleType):
    """Plays ``cuda.bindings.driver``: every call is recorded and answered."""

    CUresult = Status
    CUdevice_attribute = SimpleNamespace(
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR=9,
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR=0,
        CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT=132,
        CU_DEVICE_ATTRIBUTE_CLOCK_RATE=1_980_000,
    )
    CUstreamCaptureStatus = SimpleNamespace(CU_STREAM_CAPTURE_STATUS_NONE=0)
    CUstreamCaptureMode = SimpleNamespace(CU_STREAM_CAPTURE_MODE_RELAXED=2)

    def __init__(self, **answers: Any) -> None:
        super().__init__("cuda.bindings.driver")
        self.calls: list[tuple[Any, ...]] = []
        self.current: list[Any] = []
        self.answers = {
            "cuDeviceGetCount": 2,
            "cuDeviceGet": lambda number: number,
            "cuDevicePrimaryCtxRetain": lambda device: f"context {device}",
            "cuDeviceGetAttribute": lambda attribute, device: attribute,
            "cuDeviceGetName": b"NVIDIA Test\0\0\0",
            "cuModuleLoadData": "a module",
            "cuModuleGetFunction": "a function",
            "cuMemAlloc": 4096,
            "cuCtxPushCurrent": self.current.append,
            "cuCtxPopCurrent": self.current.pop,
            "cuStreamIsCapturing": 0,
            "cuThreadExchangeStreamCaptureMode": "the mode before",
            "cuGetErrorString": b"a text",
            **answers,
        }

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("cu"):
            raise AttributeError(name)

        def call(*arguments: Any) -> tuple[Any, ...]:
            self.calls.append((name, *arguments))
            answer = self.answers.get(name)
            answer = answer(*arguments) if callable(answer) else answer
            if isinstance(answer, Status):
                return (answer,)
            return (Status.CUDA_SUCCESS,) if answer is None else (Status.CUDA_SUCCESS, answer)

        return call

    def names(self) -> list[str]:
        return [call[0] for call in self.calls]


def _driver_on(monkeypatch: pytest.MonkeyPatch, bindings: Any) -> Any:
    package = ModuleType("cuda.bindings")
    package.driver = bindings  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cuda", ModuleType("cuda"))
    monkeypatch.setitem(sys.modules, "cuda.bindings", package)
    monkeypatch.setitem(sys.modules, "cuda.bindings.driver", bindings)
    monkeypatch.setattr(cuda_driver, "_driver", None)
    return driver()


def test_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_driver, "_driver", None)
    for name in ("cuda", "cuda.bindings", "cuda.bindings.driver"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(TargetError, match=r"cuda-bindings, which is not installed.*pip install pairfold\[cuda\]"):
        run(gaussian_sum(), gaussian_data(5, 6), rows=5, columns=6, options=Options(target="cuda"))


def test_the_driver_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(flags: int) -> None:
        raise RuntimeError("Failed to dlopen libcuda.so.1")

    with pytest.raises(TargetError, match=r"no driver for NVIDIA GPUs.*Install the driver of the GPU.*backend='CPU'"):
        _driver_on(monkeypatch, Bindings(cuInit=absent))


def test_the_device_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TargetError, match=r"the NVIDIA driver finds none.*CUDA_VISIBLE_DEVICES.*backend='CPU'"):
        _driver_on(monkeypatch, Bindings(cuInit=Status.CUDA_ERROR_NO_DEVICE))


def test_this_machine_says_what_it_lacks() -> None:
    """Whichever of package, driver and device it is; where nothing is missing there is a device to describe."""
    try:
        found = driver()
    except TargetError as error:
        assert "or compute on the CPU (backend='CPU')" in str(error)  # noqa: PT017 - one of several outcomes
    else:
        assert found.device(0).multiprocessors > 0


def test_one_driver_serves_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    bindings = Bindings()
    assert _driver_on(monkeypatch, bindings) is driver()
    assert bindings.names().count("cuInit") == 1


def test_devices_are_described(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _driver_on(monkeypatch, Bindings())
    assert found.device_count() == 2
    assert found.device(1) == Device(1, "NVIDIA Test", (9, 0), 132, 1.98e9)
    for number in (2, -1):
        with pytest.raises(TargetError, match=f"GPU number {number} was asked for; there are 2, numbered from 0"):
            found.device(number)


def test_calls_run_in_the_primary_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is retained once, and whatever was current before is current again, also after an error."""
    contexts = []
    bindings = Bindings(cuMemAlloc=lambda size: contexts.append(bindings.current[-1]) or 4096)
    found = _driver_on(monkeypatch, bindings)
    for device in (0, 1, 0):
        assert found.allocate(device, 10) == 4096
    assert contexts == ["context 0", "context 1", "context 0"]
    assert bindings.names().count("cuDevicePrimaryCtxRetain") == 2
    bindings.answers["cuMemAlloc"] = Status.CUDA_ERROR_OUT_OF_MEMORY
    with pytest.raises(
        TargetError,
        match=r"reports CUDA_ERROR_OUT_OF_MEMORY \(a text\) in cuMemAlloc of 10 bytes\. Free memory of the GPU",
    ):
        found.allocate(0, 10)
    assert bindings.current == []


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(Status.CUDA_ERROR_LAUNCH_FAILED, "CUDA_LAUNCH_BLOCKING=1"), (Status.CUDA_ERROR_NOT_INITIALIZED, "'spawn'")],
)
def test_errors_come_with_a_remedy(status: Status, remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _driver_on(monkeypatch, Bindings(cuLaunchKernel=status))
    with pytest.raises(TargetError, match=rf"reports {status.name} \(a text\) in cuLaunchKernel\. .*{remedy}"):
        found.launch(0, "a function", 1, 128, 0, [1])


def test_graphs_record_kernels_but_no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module may be loaded meanwhile; a copy from memory of the host would be repeated when the graph is replayed."""
    bindings = Bindings(cuStreamIsCapturing=1)
    found = _driver_on(monkeypatch, bindings)
    found.launch(0, found.load(0, "text", "kernel"), 1, 128, 77, [1])
    modes = [call[1] for call in bindings.calls if call[0] == "cuThreadExchangeStreamCaptureMode"]
    assert modes == [2, "the mode before"]
    with pytest.raises(TargetError, match=r"with a batch or with ranges.*CUDA graph cannot record"):
        found.upload(0, 4096, np.zeros(3), 77)
    assert "cuMemcpyHtoDAsync" not in bindings.names()


def test_launches_hand_over_64_bit_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes  # noqa: PLC0415 - only here

    seen: list[int] = []

    def launch(*arguments: Any) -> None:
        places = (ctypes.c_void_p * 3).from_address(arguments[9])
        seen.extend(ctypes.c_int64.from_address(place).value for place in places)

    bindings = Bindings(cuLaunchKernel=launch)
    found = _driver_on(monkeypatch, bindings)
    function = found.load(0, "text", "kernel")
    assert ("cuModuleLoadData", b"text\0") in bindings.calls
    assert ("cuModuleGetFunction", "a module", b"kernel") in bindings.calls
    found.launch(0, function, 5, 128, 77, [2**62, 0, -1])
    assert seen == [2**62, 0, -1]
    (call,) = [call for call in bindings.calls if call[0] == "cuLaunchKernel"]
    assert call[1:10] == ("a function", 5, 1, 1, 128, 1, 1, 0, 77)
    assert call[11] == 0


def test_copies_wait_for_the_stream_on_the_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    bindings = Bindings()
    found = _driver_on(monkeypatch, bindings)
    array = np.arange(3.0)
    address = array.__array_interface__["data"][0]
    found.upload(0, 512, array, 7)
    found.download(0, array, 512, 7)
    found.free(0, 512)
    asked = [call for call in bindings.calls if call[0].startswith(("cuMem", "cuStream"))]
    assert asked == [
        ("cuStreamIsCapturing", 7),
        ("cuMemcpyHtoDAsync", 512, address, 24, 7),
        ("cuMemcpyDtoHAsync", address, 512, 24, 7),
        ("cuStreamSynchronize", 7),
        ("cuMemFree", 512),
    ]


def test_a_factor_of_rows_and_unused_parameters_reach_the_merging_kernel() -> None:
    """The kernel that merges reads arguments of the caller as well."""
    data = gaussian_data(6, 700)
    task = Problem(X * G * B, REDUCTIONS["Sum"])
    (found,) = run_on_fake(task, data, rows=6, columns=700, options={"split": 4})
    np.testing.assert_allclose(found, data[0] * data[3] * data[2].sum(), rtol=1e-11)
