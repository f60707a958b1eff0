"""Sums over columns, averages and variances."""

from __future__ import annotations

from typing import Any

import numpy as np

from pairfold.ir.expr import Expr
from pairfold.ir.reduction import Field, Reduction, Sizes, State, register_reduction
from pairfold.ops.arithmetic import apply, constant, one

__all__: list[str] = []


def _add_fields(a: State, b: State, sizes: Sizes) -> State:
    return {name: a[name] + b[name] for name in a}


def _sum_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, Expr | None]:
    return cotangents[0], None


def _sum_reference(value: Any, weight: Any, k: int, columns: Any) -> tuple[Any, ...]:
    return (np.sum(value, axis=-2),)


register_reduction(
    Reduction(
        name="Sum",
        fields=(Field("total", lambda sizes: sizes.value, 0.0, additive=True),),
        update=lambda state, value, weight, index, sizes: {"total": value},
        merge=_add_fields,
        finish=lambda state, sizes: (state["total"],),
        shapes=lambda sizes: ((sizes.value,),),
        reference=_sum_reference,
        linear=True,
        pullback=_sum_pullback,
        operation="Sum",
        in_steps=(("Sum", "Sum"),),
        on_parts=True,
        method="sum",
        definition="sum over j of F",
        doc="0 when there is no column.",
    )
)

# ---------------------------------------------------------------- averages

_COUNT = Field("count", lambda sizes: 1, 0.0, additive=True)


def _mean_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, Expr | None]:
    return cotangents[0] / outputs[1], None


def _mean_reference(value: Any, weight: Any, k: int, columns: Any) -> tuple[Any, ...]:
    count = np.full((*value.shape[:-2], 1), len(columns), value.dtype)
    return np.sum(value, axis=-2) / count, count


def _register_mean(name: str, outputs: int, **facts: Any) -> None:
    register_reduction(
        Reduction(
            name=name,
            fields=(Field("total", lambda sizes: sizes.value, 0.0, additive=True), _COUNT),
            update=lambda state, value, weight, index, sizes: {"total": value, "count": one()},
            merge=_add_fields,
            finish=lambda state, sizes: (state["total"] / state["count"], state["count"])[:outputs],
            shapes=lambda sizes: ((sizes.value,), (1,))[:outputs],
            reference=lambda value, weight, k, columns: _mean_reference(value, weight, k, columns)[:outputs],
            pullback=_mean_pullback,
            doc="nan when there is no column.",
            **facts,
        )
    )


_register_mean(
    "Mean",
    1,
    saved="Mean_Count",
    in_steps=(("Mean", "Mean"),),
    averages=True,
    over_components=lambda f: apply("Sum", f) / constant(f.dim),
    on_parts=True,
    method="mean",
    definition="average over j of F, per component",
)
_register_mean("Mean_Count", 2, definition="average over j of F, and the number of columns")

# ---------------------------------------------------------------- variances
#
# The sums are taken of F - shift, where the shift is the average of the first 1, 2, 4, 8, ... columns: it moves
# rarely, and soon it is so close to the average that no digits cancel. `seen` counts columns up to the precision of
# the type; by then the shift has long settled, and the count itself is an additive field.


def _moved(state: State, shift: Expr) -> State:
    """Return the sums of `state` taken about another shift."""
    delta = shift - state["shift"]
    count, total = state["count"], state["total"]
    squares = state["squares"] - delta * (total + total) + count * (delta * delta)
    return {"shift": shift, "total": total - count * delta, "squares": squares}


def _variance_guard(state: State, value: Expr, sizes: Sizes) -> Expr:
    return apply("LessOrEqual", state["next"], state["seen"])


