"""Parts of reductions: states as routines of all front ends make and finish them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, ClassVar

from pairfold.api.adapter import Adapter
from pairfold.api.call_plan import CallPlan, Key
from pairfold.api.routine import Routine
from pairfold.engine.states import State, finish, state_of, told
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.call import DEFAULT

__all__ = ["State", "check_state", "finished", "finished_by", "partial_state", "refuse_tolerance"]


class _Unfinished(Routine):
    """A routine whose result is the fields of the state, with what the call followed."""

    converts: ClassVar[bool] = True

    def _finished(self, outputs: tuple[Any, ...], plan: CallPlan) -> tuple[Any, ...]:
        return ((outputs, plan),)


@lru_cache(maxsize=256)
def _unfinished(routine: Routine) -> _Unfinished:
    facts = (routine.axis, routine.arguments, routine.options, routine.adapter, routine.stretches)
    return _Unfinished(routine.problem.unfinished, *facts)


def refuse_tolerance(keywords: Iterable[str]) -> None:
    """Raise `ArgumentTypeError` for the keywords of a tolerance.

    States are merged, and a tolerance is about the whole: what a part may leave out depends on the other parts.
    """
    for name in keywords:
        if name in ("tol", "atol", "report"):
            raise ArgumentTypeError(
                f"What is reduced in parts has no {name}=: all pairs of each part are looked at, also inside of "
                "pairfold.tolerance."
            )


def partial_state(
    routine: Routine, args: Sequence[Any], columns_from: object, keys: tuple[Key, ...] | None = None, **settings: Any
) -> State:
    """Return the state of a routine for some of the columns.

    Parameters
    ----------
    routine : Routine
        What is computed.
    args, keys, **settings
        As for its call.
    columns_from : int
        The number of the first column; rows, where the routine reduces over i.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If an argument does not fit, or `columns_from` is no number of a column.
    """
    try:
        first = operator.index(columns_from)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentTypeError(
            f"columns_from is {columns_from!r}; it is an integer, the number of the first column of this part."
        ) from None
    if settings.pop("out", None) is not None:
        raise ArgumentTypeError("A state has no out=: it is small, and merging makes a new one.")
    outputs, plan = _unfinished(routine)(args, keys=keys, **settings)
    adapter = routine.adapter
    call = replace(plan.call, problem=routine.problem)
    fields = [adapter.to_numpy(output) for output in outputs]
    result = adapter.dtype_name(routine.result_dtype(plan))
    return state_of(call, fields, first, result, routine.is_complex, adapter.xp.__name__)


def check_state(routine: Routine, state: object) -> State:
    """Return `state`, which is one of the routine.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If it is none.
    """
    known = _checked(state)
    if known.problem != routine.problem:
        raise ArgumentValueError(
            f"The state is one of {told(known.problem)}, and this routine computes {told(routine.problem)}. A state is "
            "finished by the routine that it comes from."
        )
    return known


def _checked(state: object) -> State:
    if not isinstance(state, State):
        raise ArgumentTypeError(
            f"A state is finished, as `partial` gives it; found an object of type {type(state).__name__}."
        )
    return state


def finished(routine: Routine, state: State) -> Any:
    """Return the result of a reduction, as a call of `routine` gives it."""
    adapter, dtype = routine.adapter, routine.adapter.as_dtype(state.result)
    outputs = tuple(map(adapter.from_numpy, finish(state)))
    if dtype is not None:
        outputs = tuple(adapter.prepare(o, dtype, None, None) if adapter.is_real(o.dtype) else o for o in outputs)
    if state.is_complex:
        outputs = tuple(map(adapter.from_pairs, outputs))
    outputs = routine.converted(outputs)
    return outputs[0] if len(outputs) == 1 else outputs


def finished_by(kind: type[Routine], adapter: Adapter, state: object) -> Any:
    """Return the result of a reduction of any problem, in arrays of a framework, by the conventions of a class."""
    known = _checked(state)
    return finished(kind(known.problem, 1, (), DEFAULT, adapter), known)
