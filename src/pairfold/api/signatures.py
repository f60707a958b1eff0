"""Calls whose arguments do not fit the parameters of a function: errors that say which there are."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, TypeVar

from pairfold.errors import ArgumentTypeError, suggestion

__all__ = ["checked", "keywords_of", "misfit", "parameters_of", "unknown_keywords"]

_OF_CLASSES = ("__init__", "__call__")

Function = TypeVar("Function", bound=Callable[..., Any])


def checked(function: Function) -> Function:
    """Let a call that does not fit the parameters of `function` raise `ArgumentTypeError`, which shows them."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError as reason:
            if reason.__traceback__ is None or reason.__traceback__.tb_next is not None:
                # The call was fine, and something in the function failed.
                raise
            raise misfit(function, args, kwargs) from None

    return call  # type: ignore[return-value]


def parameters_of(function: Callable[..., Any]) -> str:
    """Return the parameters of a function or method in parentheses, without annotations."""
    parameters = inspect.signature(function).parameters.values()
    shown = [str(one.replace(annotation=inspect.Parameter.empty)) for one in parameters if one.name != "self"]
    return f"({', '.join(shown)})"


def misfit(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> ArgumentTypeError:
    """Return the error for arguments that do not fit the parameters of `function`."""
    name = type(args[0]).__name__ if function.__name__ in _OF_CLASSES else function.__name__.lstrip("_")
    signature = inspect.signature(function)
    try:
        signature.bind(*args, **kwargs)
        reason = "these arguments do not fit"
    except TypeError as error:
        reason = str(error)
    unknown = [keyword for keyword in kwargs if keyword not in signature.parameters]
    # What a missing argument is for, the docstring says before its sections.
    about = (function.__doc__ or "").partition("Parameters\n")[0].split()
    hint = suggestion(unknown[0], signature.parameters) if unknown else "".join(f" {word}" for word in about)
    return ArgumentTypeError(f"{name}{parameters_of(function)}: {reason}.{hint}")


def keywords_of(function: Callable[..., Any]) -> list[str]:
    """Return the parameters of a function that are given by their names only."""
    parameters = inspect.signature(function).parameters.values()
    return [one.name for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY]


def unknown_keywords(function: Callable[..., Any], unknown: Iterable[str], more: Sequence[str] = ()) -> Exception:
    """Return the error for keywords that are not among those of `function` and `more`."""
    allowed = [*keywords_of(function), *more]
    first = next(name for name in unknown if name not in allowed)
    return ArgumentTypeError(
        f"There is no keyword {first!r} here.{suggestion(first, allowed)} Allowed are {', '.join(allowed)}."
    )
