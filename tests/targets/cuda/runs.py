"""Run reductions through the fake driver, and compare them with their definition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.engine import Options
from pairfold.ir.problem import Problem
from pairfold.reductions import REDUCTIONS
from pairfold.targets.cuda.driver import use_driver
from tests.calls import by_definition, run
from tests.comparison import assert_close
from tests.conformance.problems import NAMES, Shape, arrays, tolerance
from tests.ptx_interpreter.driver import FakeDriver

__all__ = ["CASES", "EXACT", "check", "run_on_fake"]

Array = NDArray[Any]

EXACT = frozenset(name for name in NAMES if any(field.kind == "index" for field in REDUCTIONS[name].fields))
"""Reductions that give column numbers: they are tested on small integers, where rounding cannot change the winner."""

CASES = [(name, dim) for name in NAMES for dim in ((1,) if REDUCTIONS[name].scalar_value else (1, 3, 20))]
"""Every reduction with values that are scalars, short vectors, and vectors that run as loops."""


def run_on_fake(
    task: Problem,
    given: Sequence[Array | None],
    *,
    driver: FakeDriver | None = None,
    options: dict[str, Any] | None = None,
    **sizes: Any,
) -> tuple[Array, ...]:
    """Reduce on the interpreter, whose approximations are as bad as those of a GPU may be.

    Every call must give back what it takes.
    """
    driver = driver or FakeDriver(inaccuracy=1)
    with use_driver(driver):
        found = run(task, given, **sizes, options=Options(target="cuda", **(options or {})))  # type: ignore[arg-type]
    assert not driver.in_use
    return found


def check(task: Problem, shape: Shape, dtype: str, ranges: Any = None, **options: Any) -> None:
    """Compare a reduction of random arrays with its definition in float64."""
    data = arrays(task, shape, dtype, integers=task.reduction.name in EXACT)
    sizes: dict[str, Any] = {"rows": shape.rows, "columns": shape.columns, "batch": shape.batch, "ranges": ranges}
    expected = by_definition(task, [array.astype("float64") for array in data], **sizes)
    found = run_on_fake(task, data, options=options, **sizes)
    allowed = tolerance(task, data, shape, dtype)
    assert len(found) == len(expected)
    for output, true, size in zip(found, expected, allowed, strict=True):
        assert output.dtype == (np.int64 if true.dtype == np.int64 else dtype)
        assert output.flags.writeable
        # Blocks may see a column several times, so the bound for all columns is scaled.
        often = 16 * np.max(np.nan_to_num(size, posinf=0), initial=1e-13) * _magnitude(true)
        assert_close(output, true, size if ranges is None else often)


def _magnitude(array: Array) -> Array:
    return np.maximum(1, np.abs(np.nan_to_num(array, posinf=0, neginf=0)))
