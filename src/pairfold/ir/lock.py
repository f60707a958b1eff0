"""A lock that a forked child finds open."""

from __future__ import annotations

import os
import threading
import weakref

__all__ = ["ForkSafeLock"]


class ForkSafeLock:
    """A re-entrant lock.

    When a process forks while another thread holds a lock, the child inherits the lock but not the thread, and would
    wait for ever. This one is replaced in the child.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        _alive.add(self)

    def renew(self) -> None:
        """Forget who holds the lock."""
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self._lock.release()


_alive: weakref.WeakSet[ForkSafeLock] = weakref.WeakSet()


def _renew_all() -> None:
    for lock in list(_alive):
        lock.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
