"""What a reduction with a tolerance did, and how far from the truth its result can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from pairfold.display import Card, Fact, Shown

__all__ = ["REDUCING", "GivenUp", "Report", "collect_reports", "is_collecting", "joined", "record", "with_report"]

REDUCING = "reducing"
"""The stage in which the formula is evaluated."""

_KINDS = ("exhaustive", "exact", "guaranteed", "checked")
"""By how little is known of the error."""


@dataclass(frozen=True)
class GivenUp:
    """What a strategy returns in the place of outputs, when it does not help.

    Attributes
    ----------
    why : str
        In words for the user, without a full stop.
    is_meant : bool
        Whether the strategy is made for the reduction: if not, the user need not hear of it.
    """

    why: str
    is_meant: bool = True


@dataclass(frozen=True, repr=False)
class Report(Shown):
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
    every_pair : float
        Seconds that every pair would take, measured on a few rows; 0 where that is not known.

    Examples
    --------
    >>> Report("guaranteed", 2e-4, 0.03, (("trees", 0.1), ("reducing", 0.3)), every_pair=6.0)
    Report(guaranteed: errors at most 0.0002; 3 % of the pairs; 0.4 s = trees 0.1 + reducing 0.3, about 15 times faster)
    """

    kind: str
    bound: float = 0.0
    pairs: float = 1.0
    seconds: tuple[tuple[str, float], ...] = ()
    why: str = ""
    every_pair: float = 0.0

    @property
    def total(self) -> float:
        """Seconds of all stages together."""
        return sum(duration for _, duration in self.seconds)

    @property
    def speedup(self) -> float:
        """How many times longer every pair would take; 1 where that is not known."""
        return self.every_pair / self.total if self.every_pair and self.total else 1.0

    @property
    def _facts(self) -> list[Fact]:
        """What there is to say, each part in words of its own."""
        error = {"guaranteed": "errors at most", "checked": "errors on a sample of rows up to"}.get(self.kind)
        facts = [] if error is None else [Fact("bound", f"{error} {self.bound:.2g}")]
        facts += [Fact("why", self.why)] if self.why else []
        if self.pairs != 1:
            facts.append(Fact("looked at", f"{100 * self.pairs:.2g} % of the pairs", share=self.pairs))
        if self.seconds:
            stages = " + ".join(f"{name} {duration:.2g}" for name, duration in self.seconds)
            facts.append(Fact("time", f"{self.total:.2g} s = {stages}{_compared(self.speedup)}"))
        return facts

    def __repr__(self) -> str:
        facts = "; ".join(fact.text for fact in self._facts)
        return f"Report({self.kind}: {facts})" if facts else f"Report({self.kind})"

    def _card(self) -> Card:
        return Card(f"Report: {self.kind}", self._facts)


def _compared(speedup: float) -> str:
    if speedup == 1:
        return ""
    return f", about {speedup:.2g} times faster" if speedup > 1 else f", about {1 / speedup:.2g} times slower"


_COLLECTED: ContextVar[list[Report] | None] = ContextVar("collected reports", default=None)


@contextmanager
def collect_reports() -> Iterator[list[Report]]:
    """Collect the report of every reduction with a tolerance that is carried out inside of a ``with``.

    Those of derivatives and of the products of a solver are among them.

    Yields
    ------
    list of Report
        In the order of the reductions; those of other threads are not among them.

    Examples
    --------
    >>> import numpy as np
    >>> import pairfold
    >>> from pairfold.numpy import Vi, Vj
    >>> x = np.zeros((5, 3))
    >>> with pairfold.collect_reports() as reports:
    ...     total = Vi(x).sqdist(Vj(x)).sum(axis=1, tol=1e-3)
    >>> reports[0].kind
    'exhaustive'
    """
    found: list[Report] = []
    token = _COLLECTED.set(found)
    try:
        yield found
    finally:
        _COLLECTED.reset(token)
        outer = _COLLECTED.get()
        if outer is not None:
            outer.extend(found)


def is_collecting() -> bool:
    """Tell whether anybody collects reports here."""
    return _COLLECTED.get() is not None


def record(report: Report) -> None:
    """Hand a report to whoever collects them."""
    found = _COLLECTED.get()
    if found is not None:
        found.append(report)


def with_report(compute: Callable[[], Any]) -> tuple[Any, Report]:
    """Return a result together with the report on all reductions that it took."""
    start = perf_counter()
    with collect_reports() as found:
        result = compute()
    if found:
        return result, joined(found)
    why = "no tolerance was asked for (tol=, atol=, pairfold.tolerance), or the call is traced and carried out later"
    return result, Report("exhaustive", seconds=((REDUCING, perf_counter() - start),), why=why)


def joined(reports: Sequence[Report]) -> Report:
    """Return one report for several reductions: what is true of all of them."""
    if len(reports) == 1:
        return reports[0]
    seconds: dict[str, float] = {}
    for name, duration in (stage for report in reports for stage in report.seconds):
        seconds[name] = seconds.get(name, 0.0) + duration
    return Report(
        max((report.kind for report in reports), key=_KINDS.index),
        max(report.bound for report in reports),
        sum(report.pairs for report in reports) / len(reports),
        tuple(seconds.items()),
        "; ".join(dict.fromkeys(report.why for report in reports if report.why)),
        sum(report.every_pair or report.total for report in reports) if any(r.every_pair for r in reports) else 0.0,
    )
