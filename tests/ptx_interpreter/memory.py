"""Memory of the interpreted machine: real host memory for the global space, arrays per block and thread for the others.

Every access is checked: it must lie inside an allocation and be aligned to its size; shared and local memory must have
been written before it is read; and between two barriers no two threads may use the same byte of shared memory unless
both only read it.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_right, insort
from typing import Any

import numpy as np

from tests.ptx_interpreter.errors import Fault, MisalignedError, OutOfBoundsError, RaceError, UninitialisedError
from tests.ptx_interpreter.values import UNSIGNED_OF_SIZE, Array

SHARED_WINDOW = 1 << 60
"""Where shared memory begins among generic addresses; host addresses are far below."""
LOCAL_WINDOW = 1 << 61

_ALIGNMENT = 256
"""Of allocations, as a driver aligns them."""
_GRAIN = 16
"""The widest access; the memory behind a region is a multiple of it."""
_WORD = 4
_NOBODY = np.iinfo(np.int32).max
_UNWRITTEN = 0xFF
"""Fills new memory: NaN as a floating point number, -1 as an integer."""
_WRITTEN = {size: dtype.type(int.from_bytes(b"\1" * size, "little")) for size, dtype in UNSIGNED_OF_SIZE.items()}


class Region:
    """Bytes that belong together.

    Parameters
    ----------
    name : str
        For messages.
    first, size : int
        The address of the first byte and the number of bytes.
    data : array of uint8
        The bytes, from address `first` rounded down to a multiple of 16.
    rows : int
        Number of copies: one per block of shared memory, one per thread of local memory.
    tracks_writes : bool
        Whether reads of bytes that were never written are errors.
    """

    def __init__(
        self,
        name: str,
        first: int,
        size: int,
        data: Array,
        rows: int = 1,
        tracks_writes: bool = False,
        is_constant: bool = False,
    ) -> None:
        self.name = name
        self.first = first
        self.size = size
        self.origin = first // _GRAIN * _GRAIN
        self.stride = data.size // rows
        self.is_constant = is_constant
        self._data = data
        self._written = np.zeros(data.size, np.uint8) if tracks_writes else None
        self._views: dict[Any, Array] = {}
        self._owner: Any = data

    def view(self, dtype: np.dtype[Any]) -> Array:
        """All bytes as numbers of one type."""
        found = self._views.get(dtype)
        if found is None:
            found = self._views[dtype] = self._data.view(dtype)
        return found

    def load(self, places: Array, dtype: np.dtype[Any], count: int) -> list[Array]:
        """Read `count` neighbours for every byte index in `places`."""
        index = places // dtype.itemsize
        view = self.view(dtype)
        return [view.take(index + k if k else index) for k in range(count)]

    def store(self, places: Array, values: list[Array]) -> None:
        """Write neighbours for every byte index in `places`."""
        dtype = values[0].dtype
        index = places // dtype.itemsize
        view = self.view(dtype)
        for k, value in enumerate(values):
            view[index + k if k else index] = value

    def mark(self, places: Array, size: int, is_written: bool = True) -> None:
        """Remember that bytes were written, or that they wait for an asynchronous copy."""
        if self._written is None:
            return
        unit = min(size, 8)
        view = self._written.view(UNSIGNED_OF_SIZE[unit])
        for k in range(size // unit):
            view[places // unit + k] = _WRITTEN[unit] if is_written else 0

    def first_unwritten(self, places: Array, size: int) -> int | None:
        """Return the position in `places` of an access that reads a byte never written, if there is one."""
        if self._written is None:
            return None
        unit = min(size, 8)
        view = self._written.view(UNSIGNED_OF_SIZE[unit])
        index = places // unit
        for k in range(size // unit):
            bad = view.take(index + k) != _WRITTEN[unit]
            if bad.any():
                return int(bad.argmax())
        return None


def empty_region(name: str, size: int, rows: int, tracks_writes: bool) -> Region:
    """Return the region of a state space that addresses begin at 0."""
    stride = -(-size // _GRAIN) * _GRAIN
    # One unused grain keeps regions of no bytes ordinary.
    data = np.full((stride + _GRAIN) * rows, _UNWRITTEN, np.uint8)
    return Region(name, 0, size, data, rows, tracks_writes)


class GlobalMemory:
    """The allocations of a device, at real host addresses."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._regions: dict[int, Region] = {}
        self._last: Region | None = None

    def allocate(self, size: int, name: str = "allocation", is_constant: bool = False) -> int:
        """Return the address of `size` new bytes, which hold NaN or -1."""
        if size < 1:
            raise ValueError(f"an allocation needs at least 1 byte, not {size}.")
        buffer = np.full(size + _ALIGNMENT + _GRAIN, _UNWRITTEN, np.uint8)
        address = -(-buffer.ctypes.data // _ALIGNMENT) * _ALIGNMENT
        self.adopt(address, size, name, buffer, is_constant)
        return address

    def adopt(
        self, address: int, size: int, name: str = "host memory", owner: Any = None, is_constant: bool = False
    ) -> None:
        """Let kernels use host memory that exists already; `owner` is kept alive."""
        place = bisect_right(self._firsts, address + size - 1)
        if place and self._end(self._regions[self._firsts[place - 1]]) > address:
            raise ValueError(f"{size} bytes at {address:#x} overlap another allocation.")
        origin = address // _GRAIN * _GRAIN
        total = -(-(address + size - origin) // _GRAIN) * _GRAIN
        data = np.ctypeslib.as_array((ctypes.c_uint8 * total).from_address(origin))
        region = Region(name, address, size, data, is_constant=is_constant)
        region._owner = owner
        insort(self._firsts, address)
        self._regions[address] = region

    def free(self, address: int) -> None:
        """Forget an allocation; later accesses are errors."""
        if address not in self._regions:
            raise ValueError(f"{address:#x} is not the address of an allocation.")
        self._firsts.remove(address)
        region = self._regions.pop(address)
        if self._last is region:
            self._last = None

    def write(self, address: int, data: bytes) -> None:
        """Copy host bytes into an allocation."""
        self._check(address, len(data))
        ctypes.memmove(address, data, len(data))

    def read(self, address: int, size: int) -> bytes:
        """Copy bytes of an allocation."""
        self._check(address, size)
        return ctypes.string_at(address, size)

    def find(self, address: int) -> Region | None:
        """Return the allocation that holds an address."""
        last = self._last
        if last is not None and last.first <= address < last.first + last.size:
            return last
        place = bisect_right(self._firsts, address)
        if not place:
            return None
        region = self._regions[self._firsts[place - 1]]
        if address >= self._end(region):
            return None
        self._last = region
        return region

    def describe(self, address: int) -> str:
        """Say where an address lies."""
        place = bisect_right(self._firsts, address)
        if not place:
            return "below every allocation"
        region = self._regions[self._firsts[place - 1]]
        return f"{address - self._end(region)} bytes after the end of {region.name} ({region.size} bytes)"

    def _check(self, address: int, size: int) -> None:
        region = self.find(address)
        if region is None or address + size > self._end(region):
            raise ValueError(f"{size} bytes at {address:#x} are not inside one allocation.")

    @staticmethod
    def _end(region: Region) -> int:
        return region.first + region.size


class Races:
    """Who used each piece of shared memory since the last barrier of its block.

    Pieces are words of 4 bytes until a smaller access comes, then bytes. A synchronisation of a warp orders the
    accesses of its threads among each other: each access keeps the number of synchronisations that its warp had seen.
    """

    def __init__(self, size: int, warps: Array) -> None:
        self._warps = warps
        self._grain = _WORD
        count = size // _WORD
        self._writer = np.full(count, -1, np.int32)
        # Of all readers, only the first and the last lane matter: lanes between them belong to warps between theirs.
        self._first_reader = np.full(count, _NOBODY, np.int32)
        self._last_reader = np.full(count, -1, np.int32)
        self._epochs = np.zeros(int(warps.max()) + 1, np.int32)
        self._has_epochs = False
        self._writer_epoch = np.zeros(count, np.int32)
        self._reader_epoch = np.zeros(count, np.int32)

    def forget(self, first: int, last: int) -> None:
        """A barrier: nothing that was done to these bytes matters any more."""
        pieces = slice(first // self._grain, last // self._grain)
        self._writer[pieces] = -1
        self._first_reader[pieces] = _NOBODY
        self._last_reader[pieces] = -1

    def synchronise(self, warps: Array) -> None:
        """Order the past accesses of each of these warps before its coming ones."""
        self._epochs[warps] += 1
        self._has_epochs = True

    def read(self, places: Array, size: int, lanes: Array) -> None:
        """Note reads by lanes in ascending order."""
        where, who = self._pieces(places, size, lanes)
        self._check_writers(where, who, "read")
        # Of several lanes that read the same piece now, the one that is stored last stays.
        self._first_reader[where[::-1]] = np.minimum(self._first_reader[where], who)[::-1]
        self._last_reader[where] = np.maximum(self._last_reader[where], who)
        if self._has_epochs:
            self._reader_epoch[where] = self._epochs[self._warps[who]]

    def write(self, places: Array, size: int, lanes: Array) -> None:
        """Note writes by lanes in ascending order."""
        where, who = self._pieces(places, size, lanes)
        self._check_writers(where, who, "write")
        first, last = self._first_reader[where], self._last_reader[where]
        bad = (last >= 0) & ((first != who) | (last != who))
        if bad.any():
            warp = self._warps[who]
            ordered = (self._warps[np.maximum(last, 0)] == warp) & (self._warps[np.where(last < 0, 0, first)] == warp)
            bad &= ~(ordered & (self._reader_epoch[where] < self._epochs[warp]))
            self._refuse(bad, who, np.where(last != who, last, first), "write", "read")
        self._writer[where] = who
        if self._has_epochs:
            self._writer_epoch[where] = self._epochs[self._warps[who]]
        stored = self._writer[where]
        self._refuse(stored != who, who, stored, "write", "written")

    def _check_writers(self, where: Array, who: Array, verb: str) -> None:
        writer = self._writer[where]
        bad = (writer != who) & (writer >= 0)
        if bad.any():
            warp = self._warps[who]
            bad &= ~((self._warps[writer] == warp) & (self._writer_epoch[where] < self._epochs[warp]))
            self._refuse(bad, who, writer, verb, "written")

    def _refuse(self, bad: Array, who: Array, other: Array, verb: str, past: str) -> None:
        if bad.any():
            k = int(bad.argmax())
            raise Fault(
                RaceError,
                f"{verb}s a byte of shared memory that was {past} by {{lane {int(other[k])}}} since the last barrier",
                int(who[k]),
            )

    def _pieces(self, places: Array, size: int, lanes: Array) -> tuple[Array, Array]:
        if size < self._grain:
            self._refine()
        count = size // self._grain
        first = places // self._grain
        if count == 1:
            return first, lanes
        return (first[:, None] + np.arange(count)).ravel(), np.repeat(lanes, count)

    def _refine(self) -> None:
        """Go on with single bytes."""
        self._grain = 1
        self._writer, self._first_reader, self._last_reader, self._writer_epoch, self._reader_epoch = (
            np.repeat(state, _WORD)
            for state in (
                self._writer, self._first_reader, self._last_reader, self._writer_epoch, self._reader_epoch,
            )
        )  # fmt: skip


class Spaces:
    """The memory that the threads of some blocks see.

    Parameters
    ----------
    memory : GlobalMemory
        Of the device.
    shared, local : Region
        With a row per block and a row per thread.
    rows_of_lanes : array of int64, shape (threads,)
        The block of every thread.
    races : Races or None
        Given where races shall be found.
    """

    def __init__(
        self, memory: GlobalMemory, shared: Region, local: Region, rows_of_lanes: Array, races: Races | None
    ) -> None:
        self._memory = memory
        self._regions = {"shared": shared, "local": local}
        self._offsets = {
            "shared": rows_of_lanes * shared.stride,
            "local": np.arange(rows_of_lanes.size, dtype=np.int64) * local.stride,
        }
        self._shared = shared
        self.races = races
        self._lanes = np.arange(rows_of_lanes.size)

    def barrier(self, row: int) -> None:
        """All threads of a block have met."""
        if self.races is not None:
            self.races.forget(row * self._shared.stride, (row + 1) * self._shared.stride)

    def load(self, space: str, address: Array, lanes: Array | None, dtype: np.dtype[Any], count: int) -> list[Array]:
        """Read `count` values for every lane; lanes that are not asked for get zeros."""
        size = dtype.itemsize * count
        if lanes is None:
            lanes = self._lanes
        elif lanes.size == 0:
            return [np.zeros(self._lanes.size, dtype)] * count
        pieces = self._pieces(space, address, size, lanes)
        if len(pieces) == 1 and lanes is self._lanes:
            return self._load_piece(*pieces[0], dtype, count)
        values = [np.zeros(self._lanes.size, dtype) for _ in range(count)]
        for region, places, who in pieces:
            for value, part in zip(values, self._load_piece(region, places, who, dtype, count), strict=True):
                value[who] = part
        return values

    def _load_piece(self, region: Region, places: Array, who: Array, dtype: np.dtype[Any], count: int) -> list[Array]:
        size = dtype.itemsize * count
        bad = region.first_unwritten(places, size)
        if bad is not None:
            message = f"reads {size} bytes of {region.name} memory, some of which were never written"
            raise Fault(UninitialisedError, message, int(who[bad]))
        if self.races is not None and region is self._shared:
            self.races.read(places, size, who)
        return region.load(places, dtype, count)

    def store(self, space: str, address: Array, lanes: Array | None, values: list[Array]) -> None:
        """Write values (arrays over all threads) for the lanes."""
        if lanes is None:
            lanes = self._lanes
        elif lanes.size == 0:
            return
        size = values[0].dtype.itemsize * len(values)
        for region, places, who in self._pieces(space, address, size, lanes):
            self._prepare_store(region, places, who, size)
            region.mark(places, size)
            region.store(places, values if who is self._lanes else [value[who] for value in values])

    def _prepare_store(self, region: Region, places: Array, who: Array, size: int) -> None:
        if region.is_constant:
            raise Fault(OutOfBoundsError, f"writes to {region.name}, which is constant", int(who[0]))
        if self.races is not None and region is self._shared:
            self.races.write(places, size, who)

    def places(self, space: str, address: Array, size: int, lanes: Array) -> list[tuple[Region, Array, Array]]:
        """Where atomic accesses go. They are no races among each other, but must see written memory."""
        pieces = self._pieces(space, address, size, lanes)
        for region, places, who in pieces:
            bad = region.first_unwritten(places, size)
            if bad is not None:
                raise Fault(UninitialisedError, f"changes {region.name} memory that was never written", int(who[bad]))
            if region.is_constant:
                raise Fault(OutOfBoundsError, f"writes to {region.name}, which is constant", int(who[0]))
        return pieces

    def begin_copy(self, address: Array, lanes: Array, size: int) -> None:
        """An asynchronous copy into shared memory begins: its target may not be read before the copy was waited for."""
        for region, places, who in self._pieces("shared", address, size, lanes):
            self._prepare_store(region, places, who, size)
            region.mark(places, size, False)

    def _pieces(self, space: str, address: Array, size: int, lanes: Array) -> list[tuple[Region, Array, Array]]:
        """Split an access into (region, byte indices, lanes)."""
        address = np.asarray(address, np.uint64)
        if address.ndim == 0:
            address = np.full(self._lanes.size, address)
        if lanes is not self._lanes:
            address = address[lanes]
        if size > 1:
            misaligned = (address & np.uint64(size - 1)) != 0
            if misaligned.any():
                k = int(misaligned.argmax())
                where = f"address {int(address[k]):#x}"
                raise Fault(MisalignedError, f"accesses {size} bytes at {where}, no multiple of {size}", int(lanes[k]))
        if space in self._regions:
            return [self._piece_of_window(space, address, 0, size, lanes)]
        found = self._piece(address, size, lanes, not space)
        return [found] if found is not None else self._many_pieces(address, size, lanes, not space)

    def _piece_of_window(
        self, space: str, address: Array, window: int, size: int, lanes: Array
    ) -> tuple[Region, Array, Array]:
        region = self._regions[space]
        offset = address - np.uint64(window) if window else address
        limit = region.size - size
        bad = offset > np.uint64(limit) if limit >= 0 else np.ones(offset.size, np.bool_)
        if bad.any():
            k = int(bad.argmax())
            message = (
                f"accesses {size} bytes at offset {int(offset[k])} of {space} memory, which has {region.size} bytes"
            )
            raise Fault(OutOfBoundsError, message, int(lanes[k]))
        rows = self._offsets[space]
        return region, offset.view(np.int64) + (rows if lanes is self._lanes else rows[lanes]), lanes

    def _piece(self, address: Array, size: int, lanes: Array, is_generic: bool) -> tuple[Region, Array, Array] | None:
        """Return the single piece of an access whose lanes all stay in one region, which most do; else None."""
        first = int(address[0])
        if first >= SHARED_WINDOW:
            space, window = ("shared", SHARED_WINDOW) if first < LOCAL_WINDOW else ("local", LOCAL_WINDOW)
            if not is_generic or ((address >> np.uint64(60)) != (window >> 60)).any():
                return None
            return self._piece_of_window(space, address, window, size, lanes)
        region = self._memory.find(first)
        if region is None or region.size < size:
            return None
        if (address - np.uint64(region.first) > np.uint64(region.size - size)).any():
            return None
        return region, (address - np.uint64(region.origin)).view(np.int64), lanes

    def _many_pieces(
        self, address: Array, size: int, lanes: Array, is_generic: bool
    ) -> list[tuple[Region, Array, Array]]:
        pieces: dict[int, list[int]] = {}
        for k, value in enumerate(address.tolist()):
            key = self._region_key(value, size, is_generic)
            if key is None:
                message = f"accesses {size} bytes at {value:#x}, {self._memory.describe(value)}"
                raise Fault(OutOfBoundsError, message, int(lanes[k]))
            pieces.setdefault(key, []).append(k)
        result = []
        for chosen in pieces.values():
            found = self._piece(address[chosen], size, lanes[chosen], is_generic)
            assert found is not None
            result.append(found)
        return result

    def _region_key(self, address: int, size: int, is_generic: bool) -> int | None:
        if address >= SHARED_WINDOW:
            return address >> 60 if is_generic and address >> 60 in {1, 2} else None
        region = self._memory.find(address)
        if region is None or address + size > region.first + region.size:
            return None
        return region.first
