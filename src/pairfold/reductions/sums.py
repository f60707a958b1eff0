"""Sums over columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from pairfold.ir.expr import Expr
from pairfold.ir.reduction import Field, Reduction, Sizes, State, register_reduction

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
        method="sum",
        definition="sum over j of F",
        doc="0 when there is no column.",
    )
)
