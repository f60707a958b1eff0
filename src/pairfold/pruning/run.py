"""Carry out a reduction, of the pairs that matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pairfold import engine
from pairfold.engine import Call, DeviceArray, Memory
from pairfold.ir.expr import Expr
from pairfold.pruning.report import Report, record

__all__ = ["explain", "run", "run_on_device"]

Outputs = tuple[Any, ...]


def run(call: Call, arrays: Sequence[Any]) -> Outputs:
    """Reduce NumPy arrays over columns, as `pairfold.engine.run`; pairs are left out as the options of the call allow.

    Raises
    ------
    TargetError
        If the target does not serve on this machine, or reports an error.
    """
    if call.options.tolerance is None:
        return engine.run(call, arrays)
    from pairfold.pruning.choice import run_pruned  # noqa: PLC0415 - nobody pays for it who asks for every pair

    return run_pruned(call, arrays)


def explain(call: Call, names: dict[Expr, str] | None = None) -> engine.Explanation:
    """Return what is computed where, as `pairfold.engine.explain`, and what is done about a tolerance."""
    explanation = engine.explain(call, names)
    if call.options.tolerance is None:
        return explanation
    from pairfold.pruning.choice import outlook  # noqa: PLC0415 - as above

    return explanation.with_fact(*outlook(call))


def run_on_device(call: Call, arrays: Sequence[DeviceArray | None], memory: Memory, target: str) -> Outputs:
    """Reduce arrays in the memory of a target, as `pairfold.engine.run_on_device`; every pair is looked at.

    Raises
    ------
    TargetError
        If the target does not serve on this machine, or reports an error.
    """
    if call.options.tolerance is not None:
        record(Report("exhaustive", why="the arrays are on a GPU, where every pair is looked at"))
    return engine.run_on_device(call, arrays, memory, target)
