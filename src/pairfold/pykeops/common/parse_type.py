"""``pykeops.common.parse_type``: what alias strings say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pairfold.language.aliases import parse_alias
from pairfold.pykeops.dialect import KEOPS

__all__ = ["categories", "complete_aliases", "get_sizes", "get_type"]

categories = {"Vi": 0, "Vj": 1, "Pm": 2}
_EXTRA = re.compile(r"Var\((\d+),\d+,\d+\)")


def get_type(type_str: str, position_in_list: int | None = None) -> tuple[str | None, int, int, int | None]:
    """Return name, category, dimension and position of an alias; the position may be unknown.

    Examples
    --------
    >>> get_type("x = Vi(3)")
    ('x', 0, 3, None)
    >>> get_type("x = Vj(2, 3)")
    ('x', 1, 3, 2)
    """
    argument = parse_alias(type_str, 0 if position_in_list is None else position_in_list, KEOPS)
    unknown = position_in_list is None and "," not in type_str
    return argument.name, int(argument.category), argument.dim, None if unknown else argument.position


def get_sizes(aliases: Sequence[str], *args: Any) -> tuple[int, int]:
    """Return the numbers of i-rows and of j-rows; 1 when no argument says."""
    sizes: dict[int, int] = {}
    for rank, alias in enumerate(aliases):
        argument = parse_alias(alias, rank, KEOPS)
        sizes.setdefault(int(argument.category), args[argument.position].shape[-2] if argument.category < 2 else 1)
    return sizes.get(0, 1), sizes.get(1, 1)


def complete_aliases(formula: str, aliases: Sequence[str]) -> list[str]:
    """Return the aliases together with the ``Var(position, dimension, category)`` that only the formula mentions."""
    extra = {int(match[1]): match[0] for match in _EXTRA.finditer("".join(formula.split()))}
    return [*aliases, *(extra[position] for position in sorted(extra) if position >= len(aliases))]
