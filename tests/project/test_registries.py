"""Every record of the registries is complete: the documentation and the property tests are made from them."""

from __future__ import annotations

import pytest

from pairfold.ir.op import Op
from pairfold.ir.reduction import REDUCTIONS, Reduction
from pairfold.ops import OPERATIONS
from pairfold.transform.calculus import CALCULUS

LEAVES = ("Var", "Const")


@pytest.mark.parametrize("op", OPERATIONS.values(), ids=repr)
def test_operation(op: Op) -> None:
    assert op.definition
    assert op.accuracy
    assert op.doc == "" or op.doc.endswith(".")
    if op.name in LEAVES:
        return
    assert op.pullback is not None or op.expand is not None or op.arity == 0, "no derivative"
    for dims, params in op.sample:
        assert len(dims) == op.arity
        assert len(params) <= len(op.parameters)
        assert op.dimension(dims, params) >= 1
    assert len(op.domain) in (0, op.arity)
    assert all(low < high for low, high in op.domain)


def test_method_names_are_used_once() -> None:
    methods = [op.method for op in OPERATIONS.values() if op.method]
    methods += [operator.method for operator in CALCULUS.values() if operator.method]
    assert len(methods) == len(set(methods))
    assert all(name.isidentifier() for name in methods)


@pytest.mark.parametrize("reduction", {id(r): r for r in REDUCTIONS.values()}.values(), ids=repr)
def test_reduction(reduction: Reduction) -> None:
    assert reduction.definition
    assert reduction.doc == "" or reduction.doc.endswith(".")
    assert reduction.fields
    for name in (reduction.name, *reduction.synonyms):
        assert REDUCTIONS[name] is reduction


@pytest.mark.parametrize("name", CALCULUS)
def test_operator_on_formulas(name: str) -> None:
    assert CALCULUS[name].name == name
    assert CALCULUS[name].definition
    assert name not in OPERATIONS
