"""The table in which the front function finds kernels, and Python puts them."""

from __future__ import annotations

import ctypes
import itertools
import os
from typing import Any

import numpy as np
from llvmlite import ir

from pairfold.ir.lock import ForkSafeLock
from pairfold.ir.problem import Problem
from pairfold.targets.cpu.compile import CpuCode, load
from pairfold.targets.cpu.xla.front import PLACE_WORDS, PLACES, WAYS, Place, emit_front, home_of
from pairfold.targets.cpu.xla.record import KEY_WORDS, FrameKernel

__all__ = ["Shelf"]


class Shelf:
    """Kernels by key, in places of a fixed number, with the function that XLA calls.

    Machine code of the shelf may run at any time, in any thread, until the process ends: what it needs is kept.

    Parameters
    ----------
    general : int
        The address of the handler that serves every frame.
    attribute : int
        The number of the attribute that is the key, a text of 32 characters.
    """

    def __init__(self, general: int, attribute: int) -> None:
        memory = np.zeros(PLACE_WORDS * (PLACES + 1), np.int64)
        start = -memory.ctypes.data % (8 * PLACE_WORDS) // 8
        self.table = memory[start : start + PLACE_WORDS * PLACES].reshape(PLACES, PLACE_WORDS)
        self.kept: dict[int, tuple[int, FrameKernel]] = {}
        self.keys: dict[int, bytes] = {}
        self.numbers = itertools.count()
        self.lock = ForkSafeLock()
        self.engine, (self.address, publish, retire) = _loaded(self.table.ctypes.data, general, attribute)
        self._publish = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(publish)
        self._retire = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(retire)

    def put(self, key: bytes, code: CpuCode, problem: Problem, outputs: tuple[str, ...], count: int) -> None:
        """Let the function serve a kernel, in the place of the one that came first where there is no other.

        Parameters
        ----------
        key : bytes
            32 characters.
        code, problem, outputs, count
            See `FrameKernel`.
        """
        kernel, words = FrameKernel(code, problem, outputs, count), np.frombuffer(key, np.int64)
        assert len(words) == KEY_WORDS
        if not kernel.is_served:
            return
        with self.lock:
            ways = [(home_of(key) + k) % PLACES for k in range(WAYS)]
            if key in self:
                return
            for place in sorted(ways, key=self._age):
                address = self.table[place].ctypes.data
                if self._retire(address) == 0:
                    self.table[place, Place.KEY : Place.KEY + KEY_WORDS] = words
                    self.kept[place], self.keys[place] = (next(self.numbers), kernel), key
                    self._publish(address, kernel.words.ctypes.data)
                    return
                if place in self.kept:
                    self._publish(address, self.kept[place][1].words.ctypes.data)

    def __contains__(self, key: bytes) -> bool:
        return any(self.keys.get((home_of(key) + k) % PLACES) == key for k in range(WAYS))

    def _age(self, place: int) -> int:
        return self.kept[place][0] if place in self.kept else -1


def _loaded(table: int, general: int, attribute: int) -> tuple[Any, list[int]]:
    library: Any = ctypes.CDLL(None) if os.name == "posix" else ctypes.CDLL("msvcrt")
    allocate, free = (ctypes.cast(getattr(library, name), ctypes.c_void_p).value for name in ("malloc", "free"))
    assert allocate is not None
    assert free is not None
    module = ir.Module(name="pairfold")
    emit_front(module, table, general, allocate, free, attribute)
    # Made whenever pairfold.jax is imported: better code would cost more than it saves.
    return load(module, ["front", "publish", "retire"], opt=0)
