"""Formulas that hold their reduction, as R and MATLAB programs and the core of KeOps write them."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pairfold.errors import ArgumentValueError, DimensionError, NotDifferentiableError, UnknownNameError
from pairfold.ir.expr import Category, Expr
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import Reduction
from pairfold.language.aliases import Argument, Scope, checked_aliases
from pairfold.language.formula import Reader, checked_formula, literal
from pairfold.ops.arithmetic import zeros
from pairfold.pykeops.dialect import KEOPS
from pairfold.reductions import REDUCTIONS, find_reduction
from pairfold.reductions.state import output_kinds
from pairfold.transform.calculus import CALCULUS

__all__ = ["CoreFormula", "parse_core"]

_REDUCTION_CALL = re.compile(r"(?P<name>\w+?)_?Reduction")
_GRADIENTS = {
    "Grad": "reduction, v, e",
    "GradFromPos": "reduction, position of v, e",
    "Grad_WithSavedForward": "reduction, v, e, result of the reduction",
}


@dataclass(frozen=True)
class CoreFormula:
    """A formula together with its reduction, as read from ``"Sum_Reduction(F, 0)"``."""

    reduction: Reduction
    value: Expr
    weight: Expr | None
    k: int
    axis: int
    arguments: tuple[Argument, ...]
    gradients: tuple[tuple[int, Expr], ...] = ()
    """What the reduction is differentiated by, one after another: position of an argument, and cotangent. The
    gradients of sums are part of `value`."""


@dataclass(frozen=True)
class _Parts:
    """What a string says, before the arguments are complete."""

    reduction: Reduction
    value: Expr
    axis: int
    weight: Expr | None = None
    k: int = 1
    gradients: tuple[tuple[int, Expr], ...] = ()


class _CoreReader(Reader):
    """Walks the tree of a formula that may hold a reduction."""

    def __init__(self, text: str, scope: Scope, number: str) -> None:
        super().__init__(text, scope)
        self.number = number

    def read_core(self, axis: int) -> _Parts:
        return self.guarded(lambda: self._core(self.source.tree, axis))

    def _core(self, node: ast.expr, axis: int) -> _Parts:
        name = self._reduction_name(node)
        if isinstance(node, ast.Call) and name is not None:
            return self._reduction(node, name, axis)
        if isinstance(node, ast.Call) and node.args and self._holds_reduction(node.args[0]):
            return self._gradient_of_reduction(node, axis)
        return _Parts(REDUCTIONS["Sum"], self.expression(node), axis)

    def _reduction_name(self, node: ast.expr) -> str | None:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            return None
        match = _REDUCTION_CALL.fullmatch(self.source.name_at(node))
        return match["name"] if match else None

    def _holds_reduction(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Call) and node.args and self.source.name_at(node) in _GRADIENTS:
            node = node.args[0]
        return self._reduction_name(node) is not None

    def _reduction(self, node: ast.Call, name: str, axis: int) -> _Parts:
        if name == "Zero":
            dim, tag = self._integers(node, node.args, "Zero_Reduction(dimension, tag)", 2)
            return _Parts(REDUCTIONS["Sum"], zeros(dim), self._axis(node, tag))
        try:
            reduction = find_reduction(name)
        except UnknownNameError as error:
            raise self.source.error_at(node.func, str(error), UnknownNameError) from None
        usage = f"{self.source.name_at(node)}({', '.join(['formula', *_further(reduction)])})"
        rest = node.args[1:]
        if not node.args or len(rest) > len(_further(reduction)):
            raise self.source.error_at(node, f"write {usage}; found {len(node.args)} arguments.")
        value = self.expression(node.args[0])
        weight, k = None, 1
        if reduction.needs_k:
            (k,) = self._integers(node, rest[:1], usage, 1)
            rest = rest[1:]
        if reduction.needs_weight:
            if len(rest) != 2:
                raise self.source.error_at(node, f"write {usage}; found {len(node.args)} arguments.")
            second, *rest = self._weight_first(rest)
            weight = self.expression(second)
        if rest:
            (tag,) = self._integers(node, rest, usage, 1)
            axis = self._axis(node, tag)
        return _Parts(reduction, value, axis, weight, k)

    def _weight_first(self, rest: list[ast.expr]) -> list[ast.expr]:
        """Return weight and number in this order: which is which can be seen, but for a weight that is a number."""
        is_number = [isinstance(literal(part), int) for part in rest]
        weight_leads = is_number[1] and (not is_number[0] or self.number == "reduced")
        return rest if weight_leads else rest[::-1]

    def _gradient_of_reduction(self, node: ast.Call, axis: int) -> _Parts:
        name = self.source.name_at(node)
        if name not in _GRADIENTS:
            raise self.source.error_at(node, "a reduction stands alone, or as the first argument of Grad.")
        inner = self._core(node.args[0], axis)
        if len(node.args) != _GRADIENTS[name].count(",") + 1:
            raise self.source.error_at(
                node, f"{name} of a reduction takes ({_GRADIENTS[name]}); found {len(node.args)} arguments."
            )
        v = self._variable(node, name)
        e = self.expression(node.args[2])
        if not inner.reduction.linear:
            return self._differentiated(node, inner, v, e)
        try:
            gradient = CALCULUS["Grad"].build(inner.value, v, e)
        except (DimensionError, NotDifferentiableError) as reason:
            raise self.source.error_at(node, str(reason), type(reason)) from None
        # The result is indexed like v; a gradient for a parameter keeps the index of the reduction.
        axis = {Category.ROW: 1, Category.COLUMN: 0}.get(v.category, inner.axis)
        return _Parts(inner.reduction, gradient, axis)

    def _variable(self, node: ast.Call, name: str) -> Expr:
        """Return what a gradient is taken by: an argument, or the position of one."""
        if name != "GradFromPos":
            v = self.expression(node.args[1])
            self.require_variable(node.args[1], v, name)
            return v
        position = literal(node.args[1])
        if position not in self.scope.by_position:
            known = ", ".join(map(str, sorted(self.scope.by_position)))
            raise self.source.error_at(
                node, f"{name} takes ({_GRADIENTS[name]}); the positions of the arguments are {known}."
            )
        return self.scope.by_position[int(position)].variable

    def _differentiated(self, node: ast.Call, inner: _Parts, v: Expr, e: Expr) -> _Parts:
        problem = Problem(inner.value, inner.reduction, inner.weight, inner.k)
        if inner.reduction.pullback is None or "real" not in output_kinds(problem):
            raise self.source.error_at(
                node, f"the result of {inner.reduction.name} has no derivative.", NotDifferentiableError
            )
        return replace(inner, gradients=(*inner.gradients, (v.position, e)))

    def _integers(self, node: ast.AST, parts: Sequence[ast.expr], usage: str, count: int) -> list[int]:
        numbers = [literal(part) for part in parts]
        integers = [number for number in numbers if isinstance(number, int)]
        if len(integers) != count or len(numbers) != count or min(integers) < 0:
            raise self.source.error_at(node, f"write {usage} with literal integers.")
        return integers

    def _axis(self, node: ast.AST, tag: int) -> int:
        if tag not in (0, 1):
            raise self.source.error_at(
                node,
                f"the tag of a reduction is 0 (result indexed by i) or 1 (result indexed by j), not {tag}."
                if self.number == "kept"
                else f"the axis of a reduction is 0 (over i) or 1 (over j), not {tag}.",
            )
        return 1 - tag if self.number == "kept" else tag


def _further(reduction: Reduction) -> list[str]:
    """Return what follows the formula of a reduction."""
    return ["K"] * reduction.needs_k + ["tag"] + ["weight formula"] * reduction.needs_weight


def parse_core(text: str, aliases: Sequence[str], axis: int = 1, number: str = "kept") -> CoreFormula:
    """Read a formula that may hold its reduction, as ``"Sum_Reduction(Exp(x - y), 0)"`` of R and MATLAB programs.

    Parameters
    ----------
    text : str
        ``"X_Reduction(F, n)"``, ``"KMin_Reduction(F, K, n)"``, ``"LogSumExpWeight_Reduction(F, n, G)"`` (also with the
        weight G before n), ``"Grad(X_Reduction(F, n), v, e)"``, ``"GradFromPos(X_Reduction(F, n), position, e)"``,
        ``"Grad_WithSavedForward(X_Reduction(F, n), v, e, r)"``, which needs no r here,
        gradients of these, the spellings of 2018 without underscore, or a plain formula, which is summed. A gradient
        is indexed like v; for a parameter that of a Sum keeps the index of the reduction, one row per point.
    aliases : sequence of str
        The declarations of the arguments.
    axis : int
        The reduced axis when `text` does not say: 1 = over j.
    number : str
        What n means: ``"kept"``, the tag of KeOps 1 (0 for a result indexed by i, 1 for one indexed by j), or
        ``"reduced"``, the axis of KeOps 2 (0 = over i, 1 = over j).

    Raises
    ------
    FormulaError, UnknownNameError, DimensionError
        As `parse`.

    Examples
    --------
    >>> parse_core("ArgKMin_Reduction(SqDist(x, y), 5, 0)", ["x = Vi(3)", "y = Vj(3)"]).k
    5
    """
    scope = Scope(checked_aliases(aliases), KEOPS)
    parts = _CoreReader(checked_formula(text), scope, number).read_core(axis)
    if parts.k < 1:
        raise ArgumentValueError(f"{parts.reduction.name} keeps at least K = 1 entry; found {parts.k}.")
    return CoreFormula(
        parts.reduction, parts.value, parts.weight, parts.k, parts.axis, scope.arguments(), parts.gradients
    )
