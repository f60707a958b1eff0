"""What a reduction with a tolerance did, and how far from the truth its result can be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["GivenUp", "Report", "collect_reports", "record"]


@dataclass(frozen=True)
class GivenUp:
    """What a strategy returns in the place of outputs, when it does not help.

    Attributes
    ----------
    why : str
        In words for the user, without a full stop.
    """

    why: str


@dataclass(frozen=True)
class Report:
    """How one reduction was carried out.

    Attributes
    ----------
    kind : str
        ``"exact"``: pairs were left out, and the result is the one of every pair. ``"guaranteed"``: the error is at
        most `bound`, proven. ``"checked"``: it was measured on a sample of rows, and `bound` is estimated from it.
        ``"exhaustive"``: every pair was looked at.
    bound : float
        Of the error, in the units of the tolerance, for the worst row; 0 for the kinds ``"exact"`` and
        ``"exhaustive"``. Rounding comes beside.
    pairs : float
        The share of the pairs that were looked at, 1 for all.
    seconds : tuple of (str, float)
        Name and duration of every stage.
    why : str
        Why it was done so: for ``"exhaustive"``, why no pair was left out.
    """

    kind: str
    bound: float = 0.0
    pairs: float = 1.0
    seconds: tuple[tuple[str, float], ...] = ()
    why: str = ""


_COLLECTED: ContextVar[list[Report] | None] = ContextVar("collected reports", default=None)


@contextmanager
def collect_reports() -> Iterator[list[Report]]:
    """Collect the report of every reduction with a tolerance that is carried out inside.

    Yields
    ------
    list of Report
        In the order of the reductions; those of other threads are not among them.

    Examples
    --------
    >>> with collect_reports() as reports:
    ...     record(Report("exhaustive", why="there are 5 pairs"))
    >>> reports[0].kind
    'exhaustive'
    """
    found: list[Report] = []
    token = _COLLECTED.set(found)
    try:
        yield found
    finally:
        _COLLECTED.reset(token)


def record(report: Report) -> None:
    """Hand a report to whoever collects them."""
    found = _COLLECTED.get()
    if found is not None:
        found.append(report)
