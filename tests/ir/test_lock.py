"""The lock that a forked child finds open; `tests/engine` forks while it is held."""

from __future__ import annotations

import threading

from pairfold.ir.lock import ForkSafeLock


def test_one_thread_at_a_time_and_again() -> None:
    lock, order = ForkSafeLock(), []

    def other() -> None:
        with lock:
            order.append("other")

    with lock, lock:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_a_renewed_lock_is_open() -> None:
    lock, entered = ForkSafeLock(), threading.Event()
    with lock:
        lock.renew()
        thread = threading.Thread(target=lambda: (lock.__enter__(), entered.set()))
        thread.start()
        thread.join()
        lock.renew()
        lock.__enter__()
    assert entered.is_set()
