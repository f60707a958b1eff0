"""Blocks: by chunks and by work."""

from __future__ import annotations

import re
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairfold.dask.blocks import LONGEST, MOST_COLUMNS, MOST_TASKS, Blocks, choose_blocks, common_chunks
from pairfold.errors import ArgumentValueError

chunks = st.lists(st.integers(0, 500), min_size=1, max_size=8).map(tuple)


def largest(blocks: Blocks) -> int:
    return prod(max(axis) for axis in (*blocks.batch, blocks.rows, blocks.columns))


@settings(max_examples=150, deadline=None)
@given(st.lists(chunks, max_size=2).map(tuple), chunks, chunks, st.floats(1.0, 1e9))
def test_blocks_cover_everything_and_have_enough_work(
    batch: tuple[tuple[int, ...], ...], rows: tuple[int, ...], columns: tuple[int, ...], rate: float
) -> None:
    given_blocks = Blocks(
        tuple(common_chunks(sum(c), [c]) for c in batch), *(common_chunks(sum(c), [c]) for c in (rows, columns))
    )
    found = choose_blocks(given_blocks, rate, 1.0)
    for one, other in zip((*found.batch, found.rows, found.columns), (*batch, rows, columns), strict=True):
        assert sum(one) == sum(other)
        assert all(one) or one == (0,)
    # Nothing that is long enough grows, but for the last chunk that is joined, and nothing stays much too long.
    assert largest(found) <= 8 * max(largest(given_blocks), rate)
    everything = prod(map(sum, (*found.batch, found.rows, found.columns)))
    assert largest(found) <= max(8 * LONGEST * rate, 32 * everything / MOST_TASKS, 1)
    if largest(given_blocks) <= rate:
        assert found.tasks <= given_blocks.tasks


def test_small_chunks_go_together() -> None:
    found = choose_blocks(Blocks((), (100,) * 1000, (100,) * 1000), rate=1e8, seconds=1.0)
    assert found == Blocks((), (10_000,) * 10, (10_000,) * 10)
    entries = choose_blocks(Blocks(((1,) * 100,), (100,), (100,)), rate=1e5, seconds=1.0)
    assert entries == Blocks(((10,) * 10,), (100,), (100,))


def test_large_chunks_are_cut() -> None:
    assert choose_blocks(Blocks((), (10**6,), (1000,)), rate=1e6, seconds=1.0) == Blocks((), (10_000,) * 100, (1000,))
    assert choose_blocks(Blocks((), (10**6,), (10**6,)), rate=1e9, seconds=1.0).tasks == 100
    assert choose_blocks(Blocks((), (10**6,), (10**6,)), rate=1e9, seconds=None).tasks == 1
    entries = choose_blocks(Blocks(((10**4,),), (10**3,), (10**3,)), rate=1e8, seconds=1.0)
    assert entries == Blocks(((1000,) * 10,), (10**3,), (10**3,))


def test_chunks_of_several_arrays() -> None:
    assert common_chunks(10, []) == (10,)
    assert common_chunks(10, [(5, 5), (2, 8), (10,)]) == (2, 3, 5)
    assert common_chunks(0, [(0,)]) == (0,)
    assert common_chunks(8, [(5, 0, 3)]) == (5, 3)


def test_columns_are_countable() -> None:
    found = choose_blocks(Blocks((), (1,), (5 * 10**9,)), rate=1e12, seconds=None)
    assert max(found.columns) <= MOST_COLUMNS
    assert sum(found.columns) == 5 * 10**9


@pytest.mark.parametrize(("rows", "columns"), [(10**7, 10**7), (100, 10**9)])
def test_too_many_tasks(rows: int, columns: int) -> None:
    """What the message asks for is enough."""
    short = 500 if rows == 100 else 5000
    small = Blocks((), _equal(rows, rows // 10 if rows == 100 else short), _equal(columns, short))
    with pytest.raises(ArgumentValueError, match="tasks, and a scheduler of Dask takes 1000000") as caught:
        choose_blocks(small, rate=1e9, seconds=None)
    found = re.search(r"longer, (\d+) of what is kept by (\d+) of what", str(caught.value))
    assert found is not None
    better = Blocks(
        (), *(_equal(n, min(n, int(length))) for n, length in zip((rows, columns), found.groups(), strict=True))
    )
    assert choose_blocks(better, rate=1e9, seconds=None).tasks <= MOST_TASKS
    # What was asked for is not cut again.
    assert choose_blocks(better, rate=1e3, seconds=1e-9).tasks <= MOST_TASKS


def _equal(length: int, size: int) -> tuple[int, ...]:
    return (size,) * (length // size) + ((length % size,) if length % size else ())
