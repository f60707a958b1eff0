"""Read formula strings into expressions.

A formula is a Python expression. The standard `ast` module parses it and a
walk over a whitelist of its nodes builds expressions; nothing is ever
evaluated. Operations come from the registry `OPERATIONS`, operators on formulas
(`Grad` and its family) from `CALCULUS`: a new record is readable at once.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import keyword
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from pairfold.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    DimensionError,
    FormulaError,
    NotDifferentiableError,
    UnknownNameError,
)
from pairfold.ir.expr import Category, Expr, make
from pairfold.ir.op import Op
from pairfold.ir.reduction import REDUCTIONS, Reduction
from pairfold.ir.show import show
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import apply, constant, is_constant, variable, zeros
from pairfold.transform.calculus import CALCULUS

__all__ = [
    "Argument",
    "CoreFormula",
    "Formulas",
    "find_reduction",
    "parse",
    "parse_alias",
    "parse_core",
    "power",
    "suggestion",
]

VARIABLE_NAMES = {
    "Vi": Category.ROW,
    "Vj": Category.COLUMN,
    "Pm": Category.PARAMETER,
    "Vx": Category.ROW,
    "Vy": Category.COLUMN,
}
"""Constructors of variables; Vx and Vy are the names of 2018."""

_CATEGORIES = (Category.ROW, Category.COLUMN, Category.PARAMETER)
_NAME = re.compile(r"[^\W\d]\w*")
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_ALIAS = re.compile(r"(?:(?P<name>[^\W\d]\w*)=)?(?P<kind>Vi|Vj|Pm|Vx|Vy|Var)\((?P<numbers>[\d,+-]*)\)")
_REDUCTION_CALL = re.compile(r"(?P<name>\w+?)_?Reduction")


@dataclass(frozen=True)
class Argument:
    """One argument of a routine: what its formula says about it."""

    name: str | None
    position: int
    dim: int
    category: Category

    @property
    def variable(self) -> Expr:
        """The variable that stands for this argument in expressions."""
        return variable(self.position, self.dim, self.category)

    @property
    def declaration(self) -> str:
        """The argument as the user could declare it, such as ``Vi(3)``."""
        prefix = {Category.ROW: "Vi", Category.COLUMN: "Vj"}.get(self.category, "Pm")
        return f"{prefix}({self.dim})"


@dataclass(frozen=True)
class Formulas:
    """One or two formulas and the arguments that they share, in the order of their positions."""

    values: tuple[Expr, ...]
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class CoreFormula:
    """A formula together with its reduction, as read from ``"Sum_Reduction(F, 0)"``."""

    reduction: Reduction
    value: Expr
    weight: Expr | None
    k: int
    axis: int
    arguments: tuple[Argument, ...]


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'Exp'?" for the known name closest to `name`, or nothing."""
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower_case, n=1, cutoff=0.6)
    return f" Did you mean {by_lower_case[close[0]]!r}?" if close else ""


