"""The schedule: a frozen value that says how a reduction runs, and the rules that choose it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

__all__ = ["CudaSchedule", "Schedule", "choose", "choose_cuda", "choose_cuda_split", "choose_split"]

UNROLL = 16
"""Largest dimension that is unrolled on CPUs."""

SMALL_STEP = 256
"""Bytes of one value for all pairs of a step of which some dozen fit into a page."""

INSERTED = 32
"""Largest number of smallest values that are kept by inserting them into sorted lists on CPUs."""

LARGEST_UNROLLED = 1500
"""Instructions of a step up to which vectors are unrolled: what it saves is less than what loads of the rest take."""

LARGEST_CODE = 6000
"""Instructions of a step up to which several pairs are in work at a time, and functions are inlined: the time of
compilers grows with the square."""

SHORTEST = 4
"""Dimension up to which vectors are unrolled in any case: points have it."""


@dataclass(frozen=True)
class Schedule:
    """How one reduction runs on a CPU.

    Attributes
    ----------
    lanes : int
        Rows per SIMD vector.
    row_vectors : int
        Vectors of rows that one step works on.
    columns : int
        Columns that one step works on.
    state_in_registers : bool
        Whether sums stay in registers; else each is loaded and stored once per `columns` columns.
    block : int
        Columns that are summed in the working precision before they enter the total.
    accumulate : str
        How additive parts of the state are summed: ``"block"``, ``"direct"``, ``"kahan"`` or ``"float64"``.
    features : frozenset of str
        Features of the processor that the code may use.
    unroll : int
        Vectors up to this dimension are unrolled into scalars; longer ones become loops over components.
    terms : int
        Terms of a long sum over components that one step of its loop adds.
    register_rows : int
        Row components per step that are loaded before the column loop; more are read from memory in place.
    collects : bool
        Whether the K smallest values are collected in lists that are sorted when they are full, instead of inserted
        into sorted lists one by one.
    inlines : bool
        Whether mathematical functions become part of the code; else it calls them.
    """

    lanes: int
    row_vectors: int
    columns: int
    state_in_registers: bool = True
    block: int = 64
    accumulate: str = "block"
    features: frozenset[str] = frozenset()
    unroll: int = UNROLL
    terms: int = 1
    register_rows: int = 24
    collects: bool = False
    inlines: bool = True

    @property
    def rows(self) -> int:
        """Rows that one step works on."""
        return self.lanes * self.row_vectors


@dataclass(frozen=True)
class CudaSchedule(Schedule):
    """How one reduction runs on an NVIDIA GPU: a lane is a thread, a step of rows a block of threads.

    Attributes
    ----------
    threads : int
        Threads per block, a multiple of 32.
    tile : int
        Columns that are in shared memory at a time; 0 leaves them in the memory of the device.
    column_size : int
        Numbers from one column of a tile to the next.
    blocks : int
        Blocks that a multiprocessor must have room for, which limits the registers of a thread.
    """

    threads: int = 128
    tile: int = 0
    column_size: int = 0
    blocks: int = 2

    @property
    def rows(self) -> int:
        """Rows that one block of threads works on."""
        return self.threads * self.row_vectors


def choose(
    *,
    vector_bytes: int,
    registers: int,
    features: frozenset[str],
    item_bytes: int,
    looped_dim: int,
    state_dim: int,
    code_size: Callable[[int], int] = lambda unroll: 0,
    accumulate: str = "block",
    few_rows: bool = False,
    kept: int = 1,
    small_frames: bool = False,
) -> Schedule:
    """Choose lanes, row vectors and columns for one formula.

    Parameters
    ----------
    vector_bytes, registers : int
        Size and number of the vector registers.
    looped_dim : int
        Dimension of the longest sum over components that runs as a loop, 0 when there is none.
    state_dim : int
        Components of the state that every column adds to.
    code_size : callable
        Instructions for one pair in the code, when vectors up to a given dimension are unrolled.
    few_rows : bool
        Blocks have fewer rows than a vector has lanes: lanes beside them are idle anyway, but not whole vectors.
    kept : int
        Number of smallest values that the reduction keeps.
    small_frames : bool
        Whether the temporaries of a step must fit into a page of the stack.
    """
    lanes = vector_bytes // item_bytes
    collects = kept > INSERTED
    if few_rows:
        schedule = Schedule(lanes, 1, 4, state_dim <= 4, accumulate=accumulate, features=features, collects=collects)
        return _of_bounded_code(schedule, code_size)
    # What lists of candidates cost does not depend on how many are in work, but their memory does.
    row_vectors = 1 if collects else 4 if registers >= 32 else 2
    # Measured: more than two sums a row crowd out the rest of the formula, and four columns pay for load and store.
    in_registers = state_dim <= 2
    # A long sum costs one broadcast per component and column, which row vectors share, and one load of the rows per
    # component, which columns share.
    columns = 4 if looped_dim or not in_registers else 1
    if small_frames:
        # Without fused instructions functions are computed in float64 and keep more temporaries.
        weight = 1 if features & {"fma", "neon"} else 4
        columns = min(columns, max(1, SMALL_STEP // (vector_bytes * row_vectors * weight)))
    # Short blocks make small errors; closing one costs an exact addition per sum, which many sums a row notice.
    block = 64 if in_registers else 128
    schedule = Schedule(lanes, row_vectors, columns, in_registers, block, accumulate, features, collects=collects)
    return _of_bounded_code(schedule, code_size)


def _of_bounded_code(schedule: Schedule, code_size: Callable[[int], int]) -> Schedule:
    """Return the schedule for a formula that may be huge: with loops in it, or with one pair at a time."""
    pairs = schedule.row_vectors * schedule.columns
    if code_size(schedule.unroll) * pairs > LARGEST_UNROLLED:
        schedule = replace(schedule, unroll=SHORTEST)
    size = code_size(schedule.unroll)
    if size * pairs > LARGEST_CODE:
        schedule = replace(schedule, row_vectors=1, columns=1, inlines=size <= LARGEST_CODE)
    return schedule


def choose_split(rows: int, columns: int, rows_per_step: int, threads: int) -> int:
    """Return into how many parts the columns are split so that every thread has work."""
    steps = -(-rows // rows_per_step)
    if steps >= 2 * threads or columns < 4096 * threads:
        return 1
    return min(2 * threads, columns // 2048)


TILE_BYTES = 16384
"""Shared memory for a tile: little enough that several blocks fit into a multiprocessor, and every device has it."""

LARGEST_TILE_BYTES = 49152
"""What a kernel may have without asking."""

CUDA_REGISTERS = 96
"""Registers for rows and sums, of the 255 that a thread can have; more of them mean fewer threads at a time."""

RARE_CODE = 512
"""Components of rare updates that one step may have: more take the driver long to assemble."""


def choose_cuda(
    *,
    item_bytes: int,
    column_size: int,
    row_dim: int,
    looped_dim: int,
    state_dim: int,
    rare_dim: int,
    accumulate: str = "block",
    few_rows: bool = False,
) -> CudaSchedule:
    """Choose rows per thread, columns per step and the tile for one formula.

    Parameters
    ----------
    item_bytes : int
        Size of a number of the working precision.
    column_size : int
        Numbers from one column of a tile to the next.
    row_dim : int
        Numbers that the pair loop reads per row.
    looped_dim : int
        Dimension of the longest sum over components that runs as a loop when up to `UNROLL` terms are unrolled.
    state_dim : int
        Components of the state that every column adds to.
    rare_dim : int
        Components of the state that rare updates replace, 0 when there are none; 32 threads wait for such an update.
    few_rows : bool
        There are too few rows to give several to each thread.
    """
    words = item_bytes // 4
    unroll = 64 if UNROLL < state_dim <= 64 else UNROLL
    in_registers = state_dim <= unroll
    # Rows share the columns that they read from shared memory; their sums and their own numbers stay in registers.
    numbers = sum(dim for dim in (row_dim, rare_dim) if dim <= 2 * unroll) + (state_dim if in_registers else 0)
    per_row = words * (numbers + 2)
    row_vectors = 1 if few_rows else max(1, min(4, CUDA_REGISTERS // per_row))
    if row_vectors == 3:
        row_vectors = 2
    columns = 4 if state_dim <= 4 else 1
    if looped_dim > unroll or not in_registers:
        # Long rows and wide sums lie in memory of the thread: the more columns share an access, the better.
        row_vectors = min(row_vectors, 2)
        columns = (8 if rare_dim else 16) // words
    elif min(rare_dim, 2 * UNROLL) * row_vectors * columns > RARE_CODE:
        # The code has a rare update for every pair of a step; updates of more components are loops.
        columns = 1
    tile = min(128, TILE_BYTES // (item_bytes * column_size)) if column_size else 0
    if 0 < tile < columns and column_size * item_bytes * columns <= LARGEST_TILE_BYTES:
        tile = columns
    tile -= tile % columns
    return CudaSchedule(
        lanes=1,
        row_vectors=row_vectors,
        columns=columns,
        state_in_registers=in_registers,
        block=tile or 64,
        accumulate=accumulate,
        unroll=unroll,
        terms=4,
        register_rows=CUDA_REGISTERS,
        tile=tile,
        column_size=column_size,
        blocks=4 if row_vectors * per_row <= CUDA_REGISTERS // 2 else 2,
    )


LARGEST_PARTS = 2**26
"""Bytes that the states of all parts of the columns may take."""


def choose_cuda_split(blocks: int, columns: int, multiprocessors: int, state_bytes: int) -> int:
    """Return into how many parts the columns are split, so that every multiprocessor has several of the `blocks`.

    A part has at least 1024 columns: a second kernel must merge the parts, and starting it takes as long as these. The
    states of a part, `state_bytes` for all rows, are kept until then.
    """
    wanted = -(-4 * multiprocessors // max(blocks, 1))
    return max(1, min(wanted, columns // 1024, 256, LARGEST_PARTS // max(state_bytes, 1)))
