"""Random programs on LazyTensors and as formula strings: values and gradients against dense tensors.

``tools/fuzz_formulas.py`` tries many more of them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairfold.targets import reference
from pairfold.torch import operator as torch_operator
from tests.programs import STEPS, Argument, Program, carry_out, draw, faults

PROGRAMS = st.randoms(use_true_random=False)


@given(PROGRAMS.map(draw))
def test_random_programs(program: Program) -> None:
    assert not faults(program, carry_out(program))


@settings(max_examples=120)
@given(PROGRAMS.map(lambda choice: draw(choice, framework="torch")))
def test_more_random_programs_by_definition(monkeypatch: pytest.MonkeyPatch, program: Program) -> None:
    """The same without machine code, whose making takes most of the time."""
    with monkeypatch.context() as patch:
        patch.setattr(torch_operator, "run", reference.run)
        assert not faults(program, carry_out(program))


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = (Argument("i", 1, "float64"), Argument("j", 1, "float64"))
    program = Program(arguments, (3, 4), (("sin", (0,), 0), ("*", (2, 1), 0)), "sum", 1)
    assert not faults(program, carry_out(program))
    monkeypatch.setitem(STEPS, "sin", replace(STEPS["sin"], lazy="{0}.sin() * (1 + 1e-12)"))
    found = faults(program, carry_out(program))
    assert [fault.where for fault in found] == ["result", "gradient in x", "gradient in y"]
