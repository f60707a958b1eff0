"""Reading while computing."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

__all__ = ["read_ahead"]

Item = TypeVar("Item")

_END = object()


def read_ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """Yield `items`, of which a thread makes the next one while the last one is in use.

    Closing this iterator waits for what is being made, so that nobody reads from a file that is closed after it.

    Examples
    --------
    >>> list(read_ahead(iter([1, 2, 3])))
    [1, 2, 3]
    """
    with ThreadPoolExecutor(1, thread_name_prefix="pairfold-reader") as pool:
        coming = pool.submit(next, items, cast("Item", _END))
        while (item := coming.result()) is not _END:
            coming = pool.submit(next, items, cast("Item", _END))
            yield item
