"""Compiled kernels, kept by what they compute."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from pairfold.codegen.cost import cost_per_pair
from pairfold.codegen.lanes import Lanes
from pairfold.codegen.state import is_wide
from pairfold.engine.plan import Plan, make_plan
from pairfold.ir.call import Options
from pairfold.ir.lock import ForkSafeLock
from pairfold.ir.problem import Problem
from pairfold.targets.cpu.compile import Binary, compile_work, schedule_for

__all__ = ["Compiled", "compiled", "forget_everything", "remembered"]

T = TypeVar("T")

LOOP_COST = 4
"""Instructions around the formula: loads of columns and the counting of a loop."""

CAPACITY = 512
"""Formulas kept; the least recently used one makes room."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A plan with its machine code."""

    plan: Plan
    main: Binary
    columns: Binary | None

    @property
    def is_wide(self) -> bool:
        """Whether sums in states are float64 numbers, although the others are not."""
        return is_wide(self.main.schedule.accumulate, self.main.dtype)

    @cached_property
    def cost(self) -> float:
        """Instructions per pair, roughly."""
        schedule = self.main.schedule
        cost = cost_per_pair(self.plan.work, Lanes, schedule.lanes, self.main.dtype, schedule.features)
        return (cost.instructions + LOOP_COST) / schedule.lanes


_kept: OrderedDict[Hashable, Any] = OrderedDict()
_lock = ForkSafeLock()


def remembered(key: Hashable, make: Callable[[], T]) -> T:
    """Return what `make` made for `key` the last time, making it when the key is new."""
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found  # type: ignore[no-any-return]
    # Two threads may make the same at once: both results are good, one is kept.
    made = make()
    with _lock:
        _kept.setdefault(key, made)
        while len(_kept) > CAPACITY:
            _kept.popitem(last=False)
        return _kept.get(key, made)  # type: ignore[no-any-return]


def compiled(problem: Problem, dtype: str, options: Options, partial: bool, few_rows: bool = False) -> Compiled:
    """Return machine code for `problem`, compiling it when it is new.

    With `partial`, the kernel returns its state instead of finished outputs; with `few_rows`, it is made for blocks of
    fewer rows than a vector has lanes.
    """
    key = (problem, dtype, options.accumulate, options.level, options.schedule, partial, few_rows)
    return remembered(key, lambda: _compile(problem, dtype, options, partial, few_rows))


def _compile(problem: Problem, dtype: str, options: Options, partial: bool, few_rows: bool) -> Compiled:
    accumulate, level = options.accumulate, options.level
    plan = make_plan(problem, not (partial and is_wide(accumulate, dtype)))
    work = plan.partial if partial else plan.work
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
