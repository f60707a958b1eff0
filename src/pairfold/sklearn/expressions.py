"""What a user gives for a metric or a kernel, as an expression of two LazyTensors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pairfold.api.leaf import renumber
from pairfold.errors import ArgumentTypeError, ArgumentValueError, DimensionError, UnknownNameError, suggestion
from pairfold.ir.expr import variables
from pairfold.language.formula import parse
from pairfold.lazy.value import tensor_of, value_of
from pairfold.numpy import LazyTensor, Pm
from pairfold.sklearn.base import Lazy

__all__ = ["Builder", "called", "expression_of", "named", "of_all_pairs"]

Builder = Callable[..., Any]
"""``builder(x, y, **parameters)`` makes an expression of two LazyTensors, points indexed by i and by j."""


def named(what: str, name: str, builders: Mapping[str, Builder]) -> Builder | None:
    """Return the builder of that name, or None for a text that is no single word: a formula.

    Raises
    ------
    UnknownNameError
        If it is one word, and no name.
    """
    if name in builders:
        return builders[name]
    if name.isidentifier():
        raise UnknownNameError(
            f"{what} is {name!r}, which is none of {', '.join(sorted(builders))}.{suggestion(name, builders)} "
            "A formula in x and y, such as 'Norm2(x - y)', or a function of two LazyTensors is another choice."
        )
    return None


def expression_of(what: str, given: Any, x: Lazy, y: Lazy, parameters: Mapping[str, Any]) -> Lazy:
    """Return the expression that a formula in x, y and the names of `parameters`, or a function, stands for.

    Parameters
    ----------
    what : str
        The name of the argument, for messages.
    given : str or callable
        ``given(x, y, **parameters)`` returns a LazyTensor.
    x, y : LazyTensor
        Points indexed by i and by j.
    parameters : mapping
        Numbers and lists of numbers.

    Raises
    ------
    FormulaError, DimensionError
        If a formula is not in the language, or has another dimension than 1.
    ArgumentTypeError
        If `given` is neither, or the function returns something else.
    """
    if isinstance(given, str):
        if not parameters.keys().isdisjoint("xy"):
            raise ArgumentValueError(f"The points of the {what} are called x and y; give its parameters other names.")
        # Lists follow the dtype of the points, which arrays would not; and a single number would be written down.
        others = {name: Pm(np.ravel(value).tolist()) for name, value in parameters.items()}
        return _one_number(what, _of_formula(what, given, {"x": x, "y": y, **others}))
    if not callable(given):
        raise ArgumentTypeError(
            f"{what} is {given!r}; it must be a name, a formula in x and y such as 'Norm2(x - y)', or a function "
            "of two LazyTensors."
        )
    found = called(what, given, x, y, parameters)
    if not isinstance(found, LazyTensor):
        raise ArgumentTypeError(
            f"{what} is a function that returned an object of type {type(found).__name__}. It is called once, with two "
            "LazyTensors that stand for all pairs of points, and returns a LazyTensor such as ((x - y) ** 2).sum(-1)."
        )
    return of_all_pairs(_one_number(what, found), x, y)


def _one_number(what: str, found: Lazy) -> Lazy:
    if found.shape[-1] != 1:
        raise DimensionError(
            f"{what} is one number per pair of points; this expression has dimension {found.shape[-1]}. "
            "Reduce its last axis, with Sum(...) in a formula or .sum(-1) of a LazyTensor."
        )
    return found


def of_all_pairs(found: Lazy, x: Lazy, y: Lazy) -> Lazy:
    """Return an expression as one of all pairs of points, also if it does not depend on some of them."""
    joined, _ = value_of(x).join(value_of(y))
    joined, expression = joined.join(value_of(found))
    return tensor_of(joined.with_expr(expression))


def called(what: str, builder: Builder, x: Lazy, y: Lazy, parameters: Mapping[str, Any]) -> Any:
    """Return ``builder(x, y, **parameters)``.

    Raises
    ------
    ArgumentValueError
        If it does not have these parameters, or needs others.
    """
    try:
        inspect.signature(builder).bind(x, y, **parameters)
    except TypeError as reason:
        raise ArgumentValueError(f"The parameters {dict(parameters)!r} do not fit the {what}: {reason}.") from None
    return builder(x, y, **parameters)


def _of_formula(what: str, formula: str, given: Mapping[str, Any]) -> Any:
    """Return the LazyTensor of a formula whose variables are LazyTensors of one array each."""
    values = {name: value_of(tensor) for name, tensor in given.items()}
    joined, places = values["x"], [0]
    aliases = [f"x = Vi({values['x'].dim})", f"y = Vj({values['y'].dim})"]
    for name, value in values.items():
        if name == "x":
            continue
        if name != "y":
            aliases.append(f"{name} = Pm({value.dim})")
        joined, variable = joined.join(value)
        places.append(variable.params[0])
    (parsed,) = parse([formula], aliases).values
    used = {variable.params[0] for variable in variables(parsed)}
    unused = [name for place, name in enumerate(given) if place not in used and name not in ("x", "y")]
    if unused:
        raise ArgumentValueError(f"The {what} {formula!r} has no {', '.join(unused)}, which its parameters name.")
    return tensor_of(joined.with_expr(renumber(parsed, tuple(places))))
