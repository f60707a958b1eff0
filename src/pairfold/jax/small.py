"""Small calls, which machine code serves that needs no Python: what of the generic handler stands before it.

A kernel is found by its key, a digest of the text of a request: it means the same in every process, so programs that
were kept or exported find kernels in another one, after the first call has put them there.
"""

from __future__ import annotations

import ctypes
import hashlib
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pairfold.engine import TARGETS, Call, target_of
from pairfold.engine.cache import prepared
from pairfold.ir.call import DEFAULT

__all__ = ["SmallCalls", "key_of"]


_HARMLESS: Any = {
    name: getattr(DEFAULT, name)
    for name in ("threads", "sum_scheme", "dtype_acc", "level", "target", "device", "schedule")
}
"""Options that make a difference to the kernel only, or none to a small call."""


@lru_cache(maxsize=1024)
def key_of(request: str, dtype: str) -> str:
    """Return the key of requests without ranges that have a text, on arrays of a dtype: 32 characters."""
    return hashlib.blake2b(f"{dtype} {request}".encode(), digest_size=16).hexdigest()


class SmallCalls:
    """A function of C that serves small calls, and leaves everything else to a handler.

    Parameters
    ----------
    handler : object
        A function of `ctypes`.
    attribute : int
        The number of the attribute that is the key.
    """

    def __init__(self, handler: Any, attribute: int) -> None:
        make_shelf: Any = TARGETS["cpu"].shelf
        self._shelf = make_shelf(ctypes.cast(handler, ctypes.c_void_p).value, attribute)
        self.address: int = self._shelf.address
        # Threads of XLA may be at work when the interpreter ends and takes its modules apart.
        for held in (self._shelf, handler):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(held))

    def offer(self, key: bytes, call: Call, count: int) -> None:
        """Let calls like this one of `count` arrays be served, if they can."""
        options, target = call.options, target_of(call.options)
        if key in self._shelf or target.shelf is None or replace(options, **_HARMLESS) != DEFAULT:
            return
        made = prepared(target, 0, call)
        if made.parts.split == 1:
            planned = made.planned
            self._shelf.put(key, planned.code, call.problem, planned.dtypes, count)
