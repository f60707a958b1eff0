"""Compiled kernels, kept by what they compute."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from pairfold.engine.options import Options
from pairfold.engine.plan import Plan, make_plan
from pairfold.ir.lock import ForkSafeLock
from pairfold.ir.problem import Problem
from pairfold.schedule.schedule import Schedule
from pairfold.targets.cpu import Binary, compile_work, schedule_for

__all__ = ["Compiled", "compiled", "forget_everything"]

CAPACITY = 512
"""Formulas kept; the least recently used one makes room."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A plan with its machine code."""

    plan: Plan
    main: Binary
    columns: Binary | None


_Key = tuple[Problem, str, str, "str | None", "Schedule | None", bool, bool]
_kept: OrderedDict[_Key, Compiled] = OrderedDict()
_lock = ForkSafeLock()


def compiled(problem: Problem, dtype: str, options: Options, partial: bool, few_rows: bool = False) -> Compiled:
    """Return machine code for `problem`, compiling it when it is new.

    With `partial`, the kernel returns its state instead of finished outputs; with `few_rows`, it is made for blocks of
    fewer rows than a vector has lanes.
    """
    key = (problem, dtype, options.accumulate, options.level, options.schedule, partial, few_rows)
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    # Two threads may compile the same formula at once: both results are good, one is kept.
    made = _compile(problem, dtype, options, partial, few_rows)
    with _lock:
        _kept.setdefault(key, made)
        while len(_kept) > CAPACITY:
            _kept.popitem(last=False)
        return _kept.get(key, made)


def _compile(problem: Problem, dtype: str, options: Options, partial: bool, few_rows: bool) -> Compiled:
    plan = make_plan(problem)
    work = plan.partial if partial else plan.work
    accumulate, level = options.accumulate, options.level
    schedule = options.schedule or schedule_for(work, dtype, accumulate, level, few_rows)
    main = compile_work(work, dtype, schedule)
    columns = None
    if plan.columns is not None:
        columns = compile_work(plan.columns, dtype, schedule_for(plan.columns, dtype, accumulate, level))
    return Compiled(plan, main, columns)


def forget_everything() -> None:
    """Empty the cache."""
    with _lock:
        _kept.clear()
