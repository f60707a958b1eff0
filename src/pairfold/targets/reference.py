"""The definition of the language: plain, dense NumPy, one operation after the other.

Slow and hungry for memory on purpose (the whole pair table is built). Every
other target and every schedule is tested against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pairfold.errors import ArgumentValueError
from pairfold.ir.call import Call
from pairfold.ir.expr import Category, Expr, topological, variables
from pairfold.ir.problem import Problem
from pairfold.reductions.state import transitions

__all__ = ["evaluate", "run"]

Array: TypeAlias = npt.NDArray[Any]
States: TypeAlias = dict[str, Array]


def evaluate(roots: Sequence[Expr], bindings: Mapping[Expr, Array]) -> list[Array]:
    """Evaluate expressions on arrays.

    Parameters
    ----------
    roots : sequence of Expr
        What to evaluate.
    bindings : mapping of Expr to array
        An array of shape ``(..., dim)`` for every variable; leading axes broadcast. Any other node may be bound
        too: it is then not computed.

    Returns
    -------
    list of array
        Shape ``(..., dim)`` with the leading axes that the expression needs; int64 where the kind is ``"index"``,
        otherwise the common dtype of the bound real arrays (float64 when there is none).

    Raises
    ------
    ArgumentValueError
        If a variable is not bound.

    Examples
    --------
    >>> from pairfold.ops import variable
    >>> x = variable(0, 2, Category.ROW)
    >>> evaluate([x * x], {x: np.array([2.0, 3.0])})
    [array([4., 9.])]
    """
    real = [np.asarray(array).dtype for node, array in bindings.items() if node.kind != "index"]
    dtype = np.result_type(*real) if real else np.dtype(np.float64)
    found: dict[Expr, Array] = {}
    with np.errstate(all="ignore"):
        for node in topological(roots):
            if node in bindings:
                array = bindings[node]
            elif node.op.name == "Var":
                raise ArgumentValueError(f"The variable {node!r} is not bound to an array.")
            else:
                array = node.op.reference(*(found[arg] for arg in node.args), *node.params)
            found[node] = np.asarray(array).astype(np.int64 if node.kind == "index" else dtype, copy=False)
    return [found[root] for root in roots]


def run(call: Call, arrays: Sequence[Array | None]) -> tuple[Array, ...]:
    """Compute a problem by its definition.

    Parameters
    ----------
    call : Call
        What is computed. Rows ``ranges[0][k]`` see the columns of ``ranges[2][ranges[1][k - 1]:ranges[1][k]]``, one
        after the other. Rows that no block covers get the value for no columns; a later block overwrites an earlier
        one. How to compute, `options`, is no business of the definition.
    arrays : sequence of array
        Argument number p is ``arrays[p]`` (None when the formula does not use it): shape ``(*b, rows, dim)`` for a
        row variable, ``(*b, columns, dim)`` for a column variable, ``(*b, dim)`` for a parameter, where b broadcasts
        to the batch.

    Returns
    -------
    tuple of array
        Output k has shape ``(*batch, rows, *shapes[k])`` and the dtype of the arguments, or int64 for indices.
    """
    problem, ranges = call.problem, call.ranges
    value, weight = _pair_tables(call, arrays)
    everything = np.arange(call.extent.columns)
    if ranges is None:
        return _reduce(problem, value, weight, everything)
    outputs = _reduce(problem, value[..., :0, :], None if weight is None else weight[..., :0, :], everything[:0])
    starts = np.concatenate([[0], np.asarray(ranges[1], np.int64)])
    for block, (first, last) in enumerate(np.asarray(ranges[0])):
        parts = [np.arange(a, b) for a, b in np.asarray(ranges[2])[starts[block] : starts[block + 1]]]
        seen = np.concatenate([everything[:0], *parts])
        table = value[..., first:last, seen, :]
        found = _reduce(problem, table, None if weight is None else weight[..., first:last, seen, :], seen)
        for output, part, shape in zip(outputs, found, problem.shapes, strict=True):
            row_axis = output.ndim - len(shape) - 1
            output[(slice(None),) * row_axis + (slice(first, last),)] = part
    return outputs


# ---------------------------------------------------------------- the parts


def _pair_tables(call: Call, arrays: Sequence[Array | None]) -> tuple[Array, Array | None]:
    """Return value and weight at every pair, shape ``(*batch, rows, columns, dim)``."""
    rows, columns, batch = call.extent
    axes = {Category.ROW: (-2,), Category.COLUMN: (-3,), Category.PARAMETER: (-3, -2)}
    bindings = {
        node: np.expand_dims(np.asarray(arrays[node.position]), axes[node.category])
        for node in variables(*call.problem.roots)
    }
    tables = [
        np.broadcast_to(table, (*batch, rows, columns, root.dim)).astype(call.dtype, copy=False)
        for root, table in zip(call.problem.roots, evaluate(call.problem.roots, bindings), strict=True)
    ]
    return tables[0], tables[1] if len(tables) > 1 else None


def _reduce(problem: Problem, value: Array, weight: Array | None, columns: Array) -> tuple[Array, ...]:
    leading = value.shape[:-2]
    if problem.reduction.is_unfinished:
        return tuple(_reduce_part(problem, value, weight, columns).values())
    with np.errstate(all="ignore"):
        outputs = problem.reduction.reference(value, weight, problem.k, columns)
    return tuple(output.reshape(*leading, *shape) for output, shape in zip(outputs, problem.shapes, strict=True))


def _reduce_part(problem: Problem, value: Array, weight: Array | None, columns: Array) -> States:
    """Reduce pair tables, whose columns have the numbers `columns`, into a state of shape ``(*batch, rows, dim)``."""
    fields, sizes = problem.reduction.fields, problem.sizes
    formulas = transitions(problem.reduction, sizes)
    leading = value.shape[:-2]
    state = {
        field.name: np.full(
            (*leading, field.dim(sizes)),
            field.start(value.dtype.name),
            np.int64 if field.kind == "index" else value.dtype,
        )
        for field in fields
    }
    additive = {field.name for field in fields if field.additive}
    for column, number in enumerate(columns):
        bindings = {formulas.value: value[..., column, :], formulas.index: np.full((1,), number)}
        if weight is not None and formulas.weight is not None:
            bindings[formulas.weight] = weight[..., column, :]
        if formulas.guard is not None and np.any(_on_state(formulas.state, state, bindings, [formulas.guard])[0] != 0):
            found = _on_state(formulas.state, state, bindings, list(formulas.rare.values()))
            state = {**state, **dict(zip(formulas.rare, found, strict=True))}
        terms = _on_state(formulas.state, state, bindings, list(formulas.update.values()))
        for name, term in zip(formulas.update, terms, strict=True):
            if name in additive:
                with np.errstate(all="ignore"):
                    state[name] = state[name] + term
            else:
                state[name] = np.broadcast_to(term, state[name].shape)
    return state


def _on_state(
    names: Mapping[str, Expr], state: States, bindings: Mapping[Expr, Array], roots: Sequence[Expr]
) -> list[Array]:
    return evaluate(roots, {**bindings, **{names[name]: array for name, array in state.items()}})
