"""What is to be done to reduce arguments that are read block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pairfold
from pairfold.api.call_plan import CallPlan, Key
from pairfold.api.request import Request
from pairfold.api.results import Results
from pairfold.api.routine import Routine
from pairfold.api.states import State, finished, partial_state
from pairfold.api.stream_arguments import Argument, Arguments
from pairfold.engine.states import told
from pairfold.errors import ArgumentValueError, CheckpointError
from pairfold.ir.call import Extent
from pairfold.stream.checkpoint import Progress
from pairfold.stream.layout import Layout, Weights, lay_out
from pairfold.stream.sides import Side

__all__ = ["Job", "Piece"]


@dataclass(frozen=True, eq=False)
class Piece:
    """What is reduced at once.

    Attributes
    ----------
    first_row, rows, first_column, columns : int
        Where it is.
    read : mapping of int to Argument
        What was read for it.
    is_last : bool
        Whether its columns are the last ones of its panel.
    """

    first_row: int
    rows: int
    first_column: int
    columns: int
    read: Mapping[int, Argument]
    is_last: bool


@dataclass(frozen=True, eq=False)
class Job:
    """A reduction to carry out.

    Attributes
    ----------
    arguments : Arguments
        What is computed, and of what.
    threads : int or None
        By how many threads.
    kept, reduced : Side
        What is read.
    plan : CallPlan
        That of no rows and no columns.
    nothing : State
        Their state.
    results : Results
        Where the results go.
    layout : Layout
        How much is read at once.
    """

    arguments: Arguments
    threads: int | None
    kept: Side
    reduced: Side
    plan: CallPlan
    nothing: State
    results: Results
    layout: Layout

    @staticmethod
    def of(
        routine: Routine, args: Sequence[Any], keys: Sequence[Key | None], threads: int | None, out: Any, memory: int
    ) -> Job:
        """Return the job for the arguments of a call, with all that can be said before anything is computed."""
        arguments = Arguments.of(routine, args, keys)
        arrays, known = zip(*arguments.empty, strict=True) if args else ((), ())
        plan = routine.plan((), known)
        nothing = partial_state(routine, arrays, 0, known, threads=threads)
        results = Results.of(routine.adapter, finished(routine, nothing), len(plan.extent.batch))
        kept = arguments.side(is_kept=True, length=results.rows_of(out))
        if kept.length is None:
            raise ArgumentValueError(
                f"How many {kept.letter} there are is not known, since all that is indexed by {kept.letter} comes in "
                "blocks: give out=, which has a row for each."
            )
        results = results.filling(out, kept.length, args)
        reduced = arguments.side(is_kept=False)
        return Job(arguments, threads, kept, reduced, plan, nothing, results, Layout(0, 0, False))._laid_out(memory)

    def _laid_out(self, memory: int) -> Job:
        """Return this job with a layout; columns of which there are few are read now, if that is worth it."""
        layout, rows = self._layout(memory), self.kept.length or 0
        if layout.rows == rows or layout.stays:
            return replace(self, layout=layout)
        if self.reduced.length is None:
            read, count = self.reduced.reader(0).take(layout.columns)
            if count < layout.columns:
                job = replace(self, reduced=self.arguments.in_memory(self.reduced, read))
                return replace(job, layout=job._layout(memory))
        if not self.reduced.is_repeatable:
            label = next(source.label for source in self.reduced.sources.values() if not source.is_repeatable)
            raise ArgumentValueError(
                f"{label[:1].upper()}{label[1:]} gives its blocks once, and {-(-rows // layout.rows)} panels of rows "
                "need them. Give a list of blocks, or a function that returns a new iterator whenever it is called; or "
                f"memory={self._weights.of_row * rows * 4 // 3 + 4}, so that all {rows} rows are one panel."
            )
        return replace(self, layout=layout)

    @property
    def _weights(self) -> Weights:
        dtype, extent, arguments = self.plan.computing, self.plan.extent, self.arguments
        state = sum(array.shape[-1] * array.itemsize for array in self.nothing.fields.values()) * extent.entries
        row, column = arguments.bytes_of_row(self.kept, dtype), arguments.bytes_of_row(self.reduced, dtype)
        return Weights(row, column, state, self.results.bytes_of_row)

    def _layout(self, memory: int) -> Layout:
        chunks = max(self.kept.chunk, self.results.chunk), self.reduced.chunk
        return lay_out(self.kept.length or 0, self.reduced.length, self._weights, memory, chunks)

    def pairs(self, rows: int, columns: int) -> int:
        """Return a number of pairs."""
        return self.plan.extent.entries * rows * columns

    @property
    def all_pairs(self) -> int | None:
        """How many there are; None while that is not known."""
        columns = self.reduced.length
        return None if columns is None else self.pairs(self.kept.length or 0, columns)

    @property
    def facts(self) -> dict[str, Any]:
        """What the run is about: runs of the same facts give the same bits."""
        routine, call = self.arguments.routine, self.plan.call
        return {
            "version": pairfold.__version__,
            "reduction": told(call.problem),
            "axis": routine.axis,
            "number of rows": self.kept.length,
            "number of columns": self.reduced.length,
            "batch": list(self.plan.extent.batch),
            "precision": [call.dtype, self.nothing.result],
            "division into pieces (which follows from memory=)": list(asdict(self.layout).values()),
            "kind of out": self.results.kinds,
            "formula": Request(call).text,
            "list of arguments": self.arguments.facts(),
        }

    # ------------------------------------------------------------ reading

    def pieces(self, begun: Progress) -> Iterator[Piece]:
        """Read what is to be reduced, from where a run has come on."""
        length, size = self.kept.length or 0, self.layout.rows
        start, first_column = begun.panels * size, begun.columns
        if start >= length:
            return
        rows = self.kept.reader(start)
        everything = self._columns() if self.layout.stays else None
        for first in range(start, length, size):
            read, count = rows.take(min(size, length - first))
            if first + count == length:
                rows.check_end()
            ready = self._ready(read)
            if everything is None:
                yield from self._blocks(first, count, ready, first_column)
            else:
                yield Piece(first, count, 0, self.layout.columns, {**ready, **everything}, True)
            first_column = 0

    def _columns(self) -> dict[int, Argument]:
        """Read all columns."""
        reader = self.reduced.reader(0)
        read, _ = reader.take(self.layout.columns)
        reader.check_end()
        return self._ready(read)

    def _blocks(self, first: int, rows: int, kept: dict[int, Argument], first_column: int) -> Iterator[Piece]:
        """Read the columns for a panel."""
        reader, size, known = self.reduced.reader(first_column), self.layout.columns, self.reduced.length
        is_last = False
        while not is_last:
            read, count = reader.take(size)
            is_last = count < size if known is None else first_column + count == known
            if is_last:
                reader.check_end()
            yield Piece(first, rows, first_column, count, {**kept, **self._ready(read)}, is_last)
            first_column += count

    def _ready(self, read: Mapping[int, Any]) -> dict[int, Argument]:
        return self.arguments.ready(read, self.plan.computing)

    # ------------------------------------------------------------ computing

    def state(self, piece: Piece) -> State:
        """Reduce a piece."""
        listed = self.arguments.listed(piece.read)
        arrays, keys = zip(*listed, strict=True) if listed else ((), ())
        return partial_state(self.arguments.routine, arrays, piece.first_column, keys, threads=self.threads)

    def finished(self, state: State) -> Any:
        """Return the results for a panel."""
        return finished(self.arguments.routine, state)

    def restored(self, begun: Progress) -> State | None:
        """Return the state that a run was ended with; None between two panels."""
        if not begun.state:
            return None
        rows = min(self.layout.rows, (self.kept.length or 0) - begun.panels * self.layout.rows)
        extent = Extent(rows, begun.columns, self.plan.extent.batch)
        found = {name: (*extent.batch, rows, array.shape[-1]) for name, array in self.nothing.fields.items()}
        if found != {name: array.shape for name, array in begun.state.items()}:
            raise CheckpointError("The checkpoint is damaged: its state is not that of its run.")
        columns = ((0, begun.columns),) if begun.columns else ()
        return replace(self.nothing, fields=begun.state, columns=columns, extent=extent)
