"""Separate what depends on the row, on the column, on both or on neither.

KeOps evaluates the whole formula once per pair. Here everything that depends on
one side only leaves the inner loop: row-only nodes are computed once per row,
column-only nodes once per column, uniform nodes once per call.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pairfold.ir.expr import COLUMN_BIT, PLACEHOLDER_BIT, ROW_BIT, Expr, topological
from pairfold.ops.arithmetic import one
from pairfold.transform.simplify import factors, product

__all__ = ["Frontier", "frontier", "is_access", "location", "reachable", "split_factor"]


def location(node: Expr) -> str:
    """Return "uniform", "row", "column" or "pair"; a placeholder counts as a pair."""
    if node.dependence & PLACEHOLDER_BIT or node.dependence == ROW_BIT | COLUMN_BIT:
        return "pair"
    return {0: "uniform", ROW_BIT: "row", COLUMN_BIT: "column"}[node.dependence]


def is_access(node: Expr) -> bool:
    """Tell whether `node` only picks components of variables, so that nothing has to be computed in advance."""
    return all(part.op.access for part in topological([node]))


@dataclass(frozen=True)
class Frontier:
    """The nodes of each sort that the pair loop or the final step reads."""

    uniform: tuple[Expr, ...]
    row: tuple[Expr, ...]
    column: tuple[Expr, ...]


def _arguments(node: Expr) -> tuple[Expr, ...]:
    return node.args


def reachable(
    roots: Sequence[Expr],
    held: Collection[Expr] = (),
    operands: Callable[[Expr], tuple[Expr, ...]] = _arguments,
) -> list[Expr]:
    """Return the nodes that must be evaluated for `roots`, leaves included, when the nodes `held` are already known.

    Arguments come before users; nothing below a held node is in the list unless something else needs it. ``operands``
    tells what a node is computed from.
    """
    wanted = set(roots)
    kept = []
    for node in reversed(topological(roots)):
        if node in wanted and node not in held:
            kept.append(node)
            wanted.update(operands(node))
    return kept[::-1]


def frontier(
    roots: Sequence[Expr],
    held: Collection[Expr] = (),
    operands: Callable[[Expr], tuple[Expr, ...]] = _arguments,
) -> Frontier:
    """Return the maximal uniform, row-only and column-only nodes under `roots`, where nothing below `held` counts.

    Uniform nodes are those read by any other sort, leaves included; constants are left out. ``operands`` tells what a
    node is computed from.
    """
    found: dict[str, dict[Expr, None]] = {"uniform": {}, "row": {}, "column": {}}

    def note(node: Expr) -> None:
        where = location(node)
        if where != "pair" and node.op.name != "Const":
            found[where][node] = None

    for root in roots:
        note(root)
    for node in reachable(roots, held, operands):
        if location(node) != "uniform":
            for arg in operands(node):
                if location(arg) != location(node):
                    note(arg)
    return Frontier(*(tuple(found[name]) for name in ("uniform", "row", "column")))


def split_factor(value: Expr, side: str) -> tuple[Expr, Expr]:
    """Write `value` as (factor of one side only, "row" or "column") * (rest): it can leave a sum over the other side.

    The rest may have a smaller dimension than `value`, when the only vector factors depend on that side.
    """
    parts = factors(value)
    outer = [part for part in parts if location(part) in ("uniform", side)]
    inner = [part for part in parts if location(part) not in ("uniform", side)]
    if not inner or not outer:
        return one(), value
    return product(outer), product(inner)
