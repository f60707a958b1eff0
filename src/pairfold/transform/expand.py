"""Replace operations by their expansions until the wanted ones are left."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pairfold.ir.expr import Expr, make, rewrite

__all__ = ["expand", "expand_where", "substitute"]


def expand(roots: Sequence[Expr]) -> list[Expr]:
    """Return the same expressions in primitive operations only."""
    return expand_where(roots, lambda node: True)


def expand_where(roots: Sequence[Expr], wanted: Callable[[Expr], bool]) -> list[Expr]:
    """Expand every node that has an expansion and is `wanted`, the results of expansions included."""
    done: dict[Expr, Expr] = {}

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        new = make(node.op, args, node.params)
        if new.op.expand is not None and wanted(new):
            (new,) = rewrite([new.op.expand(*args, *node.params)], rule, done)
        # What is expanded is not looked at again when an operation above it is.
        done[new] = new
        return new

    return rewrite(roots, rule, done)


def substitute(roots: Sequence[Expr], replacements: dict[Expr, Expr]) -> list[Expr]:
    """Replace nodes (variables, as a rule) by other expressions."""

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        if node in replacements:
            return replacements[node]
        return make(node.op, args, node.params)

    return rewrite(roots, rule)
