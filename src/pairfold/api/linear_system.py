"""Linear systems whose matrix is a sum: checked, prepared and solved, for any framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from pairfold.api.adapter import Arrays
from pairfold.api.routine import Routine
from pairfold.errors import ArgumentValueError, DimensionError
from pairfold.ir.call import Call, Tolerance
from pairfold.ir.expr import Category, outline
from pairfold.solvers.conjugate_gradients import solve_linear
from pairfold.transform.linear import acts_alike, widened
from pairfold.transform.symmetry import mirrored

__all__ = ["System", "solve_call", "solve_routine"]


@dataclass(frozen=True)
class System:
    """How a linear system is solved whose matrix is a sum: ``sum_j F(..., a_j) + alpha a_i = b_i`` for a.

    Attributes
    ----------
    position : int
        The argument of the problem that is the unknown; its array is b.
    settings : tuple of (str, value)
        Of `pairfold.solvers.conjugate_gradients.solve_linear`.
    reports : list or None
        Where the report is put.
    """

    position: int
    settings: tuple[tuple[str, Any], ...] = ()
    reports: list[Any] | None = field(default=None, compare=False)


_acts_alike = lru_cache(maxsize=256)(acts_alike)


def solve_call(
    framework: Arrays,
    run: Callable[..., tuple[Any, ...]],
    call: Call,
    system: System,
    arrays: Sequence[Any],
    alpha: float,
) -> Any:
    """Solve a linear system.

    Parameters
    ----------
    framework : Arrays
        What is to be known about the arrays.
    run : callable
        ``run(call, arrays)`` carries out a product.
    call : Call
        The product with the matrix.
    system : System
        What is solved, and how.
    arrays : sequence of arrays
        As the engine takes them; in the place of the unknown, b.
    alpha : float
        Added to the diagonal.

    Returns
    -------
    array (*batch, N, E)

    Raises
    ------
    NotConvergedError
        If the system is not solved.
    """
    position, problem, xp = system.position, call.problem, framework.xp
    unknown = problem.arguments[position]

    with framework.at(arrays[position]):
        partners = _partners(framework, call, position, arrays)

    def operator(tolerance: Tolerance | None) -> Callable[[Any], Any]:
        own = replace(call, options=replace(call.options, tolerance=tolerance))

        def product(v: Any) -> Any:
            width = v.shape[-1]
            matrix = own if width == unknown.dim else replace(own, problem=widened(problem, position, width))
            # Where pairs are left out, others are left out for (i, j) than for (j, i).
            if tolerance is None and call.ranges is None:
                matrix = replace(matrix, mirror=mirrored(matrix.problem.value, position, partners))
            (found,) = run(matrix, [*arrays[:position], v, *arrays[position + 1 :]])
            return found

        return product

    # An absolute tolerance says nothing of search directions, which have no unit.
    asked = None if call.options.tolerance is None else call.options.tolerance.tol

    def bounded(relative: float | None, absolute: float | None) -> Callable[[Any], Any]:
        return operator(Tolerance(None if relative is None else min(relative, asked or 0.0), absolute))

    settings: dict[str, Any] = {"alpha": alpha, "alike": _acts_alike(problem.value, unknown), "return_report": True}
    with framework.at(arrays[position]):
        b = xp.broadcast_to(arrays[position], (*call.extent.batch, call.extent.rows, unknown.dim))
        settings["bounded"] = None if asked is None else bounded
        found, report = solve_linear(operator(None), b, **settings, xp=xp, **dict(system.settings))
    if system.reports is not None:
        system.reports.append(report)
    return found


def _partners(framework: Arrays, call: Call, position: int, arrays: Sequence[Any]) -> tuple[tuple[int, int], ...]:
    """Return the positions of arguments of rows and of columns that hold the same numbers."""
    nodes = call.problem.arguments
    if any(framework.is_staged(arrays[number]) for number in nodes):
        return ()
    rows, columns = (
        [number for number, node in nodes.items() if node.category == side and number != position]
        for side in (Category.ROW, Category.COLUMN)
    )
    partners = []
    for row in rows:
        found = next((column for column in columns if _are_equal(framework, arrays[row], arrays[column])), None)
        if found is not None:
            partners.append((row, found))
            columns.remove(found)
    return tuple(partners)


def _are_equal(framework: Arrays, one: Any, other: Any) -> bool:
    return one is other or (tuple(one.shape) == tuple(other.shape) and bool(framework.xp.all(one == other)))


def solve_routine(
    routine: Routine,
    position: int,
    args: Sequence[Any],
    *,
    ranges: Any = None,
    threads: int | None = None,
    progress: bool = False,
    tol: float | None = None,
    alpha: Any = 1e-10,
    return_report: bool = False,
    carry_out: Callable[..., Any] = solve_call,
    **settings: Any,
) -> Any:
    """Solve for the argument number `position` of a sum: ``routine(..., a, ...) + alpha a = b``.

    Parameters
    ----------
    routine : Routine
        A sum whose formula is linear in that argument.
    position : int
        Which argument is the unknown.
    args : sequence of arrays
        All arguments; in the place of the unknown, the right-hand side b.
    ranges, threads, progress
        As for a reduction.
    tol : float, optional
        The relative tolerance of the products; see `pairfold.solvers.conjugate_gradients.solve_linear`.
    alpha : float
        Added to the diagonal.
    return_report : bool
        Whether to return the report as well.
    carry_out : callable
        `solve_call`, or what a framework has in its place.
    **settings
        As for `solve_linear`.

    Returns
    -------
    array, or (array, SolveReport)
        Of the shape of b, with the batch axes of the other arguments.

    Raises
    ------
    FormulaError
        If the formula is not linear in the unknown.
    DimensionError
        If formula and unknown have different dimensions.
    ArgumentValueError
        If the system is not square, or an argument is not allowed.
    NotConvergedError
        If the system is not solved.
    """
    _check_formula(routine, position)
    adapter = routine.adapter
    arrays = [routine.as_array(arg, number) for number, arg in enumerate(args)]
    plan, b = routine.plan(arrays), arrays[position]
    _check_sizes(routine, plan.extent.rows, plan.extent.columns)
    if adapter.is_complex(b.dtype):
        raise ArgumentValueError(
            f"The right-hand side is complex, of shape {tuple(b.shape)}. Give it as real numbers re, im, re, im, ...: "
            f"its last axis has length {routine.arguments[position].dim}."
        )
    given = routine.prepared(plan, arrays)
    intervals = None if ranges is None else routine.intervals(ranges, plan)
    call = replace(plan.call, options=routine.options_with(arrays, threads, progress, tol), ranges=intervals)
    reports: list[Any] | None = [] if return_report else None
    found = carry_out(adapter, adapter.run, call, System(position, tuple(settings.items()), reports), given, alpha)
    with adapter.at(found):
        found = adapter.prepare(found, routine.result_dtype(plan), None, None)
        found = found[..., 0] if len(b.shape) == 1 else found
    return (found, reports[0]) if reports else found


def _check_formula(routine: Routine, position: int) -> None:
    problem, unknown = routine.problem, routine.arguments[position]
    if problem.reduction.name != "Sum":
        raise ArgumentValueError(f"The reduction is {problem.reduction.name}; a linear system is a Sum over j or i.")
    nodes = problem.arguments
    names = {nodes[a.position]: a.name for a in routine.arguments if a.name is not None and a.position in nodes}
    variable = nodes.get(position, unknown.variable)
    if problem.value.dim != unknown.dim:
        raise DimensionError(
            f"The formula has dimension {problem.value.dim} and the unknown {outline(variable, names)} has dimension "
            f"{unknown.dim}; a linear system needs equal dimensions."
        )
    acts_alike(problem.value, variable, names)


def _check_sizes(routine: Routine, rows: int, columns: int) -> None:
    if rows != columns:
        kept, reduced = ("i", "j") if routine.axis == 1 else ("j", "i")
        raise ArgumentValueError(
            f"The system is not square: there are {rows} {kept} and {columns} {reduced}. Give the same points twice."
        )
