"""States of parts of the columns: whatever the parts, the order and the tree of merging, the result is that of all."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairfold.engine import Options, State, finish, partial
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.reductions import REDUCTIONS
from pairfold.targets.cuda.driver import use_driver
from tests.calls import by_definition, call_of, run
from tests.comparison import Array, assert_close
from tests.conformance.problems import NAMES, Shape, arrays, problem, tolerance
from tests.ptx_interpreter.driver import FakeDriver

EXACT = frozenset(name for name in NAMES if not REDUCTIONS[name].adds and not REDUCTIONS[name].name.startswith("Prod"))
"""Reductions that only choose among the values."""

CASES = [(name, dim) for name in NAMES for dim in ((1,) if REDUCTIONS[name].scalar_value else (1, 3))]
LONG = 140
"""K for which every CPU collects candidates."""


def part_of(task: Problem, data: Sequence[Array], shape: Shape, first: int, last: int, **facts: Any) -> State:
    """Return the state of the columns from `first` to `last`."""
    origin = facts.pop("origin", 0)
    own = [
        array[..., first:last, :] if task.arguments[position].category == Category.COLUMN else array
        for position, array in zip(task.arguments, data, strict=True)
    ]
    call = call_of(task, own, rows=shape.rows, columns=last - first, batch=shape.batch, **facts)
    return partial(call, own, columns_from=origin + first)


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    batch = draw(st.sampled_from([(), (), (2,), (1, 3), (0,)]))
    rows, columns = draw(st.integers(0, 20)), draw(st.integers(0, 40))
    layout = draw(st.sampled_from(["plain", "transposed", "every other"]))
    return Shape(rows, columns, batch, draw(st.booleans()), layout, draw(st.integers(0, 99)))


def merged_in_any_order(states: list[State], data: st.DataObject) -> State:
    """Merge states two by two, or more at once, as drawn."""
    while len(states) > 1:
        count = data.draw(st.integers(2, min(3, len(states))))
        chosen = [states.pop(data.draw(st.integers(0, len(states) - 1))) for _ in range(count)]
        states.append(pickle.loads(pickle.dumps(chosen[0].merge(*chosen[1:]))))
    return states[0]


def shifted(outputs: Sequence[Array], origin: int) -> list[Array]:
    return [np.where(o < 0, o, o + origin) if o.dtype.kind == "i" else o for o in outputs]


@pytest.mark.parametrize(("name", "dim"), CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@settings(max_examples=10)
@given(shape=shapes(), data=st.data())
def test_any_split_and_any_tree(name: str, dim: int, dtype: str, shape: Shape, data: st.DataObject) -> None:
    task = problem(name, dim)
    if task.reduction.needs_k and data.draw(st.booleans()):
        task = replace(task, k=LONG)
    has_numbers = any(field.kind == "index" for field in task.reduction.fields)
    given_arrays = arrays(task, shape, dtype, integers=has_numbers)
    cuts = sorted(data.draw(st.lists(st.integers(0, shape.columns), max_size=4)))
    origin = 0 if shape.columns == 0 else data.draw(st.sampled_from([0, 7, 2**31 - 9, 2**40]))
    states = [
        part_of(task, given_arrays, shape, first, last, origin=origin)
        for first, last in zip([0, *cuts], [*cuts, shape.columns], strict=True)
    ]
    sizes: dict[str, Any] = {"rows": shape.rows, "columns": shape.columns, "batch": shape.batch}
    whole = shifted(run(task, given_arrays, **sizes), origin)
    found = finish(merged_in_any_order(states, data))
    if name in EXACT:
        for output, true in zip(found, whole, strict=True):
            np.testing.assert_array_equal(output, true)
            assert output.dtype == true.dtype
        return
    true = shifted(by_definition(task, [array.astype("float64") for array in given_arrays], **sizes), origin)
    for output, exact, allowed in zip(found, true, tolerance(task, given_arrays, shape, dtype), strict=True):
        assert_close(output, exact, allowed)


@pytest.mark.parametrize("name", sorted(EXACT))
@given(data=st.data())
def test_winners_among_special_values(name: str, data: st.DataObject) -> None:
    """Nothing is compared by rounding, and nan, infinities and ties are where parts meet."""
    y = np.array(data.draw(st.lists(st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1.0, -2.0]), max_size=9)))
    task = replace(problem(name, 3), k=data.draw(st.sampled_from([1, 3, LONG])) if REDUCTIONS[name].needs_k else 1)
    shape = Shape(2, len(y), (), False, "plain", 0)
    given_arrays = [np.zeros((2, 3)), np.repeat(y[:, None], 3, axis=1), np.ones(1)]
    cut = data.draw(st.integers(0, len(y)))
    first, last = (part_of(task, given_arrays, shape, *ends) for ends in ((0, cut), (cut, len(y))))
    whole = run(task, given_arrays, rows=2, columns=len(y))
    for state in (first.merge(last), last.merge(first)):
        for output, true in zip(finish(state), whole, strict=True):
            np.testing.assert_array_equal(output, true)


# ---------------------------------------------------------------- what states are

SHAPE = Shape(5, 30, (2,), False, "plain", 1)


EXACTLY = {"dtype_acc": "float64"}


def thirds(task: Problem, data: Sequence[Array], **facts: Any) -> list[State]:
    return [part_of(task, data, SHAPE, first, first + 10, **facts) for first in (0, 10, 20)]


@pytest.mark.parametrize("name", ["Sum", "LogSumExp", "Mean_Var_Count", "ArgMin", "KMin_ArgKMin"])
def test_every_order_gives_the_same_bits(name: str) -> None:
    task = problem(name, 3)
    first, second, third = thirds(task, arrays(task, SHAPE, "float32", integers=False))
    one = first.merge(second, third)
    other = third.merge(first, second)
    for field, array in one.fields.items():
        np.testing.assert_array_equal(array, other.fields[field])


def test_a_state_is_small_and_of_no_process() -> None:
    task = problem("ArgMin", 3)
    state = thirds(task, arrays(task, SHAPE, "float32", integers=True))[1]
    assert {name: (array.shape, array.dtype.name) for name, array in state.fields.items()} == {
        "best": ((2, 5, 3), "float32"),
        "where": ((2, 5, 3), "int64"),
    }
    assert len(pickle.dumps(state)) < 2000
    assert state.columns == ((10, 20),)
    assert repr(state) == "<state of ArgMin for a batch (2,) of 5 rows after the columns 10 to 19>"


def test_fields_lie_where_a_message_has_them() -> None:
    """Buffers that pickle hands over beside its stream need no alignment."""
    task = problem("Min_ArgMin", 1)
    data = arrays(task, SHAPE, "float64", integers=True)
    first, last = part_of(task, data, SHAPE, 0, 10), part_of(task, data, SHAPE, 10, 30)
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(last, protocol=5, buffer_callback=buffers.append)
    shifted = [memoryview(b"." + bytes(buffer.raw()))[1:] for buffer in buffers]
    found = finish(first.merge(pickle.loads(stream, buffers=shifted)))
    for output, true in zip(found, finish(first.merge(last)), strict=True):
        np.testing.assert_array_equal(output, true)


def test_no_columns_are_neutral() -> None:
    task = problem("LogSumExp", 3)
    data = arrays(task, SHAPE, "float64", integers=False)
    state, nothing = part_of(task, data, SHAPE, 0, 10), part_of(task, data, SHAPE, 10, 10)
    assert nothing.merge(state) is state
    assert state.merge(nothing, nothing) is state
    assert repr(nothing.merge(nothing)).endswith("after no column>")
    np.testing.assert_array_equal(finish(nothing)[0], np.full((2, 5, 3), -np.inf))


def test_a_factor_of_the_row_is_in_the_state() -> None:
    """Weights of the rows are taken out of a sum, and finishing asks for no arrays."""
    task = problem("Sum", 3)
    task = replace(task, value=task.value * next(v for v in task.arguments.values() if v.category == Category.ROW))
    data = arrays(task, SHAPE, "float64", integers=False)
    found = finish(reduce(State.merge, thirds(task, data)))
    np.testing.assert_allclose(found[0], run(task, data, rows=5, columns=30, batch=(2,))[0], rtol=1e-12)


@pytest.mark.parametrize("options", [Options(sum_scheme="kahan_scheme"), Options(dtype_acc="float64")])
@pytest.mark.parametrize("split", [None, 3])
def test_exact_sums_stay_exact(options: Options, split: int | None) -> None:
    """What rounding takes away from the sum of one part is not lost on the way to the next."""
    task = problem("Sum", 3)
    random = np.random.default_rng(0)
    data = [np.zeros((1, 3), "float32"), random.uniform(0, 1, (4000, 3)).astype("float32"), np.ones(1, "float32")]
    shape = Shape(1, 4000, (), False, "plain", 0)
    chosen = replace(options, split=split)
    states = [part_of(task, data, shape, first, first + 40, options=chosen) for first in range(0, 4000, 40)]
    assert {array.dtype.name for state in states for array in state.fields.values()} == {"float64"}
    (found,) = finish(reduce(State.merge, states))
    exact = -data[1].astype("float64").sum(axis=0, keepdims=True)
    assert found.dtype == "float32"
    np.testing.assert_array_equal(found, exact.astype("float32"))


def test_block_sparse_parts() -> None:
    """The ranges of a part count its own columns; rows in no block see none of it."""
    task = problem("KMin_ArgKMin", 1)
    shape = replace(SHAPE, batch=())
    data = arrays(task, shape, "float64", integers=True)

    def ranges(*intervals: tuple[int, int]) -> tuple[Array, ...]:
        blocks, ends = np.array([[1, 4]], np.int64), np.array([len(intervals)], np.int64)
        return blocks, ends, np.array(intervals, np.int64).reshape(-1, 2)

    parts = [
        part_of(task, data, shape, 15, 30, ranges=ranges((0, 5), (10, 15))),
        part_of(task, data, shape, 0, 15, ranges=ranges((3, 9))),
    ]
    whole = run(task, data, rows=5, columns=30, ranges=ranges((3, 9), (15, 20), (25, 30)))
    for output, true in zip(finish(parts[0].merge(parts[1])), whole, strict=True):
        np.testing.assert_array_equal(output, true)


@pytest.mark.parametrize("name", ["Sum", "LogSumExp", "KMin_ArgKMin", "Max_SumShiftExp_ArgMax"])
@pytest.mark.parametrize(("split", "accuracy"), [(1, {}), (3, {}), (1, {"sum_scheme": "kahan_scheme"}), (3, EXACTLY)])
def test_states_of_a_gpu(name: str, split: int, accuracy: dict[str, Any], programs_forgotten: None) -> None:
    """They are computed there, and merged and finished here."""
    task = problem(name, 1)
    data = arrays(task, SHAPE, "float32", integers=True)
    with use_driver(FakeDriver(inaccuracy=1)):
        states = thirds(task, data, options=Options(target="cuda", split=split, **accuracy))
    kinds = {array.dtype.name for state in states for array in state.fields.values()} - {"int64"}
    assert kinds == {"float64" if accuracy else "float32"}
    expected = by_definition(task, [array.astype("float64") for array in data], rows=5, columns=30, batch=(2,))
    for output, true, size in zip(
        finish(reduce(State.merge, states)), expected, tolerance(task, data, SHAPE, "float32"), strict=True
    ):
        assert_close(output, true, size)


# ---------------------------------------------------------------- what is refused


def test_states_that_do_not_belong_together() -> None:
    task, other = problem("Sum", 3), problem("Mean", 3)
    data = arrays(task, SHAPE, "float64", integers=False)
    state = part_of(task, data, SHAPE, 0, 10)
    with pytest.raises(ArgumentTypeError, match="A state is merged with states; found an object of type int"):
        state.merge(3)  # type: ignore[arg-type]
    with pytest.raises(
        ArgumentValueError, match=r"States of one routine are merged; found one of Sum of .* of Mean of"
    ):
        state.merge(part_of(other, data, SHAPE, 10, 20))
    fewer = replace(SHAPE, rows=3)
    rest = part_of(task, arrays(task, fewer, "float64", integers=False), fewer, 10, 20)
    with pytest.raises(
        ArgumentValueError, match=r"found one of a batch \(2,\) of 5 rows and one of a batch \(2,\) of 3"
    ):
        state.merge(rest)
    with pytest.raises(ArgumentValueError, match="found one of float64 results and one of float32 results"):
        state.merge(part_of(task, arrays(task, SHAPE, "float32", integers=False), SHAPE, 10, 20))
    with pytest.raises(ArgumentValueError, match="The columns 5 to 9 are in two of the states that are merged"):
        state.merge(part_of(task, data, SHAPE, 5, 20))


def test_columns_that_cannot_be_numbered() -> None:
    task = problem("Sum", 3)
    data = arrays(task, SHAPE, "float64", integers=False)
    for origin in (-1, 2**63 - 20):
        with pytest.raises(ArgumentValueError, match=f"columns_from is {origin}, and 30 columns begin there"):
            part_of(task, data, SHAPE, 0, 30, origin=origin)
