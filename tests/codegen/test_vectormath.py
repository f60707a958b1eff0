"""Every vector math function holds its error bound and its special values, for every vector width and feature set."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from llvmlite import ir

from pairfold.codegen import coefficients
from pairfold.codegen.vectormath import ACCURACY_ULP, FUNCTIONS, VectorMath
from tests.codegen.drivers import Compiled, assembly_text, compiled, lane_counts, machines
from tests.codegen.samples import MULTIPLES, NAMES, PRECISION, samples, scaled_samples, split
from tests.codegen.ulps import assert_same_bits, assert_within, exact

Array = npt.NDArray[Any]
DTYPES = ["float32", "float64"]
MACHINES = list(machines().values())

each_type = pytest.mark.parametrize("dtype", DTYPES)
each_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


def _special_values(dtype: str) -> Array:
    limits = np.finfo(dtype)
    magnitudes = [
        0.0,
        float(limits.smallest_subnormal),
        float(limits.smallest_normal),
        1e-20,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        80.0,
        1e4,
        2.0**limits.nmant - 1,
        2.0 ** (limits.nmant + 1) - 1,
        2.0 ** (limits.nmant + 1),
        1e30,
        float(limits.max),
        np.inf,
        np.nan,
    ]
    return np.array([sign * value for value in magnitudes for sign in (1.0, -1.0)], dtype)


REFERENCES: dict[str, Any] = {
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "pow": np.power,
    "atan2": np.arctan2,
    "erf": lambda x: np.where(np.isnan(x), x, np.copysign(1.0, x) * (x != 0)),
    "rsqrt": lambda x: np.where(x == 0, 0.0, 1 / np.sqrt(x)),
}


def _kind(values: Array) -> Array:
    """nan, infinities and zeros as they are, other numbers as 1 or -1."""
    ordinary = np.isfinite(values) & (values != 0)
    return np.where(ordinary, np.copysign(1.0, values), values)


def test_the_table_of_bounds_is_complete() -> None:
    assert set(ACCURACY_ULP) == set(FUNCTIONS) == {*NAMES, "exp_scaled"}
    assert all(set(bounds) == set(DTYPES) for bounds in ACCURACY_ULP.values())


@pytest.mark.parametrize("name", NAMES)
@each_type
@each_machine
def test_error_bound(name: str, dtype: str, machine: Any) -> None:
    arguments, expected = samples(name, dtype)
    for lanes in lane_counts(machine, dtype):
        found = compiled(name, dtype, lanes, machine)(*arguments)
        assert_within(found, expected, ACCURACY_ULP[name][dtype], *arguments)


@pytest.mark.parametrize("name", NAMES)
@each_type
@each_machine
def test_special_values(name: str, dtype: str, machine: Any) -> None:
    values = _special_values(dtype)
    arguments = [values]
    if FUNCTIONS[name][1] == 2:
        arguments = [grid.ravel() for grid in np.meshgrid(values, values)]
    reference = REFERENCES.get(name) or getattr(np, name)
    with np.errstate(all="ignore"):
        expected = reference(*(argument.astype(np.float64) for argument in arguments)).astype(dtype)
    for lanes in lane_counts(machine, dtype):
        found = compiled(name, dtype, lanes, machine)(*arguments)
        assert_same_bits(_kind(found), _kind(expected), *arguments)


@each_type
@each_machine
def test_exact_values(dtype: str, machine: Any) -> None:
    """Results that have no rounding error, at points where users notice one."""
    smallest = float(np.finfo(dtype).smallest_subnormal)
    table = {
        "exp": ([0.0, smallest, -smallest], [1.0, 1.0, 1.0]),
        "exp2": ([-3.0, 0.0, 10.0, np.log2(smallest)], [0.125, 1.0, 1024.0, smallest]),
        "log": ([1.0], [0.0]),
        "sqrt": ([4.0, 9.0, 1e6, 0.25], [2.0, 3.0, 1e3, 0.5]),
        "rsqrt": ([4.0, 0.25, 0.0], [0.5, 2.0, 0.0]),
        "cos": ([0.0, smallest], [1.0, 1.0]),
        "sin": ([smallest, -smallest], [smallest, -smallest]),
        "tanh": ([50.0, -50.0], [1.0, -1.0]),
        "erf": ([50.0, -50.0], [1.0, -1.0]),
        "expm1": ([-100.0, smallest], [-1.0, smallest]),
        "log1p": ([smallest, -1.0], [smallest, -np.inf]),
        "atan": ([np.inf, -np.inf], [np.pi / 2, -np.pi / 2]),
        "asin": ([1.0, -1.0], [np.pi / 2, -np.pi / 2]),
        "acos": ([1.0, -1.0], [0.0, np.pi]),
    }
    for name, (arguments, expected) in table.items():
        points = np.array(arguments, dtype)
        for lanes in lane_counts(machine, dtype):
            found = compiled(name, dtype, lanes, machine)(points)
            assert_same_bits(found, np.array(expected, dtype), points)


@pytest.mark.parametrize("multiple", MULTIPLES)
@each_type
@each_machine
def test_exponential_of_a_multiple(multiple: float, dtype: str, machine: Any) -> None:
    (x,), expected = scaled_samples(multiple, dtype)
    scale = split(multiple, dtype)
    edges = np.array([np.inf, -np.inf, np.nan, float(np.finfo(dtype).max), -float(np.finfo(dtype).max), 0.0, -0.0])
    at_edges = np.array([np.inf, 0.0, np.nan, np.inf, 0.0, 1.0, 1.0])
    if multiple < 0:
        at_edges[[0, 1, 3, 4]] = at_edges[[1, 0, 4, 3]]
    for lanes in lane_counts(machine, dtype):
        function = compiled("exp_scaled", dtype, lanes, machine)
        assert_within(function(x, *scale), expected, ACCURACY_ULP["exp_scaled"][dtype], x)
        assert_same_bits(function(edges, *scale), at_edges.astype(dtype), edges)


@each_type
@each_machine
def test_exponentials_of_numbers_of_any_size(dtype: str, machine: Any) -> None:
    """Beyond the largest exponent of the type the result is 0 or inf, however the argument is rounded on the way."""
    limits = np.finfo(dtype)
    sizes = np.ldexp(
        np.array([1.0, 1.25, 1.5, 2 - limits.eps], dtype)[:, None], np.arange(11, limits.maxexp - 1)
    ).ravel()
    x = np.concatenate([sizes, -sizes])
    expected = np.where(x > 0, np.inf, 0.0).astype(dtype)
    for lanes in lane_counts(machine, dtype):
        for name in ("exp", "exp2"):
            assert_same_bits(compiled(name, dtype, lanes, machine)(x), expected, x)
        for multiple in (1.5, -1.5):
            found = compiled("exp_scaled", dtype, lanes, machine)(
                np.copysign(1.0, multiple).astype(dtype) * x, *split(multiple, dtype)
            )
            assert_same_bits(found, expected, x)


@each_type
@each_machine
def test_exponential_of_zero_times_x(dtype: str, machine: Any) -> None:
    x = np.array([0.0, 1.0, -1e30, np.nan, np.inf], dtype)
    for lanes in lane_counts(machine, dtype):
        found = compiled("exp_scaled", dtype, lanes, machine)(x, *split(0.0, dtype))
        assert_same_bits(found, np.array([1.0, 1.0, 1.0, np.nan, np.nan], dtype), x)


@each_machine
def test_one_huge_lane_leaves_the_others_alone(machine: Any) -> None:
    """The slow reduction of huge angles serves the lanes that need it, the others get their usual bits."""
    for name in ("sin", "cos", "tan"):
        function = compiled(name, "float64", max(lane_counts(machine, "float64")), machine)
        x = np.linspace(-8, 8, 16)
        alone = function(x)
        x[5] = 1e22
        together = function(x)
        others = np.arange(16) != 5
        assert_same_bits(together[others], alone[others], x[others])
        with mpmath.workprec(PRECISION):
            value = getattr(mpmath, name)(mpmath.mpf(10) ** 22)
            assert_within(together[5:6], exact([value]), ACCURACY_ULP[name]["float64"])


_FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(_FINITE, _FINITE), min_size=1, max_size=20))
def test_any_pair(pairs: list[tuple[float, float]]) -> None:
    """Pairs that hypothesis thinks nasty, for the two functions of two arguments."""
    x, y = (np.array(column) for column in zip(*pairs, strict=True))
    machine = MACHINES[-1]
    lanes = lane_counts(machine, "float64")[-2]
    with np.errstate(all="ignore"):
        for name, reference in (("atan2", np.arctan2), ("pow", np.power)):
            expected = reference(x, y)
            # The library of the platform may itself be wrong by one unit.
            bound = ACCURACY_ULP[name]["float64"] + 1
            found = compiled(name, "float64", lanes, machine)(x, y)
            assert_same_bits(_kind(found), _kind(expected), x, y)
            assert_within(found, exact(expected.tolist()), bound, x, y)


@each_machine
def test_a_wrong_polynomial_is_noticed(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds are tight enough to see one wrong bit in the middle of a coefficient."""
    table = dict(coefficients.EXP2)
    for dtype in DTYPES:  # without fused instructions, float32 is computed by the polynomial of float64
        first, second, *others = table[dtype]
        table[dtype] = (first, second * (1 + 2**-12), *others)
    monkeypatch.setattr("pairfold.codegen.coefficients.EXP2", table)
    (x,), expected = samples("exp", "float32")
    changed = Compiled("exp", "float32", 1, machine)
    with pytest.raises(AssertionError, match="units in the last place"):
        assert_within(changed(x), expected, ACCURACY_ULP["exp"]["float32"], x)


