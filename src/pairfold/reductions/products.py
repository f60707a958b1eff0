"""Products over columns, and whether any or all entries are not zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from pairfold.ir.expr import Expr
from pairfold.ir.reduction import Field, Reduction, Sizes, State, register_reduction
from pairfold.ops.arithmetic import apply, constant, one, zeros
from pairfold.reductions.state import no_derivative

__all__: list[str] = []


def _is_zero(f: Expr) -> Expr:
    return apply("Equal", f, constant(0.0))


def _where(condition: Expr, chosen: Expr, other: Expr) -> Expr:
    return apply("Where", condition, chosen, other)


# ---------------------------------------------------------------- products


ORDERS = 3
"""Up to how many entries may be zero so that all derivatives are right; with more, those up to this order are."""


def _of_zeros(count: Expr, sums: tuple[Expr, ...]) -> Expr:
    """Return the product of the entries that are zero, from their number and the sums of their powers.

    Its value is 0 unless there are none, but its derivatives are not: by Newton's identities, the product of m numbers
    is a polynomial in the sums of their powers.
    """
    first, second, third = sums
    products = (
        one(),
        first,
        (first * first - second) / constant(2.0),
        (first * first * first - constant(3.0) * first * second + constant(2.0) * third) / constant(6.0),
    )
    chosen = constant(0.0)
    for m, product in reversed(list(enumerate(products))):
        chosen = _where(apply("Equal", count, constant(float(m))), product, chosen)
    return chosen


def _powers(value: Expr) -> tuple[Expr, ...]:
    return value, value * value, value * value * value


def _product_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, Expr | None]:
    # The derivative is the product of the *other* entries, in a form that can be differentiated again.
    product, count, *sums = outputs
    is_zero = _is_zero(value)
    others = product / _where(is_zero, one(), value)
    zeros_among_others = _of_zeros(
        _where(is_zero, count - one(), count),
        tuple(_where(is_zero, total - power, total) for total, power in zip(sums, _powers(value), strict=True)),
    )
    return cotangents[0] * others * zeros_among_others, None


def _parts_pullback(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, Expr | None]:
    is_zero = _is_zero(value)
    slopes = (one(), constant(2.0) * value, constant(3.0) * value * value)
    of_sums = sum((g * slope for g, slope in zip(cotangents[2:], slopes, strict=True)), constant(0.0))
    of_product = cotangents[0] * outputs[0] / _where(is_zero, one(), value)
    return _where(is_zero, of_sums, of_product), None


def _parts_reference(value: Any, weight: Any, k: int, columns: Any) -> tuple[Any, ...]:
    nonzero = np.where(value == 0, np.ones_like(value), value)
    product = np.prod(nonzero, axis=-2)
    return product, np.sum(value == 0, axis=-2).astype(value.dtype), *(np.zeros_like(product) for _ in range(ORDERS))


register_reduction(
    Reduction(
        name="Prod",
        fields=(Field("product", lambda sizes: sizes.value, 1.0),),
        update=lambda state, value, weight, index, sizes: {"product": state["product"] * value},
        merge=lambda a, b, sizes: {"product": a["product"] * b["product"]},
        finish=lambda state, sizes: (state["product"],),
        shapes=lambda sizes: ((sizes.value,),),
        reference=lambda value, weight, k, columns: (np.prod(value, axis=-2),),
        pullback=_product_pullback,
        saved="Prod_Zeros",
        in_steps=(("Prod", "Prod"),),
        method="prod",
        definition="product over j of F, per component",
        doc="1 when there is no column. Derivatives are right also where entries are zero: those of any order with up "
        f"to {ORDERS} zeros, those up to order {ORDERS} with more.",
    )
)


def _parts_update(state: State, value: Expr, weight: Expr | None, index: Expr, sizes: Sizes) -> State:
    is_zero = _is_zero(value)
    return {"product": state["product"] * _where(is_zero, one(), value), "zeros": is_zero}


register_reduction(
    Reduction(
        name="Prod_Zeros",
        fields=(
            Field("product", lambda sizes: sizes.value, 1.0),
            Field("zeros", lambda sizes: sizes.value, 0.0, additive=True),
        ),
        update=_parts_update,
        merge=lambda a, b, sizes: {"product": a["product"] * b["product"], "zeros": a["zeros"] + b["zeros"]},
        finish=lambda state, sizes: (state["product"], state["zeros"], *(zeros(sizes.value) for _ in range(ORDERS))),
        shapes=lambda sizes: ((sizes.value,),) * (2 + ORDERS),
        reference=_parts_reference,
        pullback=_parts_pullback,
        definition="product over j of the entries of F that are not zero, the number of entries that are, and the sums "
        f"of their powers 1 to {ORDERS}, which are 0 but have derivatives",
    )
)

# ---------------------------------------------------------------- quantifiers


register_reduction(
    Reduction(
        name="Any",
        fields=(Field("found", lambda sizes: sizes.value, 0.0),),
        update=lambda state, value, weight, index, sizes: {"found": _where(_is_zero(value), state["found"], one())},
        merge=lambda a, b, sizes: {"found": _where(_is_zero(a["found"]), b["found"], one())},
        finish=lambda state, sizes: (state["found"],),
        shapes=lambda sizes: ((sizes.value,),),
        reference=lambda value, weight, k, columns: (np.any(value != 0, axis=-2).astype(value.dtype),),
        pullback=no_derivative,
        truth=True,
        in_steps=(("Any", "Any"),),
        method="any",
        definition="1 if F is not 0 for some j, else 0, per component",
        doc="nan counts as not 0; 0 when there is no column. Derivative 0.",
    )
)
register_reduction(
    Reduction(
        name="All",
        fields=(Field("holds", lambda sizes: sizes.value, 1.0),),
        update=lambda state, value, weight, index, sizes: {
            "holds": _where(_is_zero(value), constant(0.0), state["holds"])
        },
        merge=lambda a, b, sizes: {"holds": _where(_is_zero(a["holds"]), constant(0.0), b["holds"])},
        finish=lambda state, sizes: (state["holds"],),
        shapes=lambda sizes: ((sizes.value,),),
        reference=lambda value, weight, k, columns: (np.all(value != 0, axis=-2).astype(value.dtype),),
        pullback=no_derivative,
        truth=True,
        in_steps=(("All", "All"),),
        method="all",
        definition="1 if F is not 0 for all j, else 0, per component",
        doc="nan counts as not 0; 1 when there is no column. Derivative 0.",
    )
)
