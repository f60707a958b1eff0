"""The K smallest values over columns that do not come in the order of their numbers.

Sorted points are reduced in another order than that in which they were given; of equal values, the one with the smaller
number still wins. The second formula consists of this number, a column variable, see `coded`, and of a limit for every
component of the value: the K-th smallest value is known not to be larger, and larger ones are not even looked at.
Numbers are real numbers as far as kernels know, so that no target learns anything new.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfold.ir.expr import Expr
from pairfold.ir.reduction import Field, Reduction, Sizes, State
from pairfold.ops.arithmetic import apply, constant, replicate
from pairfold.reductions.state import no_derivative, weight_placeholder

__all__ = ["LARGEST", "NUMBERED", "coded", "decoded"]

_FIRST = 1 << 23
"""Bits of the smallest float32 that no processor takes for 0."""

_INFINITY = 0x7F800000

LARGEST = _INFINITY - _FIRST
"""As many columns can be numbered."""


def coded(numbers: NDArray[np.int64], dtype: str) -> NDArray[Any]:
    """Return real numbers in the order of column numbers below `LARGEST`.

    All integers below 2^53 are float64 numbers. In float32 it is the bits that count: those of positive numbers are in
    the order of the numbers, and nothing is done to them but comparisons.

    Examples
    --------
    >>> decoded(coded(np.array([0, 5, 2**30 + 1]), "float32")).tolist()
    [0, 5, 1073741825]
    """
    if dtype == "float64":
        return numbers.astype(np.float64)
    return (numbers + _FIRST).astype(np.int32).view(np.float32)


def decoded(codes: NDArray[Any]) -> NDArray[np.int64]:
    """Return the column numbers, -1 for nobody."""
    if codes.dtype == np.float64:
        return codes.astype(np.int64)
    numbers = np.ascontiguousarray(codes).view(np.int32).astype(np.int64)
    numbers -= _FIRST
    # The bits of negative numbers are negative.
    return np.maximum(numbers, -1, out=numbers)


def _before(value: Expr, number: Expr, other_value: Expr, other_number: Expr) -> Expr:
    is_earlier = apply("And", apply("Equal", value, other_value), apply("LessThan", number, other_number))
    return apply("Or", apply("LessThan", value, other_value), is_earlier)


def _guard(state: State, value: Expr, sizes: Sizes) -> Expr:
    worst = apply("Extract", state["best"], params=((sizes.k - 1) * sizes.value, sizes.value))
    limit = apply("Extract", weight_placeholder(sizes), params=(1, sizes.value))
    return apply("LessOrEqual", value, apply("Where", apply("LessThan", limit, worst), limit, worst))


def _insert(state: State, value: Expr, index: Expr, sizes: Sizes) -> State:
    """Insert one candidate into the list, sorted by value, then by number."""
    size = sizes.k * sizes.value
    number = replicate(apply("Extract", weight_placeholder(sizes), params=(0, 1)), size)
    candidate = value if sizes.k == 1 else apply("Tile", value, params=(sizes.k,))
    lowest = {"best": constant(-np.inf), "where": constant(-1.0)}
    previous = {key: _shifted_down(state[key], replicate(lowest[key], sizes.value)) for key in state}
    moves = _before(candidate, number, previous["best"], previous["where"])
    enters = _before(candidate, number, state["best"], state["where"])
    new = {"best": candidate, "where": number}
    return {key: apply("Where", moves, previous[key], apply("Where", enters, new[key], state[key])) for key in state}


def _shifted_down(f: Expr, first: Expr) -> Expr:
    if f.dim == first.dim:
        return first
    return apply("Concat", first, apply("Extract", f, params=(0, f.dim - first.dim)))


def _shapes(sizes: Sizes) -> tuple[tuple[int, ...], ...]:
    return ((sizes.k * sizes.value,),) * 2


def _reference(value: Any, weight: Any, k: int, columns: Any) -> tuple[Any, ...]:
    value, number = np.broadcast_arrays(np.where(np.isnan(value), np.inf, value), weight[..., :1])
    order = np.lexsort((number, value), axis=-2)[..., :k, :]
    best, where = (np.take_along_axis(field, order, axis=-2) for field in (value, number))
    missing = [(0, 0)] * (value.ndim - 2) + [(0, k - best.shape[-2]), (0, 0)]
    where = np.pad(np.where(best == np.inf, -1, where), missing, constant_values=-1)
    best = np.pad(best, missing, constant_values=np.inf)
    return tuple(field.reshape(*field.shape[:-2], field.shape[-2] * field.shape[-1]) for field in (best, where))


NUMBERED = Reduction(
    name="numbered KMin_ArgKMin",
    fields=(
        Field("best", lambda sizes: sizes.k * sizes.value, np.inf),
        # Less than any number: what equals the value of nobody, infinity, is never selected.
        Field("where", lambda sizes: sizes.k * sizes.value, -1.0),
    ),
    update=lambda state, value, weight, index, sizes: {},
    guard=_guard,
    rare=_insert,
    merge=None,
    finish=lambda state, sizes: (state["best"], state["where"]),
    shapes=_shapes,
    reference=_reference,
    needs_weight=True,
    pullback=no_derivative,
    definition="the K smallest values of F over j and their coded numbers, which tell equal ones apart",
)
"""Outputs of ``k * dim`` components, entry after entry; kept out of the registry, for no user has coded numbers."""
