"""Reductions of more than fits into memory: panels of rows, for which blocks of columns come by."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

from pairfold.api.call_plan import Key
from pairfold.api.routine import Routine
from pairfold.api.states import State
from pairfold.api.stream_job import Job, Piece
from pairfold.errors import ArgumentTypeError, CheckpointError
from pairfold.stream.ahead import read_ahead
from pairfold.stream.checkpoint import Checkpoint, Progress
from pairfold.stream.layout import bytes_of
from pairfold.targets.progress import progress_bar

__all__ = ["stream"]

Report = Callable[[int], Any]


def stream(
    routine: Routine,
    args: Sequence[Any],
    keys: Sequence[Key | None] | None = None,
    *,
    out: Any = None,
    memory: object = "1GB",
    progress: object = False,
    checkpoint: object = None,
    threads: int | None = None,
) -> Any:
    """Return the reduction of what is read block by block; see `GenredBase.stream`.

    `keys` has what is known of the arguments that are arrays of a LazyTensor; None for the others.
    """
    if not (callable(progress) or progress is None or isinstance(progress, bool)):
        raise ArgumentTypeError(
            f"progress is {progress!r}; it is True for a bar, or a function of the pairs done, the pairs in all (None "
            "when nobody knows) and the seconds that this took."
        )
    job = Job.of(routine, args, keys or (None,) * len(args), threads, out, bytes_of(memory))
    kept = None if checkpoint is None else Checkpoint(checkpoint, job.facts)
    with _reporting(progress, job.all_pairs) as report:
        return _Run(job, kept, report).carry_out()


@contextmanager
def _reporting(progress: object, total: int | None) -> Iterator[Report]:
    """Yield what takes the number of pairs that are done, of all."""
    begun = time.monotonic()
    if callable(progress):
        yield lambda done: progress(done, total, time.monotonic() - begun)
    elif not progress:
        yield lambda done: None
    else:
        seen = 0
        with progress_bar(total, unit="pair", unit_scale=True) as update:

            def advance(done: int) -> None:
                nonlocal seen
                update(done - seen)
                seen = done

            yield advance


class _Run:
    """One run of a job, perhaps from where another one was ended."""

    def __init__(self, job: Job, checkpoint: Checkpoint | None, report: Report) -> None:
        self._job, self._checkpoint, self._report = job, checkpoint, report
        # One value, so that an interruption finds both parts of it as they belong together.
        self._now: tuple[Progress, State | None] = Progress(), None

    def carry_out(self) -> Any:
        """Return the results."""
        if self._checkpoint is not None:
            self._resume(self._checkpoint)
        begun, _ = self._now
        self._report(self._done())
        try:
            with closing(read_ahead(self._job.pieces(begun))) as pieces:
                for piece in pieces:
                    self._add(piece)
                    self._report(self._done())
                    if self._checkpoint is not None and self._checkpoint.is_due:
                        self._save(self._checkpoint)
        except BaseException:
            if self._checkpoint is not None:
                with suppress(CheckpointError):
                    self._save(self._checkpoint)
            raise
        self._job.results.flush()
        if self._checkpoint is not None:
            self._checkpoint.remove()
        return self._job.results.returned

    def _add(self, piece: Piece) -> None:
        """Reduce a piece; write the results of a panel that is finished by it."""
        job, (before, state) = self._job, self._now
        part = job.state(piece)
        state = part if state is None else state.merge(part)
        columns = piece.first_column + piece.columns
        if not piece.is_last:
            self._now = replace(before, columns=columns), state
            return
        found = job.finished(state)
        job.results.write(piece.first_row, found)
        sums = () if self._checkpoint is None else (*before.checksums, job.results.checksums(found))
        self._now = Progress(before.panels + 1, width=columns, checksums=sums), None

    def _done(self) -> int:
        """Return the number of pairs that are done."""
        job, (now, _) = self._job, self._now
        rows, length = now.panels * job.layout.rows, job.kept.length or 0
        finished = job.pairs(min(rows, length), now.width)
        return finished + (job.pairs(min(job.layout.rows, length - rows), now.columns) if now.columns else 0)

    # ------------------------------------------------------------ checkpoints

    def _save(self, checkpoint: Checkpoint) -> None:
        now, state = self._now
        results = self._job.results
        results.flush()
        rows = min(now.panels * self._job.layout.rows, self._job.kept.length or 0)
        checkpoint.save(replace(now, state={} if state is None else state.fields, results=results.kept(rows)))

    def _resume(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint, if there is one; else make the first one, so that what prevents it is said now."""
        found = checkpoint.load()
        if found is None:
            self._save(checkpoint)
            return
        self._job.results.restore(found.results)
        there = self._still_there(found)
        if there < found.panels:
            warnings.warn(
                f"out does not have the results of {found.panels - there} panels of rows that the checkpoint "
                f"{str(checkpoint.path)!r} says are finished; these are computed again. A run that goes on needs the "
                "out of the last one: open it for reading and writing, as mode='r+' does.",
                UserWarning,
                stacklevel=6,
            )
            found = Progress(there, width=found.width if there else 0, checksums=found.checksums[:there])
        self._now = replace(found, state={}, results=()), self._job.restored(found)

    def _still_there(self, found: Progress) -> int:
        """Return how many panels, from the first one on, are finished, by what is in the files of results."""
        size, length = self._job.layout.rows, self._job.kept.length or 0
        for panel in range(found.panels):
            rows = panel * size, min((panel + 1) * size, length)
            if self._job.results.checksums_of_rows(*rows) != found.checksums[panel]:
                return panel
        return found.panels
