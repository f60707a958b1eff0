"""Derivatives of expressions: reverse mode from pullback records, forward mode from reverse mode.

Reverse mode walks the graph once from the result to the variables and adds up
cotangents (Griewank and Walther, Evaluating Derivatives, 2008, chapter 3).
Because a pullback is linear in its cotangent, the adjoint of the adjoint is the
differential itself: forward mode needs no rules of its own.

Where a choice was made, the cotangent of the operand that was not chosen is 0, and its product with a derivative that
is infinite there (a root at 0, a logarithm) would be nan. So the choice stays outermost: the pullback is applied to
the cotangent as it was before the choice, and the choice to the result (`_masked`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pairfold.errors import DimensionError, NotDifferentiableError
from pairfold.ir.expr import Category, Expr, topological
from pairfold.ops.arithmetic import apply, constant, is_constant, variable, zeros
from pairfold.transform.expand import expand_where

__all__ = ["differential", "gradient", "gradients"]

Masks = dict[Expr, tuple[Expr | None, Expr]]
"""By cotangent: where it counts, and what it is there; see `_masked`."""


def gradient(f: Expr, v: Expr, g: Expr) -> Expr:
    """Return the adjoint of the differential of `f` with respect to the node `v`, applied to `g`.

    Parameters
    ----------
    f, v : Expr
        `v` is a leaf of `f` as a rule; a vector of zeros is returned when `f` does not depend on it.
    g : Expr
        Cotangent, of the dimension of `f`.

    Raises
    ------
    DimensionError
        If `g` has another dimension than `f`.
    NotDifferentiableError
        If an operation on the way has no derivative.
    """
    return gradients(f, [v], g)[0]


def gradients(f: Expr, wanted: Sequence[Expr], g: Expr) -> list[Expr]:
    """Return `gradient(f, v, g)` for every v of `wanted`, in one sweep."""
    if g.dim != f.dim:
        raise DimensionError(
            f"The gradient of a formula of dimension {f.dim} is applied to an expression of dimension {g.dim}; "
            "both dimensions must be equal."
        )
    (f,) = expand_where([f], lambda node: node.op.pullback is None)
    active: set[Expr] = set(wanted)
    order = topological([f])
    for node in order:
        if any(arg in active for arg in node.args):
            active.add(node)
    cotangent: dict[Expr, Expr] = {f: g}
    known: Masks = {}
    for node in reversed(order):
        if node not in active or node in wanted or node not in cotangent:
            continue
        if node.op.pullback is None:
            raise NotDifferentiableError(
                f"{node.op.name} has no derivative, but a derivative of {node!r} was asked for. "
                "Differentiate with respect to a variable that it does not depend on, or use another operation."
            )
        parts = _pulled_back(node, cotangent[node], known)
        for arg, part in zip(node.args, parts, strict=True):
            if part is not None and arg in active:
                fitted = _fit(part, arg.dim, known)
                cotangent[arg] = fitted if arg not in cotangent else _sum(cotangent[arg], fitted, known)
    return [cotangent.get(v, zeros(v.dim)) for v in wanted]


def _fit(cotangent: Expr, dim: int, known: Masks) -> Expr:
    """Undo or do the broadcast between dimension 1 and `dim`."""
    if cotangent.dim == dim:
        return cotangent
    mask, value = _masked(cotangent, known)
    if dim > 1:
        return _where(mask, apply("SumT", value, params=(dim,)))
    return _where(None if mask is None else apply("Max", mask), apply("Sum", cotangent))


# ---------------------------------------------------------------- choices


def _masked(cotangent: Expr, known: Masks) -> tuple[Expr | None, Expr]:
    """Return where a cotangent counts, and what it is there; the first is None for everywhere."""
    chain = []
    node = cotangent
    while node not in known:
        choice = _choice(node)
        if choice is None:
            known[node] = None, node
        else:
            chain.append((node, choice[0]))
            node = choice[1]
    mask, value = known[node]
    for outer, condition in reversed(chain):
        mask = condition if mask is None else apply("And", condition, mask)
        known[outer] = mask, value
    return mask, value


def _choice(cotangent: Expr) -> tuple[Expr, Expr] | None:
    """Return the condition of a cotangent that is 0 where it does not hold, and what it is where it does."""
    if cotangent.op.name == "Where":
        condition, chosen, other = cotangent.args
        if _is_zero(other):
            return condition, chosen
        if _is_zero(chosen):
            return apply("Not", condition), other
    return None


def _is_zero(expr: Expr) -> bool:
    return is_constant(expr.args[0] if expr.op.name == "SumT" else expr, 0.0)


def _where(mask: Expr | None, value: Expr) -> Expr:
    return value if mask is None else apply("Where", mask, value, constant(0.0))


def _pulled_back(node: Expr, g: Expr, known: Masks) -> Sequence[Expr | None]:
    """Return the cotangents of the operands of `node`, choices outermost."""
    assert node.op.pullback is not None
    mask, value = (None, g) if node.op.name == "Where" else _masked(g, known)
    if mask is None:
        return node.op.pullback(node, g)
    parts = node.op.pullback(node, value if value.dim == node.dim else apply("SumT", value, params=(node.dim,)))
    # Component by component a choice commutes with elementwise operations alone.
    if mask.dim > 1 and not (node.op.elementwise and all(part is None or part.dim == node.dim for part in parts)):
        return node.op.pullback(node, g)
    return [None if part is None else _where(mask, part) for part in parts]


def _sum(first: Expr, second: Expr, known: Masks) -> Expr:
    """Return the sum of two cotangents, which counts where one of them does."""
    (mask, value), (other_mask, other) = _masked(first, known), _masked(second, known)
    if mask is None or other_mask is None:
        return first + second
    if mask is other_mask:
        return _where(mask, value + other)
    return _where(apply("Or", mask, other_mask), first + second)


def differential(f: Expr, v: Expr, u: Expr) -> Expr:
    """Return the directional derivative of `f` with respect to the node `v` in the direction `u`.

    Raises
    ------
    DimensionError
        If `u` has another dimension than `v`.
    """
    if u.dim != v.dim:
        raise DimensionError(
            f"The derivative along a variable of dimension {v.dim} is taken in a direction of dimension {u.dim}; "
            "both dimensions must be equal."
        )
    cotangent = variable(-1, f.dim, Category.PARAMETER, "cotangent")
    adjoint = gradient(f, v, cotangent)
    return gradient(adjoint, cotangent, u)