def test_functions_are_defined_once() -> None:
    module = ir.Module()
    math = VectorMath(module, 8, "float32", frozenset({"fma"}))
    assert math.function("exp") is math.function("exp")
    assert math.function("sin") is not math.function("cos")
    assert str(module).count("define internal <8 x float> @") == 3


def test_no_function_uses_an_instruction_that_is_missing() -> None:
    machine = machines().get("avx512", MACHINES[0])
    for name in FUNCTIONS:
        for dtype in DTYPES:
            plain = assembly_text(name, dtype, 8, machine._replace(features=frozenset({"sse2"})))
            assert "llvm.x86" not in plain
            assert "llvm.fma" not in plain
            fused = assembly_text(name, dtype, 8, machine._replace(features=frozenset({"fma"})))
            assert "llvm.x86" not in fused
            for flag in ("fast", "nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc"):
                assert f" {flag} " not in fused


def test_bad_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 lane, not 0"):
        VectorMath(ir.Module(), 0, "float32", frozenset())
    with pytest.raises(ValueError, match="exist for float32, float64, not for 'float16'"):
        VectorMath(ir.Module(), 1, "float16", frozenset())
    with pytest.raises(KeyError, match="no vector function 'gamma'; there are acos, asin"):
        VectorMath(ir.Module(), 1, "float32", frozenset()).function("gamma")
