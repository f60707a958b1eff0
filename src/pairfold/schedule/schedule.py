"""The schedule: a frozen value that says how a reduction runs, and the rules that choose it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

__all__ = ["UNROLL", "WHOLE_COLUMNS", "Schedule", "choose", "choose_split"]

UNROLL = 16
"""Largest dimension that is unrolled: of parameters, and of vectors whose components loops would compute many times."""

SMALL_STEP = 256
"""Bytes of one value for all pairs of a step of which some dozen fit into a page."""

INSERTED = 2
"""Smallest values for each byte of a vector up to which values are inserted into sorted lists on CPUs: wider numbers
take more vectors, but a sort of them looks at more digits."""

COMPUTED_AGAIN = 12
"""Instructions for a pair up to which few values are computed again rather than all of them kept."""

LARGEST_CODE = 6000
"""Instructions of a step up to which several pairs are in work at a time, and functions are inlined: the time of
compilers grows with the square."""

SHORTEST = 4
"""Dimension up to which vectors are unrolled on CPUs: points have it. A loop over more components shares what it loads
among the pairs of a step, while unrolled code would hold rows in more registers than there are."""

MOST_COLUMNS = 4
"""Columns of a step: more pairs in work than row vectors hide how long instructions take, and share loads of rows."""

LARGEST_STEP = 384
"""Instructions of a step of more than eight pairs: with more, processors do not look far enough ahead."""

LARGEST_STEP_OF_FEW = 512
"""Instructions of a step of more than four pairs: formulas with more have enough work to overlap."""


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
    keeps_values : bool
        Whether all values of a block of columns are kept until those that are among the K smallest enter their lists;
        else these are computed again.
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
    keeps_values: bool = True
    inlines: bool = True

    @property
    def rows(self) -> int:
        """Rows that one step works on."""
        return self.lanes * self.row_vectors


def choose(
    *,
    vector_bytes: int,
    registers: int,
    features: frozenset[str],
    item_bytes: int,
    longest_sum: int,
    state_dim: int,
    code_size: Callable[[int], int] = lambda unroll: 0,
    shared_dim: Callable[[int], int] = lambda unroll: 0,
    accumulate: str = "block",
    few_rows: bool = False,
    kept: int = 1,
    is_guarded: bool = False,
    mixes_components: bool = False,
    across_dim: int = 0,
    small_frames: bool = False,
) -> Schedule:
    """Choose lanes, row vectors and columns for one formula.

    Parameters
    ----------
    vector_bytes, registers : int
        Size and number of the vector registers.
    longest_sum : int
        Dimension of the longest sum over components that every pair needs, 0 when there is none.
    state_dim : int
        Components of the state that every column adds to.
    code_size : callable
        Instructions for one pair in the code, when vectors up to a given dimension are unrolled.
    shared_dim : callable
        Components of vectors up to a given dimension that several operations read for every pair.
    few_rows : bool
        Blocks have fewer rows than a vector has lanes: lanes beside them are idle anyway, but not whole vectors.
    kept : int
        Number of smallest values that the reduction keeps.
    is_guarded : bool
        Whether there is code for rare updates, once for every pair of a step.
    mixes_components : bool
        Whether loops over components would compute each of them many times.
    across_dim : int
        Components that every row adds to the sums of a column.
    small_frames : bool
        Whether the temporaries of a step must fit into a page of the stack.
    """
    lanes = vector_bytes // item_bytes
    collects = kept > INSERTED * vector_bytes
    unroll = UNROLL if mixes_components else SHORTEST
    if few_rows:
        few = Schedule(lanes, 1, MOST_COLUMNS, state_dim <= 4, accumulate=accumulate, features=features)
        return _of_bounded_code(replace(few, unroll=unroll, collects=collects), code_size)
    # Measured: more than two sums a row crowd out the rest of the formula, and four columns pay for load and store.
    # Sums of columns are in memory; beside them, those of points in space are in registers, and two columns do.
    in_registers = state_dim <= (3 if across_dim else 2)
    # What lists of candidates cost does not depend on how many are in work, but their memory does.
    row_vectors = 1 if collects else 4 if registers >= 32 else 2
    columns = MOST_COLUMNS
    # A long sum costs one broadcast per component and column, which row vectors share, and one load of the rows per
    # component, which columns share: there, code is a loop, and short.
    if longest_sum <= unroll and (in_registers or not is_guarded):
        columns = 2 if is_guarded or across_dim > 2 else columns
        row_vectors, columns = _step(row_vectors, columns, registers, code_size(unroll), shared_dim(unroll))
    if small_frames:
        # Without fused instructions functions are computed in float64 and keep more temporaries.
        weight = 1 if features & {"fma", "neon"} else 4
        columns = min(columns, max(1, SMALL_STEP // (vector_bytes * row_vectors * weight)))
    # Short blocks make small errors; closing one costs an exact addition per sum, which many sums a row notice.
    block = 64 if in_registers and not across_dim else 128
    schedule = Schedule(
        lanes, row_vectors, columns, in_registers, block, accumulate, features, unroll, collects=collects
    )
    # Code with loops is short, but takes long.
    if longest_sum <= unroll and code_size(unroll) <= COMPUTED_AGAIN:
        schedule = replace(schedule, keeps_values=False)
    return _of_bounded_code(schedule, code_size)


def _step(row_vectors: int, columns: int, registers: int, size: int, shared: int) -> tuple[int, int]:
    """Return how many row vectors and columns are in work at a time, of those that are offered.

    Every pair keeps its value and what is shared, and is `size` instructions.
    """
    while (pairs := row_vectors * columns) > 4:
        if pairs > 8:
            is_short = size * pairs <= LARGEST_STEP and (1 + shared) * pairs <= registers
        else:
            is_short = size * pairs <= LARGEST_STEP_OF_FEW
        if is_short:
            break
        row_vectors, columns = (row_vectors // 2, columns) if row_vectors > 2 else (row_vectors, columns // 2)
    return row_vectors, columns


def _of_bounded_code(schedule: Schedule, code_size: Callable[[int], int]) -> Schedule:
    """Return the schedule for a formula that may be huge: with one pair at a time."""
    size = code_size(schedule.unroll)
    if size * schedule.row_vectors * schedule.columns > LARGEST_CODE:
        schedule = replace(schedule, row_vectors=1, columns=1, inlines=size <= LARGEST_CODE)
    return schedule


WHOLE_COLUMNS = 4096
"""Columns, per thread, that are not split."""


def choose_split(rows: int, columns: int, rows_per_step: int, threads: int) -> int:
    """Return into how many parts the columns are split so that every thread has work."""
    steps = -(-rows // rows_per_step)
    if steps >= 2 * threads or columns < WHOLE_COLUMNS * threads:
        return 1
    return min(2 * threads, columns // 2048)