def find_reduction(name: str) -> Reduction:
    """Return the reduction called `name`.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    reduction = REDUCTIONS.get(name)
    if reduction is None:
        raise UnknownNameError(
            f"There is no reduction called {name!r}.{suggestion(str(name), REDUCTIONS)} "
            f"The reductions are: {', '.join(sorted(REDUCTIONS))}."
        )
    return reduction


# ---------------------------------------------------------------- aliases


def parse_alias(alias: str, rank: int) -> Argument:
    """Read an alias such as ``"x = Vi(3)"``, number `rank` of its list.

    Parameters
    ----------
    alias : str
        ``"name = Vi(dim)"``, ``Vj`` or ``Pm`` likewise, ``"name = Vi(position, dim)"``, the same without a name, or
        ``"Var(position, dim, category)"``. Vx and Vy are synonyms of Vi and Vj. Spaces are free.
    rank : int
        The position when the alias gives none.

    Raises
    ------
    ArgumentTypeError
        If `alias` is no string.
    FormulaError
        If `alias` has another form.

    Examples
    --------
    >>> parse_alias("x = Vi(3)", 0)
    Argument(name='x', position=0, dim=3, category=<Category.ROW: 0>)
    """
    if not isinstance(alias, str):
        raise ArgumentTypeError(
            f"Alias number {rank} is {alias!r}, of type {type(alias).__name__}; an alias is a string such as "
            "'x = Vi(3)'."
        )
    match = _ALIAS.fullmatch("".join(alias.split()))
    numbers = _integers(match["numbers"]) if match else None
    if match is None or numbers is None:
        raise FormulaError(
            f"Alias number {rank} is {alias!r}, which is not understood. Allowed forms: 'x = Vi(3)', 'y = Vj(3)', "
            "'p = Pm(3)' (the number is the dimension), 'x = Vi(0, 3)' (position, dimension), 'Var(0, 3, 2)' "
            "(position, dimension, category 0 = i, 1 = j, 2 = parameter)."
        )
    name, kind = match["name"], match["kind"]
    if kind == "Var":
        if len(numbers) != 3 or numbers[2] not in _CATEGORIES:
            raise FormulaError(
                f"Alias number {rank} is {alias!r}; Var takes a position, a dimension and a category 0, 1 or 2."
            )
        position, dim, category = numbers[0], numbers[1], Category(numbers[2])
    else:
        if len(numbers) not in (1, 2):
            raise FormulaError(
                f"Alias number {rank} is {alias!r}; {kind} takes a dimension, or a position and a dimension; "
                f"found {len(numbers)} numbers."
            )
        position = numbers[0] if len(numbers) == 2 else rank
        dim, category = numbers[-1], VARIABLE_NAMES[kind]
    if position < 0 or dim < 1:
        raise FormulaError(
            f"Alias number {rank} is {alias!r}: the position must be at least 0 (here {position}) and the dimension "
            f"at least 1 (here {dim})."
        )
    return Argument(name, position, dim, category)


def _integers(text: str) -> list[int] | None:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        return None


class _Scope:
    """The variables that a formula may use: aliases, and variables written inside the formula."""

    def __init__(self, aliases: Sequence[str]) -> None:
        self.by_position: dict[int, Argument] = {}
        self.by_name: dict[str, Argument] = {}
        for rank, alias in enumerate(aliases):
            argument = parse_alias(alias, rank)
            if argument.name in self.by_name:
                raise FormulaError(
                    f"The alias name {argument.name!r} is declared twice: {_listing(aliases)}. Give each argument a "
                    "name of its own."
                )
            clash = self.declare(argument)
            if clash is not None:
                raise FormulaError(
                    f"The aliases {_listing(aliases)} give position {argument.position} to two arguments. Give all "
                    "positions, or none."
                )
            if argument.name is not None:
                self.by_name[argument.name] = argument

    def declare(self, argument: Argument) -> Argument | None:
        """Enter `argument`; return the different argument that already has its position, if any."""
        present = self.by_position.setdefault(argument.position, argument)
        same = present is argument or (present.dim, present.category) == (argument.dim, argument.category)
        return None if same and (argument.name is None or present is argument) else present

    def next_position(self) -> int:
        return 1 + max(self.by_position, default=-1)

    def arguments(self) -> tuple[Argument, ...]:
        missing = sorted(set(range(self.next_position())) - set(self.by_position))
        if missing:
            raise FormulaError(
                f"The arguments have the positions {sorted(self.by_position)}; position {missing[0]} is missing. "
                "Positions count from 0 without gaps."
            )
        return tuple(self.by_position[position] for position in range(len(self.by_position)))

    def names(self) -> dict[Expr, str]:
        return {argument.variable: name for name, argument in self.by_name.items()}


def _listing(aliases: Sequence[str]) -> str:
    return ", ".join(repr(alias) for alias in aliases)


# ---------------------------------------------------------------- text to tree


class _Source:
    """The text of a formula, its syntax tree, and errors that point into it."""

    def __init__(self, text: str, scope: _Scope) -> None:
        if not isinstance(text, str):
            raise ArgumentTypeError(f"A formula is a string; found {text!r}, of type {type(text).__name__}.")
        # One line, so that line breaks are free and an error can be shown under the text.
        self.text = re.sub(r"\s", " ", text)
        self.scope = scope
        if not self.text.strip():
            raise FormulaError("The formula is empty; write an expression such as 'Exp(-SqDist(x, y)) * b'.")
        for character in "#\\;\0":
            if character in self.text:
                self.fail(self.text.index(character), 1, f"the character {character!r} has no meaning in a formula.")
        # An alias may have the name of a Python keyword: the tree is built from a text of equal length in which
        # such words are replaced; `name_at` reads names from the text of the user.
        readable = _WORD.sub(self._hide_keyword, self.text)
        margin = len(readable) - len(readable.lstrip())
        self._margin = margin
        try:
            self.tree = ast.parse(readable[margin:], mode="eval").body
        except SyntaxError as error:
            self.fail(margin + max((error.offset or 1) - 1, 0), 1, f"{error.msg}.")
        except (RecursionError, MemoryError):
            self.fail(0, 1, "the formula is nested too deeply; split it into several formulas.")

    def _hide_keyword(self, match: re.Match[str]) -> str:
        word = match[0]
        return "x" * len(word) if keyword.iskeyword(word) and word in self.scope.by_name else word

    def _start(self, node: ast.AST) -> int:
        # Offsets of `ast` count bytes of UTF-8.
        column: int = node.col_offset  # type: ignore[attr-defined]
        return self._margin + len(self.text[self._margin :].encode()[:column].decode())

    def _end(self, node: ast.AST) -> int:
        column: int = node.end_col_offset  # type: ignore[attr-defined]
        return self._margin + len(self.text[self._margin :].encode()[:column].decode())

    def name_at(self, node: ast.AST) -> str:
        match = _NAME.match(self.text, self._start(node))
        assert match is not None
        return match[0]

    def fail(self, start: int, length: int, message: str, error: type[Exception] = FormulaError) -> NoReturn:
        raise error(f"{message[0].upper()}{message[1:]}\n{_pointer(self.text, start, length)}") from None

    def fail_at(self, node: ast.AST, message: str, error: type[Exception] = FormulaError) -> NoReturn:
        start = self._start(node)
        self.fail(start, max(self._end(node) - start, 1), message, error)


def _pointer(text: str, start: int, length: int, width: int = 100) -> str:
    """Return two lines: the text around `start`, and carets under the `length` characters there."""
    first = max(0, start - width // 2)
    last = min(len(text), max(start + length, first + width))
    left = "..." if first else ""
    right = "..." if last < len(text) else ""
    margin = " " * (len(left) + start - first)
    return f"    {left}{text[first:last]}{right}\n    {margin}{'^' * min(length, max(last - start, 1))}"


# ---------------------------------------------------------------- tree to expression


def _literal(node: ast.AST) -> int | float | None:
    """Return the value of a number, with signs, or None."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value  # type: ignore[return-value]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _literal(node.operand)
        if value is not None:
            return -value if isinstance(node.op, ast.USub) else value
    return None


