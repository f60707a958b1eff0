"""The arguments of a formula: how they are declared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pairfold.errors import ArgumentTypeError, FormulaError
from pairfold.ir.expr import Category, Expr, Op
from pairfold.ops.arithmetic import variable

__all__ = ["CATEGORIES", "PLAIN", "Argument", "Dialect", "Scope", "checked_aliases", "parse_alias"]

CATEGORIES = (Category.ROW, Category.COLUMN, Category.PARAMETER)
_ALIAS = re.compile(r"(?:(?P<name>[^\W\d]\w*)=)?(?P<kind>[^\W\d]\w*)\((?P<numbers>[\d,+-]*)\)")


@dataclass(frozen=True, eq=False)
class Dialect:
    """How formulas and aliases are written.

    Attributes
    ----------
    variables : mapping of str to Category
        The constructors of variables, beside ``Var``.
    has_truth : bool
        Whether comparisons are truth values, between which ``|`` is "or"; else they are numbers like any others.
    has_pairs : bool
        Whether ``(f, g)`` is the scalar product, like ``(f | g)``.
    shorthands : mapping of str to Op
        Operations beside those of the registry; a formula holds what they expand to.
    """

    variables: Mapping[str, Category]
    has_truth: bool
    has_pairs: bool
    shorthands: Mapping[str, Op]


PLAIN = Dialect(
    variables={"Vi": Category.ROW, "Vj": Category.COLUMN, "Pm": Category.PARAMETER},
    has_truth=True,
    has_pairs=False,
    shorthands={},
)
"""The language of pairfold; `pairfold.pykeops` has that of KeOps."""


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
        return f"{self.category.prefix}({self.dim})"


def parse_alias(alias: str, rank: int, dialect: Dialect = PLAIN) -> Argument:
    """Read an alias such as ``"x = Vi(3)"``, number `rank` of its list.

    Parameters
    ----------
    alias : str
        ``"name = Vi(dim)"``, ``Vj`` or ``Pm`` likewise, ``"name = Vi(position, dim)"``, the same without a name, or
        ``"Var(position, dim, category)"``. Spaces are free.
    rank : int
        The position when the alias gives none.
    dialect : Dialect
        Has the constructors of variables.

    Raises
    ------
    FormulaError
        If `alias` has another form.

    Examples
    --------
    >>> parse_alias("x = Vi(3)", 0)
    Argument(name='x', position=0, dim=3, category=<Category.ROW: 0>)
    """
    match = _ALIAS.fullmatch("".join(alias.split()))
    numbers = _integers(match["numbers"]) if match else None
    if match is None or numbers is None or match["kind"] not in ("Var", *dialect.variables):
        raise FormulaError(
            f"Alias number {rank} is {alias!r}, which is not understood. Allowed forms: 'x = Vi(3)', 'y = Vj(3)', "
            "'p = Pm(3)' (the number is the dimension), 'x = Vi(0, 3)' (position, dimension), 'Var(0, 3, 2)' "
            "(position, dimension, category 0 = i, 1 = j, 2 = parameter)."
        )
    name, kind = match["name"], match["kind"]
    if kind == "Var":
        if len(numbers) != 3 or numbers[2] not in CATEGORIES:
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
        dim, category = numbers[-1], dialect.variables[kind]
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


class Scope:
    """The variables that a formula may use: aliases, and variables written inside the formula."""

    def __init__(self, aliases: Sequence[str], dialect: Dialect = PLAIN) -> None:
        self.dialect = dialect
        self.by_position: dict[int, Argument] = {}
        self.by_name: dict[str, Argument] = {}
        for rank, alias in enumerate(aliases):
            argument = parse_alias(alias, rank, dialect)
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
        """Return the position after the last one."""
        return 1 + max(self.by_position, default=-1)

    def arguments(self) -> tuple[Argument, ...]:
        """Return all arguments in order; raises `FormulaError` when a position has none."""
        missing = sorted(set(range(self.next_position())) - set(self.by_position))
        if missing:
            raise FormulaError(
                f"The arguments have the positions {sorted(self.by_position)}; position {missing[0]} is missing. "
                "Positions count from 0 without gaps."
            )
        return tuple(self.by_position[position] for position in range(len(self.by_position)))

    def names(self) -> dict[Expr, str]:
        """Return the user's names of the variables."""
        return {argument.variable: name for name, argument in self.by_name.items()}


def _listing(aliases: Sequence[str]) -> str:
    return ", ".join(repr(alias) for alias in aliases)


def checked_aliases(aliases: object) -> tuple[str, ...]:
    """Return `aliases` as a tuple; raises `ArgumentTypeError` when it is no sequence of strings."""
    if not isinstance(aliases, Iterable) or isinstance(aliases, str):
        raise ArgumentTypeError(
            f"The aliases are a list of strings such as ['x = Vi(3)', 'y = Vj(3)']; found {aliases!r}, of type "
            f"{type(aliases).__name__}."
        )
    listed = tuple(aliases)
    for rank, alias in enumerate(listed):
        if not isinstance(alias, str):
            raise ArgumentTypeError(
                f"Alias number {rank} is {alias!r}, of type {type(alias).__name__}; an alias is a string such as "
                "'x = Vi(3)'."
            )
    return listed
