"""How many pairs are in work at a time follows from the code of a pair and from what is kept for it."""

from __future__ import annotations

import pytest

from pairfold.engine.plan import make_plan
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import apply
from pairfold.reductions import REDUCTIONS
from pairfold.schedule.schedule import choose
from tests.engine.problems import B, X, Y, gaussian_sum


def step(size: int, shared: int, registers: int = 32, state_dim: int = 1, is_guarded: bool = False) -> tuple[int, int]:
    schedule = choose(
        vector_bytes=64,
        registers=registers,
        features=frozenset({"fma"}),
        item_bytes=4,
        longest_sum=3,
        state_dim=state_dim,
        code_size=lambda unroll: size,
        shared_dim=lambda unroll: shared,
        is_guarded=is_guarded,
    )
    return schedule.row_vectors, schedule.columns


@pytest.mark.parametrize(
    ("size", "shared", "expected"),
    [
        (24, 0, (4, 4)),
        (24, 1, (4, 4)),
        (25, 0, (2, 4)),
        (15, 3, (2, 4)),
        (64, 3, (2, 4)),
        (65, 0, (2, 2)),
        (999, 9, (2, 2)),
    ],
)
def test_long_formulas_have_fewer_pairs_in_work(size: int, shared: int, expected: tuple[int, int]) -> None:
    assert step(size, shared) == expected
    # Half the registers offer half the rows.
    assert step(size, shared, registers=16) == (2, expected[1])


def test_tests_of_rare_updates_share_their_cost() -> None:
    assert step(30, 0, is_guarded=True) == (4, 2)
    assert step(30, 3, state_dim=4, is_guarded=True) == (4, 4)


def test_vectors_that_several_operations_read_are_counted() -> None:
    assert make_plan(gaussian_sum()).work.shared_dim(4) == 0
    gradient = apply("Exp", -apply("SqDist", X, Y)) * B * (X - Y)
    work = make_plan(Problem(gradient, REDUCTIONS["Sum"])).work
    assert [work.shared_dim(unroll) for unroll in (2, 3)] == [0, 3]
