"""A driver without a GPU: it records what it is asked to do, and runs PTX in the interpreter."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from pairfold.errors import TargetError
from pairfold.targets.cuda.driver import Device
from tests.ptx_interpreter.machine import PtxMachine, PtxModule

__all__ = ["FakeDriver"]


class FakeDriver:
    """Plays `count` devices on one interpreter.

    Attributes
    ----------
    calls : list of tuple
        What was asked, in order: ``("load", device)``, ``("launch", device, blocks, threads, stream)``, ...
    in_use : dict of int to int
        Addresses and sizes of the memory that was not given back.
    """

    def __init__(self, count: int = 1, inaccuracy: int | None = 0) -> None:
        self.machine = PtxMachine(inaccuracy=inaccuracy)
        self.count = count
        self.calls: list[tuple[Any, ...]] = []
        self.in_use: dict[int, int] = {}
        self.multiprocessors = 2

    def device_count(self) -> int:
        return self.count

    def device(self, number: int) -> Device:
        return Device(number, f"an interpreter, number {number}", (9, 0), self.multiprocessors, 1e9)

    def load(self, device: int, ptx: str, name: str) -> tuple[PtxModule, str]:
        self.calls.append(("load", device))
        return self.machine.load(ptx), name

    def launch(
        self, device: int, function: Any, blocks: int, threads: int, stream: int, numbers: Sequence[int]
    ) -> None:
        self.calls.append(("launch", device, blocks, threads, stream))
        module, name = function
        module.launch(name, blocks, threads, 0, list(numbers))

    def allocate(self, device: int, size: int) -> int:
        if size > 2**32:
            raise TargetError(f"The NVIDIA driver reports CUDA_ERROR_OUT_OF_MEMORY in cuMemAlloc of {size} bytes.")
        address = self.machine.allocate(max(size, 1))
        self.in_use[address] = size
        return address

    def free(self, device: int, address: int) -> None:
        self.in_use.pop(address)
        self.machine.free(address)

    def upload(self, device: int, address: int, array: np.ndarray[Any, Any], stream: int) -> None:
        self.calls.append(("upload", device, array.nbytes))
        self.machine.write(address, array)

    def download(self, device: int, array: np.ndarray[Any, Any], address: int, stream: int) -> None:
        self.calls.append(("download", device, array.nbytes))
        ctypes.memmove(array.ctypes.data, self.machine.read(address, array.nbytes), array.nbytes)
