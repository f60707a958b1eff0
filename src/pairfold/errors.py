"""Every error that pairfold raises on purpose, in one tree.

Each class also inherits the built-in exception that a caller would expect, so
``except ValueError`` keeps working. A message says what was asked, what was
found, what is allowed and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = [
    "AliasError",
    "ArgumentIndexError",
    "ArgumentTypeError",
    "ArgumentValueError",
    "BridgeError",
    "CheckpointError",
    "CommunicationError",
    "ConvergenceWarning",
    "DimensionError",
    "FormulaError",
    "MissingPackageError",
    "NotConvergedError",
    "NotDifferentiableError",
    "PairfoldError",
    "TargetError",
    "UnknownMethodError",
    "UnknownNameError",
    "suggestion",
]


class PairfoldError(Exception):
    """Root of the tree."""


class FormulaError(PairfoldError, ValueError):
    """A formula string or an alias string is not in the language."""


class UnknownNameError(FormulaError, NameError):
    """A formula uses an operation, variable or reduction that does not exist."""


class DimensionError(PairfoldError, ValueError):
    """The inner dimensions of the operands of an operation do not fit."""


class ArgumentValueError(PairfoldError, ValueError):
    """An argument of a call has a wrong value: shape, dtype, count, range."""


class ArgumentTypeError(PairfoldError, TypeError):
    """An argument of a call has a type that is not accepted."""


class ArgumentIndexError(PairfoldError, IndexError, ValueError):
    """An index lies outside of what it indexes."""


class UnknownMethodError(PairfoldError, AttributeError):
    """A LazyTensor has no attribute of this name."""


class NotDifferentiableError(PairfoldError, NotImplementedError):
    """A derivative was asked for that is not defined."""


class NotConvergedError(PairfoldError, ArithmeticError):
    """A linear system was not solved. Its attributes `solution` and `report` hold what was reached."""

    solution: Any = None
    report: Any = None


class ConvergenceWarning(UserWarning):
    """A linear system was solved less accurately than asked."""


class TargetError(PairfoldError, RuntimeError):
    """The machine cannot run what was asked: no such device, no such feature."""


class MissingPackageError(PairfoldError, ModuleNotFoundError):
    """A part of the package needs another package that is not installed."""


class AliasError(PairfoldError, ImportError):
    """The names of pykeops cannot stand for pairfold: the real one is imported already."""


class BridgeError(PairfoldError, ValueError):
    """A program in another language and `pairfold.bridge` do not understand each other."""


class CheckpointError(PairfoldError, OSError):
    """A file that a run was to go on from is damaged, of another run, or cannot be written."""


class CommunicationError(PairfoldError, RuntimeError):
    """The processes of a group lost each other, or do not do the same."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'Exp'?" for the known name closest to `name`, or nothing: the end of a message."""
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower_case, n=1, cutoff=0.6)
    return f" Did you mean {by_lower_case[close[0]]!r}?" if close else ""
