"""Run pieces of work on threads, interruptibly."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

__all__ = ["run_tasks", "scratch_address"]


class _Pool:
    """One executor per process; a forked child makes its own."""

    def __init__(self) -> None:
        self.executor: ThreadPoolExecutor | None = None
        self.size = 0
        self.process = -1
        self.lock = threading.Lock()

    def submit(self, count: int, function: Callable[[], None]) -> list[Future[None]]:
        if self.process != os.getpid():
            # After a fork the threads of the parent are gone, and a lock may have been held by one of them.
            self.executor, self.size, self.process, self.lock = None, 0, os.getpid(), threading.Lock()
        with self.lock:
            if self.executor is None or self.size < count:
                self.executor = ThreadPoolExecutor(count, thread_name_prefix="pairfold")
                self.size = count
            executor = self.executor
            return [executor.submit(function) for _ in range(count)]


_pool = _Pool()
_memory = threading.local()

ALIGNMENT = 128


def scratch_address(size: int) -> int:
    """Return the address of `size` bytes of aligned memory that belongs to the calling thread."""
    held = getattr(_memory, "buffer", None)
    if held is None or held.nbytes < size + ALIGNMENT:
        held = np.empty(size + ALIGNMENT, np.uint8)
        _memory.buffer = held
        _memory.address = -(-held.ctypes.data // ALIGNMENT) * ALIGNMENT
    return int(_memory.address)


def run_tasks(tasks: int, threads: int, body: Callable[[int], None], progress: Callable[[int], Any] | None) -> None:
    """Call ``body(k)`` for every k below `tasks` on `threads` threads, the calling thread included.

    An exception, Ctrl-C included, stops the distribution of further tasks, waits for the running ones and is raised.
    `progress` is called from the calling thread with the number of tasks finished since its last call.
    """
    numbers = itertools.count()
    stop = threading.Event()
    finished = itertools.count()

    def work() -> None:
        for number in _until(numbers, tasks, stop):
            body(number)
            next(finished)

    helpers = _pool.submit(min(threads, tasks) - 1, work) if threads > 1 and tasks > 1 else []
    try:
        if progress is None:
            work()
            _wait(helpers)
        else:
            _work_and_report(numbers, tasks, stop, finished, body, progress, helpers)
    except BaseException:
        stop.set()
        for helper in helpers:
            if not helper.cancel():
                helper.exception()
        raise


def _wait(helpers: list[Future[None]]) -> None:
    for helper in helpers:
        helper.result()


def _work_and_report(
    numbers: Iterator[int],
    tasks: int,
    stop: threading.Event,
    finished: Iterator[int],
    body: Callable[[int], None],
    progress: Callable[[int], Any],
    helpers: list[Future[None]],
) -> None:
    reported = 0
    for number in _until(numbers, tasks, stop):
        body(number)
        done = next(finished) + 1
        progress(done - reported)
        reported = done
    _wait(helpers)
    progress(tasks - reported)


def _until(numbers: Iterator[int], tasks: int, stop: threading.Event) -> Iterator[int]:
    for number in numbers:
        if number >= tasks or stop.is_set():
            return
        yield number
