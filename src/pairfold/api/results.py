"""Where the results of a reduction that is carried out in panels of rows go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.api.adapter import Adapter
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.stream.checkpoint import checksum
from pairfold.stream.sources import rows_at

__all__ = ["Results"]

Array = Any


@dataclass(frozen=True, eq=False)
class Results:
    """The results of a reduction.

    Attributes
    ----------
    adapter : Adapter
        The framework.
    samples : tuple of arrays
        Results for no rows.
    axis : int
        The axis of the rows.
    is_several : bool
        Whether the caller gets a tuple.
    targets : tuple of objects
        What they are written into.
    is_new : bool
        Whether these were made here: arrays of NumPy, where those of the framework cannot be written.
    """

    adapter: Adapter
    samples: tuple[Array, ...]
    axis: int
    is_several: bool
    targets: tuple[Any, ...] = ()
    is_new: bool = False

    @staticmethod
    def of(adapter: Adapter, found: Any, axis: int) -> Results:
        """Return those that look like what was found for no rows."""
        is_several = isinstance(found, tuple)
        return Results(adapter, found if is_several else (found,), axis, is_several)

    @property
    def returned(self) -> Any:
        """What the caller gets."""
        targets = self.targets
        if self.is_new and not self.adapter.writes:
            targets = tuple(map(self.adapter.from_numpy, targets))
        return targets if self.is_several else targets[0]

    @property
    def bytes_of_row(self) -> int:
        """Bytes of one row."""
        return sum(prod(self._shape(sample, 1)) * sample.dtype.itemsize for sample in self.samples)

    @property
    def chunk(self) -> int:
        """Rows that are stored together."""
        chunks = [getattr(target, "chunks", None) for target in self.targets]
        return max((int(chunk[self.axis]) for chunk in chunks if chunk), default=1)

    def _shape(self, sample: Array, rows: int) -> tuple[int, ...]:
        return (*sample.shape[: self.axis], rows, *sample.shape[self.axis + 1 :])

    # ------------------------------------------------------------ targets

    def rows_of(self, out: Any) -> int | None:
        """Return the rows that `out` has; None where there is none."""
        targets = self._listed(out)
        shape = tuple(targets[0].shape) if targets else ()
        return int(shape[self.axis]) if len(shape) > self.axis else None

    def _listed(self, out: Any) -> tuple[Any, ...]:
        if out is None:
            return ()
        targets: Any = out if self.is_several else (out,)
        if not isinstance(targets, (tuple, list)) or len(targets) != len(self.samples):
            raise ArgumentTypeError(
                f"There are {len(self.samples)} results, so out is a tuple of {len(self.samples)}; found "
                f"{type(out).__name__}."
            )
        for target in targets:
            if not all(hasattr(target, name) for name in ("shape", "dtype", "__setitem__")):
                raise ArgumentTypeError(
                    f"out is what has shape, dtype and slices that can be set, as arrays, maps of files, zarr and h5py "
                    f"have; found {type(target).__name__}."
                )
        return tuple(targets)

    def filling(self, out: Any, rows: int, read: Sequence[Any]) -> Results:
        """Return these results with `out` for targets, or new arrays where it is None.

        Raises
        ------
        ArgumentValueError
            If a target has another shape or dtype, cannot be written, or is one of the arguments, which are `read`.
        """
        targets = self._listed(out)
        for sample, target in zip(self.samples, targets, strict=bool(targets)):
            self._check(target, sample, rows)
            if any(_overlap(target, value) for value in read):
                raise ArgumentValueError("out is in the memory of an argument, which is read while out is written.")
        return replace(self, targets=targets or tuple(self._made(rows)), is_new=not targets)

    def _made(self, rows: int) -> Iterator[Array]:
        """Yield a new array for every result."""
        for sample in self.samples:
            if self.adapter.writes:
                yield self.adapter.zeros(self._shape(sample, rows), sample.dtype, [sample])
            else:
                yield np.zeros(self._shape(sample, rows), self.adapter.to_numpy(sample).dtype)

    def _check(self, target: Any, sample: Array, rows: int) -> None:
        shape, name = self._shape(sample, rows), self.adapter.dtype_name(sample.dtype)
        if isinstance(target, self.adapter.array_type):
            found = self.adapter.dtype_name(target.dtype)
        else:
            name, found = self.adapter.to_numpy(sample).dtype.name, getattr(target.dtype, "name", str(target.dtype))
        if tuple(target.shape) != shape or found != name:
            raise ArgumentValueError(
                f"out has shape {tuple(target.shape)} and dtype {found}; the result has shape {shape} and dtype {name}."
            )
        if isinstance(target, np.ndarray) and not target.flags.writeable:
            raise ArgumentValueError("out cannot be written: open the file for writing, with mode='r+' for example.")

    # ------------------------------------------------------------ panels

    def write(self, first: int, found: Any) -> None:
        """Write the results for the rows from number `first` on."""
        for target, array in zip(self.targets, found if isinstance(found, tuple) else (found,), strict=True):
            value = array if isinstance(target, self.adapter.array_type) else self.adapter.to_numpy(array)
            target[rows_at(self.axis, first, first + array.shape[self.axis])] = value

    def flush(self) -> None:
        """Let files have what was written."""
        for target in self.targets:
            if callable(getattr(target, "flush", None)):
                target.flush()

    def kept(self, rows: int) -> tuple[NDArray[Any], ...]:
        """Return the first rows of the results that end with this process."""
        return tuple(self._read(target, 0, rows) for target in self._in_memory)

    def restore(self, kept: Sequence[NDArray[Any]]) -> None:
        """Write what `kept` returned."""
        for target, array in zip(self._in_memory, kept, strict=True):
            value = array if isinstance(target, np.ndarray) else self.adapter.from_numpy(array)
            target[rows_at(self.axis, 0, array.shape[self.axis])] = value

    def checksums(self, found: Any) -> tuple[int, ...]:
        """Return those of results for some rows, as far as they have been written into what outlives this process."""
        arrays = found if isinstance(found, tuple) else (found,)
        return tuple(
            checksum(self._plain(array))
            for array, target in zip(arrays, self.targets, strict=True)
            if not self._ends(target)
        )

    def checksums_of_rows(self, first: int, last: int) -> tuple[int, ...]:
        """Return the same for what is found there."""
        lasting = [target for target in self.targets if not self._ends(target)]
        return tuple(checksum(self._read(target, first, last)) for target in lasting)

    @property
    def kinds(self) -> list[str]:
        """Which results end with this process."""
        return ["in memory" if self._ends(target) else "in a file" for target in self.targets]

    @property
    def _in_memory(self) -> list[Any]:
        return [target for target in self.targets if self._ends(target)]

    def _ends(self, target: Any) -> bool:
        is_array = isinstance(target, (np.ndarray, self.adapter.array_type))
        return is_array and not isinstance(target, np.memmap)

    def _read(self, target: Any, first: int, last: int) -> NDArray[Any]:
        return self._plain(target[rows_at(self.axis, first, last)])

    def _plain(self, rows: Array) -> NDArray[Any]:
        """Return results as a file can hold them: numbers of 16 bits that are not NumPy's own have no name there."""
        array = self.adapter.to_numpy(rows) if isinstance(rows, self.adapter.array_type) else np.asarray(rows)
        array = array.astype(np.float32) if array.dtype.kind == "V" else array
        return array.astype(array.dtype.newbyteorder("="), copy=False)


def _overlap(target: Any, value: Any) -> bool:
    both = isinstance(target, np.ndarray) and isinstance(value, np.ndarray)
    return both and np.may_share_memory(target, value)
