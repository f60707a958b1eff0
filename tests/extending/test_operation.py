"""An operation is one record: formulas, methods, derivatives, documentation and property tests follow."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pairfold.numpy
import pairfold.torch
from pairfold.codegen.primitives import PRIMITIVES
from pairfold.errors import TargetError, UnknownNameError
from pairfold.ir.expr import OPERATIONS
from pairfold.lazy.tensor import LazyTensorBase
from tests.conformance import test_operation_targets as targets
from tests.conformance import test_operations as laws
from tests.conformance.cases import all_cases
from tests.project import test_registries as registries

torch = pytest.importorskip("torch")
RANDOM = np.random.default_rng(5)
X, Y, B = RANDOM.random((6, 3)), RANDOM.random((9, 3)), RANDOM.random((6, 3))
ALIASES = ["x = Vi(3)", "y = Vj(3)"]
DIFFERENCE = X[:, None] - Y
DOCS = Path(__file__).parents[2] / "docs" / "_ext"

LAWS: list[Callable[..., None]] = [
    laws.test_reference_has_the_dimension_of_the_node,
    laws.test_simplified_equals_plain,
    laws.test_derivatives_agree_with_differences,
    laws.test_printed_formulas_are_read_back,
    targets.test_value_of_rows_columns_and_parameters,
    targets.test_gradient_with_respect_to_a_row,
]


def check_laws(name: str) -> None:
    """Run the property tests of the catalogue for one operation."""
    registries.test_operation(OPERATIONS[name])
    cases = [case for case in all_cases() if case[0] == name]
    assert cases
    for case in cases:
        for law in LAWS:
            law(case)
        for dtype in ("float32", "float64"):
            targets.test_value_at_a_pair(case, dtype)
        if OPERATIONS[name].expand is not None:
            laws.test_expansion_equals_reference(case)


def test_an_operation(run_example: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    run_example("operation.py")
    exact = -np.expm1(-(DIFFERENCE**2) / 2)
    routine = pairfold.numpy.Genred("Welsch(x - y)", ALIASES, axis=1)
    np.testing.assert_allclose(routine(X, Y), exact.sum(1), rtol=1e-12)
    for name, array in (("numpy", np.asarray), ("torch", torch.tensor)):
        front = getattr(pairfold, name)
        found = (front.Vi(array(X)) - front.Vj(array(Y))).welsch().sum(axis=1)
        np.testing.assert_allclose(found, exact.sum(1), rtol=1e-12)
    method = inspect.getattr_static(pairfold.torch.LazyTensor, "welsch")
    assert method.__name__ == "welsch"
    assert method.__doc__.split("\n\n") == ["1 - exp(-f^2 / 2).", "Returns\n-------\nLazyTensor, shape (..., N, M, D)"]
    slope = (DIFFERENCE * np.exp(-(DIFFERENCE**2) / 2)).sum(1) * B
    gradient = pairfold.numpy.Genred("Grad(Welsch(x - y), x, b)", [*ALIASES, "b = Vi(3)"], axis=1)
    np.testing.assert_allclose(gradient(X, Y, B), slope, rtol=1e-12)
    x = torch.tensor(X, requires_grad=True)
    (pairfold.torch.Genred("Welsch(x - y)", ALIASES, axis=1)(x, torch.tensor(Y)) * torch.tensor(B)).sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad, slope, rtol=1e-12)
    assert "special functions" in routine.explain(X, Y, target="cuda")
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])
    documentation: Any = __import__("registry")
    link = ":py:obj:`.welsch <pairfold.numpy.LazyTensor.welsch>`"
    assert f"``Welsch(f)``, method {link}" in documentation.operation_lines()
    check_laws("Welsch")


def test_a_primitive(run_example: Callable[[str], None]) -> None:
    run_example("primitive.py")
    routine = pairfold.numpy.Genred("CopySign(x, x - y)", ALIASES, axis=1)
    exact = np.copysign(X[:, None], DIFFERENCE).sum(1)
    np.testing.assert_allclose(routine(X, Y), exact, rtol=1e-12)
    x, y = pairfold.numpy.Vi(X), pairfold.numpy.Vj(Y)
    np.testing.assert_allclose(np.copysign(x, x - y).sum(1), exact, rtol=1e-12)
    assert "0 of them special functions" in routine.explain(X, Y, target="cuda")
    check_laws("CopySign")


def test_a_primitive_without_its_instruction(run_example: Callable[[str], None]) -> None:
    run_example("primitive.py")
    del PRIMITIVES["CopySign"]
    with pytest.raises(TargetError, match="CopySign has no expansion, which makes it a primitive, but PRIMITIVES does"):
        pairfold.numpy.Genred("CopySign(x, y)", ALIASES, axis=1)(X.astype("float32"), Y.astype("float32"))
    with pytest.raises(AssertionError, match="CopySign is a primitive"):
        registries.test_operation(OPERATIONS["CopySign"])


@pytest.mark.parametrize("name", ["Welsch", "CopySign"])
def test_nothing_stays(name: str) -> None:
    assert name not in OPERATIONS
    assert name not in PRIMITIVES
    assert not hasattr(LazyTensorBase, name.lower())
    with pytest.raises(UnknownNameError):
        pairfold.numpy.Genred(f"{name}(x)", ALIASES, axis=1)
