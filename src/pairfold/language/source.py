"""The text of a formula, and errors that point into it."""

from __future__ import annotations

import ast
import keyword
import re

from pairfold.errors import FormulaError
from pairfold.language.aliases import Scope

__all__ = ["Source"]

_NAME = re.compile(r"[^\W\d]\w*")
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")


class Source:
    """The text of a formula, its syntax tree, and errors that point into it."""

    def __init__(self, text: str, scope: Scope) -> None:
        # One line, so that line breaks are free and an error can be shown under the text.
        self.text = re.sub(r"\s", " ", text)
        self.scope = scope
        if not self.text.strip():
            raise FormulaError("The formula is empty; write an expression such as 'Exp(-SqDist(x, y)) * b'.")
        for character in "#\\;\0":
            if character in self.text:
                raise self.error(
                    self.text.index(character), 1, f"the character {character!r} has no meaning in a formula."
                )
        # An alias may have the name of a Python keyword: the tree is built from a text of equal length in which
        # such words are replaced; `name_at` reads names from the text of the user.
        readable = _WORD.sub(self._hide_keyword, self.text)
        margin = len(readable) - len(readable.lstrip())
        self._margin = margin
        try:
            self.tree = ast.parse(readable[margin:], mode="eval").body
        except SyntaxError as error:
            raise self.error(margin + max((error.offset or 1) - 1, 0), 1, f"{error.msg}.") from None
        except (RecursionError, MemoryError):
            raise self.error(0, 1, "the formula is nested too deeply; split it into several formulas.") from None

    def _hide_keyword(self, match: re.Match[str]) -> str:
        word = match[0]
        return "x" * len(word) if keyword.iskeyword(word) and word in self.scope.by_name else word

    def _start(self, node: ast.AST) -> int:
        # Offsets of `ast` count bytes of UTF-8.
        column: int = node.col_offset  # type: ignore[attr-defined]
        return self._margin + len(self.text[self._margin :].encode()[:column].decode())

    def _end(self, node: ast.AST) -> int:
        column: int = node.end_col_offset  # type: ignore[attr-defined]
        return self._margin + len(self.text[self._margin :].encode()[:column].decode())

    def name_at(self, node: ast.AST) -> str:
        """Return the name that `node` starts with, as the user wrote it."""
        match = _NAME.match(self.text, self._start(node))
        return match[0] if match else ""

    def error(self, start: int, length: int, message: str, kind: type[Exception] = FormulaError) -> Exception:
        """Return an error of the given kind whose message shows the spot in the text."""
        return kind(f"{message[0].upper()}{message[1:]}\n{_pointer(self.text, start, length)}")

    def error_at(self, node: ast.AST, message: str, kind: type[Exception] = FormulaError) -> Exception:
        """Return an error that points at `node`."""
        start = self._start(node)
        return self.error(start, max(self._end(node) - start, 1), message, kind)


def _pointer(text: str, start: int, length: int, width: int = 100) -> str:
    """Return two lines: the text around `start`, and carets under the `length` characters there."""
    first = max(0, start - width // 2)
    last = min(len(text), max(start + length, first + width))
    left = "..." if first else ""
    right = "..." if last < len(text) else ""
    margin = " " * (len(left) + start - first)
    return f"    {left}{text[first:last]}{right}\n    {margin}{'^' * min(length, max(last - start, 1))}"
