"""Comparisons that the tests share, and the tolerances that follow from the records of the operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pairfold.ir.expr import Expr, topological
from pairfold.transform.expand import expand

Array = npt.NDArray[Any]

SAFETY = 4.0
"""The spread is a maximum over a few random trials, not over all roundings."""


def assert_owned(*results: Any) -> None:
    """Fail unless arrays or tensors are as an array library makes them.

    They are contiguous, and their memory holds nothing else, which a slice of a larger array would keep alive.
    """
    for result in results:
        if isinstance(result, np.ndarray):
            memory = result
            while isinstance(memory.base, np.ndarray):
                memory = memory.base
            is_contiguous, held, size = result.flags.c_contiguous, memory.nbytes, result.nbytes
        else:
            is_contiguous, held, size = result.is_contiguous(), result.untyped_storage().nbytes(), result.nbytes
        assert is_contiguous, f"shape {tuple(result.shape)} with strides {getattr(result, 'strides', None)}"
        assert held == size, f"{size} bytes are part of {held}"


def assert_close(found: Array, expected: Array, tolerance: Any) -> None:
    """Fail unless shapes agree, finite values differ by at most `tolerance`, and nan and inf sit at the same places.

    Integers (column numbers) must be equal.
    """
    assert found.shape == expected.shape, f"shape {found.shape}, expected {expected.shape}"
    if expected.dtype.kind == "i":
        assert found.dtype == expected.dtype, f"dtype {found.dtype}, expected {expected.dtype}"
        assert np.array_equal(found, expected), f"{found}\nexpected\n{expected}"
        return
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    tolerance = np.broadcast_to(np.nan_to_num(tolerance, nan=0.0, posinf=0.0), expected.shape)
    special = ~np.isfinite(expected)
    same = np.where(special, (found == expected) | (np.isnan(found) & np.isnan(expected)), True)
    with np.errstate(invalid="ignore"):
        error = np.where(special, 0.0, np.abs(found - expected))
    wrong = ~same | ~(error <= tolerance)
    if wrong.any():
        where = tuple(np.argwhere(wrong)[0])
        raise AssertionError(
            f"{int(wrong.sum())} of {wrong.size} entries differ; first at {where}: {found[where]!r}, "
            f"expected {expected[where]!r}, tolerance {tolerance[where]!r}"
        )


def perturbed(
    roots: Sequence[Expr], bindings: Mapping[Expr, Array], unit: float, generator: np.random.Generator
) -> list[Array]:
    """Evaluate expressions of primitives in float64, each step with a random error of its stated size.

    `unit` is the unit in the last place of the type whose rounding is imitated.
    """
    found: dict[Expr, Array] = {}
    with np.errstate(all="ignore"):
        for node in topological(roots):
            if node in bindings:
                array = np.asarray(bindings[node], np.float64)
            else:
                args = [found[arg] for arg in node.args]
                if node.op.name in ("Sum", "SumAxis", "SumTiles"):
                    args = [_shaken(arg, unit * arg.shape[-1] / 2, generator) for arg in args]
                array = np.asarray(node.op.reference(*args, *node.params), np.float64)
                array = _shaken(array, unit * node.op.ulp, generator)
            found[node] = array
    return [found[root] for root in roots]


def _shaken(array: Array, size: float, generator: np.random.Generator) -> Array:
    return array * (1 + size * generator.uniform(-1, 1, array.shape))


def spread(roots: Sequence[Expr], bindings: Mapping[Expr, Array], dtype: str, trials: int = 6) -> list[Array]:
    """Return how far correct code in `dtype` may be from the exact values: the tolerance of `assert_close`."""
    generator = np.random.default_rng(0)
    primitive = expand(list(roots))
    unit = float(np.finfo(dtype).eps)
    exact = perturbed(primitive, bindings, 0.0, generator)
    largest = [np.zeros_like(array) for array in exact]
    for _ in range(trials):
        for number, array in enumerate(perturbed(primitive, bindings, unit, generator)):
            with np.errstate(invalid="ignore"):
                largest[number] = np.fmax(largest[number], np.abs(array - exact[number]))
    smallest = float(np.finfo(dtype).smallest_normal)
    return [SAFETY * (size + unit * np.abs(array)) + smallest for size, array in zip(largest, exact, strict=True)]
