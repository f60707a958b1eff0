"""Stable sums of exponentials: log-sum-exp, softmax averages, and the raw pairs behind them.

The state keeps a shift m and sums of exp(F - m). The shift follows the running
maximum lazily: it moves only when F exceeds it by more than `HEADROOM`, so the
costly rescaling of the sums is rare (the idea of the stale maximum in online
softmax, Milakov and Gimelshein, arXiv 1805.02867, and FlashAttention-4).

m starts at `LOWEST` and only moves to finite values: -inf entries then contribute
exp(-inf) = 0 and +inf entries give an infinite sum, both without inf - inf. An
infinite sum stays infinite wherever the shift moves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pairfold.ir.expr import Expr
from pairfold.ir.reduction import Field, Reduction, Sizes, State, register_reduction
from pairfold.ops.arithmetic import apply, constant
from pairfold.reductions.state import COLUMN_INDEX, preferred

__all__ = ["HEADROOM", "LOWEST"]

HEADROOM = 40.0
"""exp(40) times 2^67 columns still fits float32, so sums cannot overflow before the shift moves."""

LOWEST = float(np.finfo(np.float64).min)
"""First value of the shift: the least finite number of the working precision, see `Field.start`."""


def _is_finite(f: Expr) -> Expr:
    return apply("Equal", f - f, constant(0.0))


def _guard(state: State, value: Expr, sizes: Sizes) -> Expr:
    return apply("LessThan", state["shift"] + constant(HEADROOM), value)


def _rare(state: State, value: Expr, index: Expr, sizes: Sizes) -> State:
    moved = _guard(state, value, sizes) * apply("LessThan", value, constant(np.inf))
    new = apply("Where", moved, value, state["shift"])
    factor = apply("Exp", state["shift"] - new)
    return {"shift": new, **{name: _rescaled(state[name], factor) for name in _SUMS if name in state}}


def _rescaled(total: Expr, factor: Expr) -> Expr:
    """Return a sum for another shift; the factor may be 0, and an infinite sum times 0 would be nan."""
    return apply("Where", _is_finite(total), total * factor, total)


def _update(state: State, value: Expr, weight: Expr | None, index: Expr, sizes: Sizes) -> State:
    term = apply("Exp", value - state["shift"])
    terms = {"total": term}
    if weight is not None:
        terms["weighted"] = term * weight
    return {name: terms[name] for name in _SUMS if name in state}


def _merge(a: State, b: State, sizes: Sizes) -> State:
    first_is_larger = apply("LessThan", b["shift"], a["shift"])
    shift = apply("Where", first_is_larger, a["shift"], b["shift"])
    scale_a, scale_b = (apply("Exp", part["shift"] - shift) for part in (a, b))
    sums = {name: _rescaled(a[name], scale_a) + _rescaled(b[name], scale_b) for name in _SUMS if name in a}
    return {"shift": shift, **sums}


def _weighted_dim(sizes: Sizes) -> int:
    return max(sizes.value, sizes.weight)


_SUMS = ("total", "weighted")


def _logarithm(shift: Expr, total: Expr) -> Expr:
    """Return shift + log(total) without cancellation.

    The shift lags behind the maximum, so the logarithm may be large where the result is small: its whole part is added
    to the shift first.
    """
    is_usual = apply("LessThan", constant(0.0), total) * apply("LessThan", total, constant(np.inf))
    whole = apply("Where", is_usual, apply("Floor", apply("Log", total)), constant(0.0))
    return (shift + whole) + apply("Log", total * apply("Exp", -whole))


_SHIFT = Field("shift", lambda sizes: sizes.value, LOWEST)
_TOTAL = Field("total", lambda sizes: sizes.value, 0.0, additive=True)
_WEIGHTED = Field("weighted", _weighted_dim, 0.0, additive=True)
_COMMON: dict[str, Any] = {"update": _update, "merge": _merge, "guard": _guard, "rare": _rare}


def _shifted(value: Any, weight: Any) -> tuple[Any, Any]:
    """Return the finite maximum of `value` over columns and the sum of exp(value - maximum) * weight."""
    largest = np.max(value, axis=-2, initial=-np.inf, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, 0.0)
    terms = np.exp(value - shift)
    return shift[..., 0, :], np.sum(terms if weight is None else terms * weight, axis=-2)


def _log_sum_exp_reference(value: Any, weight: Any, k: int, columns: Any) -> tuple[Any, ...]:
    shift, total = _shifted(value, weight)
    return (shift + np.log(total),)


def _average_reference(value: Any, weight: Any) -> tuple[Any, ...]:
    _, weighted = _shifted(value, weight)
    shift, total = _shifted(value, None)
    return np.where(total == 0, 0.0, weighted / total), shift + np.log(total)


def _average(state: State) -> Expr:
    """Return the average; that of nothing is 0, as an attention layer wants it."""
    is_empty = apply("Equal", state["total"], constant(0.0))
    return apply("Where", is_empty, constant(0.0), state["weighted"] / state["total"])


def _log_sum_exp_of_components(f: Expr) -> Expr:
    largest = apply("Max", f)
    shift = apply("Where", _is_finite(largest), largest, constant(0.0))
    logarithm = shift + apply("Log", apply("Sum", apply("Exp", f - shift)))
    # An infinite sum moves with its largest term. nan is never the largest one, and the sum tells of it.
    infinite = apply("Where", apply("Equal", logarithm, largest), largest, logarithm)
    return apply("Where", _is_finite(logarithm), logarithm, infinite)


def _fit(f: Expr, dim: int) -> Expr:
    """Sum a cotangent over the components that an operand of dimension 1 was broadcast to."""
    return apply("Sum", f) if dim == 1 else f


def _relative_to(largest: Expr) -> Expr:
    """Return what exponents are taken relative to: 0 where all of them are -inf, for -inf - (-inf) would be nan."""
    return apply("Where", apply("Equal", largest, constant(-np.inf)), constant(0.0), largest)


def _share(value: Expr, log_sum: Expr) -> Expr:
    """Return the part of a sum that a column has; columns of nothing have none."""
    return apply("Exp", value - _relative_to(log_sum))


def _log_sum_exp_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, Expr | None]:
    share = _share(value, outputs[0]) * cotangents[0]
    if weight is None:
        return share, None
    # Where weights that are not all 0 could have been, the logarithm of their sum has an infinite slope.
    is_empty = apply("Equal", outputs[0], constant(-np.inf)) * apply("NotEqual", cotangents[0], constant(0.0))
    is_pole = is_empty * apply("LessThan", constant(-np.inf), value)
    slope = share * apply("Where", is_pole, constant(np.inf), constant(1.0))
    return _fit(share * weight, value.dim), _fit(slope, weight.dim)


def _average_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, Expr | None]:
    assert weight is not None
    average, log_sum = outputs
    share = _share(value, log_sum)
    g_value = share * _fit(cotangents[0] * (weight - average), value.dim)
    if len(cotangents) > 1:
        g_value = g_value + share * cotangents[1]
    return g_value, _fit(share * cotangents[0], weight.dim)


register_reduction(
    Reduction(
        name="LogSumExp",
        fields=(_SHIFT, _TOTAL),
        finish=lambda state, sizes: (_logarithm(state["shift"], state["total"]),),
        shapes=lambda sizes: ((sizes.value,),),
        reference=_log_sum_exp_reference,
        pullback=_log_sum_exp_pullback,
        weighted="LogSumExpWeight",
        over_components=_log_sum_exp_of_components,
        in_steps=(("LogSumExp", "LogSumExp"),),
        method="logsumexp",
        definition="log of the sum over j of exp(F), per component",
        doc="-inf entries are ignored; -inf, with derivative 0, when there is no column or all entries are -inf; "
        "inf when one is inf.",
        **_COMMON,
    )
)
register_reduction(
    Reduction(
        name="LogSumExpWeight",
        synonyms=("LogSumExpVect",),
        fields=(_SHIFT, _WEIGHTED),
        finish=lambda state, sizes: (_logarithm(state["shift"], state["weighted"]),),
        shapes=lambda sizes: ((_weighted_dim(sizes),),),
        reference=_log_sum_exp_reference,
        needs_weight=True,
        pullback=_log_sum_exp_pullback,
        definition="log of the sum over j of exp(F) G, per component; F or G may be a scalar",
        doc="nan where the sum is negative.",
        **_COMMON,
    )
)
register_reduction(
    Reduction(
        name="SumSoftMaxWeight",
        synonyms=("SoftMax",),
        fields=(_SHIFT, _TOTAL, _WEIGHTED),
        finish=lambda state, sizes: (_average(state),),
        shapes=lambda sizes: ((_weighted_dim(sizes),),),
        reference=lambda value, weight, k, columns: _average_reference(value, weight)[:1],
        needs_weight=True,
        pullback=_average_pullback,
        saved="SumSoftMaxWeight_LogSumExp",
        method="sumsoftmaxweight",
        definition="sum over j of exp(F) G divided by the sum over j of exp(F), per component; F or G may be a scalar",
        doc="0, with derivative 0, when there is no column or all F are -inf.",
        **_COMMON,
    )
)
register_reduction(
    Reduction(
        name="SumSoftMaxWeight_LogSumExp",
        fields=(_SHIFT, _TOTAL, _WEIGHTED),
        finish=lambda state, sizes: (
            _average(state),
            _logarithm(state["shift"], state["total"]),
        ),
        shapes=lambda sizes: ((_weighted_dim(sizes),), (sizes.value,)),
        reference=lambda value, weight, k, columns: _average_reference(value, weight),
        needs_weight=True,
        pullback=_average_pullback,
        definition="the outputs of SumSoftMaxWeight and of LogSumExp",
        **_COMMON,
    )
)

# ---------------------------------------------------------------- maximum and shifted sum


def _pair_update(state: State, value: Expr, weight: Expr | None, index: Expr, sizes: Sizes) -> State:
    wins = apply("LessThan", state["best"], value)
    new = _update(state, value, weight, index, sizes)
    new["best"] = apply("Where", wins, value, state["best"])
    if "where" in state:
        new["where"] = apply("Where", wins, index, state["where"])
    return new


def _pair_merge(a: State, b: State, sizes: Sizes) -> State:
    wins = preferred(apply("LessThan", a["best"], b["best"]), b, a)
    merged = _merge(a, b, sizes)
    merged.update({name: apply("Where", wins, b[name], a[name]) for name in a if name not in merged})
    return merged


def _pair_finish(state: State, sizes: Sizes) -> tuple[Expr, ...]:
    (total,) = (state[name] for name in _SUMS if name in state)
    best = apply("Where", _is_finite(state["best"]), state["best"], state["shift"])
    rescaled = total * apply("Exp", state["shift"] - best)
    pair = apply("Concat", state["best"], rescaled)
    if "where" not in state:
        return (pair,)
    has_winner = apply("LessThan", constant(-np.inf), state["best"])
    return pair, apply("Where", has_winner, state["where"], constant(0.0))


def _pair_reference(value: Any, weight: Any, columns: Any) -> tuple[Any, ...]:
    seen = np.where(np.isnan(value), -np.inf, value)
    best = np.max(seen, axis=-2, initial=-np.inf, keepdims=True)
    terms = np.exp(value - np.where(np.isfinite(best), best, 0.0))
    total = np.sum(terms if weight is None else terms * weight, axis=-2)
    where = columns[np.argmax(seen, axis=-2)] if len(columns) else np.zeros(best[..., 0, :].shape, np.int64)
    where = np.where(best[..., 0, :] == -np.inf, 0, where)
    return np.concatenate([best[..., 0, :], total], axis=-1), where


def _pair_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, Expr | None]:
    pair, where = outputs
    count = pair.dim - 1
    best, total = apply("Extract", pair, params=(0, 1)), apply("Extract", pair, params=(1, count))
    g_best = apply("Extract", cotangents[0], params=(0, 1))
    g_total = apply("Extract", cotangents[0], params=(1, count))
    term = apply("Exp", value - _relative_to(best))
    nobody = apply("Equal", best, constant(-np.inf))
    wins = apply("Where", nobody, constant(0.0), apply("Equal", COLUMN_INDEX, where))
    # The sum is taken relative to the maximum, so the winner also moves every term.
    to_winner = apply("Where", wins, g_best - apply("Sum", g_total * total), constant(0))
    if weight is None:
        return term * g_total + to_winner, None
    return term * apply("Sum", g_total * weight) + to_winner, term * g_total


_BEST = Field("best", lambda sizes: 1, -np.inf)
_WHERE = Field("where", lambda sizes: 1, -1, kind="index")


def _register_pair(name: str, needs_weight: bool, outputs: int, weighted: str | None = None) -> None:
    register_reduction(
        Reduction(
            name=name if outputs == 1 else f"{name}_ArgMax",
            fields=(_SHIFT, _WEIGHTED if needs_weight else _TOTAL, _BEST, _WHERE)[: 2 + outputs],
            update=_pair_update,
            merge=_pair_merge,
            guard=_guard,
            rare=_rare,
            finish=_pair_finish,
            shapes=lambda sizes: ((1 + sizes.weight,), (1,))[:outputs],
            reference=lambda value, weight, k, columns: _pair_reference(value, weight, columns)[:outputs],
            scalar_value=True,
            needs_weight=needs_weight,
            weighted=weighted,
            pullback=_pair_pullback,
            saved=f"{name}_ArgMax" if outputs == 1 else None,
            definition=f"maximum m over j of F, and the sum over j of exp(F - m){' G' if needs_weight else ''}"
            + (", and the first j that attains m" if outputs == 2 else ""),
            doc="m = -inf and a sum of 0 when there is no column.",
        )
    )


for _outputs in (1, 2):
    _register_pair("Max_SumShiftExp", False, _outputs, "Max_SumShiftExpWeight" if _outputs == 1 else None)
    _register_pair("Max_SumShiftExpWeight", True, _outputs)
