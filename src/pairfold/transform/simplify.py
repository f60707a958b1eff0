"""Make an expression of primitives cheaper to evaluate without changing what it means.

The main tool is the normal form of products. The factors of a product are
collected and grouped by what they depend on, scalars before vectors:

    ((uniform * row) * (column * pair)) * vectors

so that everything that can leave the inner loop forms one subtree that does
leave it. What all pairs are divided by is such a factor, too: the reciprocal in
the inner loop, a division elsewhere, since a reciprocal may overflow where the
quotient does not. Regrouping a product changes its rounding by an ulp and may
move an overflow; nothing here assumes that values are finite (x * 0 stays, x - x
stays).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from operator import or_

from pairfold.ir.expr import COLUMN_BIT, ROW_BIT, Expr, make, rewrite
from pairfold.ops.arithmetic import apply, constant, folded, is_constant, one

__all__ = ["factors", "product", "simplify"]


def simplify(roots: Sequence[Expr]) -> list[Expr]:
    """Return cheaper expressions with the same values up to rounding."""
    return rewrite(roots, _rule)


def _rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
    op = node.op
    if args and op.elementwise and node.kind == "real":
        if all(is_constant(arg) for arg in args):
            return folded(op, args, node.params)
        args, replicated = _without_replication(args, node.dim)
        if replicated:
            inner = _rule(make(op, args, node.params), args)
            return apply("SumT", inner, params=(node.dim,))
    rule = _RULES.get(op.name)
    return make(op, args, node.params) if rule is None else rule(args, node.params)


def _without_replication(args: tuple[Expr, ...], dim: int) -> tuple[tuple[Expr, ...], bool]:
    """Replace replicated scalars by the scalars: elementwise operations broadcast anyway.

    Returns the new arguments and whether the result, now a scalar, must be replicated.
    """
    bare = tuple(arg.args[0] if arg.op.name == "SumT" else arg for arg in args)
    if dim == 1 or bare == args:
        return args, False
    return bare, all(arg.dim == 1 for arg in bare)


# ---------------------------------------------------------------- products


MOST_FACTORS = 64
"""Longer products are left as they are: where parts are shared, the number of factors may grow like 2**depth."""


@lru_cache(maxsize=4096)
def factors(expr: Expr) -> tuple[Expr, ...]:
    """Return the factors of the product `expr`."""
    name = expr.op.name
    found: tuple[Expr, ...] = (expr,)
    if name == "Mult":
        first, second = (factors(arg) for arg in expr.args)
        # A power is cheapest as the square of a square.
        if expr.args[0] is not expr.args[1] or len(first) == 1 or len(set(first)) > 1:
            found = first + second
    elif name == "Minus":
        found = (constant(-1.0), *factors(expr.args[0]))
    elif name == "Divide" and expr.args[1].dependence == 0 and not _is_inverse(expr):
        found = (*factors(expr.args[0]), _inverse(expr.args[1]))
    return found if len(found) <= MOST_FACTORS else (expr,)


def _inverse(divisor: Expr) -> Expr:
    return apply("Divide", one(), divisor)


def _is_inverse(part: Expr) -> bool:
    return part.op.name == "Divide" and part.dependence == 0 and is_constant(part.args[0], 1.0)


def _is_moderate(number: float) -> bool:
    """Tell whether a number and its reciprocal are normal in every precision."""
    return 2.0**-126 <= abs(number) <= 2.0**126


def product(parts: Sequence[Expr]) -> Expr:
    """Multiply `parts` in the normal form.

    The dimension of the result is the largest dimension of the parts.
    """
    number, extremes = _constants(parts)
    groups: dict[tuple[int, bool], list[Expr]] = {}
    divisors: list[Expr] = []
    dependence = reduce(or_, (part.dependence for part in parts), 0)
    of_pairs = dependence not in (0, ROW_BIT, COLUMN_BIT)
    has_rows = any(part.dependence == ROW_BIT and part.dim == 1 for part in parts)
    for part in parts:
        if _is_inverse(part) and (not of_pairs or (has_rows and part.dim == 1) or is_constant(part.args[1])):
            divisors.append(part.args[1])
        elif not is_constant(part):
            groups.setdefault((part.dependence, part.dim > 1), []).append(part)

    def group(dependence: int, is_vector: bool) -> list[Expr]:
        return groups.pop((dependence, is_vector), [])

    def fold(members: list[Expr]) -> list[Expr]:
        return [_chain(members)] if members else []

    uniform = group(0, False)
    if number == -1 and uniform:
        # The sign goes where it is applied once, not once per pair.
        uniform, number = [-_chain(uniform)], 1.0
    lead = fold(([constant(number)] if abs(number) != 1 else []) + uniform)
    lead = fold(lead + fold(group(ROW_BIT, False)))
    if has_rows and of_pairs:
        lead, divisors = [_quotient(lead[0], divisors)], []
    column = fold(group(COLUMN_BIT, False))
    pair = [member for key in sorted(groups) if not key[1] for member in groups[key]]
    vectors = [_chain(groups[key]) for key in sorted(groups) if key[1]]
    rest = fold(column + fold(pair))
    members = fold(lead + rest) + fold(vectors)
    if not members:
        return _quotient(_chain([constant(number), *extremes]), divisors)
    result = _quotient(_chain(members + extremes), divisors)
    return -result if number == -1 else result


def _constants(parts: Sequence[Expr]) -> tuple[float, list[Expr]]:
    """Return the product of the constants; those that would take it out of the range of float32 are left over."""
    number, extremes = 1.0, []
    for part in parts:
        if is_constant(part):
            value = part.params[0]
            if _is_moderate(number * value) or not _is_moderate(value):
                number *= value
            else:
                extremes.append(part)
    return number, extremes


def _quotient(numerator: Expr, divisors: Sequence[Expr]) -> Expr:
    for divisor in divisors:
        numerator = numerator / divisor
    return numerator


def _chain(members: Sequence[Expr]) -> Expr:
    result = members[0]
    for member in members[1:]:
        result = result * member
    return result


def _mult(args: tuple[Expr, ...], params: tuple[object, ...]) -> Expr:
    return product(factors(apply("Mult", *args)))


def _minus(args: tuple[Expr, ...], params: tuple[object, ...]) -> Expr:
    return product([constant(-1.0), *factors(args[0])])


def _divide(args: tuple[Expr, ...], params: tuple[object, ...]) -> Expr:
    numerator, denominator = args
    if denominator.dependence == 0 and not is_constant(denominator, 0.0):
        # Uniform scalars are evaluated in float64, so a reciprocal loses nothing.
        is_moderate = is_constant(denominator) and _is_moderate(denominator.params[0])
        inverse = constant(1.0 / denominator.params[0]) if is_moderate else _inverse(denominator)
        return product([*factors(numerator), inverse])
    return apply("Divide", numerator, denominator)


# ---------------------------------------------------------------- sums and structure


def _add(args: tuple[Expr, ...], params: tuple[object, ...]) -> Expr:
    for zero, other in (args, args[::-1]):
        if is_constant(zero, 0.0) and other.dim >= zero.dim:
            return other
    if args[1].op.name == "Minus":
        return _subtract((args[0], args[1].args[0]), params)
    if args[0].op.name == "Minus":
        return _subtract((args[1], args[0].args[0]), params)
    return apply("Add", *args)


def _subtract(args: tuple[Expr, ...], params: tuple[object, ...]) -> Expr:
    if is_constant(args[1], 0.0):
        return args[0]
    if args[1].op.name == "Minus":
        return _add((args[0], args[1].args[0]), params)
    return apply("Subtract", *args)


def _sum(args: tuple[Expr, ...], params: tuple[object, ...]) -> Expr:
    (arg,) = args
    if arg.dim == 1:
        return arg
    if arg.op.name == "SumT":
        return product([constant(arg.dim), *factors(arg.args[0])])
    parts = factors(arg)
    embedded = next((part for part in parts if part.op.name == "ExtractT"), None)
    if embedded is not None:
        (inner,), (start, _) = embedded.args, embedded.params
        others = list(parts)
        others.remove(embedded)  # once: a square has it twice
        aligned = [_extract((part,), (start, inner.dim)) if part.dim > 1 else part for part in others]
        return _sum((product([*factors(inner), *aligned]),), ())
    scalars = [part for part in parts if part.dim == 1]
    if not scalars:
        return apply("Sum", arg)
    inner = product([part for part in parts if part.dim > 1])
    return product([*scalars, *factors(_sum((inner,), ()))])


def _replicate(args: tuple[Expr, ...], params: tuple[object, ...]) -> Expr:
    return args[0] if params[0] == 1 else apply("SumT", *args, params=params)


def _extract(args: tuple[Expr, ...], params: tuple[object, ...]) -> Expr:
    (arg,) = args
    start, length = params
    assert isinstance(start, int)
    assert isinstance(length, int)
    if start == 0 and length == arg.dim:
        return arg
    name = arg.op.name
    if name == "SumT":
        return _replicate(arg.args, (length,))
    if name == "Extract":
        return _extract(arg.args, (start + arg.params[0], length))
    if name == "ExtractT" and start == arg.params[0] and length == arg.args[0].dim:
        return arg.args[0]
    if name == "Concat":
        first = arg.args[0].dim
        if start + length <= first:
            return _extract((arg.args[0],), params)
        if start >= first:
            return _extract((arg.args[1],), (start - first, length))
    return apply("Extract", arg, params=params)


def _embed(args: tuple[Expr, ...], params: tuple[object, ...]) -> Expr:
    # All that is left has more components than its operand, so it is never a number that stands for a whole vector.
    return args[0] if params[1] == args[0].dim else apply("ExtractT", *args, params=params)


def _where(args: tuple[Expr, ...], params: tuple[object, ...]) -> Expr:
    condition, chosen, other = args
    node = apply("Where", *args)
    if is_constant(condition):
        picked = other if condition.params[0] == 0 else chosen
    elif chosen is other:
        picked = chosen
    else:
        return node
    return picked if picked.dim == node.dim and picked.kind == node.kind else node


_RULES: dict[str, Callable[[tuple[Expr, ...], tuple[object, ...]], Expr]] = {
    "Mult": _mult,
    "Minus": _minus,
    "Divide": _divide,
    "Add": _add,
    "Subtract": _subtract,
    "Sum": _sum,
    "SumT": _replicate,
    "Extract": _extract,
    "ExtractT": _embed,
    "Where": _where,
}
