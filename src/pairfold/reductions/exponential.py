"""Stable sums of exponentials: log-sum-exp, softmax averages, and the raw pairs behind them.

The state keeps a shift m and sums of exp(F - m). The shift follows the running
maximum lazily: it moves only when F exceeds it by more than `HEADROOM`, so the
costly rescaling of the sums is rare (the idea of the stale maximum in online
softmax, Milakov and Gimelshein, arXiv 1805.02867, and FlashAttention-4).

m starts at, and stays within, the finite range: -inf entries then contribute
exp(-inf) = 0 and +inf entries give an infinite sum, both without inf - inf.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pairfold.ir.expr import Expr
from pairfold.ir.reduction import Field, Reduction, Sizes, State, register_reduction
from pairfold.ops.arithmetic import apply, constant

__all__ = ["HEADROOM", "LARGEST"]

HEADROOM = 40.0
"""exp(40) times 2^67 columns still fits float32, so sums cannot overflow before the shift moves."""

LARGEST = float(np.finfo(np.float32).max)
"""Bound of the shift: the largest float32; float64 data beyond it are shifted by it, which is exact enough for exp."""


def _clamped(value: Expr) -> Expr:
    return apply("Where", apply("LessThan", constant(LARGEST), value), constant(LARGEST), value)


def _guard(state: State, value: Expr, sizes: Sizes) -> Expr:
    return apply("LessThan", state["shift"] + constant(HEADROOM), _clamped(value))


def _rare(state: State, value: Expr, index: Expr, sizes: Sizes) -> State:
    shift = _clamped(value)
    moved = apply("LessThan", state["shift"] + constant(HEADROOM), shift)
    new = apply("Where", moved, shift, state["shift"])
    factor = apply("Exp", state["shift"] - new)
    scaled = {name: field * factor for name, field in state.items() if name != "shift"}
    return {"shift": new, **scaled}


def _update(state: State, value: Expr, weight: Expr | None, index: Expr, sizes: Sizes) -> State:
    term = apply("Exp", value - state["shift"])
    terms = {"total": term}
    if weight is not None:
        terms["weighted"] = term * weight
    return {name: terms[name] for name in state if name != "shift"}


def _merge(a: State, b: State, sizes: Sizes) -> State:
    first_is_larger = apply("LessThan", b["shift"], a["shift"])
    shift = apply("Where", first_is_larger, a["shift"], b["shift"])
    scale_a, scale_b = (apply("Exp", part["shift"] - shift) for part in (a, b))
    merged = {name: a[name] * scale_a + b[name] * scale_b for name in a if name != "shift"}
    return {"shift": shift, **merged}


_SHIFT = Field("shift", lambda sizes: 1, -LARGEST)
_TOTAL = Field("total", lambda sizes: 1, 0.0, additive=True)
_WEIGHTED = Field("weighted", lambda sizes: sizes.weight, 0.0, additive=True)
_COMMON: dict[str, Any] = {
    "update": _update,
    "merge": _merge,
    "guard": _guard,
    "rare": _rare,
    "scalar_value": True,
}


def _shifted(value: Any, weight: Any) -> tuple[Any, Any]:
    """Return the finite maximum of `value` over columns and the sum of exp(value - maximum) * weight."""
    largest = np.max(value, axis=-2, initial=-np.inf, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, 0.0)
    terms = np.exp(value - shift)
    return shift[..., 0, :], np.sum(terms if weight is None else terms * weight, axis=-2)


def _log_sum_exp_reference(value: Any, weight: Any, k: int, columns: Any) -> tuple[Any, ...]:
    shift, total = _shifted(value, weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (shift + np.log(total),)


def _softmax_reference(value: Any, weight: Any, k: int, columns: Any) -> tuple[Any, ...]:
    _, weighted = _shifted(value, weight)
    _, total = _shifted(value, None)
    return (weighted / total,)


def _log_sum_exp_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, Expr | None]:
    share = apply("Exp", value - outputs[0]) * cotangents[0]
    if weight is None:
        return share, None
    return apply("Sum", share * weight), share


def _softmax_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, Expr | None]:
    # outputs = (softmax average, log-sum-exp): the engine computes the second beside the first.
    assert weight is not None
    share = apply("Exp", value - outputs[1])
    return share * apply("Sum", cotangents[0] * (weight - outputs[0])), share * cotangents[0]


register_reduction(
    Reduction(
        name="LogSumExp",
        fields=(_SHIFT, _TOTAL),
        finish=lambda state, sizes: (state["shift"] + apply("Log", state["total"]),),
        shapes=lambda sizes: ((1,),),
        reference=_log_sum_exp_reference,
        pullback=_log_sum_exp_pullback,
        method="logsumexp",
        definition="log of the sum over j of exp(F)",
        doc="-inf entries are ignored; -inf when there is no column or all entries are -inf; inf when one is inf.",
        **_COMMON,
    )
)
register_reduction(
    Reduction(
        name="LogSumExpWeight",
        fields=(_SHIFT, _WEIGHTED),
        finish=lambda state, sizes: (state["shift"] + apply("Log", state["weighted"]),),
        shapes=lambda sizes: ((sizes.weight,),),
        reference=_log_sum_exp_reference,
        needs_weight=True,
        pullback=_log_sum_exp_pullback,
        definition="log of the sum over j of exp(F) G, per component of G",
        doc="nan where the sum is negative.",
        **_COMMON,
    )
)
register_reduction(
    Reduction(
        name="SumSoftMaxWeight",
        synonyms=("SoftMax",),
        fields=(_SHIFT, _TOTAL, _WEIGHTED),
        finish=lambda state, sizes: (state["weighted"] / state["total"],),
        shapes=lambda sizes: ((sizes.weight,),),
        reference=_softmax_reference,
        needs_weight=True,
        pullback=_softmax_pullback,
        method="sumsoftmaxweight",
        definition="sum over j of exp(F) G divided by the sum over j of exp(F)",
        **_COMMON,
    )
)
