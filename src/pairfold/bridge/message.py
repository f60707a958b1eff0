"""Heads: text of lines and fields, and the values that fields stand for. The notation is that of `pairfold.bridge`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pairfold import __version__
from pairfold.errors import BridgeError

__all__ = ["Head", "Reference", "error_head", "quoted", "read_head", "read_value", "written"]

LONGEST_SHOWN = 80
"""Characters of a field that a message repeats."""

_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n"}
_MEANINGS = {"\\\\": "\\", "\\t": "\t", "\\n": "\n"}
_SPECIAL = re.compile(r"[\\\t\n]")
_WORDS = {"true": True, "false": False, "none": None}
_KEYWORD = re.compile(r"([^\W\d]\w*)=(.*)", re.DOTALL)
_SLICE = re.compile(r"(-?\d*):(-?\d*)")
_INTEGER = re.compile(r"[+-]?\d{1,19}")


@dataclass(frozen=True)
class Reference:
    """What ``#ID`` stands for: the value of a line before."""

    id: str


@dataclass(frozen=True)
class Head:
    """A request: its command, and its lines in order."""

    command: str
    lines: tuple[tuple[str, ...], ...]

    def all(self, key: str) -> list[tuple[str, ...]]:
        """Return the fields of the lines that start with `key`, without it."""
        return [line[1:] for line in self.lines if line[0] == key]

    def one(self, key: str, default: str | None = None) -> str | None:
        """Return the only field of the only line `key`; `default` when there is none."""
        found = self.all(key)
        if not found:
            return default
        if len(found) > 1 or len(found[0]) != 1:
            raise BridgeError(f"A request has one line {key!r} with one field; found {shown(found)}.")
        return found[0][0]

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """Return the field of the line `key`, which is one of those `allowed`; the first is the default."""
        found = self.one(key, allowed[0])
        if found not in allowed:
            raise BridgeError(f"{key} is {shown(found)}; allowed are {', '.join(map(repr, allowed))}.")
        return str(found)

    def options(self) -> dict[str, Any]:
        """Return the values of the lines ``option``."""
        found = {}
        for fields in self.all("option"):
            if len(fields) != 2:
                raise BridgeError(f"An option is a name and a value; found {shown(fields)}.")
            found[fields[0]] = read_value(fields[1])
        return found


def shown(value: object) -> str:
    """Return a value for a message, shortened."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def quoted(text: str) -> str:
    r"""Return `text` as a field.

    Examples
    --------
    >>> quoted("two\tfields")
    'two\\tfields'
    """
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], text) if _SPECIAL.search(text) else text


def _unquoted(field: str) -> str:
    if "\\" not in field:
        return field
    return re.sub(r"\\[\\tn]", lambda match: _MEANINGS[match[0]], field)


def written(lines: Iterable[Iterable[object]]) -> str:
    """Return the head of these lines."""
    return "\n".join("\t".join(quoted(str(field)) for field in line) for line in lines)


def read_head(head: str, commands: Iterable[str]) -> Head:
    """Read a request.

    Raises
    ------
    BridgeError
        If it has no command of `commands`, or is of another version.
    """
    if not isinstance(head, str):
        raise BridgeError(f"The head of a request is text; found {type(head).__name__}.")
    first, *rest = (line.split("\t") for line in head.removesuffix("\n").split("\n"))
    if len(first) != 2 or first[0] not in commands:
        raise BridgeError(
            f"A request starts with a command and a version; the commands are {', '.join(commands)}. "
            f"Found {shown(first)}."
        )
    if first[1] != __version__:
        raise BridgeError(
            f"The client is that of pairfold {first[1][:LONGEST_SHOWN]}, and Python has pairfold {__version__}. "
            "Install the client again from this Python: `python -m pairfold.bridge install-r` for R, the folder that "
            "`python -m pairfold.bridge matlab-path` prints for MATLAB and Octave; then start a new session."
        )
    lines = tuple(tuple(_unquoted(field) for field in line) for line in rest if line != [""])
    return Head(first[0], lines)


# ---------------------------------------------------------------- values


def read_value(text: str) -> Any:
    """Return the value that an argument stands for, references as `Reference`.

    Raises
    ------
    BridgeError
        If it is none.

    Examples
    --------
    >>> read_value("[1,2.5,1+2j]"), read_value("'Sum"), read_value("2:")
    ([1, 2.5, (1+2j)], 'Sum', slice(2, None, None))
    """
    if text.startswith("'"):
        return text[1:]
    if text.startswith("[") and text.endswith("]"):
        return [read_value(part) for part in text[1:-1].split(",")] if len(text) > 2 else []
    if text.startswith("#"):
        return Reference(text[1:])
    if text in _WORDS:
        return _WORDS[text]
    match = _SLICE.fullmatch(text)
    if match is not None:
        return slice(*(int(part) if part.strip("-") else None for part in match.groups()))
    return _number(text)


def _number(text: str) -> int | float | complex:
    try:
        if _INTEGER.fullmatch(text):
            return int(text)
        return complex(text) if text.endswith("j") else float(text)
    except ValueError:
        raise BridgeError(
            f"An argument is #id, a number, true, false, none, 'text, a slice 2:5 or a list [1,2]; found {shown(text)}."
        ) from None


def read_arguments(fields: Iterable[str]) -> tuple[list[Any], dict[str, Any]]:
    """Return the values of arguments, and those of keywords."""
    values, keywords = [], {}
    for field in fields:
        match = None if field[:1] in "'#[" else _KEYWORD.fullmatch(field)
        if match is None:
            values.append(read_value(field))
        else:
            keywords[match[1]] = read_value(match[2])
    return values, keywords


# ---------------------------------------------------------------- answers


def error_head(error: BaseException, name: str | None = None) -> str:
    """Return the answer that tells of an error; its class is called `name`, if given."""
    classes = [kind.__name__ for kind in type(error).__mro__[:-1] if issubclass(kind, Exception)]
    if name is not None:
        classes = [name, "Exception"]
    text = str(error).strip() or {"MemoryError": "There is not enough memory."}.get(classes[0], classes[0])
    return written([("error", ",".join(classes), text)])
