"""Smallest and largest values over columns, their indices, and the K smallest.

The first column wins ties; where states are merged, that with the smallest number. Every comparison is strict and
false at nan, so nan is never selected, nor is what a minimum starts from: +inf (-inf for a maximum). Nobody has the
number -1. The derivative goes to the winner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pairfold.ir.expr import Expr
from pairfold.ir.reduction import Field, Reduction, Sizes, State, register_reduction
from pairfold.ops.arithmetic import apply, constant, replicate
from pairfold.reductions.state import COLUMN_INDEX, no_derivative, preferred

__all__: list[str] = []

# ---------------------------------------------------------------- one winner


def _better(name: str) -> Callable[[Expr, Expr], Expr]:
    """Return the comparison "a beats b" for Min or Max."""
    if name == "Min":
        return lambda a, b: apply("LessThan", a, b)
    return lambda a, b: apply("LessThan", b, a)


def _winner_reference(name: str, arg_only: bool, value_only: bool) -> Callable[..., tuple[Any, ...]]:
    def reference(value: Any, weight: Any, k: int, columns: Any) -> tuple[Any, ...]:
        worst = np.inf if name == "Min" else -np.inf
        filled = np.where(np.isnan(value), worst, value)
        if value.shape[-2] == 0:
            shape = (*value.shape[:-2], value.shape[-1])
            best, where = np.full(shape, worst, value.dtype), np.full(shape, -1, np.int64)
        else:
            best = (np.min if name == "Min" else np.max)(filled, axis=-2)
            where = (np.argmin if name == "Min" else np.argmax)(filled, axis=-2)
            where = np.where(best == worst, -1, columns[where])
        if arg_only:
            return (where,)
        return (best,) if value_only else (best, where)

    return reference


def _winner_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, None]:
    _, where = outputs
    # Nobody has the number -1, which is no column.
    return apply("Where", apply("Equal", COLUMN_INDEX, where), cotangents[0], constant(0.0)), None


def _register_winner(name: str, output: str) -> None:
    """Register Min or Max (`name`) with `output` one of "value", "index", "both"."""
    better = _better(name)
    # The index is carried only when it is asked for.
    value_field = Field("best", lambda sizes: sizes.value, np.inf if name == "Min" else -np.inf)
    index_field = Field("where", lambda sizes: sizes.value, -1, kind="index")
    fields = (value_field,) if output == "value" else (value_field, index_field)

    # Two selections cost less than a test whether any lane needs them, which among the first columns is always so.
    def update(state: State, value: Expr, weight: Expr | None, index: Expr, sizes: Sizes) -> State:
        wins = better(value, state["best"])
        new = {"best": value, "where": index}
        return {key: apply("Where", wins, new[key], state[key]) for key in state}

    def merge(a: State, b: State, sizes: Sizes) -> State:
        wins = preferred(better(b["best"], a["best"]), b, a)
        return {key: apply("Where", wins, b[key], a[key]) for key in a}

    outputs = {"value": ("best",), "index": ("where",), "both": ("best", "where")}[output]
    full_name = {"value": name, "index": f"Arg{name}", "both": f"{name}_Arg{name}"}[output]
    letter, worst = name.lower(), "+inf" if name == "Min" else "-inf"
    register_reduction(
        Reduction(
            name=full_name,
            synonyms=() if output != "both" else (f"{name}Arg{name}",),
            fields=fields,
            update=update,
            merge=merge,
            finish=lambda state, sizes: tuple(state[key] for key in outputs),
            shapes=lambda sizes: ((sizes.value,),) * len(outputs),
            reference=_winner_reference(name, output == "index", output == "value"),
            pullback=no_derivative if output == "index" else _winner_pullback,
            saved=f"{name}_Arg{name}" if output == "value" else None,
            finds_winners=output == "both",
            operation=None if output == "both" else full_name,
            in_steps=((name, name),) if output == "value" else (),
            method={"value": letter, "index": f"arg{letter}", "both": f"{letter}_arg{letter}"}[output],
            other_names=(f"a{letter}",) if output == "value" else (),
            definition={
                "value": f"{letter}imum over j of F, per component",
                "index": f"first j at which F has its {letter}imum, per component",
                "both": f"{letter}imum over j of F and the first j that attains it",
            }[output],
            doc=f"nan and {worst} are never selected; no other column: {worst} with index -1.",
        )
    )


for _name in ("Min", "Max"):
    for _output in ("value", "index", "both"):
        _register_winner(_name, _output)

# ---------------------------------------------------------------- the K smallest


def _shift_down(f: Expr, first: Expr) -> Expr:
    """Move every entry one place down the list, drop the last one and put `first` in front."""
    if f.dim == first.dim:
        return first
    return apply("Concat", first, apply("Extract", f, params=(0, f.dim - first.dim)))


def _insert(state: State, value: Expr, index: Expr, sizes: Sizes) -> State:
    """Insert one candidate into the sorted list; entries equal to it stay in front of it."""
    new, lowest = {"best": value, "where": index}, {"best": constant(-np.inf), "where": index}
    previous = {key: _shift_down(state[key], replicate(lowest[key], sizes.value)) for key in state}
    candidate = _in_every_place(value, sizes)
    moves = apply("LessThan", candidate, previous["best"])
    enters = apply("LessThan", candidate, state["best"])
    new["best"] = candidate
    return {key: apply("Where", moves, previous[key], apply("Where", enters, new[key], state[key])) for key in state}


def _in_every_place(f: Expr, sizes: Sizes) -> Expr:
    return f if sizes.k == 1 else apply("Tile", f, params=(sizes.k,))


def _smallest_guard(state: State, value: Expr, sizes: Sizes) -> Expr:
    worst = apply("Extract", state["best"], params=((sizes.k - 1) * sizes.value, sizes.value))
    return apply("LessThan", value, worst)


def _smallest_reference(outputs: tuple[str, ...]) -> Callable[..., tuple[Any, ...]]:
    def reference(value: Any, weight: Any, k: int, columns: Any) -> tuple[Any, ...]:
        filled = np.where(np.isnan(value), np.inf, value)
        order = np.argsort(filled, axis=-2, kind="stable")[..., :k, :]
        best = np.take_along_axis(filled, order, axis=-2)
        order = np.where(best == np.inf, -1, columns[order])
        missing = k - best.shape[-2]
        if missing > 0:
            pad = [(0, 0)] * (value.ndim - 2) + [(0, missing), (0, 0)]
            best = np.pad(best, pad, constant_values=np.inf)
            order = np.pad(order, pad, constant_values=-1)
        found = {"best": best, "where": order}
        return tuple(found[key] for key in outputs)

    return reference


def _smallest_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, None]:
    _, where = outputs
    # Missing entries have index -1, which is no column.
    routed = apply("Where", apply("Equal", COLUMN_INDEX, where), cotangents[0], constant(0.0))
    return apply("SumTiles", routed, params=(where.dim // value.dim,)), None


def _smallest_shapes(count: int) -> Callable[[Sizes], tuple[tuple[int, ...], ...]]:
    def shapes(sizes: Sizes) -> tuple[tuple[int, ...], ...]:
        shape = (sizes.k,) if sizes.value == 1 else (sizes.k, sizes.value)
        return (shape,) * count

    return shapes


def _register_smallest(name: str, outputs: tuple[str, ...], synonyms: tuple[str, ...], definition: str) -> None:
    fields = [Field("best", lambda sizes: sizes.k * sizes.value, np.inf)]
    if "where" in outputs:
        fields.append(Field("where", lambda sizes: sizes.k * sizes.value, -1, kind="index"))
    register_reduction(
        Reduction(
            name=name,
            synonyms=synonyms,
            fields=tuple(fields),
            update=lambda state, value, weight, index, sizes: {},
            guard=_smallest_guard,
            rare=_insert,
            merge=None,
            finish=lambda state, sizes: tuple(state[key] for key in outputs),
            shapes=_smallest_shapes(len(outputs)),
            reference=_smallest_reference(outputs),
            pullback=_smallest_pullback if "best" in outputs else no_derivative,
            saved="KMin_ArgKMin" if outputs == ("best",) else None,
            finds_winners=len(outputs) == 2,
            needs_k=True,
            method={"KMin": "Kmin", "ArgKMin": "argKmin", "KMin_ArgKMin": "Kmin_argKmin"}[name],
            definition=definition,
            doc="In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are "
            "+inf with index -1.",
        )
    )


_register_smallest("KMin", ("best",), (), "the K smallest values of F over j")
_register_smallest("ArgKMin", ("where",), (), "the columns j of the K smallest values of F")
_register_smallest(
    "KMin_ArgKMin", ("best", "where"), ("KMinArgKMin",), "the K smallest values of F over j and their columns"
)
