"""What is kept of a run, so that another one goes on where it was ended."""

from __future__ import annotations

import json
import os
import time
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.errors import ArgumentTypeError, CheckpointError

__all__ = ["Checkpoint", "Progress", "checksum"]

Array = NDArray[Any]
Facts = Mapping[str, Any]

SECONDS_BETWEEN = 10.0
"""A run is saved as often, or less often: saving takes a hundredth of the time at most."""

_SHARE = 100
_FORMAT = 1
_CALL, _STATE, _RESULT = "call", "state_", "result_"


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes
    ----------
    panels : int
        Panels of rows that are finished.
    columns : int
        Columns that have been reduced for the next panel.
    width : int
        Columns of a finished panel: all.
    state : dict of str to array
        The fields of the state after them.
    results : tuple of arrays
        What has been found for the finished panels, where the run itself has to keep it.
    checksums : tuple of tuple of int
        Those of what has been found for each finished panel, where it has been written elsewhere.
    """

    panels: int = 0
    columns: int = 0
    width: int = 0
    state: dict[str, Array] = field(default_factory=dict)
    results: tuple[Array, ...] = ()
    checksums: tuple[tuple[int, ...], ...] = ()


def checksum(array: Array) -> int:
    """Return a number that tells the contents of an array from others."""
    return zlib.crc32(np.ascontiguousarray(array).data.cast("B")) if array.size else 0


class Checkpoint:
    """The file of a run: an archive of NumPy, in which every entry has a checksum.

    Parameters
    ----------
    path : path
        Its name. A file of the name and ``.new`` is beside it while it is written; then it takes the place of the old
        one at once, so there is a whole one at any time.
    facts : mapping
        What the run is about: two runs of the same facts give the same bits.
    """

    def __init__(self, path: object, facts: Facts) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise ArgumentTypeError(f"checkpoint is {path!r}; it is the name of a file.")
        self.path = Path(os.fspath(path))
        self._facts = facts
        self._next = 0.0

    def load(self) -> Progress | None:
        """Return how far the last run came; None if there was none.

        Raises
        ------
        CheckpointError
            If the file is damaged, or of another run; it stays as it is.
        """
        if not self.path.exists():
            return None
        try:
            found = _read(self.path)
        except (OSError, ValueError, KeyError, TypeError, EOFError, NotImplementedError, zipfile.BadZipFile) as reason:
            raise CheckpointError(
                f"The checkpoint {str(self.path)!r} is damaged, or no checkpoint: {reason} It is left as it is. Name "
                "another file, or remove this one, to begin anew."
            ) from None
        facts, progress = found
        self._check(facts)
        return progress

    def _check(self, facts: Facts) -> None:
        asked = json.loads(json.dumps(self._facts))
        for name in dict.fromkeys([*asked, *facts]):
            if asked.get(name) != facts.get(name):
                raise CheckpointError(
                    f"The checkpoint {str(self.path)!r} is of another run: its {name} is {_short(facts.get(name))}, "
                    f"and that of this run is {_short(asked.get(name))}. It is left as it is. Repeat the call "
                    "that it is of, or name another file."
                )

    @property
    def is_due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() >= self._next

    def save(self, progress: Progress) -> None:
        """Write how far the run has come, in the place of what was written before.

        Raises
        ------
        CheckpointError
            If the file cannot be written.
        """
        begun = time.monotonic()
        content = {
            "format": _FORMAT,
            _CALL: dict(self._facts),
            "panels": progress.panels,
            "columns": progress.columns,
            "width": progress.width,
            "state": list(progress.state),
            "results": len(progress.results),
            "checksums": progress.checksums,
        }
        arrays: dict[str, Any] = {_CALL: np.frombuffer(json.dumps(content).encode(), np.uint8)}
        arrays |= {f"{_STATE}{name}": array for name, array in progress.state.items()}
        arrays |= {f"{_RESULT}{number}": array for number, array in enumerate(progress.results)}
        new = self.path.with_name(self.path.name + ".new")
        try:
            with new.open("wb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError as reason:
            raise CheckpointError(f"The checkpoint {str(self.path)!r} cannot be written: {reason}") from reason
        now = time.monotonic()
        self._next = now + max(SECONDS_BETWEEN, _SHARE * (now - begun))

    def remove(self) -> None:
        """Remove the file of a run that has come to its end."""
        self.path.unlink(missing_ok=True)


def _read(path: Path) -> tuple[Facts, Progress]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it is an array.")
        content = json.loads(archive[_CALL].tobytes())
        if content["format"] != _FORMAT:
            raise ValueError(f"it has the format {content['format']}, and this version reads {_FORMAT}.")
        progress = Progress(
            int(content["panels"]),
            int(content["columns"]),
            int(content["width"]),
            {name: archive[f"{_STATE}{name}"] for name in content["state"]},
            tuple(archive[f"{_RESULT}{number}"] for number in range(content["results"])),
            tuple(tuple(map(int, sums)) for sums in content["checksums"]),
        )
        return content[_CALL], progress


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