def _variance_rare(state: State, value: Expr, index: Expr, sizes: Sizes) -> State:
    due = _variance_guard(state, value, sizes)
    is_first = apply("Equal", state["count"], constant(0.0))
    wanted = apply("Where", is_first, value, state["shift"] + state["total"] / state["count"])
    # The shift stays finite: an infinite value makes the sums infinite, as it must.
    is_finite = apply("Equal", wanted - wanted, constant(0.0))
    new = _moved(state, apply("Where", is_finite, wanted, state["shift"]))
    new["next"] = apply("Where", is_first, one(), state["next"] + state["next"])
    return {name: apply("Where", due, new[name], state[name]) for name in new}


def _variance_update(state: State, value: Expr, weight: Expr | None, index: Expr, sizes: Sizes) -> State:
    away = value - state["shift"]
    return {"count": one(), "total": away, "squares": away * away, "seen": state["seen"] + one()}


def _variance_merge(a: State, b: State, sizes: Sizes) -> State:
    first_is_empty = apply("Equal", a["count"], constant(0.0))
    shift = apply("Where", first_is_empty, b["shift"], a["shift"])
    moved = _moved(b, shift)
    second_is_empty = apply("Equal", b["count"], constant(0.0))
    merged = {name: a[name] + apply("Where", second_is_empty, constant(0.0), moved[name]) for name in _ABOUT_SHIFT}
    return {
        "shift": shift,
        "count": a["count"] + b["count"],
        "seen": a["seen"] + b["seen"],
        "next": a["next"] + b["next"],
        **merged,
    }


def _variance_finish(state: State, sizes: Sizes) -> tuple[Expr, ...]:
    drift = state["total"] / state["count"]
    variance = state["squares"] / state["count"] - drift * drift
    negative = apply("LessThan", variance, constant(0.0))
    return state["shift"] + drift, apply("Where", negative, constant(0.0), variance), state["count"]


def _variance_reference(value: Any, weight: Any, k: int, columns: Any) -> tuple[Any, ...]:
    mean, count = _mean_reference(value, weight, k, columns)
    return mean, np.sum((value - mean[..., None, :]) ** 2, axis=-2) / count, count


def _variance_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, Expr | None]:
    mean, _, count = outputs
    slope = constant(2.0) * (value - mean)
    if len(cotangents) == 1:
        return cotangents[0] * (slope / count), None
    return (cotangents[0] + cotangents[1] * slope) / count, None


_ABOUT_SHIFT = ("total", "squares")


def _register_variance(name: str, first: int, last: int, **facts: Any) -> None:
    register_reduction(
        Reduction(
            name=name,
            fields=(
                Field("shift", lambda sizes: sizes.value, 0.0),
                Field("total", lambda sizes: sizes.value, 0.0, additive=True),
                Field("squares", lambda sizes: sizes.value, 0.0, additive=True),
                _COUNT,
                Field("seen", lambda sizes: 1, 0.0),
                Field("next", lambda sizes: 1, 0.0),
            ),
            guard=_variance_guard,
            rare=_variance_rare,
            update=_variance_update,
            merge=_variance_merge,
            finish=lambda state, sizes: _variance_finish(state, sizes)[first:last],
            shapes=lambda sizes: ((sizes.value,), (sizes.value,), (1,))[first:last],
            reference=lambda value, weight, k, columns: _variance_reference(value, weight, k, columns)[first:last],
            pullback=_variance_pullback,
            source="shifted sums: Chan, Golub and LeVeque, The American Statistician 37 (1983), 242-247",
            **facts,
        )
    )


_register_variance(
    "Var",
    1,
    2,
    saved="Mean_Var_Count",
    # The average of the variances, and the variance of the averages.
    in_steps=(("Mean", "Var"), ("Var", "Mean")),
    averages=True,
    over_components=lambda f: apply("SqNorm2", f - apply("Sum", f) / constant(f.dim)) / constant(f.dim),
    method="var",
    definition="average over j of (F - mean of F)^2, per component",
    doc="Divided by the number of columns; nan when there is none.",
)
_register_variance("Mean_Var_Count", 0, 3, definition="average, variance and number of columns")
