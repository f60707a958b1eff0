"""The schedule: a frozen value that says how a reduction runs, and the rules that choose it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Schedule", "choose", "choose_split"]

UNROLL = 16
"""Largest dimension that is unrolled on CPUs."""


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
    register_rows : int
        Row components per step that are loaded before the column loop; more are read from memory in place.
    """

    lanes: int
    row_vectors: int
    columns: int
    state_in_registers: bool = True
    block: int = 64
    accumulate: str = "block"
    features: frozenset[str] = frozenset()
    unroll: int = UNROLL
    register_rows: int = 24

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
    looped_dim: int,
    state_dim: int,
    accumulate: str = "block",
    few_rows: bool = False,
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
    few_rows : bool
        Blocks have fewer rows than a vector has lanes: lanes beside them are idle anyway, but not whole vectors.
    """
    lanes = vector_bytes // item_bytes
    if few_rows:
        return Schedule(lanes, 1, 4, state_dim <= 4, accumulate=accumulate, features=features)
    row_vectors = 4 if registers >= 32 else 2
    # Measured: more than two sums a row crowd out the rest of the formula, and four columns pay for load and store.
    in_registers = state_dim <= 2
    # A long sum costs one broadcast per component and column, which row vectors share, and one load of the rows per
    # component, which columns share.
    columns = 4 if looped_dim or not in_registers else 1
    # Short blocks make small errors; closing one costs an exact addition per sum, which many sums a row notice.
    block = 64 if in_registers else 128
    return Schedule(lanes, row_vectors, columns, in_registers, block, accumulate, features)


def choose_split(rows: int, columns: int, rows_per_step: int, threads: int) -> int:
    """Return into how many parts the columns are split so that every thread has work."""
    steps = -(-rows // rows_per_step)
    if steps >= 2 * threads or columns < 4096 * threads:
        return 1
    return min(2 * threads, columns // 2048)
