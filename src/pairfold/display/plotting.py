"""Where plots are drawn: with matplotlib, which is imported for nobody who does not plot."""

from __future__ import annotations

from typing import Any

from pairfold.errors import MissingPackageError

__all__ = ["axes_for"]


def axes_for(ax: Any = None) -> Any:
    """Return axes of matplotlib: `ax`, or those of a new figure where it is None.

    Raises
    ------
    MissingPackageError
        If there is no matplotlib.
    """
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise MissingPackageError(
            "plot() draws with matplotlib, which is not installed. Install it with `pip install pairfold[plot]`; "
            "print() shows the same as text."
        ) from None
    return pyplot.subplots(layout="constrained")[1]
