"""Random dtypes and numbers beside each other, in both front ends: nothing is lost before the result is rounded."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.comparison import assert_owned

FRONT_ENDS = ["numpy", *(["torch"] if importlib.util.find_spec("torch") else [])]
DTYPES = ("float16", "bfloat16", "float32", "float64", "int32", "int64", "bool")
UNITS = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}

PROGRAMS: dict[str, Callable[..., Any]] = {
    "lag": lambda x, y, b, p, q: abs(x - y) * b,
    "equal": lambda x, y, b, p, q: (x == y) * b,
    "number": lambda x, y, b, p, q: (x - y + p) * b,
    "scaled": lambda x, y, b, p, q: ((x - y) * p) / q + b,
    "less": lambda x, y, b, p, q: (x - y < p) * b,
    "mixed": lambda x, y, b, p, q: (x - y) * 2 + b * 3 - p,
}
"""The same text for LazyTensors and for arrays (N, M): few roundings, of which none loses digits."""


@dataclass(frozen=True)
class Case:
    """Dtypes of x, y and b, numbers p and q, a program, and what is reduced how."""

    dtypes: tuple[str, str, str]
    numbers: tuple[float, float]
    program: str
    reduction: str
    axis: int
    wraps: bool
    seed: int


NUMBERS = st.sampled_from([1e5, -1e9, 1e-8, 0.3, 3, -7, 2**24 + 1, 65520.0])
CASES = st.builds(
    Case,
    dtypes=st.tuples(*[st.sampled_from(DTYPES)] * 3),
    numbers=st.tuples(NUMBERS, NUMBERS),
    program=st.sampled_from(sorted(PROGRAMS)),
    reduction=st.sampled_from(["sum", "max", "min"]),
    axis=st.integers(0, 1),
    wraps=st.booleans(),
    seed=st.integers(0, 99),
)


def points(dtype: str, count: int, seed: int) -> np.ndarray[Any, Any]:
    """Return exact float64 values of numbers of a type: time stamps where it holds them."""
    generator = np.random.default_rng([seed, count])
    if dtype == "bool":
        return generator.integers(0, 2, (count, 1)).astype(np.float64)
    if dtype.startswith("int"):
        return (2**30 + generator.integers(-3, 4, (count, 1))).astype(np.float64)
    kind = ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
    return generator.uniform(-3, 3, (count, 1)).astype(kind).astype(np.float64)


def as_given(front_end: str, values: np.ndarray[Any, Any], dtype: str) -> Any:
    if front_end == "numpy":
        return values.astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    torch = importlib.import_module("torch")
    return torch.from_numpy(values).to(getattr(torch, dtype))


def name_of(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def promoted(front_end: str, dtypes: tuple[str, ...]) -> str | None:
    """Return the dtype of the result by the rules of the framework; None where NumPy has no common one."""
    if all(not dtype.endswith(("16", "32", "64")) or dtype.startswith("int") for dtype in dtypes):
        return "float64" if front_end == "numpy" else "float32"
    arrays = [as_given(front_end, np.zeros((1, 1)), dtype) for dtype in dtypes]
    try:
        if front_end == "numpy":
            return str(np.result_type(*arrays))
    except TypeError:
        return None
    return name_of(sum(arrays).dtype)


def check(front_end: str, case: Case) -> None:
    room = importlib.import_module(f"pairfold.{front_end}")
    values = [points(dtype, count, case.seed) for dtype, count in zip(case.dtypes, (4, 5, 5), strict=True)]
    wanted = promoted(front_end, case.dtypes)
    if wanted is None:
        return
    given = [as_given(front_end, array, dtype) for array, dtype in zip(values, case.dtypes, strict=True)]
    program = PROGRAMS[case.program]
    p, q = (room.Pm(number) if case.wraps else number for number in case.numbers)
    lazy = program(room.Vi(given[0]), room.Vj(given[1]), room.Vj(given[2]), p, q)
    found = getattr(lazy, case.reduction)(axis=case.axis)
    assert_owned(found)
    assert name_of(found.dtype) == wanted

    whole = any(dtype in ("int32", "int64") for dtype in case.dtypes) or "float64" in case.dtypes
    only_whole = all(dtype in ("int32", "int64", "bool") for dtype in case.dtypes)
    unit = UNITS["float64" if whole or only_whole else "float32"]
    x, y, b = values[0], values[1].T, values[2].T
    entries = np.asarray(program(x, y, b, *case.numbers), np.float64) * np.ones((4, 5))
    exact = getattr(entries, case.reduction)(axis=case.axis)
    # How large the terms are that the differences are made of, in the type of the arithmetic.
    sizes = program(abs(x), -abs(y), abs(b), abs(case.numbers[0]), abs(case.numbers[1]))
    noise = 20 * unit * np.sum(np.abs(sizes) * np.ones((4, 5)), axis=case.axis)
    result = np.asarray(as_float64(found))[:, 0]
    limit = np.abs(exact) * (1 + UNITS[wanted])
    largest = {"float16": 65504.0}.get(wanted, 3.3e38)
    fits = limit < largest
    tolerance = noise + UNITS[wanted] * np.abs(exact) + (6e-8 if wanted == "float16" else 1e-37)
    assert (np.abs(result - exact) <= tolerance)[fits].all(), f"{result}, expected {exact}, tolerance {tolerance}"


def as_float64(array: Any) -> Any:
    return array.astype(np.float64) if isinstance(array, np.ndarray) else array.double()


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@settings(max_examples=150)
@given(case=CASES)
def test_dtypes_and_numbers_beside_each_other(front_end: str, case: Case) -> None:
    check(front_end, case)
