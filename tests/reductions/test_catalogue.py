"""The facts about reductions that users rely on: empty columns, ties, missing entries, infinities."""

from __future__ import annotations

import numpy as np
import pytest

from pairfold.errors import ArgumentValueError
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import register_reduction
from pairfold.ops import variable
from pairfold.reductions import REDUCTIONS
from pairfold.targets import reference
from tests.calls import by_definition, by_states
from tests.conformance.problems import NAMES

KEOPS_NAMES = """
Sum LogSumExp LogSumExpWeight SumSoftMaxWeight SoftMax Max_SumShiftExp Max_SumShiftExpWeight Min Max ArgMin ArgMax
Min_ArgMin Max_ArgMax KMin ArgKMin KMin_ArgKMin MinArgMin MaxArgMax KMinArgKMin
"""

NAN, INF = np.nan, np.inf
Y = variable(0, 1, Category.COLUMN)
W = variable(1, 1, Category.COLUMN)


@pytest.mark.parametrize("name", [*KEOPS_NAMES.split(), "Prod", "Mean", "Var", "Any", "All"])
def test_every_name_exists(name: str) -> None:
    assert name in REDUCTIONS


def test_names_are_registered_once() -> None:
    with pytest.raises(ValueError, match="reduction 'Sum' is registered twice"):
        register_reduction(REDUCTIONS["Sum"])


@pytest.mark.parametrize("name", NAMES)
def test_records_are_complete(name: str) -> None:
    reduction = REDUCTIONS[name]
    assert reduction.definition
    assert reduction.saved is None or REDUCTIONS[reduction.saved].saved is None


def _reduce(name: str, values: list[float], k: int = 2, weights: list[float] | None = None) -> list[object]:
    """Reduce numbers by the definition, and check that states agree on every way to cut them in two."""
    task = Problem(Y, REDUCTIONS[name], W if weights is not None else None, k)
    arrays = [np.asarray(data, float).reshape(-1, 1) for data in (values, weights or values)]
    columns = len(values)
    expected = by_definition(task, arrays, rows=1, columns=columns)
    for cut in range(columns + 1):
        found = by_states(task, arrays, [(0, cut), (cut, columns)], rows=1)
        for output, true in zip(found, expected, strict=True):
            np.testing.assert_allclose(output, true, rtol=1e-13)
    return [output[0].tolist() for output in expected]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("Sum", [], [[0]]),
        ("LogSumExp", [], [[-INF]]),
        ("LogSumExp", [-INF, -INF], [[-INF]]),
        ("LogSumExp", [-INF, 0, -INF], [[0]]),
        ("LogSumExp", [INF, INF], [[INF]]),
        ("LogSumExp", [1e308, 0], [[1e308]]),
        ("LogSumExp", [NAN, 0], [[NAN]]),
        ("Min", [], [[INF]]),
        ("Max", [], [[-INF]]),
        ("Min_ArgMin", [], [[INF], [-1]]),
        ("Min_ArgMin", [NAN, INF], [[INF], [-1]]),
        ("Max_ArgMax", [-INF, NAN], [[-INF], [-1]]),
        ("ArgMax", [INF, INF], [[0]]),
        ("Min_ArgMin", [3, 1, 1], [[1], [1]]),
        ("Max_ArgMax", [3, NAN, 3], [[3], [0]]),
        ("Min_ArgMin", [NAN, NAN], [[INF], [-1]]),
        ("ArgMin", [NAN, 4, 4], [[1]]),
        ("KMin_ArgKMin", [2, 1, 1], [[1, 1], [1, 2]]),
        ("KMin_ArgKMin", [5], [[5, INF], [0, -1]]),
        ("KMin_ArgKMin", [], [[INF, INF], [-1, -1]]),
        ("KMin_ArgKMin", [NAN, 3, INF], [[3, INF], [1, -1]]),
        ("Max_SumShiftExp", [], [[-INF, 0]]),
        ("Max_SumShiftExp", [1, 1], [[1, 2]]),
        ("Prod", [], [[1]]),
        ("Prod", [2, -3], [[-6]]),
        ("Mean", [1, 3], [[2]]),
        ("Mean", [], [[NAN]]),
        ("Var", [1, 3], [[1]]),
        ("Var", [], [[NAN]]),
        ("Var", [1e9, 1e9 + 2], [[1]]),
        ("Any", [], [[0]]),
        ("Any", [0, NAN], [[1]]),
        ("All", [], [[1]]),
        ("All", [1, 0], [[0]]),
    ],
)
def test_values(name: str, values: list[float], expected: list[object]) -> None:
    np.testing.assert_equal(_reduce(name, values), expected)


def test_weights_of_any_sign() -> None:
    np.testing.assert_allclose(_reduce("LogSumExpWeight", [0, 1], weights=[3, -1])[0], [np.log(3 - np.e)])
    np.testing.assert_equal(_reduce("LogSumExpWeight", [0, 1], weights=[1, -1]), [[NAN]])
    np.testing.assert_allclose(_reduce("SumSoftMaxWeight", [0, 0], weights=[1, 2])[0], [1.5])
    np.testing.assert_equal(_reduce("LogSumExpWeight", [0, 1], weights=[0, 0]), [[-INF]])


@pytest.mark.parametrize("values", [[], [-INF, -INF, -INF]])
def test_the_average_of_nothing_is_zero(values: list[float]) -> None:
    weights = [1.0, 2.0, INF][: len(values)]
    assert _reduce("SumSoftMaxWeight", values, weights=weights) == [[0]]
    assert _reduce("SumSoftMaxWeight_LogSumExp", values, weights=weights) == [[0], [-INF]]


def test_variance_of_data_far_from_zero_keeps_its_digits() -> None:
    """The shift follows the average, also when the first entry is far off."""
    generator = np.random.default_rng(0)
    values = (1e4 + generator.normal(size=1000)).astype("float32")
    task = Problem(Y, REDUCTIONS["Var"])
    (found,) = by_states(task, [values[:, None]], [(0, 1000)], rows=1)
    np.testing.assert_allclose(found, [[np.var(values.astype(float))]], rtol=1e-5)
    outlier = np.concatenate([[0.0], values]).astype("float32")
    (found,) = by_states(task, [outlier[:, None]], [(0, 1001)], rows=1)
    np.testing.assert_allclose(found, [[np.var(outlier.astype(float))]], rtol=1e-5)


def test_unbound_variables_are_named() -> None:
    with pytest.raises(ArgumentValueError, match=r"The variable Vj\(0,1\) is not bound"):
        reference.evaluate([Y], {})
