"""Derivatives of expressions: reverse mode from pullback records, forward mode from reverse mode.

Reverse mode walks the graph once from the result to the variables and adds up
cotangents (Griewank and Walther, Evaluating Derivatives, 2008, chapter 3).
Because a pullback is linear in its cotangent, the adjoint of the adjoint is the
differential itself: forward mode needs no rules of its own.

Where a choice was made, the cotangent of the operand that was not chosen is 0, and its product with a derivative that
is infinite there (a root at 0, a logarithm) would be nan. So the choice stays outermost: the pullback is applied to
the cotangent as it was before the choice, and the choice to the result (`_masked`).

A root has an infinite slope at 0, which counts as 0. That is right in a first derivative of a distance, whose other
factor is 0 there, but not in the derivative of that: see `_with_limits`.
"""

from __future__ import annotations

from collections.abc import Sequence

from pairfold.errors import DimensionError, NotDifferentiableError
from pairfold.ir.expr import Category, Expr, depends_on, make, rewrite, topological, variables
from pairfold.ops.arithmetic import apply, constant, is_constant, is_zero, replicate, variable, zeros
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
    (f,) = expand_where([_with_limits(f)], lambda node: node.op.pullback is None)
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
        return _where(mask, replicate(value, dim))
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
        if is_zero(other):
            return condition, chosen
        if is_zero(chosen):
            return apply("Not", condition), other
    return None


def _where(mask: Expr | None, value: Expr) -> Expr:
    return value if mask is None else apply("Where", mask, value, constant(0.0))


def _pulled_back(node: Expr, g: Expr, known: Masks) -> Sequence[Expr | None]:
    """Return the cotangents of the operands of `node`, choices outermost."""
    assert node.op.pullback is not None
    mask, value = (None, g) if node.op.name == "Where" else _masked(g, known)
    if mask is None:
        return node.op.pullback(node, g)
    parts = node.op.pullback(node, replicate(value, node.dim))
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


# ---------------------------------------------------------------- roots at 0


def _with_limits(f: Expr) -> Expr:
    """Return `f` with right values where the slope of a root was multiplied by something that vanishes with the root.

    The derivative of F(r), r = Sqrt(s), in s is F'(r) / (2 r). At r = 0 this is 0 times the slope that counts as 0, but
    where F'(0) = 0 the limit is F''(0) / 2 (L'Hopital): smooth functions of a distance, such as Matern kernels, have it
    as their second derivative between equal points. Likewise for r = Abs(s), where F'(r) Sign(s) is F''(0) s near 0. It
    is put in only when a derivative is differentiated again, for in the first one its other factor is 0.
    """

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        new = make(node.op, args, node.params)
        if new.op.name == "Mult" and new.dim == new.args[0].dim == new.args[1].dim:
            factor, slope = new.args
            half = slope.args[0] if slope.op.name == "Mult" else None
            if half is not None and is_constant(half, 0.5) and slope.args[1].op.name == "Rsqrt":
                (inner,) = slope.args[1].args
                return _limit(new, factor, apply("Sqrt", inner), half)
            if slope.op.name == "Sign":
                return _limit(new, factor, apply("Abs", *slope.args), slope.args[0])
        return new

    return rewrite([f], rule)[0]


def _limit(product: Expr, factor: Expr, root: Expr, slope: Expr) -> Expr:
    """Return `product`, but the derivative of `factor` in `root` times `slope` where `factor` and `root` are 0."""
    dependent = depends_on([factor], root)
    if factor not in dependent or any(node.position == -1 for node in variables(factor)):
        return product  # nothing that vanishes with the root, or the cotangent of `differential`, which stays linear
    if root.dim > 1 and not all(node is root or (node.op.elementwise and node.dim == root.dim) for node in dependent):
        return product  # the derivative is a matrix
    one = replicate(constant(1.0), root.dim)
    (change,) = gradients(factor, [root], one)
    both_vanish = apply("And", apply("Equal", root, constant(0.0)), apply("Equal", factor, constant(0.0)))
    return apply("Where", both_vanish, change * slope, product)


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
