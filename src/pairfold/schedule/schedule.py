"""The schedule: a frozen value that says how a reduction runs, and the rules that choose it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Schedule", "choose", "choose_split"]

UNROLL = 16
"""Vectors up to this dimension are unrolled into scalars; longer ones become loops over components."""


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
    block : int
        Columns that are summed in the working precision before they enter the total.
    accumulate : str
        How additive parts of the state are summed: ``"block"``, ``"direct"``, ``"kahan"`` or ``"float64"``.
    features : frozenset of str
        Features of the processor that the code may use.
    """

    lanes: int
    row_vectors: int
    columns: int
    block: int = 256
    accumulate: str = "block"
    features: frozenset[str] = frozenset()

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
    wide_dim: int,
    accumulate: str = "block",
) -> Schedule:
    """Choose lanes, row vectors and columns for one formula.

    Parameters
    ----------
    vector_bytes, registers : int
        Size and number of the vector registers.
    looped_dim : int
        Dimension of the longest sum over components that runs as a loop, 0 when there is none.
    wide_dim : int
        Dimension of the widest state that lives in memory, 0 when there is none.
    """
    lanes = vector_bytes // item_bytes
    if looped_dim or wide_dim:
        # A column costs one broadcast per component: several columns share the loads of the rows, and several rows
        # share the broadcasts; accumulators of all of them must fit the registers.
        row_vectors, columns = (4, 4) if registers >= 32 else (2, 4)
    else:
        row_vectors, columns = (4, 1) if registers >= 32 else (2, 1)
    return Schedule(lanes, row_vectors, columns, accumulate=accumulate, features=features)


def choose_split(rows: int, columns: int, rows_per_step: int, threads: int) -> int:
    """Return into how many parts the columns are split so that every thread has work."""
    steps = -(-rows // rows_per_step)
    if steps >= 2 * threads or columns < 4096 * threads:
        return 1
    return min(2 * threads, columns // 2048)
