"""What notebooks show of LazyTensors: the formula and the arrays in it."""

from __future__ import annotations

from math import prod
from typing import Any

from pairfold.api.call_plan import Numbers
from pairfold.api.leaf import Leaf, Symbol
from pairfold.display import Fact
from pairfold.ir.expr import outline
from pairfold.lazy.dtypes import stored_dtype
from pairfold.lazy.value import Value
from pairfold.sparsity.masks import Mask

__all__ = ["facts_of"]

LEAVES = 12
"""Arrays that a card lists."""

NUMBERS = 4
"""Numbers that are shown."""

FORMULA = 400
"""Characters of the formula."""


def facts_of(value: Value) -> list[Fact]:
    """Return what there is to say about a value that has not been reduced."""
    dtype, adapter = stored_dtype(value), value.kind.adapter
    facts = [
        Fact("shape", str(value.shown_shape)),
        Fact("formula", outline(value.expr, value.names, FORMULA), is_code=True),
        Fact("dtype", "that of the arguments" if dtype is None else adapter.dtype_name(dtype)),
    ]
    for name, leaf in zip(value.names.values(), value.leaves[:LEAVES], strict=False):
        facts.append(Fact(name, _told(leaf, adapter)))
    if len(value.leaves) > LEAVES:
        facts.append(Fact("...", f"and {len(value.leaves) - LEAVES} more arrays"))
    if value.ranges is not None:
        is_mask = isinstance(value.ranges, Mask)
        facts.append(Fact("ranges", repr(value.ranges).partition("\n")[0] if is_mask else "blocks of rows and columns"))
    if value.backend is not None:
        facts.append(Fact("backend", value.backend))
    return facts


def _told(leaf: Leaf | Symbol, adapter: Any) -> str:
    if isinstance(leaf, Symbol):
        return f"symbolic: argument {leaf.number} of the reduction"
    kind, shape, dtype = leaf.key
    if kind is Numbers:
        count = prod(shape)
        return f"numbers: {leaf.array.tolist()}" if count <= NUMBERS else f"{count} numbers"
    return f"{adapter.name} array of shape {tuple(shape)}, {adapter.dtype_name(dtype)}"
