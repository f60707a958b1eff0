"""Linear systems whose matrix is a LazyTensor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from pairfold.api.kernel_solve import KernelSolveBase
from pairfold.api.leaf import Leaf, Symbol
from pairfold.api.protocols import ArrayProtocols
from pairfold.api.signatures import keywords_of, unknown_keywords
from pairfold.errors import ArgumentValueError
from pairfold.ir.expr import Category
from pairfold.lazy.reduction import LazyReduction

if TYPE_CHECKING:
    from pairfold.lazy.tensor import LazyTensorBase

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
    kwargs = {name: value for name, value in kwargs.items() if name not in matrix.ignored_keywords}
    if not kwargs.keys() <= {*keywords_of(KernelSolveBase.__call__), *_ACCURACY}:
        raise unknown_keywords(KernelSolveBase.__call__, kwargs, _ACCURACY)
    is_vector = False
    if not isinstance(b, ArrayProtocols):
        b = matrix._checked_array(b)
        is_vector = len(b.shape) == 1
        b = type(matrix)(b.reshape((*b.shape, 1)) if is_vector else b, axis=0)
    leaf = _right_hand_side(b, matrix)
    unknown = leaf.category.other
    if var is None:
        lazy = matrix * _variable_of(matrix, leaf, unknown)
        position = len(lazy._leaves) - 1
    else:
        lazy, position = _with_unknown(matrix, var, leaf)
        unknown = lazy._leaves[position].category
    side = 1 if unknown == Category.COLUMN else 0
    accuracy = {name: kwargs.pop(name) for name in _ACCURACY if name in kwargs}
    waiting = lazy.reduction("Sum", axis=lazy.dim() - 3 + side, call=False, **accuracy)
    for name in ("ranges", "backend"):
        if getattr(lazy, name) is not None:
            kwargs.setdefault(name, getattr(lazy, name))
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


def _right_hand_side(right: LazyTensorBase, matrix: LazyTensorBase) -> Leaf:
    """Return the one array that `right` is."""
    leaf = right._leaves[0] if len(right._leaves) == 1 else None
    if right._expr.op.name != "Var" or not isinstance(leaf, Leaf):
        raise ArgumentValueError(
            f"The right-hand side b is an array (N, E), Vi(b) or Vj(b); found the expression {right._outline()}."
        )
    if leaf.category != Category.PARAMETER:
        return leaf
    if {matrix._rows, matrix._columns} <= {1, None}:
        # One point: its sizes did not tell that i is its index.
        return leaf.with_array(leaf.array[..., None, :], Category.ROW)
    raise ArgumentValueError(f"The right-hand side b has one row per point; found the parameter {right._outline()}.")


def _variable_of(matrix: LazyTensorBase, leaf: Leaf, category: Category) -> LazyTensorBase:
    """Return the unknown: a variable of its own, even when b is also an argument of the matrix."""
    return type(matrix)(leaf.array, axis=int(category))


def _with_unknown(matrix: LazyTensorBase, var: LazyTensorBase, leaf: Leaf) -> tuple[LazyTensorBase, int]:
    """Return `matrix`, an expression linear in the symbol `var`, with b in the place of the symbol."""
    symbols = [leaf for leaf in var._leaves if isinstance(leaf, Symbol)]
    if var._expr.op.name != "Var" or len(symbols) != 1 or symbols[0] not in matrix._leaves:
        raise ArgumentValueError(
            f"var must be one of the symbolic variables of {matrix._outline()}, such as Vj(0, 1); "
            f"found {var._outline()}."
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
