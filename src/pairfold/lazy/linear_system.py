"""Linear systems whose matrix is a LazyTensor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pairfold.api.kernel_solve import KernelSolveBase
from pairfold.api.leaf import Leaf, Symbol
from pairfold.api.signatures import keywords_of, unknown_keywords
from pairfold.errors import ArgumentValueError
from pairfold.ir.expr import Category
from pairfold.lazy.operations import binary
from pairfold.lazy.reading import checked_array, read
from pairfold.lazy.reduction import LazyReduction, reduce_tensor
from pairfold.lazy.value import Value, ValueHolder, value_of
from pairfold.ops import OPERATIONS
from pairfold.reductions import REDUCTIONS

__all__ = ["solve_lazy"]

_ACCURACY = ("dtype_acc", "use_double_acc", "sum_scheme")


def solve_lazy(matrix: Value, b: Any, var: Any, call: bool, solver: Callable[..., Any], kwargs: dict[str, Any]) -> Any:
    """Solve ``sum_j matrix_ij a_j + alpha a_i = b_i`` for a; see `LazyTensorBase.solve`."""
    kwargs = {name: value for name, value in kwargs.items() if name not in matrix.kind.ignored_keywords}
    if not kwargs.keys() <= {*keywords_of(KernelSolveBase.__call__), *_ACCURACY}:
        raise unknown_keywords(KernelSolveBase.__call__, kwargs, _ACCURACY)
    is_vector = False
    if isinstance(b, ValueHolder):
        right = value_of(b)
    else:
        b = checked_array(matrix.kind, b)
        is_vector = len(b.shape) == 1
        right = read(matrix.kind, b.reshape((*b.shape, 1)) if is_vector else b, axis=0)
    leaf = _right_hand_side(right, matrix)
    unknown = leaf.category.other
    if var is None:
        # A variable of its own, even when b is also an argument of the matrix.
        lazy = binary(OPERATIONS["Mult"], matrix, read(matrix.kind, leaf.array, axis=int(unknown)))
        position = len(lazy.leaves) - 1
    else:
        lazy, position = _with_unknown(matrix, var, leaf)
        unknown = lazy.leaves[position].category
    side = 1 if unknown == Category.COLUMN else 0
    accuracy = {name: kwargs.pop(name) for name in _ACCURACY if name in kwargs}
    waiting = reduce_tensor(lazy, REDUCTIONS["Sum"], side, call=False, **accuracy)
    for name, setting in (("ranges", lazy.ranges), ("backend", lazy.backend)):
        if setting is not None:
            kwargs.setdefault(name, setting)
    solution = partial(_solve, waiting, position, solver, is_vector, kwargs)
    return solution() if call and not lazy.is_symbolic else solution


def _solve(
    waiting: LazyReduction,
    position: int,
    solver: Callable[..., Any],
    is_vector: bool,
    settings: dict[str, Any],
    *args: Any,
    **kwargs: Any,
) -> Any:
    settings = {**settings, **kwargs}
    routine = waiting.routine.placed(settings.pop("backend", "auto"), settings.pop("device_id", -1))
    found = solver(routine, position, waiting.arguments(args), **settings)
    if not is_vector:
        return found
    # The axis of the one column goes as it came.
    return (found[0][..., 0], found[1]) if isinstance(found, tuple) else found[..., 0]


def _right_hand_side(right: Value, matrix: Value) -> Leaf:
    """Return the one array that `right` is."""
    leaf = right.leaves[0] if len(right.leaves) == 1 else None
    if right.expr.op.name != "Var" or not isinstance(leaf, Leaf):
        raise ArgumentValueError(
            f"The right-hand side b is an array (N, E), Vi(b) or Vj(b); found the expression {right.outline}."
        )
    if leaf.category != Category.PARAMETER:
        return leaf
    if {matrix.rows, matrix.columns} <= {1, None}:
        # One point: its sizes did not tell that i is its index.
        return leaf.with_array(leaf.array[..., None, :], Category.ROW)
    raise ArgumentValueError(f"The right-hand side b has one row per point; found the parameter {right.outline}.")


def _with_unknown(matrix: Value, var: Any, leaf: Leaf) -> tuple[Value, int]:
    """Return `matrix`, an expression linear in the symbol `var`, with b in the place of the symbol."""
    value = value_of(var) if isinstance(var, ValueHolder) else None
    leaves = () if value is None or value.expr.op.name != "Var" else value.leaves
    symbols = [leaf for leaf in leaves if isinstance(leaf, Symbol) and leaf in matrix.leaves]
    if not symbols:
        found = f"an object of type {type(var).__name__}" if value is None else value.outline
        raise ArgumentValueError(
            f"var must be one of the symbolic variables of {matrix.outline}, such as Vj(0, 1); found {found}."
        )
    category, position, count = symbols[0].category, matrix.leaves.index(symbols[0]), leaf.array.shape[-2]
    replaced = list(matrix.leaves)
    replaced[position] = leaf.with_array(leaf.array, category)
    sizes = {"columns": count} if category == Category.COLUMN else {"rows": count}
    return matrix._replace(leaves=tuple(replaced), **sizes), position
