"""Who shows the progress of a reduction: a bar of tqdm, or a caller that asks to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pairfold.errors import ArgumentValueError

__all__ = ["progress_bar", "reporting"]

Report = Callable[[int, Any], Any]

_report: ContextVar[Report | None] = ContextVar("pairfold_progress", default=None)


@contextmanager
def reporting(report: Report) -> Iterator[None]:
    """Within this block, reductions with ``progress=True`` call ``report(done, total)`` instead of showing a bar."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


@contextmanager
def progress_bar(total: int | None, **looks: Any) -> Iterator[Callable[[int], Any]]:
    """Yield a function that takes the number of pieces of work finished since its last call.

    Parameters
    ----------
    total : int or None
        How many there are; None when nobody knows.
    **looks
        As tqdm takes them; by default the pieces are blocks.

    Raises
    ------
    ArgumentValueError
        If a bar is to be shown and tqdm is not installed.
    """
    report = _report.get()
    if report is None:
        with _bar(total, looks) as bar:
            yield bar.update
        return
    done = 0

    def update(count: int, report: Report = report) -> None:
        nonlocal done
        done += count
        report(done, total)

    yield update


def _bar(total: int | None, looks: dict[str, Any]) -> Any:
    try:
        from tqdm.auto import tqdm  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise ArgumentValueError(
            "progress=True needs the package tqdm, which is not installed. Install it with "
            "`pip install pairfold[progress]`, or leave progress out."
        ) from None
    return tqdm(total=total, **{"desc": "pairfold", "unit": "block", **looks})
