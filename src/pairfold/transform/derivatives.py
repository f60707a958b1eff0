"""Derivatives of reductions, as reductions: what a front end with automatic differentiation launches.

Let ``a_i = Reduction_j F(p, x_i, y_j)``. The pullback of the reduction turns cotangents of the outputs into
cotangents of F at every pair, and these into cotangents of the variables at every pair. What belongs to rows is summed
over columns, what belongs to columns is summed over rows, so one backward pass is two kernels at most, however many
variables there are; or one, where a target sums both ways at once (`joint_adjoint`). Parameters are summed over
columns too and the few numbers per row are added up by the caller.
Forward mode is one kernel: a sum over columns of the differential of F, weighted by the transposed pullback.

Each kernel is a `Problem` again, so derivatives of any order need nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

from pairfold.errors import NotDifferentiableError
from pairfold.ir.expr import Category, Expr, variables
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import Reduction, Sizes
from pairfold.ops.arithmetic import apply, constant, is_zero, replicate, variable, zeros
from pairfold.reductions import REDUCTIONS
from pairfold.reductions.state import COLUMN_INDEX, output_kinds, transitions
from pairfold.transform.differentiate import gradient, gradients
from pairfold.transform.expand import substitute
from pairfold.transform.sides import swap_sides

__all__ = [
    "Feed",
    "Form",
    "JointPass",
    "Pass",
    "Piece",
    "adjoint",
    "at_winners",
    "differentiable_form",
    "joint_adjoint",
    "numbered",
    "saved_problem",
    "tangent",
]

_SUM = REDUCTIONS["Sum"]


@dataclass(frozen=True)
class Feed:
    """What one variable of a pass is.

    Attributes
    ----------
    source : str
        ``"argument"``, ``"tangent"`` (of an argument), ``"output"``, ``"cotangent"`` (of an output), with one row per
        row of the original problem, flat; or ``"number"``, the numbers of its columns.
    index : int
        Which one; 0 for ``"number"``.
    """

    source: str
    index: int


@dataclass(frozen=True)
class Piece:
    """The components ``first`` to ``last`` of the output of a pass belong to number `index`."""

    index: int
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Pass:
    """One kernel of a derivative.

    Attributes
    ----------
    problem : Problem
        A sum; its variable number k is ``feeds[k]``.
    feeds : tuple of Feed
        What its arguments are.
    is_swapped : bool
        Whether its rows are the columns of the original problem.
    pieces : tuple of Piece
        Which components belong to which argument (`adjoint`) or output (`tangent`) of the original problem.
    """

    problem: Problem
    feeds: tuple[Feed, ...]
    is_swapped: bool
    pieces: tuple[Piece, ...]


# ---------------------------------------------------------------- forms


@lru_cache(maxsize=1024)
def numbered(problem: Problem) -> tuple[Problem, tuple[int, ...]]:
    """Return `problem` with its variables numbered 0, 1, 2, ..., and the positions that they had."""
    positions = tuple(problem.arguments)
    if positions == tuple(range(len(positions))):
        return problem, positions
    new = {node: variable(rank, *node.params[1:]) for rank, node in enumerate(problem.arguments.values())}
    value, *weights = substitute(problem.roots, new)
    return replace(problem, value=value, weight=weights[0] if weights else None), positions


@dataclass(frozen=True)
class Form:
    """A problem whose outputs hold what its derivative needs.

    Attributes
    ----------
    problem : Problem
        Its outputs contain those of the original problem.
    selected : tuple of int
        Which outputs these are.
    """

    problem: Problem
    selected: tuple[int, ...]


@lru_cache(maxsize=1024)
def differentiable_form(problem: Problem) -> Form:
    """Return a problem with the outputs of `problem` and, where one pass can give both, those its derivative needs."""
    count = len(problem.shapes)
    everything = Form(problem, tuple(range(count)))
    if problem.reduction.saved is None:
        return everything
    saved = REDUCTIONS[problem.reduction.saved]
    selected = _common_outputs(problem.reduction, saved, problem.sizes)
    return everything if selected is None else Form(replace(problem, reduction=saved), selected)


def _common_outputs(reduction: Reduction, saved: Reduction, sizes: Sizes) -> tuple[int, ...] | None:
    """Return where the outputs of `reduction` are among those of `saved`, or None if `saved` computes other states."""
    own, other = transitions(reduction, sizes), transitions(saved, sizes)
    same = own.guard is other.guard and all(
        own.update.get(name) is other.update.get(name) and own.rare.get(name) is other.rare.get(name)
        for name in own.state
    )
    if not same or any(output not in other.finish for output in own.finish):
        return None
    return tuple(other.finish.index(output) for output in own.finish)


def saved_problem(problem: Problem) -> Problem | None:
    """Return the problem whose outputs the derivative of `problem` needs; None when its own are enough."""
    saved = problem.reduction.saved
    return None if saved is None else replace(problem, reduction=REDUCTIONS[saved])


# ---------------------------------------------------------------- reverse mode


@dataclass(frozen=True)
class _Pullback:
    """The derivative of a reduction at a pair, and the variables it is written in."""

    g_value: Expr
    g_weight: Expr | None
    cotangents: tuple[Expr | None, ...]


@lru_cache(maxsize=1024)
def _pullback(problem: Problem, given: tuple[bool, ...]) -> _Pullback:
    """Return the pullback of `problem`, whose cotangents are variables where `given` and 0 elsewhere.

    The variables after the arguments are the outputs, then their cotangents, then the number of the column.
    """
    reduction, sizes = problem.reduction, problem.sizes
    if reduction.pullback is None:
        raise NotDifferentiableError(f"{reduction.name} has no derivative, but one was asked for.")
    start = _count(problem)
    dims = [prod(shape) for shape in _saved_reduction(reduction).shapes(sizes)]
    outputs = tuple(variable(start + k, dim, Category.ROW) for k, dim in enumerate(dims))
    start += len(dims)
    own_dims = [prod(shape) for shape in reduction.shapes(sizes)]
    names = tuple(
        variable(start + k, dim, Category.ROW) if is_given else None
        for k, (dim, is_given) in enumerate(zip(own_dims, given, strict=True))
    )
    cotangents = tuple(zeros(dim) if name is None else name for dim, name in zip(own_dims, names, strict=True))
    index = variable(start + len(own_dims), 1, Category.COLUMN)
    g_value, g_weight = reduction.pullback(problem.value, problem.weight, outputs, cotangents)
    parts = substitute([g_value] if g_weight is None else [g_value, g_weight], {COLUMN_INDEX: index})
    return _Pullback(parts[0], parts[1] if len(parts) > 1 else None, names)


def _saved_reduction(reduction: Reduction) -> Reduction:
    return reduction if reduction.saved is None else REDUCTIONS[reduction.saved]


def _count(problem: Problem) -> int:
    return len(problem.arguments)


def _feeds(problem: Problem) -> tuple[Feed, ...]:
    """Return what the variables of `_pullback` are, by position; tangents of the arguments follow them."""
    reduction, sizes = problem.reduction, problem.sizes
    arguments = range(_count(problem))
    return (
        *(Feed("argument", k) for k in arguments),
        *(Feed("output", k) for k in range(len(_saved_reduction(reduction).shapes(sizes)))),
        *(Feed("cotangent", k) for k in range(len(reduction.shapes(sizes)))),
        Feed("number", 0),
        *(Feed("tangent", k) for k in arguments),
    )


@lru_cache(maxsize=1024)
def adjoint(problem: Problem, wanted: tuple[int, ...], given: tuple[bool, ...]) -> tuple[Pass, ...]:
    """Return the passes that compute the gradients with respect to some arguments.

    Parameters
    ----------
    problem : Problem
        Its variables are numbered without gaps (see `numbered`).
    wanted : tuple of int
        Arguments whose gradients are needed.
    given : tuple of bool
        Which outputs have a cotangent; the others count as 0.

    Returns
    -------
    tuple of Pass
        At most one per side. A gradient without a piece is 0. The piece of a parameter is still to be summed over the
        rows of its pass.

    Raises
    ------
    NotDifferentiableError
        If the reduction, or an operation on the way, has no derivative.
    """
    by_row, by_column = _by_sides(problem, wanted, given)
    feeds = _feeds(problem)
    passes = []
    if by_row:
        passes.append(_pass(by_row, feeds, is_swapped=False))
    if by_column:
        passes.append(_pass(by_column, feeds, is_swapped=True))
    return tuple(passes)


@dataclass(frozen=True, eq=False)
class JointPass:
    """Both passes of an adjoint, in one kernel that looks at every pair once.

    Attributes
    ----------
    problem : Problem
        The sum over columns.
    across : tuple of Expr
        What is summed over rows, in variables of the same numbering.
    feeds : tuple of Feed
        What variable number k is.
    row_pieces, column_pieces : tuple of Piece
        Which components of either result belong to which argument.
    """

    problem: Problem
    across: tuple[Expr, ...]
    feeds: tuple[Feed, ...]
    row_pieces: tuple[Piece, ...]
    column_pieces: tuple[Piece, ...]


@lru_cache(maxsize=1024)
def joint_adjoint(problem: Problem, wanted: tuple[int, ...], given: tuple[bool, ...]) -> JointPass | None:
    """Return the passes of `adjoint` as one; None when there are not two."""
    by_row, by_column = _by_sides(problem, wanted, given)
    if not by_row or not by_column:
        return None
    value, row_pieces = _side_by_side(by_row)
    _, column_pieces = _side_by_side(by_column)
    across = tuple(part for _, part in by_column)
    used = sorted(variables(value, *across), key=lambda v: v.position)
    new = {node: variable(rank, *node.params[1:]) for rank, node in enumerate(used)}
    value, *parts = substitute([value, *across], new)
    all_feeds = _feeds(problem)
    feeds = tuple(all_feeds[node.position] for node in used)
    return JointPass(Problem(value, _SUM), tuple(parts), feeds, row_pieces, column_pieces)


_Parts = list[tuple[int, Expr]]


def _by_sides(problem: Problem, wanted: tuple[int, ...], given: tuple[bool, ...]) -> tuple[_Parts, _Parts]:
    """Return the arguments and their cotangents at every pair: what is summed over columns, and over rows."""
    pullback = _pullback(problem, given)
    nodes = problem.arguments
    found = _gradients(problem, pullback, [nodes[position] for position in wanted])
    parts = [
        (position, nodes[position].category, part)
        for position, part in zip(wanted, found, strict=True)
        if not is_zero(part)
    ]
    categories = {category for _, category, _ in parts}
    # The gradients of parameters join a pass that is made anyway.
    with_columns = {Category.COLUMN}
    if Category.ROW not in categories and Category.COLUMN in categories:
        with_columns.add(Category.PARAMETER)
    by_column = [(position, part) for position, category, part in parts if category in with_columns]
    by_row = [(position, part) for position, category, part in parts if category not in with_columns]
    return by_row, by_column


def _side_by_side(parts: Sequence[tuple[int, Expr]]) -> tuple[Expr, tuple[Piece, ...]]:
    """Return all `parts` as one vector, and where each of them is; there is one at least."""
    (first, value), *others = parts
    pieces = [Piece(first, 0, value.dim)]
    for position, part in others:
        pieces.append(Piece(position, value.dim, value.dim + part.dim))
        value = apply("Concat", value, part)
    return value, tuple(pieces)


def _gradients(problem: Problem, pullback: _Pullback, wanted: Sequence[Expr]) -> list[Expr]:
    total = [zeros(node.dim) for node in wanted]
    for formula, g in ((problem.value, pullback.g_value), (problem.weight, pullback.g_weight)):
        if formula is not None and g is not None and not is_zero(g):
            found = gradients(formula, wanted, g)
            total = [_added(one, other) for one, other in zip(total, found, strict=True)]
    return total


def _added(one: Expr, other: Expr) -> Expr:
    if is_zero(one):
        return other
    return one if is_zero(other) else one + other


def _pass(parts: Sequence[tuple[int, Expr]], feeds: Sequence[Feed], is_swapped: bool) -> Pass:
    """Return the sum of all `parts` at once; there is one at least."""
    value, pieces = _side_by_side(parts)
    if is_swapped:
        (value,) = swap_sides([value])
    problem, positions = numbered(Problem(value, _SUM))
    return Pass(problem, tuple(feeds[position] for position in positions), is_swapped, pieces)


# ---------------------------------------------------------------- forward mode


@lru_cache(maxsize=1024)
def tangent(problem: Problem, given: tuple[int, ...]) -> Pass | None:
    """Return the pass that computes the derivative of the outputs along tangents of some arguments.

    Parameters
    ----------
    problem : Problem
        Its variables are numbered without gaps.
    given : tuple of int
        Arguments that have a tangent; the others count as 0.

    Returns
    -------
    Pass or None
        Its pieces belong to outputs; an output without a piece has the derivative 0, None stands for no piece at all.

    Raises
    ------
    NotDifferentiableError
        If the reduction, or an operation on the way, has no derivative.
    """
    pullback = _pullback(problem, tuple(kind == "real" for kind in output_kinds(problem)))
    feeds = _feeds(problem)
    first = len(feeds) - _count(problem)
    nodes = problem.arguments
    directions = [(nodes[k], variable(first + k, nodes[k].dim, nodes[k].category)) for k in given]
    moved_value = _differential(problem.value, directions)
    moved_weight = None if problem.weight is None else _differential(problem.weight, directions)
    parts = []
    for number, name in enumerate(pullback.cotangents):
        if name is None:
            continue
        # The pullback is linear in its cotangents: its adjoint takes tangents of the formulas to those of the outputs.
        part = gradient(pullback.g_value, name, moved_value)
        if moved_weight is not None and pullback.g_weight is not None:
            part = _added(part, gradient(pullback.g_weight, name, moved_weight))
        # What is left of the cotangent are conditions that ask whether there is one.
        (part,) = substitute([part], {name: replicate(constant(1.0), name.dim)})
        if not is_zero(part):
            parts.append((number, part))
    return _pass(parts, feeds, is_swapped=False) if parts else None


def _differential(f: Expr, directions: Sequence[tuple[Expr, Expr]]) -> Expr:
    """Return the derivative of `f` along several variables together, in one sweep."""
    cotangent = variable(-1, f.dim, Category.PARAMETER, "cotangent")
    adjoints = gradients(f, [node for node, _ in directions], cotangent)
    total = zeros(f.dim)
    for part, (_, along) in zip(adjoints, directions, strict=True):
        total = _added(total, gradient(part, cotangent, along))
    return total


# ---------------------------------------------------------------- winners


def at_winners(problem: Problem) -> tuple[Problem, float]:
    """Return the problem of one winner per row, and the value that says that there is none.

    Its column variables are row variables: the rows of the winners are to be gathered. Differentiating it costs as
    much as there are winners, not as there are pairs.
    """
    nodes = variables(problem.value)
    moved = {v: variable(v.position, v.dim, Category.ROW, v.kind) for v in nodes if v.category == Category.COLUMN}
    (value,) = substitute([problem.value], moved)
    return Problem(value, _SUM), problem.reduction.nobody
