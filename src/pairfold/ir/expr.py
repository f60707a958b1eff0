"""The one node class: an interned, immutable, vector-valued expression; and the record of what a node does.

Two nodes with the same operation, arguments and parameters are the same object, so equality is identity, sharing is
automatic and every pass may keep its results in a dictionary keyed by node. The derivative of an operation is made of
nodes, and a node has an operation: that is why both are here.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from typing import Any, NamedTuple

from pairfold.errors import DimensionError
from pairfold.ir.lock import ForkSafeLock
from pairfold.ir.registry import Registry

__all__ = [
    "OPERATIONS",
    "OUTLINE",
    "Category",
    "Expr",
    "Interval",
    "Op",
    "Rule",
    "apply",
    "depends_on",
    "has_more_nodes",
    "make",
    "outline",
    "pieces_of",
    "register",
    "rewrite",
    "topological",
    "variables",
]


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


# ---------------------------------------------------------------- operations

Cotangents = tuple["Expr | None", ...]
Rule = Callable[[Sequence["Expr"], Sequence[bool], Sequence[Any]], tuple["Expr", bool]]
"""From operands, whether they are complex, and static parameters to a result and whether it is complex; complex vectors
are pairs: re, im, re, im, ..."""


class Interval(NamedTuple):
    """The ends between which the components of a node lie, as expressions; nan at both says that nothing is known.

    Attributes
    ----------
    low, high : Expr
        The ends, of the dimension of the node or 1. A value that may be nan has no ends.
    sizes : tuple of Expr, optional
        What the rounding errors at the two ends are relative to; the ends themselves when it is left out.
    """

    low: Expr
    high: Expr
    sizes: tuple[Expr, Expr] | None = None


def _real(args: tuple[Expr, ...], params: tuple[Any, ...]) -> str:
    return "real"


@dataclass(frozen=True, eq=False, kw_only=True)
class Op:
    """One operation of the language.

    Attributes
    ----------
    name : str
        The name in formula strings.
    arity : int
        Number of expression operands.
    dimension : callable
        ``dimension(dims, params) -> int``; raises `DimensionError` with the reason.
    reference : callable
        ``reference(*arrays, *params) -> array``: NumPy definition on arrays of shape ``(..., dim)``.
    pullback : callable or None
        ``pullback(node, g) -> cotangents``, one per operand, None where it is zero. For an elementwise
        operation a cotangent may be left at the dimension of the node: `differentiate` sums it down.
        When None, the derivative is taken through `expand`.
    expand : callable or None
        ``expand(*args, *params) -> Expr`` in simpler operations; None for a primitive, which every target knows.
    elementwise : bool
        Component k of the result is a function of component k of each operand (operands of dimension 1 broadcast).
    parameters : tuple of str
        Names of the static parameters that follow the operands.
    method : str or None
        Name of the LazyTensor method, None when there is none.
    symbol : str
        What stands between the operands in the texts of formulas, instead of the name in front.
    definition : str
        One line of mathematics for the reference documentation.
    doc : str
        Special values, gradients at kinks, anything a user must know.
    accuracy : str
        Stated error bound of the default float32 and float64 code.
    source : str
        Where the mathematics comes from.
    domain : tuple of (float, float)
        Interval per operand from which the tests draw.
    sample : tuple of tuples
        ``(dims, params)`` examples for operations whose dimensions are not free.
    operands : tuple of str
        What `definition` calls its operands; f, g, h when it is empty.
    shown : tuple of tuples of float
        Numbers per operand that the example of the documentation shows, row after row, where those of `domain` miss
        the point.
    ulp : float
        Bound of the rounding error of a primitive, in units in the last place; 0 where values are only moved. The
        tests derive their tolerances from it.
    method_order : tuple of int
        Operand number p of the operation is operand number ``method_order[p]`` of the method, where 0 is the
        LazyTensor itself; empty when the orders agree.
    defaults : tuple
        What the method takes for its last arguments when they are left out.
    other_names : tuple of str
        What NumPy and PyTorch call the method, where it has another name there: their functions of these names are
        carried out by it.
    linear : tuple of tuples of int
        Groups of operands: the primitive is linear in those of a group together, whatever the others are.
    access : bool
        Whether its components are components of its operands, found at no cost: nothing to compute in advance.
    on_complex : Rule or None
        What it does to complex numbers; None refuses them.
    orders : bool
        It asks which number is larger, which has no meaning for complex ones.
    makes_complex : bool
        It makes complex numbers of real ones: its method belongs to tensors of both.
    bounds : callable or None
        ``bounds(node, operands) -> Interval``: where the components of the node lie when those of its operands lie in
        the intervals `operands`, see `pairfold.transform.bounds`. The rounding errors that `ulp` states are added to
        it. None for an operation with an `expand` takes that; a primitive without it bounds nothing.
    truth : str
        Whether the components are truth values: ``"always"``, ``"never"``, or when the ``"operands"`` are.
    """

    name: str
    arity: int
    dimension: Callable[[tuple[int, ...], tuple[Any, ...]], int]
    reference: Callable[..., Any]
    pullback: Callable[[Expr, Expr], Cotangents] | None = None
    expand: Callable[..., Expr] | None = None
    elementwise: bool = False
    parameters: tuple[str, ...] = ()
    method: str | None = None
    symbol: str = ""
    definition: str = ""
    doc: str = ""
    accuracy: str = "correctly rounded"
    source: str = ""
    domain: tuple[tuple[float, float], ...] = ()
    sample: tuple[tuple[tuple[int, ...], tuple[Any, ...]], ...] = ()
    operands: tuple[str, ...] = ()
    shown: tuple[tuple[float, ...], ...] = ()
    ulp: float = 0.5
    method_order: tuple[int, ...] = ()
    defaults: tuple[Any, ...] = ()
    other_names: tuple[str, ...] = ()
    linear: tuple[tuple[int, ...], ...] = ()
    access: bool = False
    on_complex: Rule | None = None
    orders: bool = False
    makes_complex: bool = False
    bounds: Callable[[Expr, Sequence[Interval]], Interval] | None = None
    truth: str = "never"
    kind: Callable[[tuple[Expr, ...], tuple[Any, ...]], str] = _real

    @property
    def letters(self) -> tuple[str, ...]:
        """What `definition` calls its operands."""
        return self.operands or tuple("fghklmnopq"[: self.arity])

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


OPERATIONS: Registry[Op] = Registry("operation")
"""The registry: the parser, the LazyTensor methods, the documentation and the tests are derived from it."""


def register(op: Op) -> Op:
    """Enter `op` into the registry; a name may be used once."""
    return OPERATIONS.add(op, op.name)


# ---------------------------------------------------------------- nodes


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

    # Operators look the operation up by name: the catalogue is in a room above.
    def __add__(self, other: Expr) -> Expr:
        return apply("Add", self, other)

    def __sub__(self, other: Expr) -> Expr:
        return apply("Subtract", self, other)

    def __mul__(self, other: Expr) -> Expr:
        return apply("Mult", self, other)

    def __truediv__(self, other: Expr) -> Expr:
        return apply("Divide", self, other)

    def __neg__(self) -> Expr:
        return apply("Minus", self)


def _rebuild(parts: Sequence[tuple[str, list[int], tuple[Any, ...]]]) -> Expr:
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


def apply(name: str, *args: Expr, params: tuple[Any, ...] = ()) -> Expr:
    """Return the node for the operation called `name`."""
    return make(OPERATIONS[name], args, params)


# ---------------------------------------------------------------- texts

OUTLINE = 160
"""Characters of a formula in a message; what stands around it brings a `repr` to about 200."""

_HIDDEN = "..."


def outline(expr: Expr, names: Mapping[Expr, str] | None = None, limit: int = OUTLINE) -> str:
    """Return the text of `expr` down to the depth that fits into `limit` characters, with dots for what is deeper.

    Examples
    --------
    >>> from pairfold.ops.arithmetic import variable
    >>> x = variable(0, 3, Category.ROW)
    >>> outline(x * x + x), outline(x * x + x, limit=20)
    ('((Vi(0,3) * Vi(0,3)) + Vi(0,3))', '(... + Vi(0,3))')
    """
    names = names or {}
    text = _HIDDEN
    for depth in count(1):
        deeper = _to_depth(expr, names, depth)
        if deeper == text or len(deeper) > limit:
            break
        text = deeper
    return text


def pieces_of(node: Expr) -> list[str | Expr]:
    """Return the text of `node`, with its arguments where their texts go."""
    name = node.op.name
    if name == "Var":
        named = node.category == Category.PLACEHOLDER
        return [f"{node.position}" if named else f"{node.category.prefix}({node.position},{node.dim})"]
    if name == "Const":
        return [repr(node.params[0])]
    if node.op.symbol:
        return ["(", node.args[0], f" {node.op.symbol} ", node.args[1], ")"]
    if name == "Minus":
        return ["(-", node.args[0], ")"]
    parts: list[str | Expr] = [*node.args, *map(str, node.params)]
    pieces: list[str | Expr] = [f"{name}("]
    for number, part in enumerate(parts):
        pieces += [", ", part] if number else [part]
    return [*pieces, ")"]


def _to_depth(node: Expr, names: Mapping[Expr, str], depth: int) -> str:
    if node in names:
        return names[node]
    if depth == 0 and node.args:
        return _HIDDEN
    return "".join(piece if isinstance(piece, str) else _to_depth(piece, names, depth - 1) for piece in pieces_of(node))


# ---------------------------------------------------------------- walks


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


def has_more_nodes(roots: Iterable[Expr], limit: int) -> bool:
    """Tell whether there are more than `limit` nodes under `roots`, without a walk over all of them."""
    seen = set(roots)
    stack = list(seen)
    while stack and len(seen) <= limit:
        for arg in stack.pop().args:
            if arg not in seen:
                seen.add(arg)
                stack.append(arg)
    return len(seen) > limit


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
