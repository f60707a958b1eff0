"""The one node class: an interned, immutable, vector-valued expression.

Two nodes with the same operation, arguments and parameters are the same
object, so equality is identity, sharing is automatic and every pass may keep
its results in a dictionary keyed by node.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Container, Hashable, Iterable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from pairfold.errors import DimensionError
from pairfold.ir.lock import ForkSafeLock

if TYPE_CHECKING:
    from pairfold.ir.op import Op

__all__ = ["Category", "Expr", "depends_on", "make", "rewrite", "topological", "variables"]


class Category(IntEnum):
    """What the value of a variable depends on."""

    ROW = 0
    COLUMN = 1
    PARAMETER = 2
    PLACEHOLDER = 3
    """Stands for something a reduction supplies: its state, the value, the column index."""

    @property
    def other(self) -> Category:
        """What takes its place when rows and columns are exchanged."""
        return _OTHER.get(self, self)

    @property
    def letter(self) -> str:
        """The index that the user knows: i, j or none."""
        return _LETTERS.get(self, "")

    @property
    def prefix(self) -> str:
        """How a variable is declared: Vi, Vj or Pm."""
        return f"V{self.letter}" if self.letter else "Pm"


_OTHER = {Category.ROW: Category.COLUMN, Category.COLUMN: Category.ROW}
_LETTERS = {Category.ROW: "i", Category.COLUMN: "j"}

ROW_BIT, COLUMN_BIT, PLACEHOLDER_BIT = 1, 2, 4
_CATEGORY_BIT = {
    Category.ROW: ROW_BIT,
    Category.COLUMN: COLUMN_BIT,
    Category.PARAMETER: 0,
    Category.PLACEHOLDER: PLACEHOLDER_BIT,
}


class Expr:
    """A vector of `dim` components computed for each pair (row i, column j).

    Attributes
    ----------
    op : Op
        The operation.
    args : tuple of Expr
        Its operands.
    params : tuple
        Its static parameters: integers, constants, names.
    dim : int
        Number of components.
    kind : str
        ``"real"``, or ``"index"`` for column numbers.
    dependence : int
        Bit mask: 1 = varies with the row, 2 = with the column, 4 = holds a placeholder.
    """

    __slots__ = ("__weakref__", "args", "dependence", "dim", "kind", "op", "params")

    op: Op
    args: tuple[Expr, ...]
    params: tuple[Any, ...]
    dim: int
    kind: str
    dependence: int

    @property
    def position(self) -> int:
        """Of a variable: the number of the argument that it stands for."""
        return self.params[0]  # type: ignore[no-any-return]

    @property
    def category(self) -> Category:
        """Of a variable: what its value depends on."""
        return self.params[2]  # type: ignore[no-any-return]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an Expr is immutable: cannot set {name!r}")

    def __repr__(self) -> str:
        from pairfold.ir.show import outline  # noqa: PLC0415 - it needs Expr; only used when printing

        return outline(self)

    def __reduce__(self) -> tuple[Callable[..., Expr], tuple[Any, ...]]:
        # A list, for pickle would follow the arguments of arguments with Python's stack.
        order = topological([self])
        number = {node: k for k, node in enumerate(order)}
        return _rebuild, ([(node.op.name, [number[arg] for arg in node.args], node.params) for node in order],)

    def __copy__(self) -> Expr:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Expr:
        return self

    # Operators look the operation up by name: the catalogue lives in a layer above.
    def __add__(self, other: Expr) -> Expr:
        return _named("Add", self, other)

    def __sub__(self, other: Expr) -> Expr:
        return _named("Subtract", self, other)

    def __mul__(self, other: Expr) -> Expr:
        return _named("Mult", self, other)

    def __truediv__(self, other: Expr) -> Expr:
        return _named("Divide", self, other)

    def __neg__(self) -> Expr:
        return _named("Minus", self)


def _named(name: str, *args: Expr) -> Expr:
    from pairfold.ir.op import OPERATIONS  # noqa: PLC0415 - op.py needs Expr

    return make(OPERATIONS[name], args)


def _rebuild(parts: Sequence[tuple[str, list[int], tuple[Any, ...]]]) -> Expr:
    from pairfold.ir.op import OPERATIONS  # noqa: PLC0415 - op.py needs Expr

    nodes: list[Expr] = []
    for name, args, params in parts:
        nodes.append(make(OPERATIONS[name], [nodes[k] for k in args], params))
    return nodes[-1]


_table: weakref.WeakValueDictionary[Hashable, Expr] = weakref.WeakValueDictionary()
_table_lock = ForkSafeLock()


def _key_of_parameter(parameter: Any) -> Hashable:
    # 0.0 == -0.0 and nan != nan, so constants are told apart by their bits.
    return ("float", parameter.hex()) if isinstance(parameter, float) else parameter


def make(op: Op, args: Sequence[Expr] = (), params: Sequence[Any] = ()) -> Expr:
    """Return the node for `op` applied to `args`; the same inputs give the same object.

    Raises
    ------
    DimensionError
        If the dimensions of the arguments do not fit the operation.
    """
    args, params = tuple(args), tuple(params)
    key = (op.name, args, tuple(map(_key_of_parameter, params)))
    node = _table.get(key)
    if node is not None:
        return node
    try:
        dim = op.dimension(tuple(arg.dim for arg in args), params)
    except DimensionError as reason:
        operands = ", ".join(f"{arg!r} of dimension {arg.dim}" for arg in args)
        raise DimensionError(f"{op.name}: {reason} Found: {operands}.") from None
    node = object.__new__(Expr)
    fill = object.__setattr__
    fill(node, "op", op)
    fill(node, "args", args)
    fill(node, "params", params)
    fill(node, "dim", dim)
    fill(node, "kind", op.kind(args, params))
    if op.name == "Var":
        dependence = _CATEGORY_BIT[params[2]]
    else:
        dependence = 0
        for arg in args:
            dependence |= arg.dependence
    fill(node, "dependence", dependence)
    with _table_lock:
        return _table.setdefault(key, node)


def topological(roots: Iterable[Expr], known: Container[Expr] = ()) -> list[Expr]:
    """Return every node under `roots`, arguments before users, without recursion; what is `known` is left out."""
    order: list[Expr] = []
    seen: set[Expr] = set()
    stack: list[tuple[Expr, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
        elif node not in seen and node not in known:
            seen.add(node)
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args) if arg not in seen)
    return order


def rewrite(
    roots: Sequence[Expr], rule: Callable[[Expr, tuple[Expr, ...]], Expr], result: dict[Expr, Expr] | None = None
) -> list[Expr]:
    """Rebuild the graph bottom-up: `rule(node, new_args)` gives the new node. Nodes in `result` are done already."""
    result = {} if result is None else result
    for node in topological(roots, result):
        result[node] = rule(node, tuple(result[arg] for arg in node.args))
    return [result[root] for root in roots]


def variables(*roots: Expr) -> list[Expr]:
    """Return the variables under `roots` in the order of first use."""
    return [node for node in topological(roots) if node.op.name == "Var"]


def depends_on(roots: Sequence[Expr], leaf: Expr) -> set[Expr]:
    """Return the nodes under `roots` whose value depends on the node `leaf`."""
    found: set[Expr] = set()
    for node in topological(roots):
        if node is leaf or any(arg in found for arg in node.args):
            found.add(node)
    return found
