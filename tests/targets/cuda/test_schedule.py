"""The rules that choose how a reduction runs on a GPU keep its limits for any formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairfold.engine.plan import make_plan
from pairfold.targets.cuda.compile import compile_cuda, cuda_schedule_for
from pairfold.targets.cuda.schedule import choose, choose_split
from tests.engine.problems import dense_gaussian_sum, gaussian_data, gaussian_sum
from tests.targets.cuda.runs import run_on_fake

DIMENSIONS = st.one_of(st.integers(0, 130), st.sampled_from([500, 1000, 1024, 2048, 3000, 6144, 20_000]))


@settings(max_examples=400)
@given(st.sampled_from([4, 8]), DIMENSIONS, DIMENSIONS, DIMENSIONS, DIMENSIONS, DIMENSIONS, st.booleans())
def test_every_schedule_keeps_the_limits(
    item_bytes: int, column_size: int, row_dim: int, looped_dim: int, state_dim: int, rare_dim: int, few_rows: bool
) -> None:
    schedule = choose(
        item_bytes=item_bytes,
        column_size=column_size,
        row_dim=row_dim,
        looped_dim=looped_dim if looped_dim > 16 else 0,
        state_dim=state_dim,
        rare_dim=rare_dim,
        few_rows=few_rows,
    )
    assert schedule.lanes == 1
    assert schedule.threads % 32 == 0
    assert schedule.rows == schedule.threads * schedule.row_vectors
    assert 1 <= schedule.row_vectors <= 8
    assert schedule.columns >= 1
    assert schedule.tile * schedule.column_size * item_bytes <= 49152, "more shared memory must be asked for"
    assert schedule.tile % schedule.columns == 0
    if schedule.tile:
        assert schedule.block == schedule.tile, "a tile is loaded per block of columns"
        assert schedule.column_size == column_size
    assert schedule.block >= 1


@given(st.integers(0, 10**6), st.integers(0, 2**31 - 1), st.integers(1, 200), st.integers(0, 2**40))
def test_parts_have_columns(blocks: int, columns: int, multiprocessors: int, state_bytes: int) -> None:
    split = choose_split(blocks, columns, multiprocessors, state_bytes)
    assert 1 <= split <= 256
    assert split == 1 or columns // split >= 1024


@pytest.mark.parametrize(
    ("dim", "outputs", "dtype"),
    [(3, 200, "float32"), (300, 2, "float64"), (130, 70, "float32"), (1, 64, "float64"), (1100, 1, "float32")],
)
@pytest.mark.parametrize("split", [None, 1, 2])
def test_long_rows_and_wide_outputs(dim: int, outputs: int, dtype: str, split: int | None) -> None:
    data = gaussian_data(5, 9, dim, outputs, dtype)
    (found,) = run_on_fake(gaussian_sum(dim, outputs), data, rows=5, columns=9, options={"split": split})
    expected = dense_gaussian_sum(data)
    bound = 1e-4 if dtype == "float32" else 1e-11
    assert abs(found - expected).max() <= bound * max(1, abs(expected).max())


def test_rows_too_long_for_memory_of_a_thread_are_read_in_place() -> None:
    data = [array / 8 for array in gaussian_data(5, 9, 5000)]
    (found,) = run_on_fake(gaussian_sum(5000), data, rows=5, columns=9)
    np.testing.assert_allclose(found, dense_gaussian_sum(data), rtol=1e-9)
    plan = make_plan(gaussian_sum(5000))
    code = compile_cuda(plan.work, "float64", cuda_schedule_for(plan.work, "float64"))
    assert ".local" not in code.ptx
