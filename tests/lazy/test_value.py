"""The values of LazyTensors: joining them, making others, and that nothing changes one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pairfold.errors import ArgumentValueError
from pairfold.lazy.operations import binary, combined, unary
from pairfold.lazy.reading import read
from pairfold.lazy.value import Value, tensor_of, value_of
from pairfold.numpy import ComplexLazyTensor, LazyTensor
from pairfold.ops import OPERATIONS

X, Y = np.arange(12.0).reshape(4, 3), np.arange(15.0).reshape(5, 3)


@pytest.fixture
def x() -> Value:
    return read(LazyTensor, X, axis=0)


@pytest.fixture
def y() -> Value:
    return read(LazyTensor, Y, axis=1)


def test_what_is_joined_is_numbered_anew(x: Value, y: Value) -> None:
    joined, expr = x.join(y)
    assert joined.shape == (4, 5, 3)
    assert joined.leaves == (*x.leaves, *y.leaves)
    assert (joined.expr, expr.position) == (x.expr, 1)
    again, same = joined.join(y)
    assert (again.leaves, same) == (joined.leaves, expr)


def test_a_value_is_never_changed(x: Value, y: Value) -> None:
    before = tuple(x)
    binary(OPERATIONS["Add"], unary(OPERATIONS["Exp"], x), y)
    tensor = tensor_of(x)
    tensor.ranges, tensor.backend = "any", "CPU"
    assert tuple(x) == before
    assert (value_of(tensor).ranges, value_of(tensor).backend) == ("any", "CPU")
    with pytest.raises(AttributeError):
        x.rows = 7  # type: ignore[misc]


def test_unknown_sizes_follow_known_ones(x: Value, y: Value) -> None:
    symbol: Any = read(LazyTensor, (0, 3, 0))
    assert symbol.shape == (None, 1, 3)
    assert [symbol.join(x)[0].rows, x.join(symbol)[0].rows, symbol.join(y)[0].shape] == [4, 4, (None, 5, 3)]
    with pytest.raises(ArgumentValueError, match="numbers of rows or columns differ"):
        x.join(read(LazyTensor, Y, axis=0))


def test_transposing_twice_changes_nothing(x: Value, y: Value) -> None:
    value = binary(OPERATIONS["Subtract"], x, y)
    assert value.transposed().shape == (5, 4, 3)
    assert value.transposed().transposed().expr is value.expr


def test_complex_values_compute_pairs_and_count_numbers(x: Value) -> None:
    z = read(ComplexLazyTensor, X, axis=0)
    assert (z.shape, z.expr.dim, z.is_complex) == ((4, 1, 3), 6, True)
    found = combined(OPERATIONS["Concat"], [x, z])
    assert (found.kind, found.dim) == (ComplexLazyTensor, 6)
    assert unary(OPERATIONS["Abs"], z).kind is LazyTensor
