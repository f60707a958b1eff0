"""Linear systems whose matrix is a LazyTensor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from pairfold.errors import ArgumentValueError
from pairfold.frontends.lazy_reduction import LazyReduction
from pairfold.frontends.leaf import OTHER_SIDE, Leaf, Symbol
from pairfold.ir.expr import Category

if TYPE_CHECKING:
    from pairfold.frontends.lazy import LazyTensorBase

__all__ = ["solve_lazy"]

_ACCURACY = ("dtype_acc", "use_double_acc", "sum_scheme")


def solve_lazy(
    matrix: LazyTensorBase,
    b: Any,
    var: LazyTensorBase | None,
    call: bool,
    solver: Callable[..., Any],
    kwargs: dict[str, Any],
) -> Any:
    """Solve ``sum_j matrix_ij a_j + alpha a_i = b_i`` for a; see `LazyTensorBase.solve`."""
    right = b if isinstance(b, type(matrix)) else type(matrix)(b, axis=0)
    leaf = _right_hand_side(right)
    unknown = OTHER_SIDE[leaf.category]
    if var is None:
        lazy = matrix * _variable_of(matrix, leaf, unknown)
        position = len(lazy._leaves) - 1
    else:
        lazy, position = _with_unknown(matrix, var, leaf)
        unknown = lazy._leaves[position].category
    side = 1 if unknown == Category.COLUMN else 0
    accuracy = {name: kwargs.pop(name) for name in _ACCURACY if name in kwargs}
    waiting = lazy.reduction("Sum", axis=lazy.dim() - 3 + side, call=False, **accuracy)
    if lazy.ranges is not None:
        kwargs.setdefault("ranges", lazy.ranges)
    solution = partial(_solve, waiting, position, solver, kwargs)
    return solution() if call and not lazy.is_symbolic else solution


def _solve(
    waiting: LazyReduction,
    position: int,
    solver: Callable[..., Any],
    settings: dict[str, Any],
    *args: Any,
    **kwargs: Any,
) -> Any:
    arrays = waiting.arguments(args)
    return solver(waiting.routine, position, arrays, **{**settings, **kwargs})


def _right_hand_side(right: LazyTensorBase) -> Leaf:
    """Return the one array that `right` is."""
    leaves = right._leaves
    if right._expr.op.name != "Var" or len(leaves) != 1 or not isinstance(leaves[0], Leaf):
        raise ArgumentValueError(
            f"The right-hand side b is an array (N, E), Vi(b) or Vj(b); found the expression {right.formula}."
        )
    if leaves[0].category == Category.PARAMETER:
        raise ArgumentValueError(f"The right-hand side b has one row per point; found the parameter {right.formula}.")
    return leaves[0]


def _variable_of(matrix: LazyTensorBase, leaf: Leaf, category: Category) -> LazyTensorBase:
    """Return the unknown: a variable of its own, even when b is also an argument of the matrix."""
    return type(matrix)(leaf.array, axis=int(category))


def _with_unknown(matrix: LazyTensorBase, var: LazyTensorBase, leaf: Leaf) -> tuple[LazyTensorBase, int]:
    """Return `matrix`, an expression linear in the symbol `var`, with b in the place of the symbol."""
    symbols = [leaf for leaf in var._leaves if isinstance(leaf, Symbol)]
    if var._expr.op.name != "Var" or len(symbols) != 1 or symbols[0] not in matrix._leaves:
        raise ArgumentValueError(
            f"var must be one of the symbolic variables of {matrix.formula}, such as Vj(0, 1); found {var.formula}."
        )
    position = matrix._leaves.index(symbols[0])
    lazy = matrix._like(matrix._expr)
    lazy._leaves = (
        *matrix._leaves[:position],
        leaf.with_array(leaf.array, symbols[0].category),
        *matrix._leaves[position + 1 :],
    )
    count = leaf.array.shape[-2]
    if symbols[0].category == Category.COLUMN:
        lazy._columns = count
    else:
        lazy._rows = count
    return lazy, position
