"""The placeholders that stand for what a reduction works on, and its formulas written in them.

Every target takes the state transitions of a reduction from here, so that all
of them bind the same nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from pairfold.ir.call import Extent
from pairfold.ir.expr import Category, Expr
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import Reduction, Sizes, State
from pairfold.ops.arithmetic import apply, constant, replicate, variable, zeros

__all__ = [
    "COLUMN_INDEX",
    "Transitions",
    "folded",
    "output_kinds",
    "outputs_of",
    "placeholders",
    "preferred",
    "transitions",
    "value_placeholder",
    "weight_placeholder",
]


def placeholders(reduction: Reduction, sizes: Sizes, prefix: str = "state") -> State:
    """Return one placeholder per field of the state: the variable called ``prefix.field``.

    Examples
    --------
    >>> from pairfold.reductions import REDUCTIONS
    >>> placeholders(REDUCTIONS["Sum"], Sizes(3))
    {'total': state.total}
    """
    return {
        field.name: variable(f"{prefix}.{field.name}", field.dim(sizes), Category.PLACEHOLDER, field.kind)
        for field in reduction.fields
    }


def no_derivative(
    value: Expr, weight: Expr | None, outputs: tuple[Expr, ...], cotangents: tuple[Expr, ...]
) -> tuple[Expr, None]:
    """Return the pullback of a reduction whose outputs do not move with the values."""
    return zeros(value.dim), None


def value_placeholder(sizes: Sizes) -> Expr:
    """Return the placeholder of the value of the formula at one pair."""
    return variable("value", sizes.value, Category.PLACEHOLDER)


def weight_placeholder(sizes: Sizes) -> Expr:
    """Return the placeholder of the value of the second formula at one pair."""
    return variable("weight", sizes.weight, Category.PLACEHOLDER)


COLUMN_INDEX = variable("index", 1, Category.PLACEHOLDER, "index")
"""The number of the current column, counted from 0."""


def preferred(is_better: Expr, one: State, other: State) -> Expr:
    """Return whether `one` beats `other` where states are merged: of equal values, the one with the smaller number."""
    if "where" not in one:
        return is_better
    is_earlier = apply("LessThan", one["where"], other["where"])
    return apply("Where", apply("Equal", one["best"], other["best"]), is_earlier, is_better)


@dataclass(frozen=True, eq=False)
class Transitions:
    """The formulas of a reduction at given sizes, written in placeholders.

    Attributes
    ----------
    state, first, second : dict of str to Expr
        Placeholders of the current state and of the two states that `merge` joins.
    value, weight, index : Expr
        Placeholders of the two formulas and of the column number; `weight` is None when the reduction has none.
    guard : Expr or None
        Not zero where `rare` must run before `update`.
    rare, update : dict of str to Expr
        New value per field; in `update` the *term* of an additive field.
    finish : tuple of Expr
        The outputs.
    sizes, reduction : Sizes, Reduction
        What the formulas were made from.
    """

    state: State
    first: State
    second: State
    value: Expr
    weight: Expr | None
    index: Expr
    guard: Expr | None
    rare: State
    update: State
    finish: tuple[Expr, ...]
    sizes: Sizes
    reduction: Reduction

    def rewritten(self, change: Callable[[Sequence[Expr]], Sequence[Expr]]) -> Transitions:
        """Return these transitions with what `change` makes of all their formulas, those of merging excepted."""
        guards = () if self.guard is None else (self.guard,)
        roots = [*self.update.values(), *self.rare.values(), *self.finish, *guards]
        new = dict(zip(roots, change(roots), strict=True))
        return replace(
            self,
            guard=None if self.guard is None else new[self.guard],
            rare={name: new[root] for name, root in self.rare.items()},
            update={name: new[root] for name, root in self.update.items()},
            finish=tuple(new[root] for root in self.finish),
        )

    @cached_property
    def merge(self) -> State:
        """New value per field when `first` and `second` are joined."""
        assert self.reduction.merge is not None, self.reduction
        return self.reduction.merge(self.first, self.second, self.sizes)


def output_kinds(problem: Problem) -> tuple[str, ...]:
    """Return ``"real"`` or ``"index"`` for each output of `problem`."""
    return tuple(output.kind for output in transitions(problem.reduction, problem.sizes).finish)


def outputs_of(problem: Problem, extent: Extent, dtype: str) -> tuple[tuple[tuple[int, ...], str], ...]:
    """Return shape and dtype of each output.

    Examples
    --------
    >>> from pairfold.reductions import REDUCTIONS
    >>> nearest = Problem(variable(0, 3, Category.COLUMN), REDUCTIONS["Min_ArgMin"])
    >>> outputs_of(nearest, Extent(5, 7), "float32")
    (((5, 3), 'float32'), ((5, 3), 'int64'))
    """
    return tuple(
        ((*extent.batch, extent.rows, *shape), "int64" if kind == "index" else dtype)
        for shape, kind in zip(problem.shapes, output_kinds(problem), strict=True)
    )


@lru_cache(maxsize=256)
def transitions(reduction: Reduction, sizes: Sizes) -> Transitions:
    """Return the formulas of `reduction` at `sizes`."""
    state, first, second = (placeholders(reduction, sizes, prefix) for prefix in ("state", "first", "second"))
    value = value_placeholder(sizes)
    weight = weight_placeholder(sizes) if reduction.needs_weight else None
    return Transitions(
        state=state,
        first=first,
        second=second,
        value=value,
        weight=weight,
        index=COLUMN_INDEX,
        guard=None if reduction.guard is None else reduction.guard(state, value, sizes),
        rare={} if reduction.rare is None else reduction.rare(state, value, COLUMN_INDEX, sizes),
        update=reduction.update(state, value, weight, COLUMN_INDEX, sizes),
        finish=reduction.finish(state, sizes),
        sizes=sizes,
        reduction=reduction,
    )


def folded(reduction: Reduction, values: Sequence[Expr], dtype: str) -> Expr:
    """Return the reduction of some values, one per column, as one formula.

    Parameters
    ----------
    reduction : Reduction
        One that `folds`.
    values : sequence of Expr
        Of one dimension.
    dtype : str
        The precision of the numbers that the state starts with; arithmetic may have a higher one.

    Examples
    --------
    >>> from pairfold.ops import constant
    >>> from pairfold.reductions import REDUCTIONS
    >>> from pairfold.transform.simplify import simplify
    >>> simplify([folded(REDUCTIONS["Sum"], [constant(2.0), constant(3.0)], "float64")])
    [5.0]
    """
    sizes = Sizes(values[0].dim)
    state = {field.name: replicate(constant(field.start(dtype)), field.dim(sizes)) for field in reduction.fields}
    additive = {field.name for field in reduction.fields if field.additive}
    for number, value in enumerate(values):
        index = constant(number)
        if reduction.rare is not None:
            state = {**state, **reduction.rare(state, value, index, sizes)}
        new = reduction.update(state, value, None, index, sizes)
        state = {**state, **{name: state[name] + term if name in additive else term for name, term in new.items()}}
    (output,) = reduction.finish(state, sizes)
    return apply("NotEqual", output, constant(0.0)) if reduction.truth else output