def power(base: Expr, exponent: float) -> Expr | None:
    """Return `base` to the power of a number by the best operation for it; None when only Powf will do."""
    if exponent == 2:
        return apply("Square", base)
    if exponent == 0.5:
        return apply("Sqrt", base)
    if exponent == -0.5:
        return apply("Rsqrt", base)
    if exponent == int(exponent):
        return apply("Pow", base, params=(int(exponent),))
    return None


_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "Add",
    ast.Sub: "Subtract",
    ast.Mult: "Mult",
    ast.Div: "Divide",
    ast.BitOr: "Scalprod",
}
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
    "is not part of the formula language, which has numbers, names of arguments, calls of operations, "
    "+ - * / ** % //, the scalar product x | y, and comparisons"
)
_WITH_ANY_NUMBER = ("IntCst", "Const")


class _Reader:
    """Walks the tree of one formula."""

    def __init__(self, text: str, scope: _Scope) -> None:
        self.scope = scope
        self.source = _Source(text, scope)
        # Variables written inside the formula are declared first, so that the new argument of Grad(f, v) is last.
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                name = self.source.name_at(node.func)
                if name == "Var" or name in VARIABLE_NAMES:
                    self._inline_variable(name, node)

    def read(self) -> Expr:
        return self.guarded(self.source.tree, self.expression)

    def guarded(self, node: ast.expr, method: Any) -> Any:
        try:
            return method(node)
        except RecursionError:
            self.source.fail_at(node, "the formula is nested too deeply; split it into several formulas.")

    def expression(self, node: ast.expr) -> Expr:
        number = _literal(node)
        if number is not None:
            try:
                return constant(number)
            except OverflowError:
                self.source.fail_at(node, "this number is too large.")
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.BinOp):
            return self._chain(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            operand = self.expression(node.operand)
            return -operand if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Tuple):
            return self._pair(node)
        self._refuse(node)

    def _refuse(self, node: ast.expr) -> NoReturn:
        what = {
            ast.Attribute: "access to an attribute",
            ast.Subscript: "indexing (use Elem or Extract)",
            ast.Lambda: "a lambda",
            ast.IfExp: "if ... else (use IfElse)",
            ast.BoolOp: "and / or (multiply comparisons)",
            ast.List: "a list, outside the static parameters of an operation,",
        }.get(type(node))
        if isinstance(node, ast.Constant):
            what = f"the constant {node.value!r}"
        self.source.fail_at(node, f"{what or 'this'} {_GRAMMAR}.")

    def make(self, node: ast.AST, op: Op, args: Sequence[Expr], params: Sequence[Any] = ()) -> Expr:
        """Build the node, with errors that show where in the text and use the names of the user."""
        try:
            return make(op, args, params)
        except DimensionError:
            pass
        except (TypeError, ValueError, IndexError):
            self.source.fail_at(
                node, f"{op.name} does not accept the parameters {', '.join(map(repr, params))} ({_usage(op)})."
            )
        try:
            op.dimension(tuple(arg.dim for arg in args), tuple(params))
        except DimensionError as reason:
            names = self.scope.names()
            found = " and ".join(f"{show(arg, names)} of dimension {arg.dim}" for arg in args)
            self.source.fail_at(node, f"{op.name}: {reason}" + (f" Found: {found}." if args else ""), DimensionError)
        raise AssertionError("the dimension rule gives the same answer twice")

    # ------------------------------------------------------------ leaves

    def _name(self, node: ast.Name) -> Expr:
        name = self.source.name_at(node)
        argument = self.scope.by_name.get(name)
        if argument is not None:
            return argument.variable
        if name in OPERATIONS or name in CALCULUS:
            self.source.fail_at(
                node, f"{name} is an operation, not an argument: write {name}(...).", UnknownNameError
            )
        known = ", ".join(self.scope.by_name) or "none"
        self.source.fail_at(
            node,
            f"there is no argument called {name!r}.{suggestion(name, self.scope.by_name)} "
            f"The aliases declare: {known}.",
            UnknownNameError,
        )

    def _inline_variable(self, name: str, node: ast.Call) -> Expr:
        numbers = [_literal(argument) for argument in node.args]
        usage = "Var(position, dimension, category)" if name == "Var" else f"{name}(position, dimension)"
        expected = 3 if name == "Var" else 2
        integers = [number for number in numbers if isinstance(number, int)]
        if len(integers) != expected or len(numbers) != expected or node.keywords:
            self.source.fail_at(node, f"inside a formula a variable is written {usage}, with integers.")
        position, dim = integers[:2]
        if position < 0 or dim < 1 or (name == "Var" and integers[2] not in _CATEGORIES):
            self.source.fail_at(
                node,
                f"{usage} needs a position of at least 0, a dimension of at least 1"
                + (" and a category 0 (i), 1 (j) or 2 (parameter)." if name == "Var" else "."),
            )
        category = Category(integers[2]) if name == "Var" else VARIABLE_NAMES[name]
        argument = Argument(None, position, dim, category)
        clash = self.scope.declare(argument)
        if clash is not None:
            self.source.fail_at(
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
            exponent = _literal(node.right)
            if exponent is not None and abs(exponent) < 2**31:
                result = power(left, exponent)
                if result is not None:
                    return result
        right = self.expression(node.right)
        if operator in (ast.Div, ast.Mod, ast.FloorDiv) and is_constant(right, 0.0):
            self.source.fail_at(node, "division by the literal 0.")
        if operator in _BINARY:
            return self.make(node, OPERATIONS[_BINARY[operator]], (left, right))
        if operator is ast.Pow:
            return self.make(node, OPERATIONS["Powf"], (left, right))
        if operator is ast.Mod:
            return self.make(node, OPERATIONS["Mod"], (left, right, constant(0)))
        if operator is ast.FloorDiv:
            return apply("Floor", self.make(node, OPERATIONS["Divide"], (left, right)))
        self.source.fail_at(node, f"this operator {_GRAMMAR}.")

    def _comparison(self, node: ast.Compare) -> Expr:
        if len(node.ops) > 1:
            self.source.fail_at(
                node, "comparisons cannot be chained: write (a < b) * (b < c) instead of a < b < c."
            )
        if type(node.ops[0]) not in _COMPARISON:
            self.source.fail_at(node, f"this comparison {_GRAMMAR}.")
        name, swapped = _COMPARISON[type(node.ops[0])]
        operands = (self.expression(node.left), self.expression(node.comparators[0]))
        return self.make(node, OPERATIONS[name], operands[::-1] if swapped else operands)

    def _pair(self, node: ast.Tuple) -> Expr:
        # (U, V) was the scalar product in 2018.
        if len(node.elts) != 2:
            self.source.fail_at(node, f"(U, V) is a scalar product and takes two operands; found {len(node.elts)}.")
        return self.make(node, OPERATIONS["Scalprod"], [self.expression(part) for part in node.elts])

    # ------------------------------------------------------------ calls

    def _call(self, node: ast.Call) -> Expr:
        if not isinstance(node.func, ast.Name):
            self._refuse(node.func)
        name = self.source.name_at(node.func)
        if node.keywords:
            self.source.fail_at(node.keywords[0], f"{name} takes arguments by position only.")
        if name == "Var" or name in VARIABLE_NAMES:
            return self._inline_variable(name, node)
        if name in CALCULUS:
            return self._calculus(name, node)
        op = OPERATIONS.get(name)
        if op is None:
            known = [*OPERATIONS, *CALCULUS, *VARIABLE_NAMES]
            self.source.fail_at(
                node.func, f"there is no operation called {name!r}.{suggestion(name, known)}", UnknownNameError
            )
        given = len(node.args)
        if not op.arity <= given <= op.arity + len(op.parameters):
            self.source.fail_at(node, f"{_usage(op)} takes {_count(op)}; found {given}.")
        args = [self.expression(argument) for argument in node.args[: op.arity]]
        params = [self._parameter(op, argument) for argument in node.args[op.arity :]]
        if op.name in _WITH_ANY_NUMBER and params and isinstance(params[0], float | int):
            return constant(params[0])
        missing = op.parameters[len(params) :]
        if missing and not any(len(example[1]) == len(params) for example in op.sample):
            self.source.fail_at(node, f"{_usage(op)} takes {_count(op)}; found {given}: {missing[0]} is missing.")
        return self.make(node, op, args, params)

    def _parameter(self, op: Op, node: ast.expr) -> Any:
        """Read a static parameter: an integer, or a sequence of integers."""
        value = _literal(node)
        if value is not None and (isinstance(value, int) or op.name in _WITH_ANY_NUMBER):
            return value
        parts: Sequence[ast.expr] | None = None
        if isinstance(node, (ast.List, ast.Tuple)):
            parts = node.elts
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            parts = node.args if self.source.name_at(node.func) == "Ind" else None
        numbers = None if parts is None else [_literal(part) for part in parts]
        if numbers is None or not all(isinstance(number, int) for number in numbers):
            self.source.fail_at(
                node, f"{_usage(op)}: this must be a literal integer or a list of literal integers such as [3, 2]."
            )
        return tuple(numbers)

    def _calculus(self, name: str, node: ast.Call) -> Expr:
        record = CALCULUS[name]
        args: list[Any] = [
            self._several(argument) if name == "Diff" and rank else self.expression(argument)
            for rank, argument in enumerate(node.args)
        ]
        for rank, argument in enumerate(args[1:2], start=1):
            for one in argument if isinstance(argument, tuple) else (argument,):
                if one.op.name != "Var":
                    self.source.fail_at(
                        node.args[rank],
                        f"{name} differentiates with respect to an argument of the formula, which this is not.",
                    )
        if name == "Grad" and len(args) == 2:
            args.append(self._new_cotangent(node, args[0], args[1]))
        try:
            inspect.signature(record.build).bind(*args)
        except TypeError:
            expected = ", ".join(inspect.signature(record.build).parameters)
            self.source.fail_at(node, f"{name} takes ({expected}); found {len(args)} arguments.")
        try:
            return record.build(*args)
        except (DimensionError, NotDifferentiableError) as reason:
            self.source.fail_at(node, str(reason), type(reason))

    def _several(self, node: ast.expr) -> Expr | tuple[Expr, ...]:
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple(self.expression(part) for part in node.elts)
        return self.expression(node)

    def _new_cotangent(self, node: ast.Call, f: Expr, v: Expr) -> Expr:
        """Declare the new last argument of ``Grad(f, v)``."""
        category = v.params[2]
        if category == Category.PARAMETER:
            self.source.fail_at(
                node,
                "Grad(f, v) adds an argument on the side opposite to v, and a parameter has none; "
                "write Grad(f, v, e) with e declared as Vi or Vj.",
            )
        other = Category.COLUMN if category == Category.ROW else Category.ROW
        argument = Argument(None, self.scope.next_position(), f.dim, other)
        self.scope.declare(argument)
        return argument.variable

    # ------------------------------------------------------------ reductions

    def core(self, node: ast.expr, axis: int) -> tuple[Reduction, Expr, Expr | None, int, int]:
        """Read a formula with its reduction; a formula without one is summed over `axis`."""
        name = self.source.name_at(node.func) if _is_named_call(node) else ""  # type: ignore[attr-defined]
        if name == "Grad" and _is_reduction(self.source, node.args[0]):  # type: ignore[attr-defined]
            return self._gradient_of_reduction(node, axis)  # type: ignore[arg-type]
        match = _REDUCTION_CALL.fullmatch(name)
        if match is None:
            return REDUCTIONS["Sum"], self.expression(node), None, 1, axis
        assert isinstance(node, ast.Call)
        if match["name"] == "Zero":
            dim, tag = self._integers_of(node, node.args, "Zero_Reduction(dimension, tag)", 2)
            return REDUCTIONS["Sum"], zeros(dim), None, 1, 1 - self._tag(node, tag)
        old_names = {"LogSumExpVect": "LogSumExpWeight"}
        try:
            reduction = find_reduction(old_names.get(match["name"], match["name"]))
        except UnknownNameError as error:
            self.source.fail_at(node.func, str(error), UnknownNameError)
        rest = node.args[1:]
        weight, k = None, 1
        if not node.args:
            self.source.fail_at(node, f"{name} needs a formula.")
        value = self.expression(node.args[0])
        if reduction.needs_k:
            (k,) = self._integers_of(node, rest[:1], f"{name}(formula, K, tag)", 1)
            rest = rest[1:]
        if reduction.needs_weight:
            if len(rest) != 2:
                self.source.fail_at(node, f"write {name}(formula, tag, weight formula).")
            weight = self.expression(rest[1])
            rest = rest[:1]
        if rest:
            (tag,) = self._integers_of(node, rest, f"{name}(formula, tag)", 1)
            axis = 1 - self._tag(node, tag)
        return reduction, value, weight, k, axis

    def _gradient_of_reduction(self, node: ast.Call, axis: int) -> tuple[Reduction, Expr, Expr | None, int, int]:
        reduction, value, _, _, axis = self.core(node.args[0], axis)
        if reduction.name != "Sum":
            self.source.fail_at(
                node, f"Grad of {reduction.name} cannot be written in a string; only of a Sum.", NotDifferentiableError
            )
        if len(node.args) != 3:
            self.source.fail_at(node, f"Grad of a reduction takes (reduction, v, e); found {len(node.args)} arguments.")
        v, e = (self.expression(argument) for argument in node.args[1:])
        if v.op.name != "Var":
            self.source.fail_at(node.args[1], "Grad differentiates with respect to an argument, which this is not.")
        try:
            gradient = CALCULUS["Grad"].build(value, v, e)
        except (DimensionError, NotDifferentiableError) as reason:
            self.source.fail_at(node, str(reason), type(reason))
        axis = {Category.ROW: 1, Category.COLUMN: 0}.get(v.params[2], axis)
        return reduction, gradient, None, 1, axis

    def _integers_of(self, node: ast.AST, parts: Sequence[ast.expr], usage: str, count: int) -> list[int]:
        numbers = [_literal(part) for part in parts]
        integers = [number for number in numbers if isinstance(number, int)]
        if len(integers) != count or len(numbers) != count or min(integers) < 0:
            self.source.fail_at(node, f"write {usage} with literal integers.")
        return integers

    def _tag(self, node: ast.AST, tag: int) -> int:
        if tag not in (0, 1):
            self.source.fail_at(
                node, f"the tag of a reduction is 0 (result indexed by i) or 1 (result indexed by j), not {tag}."
            )
        return tag


def _is_named_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def _is_reduction(source: _Source, node: ast.AST) -> bool:
    return _is_named_call(node) and _REDUCTION_CALL.fullmatch(source.name_at(node)) is not None


def _usage(op: Op) -> str:
    operands = ["f", "g", "h"] if op.arity <= 3 else [f"f{rank}" for rank in range(op.arity)]
    return f"{op.name}({', '.join([*operands[: op.arity], *op.parameters])})"


def _count(op: Op) -> str:
    total = op.arity + len(op.parameters)
    return "1 argument" if total == 1 else f"{total} arguments"


# ---------------------------------------------------------------- entry points


def _checked(aliases: Sequence[str]) -> tuple[str, ...]:
    if isinstance(aliases, str):
        raise ArgumentTypeError(f"The aliases are a list of strings; found the single string {aliases!r}.")
    try:
        return tuple(aliases)
    except TypeError:
        raise ArgumentTypeError(
            f"The aliases are a list of strings; found {aliases!r}, of type {type(aliases).__name__}."
        ) from None


def parse(formulas: Sequence[str], aliases: Sequence[str]) -> Formulas:
    """Read formulas that share their arguments.

    Parameters
    ----------
    formulas : sequence of str
        One formula, or a formula and a weight.
    aliases : sequence of str
        The declarations of the arguments; see `parse_alias`.

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
    formulas = tuple(formulas)
    aliases = _checked(aliases)
    for rank, text in enumerate((*formulas, *aliases)):
        if not isinstance(text, str):
            what = "A formula" if rank < len(formulas) else "An alias"
            raise ArgumentTypeError(f"{what} is a string; found {text!r}, of type {type(text).__name__}.")
    return _parse(formulas, aliases)


@lru_cache(maxsize=1024)
def _parse(formulas: tuple[str, ...], aliases: tuple[str, ...]) -> Formulas:
    scope = _Scope(aliases)
    readers = [_Reader(text, scope) for text in formulas]
    values = tuple(reader.read() for reader in readers)
    return Formulas(values, scope.arguments())


def parse_core(text: str, aliases: Sequence[str], axis: int = 1) -> CoreFormula:
    """Read a formula that may hold its reduction, as ``"Sum_Reduction(Exp(x - y), 0)"`` of R and MATLAB programs.

    Parameters
    ----------
    text : str
        ``"X_Reduction(F, tag)"``, ``"KMin_Reduction(F, K, tag)"``, ``"LogSumExpWeight_Reduction(F, tag, G)"``,
        ``"Grad(Sum_Reduction(F, tag), v, e)"``, the spellings of 2018 without underscore, or a plain formula, which is
        summed. The tag is 0 for a result indexed by i and 1 for a result indexed by j.
    aliases : sequence of str
        The declarations of the arguments.
    axis : int
        The reduced axis when `text` does not say: 1 = over j.

    Raises
    ------
    FormulaError, UnknownNameError, DimensionError
        As `parse`.

    Examples
    --------
    >>> parse_core("ArgKMin_Reduction(SqDist(x, y), 5, 0)", ["x = Vi(3)", "y = Vj(3)"]).k
    5
    """
    scope = _Scope(_checked(aliases))
    reader = _Reader(text, scope)
    reduction, value, weight, k, axis = reader.guarded(reader.source.tree, lambda node: reader.core(node, axis))
    if k < 1:
        raise ArgumentValueError(f"{reduction.name} keeps at least K = 1 entry; found {k}.")
    return CoreFormula(reduction, value, weight, k, axis, scope.arguments())
