"""Every record of the registries is complete: the documentation, the methods and the property tests are made from them.

What a record lacks is said in words, for whoever adds one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pairfold.codegen.primitives import PRIMITIVES
from pairfold.ir.expr import Category, Op
from pairfold.ir.reduction import REDUCTIONS, Reduction, Sizes
from pairfold.ops import OPERATIONS, variable
from pairfold.reductions.state import folded, transitions
from pairfold.targets.reference import evaluate
from pairfold.transform.calculus import CALCULUS
from tests.comparison import Array
from tests.conformance.cases import Case, all_cases

LEAVES = ("Var", "Const")


@pytest.mark.parametrize("op", OPERATIONS.values(), ids=repr)
def test_operation(op: Op) -> None:
    assert op.definition, f"{op.name} has no definition: one line of mathematics for the documentation"
    assert op.accuracy, f"{op.name} states no accuracy"
    assert op.doc == "" or op.doc.endswith("."), f"the doc of {op.name} is no sentence"
    if op.name in LEAVES:
        return
    has_derivative = op.pullback is not None or op.expand is not None or op.arity == 0
    assert has_derivative, f"{op.name} has no derivative: neither a pullback nor an expansion"
    for dims, params in op.sample:
        assert len(dims) == op.arity, f"a sample of {op.name} has {len(dims)} dimensions for {op.arity} operands"
        assert len(params) <= len(op.parameters)
        assert op.dimension(dims, params) >= 1
    assert len(op.domain) == op.arity, f"{op.name} has {op.arity} operands but {len(op.domain)} intervals in its domain"
    assert all(low < high for low, high in op.domain)
    if op.expand is None:
        _check_primitive(op)


def _check_primitive(op: Op) -> None:
    assert op.name in PRIMITIVES, f"{op.name} is a primitive: it needs an expansion, or an entry in PRIMITIVES"
    cases = [case for case in all_cases() if case[0] == op.name]
    grouped = {place for group in op.linear for place in group}
    for group in op.linear:
        assert all(_is_linear(case, group) for case in cases), f"{op.name} is not linear in its operands {group}"
    for place in set(range(op.arity)) - grouped:
        is_linear = all(_is_linear(case, (place,)) for case in cases)
        assert not is_linear, f"{op.name} is linear in operand {place}: its record must say so, in `linear`"
    if op.access:
        assert all(_only_moves(case) for case in cases), f"{op.name} is no access: it computes something"


def _is_linear(case: Case, group: tuple[int, ...]) -> bool:
    """Whether an operation maps combinations of the operands of the group, the others being fixed, to those."""
    return all(_maps_combinations(case, group, np.random.default_rng(seed)) for seed in range(8))


def _maps_combinations(case: Case, group: tuple[int, ...], generator: np.random.Generator) -> bool:
    name, dims, params = case
    # Some are equal and some are no integers: comparisons and roundings must show that they are not linear.
    first, second = ([generator.choice([-1.5, -1, -0.5, 0.5, 1, 1.5], dim) for dim in dims] for _ in range(2))

    def value(scale: float, other: float) -> Array:
        pairs = enumerate(zip(first, second, strict=True))
        return OPERATIONS[name].reference(*(scale * a + other * b if k in group else a for k, (a, b) in pairs), *params)

    with np.errstate(all="ignore"):
        return bool(np.allclose(value(2, -3), 2 * value(1, 0) - 3 * value(0, 1)))


def _only_moves(case: Case) -> bool:
    name, dims, params = case
    operands = [np.random.default_rng(k).random(dim) for k, dim in enumerate(dims)]
    return set(OPERATIONS[name].reference(*operands, *params)) <= {number for operand in operands for number in operand}


def test_method_names_are_used_once() -> None:
    methods = [op.method for op in OPERATIONS.values() if op.method]
    methods += [operator.method for operator in CALCULUS.values() if operator.method]
    assert len(methods) == len(set(methods))
    assert all(name.isidentifier() for name in methods)


# ---------------------------------------------------------------- reductions


@pytest.mark.parametrize("reduction", {id(r): r for r in REDUCTIONS.values()}.values(), ids=repr)
def test_reduction(reduction: Reduction) -> None:
    name = reduction.name
    assert reduction.definition, f"{name} has no definition: one line of mathematics for the documentation"
    assert reduction.doc == "" or reduction.doc.endswith("."), f"the doc of {name} is no sentence"
    assert reduction.fields, f"{name} has no state"
    for known in (name, *reduction.synonyms):
        assert REDUCTIONS[known] is reduction
    for other in (reduction.saved, reduction.weighted, *(one for pair in reduction.in_steps for one in pair)):
        assert other is None or other in REDUCTIONS, f"{name} names {other}, which is no reduction"
    if reduction.weighted is not None:
        assert REDUCTIONS[reduction.weighted].needs_weight, f"the weighted form of {name} takes no weight"
    _check_state(reduction)
    if not reduction.needs_weight and not reduction.needs_k:
        _check_facts(reduction)


def _check_state(reduction: Reduction) -> None:
    formulas = transitions(reduction, Sizes(1, 1, 3 if reduction.needs_k else 1))
    fields = {field.name for field in reduction.fields}
    if reduction.merge is None:
        assert reduction.needs_k, f"{reduction.name} needs a merge"
    else:
        assert formulas.merge.keys() == fields, f"merge of {reduction.name} must return all fields"
    assert formulas.update.keys() | formulas.rare.keys() <= fields, f"{reduction.name} updates what is no field"
    assert (formulas.guard is None) == (reduction.rare is None), f"{reduction.name}: guard and rare go together"
    kinds = [output.kind for output in formulas.finish]
    if reduction.finds_winners:
        assert kinds == [field.kind for field in reduction.fields] == ["real", "index"]


def _reduced(reduction: Reduction, table: Array) -> Array:
    """Return the first output of the definition over the columns of (rows, columns, dim)."""
    (first, *_) = reduction.reference(table, None, 1, np.arange(table.shape[-2]))
    return first


def _check_facts(reduction: Reduction) -> None:
    """What the record says about steps, components, folds and complex numbers is true of its definition."""
    name, generator = reduction.name, np.random.default_rng(0)
    dim = 1 if reduction.scalar_value else 2
    table = generator.uniform(-1, 1, (3, 6, dim))
    whole = _reduced(reduction, table)
    groups = [table[:, :3], table[:, 3:]]
    if reduction.in_steps:
        found: Any = 0
        for again, first in reduction.in_steps:
            parts = np.stack([_reduced(REDUCTIONS[first], group) for group in groups], axis=-2)
            found = found + _reduced(REDUCTIONS[again], parts)
        np.testing.assert_allclose(found, whole, rtol=1e-12, err_msg=f"{name} is not what its in_steps say")
    if reduction.on_parts:
        parts = _reduced(reduction, 2 * table) - _reduced(reduction, table)
        np.testing.assert_allclose(parts, whole, rtol=1e-12, err_msg=f"{name} is not linear, as on_parts says")
    if reduction.folds:
        columns = [variable(k, dim, Category.ROW) for k in range(6)]
        formula = folded(reduction, columns, "float64")
        (value,) = evaluate([formula], {column: table[:, k] for k, column in enumerate(columns)})
        np.testing.assert_allclose(value, whole, rtol=1e-12, err_msg=f"the fold of {name} is not its definition")
    vector, row = variable(0, 6, Category.ROW), table[..., 0]
    over = _reduced(reduction, table[..., :1])
    if reduction.operation is not None:
        value = OPERATIONS[reduction.operation].reference(row)
        np.testing.assert_allclose(value, over, rtol=1e-12, err_msg=f"{reduction.operation} is not {name}")
    if reduction.over_components is not None:
        (value,) = evaluate([reduction.over_components(vector)], {vector: row})
        np.testing.assert_allclose(value, over, rtol=1e-12, err_msg=f"over_components of {name} is not {name}")


@pytest.mark.parametrize("name", CALCULUS)
def test_operator_on_formulas(name: str) -> None:
    assert CALCULUS[name].name == name
    assert CALCULUS[name].definition
    assert name not in OPERATIONS
