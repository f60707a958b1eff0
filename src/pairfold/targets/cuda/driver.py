"""The few calls of the NVIDIA driver that a launch needs, behind an interface that tests can play.

The driver is that of the GPU itself, spoken to through NVIDIA's package ``cuda-bindings``; there is no toolkit, no
runtime library and no file. Contexts are the primary ones, which PyTorch, CuPy and JAX use as well.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pairfold.errors import TargetError

__all__ = ["Device", "Driver", "driver", "use_driver"]


@dataclass(frozen=True)
class Device:
    """What is known about a GPU.

    Attributes
    ----------
    number : int
        Its number, from 0.
    name : str
        Its name.
    capability : tuple of int
        Compute capability, (9, 0) for instance.
    multiprocessors : int
        Number of multiprocessors.
    clock : float
        Highest clock of the multiprocessors in Hz.
    """

    number: int = field(compare=False)
    name: str
    capability: tuple[int, int]
    multiprocessors: int
    clock: float


class Driver(Protocol):
    """What this package asks of a driver; addresses and streams are integers."""

    def device_count(self) -> int:
        """Return the number of GPUs."""

    def device(self, number: int) -> Device:
        """Describe a GPU."""

    def load(self, device: int, ptx: str, name: str) -> Any:
        """Turn PTX into machine code for a GPU and return its function `name`."""

    def launch(
        self, device: int, function: Any, blocks: int, threads: int, stream: int, numbers: Sequence[int]
    ) -> None:
        """Start a function, whose arguments are 64-bit integers, on a stream."""

    def allocate(self, device: int, size: int) -> int:
        """Reserve `size` bytes of memory of the GPU and return the address."""

    def free(self, device: int, address: int) -> None:
        """Give memory back, once all that uses it is done."""

    def upload(self, device: int, address: int, array: NDArray[Any], stream: int) -> None:
        """Copy a contiguous array to the GPU; it may be changed as soon as the call returns."""

    def download(self, device: int, array: NDArray[Any], address: int, stream: int) -> None:
        """Copy memory of the GPU into a contiguous array, once all that was started before on the stream is done."""


_ANY_REMEDY = "An error of an earlier kernel may show only now; run with CUDA_LAUNCH_BLOCKING=1 to find its call."

_REMEDIES = {
    "CUDA_ERROR_NOT_INITIALIZED": (
        "A process that was forked from one that uses a GPU cannot use it; start it anew, with "
        "`multiprocessing.get_context('spawn')`."
    ),
    "CUDA_ERROR_OUT_OF_MEMORY": (
        "Free memory of the GPU (`torch.cuda.empty_cache()` gives back what PyTorch keeps), or reduce fewer rows at a "
        "time."
    ),
    "CUDA_ERROR_UNSUPPORTED_PTX_VERSION": "The driver is too old for this device; install a newer one.",
}


class _BindingsDriver:
    """The driver of this machine."""

    def __init__(self) -> None:
        try:
            from cuda.bindings import driver as cuda  # noqa: PLC0415 - an optional extra
        except ImportError:
            raise TargetError(
                "Computing on an NVIDIA GPU needs the package cuda-bindings, which is not installed. Install it with "
                "`pip install pairfold[cuda]`, or compute on the CPU (backend='CPU')."
            ) from None
        self._cuda = cuda
        try:
            (status,) = cuda.cuInit(0)
        except Exception as error:
            raise TargetError(
                "A GPU was asked for, but this machine has no driver for NVIDIA GPUs (the library libcuda was not "
                "found). Install the driver of the GPU - `nvidia-smi` shows it then -, in a container start it with "
                "access to the GPU (`docker run --gpus all`), or compute on the CPU (backend='CPU')."
            ) from error
        if status == cuda.CUresult.CUDA_ERROR_NO_DEVICE:
            raise TargetError(
                "A GPU was asked for, but the NVIDIA driver finds none. Check that `nvidia-smi` lists it and that the "
                "environment variable CUDA_VISIBLE_DEVICES does not hide it, or compute on the CPU (backend='CPU')."
            )
        self._check((status,), "cuInit")
        self._contexts: dict[int, Any] = {}
        self._devices: dict[int, Device] = {}
        self._lock = threading.Lock()

    def _check(self, answer: tuple[Any, ...], what: str) -> Any:
        """Return what a call of the driver gives beside its status, or raise."""
        status, *values = answer
        if status != self._cuda.CUresult.CUDA_SUCCESS:
            _, text = self._cuda.cuGetErrorString(status)
            reason = text.decode() if text else "no text"
            remedy = _REMEDIES.get(status.name, _ANY_REMEDY)
            raise TargetError(f"The NVIDIA driver reports {status.name} ({reason}) in {what}. {remedy}")
        return values[0] if len(values) == 1 else values

    @contextmanager
    def _on(self, device: int) -> Iterator[None]:
        """Make the primary context of a GPU the current one."""
        context = self._contexts.get(device)
        if context is None:
            with self._lock:
                handle = self._check(self._cuda.cuDeviceGet(device), "cuDeviceGet")
                context = self._check(self._cuda.cuDevicePrimaryCtxRetain(handle), "cuDevicePrimaryCtxRetain")
                self._contexts[device] = context
        self._check(self._cuda.cuCtxPushCurrent(context), "cuCtxPushCurrent")
        try:
            yield
        finally:
            self._cuda.cuCtxPopCurrent()

    def device_count(self) -> int:
        return int(self._check(self._cuda.cuDeviceGetCount(), "cuDeviceGetCount"))

    def device(self, number: int) -> Device:
        if number in self._devices:
            return self._devices[number]
        count = self.device_count()
        if not 0 <= number < count:
            raise TargetError(f"GPU number {number} was asked for; there are {count}, numbered from 0.")
        cuda = self._cuda
        handle = self._check(cuda.cuDeviceGet(number), "cuDeviceGet")
        known = cuda.CUdevice_attribute

        def ask(attribute: Any) -> int:
            return int(self._check(cuda.cuDeviceGetAttribute(attribute, handle), "cuDeviceGetAttribute"))

        name = self._check(cuda.cuDeviceGetName(256, handle), "cuDeviceGetName")
        self._devices[number] = Device(
            number,
            name.split(b"\0")[0].decode(),
            (
                ask(known.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                ask(known.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
            ),
            ask(known.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
            1e3 * ask(known.CU_DEVICE_ATTRIBUTE_CLOCK_RATE),
        )
        return self._devices[number]

    def load(self, device: int, ptx: str, name: str) -> Any:
        with self._on(device), self._beside_graphs():
            module = self._check(self._cuda.cuModuleLoadData(ptx.encode() + b"\0"), "cuModuleLoadData")
            return self._check(self._cuda.cuModuleGetFunction(module, name.encode()), "cuModuleGetFunction")

    @contextmanager
    def _beside_graphs(self) -> Iterator[None]:
        """Allow what a thread must not do while a stream records a graph, unless it concerns the graph."""
        exchange = self._cuda.cuThreadExchangeStreamCaptureMode
        relaxed = self._cuda.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED
        before = self._check(exchange(relaxed), "cuThreadExchangeStreamCaptureMode")
        try:
            yield
        finally:
            exchange(before)

    def launch(
        self, device: int, function: Any, blocks: int, threads: int, stream: int, numbers: Sequence[int]
    ) -> None:
        values = np.array(numbers, np.int64)
        first = int(values.__array_interface__["data"][0])
        places = first + 8 * np.arange(len(values), dtype=np.int64)
        where = int(places.__array_interface__["data"][0])
        with self._on(device):
            answer = self._cuda.cuLaunchKernel(function, blocks, 1, 1, threads, 1, 1, 0, stream, where, 0)
        self._check(answer, "cuLaunchKernel")

    def allocate(self, device: int, size: int) -> int:
        with self._on(device):
            return int(self._check(self._cuda.cuMemAlloc(max(size, 1)), f"cuMemAlloc of {size} bytes"))

    def free(self, device: int, address: int) -> None:
        with self._on(device):
            self._check(self._cuda.cuMemFree(address), "cuMemFree")

    def upload(self, device: int, address: int, array: NDArray[Any], stream: int) -> None:
        source = int(array.__array_interface__["data"][0])
        with self._on(device):
            status = self._check(self._cuda.cuStreamIsCapturing(stream), "cuStreamIsCapturing")
            if status != self._cuda.CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE:
                # The graph would read this memory of the host each time that it is replayed.
                raise TargetError(
                    "Reductions with a batch or with ranges copy a table to the GPU, which a CUDA graph cannot record. "
                    "Call them before or after the graph, or loop over the batch."
                )
            self._check(self._cuda.cuMemcpyHtoDAsync(address, source, array.nbytes, stream), "cuMemcpyHtoD")

    def download(self, device: int, array: NDArray[Any], address: int, stream: int) -> None:
        target = int(array.__array_interface__["data"][0])
        with self._on(device):
            self._check(self._cuda.cuMemcpyDtoHAsync(target, address, array.nbytes, stream), "cuMemcpyDtoH")
            self._check(self._cuda.cuStreamSynchronize(stream), "cuStreamSynchronize")


_driver: Driver | None = None


def driver() -> Driver:
    """Return the driver.

    Raises
    ------
    TargetError
        If there is no package, no driver or no GPU; the message says what to do.
    """
    global _driver  # noqa: PLW0603 - there is one driver per process
    if _driver is None:
        _driver = _BindingsDriver()
    return _driver


@contextmanager
def use_driver(other: Driver) -> Iterator[None]:
    """Let another driver stand in for that of the machine."""
    global _driver  # noqa: PLW0603
    before = _driver
    _driver = other
    try:
        yield
    finally:
        _driver = before
