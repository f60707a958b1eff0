"""Matrices that are symmetric by their formula: entry (i, j) is computed like entry (j, i)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pairfold.ir.expr import Category, Expr, topological, variables
from pairfold.ops.arithmetic import variable
from pairfold.transform.expand import expand, substitute

__all__ = ["mirrored"]

Partners = tuple[tuple[int, int], ...]

_EVEN = frozenset({"Abs", "Cos", "Cosh"})
"""Functions that do not see the sign of their argument; a product of two equal factors is found to be so."""


@lru_cache(maxsize=256)
def mirrored(value: Expr, position: int, partners: Partners) -> Expr | None:
    """Return what the entries (j, i) of a symmetric matrix add to a product of which the entries (i, j) are known.

    Parameters
    ----------
    value : Expr
        ``k(x_i, y_j) b_j``, linear in the column variable b.
    position : int
        That of b.
    partners : tuple of (int, int)
        Positions of a variable of rows and of the one of columns that has the same numbers.

    Returns
    -------
    Expr or None
        ``k(x_i, y_j) b_i``: summed over rows i, it is row j of the product. None where k is not known to be symmetric,
        or a variable has no partner.

    Examples
    --------
    >>> from pairfold.language.formula import parse
    >>> read = parse(["Exp(-SqDist(x, y)) * b", "Exp(x - y) * b"], ["x = Vi(1)", "y = Vj(1)", "b = Vj(1)"])
    >>> [mirrored(value, 2, ((0, 1),)) for value in read.values]
    [(Exp((-SqDist(Vi(0,1), Vj(1,1)))) * Vi(2,1)), None]
    """
    found = {v.position: v for v in variables(value)}
    exchanged: dict[Expr, Expr] = {}
    for row, column in partners:
        if row in found and column in found:
            exchanged |= {found[row]: found[column], found[column]: found[row]}
    unknown = found.get(position)
    alone = [v for v in found.values() if v.category != Category.PARAMETER and v is not unknown and v not in exchanged]
    if unknown is None or unknown.category != Category.COLUMN or alone:
        return None
    (expanded,) = expand([value])
    (other,) = substitute([expanded], exchanged)
    if not _are_equal(expanded, other):
        return None
    return substitute([value], {unknown: variable(position, unknown.dim, Category.ROW, unknown.kind)})[0]


# ---------------------------------------------------------------- equal formulas

MOST_PARTS = 100
"""Factors of a product, or terms of a sum, whose order does not matter; beyond, only that of two operands does not."""

_Signed = tuple[int, int]
"""A sign, and the number of a form: what a node is."""


class _Forms:
    """Numbers for what nodes compute, whatever the order of their sums, products and differences."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}
        self.parts: dict[int, tuple[Any, ...]] = {}

    def number(self, form: Any, parts: tuple[Any, ...] = ()) -> int:
        """Return the number of a form, which is the sum or the product of some parts."""
        number = self.numbers.setdefault(form, len(self.numbers))
        self.parts[number] = parts
        return number

    def of(self, node: Expr, args: list[_Signed]) -> _Signed:
        """Return the form of a node whose arguments have known forms."""
        name = node.op.name
        if not args:
            return 1, self.number(node)
        if name == "Minus":
            return -args[0][0], args[0][1]
        if name in ("Add", "Subtract"):
            return self._sum(node, args)
        if name == "Mult":
            return args[0][0] * args[1][0], self._product(node, [number for _, number in args])
        sign = 1
        if name in _EVEN:
            args = [(1, args[0][1])]
        elif len(args) == 1 and any(0 in group for group in node.op.linear):
            sign, args = args[0][0], [(1, args[0][1])]
        return sign, self.number((name, node.params, node.dim, tuple(args)))

    def _product(self, node: Expr, numbers: list[int]) -> int:
        factors = sorted(part for number in numbers for part in self._parts(number, "product"))
        if len(factors) > MOST_PARTS:
            return self.number(("product", node.dim, *sorted(numbers)))
        return self.number(("product", node.dim, *factors), ("product", *factors))

    def _parts(self, number: int, kind: str) -> tuple[Any, ...]:
        """Return the factors or the terms of a form; one that is no product or sum is its only part."""
        parts = self.parts[number]
        if parts and parts[0] == kind:
            return parts[1:]
        return (number,) if kind == "product" else ((number, 1),)

    def _sum(self, node: Expr, args: list[_Signed]) -> _Signed:
        """Return the form of a sum; that whose first term is positive stands for its opposite, too."""
        if node.op.name == "Subtract":
            args = [args[0], (-args[1][0], args[1][1])]
        terms = sorted((part, sign * own) for sign, form in args for part, own in self._parts(form, "sum"))
        is_long = len(terms) > MOST_PARTS
        if is_long:
            terms = sorted((form, sign) for sign, form in args)
        sign = terms[0][1]
        relative = [(part, own * sign) for part, own in terms]
        return sign, self.number(("sum", node.dim, *relative), () if is_long else ("sum", *relative))


def _are_equal(one: Expr, other: Expr) -> bool:
    """Tell whether two formulas in primitive operations compute the same, but for the order of operands."""
    forms = _Forms()
    found: dict[Expr, _Signed] = {}
    for node in topological([one, other]):
        found[node] = forms.of(node, [found[arg] for arg in node.args])
    return found[one] == found[other]
