"""What notebooks show of each kind of object: well-formed HTML with the facts, bounded, made when it is looked at."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch

import pairfold as pf
from pairfold.api import look
from pairfold.engine import Explanation
from pairfold.errors import TargetError
from pairfold.ir.expr import Category, apply, has_more_nodes
from pairfold.lazy.value import tensor_of, value_of
from pairfold.numpy import Genred, KernelSolve, LazyTensor, Pm, Tree, Vi, Vj
from pairfold.ops.arithmetic import variable
from pairfold.pruning.report import Report
from tests.display.html import Page, read

mpl.use("Agg")

RANDOM = np.random.default_rng(1)
X, Y, B = RANDOM.random((20, 3)), RANDOM.random((30, 3)), RANDOM.random((30, 1))
ALIASES = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)"]
GAUSSIAN = Genred("Exp(-g * SqDist(x, y)) * b", ALIASES, axis=1)
KERNEL = (-Vi(X).sqdist(Vj(Y))).exp()
SOLVER = KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(3)", "y = Vj(3)", "a = Vj(1)"], "a", axis=1)


def page_of(shown: Any) -> Page:
    html = shown._repr_html_()
    assert len(html) < 40_000
    return read(html)


def solve_report() -> Any:
    return SOLVER(X, X, X[:, :1], alpha=1.0, return_report=True)[1]


SHOWN: dict[str, tuple[Callable[[], Any], str, dict[str, str]]] = {
    "LazyTensor": (
        lambda: KERNEL,
        "LazyTensor of shape (20, 30, 1)",
        {
            "shape": "(20, 30, 1)",
            "formula": "Exp((-SqDist(Vi(0,3), Vj(1,3))))",
            "dtype": "float64",
            "Vi(0,3)": "NumPy array of shape (20, 3), float64",
            "work of": "Sum over 30 columns j, for 20 rows i, in float64",
        },
    ),
    "tensor": (
        lambda: pf.Vi(torch.zeros(4, 5, 3)) * [2.5, 1.0, 0.0],
        "LazyTensor of shape (4, 5, 1, 3)",
        {
            "dtype": "float32",
            "Vi(0,3)": "PyTorch array of shape (4, 5, 3), float32",
            "Pm(1,3)": "numbers: [2.5, 1.0, 0.0]",
        },
    ),
    "complex": (
        lambda: LazyTensor(1j * X[:, None, :]),
        "ComplexLazyTensor of shape (20, 1, 3)",
        {"dtype": "float64"},
    ),
    "symbols": (
        lambda: Vi(0, 3) - Vj(1, 3),
        "LazyTensor of shape (None, None, 3)",
        {"Vj(1,3)": "symbolic: argument 1 of the reduction", "dtype": "that of the arguments"},
    ),
    "waiting": (
        lambda: (Vi(0, 3) - Vj(1, 3)).square().sum(-1).min(axis=1),
        "Min over j, one result per i",
        {"arguments of the call": "2 arrays, for the symbolic variables"},
    ),
    "reduction": (
        lambda: KERNEL.sum(axis=0, call=False),
        "Sum over i, one result per j",
        {"arguments of the call": "none", "note": "axis=0: below, i and j have exchanged their names."},
    ),
    "matrix": (
        KERNEL.as_matrix,
        "matrix of shape (20, 30), of a LazyTensor of shape (20, 30, 1)",
        {"dtype": "float64"},
    ),
    "Genred": (
        lambda: GAUSSIAN,
        "Genred",
        {
            "reduction": "Sum over j, one result per i",
            "formula": "Exp(-g * SqDist(x, y)) * b",
            "arguments": "x = Vi(3), y = Vj(3), b = Vj(1), g = Pm(1)",
            "computed once per call": "(-g)",
        },
    ),
    "options": (
        lambda: Genred("x - y", ["x = Vi(1)", "y = Vj(1)"], "Sum", 1, sum_scheme="kahan_scheme"),
        "Genred",
        {"sum_scheme": "kahan_scheme"},
    ),
    "K": (
        lambda: pf.Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], "ArgKMin", opt_arg=3, axis=1),
        "Genred",
        {"K": "3", "reduction": "ArgKMin over j, one result per i"},
    ),
    "weight": (
        lambda: Genred("x - y", ["x = Vi(1)", "y = Vj(1)", "w = Vj(2)"], "LogSumExp", 1, formula2="w"),
        "Genred",
        {"weight": "w"},
    ),
    "KernelSolve": (lambda: SOLVER, "KernelSolve", {"unknown": "a", "formula": "Exp(-SqDist(x, y)) * a"}),
    "Explanation": (
        lambda: GAUSSIAN.explain(X, Y, B, 0.5),
        "Sum over 30 columns j, for 20 rows i, in float64",
        {"computed once per call": "(-g)", "work per call": "1 operations x 1", "work per pair": "12 operations x 600"},
    ),
    "Report": (
        lambda: Report("guaranteed", 2e-4, 0.03, (("trees", 0.1), ("reducing", 0.3)), every_pair=6.0),
        "Report: guaranteed",
        {"bound": "errors at most 0.0002", "looked at": "3 % of the pairs"},
    ),
    "SolveReport": (solve_report, "SolveReport", {"reason": "the residual reached its target"}),
    "State": (
        lambda: KERNEL.partial("sum", axis=1, columns_from=5),
        "state of Sum for 20 rows after the columns 5 to 34",
        {"results": "float64, numpy arrays", "memory": "0.00016 MB"},
    ),
    "Tree": (lambda: Tree(X), "Tree of 20 points of dimension 3", {"points": "NumPy array of shape (20, 3), float64"}),
}


@pytest.mark.parametrize("name", SHOWN)
def test_cards_say_the_facts(name: str) -> None:
    make, title, facts = SHOWN[name]
    page = page_of(make())
    assert page.texts[0] == title
    assert facts.items() <= page.facts.items()


def test_formulas_are_escaped() -> None:
    routine = Genred("(x < y) * b", ["x = Vi(1)", "y = Vj(1)", "b = Vj(1)"], axis=1)
    assert page_of(routine).facts["formula"] == "(x < y) * b"


def test_nothing_is_worked_out_before_an_object_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    real = look.worked_out
    monkeypatch.setattr("pairfold.lazy.tensor.worked_out", lambda *args: calls.append(args) or real(*args))
    kernel = (Vi(X) * Vj(Y)).sum(-1)
    repr(kernel)
    assert calls == []
    kernel._repr_html_()
    assert len(calls) == 1


def chain(length: int) -> Any:
    """Return a LazyTensor of so many operations, one on the other."""
    kernel = (Vi(X) - Vj(Y)).sum(-1)
    value = value_of(kernel)
    expr = value.expr
    for number in range(length):
        expr = apply("Add", expr, expr) if number < 5 else apply("Sin", expr)
    return tensor_of(value.with_expr(expr))


def test_large_formulas_are_not_worked_out() -> None:
    large = chain(200_000)
    page = page_of(large)
    assert page.facts["work"] == f"not worked out for a formula of more than {look.LARGEST} parts; explain() does it"
    assert len(page.facts["formula"]) <= 400
    assert "work" not in page_of(chain(20)).facts


def test_many_arrays_and_long_texts_are_cut() -> None:
    tensor: Any = sum(Vi(RANDOM.random((20, 1))) for _ in range(50)) * Vj(B)
    assert page_of(tensor).facts["..."] == "and 39 more arrays"
    names = [f"x{number}" for number in range(2000)]
    routine = Genred(" + ".join(names), [f"{name} = Vi(1)" for name in names], axis=1)
    assert page_of(routine).facts["arguments"].endswith("x19 = Vi(1) and 1980 more")
    assert len(repr(routine)) < 5000
    solver = KernelSolve(
        "a * (" + " + ".join(["1.5"] * 2000) + ")", ["x = Vi(1)", "y = Vj(1)", "a = Vj(1)"], "a", axis=1
    )
    assert len(repr(solver)) < 5000


def test_states_of_many_stretches_are_short() -> None:
    states = [KERNEL.partial("sum", axis=1, columns_from=100 * number) for number in range(40)]
    state = states[0].merge(*states[1:])
    assert repr(state).endswith("700 to 729 and 32 more stretches>")
    page_of(state)


def test_reports_of_many_iterations_are_short() -> None:
    report = solve_report()
    assert repr(report).startswith(f"SolveReport(converged in {report.iterations} iterations; from ")
    assert len(repr(report)) < 200


def test_a_card_does_not_fail_where_a_call_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise TargetError("There is no <such> machine.")

    monkeypatch.setattr("pairfold.api.routine.explain", refuse)
    kernel = (Vi(X) - Vj(Y)).sum(-1)
    kernel.backend = "CPU"
    for shown in (kernel, GAUSSIAN, SOLVER):
        assert page_of(shown).facts["work"] == "not known: There is no <such> machine."
    assert page_of(kernel).facts["backend"] == "CPU"


def test_masks_of_a_tensor_are_told() -> None:
    kernel = (Vi(X) - Vj(Y)).sum(-1)
    kernel.ranges = pf.band(3)
    assert page_of(kernel).facts["ranges"] == "band(3): the pairs with |i - j| <= 3"
    kernel.ranges = pf.band(3).ranges(20, 30)
    assert page_of(kernel).facts["ranges"] == "blocks of rows and columns"


# ---------------------------------------------------------------- explanations


def test_an_explanation_is_a_text() -> None:
    explained = GAUSSIAN.explain(X, Y, B, 0.5)
    assert isinstance(explained, str)
    assert repr(explained) == explained
    lines = explained.splitlines()
    assert lines[0] == f"{explained.heading}:"
    assert lines[1] == "  (b * Exp(((-g) * Sum(((x - y) * (x - y))))))"
    assert [name for name, _ in explained.facts] == [
        *("formula", "computed once per call", "schedule", "processor", "predicted limit", "memory")
    ]
    again = pickle.loads(pickle.dumps(explained))
    assert (again, again.facts, again.levels) == (explained, explained.facts, explained.levels)


def test_notes_come_first_and_tolerances_last() -> None:
    explained = Genred("x - y", ["x = Vi(1)", "y = Vj(1)"], axis=0).explain(X[:, :1], Y[:, :1], tol=1e-3)
    assert explained.splitlines()[0] == "axis=0: below, i and j have exchanged their names."
    assert explained.facts[-1][0] == "tolerance tol=0.001"
    assert explained.splitlines()[-1] == ": ".join(explained.facts[-1])
    assert read(explained._repr_html_()).facts["note"] == explained.note


def test_levels_say_how_often_what_is_computed() -> None:
    batch = np.stack([X, X])
    routine = Genred("Exp(x) * Sin(y) * Sum(x * y) * Exp(p)", ["x = Vi(3)", "y = Vj(3)", "p = Pm(1)"], axis=1)
    levels = {level.name: level for level in routine.explain(batch, Y, 0.5).levels}
    assert [level.times for level in levels.values()] == [1, 40, 60, 1200]
    assert levels["call"].operations == 1
    assert levels["row"].operations >= 3
    assert levels["column"].operations >= 3
    assert levels["pair"].total == levels["pair"].operations * 1200


def test_plot_shows_the_levels_and_what_it_would_be_without_them() -> None:
    explained = GAUSSIAN.explain(X, Y, B, 0.5)
    ax = explained.plot()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["once per call", "once per row", "once per column", "once per pair", "everything for every pair"]
    widths = [bar.get_width() for bar in ax.patches]
    assert widths[:4] == [level.total for level in explained.levels]
    assert widths[4] == sum(level.operations for level in explained.levels) * 600
    assert ax.get_title() == explained.heading
    assert explained.plot(ax) is ax


def test_explanations_of_every_front_end_can_be_plotted() -> None:
    assert isinstance(pf.Genred("x - y", ["x = Vi(1)", "y = Vj(1)"], axis=1).explain(X[:, :1], B), Explanation)
    assert isinstance(KERNEL.explain(), Explanation)
    assert isinstance((Pm(2.0) * pf.Vi(torch.zeros(4, 3)) - pf.Vj(torch.zeros(4, 3))).sum(-1).explain(), Explanation)


def test_counting_nodes_stops() -> None:
    x = variable(0, 1, Category.ROW)
    y = apply("Sin", apply("Add", x, x))
    assert not has_more_nodes([y], 3)
    assert has_more_nodes([y], 2)
