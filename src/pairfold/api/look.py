"""What notebooks show of routines: what is reduced, what leaves the inner loop, what a pair costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pairfold.api.routine import Routine
from pairfold.display import Card, Fact, shortened
from pairfold.engine import FORMULAS, Call, Explanation, Extent
from pairfold.errors import PairfoldError
from pairfold.ir.expr import Expr, has_more_nodes

__all__ = ["routine_card", "told_of_work", "worked_out"]

LARGEST = 300
"""Nodes of a formula whose code is made for a look at it, in some tenths of a second."""

SOME = 1000
"""Rows and columns where nobody knows how many; what is told does not depend on it."""

ARGUMENTS = 20
"""Arguments that a card lists."""

_SIZED = ("memory", "schedule")
"""Facts that depend on the numbers of rows and columns."""

_ON_ITS_OWN = ("formula", "weight")
"""Facts that a card has already."""


def routine_card(title: str, formulas: Sequence[tuple[str, str]], routine: Routine) -> Card:
    """Return the card of a routine with named formulas as the user wrote them."""
    facts = [Fact("reduction", routine.told)]
    facts += [Fact(name, text, is_code=True) for name, text in formulas]
    if routine.problem.reduction.needs_k:
        facts.append(Fact("K", str(routine.problem.k)))
    declared = [
        argument.declaration if argument.name is None else f"{argument.name} = {argument.declaration}"
        for argument in routine.arguments[:ARGUMENTS]
    ]
    more = len(routine.arguments) - len(declared)
    facts.append(Fact("arguments", ", ".join(declared) + (f" and {more} more" if more else ""), is_code=True))
    facts.append(Fact("arrays", routine.adapter.name))
    facts += [
        Fact(name, setting)
        for name, setting in (("sum_scheme", routine.options.sum_scheme), ("dtype_acc", routine.options.dtype_acc))
        if setting not in (None, "auto")
    ]
    return Card(title, [*facts, *told_of_work(routine)])


def told_of_work(routine: Routine) -> list[Fact]:
    """Return what there is to say about the work of a routine for arguments of any size, in float32."""
    call = Call(routine.problem, Extent(SOME, SOME), "float32", options=routine.options)
    return worked_out(routine.problem.roots, lambda: routine.explained(call), has_sizes=False)


def worked_out(roots: Sequence[Expr], explain: Callable[[], Explanation], has_sizes: bool = True) -> list[Fact]:
    """Return the facts of an explanation that a card has not yet; of a large formula, that it is large."""
    if has_more_nodes(roots, LARGEST):
        return [Fact("work", f"not worked out for a formula of more than {LARGEST} parts; explain() does it")]
    try:
        explanation = explain()
    except PairfoldError as reason:
        return [Fact("work", f"not known: {shortened(str(reason), 200)}")]
    first = [Fact("work of", explanation.heading)] if has_sizes else []
    first += [Fact("note", explanation.note)] if explanation.note else []
    hidden = _ON_ITS_OWN if has_sizes else (*_ON_ITS_OWN, *_SIZED)
    return first + [Fact(name, text, name in FORMULAS) for name, text in explanation.facts if name not in hidden]
