"""The arguments that are read together: all that are indexed by i, or by j."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pairfold.errors import ArgumentValueError
from pairfold.stream.sources import Reader, Source, axis_of

__all__ = ["Side", "Together"]

Array = Any


@dataclass(frozen=True, eq=False)
class Side:
    """The sources of one side.

    Attributes
    ----------
    letter : str
        ``"i"`` or ``"j"``.
    sources : mapping of int to Source
        By the number of the argument.
    length : int or None
        Number of rows; None when it is not known before all have been read.
    """

    letter: str
    sources: Mapping[int, Source]
    length: int | None

    @staticmethod
    def of(letter: str, sources: Mapping[int, Source], length: int | None = None) -> Side:
        """Return the side of these sources, of which all have one length: `length`, where that is known.

        Raises
        ------
        ArgumentValueError
            If two have different ones.
        """
        name = "out"
        for source in sources.values():
            if source.length is None:
                continue
            if length is not None and source.length != length:
                raise ArgumentValueError(
                    f"{_begin(source.label)} has {source.length} entries, but {name} has {length}: all that is indexed "
                    f"by {letter} has the same number of entries."
                )
            length, name = source.length, source.label
        return Side(letter, sources, length if sources else 1)

    @property
    def is_repeatable(self) -> bool:
        """Whether all can be read more than once."""
        return all(source.is_repeatable for source in self.sources.values())

    @property
    def chunk(self) -> int:
        """Rows that are stored together."""
        return max((source.chunk for source in self.sources.values()), default=1)

    def reader(self, first: int) -> Together:
        """Return what reads from row number `first` on."""
        return Together(self, first)


class Together:
    """Reads the sources of one side."""

    def __init__(self, side: Side, first: int) -> None:
        self._side, self._first = side, first
        self._readers: dict[int, Reader] = {k: source.reader(first) for k, source in side.sources.items()}

    def take(self, count: int) -> tuple[dict[int, Array], int]:
        """Return the next rows of each source, and how many there are: `count`, or fewer at the end.

        Raises
        ------
        ArgumentValueError
            If one ends before another, or not where it should.
        """
        known, sources = self._side.length, self._side.sources
        count = count if known is None else min(count, known - self._first)
        found = {k: reader.take(count) for k, reader in self._readers.items()}
        lengths = {k: array.shape[axis_of(array.shape)] for k, array in found.items()}
        if known is not None:
            expected, other = count, f"{known} are needed"
        else:
            longest = max(lengths, key=lambda k: lengths[k])
            expected, other = lengths[longest], f"{sources[longest].label} goes on"
        for k, length in lengths.items():
            if length != expected:
                raise ArgumentValueError(f"{_begin(sources[k].label)} ends after {self._first + length} rows: {other}.")
        self._first += expected
        return found, expected

    def check_end(self) -> None:
        """Raise an error if a source has more rows than there should be."""
        for k, reader in self._readers.items():
            more = reader.take(1)
            if more.shape[axis_of(more.shape)]:
                raise ArgumentValueError(
                    f"{_begin(self._side.sources[k].label)} goes on after {self._first} entries: all indexed by "
                    f"{self._side.letter} has {self._side.length}."
                )


def _begin(label: str) -> str:
    return f"{label[:1].upper()}{label[1:]}"
