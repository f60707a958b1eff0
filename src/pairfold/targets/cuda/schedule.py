"""How a reduction runs on an NVIDIA GPU, and the rules that choose it."""

from __future__ import annotations

from dataclasses import dataclass

from pairfold.schedule.schedule import UNROLL, Schedule

__all__ = ["CudaSchedule", "choose", "choose_split"]


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


TILE_BYTES = 16384
"""Shared memory for a tile: little enough that several blocks fit into a multiprocessor, and every device has it."""

LARGEST_TILE_BYTES = 49152
"""What a kernel may have without asking."""

CUDA_REGISTERS = 96
"""Registers for rows and sums, of the 255 that a thread can have; more of them mean fewer threads at a time."""

RARE_CODE = 512
"""Components of rare updates that one step may have: more take the driver long to assemble."""


def choose(
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


def choose_split(blocks: int, columns: int, multiprocessors: int, state_bytes: int) -> int:
    """Return into how many parts the columns are split, so that every multiprocessor has several of the `blocks`.

    A part has at least 1024 columns: a second kernel must merge the parts, and starting it takes as long as these. The
    states of a part, `state_bytes` for all rows, are kept until then.
    """
    wanted = -(-4 * multiprocessors // max(blocks, 1))
    return max(1, min(wanted, columns // 1024, 256, LARGEST_PARTS // max(state_bytes, 1)))
