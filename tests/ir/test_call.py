"""Extents, and what stands beside a problem in a call."""

from __future__ import annotations

import pytest

from pairfold.api.request import Request
from pairfold.ir.call import Call, Extent, Options, Tolerance
from pairfold.ir.expr import Category
from pairfold.ops import variable
from tests.engine.problems import B, G, X, Y, gaussian_sum


def test_extents() -> None:
    extent = Extent(3, 5, (2, 4))
    assert extent.swapped == Extent(5, 3, (2, 4))
    assert extent.swapped.swapped == extent
    assert (extent.entries, Extent(3, 5).entries) == (8, 1)
    assert not extent.is_empty
    assert all(one.is_empty for one in (Extent(0, 5), Extent(3, 0), Extent(3, 5, (2, 0))))
    assert hash(extent) == hash(Extent(3, 5, (2, 4)))


def test_a_call_cannot_be_changed() -> None:
    call = Call(gaussian_sum(), Extent(3, 5), "float64")
    assert (call.ranges, call.options) == (None, Options())
    with pytest.raises(AttributeError):
        call.dtype = "float32"  # type: ignore[misc]


def test_arguments_are_what_the_formulas_read() -> None:
    """In the order of their positions, whatever the order of the formula."""
    assert gaussian_sum().arguments == {0: X, 1: Y, 2: B, 3: G}
    assert list(gaussian_sum().arguments) == [0, 1, 2, 3]
    assert gaussian_sum(outputs=2).shapes == ((2,),)


def test_sides() -> None:
    assert [one.other for one in Category] == [
        Category.COLUMN,
        Category.ROW,
        Category.PARAMETER,
        Category.PLACEHOLDER,
    ]
    assert [one.letter for one in Category] == ["i", "j", "", ""]
    assert [Category(k).prefix for k in range(3)] == ["Vi", "Vj", "Pm"]
    x = variable(7, 2, Category.COLUMN)
    assert (x.position, x.dim, x.category, x.kind) == (7, 2, Category.COLUMN, "real")


def test_a_tolerance_is_part_of_the_text_of_a_call() -> None:
    """Texts of before, which have none, mean every pair."""
    call = Call(gaussian_sum(), Extent(3, 5), "float64", options=Options(tolerance=Tolerance(1e-3, 0.1)))
    text = Request(call).text
    read = Request.from_text(text, call.extent, call.dtype).call
    assert (read.options, read.problem) == (call.options, call.problem)
    plain = Request(Call(gaussian_sum(), Extent(3, 5), "float64")).text
    assert "tolerance" not in plain
    assert Request.from_text(plain, call.extent, call.dtype).call.options.tolerance is None
