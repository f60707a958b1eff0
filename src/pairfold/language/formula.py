"""Read formula strings into expressions.

A formula is a Python expression. The standard `ast` module parses it and a
walk over a whitelist of its nodes builds expressions; nothing is ever
evaluated. Operations come from the registry `OPERATIONS`, operators on formulas
(`Grad` and its family) from `CALCULUS`: a new record is readable at once.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from pairfold.errors import ArgumentTypeError, DimensionError, NotDifferentiableError, UnknownNameError, suggestion
from pairfold.ir.expr import Category, Expr, Op, make, outline
from pairfold.language.aliases import CATEGORIES, PLAIN, Argument, Dialect, Scope, checked_aliases
from pairfold.language.source import Source
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import apply, constant, is_constant, power
from pairfold.ops.logic import is_truth
from pairfold.transform.calculus import CALCULUS

__all__ = ["Formulas", "Reader", "checked_formula", "literal", "parse"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Formulas:
    """One or two formulas and the arguments that they share, in the order of their positions."""

    values: tuple[Expr, ...]
    arguments: tuple[Argument, ...]


# ---------------------------------------------------------------- tree to expression


def literal(node: ast.AST) -> int | float | None:
    """Return the value of a number, with signs, or None."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value  # type: ignore[return-value]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = literal(node.operand)
        if value is not None:
            return -value if isinstance(node.op, ast.USub) else value
    return None


_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "Add",
    ast.Sub: "Subtract",
    ast.Mult: "Mult",
    ast.Div: "Divide",
    ast.BitOr: "Scalprod",
}
_LOGICAL: dict[type[ast.operator], tuple[str, str]] = {
    ast.BitOr: ("Or", "|"),
    ast.BitAnd: ("And", "&"),
    ast.BitXor: ("Xor", "^"),
}
"""Operations on truth values; ``|`` is the scalar product of anything else."""
_COMPARISON: dict[type[ast.cmpop], tuple[str, bool]] = {
    ast.Lt: ("LessThan", False),
    ast.LtE: ("LessOrEqual", False),
    ast.Gt: ("LessThan", True),
    ast.GtE: ("LessOrEqual", True),
    ast.Eq: ("Equal", False),
    ast.NotEq: ("NotEqual", False),
}
"""Operation, and whether its operands are swapped."""

_GRAMMAR = (
    "is not part of the formula language (numbers, names of arguments, operations, + - * / ** % //, "
    "the scalar product x | y, comparisons, & | ^ ~ between comparisons)"
)
_WITH_ANY_NUMBER = ("IntCst", "Const")


