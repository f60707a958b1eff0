"""Which components of its operands a component is made of, and component numbers that know their loops."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfold.codegen.loops import Affine, Index, add, common_divisor, divide, modulo, multiply
from pairfold.codegen.primitives import PRIMITIVES, Fold, Structure
from pairfold.codegen.work import Layout
from pairfold.ir.expr import Category
from pairfold.ops import OPERATIONS, variable
from pairfold.targets.reference import evaluate
from tests.conformance.cases import Case, all_cases, build, label

NO_CODE: Any = None
"""For numbers that are known nothing is emitted."""

STRUCTURE = {name: found for name, found in PRIMITIVES.items() if isinstance(found, (Structure, Fold))}
CASES = [pytest.param(case, id=label(case)) for case in all_cases() if case[0] in STRUCTURE and case[1]]


@pytest.mark.parametrize("case", CASES)
def test_components_are_read_where_the_definition_has_them(case: Case) -> None:
    node, operands = build(case, [Category.ROW] * len(case[1]))
    # Powers of two, so that sums tell which terms they have.
    numbers = iter(2.0 ** np.arange(sum(operand.dim for operand in operands)))
    data = {operand: np.array([next(numbers) for _ in range(operand.dim)]) for operand in operands}
    (expected,) = evaluate([node], data)
    fold = {"Max": max, "Min": min}.get(case[0], sum)
    for index in range(node.dim):
        reads = STRUCTURE[case[0]].reads(NO_CODE, node, index)
        assert fold([data[part][at] for part, at in reads]) == expected[index]  # type: ignore[index]


def test_the_table_has_the_operations_without_an_expansion() -> None:
    assert set(PRIMITIVES) | {"Var"} == {name for name, op in OPERATIONS.items() if op.expand is None}


VALUES = (object(), object())
BOUNDS = (4, 6)


@st.composite
def indices(draw: st.DrawFn) -> Index:
    """Draw a component number in two loops, from sums and products."""
    index: Index = draw(st.integers(0, 30))
    for value, bound in zip(VALUES, BOUNDS, strict=True):
        term = multiply(Affine(0, ((1, value, bound),)), draw(st.sampled_from([0, 1, 2, 3, 6, 12, 24])))
        index = add(index, term)
    return index


def numbers(index: Index) -> list[int]:
    """Return the number at every step of the two loops."""
    if isinstance(index, int):
        return [index] * (BOUNDS[0] * BOUNDS[1])
    steps = product(*map(range, BOUNDS))
    return [index.constant + sum(c * step[VALUES.index(v)] for c, v, _ in index.terms) for step in steps]


class EmittedError(Exception):
    pass


class Refusing:
    """A builder that must not be asked for a division."""

    def __getattr__(self, name: str) -> Any:
        raise EmittedError


@given(indices(), st.sampled_from([1, 2, 3, 4, 6, 8, 12]))
def test_quotients_and_remainders_that_fold_are_right(index: Index, divisor: int) -> None:
    known = common_divisor(index, divisor)
    assert all(number % known == 0 for number in numbers(index))
    try:
        quotient, remainder = divide(Refusing(), index, divisor), modulo(Refusing(), index, divisor)  # type: ignore[arg-type]
    except EmittedError:
        return
    assert numbers(quotient) == [number // divisor for number in numbers(index)]
    assert numbers(remainder) == [number % divisor for number in numbers(index)]


def test_two_loops_over_a_matrix_need_no_division() -> None:
    row, column = (Affine(0, ((1, value, bound),)) for value, bound in zip(VALUES, BOUNDS, strict=True))
    index = add(multiply(row, BOUNDS[1]), column)
    assert divide(Refusing(), index, BOUNDS[1]) == row  # type: ignore[arg-type]
    assert modulo(Refusing(), index, BOUNDS[1]) == column  # type: ignore[arg-type]


def test_every_entry_of_the_argument_block_has_its_own_place() -> None:
    leaves = tuple(variable(k, k + 1, category) for k, category in enumerate((Category.ROW, Category.PARAMETER)))
    layout = Layout(leaves, outputs=3)
    places = [place for leaf in leaves for place in (layout.pointer(leaf), layout.stride(leaf))]
    places += [layout.intervals, layout.offsets, layout.packed, *map(layout.output, range(3))]
    assert sorted(places) == list(range(layout.size))
