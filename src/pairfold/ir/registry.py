"""The registries of records: whoever needs all of them hears of later ones, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pairfold.errors import ArgumentValueError

__all__ = ["Registry"]

Record = TypeVar("Record")


class Registry(dict[str, Record]):
    """Records by their names.

    Parameters
    ----------
    noun : str
        What a record is called in messages.

    Examples
    --------
    >>> shapes, heard = Registry[str]("shape"), []
    >>> _ = shapes.add("a circle", "Circle")
    >>> shapes.follow(heard.append)
    >>> _ = shapes.add("a square", "Square", "Quadrat")
    >>> heard, sorted(shapes)
    (['a circle', 'a square'], ['Circle', 'Quadrat', 'Square'])
    """

    def __init__(self, noun: str) -> None:
        super().__init__()
        self._noun = noun
        self._followers: list[Callable[[Record], None]] = []

    def add(self, record: Record, *names: str) -> Record:
        """Enter `record` under its names and return it.

        Raises
        ------
        ArgumentValueError
            If a name is taken.
        """
        for name in names:
            if name in self:
                raise ArgumentValueError(f"{self._noun} {name!r} is registered twice; choose another name.")
        self.update(dict.fromkeys(names, record))
        for note in self._followers:
            note(record)
        return record

    def follow(self, note: Callable[[Record], None]) -> None:
        """Call `note` with every record, once, and with every record that is added later."""
        for record in {id(one): one for one in self.values()}.values():
            note(record)
        self._followers.append(note)