class Reader:
    """Walks the tree of one formula."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.scope = scope
        self.dialect = scope.dialect
        self.source = Source(text, scope)
        # Variables written inside the formula are declared first, so that the new argument of Grad(f, v) is last.
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                name = self.source.name_at(node.func)
                if name == "Var" or name in self.dialect.variables:
                    self._inline_variable(name, node)

    def read(self) -> Expr:
        """Return the expression of the whole formula."""
        return self.guarded(lambda: self.expression(self.source.tree))

    def guarded(self, work: Callable[[], Result]) -> Result:
        """Do `work`; a formula beyond the depth of Python's stack becomes an error of the user."""
        try:
            return work()
        except RecursionError:
            message = "the formula is nested too deeply; split it into several formulas."
            raise self.source.error_at(self.source.tree, message) from None

    def expression(self, node: ast.expr) -> Expr:
        """Return the expression of one node of the tree."""
        number = literal(node)
        if number is not None:
            try:
                return constant(number)
            except OverflowError:
                raise self.source.error_at(node, "this number is too large.") from None
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.BinOp):
            return self._chain(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            operand = self.expression(node.operand)
            return -operand if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
            return self._logical(node, "Not", "~", [self.expression(node.operand)])
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Tuple) and self.dialect.has_pairs:
            return self._pair(node)
        raise self._refusal(node)

    def _refusal(self, node: ast.expr) -> Exception:
        what = {
            ast.Attribute: "access to an attribute",
            ast.Subscript: "indexing (use Elem or Extract)",
            ast.Lambda: "a lambda",
            ast.IfExp: "if ... else (use IfElse)",
            ast.BoolOp: "and / or (use & and |)",
            ast.Tuple: "a pair (a scalar product is written x | y)",
            ast.List: "a list, outside the static parameters of an operation,",
        }.get(type(node))
        if isinstance(node, ast.Constant):
            what = f"the constant {node.value!r}"
        return self.source.error_at(node, f"{what or 'this'} {_GRAMMAR}.")

    def make(self, node: ast.AST, op: Op, args: Sequence[Expr], params: Sequence[Any] = ()) -> Expr:
        """Build the node, with errors that show where in the text and use the names of the user."""
        try:
            return make(op, args, params)
        except DimensionError:
            reason = self._dimension_reason(op, args, params)
            raise self.source.error_at(node, reason, DimensionError) from None
        except (TypeError, ValueError, IndexError):
            listing = ", ".join(map(repr, params))
            raise self.source.error_at(
                node, f"{op.name} does not accept the parameters {listing}; it is used as {_usage(op)}."
            ) from None

    def _dimension_reason(self, op: Op, args: Sequence[Expr], params: Sequence[Any]) -> str:
        names = self.scope.names()
        found = " and ".join(f"{outline(arg, names)} of dimension {arg.dim}" for arg in args)
        try:
            op.dimension(tuple(arg.dim for arg in args), tuple(params))
        except DimensionError as reason:
            return f"{op.name}: {reason}" + (f" Found: {found}." if args else "")
        return f"{op.name} does not fit {found}."

    # ------------------------------------------------------------ leaves

    def _name(self, node: ast.Name) -> Expr:
        name = self.source.name_at(node)
        argument = self.scope.by_name.get(name)
        if argument is not None:
            return argument.variable
        if name in OPERATIONS or name in CALCULUS:
            raise self.source.error_at(
                node, f"{name} is an operation, not an argument: write {name}(...).", UnknownNameError
            )
        known = ", ".join(self.scope.by_name) or "none"
        raise self.source.error_at(
            node,
            f"there is no argument called {name!r}.{suggestion(name, self.scope.by_name)} "
            f"The aliases declare: {known}.",
            UnknownNameError,
        )

    def _inline_variable(self, name: str, node: ast.Call) -> Expr:
        numbers = [literal(argument) for argument in node.args]
        usage = "Var(position, dimension, category)" if name == "Var" else f"{name}(position, dimension)"
        expected = 3 if name == "Var" else 2
        integers = [number for number in numbers if isinstance(number, int)]
        if len(integers) != expected or len(numbers) != expected or node.keywords:
            raise self.source.error_at(node, f"inside a formula a variable is written {usage}, with integers.")
        position, dim = integers[:2]
        if position < 0 or dim < 1 or (name == "Var" and integers[2] not in CATEGORIES):
            raise self.source.error_at(
                node,
                f"{usage} needs a position of at least 0, a dimension of at least 1"
                + (" and a category 0 (i), 1 (j) or 2 (parameter)." if name == "Var" else "."),
            )
        category = Category(integers[2]) if name == "Var" else self.dialect.variables[name]
        argument = Argument(None, position, dim, category)
        clash = self.scope.declare(argument)
        if clash is not None:
            raise self.source.error_at(
                node,
                f"argument number {position} is {argument.declaration} here, but "
                f"{clash.name or 'elsewhere'} declares it as {clash.declaration}.",
            )
        return argument.variable

    # ------------------------------------------------------------ operators

    def _chain(self, node: ast.BinOp) -> Expr:
        # A sum of a thousand terms leans to the left: walk down its spine without recursion.
        spine = [node]
        while isinstance(spine[-1].left, ast.BinOp):
            spine.append(spine[-1].left)
        result = self.expression(spine[-1].left)
        for step in reversed(spine):
            result = self._binary(step, result)
        return result

    def _binary(self, node: ast.BinOp, left: Expr) -> Expr:
        operator = type(node.op)
        if operator is ast.Pow:
            exponent = literal(node.right)
            result = None if exponent is None else power(left, exponent)
            if result is not None:
                return result
        right = self.expression(node.right)
        if operator in (ast.Div, ast.Mod, ast.FloorDiv) and is_constant(right, 0.0):
            raise self.source.error_at(node, "division by the literal 0.")
        if operator in _LOGICAL and self._is_logical(operator, left, right):
            return self._logical(node, *_LOGICAL[operator], [left, right])
        if operator in _BINARY:
            return self.make(node, OPERATIONS[_BINARY[operator]], (left, right))
        if operator is ast.Pow:
            return self.make(node, OPERATIONS["Powf"], (left, right))
        if operator is ast.Mod:
            return self.make(node, OPERATIONS["Mod"], (left, right, constant(0)))
        if operator is ast.FloorDiv:
            return apply("Floor", self.make(node, OPERATIONS["Divide"], (left, right)))
        raise self.source.error_at(node, f"this operator {_GRAMMAR}.")

    def _is_logical(self, operator: type[ast.operator], left: Expr, right: Expr) -> bool:
        return operator is not ast.BitOr or (self.dialect.has_truth and (is_truth(left) or is_truth(right)))

    def _logical(self, node: ast.expr, name: str, symbol: str, operands: Sequence[Expr]) -> Expr:
        for operand in operands:
            if not is_truth(operand):
                raise self.source.error_at(
                    node,
                    f"{symbol} takes truth values here (comparisons, and what & | ^ ~ make of them), and "
                    f"{outline(operand, self.scope.names())} is a number; write != 0, or {name}(...) for any numbers.",
                )
        return self.make(node, OPERATIONS[name], operands)

    def _comparison(self, node: ast.Compare) -> Expr:
        if len(node.ops) > 1:
            raise self.source.error_at(
                node, "comparisons cannot be chained: write (a < b) & (b < c) instead of a < b < c."
            )
        if type(node.ops[0]) not in _COMPARISON:
            raise self.source.error_at(node, f"this comparison {_GRAMMAR}.")
        name, swapped = _COMPARISON[type(node.ops[0])]
        operands = (self.expression(node.left), self.expression(node.comparators[0]))
        return self.make(node, OPERATIONS[name], operands[::-1] if swapped else operands)

    def _pair(self, node: ast.Tuple) -> Expr:
        if len(node.elts) != 2:
            raise self.source.error_at(
                node, f"(U, V) is a scalar product and takes two operands; found {len(node.elts)}."
            )
        return self.make(node, OPERATIONS["Scalprod"], [self.expression(part) for part in node.elts])

    # ------------------------------------------------------------ calls

    def _call(self, node: ast.Call) -> Expr:
        if not isinstance(node.func, ast.Name):
            raise self._refusal(node.func)
        name = self.source.name_at(node.func)
        if node.keywords:
            raise self.source.error_at(node.keywords[0], f"{name} takes arguments by position only.")
        if name == "Var" or name in self.dialect.variables:
            return self._inline_variable(name, node)
        if name in CALCULUS:
            return self._calculus(name, node)
        op = OPERATIONS.get(name) or self.dialect.shorthands.get(name)
        if op is None:
            known = [*OPERATIONS, *CALCULUS, *self.dialect.shorthands, *self.dialect.variables]
            raise self.source.error_at(
                node.func, f"there is no operation called {name!r}.{suggestion(name, known)}", UnknownNameError
            )
        given = len(node.args)
        if not op.arity <= given <= op.arity + len(op.parameters):
            raise self.source.error_at(node, f"{_usage(op)} takes {_count(op)}; found {given}.")
        args = [self.expression(argument) for argument in node.args[: op.arity]]
        if op.name == "IfElse" and self.dialect.has_truth and is_truth(args[0]):
            raise self.source.error_at(
                node, "IfElse asks where its first operand is at least 0, which a comparison always is; use Where."
            )
        params = [self._parameter(op, argument) for argument in node.args[op.arity :]]
        if op.name in _WITH_ANY_NUMBER and params and isinstance(params[0], float | int):
            return constant(params[0])
        missing = op.parameters[len(params) :]
        if missing and not any(len(example[1]) == len(params) for example in op.sample):
            raise self.source.error_at(
                node, f"{_usage(op)} takes {_count(op)}; found {given}: {missing[0]} is missing."
            )
        result = self.make(node, op, args, params)
        return result if op.expand is None or name in OPERATIONS else op.expand(*args, *params)

    def _parameter(self, op: Op, node: ast.expr) -> Any:
        """Read a static parameter: an integer, or a sequence of integers."""
        value = literal(node)
        if value is not None and (isinstance(value, int) or op.name in _WITH_ANY_NUMBER):
            return value
        parts: Sequence[ast.expr] | None = None
        if isinstance(node, (ast.List, ast.Tuple)):
            parts = node.elts
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            parts = node.args if self.source.name_at(node.func) == "Ind" else None
        numbers = None if parts is None else [literal(part) for part in parts]
        if numbers is None or not all(isinstance(number, int) for number in numbers):
            raise self.source.error_at(
                node, f"{_usage(op)}: this must be a literal integer or a list of literal integers such as [3, 2]."
            )
        return tuple(numbers)

    def _calculus(self, name: str, node: ast.Call) -> Expr:
        record = CALCULUS[name]
        args: list[Any] = [
            self._several(argument) if name == "Diff" and rank else self.expression(argument)
            for rank, argument in enumerate(node.args)
        ]
        for v in args[1:2]:
            for one in v if isinstance(v, tuple) else (v,):
                self.require_variable(node.args[1], one, name)
        if name == "Grad" and len(args) == 2:
            args.append(self._new_cotangent(node, args[0], args[1]))
        try:
            inspect.signature(record.build).bind(*args)
        except TypeError:
            expected = ", ".join(inspect.signature(record.build).parameters)
            raise self.source.error_at(node, f"{name} takes ({expected}); found {len(args)} arguments.") from None
        try:
            return record.build(*args)
        except (DimensionError, NotDifferentiableError) as reason:
            raise self.source.error_at(node, str(reason), type(reason)) from None

    def require_variable(self, node: ast.expr, v: Expr, name: str) -> None:
        """Raise unless `v`, at `node`, is an argument that the operator `name` can differentiate by."""
        if v.op.name != "Var":
            raise self.source.error_at(
                node, f"{name} differentiates with respect to an argument of the formula, which this is not."
            )

    def _several(self, node: ast.expr) -> Expr | tuple[Expr, ...]:
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple(self.expression(part) for part in node.elts)
        return self.expression(node)

    def _new_cotangent(self, node: ast.Call, f: Expr, v: Expr) -> Expr:
        """Declare the new last argument of ``Grad(f, v)``."""
        if v.category == Category.PARAMETER:
            raise self.source.error_at(
                node,
                "Grad(f, v) adds an argument on the side opposite to v, and a parameter has none; "
                "write Grad(f, v, e) with e declared as Vi or Vj.",
            )
        argument = Argument(None, self.scope.next_position(), f.dim, v.category.other)
        self.scope.declare(argument)
        return argument.variable


