"""Blocks of threads as vectors, and the order in which their instructions run.

Threads that are at the same instruction run it together. Of several such groups, the one that is at the earliest
instruction runs, so that groups meet again where their paths join. Barriers and warp instructions wait until every
partner has come.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.ptx_interpreter.errors import DivergenceError, EndlessError, ExecutionError, Fault, PtxError, TrapError
from tests.ptx_interpreter.memory import GlobalMemory, Races, Spaces, empty_region
from tests.ptx_interpreter.parse import Instruction
from tests.ptx_interpreter.values import Array

if TYPE_CHECKING:
    from tests.ptx_interpreter.decode import Mask, Read, Run
    from tests.ptx_interpreter.warps import Members

WARP = 32
_NEVER = 1 << 60
"""A program counter beyond every program."""
PLAIN, BRANCH, TABLE, FINISH, COLLECTIVE = range(5)


def _nothing(frame: Frame, mask: Mask) -> None:
    """Steps that only decide where to go on."""


@dataclass
class Step:
    """A decoded instruction."""

    source: Instruction
    kind: int = PLAIN
    run: Run = _nothing
    guard: Read | None = None
    target: int = 0
    table: list[int] = field(default_factory=list)
    choose: Read | None = None
    members: Members | None = None


@dataclass
class Code:
    """A decoded function."""

    name: str
    steps: list[Step]
    register_sizes: list[int]
    parameter_sizes: dict[str, int]


@dataclass(frozen=True)
class Checks:
    """What is looked for while a kernel runs, and how long it may."""

    uninitialised: bool = True
    races: bool = True
    instruction_limit: int = 20_000_000


Triple = tuple[int, int, int]


class Copies:
    """Asynchronous copies into shared memory: they happen when they are waited for."""

    def __init__(self, spaces: Spaces, lanes: int) -> None:
        self._spaces = spaces
        self._groups = np.zeros(lanes, np.int64)
        self._everyone = np.arange(lanes)
        self._waiting: list[tuple[Array, Array, Array, list[Array]]] = []

    def begin(self, target: Array, source: Array, size: int, used: Array, lanes: Array) -> None:
        """Read the source now; the target gets it later. Bytes of the target beyond `used` become 0."""
        count, dtype = (size // 4, np.dtype(np.uint32)) if size % 4 == 0 else (1, np.dtype(np.uint8))
        reading = lanes[used[lanes] > 0]
        values = self._spaces.load("global", source, reading, dtype, count)
        values = [np.where(used > k * dtype.itemsize, value, 0).astype(dtype) for k, value in enumerate(values)]
        target = np.broadcast_to(target, self._groups.shape)
        self._spaces.begin_copy(target, lanes, size)
        self._waiting.append((lanes, target, self._groups.copy(), values))

    def commit(self, lanes: Array | None) -> None:
        """The copies begun so far form a group."""
        self._groups[... if lanes is None else lanes] += 1

    def wait(self, lanes: Array | None, allowed: int | None) -> None:
        """Finish all groups of these threads but the last `allowed` ones; with None, all copies."""
        waits = np.zeros(self._groups.shape, np.bool_)
        waits[... if lanes is None else lanes] = True
        left = []
        for lanes_of_copy, target, groups, values in self._waiting:
            due = waits[lanes_of_copy]
            if allowed is not None:
                due &= groups[lanes_of_copy] < self._groups[lanes_of_copy] - allowed
            if due.any():
                self._spaces.store("shared", target, lanes_of_copy[due], values)
            if not due.all():
                left.append((lanes_of_copy[~due], target, groups, values))
        self._waiting = left


class Batch:
    """Some blocks of a grid, executed together; a lane is one of their threads."""

    def __init__(
        self, memory: GlobalMemory, grid: Triple, block: Triple, first: int, rows: int, sizes: tuple[int, int, int],
        parameter_addresses: dict[str, int], checks: Checks,
    ) -> None:  # fmt: skip
        self.rows, self.threads = rows, block[0] * block[1] * block[2]
        self.grid, self.block = grid, block
        self.parameter_addresses = parameter_addresses
        self.checks = checks
        self.budget = checks.instruction_limit
        lanes = rows * self.threads
        thread = np.tile(np.arange(self.threads, dtype=np.int64), rows)
        self.row_of_lane = np.repeat(np.arange(rows, dtype=np.int64), self.threads)
        self._thread = thread
        self._block_number = first + self.row_of_lane
        warps = -(-self.threads // WARP)
        self.warp_of_lane = self.row_of_lane * warps + thread // WARP
        self.lane_in_warp = (thread % WARP).astype(np.uint32)
        self.warp_first = np.arange(lanes) - thread % WARP
        self._warps = rows * warps
        self.existing_bits = self.warp_bits(np.ones(lanes, np.bool_))
        shared_size, local_size, self._dynamic_size = sizes
        shared = empty_region("shared", shared_size, rows, checks.uninitialised)
        local = empty_region("local", local_size, lanes, checks.uninitialised)
        races = Races(shared.stride * rows, self.warp_of_lane) if checks.races and shared_size else None
        self.spaces = Spaces(memory, shared, local, self.row_of_lane, races)
        self.copies = Copies(self.spaces, lanes)
        self.shape = (lanes,)
        self._shared_size = shared_size
        self._special: dict[str, Array] = {}

    # Threads ----------------------------------------------------------------------------------------------------------

    def thread_of(self, lane: int) -> Triple:
        """The index of a thread in its block."""
        return _unravel(int(self._thread[lane]), self.block)

    def block_of(self, lane: int) -> Triple:
        """The index of a thread's block in the grid."""
        return _unravel(int(self._block_number[lane]), self.grid)

    def describe(self, lane: int) -> str:
        """Name a thread."""
        return f"thread {self.thread_of(lane)} of block {self.block_of(lane)}"

    def special(self, name: str) -> Array:
        """Return a special register."""
        found = self._special.get(name)
        if found is None:
            found = self._special[name] = self._compute_special(name)
        return found

    def _compute_special(self, name: str) -> Array:
        base, _, axis = name.rpartition(".")
        extents = {"%tid": self.block, "%ctaid": self.grid}
        if base in extents:
            number = self._thread if base == "%tid" else self._block_number
            return _coordinate(number, extents[base], "xyz".index(axis)).astype(np.uint32)
        constants: dict[str, int] = {
            "%laneid": 0, "%nwarpid": -(-self.threads // WARP), "%smid": 0, "%nsmid": 1, "%gridid": 0, "%clock": 0,
            "%clock64": 0, "%globaltimer": 0, "%total_smem_size": self._shared_size,
            "%dynamic_smem_size": self._dynamic_size,
        }  # fmt: skip
        constants.update({f"%ntid.{axis}": self.block[k] for k, axis in enumerate("xyz")})
        constants.update({f"%nctaid.{axis}": self.grid[k] for k, axis in enumerate("xyz")})
        if name == "%laneid":
            return self.lane_in_warp
        if name == "%warpid":
            return (self._thread // WARP).astype(np.uint32)
        if name.startswith("%lanemask_"):
            return self._lane_mask(name[len("%lanemask_") :])
        if name not in constants:
            raise Fault(TrapError, f"reads the special register {name}, which is not known")
        return np.full(self.shape, constants[name], np.uint32)

    def _lane_mask(self, kind: str) -> Array:
        own = np.uint64(1) << self.lane_in_warp.astype(np.uint64)
        masks = {
            "eq": own,
            "lt": own - np.uint64(1),
            "le": 2 * own - np.uint64(1),
            "gt": -2 * own.view(np.int64),
            "ge": -own.view(np.int64),
        }
        return masks[kind].astype(np.uint32)

    def warp_bits(self, present: Array) -> Array:
        """Return a bit per thread for every warp."""
        bits = np.zeros(self._warps, np.uint32)
        np.bitwise_or.at(bits, self.warp_of_lane[present], np.uint32(1) << self.lane_in_warp[present])
        return bits

    # Synchronisation --------------------------------------------------------------------------------------------------

    def synchronise_blocks(self, lanes: Array | None) -> None:
        """All threads of the blocks of these lanes have met."""
        rows = range(self.rows) if lanes is None else np.unique(self.row_of_lane[lanes]).tolist()
        for row in rows:
            self.spaces.barrier(row)

    def synchronise_warps(self, lanes: Array | None) -> None:
        """The threads of the warps of these lanes have met."""
        if self.spaces.races is not None:
            self.spaces.races.synchronise(np.unique(self.warp_of_lane if lanes is None else self.warp_of_lane[lanes]))


def _coordinate(number: Array, extent: Triple, axis: int) -> Array:
    return number // (1, extent[0], extent[0] * extent[1])[axis] % extent[axis]


def _unravel(number: int, extent: Triple) -> Triple:
    return number % extent[0], number // extent[0] % extent[1], number // (extent[0] * extent[1])


class Frame:
    """One activation of a function for some lanes of a batch."""

    def __init__(self, batch: Batch, code: Code, parameters: dict[str, Array], depth: int = 0) -> None:
        self.batch = batch
        self.code = code
        self.parameters = parameters
        self.shape = batch.shape
        self.depth = depth
        self.carry = np.zeros(batch.shape, np.bool_)
        self.all_lanes = np.arange(batch.shape[0])
        garbage: dict[int, Array] = {
            size: np.full(batch.shape[0] * size, 0xFF, np.uint8).view(_RAW[size]) for size in (2, 4, 8, 16)
        }
        garbage[1] = np.zeros(batch.shape, np.bool_)
        self.registers: list[Array] = [garbage[size] for size in code.register_sizes]
        self._mask: Mask = None
        self._lanes: Array | None = None

    def lanes(self, mask: Mask) -> Array | None:
        """Return the indices of the threads of a mask; None for all."""
        if mask is None:
            return None
        if mask is not self._mask:
            self._mask, self._lanes = mask, np.flatnonzero(mask)
        return self._lanes

    def new_parameter(self, name: str) -> Array:
        """Make room for an argument or result of a call."""
        size = self.code.parameter_sizes.get(name)
        if size is None:
            raise Fault(TrapError, f"uses the parameter {name}, which is not known")
        return self.parameters.setdefault(name, np.zeros((*self.shape, size), np.uint8))

    # Control ----------------------------------------------------------------------------------------------------------

    def execute(self, mask: Mask) -> None:
        """Run the function for the threads of a mask until all have returned."""
        Execution(self, mask).run()


_RAW = {2: np.uint16, 4: np.uint32, 8: np.uint64, 16: np.complex128}


class Execution:
    """Where the threads of a frame are."""

    def __init__(self, frame: Frame, mask: Mask) -> None:
        self._frame = frame
        self._steps = frame.code.steps
        self._start = mask
        self._pending: dict[int, Any] = {}
        self._parked: dict[int, Any] = {}
        self._next = _NEVER
        self._finished = np.zeros(frame.shape, np.bool_)
        self._place = 0

    def run(self) -> None:
        """Run until no thread is left."""
        try:
            self._add(0, np.ones(self._frame.shape, np.bool_) if self._start is None else self._start)
            while self._pending:
                place, mask = self._take()
                while place >= 0:
                    place, mask = self._straight(place, mask)
            if self._parked:
                raise self._stuck()
        except Fault as fault:
            raise self._explain(fault) from None
        except PtxError:
            raise
        except Exception as error:
            source = self._steps[self._place].source
            raise PtxError(f"the interpreter failed in line {source.line}: {source.text}") from error

    def _add(self, place: int, mask: Array) -> None:
        known = self._pending.get(place)
        self._pending[place] = mask if known is None else known | mask
        if place < self._next:
            self._next = place

    def _take(self) -> tuple[int, Any]:
        """Return the group with the smallest program counter."""
        place = self._next
        mask = self._pending.pop(place)
        self._next = min(self._pending, default=_NEVER)
        return place, None if mask.all() else mask

    def _straight(self, place: int, mask: Any) -> tuple[int, Any]:
        """Run one group until it branches, waits or meets another one; return where it goes on, or -1."""
        frame, steps, limit = self._frame, self._steps, self._next
        batch = frame.batch
        first = place
        while place < limit:
            step = steps[place]
            self._place = place
            if step.kind == PLAIN:
                if step.guard is None:
                    step.run(frame, mask)
                else:
                    condition = step.guard(frame) if mask is None else step.guard(frame) & mask
                    if condition.any():
                        step.run(frame, condition)
                place += 1
                continue
            batch.budget -= place + 1 - first
            if batch.budget < 0:
                raise Fault(EndlessError, f"has run more than {batch.checks.instruction_limit} instructions")
            return self._control(step, place, mask)
        batch.budget -= place - first
        return self._meet(place, mask)

    def _meet(self, place: int, mask: Any) -> tuple[int, Any]:
        """Join the groups that wait, and go on with the first of them."""
        self._add(place, self._whole(mask))
        return self._take()

    def _whole(self, mask: Any) -> Array:
        return np.ones(self._frame.shape, np.bool_) if mask is None else mask

    def _control(self, step: Step, place: int, mask: Any) -> tuple[int, Any]:
        if step.kind == COLLECTIVE:
            return self._collect(step, place, mask)
        taken = mask
        if step.guard is not None:
            condition = np.broadcast_to(step.guard(self._frame), self._frame.shape)
            taken = condition if mask is None else condition & mask
            if not taken.any():
                return place + 1, mask
            others = ~condition if mask is None else mask & ~condition
            if others.any():
                self._add(place + 1, others)
            else:
                taken = mask
        if step.kind == FINISH:
            self._finished |= self._whole(taken)
        elif step.kind == BRANCH:
            if not self._pending:
                return step.target, taken
            self._add(step.target, self._whole(taken))
        else:
            self._branch_by_table(step, self._whole(taken))
        return self._take() if self._pending else (-1, None)

    def _branch_by_table(self, step: Step, mask: Array) -> None:
        assert step.choose is not None
        choice = np.broadcast_to(step.choose(self._frame), self._frame.shape)
        if (choice[mask] >= len(step.table)).any():
            raise Fault(TrapError, f"branches beyond the end of a table of {len(step.table)} targets")
        for number, target in enumerate(step.table):
            chosen = mask & (choice == number)
            if chosen.any():
                self._add(target, chosen)

    def _collect(self, step: Step, place: int, mask: Any) -> tuple[int, Any]:
        """Run an instruction for the threads whose partners have all come; the others wait."""
        assert step.members is not None
        frame = self._frame
        arrived = self._whole(mask)
        skipping = None
        if step.guard is not None:
            skipping = arrived & ~step.guard(frame)
            arrived = arrived & step.guard(frame)
        if place in self._parked:
            arrived = arrived | self._parked.pop(place)
        ready = step.members(frame, arrived) & arrived
        waiting = arrived & ~ready
        if waiting.any():
            self._parked[place] = waiting
        if ready.any():
            step.run(frame, None if ready.all() else ready)
        going = ready if skipping is None else ready | skipping
        if going.any():
            self._add(place + 1, going)
        return self._take() if self._pending else (-1, None)

    # Errors -----------------------------------------------------------------------------------------------------------

    def _stuck(self) -> Fault:
        """Say who waits for whom."""
        place = self._place = min(self._parked)
        waiting = self._parked[place]
        batch = self._frame.batch
        lane = int(waiting.argmax())
        block = batch.row_of_lane == batch.row_of_lane[lane]
        missing = block & ~waiting
        elsewhere = []
        gone = int((missing & self._finished).sum())
        if gone:
            elsewhere.append(f"{gone} have returned")
        for other, mask in self._parked.items():
            count = int((mask & block).sum())
            if other != place and count:
                elsewhere.append(f"{count} wait in line {self._steps[other].source.line}")
        outside = int(missing.sum()) - gone - sum(int((m & block).sum()) for p, m in self._parked.items() if p != place)
        if outside:
            elsewhere.append(f"{outside} did not call {self._frame.code.name}")
        others = f"; of the others, {', '.join(elsewhere)}" if elsewhere else ""
        message = (
            f"waits for partners that never come: {int((waiting & block).sum())} threads of the block wait here{others}"
        )
        return Fault(DivergenceError, message, lane)

    def _explain(self, fault: Fault) -> ExecutionError:
        batch, source = self._frame.batch, self._steps[self._place].source
        lane = fault.lane
        who = "a thread" if lane is None else batch.describe(lane)
        text = str(fault)
        if "{lane " in text:
            before, _, rest = text.partition("{lane ")
            number, _, after = rest.partition("}")
            text = f"{before}{batch.describe(int(number))}{after}"
        name = self._frame.code.name
        return fault.kind(f"{name}: {who} {text}. Line {source.line}: {source.text}")