def _usage(op: Op) -> str:
    operands = ["f", "g", "h"] if op.arity <= 3 else [f"f{rank}" for rank in range(op.arity)]
    return f"{op.name}({', '.join([*operands[: op.arity], *op.parameters])})"


def _count(op: Op) -> str:
    total = op.arity + len(op.parameters)
    return "1 argument" if total == 1 else f"{total} arguments"


# ---------------------------------------------------------------- entry points


def parse(formulas: Sequence[str], aliases: Sequence[str], dialect: Dialect = PLAIN) -> Formulas:
    """Read formulas that share their arguments.

    Parameters
    ----------
    formulas : sequence of str
        One formula, or a formula and a weight.
    aliases : sequence of str
        The declarations of the arguments; see `parse_alias`.
    dialect : Dialect
        How they are written.

    Returns
    -------
    Formulas
        The expressions and the arguments in order: the aliases and the variables written inside the formulas.

    Raises
    ------
    FormulaError
        If a formula or an alias is not in the language.
    UnknownNameError
        If a name is not known.
    DimensionError
        If the dimensions of operands do not fit.

    Examples
    --------
    >>> parse(["Exp(-SqDist(x, y)) * b"], ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"]).values[0].dim
    2
    """
    return _parse(tuple(map(checked_formula, formulas)), checked_aliases(aliases), dialect)


def checked_formula(formula: object) -> str:
    """Return `formula`; raises `ArgumentTypeError` when it is no string."""
    if not isinstance(formula, str):
        raise ArgumentTypeError(f"A formula is a string; found {formula!r}, of type {type(formula).__name__}.")
    return formula


@lru_cache(maxsize=1024)
def _parse(formulas: tuple[str, ...], aliases: tuple[str, ...], dialect: Dialect) -> Formulas:
    scope = Scope(aliases, dialect)
    readers = [Reader(text, scope) for text in formulas]
    values = tuple(reader.read() for reader in readers)
    return Formulas(values, scope.arguments())
